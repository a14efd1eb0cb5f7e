//! Reading a log as it lies on a disk, without changing anything.

use super::error::{Damage, Evidence, Inconsistency, OpenError};
use super::header::{Header, HeaderFault, VERSION};
use super::outline::{Compacted, Outline};
use super::record::{self, Change, Seed};
use super::segment::SegmentNumber;
use super::snapshot_file::{self, SnapshotFile};
use super::state::LogState;
use super::{Identity, Recovered, Tail, TornTail};
use crate::types::disk::Disk;
use crate::types::{Entries, Entry, LogIndex, Snapshot};

/// A log as it lies on a disk.
#[derive(Debug)]
pub(super) struct Scan {
    pub state: LogState,
    /// The entries that stand in the segments there are.
    pub entries: Vec<Entry>,
    /// The snapshot in force.
    pub snapshot: Option<Snapshot>,
    /// How long the last closed segment is; 0 where none is closed.
    pub previous_bytes: u64,
    pub last: LastSegment,
}

/// The segment that the log goes on in.
#[derive(Debug)]
pub(super) enum LastSegment {
    /// There is no segment at all.
    None,
    /// Its file was made, but not its header: nothing was ever in it.
    Unmade {
        number: SegmentNumber,
        cut: Option<TornTail>,
    },
    /// It has a header and batches.
    Sound(SoundSegment),
}

/// A segment with a header.
#[derive(Debug)]
pub(super) struct SoundSegment {
    pub number: SegmentNumber,
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Where the first batch begins.
    pub start: usize,
    /// Whether a batch in it names a snapshot.
    pub names_snapshot: bool,
    /// Everything before this offset is known to have been synced.
    pub marked: usize,
    /// Where the last whole batch ends.
    pub end: usize,
    /// What follows it, if anything.
    pub cut: Option<TornTail>,
}

impl SoundSegment {
    /// How long the file is once it is secured. What can't be read is cut away; room stays.
    pub(super) fn file_bytes(&self) -> usize {
        match &self.cut {
            Some(_) => self.end,
            None => self.bytes.len(),
        }
    }

    /// Where the log goes on, once all of it is durable.
    pub(super) fn tail(&self) -> Tail {
        Tail {
            segment: self.number,
            start: self.start as u64,
            end: self.end as u64,
            file_bytes: self.file_bytes() as u64,
            synced: self.end as u64,
            names_snapshot: self.names_snapshot,
        }
    }
}

/// Batches read up to where they end or can't be read.
struct Batches {
    names_snapshot: bool,
    marked: usize,
    end: usize,
    damage: Option<(usize, Damage)>,
}

/// A whole batch.
pub(super) struct Batch {
    /// The mark in its header.
    pub synced: usize,
    /// Its records, each with where it begins.
    pub changes: Vec<(usize, Change)>,
    pub end: usize,
}

/// Why a batch can't be read.
pub(super) enum Fault {
    Damage(usize, Damage),
    Inconsistency(usize, Inconsistency),
}

impl Scan {
    pub(super) fn of(disk: &impl Disk, identity: Identity) -> Result<Self, OpenError> {
        let mut scan = Self {
            state: LogState::default(),
            entries: Vec::new(),
            snapshot: None,
            previous_bytes: 0,
            last: LastSegment::None,
        };
        let numbers = segments(disk)?;
        if let Some((&last, closed)) = numbers.split_last() {
            for &number in closed {
                scan.read_closed(number, &read_file(disk, number)?, identity)?;
            }
            scan.last = scan.read_last((last, read_file(disk, last)?), identity)?;
        }
        scan.check_beginning()?;
        if let Some(named) = &scan.state.outline.snapshot {
            scan.snapshot = Some(snapshot_file::read(disk, named, identity)?);
        }
        Ok(scan)
    }

    pub(super) fn into_recovered(self) -> (LogState, Recovered) {
        let cut = match self.last {
            LastSegment::None => None,
            LastSegment::Unmade { cut, .. } | LastSegment::Sound(SoundSegment { cut, .. }) => cut,
        };
        let Outline { metadata, .. } = self.state.outline;
        let base = self.state.outline.base();
        (
            self.state,
            Recovered {
                metadata,
                snapshot: self.snapshot,
                base,
                entries: Entries::new(base.index.next(), self.entries),
                cut,
            },
        )
    }

    /// The header of the segment that comes next, if it has this number.
    pub(super) fn next_header(&self, number: SegmentNumber, identity: Identity) -> Header {
        Header {
            identity,
            number,
            previous_bytes: self.previous_bytes,
            outline: self.state.outline.clone(),
        }
    }

    /// The segment that the log goes on in.
    pub(super) fn last_number(&self) -> SegmentNumber {
        match &self.last {
            LastSegment::None => SegmentNumber::FIRST,
            LastSegment::Unmade { number, .. } => *number,
            LastSegment::Sound(last) => last.number,
        }
    }

