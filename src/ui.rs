//! The screen: the only user of the terminal.

pub mod action;
pub mod app;
pub mod draw;
pub mod event_loop;
pub mod keymap;
pub mod library;
pub mod notes;
pub mod pace;
pub mod palette;
pub mod prompt;
pub mod session;
pub mod terminal;
#[cfg(test)]
mod testing;
pub mod told;
pub mod view;
