//! Walks through the table: every crash, all that may be left, and what must be true of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use raft_play::consensus::durable::{Driver, DriverError, Store, Write};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{OpenError, TornTail, Wal, WalError};
use raft_play::types::{Entries, Entry, Incarnation, LogPosition, Payload, Snapshot, WriteSequence};

use super::disk::{Fault, Op, TestDisk};
use super::families::Row;
use super::mutants::{Mutant, TestStore};
use super::support::{IDENTITY, Model, append, every_power_cut};
use super::survivors::{PowerCut, Survivors};

/// How closely the matrix is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Every crash, and some prefixes: enough to find a fault.
    Glance,
    /// Every crash and every prefix; during recovery, crashes for each kind of loss and some prefixes.
    Quick,
    /// Every state that the law of the disk allows, and crashes during the recovery of each.
    Thorough,
}

/// What must be true of whatever is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// A crash is no corruption: the log opens.
    Opens,
    /// The term never goes back below one that was acknowledged.
    Term,
    /// A vote that was acknowledged is not taken back in its term.
    Vote,
    /// No entry is there without the term that carries it.
    TermOfEntries,
    /// What has been dropped is stood for by a snapshot, and that never by an older one.
    Snapshot,
    /// What was acknowledged is there.
    Acknowledged,
    /// What is there is what the writes lead to, one after the other and each as a whole.
    Prefix,
    /// To look and to open come to the same.
    Inspected,
    /// To recover once more changes nothing, whatever is lost in between.
    Again,
    /// The log goes on, and nothing comes back that was cut.
    GoesOn,
    /// Nothing that is not needed stays on the disk.
    Room,
}

/// How many writes are under way at once, and which of them ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    OneByOne,
    ThreeAtOnce,
    ThreeTheLatestFirst,
}

impl Flow {
    pub const ALL: [Self; 3] = [Self::OneByOne, Self::ThreeAtOnce, Self::ThreeTheLatestFirst];

    pub fn depth(self) -> usize {
        match self {
            Self::OneByOne => 1,
            Self::ThreeAtOnce | Self::ThreeTheLatestFirst => 3,
        }
    }

    /// What ends next of all that is under way.
    pub fn next<T>(self, under_way: &mut VecDeque<T>) -> Option<T> {
        match self {
            Self::OneByOne | Self::ThreeAtOnce => under_way.pop_front(),
            Self::ThreeTheLatestFirst => under_way.pop_back(),
        }
    }
}

/// A promise that was broken, and how.
#[derive(Clone, Debug)]
pub struct Broken {
    pub promise: Promise,
    pub detail: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} is broken: {}", self.promise, self.detail)
    }
}

/// How much was walked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Operations at which something went wrong.
    pub points: u64,
    /// Different states of the disk that were recovered from.
    pub cases: u64,
    /// Crashes during a recovery.
    pub recoveries: u64,
    /// Failed syncs, and writes that did not fit.
    pub errors: u64,
    /// Cases in which something was cut away.
    pub torn: u64,
}

/// One row, walked by one store.
pub struct Walk<'a> {
    row: &'a Row,
    states: Vec<Model>,
    flow: Flow,
    mutant: Option<Mutant>,
    effort: Effort,
    script: Vec<Op>,
    seen: BTreeSet<u64>,
    seen_again: BTreeSet<u64>,
    pub tally: Tally,
}

/// Where a run ended.
struct Crashed {
    disk: TestDisk,
    /// As many writes were acknowledged.
    acknowledged: usize,
    /// As many were begun.
    begun: usize,
}

impl<'a> Walk<'a> {
    /// A walk of one row.
    pub fn new(row: &'a Row, flow: Flow, mutant: Option<Mutant>, effort: Effort) -> Self {
        let mut walk = Self {
            row,
            states: row.states(),
            flow,
            mutant,
            effort,
            script: Vec::new(),
            seen: BTreeSet::new(),
            seen_again: BTreeSet::new(),
            tally: Tally::default(),
        };
        let mut disk = TestDisk::new(SimulatedDisk::new(), mutant);
        disk.log = Some(Vec::new());
        walk.script = walk.run(disk).disk.log.unwrap_or_default();
        walk
    }

