//! A disk that stops at any operation, fails a sync or runs full there, and may be kept by a store with a fault of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, ErrorKind};

use raft_play::storage::simulated::{
    FileOp, OpNumber, SimulatedDisk, SimulatedSync, SyncOutcome, UnsyncedOp,
};
use raft_play::types::disk::Disk;

use super::mutants::Mutant;

/// One operation of a disk that a crash may come before or after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Create(String),
    Write(String, usize),
    SetLen(String),
    Rename(String),
    Remove(String),
    Sync(String),
    SyncDirectory,
}

/// What goes wrong at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The end comes before it.
    Before,
    /// The end comes after it.
    After,
    /// It is a sync, and fails; the disk works on.
    SyncError,
    /// It is a write, of which only so many bytes fit.
    Full(usize),
}

/// A [`SimulatedDisk`] on which something goes wrong at one operation.
#[derive(Clone, Debug)]
pub struct TestDisk {
    pub disk: SimulatedDisk,
    pub mutant: Option<Mutant>,
    fault: Option<(usize, Fault)>,
    /// The operations so far.
    count: usize,
    /// The operations, where somebody wants to know them.
    pub log: Option<Vec<Op>>,
    is_dead: bool,
    /// Changes that a failed sync has left marked as clean: no later sync carries them to the device.
    clean: BTreeSet<OpNumber>,
    /// What a mutant puts off: a file that has still to be renamed.
    put_off: Option<(String, String)>,
    /// The files that have been synced since anything new was written to them.
    idle: BTreeSet<String>,
    /// What the syncs that were begun and did not fail cover.
    covered: BTreeMap<String, OpNumber>,
}

/// A sync, and how it will end.
#[derive(Clone, Copy, Debug)]
pub struct TestSync {
    sync: SimulatedSync,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Settles,
    /// It does nothing, and says that it did.
    Lies,
    Fails,
    /// It settles, and then the disk is dead.
    SettlesLast,
}

impl TestDisk {
    pub fn new(disk: SimulatedDisk, mutant: Option<Mutant>) -> Self {
        Self {
            disk,
            mutant,
            fault: None,
            count: 0,
            log: None,
            is_dead: false,
            clean: BTreeSet::new(),
            put_off: None,
            idle: BTreeSet::new(),
            covered: BTreeMap::new(),
        }
    }

    /// Something goes wrong at an operation, counted from now on.
    pub fn with_fault(mut self, after: usize, fault: Fault) -> Self {
        self.fault = Some((self.count + after, fault));
        self
    }

    /// The machine, or the process, starts again; what a process had put off is forgotten.
    pub fn revived(mut self) -> Self {
        (self.fault, self.is_dead, self.put_off) = (None, false, None);
        self.idle.clear();
        self
    }

    /// The same disk after a power cut.
    pub fn after_power_cut(&self, disk: SimulatedDisk) -> Self {
        Self::new(disk, self.mutant)
    }

    /// Whether it still works.
    pub fn is_alive(&self) -> bool {
        !self.is_dead
    }

