//! The settings of a world.

use serde::{Deserialize, Serialize};

use crate::consensus::{Rule, Switch};
use crate::playground::{DiskSettings, LinkSettings, Load, Settings};
use crate::save::scalar::{List, Millis, Number, is_default};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Settings", deny_unknown_fields, default)]
pub(in crate::save) struct SettingsFile {
    pub(in crate::save) election_timeout_ms: (Millis, Millis),
    pub(in crate::save) heartbeat_ms: Millis,
    pub(in crate::save) link: LinkSettingsFile,
    pub(in crate::save) disk: DiskSettingsFile,
    pub(in crate::save) limits: LimitsFile,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) pre_vote: Switch,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) check_quorum: Switch,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) auto_promote: Switch,
    /// Whether nodes pass on to the leader what clients want.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) reroute: Switch,
    /// Whether nodes tell each other where they are.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) gossip: Switch,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) lease: Switch,
    /// Whether time stands, and nothing happens but what a person chooses.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) manual: Switch,
    /// How clients ask by themselves; by default they do not.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) load: Option<Load>,
    /// The rules of Raft that are broken on purpose.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) broken: List<Rule, 64>,
}

impl Default for SettingsFile {
    fn default() -> Self {
        Self::from(&Settings::default())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "LinkSettings", deny_unknown_fields, default)]
pub(in crate::save) struct LinkSettingsFile {
    pub(in crate::save) latency_ms: (Millis, Millis),
    pub(in crate::save) loss_ppm: u32,
    pub(in crate::save) duplication_ppm: u32,
    pub(in crate::save) reordering_ppm: u32,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) straggling_ppm: u32,
}

impl Default for LinkSettingsFile {
    fn default() -> Self {
        LinkSettings::default().into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "DiskSettings", deny_unknown_fields, default)]
pub(in crate::save) struct DiskSettingsFile {
    pub(in crate::save) latency_ms: (Millis, Millis),
}

impl Default for DiskSettingsFile {
    fn default() -> Self {
        DiskSettings::default().into()
    }
}

/// What a leader may send to one follower: entries and bytes in one request, and requests and bytes in flight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Limits", deny_unknown_fields, default)]
pub(in crate::save) struct LimitsFile {
    pub(in crate::save) entries: Number,
    pub(in crate::save) bytes: Number,
    pub(in crate::save) in_flight: Number,
    pub(in crate::save) in_flight_bytes: Number,
    /// What may be proposed and not committed yet.
    pub(in crate::save) uncommitted_bytes: Number,
    /// A piece of a snapshot.
    pub(in crate::save) snapshot_piece_bytes: Number,
    /// Nodes take a snapshot after so many entries; by default never.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) snapshot_entries: Option<Number>,
    /// Or after entries of so many bytes; by default never.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) snapshot_bytes: Option<Number>,
    /// How many entries stay in the log behind a snapshot.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) snapshot_keeps: Number,
}

impl Default for LimitsFile {
    fn default() -> Self {
        Settings::default().limits.into()
    }
}
