//! How a save is laid out: structs that stand for the text, and for nothing else.
//!
//! A field that is left out has the default that its comment tells. What a person reads and writes comes first; what only
//! an exact continuation needs comes last, and `disk` at the very end.

mod client;
mod entry;
mod route;
mod snapshot;
mod wish;

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) use self::client::{ClientSessionFile, ClientsFile, LastFile};
pub(super) use self::entry::{ConfigurationFile, EntryFile, GuardedFile, PayloadFile};
pub(super) use self::route::{NewsFile, RouteFile};
pub(super) use self::snapshot::{IncomingFile, SendingFile, SnapshotFile, TakingFile};
pub(super) use self::wish::{OutcomeFile, PassedOnFile, ServedFile, WaitingFile, WishFile};
use super::scalar::{Blob, Hash, List, Millis, Number, Seconds, Text, is_default, plain};
use crate::consensus::{Rule, Switch};
use crate::playground::{DiskSettings, LinkSettings, Settings};

pub(super) const NODES_MOST: usize = 25;
pub(super) const LINKS_MOST: usize = NODES_MOST * (NODES_MOST - 1);
pub(super) const ENTRIES_MOST: usize = 1_000_000;
pub(super) const MANY: usize = 100_000;
pub(super) const NOTES_MOST: usize = 100;
pub(super) const FILES_MOST: usize = 64;
pub(super) const PROPERTIES_MOST: usize = 64;

/// What says whether the rest can be read: looked at first, whatever else there is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename = "Save", default)]
pub(super) struct Head {
    pub(super) version: Option<u64>,
    pub(super) trace: Option<u64>,
    pub(super) title: Option<String>,
    pub(super) nodes: Option<IgnoredAny>,
}

/// A whole save. Only `nodes` is needed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "Save", deny_unknown_fields, default)]
pub(super) struct SaveFile {
    /// The version of this format.
    pub(super) version: Option<Number>,
    /// The version of the trace; only where a trace is gone on with.
    pub(super) trace: Option<Number>,
    pub(super) title: Option<String>,
    /// What is shown under the header, step by step.
    pub(super) notes: List<String, NOTES_MOST>,
    pub(super) seed: u64,
    pub(super) now: Seconds,
    pub(super) settings: SettingsFile,
    /// A node that is not named is a group of its own.
    pub(super) partition: List<List<Number, NODES_MOST>, NODES_MOST>,
    pub(super) counters: CountersFile,
    pub(super) trace_hash: Hash,
    /// What clients remember between their requests.
    pub(super) clients: ClientsFile,
    /// The promises that were broken so far.
    pub(super) violations: List<ViolationFile, PROPERTIES_MOST>,
    /// Whether the last of them has stopped time.
    pub(super) stopped: bool,
    pub(super) links: List<LinkFile, LINKS_MOST>,
    pub(super) messages: List<MessageFile, MANY>,
    /// How many of the nodes the cluster began with; by default all.
    pub(super) founders: Option<Number>,
    /// The new servers that have asked a node to let them join: token, and node.
    pub(super) joining: List<(Number, Number), MANY>,
    /// A number of new nodes, or each of them.
    pub(super) nodes: NodesFile,
}

/// A broken promise, as an oracle told it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Violation", deny_unknown_fields)]
pub(super) struct ViolationFile {
    /// The property's name.
    pub(super) property: String,
    /// What broke it, in a sentence.
    pub(super) detail: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) nodes: List<Number, NODES_MOST>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) terms: List<Number, MANY>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) indices: List<Number, MANY>,
}

