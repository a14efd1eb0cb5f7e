//! How a server is: what an operator asks.

use std::time::Duration;

use crate::consensus::durable::Store;
use crate::consensus::{Flow, Progress, Role, RoleName};
use crate::machine::StateMachine;
use crate::node::Node;
use crate::types::{Configuration, LocalTime, LogIndex, NodeId, Term};

/// How a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub id: NodeId,
    /// Its role.
    pub role: RoleName,
    /// Its term.
    pub term: Term,
    /// Who leads, as far as it knows.
    pub leader: Option<NodeId>,
    /// The configuration in force.
    pub configuration: Configuration,
    /// The last entry of its log.
    pub last: LogIndex,
    /// The last entry on its disk.
    pub durable: LogIndex,
    /// The last entry that it knows to be committed.
    pub commit: LogIndex,
    /// The last entry that it has applied.
    pub applied: LogIndex,
    /// The last entry that its snapshot stands for.
    pub snapshot: LogIndex,
    /// The entries in its log, in bytes by weight.
    pub log_weight: u64,
    /// What was asked of it and is not answered yet.
    pub open: usize,
    /// What it knows of each other server, where it leads.
    pub peers: Vec<PeerStatus>,
}

/// How another server is, as its leader knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Its name.
    pub id: NodeId,
    /// The last entry that it is known to have on its disk.
    pub matched: LogIndex,
    /// How many entries it lacks.
    pub lag: u64,
    /// Bytes on the way to it and not acknowledged, by weight.
    pub in_flight: u64,
    /// How it is replicated to.
    pub flow: FlowStatus,
    /// How long ago it was last heard from.
    pub heard: Duration,
}

/// How a follower is replicated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowStatus {
    /// Where its log agrees is being found out.
    Probe,
    /// Entries stream to it.
    Replicate,
    /// It is being sent a snapshot, and has so many bytes of it.
    Snapshot {
        /// How many.
        received: u64,
    },
}

impl Status {
    pub(super) fn of<M: StateMachine, S: Store>(node: &Node<M, S>, open: usize, now: LocalTime) -> Self {
        let (id, state) = (node.settings().raft.id, node.state());
        let log = &state.persistent.log;
        let last = log.last_index();
        let (leader, peers) = match &state.role {
            Role::Leader(leader) => {
                let peers = leader.peers.iter();
                let peers = peers.map(|(&peer, progress)| PeerStatus::of(peer, progress, last, now));
                (Some(id), peers.collect())
            }
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => {
                (state.role.leader(), Vec::new())
            }
        };
        let snapshot = state.persistent.snapshot.as_ref();
        Self {
            id,
            role: state.role.name(),
            term: state.persistent.metadata.term,
            leader,
            configuration: state.configuration().clone(),
            last,
            durable: state.volatile.durability.through,
            commit: state.volatile.commit,
            applied: state.volatile.applied,
            snapshot: snapshot.map_or(LogIndex::GENESIS, |snapshot| snapshot.last.index),
            log_weight: state.weight_past(log.base().index),
            open,
            peers,
        }
    }
}

impl PeerStatus {
    fn of(id: NodeId, progress: &Progress, last: LogIndex, now: LocalTime) -> Self {
        let (flow, in_flight) = match &progress.flow {
            Flow::Probe(_) => (FlowStatus::Probe, 0),
            Flow::Replicate { in_flight } => {
                let weights = in_flight.iter().map(|request| request.weight);
                (FlowStatus::Replicate, weights.fold(0, u64::saturating_add))
            }
            Flow::Snapshot(sending) => {
                let received = sending.received;
                (FlowStatus::Snapshot { received }, 0)
            }
        };
        Self {
            id,
            matched: progress.matched,
            lag: last.since(progress.matched),
            in_flight,
            flow,
            heard: now.since(progress.heard),
        }
    }
}
