//! Whole disks and single changes to them, as values: how one disk is made to follow another.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;

use crate::types::disk::Disk;

/// One change to a disk, as a value. A mirror that applies every change in order holds the same files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DiskOp {
    /// [`Disk::create`].
    Create {
        /// The new file.
        name: String,
    },
    /// [`Disk::write_at`].
    Write {
        /// The file.
        name: String,
        /// Where in the file.
        offset: u64,
        /// What is written there.
        bytes: Bytes,
    },
    /// [`Disk::set_len`].
    SetLen {
        /// The file.
        name: String,
        /// Its new length.
        len: u64,
    },
    /// [`Disk::rename`].
    Rename {
        /// The name it had.
        from: String,
        /// The name it gets.
        to: String,
    },
    /// [`Disk::remove`].
    Remove {
        /// The file.
        name: String,
    },
}

impl DiskOp {
    /// Makes this change to a disk.
    pub fn apply(&self, disk: &mut impl Disk) -> io::Result<()> {
        match self {
            Self::Create { name } => disk.create(name),
            Self::Write { name, offset, bytes } => disk.write_at(name, *offset, bytes),
            Self::SetLen { name, len } => disk.set_len(name, *len),
            Self::Rename { from, to } => disk.rename(from, to),
            Self::Remove { name } => disk.remove(name),
        }
    }
}

/// Every file of a disk with what a reader sees in it.
pub fn contents(disk: &impl Disk) -> io::Result<BTreeMap<String, Vec<u8>>> {
    disk.list()?
        .into_iter()
        .map(|name| disk.read(&name).map(|bytes| (name, bytes)))
        .collect()
}

/// Makes `target` hold exactly these files, and makes that durable. Files that are equal already are only synced.
///
/// It is not atomic: a crash on the way leaves some files old and some new.
pub fn mirror(files: &BTreeMap<String, Vec<u8>>, target: &mut impl Disk) -> io::Result<()> {
    for change in difference(&contents(target)?, files) {
        change.apply(target)?;
    }
    for name in files.keys() {
        target.sync_now(name)?;
    }
    target.sync_directory()
}

/// The changes that turn one set of files into another.
pub(crate) fn difference(from: &BTreeMap<String, Vec<u8>>, to: &BTreeMap<String, Vec<u8>>) -> Vec<DiskOp> {
    let gone = from.keys().filter(|name| !to.contains_key(*name));
    let mut changes: Vec<_> = gone.map(|name| DiskOp::Remove { name: name.clone() }).collect();
    for (name, bytes) in to {
        let before = from.get(name);
        if before.is_none() {
            changes.push(DiskOp::Create { name: name.clone() });
        }
        changes.extend(rewriting(name, before.map_or(&[], Vec::as_slice), bytes));
    }
    changes
}

/// The changes that turn one content of a file into another: a cut, and the part from the first byte that differs.
fn rewriting(name: &str, from: &[u8], to: &[u8]) -> Vec<DiskOp> {
    let common = from
        .iter()
        .zip(to)
        .take_while(|(left, right)| left == right)
        .count();
    let mut changes = Vec::new();
    if from.len() > to.len() {
        changes.push(DiskOp::SetLen {
            name: name.into(),
            len: to.len() as u64,
        });
    }
    if to.len() > common {
        let bytes = Bytes::copy_from_slice(&to[common..]);
        changes.push(DiskOp::Write {
            name: name.into(),
            offset: common as u64,
            bytes,
        });
    }
    changes
}
