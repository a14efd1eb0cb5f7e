//! What clients want, what is told of it, and what waits.

use serde::{Deserialize, Serialize};

use super::{GuardedFile, PositionFile};
use crate::save::scalar::{Number, Seconds, Text, is_default};
use crate::types::{ChangeRefusal, MembershipChange, ProposalRefusal, ReadWay, TransferRefusal};

/// Something that a client wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Wish")]
pub(in crate::save) enum WishFile {
    Propose(Text),
    /// With how long it lasts unused.
    OpenSession(Seconds),
    CloseSession(Number),
    ProposeIn(GuardedFile),
    Read(ReadWay),
    Reconfigure(MembershipChange),
    Transfer(Number),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Outcome")]
pub(in crate::save) enum OutcomeFile {
    Appended(PositionFile),
    ReadAt(Number),
    Joined(Number),
    TransferStarted,
    Unknown,
    Refused(ProposalRefusal),
    ChangeRefused(ChangeRefusal),
    TransferRefused(TransferRefusal),
}

/// A read that waits for a round of heartbeats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Waiting", deny_unknown_fields)]
pub(in crate::save) struct WaitingFile {
    pub(in crate::save) id: Number,
    pub(in crate::save) round: Number,
    /// The index that it sees, where that is known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) index: Option<Number>,
    /// The node that was asked and how many times that was started; left out where it is the leader itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) asked: Option<(Number, Number)>,
}

/// Something that was passed on to a leader.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "PassedOn", deny_unknown_fields)]
pub(in crate::save) struct PassedOnFile {
    pub(in crate::save) id: Number,
    pub(in crate::save) to: Number,
    pub(in crate::save) since: Seconds,
}

/// Something that another node has passed on to a leader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Served", deny_unknown_fields)]
pub(in crate::save) struct ServedFile {
    /// The node.
    pub(in crate::save) from: Number,
    /// How many times it was started.
    pub(in crate::save) starts: Number,
    pub(in crate::save) id: Number,
    /// What became of it, where that is known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) outcome: Option<OutcomeFile>,
}
