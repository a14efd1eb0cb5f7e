//! The screen: the only user of the terminal.

pub mod view;
