//! A snapshot: what the log up to some entry led to (§7).

use std::sync::Arc;

use bytes::Bytes;

use super::{Configuration, LogPosition};

/// The state that the log through one entry led to. It stands for all entries up to that one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last entry that it stands for (§7: last included index and term).
    pub last: LogPosition,
    /// The configuration in force at that entry.
    pub configuration: Arc<Configuration>,
    /// The state: the machine's, and the sessions around it. Opaque to the algorithm; cloning shares the buffer.
    pub data: Bytes,
}
