//! What the storage tests share: a log in memory to compare with, and every power cut there can be.

use std::sync::Arc;

use bytes::Bytes;
use raft_play::consensus::durable::{Metadata, Store, Write};
use raft_play::storage::simulated::{SimulatedDisk, Unsynced};
use raft_play::storage::wal::{Identity, Recovered, Wal, WalOptions};
use raft_play::types::disk::Disk;
use raft_play::types::{
    ClusterId, Configuration, Entries, Entry, LogIndex, LogPosition, NodeId, Snapshot, Term, WriteSequence,
};

pub const IDENTITY: Identity = Identity {
    cluster: ClusterId::new(7),
    node: NodeId::new(3),
};

/// Segments that never end in a small test.
pub const ONE_SEGMENT: WalOptions = WalOptions {
    segment_bytes: 1 << 20,
    room_bytes: 0,
};

/// What a log holds, kept in the plainest way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub metadata: Metadata,
    pub snapshot: Option<Snapshot>,
    pub base: LogPosition,
    pub entries: Vec<Entry>,
}

impl Model {
    pub fn of(recovered: &Recovered) -> Self {
        assert_eq!(recovered.entries.first_index(), recovered.base.index.next());
        Self {
            metadata: recovered.metadata,
            snapshot: recovered.snapshot.clone(),
            base: recovered.base,
            entries: recovered.entries.as_slice().to_vec(),
        }
    }

    pub fn apply(&mut self, write: &Write) {
        if let Some(metadata) = write.metadata {
            self.metadata = metadata;
        }
        if let Some(snapshot) = &write.snapshot {
            self.snapshot = Some(snapshot.clone());
        }
        if let Some(through) = write.compact {
            self.compact(through);
        }
        if let Some(from) = write.truncate {
            self.entries.truncate(self.place(from));
        }
        self.entries.extend_from_slice(write.append.as_slice());
    }

    fn compact(&mut self, through: LogPosition) {
        if through.index < self.base.index {
            return;
        }
        if self.position(through.index) == Some(through) {
            self.entries.drain(..self.place(through.index.next()));
        } else {
            self.entries.clear();
        }
        self.base = through;
    }

    /// The position of an entry or of the base.
    pub fn position(&self, index: LogIndex) -> Option<LogPosition> {
        if index == self.base.index {
            return Some(self.base);
        }
        let entry = self.entries.get(self.place(index))?;
        Some(LogPosition::new(index, entry.term))
    }

    pub fn last_index(&self) -> LogIndex {
        LogIndex::new(self.base.index.number() + self.entries.len() as u64)
    }

    fn place(&self, index: LogIndex) -> usize {
        usize::try_from(index.number() - self.base.index.number() - 1).unwrap()
    }

    pub fn after(mut self, write: &Write) -> Self {
        self.apply(write);
        self
    }
}

/// A write that changes nothing, for tests to fill.
pub fn nothing() -> Write {
    Write {
        sequence: WriteSequence::new(1),
        metadata: None,
        snapshot: None,
        compact: None,
        truncate: None,
        append: Entries::empty(LogIndex::new(1)),
    }
}

pub fn metadata(term: u64, vote: Option<u64>) -> Metadata {
    Metadata {
        term: Term::new(term),
        vote: vote.map(NodeId::new),
    }
}

/// Appends one command of `len` bytes.
pub fn append(index: u64, term: u64, len: usize) -> Write {
    let fill = u8::try_from(index % 251).unwrap() + 1;
    let entry = Entry::command(Term::new(term), Bytes::from(vec![fill; len]));
    Write {
        append: Entries::new(LogIndex::new(index), [entry]),
        ..nothing()
    }
}

/// Replaces everything from an index on by one command.
pub fn replace(index: u64, term: u64, len: usize) -> Write {
    Write {
        truncate: Some(LogIndex::new(index)),
        ..append(index, term, len)
    }
}

pub fn position(index: u64, term: u64) -> LogPosition {
    LogPosition::new(LogIndex::new(index), Term::new(term))
}

