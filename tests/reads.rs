//! Reads under faults: none misses what was acknowledged before it began while the rules are kept, and one does when a rule is
//! broken that they hang on. What leases hang on takes a rival at the right moment, and is in `tests/rules.rs`.

#[expect(dead_code, reason = "each test uses its part of the choices")]
#[path = "common/choices.rs"]
mod choices;

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use choices::Choices;
use lab::{Lab, act, cast, isolate, lab, lab_with, linked, loaded, lossy, propose, read, run, settled, told};
use raft_play::check::{Property, Violation};
use raft_play::consensus::{ReadWay, Rule, Switch};
use raft_play::playground::{ClientAnswer, Command, Happening};
use raft_play::types::MessageKind;

const WAYS: [ReadWay; 3] = [ReadWay::Log, ReadWay::Index, ReadWay::Lease];

/// What the clients of reads were told since the records were last taken.
fn read_results(world: &mut Lab) -> Vec<String> {
    let answers = told(world).into_iter();
    let results = answers.filter_map(|(_, answer)| match answer {
        ClientAnswer::Read { answer, .. } => Some(String::from_utf8_lossy(&answer).into_owned()),
        _ => None,
    });
    results.collect()
}

/// Three nodes with leases, of which one leads.
fn leased() -> Lab {
    let mut world = lab(3, 4);
    act(&mut world, Command::Lease(Switch::On));
    run(&mut world, 1_000);
    world
}

/// How leaders' promises are set up.
#[derive(Clone, Copy, Debug)]
enum Promises {
    None,
    Leases,
    /// Leases, with the promise that they rest on switched off.
    LeasesAlone,
}

