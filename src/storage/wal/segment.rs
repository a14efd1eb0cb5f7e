//! Segments: their files' names, and the header that each begins with.

use std::fmt;

use super::Identity;
use super::error::Damage;
use super::outline::Outline;
use super::record::Seed;
use crate::consensus::durable::Metadata;
use crate::types::{ClusterId, LogIndex, LogPosition, NodeId, Term};

const MAGIC: [u8; 8] = *b"raftwal\n";

/// The version of the format. A header of every version is as long and has its checksum at the same place.
pub(super) const VERSION: u32 = 1;

/// How long a segment's header is.
pub(super) const HEADER_BYTES: usize = 112;

/// A segment's place in the log, from 1, and its generation: no two segments of a node ever have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNumber(u64);

impl SegmentNumber {
    pub(super) const FIRST: Self = Self(1);

    /// Wraps the number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }

    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The name of the segment's file.
    pub fn file_name(self) -> String {
        format!("wal-{:010}.log", self.0)
    }

    /// The segment that a file is, if it is one.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let digits = name.strip_prefix("wal-")?.strip_suffix(".log")?;
        let number = Self(digits.parse().ok()?);
        (number.0 > 0 && number.file_name() == name).then_some(number)
    }
}

impl fmt::Display for SegmentNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a segment states about itself and about all that came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub identity: Identity,
    pub generation: u64,
    /// The first index that the log has: the entries before it, when there is a snapshot, are in the snapshot.
    pub first: LogIndex,
    /// How long the segment before is, now that it is closed; 0 where there is none.
    pub previous_bytes: u64,
    pub metadata: Metadata,
    /// The last entry before this segment.
    pub last: LogPosition,
}

/// Why a header can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    Damaged(Damage),
    Version(u32),
}

impl Header {
    /// The header of the segment that follows what has led to this state.
    pub(super) fn following(
        identity: Identity,
        number: SegmentNumber,
        previous_bytes: u64,
        state: &Outline,
    ) -> Self {
        Self {
            identity,
            generation: number.0,
            first: LogIndex::GENESIS.next(),
            previous_bytes,
            metadata: state.metadata,
            last: state.last(),
        }
    }

    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        let vote = self.metadata.vote;
        let numbers = [
            self.identity.cluster.number(),
            self.identity.node.number(),
            self.generation,
            self.first.number(),
            self.previous_bytes,
            self.metadata.term.number(),
            u64::from(vote.is_some()),
            vote.map_or(0, NodeId::number),
            self.last.index.number(),
            self.last.term.number(),
        ];
        for (place, number) in bytes[16..96].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let checksum = crc32c::crc32c(&bytes[..CHECKSUM]);
        bytes[CHECKSUM..CHECKSUM + 4].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(super) fn decode(file: &[u8]) -> Result<Self, HeaderFault> {
        let bytes = file
            .first_chunk::<HEADER_BYTES>()
            .ok_or(HeaderFault::Damaged(Damage::Incomplete))?;
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(HeaderFault::Damaged(Damage::Blank));
        }
        let sound = u32_at(bytes, CHECKSUM) == crc32c::crc32c(&bytes[..CHECKSUM]);
        if !sound || bytes[..8] != MAGIC || bytes[CHECKSUM + 4..].iter().any(|byte| *byte != 0) {
            return Err(HeaderFault::Damaged(Damage::Checksum));
        }
        match u32_at(bytes, 8) {
            VERSION => Ok(Self::of_numbers(|place| u64_at(bytes, 16 + 8 * place))),
            version => Err(HeaderFault::Version(version)),
        }
    }

    fn of_numbers(number: impl Fn(usize) -> u64) -> Self {
        Self {
            identity: Identity {
                cluster: ClusterId::new(number(0)),
                node: NodeId::new(number(1)),
            },
            generation: number(2),
            first: LogIndex::new(number(3)),
            previous_bytes: number(4),
            metadata: Metadata {
                term: Term::new(number(5)),
                vote: (number(6) != 0).then(|| NodeId::new(number(7))),
            },
            last: LogPosition::new(LogIndex::new(number(8)), Term::new(number(9))),
        }
    }

    /// What the checksums of this segment's records begin with.
    pub(super) fn seed(&self) -> Seed {
        Seed::new(self.identity, self.generation)
    }
}

const CHECKSUM: usize = 104;

pub(super) fn u32_at(bytes: &[u8], place: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[place..place + 4]);
    u32::from_le_bytes(number)
}

pub(super) fn u64_at(bytes: &[u8], place: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[place..place + 8]);
    u64::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            identity: Identity {
                cluster: ClusterId::new(7),
                node: NodeId::new(3),
            },
            generation: 12,
            first: LogIndex::new(1),
            previous_bytes: 4096,
            metadata: Metadata {
                term: Term::new(9),
                vote: Some(NodeId::new(0)),
            },
            last: LogPosition::new(LogIndex::new(40), Term::new(8)),
        }
    }

    #[test]
    fn a_header_reads_back() {
        assert_eq!(Header::decode(&header().encode()), Ok(header()));
        let unvoted = Header {
            metadata: Metadata {
                vote: None,
                ..header().metadata
            },
            ..header()
        };
        assert_eq!(Header::decode(&unvoted.encode()), Ok(unvoted));
    }

    #[test]
    fn no_bit_of_a_header_can_flip_unseen() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut bytes = header().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                Header::decode(&bytes),
                Err(HeaderFault::Damaged(Damage::Checksum)),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn only_names_that_we_give_are_segments() {
        assert_eq!(
            SegmentNumber::of_file("wal-0000000012.log"),
            Some(SegmentNumber(12))
        );
        assert_eq!(
            SegmentNumber::of_file(&SegmentNumber(u64::MAX).file_name()),
            Some(SegmentNumber(u64::MAX))
        );
        for name in [
            "wal-12.log",
            "wal-0000000000.log",
            "wal-+000000012.log",
            "wal-0000000012.tmp",
            "snapshot",
        ] {
            assert_eq!(SegmentNumber::of_file(name), None, "{name}");
        }
    }
}
