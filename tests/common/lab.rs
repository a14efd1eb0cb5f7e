//! A small cluster in a world of its own, for tests of the whole: how it begins, and what one does with it.

use std::time::Duration;

use raft_play::consensus::ReadWay;
use raft_play::machine::KeyValue;
use raft_play::playground::{
    ClientAnswer, Command, Happening, HostKind, LinkSettings, Settings, Span, World, WorldOptions,
};
use raft_play::save::{self, Save};
use raft_play::types::NodeId;

pub type Lab = World<KeyValue>;

/// A world of the defaults, on one thread and without files.
pub fn lab(nodes: u64, seed: u64) -> Lab {
    lab_with(nodes, seed, Settings::default())
}

pub fn lab_with(nodes: u64, seed: u64, settings: Settings) -> Lab {
    lab_on(HostKind::Inline, nodes, seed, settings)
}

pub fn lab_on(host: HostKind, nodes: u64, seed: u64, settings: Settings) -> Lab {
    let options = WorldOptions {
        nodes,
        seed,
        settings,
        host,
        data_dir: None,
    };
    World::new(options).expect("a world of a few nodes begins")
}

/// Settings that differ from the defaults by how links carry messages.
pub fn linked(link: LinkSettings) -> Settings {
    Settings {
        link,
        ..Settings::default()
    }
}

/// Links that take a millisecond up to this many, and lose so many of a million messages.
pub fn lossy(most_millis: u64, loss_ppm: u32) -> LinkSettings {
    LinkSettings {
        latency: Span::of_millis(1, most_millis),
        loss_ppm,
        ..LinkSettings::default()
    }
}

pub fn id(number: u64) -> NodeId {
    NodeId::new(number)
}

pub fn ids(numbers: &[u64]) -> Vec<NodeId> {
    numbers.iter().copied().map(NodeId::new).collect()
}

/// Lets time pass.
pub fn run(world: &mut Lab, millis: u64) {
    world.run_until(world.now().after(Duration::from_millis(millis)));
}

/// Does what can be done.
#[track_caller]
pub fn act(world: &mut Lab, command: Command) {
    world.command(command).expect("it can be done");
}

/// A cluster that has had a second to elect a leader.
pub fn settled(nodes: u64, seed: u64) -> Lab {
    settled_with(nodes, seed, Settings::default())
}

pub fn settled_with(nodes: u64, seed: u64, settings: Settings) -> Lab {
    let mut world = lab_with(nodes, seed, settings);
    run(&mut world, 1_000);
    assert!(
        world.leader().is_some(),
        "seed {seed}: nobody leads after a second"
    );
    world
}

/// The leader, and the others of so many nodes.
pub fn cast(world: &Lab, nodes: u64) -> (NodeId, Vec<NodeId>) {
    let leader = world.leader().expect("somebody leads");
    let others = (1..=nodes).map(NodeId::new).filter(|id| *id != leader);
    (leader, others.collect())
}

/// Without an address, to the leader.
pub fn propose(to: impl Into<Option<NodeId>>, command: impl Into<String>) -> Command {
    Command::Propose {
        to: to.into(),
        command: command.into(),
    }
}

/// A read of `x`; without an address, at the leader.
pub fn read(at: impl Into<Option<NodeId>>, way: ReadWay) -> Command {
    Command::Read {
        at: at.into(),
        query: "x".to_owned(),
        way,
    }
}

/// Cuts one off from the others.
pub fn isolate(alone: NodeId, nodes: u64) -> Command {
    let others = (1..=nodes).map(NodeId::new).filter(|id| *id != alone);
    Command::Partition(vec![vec![alone], others.collect()])
}

/// Snapshots each so many entries, with so many kept behind.
pub fn compact(entries: impl Into<Option<u64>>, keep: u64) -> Command {
    Command::Compact {
        entries: entries.into(),
        bytes: None,
        keep,
    }
}

/// What clients were told since the records were last taken, and by whom.
pub fn told(world: &mut Lab) -> Vec<(NodeId, ClientAnswer)> {
    let records = world.drain_records().into_iter();
    let answers = records.filter_map(|record| match record.what {
        Happening::Answered { node, answer, .. } => Some((node, answer)),
        _ => None,
    });
    answers.collect()
}

/// The same world from a save of it, with each of its nodes on a thread.
#[track_caller]
pub fn loaded(world: &mut Lab) -> Lab {
    let save = Save {
        title: None,
        notes: Vec::new(),
        image: world.image().expect("every disk works"),
        then: Vec::new(),
    };
    let read = save::parse(&save::render(&save), "the save").expect("what was written can be read");
    assert!(read == save, "what was read is not what was written");
    Lab::restore(read.image, HostKind::Threads, None).expect("a save goes on")
}
