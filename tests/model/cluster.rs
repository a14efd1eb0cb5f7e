//! What may happen, within bounds.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use raft_play::consensus::durable::Metadata;
use raft_play::consensus::{
    Input, Limits, Log, Output, Protections, Raft, Rule, RuleSet, Settings, State, Switch,
};
use raft_play::types::{
    Configuration, Entries, Entry, Guarded, Incarnation, LocalTime, LogIndex, MembershipChange, NodeId,
    ProposalId, Term,
};
use stateright::{Model, Property};

use crate::machine::{self, Sessions};
use crate::servers::{Disk, Server, id};
use crate::world::{History, World};

/// How far the model goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// No election timer runs out in this term.
    pub last_term: u64,
    pub timeouts: u8,
    pub heartbeats: u8,
    pub proposals: u8,
    pub crashes: u8,
    pub duplicates: u8,
    pub changes: u8,
    pub snapshots: u8,
}

/// A server at the beginning.
#[derive(Clone, Debug)]
pub struct Start {
    pub term: u64,
    pub vote: Option<u64>,
    pub log: Vec<Entry>,
}

/// A server that begins in this term, having voted for this one, with a log of entries of these terms.
pub fn start(term: u64, vote: Option<u64>, log: &[u64]) -> Start {
    let entries = log.iter().map(|term| Entry::noop(Term::new(*term)));
    let log = entries.collect();
    Start { term, vote, log }
}

#[derive(Clone, Debug)]
pub struct Cluster {
    pub genesis: Configuration,
    pub starts: Vec<Start>,
    /// How many entries of the first server's log are committed, in a term before all that come.
    pub committed: usize,
    pub bounds: Bounds,
    pub rules: RuleSet,
    /// The changes of the membership that a leader may be asked for.
    pub changes: Vec<MembershipChange>,
    /// The servers whose election timers may run out.
    pub candidates: Vec<u64>,
    /// Whether a write is durable as soon as it is begun.
    pub is_instant: bool,
    /// What clients propose in sessions, one after the other; where there is none, commands that are of no interest.
    pub asked: Vec<Guarded>,
    /// Whether what is applied is followed: only then can snapshots be taken.
    pub has_machine: bool,
    /// Whether snapshots have the sessions.
    pub sessions: Sessions,
    /// The most bytes in a piece of a snapshot.
    pub chunk_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Deliver(String),
    DeliverTwice(String),
    ElectionTimeout(usize),
    Heartbeat(usize),
    Propose(usize),
    /// One of the changes that may be asked for.
    Change(usize, usize),
    Snapshot(usize),
    Sync(usize),
    Crash {
        server: usize,
        loses_unsynced: bool,
    },
}

impl Cluster {
    /// Servers that are all voters, on slow disks.
    pub fn new(starts: impl Into<Vec<Start>>, bounds: Bounds) -> Self {
        let starts = starts.into();
        let voters = 1..=starts.len() as u64;
        Self {
            genesis: Configuration::of_voters(voters.clone().map(NodeId::new)),
            candidates: voters.collect(),
            starts,
            committed: 0,
            bounds,
            rules: RuleSet::sound(),
            changes: Vec::new(),
            is_instant: false,
            asked: Vec::new(),
            has_machine: false,
            sessions: Sessions::Kept,
            chunk_bytes: u64::MAX,
        }
    }

    pub fn with_committed(self, committed: usize) -> Self {
        Self { committed, ..self }
    }

    pub fn without(self, rule: Rule) -> Self {
        let rules = self.rules.without(rule);
        Self { rules, ..self }
    }

    fn start(&self, server: usize, incarnation: u64, disk: &Disk) -> Raft {
        let settings = Settings {
            id: id(server),
            incarnation: Incarnation::new(incarnation),
            started: LocalTime::default(),
            election_timeout: Duration::from_millis(150),
            protections: Protections::default(),
            auto_promote: Switch::Off,
            reroute: Switch::Off,
            drift_ppm: 0,
            limits: Limits {
                entries_per_request: 1,
                chunk_bytes: self.chunk_bytes,
                ..Limits::default()
            },
            rules: self.rules,
        };
        let state = State::recovered(disk.metadata, disk.log.clone(), disk.snapshot.clone());
        let mut raft = Raft::start(settings, state).expect("a state that can be");
        raft.flush(&mut Output::default());
        raft
    }
}

/// Whether a server has applied more than its snapshot stands for.
fn has_news(raft: &Raft) -> bool {
    let state = raft.state();
    let last = state
        .persistent
        .snapshot
        .as_ref()
        .map(|snapshot| snapshot.last.index);
    state.volatile.applied > last.unwrap_or_default()
}

