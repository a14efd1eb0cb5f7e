//! Reads under faults: none misses what was acknowledged before it began while the rules are kept, and one does when a rule is
//! broken that they hang on.

#[expect(dead_code, reason = "each test uses its part of the choices")]
#[path = "common/choices.rs"]
mod choices;

use std::time::Duration;

use choices::Choices;
use raft_play::check::{Property, Violation};
use raft_play::consensus::{ReadWay, Rule, Switch};
use raft_play::machine::KeyValue;
use raft_play::playground::{
    ClientAnswer, Command, Happening, HostKind, LinkSettings, Record, Settings, Span, World, WorldOptions,
};
use raft_play::save::{self, Save};
use raft_play::types::{MessageKind, NodeId};

type Lab = World<KeyValue>;

const WAYS: [ReadWay; 3] = [ReadWay::Log, ReadWay::Index, ReadWay::Lease];

fn lab(nodes: u64, seed: u64, link: LinkSettings) -> Lab {
    let settings = Settings {
        link,
        ..Settings::default()
    };
    let options = WorldOptions {
        nodes,
        seed,
        settings,
        host: HostKind::Inline,
        data_dir: None,
    };
    World::new(options).expect("a small cluster begins")
}

fn run(world: &mut Lab, millis: u64) {
    world.run_until(world.now().after(Duration::from_millis(millis)));
}

fn read(at: Option<NodeId>, way: ReadWay) -> Command {
    let query = "x".to_owned();
    Command::Read { at, query, way }
}

fn propose(to: Option<NodeId>, value: u64) -> Command {
    let command = format!("x={value}");
    Command::Propose { to, command }
}

