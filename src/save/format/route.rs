//! Routes, as a save writes them.

use serde::{Deserialize, Serialize};

use crate::save::scalar::{Number, Seconds, is_default};

/// A route that a node knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Route", deny_unknown_fields)]
pub(in crate::save) struct RouteFile {
    pub(in crate::save) node: Number,
    pub(in crate::save) address: String,
    /// The starts of that node, and its changes since; by default what a person wrote down.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) version: (Number, Number),
    /// How long ago that node was heard of, when this was noted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) age: Seconds,
    /// When this was noted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) noted: Seconds,
}

/// A route that a message tells of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "News", deny_unknown_fields)]
pub(in crate::save) struct NewsFile {
    pub(in crate::save) node: Number,
    pub(in crate::save) address: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) version: (Number, Number),
    /// How long ago that node was heard of.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) age: Seconds,
}
