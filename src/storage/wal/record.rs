//! Records: how they stand in a segment, and what they say.
//!
//! A record is a checksum (4 bytes), the length of its payload (4), its kind (1), three zeros, the payload, and zeros
//! up to the next multiple of 8. The checksum covers everything after itself, the padding too, and begins with who
//! wrote it, in which generation, at which offset: a record that turns up anywhere else is none. Numbers are
//! little-endian; those within a run of entries are of variable length, seven bits to a byte.
//!
//! Every write is one batch: a batch header, then the records that take effect together. The header says how long
//! they are and **before which offset everything had been synced** when it was written. That mark is what tells
//! corruption from a torn tail: unsynced sectors land in any order, so valid records behind a bad one prove nothing.

use std::ops::Range;

use super::Identity;
use super::error::{Damage, Inconsistency, WalError};
use super::fixed::{u32_at, u64_at};
use super::payload::{self, read_number, whole, write_number};
use super::snapshot_file::NamedSnapshot;
use crate::consensus::durable::{Metadata, Write};
use crate::types::{Entries, Entry, LogIndex, LogPosition, NodeId, Term};

const KIND_BATCH: u8 = 1;
const KIND_METADATA: u8 = 2;
const KIND_TRUNCATE: u8 = 3;
const KIND_ENTRIES: u8 = 4;
const KIND_SNAPSHOT: u8 = 5;
const KIND_COMPACT: u8 = 6;

const FRAME_BYTES: usize = 12;
pub(super) const ALIGNMENT: usize = 8;

/// How long a batch header is.
pub(super) const BATCH_BYTES: usize = 32;

/// The longest command that fits.
pub(super) const LONGEST_COMMAND: usize = 1 << 30;

/// From this many bytes on, a run of entries continues in another record.
const RUN_BYTES: usize = 1 << 20;

/// What the checksums in one segment begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seed(u32);

impl Seed {
    pub(super) fn new(identity: Identity, generation: u64) -> Self {
        let numbers = [identity.cluster.number(), identity.node.number(), generation];
        Self(numbers.iter().fold(0, |checksum, number| {
            crc32c::crc32c_append(checksum, &number.to_le_bytes())
        }))
    }

    fn checksum(self, offset: usize, record: &[u8]) -> u32 {
        crc32c::crc32c_append(
            crc32c::crc32c_append(self.0, &(offset as u64).to_le_bytes()),
            record,
        )
    }
}

/// The first record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchHeader {
    /// Everything in the segment before this offset had been synced.
    pub synced: u64,
    /// How many bytes of records follow and belong to the batch.
    pub bytes: u64,
}

/// What a record within a batch says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Metadata(Metadata),
    /// Another snapshot is in force.
    Snapshot(NamedSnapshot),
    Compact(LogPosition),
    Truncate(LogIndex),
    Append(LogIndex, Vec<Entry>),
}

/// A record whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    kind: u8,
    payload: &'a [u8],
    /// Where the next record begins.
    pub end: usize,
}

/// Reads the record at an offset of a segment.
pub(super) fn read(seed: Seed, segment: &[u8], offset: usize) -> Result<Record<'_>, Damage> {
    let rest = segment.get(offset..).unwrap_or_default();
    if rest.iter().take(FRAME_BYTES).all(|byte| *byte == 0) {
        return Err(Damage::Blank);
    }
    if rest.len() < FRAME_BYTES {
        return Err(Damage::Incomplete);
    }
    let length = usize::try_from(u32_at(rest, 4)).unwrap_or(usize::MAX);
    let padded = FRAME_BYTES
        .checked_add(length)
        .and_then(|bytes| bytes.checked_next_multiple_of(ALIGNMENT));
    let record = padded
        .and_then(|padded| rest.get(..padded))
        .ok_or(Damage::Incomplete)?;
    if u32_at(record, 0) != seed.checksum(offset, &record[4..]) {
        return Err(Damage::Checksum);
    }
    Ok(Record {
        kind: record[8],
        payload: &record[FRAME_BYTES..FRAME_BYTES + length],
        end: offset + record.len(),
    })
}

/// The batch header at an offset, if one stands there.
pub(super) fn find_batch(seed: Seed, segment: &[u8], offset: usize) -> Option<BatchHeader> {
    // The length and kind first: the checksum of every record-like place in a segment would take its time.
    let frame = segment.get(offset..offset + BATCH_BYTES)?;
    if frame[8] != KIND_BATCH || u32_at(frame, 4) != 16 {
        return None;
    }
    read(seed, segment, offset).ok()?.batch_header(offset).ok()
}

