//! Snapshot files: how one is laid out, written so that it is there as a whole or not at all, and read back.
//!
//! A file begins with a magic, its version (4 bytes) and a checksum (4) that covers every other byte of it. Then come, in
//! eight bytes each, cluster, node, the last entry's index and term, and how long the two parts are that follow: the
//! configuration and the data. Numbers are little-endian.
//!
//! A file counts for nothing until a record of the log names it, with its length and checksum. So one that was left over
//! by a crash is never taken for the snapshot in force, and one that was exchanged or damaged is known.

use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;

use super::Identity;
use super::error::{OpenError, SnapshotDamage, WalError};
use super::fixed::{u32_at, u64_at};
use super::payload::{read_configuration, whole, write_configuration};
use crate::types::disk::Disk;
use crate::types::{ClusterId, LogIndex, LogPosition, NodeId, Snapshot, Term};

const MAGIC: [u8; 8] = *b"raftsnap";

/// The version of the format.
const VERSION: u32 = 1;

const CHECKSUM: usize = 12;
const NUMBERS: usize = 16;
const FRONT_BYTES: usize = NUMBERS + 6 * 8;

/// How long a record's payload is that names a snapshot.
const NAMING_BYTES: usize = 36;

/// A snapshot's place among all that a log ever kept, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SnapshotNumber(u64);

impl SnapshotNumber {
    /// The number after that of the snapshot in force; `None` past the largest. Where a crash has left a file of that number,
    /// it is replaced.
    pub(super) fn after(in_force: Option<&NamedSnapshot>) -> Option<Self> {
        in_force
            .map_or(0, |named| named.number.0)
            .checked_add(1)
            .map(Self)
    }

    /// The name of the file, once it is whole.
    pub(super) fn file_name(self) -> String {
        format!("snapshot-{:010}.snap", self.0)
    }

    /// The name under which the file is written.
    fn temporary_name(self) -> String {
        format!("snapshot-{:010}.tmp", self.0)
    }
}

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SnapshotFile {
    /// A whole one.
    Whole(SnapshotNumber),
    /// One that was being written.
    Temporary,
}

impl SnapshotFile {
    /// What a file is, if it is of a snapshot.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let (digits, extension) = name.strip_prefix("snapshot-")?.split_once('.')?;
        let number = SnapshotNumber(digits.parse().ok()?);
        match extension {
            "snap" if number.file_name() == name => Some(Self::Whole(number)),
            "tmp" if number.temporary_name() == name => Some(Self::Temporary),
            _ => None,
        }
    }
}

/// A snapshot as the log names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NamedSnapshot {
    pub number: SnapshotNumber,
    /// The last entry that it stands for.
    pub last: LogPosition,
    /// How long the file is.
    pub bytes: u64,
    /// The checksum in the file.
    pub checksum: u32,
}

impl NamedSnapshot {
    /// Whether it stands for an entry.
    pub(super) fn stands_for(&self, entry: LogPosition) -> bool {
        entry.index < self.last.index || entry == self.last
    }

    pub(super) fn write(&self, payload: &mut Vec<u8>) {
        let numbers = [
            self.number.0,
            self.last.index.number(),
            self.last.term.number(),
            self.bytes,
        ];
        for number in numbers {
            payload.extend(number.to_le_bytes());
        }
        payload.extend(self.checksum.to_le_bytes());
    }

    /// Takes one from the front.
    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (naming, rest) = bytes.split_first_chunk::<NAMING_BYTES>()?;
        *bytes = rest;
        Some(Self {
            number: SnapshotNumber(u64_at(naming, 0)),
            last: LogPosition::new(LogIndex::new(u64_at(naming, 8)), Term::new(u64_at(naming, 16))),
            bytes: u64_at(naming, 24),
            checksum: u32_at(naming, 32),
        })
    }
}

/// A snapshot as bytes, with what the log says of them.
pub(super) struct EncodedSnapshot {
    pub named: NamedSnapshot,
    bytes: Vec<u8>,
}

