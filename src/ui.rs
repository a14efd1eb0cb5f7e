//! The screen: the only user of the terminal.

pub mod draw;
#[cfg(test)]
pub(crate) mod fixture;
pub mod layout;
pub mod outlook;
pub mod picture;
pub mod theme;
pub mod view;
