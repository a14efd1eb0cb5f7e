//! Changes of the membership under faults: nothing that is promised falls while the rules are kept, and something does when one
//! of them is broken.

#[expect(dead_code, reason = "each test uses its part of the choices")]
#[path = "common/choices.rs"]
mod choices;

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeSet;

use choices::Choices;
use lab::{Lab, act, cast, id, ids, lab, lab_with, linked, loaded, lossy, propose, run, settled};
use raft_play::check::{Property, Violation};
use raft_play::consensus::{Rule, Switch};
use raft_play::playground::{Command, Place};
use raft_play::types::NodeId;

/// The voters and learners by which the cluster goes.
fn members(world: &mut Lab) -> (Vec<u64>, Vec<u64>) {
    let snapshot = world.snapshot();
    let configuration = snapshot.configuration().expect("a cluster has a configuration");
    let numbers = |ids: &BTreeSet<NodeId>| ids.iter().map(|id| id.number()).collect();
    (numbers(&configuration.voters), numbers(&configuration.learners))
}

/// A run in which members come, go and change places while nodes fail, with this rule broken, to its first violation.
fn troubled(seed: u64, broken: Option<Rule>) -> Option<Violation> {
    let mut choices = Choices(seed);
    let link = lossy(1 + choices.below(60), 20_000);
    let mut world = lab_with(1 + choices.below(5), seed, linked(link));
    if let Some(rule) = broken {
        act(&mut world, Command::Break(rule));
    }
    for _ in 0..80 {
        run(&mut world, choices.below(120));
        let nodes = world.snapshot().nodes.len() as u64;
        let (one, other) = (choices.node(nodes), choices.node(nodes));
        let command = match choices.below(16) {
            0 => Command::Crash(one),
            1 => Command::CutPower(one),
            2 | 3 => Command::Restart(one),
            4 | 5 => Command::FireTimer(one),
            6 => Command::Partition(vec![vec![one, other]]),
            7 | 8 => Command::Heal,
            9 => propose(one, format!("x={}", choices.below(100))),
            _ => choices.change(nodes),
        };
        // What makes no sense now is refused.
        let _ = world.command(command);
        if let Some(violation) = world.violations().first() {
            return Some(violation.clone());
        }
    }
    None
}

#[test]
fn changes_under_faults_break_no_promise() {
    for seed in 0..400 {
        assert_eq!(troubled(seed, None), None, "seed {seed}");
    }
}

/// What a wrong majority does: it commits or elects too early, or waits for who has no say.
const WRONG_MAJORITY: &[Property] = &[
    Property::CommitOnDurableQuorum,
    Property::ElectedByMajority,
    Property::CommitsWhatItCan,
    Property::LeaderCompleteness,
];

/// Runs seeds until the broken rule is noticed, by one of these.
#[track_caller]
fn is_noticed(rule: Rule, expected: &[Property]) {
    let seeds = 300;
    let found = (0..seeds).find_map(|seed| troubled(seed, Some(rule)));
    let found = found.unwrap_or_else(|| panic!("{rule} is never missed in {seeds} seeds"));
    assert!(expected.contains(&found.property), "{found}");
}

#[test]
fn configuration_at_append_is_noticed() {
    is_noticed(Rule::ConfigurationAtAppend, WRONG_MAJORITY);
}

#[test]
fn own_term_commit_before_change_is_noticed() {
    is_noticed(Rule::OwnTermCommitBeforeChange, &[Property::ConfigurationSafety]);
}

#[test]
fn joint_needs_both_majorities_is_noticed() {
    is_noticed(Rule::JointNeedsBothMajorities, WRONG_MAJORITY);
}

#[test]
fn learners_do_not_count_is_noticed() {
    is_noticed(Rule::LearnersDoNotCount, WRONG_MAJORITY);
}

#[test]
fn one_node_grows_to_a_cluster_by_joins() {
    let mut world = lab(1, 7);
    act(&mut world, Command::AutoPromote(Switch::On));
    run(&mut world, 1_000);
    for expected in 2..=5 {
        act(&mut world, Command::Join);
        run(&mut world, 2_000);
        assert_eq!(members(&mut world), ((1..=expected).collect(), vec![]));
    }
    act(&mut world, propose(None, "x=1"));
    run(&mut world, 500);
    let snapshot = world.snapshot();
    let logs = snapshot.nodes.iter().map(|node| &node.contents);
    assert!(
        logs.clone()
            .all(|contents| *contents == [("x".to_owned(), "1".to_owned())])
    );
    assert_eq!(world.violations(), []);
}

