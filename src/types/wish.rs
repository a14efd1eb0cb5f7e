//! What callers ask of a server, and what they are told: by the server itself, or by one that it passed the wish on to.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    Guarded, Incarnation, LogIndex, LogPosition, MembershipChange, NodeId, Payload, ProposalId, SessionId,
    Term,
};

/// Something that a caller wants, and that only a leader can do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// A command replicated.
    Propose(Bytes),
    /// A session opened.
    OpenSession {
        /// It expires when it is not used for longer than this, by the cluster's time.
        timeout: Duration,
    },
    /// A session closed.
    CloseSession(SessionId),
    /// A command replicated that takes effect once.
    ProposeIn(Guarded),
    /// To read the state.
    Read(ReadWay),
    /// Other servers to belong to the cluster.
    Reconfigure(MembershipChange),
    /// Another server to lead.
    Transfer(NodeId),
}

impl Wish {
    /// How many bytes of a command are to be replicated for it.
    pub fn command_bytes(&self) -> u64 {
        match self {
            Self::Propose(command) | Self::ProposeIn(Guarded { command, .. }) => command.len() as u64,
            Self::OpenSession { .. }
            | Self::CloseSession(_)
            | Self::Read(_)
            | Self::Reconfigure(_)
            | Self::Transfer(_) => 0,
        }
    }

    /// What a leader appends for it, where it appends what the caller gave.
    pub fn payload(&self) -> Option<Payload> {
        match self {
            Self::Propose(command) => Some(Payload::Command(command.clone())),
            Self::OpenSession { timeout } => Some(Payload::OpenSession { timeout: *timeout }),
            Self::CloseSession(session) => Some(Payload::CloseSession(*session)),
            Self::ProposeIn(guarded) => Some(Payload::Guarded(guarded.clone())),
            Self::Read(_) | Self::Reconfigure(_) | Self::Transfer(_) => None,
        }
    }
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caller {
    /// A caller of this server.
    Here(ProposalId),
    /// A caller of another server, which has passed the wish on.
    At(RemoteCaller),
}

impl Caller {
    /// By which the caller knows the answer, wherever it is.
    pub fn id(self) -> ProposalId {
        match self {
            Self::Here(id) | Self::At(RemoteCaller { id, .. }) => id,
        }
    }
}

/// A caller of another server. No two wishes ever have the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteCaller {
    /// The server that it called.
    pub node: NodeId,
    /// Which start of that server: what was asked of an earlier one is forgotten there.
    pub incarnation: Incarnation,
    /// By which that server knows the answer.
    pub id: ProposalId,
}

/// A wish that a server passes on to the leader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Forward {
    /// Which start of the sender.
    pub incarnation: Incarnation,
    /// By which the sender knows the answer.
    pub id: ProposalId,
    /// What is wanted.
    pub wish: Wish,
}

/// The leader's answer to a wish that was passed on to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ForwardReply {
    /// Which start of the receiver had asked.
    pub incarnation: Incarnation,
    /// By which the receiver knows the answer.
    pub id: ProposalId,
    /// What became of the wish.
    pub outcome: ProposalOutcome,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProposalOutcome {
    /// It stands in the leader's log. It is done when the entry applied at this index has this term; another term
    /// there means that it was lost.
    Appended(LogPosition),
    /// It was turned away and has no effect.
    Refused(ProposalRefusal),
    /// It was passed on to a leader that has not answered: it may have taken effect, or may yet.
    Unknown,
    /// The state may be read once everything through this index is applied.
    ReadAt(LogIndex),
    /// The configuration does not change.
    ChangeRefused(ChangeRefusal),
    /// The server joined before, under this id: the entry that says so is committed.
    Joined(NodeId),
    /// The leader hands over. Whether it succeeds is seen by who leads next.
    TransferStarted,
    /// The leader does not hand over.
    TransferRefused(TransferRefusal),
}

/// How a read makes sure that it sees every write acknowledged before it (§8, thesis §6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReadWay {
    /// An entry is appended for it.
    Log,
    /// The leader asks a majority whether it still leads.
    #[default]
    Index,
    /// The leader relies on what a majority has promised; where it can't, it asks.
    Lease,
}

/// Why a proposal was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProposalRefusal {
    /// The server does not lead.
    NotLeader {
        /// Who does, as far as it knows.
        leader: Option<NodeId>,
    },
    /// The leader is handing over.
    Transferring {
        /// To whom.
        target: NodeId,
    },
    /// So much waits to be committed that the leader takes no more: a cluster that can't keep up must not fill its memory.
    TooMuchUncommitted {
        /// What waits, in bytes by weight.
        weight: u64,
        /// The most that may.
        limit: u64,
    },
    /// The command is longer than any that servers carry to each other.
    TooLong {
        /// How long it is, in bytes.
        bytes: u64,
        /// How long it may be.
        limit: u64,
    },
}

/// Why a configuration is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChangeRefusal {
    /// The server does not lead.
    NotLeader {
        /// Who does, as far as it knows.
        leader: Option<NodeId>,
    },
    /// The leader is handing over.
    Transferring {
        /// To whom.
        target: NodeId,
    },
    /// The change before is not committed yet.
    UnderWay {
        /// The index of its entry.
        index: LogIndex,
    },
    /// No entry of the leader's own term is committed yet.
    NothingCommitted {
        /// The leader's term.
        term: Term,
    },
    /// The server is no member in the place that the change wants it in.
    NoSuchServer(NodeId),
    /// Everything is so already.
    NothingToChange,
    /// Nobody could decide any more.
    NoVoters,
    /// A server can't be a voter and a learner at once.
    TwoPlaces(NodeId),
    /// There is no further id to give.
    NoMoreIds,
}

/// Why a transfer was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TransferRefusal {
    /// The server does not lead.
    NotLeader {
        /// Who does, as far as it knows.
        leader: Option<NodeId>,
    },
    /// The target is the leader itself, or no voter.
    NoSuchTarget,
    /// Another transfer is under way.
    UnderWay {
        /// To whom.
        target: NodeId,
    },
}
