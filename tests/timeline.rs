//! Time travel, judged by the run itself: whoever goes to a moment finds what was first passed there.

#[expect(dead_code, reason = "each test uses its part of the laboratory")]
#[path = "common/lab.rs"]
mod lab;

use std::time::Duration;

use lab::{Lab, id, lab_on};
use proptest::prelude::*;
use raft_play::consensus::Rule;
use raft_play::playground::{Command, HostKind, MessageId, Moment, Settings, Timeline, WorldImage};

type Line = Timeline<raft_play::playground::Checkpoint>;

/// A moment, and what was passed there.
type Passed = (Moment, WorldImage);

#[derive(Clone, Debug)]
enum Move {
    Steps(u16),
    Wait(u16),
    Act(Command),
    /// What is done to one of the messages in flight, counted round.
    Hand(fn(MessageId) -> Command, u8),
}

/// All that can be done to a message.
const HANDS: &[fn(MessageId) -> Command] = &[
    Command::Drop,
    Command::Hold,
    Command::Release,
    Command::Deliver,
    Command::Duplicate,
];

fn act() -> impl Strategy<Value = Command> {
    let node = || (1..=5_u64).prop_map(id);
    prop_oneof![
        6 => (1..9_u64).prop_map(|value| Command::Propose { to: None, command: format!("x={value}") }),
        2 => node().prop_map(Command::Crash),
        2 => node().prop_map(Command::CutPower),
        5 => node().prop_map(Command::Restart),
        2 => node().prop_map(Command::Freeze),
        2 => node().prop_map(Command::Thaw),
        2 => (1..=5_u64).prop_map(|cut| Command::Partition(vec![
            (1..=cut).map(id).collect(),
            (cut + 1..=5).map(id).collect(),
        ])),
        2 => Just(Command::Heal),
        1 => node().prop_map(Command::FireTimer),
        1 => node().prop_map(Command::Snapshot),
        1 => Just(Command::Break(Rule::PersistVoteBeforeAnswering)),
        1 => Just(Command::TieTimers(Vec::new())),
    ]
}

fn moves(most: usize) -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        2 => (1..60_u16).prop_map(Move::Steps),
        2 => (1..400_u16).prop_map(Move::Wait),
        4 => act().prop_map(Move::Act),
        1 => (prop::sample::select(HANDS), any::<u8>()).prop_map(|(verb, which)| Move::Hand(verb, which)),
    ];
    prop::collection::vec(one, 1..most)
}

/// Plays, and remembers what it passes.
fn play(world: &mut Lab, line: &mut Line, moves: &[Move]) -> Vec<Passed> {
    let mut passed = vec![look(world, line)];
    for one in moves {
        match one {
            Move::Steps(steps) => {
                for _ in 0..*steps {
                    line.step(world);
                }
            }
            Move::Wait(millis) => {
                wait(world, line, (*millis).into());
            }
            Move::Act(command) => give(world, line, command.clone()),
            Move::Hand(verb, which) => {
                let messages = world.snapshot().messages;
                if let Some(message) = messages.get(usize::from(*which) % messages.len().max(1)) {
                    give(world, line, verb(message.id));
                }
            }
        }
        passed.push(look(world, line));
        world.go_on();
    }
    passed
}

/// Does what can be done.
fn give(world: &mut Lab, line: &mut Line, command: Command) {
    let given = line.here(world);
    if world.command(command.clone()).is_ok() {
        line.command(world, given, command);
    }
}

fn wait(world: &mut Lab, line: &mut Line, millis: u64) {
    let until = world.now().after(Duration::from_millis(millis));
    line.run_until(world, until);
}

fn look(world: &mut Lab, line: &Line) -> Passed {
    (line.here(world), world.image().expect("no disk has failed"))
}

/// Whether a violation stops time is a question of whether the person has let it go on, and not of the place.
fn same(found: &WorldImage, expected: &WorldImage) -> bool {
    let found = WorldImage {
        is_halted: expected.is_halted,
        ..found.clone()
    };
    found == *expected
}

