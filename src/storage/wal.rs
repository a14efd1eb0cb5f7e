//! The write-ahead log: term, vote and entries, so that what was synced survives whatever happens, and what was lost
//! without having been promised is told from what was promised and is damaged.
//!
//! # Segments
//!
//! The log is a sequence of files, `wal-0000000001.log` and on. Each begins with a header: magic, version, cluster,
//! node, generation, and the state that all segments before it lead to. A segment that has grown past
//! [`WalOptions::segment_bytes`] is synced and closed, and the next is made and synced, before anything more is
//! written. So a segment with a successor is whole.
//!
//! # Batches
//!
//! One [`Write`] is one batch, one write to the disk and one sync. It counts as a whole or not at all. A truncation is
//! a record like any other: nothing that has been written is ever overwritten. The header of each batch states the
//! **mark**: the offset before which everything had been synced when it was written.
//!
//! # Recovery
//!
//! Bytes that can't be read may be a torn tail (a power cut took the end of what was never synced, and nothing was
//! promised) or corruption (the disk has lost what was promised). Nothing in the bytes themselves tells the two
//! apart, nor do sound records behind them, for unsynced sectors land in any order. The marks do: damage before
//! the highest mark that can be found anywhere in the segment, or in a closed segment, is corruption, and the log
//! refuses to open, naming file, offset, index and reason. Other damage is cut away together with all that follows it,
//! and reported. What damage can do to the last batch, before a later one has marked it, is the one case that looks
//! like a tear and is none.
//!
//! What is kept from behind the mark is then written once more and synced before the log goes on. To sync alone would
//! not do: after a failed sync the operating system may take pages for clean that never reached the disk, and what
//! reads well now is gone after the next power cut.

mod error;
mod outline;
mod payload;
mod record;
mod scan;
mod segment;

use std::fmt;
use std::io;

pub use self::error::{Damage, Evidence, Inconsistency, OpenError, OutOfPlace, WalError};
use self::outline::Outline;
use self::record::Seed;
use self::scan::{LastSegment, Scan, SoundSegment};
pub use self::segment::SegmentNumber;
use self::segment::{HEADER_BYTES, Header};
use crate::consensus::durable::{Metadata, Store, Write};
use crate::types::disk::Disk;
use crate::types::{ClusterId, Entries, LogPosition, NodeId, Snapshot};

/// Whose log it is. Files of another cluster or node are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of cluster {}", self.node, self.cluster)
    }
}

/// How a log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WalOptions {
    /// A segment that has this many bytes gets no more batches. One batch may make it longer.
    pub segment_bytes: u64,
}

impl Default for WalOptions {
    /// Segments of 1 MiB.
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 20,
        }
    }
}

/// What a log held when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Term and vote.
    pub metadata: Metadata,
    /// The snapshot in force, if any.
    pub snapshot: Option<Snapshot>,
    /// What stands before the first entry: genesis, or the last entry that was dropped.
    pub base: LogPosition,
    /// All entries after the base.
    pub entries: Entries,
    /// What was cut away at the end, if anything.
    pub cut: Option<TornTail>,
}

/// The end of a log that was never synced and can't be read as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TornTail {
    /// The segment's file.
    pub file: String,
    /// Where the last whole batch ends.
    pub offset: u64,
    /// How many bytes followed it.
    pub bytes: u64,
    /// Why they could not be read.
    pub reason: Damage,
}

impl fmt::Display for TornTail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            offset,
            bytes,
            reason,
        } = self;
        write!(
            formatter,
            "{file}: cut {bytes} unsynced bytes at byte {offset}: {reason}"
        )
    }
}

/// What must be known of a running log, besides its disk, to go on with it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WalImage {
    /// Everything in the last segment before this offset has been synced.
    pub synced: u64,
}

/// A write-ahead log on a disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wal<D> {
    disk: D,
    identity: Identity,
    options: WalOptions,
    /// The segment that is written to.
    segment: SegmentNumber,
    /// Where in it the next batch goes.
    end: u64,
    /// Everything in it before this offset has been synced.
    synced: u64,
    outline: Outline,
    failed: bool,
}

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
}