    /// Everything that can go wrong at every operation. Gives the first promise that is broken.
    pub fn everything(&mut self) -> Result<(), Broken> {
        for at in 0..self.script.len() {
            for fault in self.faults(at) {
                self.tally.points += 1;
                let broken = self.fault(at, fault);
                broken.map_err(|broken| Broken {
                    detail: format!(
                        "{}, {:?}, {fault:?} at {at} ({}): {}",
                        self.row.name, self.flow, self.script[at], broken.detail
                    ),
                    ..broken
                })?;
            }
        }
        Ok(())
    }

    fn faults(&self, at: usize) -> Vec<Fault> {
        let mut faults = vec![Fault::Before, Fault::After];
        match self.script[at] {
            Op::Write(_, bytes) => faults.extend([0, 1, bytes / 2, bytes - 1].map(Fault::Full)),
            Op::Sync(_) | Op::SyncDirectory => faults.push(Fault::SyncError),
            Op::Create(_) | Op::SetLen(_) | Op::Rename(_) | Op::Remove(_) => {}
        }
        faults
    }

    fn fault(&mut self, at: usize, fault: Fault) -> Result<(), Broken> {
        let disk = TestDisk::new(SimulatedDisk::new(), self.mutant).with_fault(at, fault);
        let crashed = self.run(disk);
        self.tally.errors += u64::from(matches!(fault, Fault::SyncError | Fault::Full(_)));
        // The process ends, and the machine does not: all that was written is there, and as unsafe as before.
        self.case(&crashed, &crashed.disk, true)
            .map_err(|broken| broken.after("the process ends"))?;
        match self.effort {
            Effort::Glance | Effort::Quick => self.cut_power(&crashed),
            Effort::Thorough => {
                let mut result = self.cut_power(&crashed);
                every_power_cut(&crashed.disk.disk, |cut| {
                    if result.is_ok() {
                        result = self.case(&crashed, &crashed.disk.after_power_cut(cut), true);
                    }
                });
                result
            }
        }
    }

    fn cut_power(&mut self, crashed: &Crashed) -> Result<(), Broken> {
        let is_glance = self.effort == Effort::Glance;
        for cut in PowerCut::all(&crashed.disk.disk, |prefix| !is_glance || prefix % 61 == 0) {
            let disk = crashed.disk.after_power_cut(cut.of(&crashed.disk.disk));
            let is_nested = match self.effort {
                Effort::Glance => cut.survivors == Survivors::Nothing,
                Effort::Quick => cut.is_telling(),
                Effort::Thorough => true,
            };
            self.case(crashed, &disk, is_nested)
                .map_err(|broken| broken.after(&cut.to_string()))?;
        }
        Ok(())
    }

    /// Makes the writes on a disk until something goes wrong.
    fn run(&self, mut disk: TestDisk) -> Crashed {
        let (mut acknowledged, mut begun) = (0, 0);
        match Wal::open(&mut disk, IDENTITY, self.row.options) {
            Err(OpenError::Disk { .. }) => {}
            Err(other) => panic!("{}: {other}", self.row.name),
            Ok((wal, _)) => {
                let store = TestStore::new(wal);
                let (mut driver, _) = Driver::new(store, IDENTITY.node, Incarnation::new(1));
                let mut under_way = VecDeque::new();
                let mut writes = self.row.writes.iter();
                loop {
                    if under_way.len() < self.flow.depth()
                        && let Some(write) = writes.next()
                    {
                        begun += 1;
                        match driver.begin(write) {
                            Ok(pending) => under_way.push_back(pending),
                            Err(error) => break refused(&error),
                        }
                    } else if let Some(pending) = self.flow.next(&mut under_way) {
                        match driver.complete(pending.sync()) {
                            Ok(Some(proof)) => {
                                acknowledged = usize::try_from(proof.through().number()).unwrap();
                            }
                            Ok(None) => {}
                            Err(error) => break refused(&error),
                        }
                    } else {
                        break;
                    }
                }
            }
        }
        Crashed {
            disk: disk.revived(),
            acknowledged,
            begun,
        }
    }

    /// Recovers from what is left, and checks all promises.
    fn case(&mut self, crashed: &Crashed, left: &TestDisk, is_nested: bool) -> Result<(), Broken> {
        if !left.has_clean_pages() && !self.seen.insert(digest(left, crashed)) {
            return Ok(());
        }
        self.tally.cases += 1;
        let (mut disk, place, cut) = self.recover(crashed, left)?;
        self.tally.torn += u64::from(cut.is_some());
        let files = disk.disk.contents();
        self.again(&disk, place, &files)?;
        self.go_on(disk.clone(), place)?;
        if is_nested {
            self.crash_again(crashed, left)?;
        }
        disk.disk.power_cut_losing_everything();
        self.again(&disk, place, &files)
    }

