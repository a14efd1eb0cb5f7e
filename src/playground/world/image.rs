//! A whole world as plain data: what a save writes down, and goes on from exactly.

mod restore;
mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use super::super::clock::Clock;
use super::super::draw::{Draws, Purpose};
use super::super::host::{Found, Request, Response};
use super::super::load::Load;
use super::super::network::{Link, LinkId};
use super::super::record::Timer;
use super::super::settings::{DiskSettings, Settings};
use super::super::snapshot::{Condition, MessageId};
use super::load::client_pause;
use super::routes::{gossip_pause, usual_routes};
use super::start::{NODES_MAX, WorldError, node_settings};
use super::{Clients, Server, Waiting, World};
use crate::check::Violation;
use crate::consensus::Persistent;
use crate::machine::Exhibit;
use crate::node::{self, NodeSettings, Routes, StartError, first_nodes};
use crate::storage::simulated::{self, DiskImage, SimulatedDisk, SimulatedSync};
use crate::storage::wal::{WalImage, WalSync};
use crate::types::{
    ClusterId, Configuration, Envelope, Incarnation, JoinToken, LocalTime, LogIndex, NodeId, ProposalId,
    Term, VirtualTime, WriteSequence,
};

/// A world between two steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldImage {
    /// The seed of its random draws.
    pub seed: u64,
    /// The time.
    pub now: VirtualTime,
    /// How it behaves.
    pub settings: Settings,
    /// How many records its trace has.
    pub next_ordinal: u64,
    /// The hash of its trace.
    pub trace_hash: u128,
    /// How many messages were delivered.
    pub delivered: u64,
    /// The promises that were found broken.
    pub violations: Vec<Violation>,
    /// Whether the last of them has stopped time.
    pub is_halted: bool,
    /// The place of the next thing that becomes due, among all that ever did.
    pub next_order: u64,
    /// The name of the next proposal.
    pub next_proposal: ProposalId,
    /// What clients remember between their requests.
    pub clients: Clients,
    /// Where the clients are who ask by themselves.
    pub asking: AskingImage,
    /// The new servers that have asked a node to let them join, by their tokens.
    pub joining: BTreeMap<JoinToken, NodeId>,
    /// The number of the next message.
    pub next_message: MessageId,
    /// What is special about links; a link that is not named is as new.
    pub links: BTreeMap<LinkId, LinkImage>,
    /// The groups of the partition; empty where there is none.
    pub partition: Vec<BTreeSet<NodeId>>,
    /// The messages in flight.
    pub messages: Vec<MessageImage>,
    /// How many of the nodes the cluster began with: the genesis configuration is S1 up to this one.
    pub founders: u64,
    /// The nodes: S1, S2, …
    pub nodes: Vec<NodeImage>,
}

/// Where the clients are who ask by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskingImage {
    /// When the next of them asks, with its place among what is due then; `None` where none does.
    pub next: Option<(VirtualTime, u64)>,
    /// How often they have asked, or have waited to.
    pub asked: u64,
}

/// What is special about a link.
pub type LinkImage = Link;

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageImage {
    /// Its number.
    pub id: MessageId,
    /// What it says, and to whom.
    pub envelope: Envelope,
    /// When it was sent.
    pub sent: VirtualTime,
    /// When it arrives, or would have arrived at a frozen node.
    pub due: VirtualTime,
    /// Its place among what is due at the same time; `None` where it waits for a frozen node, or is held.
    pub order: Option<u64>,
    /// Since when a person holds it, where one does.
    pub held: Option<VirtualTime>,
    /// The cluster that it is of.
    pub cluster: ClusterId,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeImage {
    /// Its name.
    pub id: NodeId,
    /// How many times it was started.
    pub incarnation: Incarnation,
    /// When it was last started, by its own clock.
    pub started: LocalTime,
    /// Its clock.
    pub clock: Clock,
    /// How many election timers ran out in its term.
    pub attempt: u64,
    /// How many times it was given another address.
    pub moves: u64,
    /// Where it is reached, and what it knows of where others are.
    pub routes: Routes,
    /// When it gossips next, with its place among what is due then; `None` where it does not.
    pub gossip: Option<(VirtualTime, u64)>,
    /// How often it has, or has waited to.
    pub gossips: u64,
    /// Its disk.
    pub disk: DiskImage,
    /// How its disk behaves, where that was set for it.
    pub disk_settings: Option<DiskSettings>,
    /// How many syncs it ever began.
    pub syncs_begun: u64,
    /// When the last sync that it began is done.
    pub last_sync_due: VirtualTime,
    /// What it is up to; `None` where it is down.
    pub process: Option<ProcessImage>,
    /// Why it went down, where it did so by itself.
    pub failure: Option<String>,
}

/// A running node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessImage {
    /// Its memory.
    pub memory: node::NodeImage,
    /// Its writes under way.
    pub writes: Vec<WriteImage>,
    /// Its timer, where one runs.
    pub timer: Option<TimerImage>,
    /// When the snapshot that it takes is finished, with its place among what is due then; `None` where it takes none, or is
    /// frozen and has still to learn that it is.
    pub snapshot_due: Option<(VirtualTime, u64)>,
    /// What it will find when it thaws, where it is frozen.
    pub frozen: Option<Vec<BacklogImage>>,
}

