//! Raft, as a library that stands by itself, and the playground on top of it.

#[cfg(feature = "cli")]
pub mod bench;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod consensus;
pub mod fuzz;
pub mod homework;
pub mod lesson;
pub mod linear;
pub mod machine;
pub mod node;
pub mod playground;
pub mod save;
pub mod server;
pub mod storage;
pub mod types;
#[cfg(feature = "tui")]
pub mod ui;
pub mod wire;

/// The examples of the README, so that they are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
