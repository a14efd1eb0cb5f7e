//! Every bit of the files that a row leaves, flipped: what becomes of each.

use std::collections::{BTreeMap, VecDeque};

use raft_play::consensus::durable::Driver;
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{OpenError, Wal};
use raft_play::types::Incarnation;

use super::families::Row;
use super::matrix::Flow;
use super::support::{IDENTITY, LOST, Model, header_bytes};

/// What becomes of a log with one bit flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It does not open, and says why.
    Refused,
    /// It opens, and holds what it held.
    Harmless,
    /// The end of it is cut, as if it were torn, and that is reported: no later write says yet that it had been synced.
    LikeATear,
}

/// The files that a row leaves, all of them acknowledged.
pub struct Image {
    files: BTreeMap<String, Vec<u8>>,
    states: Vec<Model>,
    last_file: String,
    /// What the latest batch says had been synced of the last segment.
    mark: u64,
    /// As many writes lie before the mark.
    marked: usize,
}

impl Image {
    pub fn of(row: &Row, flow: Flow) -> Self {
        let wal = Wal::open(SimulatedDisk::new(), IDENTITY, row.options)
            .expect("an empty disk")
            .0;
        let mut driver = Driver::new(wal, IDENTITY.node, Incarnation::new(1)).0;
        let (mut under_way, mut ends, mut mark) = (VecDeque::new(), Vec::new(), header_bytes());
        for write in &row.writes {
            under_way.push_back(driver.begin(write).expect("a sound disk"));
            let wal = driver.store();
            // Nothing is settled while a write begins: this is what its batch states.
            mark = wal.synced();
            ends.push((wal.segment().file_name(), wal.end()));
            if under_way.len() == flow.depth()
                && let Some(pending) = flow.next(&mut under_way)
            {
                driver.complete(pending.sync()).expect("a sound disk");
            }
        }
        for pending in under_way {
            driver.complete(pending.sync()).expect("a sound disk");
        }
        let last_file = driver.store().segment().file_name();
        let is_marked = |(file, end): &&(String, u64)| *file < last_file || *end <= mark;
        Self {
            files: driver.into_store().into_disk().contents(),
            states: row.states(),
            marked: ends.iter().filter(is_marked).count(),
            last_file,
            mark,
        }
    }

    /// Flips the bits that are chosen, one at a time. Gives how many there are of each class, by file, with the first and the last
    /// byte of those that look like a tear.
    pub fn flip(&self, chosen: impl Fn(usize) -> bool) -> BTreeMap<(String, Class), (u64, usize, usize)> {
        let mut found = BTreeMap::new();
        for (file, bytes) in &self.files {
            for bit in (0..bytes.len() * 8).filter(|bit| chosen(*bit)) {
                let class = self.class(file, bit);
                let (count, _, last) = found.entry((file.clone(), class)).or_insert((0, bit / 8, 0));
                (*count, *last) = (*count + 1, bit / 8);
            }
        }
        found
    }

    fn class(&self, file: &str, bit: usize) -> Class {
        let mut files = self.files.clone();
        files.get_mut(file).expect("it is there")[bit / 8] ^= 1 << (bit % 8);
        let disk = SimulatedDisk::from_contents(files).expect("the files of a disk");
        let whole = &self.states[self.states.len() - 1];
        match Wal::inspect(&disk, IDENTITY) {
            Err(error) => {
                check_words(&error, file, bit);
                Class::Refused
            }
            Ok(recovered) => {
                let model = Model::of(&recovered);
                match recovered.cut {
                    None => {
                        assert_eq!(
                            &model, whole,
                            "{file}, bit {bit}: something is gone, and nobody says so"
                        );
                        Class::Harmless
                    }
                    Some(cut) => {
                        let place = bit as u64 / 8;
                        assert!(
                            file == self.last_file
                                && cut.file == file
                                && place >= self.mark
                                && cut.offset >= self.mark,
                            "{file}, bit {bit}: {cut}, and {} bytes had been synced",
                            self.mark
                        );
                        assert!(
                            self.states[self.marked..].contains(&model),
                            "{file}, bit {bit}: {cut}, and with it what lies before the mark"
                        );
                        Class::LikeATear
                    }
                }
            }
        }
    }
}

/// The error names the file, or the snapshot that the file could not name any more, and says what to do.
fn check_words(error: &OpenError, file: &str, bit: usize) {
    let told = error.to_string();
    let is_told = match error {
        OpenError::Damaged { .. } | OpenError::Inconsistent { .. } | OpenError::SnapshotDamaged { .. } => {
            told.starts_with(file) && told.contains(" at byte ") && told.ends_with(LOST)
        }
        OpenError::Disk { .. }
        | OpenError::Version { .. }
        | OpenError::Foreign { .. }
        | OpenError::Missing { .. }
        | OpenError::SnapshotMissing { .. }
        | OpenError::Image { .. } => false,
    };
    assert!(is_told, "{file}, bit {bit}: {told}");
}
