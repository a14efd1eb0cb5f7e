//! What a world looks like at one moment, for whoever draws it. Read-only and self-contained.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::settings::{LinkSettings, Settings};
use crate::consensus::{Flow, Log, Rule};
use crate::machine::SessionTable;
use crate::node::Routes;
use crate::storage::simulated::SimulatedDisk;
use crate::types::{
    self, Configuration, Envelope, LogIndex, LogPosition, NodeId, Term, VirtualTime, WriteSequence,
};

/// A world at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The world's time.
    pub now: VirtualTime,
    /// The seed of its random draws.
    pub seed: u64,
    /// Its settings.
    pub settings: Settings,
    /// All nodes, by id.
    pub nodes: Vec<NodeView>,
    /// The messages in flight, by id.
    pub messages: Vec<MessageView>,
    /// The directed links that carry nothing now, by a cut or by the partition.
    pub cut: BTreeSet<(NodeId, NodeId)>,
    /// The groups of the partition; empty where there is none.
    pub partition: Vec<BTreeSet<NodeId>>,
    /// The settings of the links that have their own; all others go by the common ones.
    pub links: BTreeMap<(NodeId, NodeId), LinkSettings>,
    /// The hash of the trace so far.
    pub trace_hash: u128,
    /// The names of the promises that were found broken so far.
    pub broken: Vec<&'static str>,
    /// When the nodes that gossip do so next.
    pub gossip: BTreeMap<NodeId, VirtualTime>,
    /// How many messages have been delivered.
    pub delivered: u64,
}

impl Snapshot {
    /// The node with this id.
    pub fn node(&self, id: NodeId) -> Option<&NodeView> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// How a link behaves.
    pub fn link(&self, from: NodeId, to: NodeId) -> LinkSettings {
        self.links.get(&(from, to)).copied().unwrap_or(self.settings.link)
    }

    /// The nodes that lead, the one of the highest term first. Frozen ones included, nodes that are down not.
    pub fn leaders(&self) -> Vec<&NodeView> {
        let leads = |node: &&NodeView| {
            matches!(node.role, RoleView::Leader { .. }) && node.condition != Condition::Down
        };
        let mut leaders: Vec<_> = self.nodes.iter().filter(leads).collect();
        leaders.sort_by_key(|node| std::cmp::Reverse(node.term));
        leaders
    }

    /// Whose disks hold durably the very entry that `node` has at `index`, learners' among them.
    pub fn holders(&self, node: &NodeView, index: LogIndex) -> BTreeSet<NodeId> {
        let term = node.log.term_at(index);
        // What a snapshot stands for is committed, and so the same everywhere.
        let has = |other: &NodeView| other.log.base().index >= index || other.log.term_at(index) == term;
        let holds = |other: &&NodeView| term.is_some() && other.durable >= index && has(other);
        self.nodes.iter().filter(holds).map(|node| node.id).collect()
    }

    /// How many disks hold durably the very entry that `node` has at `index`: of those that it takes for voters.
    pub fn disks_holding(&self, node: &NodeView, index: LogIndex) -> usize {
        let holders = self.holders(node, index).into_iter();
        holders
            .filter(|id| self.place_in(*id, node) == Place::Voter)
            .count()
    }

    /// The configuration by which the cluster goes: that of the leader of the highest term, or where nobody leads, of the log
    /// that is most up-to-date. `None` where none is known.
    pub fn configuration(&self) -> Option<&Configuration> {
        let leader = self.leaders().first().copied();
        let longest = || self.nodes.iter().max_by_key(|node| node.log.last_position());
        self.own_configuration(leader.or_else(longest)?)
    }

    fn own_configuration<'a>(&self, node: &'a NodeView) -> Option<&'a Configuration> {
        let configuration = if self.settings.rules.keeps(Rule::ConfigurationAtAppend) {
            node.log.configuration()
        } else {
            node.log.configuration_at(node.commit)
        };
        (!configuration.voters.is_empty()).then_some(&**configuration)
    }

    /// The configuration by which a node itself goes, the last in its log, committed or not (§6); that of the cluster, where it knows of none.
    pub fn configuration_of<'a>(&'a self, node: &'a NodeView) -> Option<&'a Configuration> {
        self.own_configuration(node).or_else(|| self.configuration())
    }

    /// How many voters make a majority.
    pub fn majority(&self) -> usize {
        self.configuration()
            .map_or(self.nodes.len() / 2 + 1, Configuration::majority)
    }

    /// What a node is in the configuration by which the cluster goes.
    pub fn place(&self, id: NodeId) -> Place {
        Place::of(id, self.configuration())
    }

    /// What a node is in the configuration by which another goes, or it itself.
    pub fn place_in(&self, id: NodeId, by: &NodeView) -> Place {
        Place::of(id, self.configuration_of(by))
    }
}

/// What a node is in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its vote and its copies count.
    Voter,
    /// It gets the log, and decides nothing.
    Learner,
    /// It is no member.
    Outsider,
}

impl Place {
    /// Where no configuration is known, everybody votes.
    fn of(id: NodeId, configuration: Option<&Configuration>) -> Self {
        match configuration {
            Some(configuration) if configuration.is_voter(id) => Self::Voter,
            Some(configuration) if configuration.is_member(id) => Self::Learner,
            Some(_) => Self::Outsider,
            None => Self::Voter,
        }
    }
}

