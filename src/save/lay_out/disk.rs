//! A node's disk, byte for byte.

use crate::playground::{NodeImage, WriteImage};
use crate::save::format::{ChangeFile, DirectoryFile, DiskFile, FileFile, SyncFile};
use crate::save::scalar::{Blob, number};
use crate::storage::simulated::{DirectoryOp, FileImage, FileOp, SyncOutcome, UnsyncedOp};

pub(super) fn file_of(node: &NodeImage) -> DiskFile {
    let (disk, process) = (&node.disk, node.process.as_ref());
    let writes = process.into_iter().flat_map(|process| &process.writes);
    DiskFile {
        capacity: disk.capacity.map(number),
        syncs_fail: disk.syncs_fail,
        last_file: number(disk.last_file.number()),
        last_change: number(disk.last_op.number()),
        synced: number(process.map_or(0, |process| process.memory.wal.synced)),
        syncs: writes.map(sync_of).collect(),
        directory: disk.directory.iter().map(DirectoryFile::from).collect(),
        files: disk.files.iter().map(FileFile::from).collect(),
    }
}

fn sync_of(write: &WriteImage) -> SyncFile {
    let sync = &write.sync;
    SyncFile {
        write: number(write.sequence.number()),
        segment: number(sync.segment().number()),
        through: number(sync.through()),
        file: number(sync.sync().file().number()),
        change: number(sync.sync().through().number()),
        fails: match sync.sync().outcome() {
            SyncOutcome::Succeeds => false,
            SyncOutcome::Fails => true,
        },
    }
}

impl From<&DirectoryOp> for DirectoryFile {
    fn from(op: &DirectoryOp) -> Self {
        match op {
            DirectoryOp::Create { name, file } => Self::Create {
                name: name.clone(),
                file: number(file.number()),
            },
            DirectoryOp::Rename { from, to } => Self::Rename {
                from: from.clone(),
                to: to.clone(),
            },
            DirectoryOp::Remove { name } => Self::Remove { name: name.clone() },
        }
    }
}

impl From<&FileImage> for FileFile {
    fn from(file: &FileImage) -> Self {
        Self {
            number: number(file.number.number()),
            name: file.durable_name.clone(),
            durable: Blob(file.durable.to_vec()),
            unsynced: file.unsynced.iter().map(ChangeFile::from).collect(),
        }
    }
}

impl From<&UnsyncedOp> for ChangeFile {
    fn from(change: &UnsyncedOp) -> Self {
        let order = number(change.number.number());
        match &change.op {
            FileOp::Write { offset, bytes } => Self::Write {
                number: order,
                offset: number(*offset),
                bytes: Blob(bytes.to_vec()),
            },
            FileOp::SetLen(len) => Self::SetLen {
                number: order,
                len: number(*len),
            },
        }
    }
}
