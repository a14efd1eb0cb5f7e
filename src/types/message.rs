//! What servers say to each other (paper, Figure 2).

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Configuration, Entries, Forward, ForwardReply, Gossip, LogIndex, LogPosition, NodeId, Round, Term,
};

/// A message with its addresses. Every message carries its sender's term, so that the rule of terms (§5.1)
/// stands in one place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// Who sends it.
    pub from: NodeId,
    /// Whom it is for.
    pub to: NodeId,
    /// The sender's current term.
    pub term: Term,
    /// What it says.
    pub message: Message,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A pre-candidate asks whether it would get a vote (thesis §9.6).
    PreVoteRequest(PreVoteRequest),
    /// The answer to a pre-vote request.
    PreVoteReply(PreVoteReply),
    /// A candidate asks for a vote in its term (§5.2).
    VoteRequest(VoteRequest),
    /// The answer to a vote request.
    VoteReply(VoteReply),
    /// A leader replicates entries, or shows that it is there (§5.3).
    AppendRequest(AppendRequest),
    /// The answer to an append request.
    AppendReply(AppendReply),
    /// A leader sends a piece of its snapshot to a follower whose next entry it has dropped (§7).
    InstallSnapshot(InstallSnapshot),
    /// The answer to a piece of a snapshot that is not whole yet.
    SnapshotReply(SnapshotReply),
    /// A leader asks a follower to stand for election at once (thesis §3.10).
    TimeoutNow(TimeoutNow),
    /// A server passes on to the leader what a caller wants (thesis §6.2).
    Forward(Forward),
    /// The answer to what was passed on.
    ForwardReply(ForwardReply),
    /// Servers tell each other where they are. It goes by no term.
    Gossip(Gossip),
}

/// A pre-candidate's question. It stays in its own term, which the envelope carries, and so does whoever answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PreVoteRequest {
    /// The term it would stand in.
    pub asked: Term,
    /// Its last entry, for the up-to-date check (§5.4.1).
    pub last: LogPosition,
}

/// The answer to a pre-vote request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PreVoteReply {
    /// It would get the vote in the term it asked about.
    Granted {
        /// That term.
        asked: Term,
    },
    /// It would not; the envelope carries the voter's term.
    Refused,
}

/// A leader's request to stand for election at once. It is good for one leadership and one log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeoutNow {
    /// The leader's last entry: a follower whose log does not reach it must not stand.
    pub last: LogPosition,
}

/// A candidate's request for a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VoteRequest {
    /// The candidate's last entry, for the up-to-date check (§5.4.1).
    pub last: LogPosition,
    /// Why it stands.
    pub origin: ElectionOrigin,
}

/// Why a server stands for election.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElectionOrigin {
    /// Its election timer ran out.
    Timeout,
    /// The leader handed over to it: a promise to that leader does not stand in the way (thesis §4.2.3).
    Transfer,
}

/// The answer to a vote request, in the term of its envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoteReply {
    /// The vote is the candidate's.
    Granted,
    /// It is not.
    Refused,
}

/// A leader's entries, and how far it has committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppendRequest {
    /// The entry before the first of `entries`, for the consistency check (§5.3).
    pub previous: LogPosition,
    /// The entries, none for a heartbeat. They start right after `previous`.
    pub entries: Entries,
    /// The leader's commit index.
    pub commit: LogIndex,
    /// The leader's last round of heartbeats: who answers has heard it (thesis §6.4).
    pub round: Round,
}

impl AppendRequest {
    /// The last index that this request names: what a follower that takes it has in common with the leader.
    pub fn last_index(&self) -> LogIndex {
        LogIndex::new(self.previous.index.number() + self.entries.len() as u64)
    }

    /// Whether its entries start right after `previous` and end before the last number.
    pub fn is_contiguous(&self) -> bool {
        let previous = self.previous.index;
        let past_the_end = previous.checked_add(self.entries.len() as u64 + 1);
        past_the_end.is_some() && self.entries.first_index() == previous.next()
    }
}