/// A snapshot through an entry, with a state of `len` bytes.
pub fn snapshot(last: LogPosition, len: usize) -> Snapshot {
    let fill = u8::try_from(last.index.number() % 251).unwrap() + 1;
    Snapshot {
        last,
        configuration: Arc::new(Configuration::of_voters([1, 2, 3].map(NodeId::new))),
        data: Bytes::from(vec![fill; len]),
    }
}

/// Takes a snapshot, and drops the entries that it stands for.
pub fn compact(last: LogPosition, len: usize) -> Write {
    Write {
        snapshot: Some(snapshot(last, len)),
        compact: Some(last),
        ..nothing()
    }
}

/// Appends one command to whatever a log holds.
pub fn append_to(recovered: &Recovered, term: u64, len: usize) -> Write {
    append(recovered.entries.last_index().number() + 1, term, len)
}

pub fn open<D: Disk>(disk: D) -> (Wal<D>, Recovered) {
    Wal::open(disk, IDENTITY, ONE_SEGMENT).expect("the log is sound")
}

/// Begins a write and makes it durable.
pub fn write_through<D: Disk>(wal: &mut Wal<D>, write: &Write) {
    let sync = wal.begin(write).expect("the disk has room");
    let synced = Wal::<D>::sync(sync).expect("the disk syncs");
    wal.settle(synced);
}

/// Every state that a power cut may leave a disk in; of the last write, a few prefixes only.
pub fn every_power_cut(disk: &SimulatedDisk, mut check: impl FnMut(SimulatedDisk)) -> u64 {
    let mut script: Vec<usize> = Vec::new();
    let mut count = 0;
    loop {
        let mut cut = disk.clone();
        let mut taken: Vec<(usize, usize)> = Vec::new();
        cut.power_cut(&mut |place, most| {
            let options = options(place, most);
            let choice = script.get(taken.len()).copied().unwrap_or(0);
            taken.push((choice, options.len()));
            options[choice]
        });
        check(cut);
        count += 1;
        while taken
            .last()
            .is_some_and(|(choice, options)| choice + 1 == *options)
        {
            taken.pop();
        }
        let Some(last) = taken.last_mut() else {
            return count;
        };
        last.0 += 1;
        script = taken.into_iter().map(|(choice, _)| choice).collect();
    }
}

fn options(place: Unsynced<'_>, most: u64) -> Vec<u64> {
    match place {
        Unsynced::LastWrite { .. } => {
            let mut prefixes = vec![0, 3, most / 2, most - 1, most];
            prefixes.retain(|prefix| *prefix <= most);
            prefixes.dedup();
            prefixes
        }
        Unsynced::Directory | Unsynced::Length { .. } | Unsynced::Sector { .. } => (0..=most).collect(),
    }
}

pub const FIRST: &str = "wal-0000000001.log";
pub const SECOND: &str = "wal-0000000002.log";

/// How long a segment's header is: where the first batch begins.
pub fn header_bytes() -> u64 {
    open(SimulatedDisk::new()).0.end()
}

/// A disk with these writes, all durable, and where each batch ends.
pub fn disk_with(writes: &[Write]) -> (SimulatedDisk, Vec<u64>) {
    let (mut wal, _) = open(SimulatedDisk::new());
    let mut ends = Vec::new();
    for write in writes {
        write_through(&mut wal, write);
        ends.push(wal.end());
    }
    (wal.into_disk(), ends)
}

/// The disk with a byte changed.
pub fn flipped(disk: &SimulatedDisk, file: &str, offset: u64, mask: u8) -> SimulatedDisk {
    let mut files = disk.contents();
    files.get_mut(file).unwrap()[usize::try_from(offset).unwrap()] ^= mask;
    SimulatedDisk::from_contents(files).unwrap()
}

pub fn state_after(writes: &[Write]) -> Model {
    writes.iter().fold(Model::default(), Model::after)
}

/// What an error says at its end where the disk has lost what was promised.
pub const LOST: &str =
    "put back a copy of this node's files, or remove them all and let it join as a new server";
