//! The write-ahead log: term, vote, entries and snapshots, so that what was synced survives whatever happens, and what was
//! lost without having been promised is told from what was promised and is damaged.
//!
//! # Segments
//!
//! The log is a sequence of files, `wal-0000000001.log` and on. Each begins with a header: magic, version, cluster,
//! node, generation, and the whole state that all segments before it lead to, but for the entries' commands. A segment that
//! has grown past [`WalOptions::segment_bytes`], or in which a snapshot was named, is synced and closed, and the next is
//! made and synced, before anything more is written. So a segment with a successor is whole. Batches whose syncs are still under
//! way then are written once more first: one of those syncs may have failed already, and nobody has said so yet.
//!
//! # Batches
//!
//! One [`Write`] is one batch, one write to the disk and one sync. It counts as a whole or not at all. A truncation is
//! a record like any other: nothing that has been written is ever overwritten. The header of each batch states the
//! **mark**: the offset before which everything had been synced when it was written.
//!
//! # Room
//!
//! To sync a file that grew, the file system writes its new length as well, elsewhere. So a batch that does not fit the file
//! may bring room for those after it: it is written with zeros behind it, up to the next multiple of
//! [`WalOptions::room_bytes`], and later batches are written over them. Zeros up to the end of the last segment are
//! room, or what a power cut has left of it, and nothing else: a record does not begin with zeros. A segment that is closed is cut to
//! where its last batch ends.
//!
//! # Snapshots
//!
//! A snapshot is a file of its own, `snapshot-0000000001.snap` and on. [`begin`](Store::begin) writes it under another name,
//! syncs it, renames it and syncs the directory, before the batch is written whose record names it, with its length and
//! checksum: so whenever that record is found, the file is there, and a file that no record names counts for nothing. (The
//! file is synced while `begin` runs, not by the [`Sync`](Store::Sync) that it gives: a snapshot is rare, and the order of the
//! changes to the disk stays that of the writes.) To compact the log is a record too, and takes nothing from the disk.
//!
//! Files go only when a segment has been closed and its successor is durable. There is then nothing that a power cut could
//! still undo: the only state that can be recovered is the one that the new header states. Needed are the snapshot
//! that it names, and the segments from the first one on in which an entry stands that has not been dropped; the others are
//! removed, earliest first. A removal that is lost leaves a file that recovery ignores and removes.
//!
//! # Recovery
//!
//! The log is read from the first segment of the last unbroken row of them. Where that is not the very first one, its header is
//! taken at its word, and all entries that it says stood before must turn out to have been dropped. The snapshot that is named last must
//! be there and sound: it had been synced before it was named, and nothing else stands for the entries that were dropped.
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
mod fixed;
mod header;
mod image;
mod kept;
mod listing;
mod outline;
mod payload;
mod record;
mod scan;
mod secure;
mod segment;
mod snapshot_file;
mod state;
mod sync;

use std::fmt;
use std::io::{self, ErrorKind};

pub use self::error::{Damage, Evidence, Inconsistency, OpenError, OutOfPlace, SnapshotDamage, WalError};
use self::header::Header;
pub use self::image::WalImage;
pub use self::listing::{ListedBatch, ListedRecord, Listing, Says};
use self::record::Seed;
use self::scan::Scan;
use self::secure::{secure, write_header};
pub use self::segment::SegmentNumber;
use self::snapshot_file::{EncodedSnapshot, NamedSnapshot, SnapshotNumber};
use self::state::LogState;
pub use self::sync::WalSync;
use crate::consensus::durable::{GroupSync, Metadata, Store, Write};
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
    /// A file grows to multiples of so many bytes, though not past its segment's end, and what is not used yet is zeros; by no more than is
    /// needed where this is 0. On a disk with less room than that, a write fails the earlier.
    pub room_bytes: u64,
}

impl Default for WalOptions {
    /// Segments of 1 MiB, without room.
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 20,
            room_bytes: 0,
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

/// A write-ahead log on a disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wal<D> {
    disk: D,
    identity: Identity,
    options: WalOptions,
    tail: Tail,
    target: Target,
    state: LogState,
    failed: bool,
}

/// What each batch needs of the segment that it goes into.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Target {
    file: String,
    seed: Seed,
}

impl Target {
    fn of(identity: Identity, segment: SegmentNumber) -> Self {
        Self {
            file: segment.file_name(),
            seed: Seed::new(identity, segment.number()),
        }
    }
}

/// The segment that is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Tail {
    segment: SegmentNumber,
    /// Where in it the first batch begins.
    start: u64,
    /// Where in it the next batch goes.
    end: u64,
    /// How long the file is: up to there is room.
    file_bytes: u64,
    /// Everything in it before this offset has been synced.
    synced: u64,
    /// Whether a batch in it names a snapshot.
    names_snapshot: bool,
}

impl Tail {
    /// A segment with nothing in it but its header, which is durable.
    fn new(segment: SegmentNumber, header_bytes: u64) -> Self {
        Self {
            segment,
            start: header_bytes,
            end: header_bytes,
            file_bytes: header_bytes,
            synced: header_bytes,
            names_snapshot: false,
        }
    }
}

impl<D: Disk> Wal<D> {
    /// Opens the log on a disk, or begins one where there is none. What it recovers is durable.
    pub fn open(
        mut disk: D,
        identity: Identity,
        options: WalOptions,
    ) -> Result<(Self, Recovered), OpenError> {
        let mut scan = Scan::of(&disk, identity)?;
        let tail = secure(&mut disk, &mut scan, identity)?;
        let (state, recovered) = scan.into_recovered();
        let wal = Self {
            disk,
            identity,
            options,
            tail,
            target: Target::of(identity, tail.segment),
            state,
            failed: false,
        };
        Ok((wal, recovered))
    }