impl Record<'_> {
    /// The batch header that must stand here.
    pub(super) fn batch_header(&self, offset: usize) -> Result<BatchHeader, Inconsistency> {
        match (self.kind, self.payload.len()) {
            (KIND_BATCH, 16) => {
                let header = BatchHeader {
                    synced: u64_at(self.payload, 0),
                    bytes: u64_at(self.payload, 8),
                };
                if header.synced > offset as u64 {
                    Err(Inconsistency::Mark)
                } else {
                    Ok(header)
                }
            }
            (KIND_METADATA | KIND_TRUNCATE | KIND_ENTRIES | KIND_SNAPSHOT | KIND_COMPACT, _) => {
                Err(Inconsistency::OutsideBatch)
            }
            (KIND_BATCH, _) => Err(Inconsistency::Payload),
            (kind, _) => Err(Inconsistency::Kind(kind)),
        }
    }

    /// What this record of a batch changes.
    pub(super) fn change(&self) -> Result<Change, Inconsistency> {
        let change = match self.kind {
            KIND_METADATA => read_metadata(self.payload).map(Change::Metadata),
            KIND_SNAPSHOT => whole(self.payload, NamedSnapshot::read).map(Change::Snapshot),
            KIND_COMPACT => read_position(self.payload).map(Change::Compact),
            KIND_TRUNCATE => read_index(self.payload).map(Change::Truncate),
            KIND_ENTRIES => read_entries(self.payload).map(|(first, entries)| Change::Append(first, entries)),
            KIND_BATCH => return Err(Inconsistency::BatchInBatch),
            kind => return Err(Inconsistency::Kind(kind)),
        };
        change.ok_or(Inconsistency::Payload)
    }
}

/// The bytes of a batch that stands at an offset of a segment. Where the write has a snapshot, its file is the one named.
pub(super) fn encode_batch(
    seed: Seed,
    offset: u64,
    synced: u64,
    write: &Write,
    named: Option<&NamedSnapshot>,
) -> Result<Vec<u8>, WalError> {
    // What entries weigh is about what they take here.
    let likely = usize::try_from(write.append.weight())
        .unwrap_or_default()
        .min(RUN_BYTES);
    let mut batch = Writer {
        seed,
        base: usize::try_from(offset).map_err(|_| WalError::TooLarge)?,
        bytes: Vec::with_capacity(4 * BATCH_BYTES + likely),
    };
    // The header is filled in once it is known what it has to say.
    batch.bytes.extend([0; BATCH_BYTES]);
    if let Some(metadata) = write.metadata {
        batch.push(KIND_METADATA, |payload| write_metadata(payload, metadata))?;
    }
    if let Some(named) = named {
        batch.push(KIND_SNAPSHOT, |payload| named.write(payload))?;
    }
    if let Some(through) = write.compact {
        batch.push(KIND_COMPACT, |payload| write_position(payload, through))?;
    }
    if let Some(from) = write.truncate {
        batch.push(KIND_TRUNCATE, |payload| {
            payload.extend(from.number().to_le_bytes());
        })?;
    }
    let mut rest = write.append.clone();
    while !rest.is_empty() {
        let run = rest.take(run_length(&rest)?);
        batch.push(KIND_ENTRIES, |payload| write_entries(payload, &run))?;
        rest = rest.starting_at(run.last_index().next());
    }
    let bytes = (batch.bytes.len() - BATCH_BYTES) as u64;
    batch.bytes[FRAME_BYTES..FRAME_BYTES + 8].copy_from_slice(&synced.to_le_bytes());
    batch.bytes[FRAME_BYTES + 8..FRAME_BYTES + 16].copy_from_slice(&bytes.to_le_bytes());
    batch.frame(0..BATCH_BYTES, 16, KIND_BATCH);
    Ok(batch.bytes)
}

/// Records one after the other.
struct Writer {
    seed: Seed,
    /// Where in the segment the bytes will stand.
    base: usize,
    bytes: Vec<u8>,
}

