//! Exhaustive model checking of the very code that runs: three servers, their disks and every order of messages, syncs,
//! timeouts and crashes within small bounds.
//!
//! A state holds each server's [`Raft`], what its disk has and what it was told to write, the messages that wait for a write and
//! those on their way. Every interleaving within the [`Bounds`] is visited. Messages may be lost (never delivered), late and out of
//! order at no cost, and delivered twice for one of the `duplicates`. A crash keeps what was written or loses what was not synced.
//! What is judged is kept beside the servers and computed from outside: Figure 3, one vote per term, nothing acknowledged
//! that is not on disk, nothing committed without a majority of disks.
//!
//! `cargo test --release --test model -- --ignored --nocapture` walks larger bounds, for some minutes.

#[path = "model/cluster.rs"]
mod cluster;
#[path = "model/machine.rs"]
mod machine;
#[path = "model/membership.rs"]
mod membership;
#[path = "model/servers.rs"]
mod servers;
#[path = "model/snapshots.rs"]
mod snapshots;
#[path = "model/world.rs"]
mod world;

use cluster::{Bounds, Cluster, Start, start};
use raft_play::consensus::Rule;
use stateright::{Checker, HasDiscoveries, Model};

/// What was found broken, and how many states it took.
fn walk(cluster: Cluster, name: &str) -> Option<String> {
    let checker = cluster
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    println!(
        "{name}: {} states, {} of them different, depth {}",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth()
    );
    let broken = checker.discovery("kept").map(|path| {
        let broken = path.last_state().history.broken;
        broken.expect("that is what was looked for").to_owned()
    });
    let mismatch = checker
        .discovery("Log Matching")
        .map(|_| "Log Matching".to_owned());
    assert!(
        broken.is_some() || mismatch.is_some() || checker.discovery("committed").is_some(),
        "{name}: nothing happens"
    );
    broken.or(mismatch)
}

fn fresh() -> Vec<Start> {
    vec![start(0, None, &[]); 3]
}

fn bounds(last_term: u64, timeouts: u8, proposals: u8, crashes: u8) -> Bounds {
    Bounds {
        last_term,
        timeouts,
        proposals,
        crashes,
        ..Bounds::default()
    }
}

/// Breaks the rule, and has the model find what falls; and where the rule is kept, that nothing does.
fn is_found(rule: Rule, cluster: Cluster, expected: &[&str]) {
    assert_eq!(walk(cluster.clone(), &format!("{rule} kept")), None);
    is_missed(rule, cluster, expected);
}

/// Breaks the rule, and has the model find what falls.
fn is_missed(rule: Rule, cluster: Cluster, expected: &[&str]) {
    let found = walk(cluster.without(rule), &format!("{rule} broken"));
    let found = found.unwrap_or_else(|| panic!("{rule} is not missed"));
    assert!(expected.contains(&found.as_str()), "{rule}: {found}");
}

#[test]
fn one_election_and_one_crash_in_every_order() {
    assert_eq!(
        walk(
            Cluster::new(fresh(), bounds(1, 2, 0, 1)),
            "an election with a rival and a crash"
        ),
        None
    );
}

#[test]
fn one_vote_per_term_is_found() {
    is_found(
        Rule::OneVotePerTerm,
        Cluster::new(fresh(), bounds(1, 2, 0, 0)),
        &["Vote Unique", "Election Safety"],
    );
}

#[test]
fn persist_vote_before_answering_is_found() {
    let rival = Cluster::new(fresh(), bounds(1, 2, 0, 1));
    is_found(
        Rule::PersistVoteBeforeAnswering,
        rival,
        &["Vote Unique", "Election Safety"],
    );
}

#[test]
fn leader_counts_flushed_only_is_found() {
    is_found(
        Rule::LeaderCountsFlushedOnly,
        Cluster::new(fresh(), bounds(1, 1, 0, 0)),
        &["Commit On Durable Quorum"],
    );
}

#[test]
fn persist_entries_before_acknowledging_is_found() {
    is_found(
        Rule::PersistEntriesBeforeAcknowledging,
        Cluster::new(fresh(), bounds(1, 1, 0, 0)),
        &["Acknowledged Durable", "Commit On Durable Quorum"],
    );
}

/// §5.4.1: S3 lacks what is committed, and must not win.
#[test]
fn up_to_date_check_is_found() {
    let starts = [
        start(1, Some(1), &[1]),
        start(1, Some(1), &[1]),
        start(1, None, &[]),
    ];
    let behind = Cluster::new(starts, bounds(2, 1, 0, 0)).with_committed(1);
    is_found(Rule::UpToDateCheck, behind, &["Leader Completeness"]);
}

/// Figure 8, with three servers.
fn figure_8() -> Cluster {
    let starts = [
        start(3, None, &[1, 2]),
        start(3, None, &[1]),
        start(3, Some(3), &[1, 3]),
    ];
    Cluster::new(starts, bounds(5, 2, 0, 0)).with_committed(1)
}

#[test]
fn commit_own_term_only_is_found() {
    is_missed(
        Rule::CommitOwnTermOnly,
        figure_8(),
        &["Leader Completeness", "State Machine Safety"],
    );
}

#[test]
fn check_previous_entry_is_found() {
    let starts = [
        start(2, None, &[1, 2]),
        start(2, None, &[1, 1]),
        start(2, None, &[1, 2]),
    ];
    let differing = Cluster::new(starts, bounds(3, 1, 0, 0)).with_committed(1);
    is_found(Rule::CheckPreviousEntry, differing, &["Log Matching"]);
}

/// A request that comes again must not remove what came after it and was acknowledged.
#[test]
fn truncate_only_on_conflict_is_found() {
    let again = Bounds {
        duplicates: 1,
        ..bounds(1, 1, 1, 0)
    };
    is_found(
        Rule::TruncateOnlyOnConflict,
        Cluster::new(fresh(), again),
        &["Commit On Durable Quorum"],
    );
}

/// A heartbeat says how far the leader has committed, and nothing about the entries after its previous one.
fn extra_entry() -> Cluster {
    let starts = [
        start(2, None, &[1]),
        start(2, None, &[1, 2]),
        start(2, None, &[1]),
    ];
    let heartbeat = Bounds {
        heartbeats: 1,
        ..bounds(3, 1, 0, 0)
    };
    Cluster::new(starts, heartbeat).with_committed(1)
}

#[test]
fn commit_within_request_is_found() {
    is_missed(
        Rule::CommitWithinRequest,
        extra_entry(),
        &["State Machine Safety"],
    );
}

#[test]
#[ignore = "minutes: `cargo test --release --test model -- --ignored --nocapture`"]
fn larger_bounds() {
    let duplicate = Bounds {
        duplicates: 1,
        ..bounds(1, 1, 1, 0)
    };
    assert_eq!(walk(figure_8(), "Figure 8"), None);
    assert_eq!(walk(extra_entry(), "an entry too many"), None);
    assert_eq!(
        walk(Cluster::new(fresh(), duplicate), "a proposal and a duplicate"),
        None
    );
    assert_eq!(
        walk(
            Cluster::new(fresh(), bounds(1, 2, 1, 1)),
            "a rival, a proposal and a crash"
        ),
        None
    );
}
