//! The trace: everything that happens in a world, in order.

use std::time::Duration;

use bytes::Bytes;

use super::command::Command;
use super::snapshot::MessageId;
use crate::consensus::{Event, RoleName};
use crate::machine::{Execution, SessionRefusal};
use crate::node::RouteEvent;
use crate::types::{
    Envelope, LogIndex, LogPosition, NodeId, Payload, ProposalId, SessionId, Term, VirtualTime, WriteSequence,
};

/// The version of the trace. Whatever changes what happens, or in which order, under the same seed and inputs, changes
/// this number; what was recorded under another is refused.
pub const TRACE_VERSION: u32 = 15;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// When.
    pub at: VirtualTime,
    /// Its place among all that happened, from 0.
    pub ordinal: u64,
    /// What.
    pub what: Happening,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Happening {
    /// A person or a script did something.
    Commanded(Command),
    /// A node started: the first time, or again.
    Started {
        /// The node.
        node: NodeId,
        /// The term on its disk.
        term: Term,
        /// The last entry on its disk.
        last: LogPosition,
        /// How many bytes of an unfinished write were cut off.
        torn_bytes: u64,
    },
    /// A node went down.
    Stopped {
        /// The node.
        node: NodeId,
        /// How.
        how: Stop,
    },
    /// A node did something, and why.
    Node {
        /// The node.
        node: NodeId,
        /// What.
        event: Event,
    },
    /// A node learned where another is, or heard something about routes that it does not believe.
    Routes {
        /// The node.
        node: NodeId,
        /// What.
        event: RouteEvent,
    },
    /// A node that a new server asked to take it in named the leader: there it asks now.
    JoinSentOn {
        /// The node.
        seed: NodeId,
        /// The leader, as far as it knows.
        leader: NodeId,
    },
    /// A node's timer ran out.
    TimerFired {
        /// The node.
        node: NodeId,
        /// Which.
        timer: Timer,
        /// How long it had been set for.
        after: Duration,
    },
    /// A message was sent.
    Sent {
        /// Its number.
        message: MessageId,
        /// What it says.
        envelope: Envelope,
        /// When it will arrive; `None` where it is lost.
        due: Option<VirtualTime>,
    },
    /// A message was delivered.
    Delivered {
        /// Its number.
        message: MessageId,
        /// What it says.
        envelope: Envelope,
    },
    /// A message was lost.
    Lost {
        /// Its number.
        message: MessageId,
        /// What it says.
        envelope: Envelope,
        /// Why.
        reason: Loss,
    },
    /// A node handed a write to its disk.
    WriteBegun {
        /// The node.
        node: NodeId,
        /// The write.
        sequence: WriteSequence,
        /// When it will be durable.
        due: VirtualTime,
    },
    /// A node began to take a snapshot.
    SnapshotBegun {
        /// The node.
        node: NodeId,
        /// The last entry that it will stand for.
        index: LogIndex,
        /// When it will be finished.
        due: VirtualTime,
    },
    /// A node's state machine could not take a snapshot.
    SnapshotFailed {
        /// The node.
        node: NodeId,
        /// Why.
        reason: String,
    },
    /// A node applied an entry to its state machine.
    Applied {
        /// The node.
        node: NodeId,
        /// The entry.
        position: LogPosition,
        /// What it carries.
        payload: Payload,
        /// What applying it did.
        execution: Execution,
    },
    /// A client got an answer.
    Answered {
        /// The node that answered.
        node: NodeId,
        /// The proposal.
        proposal: ProposalId,
        /// The answer.
        answer: ClientAnswer,
    },
    /// A promise of Raft was broken; time stops here.
    Violated {
        /// The property's name.
        property: String,
        /// What broke it, in a sentence.
        detail: String,
    },
    /// A person had a message in flight in hand. That one was dropped is told as a [loss](Self::Lost).
    Handled {
        /// Its number.
        message: MessageId,
        /// What it says.
        envelope: Envelope,
        /// What was done to it.
        how: Handling,
    },
    /// A client asked by itself: a proposal or a read, at a node that is named.
    ClientAsked(Command),
}

/// What a person did to a message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handling {
    /// It was held.
    Held,
    /// It was let go.
    Released {
        /// When it arrives.
        due: VirtualTime,
    },
    /// It arrives now.
    Delivered,
    /// It was sent once more.
    Duplicated {
        /// The number of the copy.
        copy: MessageId,
    },
}

/// How a node went down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// Its process died.
    Crash {
        /// What it had written and not synced: still there, unless the power goes too.
        unsynced_from: Option<LogIndex>,
    },
    /// Its power went.
    PowerCut {
        /// The first entry that was lost, and the last; `None` where none was.
        lost: Option<(LogIndex, LogIndex)>,
    },
    /// It failed by itself.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A timer of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The election timer.
    Election,
    /// The heartbeat timer.
    Heartbeat,
}

impl Timer {
    /// The timer that runs in a role.
    pub(super) fn of(role: RoleName) -> Self {
        match role {
            RoleName::Leader => Self::Heartbeat,
            RoleName::Follower | RoleName::PreCandidate | RoleName::Candidate => Self::Election,
        }
    }
}

/// Why a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The link is cut.
    Cut,
    /// The network lost it.
    Chance,
    /// Its receiver is down.
    ReceiverDown,
    /// Its sender knows no route to its receiver.
    NoRoute,
    /// Nobody is reached under the address that its sender knows: its receiver has moved.
    NobodyThere,
    /// A person took it off the wire.
    ByHand,
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientAnswer {
    /// The command was applied, with this answer.
    Done {
        /// Where it stands in the log.
        index: LogIndex,
        /// The machine's answer.
        answer: Bytes,
    },
    /// The session is open.
    SessionOpened {
        /// The session.
        session: SessionId,
    },
    /// The session is closed.
    SessionClosed {
        /// The session.
        session: SessionId,
    },
    /// The command is in the log and was not executed, because of its session.
    SessionRefused {
        /// Where it stands in the log.
        index: LogIndex,
        /// Why.
        reason: SessionRefusal,
    },
    /// The node does not lead; the command has no effect.
    NotLeader {
        /// Who leads, as far as it knows.
        leader: Option<NodeId>,
    },
    /// The leader is handing over; the command has no effect.
    Transferring {
        /// To whom.
        target: NodeId,
    },
    /// A read was answered.
    Read {
        /// The state that was read had everything applied through this index.
        applied: LogIndex,
        /// The machine's answer.
        answer: Bytes,
    },
    /// The configuration does not change.
    ChangeRefused,
    /// The server joined before, under this id.
    Joined {
        /// The id.
        node: NodeId,
    },
    /// So much waits to be committed that the leader takes no more; the command has no effect.
    Overloaded,
    /// The leader begins to hand over.
    TransferStarted,
    /// The node does not hand over.
    TransferRefused,
    /// Another entry was committed where the command stood; the command has no effect.
    Overwritten {
        /// Where it stood.
        index: LogIndex,
    },
    /// The node went down first, or the leader that it passed the command on to did not answer, or a snapshot took the place of
    /// the entry: nobody knows whether it will take effect.
    Unknown,
}
