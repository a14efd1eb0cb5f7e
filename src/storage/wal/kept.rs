//! Which files a recovery could still need, and the removal of the others.

use super::segment::SegmentNumber;
use super::snapshot_file::{NamedSnapshot, SnapshotFile};
use crate::types::LogIndex;
use crate::types::disk::Disk;

/// The segments there are, each with the last index, among the entries that are still in the log, that stands in a segment
/// before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct KeptSegments(Vec<(SegmentNumber, LogIndex)>);

impl KeptSegments {
    /// A segment begins, in a log that ends at `last`.
    pub(super) fn begin(&mut self, number: SegmentNumber, last: LogIndex) {
        self.0.push((number, last));
    }

    /// Entries past `last` are gone.
    pub(super) fn cut(&mut self, last: LogIndex) {
        for (_, before) in &mut self.0 {
            *before = last.min(*before);
        }
    }

    /// Whether no segment has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first segment.
    pub(super) fn first(&self) -> Option<SegmentNumber> {
        self.0.first().map(|(number, _)| *number)
    }

    /// The last index that stands in a segment before the first one.
    pub(super) fn before_first(&self) -> LogIndex {
        self.0.first().map_or(LogIndex::GENESIS, |(_, before)| *before)
    }

    /// Forgets the segments that nothing after `base` stands in, save the last one.
    pub(super) fn drop_through(&mut self, base: LogIndex) {
        let needless = self.0.partition_point(|(_, before)| *before <= base);
        self.0.drain(..needless.saturating_sub(1));
    }
}

/// Removes the segments before the first one that is kept and the snapshots but the one in force, whole or begun.
///
/// What is kept must be durable. A removal that a power cut takes back does no harm: a file that is left over is never
/// needed and never taken for another, and the next sweep removes it.
pub(super) fn sweep(
    disk: &mut impl Disk,
    first: Option<SegmentNumber>,
    in_force: Option<&NamedSnapshot>,
) -> Result<(), (String, std::io::Error)> {
    let names = disk.list().map_err(|source| (".".into(), source))?;
    let is_needless = |name: &String| match (SegmentNumber::of_file(name), SnapshotFile::of_file(name)) {
        (Some(number), _) => first.is_some_and(|first| number < first),
        (None, Some(SnapshotFile::Whole(number))) => in_force.is_none_or(|named| named.number != number),
        (None, Some(SnapshotFile::Temporary)) => true,
        (None, None) => false,
    };
    for name in names.into_iter().filter(is_needless) {
        disk.remove(&name).map_err(|source| (name, source))?;
    }
    Ok(())
}
