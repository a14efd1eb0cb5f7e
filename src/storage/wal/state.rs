//! Where a log stands: what its next header would state, and which of its segments that rests on.

use std::io;

use super::error::OutOfPlace;
use super::kept::{KeptSegments, sweep};
use super::outline::{Compacted, Outline};
use super::segment::SegmentNumber;
use super::snapshot_file::NamedSnapshot;
use crate::types::disk::Disk;
use crate::types::{LogIndex, LogPosition};

/// An outline, and the segments that its entries stand in. A writer and a reader of the same bytes come to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct LogState {
    pub outline: Outline,
    pub kept: KeptSegments,
}

impl LogState {
    /// The index after which come the entries that stand in the segments there are.
    pub(super) fn known_after(&self) -> LogIndex {
        self.outline.base().index.max(self.kept.before_first())
    }

    /// A segment begins.
    pub(super) fn begin_segment(&mut self, number: SegmentNumber) {
        self.kept.begin(number, self.outline.last().index);
    }

    /// Removes the files that no recovery can need any more. All there is must be durable: what could still be undone would
    /// need them.
    pub(super) fn drop_needless_files(&mut self, disk: &mut impl Disk) -> Result<(), (String, io::Error)> {
        self.kept.drop_through(self.outline.base().index);
        sweep(disk, self.kept.first(), self.outline.snapshot.as_ref())
    }

    pub(super) fn replace_snapshot(&mut self, snapshot: NamedSnapshot) -> Result<(), OutOfPlace> {
        self.outline.replace_snapshot(snapshot)
    }

    pub(super) fn compact(&mut self, through: LogPosition) -> Result<Compacted, OutOfPlace> {
        let compacted = self.outline.compact(through)?;
        if compacted == Compacted::Nothing {
            self.kept.cut(through.index);
        }
        Ok(compacted)
    }

    pub(super) fn truncate(&mut self, from: LogIndex) -> Result<(), OutOfPlace> {
        self.outline.truncate(from)?;
        self.kept.cut(from.previous());
        Ok(())
    }
}
