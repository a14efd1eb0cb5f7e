//! The screen: the only user of the terminal.

pub mod draw;
pub mod view;