#[test]
fn an_id_is_never_given_twice() {
    let mut world = settled(3, 5);
    act(&mut world, Command::Join);
    run(&mut world, 500);
    assert_eq!(members(&mut world), (vec![1, 2, 3], vec![4]));
    act(&mut world, Command::Remove(id(4)));
    run(&mut world, 500);
    assert_eq!(members(&mut world), (vec![1, 2, 3], vec![]));
    assert_eq!(world.snapshot().place(id(4)), Place::Outsider);
    act(&mut world, Command::Join);
    run(&mut world, 500);
    assert_eq!(members(&mut world), (vec![1, 2, 3], vec![5]));
}

/// The cut-off half of the old voters can't decide alone, nor can the new ones without a majority of the old.
#[test]
fn a_joint_change_waits_for_both_majorities_and_is_then_left_by_itself() {
    let mut world = settled(3, 9);
    for _ in 0..2 {
        act(&mut world, Command::Join);
        run(&mut world, 500);
    }
    let (leader, others) = cast(&world, 3);
    let keeps = ids(&[leader.number(), 4, 5]);
    act(&mut world, Command::Partition(vec![keeps.clone(), others]));
    let (voters, learners) = (keeps.clone(), Vec::new());
    act(&mut world, Command::Reconfigure { voters, learners });
    run(&mut world, 400);
    let is_joint = |world: &mut Lab| {
        let snapshot = world.snapshot();
        let node = snapshot.node(leader).expect("it is there");
        node.log.configuration().is_joint()
    };
    assert!(is_joint(&mut world), "the new majority alone does not commit it");
    act(&mut world, Command::Heal);
    run(&mut world, 3_000);
    assert!(!is_joint(&mut world));
    assert_eq!(world.violations(), []);
    let (mut expected, found) = (keeps, members(&mut world).0);
    expected.sort_unstable();
    // Where the leader was deposed meanwhile, the change was undone: truncated, it never was.
    assert!(found == expected.iter().map(|id| id.number()).collect::<Vec<_>>() || found == [1, 2, 3]);
}

#[test]
fn a_leader_that_is_removed_commits_that_and_steps_down() {
    let mut world = settled(3, 3);
    let (leader, _) = cast(&world, 3);
    act(&mut world, Command::Remove(leader));
    run(&mut world, 1_500);
    assert_ne!(world.leader(), Some(leader));
    assert!(world.leader().is_some(), "the others elect another");
    assert_eq!(members(&mut world).0.len(), 2);
    assert_eq!(world.violations(), []);
}

/// Thesis §4.2.3: it does not know that it was removed, and CheckQuorum's promise keeps it from doing harm.
#[test]
fn a_removed_server_does_not_disrupt_a_cluster_that_checks_its_quorum() {
    let mut world = lab(3, 3);
    act(&mut world, Command::CheckQuorum(Switch::On));
    run(&mut world, 1_000);
    let (leader, others) = cast(&world, 3);
    let removed = others[0];
    // It never hears that it is removed.
    let (from, to) = (leader, removed);
    act(&mut world, Command::Cut { from, to });
    act(&mut world, Command::Remove(removed));
    run(&mut world, 300);
    act(&mut world, Command::Heal);
    let term = world.snapshot().node(leader).unwrap().term;
    run(&mut world, 3_000);
    assert_eq!(world.leader(), Some(leader));
    assert_eq!(world.snapshot().node(leader).unwrap().term, term);
}

#[test]
fn a_save_in_the_middle_of_changes_goes_on_as_if_nothing_had_been() {
    for seed in 0..60 {
        let mut choices = Choices(seed);
        let mut world = lab(2 + choices.below(3), seed);
        for _ in 0..12 {
            run(&mut world, choices.below(250));
            let nodes = world.snapshot().nodes.len() as u64;
            let _ = world.command(choices.change(nodes));
        }
        let mut again = loaded(&mut world);
        for world in [&mut world, &mut again] {
            run(world, 2_000);
        }
        assert_eq!(world.trace_hash(), again.trace_hash(), "seed {seed}");
    }
}
