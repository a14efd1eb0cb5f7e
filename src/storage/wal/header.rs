//! The header that each segment begins with.
//!
//! The first 112 bytes have their places in every version: a magic, the version, and at byte 104 a checksum of the bytes
//! before it. In between stand numbers, eight bytes each. The tail follows, whose checksum stands at byte 108: the snapshot in
//! force and where each run of entries of one term begins, padded with zeros to a multiple of 8. A header states the whole state
//! that all segments before it lead to, so that these can go once a snapshot stands for their entries.

use super::Identity;
use super::error::Damage;
use super::fixed::{u32_at, u64_at};
use super::outline::Outline;
use super::record::{ALIGNMENT, Seed};
use super::segment::SegmentNumber;
use crate::consensus::durable::Metadata;
use crate::types::{ClusterId, LogIndex, LogPosition, NodeId, Term};

const MAGIC: [u8; 8] = *b"raftwal\n";

/// The version of the format.
pub(super) const VERSION: u32 = 2;

const FRONT_BYTES: usize = 112;
const NUMBERS: usize = 16;
const CHECKSUM: usize = 104;
const TAIL_CHECKSUM: usize = 108;

/// What a segment states about itself and about all that came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub identity: Identity,
    pub number: SegmentNumber,
    /// How long the segment before is, now that it is closed; 0 where there is none.
    pub previous_bytes: u64,
    pub outline: Outline,
}

