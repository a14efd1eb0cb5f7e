//! A log as it stands on a disk, record by record, for a person to read.
//!
//! Nothing is judged here: whether the log can be opened is for recovery to say. What can't be read is told as what would be cut away.

use super::error::{Damage, OpenError};
use super::record::{self, Change, Seed};
use super::scan::{read_batch, read_file, segments};
use super::segment::SegmentNumber;
use super::{Identity, TornTail, Wal};
use crate::consensus::durable::Metadata;
use crate::storage::wal::header::Header;
use crate::types::disk::Disk;
use crate::types::{Entry, LogIndex, LogPosition};

/// What stands in a log, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// How many batches stand in these segments before those that are listed.
    pub earlier: u64,
    /// The batches: each is one write.
    pub batches: Vec<ListedBatch>,
    /// What follows the last of them and can't be read, if anything.
    pub torn: Option<TornTail>,
}

/// A batch: all that one write brought, in force as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedBatch {
    /// The segment that it stands in.
    pub segment: SegmentNumber,
    /// Where in the segment it begins.
    pub offset: u64,
    /// How many bytes it has, its header included.
    pub bytes: u64,
    /// Before this offset everything had been synced when it was written, as its header says.
    pub mark: u64,
    /// Its records, in order.
    pub records: Vec<ListedRecord>,
}

impl ListedBatch {
    /// Where in the segment the next one begins.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes
    }
}

/// A record of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRecord {
    /// How many bytes it has.
    pub bytes: u64,
    /// What it says.
    pub says: Says,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Term and vote.
    Ballot(Metadata),
    /// Another snapshot is in force.
    Snapshot {
        /// The file that holds it.
        file: String,
        /// The last entry that it stands for.
        last: LogPosition,
        /// How many bytes the file has.
        bytes: u64,
    },
    /// The entries through this one are dropped.
    Compact(LogPosition),
    /// The entries from this one on are removed.
    Truncate(LogIndex),
    /// These entries are added.
    Append {
        /// The index of the first.
        first: LogIndex,
        /// The entries.
        entries: Vec<Entry>,
    },
}

impl<D: Disk> Wal<D> {
    /// What stands on a disk of the log: of its last segments, the newest batches, `most` of them at most. Changes nothing.
    pub fn list(disk: &D, identity: Identity, most: usize) -> Result<Listing, OpenError> {
        let mut listing = Listing::default();
        let numbers = segments(disk)?;
        for (place, number) in numbers.iter().enumerate().rev() {
            let room = most.saturating_sub(listing.batches.len());
            if room == 0 {
                break;
            }
            let bytes = read_file(disk, *number)?;
            let mut listed = list_segment(&bytes, *number, identity, room);
            if place + 1 == numbers.len() {
                listing.torn = listed.torn;
            }
            listed.batches.append(&mut listing.batches);
            listing.batches = listed.batches;
            listing.earlier = listed.earlier;
        }
        Ok(listing)
    }
}

fn list_segment(bytes: &[u8], number: SegmentNumber, identity: Identity, most: usize) -> Listing {
    let torn = |offset: usize, reason: Damage| TornTail {
        file: number.file_name(),
        offset: offset as u64,
        bytes: (bytes.len() - offset) as u64,
        reason,
    };
    let seed = Seed::new(identity, number.number());
    let Ok((_, start)) = Header::decode(bytes) else {
        return Listing {
            torn: (!bytes.is_empty()).then(|| torn(0, Damage::Checksum)),
            ..Listing::default()
        };
    };
    let (offsets, mut end) = batch_offsets(seed, bytes, start);
    let skipped = offsets.len().saturating_sub(most);
    let mut listing = Listing {
        earlier: skipped as u64,
        ..Listing::default()
    };
    for offset in &offsets[skipped..] {
        let Some(batch) = list_batch(seed, bytes, *offset, number) else {
            // What follows a damaged batch counts for nothing.
            end = *offset;
            break;
        };
        listing.batches.push(batch);
    }
    let is_room = bytes[end..].iter().all(|byte| *byte == 0);
    let damage = record::read(seed, bytes, end).err().unwrap_or(Damage::Incomplete);
    listing.torn = (!is_room).then(|| torn(end, damage));
    listing
}

/// Where the batches begin, as their headers say, and where the last whole one ends.
fn batch_offsets(seed: Seed, bytes: &[u8], start: usize) -> (Vec<usize>, usize) {
    let mut offsets = Vec::new();
    let mut offset = start;
    while let Some(header) = record::find_batch(seed, bytes, offset) {
        let after = usize::try_from(header.bytes)
            .ok()
            .and_then(|length| offset.checked_add(record::BATCH_BYTES + length))
            .filter(|end| *end <= bytes.len());
        let Some(end) = after else { break };
        offsets.push(offset);
        offset = end;
    }
    (offsets, offset)
}

fn list_batch(seed: Seed, bytes: &[u8], offset: usize, segment: SegmentNumber) -> Option<ListedBatch> {
    let batch = read_batch(seed, bytes, offset).ok()?;
    let begins: Vec<usize> = batch.changes.iter().map(|(begin, _)| *begin).collect();
    let ends = begins.iter().skip(1).copied().chain([batch.end]);
    let lengths: Vec<u64> = begins
        .iter()
        .zip(ends)
        .map(|(begin, end)| (end - begin) as u64)
        .collect();
    let records = batch.changes.into_iter().zip(lengths);
    let records = records.map(|((_, change), bytes)| ListedRecord {
        bytes,
        says: Says::of(change),
    });
    Some(ListedBatch {
        segment,
        offset: offset as u64,
        bytes: (batch.end - offset) as u64,
        mark: batch.synced as u64,
        records: records.collect(),
    })
}