impl EncodedSnapshot {
    pub(super) fn new(identity: Identity, number: SnapshotNumber, snapshot: &Snapshot) -> Self {
        let mut configuration = Vec::new();
        write_configuration(&mut configuration, &snapshot.configuration);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 4]);
        let numbers = [
            identity.cluster.number(),
            identity.node.number(),
            snapshot.last.index.number(),
            snapshot.last.term.number(),
            configuration.len() as u64,
            snapshot.data.len() as u64,
        ];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(configuration);
        bytes.extend_from_slice(&snapshot.data);
        let checksum = checksum(&bytes);
        bytes[CHECKSUM..NUMBERS].copy_from_slice(&checksum.to_le_bytes());
        let named = NamedSnapshot {
            number,
            last: snapshot.last,
            bytes: bytes.len() as u64,
            checksum,
        };
        Self { named, bytes }
    }

    /// Writes the file and makes it durable, under its own name only when it is whole.
    pub(super) fn put_down(&self, disk: &mut impl Disk) -> Result<(), WalError> {
        let (temporary, file) = (self.named.number.temporary_name(), self.named.number.file_name());
        let written = disk
            .create(&temporary)
            .and_then(|()| disk.write_at(&temporary, 0, &self.bytes))
            .and_then(|()| disk.sync_now(&temporary))
            .and_then(|()| disk.rename(&temporary, &file))
            .and_then(|()| disk.sync_directory());
        written.map_err(|source| WalError::Disk { file, source })
    }
}

/// Reads the snapshot that a log names.
pub(super) fn read(
    disk: &impl Disk,
    named: &NamedSnapshot,
    identity: Identity,
) -> Result<Snapshot, OpenError> {
    let file = named.number.file_name();
    let bytes = match disk.read(&file) {
        Ok(bytes) => Bytes::from(bytes),
        Err(source) if source.kind() == ErrorKind::NotFound => {
            let last = named.last;
            return Err(OpenError::SnapshotMissing { file, last });
        }
        Err(source) => return Err(OpenError::Disk { file, source }),
    };
    let damaged = |(offset, damage)| OpenError::SnapshotDamaged {
        file: file.clone(),
        offset,
        last: named.last,
        damage,
    };
    check_whole(&bytes, named).map_err(damaged)?;
    let version = u32_at(&bytes, 8);
    if version != VERSION {
        return Err(OpenError::Version {
            file,
            found: version,
            supported: VERSION,
        });
    }
    let number = |place: usize| u64_at(&bytes, NUMBERS + 8 * place);
    let found = Identity {
        cluster: ClusterId::new(number(0)),
        node: NodeId::new(number(1)),
    };
    if found != identity {
        return Err(OpenError::Foreign {
            file,
            found,
            expected: identity,
        });
    }
    parse(&bytes, named).map_err(damaged)
}

/// Checks that all bytes are there, as they were written, and are those that the log names.
fn check_whole(bytes: &[u8], named: &NamedSnapshot) -> Result<(), (u64, SnapshotDamage)> {
    let (found, expected) = (bytes.len() as u64, named.bytes);
    if found != expected || bytes.len() < FRONT_BYTES {
        return Err((found.min(expected), SnapshotDamage::Length { found, expected }));
    }
    if bytes[..8] != MAGIC {
        return Err((0, SnapshotDamage::Magic));
    }
    let stated = u32_at(bytes, CHECKSUM);
    if stated != checksum(bytes) {
        return Err((CHECKSUM as u64, SnapshotDamage::Checksum));
    }
    if stated != named.checksum {
        return Err((CHECKSUM as u64, SnapshotDamage::Another));
    }
    Ok(())
}

fn parse(bytes: &Bytes, named: &NamedSnapshot) -> Result<Snapshot, (u64, SnapshotDamage)> {
    let number = |place: usize| u64_at(bytes, NUMBERS + 8 * place);
    let last = LogPosition::new(LogIndex::new(number(2)), Term::new(number(3)));
    if last != named.last {
        return Err((NUMBERS as u64 + 16, SnapshotDamage::Another));
    }
    let unreadable = |place: u64| (place, SnapshotDamage::Unreadable);
    let length = usize::try_from(number(4)).unwrap_or(usize::MAX);
    let configuration_end = FRONT_BYTES.checked_add(length).filter(|end| *end <= bytes.len());
    let configuration_end = configuration_end.ok_or(unreadable(NUMBERS as u64 + 32))?;
    if number(5) != (bytes.len() - configuration_end) as u64 {
        return Err(unreadable(NUMBERS as u64 + 40));
    }
    let configuration = whole(&bytes[FRONT_BYTES..configuration_end], read_configuration);
    let configuration = configuration.ok_or(unreadable(FRONT_BYTES as u64))?;
    Ok(Snapshot {
        last,
        configuration: Arc::new(configuration),
        data: bytes.slice(configuration_end..),
    })
}

/// The checksum of all bytes but those in which it stands.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..CHECKSUM]), &bytes[NUMBERS..])
}

impl fmt::Display for SnapshotNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
