//! Bytes that survive: disks, and the write-ahead log on top of them.
//!
//! - [`RealDisk`](real::RealDisk) is a directory of the file system.
//! - [`SimulatedDisk`](simulated::SimulatedDisk) is plain data that knows, for every byte, whether a power cut may
//!   take it, and takes exactly what a file system may lose.
//! - [`Wal`](wal::Wal) is the log store: term, vote and entries in segments, one write and one sync per batch. The
//!   same code runs on every disk.
//! - [`MemoryStore`](memory::MemoryStore) keeps nothing, for where nothing needs to be kept.
//!
//! A file name is a plain one on every disk: lower-case letters, digits, `-`, `_` and `.`, at most 64 of them, not
//! beginning with a dot, and not `lock`. So a name never leads out of the directory, and a disk of one kind can
//! always be laid onto one of another.

mod contents;
pub mod memory;
mod name;
pub mod real;
pub mod simulated;
pub mod wal;

pub(crate) use contents::difference;
pub use contents::{DiskOp, contents, mirror};