/// What the world has counted. Left out, it counts on from the largest that is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Counters", deny_unknown_fields, default)]
pub(super) struct CountersFile {
    /// The records in the trace.
    pub(super) records: Number,
    /// The messages delivered.
    pub(super) delivered: Number,
    /// The next message's number.
    pub(super) message: Number,
    /// The next proposal's.
    pub(super) proposal: Number,
    /// The place of the next thing that becomes due.
    pub(super) order: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Settings", deny_unknown_fields, default)]
pub(super) struct SettingsFile {
    pub(super) election_timeout_ms: (Millis, Millis),
    pub(super) heartbeat_ms: Millis,
    pub(super) link: LinkSettingsFile,
    pub(super) disk: DiskSettingsFile,
    pub(super) limits: LimitsFile,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) pre_vote: Switch,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) check_quorum: Switch,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) auto_promote: Switch,
    /// Whether nodes pass on to the leader what clients want.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) reroute: Switch,
    /// Whether nodes tell each other where they are.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) gossip: Switch,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) lease: Switch,
    /// The rules of Raft that are broken on purpose.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) broken: List<Rule, 64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "LinkSettings", deny_unknown_fields, default)]
pub(super) struct LinkSettingsFile {
    pub(super) latency_ms: (Millis, Millis),
    pub(super) loss_ppm: u32,
    pub(super) duplication_ppm: u32,
    pub(super) reordering_ppm: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "DiskSettings", deny_unknown_fields, default)]
pub(super) struct DiskSettingsFile {
    pub(super) latency_ms: (Millis, Millis),
}

/// What a leader may send to one follower: entries and bytes in one request, and requests and bytes in flight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Limits", deny_unknown_fields, default)]
pub(super) struct LimitsFile {
    pub(super) entries: Number,
    pub(super) bytes: Number,
    pub(super) in_flight: Number,
    pub(super) in_flight_bytes: Number,
    /// What may be proposed and not committed yet.
    pub(super) uncommitted_bytes: Number,
    /// A piece of a snapshot.
    pub(super) snapshot_piece_bytes: Number,
    /// Nodes take a snapshot after so many entries; by default never.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) snapshot_entries: Option<Number>,
    /// Or after entries of so many bytes; by default never.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) snapshot_bytes: Option<Number>,
    /// How many entries stay in the log behind a snapshot.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) snapshot_keeps: Number,
}

impl Default for SettingsFile {
    fn default() -> Self {
        Self::from(&Settings::default())
    }
}

impl Default for LinkSettingsFile {
    fn default() -> Self {
        LinkSettings::default().into()
    }
}

impl Default for DiskSettingsFile {
    fn default() -> Self {
        DiskSettings::default().into()
    }
}

impl Default for LimitsFile {
    fn default() -> Self {
        Settings::default().limits.into()
    }
}

/// A directed link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Link", deny_unknown_fields)]
pub(super) struct LinkFile {
    pub(super) from: Number,
    pub(super) to: Number,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) cut: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) settings: Option<LinkSettingsFile>,
    /// When the last message sent so far arrives.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) last_due: Seconds,
    /// How many messages were sent, by kind.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) sent: SentFile,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Sent", deny_unknown_fields, default)]
