//! Why a log can't be opened, or can't go on.

use std::io;

use super::Identity;
use crate::types::{LogIndex, LogPosition};

/// Why a write ahead log does no more.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// The disk refused.
    #[error("{file}: {source}")]
    Disk {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A write that does not fit to what has been written before it.
    #[error("{0}")]
    OutOfPlace(#[from] OutOfPlace),
    /// A command too long for a record, or a segment too long for this machine.
    #[error("an entry is too large for the log")]
    TooLarge,
    /// The disk refused a write before. What it left is unknown: the log must be opened anew.
    #[error("the log failed before and must be opened anew")]
    Failed,
}

/// A change that does not fit to the log that it is made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum OutOfPlace {
    /// Entries that do not start right after the last one.
    #[error("entries from index {found} where {expected} was due")]
    Append {
        /// The index after the last entry.
        expected: LogIndex,
        /// The index they start at.
        found: LogIndex,
    },
    /// A truncation of what is not there.
    #[error("truncation from index {from} of a log that begins after {base} and ends at {last}")]
    Truncate {
        /// The first index to be removed.
        from: LogIndex,
        /// The index that the log begins after.
        base: LogIndex,
        /// The last index there is.
        last: LogIndex,
    },
    /// A snapshot that does not stand for all that has been dropped.
    #[error("a snapshot through index {last} of a log that begins after {base}")]
    Snapshot {
        /// The last entry that it stands for.
        last: LogPosition,
        /// What the log begins after.
        base: LogPosition,
    },
    /// A compaction past what the snapshot in force stands for.
    #[error("compaction through index {through}{}", without(*.snapshot))]
    Compact {
        /// The last entry to be dropped.
        through: LogPosition,
        /// The last index that the snapshot in force stands for, if there is one.
        snapshot: Option<LogIndex>,
    },
    /// More entries than there are indices.
    #[error("entries past the largest index")]
    Overflow,
}

/// What a compaction lacks.
fn without(snapshot: Option<LogIndex>) -> String {
    match snapshot {
        Some(last) => format!(", and the snapshot in force ends at {last}"),
        None => " without a snapshot".into(),
    }
}

/// What is left to do where a disk has lost what a node had promised. A node that went on without it could promise the opposite.
const LOST: &str = "put back a copy of this node's files, or remove them all and let it join as a new server";

/// Why a log can't be opened, and where something is to be done about it, what. Nothing has been changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk refused.
    #[error("{file}: {source}")]
    Disk {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of another version of this program.
    #[error(
        "{file}: format version {found}, this build reads {supported}; open it with a raft-play that is as new"
    )]
    Version {
        /// The file.
        file: String,
        /// The version it is of.
        found: u32,
        /// The version that can be read.
        supported: u32,
    },
    /// A file of another cluster or another node.
    #[error("{file}: belongs to {found}, not to {expected}")]
    Foreign {
        /// The file.
        file: String,
        /// Whose it is.
        found: Identity,
        /// Whose it should be.
        expected: Identity,
    },
    /// A segment is not there, though what follows it is, and not all that stood in it has been dropped.
    #[error("{file}: missing, though what follows it is there; {LOST}")]
    Missing {
        /// The file.
        file: String,
    },
    /// The snapshot that the log names is not there.
    #[error("{file}: missing, though the log names it as the snapshot through index {last}; {LOST}")]
    SnapshotMissing {
        /// The file.
        file: String,
        /// The last entry that it stands for.
        last: LogPosition,
    },
    /// The snapshot that the log names can't be read. It had been synced before it was named.
    #[error("{file}: damaged at byte {offset}, the snapshot through index {last}: {damage}; {LOST}")]
    SnapshotDamaged {
        /// The file.
        file: String,
        /// Where.
        offset: u64,
        /// The last entry that it stands for.
        last: LogPosition,
        /// What is wrong.
        damage: SnapshotDamage,
    },
    /// Bytes are damaged that had been synced: the disk has lost what was promised. A node with such a disk must not
    /// go on under its name.
    #[error("{file}: damaged at byte {offset}, after index {index}: {damage}; {evidence}; {LOST}")]
    Damaged {
        /// The file.
        file: String,
        /// The first byte of the damaged record.
        offset: u64,
        /// The last index that can still be read before it.
        index: LogIndex,
        /// What is wrong.
        damage: Damage,
        /// Why it is no torn tail.
        evidence: Evidence,
    },
    /// Bytes are as they were written, but make no sense.
    #[error("{file}: inconsistent at byte {offset}, after index {index}: {reason}; {LOST}")]
    Inconsistent {
        /// The file.
        file: String,
        /// The first byte of the record.
        offset: u64,
        /// The last index before it.
        index: LogIndex,
        /// Why they make none.
        reason: Inconsistency,
    },
    /// An image that is not of the log on this disk.
    #[error(
        "the image says that {synced} bytes of {file} were synced; it has {bytes}, of which {marked} must be"
    )]
    Image {
        /// The segment.
        file: String,
        /// What the image says.
        synced: u64,
        /// How long the segment is.
        bytes: u64,
        /// What the segment itself says was synced.
        marked: u64,
    },
}

/// What is wrong with bytes that were not read as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Damage {
    /// The file ends first, or the length is wrong.
    #[error("the file ends within a record")]
    Incomplete,
    /// There are zeros.
    #[error("zeros where a record should be")]
    Blank,
    /// The checksum does not match: bytes are wrong, or they belong to another place or time.
    #[error("the checksum does not match")]
    Checksum,
}

/// What is wrong with the file of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SnapshotDamage {
    /// It is shorter or longer than the log says.
    #[error("it has {found} bytes and must have {expected}")]
    Length {
        /// How long it is.
        found: u64,
        /// How long the log says it is.
        expected: u64,
    },
    /// It does not begin as a snapshot does.
    #[error("it does not begin as a snapshot does")]
    Magic,
    /// Bytes are wrong.
    #[error("the checksum does not match")]
    Checksum,
    /// It is sound, and another than the log names.
    #[error("it is not the snapshot that the log names")]
    Another,
    /// The bytes are as they were written, but make no sense.
    #[error("its parts can't be read")]
    Unreadable,
}

/// How damage is known not to be a torn tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Evidence {
    /// A later record states that everything before an offset had been synced.
    #[error("everything before byte {0} had been synced")]
    Synced(u64),
    /// The segment has a successor, which is made only when it is synced.
    #[error("the segment is closed, and was synced before the next began")]
    Closed,
    /// The segment is the first one left: those before it are removed only once its header has been synced.
    #[error("the segments before it were removed, after its header had been synced")]
    First,
    /// Records follow a segment's header, which is synced before the first of them is written.
    #[error("a segment's header is synced before anything follows it")]
    Header,
}

/// Why bytes that are as they were written make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Inconsistency {
    /// A change that does not fit to the log before it.
    #[error("{0}")]
    OutOfPlace(#[from] OutOfPlace),
    /// A kind of record that this version does not know.
    #[error("a record of unknown kind {0}")]
    Kind(u8),
    /// A record whose payload can't be read.
    #[error("a payload that can't be read")]
    Payload,
    /// A change where a batch should begin.
    #[error("a record outside any batch")]
    OutsideBatch,
    /// A batch header where a change should be.
    #[error("a batch within a batch")]
    BatchInBatch,
    /// A mark past the place where it stands.
    #[error("a mark of what was synced that lies ahead of itself")]
    Mark,
    /// A segment that states another number than its file's name, or another state than the segments before lead to.
    #[error("the header does not follow from the segments before")]
    Header,
}
