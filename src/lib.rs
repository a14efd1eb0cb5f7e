//! Raft, as a library that stands by itself, and the playground on top of it.

pub mod consensus;
pub mod storage;
pub mod types;
