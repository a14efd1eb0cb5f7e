//! The sync of a batch.

use super::error::WalError;
use super::segment::SegmentNumber;
use crate::types::disk::Disk;

/// A sync of one batch: `S` is the disk's part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WalSync<S> {
    segment: SegmentNumber,
    through: u64,
    sync: S,
}

impl<S> WalSync<S> {
    /// A sync as a save found it: when it settles, everything in the segment before offset `through` is durable.
    pub const fn new(segment: SegmentNumber, through: u64, sync: S) -> Self {
        Self {
            segment,
            through,
            sync,
        }
    }

    /// The segment.
    pub const fn segment(&self) -> SegmentNumber {
        self.segment
    }

    /// The offset in the segment where the batch ends.
    pub const fn through(&self) -> u64 {
        self.through
    }

    /// The disk's part.
    pub const fn sync(&self) -> &S {
        &self.sync
    }

    /// The disk's part, to be settled.
    pub(super) fn into_disks(self) -> S {
        self.sync
    }

    /// Does it. Blocks for as long as the device takes.
    pub(super) fn run<D: Disk<Sync = S>>(self) -> Result<WalSync<D::Synced>, WalError> {
        let Self {
            segment,
            through,
            sync,
        } = self;
        let file = || segment.file_name();
        let synced = D::sync(sync).map_err(|source| WalError::Disk { file: file(), source })?;
        Ok(WalSync::new(segment, through, synced))
    }
}
