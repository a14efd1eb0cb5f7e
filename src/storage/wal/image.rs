//! A running log as a save has it.

use super::error::OpenError;
use super::scan::{LastSegment, Scan};
use super::segment::SegmentNumber;
use super::{Identity, Tail, Target, Wal, WalOptions};
use crate::types::disk::Disk;

/// What must be known of a running log, besides its disk, to go on with it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WalImage {
    /// Everything in the last segment before this offset has been synced.
    pub synced: u64,
}

impl<D: Disk> Wal<D> {
    /// What a save must keep besides the disk; `None` once the log has failed, for then nothing goes on.
    pub fn image(&self) -> Option<WalImage> {
        (!self.failed).then_some(WalImage {
            synced: self.tail.synced,
        })
    }

    /// A running log as a save found it, on a disk as that save found it. Nothing is recovered, and nothing synced.
    pub fn restore(
        disk: D,
        identity: Identity,
        options: WalOptions,
        image: WalImage,
    ) -> Result<Self, OpenError> {
        let scan = Scan::of(&disk, identity)?;
        let WalImage { synced } = image;
        let refused = |number: SegmentNumber, bytes, marked| OpenError::Image {
            file: number.file_name(),
            synced,
            bytes,
            marked,
        };
        let tail = match &scan.last {
            LastSegment::None => return Err(refused(SegmentNumber::FIRST, 0, 0)),
            LastSegment::Unmade { number, .. } => return Err(refused(*number, 0, 0)),
            LastSegment::Sound(last) => {
                let (end, marked) = (last.end as u64, last.marked.max(last.start) as u64);
                if last.cut.is_some() || !(marked..=end).contains(&synced) {
                    return Err(refused(last.number, end, marked));
                }
                Tail {
                    synced,
                    ..last.tail()
                }
            }
        };
        let state = scan.into_recovered().0;
        Ok(Self {
            disk,
            identity,
            options,
            tail,
            target: Target::of(identity, tail.segment),
            state,
            failed: false,
        })
    }
}
