//! What waits for a frozen node, and what becomes of it.

use std::time::Duration;

use raft_play::machine::KeyValue;
use raft_play::playground::{
    ClientAnswer, Command, Condition, DiskSettings, Happening, HostKind, Settings, Span, World, WorldOptions,
};
use raft_play::types::NodeId;

type Lab = World<KeyValue>;

fn lone_leader() -> Lab {
    let options = WorldOptions {
        nodes: 1,
        seed: 1,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    };
    let mut world: Lab = World::new(options).unwrap();
    world.run_until(world.now().after(Duration::from_secs(1)));
    assert!(world.leader().is_some());
    world
}

fn propose(world: &mut Lab) {
    world
        .command(Command::Propose {
            to: None,
            command: "x=1".into(),
        })
        .unwrap();
}

const S1: NodeId = NodeId::new(1);

/// The first proposal finds the disk full, and the node fails. What waited behind it waits for nobody any more.
#[test]
fn a_node_whose_disk_fails_when_it_thaws_is_down_and_its_clients_know() {
    let mut world = lone_leader();
    world.command(Command::Freeze(S1)).unwrap();
    propose(&mut world);
    world.run_until(world.now().after(Duration::from_secs(1)));
    propose(&mut world);
    let mut image = world.image().unwrap();
    image.nodes[0].disk.capacity = Some(0);
    let mut world = Lab::restore(image, HostKind::Inline, None).unwrap();
    world.command(Command::Thaw(S1)).unwrap();
    world.run_until(world.now().after(Duration::from_secs(1)));
    let snapshot = world.snapshot();
    let node = snapshot.node(S1).unwrap();
    assert_eq!(node.condition, Condition::Down);
    let failure = node.failure.as_deref().unwrap();
    assert!(failure.contains("disk failed"), "{failure}");
    let answers = world.drain_records().into_iter().filter(|record| {
        matches!(
            record.what,
            Happening::Answered {
                answer: ClientAnswer::Unknown,
                ..
            }
        )
    });
    assert_eq!(
        answers.count(),
        2,
        "one was lost with the node, one waited behind it"
    );
}

/// One device does one thing after the other, also where what it did waits to be heard of.
#[test]
fn writes_end_in_their_order_when_a_node_thaws() {
    let mut world = lone_leader();
    propose(&mut world);
    world.command(Command::Freeze(S1)).unwrap();
    propose(&mut world);
    world.run_until(world.now().after(Duration::from_secs(1)));
    world
        .command(Command::Disk {
            node: None,
            settings: DiskSettings {
                latency: Span::of_millis(0, 0),
            },
        })
        .unwrap();
    world.command(Command::Thaw(S1)).unwrap();
    for _ in 0..4 {
        let image = world.image().unwrap();
        if let Err(error) = Lab::restore(image, HostKind::Inline, None) {
            panic!("{error}");
        }
        world.step();
    }
}