impl Writer {
    fn push(&mut self, kind: u8, write_payload: impl FnOnce(&mut Vec<u8>)) -> Result<(), WalError> {
        let start = self.bytes.len();
        self.bytes.extend([0; FRAME_BYTES]);
        write_payload(&mut self.bytes);
        let length = self.bytes.len() - start - FRAME_BYTES;
        let length = u32::try_from(length).map_err(|_| WalError::TooLarge)?;
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        self.frame(start..self.bytes.len(), length, kind);
        Ok(())
    }

    /// Completes a record whose payload stands in its place.
    fn frame(&mut self, place: Range<usize>, length: u32, kind: u8) {
        let offset = self.base + place.start;
        let record = &mut self.bytes[place];
        record[4..8].copy_from_slice(&length.to_le_bytes());
        record[8] = kind;
        let checksum = self.seed.checksum(offset, &record[4..]);
        record[..4].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// How many of the entries fit into the next record.
fn run_length(entries: &Entries) -> Result<usize, WalError> {
    let mut weight = 0;
    let mut count = 0;
    for entry in entries.as_slice() {
        weight += usize::try_from(entry.weight()).unwrap_or(usize::MAX);
        if weight > LONGEST_COMMAND && count == 0 {
            return Err(WalError::TooLarge);
        }
        if count > 0 && weight > RUN_BYTES {
            break;
        }
        count += 1;
    }
    Ok(count)
}

fn write_metadata(payload: &mut Vec<u8>, metadata: Metadata) {
    payload.extend(metadata.term.number().to_le_bytes());
    if let Some(vote) = metadata.vote {
        payload.extend(vote.number().to_le_bytes());
    }
}

fn read_metadata(payload: &[u8]) -> Option<Metadata> {
    let vote = match payload.len() {
        8 => None,
        16 => Some(NodeId::new(u64_at(payload, 8))),
        _ => return None,
    };
    Some(Metadata {
        term: Term::new(u64_at(payload, 0)),
        vote,
    })
}

fn write_position(payload: &mut Vec<u8>, position: LogPosition) {
    payload.extend(position.index.number().to_le_bytes());
    payload.extend(position.term.number().to_le_bytes());
}

fn read_position(payload: &[u8]) -> Option<LogPosition> {
    (payload.len() == 16)
        .then(|| LogPosition::new(LogIndex::new(u64_at(payload, 0)), Term::new(u64_at(payload, 8))))
}

fn read_index(payload: &[u8]) -> Option<LogIndex> {
    (payload.len() == 8).then(|| LogIndex::new(u64_at(payload, 0)))
}

/// The first index, then each entry: its term, and what it carries.
fn write_entries(payload: &mut Vec<u8>, run: &Entries) {
    payload.extend_from_slice(&run.first_index().number().to_le_bytes());
    write_number(payload, run.len() as u64);
    for entry in run.as_slice() {
        write_number(payload, entry.term.number());
        payload::write(payload, &entry.payload);
    }
}

fn read_entries(mut payload: &[u8]) -> Option<(LogIndex, Vec<Entry>)> {
    let (first, rest) = payload.split_first_chunk::<8>()?;
    payload = rest;
    let count = read_number(&mut payload)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(read_entry(&mut payload)?);
    }
    payload
        .is_empty()
        .then(|| (LogIndex::new(u64::from_le_bytes(*first)), entries))
}

fn read_entry(bytes: &mut &[u8]) -> Option<Entry> {
    let term = Term::new(read_number(bytes)?);
    let payload = payload::read(bytes)?;
    Some(Entry { term, payload })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::snapshot_file::{EncodedSnapshot, SnapshotNumber};
    use super::*;
    use crate::types::{ClusterId, Snapshot, WriteSequence};

    fn seed() -> Seed {
        Seed::new(
            Identity {
                cluster: ClusterId::new(1),
                node: NodeId::new(2),
            },
            3,
        )
    }

    fn changes(bytes: &[u8], offset: usize) -> Vec<Change> {
        let mut segment = vec![0; offset];
        segment.extend_from_slice(bytes);
        let mut end = read(seed(), &segment, offset).unwrap().end;
        let mut changes = Vec::new();
        while end < segment.len() {
            let record = read(seed(), &segment, end).unwrap();
            changes.push(record.change().unwrap());
            end = record.end;
        }
        changes
    }

    fn nothing() -> Write {
        let append = Entries::empty(LogIndex::new(1));
        Write {
            sequence: WriteSequence::new(1),
            metadata: None,
            snapshot: None,
            compact: None,
            truncate: None,
            append,
        }
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let term = prop_oneof![0..200u64, any::<u64>()].prop_map(Term::new);
        let command = prop::option::of(prop::collection::vec(any::<u8>(), 0..200));
        (term, command).prop_map(|(term, command)| match command {
            Some(command) => Entry::command(term, command.into()),
            None => Entry::noop(term),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_batch_reads_back(
            term in any::<u64>(),
            vote in prop::option::of(any::<u64>()),
            from in any::<u64>(),
            entries in prop::collection::vec(entry(), 1..8),
            place in 0..50u64,
        ) {
            let metadata = Metadata { term: Term::new(term), vote: vote.map(NodeId::new) };
            let from = LogIndex::new(from);
            let through = LogPosition::new(LogIndex::new(vote.unwrap_or(7)), Term::new(term));
            let snapshot = Snapshot { last: through, configuration: Arc::default(), data: Bytes::new() };
            let identity = Identity { cluster: ClusterId::new(1), node: NodeId::new(2) };
            let number = SnapshotNumber::after(None).unwrap();
            let named = EncodedSnapshot::new(identity, number, &snapshot).named;
            let write = Write {
                metadata: Some(metadata),
                snapshot: Some(snapshot),
                compact: Some(through),
                truncate: Some(from),
                append: Entries::new(from, entries.clone()),
                ..nothing()
            };
            let offset = place * ALIGNMENT as u64;
            let bytes = encode_batch(seed(), offset, offset / 2, &write, Some(&named)).unwrap();
            let expected = [
                Change::Metadata(metadata),
                Change::Snapshot(named),
                Change::Compact(through),
                Change::Truncate(from),
                Change::Append(from, entries),
            ];
            prop_assert_eq!(changes(&bytes, usize::try_from(offset).unwrap()), expected);
        }

        /// The checksum is right, and the payload is anything: a file that someone has made up.
        #[test]
        fn made_up_payloads_are_refused_without_a_panic(
            kind in 0..10u8,
            payload in prop::collection::vec(prop_oneof![Just(0xff), 0..4u8, any::<u8>()], 0..40),
        ) {
            let record = Record { kind, payload: &payload, end: 0 };
            let change = record.change();
            prop_assert_eq!(change.is_ok() && matches!(kind, 0 | KIND_BATCH | 7..), false);
            let _ = record.batch_header(0);
        }
    }

    #[test]
    fn a_mark_ahead_of_itself_is_refused() {
        let batch = encode_batch(seed(), 64, 64, &nothing(), None).unwrap();
        let segment = [vec![0; 64], batch].concat();
        let header = read(seed(), &segment, 64).unwrap().batch_header(64);
        assert_eq!(header, Ok(BatchHeader { synced: 64, bytes: 0 }));
        let batch = encode_batch(seed(), 64, 65, &nothing(), None).unwrap();
        let segment = [vec![0; 64], batch].concat();
        assert_eq!(
            read(seed(), &segment, 64).unwrap().batch_header(64),
            Err(Inconsistency::Mark)
        );
        assert_eq!(find_batch(seed(), &segment, 64), None, "and not taken for a mark");
    }

    #[test]
    fn long_runs_are_split_and_keep_their_places() {
        let entries: Vec<_> = (0..5)
            .map(|byte| Entry::command(Term::new(1), vec![byte; 600_000].into()))
            .collect();
        let run = Entries::new(LogIndex::new(10), entries.clone());
        let write = Write {
            append: run,
            ..nothing()
        };
        let changes = changes(&encode_batch(seed(), 0, 0, &write, None).unwrap(), 0);
        let expected = (10..)
            .zip(entries)
            .map(|(index, entry)| Change::Append(LogIndex::new(index), vec![entry]));
        assert_eq!(changes, expected.collect::<Vec<_>>());
    }

    #[test]
    fn small_entries_cost_two_bytes_each() {
        let entries = vec![Entry::command(Term::new(5), vec![1; 10].into()); 100];
        let append = Entries::new(LogIndex::new(1), entries);
        let write = Write { append, ..nothing() };
        let overhead = encode_batch(seed(), 0, 0, &write, None).unwrap().len() - BATCH_BYTES - 100 * 12;
        assert!(overhead <= FRAME_BYTES + 8 + 1 + ALIGNMENT, "{overhead}");
    }
}
