//! Faults that a store could have: each a line that somebody could have left out or put in the wrong place.
//!
//! They stand here and not in `Rule`, which is of the algorithm: a class can break a rule of Raft and watch, but a store that
//! lies breaks what every rule rests on, and no program that is shipped should hold a switch for that. Each is
//! made from outside, by the disk under the very log store that runs or by a store around it.

use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::wal::{Wal, WalError, WalSync};
use raft_play::types::Entries;

use super::disk::{TestDisk, TestSync};

/// A fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// A write is acknowledged when it is handed over; it is synced before the next.
    AcknowledgedBeforeSync,
    /// The directory is never synced.
    DirectoryNotSynced,
    /// A sync that fails is tried again, and the success believed.
    SyncRetried,
    /// Recovery syncs what it has read without writing it once more.
    SameBytesNotWritten,
    /// Entries are written before the term that carries them, in a batch of their own.
    EntriesBeforeTerm,
    /// The record that names a snapshot is written before its file has that name.
    SnapshotNamedFirst,
    /// A file gets its name before its bytes are synced.
    TemporaryNotSynced,
    /// A segment is not synced when it is closed.
    ClosedNotSynced,
    /// A truncation waits for the entries that come in place of those it removes.
    TruncationPutOff,
    /// The torn end of a log is written over, not cut.
    TailNotCut,
    /// Files that are no longer needed stay.
    FilesNotRemoved,
    /// Of the files that are no longer needed, the latest goes first.
    RemovedLatestFirst,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// A promise is broken.
    Safety,
    /// No promise is broken, but the disk fills up until nothing goes on.
    Liveness,
    /// Nothing that can be seen.
    Equivalent,
}

impl Mutant {
    pub const ALL: [Self; 12] = [
        Self::AcknowledgedBeforeSync,
        Self::DirectoryNotSynced,
        Self::SyncRetried,
        Self::SameBytesNotWritten,
        Self::EntriesBeforeTerm,
        Self::SnapshotNamedFirst,
        Self::TemporaryNotSynced,
        Self::ClosedNotSynced,
        Self::TruncationPutOff,
        Self::TailNotCut,
        Self::FilesNotRemoved,
        Self::RemovedLatestFirst,
    ];

    pub fn label(self) -> Label {
        match self {
            Self::AcknowledgedBeforeSync
            | Self::DirectoryNotSynced
            | Self::SyncRetried
            | Self::SameBytesNotWritten
            | Self::EntriesBeforeTerm
            | Self::SnapshotNamedFirst
            | Self::TemporaryNotSynced
            | Self::ClosedNotSynced
            | Self::TruncationPutOff
            | Self::TailNotCut => Label::Safety,
            Self::FilesNotRemoved => Label::Liveness,
            // What lies before a gap between segments is taken for left over, so no order of removals does harm.
            Self::RemovedLatestFirst => Label::Equivalent,
        }
    }
}

/// The log store, with a fault around it or none.
pub struct TestStore<'a> {
    pub wal: Wal<&'a mut TestDisk>,
    mutant: Option<Mutant>,
    /// Syncs that have been acknowledged and not done.
    late: Vec<WalSync<TestSync>>,
    truncation: Option<Write>,
}

impl<'a> TestStore<'a> {
    pub fn new(wal: Wal<&'a mut TestDisk>) -> Self {
        let mutant = wal.disk().mutant;
        Self {
            wal,
            mutant,
            late: Vec::new(),
            truncation: None,
        }
    }

    /// Hands over a write that is synced with the next.
    fn begin_apart(&mut self, write: &Write) -> Result<(), WalError> {
        self.wal.begin(write).map(drop)
    }
}

impl Store for TestStore<'_> {
    type Sync = WalSync<TestSync>;
    type Synced = WalSync<TestSync>;
    type Error = WalError;

    fn begin(&mut self, write: &Write) -> Result<Self::Sync, WalError> {
        let mut write = write.clone();
        for late in self.late.drain(..) {
            self.wal.settle(late);
        }
        match self.mutant {
            Some(Mutant::EntriesBeforeTerm) if !write.append.is_empty() => {
                self.begin_apart(&Write {
                    metadata: None,
                    ..write.clone()
                })?;
                let after = write.append.last_index().next();
                let metadata = write.metadata;
                write = nothing_after(&write, Entries::empty(after));
                write.metadata = metadata;
            }
            Some(Mutant::TruncationPutOff) => {
                if let Some(earlier) = self.truncation.take() {
                    write.truncate = write.truncate.or(earlier.truncate);
                }
                if write.truncate.is_some() && write.append.is_empty() {
                    self.truncation = Some(write.clone());
                    write.truncate = None;
                }
            }
            _ => {}
        }
        self.wal.begin(&write)
    }

    fn sync(sync: Self::Sync) -> Result<Self::Synced, WalError> {
        Wal::<&mut TestDisk>::sync(sync)
    }

    fn settle(&mut self, synced: Self::Synced) {
        if self.mutant == Some(Mutant::AcknowledgedBeforeSync) {
            self.late.push(synced);
        } else {
            self.wal.settle(synced);
        }
    }
}

/// A write of the same number that changes nothing.
fn nothing_after(write: &Write, append: Entries) -> Write {
    Write {
        sequence: write.sequence,
        metadata: None,
        snapshot: None,
        compact: None,
        truncate: None,
        append,
    }
}