impl Says {
    fn of(change: Change) -> Self {
        match change {
            Change::Metadata(metadata) => Self::Ballot(metadata),
            Change::Snapshot(named) => Self::Snapshot {
                file: named.number.file_name(),
                last: named.last,
                bytes: named.bytes,
            },
            Change::Compact(through) => Self::Compact(through),
            Change::Truncate(from) => Self::Truncate(from),
            Change::Append(first, entries) => Self::Append { first, entries },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::consensus::durable::{Store, Write};
    use crate::storage::simulated::SimulatedDisk;
    use crate::storage::wal::WalOptions;
    use crate::types::{ClusterId, Entries, NodeId, Snapshot, Term, WriteSequence};

    const IDENTITY: Identity = Identity {
        cluster: ClusterId::new(1),
        node: NodeId::new(2),
    };

    fn write(sequence: u64, first: u64, commands: &[&str]) -> Write {
        let entries = commands
            .iter()
            .map(|command| Entry::command(Term::new(3), command.as_bytes().to_vec().into()));
        Write {
            sequence: WriteSequence::new(sequence),
            metadata: None,
            snapshot: None,
            compact: None,
            truncate: None,
            append: Entries::new(LogIndex::new(first), entries.collect::<Vec<_>>()),
        }
    }

    fn says(listing: &Listing) -> Vec<Vec<Says>> {
        let of_batch = |batch: &ListedBatch| batch.records.iter().map(|record| record.says.clone()).collect();
        listing.batches.iter().map(of_batch).collect()
    }

    /// Whatever is written is listed, over segments too; bytes add up to the files; and the newest come first to be listed.
    #[test]
    fn all_that_was_written_is_listed_in_order() {
        let disk = SimulatedDisk::new();
        let (mut wal, _) = Wal::open(disk, IDENTITY, WalOptions::default()).unwrap();
        let ballot = Metadata {
            term: Term::new(3),
            vote: Some(NodeId::new(2)),
        };
        let last = LogPosition::new(LogIndex::new(2), Term::new(3));
        let writes = [
            Write {
                metadata: Some(ballot),
                ..write(1, 1, &["x=1", "x=2", "x=3"])
            },
            Write {
                truncate: Some(LogIndex::new(3)),
                ..write(2, 3, &["x=4"])
            },
            Write {
                snapshot: Some(Snapshot {
                    last,
                    configuration: Arc::default(),
                    data: vec![1, 2, 3].into(),
                }),
                compact: Some(last),
                ..write(3, 4, &[])
            },
            write(4, 4, &["x=5"]),
        ];
        for write in &writes {
            let sync = wal.begin(write).unwrap();
            let synced = Wal::<SimulatedDisk>::sync(sync).unwrap();
            wal.settle(synced);
        }
        let listing = Wal::list(wal.disk(), IDENTITY, 100).unwrap();
        let append = |first, commands: &[&str]| Says::Append {
            first: LogIndex::new(first),
            entries: write(0, first, commands).append.as_slice().to_vec(),
        };
        let named = |listing: &Listing| match &listing.batches[2].records[0].says {
            Says::Snapshot { file, last, bytes } => (file.clone(), *last, *bytes),
            other => panic!("{other:?}"),
        };
        let (file, named_last, bytes) = named(&listing);
        assert_eq!(named_last, last);
        assert_eq!(wal.disk().read(&file).unwrap().len() as u64, bytes);
        assert_eq!(
            says(&listing),
            [
                vec![Says::Ballot(ballot), append(1, &["x=1", "x=2", "x=3"])],
                vec![Says::Truncate(LogIndex::new(3)), append(3, &["x=4"])],
                vec![Says::Snapshot { file, last, bytes }, Says::Compact(last)],
                vec![append(4, &["x=5"])],
            ]
        );
        assert_eq!((listing.earlier, &listing.torn), (0, &None));
        let segment = |place: usize| listing.batches[place].segment.number();
        assert_eq!(
            [0, 1, 2, 3].map(segment),
            [1, 1, 1, 2],
            "a snapshot closes its segment"
        );
        for pair in listing.batches[..3].windows(2) {
            assert_eq!(pair[0].end(), pair[1].offset);
            assert_eq!(pair[1].mark, pair[1].offset, "each was synced before the next");
        }
        assert_eq!(listing.batches[3].end(), wal.end());
        let newest = Wal::list(wal.disk(), IDENTITY, 2).unwrap();
        assert_eq!(newest.batches, listing.batches[2..]);
        assert_eq!(newest.earlier, 2);
    }

    #[test]
    fn what_can_not_be_read_is_told_and_not_listed() {
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, WalOptions::default()).unwrap();
        for sequence in 1..=3 {
            wal.begin(&write(sequence, sequence, &["x=1"])).unwrap();
        }
        let whole = Wal::list(wal.disk(), IDENTITY, 100).unwrap();
        let mut disk = wal.into_disk();
        let file = SegmentNumber::FIRST.file_name();
        let third = whole.batches[2].offset;
        disk.write_at(&file, third + 60, &[0xff]).unwrap();
        let torn = Wal::list(&disk, IDENTITY, 100).unwrap();
        assert_eq!(torn.batches, whole.batches[..2]);
        assert_eq!(torn.torn.map(|torn| torn.offset), Some(third));
    }
}