/// A node at one moment.
#[derive(Clone, Debug)]
pub struct NodeView {
    /// Its name.
    pub id: NodeId,
    /// Whether it runs.
    pub condition: Condition,
    /// Its role. Of a node that is down: a follower without a leader.
    pub role: RoleView,
    /// Its term. Of a node that is down: the one on its disk.
    pub term: Term,
    /// Its vote in that term.
    pub vote: Option<NodeId>,
    /// Its log. Of a node that is down: what it would start with.
    pub log: Log,
    /// The last index that it knows to be committed; 0 when down.
    pub commit: LogIndex,
    /// The last index that it applied; 0 when down.
    pub applied: LogIndex,
    /// The last index that a power cut now would leave it.
    pub durable: LogIndex,
    /// Its snapshot in force, if any.
    pub snapshot: Option<SnapshotView>,
    /// The snapshot that it is taking: its last entry, and when it is finished, where that is to come.
    pub taking: Option<(LogIndex, Option<VirtualTime>)>,
    /// What has come of a snapshot that the leader is sending it: of which, and how many bytes.
    pub incoming: Option<(SnapshotView, u64)>,
    /// Its writes under way, with the time at which each will be on disk.
    pub writes: Vec<(WriteSequence, VirtualTime)>,
    /// Its running timer: the heartbeat timer of a leader, the election timer of anyone else.
    pub timer: Option<TimerView>,
    /// What its state machine holds.
    pub contents: Vec<(String, String)>,
    /// The sessions of its clients.
    pub sessions: SessionTable,
    /// Its own clock.
    pub clock: Clock,
    /// Where it is reached, and what it knows of where others are.
    pub routes: Routes,
    /// How many messages wait for it to thaw.
    pub backlog: usize,
    /// Why it went down, where it did so by itself.
    pub failure: Option<String>,
    /// Its disk.
    pub disk: DiskView,
}

/// A node's disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskView {
    /// How many bytes its files have.
    pub used: u64,
    /// How many bytes of writes a power cut may take.
    pub unsynced: u64,
    /// How many bytes more there is room for, where that is bounded.
    pub room: Option<u64>,
    /// Whether syncs that begin now fail.
    pub syncs_fail: bool,
}

impl DiskView {
    /// What can be seen of a disk, without what stands on it.
    pub(super) fn of(disk: &SimulatedDisk) -> Self {
        Self {
            used: disk.used(),
            unsynced: disk.unsynced_bytes(),
            room: disk
                .capacity()
                .map(|capacity| capacity.saturating_sub(disk.used())),
            syncs_fail: disk.syncs_fail(),
        }
    }
}

/// A snapshot, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotView {
    /// The last entry that it stands for.
    pub last: LogPosition,
    /// How many bytes it has.
    pub bytes: u64,
}

impl SnapshotView {
    /// What can be seen of a snapshot.
    pub fn of(snapshot: &types::Snapshot) -> Self {
        Self {
            last: snapshot.last,
            bytes: snapshot.data.len() as u64,
        }
    }
}

impl NodeView {
    /// Whether it runs and is not frozen.
    pub fn is_up(&self) -> bool {
        self.condition == Condition::Up
    }
}

/// Whether a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// It runs.
    Up,
    /// It stands still.
    Frozen,
    /// It is down.
    Down,
}

/// A node's role, with what only that role has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleView {
    /// A follower.
    Follower {
        /// Of whom, once it has heard from the leader.
        leader: Option<NodeId>,
    },
    /// A pre-candidate.
    PreCandidate {
        /// Who would vote for it.
        granted: BTreeSet<NodeId>,
        /// Who would not.
        refused: BTreeSet<NodeId>,
    },
    /// A candidate.
    Candidate {
        /// Who granted.
        granted: BTreeSet<NodeId>,
        /// Who refused.
        refused: BTreeSet<NodeId>,
    },
    /// A leader.
    Leader {
        /// What it knows of each follower.
        peers: BTreeMap<NodeId, PeerView>,
        /// To whom it hands over, while it does.
        transfer: Option<NodeId>,
        /// When its lease runs out, where it has had one.
        lease_end: Option<VirtualTime>,
    },
}

/// What a leader knows of a follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Match index.
    pub matched: LogIndex,
    /// Next index. A guess while the flow is a probe.
    pub next: LogIndex,
    /// How entries flow to it.
    pub flow: Flow,
}

/// A running timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerView {
    /// When it runs out.
    pub deadline: VirtualTime,
    /// How long it was set for.
    pub duration: Duration,
}

impl TimerView {
    /// How much of it is left, in parts per thousand.
    pub fn left_permille(&self, now: VirtualTime) -> u64 {
        let left = self.deadline.since(now).as_nanos();
        let whole = self.duration.as_nanos().max(1);
        u64::try_from((left * 1000 / whole).min(1000)).unwrap_or(1000)
    }
}

/// A message's number, in the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageId(pub u64);

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A message in flight.
#[derive(Clone, Debug)]
pub struct MessageView {
    /// Its number.
    pub id: MessageId,
    /// What it says, and to whom.
    pub envelope: Envelope,
    /// When it was sent.
    pub sent: VirtualTime,
    /// When it will arrive, or would have.
    pub due: VirtualTime,
    /// Where it is.
    pub whereabouts: Whereabouts,
}

/// Where a message in flight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// On its way.
    OnTheWire,
    /// In the hand of a person.
    Held {
        /// When it was taken.
        since: VirtualTime,
    },
    /// At its receiver, which is frozen.
    Arrived,
}

impl MessageView {
    /// How much of its way it has gone, in parts per thousand. What is held goes nowhere.
    pub fn travelled_permille(&self, now: VirtualTime) -> u64 {
        let now = match self.whereabouts {
            Whereabouts::OnTheWire | Whereabouts::Arrived => now,
            Whereabouts::Held { since } => since,
        };
        let whole = self.due.since(self.sent).as_nanos().max(1);
        u64::try_from((now.since(self.sent).as_nanos() * 1000 / whole).min(1000)).unwrap_or(1000)
    }
}