/// A write under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteImage {
    /// Its number.
    pub sequence: WriteSequence,
    /// What it takes to sync it.
    pub sync: WalSync<SimulatedSync>,
    /// When it will be on disk, with its place among what is due then; `None` where a frozen node has still to learn that it
    /// is.
    pub due: Option<(VirtualTime, u64)>,
}

/// A running timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerImage {
    /// Which.
    pub timer: Timer,
    /// When it runs out.
    pub deadline: VirtualTime,
    /// Its place among what is due then.
    pub order: u64,
    /// How long it was set for.
    pub duration: Duration,
}

/// Something that waits for a frozen node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BacklogImage {
    /// A message in flight.
    Message(MessageId),
    /// A timer that ran out.
    Timer(Timer),
    /// A write that is on disk.
    Write(WriteSequence),
    /// A snapshot that is finished.
    Snapshot(LogIndex),
    /// A proposal.
    Proposal(ProposalId, Bytes),
}

/// Why an image is none of any world.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The nodes are not S1, S2, … up to the most there may be.
    #[error("the nodes must be numbered 1, 2, 3, … up to {NODES_MAX} at most")]
    Nodes,
    /// Something about the whole.
    #[error("{0}")]
    World(&'static str),
    /// Something about one node.
    #[error("{node}: {problem}")]
    Node {
        /// The node.
        node: NodeId,
        /// What.
        problem: &'static str,
    },
    /// A disk that can't be.
    #[error("{node}: its disk can't be: {source}")]
    Disk {
        /// The node.
        node: NodeId,
        /// Why.
        source: simulated::ImageError,
    },
    /// A node's memory does not fit together, or not with its disk.
    #[error("{node}: {source}")]
    Memory {
        /// The node.
        node: NodeId,
        /// Why.
        source: StartError,
    },
    /// A data directory can't be used.
    #[error(transparent)]
    Files(#[from] WorldError),
    /// A node's disk has failed.
    #[error("{0}'s disk has failed")]
    Failed(NodeId),
}

impl ImageError {
    /// The node that it is about, if it is about one.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Self::Node { node, .. }
            | Self::Disk { node, .. }
            | Self::Memory { node, .. }
            | Self::Failed(node) => Some(*node),
            Self::Nodes | Self::World(_) | Self::Files(_) => None,
        }
    }
}

impl WorldImage {
    /// What a node is told when it starts in this world.
    pub fn node_settings(&self, id: NodeId, incarnation: Incarnation) -> NodeSettings {
        let started = LocalTime::default();
        node_settings(&self.settings, self.configuration(), id, (incarnation, started))
    }

    /// A disk on which this node has this term, vote, log and snapshot, all of it durable: for saves written by hand.
    pub fn prepared_disk(
        &self,
        id: NodeId,
        persistent: Persistent,
    ) -> Result<(DiskImage, WalImage), node::PrepareError> {
        let settings = self.node_settings(id, Incarnation::default());
        node::prepare(&settings, SimulatedDisk::new(), persistent).map(|(disk, wal)| (disk.image(), wal))
    }

    /// How long a node's timer runs that is set in this term: for saves that do not say when it runs out.
    pub fn timer_duration(&self, timer: Timer, id: NodeId, term: Term) -> Duration {
        timer_duration(Draws::new(self.seed), &self.settings, timer, (id, term, 0))
    }

    /// The table of a node that knows where all nodes of this world are, for a person has written it down.
    pub fn usual_routes(&self, id: NodeId, incarnation: Incarnation) -> Routes {
        let nodes = self.nodes.iter().map(|node| (node.id, node.moves));
        usual_routes(id, incarnation, nodes)
    }

    /// How long a node is silent before its first round of gossip: for saves that do not say when that is.
    pub fn gossip_pause(&self, id: NodeId, gossips: u64) -> Duration {
        gossip_pause(Draws::new(self.seed), id, gossips)
    }

    /// How long it takes until the next client asks by itself: for saves that do not say when that is.
    pub fn client_pause(&self, load: Load) -> Duration {
        client_pause(Draws::new(self.seed), load, self.asking.asked)
    }

    /// The genesis configuration.
    pub fn configuration(&self) -> Configuration {
        Configuration::of_voters(first_nodes(self.founders))
    }
}

pub(super) fn timer_duration(
    draws: Draws,
    settings: &Settings,
    timer: Timer,
    (id, term, attempt): (NodeId, Term, u64),
) -> Duration {
    match timer {
        Timer::Election => {
            let key = [id.number(), term.number(), attempt];
            draws.duration(Purpose::ElectionTimeout, &key, settings.election_timeout)
        }
        Timer::Heartbeat => settings.heartbeat,
    }
}