    /// Opens a log. Gives the disk then, and which of the states was found.
    fn recover(
        &self,
        crashed: &Crashed,
        left: &TestDisk,
    ) -> Result<(TestDisk, usize, Option<TornTail>), Broken> {
        let mut disk = left.clone();
        let inspected = Wal::inspect(&&mut disk, IDENTITY).map_err(|error| broken(Promise::Opens, error))?;
        let opened = Wal::open(&mut disk, IDENTITY, self.row.options);
        let (_, recovered) = opened.map_err(|error| broken(Promise::Opens, error))?;
        ensure(inspected == recovered, Promise::Inspected, || {
            format!("{inspected:?} was seen, and {recovered:?} opened")
        })?;
        let model = Model::of(&recovered);
        self.check(crashed, &model)?;
        check_room(&disk, &model)?;
        let place = self.states[crashed.acknowledged..=crashed.begun]
            .iter()
            .position(|state| *state == model);
        let place = place.ok_or_else(|| {
            let promise = if self.states[..crashed.acknowledged].contains(&model) {
                Promise::Acknowledged
            } else {
                Promise::Prefix
            };
            let (acknowledged, begun) = (crashed.acknowledged, crashed.begun);
            broken(
                promise,
                format!("{acknowledged} of {begun} writes were acknowledged, and left is {model:?}"),
            )
        })?;
        Ok((disk, crashed.acknowledged + place, recovered.cut))
    }

    /// The promises one by one, so that it is told which is broken.
    fn check(&self, crashed: &Crashed, model: &Model) -> Result<(), Broken> {
        let known = &self.states[crashed.acknowledged];
        let (metadata, before) = (model.metadata, known.metadata);
        ensure(metadata.term >= before.term, Promise::Term, || {
            format!("{before:?} was acknowledged, and there is {metadata:?}")
        })?;
        let is_same_vote =
            metadata.term > before.term || before.vote.is_none() || metadata.vote == before.vote;
        ensure(is_same_vote, Promise::Vote, || {
            format!("{before:?} was acknowledged, and there is {metadata:?}")
        })?;
        let last = model.entries.last().map_or(model.base.term, |entry| entry.term);
        ensure(last <= metadata.term, Promise::TermOfEntries, || {
            format!("an entry of {last} in {metadata:?}")
        })?;
        let through = |model: &Model| model.snapshot.as_ref().map(|snapshot| snapshot.last.index);
        let covers = model.base == LogPosition::GENESIS || through(model) >= Some(model.base.index);
        ensure(
            covers && through(model) >= through(known),
            Promise::Snapshot,
            || {
                format!(
                    "a snapshot through {:?} of a log after {}, and one through {:?} was acknowledged",
                    through(model),
                    model.base.index,
                    through(known)
                )
            },
        )
    }

