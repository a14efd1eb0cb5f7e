//! What goes into a node and what comes out of it.

use std::time::Duration;

use bytes::Bytes;

use super::RouteEvent;
use crate::consensus::durable::{DriverError, Finished, Inbound, Outbound, Pending, Store, Write};
use crate::consensus::{ChangeRefusal, ProposalRefusal, ReadWay, StateError, TimerChange, TransferRefusal};
use crate::machine::{Execution, RestoreError, SessionRefusal};
use crate::storage::wal::{OpenError, WalError};
use crate::types::{
    Address, ClusterId, Envelope, Guarded, LogIndex, LogPosition, MembershipChange, NodeId, Payload,
    ProposalId, SessionId,
};

/// Something that happens to a node.
pub enum NodeInput<S: Store> {
    /// A message came.
    Receive {
        /// The cluster that it is of, as the transport that brought it says.
        cluster: ClusterId,
        /// The message.
        message: Inbound<Envelope>,
    },
    /// It is time to gossip.
    Gossip {
        /// A random number that the host has drawn: by it the server is chosen that is told.
        draw: u64,
    },
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
    /// A caller wants to read the state.
    Read {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// How it is made sure that the read sees what was acknowledged before.
        way: ReadWay,
        /// The question for the machine.
        query: Bytes,
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
    /// A sync has ended.
    Synced(Finished<S>),
    /// Somebody wants a snapshot of the state machine taken.
    TakeSnapshot,
    /// The snapshot that was begun is to be finished: it is waited for now, however long it takes.
    FinishSnapshot,
}

/// What a node wants done, and what it has done.
pub struct Effects<S: Store> {
    /// The write it handed to its disk, and the sync to run.
    pub write: Option<(Write, Pending<S>)>,
    /// Messages that may leave now, in order.
    pub sent: Vec<Sent>,
    /// What became of routes, and which messages were of another cluster.
    pub routes: Vec<RouteEvent>,
    /// What to do with the election timer.
    pub election: Option<TimerChange>,
    /// What to do with the heartbeat timer.
    pub heartbeat: Option<TimerChange>,
    /// The new commit index, where it advanced.
    pub commit: Option<LogIndex>,
    /// The entries it applied, in order. Only where somebody watches.
    pub applied: Vec<Applied>,
    /// The last entry of the snapshot that is being taken, if one is.
    pub taking: Option<LogIndex>,
    /// Why the machine could not finish a snapshot.
    pub snapshot_failure: Option<String>,
    /// What callers are told.
    pub answers: Vec<(ProposalId, ProposalEnd)>,
}

impl<S: Store> Default for Effects<S> {
    fn default() -> Self {
        Self {
            write: None,
            sent: Vec::new(),
            routes: Vec::new(),
            election: None,
            heartbeat: None,
            commit: None,
            applied: Vec::new(),
            taking: None,
            snapshot_failure: None,
            answers: Vec::new(),
        }
    }
}

/// A message that may leave now.
#[derive(Debug)]
pub struct Sent {
    /// The message.
    pub message: Outbound<Envelope>,
    /// Where its receiver is reached; `None` where the node knows no route to it: then nobody can deliver it.
    pub address: Option<Address>,
}

/// An entry that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Applied {
    /// Which.
    pub position: LogPosition,
    /// What it carries.
    pub payload: Payload,
    /// What applying it did.
    pub execution: Execution,
}

impl Applied {
    /// The answer for whoever proposed it.
    pub fn answer(&self) -> Bytes {
        answer_of(&self.execution, &self.payload)
    }
}

/// The answer for whoever proposed an entry.
pub(super) fn answer_of(execution: &Execution, payload: &Payload) -> Bytes {
    match (execution, payload) {
        (Execution::Executed(answer) | Execution::Repeated(answer), _) => answer.clone(),
        (Execution::Opened(session) | Execution::Closed(session), _) => Bytes::from(session.to_string()),
        (Execution::Refused(refusal), _) => Bytes::from(refusal.to_string()),
        (Execution::Nothing, Payload::Configuration(configuration)) => Bytes::from(configuration.to_string()),
        (Execution::Nothing, _) => Bytes::new(),
    }
}

/// How a proposal ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProposalEnd {
    /// It was applied, with this answer.
    Done {
        /// Where it stands in the log.
        index: LogIndex,
        /// The machine's answer.
        answer: Bytes,
    },
    /// It is in the log and was not executed, because of its session.
    SessionRefused {
        /// Where it stands in the log.
        index: LogIndex,
        /// Why.
        reason: SessionRefusal,
    },
    /// The session is open.
    SessionOpened(SessionId),
    /// The session is closed.
    SessionClosed(SessionId),
    /// It was a read, and this is the machine's answer.
    Read {
        /// The state that was read had everything applied through this index.
        applied: LogIndex,
        /// The machine's answer.
        answer: Bytes,
    },
    /// It was turned away and has no effect.
    Refused(ProposalRefusal),
    /// The configuration does not change.
    ChangeRefused(ChangeRefusal),
    /// The server joined before, under this id.
    Joined(NodeId),
    /// The leader hands over. Whether it succeeds is seen by who leads next.
    TransferStarted,
    /// The leader does not hand over.
    TransferRefused(TransferRefusal),
    /// It was passed on to a leader, and nobody knows what became of it there.
    Unknown,
    /// Another entry was committed in its place, or before it one of a later term; it has no effect.
    Overwritten {
        /// Where it stood.
        index: LogIndex,
    },
}

/// Why a node can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its log store can't be opened.
    #[error(transparent)]
    Storage(#[from] OpenError),
    /// What the log store holds can't be.
    #[error("what is on the disk can't be: {0}")]
    State(#[from] StateError),
    /// Its state machine does not take its snapshot.
    #[error("can't start from its own snapshot: {0}")]
    Machine(#[from] RestoreError),
    /// What a save says of it can't be.
    #[error("{0}")]
    Image(&'static str),
}

/// Why a node stops. It must not go on in this incarnation.
#[derive(Debug, thiserror::Error)]
pub enum NodeError<E: std::error::Error + 'static = WalError> {
    /// Its disk has failed.
    #[error(transparent)]
    Disk(#[from] DriverError<E>),
    /// Its state machine does not take the leader's snapshot. Nothing of that was written: it can start from what it had.
    #[error("refuses the leader's snapshot and keeps what it had: {0}")]
    Machine(#[from] RestoreError),
}
