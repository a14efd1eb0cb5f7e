//! What is left of a disk: the ways in which the matrix lets the unsynced part of it be lost.

use std::collections::BTreeSet;
use std::fmt;

use raft_play::storage::simulated::{FileImage, FileOp, SECTOR_BYTES, SimulatedDisk, Unsynced};

/// What survives a power cut of the bytes that were not synced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survivors {
    /// Nothing.
    Nothing,
    /// All of it.
    All,
    /// All, but of the last write only its first bytes.
    Prefix(u64),
    /// The files' lengths without the bytes: zeros.
    Lengths,
    /// The bytes without the files' lengths.
    Bytes,
    /// All but one sector, which is as it was before.
    Hole(String, u64),
    /// All but one sector, in which what is new is something else.
    Garbage(String, u64),
    /// All but the first writes: the later ones came first.
    Later(usize),
}

/// What survives, and how many of the unsynced changes to the directory do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PowerCut {
    pub survivors: Survivors,
    pub directory: u64,
}

impl PowerCut {
    /// Every power cut of the matrix that makes a difference to this disk; of the last write, the prefixes that `keeps`.
    pub fn all(disk: &SimulatedDisk, keeps: impl Fn(u64) -> bool) -> BTreeSet<Self> {
        let mut cuts = BTreeSet::new();
        let mut directory = 0;
        disk.clone().power_cut(&mut |place, most| {
            directory = if place == Unsynced::Directory {
                most
            } else {
                directory
            };
            most
        });
        for directory in 0..=directory {
            let survivors = Self::survivors(disk, directory, &keeps);
            cuts.extend(
                survivors
                    .into_iter()
                    .map(|survivors| Self { survivors, directory }),
            );
        }
        cuts
    }

    fn survivors(disk: &SimulatedDisk, directory: u64, keeps: impl Fn(u64) -> bool) -> BTreeSet<Survivors> {
        let mut survivors = BTreeSet::from([Survivors::Nothing, Survivors::All]);
        disk.clone().power_cut(&mut |place, most| {
            match place {
                Unsynced::Directory => return directory,
                Unsynced::LastWrite { .. } => {
                    survivors.extend((0..most).filter(|prefix| keeps(*prefix)).map(Survivors::Prefix));
                }
                Unsynced::Length { .. } => survivors.extend([Survivors::Lengths, Survivors::Bytes]),
                Unsynced::Sector { file, sector } => survivors.extend([
                    Survivors::Hole(file.into(), sector),
                    Survivors::Garbage(file.into(), sector),
                ]),
            }
            most
        });
        survivors.extend((1..writes(disk).len()).map(Survivors::Later));
        survivors
    }

    /// Whether it is one of a few that stand for many: all of them but for most prefixes.
    pub fn is_telling(&self) -> bool {
        !matches!(self.survivors, Survivors::Prefix(bytes) if bytes % 29 != 0)
    }

    /// The disk that it leaves, on which everything is durable.
    pub fn of(&self, disk: &SimulatedDisk) -> SimulatedDisk {
        let mut cut = match self.survivors {
            Survivors::Later(lost) => without_first_writes(disk, lost),
            _ => disk.clone(),
        };
        cut.power_cut(&mut |place, most| self.kept(place, most));
        match &self.survivors {
            Survivors::Garbage(file, sector) => with_garbage(&cut, disk, file, *sector),
            _ => cut,
        }
    }

    fn kept(&self, place: Unsynced<'_>, most: u64) -> u64 {
        match (place, &self.survivors) {
            (Unsynced::Directory, _) => self.directory,
            (_, Survivors::Nothing)
            | (Unsynced::Sector { .. }, Survivors::Lengths)
            | (Unsynced::Length { .. }, Survivors::Bytes) => 0,
            (Unsynced::LastWrite { .. }, Survivors::Prefix(prefix)) => *prefix,
            (Unsynced::Sector { file, sector }, Survivors::Hole(lost, hole))
                if file == lost && sector == *hole =>
            {
                0
            }
            (Unsynced::LastWrite { .. } | Unsynced::Length { .. } | Unsynced::Sector { .. }, _) => most,
        }
    }
}

/// The unsynced writes to a disk, by their numbers.
fn writes(disk: &SimulatedDisk) -> BTreeSet<u64> {
    let files = disk.image().files;
    let changes = files.into_iter().flat_map(|file| file.unsynced);
    changes
        .filter(|change| matches!(change.op, FileOp::Write { .. }))
        .map(|change| change.number.number())
        .collect()
}

fn without_first_writes(disk: &SimulatedDisk, lost: usize) -> SimulatedDisk {
    let lost: BTreeSet<_> = writes(disk).into_iter().take(lost).collect();
    let mut image = disk.image();
    for file in &mut image.files {
        file.unsynced
            .retain(|change| !lost.contains(&change.number.number()));
    }
    SimulatedDisk::restore(image).expect("a part of the changes, in order")
}

/// Puts something else into the part of a sector that lies past what was durable of its file: what was durable is written
/// over with itself at most, and a sector that is written holds its old bytes or its new ones.
fn with_garbage(cut: &SimulatedDisk, before: &SimulatedDisk, file: &str, sector: u64) -> SimulatedDisk {
    let durable = |image: &FileImage| image.durable_name.as_deref() == Some(file);
    let image = before.image();
    let len = image
        .files
        .iter()
        .find(|image| durable(image))
        .map_or(0, |image| image.durable.len());
    let place = |place: u64| usize::try_from(place).expect("a small file");
    let mut files = cut.contents();
    if let Some(bytes) = files.get_mut(file) {
        let end = place((sector + 1) * SECTOR_BYTES).min(bytes.len());
        let start = place(sector * SECTOR_BYTES).max(len).min(end);
        for (byte, noise) in bytes[start..end].iter_mut().zip((1..=u8::MAX).cycle()) {
            *byte ^= noise;
        }
    }
    SimulatedDisk::from_contents(files).expect("the files of a disk")
}

impl fmt::Display for PowerCut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.survivors {
            Survivors::Nothing => write!(formatter, "nothing unsynced survives")?,
            Survivors::All => write!(formatter, "all bytes survive")?,
            Survivors::Prefix(bytes) => write!(formatter, "{bytes} bytes of the last write survive")?,
            Survivors::Lengths => write!(formatter, "lengths survive without bytes")?,
            Survivors::Bytes => write!(formatter, "bytes survive without lengths")?,
            Survivors::Hole(file, sector) => write!(formatter, "sector {sector} of {file} is lost")?,
            Survivors::Garbage(file, sector) => write!(formatter, "sector {sector} of {file} is garbage")?,
            Survivors::Later(lost) => write!(formatter, "the first {lost} unsynced writes are lost")?,
        }
        write!(formatter, ", and {} changes to the directory", self.directory)
    }
}