fn check(seed: u64, host: HostKind, first: &[Move], second: &[Move], goals: &[prop::sample::Index]) {
    let mut world = lab_on(host, 5, seed, Settings::default());
    let mut line = Line::spaced(&mut world, 60);
    let passed = play(&mut world, &mut line, first);
    for goal in goals {
        let (moment, image) = goal.get(&passed);
        assert!(line.go_to(&mut world, *moment));
        assert_eq!(line.here(&world), *moment);
        assert_eq!(
            world.host(),
            host,
            "it has gone there as fast as it can, and not for good"
        );
        assert!(
            same(&world.image().unwrap(), image),
            "another world at {moment:?}"
        );
    }
    // Whoever acts in the past leaves the future that was as it was.
    let (moment, _) = goals[0].get(&passed);
    let before = line.end();
    line.go_to(&mut world, *moment);
    let other = play(&mut world, &mut line, second);
    let branches: Vec<_> = line
        .branches()
        .iter()
        .map(raft_play::playground::Branch::id)
        .collect();
    assert!(line.switch(&mut world, branches[0]));
    assert!(line.end() >= before);
    for (moment, image) in passed.iter().rev().step_by(3) {
        assert!(line.go_to(&mut world, *moment));
        assert!(
            same(&world.image().unwrap(), image),
            "another world at {moment:?}"
        );
    }
    if branches.len() == 2 {
        assert!(line.switch(&mut world, branches[1]));
        for (moment, image) in other.iter().rev().step_by(3) {
            assert!(line.go_to(&mut world, *moment));
            assert!(
                same(&world.image().unwrap(), image),
                "another world at {moment:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_jump_finds_what_was_first_passed_there(
        seed in any::<u64>(),
        first in moves(40),
        second in moves(20),
        goals in prop::collection::vec(any::<prop::sample::Index>(), 1..8),
    ) {
        check(seed, HostKind::Inline, &first, &second, &goals);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn and_so_it_does_where_nodes_have_threads(
        seed in any::<u64>(),
        first in moves(30),
        second in moves(10),
        goals in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        check(seed, HostKind::Threads, &first, &second, &goals);
    }
}

/// Every record is gone to, backwards, and the world stands behind the very event that made it.
#[test]
fn whatever_was_told_can_be_gone_to() {
    let mut world = lab::lab(3, 5);
    let mut line = Line::spaced(&mut world, 60);
    let mut ends = Vec::new();
    while ends.len() < 150 {
        let before = world.happened();
        line.step(&mut world);
        ends.push((before, world.happened(), world.trace_hash()));
    }
    for (before, after, hash) in ends.into_iter().rev().filter(|(before, after, _)| before < after) {
        assert!(line.go_past(&mut world, before));
        assert_eq!((world.happened(), world.trace_hash()), (after, hash));
    }
}

/// What is kept stays few, and a jump to any moment stays short.
#[test]
fn a_long_run_keeps_few_moments() {
    let mut world = lab::lab(3, 9);
    let mut line = Line::spaced(&mut world, 20);
    let mut hashes = Vec::new();
    for _ in 0..150 {
        wait(&mut world, &mut line, 400);
        hashes.push((line.here(&world), world.trace_hash()));
        assert!(line.kept() <= 128);
    }
    assert!(line.kept() > 40);
    for (moment, hash) in hashes.iter().rev().step_by(7) {
        assert!(line.go_to(&mut world, *moment));
        assert_eq!(world.trace_hash(), *hash);
    }
}

/// A branch differs from the run that it began in by what follows from the deed, and is shown beside it.
#[test]
fn a_deed_in_the_past_begins_a_branch() {
    let mut world = lab::lab(3, 1);
    let mut line = Line::new(&mut world);
    wait(&mut world, &mut line, 1_000);
    let (moment, leader) = (line.here(&world), world.leader().unwrap());
    wait(&mut world, &mut line, 1_000);
    let (end, hash) = (line.end(), world.trace_hash());
    assert!(!line.is_past(&world));
    line.go_to(&mut world, moment);
    assert!(line.is_past(&world));
    world.command(Command::Crash(leader)).unwrap();
    let left = line.command(&mut world, moment, Command::Crash(leader));
    assert_eq!(left.map(|left| format!("{left}")).as_deref(), Some("main"));
    assert!(!line.is_past(&world));
    assert_eq!(line.branch().id().to_string(), "b1");
    assert_eq!(line.commands().len(), 1);
    let main = left.unwrap();
    assert!(line.switch(&mut world, main));
    assert_eq!((line.here(&world), world.trace_hash()), (end, hash));
    assert_eq!(line.commands(), []);
}
