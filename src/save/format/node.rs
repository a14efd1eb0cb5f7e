//! The nodes: what each is, knows and waits for.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    DiskFile, DiskSettingsFile, ENTRIES_MOST, EntryFile, IncomingFile, MANY, NODES_MOST, PassedOnFile,
    PeerFile, PositionFile, ReadingFile, RouteFile, ServedFile, SnapshotFile, TakingFile, TransferFile,
    WordsFile,
};
use crate::save::scalar::{List, Number, Seconds, Text, is_default, number, plain};

/// So many new nodes, or each of them.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::save) enum NodesFile {
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
pub(in crate::save) struct NodeFile {
    /// By default its place in the list.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) id: Option<Number>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) state: StateFile,
    /// Why it went down, where it did so by itself.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) failure: Option<String>,
    /// By default the term of its last entry, or 1 for who leads or stands for election.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) term: Option<Number>,
    /// By default none, or itself where it leads or stands for election.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) vote: Option<Number>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) role: RoleFile,
    /// Whom a follower follows.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) leader: Option<Number>,
    /// Who voted for a candidate; by default itself.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) granted: Option<List<Number, NODES_MOST>>,
    /// Who did not.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) refused: List<Number, NODES_MOST>,
    /// What a leader knows of its followers. Of one that is not named, nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) peers: List<PeerFile, NODES_MOST>,
    /// To whom a leader hands over.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) transfer: Option<TransferFile>,
    /// A leader's rounds of heartbeats, and the reads that wait for them.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) reading: Option<ReadingFile>,
    /// The reads that are not answered yet.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) reads: List<ReadFile, MANY>,
    /// The entries that were executed though their serial numbers had been before.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) executed_again: List<Number, MANY>,
    /// The last time that a leader stamped, and when that was by its own clock.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) stamped: Option<(Seconds, Seconds)>,
    /// What it has passed on to a leader and has no answer to yet, oldest first.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) passed_on: List<PassedOnFile, MANY>,
    /// What others have passed on to a leader.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) served: List<ServedFile, MANY>,
    /// When it last heard from a leader.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) heard: Option<Seconds>,
    /// The snapshot in force.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) snapshot: Option<SnapshotFile>,
    /// The last entry that its log has dropped; by default the snapshot's last.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) base: Option<PositionFile>,
    /// The entries after that.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) log: List<EntryFile, ENTRIES_MOST>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) commit: Number,
    /// By default as much as is committed; what a snapshot stands for is.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) applied: Option<Number>,
    /// The last entry that no power cut can take; by default all.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) durable: Option<Number>,
    /// When its timer runs out: a leader's heartbeat timer, anyone else's election timer. By default as if it had
    /// been set now.
    #[serde(skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) timer: Option<Seconds>,
    /// How long it was set for; by default the time from now.
    #[serde(skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) timer_set_for: Option<Seconds>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) timer_order: Option<Number>,
    /// How many times it was given another address.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) moves: Number,
    /// The version of its own route; by default the first of this start.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) route_version: Option<(Number, Number)>,
    /// The routes that it knows; by default those to all.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) routes: Option<List<RouteFile, MANY>>,
    /// When it gossips next.
    #[serde(skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) gossip: Option<Seconds>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) gossip_order: Option<Number>,
    /// The snapshot that it is taking.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) taking: Option<TakingFile>,
    /// What has come of a snapshot that the leader sends to a follower.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) incoming: Option<IncomingFile>,
    /// The writes that are on their way to the disk.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) writes: List<WriteFile, MANY>,
    /// The messages that wait for one of them.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) held: List<HeldFile, MANY>,
    /// What a frozen node will find when it thaws.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) backlog: List<BacklogFile, MANY>,
    /// The proposals that nobody knows the end of yet.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) proposals: List<ProposalFile, MANY>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) counters: NodeCountersFile,
    /// Its clock; by default one that is right.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) clock: Option<ClockFile>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) disk_settings: Option<DiskSettingsFile>,
    /// Its disk, byte for byte. By default one is made that holds term, vote and log.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) disk: Option<DiskFile>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "State")]
pub(in crate::save) enum StateFile {
    #[default]
    Up,
    Down,
    Frozen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Role")]
pub(in crate::save) enum RoleFile {
    #[default]
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}

/// A read that is not answered yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Read", deny_unknown_fields)]
pub(in crate::save) struct ReadFile {
    pub(in crate::save) id: Number,
    pub(in crate::save) query: Text,
    /// The index that must be applied first, where that is known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) index: Option<Number>,
}

/// A write under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Write", deny_unknown_fields)]
pub(in crate::save) struct WriteFile {
    pub(in crate::save) number: Number,
    /// The last index that is durable when it is done.
    pub(in crate::save) through: Number,
    /// When it is done; left out where a frozen node has still to learn that it is.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) due: Option<Seconds>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) order: Option<Number>,
}

/// A message that waits for a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Held", deny_unknown_fields)]
pub(in crate::save) struct HeldFile {
    pub(in crate::save) write: Number,
    pub(in crate::save) to: Number,
    pub(in crate::save) term: Number,
    pub(in crate::save) says: WordsFile,
}

/// Something that waits for a frozen node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Backlog")]
pub(in crate::save) enum BacklogFile {
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
pub(in crate::save) struct ProposalFile {
    pub(in crate::save) id: Number,
    pub(in crate::save) index: Number,
    pub(in crate::save) term: Number,
}

/// A clock that runs fast or slow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Clock", deny_unknown_fields)]
pub(in crate::save) struct ClockFile {
    /// By how much it runs too fast, in parts per million.
    pub(in crate::save) drift_ppm: i32,
    /// Since when it does; by default from the beginning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) since: Seconds,
    /// What it read then.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) reading: Seconds,
}

/// What a node has counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "NodeCounters", deny_unknown_fields, default)]
pub(in crate::save) struct NodeCountersFile {
    /// How many times it was started.
    pub(in crate::save) starts: Number,
    /// When it was last started.
    pub(in crate::save) started: Seconds,
    /// How many election timers ran out in its term.
    pub(in crate::save) timeouts: Number,
    /// The writes of this start that are done.
    pub(in crate::save) writes: Number,
    /// The one that carried its term and vote.
    pub(in crate::save) term_write: Number,
    /// The rounds of gossip that it began or waits to begin.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) gossips: Number,
    /// The one that carried a snapshot from a leader.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) snapshot_write: Number,
    /// The syncs that it ever began.
    pub(in crate::save) syncs: Number,
    /// When the last of them is done.
    pub(in crate::save) last_sync_due: Seconds,
}

impl Default for NodeCountersFile {
    fn default() -> Self {
        Self {
            starts: number(1),
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
