//! Everything a person or a script can do to a world.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::load::Load;
use super::settings::{DiskFault, DiskSettings, LinkSettings};
use super::snapshot::MessageId;
use crate::consensus::{ReadWay, Rule, Switch};
use crate::types::{NodeId, SerialNumber, SessionId, VirtualTime};

/// An action. Keys, palette, mouse, scripts and tests all speak it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Command {
    /// A client proposes a command, at a node or, where none is named, at the leader of the highest term.
    Propose {
        /// The node.
        #[serde(default)]
        to: Option<NodeId>,
        /// The command's text.
        command: String,
    },
    /// A client opens a session, at a node or, where none is named, at the leader of the highest term.
    OpenSession {
        /// The node.
        #[serde(default)]
        to: Option<NodeId>,
        /// It expires when it is not used for longer than this, by the cluster's time, in milliseconds.
        #[serde(default = "default_session_timeout")]
        timeout_ms: u64,
    },
    /// A client closes its session, at a node or, where none is named, at the leader of the highest term.
    CloseSession {
        /// The node.
        #[serde(default)]
        to: Option<NodeId>,
        /// The session.
        session: SessionId,
    },
    /// A client proposes a command in a session, so that it takes effect once.
    ProposeIn {
        /// The node; the leader of the highest term where none is named.
        #[serde(default)]
        to: Option<NodeId>,
        /// The session.
        session: SessionId,
        /// The command's serial number; by default the session's next.
        #[serde(default)]
        serial: Option<SerialNumber>,
        /// The command's text.
        command: String,
    },
    /// The client that proposed last sends the same again, as one does that got no answer: in its session under the same serial
    /// number, or outside any session the very same command.
    Retry {
        /// The node; the leader of the highest term where none is named.
        #[serde(default)]
        to: Option<NodeId>,
    },
    /// A client asks for part of the state, at a node or, where none is named, at the leader of the highest term.
    Read {
        /// The node.
        #[serde(default)]
        at: Option<NodeId>,
        /// The question's text.
        query: String,
        /// How it is made sure that the read sees every write that was acknowledged before.
        #[serde(default)]
        way: ReadWay,
    },
    /// The process dies: its memory is gone, what it wrote stays.
    Crash(NodeId),
    /// The machine loses power: what was not synced is gone.
    CutPower(NodeId),
    /// The machine loses power while it writes: of what was not synced some is gone, some torn and some there, as the draws have it.
    Tear(NodeId),
    /// A node that is down starts again from its disk.
    Restart(NodeId),
    /// The process stands still: it keeps its memory, but does nothing.
    Freeze(NodeId),
    /// A frozen process goes on.
    Thaw(NodeId),
    /// A node's timer runs out now: a leader's heartbeat timer, anyone else's election timer.
    FireTimer(NodeId),
    /// The election timers of these nodes (of all, where none is named) run out at the same moment.
    TieTimers(#[serde(default)] Vec<NodeId>),
    /// The election timers are spread evenly over the range.
    SpreadTimers,
    /// Nodes reach only those of their own group; a node that is not named is a group of its own. Replaces
    /// the partition before it.
    Partition(Vec<Vec<NodeId>>),
    /// Cuts these links, from the first to the second each, mends all others, and ends the partition.
    CutOnly(Vec<(NodeId, NodeId)>),
    /// Cuts a link, both ways.
    Cut {
        /// One end.
        from: NodeId,
        /// The other.
        to: NodeId,
    },
    /// Mends a link, both ways.
    Mend {
        /// One end.
        from: NodeId,
        /// The other.
        to: NodeId,
    },
    /// Cuts a link one way.
    CutOneWay {
        /// Who is not heard.
        from: NodeId,
        /// By whom.
        to: NodeId,
    },
    /// Mends a link one way.
    MendOneWay {
        /// Who is heard again.
        from: NodeId,
        /// By whom.
        to: NodeId,
    },
    /// Ends the partition and mends every link.
    Heal,
    /// Changes how links carry messages: one link, all from or to a node, or all.
    Link {
        /// The sender; all where none is named.
        #[serde(default)]
        from: Option<NodeId>,
        /// The receiver; all where none is named.
        #[serde(default)]
        to: Option<NodeId>,
        /// The new settings.
        settings: LinkSettings,
    },
    /// Changes how a node's disk behaves, or every node's.
    Disk {
        /// The node; all where none is named.
        #[serde(default)]
        node: Option<NodeId>,
        /// The new settings.
        settings: DiskSettings,
    },
    /// A node's disk fails from now on, or is well again.
    DiskFault {
        /// The node.
        node: NodeId,
        /// What is the matter with it.
        fault: DiskFault,
    },
    /// A node's clock runs fast or slow from now on: its timers, its promises and its leases go by it. Timers that run keep their
    /// deadline.
    Drift {
        /// The node.
        node: NodeId,
        /// By how much it runs too fast, in parts per million; too slow where that is negative.
        ppm: i32,
    },
    /// Changes the range that election timeouts are drawn from. Timers that run keep their deadline.
    ElectionTimeout {
        /// The shortest, in milliseconds.
        min_ms: u64,
        /// The longest, in milliseconds.
        max_ms: u64,
    },
    /// Changes the time between heartbeats.
    Heartbeat {
        /// In milliseconds.
        every_ms: u64,
    },
    /// Bounds the entries in one request.
    Batch {
        /// At least one.
        entries: u32,
    },
    /// Bounds what may be proposed and not committed yet.
    UncommittedLimit {
        /// In bytes, by weight; one command always fits.
        bytes: u64,
    },
    /// Has this node take a snapshot of what it has applied.
    Snapshot(NodeId),
    /// Has nodes take snapshots by themselves, or not.
    Compact {
        /// After so many entries; never where none is given.
        #[serde(default)]
        entries: Option<u64>,
        /// Or after entries of so many bytes, by weight; never where none is given.
        #[serde(default)]
        bytes: Option<u64>,
        /// How many entries stay in the log behind a snapshot, for slow followers.
        #[serde(default)]
        keep: u64,
    },
    /// Bounds the piece of a snapshot that one message carries.
    Chunk {
        /// In bytes; at least one.
        bytes: u64,
    },
    /// Has the leader of the highest term hand over to this node.
    Transfer(NodeId),
    /// A new server asks to join: once the leader of the highest term has committed its id, it starts, as a learner.
    Join,
    /// A new server asks this node to let it join, and the leader that this node names; it starts with the route to this node, and no
    /// other.
    JoinVia(NodeId),
    /// Has the leader of the highest term make a voter of a learner.
    Promote(NodeId),
    /// Has it make a learner of a voter.
    Demote(NodeId),
    /// Has it remove a voter or learner. Its process goes on.
    Remove(NodeId),
    /// Has it change to these voters and learners: at once where at most one voter comes or goes, else by joint consensus.
    Reconfigure {
        /// The voters.
        voters: Vec<NodeId>,
        /// The learners.
        #[serde(default)]
        learners: Vec<NodeId>,
    },
    /// Switches whether leaders make voters of learners that have caught up.
    AutoPromote(Switch),
    /// Switches whether nodes pass on to the leader what clients want, and the answer back.
    Reroute(Switch),
    /// Switches gossip of routes, on every node.
    Gossip(Switch),
    /// A node forgets where another is reached.
    LoseRoute {
        /// Who forgets.
        at: NodeId,
        /// Whose route.
        of: NodeId,
    },
    /// A node is reached under another address from now on, as after a move to another machine.
    Readdress(NodeId),
    /// Switches PreVote, on every node.
    PreVote(Switch),
    /// Switches CheckQuorum and the promise to a leader, on every node.
    CheckQuorum(Switch),
    /// Switches reads by lease, on every node; on, it switches CheckQuorum on too, on which a lease rests.
    Lease(Switch),
    /// Breaks a rule of Raft, on every node.
    Break(Rule),
    /// Keeps a broken rule again.
    Keep(Rule),
    /// Asks this node, and not the leader, for a change of the membership or a transfer. With rerouting on it passes that on.
    Via {
        /// The node.
        node: NodeId,
        /// What is asked.
        command: Box<Command>,
    },
    // The trace's hash counts the kinds by their places: new ones come last.
    /// Takes a message in flight off the wire: it is lost.
    Drop(MessageId),
    /// Takes a message in flight into the hand: it does not arrive until it is released. No cut takes it meanwhile, and what was sent
    /// after it overtakes it.
    Hold(MessageId),
    /// Lets a held message go on: it arrives after the time that was left when it was held, or is lost where its link is cut.
    Release(MessageId),
    /// Has a message in flight arrive now, held or not: at a frozen node it waits, at one that is down it is lost.
    Deliver(MessageId),
    /// Sends a message in flight once more. The copy is where the original is: it arrives right behind it, is held as well, or
    /// waits for the same frozen node.
    Duplicate(MessageId),
    /// Takes every event in hand, or lets them happen by themselves again. In hand, time stands: no message arrives, no timer runs out and
    /// no write ends but by a command.
    Manual(Switch),
    /// A node's disk is done with the first write under way now.
    FinishWrite(NodeId),
    /// A node is done with the snapshot that it takes now.
    FinishSnapshot(NodeId),
    /// A node's next round of gossip is now.
    GossipNow(NodeId),
    /// Has clients ask by themselves from now on, or no more.
    Load(Option<Load>),
}