impl Model for Cluster {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let server = |(at, Start { term, vote, log }): (usize, &Start)| {
            let disk = Disk {
                metadata: Metadata {
                    term: Term::new(*term),
                    vote: vote.map(NodeId::new),
                },
                log: Log::of(self.genesis.clone(), Entries::new(LogIndex::new(1), log.clone())),
                snapshot: None,
            };
            Server {
                raft: self.start(at, 1, &disk),
                incarnation: 1,
                disk,
                unsynced: Vec::new(),
                held: Vec::new(),
                machine: self.has_machine.then(machine::empty),
            }
        };
        let known = self.starts[0].log.iter().take(self.committed);
        let committed = known.map(|entry| (entry.clone(), entry.term));
        vec![World {
            servers: self.starts.iter().enumerate().map(server).collect(),
            network: BTreeMap::new(),
            spent: [0; 7],
            history: History {
                committed: committed.collect(),
                ..History::default()
            },
            is_instant: self.is_instant,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.history.broken.is_some() {
            return;
        }
        let [
            timeouts,
            heartbeats,
            proposals,
            crashes,
            duplicates,
            changes,
            snapshots,
        ] = world.spent;
        for key in world.network.keys() {
            actions.push(Action::Deliver(key.clone()));
            if duplicates < self.bounds.duplicates {
                actions.push(Action::DeliverTwice(key.clone()));
            }
        }
        for (at, server) in world.servers.iter().enumerate() {
            let is_leader = server.raft.is_leader();
            let term = server.raft.state().persistent.metadata.term.number();
            let may_stand = self.candidates.contains(&id(at).number()) && term < self.bounds.last_term;
            if !is_leader && timeouts < self.bounds.timeouts && may_stand {
                actions.push(Action::ElectionTimeout(at));
            }
            if is_leader && heartbeats < self.bounds.heartbeats {
                actions.push(Action::Heartbeat(at));
            }
            if is_leader && proposals < self.bounds.proposals {
                actions.push(Action::Propose(at));
            }
            if is_leader && changes < self.bounds.changes {
                actions.extend((0..self.changes.len()).map(|which| Action::Change(at, which)));
            }
            if snapshots < self.bounds.snapshots && has_news(&server.raft) {
                actions.push(Action::Snapshot(at));
            }
            if !server.unsynced.is_empty() {
                actions.push(Action::Sync(at));
            }
            if crashes < self.bounds.crashes {
                actions.extend([false, true].map(|loses_unsynced| Action::Crash {
                    server: at,
                    loses_unsynced,
                }));
            }
        }
    }

    fn next_state(&self, before: &World, action: Action) -> Option<World> {
        let mut world = before.clone();
        match action {
            Action::Deliver(key) => {
                let envelope = world.take(&key)?;
                world.deliver(envelope);
            }
            Action::DeliverTwice(key) => {
                world.spent[4] += 1;
                let envelope = world.network.get(&key)?.0.clone();
                world.deliver(envelope);
            }
            Action::ElectionTimeout(at) => {
                world.spent[0] += 1;
                world.step(at, Input::ElectionTimeout);
            }
            Action::Heartbeat(at) => {
                world.spent[1] += 1;
                world.step(at, Input::HeartbeatTimeout);
            }
            Action::Propose(at) => {
                world.spent[2] += 1;
                let id = ProposalId::new(u64::from(world.spent[2]));
                let command = Bytes::copy_from_slice(&[world.spent[2]]);
                let input = match self.asked.get(usize::from(world.spent[2] - 1)) {
                    Some(guarded) => Input::ProposeIn {
                        id,
                        guarded: guarded.clone(),
                    },
                    None => Input::Propose { id, command },
                };
                world.step(at, input);
            }
            Action::Change(at, which) => {
                world.spent[5] += 1;
                let (id, change) = (ProposalId::new(0), self.changes[which].clone());
                world.step(at, Input::Reconfigure { id, change });
            }
            Action::Snapshot(at) => {
                world.spent[6] += 1;
                world.take_snapshot(at, self.sessions);
            }
            Action::Sync(at) => world.sync(at),
            Action::Crash {
                server,
                loses_unsynced,
            } => {
                world.spent[3] += 1;
                let one = &mut world.servers[server];
                for write in std::mem::take(&mut one.unsynced)
                    .iter()
                    .filter(|_| !loses_unsynced)
                {
                    one.disk.write(write);
                }
                one.held.clear();
                one.incarnation += 1;
                one.raft = self.start(server, one.incarnation, &one.disk);
                if one.machine.is_some() {
                    let snapshot = one.disk.snapshot.as_ref();
                    let begun = snapshot.map_or_else(machine::empty, |snapshot| snapshot.data.clone());
                    one.machine = Some(begun);
                }
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("kept", |_, world: &World| world.history.broken.is_none()),
            Property::always("Log Matching", |_, world: &World| world.logs_match()),
            // Not vacuous: there are states in which a leader has committed.
            Property::sometimes("committed", |_, world: &World| {
                !world.history.committed.is_empty()
            }),
        ]
    }
}