/// Why a header can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    /// The bytes are not those that were written.
    Damaged(Damage),
    /// They are of another version.
    Version(u32),
    /// They are as they were written, and state what can't be.
    Impossible,
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let Outline { metadata, .. } = self.outline;
        let mut tail = Vec::new();
        self.outline.write_tail(&mut tail);
        tail.resize(tail.len().next_multiple_of(ALIGNMENT), 0);
        let mut bytes = vec![0; FRONT_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        let (base, last) = (self.outline.base(), self.outline.last());
        let numbers = [
            self.identity.cluster.number(),
            self.identity.node.number(),
            self.number.number(),
            self.previous_bytes,
            metadata.term.number(),
            u64::from(metadata.vote.is_some()),
            metadata.vote.map_or(0, NodeId::number),
            base.index.number(),
            base.term.number(),
            last.index.number(),
            tail.len() as u64,
        ];
        for (place, number) in bytes[NUMBERS..CHECKSUM].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let checksums = [crc32c::crc32c(&bytes[..CHECKSUM]), crc32c::crc32c(&tail)];
        for (place, checksum) in bytes[CHECKSUM..].chunks_exact_mut(4).zip(checksums) {
            place.copy_from_slice(&checksum.to_le_bytes());
        }
        bytes.extend(tail);
        bytes
    }

    /// The header at the beginning of a file, and how long it is.
    pub(super) fn decode(file: &[u8]) -> Result<(Self, usize), HeaderFault> {
        let damaged = HeaderFault::Damaged;
        let front = file
            .first_chunk::<FRONT_BYTES>()
            .ok_or(damaged(Damage::Incomplete))?;
        if front.iter().all(|byte| *byte == 0) {
            return Err(damaged(Damage::Blank));
        }
        if u32_at(front, CHECKSUM) != crc32c::crc32c(&front[..CHECKSUM]) || front[..8] != MAGIC {
            return Err(damaged(Damage::Checksum));
        }
        let version = u32_at(front, 8);
        if version != VERSION {
            return Err(HeaderFault::Version(version));
        }
        let number = |place| u64_at(front, NUMBERS + 8 * place);
        let tail_bytes = usize::try_from(number(10)).unwrap_or(usize::MAX);
        let tail = file[FRONT_BYTES..].get(..tail_bytes);
        let tail = tail.ok_or(damaged(Damage::Incomplete))?;
        if u32_at(front, TAIL_CHECKSUM) != crc32c::crc32c(tail) {
            return Err(damaged(Damage::Checksum));
        }
        let header = Self::of_parts(number, tail).ok_or(HeaderFault::Impossible)?;
        Ok((header, FRONT_BYTES + tail.len()))
    }

    fn of_parts(number: impl Fn(usize) -> u64, mut tail: &[u8]) -> Option<Self> {
        let metadata = Metadata {
            term: Term::new(number(4)),
            vote: (number(5) != 0).then(|| NodeId::new(number(6))),
        };
        let base = LogPosition::new(LogIndex::new(number(7)), Term::new(number(8)));
        let outline = Outline::read(metadata, base, LogIndex::new(number(9)), &mut tail)?;
        let is_padding = tail.len() < ALIGNMENT && tail.iter().all(|byte| *byte == 0);
        is_padding.then_some(Self {
            identity: Identity {
                cluster: ClusterId::new(number(0)),
                node: NodeId::new(number(1)),
            },
            number: SegmentNumber::new(number(2)),
            previous_bytes: number(3),
            outline,
        })
    }

    /// What the checksums of this segment's records begin with.
    pub(super) fn seed(&self) -> Seed {
        Seed::new(self.identity, self.number.number())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::super::snapshot_file::{EncodedSnapshot, SnapshotNumber};
    use super::*;
    use crate::types::{Entry, Snapshot};

    fn outline(entries: &[u64]) -> Outline {
        let mut outline = Outline::default();
        let entries: Vec<_> = entries.iter().map(|term| Entry::noop(Term::new(*term))).collect();
        outline.append(LogIndex::new(1), &entries).unwrap();
        outline
    }

    fn headers() -> [Header; 3] {
        let identity = Identity {
            cluster: ClusterId::new(7),
            node: NodeId::new(3),
        };
        let header = |number, metadata, mut outline: Outline| {
            outline.metadata = metadata;
            Header {
                identity,
                number: SegmentNumber::new(number),
                previous_bytes: 4096 * (number - 1),
                outline,
            }
        };
        let voted = Metadata {
            term: Term::new(9),
            vote: Some(NodeId::new(0)),
        };
        let unvoted = Metadata { vote: None, ..voted };
        let last = LogPosition::new(LogIndex::new(4), Term::new(2));
        let named = |number| EncodedSnapshot::new(identity, number, &snapshot(last)).named;
        let mut compacted = outline(&[1, 1, 2, 2, 2, 300, 5]);
        compacted
            .replace_snapshot(named(SnapshotNumber::after(None).unwrap()))
            .unwrap();
        compacted.compact(last).unwrap();
        [
            header(1, unvoted, Outline::default()),
            header(12, voted, outline(&[1, 1, 8])),
            header(13, unvoted, compacted),
        ]
    }

    fn snapshot(last: LogPosition) -> Snapshot {
        Snapshot {
            last,
            configuration: Arc::default(),
            data: Bytes::from_static(b"state"),
        }
    }

    #[test]
    fn a_header_reads_back() {
        for header in headers() {
            let bytes = header.encode();
            assert_eq!(bytes.len() % ALIGNMENT, 0);
            assert_eq!(Header::decode(&bytes), Ok((header, bytes.len())));
        }
    }

    #[test]
    fn no_bit_of_a_header_can_flip_unseen() {
        for header in headers() {
            for bit in 0..header.encode().len() * 8 {
                let mut bytes = header.encode();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    Header::decode(&bytes),
                    Err(HeaderFault::Damaged(Damage::Checksum)),
                    "bit {bit}"
                );
            }
        }
    }

    #[test]
    fn no_part_of_a_header_is_taken_for_the_whole() {
        let bytes = headers()[2].encode();
        for end in 0..bytes.len() {
            assert!(
                Header::decode(&bytes[..end]).is_err(),
                "{end} of {} bytes",
                bytes.len()
            );
        }
    }

    #[test]
    fn a_header_of_another_version_is_known_as_one() {
        let mut bytes = headers()[0].encode();
        bytes.truncate(FRONT_BYTES);
        for version in [1, 3, u32::MAX] {
            bytes[8..12].copy_from_slice(&version.to_le_bytes());
            let checksum = crc32c::crc32c(&bytes[..CHECKSUM]);
            bytes[CHECKSUM..TAIL_CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
            assert_eq!(Header::decode(&bytes), Err(HeaderFault::Version(version)));
        }
    }
}
