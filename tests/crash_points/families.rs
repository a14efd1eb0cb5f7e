//! What the matrix walks through: one row for each kind of thing that a log store does.

use std::sync::Arc;

use bytes::Bytes;
use raft_play::consensus::durable::Write;
use raft_play::storage::wal::WalOptions;
use raft_play::types::{Configuration, Entries, Entry, LogIndex, NodeId, Term, WriteSequence};

use super::support::{Model, append, compact, metadata, nothing, position, replace, snapshot};

/// Writes that a node makes one after the other, on a log that begins empty.
pub struct Row {
    pub name: &'static str,
    pub options: WalOptions,
    pub writes: Vec<Write>,
    /// How many different cases the quick walk must come to, so that a walk that has lost its way is no success.
    pub floor: u64,
}

impl Row {
    /// A row whose segments are full after so many bytes.
    fn new(name: &'static str, segment_bytes: u64, floor: u64, writes: Vec<Write>) -> Self {
        let numbered = (1..).zip(writes).map(|(number, write)| Write {
            sequence: WriteSequence::new(number),
            ..write
        });
        Self {
            name,
            options: WalOptions {
                segment_bytes,
                ..WalOptions::default()
            },
            writes: numbered.collect(),
            floor,
        }
    }

    /// The same, in files that grow ahead of what is in them.
    fn with_room(mut self, room_bytes: u64) -> Self {
        self.options.room_bytes = room_bytes;
        self
    }

    /// What the log holds after none of the writes, after the first, and on.
    pub fn states(&self) -> Vec<Model> {
        let mut states = vec![Model::default()];
        for write in &self.writes {
            states.push(states[states.len() - 1].clone().after(write));
        }
        states
    }
}

/// A segment that lasts.
const LONG: u64 = 1 << 20;

/// A segment that is full with its first batch.
const SHORT: u64 = 200;

/// The whole table.
pub fn rows() -> Vec<Row> {
    vec![
        vote(),
        appending(),
        truncation(),
        segment_roll(),
        room(),
        snapshot_write(),
        install(),
        compaction(),
        configuration(),
        mixture(),
    ]
}

/// Terms begin, and votes are given in them.
fn vote() -> Row {
    let vote = |term, vote| Write {
        metadata: Some(metadata(term, vote)),
        ..nothing()
    };
    let writes = vec![vote(1, None), vote(1, Some(2)), vote(3, Some(1)), vote(4, None)];
    Row::new("vote", LONG, 1_000, writes)
}

/// Entries, with the term that carries them in the same write, across the end of a sector.
fn appending() -> Row {
    let both = [
        Entry::noop(Term::new(2)),
        Entry::command(Term::new(2), Bytes::from_static(b"x=1")),
    ];
    let writes = vec![
        in_term(1, append(1, 1, 20)),
        append(2, 1, 400),
        in_term(
            2,
            Write {
                append: Entries::new(LogIndex::new(3), both),
                ..nothing()
            },
        ),
        append(5, 2, 30),
    ];
    Row::new("append", LONG, 2_400, writes)
}

/// Entries go because a leader has others, by themselves and together with what replaces them.
fn truncation() -> Row {
    let truncate = |index| Write {
        truncate: Some(LogIndex::new(index)),
        ..nothing()
    };
    let writes = vec![
        in_term(1, append(1, 1, 20)),
        append(2, 1, 30),
        append(3, 1, 30),
        in_term(2, replace(2, 2, 30)),
        in_term(3, truncate(2)),
        append(2, 3, 30),
    ];
    Row::new("truncate and append", LONG, 2_100, writes)
}

/// Every write is the last of its segment.
fn segment_roll() -> Row {
    let writes = vec![
        in_term(1, append(1, 1, 60)),
        append(2, 1, 60),
        in_term(2, replace(2, 2, 60)),
        append(3, 2, 10),
    ];
    Row::new("segment roll", SHORT, 2_400, writes)
}

