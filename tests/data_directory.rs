//! `--data-dir`: what nodes had on disk is written through to files, and they start from those again.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use std::path::Path;

use lab::{Lab, act, id, run};
use raft_play::playground::{Command, HostKind, Settings, WorldError, WorldOptions};

fn propose(world: &mut Lab, command: &str) {
    act(world, lab::propose(None, command));
}

fn in_folder(folder: &Path, nodes: u64) -> Result<Lab, WorldError> {
    Lab::new(WorldOptions {
        nodes,
        seed: 9,
        settings: Settings::default(),
        host: HostKind::Threads,
        data_dir: Some(folder.to_owned()),
    })
}

#[test]
fn a_data_directory_powers_the_cluster_on_again() {
    let folder = tempfile::tempdir().unwrap();
    let (term, log) = {
        let mut world = in_folder(folder.path(), 3).unwrap();
        run(&mut world, 2_000);
        propose(&mut world, "x=1");
        run(&mut world, 1_000);
        world.sync_mirrors();
        assert!(world.drain_complaints().is_empty());
        let error = in_folder(folder.path(), 3)
            .err()
            .expect("it is in use")
            .to_string();
        assert!(error.contains("in use"), "{error}");
        let snapshot = world.snapshot();
        (snapshot.nodes[0].term, snapshot.nodes[0].log.clone())
    };
    let mut world = in_folder(folder.path(), 3).unwrap();
    let snapshot = world.snapshot();
    for node in &snapshot.nodes {
        assert_eq!((node.term, &node.log), (term, &log));
        assert_eq!(node.commit.number(), 0, "the commit index is not on the disk");
    }
    run(&mut world, 2_000);
    for node in &world.snapshot().nodes {
        assert_eq!(node.commit, node.log.last_index(), "{}", node.id);
        assert_eq!(node.contents, [("x".to_owned(), "1".to_owned())]);
    }
    assert_eq!(world.violations(), []);
    drop(world);
    assert!(in_folder(folder.path(), 5).is_err(), "another number of nodes");
}

#[test]
fn a_loaded_world_takes_over_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = in_folder(folder.path(), 3).unwrap();
    run(&mut first, 2_000);
    propose(&mut first, "x=1");
    let image = first.image().unwrap();
    run(&mut first, 1_000);
    propose(&mut first, "x=2");
    run(&mut first, 1_000);
    let mut second = Lab::restore(image, HostKind::Threads, None).unwrap();
    act(&mut second, Command::CutPower(id(3)));
    second.take_files_from(first);
    run(&mut second, 1_000);
    act(&mut second, Command::Restart(id(3)));
    run(&mut second, 1_000);
    second.sync_mirrors();
    assert!(second.drain_complaints().is_empty());
    let logs = |world: &mut Lab| {
        world
            .snapshot()
            .nodes
            .iter()
            .map(|node| node.log.clone())
            .collect::<Vec<_>>()
    };
    let expected = logs(&mut second);
    drop(second);
    assert_eq!(logs(&mut in_folder(folder.path(), 3).unwrap()), expected);
}

#[test]
fn a_damaged_data_directory_is_refused_with_file_and_offset() {
    let folder = tempfile::tempdir().unwrap();
    {
        let mut world = in_folder(folder.path(), 3).unwrap();
        for value in 0..6 {
            run(&mut world, 1_000);
            propose(&mut world, &format!("x={value}"));
        }
        run(&mut world, 1_000);
        world.sync_mirrors();
    }
    let file = folder.path().join("S2").join("wal-0000000001.log");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&file, &bytes).unwrap();
    let error = in_folder(folder.path(), 3)
        .err()
        .expect("damage in the middle")
        .to_string();
    assert!(
        error.contains("S2") && error.contains("wal-0000000001.log") && error.contains("byte"),
        "{error}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "nothing is changed");
}
