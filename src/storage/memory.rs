//! A log store that keeps nothing.

use std::convert::Infallible;

use crate::consensus::durable::{GroupSync, Store, Write};

/// Writes that are durable at once because nothing is: a server on it forgets its term, its vote and its log when it stops,
/// and must not be started again under the same id. For measurements, for tests, and for machines that are their own backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore;

impl Store for MemoryStore {
    type Sync = ();
    type Synced = ();
    type Error = Infallible;

    fn begin(&mut self, _: &Write) -> Result<(), Infallible> {
        Ok(())
    }

    fn sync((): ()) -> Result<(), Infallible> {
        Ok(())
    }

    fn settle(&mut self, (): ()) {}
}

impl GroupSync for MemoryStore {}