impl<M: Exhibit + Default> World<M> {
    /// Everything that it takes to go on exactly from here. Leaves no trace.
    ///
    /// # Errors
    ///
    /// Where a node's disk has failed and the node has not been stopped yet.
    pub fn image(&mut self) -> Result<WorldImage, ImageError> {
        let messages = self.network.in_flight.iter().map(|(id, message)| MessageImage {
            id,
            envelope: message.envelope.clone(),
            sent: message.sent,
            due: message.due,
            order: message.order,
            held: message.held,
            cluster: message.cluster,
        });
        let messages = messages.collect();
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        let nodes = ids
            .into_iter()
            .map(|id| self.node_image(id))
            .collect::<Result<_, _>>()?;
        Ok(WorldImage {
            seed: self.draws.seed(),
            now: self.now,
            settings: self.settings.clone(),
            next_ordinal: self.trace.next_ordinal(),
            trace_hash: self.trace.hash(),
            delivered: self.delivered,
            violations: self.watch.violations().to_vec(),
            is_halted: self.is_halted,
            next_order: self.next_order,
            next_proposal: self.next_proposal,
            clients: self.clients.clone(),
            asking: AskingImage {
                next: self.asking.next.map(|slot| (slot.at, slot.order)),
                asked: self.asking.asked,
            },
            joining: self.joining.clone(),
            next_message: MessageId(self.network.next_message),
            links: self.network.links.clone(),
            partition: self.network.partition.clone(),
            messages,
            founders: self.configuration.voters.len() as u64,
            nodes,
        })
    }

    fn node_image(&mut self, id: NodeId) -> Result<NodeImage, ImageError> {
        let found = match self.nodes[&id].condition {
            Condition::Down => None,
            Condition::Up | Condition::Frozen => match self.host.call(id, Request::Image) {
                Response::Imaged(Some(found)) => Some(*found),
                Response::Imaged(None) | Response::Failed(_) => return Err(ImageError::Failed(id)),
                Response::Stepped(_) | Response::Seen(_) | Response::Listed(_) | Response::Done(_) => {
                    unreachable!("an image is answered by an image")
                }
            },
        };
        let server = &self.nodes[&id];
        let (disk, routes) = match (&found, &server.parked) {
            (Some(found), _) => (found.disk.image(), found.routes.clone()),
            (None, Some(parked)) => (parked.disk.image(), parked.routes.clone()),
            (None, None) => unreachable!("a node that is down has its disk"),
        };
        Ok(NodeImage {
            id,
            incarnation: server.settings.raft.incarnation,
            started: server.settings.raft.started,
            clock: server.clock,
            attempt: server.attempt,
            moves: server.moves,
            routes,
            gossip: server.gossip.map(|slot| (slot.at, slot.order)),
            gossips: server.gossips,
            disk,
            disk_settings: server.disk,
            syncs_begun: server.syncs_begun,
            last_sync_due: server.last_sync_due,
            process: found.map(|found| process_image(server, found)),
            failure: server.failure.clone(),
        })
    }
}

fn process_image(server: &Server, found: Found) -> ProcessImage {
    let writes = found.syncs.into_iter().map(|(sequence, sync)| {
        let due = server.syncs.get(&sequence).map(|slot| (slot.at, slot.order));
        WriteImage { sequence, sync, due }
    });
    let timer = server.timer.map(|running| TimerImage {
        timer: running.timer,
        deadline: running.slot.at,
        order: running.slot.order,
        duration: running.duration,
    });
    let backlog = || server.backlog.iter().cloned().map(BacklogImage::from).collect();
    ProcessImage {
        memory: found.memory,
        writes: writes.collect(),
        timer,
        snapshot_due: server
            .taking
            .and_then(|(_, slot)| slot)
            .map(|slot| (slot.at, slot.order)),
        frozen: (server.condition == Condition::Frozen).then(backlog),
    }
}

impl From<Waiting> for BacklogImage {
    fn from(waiting: Waiting) -> Self {
        match waiting {
            Waiting::Delivery(id) => Self::Message(id),
            Waiting::Timer(timer) => Self::Timer(timer),
            Waiting::Sync(sequence) => Self::Write(sequence),
            Waiting::Snapshot(index) => Self::Snapshot(index),
            Waiting::Proposal(id, command) => Self::Proposal(id, command),
        }
    }
}

impl From<BacklogImage> for Waiting {
    fn from(image: BacklogImage) -> Self {
        match image {
            BacklogImage::Message(id) => Self::Delivery(id),
            BacklogImage::Timer(timer) => Self::Timer(timer),
            BacklogImage::Write(sequence) => Self::Sync(sequence),
            BacklogImage::Snapshot(index) => Self::Snapshot(index),
            BacklogImage::Proposal(id, command) => Self::Proposal(id, command),
        }
    }
}
