//! The row of the table that is no log: a save is written over another, or where there was none.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};

use raft_play::save::Overwrite;
use raft_play::save::place::{Folder, put};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::types::disk::Disk;

use super::disk::{Fault, Op, TestDisk};
use super::mutants::Mutant;
use super::survivors::PowerCut;

const NAME: &str = "mine.ron";
const TEMPORARY: &str = "raft-play-1.tmp";

/// A folder on a disk on which something goes wrong.
struct TestFolder<'a>(&'a mut TestDisk);

fn plain(name: &OsStr) -> &str {
    name.to_str().expect("a plain name")
}

impl Folder for TestFolder<'_> {
    type Temporary = ();

    fn has(&self, name: &OsStr) -> bool {
        self.0.disk.contents().contains_key(plain(name))
    }

    fn create(&mut self) -> io::Result<()> {
        (&mut *self.0).create(TEMPORARY)
    }

    fn write(&mut self, (): &mut (), bytes: &[u8]) -> io::Result<()> {
        (&mut *self.0).write_at(TEMPORARY, 0, bytes)
    }

    fn sync(&mut self, (): &mut ()) -> io::Result<()> {
        (&mut *self.0).sync_now(TEMPORARY)
    }

    fn rename(&mut self, (): (), name: &OsStr, overwrite: Overwrite) -> Result<(), (io::Error, ())> {
        if overwrite == Overwrite::Ask && self.has(name) {
            return Err((ErrorKind::AlreadyExists.into(), ()));
        }
        let renamed = (&mut *self.0).rename(TEMPORARY, plain(name));
        renamed.map_err(|error| (error, ()))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        (&mut *self.0).sync_directory()
    }

    fn discard(&mut self, (): ()) {
        let _ = (&mut *self.0).remove(TEMPORARY);
    }
}

/// What has been walked through, or what was found that can't be.
pub type Walked = Result<u64, String>;

/// Everything that can go wrong while a save is written, over another one and where there is none.
pub fn everything(mutant: Option<Mutant>) -> Walked {
    let (short, long) = (
        "(nodes: 3)",
        format!("(nodes: 3, title: \"{}\")", "x".repeat(600)),
    );
    let mut cases = 0;
    for (before, text, overwrite) in [
        (None, long.as_str(), Overwrite::Ask),
        (Some(short), long.as_str(), Overwrite::Replace),
        (Some(long.as_str()), short, Overwrite::Replace),
    ] {
        let mut disk = TestDisk::new(folder_with(before), mutant);
        disk.log = Some(Vec::new());
        put(&mut TestFolder(&mut disk), OsStr::new(NAME), text, overwrite).expect("nothing goes wrong");
        let script = disk.log.unwrap_or_default();
        assert!(script.len() >= 5 || mutant.is_some(), "only {script:?}");
        for (at, op) in script.iter().enumerate() {
            for fault in faults(op) {
                let disk = TestDisk::new(folder_with(before), mutant).with_fault(at, fault);
                let walked = fail(disk, before, text, overwrite);
                cases += walked.map_err(|found| format!("save, {fault:?} at {at} ({op}): {found}"))?;
            }
        }
    }
    Ok(cases)
}

fn faults(op: &Op) -> Vec<Fault> {
    let mut faults = vec![Fault::Before, Fault::After];
    match op {
        Op::Write(_, bytes) => faults.extend([0, 1, bytes / 2, bytes - 1].map(Fault::Full)),
        Op::Sync(_) | Op::SyncDirectory => faults.push(Fault::SyncError),
        Op::Create(_) | Op::SetLen(_) | Op::Rename(_) | Op::Remove(_) => {}
    }
    faults
}

fn folder_with(save: Option<&str>) -> SimulatedDisk {
    let files = save.map(|text| (NAME.to_owned(), text.as_bytes().to_vec()));
    SimulatedDisk::from_contents(files.into_iter().collect()).expect("plain names")
}

/// Writes a save on a disk on which something goes wrong, and cuts the power in every way there is.
fn fail(mut disk: TestDisk, before: Option<&str>, text: &str, overwrite: Overwrite) -> Walked {
    let result = put(&mut TestFolder(&mut disk), OsStr::new(NAME), text, overwrite);
    let is_alive = disk.is_alive();
    let disk = disk.revived();
    let whole = |files: &BTreeMap<String, Vec<u8>>| {
        let found = files.get(NAME).map(Vec::as_slice);
        let is_new = found == Some(text.as_bytes());
        let is_old = found == before.map(str::as_bytes);
        match (is_new, is_old, &result) {
            (true, _, _) | (false, true, Err(_)) => Ok(()),
            (false, true, Ok(())) => Err("it was said to be written, and the one before is there".to_owned()),
            (false, false, _) => Err(format!("there is a part of one: {found:?}")),
        }
    };
    let files = disk.disk.contents();
    whole(&files)?;
    if result.is_err() && is_alive && files.contains_key(TEMPORARY) {
        return Err("it failed, and left something behind".to_owned());
    }
    let cuts = PowerCut::all(&disk.disk, |_| true);
    for cut in &cuts {
        whole(&cut.of(&disk.disk).contents()).map_err(|found| format!("{cut}: {found}"))?;
    }
    Ok(1 + cuts.len() as u64)
}
