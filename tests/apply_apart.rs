//! Servers whose state machine works on a thread of its own: nothing but its own answers waits for it.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, unbounded};
use raft_play::consensus::{Compaction, ReadWay, RoleName};
use raft_play::machine::{KeyValue, MachineSnapshot, RestoreError, SnapshotTask, StateMachine};
use raft_play::node::Applying;
use raft_play::server::{AskError, Cluster, LocalNetwork, Mailbox, Server};
use raft_play::types::{Address, LogIndex, NodeId};

/// A key-value store that stops at the command `wait` until its gate lets it go on, and takes its time for others.
struct Slow {
    store: KeyValue,
    gate: Receiver<()>,
    takes: Duration,
    restored: Arc<AtomicUsize>,
}

/// Where gates are opened, by whoever waits at one first, and how many machines took over a snapshot.
struct Gate {
    open: Sender<()>,
    opened: Receiver<()>,
    restored: Arc<AtomicUsize>,
}

impl Gate {
    fn new() -> Self {
        let (open, opened) = unbounded();
        Self {
            open,
            opened,
            restored: Arc::default(),
        }
    }

    fn machine(&self, takes: Duration) -> Slow {
        Slow {
            store: KeyValue::default(),
            gate: self.opened.clone(),
            takes,
            restored: Arc::clone(&self.restored),
        }
    }
}

impl StateMachine for Slow {
    fn apply(&mut self, command: &[u8]) -> Bytes {
        match command {
            // Longer than the test takes: one that fails must not wait for ever.
            b"wait" => drop(self.gate.recv_timeout(Duration::from_secs(30))),
            b"panic" => panic!("the test wants it so"),
            _ if self.takes.is_zero() => {}
            _ => std::thread::sleep(self.takes),
        }
        self.store.apply(command)
    }

    fn query(&self, query: &[u8]) -> Bytes {
        self.store.query(query)
    }

    fn snapshot(&self) -> Option<MachineSnapshot> {
        self.store.snapshot()
    }

    fn restore(&mut self, reader: &mut dyn Read) -> Result<(), RestoreError> {
        self.restored.fetch_add(1, Ordering::Relaxed);
        self.store.restore(reader)
    }

    fn perform_snapshot(&mut self, index: LogIndex) -> SnapshotTask {
        self.store.perform_snapshot(index)
    }
}

/// Servers that apply apart, and a way to cut one off and to link it again.
struct Linked {
    cluster: Cluster,
    network: LocalNetwork,
    mailboxes: BTreeMap<NodeId, (Address, Mailbox)>,
}

impl Linked {
    fn new(servers: u64, compaction: Compaction, machine: impl Fn() -> Slow) -> Self {
        let network = LocalNetwork::new();
        let mut mailboxes = BTreeMap::new();
        let cluster = Cluster::start(servers, |mut options| {
            options.applying = Applying::Apart;
            options.limits.compaction = compaction;
            let address = options.address.clone();
            Server::start_in_memory(&options, machine(), |mailbox| {
                network.connect(address.clone(), mailbox.clone());
                mailboxes.insert(options.id, (address, mailbox));
                network.clone()
            })
        });
        Self {
            cluster: cluster.unwrap(),
            network,
            mailboxes,
        }
    }

    fn cut_off(&self, server: &Server) {
        self.network.disconnect(&self.mailboxes[&server.id()].0);
    }

    fn link(&self, server: &Server) {
        let (address, mailbox) = self.mailboxes[&server.id()].clone();
        self.network.connect(address, mailbox);
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_server_commits_and_answers_while_its_machine_is_at_work() {
    let gate = Gate::new();
    let linked = Linked::new(3, Compaction::default(), || gate.machine(Duration::ZERO));
    let leader = linked.cluster.wait_for_leader();
    let held_up = leader.propose_command("wait");
    let behind: Vec<_> = (0..10)
        .map(|number| leader.propose_command(format!("x={number}")))
        .collect();
    let status = || leader.status().unwrap();
    // Longer than an election takes: were heartbeats held up, another would lead by then.
    std::thread::sleep(Duration::from_millis(2_500));
    wait_until("all is committed", || status().commit == status().last);
    let read = leader.read("x");
    assert_eq!((status().role, status().open), (RoleName::Leader, 12));
    assert!(status().applied < status().commit);
    (0..3).for_each(|_| gate.open.send(()).unwrap());
    assert!(held_up.wait().is_ok());
    for ticket in behind {
        assert_eq!(&ticket.wait().unwrap().answer[..], b"ok");
    }
    assert_eq!(&read.wait().unwrap().answer[..], b"9");
    assert_eq!(status().applied, status().commit);
    assert_eq!(status().open, 0);
}

#[test]
fn reads_see_what_was_acknowledged_and_a_snapshot_finds_a_machine_that_is_away() {
    let gate = Gate::new();
    let compaction = Compaction::of(Some(40), None, 0);
    let linked = Linked::new(3, compaction, || gate.machine(Duration::from_micros(300)));
    let leader = linked.cluster.wait_for_leader();
    let late = linked
        .cluster
        .servers()
        .iter()
        .find(|server| server.id() != leader.id())
        .unwrap();
    for round in 0..3 {
        // The late one has still to apply much of this when it is cut off, and a snapshot comes then.
        let burst = |from: u64, to: u64| {
            (from..to)
                .map(|number| leader.propose_command(format!("append x{number} {round}")))
                .collect::<Vec<_>>()
        };
        let mut tickets = burst(0, 200);
        linked.cut_off(late);
        tickets.extend(burst(200, 400));
        for ticket in tickets {
            ticket.wait().unwrap();
        }
        linked.link(late);
        for way in [ReadWay::Log, ReadWay::Index] {
            let read = leader.read_by(way, "x399").wait().unwrap();
            assert_eq!(read.answer.len(), round + 1, "{way:?}");
        }
        wait_until("the late one has it all", || {
            late.status().unwrap().applied == leader.status().unwrap().applied
        });
        assert_eq!(late.read("x399").wait().unwrap().answer.len(), round + 1);
    }
    assert!(gate.restored.load(Ordering::Relaxed) > 0, "no snapshot went over");
}

#[test]
fn a_machine_that_panics_takes_its_server_with_it_and_who_waits_is_told() {
    let gate = Gate::new();
    let linked = Linked::new(1, Compaction::default(), || gate.machine(Duration::ZERO));
    let leader = linked.cluster.wait_for_leader();
    leader.propose_command("x=1").wait().unwrap();
    let told = leader.propose_command("panic").wait();
    assert!(matches!(told, Err(AskError::Stopped)), "{told:?}");
    assert!(leader.status().is_err());
}
