//! How a save is laid out: structs that stand for the text, and for nothing else.
//!
//! A field that is left out has the default that its comment tells. What a person reads and writes comes first; what only
//! an exact continuation needs comes last, and `disk` at the very end.

mod client;
mod disk;
mod entry;
mod leader;
mod link;
mod message;
mod node;
mod route;
mod settings;
mod snapshot;
mod wish;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

pub(super) use self::client::{ClientSessionFile, ClientsFile, LastFile};
pub(super) use self::disk::{ChangeFile, DirectoryFile, DiskFile, FileFile, SyncFile};
pub(super) use self::entry::{ConfigurationFile, EntryFile, GuardedFile, PayloadFile};
pub(super) use self::leader::{FlowFile, LeaseFile, PeerFile, ReadingFile, RoundFile, TransferFile};
pub(super) use self::link::{LinkFile, SentFile};
pub(super) use self::message::{MessageFile, WordsFile};
pub(super) use self::node::{
    BacklogFile, ClockFile, HeldFile, NodeCountersFile, NodeFile, NodesFile, ProposalFile, ReadFile,
    RoleFile, StateFile, WriteFile,
};
pub(super) use self::route::{NewsFile, RouteFile};
pub(super) use self::settings::{DiskSettingsFile, LimitsFile, LinkSettingsFile, SettingsFile};
pub(super) use self::snapshot::{IncomingFile, SendingFile, SnapshotFile, TakingFile};
pub(super) use self::wish::{OutcomeFile, PassedOnFile, ServedFile, WaitingFile, WishFile};
use super::scalar::{Hash, List, Number, Seconds, is_default};
use super::script::LineFile;
use crate::lesson::Step;

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
    pub(super) notes: List<Step, NOTES_MOST>,
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
    /// What is still to be done, and when.
    pub(super) then: List<LineFile, MANY>,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Position", deny_unknown_fields)]
pub(super) struct PositionFile {
    pub(super) index: Number,
    pub(super) term: Number,
}
