//! Log compaction, snapshots sent in pieces, and sessions, in every order of events (§7, §8, thesis chapters 5 and 6).
//!
//! What each server applies is followed, and held against what a machine comes to that applies the committed entries one after the
//! other: whoever went on from a snapshot must not be told from the others.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use raft_play::consensus::Rule;
use raft_play::types::{Configuration, Entry, Guarded, NodeId, Payload, SerialNumber, SessionId, Term};

use crate::cluster::{Bounds, Cluster, Start, start};
use crate::machine::Sessions;
use crate::{is_found, is_missed, walk};

/// Servers whose machines are followed, on disks that are instant.
fn followed(starts: Vec<Start>, bounds: Bounds) -> Cluster {
    Cluster {
        has_machine: true,
        is_instant: true,
        ..Cluster::new(starts, bounds)
    }
}

/// One voter, which has these entries and leads again, and a learner that has nothing. Whatever may happen between a leader and a server behind
/// its snapshot can happen there, with few messages of other kinds.
fn followed_by_a_learner(log: Vec<Entry>, bounds: Bounds) -> Cluster {
    let known = Start {
        term: 1,
        vote: Some(1),
        log,
    };
    let committed = known.log.len();
    Cluster {
        genesis: of(&[1], &[2], 2),
        candidates: vec![1],
        ..followed(vec![known, start(1, None, &[])], bounds).with_committed(committed)
    }
}

/// A configuration of these voters and learners, in a cluster that has given so many ids.
fn of(voters: &[u64], learners: &[u64], last_id: u64) -> Configuration {
    let ids = |numbers: &[u64]| numbers.iter().copied().map(NodeId::new).collect::<BTreeSet<_>>();
    Configuration {
        learners: ids(learners),
        last_id: NodeId::new(last_id),
        ..Configuration::of_voters(ids(voters))
    }
}

fn entry(payload: Payload) -> Entry {
    let term = Term::new(1);
    Entry { term, payload }
}

/// A command of the session that entry 1 opened.
fn guarded(serial: u64) -> Guarded {
    Guarded {
        session: SessionId::new(1),
        serial: SerialNumber::new(serial),
        acknowledged: SerialNumber::new(1),
        command: Bytes::from_static(b"append x a"),
    }
}

/// S1 has opened a session and executed a command of it. It leads again and takes a snapshot, from which S2 goes on; and the client
/// sends another command, and perhaps the first once more.
fn with_session(bounds: Bounds) -> Cluster {
    let open = Payload::OpenSession {
        timeout: Duration::from_secs(60),
    };
    let log = vec![entry(open), entry(Payload::Guarded(guarded(1)))];
    Cluster {
        asked: vec![guarded(2), guarded(1)],
        ..followed_by_a_learner(log, bounds)
    }
}

fn once() -> Bounds {
    Bounds {
        last_term: 2,
        timeouts: 1,
        snapshots: 1,
        ..Bounds::default()
    }
}

fn with_proposals(proposals: u8) -> Bounds {
    Bounds { proposals, ..once() }
}

#[test]
fn a_server_that_goes_on_from_a_snapshot_executes_what_the_others_do() {
    assert_eq!(
        walk(with_session(with_proposals(1)), "a session and a snapshot"),
        None
    );
}

#[test]
fn sessions_in_the_snapshot_are_missed() {
    let forgetful = Cluster {
        sessions: Sessions::Left,
        ..with_session(with_proposals(1))
    };
    let found = walk(forgetful, "sessions left out of the snapshot");
    assert_eq!(found.as_deref(), Some("Exactly Once"));
}

/// Two servers lead, one after the other.
fn two_leaders(proposals: u8) -> Bounds {
    Bounds {
        last_term: 3,
        timeouts: 2,
        ..with_proposals(proposals)
    }
}

/// {1 2 3} has become {1 2}, and then {1}: S1 knows, S2 knows of the first change, S3 of none. S3 is behind a snapshot, and stands.
fn shrunk(bounds: Bounds) -> Cluster {
    let first = Entry::configuration(Term::new(1), of(&[1, 2], &[3], 3));
    let second = Entry::configuration(Term::new(1), of(&[1], &[2, 3], 3));
    let known = |log: &[&Entry]| Start {
        term: 1,
        vote: Some(1),
        log: log.iter().copied().cloned().collect(),
    };
    Cluster {
        candidates: vec![1, 3],
        ..followed(
            vec![known(&[&first, &second]), known(&[&first]), known(&[])],
            bounds,
        )
        .with_committed(2)
    }
}

#[test]
fn snapshot_carries_configuration_is_found() {
    is_missed(
        Rule::SnapshotCarriesConfiguration,
        shrunk(two_leaders(1)),
        &["Leader Completeness", "State Machine Safety"],
    );
}

/// A server behind compaction, on slow disks. The snapshot comes in pieces.
fn behind(bounds: Bounds) -> Cluster {
    Cluster {
        chunk_bytes: 8,
        is_instant: false,
        ..followed_by_a_learner(vec![Entry::noop(Term::new(1))], bounds)
    }
}

/// What a snapshot stands for is acknowledged when it is on disk, like entries.
#[test]
fn an_install_is_on_disk_before_it_is_acknowledged() {
    let crash = Bounds { crashes: 1, ..once() };
    is_found(
        Rule::PersistEntriesBeforeAcknowledging,
        behind(crash),
        &["Acknowledged Durable"],
    );
}

#[test]
#[ignore = "minutes: `cargo test --release --test model -- --ignored --nocapture`"]
fn larger_bounds_of_snapshots() {
    let crashes = Bounds {
        crashes: 2,
        heartbeats: 1,
        ..once()
    };
    assert_eq!(
        walk(behind(crashes), "a snapshot in pieces, a heartbeat and crashes"),
        None
    );
    let twice = Bounds {
        duplicates: 1,
        ..with_proposals(1)
    };
    assert_eq!(
        walk(behind(twice), "a snapshot in pieces, and one of them twice"),
        None
    );
    assert_eq!(
        walk(shrunk(with_proposals(1)), "a snapshot with a configuration"),
        None
    );
    assert_eq!(
        walk(
            shrunk(two_leaders(0)),
            "a snapshot with a configuration, and a rival"
        ),
        None
    );
}
