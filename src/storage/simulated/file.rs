//! One file of a simulated disk: what is durable, and what has changed since.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::pages::Pages;
use super::{OpNumber, SECTOR_BYTES, Unsynced, clamp};

/// A change to one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileOp {
    /// Bytes were written, and the file lengthened as needed.
    Write {
        /// Where.
        offset: u64,
        /// What.
        bytes: Bytes,
    },
    /// The file was cut, or lengthened with zeros.
    SetLen(u64),
}

/// A change to one file that is not durable yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnsyncedOp {
    /// Its number.
    pub number: OpNumber,
    /// The change.
    pub op: FileOp,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SimulatedFile {
    durable: Pages,
    unsynced: Vec<UnsyncedOp>,
    /// The length that a reader sees.
    len: u64,
}

impl FileOp {
    /// The length of a file after this change, given its length before.
    pub(super) fn len_after(&self, before: u64) -> u64 {
        match self {
            Self::Write { offset, bytes } => before.max(offset + bytes.len() as u64),
            Self::SetLen(len) => *len,
        }
    }

    /// Makes the change to the part of a file that `part` holds, from `start` on. The part's length stays.
    fn apply_to_part(&self, start: u64, part: &mut [u8]) {
        match self {
            Self::Write { offset, bytes } => {
                let skipped = clamp(start.saturating_sub(*offset), bytes.len());
                let place = clamp(offset.saturating_sub(start), part.len());
                let count = (bytes.len() - skipped).min(part.len() - place);
                part[place..place + count].copy_from_slice(&bytes[skipped..skipped + count]);
            }
            Self::SetLen(len) => {
                let kept = clamp(len.saturating_sub(start), part.len());
                part[kept..].fill(0);
            }
        }
    }

    /// Makes the change to a whole file.
    fn apply(&self, file: &mut Pages) {
        let len = self.len_after(file.len() as u64);
        file.resize(clamp(len, usize::MAX));
        if let Self::Write { offset, bytes } = self {
            file.write(clamp(*offset, usize::MAX), bytes);
        }
    }

    /// The sectors whose bytes the change can alter, in a file that ends at `longest` at most.
    fn sectors(&self, longest: u64) -> std::ops::Range<u64> {
        match self {
            Self::Write { offset, bytes } => {
                offset / SECTOR_BYTES..(offset + bytes.len() as u64).div_ceil(SECTOR_BYTES)
            }
            Self::SetLen(len) => len / SECTOR_BYTES..longest.div_ceil(SECTOR_BYTES),
        }
    }
}

impl SimulatedFile {
    pub(super) fn new(durable: Pages, unsynced: Vec<UnsyncedOp>) -> Self {
        let len = unsynced
            .iter()
            .fold(durable.len() as u64, |len, unsynced| unsynced.op.len_after(len));
        Self {
            durable,
            unsynced,
            len,
        }
    }

    pub(super) fn durable(&self) -> &Pages {
        &self.durable
    }

