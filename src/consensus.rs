//! The algorithm, and nothing else.

pub mod durable;
