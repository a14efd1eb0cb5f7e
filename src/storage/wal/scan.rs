//! Reading a log as it lies on a disk, without changing anything.

use super::error::{Damage, Evidence, Inconsistency, OpenError};
use super::outline::Outline;
use super::record::{self, Change, Seed};
use super::segment::{HEADER_BYTES, Header, HeaderFault, SegmentNumber, VERSION};
use super::{Identity, Recovered, TornTail};
use crate::types::disk::Disk;
use crate::types::{Entries, Entry, LogIndex, LogPosition};

/// A log as it lies on a disk.
#[derive(Debug)]
pub(super) struct Scan {
    pub outline: Outline,
    pub entries: Vec<Entry>,
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
    /// Everything before this offset is known to have been synced.
    pub marked: usize,
    /// Where the last whole batch ends.
    pub end: usize,
    /// What follows it, if anything.
    pub cut: Option<TornTail>,
}

/// Batches read up to where they end or can't be read.
struct Batches {
    marked: usize,
    end: usize,
    damage: Option<(usize, Damage)>,
}

struct Batch {
    synced: usize,
    changes: Vec<(usize, Change)>,
    end: usize,
}

enum Fault {
    Damage(usize, Damage),
    Inconsistency(usize, Inconsistency),
}

impl Scan {
    pub(super) fn of(disk: &impl Disk, identity: Identity) -> Result<Self, OpenError> {
        let mut scan = Self {
            outline: Outline::default(),
            entries: Vec::new(),
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
        Ok(scan)
    }

    pub(super) fn into_recovered(self) -> (Outline, Recovered) {
        let cut = match self.last {
            LastSegment::None => None,
            LastSegment::Unmade { cut, .. } | LastSegment::Sound(SoundSegment { cut, .. }) => cut,
        };
        let entries = Entries::new(LogIndex::GENESIS.next(), self.entries);
        let metadata = self.outline.metadata;
        (
            self.outline,
            Recovered {
                metadata,
                snapshot: None,
                base: LogPosition::GENESIS,
                entries,
                cut,
            },
        )
    }

    /// The header of the segment that comes next, if it has this number.
    pub(super) fn next_header(&self, number: SegmentNumber, identity: Identity) -> Header {
        Header::following(identity, number, self.previous_bytes, &self.outline)
    }

    fn read_closed(
        &mut self,
        number: SegmentNumber,
        bytes: &[u8],
        identity: Identity,
    ) -> Result<(), OpenError> {
        let damaged = |scan: &Self, offset, damage| scan.damaged(number, offset, damage, Evidence::Closed);
        let seed = match self.read_header(number, bytes, identity)? {
            Ok(header) => header.seed(),
            Err(damage) => return Err(damaged(self, 0, damage)),
        };
        if let Some((offset, damage)) = self.read_batches(number, seed, bytes)?.damage {
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
        let seed = match self.read_header(number, &bytes, identity)? {
            Ok(header) => header.seed(),
            Err(damage) if bytes.len() > HEADER_BYTES => {
                return Err(self.damaged(number, 0, damage, Evidence::Header));
            }
            Err(damage) => {
                let cut = (!bytes.is_empty()).then(|| tail(0, damage));
                return Ok(LastSegment::Unmade { number, cut });
            }
        };
        let Batches {
            mut marked,
            end,
            damage,
        } = self.read_batches(number, seed, &bytes)?;
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
            marked,
            end,
            cut,
        }))
    }

    /// The segment's header, which must follow from what was read so far.
    fn read_header(
        &self,
        number: SegmentNumber,
        bytes: &[u8],
        identity: Identity,
    ) -> Result<Result<Header, Damage>, OpenError> {
        let header = match Header::decode(bytes) {
            Ok(header) => header,
            Err(HeaderFault::Damaged(damage)) => return Ok(Err(damage)),
            Err(HeaderFault::Version(found)) => {
                return Err(OpenError::Version {
                    file: number.file_name(),
                    found,
                    supported: VERSION,
                });
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
        if header != self.next_header(number, identity) {
            return Err(self.inconsistent(number, 0, Inconsistency::Header));
        }
        Ok(Ok(header))
    }

    fn read_batches(
        &mut self,
        number: SegmentNumber,
        seed: Seed,
        bytes: &[u8],
    ) -> Result<Batches, OpenError> {
        let mut batches = Batches {
            marked: 0,
            end: HEADER_BYTES,
            damage: None,
        };
        while batches.end < bytes.len() {
            match read_batch(seed, bytes, batches.end) {
                Ok(batch) => {
                    for (offset, change) in batch.changes {
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
        match change {
            Change::Metadata(metadata) => self.outline.metadata = metadata,
            Change::Truncate(from) => {
                self.outline.truncate(from)?;
                let kept = from.previous().number();
                self.entries.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
            }
            Change::Append(first, entries) => {
                self.outline.append(first, &entries)?;
                self.entries.extend(entries);
            }
        }
        Ok(())
    }

    fn damaged(&self, number: SegmentNumber, offset: usize, damage: Damage, evidence: Evidence) -> OpenError {
        let (file, index) = (number.file_name(), self.outline.last().index);
        OpenError::Damaged {
            file,
            offset: offset as u64,
            index,
            damage,
            evidence,
        }
    }

    fn inconsistent(&self, number: SegmentNumber, offset: usize, reason: Inconsistency) -> OpenError {
        let (file, index) = (number.file_name(), self.outline.last().index);
        OpenError::Inconsistent {
            file,
            offset: offset as u64,
            index,
            reason,
        }
    }
}

/// Reads a whole batch, or nothing of it.
fn read_batch(seed: Seed, bytes: &[u8], start: usize) -> Result<Batch, Fault> {
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

/// The segments on a disk, which must be all from the first to the last.
fn segments(disk: &impl Disk) -> Result<Vec<SegmentNumber>, OpenError> {
    let names = disk.list().map_err(|source| OpenError::Disk {
        file: ".".into(),
        source,
    })?;
    let mut numbers: Vec<_> = names
        .iter()
        .filter_map(|name| SegmentNumber::of_file(name))
        .collect();
    numbers.sort_unstable();
    let mut expected = SegmentNumber::FIRST;
    for &number in &numbers {
        if number != expected {
            return Err(OpenError::Missing {
                file: expected.file_name(),
            });
        }
        expected = expected.next();
    }
    Ok(numbers)
}

fn read_file(disk: &impl Disk, number: SegmentNumber) -> Result<Vec<u8>, OpenError> {
    let file = number.file_name();
    disk.read(&file)
        .map_err(|source| OpenError::Disk { file, source })
}