pub(super) struct SentFile {
    #[serde(skip_serializing_if = "is_default")]
    pub(super) vote_requests: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) vote_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) appends: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) heartbeats: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) append_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) pre_vote_requests: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) pre_vote_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) timeouts_now: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) forwards: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) forward_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) gossip: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) gossip_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) snapshot_pieces: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) snapshot_replies: Number,
}

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Message", deny_unknown_fields)]
pub(super) struct MessageFile {
    /// Its number; by default the next.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) id: Option<Number>,
    pub(super) from: Number,
    pub(super) to: Number,
    /// Its sender's term; by default that which the sender is in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) term: Option<Number>,
    /// When it was sent; by default now.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(super) sent: Option<Seconds>,
    /// When it arrives; by default as soon as the settings allow.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(super) due: Option<Seconds>,
    /// Its place among what is due; by default after all that has one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) order: Option<Number>,
    /// The cluster that it is of, where that is another one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) cluster: Option<Number>,
    pub(super) says: WordsFile,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Words", deny_unknown_fields)]
pub(super) enum WordsFile {
    VoteRequest {
        last: PositionFile,
        /// Whether the leader handed over to the candidate.
        #[serde(default, skip_serializing_if = "is_default")]
        transfer: bool,
    },
    PreVoteRequest {
        asked: Number,
        last: PositionFile,
    },
    PreVoteGranted {
        asked: Number,
    },
    PreVoteRefused,
    TimeoutNow {
        last: PositionFile,
    },
    VoteGranted,
    VoteRefused,
    Append {
        previous: PositionFile,
        #[serde(default, skip_serializing_if = "is_default")]
        entries: List<EntryFile, ENTRIES_MOST>,
        commit: Number,
        /// The leader's last round of heartbeats.
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    Matched {
        through: Number,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    Diverged {
        rejected: Number,
        hint: PositionFile,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    StaleTerm,
    /// What a client wants, passed on to the leader.
    Forward {
        /// How many times the sender was started.
        starts: Number,
        id: Number,
        wish: WishFile,
    },
    ForwardReply {
        /// How many times the receiver had been started.
        starts: Number,
        id: Number,
        outcome: OutcomeFile,
    },
    /// Where the sender and others are.
    Gossip(List<NewsFile, MANY>),
    /// What the receiver did not know of that.
    GossipReply(List<NewsFile, MANY>),
    Piece {
        last: PositionFile,
        members: ConfigurationFile,
        #[serde(default, skip_serializing_if = "is_default")]
        offset: Number,
        /// How many bytes the whole snapshot has.
        total: Number,
        data: Text,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    /// So many bytes of a snapshot are there.
    Received {
        last: PositionFile,
        bytes: Number,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    StaleSnapshot,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Position", deny_unknown_fields)]
pub(super) struct PositionFile {
    pub(super) index: Number,
    pub(super) term: Number,
}

/// So many new nodes, or each of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NodesFile {
    Count(u64),
    Each(List<NodeFile, NODES_MOST>),
}

impl Default for NodesFile {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Serialize for NodesFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => count.serialize(serializer),
            Self::Each(nodes) => nodes.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NodesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodesVisitor)
    }
}

struct NodesVisitor;

impl<'de> Visitor<'de> for NodesVisitor {
    type Value = NodesFile;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of nodes, or a list of them")
    }

    fn visit_u64<E>(self, count: u64) -> Result<NodesFile, E> {
        Ok(NodesFile::Count(count))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<NodesFile, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(sequence)).map(NodesFile::Each)
    }
}

/// A node. Left out, everything about it is as for one that has just started with an empty disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Node", deny_unknown_fields, default)]
pub(super) struct NodeFile {
    /// By default its place in the list.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) id: Option<Number>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) state: StateFile,
    /// Why it went down, where it did so by itself.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) failure: Option<String>,
    /// By default the term of its last entry, or 1 for who leads or stands for election.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) term: Option<Number>,
    /// By default none, or itself where it leads or stands for election.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) vote: Option<Number>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) role: RoleFile,
    /// Whom a follower follows.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) leader: Option<Number>,
    /// Who voted for a candidate; by default itself.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) granted: Option<List<Number, NODES_MOST>>,
    /// Who did not.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) refused: List<Number, NODES_MOST>,
    /// What a leader knows of its followers. Of one that is not named, nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) peers: List<PeerFile, NODES_MOST>,
    /// To whom a leader hands over.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) transfer: Option<TransferFile>,
    /// A leader's rounds of heartbeats, and the reads that wait for them.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) reading: Option<ReadingFile>,
    /// The reads that are not answered yet.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) reads: List<ReadFile, MANY>,
    /// The entries that were executed though their serial numbers had been before.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) executed_again: List<Number, MANY>,
    /// The last time that a leader stamped, and when that was by its own clock.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) stamped: Option<(Seconds, Seconds)>,
    /// What it has passed on to a leader and has no answer to yet, oldest first.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) passed_on: List<PassedOnFile, MANY>,
    /// What others have passed on to a leader.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) served: List<ServedFile, MANY>,
    /// When it last heard from a leader.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) heard: Option<Seconds>,
    /// The snapshot in force.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) snapshot: Option<SnapshotFile>,
    /// The last entry that its log has dropped; by default the snapshot's last.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) base: Option<PositionFile>,
    /// The entries after that.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) log: List<EntryFile, ENTRIES_MOST>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) commit: Number,
    /// By default as much as is committed; what a snapshot stands for is.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) applied: Option<Number>,
    /// The last entry that no power cut can take; by default all.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) durable: Option<Number>,
    /// When its timer runs out: a leader's heartbeat timer, anyone else's election timer. By default as if it had
    /// been set now.
    #[serde(skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(super) timer: Option<Seconds>,
    /// How long it was set for; by default the time from now.
    #[serde(skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(super) timer_set_for: Option<Seconds>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) timer_order: Option<Number>,
    /// How many times it was given another address.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) moves: Number,
    /// The version of its own route; by default the first of this start.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) route_version: Option<(Number, Number)>,
    /// The routes that it knows; by default those to all.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) routes: Option<List<RouteFile, MANY>>,
    /// When it gossips next.
    #[serde(skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(super) gossip: Option<Seconds>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) gossip_order: Option<Number>,
    /// The snapshot that it is taking.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) taking: Option<TakingFile>,
    /// What has come of a snapshot that the leader sends to a follower.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) incoming: Option<IncomingFile>,
    /// The writes that are on their way to the disk.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) writes: List<WriteFile, MANY>,
    /// The messages that wait for one of them.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) held: List<HeldFile, MANY>,
    /// What a frozen node will find when it thaws.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) backlog: List<BacklogFile, MANY>,
    /// The proposals that nobody knows the end of yet.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) proposals: List<ProposalFile, MANY>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) counters: NodeCountersFile,
    /// Its clock; by default one that is right.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) clock: Option<ClockFile>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) disk_settings: Option<DiskSettingsFile>,
    /// Its disk, byte for byte. By default one is made that holds term, vote and log.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) disk: Option<DiskFile>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "State")]
pub(super) enum StateFile {
    #[default]
    Up,
    Down,
    Frozen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Role")]
pub(super) enum RoleFile {
    #[default]
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}

/// A leader on its way to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Transfer", deny_unknown_fields)]
pub(super) struct TransferFile {
    pub(super) to: Number,
    pub(super) since: Seconds,
    /// Whether it has asked the target to stand.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) asked: bool,
}

/// A leader's rounds of heartbeats. Left out, the first begins now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Reading", deny_unknown_fields)]
pub(super) struct ReadingFile {
    /// The last round.
    pub(super) round: Number,
    /// Those that no majority has answered, and when each began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) open: List<(Number, Seconds), MANY>,
    /// The last that a majority has answered, and when it began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) confirmed: Option<(Number, Seconds)>,
    /// The reads that wait.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) waiting: List<WaitingFile, MANY>,
    /// From when a lease counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) lease: LeaseFile,
}

/// From when a leader's lease counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Lease")]
pub(super) enum LeaseFile {
    /// Leases were never on in this leadership.
    #[default]
    Off,
    /// From this round on.
    From(Number),
    /// Never again in this leadership, which has asked another to stand.
    Void,
}

/// A read that is not answered yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Read", deny_unknown_fields)]
pub(super) struct ReadFile {
    pub(super) id: Number,
    pub(super) query: Text,
    /// The index that must be applied first, where that is known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) index: Option<Number>,
}

/// What a leader knows of a follower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Peer", deny_unknown_fields)]
pub(super) struct PeerFile {
    pub(super) node: Number,
    /// The last index known to be in common.
    #[serde(default)]
    pub(super) matched: Number,
    /// The next to send; by default the one past the leader's last.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) next: Option<Number>,
    #[serde(default)]
    pub(super) flow: FlowFile,
    /// When it was last heard from; by default now.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) heard: Option<Seconds>,
    /// The last round of heartbeats that it answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) answered: Number,
    /// The round of entries that a learner is getting; by default the first, beginning now.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) round: Option<RoundFile>,
}

/// A round of catching up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Round", deny_unknown_fields)]
pub(super) struct RoundFile {
    pub(super) number: Number,
    /// The last entry of it.
    pub(super) goal: Number,
    pub(super) since: Seconds,
}

/// How entries flow to a follower.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Flow")]
pub(super) enum FlowFile {
    /// A probe may go out.
    #[default]
    Probe,
    /// One has.
    Awaiting,
    /// Requests follow each other: of each unacknowledged one its last index and its weight.
    Replicate(List<(Number, Number), MANY>),
    /// A snapshot goes over first.
    Snapshot(SendingFile),
}

/// A write under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Write", deny_unknown_fields)]
pub(super) struct WriteFile {
    pub(super) number: Number,
    /// The last index that is durable when it is done.
    pub(super) through: Number,
    /// When it is done; left out where a frozen node has still to learn that it is.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(super) due: Option<Seconds>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) order: Option<Number>,
}

/// A message that waits for a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Held", deny_unknown_fields)]
pub(super) struct HeldFile {
    pub(super) write: Number,
    pub(super) to: Number,
    pub(super) term: Number,
    pub(super) says: WordsFile,
}

/// Something that waits for a frozen node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Backlog")]
pub(super) enum BacklogFile {
    Message(Number),
    /// Its timer has run out.
    Timer,
    Write(Number),
    /// The snapshot that it takes is finished.
    Snapshot(Number),
    Proposal(Number, Text),
}

/// A proposal whose end is not known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Proposal", deny_unknown_fields)]
pub(super) struct ProposalFile {
    pub(super) id: Number,
    pub(super) index: Number,
    pub(super) term: Number,
}

/// A clock that runs fast or slow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Clock", deny_unknown_fields)]
pub(super) struct ClockFile {
    /// By how much it runs too fast, in parts per million.
    pub(super) drift_ppm: i32,
    /// Since when it does; by default from the beginning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) since: Seconds,
    /// What it read then.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) reading: Seconds,
}

/// What a node has counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "NodeCounters", deny_unknown_fields, default)]
pub(super) struct NodeCountersFile {
    /// How many times it was started.
    pub(super) starts: Number,
    /// When it was last started.
    pub(super) started: Seconds,
    /// How many election timers ran out in its term.
    pub(super) timeouts: Number,
    /// The writes of this start that are done.
    pub(super) writes: Number,
    /// The one that carried its term and vote.
    pub(super) term_write: Number,
    /// The rounds of gossip that it began or waits to begin.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) gossips: Number,
    /// The one that carried a snapshot from a leader.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) snapshot_write: Number,
    /// The syncs that it ever began.
    pub(super) syncs: Number,
    /// When the last of them is done.
    pub(super) last_sync_due: Seconds,
}

impl Default for NodeCountersFile {
    fn default() -> Self {
        Self {
            starts: super::scalar::number(1),
            started: Seconds::default(),
            timeouts: Number::default(),
            writes: Number::default(),
            term_write: Number::default(),
            gossips: Number::default(),
            snapshot_write: Number::default(),
            syncs: Number::default(),
            last_sync_due: Seconds::default(),
        }
    }
}

/// A disk, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Disk", deny_unknown_fields, default)]
pub(super) struct DiskFile {
    #[serde(skip_serializing_if = "is_default")]
    pub(super) capacity: Option<Number>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) syncs_fail: bool,
    pub(super) last_file: Number,
    pub(super) last_change: Number,
    /// How much of the log's last file is known to be durable.
    pub(super) synced: Number,
    /// How the writes under way are synced.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) syncs: List<SyncFile, MANY>,
    /// The unsynced changes to the directory.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) directory: List<DirectoryFile, MANY>,
    pub(super) files: List<FileFile, FILES_MOST>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Sync", deny_unknown_fields)]
pub(super) struct SyncFile {
    pub(super) write: Number,
    pub(super) segment: Number,
    pub(super) through: Number,
    pub(super) file: Number,
    pub(super) change: Number,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) fails: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "DirectoryChange", deny_unknown_fields)]
pub(super) enum DirectoryFile {
    Create { name: String, file: Number },
    Rename { from: String, to: String },
    Remove { name: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "File", deny_unknown_fields)]
pub(super) struct FileFile {
    pub(super) number: Number,
    /// Its name after a power cut; none where it would be gone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) name: Option<String>,
    pub(super) durable: Blob,
    /// The unsynced changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) unsynced: List<ChangeFile, MANY>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Change", deny_unknown_fields)]
pub(super) enum ChangeFile {
    Write {
        number: Number,
        offset: Number,
        bytes: Blob,
    },
    SetLen {
        number: Number,
        len: Number,
    },
}
