//! What takes a whole cluster to see: §5.2 random timeouts, §5.3 when a client is answered, §7 snapshots while commands go on.

use std::collections::BTreeSet;
use std::time::Duration;

use raft_play::playground::{ClientAnswer, Command, DiskSettings, Happening, RoleView, Settings, Span};

use crate::lab::{Lab, act, cast, id, lab, propose, run, settled};

/// How long each node's election timer was set for.
fn timeouts(world: &mut Lab) -> Vec<Duration> {
    let nodes = world.snapshot().nodes;
    let timers = nodes.iter().filter_map(|node| node.timer);
    timers.map(|timer| timer.duration).collect()
}

/// The interval is the one that the paper gives for an example.
#[test]
fn election_timeouts_are_chosen_randomly_from_a_fixed_interval() {
    let (min, middle, max) = (150, 225, 300);
    let mut all = BTreeSet::new();
    for seed in 0..40 {
        let drawn = timeouts(&mut lab(5, seed));
        assert_eq!(
            drawn.iter().collect::<BTreeSet<_>>().len(),
            5,
            "seed {seed}: {drawn:?}"
        );
        all.extend(drawn);
    }
    let millis = Duration::from_millis;
    assert!(
        all.iter()
            .all(|drawn| (millis(min)..=millis(max)).contains(drawn))
    );
    let early = all.iter().filter(|drawn| **drawn < millis(middle)).count();
    assert!(
        (75..=125).contains(&early),
        "{early} of {} in the first half",
        all.len()
    );
}

#[test]
fn each_candidate_restarts_its_randomized_election_timeout_at_the_start_of_an_election() {
    let mut world = lab(3, 7);
    for other in [2, 3] {
        act(&mut world, Command::Crash(id(other)));
    }
    let mut terms = BTreeSet::new();
    let mut drawn = BTreeSet::new();
    for _ in 0..100 {
        run(&mut world, 50);
        let alone = world.snapshot().nodes.remove(0);
        if matches!(alone.role, RoleView::Candidate { .. }) {
            terms.insert(alone.term);
            drawn.extend(alone.timer.map(|timer| timer.duration));
        }
    }
    assert!(terms.len() > 15, "{terms:?}");
    assert_eq!(drawn.len(), terms.len(), "each election has a timeout of its own");
    let span = Settings::default().election_timeout;
    assert!(
        drawn
            .iter()
            .all(|drawn| (span.min()..=span.max()).contains(drawn))
    );
}

#[test]
fn when_the_entry_has_been_safely_replicated_the_leader_applies_it_and_returns_the_result_of_that_execution_to_the_client()
 {
    for seed in 0..10 {
        let mut world = settled(3, seed);
        let leader = world.leader();
        world.drain_records();
        for _ in 0..3 {
            act(&mut world, propose(None, "append x a"));
        }
        let mut results = Vec::new();
        for _ in 0..200 {
            world.step();
            let mut applied = None;
            for record in world.drain_records() {
                match record.what {
                    Happening::Applied { node, position, .. } if Some(node) == leader => {
                        applied = Some(position.index);
                    }
                    Happening::Answered { node, answer, .. } => {
                        let ClientAnswer::Done { index, answer } = answer else {
                            panic!("{answer:?}");
                        };
                        assert_eq!((Some(node), Some(index)), (leader, applied), "seed {seed}");
                        let view = world.snapshot();
                        let copies = view.disks_holding(view.leaders()[0], index);
                        assert!(copies >= view.majority(), "seed {seed}: {copies} copies");
                        results.push(String::from_utf8(answer.to_vec()).expect("text"));
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(results, ["a", "aa", "aaa"], "seed {seed}");
    }
}

/// §7: the snapshot is of the state at one moment, and what is applied meanwhile is no part of it. The leader's own disk is slow, so the
/// others commit what comes while it writes.
#[test]
fn new_updates_can_be_accepted_while_a_snapshot_is_written_without_impacting_it() {
    let mut world = settled(3, 1);
    let (leader, _) = cast(&world, 3);
    act(&mut world, propose(None, "x=before"));
    run(&mut world, 300);
    let latency = Span::of_millis(600, 600);
    let settings = DiskSettings { latency };
    let node = Some(leader);
    act(&mut world, Command::Disk { node, settings });
    act(&mut world, Command::Snapshot(leader));
    act(&mut world, propose(None, "x=after"));
    let view = |world: &mut Lab| world.snapshot().node(leader).expect("it exists").clone();
    run(&mut world, 300);
    let meanwhile = view(&mut world);
    let (covered, _) = meanwhile.taking.expect("it is not finished");
    assert_eq!(meanwhile.contents, [("x".to_owned(), "after".to_owned())]);
    assert_eq!(meanwhile.applied, covered.next());
    run(&mut world, 2_000);
    let last = view(&mut world).snapshot.map(|snapshot| snapshot.last.index);
    assert_eq!(last, Some(covered));
    assert_eq!(
        world.violations(),
        [],
        "it holds what the entries up to its last lead to"
    );
}
