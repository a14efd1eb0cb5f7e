//! Changes of the membership in every order of events (§6, thesis chapter 4).
//!
//! Disks are instant here: the tests of durability walk the slow ones, and what is looked for is who decides.

use std::collections::BTreeSet;

use raft_play::consensus::Rule;
use raft_play::types::{Configuration, Entry, MembershipChange, NodeId, Term};

use crate::cluster::{Bounds, Cluster, Start, start};
use crate::{is_found, is_missed, walk};

fn ids(numbers: &[u64]) -> BTreeSet<NodeId> {
    numbers.iter().copied().map(NodeId::new).collect()
}

fn replace(voters: &[u64]) -> MembershipChange {
    MembershipChange::Replace {
        voters: ids(voters),
        learners: BTreeSet::new(),
    }
}

/// A configuration of these voters and learners, in a cluster that has given so many ids.
fn configuration(voters: &[u64], learners: &[u64], last_id: u64) -> Configuration {
    Configuration {
        learners: ids(learners),
        last_id: NodeId::new(last_id),
        ..Configuration::of_voters(ids(voters))
    }
}

fn bounds(last_term: u64, timeouts: u8, changes: u8) -> Bounds {
    Bounds {
        last_term,
        timeouts,
        changes,
        ..Bounds::default()
    }
}

fn fresh(servers: usize) -> Vec<Start> {
    vec![start(0, None, &[]); servers]
}

/// Servers of this genesis that may be asked for these changes.
fn changing(
    genesis: Configuration,
    starts: Vec<Start>,
    bounds: Bounds,
    changes: &[MembershipChange],
) -> Cluster {
    Cluster {
        genesis,
        changes: changes.to_vec(),
        is_instant: true,
        ..Cluster::new(starts, bounds)
    }
}

/// Three servers, of which the first may go on alone, and the second may rise against it.
fn down_to_one() -> Cluster {
    let genesis = configuration(&[1, 2, 3], &[], 3);
    Cluster {
        candidates: vec![1, 2],
        ..changing(genesis, fresh(3), bounds(2, 2, 1), &[replace(&[1])])
    }
}

#[test]
fn joint_needs_both_majorities_is_found() {
    is_missed(
        Rule::JointNeedsBothMajorities,
        down_to_one(),
        &["Commit On Durable Quorum", "Leader Completeness"],
    );
}

/// {1 2 3} loses S3, and S3 is not asked any more.
#[test]
fn configuration_at_append_is_found() {
    let genesis = configuration(&[1, 2, 3], &[], 3);
    let removal = MembershipChange::Remove(NodeId::new(3));
    let cluster = Cluster {
        candidates: vec![1, 2],
        ..changing(genesis, fresh(3), bounds(1, 1, 1), &[removal])
    };
    is_found(
        Rule::ConfigurationAtAppend,
        cluster,
        &["Commit On Durable Quorum", "Leader Completeness"],
    );
}

#[test]
fn learners_do_not_count_is_found() {
    let genesis = configuration(&[1, 2], &[3], 3);
    let cluster = Cluster {
        candidates: vec![1],
        ..changing(genesis, fresh(3), bounds(1, 1, 0), &[])
    };
    is_found(Rule::LearnersDoNotCount, cluster, &["Commit On Durable Quorum"]);
}

/// The bug of 2015: S1 has appended {1 2 3 4 5} in term 1 and nobody knows; S2 leads term 2 and removes S1, which needs two of
/// {2 3 4}; S1 comes back and wins term 3 with S4 and S5.
fn change_before_own_commit() -> Cluster {
    let genesis = configuration(&[1, 2, 3, 4], &[5], 5);
    let grown = Entry::configuration(Term::new(1), configuration(&[1, 2, 3, 4, 5], &[], 5));
    let mut starts = vec![start(1, None, &[]); 5];
    starts[0] = Start {
        term: 2,
        vote: None,
        log: vec![grown],
    };
    Cluster {
        candidates: vec![1, 2],
        ..changing(
            genesis,
            starts,
            bounds(3, 2, 1),
            &[MembershipChange::Remove(NodeId::new(1))],
        )
    }
}

#[test]
fn own_term_commit_before_change_is_found() {
    is_missed(
        Rule::OwnTermCommitBeforeChange,
        change_before_own_commit(),
        &["Configuration Safety"],
    );
}

/// One of two voters is replaced by a learner through a joint configuration.
fn one_of_two() -> Cluster {
    let genesis = configuration(&[1, 2], &[3], 3);
    Cluster {
        candidates: vec![1],
        ..changing(genesis, fresh(3), bounds(1, 1, 1), &[replace(&[1, 3])])
    }
}

/// The same with four servers.
fn one_for_another() -> Cluster {
    let genesis = configuration(&[1, 2, 3], &[4], 4);
    Cluster {
        candidates: vec![1],
        ..changing(genesis, fresh(4), bounds(1, 1, 1), &[replace(&[1, 2, 4])])
    }
}

#[test]
fn a_voter_for_another_in_every_order() {
    assert_eq!(walk(one_of_two(), "one voter of two for another"), None);
}

#[test]
#[ignore = "minutes: `cargo test --release --test model -- --ignored --nocapture`"]
fn larger_bounds_of_membership() {
    let walks = walk(change_before_own_commit(), "the bug of 2015, mended");
    assert_eq!(walks, None);
    assert_eq!(walk(down_to_one(), "down to one, and a rival"), None);
    assert_eq!(walk(one_for_another(), "one voter for another"), None);
    let rival = Cluster {
        candidates: vec![1, 2],
        bounds: bounds(2, 2, 1),
        ..one_for_another()
    };
    assert_eq!(walk(rival, "one voter for another, and a rival"), None);
    let twice = Cluster {
        bounds: bounds(2, 2, 2),
        ..down_to_one()
    };
    assert_eq!(walk(twice, "down to one, twice, and a rival"), None);
    let learner = MembershipChange::Promote(NodeId::new(4));
    let grown = Cluster {
        changes: vec![learner, MembershipChange::Remove(NodeId::new(1))],
        ..one_for_another()
    };
    assert_eq!(walk(grown, "a promotion or a removal"), None);
}
