//! A cluster that was saved and loaded goes on exactly as the one that never was.

use proptest::prelude::*;
use raft_play::consensus::Switch;
use raft_play::machine::KeyValue;
use raft_play::playground::{
    Command, DiskSettings, HostKind, LinkSettings, Load, MessageId, Record, Settings, Span, World,
    WorldOptions,
};
use raft_play::save::{self, Save};
use raft_play::types::NodeId;

/// What a run consists of: steps of the world and acts of a person, in order.
#[derive(Clone, Debug)]
enum Move {
    Steps(u16),
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

#[derive(Clone, Debug)]
struct Run {
    nodes: u64,
    seed: u64,
    settings: Settings,
    before: Vec<Move>,
    after: Vec<Move>,
}

fn node(nodes: u64) -> impl Strategy<Value = NodeId> {
    (1..=nodes).prop_map(NodeId::new)
}

fn link_settings() -> impl Strategy<Value = LinkSettings> {
    (
        1_000..30_000_u64,
        0..60_000_u64,
        0..200_000_u32,
        0..200_000_u32,
        0..300_000_u32,
    )
        .prop_map(
            |(min, jitter, loss_ppm, duplication_ppm, reordering_ppm)| LinkSettings {
                latency: Span::try_from((min, min + jitter)).expect("shorter than an hour"),
                loss_ppm,
                duplication_ppm,
                reordering_ppm,
                ..LinkSettings::default()
            },
        )
}

fn disk_settings() -> impl Strategy<Value = DiskSettings> {
    (0..20_000_u64, 0..200_000_u64).prop_map(|(min, jitter)| DiskSettings {
        latency: Span::try_from((min, min + jitter)).expect("shorter than an hour"),
    })
}

fn switch() -> impl Strategy<Value = Switch> {
    prop::sample::select(vec![Switch::Off, Switch::On])
}

fn act(nodes: u64) -> impl Strategy<Value = Command> {
    let pair = (1..=nodes, 1..nodes).prop_map(|(from, to)| {
        let to = if to >= from { to + 1 } else { to };
        (NodeId::new(from), NodeId::new(to))
    });
    let groups = prop::collection::vec(prop::collection::vec(1..=nodes, 0..4), 0..3).prop_map(|groups| {
        let mut seen = std::collections::BTreeSet::new();
        let fresh = |group: Vec<u64>| {
            let kept: Vec<u64> = group.into_iter().collect();
            kept
        };
        let groups = groups.into_iter().map(fresh).map(|group| {
            let kept = group.into_iter().filter(|id| seen.insert(*id));
            kept.map(NodeId::new).collect()
        });
        Command::Partition(groups.collect())
    });
    prop_oneof![
        8 => (prop::option::of(node(nodes)), "[a-c]=[0-9]|set d \\PC{0,5}")
            .prop_map(|(to, command)| Command::Propose { to, command }),
        2 => node(nodes).prop_map(Command::Crash),
        3 => node(nodes).prop_map(Command::CutPower),
        6 => node(nodes).prop_map(Command::Restart),
        3 => node(nodes).prop_map(Command::Freeze),
        4 => node(nodes).prop_map(Command::Thaw),
        2 => node(nodes).prop_map(Command::FireTimer),
        1 => Just(Command::TieTimers(Vec::new())),
        1 => Just(Command::SpreadTimers),
        1 => groups,
        2 => Just(Command::Heal),
        2 => pair.prop_map(|(from, to)| Command::CutOneWay { from, to }),
        1 => (prop::option::of(node(nodes)), link_settings())
            .prop_map(|(from, settings)| Command::Link { from, to: None, settings }),
        1 => (prop::option::of(node(nodes)), disk_settings())
            .prop_map(|(node, settings)| Command::Disk { node, settings }),
        1 => (1..4_u32).prop_map(|entries| Command::Batch { entries }),
        3 => node(nodes).prop_map(Command::Transfer),
        2 => node(nodes).prop_map(Command::JoinVia),
        4 => switch().prop_map(Command::Gossip),
        3 => node(nodes).prop_map(Command::Readdress),
        3 => (node(nodes), node(nodes)).prop_map(|(at, of)| Command::LoseRoute { at, of }),
        4 => node(nodes).prop_map(Command::Snapshot),
        3 => (prop::option::of(1..5_u64), 0..3_u64)
            .prop_map(|(entries, keep)| Command::Compact { entries, bytes: None, keep }),
        1 => (1..40_u64).prop_map(|bytes| Command::Chunk { bytes }),
        2 => switch().prop_map(Command::PreVote),
        2 => switch().prop_map(Command::CheckQuorum),
        3 => prop::option::of((1..100_u32, 1..4_u32, 0..=100_u32, prop::option::of(node(nodes))))
            .prop_map(|load| Command::Load(load.map(|(per_second, keys, skew, at)| Load {
                per_second,
                keys,
                skew,
                at,
                ..Load::default()
            }))),
    ]
}

fn moves(nodes: u64, most: usize) -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        2 => (1..40_u16).prop_map(Move::Steps),
        2 => Just(Move::Steps(1)),
        3 => act(nodes).prop_map(Move::Act),
        1 => (prop::sample::select(HANDS), any::<u8>()).prop_map(|(verb, which)| Move::Hand(verb, which)),
    ];
    prop::collection::vec(one, 0..most)
}