    /// Recovering once more gives the same state and the same files.
    fn again(&self, disk: &TestDisk, place: usize, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Broken> {
        let mut again = disk.clone();
        let opened = Wal::open(&mut again, IDENTITY, self.row.options);
        let (_, recovered) = opened.map_err(|error| broken(Promise::Again, error))?;
        ensure(
            Model::of(&recovered) == self.states[place] && recovered.cut.is_none(),
            Promise::Again,
            || format!("state {place} was recovered, and then {recovered:?}"),
        )?;
        ensure(again.disk.contents() == *files, Promise::Again, || {
            "other files were left than by the first recovery".into()
        })
    }

    /// The log goes on with a write of the same length as the one that was lost, which must then be there; and nothing besides.
    fn go_on(&self, mut disk: TestDisk, place: usize) -> Result<(), Broken> {
        let state = &self.states[place];
        let next = self.row.writes.get(place).map_or_else(|| after(state), twin);
        let opened = Wal::open(&mut disk, IDENTITY, self.row.options);
        let (wal, _) = opened.map_err(|error| broken(Promise::GoesOn, error))?;
        let mut store = TestStore::new(wal);
        let gone_on = store.begin(&next).and_then(TestStore::sync);
        store.settle(gone_on.map_err(|error| broken(Promise::GoesOn, error))?);
        drop(store);
        disk.disk.power_cut_losing_everything();
        let disk = disk.after_power_cut(disk.disk.clone());
        let left =
            Wal::inspect(&&mut disk.clone(), IDENTITY).map_err(|error| broken(Promise::GoesOn, error))?;
        let (left, expected) = (Model::of(&left), state.clone().after(&next));
        ensure(left == expected, Promise::GoesOn, || {
            format!("{expected:?} was acknowledged, and left is {left:?}")
        })
    }

    /// Another crash comes before and after every operation of the recovery.
    fn crash_again(&mut self, crashed: &Crashed, left: &TestDisk) -> Result<(), Broken> {
        for at in 0.. {
            for fault in [Fault::Before, Fault::After] {
                let mut disk = left.clone().with_fault(at, fault);
                if Wal::open(&mut disk, IDENTITY, self.row.options).is_ok() && fault == Fault::Before {
                    return Ok(());
                }
                self.tally.recoveries += 1;
                let disk = disk.revived();
                let broken = |broken: Broken| broken.after(&format!("{fault:?} at {at} of the recovery"));
                self.recover_anew(crashed, &disk).map_err(broken)?;
                for cut in PowerCut::all(&disk.disk, |prefix| prefix % 41 == 0) {
                    let disk = disk.after_power_cut(cut.of(&disk.disk));
                    self.recover_anew(crashed, &disk)
                        .map_err(|found| broken(found.after(&cut.to_string())))?;
                }
            }
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// Recovers from a disk on which a recovery has crashed, unless one that is the same has been recovered from.
    fn recover_anew(&mut self, crashed: &Crashed, left: &TestDisk) -> Result<(), Broken> {
        if left.has_clean_pages() || self.seen_again.insert(digest(left, crashed)) {
            self.recover(crashed, left)?;
        }
        Ok(())
    }
}

impl Broken {
    /// Says what came before.
    fn after(self, what: &str) -> Self {
        Self {
            detail: format!("{what}: {}", self.detail),
            ..self
        }
    }
}

fn broken(promise: Promise, detail: impl fmt::Display) -> Broken {
    let detail = detail.to_string();
    Broken { promise, detail }
}

fn ensure(holds: bool, promise: Promise, detail: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(broken(promise, detail()))
    }
}

/// A store that has failed says what it met, and does no more.
fn refused(error: &DriverError<WalError>) {
    assert!(
        matches!(error, DriverError::Store(WalError::Disk { .. })),
        "{error} is no word of the disk's"
    );
}

/// The snapshot in force is the only file of a snapshot.
fn check_room(disk: &TestDisk, model: &Model) -> Result<(), Broken> {
    let names = disk.disk.contents().into_keys();
    let files: Vec<_> = names.filter(|name| name.starts_with("snapshot-")).collect();
    ensure(
        files.len() == usize::from(model.snapshot.is_some()),
        Promise::Room,
        || format!("there are {files:?}"),
    )
}

/// What tells one case from another: the disk, and what may be found on it.
fn digest(left: &TestDisk, crashed: &Crashed) -> u64 {
    let mut hasher = DefaultHasher::new();
    left.disk.contents().hash(&mut hasher);
    if left.disk.unsynced_bytes() > 0 {
        left.disk.hash(&mut hasher);
    }
    (crashed.acknowledged, crashed.begun).hash(&mut hasher);
    hasher.finish()
}

/// A write of the same form and length with other bytes in it.
fn twin(write: &Write) -> Write {
    let other = |bytes: &Bytes| bytes.iter().map(|byte| byte ^ 0x80).collect::<Bytes>();
    let entry = |entry: &Entry| match &entry.payload {
        Payload::Command(command) => Entry::command(entry.term, other(command)),
        _ => entry.clone(),
    };
    let entries: Vec<_> = write.append.as_slice().iter().map(entry).collect();
    Write {
        append: Entries::new(write.append.first_index(), entries),
        snapshot: write.snapshot.as_ref().map(|snapshot| Snapshot {
            data: other(&snapshot.data),
            ..snapshot.clone()
        }),
        ..write.clone()
    }
}

/// One more entry behind a state.
fn after(state: &Model) -> Write {
    Write {
        sequence: WriteSequence::new(1),
        ..append(state.last_index().number() + 1, state.metadata.term.number(), 20)
    }
}