impl<D: Disk> Wal<D> {
    /// Opens the log on a disk, or begins one where there is none. What it recovers is durable.
    pub fn open(
        mut disk: D,
        identity: Identity,
        options: WalOptions,
    ) -> Result<(Self, Recovered), OpenError> {
        let scan = Scan::of(&disk, identity)?;
        let (segment, end) = secure(&mut disk, &scan, identity)?;
        let (outline, recovered) = scan.into_recovered();
        let wal = Self {
            disk,
            identity,
            options,
            segment,
            end,
            synced: end,
            outline,
            failed: false,
        };
        Ok((wal, recovered))
    }

    /// What [`open`](Self::open) would recover. Changes nothing.
    pub fn inspect(disk: &D, identity: Identity) -> Result<Recovered, OpenError> {
        Ok(Scan::of(disk, identity)?.into_recovered().1)
    }

    /// What a save must keep besides the disk; `None` once the log has failed, for then nothing goes on.
    pub fn image(&self) -> Option<WalImage> {
        (!self.failed).then_some(WalImage { synced: self.synced })
    }

    /// A running log as a save found it, on a disk as that save found it. Nothing is recovered, and nothing synced.
    pub fn restore(
        disk: D,
        identity: Identity,
        options: WalOptions,
        image: WalImage,
    ) -> Result<Self, OpenError> {
        let scan = Scan::of(&disk, identity)?;
        let WalImage { synced } = image;
        let refused = |number: SegmentNumber, bytes, marked| OpenError::Image {
            file: number.file_name(),
            synced,
            bytes,
            marked,
        };
        let (segment, end) = match &scan.last {
            LastSegment::None => return Err(refused(SegmentNumber::FIRST, 0, 0)),
            LastSegment::Unmade { number, .. } => return Err(refused(*number, 0, 0)),
            LastSegment::Sound(last) => {
                let (end, marked) = (last.end as u64, last.marked.max(HEADER_BYTES) as u64);
                if last.cut.is_some() || !(marked..=end).contains(&synced) {
                    return Err(refused(last.number, end, marked));
                }
                (last.number, end)
            }
        };
        let outline = scan.into_recovered().0;
        Ok(Self {
            disk,
            identity,
            options,
            segment,
            end,
            synced,
            outline,
            failed: false,
        })
    }

    /// The disk.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// The disk, to set faults on it or to settle what concerns other files. Whoever changes the log's own files
    /// behind its back loses them.
    pub fn disk_mut(&mut self) -> &mut D {
        &mut self.disk
    }

    /// Closes the log as a crash would: nothing is synced.
    pub fn into_disk(self) -> D {
        self.disk
    }

    /// The segment that is written to.
    pub fn segment(&self) -> SegmentNumber {
        self.segment
    }

    /// Where in the segment the next batch goes, in bytes.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Everything in the segment before this offset is known to be durable.
    pub fn synced(&self) -> u64 {
        self.synced
    }

    fn begin_batch(&mut self, write: &Write) -> Result<WalSync<D::Sync>, WalError> {
        if self.end >= self.options.segment_bytes && self.end > HEADER_BYTES as u64 {
            self.roll()?;
        }
        self.apply(write)?;
        let seed = Seed::new(self.identity, self.segment.number());
        let batch = record::encode_batch(seed, self.end, self.synced, write)?;
        let file = self.segment.file_name();
        let sync = self
            .disk
            .write_at(&file, self.end, &batch)
            .and_then(|()| self.disk.begin_sync(&file));
        let sync = sync.map_err(|source| WalError::Disk { file, source })?;
        self.end += batch.len() as u64;
        Ok(WalSync {
            segment: self.segment,
            through: self.end,
            sync,
        })
    }