fn run() -> impl Strategy<Value = Run> {
    (2..=6_u64).prop_flat_map(|nodes| {
        let settings = (link_settings(), disk_settings(), any::<bool>());
        (any::<u64>(), settings, moves(nodes, 60), moves(nodes, 40)).prop_map(
            move |(seed, (link, disk, is_usual), before, after)| Run {
                nodes,
                seed,
                settings: if is_usual {
                    Settings::default()
                } else {
                    Settings {
                        link,
                        disk,
                        ..Settings::default()
                    }
                },
                before,
                after,
            },
        )
    })
}

fn fresh(run: &Run, host: HostKind) -> World<KeyValue> {
    let options = WorldOptions {
        nodes: run.nodes,
        seed: run.seed,
        settings: run.settings.clone(),
        host,
        data_dir: None,
    };
    World::new(options).expect("a cluster of a few nodes")
}

fn play(world: &mut World<KeyValue>, moves: &[Move]) {
    for one in moves {
        match one {
            Move::Steps(steps) => {
                for _ in 0..*steps {
                    world.step();
                }
            }
            // What can't be done now is left out, in either world.
            Move::Act(command) => drop(world.command(command.clone())),
            Move::Hand(verb, which) => {
                let messages = world.snapshot().messages;
                if let Some(message) = messages.get(usize::from(*which) % messages.len().max(1)) {
                    drop(world.command(verb(message.id)));
                }
            }
        }
    }
}

fn saved(world: &mut World<KeyValue>) -> Save {
    Save {
        title: Some("A moment".to_owned()),
        notes: vec!["Predict: \"who\" wins?".into()],
        image: world.image().expect("no disk has failed"),
        then: Vec::new(),
    }
}

fn check(run: &Run, host: HostKind) -> Result<(), TestCaseError> {
    let mut never_saved = fresh(run, HostKind::Inline);
    play(&mut never_saved, &run.before);
    let mut loaded_from = fresh(run, host);
    play(&mut loaded_from, &run.before);
    prop_assert_eq!(loaded_from.trace_hash(), never_saved.trace_hash());
    let save = saved(&mut loaded_from);
    prop_assert_eq!(
        loaded_from.trace_hash(),
        never_saved.trace_hash(),
        "saving leaves no trace"
    );
    let text = save::render(&save);
    let read =
        save::parse(&text, "the save").map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    prop_assert_eq!(&read, &save);
    prop_assert_eq!(save::render(&read), text);
    let mut loaded: World<KeyValue> = World::restore(read.image, host, None).expect("parsing has tried it");
    prop_assert_eq!(
        saved(&mut loaded),
        save,
        "loading and saving again changes nothing"
    );
    never_saved.drain_records();
    loaded.drain_records();
    play(&mut never_saved, &run.after);
    play(&mut loaded, &run.after);
    let (expected, found) = (never_saved.drain_records(), loaded.drain_records());
    prop_assert_eq!(difference(&expected, &found), None);
    prop_assert_eq!(loaded.trace_hash(), never_saved.trace_hash());
    prop_assert_eq!(loaded.now(), never_saved.now());
    prop_assert_eq!(saved(&mut loaded), saved(&mut never_saved));
    Ok(())
}

/// The first record in which two traces differ.
fn difference(expected: &[Record], found: &[Record]) -> Option<(usize, Option<Record>, Option<Record>)> {
    let length = expected.len().max(found.len());
    let place = (0..length).find(|&place| expected.get(place) != found.get(place))?;
    Some((place, expected.get(place).cloned(), found.get(place).cloned()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 3000, ..ProptestConfig::default() })]

    #[test]
    fn a_loaded_cluster_goes_on_as_if_it_had_never_been_saved(run in run()) {
        check(&run, HostKind::Inline)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn and_so_does_one_on_threads(run in run()) {
        check(&run, HostKind::Threads)?;
    }
}

/// What was written and not synced is gone after a power cut, and nobody may take that for a broken promise: neither
/// where the cluster was saved in between, nor where not.
#[test]
fn a_node_that_was_saved_while_down_may_lose_what_was_not_synced() {
    let run = Run {
        nodes: 3,
        seed: 1,
        settings: Settings::default(),
        before: Vec::new(),
        after: Vec::new(),
    };
    let mut world = fresh(&run, HostKind::Inline);
    while world.leader().is_none() {
        assert!(world.step());
    }
    let leader = world.leader().expect("it was just there");
    let command = "x=1".to_owned();
    world
        .command(Command::Propose { to: None, command })
        .expect("somebody leads");
    world.command(Command::Crash(leader)).expect("it is up");
    let read = save::parse(&save::render(&saved(&mut world)), "the save").expect("it was just written");
    let mut loaded: World<KeyValue> = World::restore(read.image, HostKind::Inline, None).expect("parsed");
    for command in [Command::CutPower(leader), Command::Restart(leader)] {
        loaded.command(command).expect("it is down");
    }
    assert_eq!(loaded.violations(), []);
    let node = loaded.snapshot().node(leader).expect("it exists").clone();
    assert!(
        node.log.is_empty(),
        "the no-op and the value were on their way to the disk"
    );
}