/// A run in which leaders are cut off and nodes fail while clients write and read, to its first violation.
fn troubled(seed: u64, promises: Promises, broken: Option<Rule>) -> Option<Violation> {
    let mut choices = Choices(seed);
    let link = lossy(1 + choices.below(40), 10_000);
    let nodes = 3 + 2 * choices.below(2);
    let mut world = lab_with(nodes, seed, linked(link));
    let set_up: &[Command] = match promises {
        Promises::None => &[],
        Promises::Leases => &[Command::Lease(Switch::On)],
        Promises::LeasesAlone => &[Command::Lease(Switch::On), Command::CheckQuorum(Switch::Off)],
    };
    for command in set_up.iter().cloned().chain(broken.map(Command::Break)) {
        act(&mut world, command);
    }
    for step in 0..100 {
        run(&mut world, choices.below(60));
        let (one, leader) = (choices.node(nodes), world.leader());
        let command = match choices.below(14) {
            0 => Command::Crash(one),
            1 | 2 => Command::Restart(one),
            3 => Command::FireTimer(one),
            4 => isolate(leader.unwrap_or(one), nodes),
            5 => Command::Heal,
            6 | 7 => propose(leader, format!("x={step}")),
            8 => propose(one, format!("x={step}")),
            _ => {
                let way = usize::try_from(choices.below(3)).expect("a small number");
                read(one, WAYS[way])
            }
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
fn reads_under_faults_miss_nothing() {
    for seed in 0..300 {
        assert_eq!(troubled(seed, Promises::None, None), None, "seed {seed}");
        assert_eq!(
            troubled(seed, Promises::Leases, None),
            None,
            "seed {seed}, with leases"
        );
        assert_eq!(
            troubled(seed, Promises::LeasesAlone, None),
            None,
            "seed {seed}, without promises"
        );
    }
}

/// Runs seeds until the broken rule is noticed.
fn noticed(rule: Rule, promises: Promises, seeds: u64) {
    let found = (0..seeds).find_map(|seed| troubled(seed, promises, Some(rule)));
    let found = found.unwrap_or_else(|| panic!("{rule} is never missed in {seeds} seeds"));
    assert_eq!(found.property, Property::ReadsSeeAcknowledged, "{found}");
}

#[test]
fn noop_before_reads_is_noticed() {
    noticed(Rule::NoopBeforeReads, Promises::None, 2_000);
}

#[test]
fn read_index_quorum_is_noticed() {
    noticed(Rule::ReadIndexQuorum, Promises::None, 300);
}

#[test]
fn all_ways_read_what_was_written() {
    let mut world = leased();
    act(&mut world, propose(None, "x=7"));
    run(&mut world, 300);
    for way in WAYS {
        world.drain_records();
        act(&mut world, read(None, way));
        run(&mut world, 200);
        assert_eq!(read_results(&mut world), ["7"], "{way:?}");
    }
}

#[test]
fn a_read_by_lease_is_answered_at_once_and_one_by_index_asks_first() {
    let mut world = leased();
    world.drain_records();
    act(&mut world, read(None, ReadWay::Lease));
    assert_eq!(read_results(&mut world), ["none"], "without a message");
    act(&mut world, read(None, ReadWay::Index));
    assert_eq!(read_results(&mut world), [""; 0], "a majority is asked first");
    run(&mut world, 60);
    assert_eq!(read_results(&mut world), ["none"]);
}

/// Thesis §6.4.1: the one that was asked to stand is exempt from every promise.
#[test]
fn a_lease_is_void_once_another_was_asked_to_stand() {
    let mut world = leased();
    let (leader, others) = cast(&world, 3);
    act(&mut world, Command::Transfer(others[0]));
    world.drain_records();
    act(&mut world, read(leader, ReadWay::Lease));
    assert_eq!(read_results(&mut world), [""; 0], "it has to ask");
}

#[test]
fn a_leader_without_a_majority_serves_no_read() {
    let mut world = settled(5, 4);
    let (leader, _) = cast(&world, 5);
    act(&mut world, isolate(leader, 5));
    for way in WAYS {
        act(&mut world, read(leader, way));
    }
    run(&mut world, 2_000);
    assert_eq!(read_results(&mut world), [""; 0]);
}

#[test]
fn reads_that_come_together_share_a_round_and_a_save_keeps_them() {
    for seed in 0..40 {
        let mut choices = Choices(seed);
        let mut world = lab(3, seed);
        act(&mut world, Command::Lease(Switch::On));
        run(&mut world, 600 + choices.below(300));
        for way in WAYS {
            let _ = world.command(read(None, way));
        }
        let mut again = loaded(&mut world);
        run(&mut world, 1_000);
        run(&mut again, 1_000);
        assert_eq!(world.trace_hash(), again.trace_hash(), "seed {seed}");
    }
}

/// A read by ReadIndex costs one message to each follower and back, and writes nothing.
#[test]
fn a_read_by_index_writes_nothing() {
    let mut world = settled(3, 4);
    world.drain_records();
    let last = |world: &mut Lab| {
        world
            .snapshot()
            .nodes
            .iter()
            .map(|node| node.log.last_index())
            .max()
    };
    let before = last(&mut world);
    act(&mut world, read(None, ReadWay::Index));
    let records = world.drain_records();
    let heartbeats = records.iter().filter(|record| match &record.what {
        Happening::Sent { envelope, .. } => envelope.message.kind() == MessageKind::Heartbeat,
        _ => false,
    });
    assert_eq!(heartbeats.count(), 2);
    run(&mut world, 100);
    assert_eq!(last(&mut world), before);
}

/// A leader with a lease and a clock that is off is cut off; the others wait until their promise has run out, elect another, which
/// takes a write, and the old one is asked.
fn drifting(ppm: i32) -> Option<Violation> {
    let mut world = lab_with(3, 1, linked(lossy(1, 0)));
    act(&mut world, Command::Lease(Switch::On));
    run(&mut world, 1_000);
    let (leader, others) = cast(&world, 3);
    act(&mut world, Command::Drift { node: leader, ppm });
    run(&mut world, 1_000);
    act(&mut world, Command::Partition(vec![vec![leader], others.clone()]));
    run(&mut world, 155);
    act(&mut world, Command::FireTimer(others[0]));
    run(&mut world, 25);
    act(&mut world, propose(others[0], "x=1"));
    run(&mut world, 10);
    act(&mut world, read(leader, ReadWay::Lease));
    run(&mut world, 300);
    world.violations().first().cloned()
}

#[test]
fn a_lease_holds_within_the_stated_drift_and_breaks_beyond_it() {
    for ppm in [0, -90_000, 90_000, 400_000] {
        assert_eq!(drifting(ppm), None, "{ppm} ppm");
    }
    let found = drifting(-600_000).map(|violation| violation.property);
    assert_eq!(found, Some(Property::ReadsSeeAcknowledged), "past any bound");
}
