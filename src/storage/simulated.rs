//! A disk as plain data, that loses in a power cut what a real one may lose.
//!
//! # The law
//!
//! Everything before the last settled sync survives. Of what came after it, a power cut may take:
//!
//! - of each 512-byte sector, the latest changes: it holds what it held after any number of the changes made to it,
//!   whatever became of other sectors. So any subset of the unsynced sectors is lost, in any order;
//! - of the last write, any end: the bytes that were never handed over;
//! - of a file's length, the latest changes, whatever became of the bytes: where it is ahead of them, there are zeros;
//! - of the directory, the latest creations, renames and removals since it was last synced.
//!
//! A sync that has begun and is not settled promises nothing yet: either may be found. Who decides what is lost is
//! the caller of [`power_cut`](SimulatedDisk::power_cut): by random draws, or by going through all the possibilities.
//!
//! A crash of the process takes nothing from the disk, and so there is nothing to call: written bytes stay written,
//! to be read by the next incarnation, and stay unsynced, to be lost by a power cut.

mod file;
mod image;
mod pages;

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::io::{self, ErrorKind};

use bytes::Bytes;

use self::file::SimulatedFile;
pub use self::file::{FileOp, UnsyncedOp};
pub use self::image::{DiskImage, FileImage, ImageError};
pub use self::pages::Pages;
use super::contents::{DiskOp, difference};
use super::name;
use crate::types::disk::Disk;

/// The longest file, in bytes. A longer one is refused as a file system refuses what is past its own limit.
pub const LONGEST_FILE: u64 = 1 << 28;

/// What the device writes all or nothing of, in bytes.
pub const SECTOR_BYTES: u64 = 512;

/// A file of a [`SimulatedDisk`], whatever its name. Never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileNumber(u64);

/// The number of a change to a [`SimulatedDisk`], counted over all its files. A sync is a barrier between numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpNumber(u64);

/// A sync of one file: when it settles, every change to it through a number is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SimulatedSync {
    file: FileNumber,
    through: OpNumber,
    outcome: SyncOutcome,
}

/// How a sync of a [`SimulatedDisk`] ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncOutcome {
    /// It succeeds.
    Succeeds,
    /// It fails: it was begun while [`SimulatedDisk::set_syncs_fail`] was on.
    Fails,
}

/// What a power cut may take, as [`SimulatedDisk::power_cut`] asks about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsynced<'a> {
    /// The directory. Its changes are creations, renames and removals.
    Directory,
    /// The last write to the disk, whose "changes" are the bytes that were handed over.
    LastWrite {
        /// The file it was to.
        file: &'a str,
    },
    /// The length of a file. Its changes are the writes past the end, and the cuts.
    Length {
        /// The file.
        file: &'a str,
    },
    /// One sector of a file. Its changes are the writes and cuts that touch it.
    Sector {
        /// The file.
        file: &'a str,
        /// The sector's number within the file, from 0.
        sector: u64,
    },
}

/// A disk as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SimulatedDisk {
    files: BTreeMap<FileNumber, SimulatedFile>,
    durable_names: Names,
    directory: Vec<DirectoryOp>,
    /// What a reader sees: the durable names with all directory changes made.
    names: Names,
    last_file: FileNumber,
    last_op: OpNumber,
    capacity: Option<u64>,
    syncs_fail: bool,
    journal: Journal,
}

type Names = BTreeMap<String, FileNumber>;

/// A change to the directory that is not durable yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DirectoryOp {
    /// A file was made.
    Create {
        /// Its name.
        name: String,
        /// The file.
        file: FileNumber,
    },
    /// A file got another name.
    Rename {
        /// The name it had.
        from: String,
        /// The name it got, replacing what had it.
        to: String,
    },
    /// A file was removed.
    Remove {
        /// Its name.
        name: String,
    },
}

impl FileNumber {
    /// Wraps the number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl OpNumber {
    /// Wraps the number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl SimulatedSync {
    /// A sync as a save found it. It can claim nothing that was not written: settling it makes durable only changes
    /// that the disk has.
    pub const fn new(file: FileNumber, through: OpNumber, outcome: SyncOutcome) -> Self {
        Self {
            file,
            through,
            outcome,
        }
    }

    /// The file.
    pub const fn file(&self) -> FileNumber {
        self.file
    }

    /// The last change that it covers.
    pub const fn through(&self) -> OpNumber {
        self.through
    }

    /// How it will end.
    pub const fn outcome(&self) -> SyncOutcome {
        self.outcome
    }
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// A disk that holds these files, all durable.
    ///
    /// # Errors
    ///
    /// Where a name is not a plain one, or a file is longer than [`LONGEST_FILE`].
    pub fn from_contents(files: BTreeMap<String, Vec<u8>>) -> io::Result<Self> {
        let mut disk = Self::new();
        for (name, bytes) in files {
            disk.create(&name)?;
            disk.write_at(&name, 0, &bytes)?;
            disk.sync_now(&name)?;
        }
        disk.sync_directory()?;
        Ok(disk)
    }

