//! The screen: the only user of the terminal.

pub mod action;
pub mod app;
pub mod because;
pub mod compare;
pub mod draw;
pub mod event_loop;
pub mod filter;
#[cfg(test)]
pub(crate) mod fixture;
pub mod hand;
pub mod journey;
pub mod keymap;
pub mod layout;
pub mod library;
pub mod notes;
pub mod outlook;
pub mod overlay;
pub mod pace;
pub mod palette;
pub mod parcel;
pub mod picture;
pub mod prompt;
pub mod session;
pub mod story;
pub mod terminal;
#[cfg(test)]
mod testing;
pub mod theme;
pub mod told;
pub mod view;