/// What the clients of reads were told.
fn told(records: &[Record]) -> Vec<String> {
    let answer = |record: &Record| match &record.what {
        Happening::Answered {
            answer: ClientAnswer::Read { answer, .. },
            ..
        } => Some(String::from_utf8_lossy(answer).into_owned()),
        _ => None,
    };
    records.iter().filter_map(answer).collect()
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
    let link = LinkSettings {
        latency: Span::of_millis(1, 1 + choices.below(40)),
        loss_ppm: 10_000,
        ..LinkSettings::default()
    };
    let nodes = 3 + 2 * choices.below(2);
    let mut world = lab(nodes, seed, link);
    let set_up: &[Command] = match promises {
        Promises::None => &[],
        Promises::Leases => &[Command::Lease(Switch::On)],
        Promises::LeasesAlone => &[Command::Lease(Switch::On), Command::CheckQuorum(Switch::Off)],
    };
    for command in set_up.iter().cloned().chain(broken.map(Command::Break)) {
        world.command(command).expect("a switch can always be set");
    }
    for step in 0..100 {
        run(&mut world, choices.below(60));
        let (one, leader) = (choices.node(nodes), world.leader());
        let command = match choices.below(14) {
            0 => Command::Crash(one),
            1 | 2 => Command::Restart(one),
            3 => Command::FireTimer(one),
            4 => {
                let alone = leader.unwrap_or(one);
                let others = (1..=nodes).map(NodeId::new).filter(|id| *id != alone);
                Command::Partition(vec![vec![alone], others.collect()])
            }
            5 => Command::Heal,
            6 | 7 => propose(leader, step),
            8 => propose(Some(one), step),
            _ => {
                let way = usize::try_from(choices.below(3)).expect("a small number");
                read(Some(one), WAYS[way])
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

/// What becomes of the followers before one of them stands against a leader that is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Followers {
    GoOn,
    Restart,
}

/// A leader with a lease is cut off, the others elect another as soon as they will, which takes a write, and the old one is asked
/// while its lease would still hold.
fn rival(promises: Promises, followers: Followers, broken: Option<Rule>) -> Option<Violation> {
    let link = LinkSettings {
        latency: Span::of_millis(1, 1),
        ..LinkSettings::default()
    };
    let mut world = lab(3, 1, link);
    let set_up: &[Command] = match promises {
        Promises::None | Promises::Leases => &[Command::Lease(Switch::On)],
        Promises::LeasesAlone => &[Command::Lease(Switch::On), Command::CheckQuorum(Switch::Off)],
    };
    for command in set_up.iter().cloned().chain(broken.map(Command::Break)) {
        world.command(command).expect("a switch can always be set");
    }
    run(&mut world, 1_000);
    let leader = world.leader().expect("somebody leads");
    let others: Vec<NodeId> = (1..=3).map(NodeId::new).filter(|id| *id != leader).collect();
    world
        .command(Command::Partition(vec![vec![leader], others.clone()]))
        .unwrap();
    for &id in others.iter().filter(|_| followers == Followers::Restart) {
        world.command(Command::Crash(id)).unwrap();
        world.command(Command::Restart(id)).unwrap();
    }
    world.command(Command::FireTimer(others[0])).unwrap();
    run(&mut world, 25);
    world.command(propose(Some(others[0]), 1)).unwrap();
    run(&mut world, 10);
    world.command(read(Some(leader), ReadWay::Lease)).unwrap();
    run(&mut world, 300);
    world.violations().first().cloned()
}

fn is_noticed_by_a_rival(rule: Rule, promises: Promises, followers: Followers) {
    let found = rival(promises, followers, Some(rule)).map(|violation| violation.property);
    assert_eq!(found, Some(Property::ReadsSeeAcknowledged), "{rule}");
    assert_eq!(rival(promises, followers, None), None, "{rule} kept");
}

#[test]
fn lease_needs_check_quorum_is_noticed() {
    is_noticed_by_a_rival(
        Rule::LeaseNeedsCheckQuorum,
        Promises::LeasesAlone,
        Followers::GoOn,
    );
}

#[test]
fn promise_run_out_is_noticed() {
    is_noticed_by_a_rival(Rule::PromiseRunOut, Promises::Leases, Followers::GoOn);
}

#[test]
fn restarted_voter_quiet_is_noticed() {
    is_noticed_by_a_rival(Rule::RestartedVoterQuiet, Promises::Leases, Followers::Restart);
}

#[test]
fn all_ways_read_what_was_written() {
    let mut world = lab(3, 4, LinkSettings::default());
    world.command(Command::Lease(Switch::On)).unwrap();
    run(&mut world, 1_000);
    world.command(propose(None, 7)).unwrap();
    run(&mut world, 300);
    for way in WAYS {
        world.drain_records();
        world.command(read(None, way)).unwrap();
        run(&mut world, 200);
        assert_eq!(told(&world.drain_records()), ["7"], "{way:?}");
    }
}

#[test]
fn a_read_by_lease_is_answered_at_once_and_one_by_index_asks_first() {
    let mut world = lab(3, 4, LinkSettings::default());
    world.command(Command::Lease(Switch::On)).unwrap();
    run(&mut world, 1_000);
    world.drain_records();
    world.command(read(None, ReadWay::Lease)).unwrap();
    assert_eq!(told(&world.drain_records()), ["none"], "without a message");
    world.command(read(None, ReadWay::Index)).unwrap();
    assert_eq!(told(&world.drain_records()), [""; 0], "a majority is asked first");
    run(&mut world, 60);
    assert_eq!(told(&world.drain_records()), ["none"]);
}

/// Thesis §6.4.1: the one that was asked to stand is exempt from every promise.
#[test]
fn a_lease_is_void_once_another_was_asked_to_stand() {
    let mut world = lab(3, 4, LinkSettings::default());
    world.command(Command::Lease(Switch::On)).unwrap();
    run(&mut world, 1_000);
    let leader = world.leader().expect("somebody leads");
    let target = (1..=3).map(NodeId::new).find(|id| *id != leader).unwrap();
    world.command(Command::Transfer(target)).unwrap();
    world.drain_records();
    world.command(read(Some(leader), ReadWay::Lease)).unwrap();
    assert_eq!(told(&world.drain_records()), [""; 0], "it has to ask");
}

#[test]
fn a_leader_without_a_majority_serves_no_read() {
    let mut world = lab(5, 4, LinkSettings::default());
    run(&mut world, 1_000);
    let leader = world.leader().expect("somebody leads");
    let others = (1..=5).map(NodeId::new).filter(|id| *id != leader).collect();
    world
        .command(Command::Partition(vec![vec![leader], others]))
        .unwrap();
    for way in WAYS {
        world.command(read(Some(leader), way)).unwrap();
    }
    run(&mut world, 2_000);
    assert_eq!(told(&world.drain_records()), [""; 0]);
}

#[test]
fn reads_that_come_together_share_a_round_and_a_save_keeps_them() {
    for seed in 0..40 {
        let mut choices = Choices(seed);
        let mut world = lab(3, seed, LinkSettings::default());
        world.command(Command::Lease(Switch::On)).unwrap();
        run(&mut world, 600 + choices.below(300));
        for way in WAYS {
            let _ = world.command(read(None, way));
        }
        let image = world.image().expect("no disk has failed");
        let save = Save {
            title: None,
            notes: Vec::new(),
            image,
        };
        let read =
            save::parse(&save::render(&save), "test").unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(read == save, "seed {seed}");
        let mut again = Lab::restore(read.image, HostKind::Threads, None).expect("parsing has tried it");
        run(&mut world, 1_000);
        run(&mut again, 1_000);
        assert_eq!(world.trace_hash(), again.trace_hash(), "seed {seed}");
    }
}

/// A read by ReadIndex costs one message to each follower and back, and writes nothing.
#[test]
fn a_read_by_index_writes_nothing() {
    let mut world = lab(3, 4, LinkSettings::default());
    run(&mut world, 1_000);
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
    world.command(read(None, ReadWay::Index)).unwrap();
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
    let link = LinkSettings {
        latency: Span::of_millis(1, 1),
        ..LinkSettings::default()
    };
    let mut world = lab(3, 1, link);
    world.command(Command::Lease(Switch::On)).unwrap();
    run(&mut world, 1_000);
    let leader = world.leader().expect("somebody leads");
    world.command(Command::Drift { node: leader, ppm }).unwrap();
    run(&mut world, 1_000);
    let others: Vec<NodeId> = (1..=3).map(NodeId::new).filter(|id| *id != leader).collect();
    world
        .command(Command::Partition(vec![vec![leader], others.clone()]))
        .unwrap();
    run(&mut world, 155);
    world.command(Command::FireTimer(others[0])).unwrap();
    run(&mut world, 25);
    world.command(propose(Some(others[0]), 1)).unwrap();
    run(&mut world, 10);
    world.command(read(Some(leader), ReadWay::Lease)).unwrap();
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