    /// What [`open`](Self::open) would recover. Changes nothing.
    pub fn inspect(disk: &D, identity: Identity) -> Result<Recovered, OpenError> {
        Ok(Scan::of(disk, identity)?.into_recovered().1)
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
        self.tail.segment
    }

    /// Where in the segment the next batch goes, in bytes.
    pub fn end(&self) -> u64 {
        self.tail.end
    }

    /// Everything in the segment before this offset is known to be durable.
    pub fn synced(&self) -> u64 {
        self.tail.synced
    }

    fn begin_batch(&mut self, write: &Write) -> Result<WalSync<D::Sync>, WalError> {
        if self.is_full() {
            self.roll()?;
        }
        let snapshot = match &write.snapshot {
            Some(snapshot) => Some(self.encode_snapshot(snapshot)?),
            None => None,
        };
        let named = snapshot.as_ref().map(|encoded| encoded.named);
        self.apply(write, named)?;
        let Target { file, seed } = &self.target;
        let mut batch = record::encode_batch(*seed, self.tail.end, self.tail.synced, write, named.as_ref())?;
        let end = self.tail.end + batch.len() as u64;
        let room = self.room_after(end);
        batch.resize(batch.len() + room, 0);
        if let Some(snapshot) = snapshot {
            snapshot.put_down(&mut self.disk)?;
        }
        let sync = self
            .disk
            .write_at(file, self.tail.end, &batch)
            .and_then(|()| self.disk.begin_sync(file));
        let sync = sync.map_err(|source| WalError::Disk {
            file: file.clone(),
            source,
        })?;
        self.tail.file_bytes = self.tail.file_bytes.max(end + room as u64);
        self.tail.end = end;
        self.tail.names_snapshot |= named.is_some();
        Ok(WalSync::new(self.tail.segment, self.tail.end, sync))
    }

    /// Whether the next batch goes into a new segment.
    fn is_full(&self) -> bool {
        let Tail {
            start,
            end,
            names_snapshot,
            ..
        } = self.tail;
        end > start && (end >= self.options.segment_bytes || names_snapshot)
    }

    /// How many zeros a batch brings along that ends there.
    fn room_after(&self, end: u64) -> usize {
        let WalOptions {
            segment_bytes,
            room_bytes,
        } = self.options;
        if end <= self.tail.file_bytes || room_bytes == 0 {
            return 0;
        }
        let full = end.checked_next_multiple_of(room_bytes).unwrap_or(end);
        let room = full.min(segment_bytes).saturating_sub(end);
        usize::try_from(room).unwrap_or_default()
    }

    fn encode_snapshot(&self, snapshot: &Snapshot) -> Result<EncodedSnapshot, WalError> {
        let in_force = self.state.outline.snapshot.as_ref();
        let number = SnapshotNumber::after(in_force).ok_or(WalError::TooLarge)?;
        Ok(EncodedSnapshot::new(self.identity, number, snapshot))
    }

    fn apply(&mut self, write: &Write, named: Option<NamedSnapshot>) -> Result<(), OutOfPlace> {
        let state = &mut self.state;
        if let Some(metadata) = write.metadata {
            state.outline.metadata = metadata;
        }
        if let Some(named) = named {
            state.replace_snapshot(named)?;
        }
        if let Some(through) = write.compact {
            state.compact(through)?;
        }
        if let Some(from) = write.truncate {
            state.truncate(from)?;
        }
        let append = &write.append;
        state.outline.append(append.first_index(), append.as_slice())
    }

    /// Closes the segment, begins the next, and removes the files that are no longer needed.
    fn roll(&mut self) -> Result<(), WalError> {
        let header = Header {
            identity: self.identity,
            number: self.tail.segment.next(),
            previous_bytes: self.tail.end,
            outline: self.state.outline.clone(),
        };
        let closed = self.tail.segment.file_name();
        self.close(&closed)
            .map_err(|source| WalError::Disk { file: closed, source })?;
        let file = header.number.file_name();
        let made = self
            .disk
            .create(&file)
            .and_then(|()| write_header(&mut self.disk, &header));
        let header_bytes = made.map_err(|source| WalError::Disk { file, source })?;
        self.tail = Tail::new(header.number, header_bytes);
        self.target = Target::of(self.identity, header.number);
        self.state.begin_segment(header.number);
        self.state
            .drop_needless_files(&mut self.disk)
            .map_err(|(file, source)| WalError::Disk { file, source })
    }
}

impl<D: Disk> Wal<D> {
    /// Makes all of the segment durable, without its room. What no finished sync vouches for is written once more, for a sync that is still under
    /// way may have failed, and another one of the same pages would succeed without having written them.
    fn close(&mut self, file: &str) -> io::Result<()> {
        let Tail {
            synced,
            end,
            file_bytes,
            ..
        } = self.tail;
        if end < file_bytes {
            self.disk.set_len(file, end)?;
        }
        if synced < end {
            let bytes = self.disk.read(file)?;
            let [from, to] = [synced, end].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
            let unproven = bytes.get(from..to).ok_or(ErrorKind::UnexpectedEof)?;
            self.disk.write_at(file, synced, unproven)?;
        }
        self.disk.sync_now(file)
    }
}

/// A sync is of a whole file, and the segments before were synced when they were closed.
impl<D: Disk> GroupSync for Wal<D> {}

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
        sync.run::<D>()
    }

    fn settle(&mut self, synced: Self::Synced) {
        let (segment, through) = (synced.segment(), synced.through());
        self.disk.settle(synced.into_disks());
        // A closed segment was synced as a whole when it was closed.
        if segment == self.tail.segment {
            self.tail.synced = self.tail.synced.max(through);
        }
    }
}
