//! A node's disk, byte for byte.

use serde::{Deserialize, Serialize};

use super::{FILES_MOST, MANY};
use crate::save::scalar::{Blob, List, Number, is_default};

/// A disk, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Disk", deny_unknown_fields, default)]
pub(in crate::save) struct DiskFile {
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) capacity: Option<Number>,
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) syncs_fail: bool,
    pub(in crate::save) last_file: Number,
    pub(in crate::save) last_change: Number,
    /// How much of the log's last file is known to be durable.
    pub(in crate::save) synced: Number,
    /// How the writes under way are synced.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) syncs: List<SyncFile, MANY>,
    /// The unsynced changes to the directory.
    #[serde(skip_serializing_if = "is_default")]
    pub(in crate::save) directory: List<DirectoryFile, MANY>,
    pub(in crate::save) files: List<FileFile, FILES_MOST>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Sync", deny_unknown_fields)]
pub(in crate::save) struct SyncFile {
    pub(in crate::save) write: Number,
    pub(in crate::save) segment: Number,
    pub(in crate::save) through: Number,
    pub(in crate::save) file: Number,
    pub(in crate::save) change: Number,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) fails: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "DirectoryChange", deny_unknown_fields)]
pub(in crate::save) enum DirectoryFile {
    Create { name: String, file: Number },
    Rename { from: String, to: String },
    Remove { name: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "File", deny_unknown_fields)]
pub(in crate::save) struct FileFile {
    pub(in crate::save) number: Number,
    /// Its name after a power cut; none where it would be gone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) name: Option<String>,
    pub(in crate::save) durable: Blob,
    /// The unsynced changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) unsynced: List<ChangeFile, MANY>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Change", deny_unknown_fields)]
pub(in crate::save) enum ChangeFile {
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
