//! What the clients of a world remember.

use serde::{Deserialize, Serialize};

use super::MANY;
use crate::save::scalar::{List, Number, Seconds, Text, is_default};

/// What clients remember between their requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Clients", deny_unknown_fields, default)]
pub(in crate::save) struct ClientsFile {
    /// What was proposed last, and may be tried again.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) last: Option<LastFile>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) sessions: List<ClientSessionFile, MANY>,
    /// The commands in sessions that were not answered yet: the proposal's name, session, serial number.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) asked: List<(Number, Number, Number), MANY>,
    /// When the next of those asks who do so by themselves; by default after a pause of theirs.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) next: Option<Seconds>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) next_order: Option<Number>,
    /// How often they have asked, or have waited to.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) times: Number,
}

/// What was proposed last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Last", deny_unknown_fields)]
pub(in crate::save) struct LastFile {
    pub(in crate::save) command: Text,
    /// Its session and serial number, where it had one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) place: Option<(Number, Number)>,
}

/// What a client knows of its session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "ClientSession", deny_unknown_fields)]
pub(in crate::save) struct ClientSessionFile {
    pub(in crate::save) session: Number,
    /// The serial number of its next command.
    pub(in crate::save) next: Number,
    /// The serial numbers whose end it does not know.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) open: List<Number, MANY>,
}
