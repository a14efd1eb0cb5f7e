//! What stands on a node's simulated disk, write by write, and what of it a power cut may take: for whoever draws it.

use std::ops::Range;

use crate::storage::simulated::SimulatedDisk;
use crate::storage::wal::{ListedRecord, Listing, TornTail};
use crate::types::{NodeId, VirtualTime, WriteSequence};

/// So many of the newest writes are looked at.
pub(super) const LISTED: usize = 500;

/// What stands on a node's disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskRecords {
    /// Whose disk it is.
    pub node: NodeId,
    /// How many writes stand before those that are listed.
    pub earlier: u64,
    /// The newest writes, oldest first.
    pub writes: Vec<WrittenBatch>,
    /// What follows them and can't be read, if anything: the next start cuts it away.
    pub torn: Option<TornTail>,
    /// Why nothing can be read, where that is so.
    pub unreadable: Option<String>,
}

/// One write to the log of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenBatch {
    /// Its number. `None` where it was made before the node was started last: numbers begin anew then.
    pub sequence: Option<WriteSequence>,
    /// The number of the segment that it stands in.
    pub segment: u64,
    /// Its bytes in the segment.
    pub place: Range<u64>,
    /// Everything before this byte was known to be durable when it was written. It says so itself.
    pub mark: u64,
    /// What it says, in order.
    pub records: Vec<ListedRecord>,
    /// Whether a power cut may take it.
    pub fate: Fate,
}

/// Whether a power cut may take a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is durable.
    Safe,
    /// A power cut now may take it, or leave it, or leave a part, which the next start then cuts away.
    AtRisk {
        /// When its sync ends, where one is under way.
        until: Option<VirtualTime>,
    },
}

impl DiskRecords {
    /// What is listed of a disk; `begun` is the number of the last write, where the node runs.
    pub(super) fn of(
        node: NodeId,
        disk: &SimulatedDisk,
        listing: Listing,
        begun: Option<WriteSequence>,
    ) -> Self {
        let count = listing.batches.len() as u64;
        let numbered = (1..=count).map(|place| {
            let number = begun?.number().checked_sub(count - place)?;
            (number > 0).then(|| WriteSequence::new(number))
        });
        let batches = listing.batches.into_iter().zip(numbered);
        let writes = batches.map(|(batch, sequence)| {
            let is_safe = batch.end() <= disk.durable_bytes(&batch.segment.file_name());
            WrittenBatch {
                sequence,
                segment: batch.segment.number(),
                place: batch.offset..batch.end(),
                mark: batch.mark,
                records: batch.records,
                fate: if is_safe {
                    Fate::Safe
                } else {
                    Fate::AtRisk { until: None }
                },
            }
        });
        Self {
            node,
            earlier: listing.earlier,
            writes: writes.collect(),
            torn: listing.torn,
            unreadable: None,
        }
    }

    /// What is said where a disk can't be read.
    pub(super) fn unreadable(node: NodeId, reason: String) -> Self {
        Self {
            node,
            earlier: 0,
            writes: Vec::new(),
            torn: None,
            unreadable: Some(reason),
        }
    }

    /// Takes note of when each sync ends.
    pub(super) fn note_syncs(&mut self, due: impl Fn(WriteSequence) -> Option<VirtualTime>) {
        for write in &mut self.writes {
            if let (Fate::AtRisk { until }, Some(sequence)) = (&mut write.fate, write.sequence) {
                *until = due(sequence);
            }
        }
    }

    /// How many of the writes listed are safe: all before the first that is not.
    pub fn safe(&self) -> usize {
        let is_safe = |write: &&WrittenBatch| write.fate == Fate::Safe;
        self.writes.iter().take_while(is_safe).count()
    }

    /// How many bytes a power cut may take.
    pub fn bytes_at_risk(&self) -> u64 {
        let at_risk = self.writes[self.safe()..].iter();
        at_risk.map(|write| write.place.end - write.place.start).sum()
    }
}