/// A command at its moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimedCommand {
    /// When, in the world's time.
    pub at: VirtualTime,
    /// After how many of the events that are due at that time: none, unless it was given between two of them.
    pub after: u32,
    /// What.
    pub command: Command,
}

/// Why a command was not carried out. The world is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no such node.
    #[error("there is no {0}; the nodes are S1 to S{1}")]
    NoSuchNode(NodeId, usize),
    /// The node is down.
    #[error("{0} is down; bring it back first")]
    Down(NodeId),
    /// The node is up.
    #[error("{0} is up")]
    Up(NodeId),
    /// The node leads.
    #[error("{0} leads already")]
    Leads(NodeId),
    /// There is room for no more.
    #[error("a cluster here has at most {0} nodes")]
    TooMany(u64),
    /// The node is frozen.
    #[error("{0} is frozen; r wakes it")]
    Frozen(NodeId),
    /// The node is not frozen.
    #[error("{0} is not frozen")]
    NotFrozen(NodeId),
    /// Nobody leads.
    #[error("no leader to propose to; wait for an election, or name a node")]
    NoLeader,
    /// None of the nodes waits for a leader: each leads or is down.
    #[error("no election timer runs there; leaders have none, nor nodes that are down")]
    NoTimer,
    /// A link leads from one node to another.
    #[error("{0} has no link to itself")]
    SelfLink(NodeId),
    /// No client has proposed anything.
    #[error("no client has proposed anything yet")]
    NothingToRetry,
    /// A node needs no route to itself.
    #[error("{0} needs no route to itself")]
    OwnRoute(NodeId),
    /// A node stands in two groups.
    #[error("{0} stands in two groups")]
    TwoGroups(NodeId),
    /// No message of this number is in flight.
    #[error("message {0} is not in flight")]
    NoSuchMessage(MessageId),
    /// The message is held.
    #[error("message {0} is held already")]
    Held(MessageId),
    /// The message is not held.
    #[error("message {0} is not held")]
    NotHeld(MessageId),
    /// The message has arrived, and waits for its receiver to thaw.
    #[error("message {0} has arrived, and waits for {1} to thaw")]
    Arrived(MessageId, NodeId),
    /// The node's disk has nothing to do.
    #[error("{0} has no write under way")]
    NoWrite(NodeId),
    /// The node takes no snapshot.
    #[error("{0} takes no snapshot")]
    NoSnapshot(NodeId),
    /// The node does not gossip.
    #[error("{0} does not gossip; gossip on lets nodes do so")]
    NoGossip(NodeId),
    /// A setting makes no sense.
    #[error("{0}")]
    Setting(&'static str),
}

/// How long a session lasts unused, where nothing else is said: a minute.
fn default_session_timeout() -> u64 {
    Command::SESSION_TIMEOUT_MS
}

impl Command {
    /// How long a session lasts unused where nothing else is said, in milliseconds: a minute.
    pub const SESSION_TIMEOUT_MS: u64 = 60_000;
}

/// Milliseconds, as commands speak of them.
pub(super) fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}
