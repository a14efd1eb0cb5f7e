//! The links of the network, and how much each has carried.

use serde::{Deserialize, Serialize};

use super::LinkSettingsFile;
use crate::save::scalar::{Number, Seconds, is_default};

/// A directed link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Link", deny_unknown_fields)]
pub(in crate::save) struct LinkFile {
    pub(in crate::save) from: Number,
    pub(in crate::save) to: Number,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) cut: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) settings: Option<LinkSettingsFile>,
    /// When the last message sent so far arrives.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) last_due: Seconds,
    /// How many messages were sent, by kind.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) sent: SentFile,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Sent", deny_unknown_fields, default)]
pub(in crate::save) struct SentFile {
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) vote_requests: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) vote_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) appends: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) heartbeats: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) append_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) pre_vote_requests: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) pre_vote_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) timeouts_now: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) forwards: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) forward_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) gossip: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) gossip_replies: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) snapshot_pieces: Number,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) snapshot_replies: Number,
}
