//! What a checker is told: things that can be seen from outside a server.

use std::sync::Arc;

use crate::types::{
    Configuration, Entries, Envelope, Guarded, LogIndex, LogPosition, NodeId, Payload, ProposalId, SessionId,
    Snapshot, Term, WriteSequence,
};

/// A term and the vote given in it: the record that Figure 2 calls `currentTerm` and `votedFor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ballot {
    /// The latest term the server has seen.
    pub term: Term,
    /// Whom it voted for in that term, if anyone.
    pub vote: Option<NodeId>,
}

/// Where a log begins, when a snapshot stands for what is before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base<'a> {
    /// The entry before the first.
    pub position: LogPosition,
    /// The configuration in force there; `None` is the genesis configuration.
    pub configuration: Option<&'a Arc<Configuration>>,
    /// The snapshot in force.
    pub snapshot: Option<&'a Snapshot>,
}

/// A snapshot that a server puts in force.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The state that a replay of the committed entries up to its last gives, where whoever tells this has made one.
    pub replayed: Option<&'a [u8]>,
}

/// Something that happened, as seen from outside a server.
///
/// Of one step of a server, the write is told first, then that it leads, then what it committed, then what it knows of others, then what left it: so
/// a server is never judged by a state older than its words.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// A server has started with what its disk holds. The first time this sets the stage; after that it is a restart, and
    /// is held against what the disk was known to hold.
    Started {
        /// The server.
        node: NodeId,
        /// Its term and vote.
        ballot: Ballot,
        /// Where its log begins.
        base: Base<'a>,
        /// All of its log from there.
        log: &'a Entries,
    },
    /// A server was found running, as a save has it. It sets the stage and is believed.
    Found(Found<'a>),
    /// A server is gone, by crash or power cut. Its disk stays.
    Stopped {
        /// The server.
        node: NodeId,
    },
    /// A server has handed a write to its disk.
    Wrote {
        /// The server.
        node: NodeId,
        /// The write's number.
        sequence: WriteSequence,
        /// The new term and vote, where they changed.
        ballot: Option<Ballot>,
        /// The new snapshot, its own or the leader's.
        snapshot: Option<Kept<'a>>,
        /// The entry through which the log is dropped, if it is.
        compact: Option<LogPosition>,
        /// The first entry removed, if any was.
        truncate: Option<LogIndex>,
        /// The entries added at the end.
        append: &'a Entries,
    },
    /// All of a server's writes through this one are on its disk.
    Durable {
        /// The server.
        node: NodeId,
        /// The last write of the durable prefix.
        through: WriteSequence,
    },
    /// A message has left its sender.
    Sent(&'a Envelope),
    /// A server leads. Telling it again does no harm.
    Led {
        /// The server.
        node: NodeId,
        /// The term it leads.
        term: Term,
    },
    /// A server's commit index has this value now.
    Committed {
        /// The server.
        node: NodeId,
        /// Its commit index.
        through: LogIndex,
    },
    /// A leader has come to know that a follower has all its entries through this one on disk. Told after what it committed by that.
    Matched {
        /// The leader.
        node: NodeId,
        /// The follower.
        follower: NodeId,
        /// The follower's match index now.
        through: LogIndex,
    },
    /// A server has applied one entry to its state machine.
    Applied {
        /// The server.
        node: NodeId,
        /// The entry's index and term.
        position: LogPosition,
        /// What it carries.
        payload: &'a Payload,
    },
    /// A server has applied a command of a session.
    Executed {
        /// The server.
        node: NodeId,
        /// The entry's index.
        index: LogIndex,
        /// The command, its session and its serial number.
        guarded: &'a Guarded,
        /// What it did with it.
        effect: Effect,
        /// The state machine's answer; empty where it was refused.
        answer: &'a [u8],
    },
    /// A server has applied the close of a session.
    SessionClosed {
        /// The server.
        node: NodeId,
        /// The entry's index.
        index: LogIndex,
        /// The session.
        session: SessionId,
        /// Whether it was open: [`Effect::First`] where it was, [`Effect::Refused`] where not.
        effect: Effect,
    },
    /// A client was told that the command at this index is done. When it was sent is not known.
    Acknowledged {
        /// The index.
        index: LogIndex,
    },
    /// A client has sent a command.
    WriteBegan {
        /// The command, this time.
        write: ProposalId,
    },
    /// A client was told that its command is done.
    WriteDone {
        /// The server that answered.
        node: NodeId,
        /// The command.
        write: ProposalId,
        /// Where it stands in the log.
        index: LogIndex,
    },
    /// A server has given an answer, and whoever tells this has replayed the committed entries.
    Replayed {
        /// The server.
        node: NodeId,
        /// The entry that was answered, or the last that a read saw.
        index: LogIndex,
        /// Whether the replay gives the same answer.
        is_same: bool,
    },
    /// A client has begun to read.
    ReadBegan {
        /// The read.
        read: ProposalId,
    },
    /// A read was answered.
    ReadServed {
        /// The server that answered.
        node: NodeId,
        /// The read.
        read: ProposalId,
        /// What was applied to the state that it saw.
        applied: LogIndex,
    },
}

/// Whether a command of a session was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It was executed, now.
    First,
    /// It had been before, and was only answered.
    Repeat,
    /// Nothing was executed: its session is not open, or its serial number is of long ago.
    Refused,
}

/// A running server, as a save has it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The server.
    pub node: NodeId,
    /// Its term and vote.
    pub ballot: Ballot,
    /// The write under way that carries the term and vote; `None` where they are on its disk.
    pub ballot_write: Option<WriteSequence>,
    /// Where its log begins.
    pub base: Base<'a>,
    /// All of its log from there, as its memory has it.
    pub log: &'a Entries,
    /// The last index on its disk.
    pub on_disk: LogIndex,
    /// Each write under way with the last index that it puts on disk, both ascending.
    pub under_way: &'a [(WriteSequence, LogIndex)],
    /// Its commit index.
    pub commit: LogIndex,
    /// The last index it applied.
    pub applied: LogIndex,
}
