//! What only a leader has: its followers, its rounds of heartbeats, and whom it hands over to.

use serde::{Deserialize, Serialize};

use super::{MANY, SendingFile, WaitingFile};
use crate::save::scalar::{List, Number, Seconds, is_default};

/// A leader on its way to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Transfer", deny_unknown_fields)]
pub(in crate::save) struct TransferFile {
    pub(in crate::save) to: Number,
    pub(in crate::save) since: Seconds,
    /// Whether it has asked the target to stand.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) asked: bool,
}

/// A leader's rounds of heartbeats. Left out, the first begins now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Reading", deny_unknown_fields)]
pub(in crate::save) struct ReadingFile {
    /// The last round.
    pub(in crate::save) round: Number,
    /// Those that no majority has answered, and when each began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) open: List<(Number, Seconds), MANY>,
    /// The last that a majority has answered, and when it began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) confirmed: Option<(Number, Seconds)>,
    /// The reads that wait.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) waiting: List<WaitingFile, MANY>,
    /// From when a lease counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) lease: LeaseFile,
}

/// From when a leader's lease counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Lease")]
pub(in crate::save) enum LeaseFile {
    /// Leases were never on in this leadership.
    #[default]
    Off,
    /// From this round on.
    From(Number),
    /// Never again in this leadership, which has asked another to stand.
    Void,
}

/// What a leader knows of a follower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Peer", deny_unknown_fields)]
pub(in crate::save) struct PeerFile {
    pub(in crate::save) node: Number,
    /// The last index known to be in common.
    #[serde(default)]
    pub(in crate::save) matched: Number,
    /// The next to send; by default the one past the leader's last.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) next: Option<Number>,
    #[serde(default)]
    pub(in crate::save) flow: FlowFile,
    /// When it was last heard from; by default now.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) heard: Option<Seconds>,
    /// The last round of heartbeats that it answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) answered: Number,
    /// The round of entries that a learner is getting; by default the first, beginning now.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) round: Option<RoundFile>,
}

/// A round of catching up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Round", deny_unknown_fields)]
pub(in crate::save) struct RoundFile {
    pub(in crate::save) number: Number,
    /// The last entry of it.
    pub(in crate::save) goal: Number,
    pub(in crate::save) since: Seconds,
}

/// How entries flow to a follower.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Flow")]
pub(in crate::save) enum FlowFile {
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
