//! Files that follow the nodes' disks, and what may happen to them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use raft_play::machine::KeyValue;
use raft_play::playground::{Command, HostKind, Settings, World, WorldOptions};
use raft_play::types::NodeId;

type Lab = World<KeyValue>;

fn in_folder(folder: &Path) -> Lab {
    let options = WorldOptions {
        nodes: 3,
        seed: 9,
        settings: Settings::default(),
        host: HostKind::Threads,
        data_dir: Some(folder.to_owned()),
    };
    let mut world: Lab = World::new(options).unwrap();
    run_for(&mut world, 2_000);
    world
}

fn run_for(world: &mut Lab, millis: u64) {
    world.run_until(world.now().after(Duration::from_millis(millis)));
}

fn propose(world: &mut Lab) {
    let command = "x=1".to_owned();
    world.command(Command::Propose { to: None, command }).unwrap();
    run_for(world, 1_000);
}

/// The world goes on, and says once for each node that its files do not.
fn assert_goes_on_with_one_complaint_a_node(world: &mut Lab) {
    let mut complaints = Vec::new();
    for _ in 0..3 {
        propose(world);
        world.sync_mirrors();
        complaints.extend(world.drain_complaints());
    }
    for node in [1, 2, 3].map(NodeId::new) {
        world.command(Command::CutPower(node)).unwrap();
        world.command(Command::Restart(node)).unwrap();
    }
    run_for(world, 2_000);
    propose(world);
    complaints.extend(world.drain_complaints());
    assert_eq!(complaints.len(), 3, "{complaints:?}");
    assert_eq!(world.violations(), []);
}

#[test]
fn a_folder_that_vanishes_is_complained_of_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = in_folder(folder.path());
    world.sync_mirrors();
    assert_eq!(world.drain_complaints(), [""; 0]);
    for node in ["S1", "S2", "S3"] {
        fs::remove_dir_all(folder.path().join(node)).unwrap();
    }
    assert_goes_on_with_one_complaint_a_node(&mut world);
}

#[test]
fn a_file_that_becomes_a_folder_is_complained_of_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = in_folder(folder.path());
    world.sync_mirrors();
    for node in ["S1", "S2", "S3"] {
        let file = folder.path().join(node).join("wal-0000000001.log");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
    }
    assert_goes_on_with_one_complaint_a_node(&mut world);
}