    /// Whether a failed sync has left pages that look clean.
    pub fn has_clean_pages(&self) -> bool {
        !self.clean.is_empty()
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Begins an operation. Gives what goes wrong at it, if anything does.
    fn begin(&mut self, op: impl FnOnce() -> Op) -> io::Result<Option<Fault>> {
        if self.is_dead {
            return Err(gone());
        }
        let number = self.count;
        self.count += 1;
        if let Some(log) = &mut self.log {
            log.push(op());
        }
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        if fault == Some(Fault::Before) {
            self.is_dead = true;
            return Err(gone());
        }
        Ok(fault)
    }

    /// Does an operation that is done at once.
    fn change(
        &mut self,
        op: impl FnOnce() -> Op,
        change: impl FnOnce(&mut SimulatedDisk) -> io::Result<()>,
    ) -> io::Result<()> {
        let fault = self.begin(op)?;
        change(&mut self.disk)?;
        self.is_dead |= fault == Some(Fault::After);
        Ok(())
    }

    fn write(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let fault = self.begin(|| Op::Write(name.into(), bytes.len()))?;
        if !(self.is(Mutant::ClosedNotSynced) && self.holds(name, offset, bytes)) {
            self.idle.remove(name);
        }
        if let Some(Fault::Full(fitting)) = fault {
            self.disk
                .write_at(name, offset, &bytes[..fitting.min(bytes.len())])?;
            return Err(ErrorKind::StorageFull.into());
        }
        self.disk.write_at(name, offset, bytes)?;
        self.is_dead |= fault == Some(Fault::After);
        if let Some((from, to)) = self.put_off.take() {
            self.change(|| Op::Rename(to.clone()), |disk| disk.rename(&from, &to))?;
            self.change(|| Op::SyncDirectory, SimulatedDisk::sync_directory)?;
        }
        Ok(())
    }

    /// Whether a write would change nothing that a reader sees.
    fn holds(&self, name: &str, offset: u64, bytes: &[u8]) -> bool {
        let (Ok(file), Ok(start)) = (self.disk.read(name), usize::try_from(offset)) else {
            return false;
        };
        file.get(start..).is_some_and(|rest| rest.starts_with(bytes))
    }

    fn sync_fate(&mut self, name: &str) -> io::Result<Fate> {
        match self.begin(|| Op::Sync(name.into()))? {
            Some(Fault::SyncError) => {
                self.leave_clean(name);
                // Who tries again is told that all is well: there is nothing left to be written.
                let retries = self.is(Mutant::SyncRetried);
                Ok(if retries { Fate::Settles } else { Fate::Fails })
            }
            Some(Fault::After) => Ok(Fate::SettlesLast),
            Some(Fault::Before | Fault::Full(_)) | None => Ok(Fate::Settles),
        }
    }

    /// A sync of a file has failed: the pages that no earlier one is about to write are marked clean all the same.
    fn leave_clean(&mut self, name: &str) {
        let image = self.disk.image();
        let Ok(sync) = self.disk.begin_sync(name) else {
            return;
        };
        let file = image.files.iter().find(|file| file.number == sync.file());
        let changes = file.map_or(&[][..], |file| &file.unsynced);
        let covered = self.covered.get(name).copied().unwrap_or_default();
        let left = changes
            .iter()
            .map(|change| change.number)
            .filter(|number| *number > covered);
        self.clean.extend(left);
    }

    fn settle_sync(&mut self, sync: SimulatedSync) {
        if self.clean.is_empty() {
            return self.disk.settle(sync);
        }
        let mut image = self.disk.image();
        let Some(file) = image.files.iter_mut().find(|file| file.number == sync.file()) else {
            return;
        };
        let is_settled =
            |change: &UnsyncedOp| change.number <= sync.through() && !self.clean.contains(&change.number);
        let (settled, mut left): (Vec<_>, Vec<_>) = file.unsynced.drain(..).partition(is_settled);
        for change in &settled {
            let mut durable = file.durable.to_vec();
            apply(&change.op, &mut durable);
            file.durable = durable.into();
            let earlier = left.iter_mut().filter(|left| left.number < change.number);
            earlier.for_each(|left| override_by(&change.op, &mut left.op));
        }
        file.unsynced = left;
        self.disk = SimulatedDisk::restore(image).expect("a part of the changes, in order");
    }
}

/// What is written later goes before, also where the earlier change never reaches the device.
fn override_by(later: &FileOp, earlier: &mut FileOp) {
    let FileOp::Write { offset, bytes } = earlier else {
        return;
    };
    let place = |place: u64| usize::try_from(place.saturating_sub(*offset)).expect("a small file");
    match later {
        FileOp::SetLen(len) => bytes.truncate(place(*len)),
        FileOp::Write {
            offset: from,
            bytes: new,
        } => {
            let skipped = usize::try_from(offset.saturating_sub(*from)).expect("a small file");
            let new = new.get(skipped..).unwrap_or_default();
            let start = place(*from).min(bytes.len());
            let count = new.len().min(bytes.len() - start);
            let mut mixed = bytes.to_vec();
            mixed[start..start + count].copy_from_slice(&new[..count]);
            *bytes = mixed.into();
        }
    }
}

/// Makes one change to the bytes of a file.
fn apply(op: &FileOp, file: &mut Vec<u8>) {
    let place = |place: u64| usize::try_from(place).expect("a small file");
    match op {
        FileOp::Write { offset, bytes } => {
            let (start, end) = (place(*offset), place(*offset) + bytes.len());
            file.resize(file.len().max(end), 0);
            file[start..end].copy_from_slice(bytes);
        }
        FileOp::SetLen(len) => file.resize(place(*len), 0),
    }
}

fn gone() -> io::Error {
    io::Error::other("the power is gone")
}

/// It is borrowed, so that it is still there when opening has failed.
impl Disk for &mut TestDisk {
    type Sync = TestSync;
    type Synced = TestSync;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = self.disk.list()?;
        if self.is(Mutant::RemovedLatestFirst) {
            names.reverse();
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.disk.read(name)
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        self.change(|| Op::Create(name.into()), |disk| disk.create(name))
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.is(Mutant::SameBytesNotWritten) && self.holds(name, offset, bytes) {
            return Ok(());
        }
        self.write(name, offset, bytes)
    }

    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()> {
        if self.is(Mutant::TailNotCut) {
            return Ok(());
        }
        self.change(|| Op::SetLen(name.into()), |disk| disk.set_len(name, len))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        if self.is(Mutant::SnapshotNamedFirst) {
            self.put_off = Some((from.into(), to.into()));
            return Ok(());
        }
        self.change(|| Op::Rename(to.into()), |disk| disk.rename(from, to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        if self.is(Mutant::FilesNotRemoved) {
            return Ok(());
        }
        self.change(|| Op::Remove(name.into()), |disk| disk.remove(name))
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        if self.is(Mutant::DirectoryNotSynced) || self.put_off.is_some() {
            return Ok(());
        }
        match self.begin(|| Op::SyncDirectory)? {
            Some(Fault::SyncError) => Err(io::Error::other("the device failed to sync")),
            fault => {
                self.disk.sync_directory()?;
                self.is_dead |= fault == Some(Fault::After);
                Ok(())
            }
        }
    }

    fn begin_sync(&mut self, name: &str) -> io::Result<TestSync> {
        let sync = self.disk.begin_sync(name)?;
        assert_eq!(sync.outcome(), SyncOutcome::Succeeds);
        let is_again = !self.idle.insert(name.to_owned());
        let is_skipped = (self.is(Mutant::TemporaryNotSynced) && name.rsplit('.').next() == Some("tmp"))
            || (self.is(Mutant::ClosedNotSynced) && is_again);
        let fate = if is_skipped {
            Fate::Lies
        } else {
            self.sync_fate(name)?
        };
        if matches!(fate, Fate::Settles | Fate::SettlesLast) {
            self.covered.insert(name.to_owned(), sync.through());
        }
        Ok(TestSync { sync, fate })
    }

    fn sync(sync: TestSync) -> io::Result<TestSync> {
        match sync.fate {
            Fate::Settles | Fate::SettlesLast | Fate::Lies => Ok(sync),
            Fate::Fails => Err(io::Error::other("the device failed to sync")),
        }
    }

    fn settle(&mut self, synced: TestSync) {
        match synced.fate {
            Fate::Settles => self.settle_sync(synced.sync),
            Fate::SettlesLast => {
                self.settle_sync(synced.sync);
                self.is_dead = true;
            }
            Fate::Lies | Fate::Fails => {}
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(name) => write!(formatter, "create {name}"),
            Self::Write(name, bytes) => write!(formatter, "write {bytes} bytes to {name}"),
            Self::SetLen(name) => write!(formatter, "cut {name}"),
            Self::Rename(name) => write!(formatter, "rename to {name}"),
            Self::Remove(name) => write!(formatter, "remove {name}"),
            Self::Sync(name) => write!(formatter, "sync {name}"),
            Self::SyncDirectory => write!(formatter, "sync the directory"),
        }
    }
}
