//! Files that a person can read and write: RON, versioned, checked on the way in.

pub mod script;
pub(crate) mod seconds;