    /// Every file with what a reader sees in it.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.named()
            .map(|(name, file)| (name.to_owned(), file.visible()))
            .collect()
    }

    /// How many bytes a reader sees in all files together.
    pub fn used(&self) -> u64 {
        self.named().map(|(_, file)| file.len()).sum()
    }

    /// How many bytes of writes a power cut may take.
    pub fn unsynced_bytes(&self) -> u64 {
        self.files.values().map(SimulatedFile::unsynced_bytes).sum()
    }

    /// How many bytes of a file no power cut can change any more: those before the first that a change touches which is not durable
    /// yet. None of a file whose very name is not.
    pub fn durable_bytes(&self, name: &str) -> u64 {
        let number = self
            .names
            .get(name)
            .filter(|number| self.durable_names.get(name) == Some(number));
        let file = number.and_then(|number| self.files.get(number));
        file.map_or(0, SimulatedFile::settled_bytes)
    }

    /// Limits how many bytes all files may hold together. A write that does not fit puts down what does and then gives
    /// `StorageFull`. Files that are too long already stay.
    pub fn set_capacity(&mut self, capacity: Option<u64>) {
        self.capacity = capacity;
    }

    /// The limit, if any.
    pub fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    /// Makes syncs begun from now on fail, or succeed again. What a failed sync was to make durable stays as it was:
    /// readable, and at the mercy of a power cut.
    pub fn set_syncs_fail(&mut self, fail: bool) {
        self.syncs_fail = fail;
    }

    /// Whether syncs begun now fail.
    pub fn syncs_fail(&self) -> bool {
        self.syncs_fail
    }

    /// Begins to write down every change, for a mirror to follow. What is not drained is no part of the disk: it
    /// counts neither for equality nor for the hash.
    pub fn enable_journal(&mut self) {
        self.journal.0.get_or_insert_default();
    }

    /// Takes the changes made since the last time, in order; none where the journal was never enabled.
    pub fn drain_journal(&mut self) -> Vec<DiskOp> {
        self.journal.0.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Cuts the power. Of everything that the law leaves open, `survivors` says how many of the changes, in the order
    /// they were made, reached the device; more than there are counts as all.
    ///
    /// It is asked about the directory first, then about the last write, then for each file about its length and, in
    /// ascending order, about each sector; never where there is no unsynced change. What survives is durable.
    pub fn power_cut(&mut self, survivors: &mut dyn FnMut(Unsynced<'_>, u64) -> u64) {
        let before = self.journal.0.is_some().then(|| self.contents());
        self.cut_directory(survivors);
        self.cut_last_write(survivors);
        for (name, number) in &self.names {
            if let Some(file) = self.files.get_mut(number) {
                file.power_cut(name, survivors);
            }
        }
        if let Some(before) = before {
            let changes = difference(&before, &self.contents());
            self.journal.record(|| changes);
        }
    }

    /// Cuts the power, and everything unsynced is lost.
    pub fn power_cut_losing_everything(&mut self) {
        self.power_cut(&mut |_, _| 0);
    }

    fn cut_directory(&mut self, survivors: &mut dyn FnMut(Unsynced<'_>, u64) -> u64) {
        if !self.directory.is_empty() {
            let most = self.directory.len();
            let kept = clamp(survivors(Unsynced::Directory, most as u64), most);
            for op in self.directory.drain(..).take(kept) {
                op.apply(&mut self.durable_names);
            }
            self.names.clone_from(&self.durable_names);
        }
        self.forget_unnamed();
    }

    fn cut_last_write(&mut self, survivors: &mut dyn FnMut(Unsynced<'_>, u64) -> u64) {
        for (name, number) in &self.names {
            let Some(file) = self.files.get_mut(number) else {
                continue;
            };
            if let Some(bytes) = file.write_numbered(self.last_op) {
                let kept = survivors(Unsynced::LastWrite { file: name }, bytes);
                file.shorten_last_write(kept);
            }
        }
    }

    /// Drops the files that no name leads to, now or after a power cut.
    fn forget_unnamed(&mut self) {
        let created = self.directory.iter().filter_map(|op| match op {
            DirectoryOp::Create { file, .. } => Some(*file),
            DirectoryOp::Rename { .. } | DirectoryOp::Remove { .. } => None,
        });
        let named: std::collections::BTreeSet<_> =
            self.durable_names.values().copied().chain(created).collect();
        self.files.retain(|number, _| named.contains(number));
    }

    fn named(&self) -> impl Iterator<Item = (&str, &SimulatedFile)> {
        self.names
            .iter()
            .filter_map(|(name, number)| Some((name.as_str(), self.files.get(number)?)))
    }

    fn number_of(&self, name: &str) -> io::Result<FileNumber> {
        if let Some(number) = self.names.get(name) {
            return Ok(*number);
        }
        // What no file may be called, none is.
        name::check(name)?;
        Err(not_found(name))
    }

    fn file_mut(&mut self, name: &str) -> io::Result<&mut SimulatedFile> {
        let number = self.number_of(name)?;
        self.files.get_mut(&number).ok_or_else(|| not_found(name))
    }

    fn next_op(&mut self) -> OpNumber {
        self.last_op.0 += 1;
        self.last_op
    }

    fn change_directory(&mut self, op: DirectoryOp) {
        op.apply(&mut self.names);
        self.directory.push(op);
    }

    /// How many bytes the files may still grow by.
    fn room(&self) -> u64 {
        self.capacity
            .map_or(u64::MAX, |capacity| capacity.saturating_sub(self.used()))
    }
}

impl Disk for SimulatedDisk {
    type Sync = SimulatedSync;
    type Synced = SimulatedSync;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let number = self.number_of(name)?;
        self.files
            .get(&number)
            .map(SimulatedFile::visible)
            .ok_or_else(|| not_found(name))
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        name::check(name)?;
        if self.names.contains_key(name) {
            return Err(io::Error::new(
                ErrorKind::AlreadyExists,
                format!("{name}: exists already"),
            ));
        }
        self.last_file.0 += 1;
        let file = self.last_file;
        self.files.insert(file, SimulatedFile::default());
        self.change_directory(DirectoryOp::Create {
            name: name.to_owned(),
            file,
        });
        self.journal.record(|| {
            [DiskOp::Create {
                name: name.to_owned(),
            }]
        });
        Ok(())
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let room = self.room();
        let number = self.number_of(name)?;
        let file = self.files.get_mut(&number).ok_or_else(|| not_found(name))?;
        offset
            .checked_add(bytes.len() as u64)
            .filter(|end| *end <= LONGEST_FILE)
            .ok_or(ErrorKind::FileTooLarge)?;
        let fitting = file.len().saturating_add(room).saturating_sub(offset);
        let kept = &bytes[..clamp(fitting, bytes.len())];
        if !kept.is_empty() {
            let bytes = Bytes::copy_from_slice(kept);
            let followed = self.journal.0.is_some().then(|| bytes.clone());
            self.last_op.0 += 1;
            file.push(self.last_op, FileOp::Write { offset, bytes });
            self.journal.record(|| {
                followed.map(|bytes| DiskOp::Write {
                    name: name.to_owned(),
                    offset,
                    bytes,
                })
            });
        }
        if kept.len() < bytes.len() {
            Err(ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()> {
        let room = self.room();
        let before = self.file_mut(name)?.len();
        if len > LONGEST_FILE {
            return Err(ErrorKind::FileTooLarge.into());
        }
        if len.saturating_sub(before) > room {
            return Err(ErrorKind::StorageFull.into());
        }
        let number = self.next_op();
        self.file_mut(name)?.push(number, FileOp::SetLen(len));
        self.journal.record(|| {
            [DiskOp::SetLen {
                name: name.to_owned(),
                len,
            }]
        });
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.number_of(from)?;
        name::check(to)?;
        self.change_directory(DirectoryOp::Rename {
            from: from.to_owned(),
            to: to.to_owned(),
        });
        self.journal.record(|| {
            [DiskOp::Rename {
                from: from.to_owned(),
                to: to.to_owned(),
            }]
        });
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.number_of(name)?;
        self.change_directory(DirectoryOp::Remove {
            name: name.to_owned(),
        });
        self.journal.record(|| {
            [DiskOp::Remove {
                name: name.to_owned(),
            }]
        });
        Ok(())
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        if self.syncs_fail {
            return Err(sync_failure());
        }
        self.durable_names.clone_from(&self.names);
        self.directory.clear();
        self.forget_unnamed();
        Ok(())
    }

    fn begin_sync(&mut self, name: &str) -> io::Result<SimulatedSync> {
        let outcome = if self.syncs_fail {
            SyncOutcome::Fails
        } else {
            SyncOutcome::Succeeds
        };
        Ok(SimulatedSync {
            file: self.number_of(name)?,
            through: self.last_op,
            outcome,
        })
    }

    /// Takes no time: when a sync is done is for the world to decide, which settles it then.
    fn sync(sync: SimulatedSync) -> io::Result<SimulatedSync> {
        match sync.outcome {
            SyncOutcome::Succeeds => Ok(sync),
            SyncOutcome::Fails => Err(sync_failure()),
        }
    }

    fn settle(&mut self, synced: SimulatedSync) {
        if let Some(file) = self.files.get_mut(&synced.file) {
            file.settle(synced.through);
        }
    }
}

impl DirectoryOp {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            Self::Rename { from, to } => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Self::Remove { name } => {
                names.remove(name);
            }
        }
    }
}

/// Changes for a mirror to follow; `None` where nobody does. Beside the disk, not part of it.
#[derive(Clone, Debug, Default)]
struct Journal(Option<Vec<DiskOp>>);

impl Journal {
    fn record<I: IntoIterator<Item = DiskOp>>(&mut self, changes: impl FnOnce() -> I) {
        if let Some(journal) = &mut self.0 {
            journal.extend(changes());
        }
    }
}

impl PartialEq for Journal {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Journal {}

impl Hash for Journal {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

fn not_found(name: &str) -> io::Error {
    io::Error::new(ErrorKind::NotFound, format!("{name}: no such file"))
}

fn sync_failure() -> io::Error {
    io::Error::other("the device failed to sync")
}

/// `number`, but at most `most`.
fn clamp(number: u64, most: usize) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).min(most)
}