    fn apply(&mut self, write: &Write) -> Result<(), OutOfPlace> {
        if let Some(metadata) = write.metadata {
            self.outline.metadata = metadata;
        }
        if let Some(from) = write.truncate {
            self.outline.truncate(from)?;
        }
        self.outline
            .append(write.append.first_index(), write.append.as_slice())
    }

    /// Closes the segment and begins the next.
    fn roll(&mut self) -> Result<(), WalError> {
        let next = self.segment.next();
        let header = Header::following(self.identity, next, self.end, &self.outline);
        let closed = self.segment.file_name();
        self.disk
            .sync_now(&closed)
            .map_err(|source| WalError::Disk { file: closed, source })?;
        let file = next.file_name();
        let made = self
            .disk
            .create(&file)
            .and_then(|()| write_header(&mut self.disk, &file, &header));
        made.map_err(|source| WalError::Disk { file, source })?;
        self.segment = next;
        self.end = HEADER_BYTES as u64;
        self.synced = self.end;
        Ok(())
    }
}

/// Makes durable what a scan found, cuts what it could not read, and says where the log goes on.
fn secure<D: Disk>(disk: &mut D, scan: &Scan, identity: Identity) -> Result<(SegmentNumber, u64), OpenError> {
    let (number, end, result) = match &scan.last {
        LastSegment::None => {
            let number = SegmentNumber::FIRST;
            let created = disk.create(&number.file_name());
            (
                number,
                HEADER_BYTES,
                created.and_then(|()| make_segment(disk, scan, number, identity)),
            )
        }
        LastSegment::Unmade { number, .. } => {
            let emptied = disk.set_len(&number.file_name(), 0);
            (
                *number,
                HEADER_BYTES,
                emptied.and_then(|()| make_segment(disk, scan, *number, identity)),
            )
        }
        LastSegment::Sound(last) => (last.number, last.end, rewrite_tail(disk, last)),
    };
    result.map_err(|source| OpenError::Disk {
        file: number.file_name(),
        source,
    })?;
    Ok((number, end as u64))
}

fn make_segment<D: Disk>(
    disk: &mut D,
    scan: &Scan,
    number: SegmentNumber,
    identity: Identity,
) -> io::Result<()> {
    write_header(disk, &number.file_name(), &scan.next_header(number, identity))
}

/// Writes and syncs the header of a segment whose file is empty.
fn write_header<D: Disk>(disk: &mut D, file: &str, header: &Header) -> io::Result<()> {
    disk.write_at(file, 0, &header.encode())?;
    disk.sync_now(file)?;
    disk.sync_directory()
}

/// Writes once more what no mark vouches for, without what has been cut, and syncs it.
fn rewrite_tail<D: Disk>(disk: &mut D, last: &SoundSegment) -> io::Result<()> {
    let file = last.number.file_name();
    if last.cut.is_some() {
        disk.set_len(&file, last.end as u64)?;
    }
    disk.write_at(&file, last.marked as u64, &last.bytes[last.marked..last.end])?;
    disk.sync_now(&file)?;
    disk.sync_directory()
}

impl<D: Disk> Store for Wal<D> {
    type Sync = WalSync<D::Sync>;
    type Synced = WalSync<D::Synced>;
    type Error = WalError;

    fn begin(&mut self, write: &Write) -> Result<Self::Sync, WalError> {
        if self.failed {
            return Err(WalError::Failed);
        }
        let begun = self.begin_batch(write);
        self.failed = begun.is_err();
        begun
    }

    fn sync(sync: Self::Sync) -> Result<Self::Synced, WalError> {
        let WalSync {
            segment,
            through,
            sync,
        } = sync;
        let synced = D::sync(sync).map_err(|source| WalError::Disk {
            file: segment.file_name(),
            source,
        })?;
        Ok(WalSync {
            segment,
            through,
            sync: synced,
        })
    }

    fn settle(&mut self, synced: Self::Synced) {
        self.disk.settle(synced.sync);
        // A closed segment was synced as a whole when it was closed.
        if synced.segment == self.segment {
            self.synced = self.synced.max(synced.through);
        }
    }
}
