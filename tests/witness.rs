//! The witness of what clients are told: silent about a machine that is one, and loud about one whose answers hang on where it runs.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use raft_play::check::Property;
use raft_play::consensus::ReadWay;
use raft_play::machine::{
    Exhibit, MachineSnapshot, RestoreError, SnapshotTask, Snapshots, StateMachine, read_all,
};
use raft_play::playground::{Command, HostKind, Settings, World, WorldOptions};
use raft_play::types::{LogIndex, NodeId, VirtualTime};

/// What makes a machine's answers differ from those of others.
trait Fault: Default + Send + 'static {
    fn of_an_answer(&self) -> u64;
    fn of_a_question(&self) -> u64;
}

/// None.
#[derive(Default)]
struct Sound;

impl Fault for Sound {
    fn of_an_answer(&self) -> u64 {
        0
    }

    fn of_a_question(&self) -> u64 {
        0
    }
}

/// How many machines there were before.
static MACHINES: AtomicU64 = AtomicU64::new(0);

/// Answers to commands hang on which machine it is.
struct Answers(u64);

impl Default for Answers {
    fn default() -> Self {
        Self(MACHINES.fetch_add(1, Ordering::Relaxed))
    }
}

impl Fault for Answers {
    fn of_an_answer(&self) -> u64 {
        self.0
    }

    fn of_a_question(&self) -> u64 {
        0
    }
}

/// Answers to questions do.
#[derive(Default)]
struct Questions(Answers);

impl Fault for Questions {
    fn of_an_answer(&self) -> u64 {
        0
    }

    fn of_a_question(&self) -> u64 {
        self.0.0
    }
}

/// Counts the bytes of its commands.
#[derive(Default)]
struct Counter<F> {
    count: u64,
    snapshots: Snapshots,
    fault: F,
}

impl<F: Fault> StateMachine for Counter<F> {
    fn apply(&mut self, command: &[u8]) -> Bytes {
        self.count += command.len() as u64;
        Bytes::from(format!("{} {}", self.count, self.fault.of_an_answer()))
    }

    fn query(&self, _: &[u8]) -> Bytes {
        Bytes::from(format!("{} {}", self.count, self.fault.of_a_question()))
    }

    fn snapshot(&self) -> Option<MachineSnapshot> {
        self.snapshots.latest()
    }

    fn perform_snapshot(&mut self, index: LogIndex) -> SnapshotTask {
        self.snapshots.keep(index, self.count.to_string())
    }

    fn restore(&mut self, reader: &mut dyn Read) -> Result<(), RestoreError> {
        let text = String::from_utf8_lossy(&read_all(reader)?).into_owned();
        self.count = text.parse().map_err(|_| RestoreError::Malformed("no count"))?;
        Ok(())
    }
}

impl<F: Fault> Exhibit for Counter<F> {
    fn describe(command: &[u8]) -> String {
        format!("+{}", command.len())
    }

    fn contents(&self) -> Vec<(String, String)> {
        vec![("count".to_owned(), self.count.to_string())]
    }
}

/// Commands, reads at all nodes, snapshots and a restart, up to the first property found broken.
fn first_broken<F: Fault>() -> Option<Property> {
    let mut world = World::<Counter<F>>::new(WorldOptions {
        nodes: 3,
        seed: 42,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    })
    .expect("three nodes begin");
    let mut millis = 1_000;
    let mut act = |world: &mut World<Counter<F>>, command| {
        millis += 37;
        world.run_until(VirtualTime::from_nanos(millis * 1_000_000));
        // Who is down is not asked.
        let _ = world.command(command);
    };
    act(&mut world, Command::Reroute(raft_play::consensus::Switch::On));
    for round in 0..12 {
        let command = "x".repeat(round + 1);
        act(&mut world, Command::Propose { to: None, command });
        for node in (1..=3).map(NodeId::new) {
            let (at, query) = (Some(node), String::new());
            let way = [ReadWay::Index, ReadWay::Log, ReadWay::Lease][round % 3];
            act(&mut world, Command::Read { at, query, way });
        }
        match round {
            3 => act(&mut world, Command::Snapshot(NodeId::new(1))),
            5 => act(&mut world, Command::Crash(NodeId::new(1))),
            7 => act(&mut world, Command::Restart(NodeId::new(1))),
            _ => {}
        }
    }
    world.violations().first().map(|violation| violation.property)
}

#[test]
fn a_machine_that_is_one_is_believed() {
    assert_eq!(first_broken::<Sound>(), None);
}

#[test]
fn answers_that_hang_on_the_machine_are_found() {
    assert_eq!(first_broken::<Answers>(), Some(Property::ClientsSeeOneLog));
}

#[test]
fn reads_that_hang_on_the_machine_are_found() {
    assert_eq!(first_broken::<Questions>(), Some(Property::ClientsSeeOneLog));
}
