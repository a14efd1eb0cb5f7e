//! Real files that follow a node's simulated disk: written through, never read while the world runs.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::storage::real::RealDisk;
use crate::storage::{self, DiskOp};
use crate::types::disk::Disk;

/// The files of one node.
pub(super) struct Mirror {
    disk: RealDisk,
    /// Files that changed since the last sync.
    unsynced: BTreeSet<String>,
    has_failed: bool,
}

impl Mirror {
    /// Lays a whole disk onto real files, and follows it from there.
    pub(super) fn begin(mut disk: RealDisk, contents: &BTreeMap<String, Vec<u8>>) -> io::Result<Self> {
        storage::mirror(contents, &mut disk)?;
        Ok(Self::waiting(disk))
    }

    /// Real files that nothing has been laid onto yet.
    pub(super) fn waiting(disk: RealDisk) -> Self {
        Self {
            disk,
            unsynced: BTreeSet::new(),
            has_failed: false,
        }
    }

    /// Lays a whole disk onto the files; they are durable after the next [`sync`](Self::sync). Where they no longer followed, they do again.
    pub(super) fn lay_out(&mut self, contents: &BTreeMap<String, Vec<u8>>) -> Option<String> {
        let result = storage::contents(&self.disk).and_then(|before| {
            let mut changes = storage::difference(&before, contents).into_iter();
            changes.try_for_each(|change| self.apply(&change))
        });
        self.has_failed = false;
        self.complaint(result)
    }

    /// Does what the disk did. Gives a complaint the first time that it can't; from then on it does nothing.
    pub(super) fn follow(&mut self, changes: Vec<DiskOp>) -> Option<String> {
        if self.has_failed {
            return None;
        }
        let result = changes.into_iter().try_for_each(|change| self.apply(&change));
        self.complaint(result)
    }

    /// Makes durable what was written.
    pub(super) fn sync(&mut self) -> Option<String> {
        if self.has_failed {
            return None;
        }
        let names = std::mem::take(&mut self.unsynced);
        let result = names.iter().try_for_each(|name| self.disk.sync_now(name));
        let result = result.and_then(|()| self.disk.sync_directory());
        self.complaint(result)
    }

    fn apply(&mut self, change: &DiskOp) -> io::Result<()> {
        change.apply(&mut self.disk)?;
        match change {
            DiskOp::Create { name } | DiskOp::Write { name, .. } | DiskOp::SetLen { name, .. } => {
                self.unsynced.insert(name.clone());
            }
            DiskOp::Rename { from, to } => {
                self.unsynced.remove(from);
                self.unsynced.insert(to.clone());
            }
            DiskOp::Remove { name } => {
                self.unsynced.remove(name);
            }
        }
        Ok(())
    }

    fn complaint(&mut self, result: io::Result<()>) -> Option<String> {
        let error = result.err()?;
        self.has_failed = true;
        Some(format!(
            "the files in the data directory no longer follow: {error}"
        ))
    }
}
