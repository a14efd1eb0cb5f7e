//! A node's disk: as a save has it, or made to hold what the save says.

use super::{Problem, ensure};
use crate::consensus::Persistent;
use crate::consensus::durable::Metadata;
use crate::node;
use crate::playground::WorldImage;
use crate::save::format::{ChangeFile, DirectoryFile, DiskFile, FileFile, NodeFile, StateFile, SyncFile};
use crate::storage::simulated::{
    DirectoryOp, DiskImage, FileImage, FileNumber, FileOp, OpNumber, SimulatedDisk, SimulatedSync,
    SyncOutcome, UnsyncedOp,
};
use crate::storage::wal::{Recovered, SegmentNumber, WalSync};
use crate::types::{Incarnation, NodeId};

/// The most bytes that the files of all disks may hold together: more than fits into a save, less than harms.
const DISKS_MOST: u64 = 64 << 20;

/// A disk, and how much of the log's last file is known to be durable.
pub(super) struct Laid {
    pub(super) disk: DiskImage,
    pub(super) synced: u64,
}

/// Refuses disks that would take far more room than the save does.
pub(super) fn check_size<'a>(nodes: impl Iterator<Item = &'a NodeFile>) -> Result<(), Problem> {
    let files = nodes
        .filter_map(|node| node.disk.as_ref())
        .flat_map(|disk| disk.files.iter());
    let total = files.map(longest).fold(0, u64::saturating_add);
    ensure(
        total <= DISKS_MOST,
        format!("the disks hold more than {} MiB", DISKS_MOST >> 20),
    )
}

fn longest(file: &FileFile) -> u64 {
    let ends = file.unsynced.iter().map(|change| match change {
        ChangeFile::Write { offset, bytes, .. } => offset.get().saturating_add(bytes.0.len() as u64),
        ChangeFile::SetLen { len, .. } => len.get(),
    });
    ends.fold(file.durable.0.len() as u64, u64::max)
}

/// The disk of a node with this term, vote, snapshot and log. Where the save has one, it must hold just these.
pub(super) fn disk_of(
    state: StateFile,
    file: Option<DiskFile>,
    persistent: &Persistent,
    id: NodeId,
    image: &WorldImage,
) -> Result<Laid, Problem> {
    let Some(file) = file else {
        return made(id, persistent, image);
    };
    let synced = file.synced.get();
    let disk = DiskImage::from(file);
    let settings = image.node_settings(id, Incarnation::default());
    let restored = SimulatedDisk::restore(disk.clone())
        .map_err(|error| Problem(format!("its disk can't be: {error}")))?;
    match node::inspect(&settings, &restored) {
        Ok(found) if is_same(&found, persistent) => {}
        Ok(_) => {
            let what = "its disk does not hold this term, vote, snapshot and log; \
                        delete its `disk:` to have one made from them";
            return Err(Problem::new(what));
        }
        // What is down may have a disk from which it can't start.
        Err(_) if state == StateFile::Down && is_nothing(persistent) => {}
        Err(error) => {
            let what =
                format!("its disk can't be read ({error}); delete its `disk:` to have one made from its log");
            return Err(Problem::new(what));
        }
    }
    Ok(Laid { disk, synced })
}

fn is_same(found: &Recovered, persistent: &Persistent) -> bool {
    let log = &persistent.log;
    found.metadata == persistent.metadata
        && found.snapshot == persistent.snapshot
        && found.base == log.base()
        && found.entries.iter().eq(log.iter())
}

fn is_nothing(persistent: &Persistent) -> bool {
    let is_new = persistent.metadata == Metadata::default();
    is_new && persistent.log.is_empty() && persistent.snapshot.is_none()
}

fn made(id: NodeId, persistent: &Persistent, image: &WorldImage) -> Result<Laid, Problem> {
    let (disk, wal) = image
        .prepared_disk(id, persistent.clone())
        .map_err(|error| Problem(format!("no disk can be made from its log: {error}")))?;
    let synced = wal.synced;
    Ok(Laid { disk, synced })
}

impl From<DiskFile> for DiskImage {
    fn from(file: DiskFile) -> Self {
        let DiskFile {
            capacity,
            syncs_fail,
            last_file,
            last_change,
            synced: _,
            syncs: _,
            directory,
            files,
        } = file;
        Self {
            files: files.into_iter().map(FileImage::from).collect(),
            directory: directory.into_iter().map(DirectoryOp::from).collect(),
            last_file: FileNumber::new(last_file.get()),
            last_op: OpNumber::new(last_change.get()),
            capacity: capacity.map(u64::from),
            syncs_fail,
        }
    }
}

impl From<FileFile> for FileImage {
    fn from(file: FileFile) -> Self {
        Self {
            number: FileNumber::new(file.number.get()),
            durable_name: file.name,
            durable: file.durable.0.into(),
            unsynced: file.unsynced.into_iter().map(UnsyncedOp::from).collect(),
        }
    }
}

impl From<ChangeFile> for UnsyncedOp {
    fn from(file: ChangeFile) -> Self {
        let (number, op) = match file {
            ChangeFile::Write {
                number,
                offset,
                bytes,
            } => {
                let (offset, bytes) = (offset.get(), bytes.0.into());
                (number, FileOp::Write { offset, bytes })
            }
            ChangeFile::SetLen { number, len } => (number, FileOp::SetLen(len.get())),
        };
        Self {
            number: OpNumber::new(number.get()),
            op,
        }
    }
}

impl From<DirectoryFile> for DirectoryOp {
    fn from(file: DirectoryFile) -> Self {
        match file {
            DirectoryFile::Create { name, file } => Self::Create {
                name,
                file: FileNumber::new(file.get()),
            },
            DirectoryFile::Rename { from, to } => Self::Rename { from, to },
            DirectoryFile::Remove { name } => Self::Remove { name },
        }
    }
}

impl From<SyncFile> for WalSync<SimulatedSync> {
    fn from(file: SyncFile) -> Self {
        let outcome = if file.fails {
            SyncOutcome::Fails
        } else {
            SyncOutcome::Succeeds
        };
        let sync = SimulatedSync::new(
            FileNumber::new(file.file.get()),
            OpNumber::new(file.change.get()),
            outcome,
        );
        Self::new(SegmentNumber::new(file.segment.get()), file.through.get(), sync)
    }
}
