//! Messages out of their time: every message that was ever sent may arrive again, at any later moment and any number of times, and
//! whatever a peer may say is at worst ignored.
//!
//! A whole cluster runs under the checker, with members that come and go, transfers, reads, leases and power cuts, while messages
//! from its whole past are delivered among the new ones: no promise falls. And whatever a server has come to, messages
//! that nobody would send, with the most awkward numbers, make it neither panic nor go back.

#[path = "common/cluster.rs"]
mod cluster;
#[path = "late_messages/hostile.rs"]
mod hostile;
#[path = "common/random.rs"]
mod random;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;
#[path = "common/watch.rs"]
mod watch;

use std::collections::BTreeMap;

use cluster::Cluster;
use raft_play::consensus::{RoleName, RuleSet};

/// How many seeds: `RAFT_PLAY_SEEDS=100000` for a long look.
fn seeds() -> u64 {
    let wanted = std::env::var("RAFT_PLAY_SEEDS").ok();
    wanted.map_or(250, |text| text.parse().expect("RAFT_PLAY_SEEDS is a number"))
}

#[test]
fn messages_from_any_moment_of_the_past_do_no_harm() {
    let mut tally = BTreeMap::<_, u64>::new();
    for seed in 0..seeds() {
        let mut cluster = Cluster::of(seed, RuleSet::sound());
        for step in 0..3_000 {
            let found = cluster.step();
            found.unwrap_or_else(|violation| panic!("seed {seed}, step {step}: {violation}"));
        }
        for (what, count) in cluster.tally {
            *tally.entry(what).or_default() += count;
        }
    }
    println!("{tally:?}");
    // A generator that does nothing finds nothing.
    for (what, least) in [
        ("applied", 10_000),
        ("configurations", 500),
        ("joint configurations", 50),
        ("transfers", 100),
        ("reads", 1_000),
        ("reads by lease", 50),
        ("passed on", 100),
        ("power cuts", 300),
        ("late to a leader", 2_000),
        ("late to a leader in transfer", 100),
        ("late to a leader in a joint configuration", 100),
        ("late to a candidate", 2_000),
        ("late to a pre-candidate", 200),
        ("late to a follower", 2_000),
        ("late to a learner", 500),
        ("late to an outsider", 500),
        ("late with writes under way", 2_000),
    ] {
        let count = tally.get(what).copied().unwrap_or_default();
        assert!(count >= least, "{what}: {count}");
    }
}

/// Not the harm that a liar could do to the cluster is judged, which Raft does not withstand, but the server itself.
#[test]
fn whatever_a_peer_says_a_server_neither_panics_nor_goes_back() {
    let mut seen = BTreeMap::<_, u64>::new();
    for seed in 0..seeds() {
        let mut cluster = Cluster::of(seed, RuleSet::sound());
        for _ in 0..12 {
            for _ in 0..60 {
                cluster.step().expect("nothing hostile has come yet");
            }
            for server in &cluster.servers {
                *seen.entry(name(server.role())).or_default() += 1;
                hostile::assail(&server.raft, server.now(), &mut cluster.random);
            }
        }
    }
    assert!(
        seen.values().all(|&count| count > 100) && seen.len() == 4,
        "{seen:?}"
    );
}

fn name(role: RoleName) -> &'static str {
    match role {
        RoleName::Follower => "follower",
        RoleName::PreCandidate => "pre-candidate",
        RoleName::Candidate => "candidate",
        RoleName::Leader => "leader",
    }
}
