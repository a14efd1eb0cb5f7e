//! What goes into the core and what comes out of it.

use std::time::Duration;

use bytes::Bytes;

use super::durable::{Durable, Held, Inbound, Write};
use crate::types::{
    ClusterTime, Envelope, Guarded, LogIndex, MembershipChange, NodeId, ProposalId, ProposalOutcome, ReadWay,
    SessionId, Snapshot,
};

/// Something that happens to a server.
#[derive(Debug)]
pub enum Input {
    /// A message came.
    Receive(Inbound<Envelope>),
    /// The election timer ran out.
    ElectionTimeout,
    /// The heartbeat timer ran out.
    HeartbeatTimeout,
    /// A caller wants a command replicated.
    Propose {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The command.
        command: Bytes,
    },
    /// Callers want many commands replicated, in this order.
    ProposeMany {
        /// By which the answer to the first is known; the others have the ids after it.
        first: ProposalId,
        /// The commands.
        commands: Vec<Bytes>,
    },
    /// A caller wants a session opened.
    OpenSession {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// It expires when it is not used for longer than this, by the cluster's time.
        timeout: Duration,
    },
    /// A caller wants its session closed.
    CloseSession {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The session.
        session: SessionId,
    },
    /// A caller wants a command replicated that takes effect once.
    ProposeIn {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The command, its session, and its serial number there.
        guarded: Guarded,
    },
    /// Sessions are open, and this is the latest time applied: a leader stamps the time now and then.
    SessionsOpen(ClusterTime),
    /// A caller wants to read the state.
    Read {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// How.
        way: ReadWay,
    },
    /// A caller wants other servers to belong to the cluster.
    Reconfigure {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The change.
        change: MembershipChange,
    },
    /// A caller wants another server to lead.
    Transfer {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The server that is to lead.
        target: NodeId,
    },
    /// A write is on disk.
    Durable(Durable),
    /// The state machine has applied everything through an index.
    Applied(LogIndex),
    /// A snapshot of the state machine is finished.
    SnapshotTaken {
        /// The last entry applied to the state that it holds.
        index: LogIndex,
        /// The state.
        data: Bytes,
    },
}

/// What a server wants done. A host reuses one; [`Raft::flush`](super::Raft::flush) empties it first.
#[derive(Debug, Default)]
pub struct Output {
    /// To be handed to the disk, before any message is released.
    pub write: Option<Write>,
    /// To be released, when what they wait for is durable, and sent.
    pub messages: Vec<Held<Envelope>>,
    /// What to do with the election timer.
    pub election: Option<TimerChange>,
    /// What to do with the heartbeat timer.
    pub heartbeat: Option<TimerChange>,
    /// The new commit index, where it advanced: entries up to it may be applied.
    pub commit: Option<LogIndex>,
    /// A snapshot from the leader: the state machine is to be restored from it before anything else is applied.
    pub restore: Option<Snapshot>,
    /// Answers to callers.
    pub answers: Vec<Answer>,
}

impl Output {
    /// Empties it, keeping its buffers.
    pub fn clear(&mut self) {
        let Self {
            write,
            messages,
            election,
            heartbeat,
            commit,
            restore,
            answers,
        } = self;
        (*write, *election, *heartbeat, *commit, *restore) = (None, None, None, None, None);
        messages.clear();
        answers.clear();
    }
}

/// What to do with a timer. How long it runs is the host's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimerChange {
    /// Let it run from the start.
    Restart,
    /// Stop it.
    Stop,
}

/// An answer to a caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The proposal, or whatever else was asked.
    pub id: ProposalId,
    /// What became of it.
    pub outcome: ProposalOutcome,
}