/// Batches are written over zeros, or bring some along; the segment is closed while there is room in it left, and while there is none.
fn room() -> Row {
    let writes = vec![
        in_term(1, append(1, 1, 20)),
        append(2, 1, 30),
        in_term(2, replace(2, 2, 20)),
        append(3, 2, 150),
        append(4, 2, 10),
    ];
    Row::new("room", 400, 1_000, writes).with_room(256)
}

/// A server takes snapshots of its own state, and drops nothing.
fn snapshot_write() -> Row {
    let taken = |index, term, len| Write {
        snapshot: Some(snapshot(position(index, term), len)),
        ..nothing()
    };
    let writes = vec![
        in_term(1, append(1, 1, 20)),
        taken(1, 1, 40),
        append(2, 1, 20),
        taken(2, 1, 500),
        append(3, 1, 20),
    ];
    Row::new("snapshot write", LONG, 3_800, writes)
}

/// A leader sends snapshots: past the log's end, in place of entries of another term, with entries behind them.
fn install() -> Row {
    let writes = vec![
        in_term(1, append(1, 1, 20)),
        in_term(2, compact(position(4, 2), 40)),
        in_term(
            3,
            Write {
                append: append(7, 3, 20).append,
                ..compact(position(6, 3), 30)
            },
        ),
        in_term(4, compact(position(7, 4), 10)),
        append(8, 4, 20),
    ];
    Row::new("install", LONG, 4_600, writes)
}

/// Entries are dropped up to a snapshot and before it, and files go with them.
fn compaction() -> Row {
    let keeping = |last, through, term| Write {
        compact: Some(position(through, term)),
        ..compact(position(last, term), 30)
    };
    let writes = vec![
        in_term(1, append(1, 1, 60)),
        append(2, 1, 60),
        append(3, 1, 60),
        keeping(3, 2, 1),
        append(4, 1, 60),
        Write {
            compact: Some(position(3, 1)),
            ..nothing()
        },
        compact(position(4, 1), 20),
        append(5, 1, 10),
    ];
    Row::new("compaction and purge", SHORT, 6_700, writes)
}

/// Configurations in the log, one taken back with the entry that brought it, one carried by a snapshot.
fn configuration() -> Row {
    let members = |index, term, voters: &[u64]| {
        let configuration = Configuration::of_voters(voters.iter().copied().map(NodeId::new));
        let entry = Entry::configuration(Term::new(term), configuration);
        Entries::new(LogIndex::new(index), [entry])
    };
    let mut taken = snapshot(position(2, 2), 10);
    taken.configuration = Arc::new(Configuration::of_voters([1, 2, 4].map(NodeId::new)));
    let writes = vec![
        in_term(1, append(1, 1, 20)),
        Write {
            append: members(2, 1, &[1, 2, 3, 4]),
            ..nothing()
        },
        in_term(
            2,
            Write {
                truncate: Some(LogIndex::new(2)),
                append: members(2, 2, &[1, 2, 4]),
                ..nothing()
            },
        ),
        Write {
            snapshot: Some(taken),
            compact: Some(position(2, 2)),
            ..nothing()
        },
        append(3, 2, 20),
    ];
    Row::new("configuration", LONG, 2_600, writes)
}

/// All of it together.
fn mixture() -> Row {
    let writes = vec![
        in_term(1, append(1, 1, 60)),
        append(2, 1, 60),
        compact(position(1, 1), 30),
        in_term(2, replace(2, 2, 60)),
        in_term(3, compact(position(5, 3), 10)),
        append(6, 3, 60),
        in_term(4, replace(6, 4, 60)),
        nothing(),
    ];
    Row::new("mixture", SHORT, 6_900, writes)
}

fn in_term(term: u64, write: Write) -> Write {
    Write {
        metadata: Some(metadata(term, Some(1))),
        ..write
    }
}