/// The answer to an append request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AppendReply {
    /// The follower's log equals the leader's through this index, on disk.
    Matched {
        /// The last index known to be equal and durable.
        through: LogIndex,
        /// The request's round.
        round: Round,
    },
    /// The consistency check failed.
    Diverged {
        /// The index at which the check failed: the request's previous entry.
        rejected: LogIndex,
        /// The follower's last entry that may still be in common: at or before `rejected`, of a term no later
        /// than the one asked about.
        hint: LogPosition,
        /// The request's round.
        round: Round,
    },
    /// The request's term is over; the envelope carries the one that is.
    StaleTerm,
}

/// A piece of a snapshot (paper, Figure 13). One without data asks how far the follower is, and shows that the leader is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstallSnapshot {
    /// The last entry that the snapshot stands for.
    pub last: LogPosition,
    /// The configuration in force at that entry.
    pub configuration: Arc<Configuration>,
    /// Where in the snapshot the piece stands.
    pub offset: u64,
    /// How many bytes the whole snapshot has. The piece that reaches them is the last.
    pub total: u64,
    /// The piece.
    pub data: Bytes,
    /// The leader's last round of heartbeats.
    pub round: Round,
}

impl InstallSnapshot {
    /// Where the piece ends; `None` where that is past the end of the snapshot.
    pub fn end(&self) -> Option<u64> {
        let end = self.offset.checked_add(self.data.len() as u64);
        end.filter(|end| *end <= self.total)
    }
}

/// The answer to a piece of a snapshot. Once the snapshot is whole and on disk, the follower
/// [acknowledges](AppendReply::Matched) its last entry instead, as it does where it needs no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SnapshotReply {
    /// So much of it is there, in memory.
    Received {
        /// The snapshot's last entry.
        last: LogPosition,
        /// How many bytes, from the first on.
        bytes: u64,
        /// The request's round.
        round: Round,
    },
    /// The request's term is over; the envelope carries the one that is.
    StaleTerm,
}

/// A message's kind: its letter on the screen, and part of the key of every random draw about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// [`Message::VoteRequest`].
    VoteRequest,
    /// [`Message::VoteReply`].
    VoteReply,
    /// [`Message::AppendRequest`] with entries.
    Append,
    /// [`Message::AppendRequest`] without entries.
    Heartbeat,
    /// [`Message::AppendReply`].
    AppendReply,
    /// [`Message::PreVoteRequest`].
    PreVoteRequest,
    /// [`Message::PreVoteReply`].
    PreVoteReply,
    /// [`Message::TimeoutNow`].
    TimeoutNow,
    /// [`Message::Forward`].
    Forward,
    /// [`Message::ForwardReply`].
    ForwardReply,
    /// [`Gossip::Push`].
    Gossip,
    /// [`Gossip::Reply`].
    GossipReply,
    /// [`Message::InstallSnapshot`].
    InstallSnapshot,
    /// [`Message::SnapshotReply`].
    SnapshotReply,
}

impl Message {
    /// The kind of this message.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::VoteRequest(_) => MessageKind::VoteRequest,
            Self::VoteReply(_) => MessageKind::VoteReply,
            Self::AppendRequest(request) if request.entries.is_empty() => MessageKind::Heartbeat,
            Self::AppendRequest(_) => MessageKind::Append,
            Self::AppendReply(_) => MessageKind::AppendReply,
            Self::InstallSnapshot(_) => MessageKind::InstallSnapshot,
            Self::SnapshotReply(_) => MessageKind::SnapshotReply,
            Self::PreVoteRequest(_) => MessageKind::PreVoteRequest,
            Self::PreVoteReply(_) => MessageKind::PreVoteReply,
            Self::TimeoutNow(_) => MessageKind::TimeoutNow,
            Self::Forward(_) => MessageKind::Forward,
            Self::ForwardReply(_) => MessageKind::ForwardReply,
            Self::Gossip(Gossip::Push(_)) => MessageKind::Gossip,
            Self::Gossip(Gossip::Reply(_)) => MessageKind::GossipReply,
        }
    }
}