    pub(super) fn unsynced(&self) -> &[UnsyncedOp] {
        &self.unsynced
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// What a reader sees.
    pub(super) fn visible(&self) -> Vec<u8> {
        let mut file = self.durable.clone();
        for unsynced in &self.unsynced {
            unsynced.op.apply(&mut file);
        }
        file.to_vec()
    }

    pub(super) fn unsynced_bytes(&self) -> u64 {
        let written = |unsynced: &UnsyncedOp| match &unsynced.op {
            FileOp::Write { bytes, .. } => bytes.len() as u64,
            FileOp::SetLen(_) => 0,
        };
        self.unsynced.iter().map(written).sum()
    }

    /// How many bytes stand before the first that an unsynced change touches.
    pub(super) fn settled_bytes(&self) -> u64 {
        let touched = self.unsynced.iter().map(|unsynced| match &unsynced.op {
            FileOp::Write { offset, .. } => *offset,
            FileOp::SetLen(len) => *len,
        });
        let durable = self.durable.len() as u64;
        touched.min().map_or(durable, |first| first.min(durable))
    }

    pub(super) fn push(&mut self, number: OpNumber, op: FileOp) {
        self.len = op.len_after(self.len);
        self.unsynced.push(UnsyncedOp { number, op });
    }

    /// Makes durable every change through a number.
    pub(super) fn settle(&mut self, through: OpNumber) {
        let count = self
            .unsynced
            .partition_point(|unsynced| unsynced.number <= through);
        for unsynced in self.unsynced.drain(..count) {
            unsynced.op.apply(&mut self.durable);
        }
    }

    /// How many bytes the last change wrote, where it is a write and has this number.
    pub(super) fn write_numbered(&self, number: OpNumber) -> Option<u64> {
        match self.unsynced.last() {
            Some(UnsyncedOp {
                number: found,
                op: FileOp::Write { bytes, .. },
            }) if *found == number => Some(bytes.len() as u64),
            _ => None,
        }
    }

    /// Takes the end of the last write away, as if it had never been handed over.
    pub(super) fn shorten_last_write(&mut self, kept: u64) {
        let Some(mut last) = self.unsynced.pop() else {
            return;
        };
        let FileOp::Write { bytes, .. } = &mut last.op else {
            return self.unsynced.push(last);
        };
        bytes.truncate(clamp(kept, bytes.len()));
        if !bytes.is_empty() {
            self.unsynced.push(last);
        }
    }

    /// Leaves what survives a power cut, all of it durable.
    pub(super) fn power_cut(&mut self, name: &str, survivors: &mut dyn FnMut(Unsynced<'_>, u64) -> u64) {
        if !self.unsynced.is_empty() {
            let (len, changed) = self.surviving_len(name, survivors);
            let sectors = self.surviving_sectors(name, changed, survivors);
            self.durable.resize(clamp(len, usize::MAX));
            for (sector, bytes) in sectors {
                self.durable
                    .write(clamp(sector * SECTOR_BYTES, usize::MAX), &bytes);
            }
            self.unsynced.clear();
        }
        self.len = self.durable.len() as u64;
    }

    /// The length that survives, and how many of the unsynced changes it has taken note of.
    fn surviving_len(&self, name: &str, survivors: &mut dyn FnMut(Unsynced<'_>, u64) -> u64) -> (u64, usize) {
        let mut versions = vec![(self.durable.len() as u64, 0)];
        for (place, unsynced) in self.unsynced.iter().enumerate() {
            let before = versions[versions.len() - 1].0;
            let after = unsynced.op.len_after(before);
            if after != before {
                versions.push((after, place + 1));
            }
        }
        let most = versions.len() - 1;
        if most == 0 {
            return versions[0];
        }
        versions[clamp(survivors(Unsynced::Length { file: name }, most as u64), most)]
    }

    /// What each sector with unsynced changes holds in the end. A cut that the length has taken note of has cleared
    /// what was past it, even where the sector has lost all else.
    fn surviving_sectors(
        &self,
        name: &str,
        changed: usize,
        survivors: &mut dyn FnMut(Unsynced<'_>, u64) -> u64,
    ) -> BTreeMap<u64, Bytes> {
        let choose = |sector| {
            let touching = self.touching(sector);
            let kept = clamp(
                survivors(Unsynced::Sector { file: name, sector }, touching.len() as u64),
                touching.len(),
            );
            let mut bytes = self.durable_sector(sector);
            for (nth, place) in touching.into_iter().enumerate() {
                let op = &self.unsynced[place].op;
                if nth < kept || (matches!(op, FileOp::SetLen(_)) && place < changed) {
                    op.apply_to_part(sector * SECTOR_BYTES, &mut bytes);
                }
            }
            (sector, Bytes::from(bytes))
        };
        let longest = self.longest();
        let touched: BTreeSet<_> = self
            .unsynced
            .iter()
            .flat_map(|unsynced| unsynced.op.sectors(longest))
            .collect();
        touched.into_iter().map(choose).collect()
    }

    /// The places, among the unsynced changes, of those that touch a sector.
    fn touching(&self, sector: u64) -> Vec<usize> {
        let longest = self.longest();
        let touches = |unsynced: &UnsyncedOp| unsynced.op.sectors(longest).contains(&sector);
        self.unsynced
            .iter()
            .enumerate()
            .filter(|(_, op)| touches(op))
            .map(|(place, _)| place)
            .collect()
    }

    /// The longest that the file has been since it was durable.
    fn longest(&self) -> u64 {
        let durable = self.durable.len() as u64;
        let lens = self.unsynced.iter().scan(durable, |len, unsynced| {
            *len = unsynced.op.len_after(*len);
            Some(*len)
        });
        lens.max().map_or(durable, |longest| longest.max(durable))
    }

    fn durable_sector(&self, sector: u64) -> Vec<u8> {
        let start = clamp(sector * SECTOR_BYTES, self.durable.len());
        let mut bytes = self.durable.part(start..start + clamp(SECTOR_BYTES, usize::MAX));
        bytes.resize(clamp(SECTOR_BYTES, usize::MAX), 0);
        bytes
    }
}
