//! Clients who ask by themselves: as often as they are told to, about what they are told to, and all of them see one state.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeMap;

use lab::{Lab, act, id, isolate, lab, loaded, run, settled};
use raft_play::linear::{Limits, Verdict, judge};
use raft_play::machine::{Exhibit, KeyValue, StateMachine};
use raft_play::playground::{
    ClientAnswer, Command, CommandError, Happening, HostKind, Load, Settings, Told, World, WorldOptions,
};
use raft_play::types::NodeId;

/// What clients asked by themselves since the trace was last collected.
fn asked(world: &mut Lab) -> Vec<Command> {
    let records = world.drain_records().into_iter();
    let asked = records.filter_map(|record| match record.what {
        Happening::ClientAsked(command) => Some(command),
        _ => None,
    });
    asked.collect()
}

/// Where it was asked, and about which key.
fn about(command: &Command) -> (NodeId, String) {
    match command {
        Command::Propose {
            to: Some(node),
            command,
        } => (*node, command.split('=').next().unwrap_or_default().to_owned()),
        Command::Read {
            at: Some(node),
            query,
            ..
        } => (*node, query.clone()),
        other => panic!("a client does no {other:?}"),
    }
}

const LOAD: Load = Load {
    per_second: 50,
    keys: 4,
    skew: 60,
    reads: 25,
    at: None,
};

/// How many of a thousand.
fn share(part: usize, of: usize) -> usize {
    part * 1000 / of
}

#[test]
fn they_ask_as_often_and_about_what_they_are_told_to() {
    let mut world = settled(3, 7);
    let leader = world.leader().expect("it is settled");
    world.keep_calls().expect("nobody has asked yet");
    act(&mut world, Command::Load(Some(LOAD)));
    run(&mut world, 60_000);
    act(&mut world, Command::Load(None));
    let asked = asked(&mut world);
    assert!(
        (2_800..3_200).contains(&asked.len()),
        "{} in a minute",
        asked.len()
    );
    assert!(asked.iter().all(|command| about(command).0 == leader));
    let reads = asked
        .iter()
        .filter(|command| matches!(command, Command::Read { .. }));
    assert!((210..290).contains(&share(reads.count(), asked.len())));
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for command in &asked {
        *keys.entry(about(command).1).or_default() += 1;
    }
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["k4", "x", "y", "z"]);
    // Of the 40 % about any key, a quarter is about the first as well.
    assert!((660..740).contains(&share(keys["x"], asked.len())));
    assert!(
        ["y", "z", "k4"]
            .iter()
            .all(|key| (70..130).contains(&share(keys[*key], asked.len())))
    );
    run(&mut world, 1_000);
    let calls = &world.calls().expect("they are kept").calls;
    assert!(
        calls
            .iter()
            .all(|call| matches!(call.told(), Told::Answer { .. }))
    );
    let history = world.history().expect("it is kept");
    assert_eq!(
        judge(&history, Limits::default()).verdict(),
        Verdict::Linearizable
    );
    run(&mut world, 10_000);
    assert_eq!(self::asked(&mut world), [], "nobody asks any more");
}

#[test]
fn they_ask_who_is_named_or_whoever_is_up_where_nobody_leads() {
    let mut world = settled(5, 3);
    let leader = world.leader().expect("it is settled");
    let other = if leader == id(2) { id(3) } else { id(2) };
    let at = Some(other);
    act(&mut world, Command::Load(Some(Load { at, ..LOAD })));
    run(&mut world, 1_000);
    let told: Vec<_> = lab::told(&mut world);
    assert!(told.len() > 20);
    let refuses = |(node, answer): &(NodeId, ClientAnswer)| {
        *node == other && matches!(answer, ClientAnswer::NotLeader { .. })
    };
    assert!(told.iter().all(refuses), "a follower refuses");
    act(&mut world, Command::Crash(other));
    run(&mut world, 1_000);
    assert_eq!(asked(&mut world), [], "who is down is asked for nothing");

    let mut world = lab(4, 1);
    for node in 1..=4 {
        act(&mut world, isolate(id(node), 4));
    }
    act(
        &mut world,
        Command::Partition((1..=4).map(|node| vec![id(node)]).collect()),
    );
    act(&mut world, Command::Crash(id(4)));
    act(&mut world, Command::Load(Some(LOAD)));
    run(&mut world, 4_000);
    let asked_for: std::collections::BTreeSet<_> =
        asked(&mut world).iter().map(|command| about(command).0).collect();
    assert_eq!(asked_for, [1, 2, 3].map(id).into());
}

/// It goes on from a save as if there had been none, on either host; and a draw of theirs moves no other.
#[test]
fn they_go_on_from_a_save() {
    let mut world = settled(3, 5);
    act(&mut world, Command::Load(Some(LOAD)));
    run(&mut world, 700);
    let mut twin = loaded(&mut world);
    assert_eq!(twin.settings().load, Some(LOAD));
    for world in [&mut world, &mut twin] {
        world.drain_records();
        run(world, 3_000);
    }
    assert_eq!(world.trace_hash(), twin.trace_hash());
    assert_eq!(asked(&mut world), asked(&mut twin));
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    let mut world = settled(3, 1);
    let bad = [
        Load {
            per_second: 0,
            ..LOAD
        },
        Load {
            per_second: 10_001,
            ..LOAD
        },
        Load { keys: 0, ..LOAD },
        Load { keys: 1_001, ..LOAD },
        Load { skew: 101, ..LOAD },
        Load { reads: 101, ..LOAD },
        Load {
            at: Some(id(4)),
            ..LOAD
        },
    ];
    for load in bad {
        assert!(world.command(Command::Load(Some(load))).is_err(), "{load:?}");
    }
    assert_eq!(world.settings().load, None);
}

/// A state machine of which nobody has said what its commands are.
#[derive(Default)]
struct Mute(KeyValue);

impl StateMachine for Mute {
    fn apply(&mut self, command: &[u8]) -> bytes::Bytes {
        self.0.apply(command)
    }

    fn query(&self, query: &[u8]) -> bytes::Bytes {
        self.0.query(query)
    }

    fn snapshot(&self) -> Option<raft_play::machine::MachineSnapshot> {
        self.0.snapshot()
    }

    fn restore(&mut self, reader: &mut dyn std::io::Read) -> Result<(), raft_play::machine::RestoreError> {
        self.0.restore(reader)
    }

    fn perform_snapshot(&mut self, index: raft_play::types::LogIndex) -> raft_play::machine::SnapshotTask {
        self.0.perform_snapshot(index)
    }
}

impl Exhibit for Mute {
    fn describe(command: &[u8]) -> String {
        KeyValue::describe(command)
    }

    fn contents(&self) -> Vec<(String, String)> {
        self.0.contents()
    }
}

#[test]
fn a_machine_that_offers_nothing_says_so() {
    let mut world: World<Mute> = World::new(WorldOptions {
        nodes: 3,
        seed: 1,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    })
    .expect("three nodes");
    let refused = world.command(Command::Load(Some(LOAD)));
    assert!(matches!(refused, Err(CommandError::Setting(_))), "{refused:?}");
}