    /// Whether a segment is the first one there is, and there were others before it.
    fn begins_late(&self, number: SegmentNumber) -> bool {
        self.state.kept.is_empty() && number > SegmentNumber::FIRST
    }

    /// Checks that all entries that stood in segments before the first one have been dropped.
    fn check_beginning(&self) -> Result<(), OpenError> {
        match self.state.kept.first() {
            Some(first) if self.state.kept.before_first() > self.state.outline.base().index => {
                Err(OpenError::Missing {
                    file: first.previous().file_name(),
                })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn read_closed(
        &mut self,
        number: SegmentNumber,
        bytes: &[u8],
        identity: Identity,
    ) -> Result<(), OpenError> {
        let damaged = |scan: &Self, offset, damage| scan.damaged(number, offset, damage, Evidence::Closed);
        let (seed, start) = match self.read_header(number, bytes, identity)? {
            Ok(begun) => begun,
            Err(damage) => return Err(damaged(self, 0, damage)),
        };
        if let Some((offset, damage)) = self.read_batches(number, (seed, start), bytes)?.damage {
            return Err(damaged(self, offset, damage));
        }
        self.previous_bytes = bytes.len() as u64;
        Ok(())
    }

    fn read_last(
        &mut self,
        (number, bytes): (SegmentNumber, Vec<u8>),
        identity: Identity,
    ) -> Result<LastSegment, OpenError> {
        let tail = |offset: usize, reason| TornTail {
            file: number.file_name(),
            offset: offset as u64,
            bytes: (bytes.len() - offset) as u64,
            reason,
        };
        let begins_late = self.begins_late(number);
        let (seed, start) = match self.read_header(number, &bytes, identity)? {
            Ok(begun) => begun,
            Err(damage) if begins_late => return Err(self.damaged(number, 0, damage, Evidence::First)),
            Err(damage) if bytes.len() > self.next_header(number, identity).encode().len() => {
                return Err(self.damaged(number, 0, damage, Evidence::Header));
            }
            Err(damage) => {
                let cut = (!bytes.is_empty()).then(|| tail(0, damage));
                return Ok(LastSegment::Unmade { number, cut });
            }
        };
        let Batches {
            names_snapshot,
            mut marked,
            end,
            damage,
        } = self.read_batches(number, (seed, start), &bytes)?;
        let damage = damage.filter(|_| !is_room(&bytes[end..]));
        if let Some((offset, damage)) = damage {
            marked = marked.max(highest_mark(seed, &bytes, end));
            if end < marked {
                return Err(self.damaged(number, offset, damage, Evidence::Synced(marked as u64)));
            }
        }
        let cut = damage.map(|(_, damage)| tail(end, damage));
        Ok(LastSegment::Sound(SoundSegment {
            number,
            bytes,
            start,
            names_snapshot,
            marked,
            end,
            cut,
        }))
    }

    /// Reads the segment's header, which must follow from what was read so far, and takes the segment for begun. Gives the seed
    /// of its records and where they begin.
    fn read_header(
        &mut self,
        number: SegmentNumber,
        bytes: &[u8],
        identity: Identity,
    ) -> Result<Result<(Seed, usize), Damage>, OpenError> {
        let (header, start) = match Header::decode(bytes) {
            Ok(decoded) => decoded,
            Err(HeaderFault::Damaged(damage)) => return Ok(Err(damage)),
            Err(HeaderFault::Version(found)) => {
                return Err(OpenError::Version {
                    file: number.file_name(),
                    found,
                    supported: VERSION,
                });
            }
            Err(HeaderFault::Impossible) => {
                return Err(self.inconsistent(number, 0, Inconsistency::Payload));
            }
        };
        if header.identity != identity {
            let file = number.file_name();
            return Err(OpenError::Foreign {
                file,
                found: header.identity,
                expected: identity,
            });
        }
        if self.begins_late(number) && header.number == number {
            self.state.outline = header.outline.clone();
        } else if header != self.next_header(number, identity) {
            return Err(self.inconsistent(number, 0, Inconsistency::Header));
        }
        self.state.begin_segment(number);
        Ok(Ok((header.seed(), start)))
    }

    fn read_batches(
        &mut self,
        number: SegmentNumber,
        (seed, start): (Seed, usize),
        bytes: &[u8],
    ) -> Result<Batches, OpenError> {
        let mut batches = Batches {
            names_snapshot: false,
            marked: 0,
            end: start,
            damage: None,
        };
        while batches.end < bytes.len() {
            match read_batch(seed, bytes, batches.end) {
                Ok(batch) => {
                    for (offset, change) in batch.changes {
                        batches.names_snapshot |= matches!(change, Change::Snapshot(_));
                        self.apply(change)
                            .map_err(|reason| self.inconsistent(number, offset, reason))?;
                    }
                    batches.marked = batches.marked.max(batch.synced);
                    batches.end = batch.end;
                }
                Err(Fault::Damage(offset, damage)) => {
                    batches.damage = Some((offset, damage));
                    break;
                }
                Err(Fault::Inconsistency(offset, reason)) => {
                    return Err(self.inconsistent(number, offset, reason));
                }
            }
        }
        Ok(batches)
    }

    fn apply(&mut self, change: Change) -> Result<(), Inconsistency> {
        let before = self.state.known_after();
        match change {
            Change::Metadata(metadata) => self.state.outline.metadata = metadata,
            Change::Snapshot(named) => self.state.replace_snapshot(named)?,
            Change::Compact(through) => match self.state.compact(through)? {
                Compacted::Rest => {
                    let dropped = count(before, self.state.known_after()).min(self.entries.len());
                    self.entries.drain(..dropped);
                }
                Compacted::Nothing => self.entries.clear(),
            },
            Change::Truncate(from) => {
                self.state.truncate(from)?;
                self.entries.truncate(count(before, from.previous()));
            }
            Change::Append(first, entries) => {
                self.state.outline.append(first, &entries)?;
                self.entries.extend(entries);
            }
        }
        Ok(())
    }

    fn damaged(&self, number: SegmentNumber, offset: usize, damage: Damage, evidence: Evidence) -> OpenError {
        let (file, index) = (number.file_name(), self.state.outline.last().index);
        OpenError::Damaged {
            file,
            offset: offset as u64,
            index,
            damage,
            evidence,
        }
    }

    fn inconsistent(&self, number: SegmentNumber, offset: usize, reason: Inconsistency) -> OpenError {
        let (file, index) = (number.file_name(), self.state.outline.last().index);
        OpenError::Inconsistent {
            file,
            offset: offset as u64,
            index,
            reason,
        }
    }
}

/// Reads a whole batch, or nothing of it.
pub(super) fn read_batch(seed: Seed, bytes: &[u8], start: usize) -> Result<Batch, Fault> {
    let at = |offset| move |damage| Fault::Damage(offset, damage);
    let first = record::read(seed, bytes, start).map_err(at(start))?;
    let header = first
        .batch_header(start)
        .map_err(|reason| Fault::Inconsistency(start, reason))?;
    let records = usize::try_from(header.bytes)
        .ok()
        .and_then(|records| first.end.checked_add(records));
    let whole = records
        .and_then(|end| bytes.get(..end))
        .ok_or(Fault::Damage(start, Damage::Incomplete))?;
    let mut offset = first.end;
    let mut changes = Vec::new();
    while offset < whole.len() {
        let record = record::read(seed, whole, offset).map_err(at(offset))?;
        let change = record
            .change()
            .map_err(|reason| Fault::Inconsistency(offset, reason))?;
        changes.push((offset, change));
        offset = record.end;
    }
    let synced = usize::try_from(header.synced).unwrap_or(usize::MAX);
    Ok(Batch {
        synced,
        changes,
        end: whole.len(),
    })
}

/// The highest mark in any batch header after a batch that can't be read, wherever one can still be found.
fn highest_mark(seed: Seed, bytes: &[u8], damaged: usize) -> usize {
    let places = (damaged..bytes.len()).step_by(record::ALIGNMENT);
    let marks = places.filter_map(|offset| record::find_batch(seed, bytes, offset));
    marks
        .map(|header| usize::try_from(header.synced).unwrap_or(usize::MAX))
        .max()
        .unwrap_or(0)
}

/// Whether nothing was ever written there but zeros.
fn is_room(rest: &[u8]) -> bool {
    rest.iter().all(|byte| *byte == 0)
}

/// How many entries come after one index, through another.
fn count(after: LogIndex, through: LogIndex) -> usize {
    usize::try_from(through.since(after)).unwrap_or(usize::MAX)
}

/// The segments that the log stands in: all from some first one to the last. What lies before a gap is left over from a
/// removal that was lost in part, or else [`Scan::check_beginning`] finds something missing.
pub(super) fn segments(disk: &impl Disk) -> Result<Vec<SegmentNumber>, OpenError> {
    let names = disk.list().map_err(|source| OpenError::Disk {
        file: ".".into(),
        source,
    })?;
    let mut numbers: Vec<_> = names
        .iter()
        .filter_map(|name| SegmentNumber::of_file(name))
        .collect();
    numbers.sort_unstable();
    let gap = numbers.windows(2).rposition(|pair| pair[0].next() != pair[1]);
    numbers.drain(..gap.map_or(0, |place| place + 1));
    let is_whole = |name: &String| matches!(SnapshotFile::of_file(name), Some(SnapshotFile::Whole(_)));
    if numbers.is_empty() && names.iter().any(is_whole) {
        return Err(OpenError::Missing {
            file: SegmentNumber::FIRST.file_name(),
        });
    }
    Ok(numbers)
}

pub(super) fn read_file(disk: &impl Disk, number: SegmentNumber) -> Result<Vec<u8>, OpenError> {
    let file = number.file_name();
    disk.read(&file)
        .map_err(|source| OpenError::Disk { file, source })
}
