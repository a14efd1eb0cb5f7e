//! How long the small parts take that every command goes through: `cargo bench --bench core`.
//!
//! Quorum arithmetic, a log that grows and is cut, one step of a server, and a batch appended to the write-ahead log. Messages as bytes have a
//! [bench of their own](../wire.rs), whole clusters are what `raft-play bench` is for. Each line is the best of several rounds, which is what
//! the machine can do when left alone.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use raft_play::consensus::durable::{Driver, Inbound, Metadata, Store, Write};
use raft_play::consensus::{
    Input, Limits, Log, Output, Protections, Raft, RuleSet, Settings, State, Switch, Unobserved, quorum,
};
use raft_play::storage::memory::MemoryStore;
use raft_play::storage::real::RealDisk;
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{Identity, Wal, WalOptions};
use raft_play::types::disk::Disk;
use raft_play::types::{
    AppendRequest, ClusterId, Configuration, Entries, Entry, Envelope, Incarnation, LocalTime, LogIndex,
    LogPosition, Message, NodeId, Round, Term, WriteSequence,
};

const OWN: NodeId = NodeId::new(1);
const LEADER: NodeId = NodeId::new(2);
const TERM: Term = Term::new(1);
const COMMAND: [u8; 16] = [7; 16];

/// Rounds of which the best counts.
const ROUNDS: u32 = 15;

fn main() {
    for voters in [3, 5, 25] {
        agreement(voters);
    }
    log_that_grows();
    for tail in [1, 64] {
        log_that_is_cut(tail);
    }
    follower_step();
    for entries in [1, 64] {
        let memory = Wal::open(SimulatedDisk::new(), identity(), WalOptions::default());
        append_to_wal("memory", memory.expect("an empty disk").0, entries, 4_000);
    }
    for room_bytes in [0, 1 << 20] {
        let folder = tempfile::tempdir_in(".").expect("a folder for the files");
        let disk = RealDisk::open(folder.path()).expect("a folder of its own");
        let options = WalOptions {
            segment_bytes: 64 << 20,
            room_bytes,
        };
        let (wal, _) = Wal::open(disk, identity(), options).expect("an empty disk");
        let name = if room_bytes == 0 {
            "files"
        } else {
            "files with room"
        };
        append_to_wal(name, wal, 1, 100);
    }
}

/// Prints how long one of so many takes, at best.
fn report(name: &str, count: usize, mut round: impl FnMut() -> Duration) {
    let best = (0..ROUNDS).map(|_| round()).min().unwrap_or_default();
    let each = best / u32::try_from(count).expect("few");
    println!("{name:<44} {each:>12.1?}");
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn agreement(voters: u64) {
    const COUNT: usize = 10_000;
    let configuration = Configuration::of_voters((1..=voters).map(NodeId::new));
    report(&format!("quorum: what {voters} voters agree on"), COUNT, || {
        timed(|| {
            for number in 0..COUNT as u64 {
                let matched = |id: NodeId| LogIndex::new(id.number().wrapping_mul(number) % 97);
                black_box(quorum::committed(black_box(&configuration), matched));
            }
        })
    });
}

fn command() -> Entry {
    Entry::command(TERM, Bytes::from_static(&COMMAND))
}

fn empty_log() -> Log {
    let voters = Configuration::of_voters((1..=3).map(NodeId::new));
    Log::of(Arc::new(voters), Entries::empty(LogIndex::new(1)))
}

fn log_that_grows() {
    const COUNT: usize = 10_000;
    report("log: append an entry, one write in 64", COUNT, || {
        let mut log = empty_log();
        timed(|| {
            for number in 0..COUNT {
                log.push(command());
                if number % 64 == 63 {
                    log.seal();
                }
            }
            black_box(&log);
        })
    });
}

fn log_that_is_cut(tail: u64) {
    const COUNT: usize = 1_000;
    let mut log = empty_log();
    let entries = Entries::new(LogIndex::new(1), vec![command(); 10_000]);
    log.extend(entries);
    let from = LogIndex::new(10_001);
    let others = Entries::new(from, vec![command(); usize::try_from(tail).expect("few")]);
    report(
        &format!("log: cut {tail} of 10,000 and more, append as many"),
        COUNT,
        || {
            timed(|| {
                for _ in 0..COUNT {
                    log.truncate_from(from);
                    log.extend(others.clone());
                    log.seal();
                }
                black_box(&log);
            })
        },
    );
}

/// A follower takes a request with one entry, and the write of the one before is durable.
fn follower_step() {
    const COUNT: usize = 2_000;
    report("step: a follower stores an entry", COUNT, || {
        let (mut raft, mut driver, mut out) = follower();
        let requests: Vec<Envelope> = (0..COUNT as u64).map(request).collect();
        timed(|| {
            for envelope in requests {
                let input = Input::Receive(Inbound::received(envelope));
                raft.step(LocalTime::default(), input, &mut Unobserved, &mut out);
                let write = out.write.take().expect("an entry to write");
                let pending = driver.begin(&write).expect("nothing fails");
                let proof = driver.complete(pending.sync()).expect("nothing fails");
                let proof = proof.expect("the next write");
                raft.step(
                    LocalTime::default(),
                    Input::Durable(proof),
                    &mut Unobserved,
                    &mut out,
                );
            }
            assert_eq!(raft.state().persistent.log.len(), COUNT as u64);
        })
    });
}

fn follower() -> (Raft, Driver<MemoryStore>, Output) {
    let settings = Settings {
        id: OWN,
        incarnation: Incarnation::new(1),
        started: LocalTime::default(),
        election_timeout: Duration::from_millis(150),
        protections: Protections::default(),
        auto_promote: Switch::Off,
        reroute: Switch::Off,
        drift_ppm: 0,
        limits: Limits::default(),
        rules: RuleSet::sound(),
    };
    let metadata = Metadata {
        term: TERM,
        vote: None,
    };
    let state = State::recovered(metadata, empty_log(), None);
    let raft = Raft::start(settings, state).expect("a state that can be");
    let (driver, _) = Driver::new(MemoryStore, OWN, Incarnation::new(1));
    (raft, driver, Output::default())
}

fn request(number: u64) -> Envelope {
    let term = if number == 0 { Term::default() } else { TERM };
    let previous = LogPosition::new(LogIndex::new(number), term);
    let request = AppendRequest {
        previous,
        entries: Entries::new(LogIndex::new(number + 1), vec![command()]),
        commit: LogIndex::GENESIS,
        round: Round::default(),
    };
    Envelope {
        from: LEADER,
        to: OWN,
        term: TERM,
        message: Message::AppendRequest(request),
    }
}

fn identity() -> Identity {
    Identity {
        cluster: ClusterId::new(1),
        node: OWN,
    }
}

/// Batches of so many entries, each synced before the next.
fn append_to_wal<D: Disk>(name: &str, mut wal: Wal<D>, entries: usize, count: usize) {
    let (mut sequence, mut last) = (WriteSequence::default(), 0);
    let batch = vec![command(); entries];
    report(&format!("wal: append {entries} and sync, {name}"), count, || {
        timed(|| {
            for _ in 0..count {
                sequence = sequence.next();
                let write = Write {
                    sequence,
                    metadata: None,
                    snapshot: None,
                    compact: None,
                    truncate: None,
                    append: Entries::new(LogIndex::new(last + 1), batch.clone()),
                };
                last += entries as u64;
                let sync = wal.begin(&write).expect("nothing fails");
                let synced = Wal::<D>::sync(sync).expect("nothing fails");
                wal.settle(synced);
            }
        })
    });
}
