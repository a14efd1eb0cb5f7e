//! Snapshots in a save: as written, `(last: (index: 8, term: 2), data: "machine 4\nx 1\n")`; by hand, the state may stand for
//! the data: `(last: (index: 8, term: 2), state: {"x": "1"})`.

use serde::{Deserialize, Serialize};

use super::super::scalar::{Number, Seconds, Table, Text, is_default, plain};
use super::{ConfigurationFile, MANY, PositionFile};

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Snapshot", deny_unknown_fields)]
pub(in crate::save) struct SnapshotFile {
    /// The last entry that it stands for.
    pub(in crate::save) last: PositionFile,
    /// The configuration in force there; by default the one that the cluster began with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) members: Option<ConfigurationFile>,
    /// What it holds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) data: Option<Text>,
    /// Or, in its place, the keys and values of the sample machine.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) state: Option<Table<MANY>>,
}

/// A snapshot that is being taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Taking", deny_unknown_fields)]
pub(in crate::save) struct TakingFile {
    /// The last entry that it will stand for.
    pub(in crate::save) through: Number,
    /// When it is finished; left out where a frozen node has still to learn that it is.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) due: Option<Seconds>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) order: Option<Number>,
}

/// What has come of a snapshot that the leader sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Incoming", deny_unknown_fields)]
pub(in crate::save) struct IncomingFile {
    pub(in crate::save) last: PositionFile,
    pub(in crate::save) members: ConfigurationFile,
    /// How many bytes it has.
    pub(in crate::save) total: Number,
    /// Those that are there, from the first on.
    pub(in crate::save) data: Text,
}

/// How far the sending of a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Sending", deny_unknown_fields)]
pub(in crate::save) struct SendingFile {
    pub(in crate::save) last: PositionFile,
    /// How many bytes the follower has.
    pub(in crate::save) received: Number,
    /// The most that it ever had, where that is more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) most: Option<Number>,
    /// When that last grew; by default now.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) grew: Option<Seconds>,
    /// The round of heartbeats in which the piece that is out was sent; none is out where this is left out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) out: Option<Number>,
}
