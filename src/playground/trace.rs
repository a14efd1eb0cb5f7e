//! The trace and its rolling hash: two runs are the same when their hashes are.

mod rolling;

use std::hash::Hash;

use self::rolling::Rolling;
use super::record::{Happening, Record};
use crate::types::VirtualTime;

/// What has happened and was not collected yet, and a hash of all that ever has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    uncollected: Vec<Record>,
    /// Whether nobody collects it.
    is_unheard: bool,
    next_ordinal: u64,
    hash: Rolling,
}

impl Trace {
    /// A trace that goes on from where a save left it.
    pub(super) fn resume(next_ordinal: u64, hash: u128) -> Self {
        Self {
            next_ordinal,
            hash: Rolling::from_hash(hash),
            ..Self::default()
        }
    }

    pub(super) fn record(&mut self, at: VirtualTime, what: Happening) {
        let ordinal = self.next_ordinal;
        self.next_ordinal += 1;
        // As a record hashes, which is only made where somebody hears of it.
        (at, ordinal).hash(&mut self.hash);
        what.hash(&mut self.hash);
        if !self.is_unheard {
            self.uncollected.push(Record { at, ordinal, what });
        }
    }

    /// What somebody who watches remarks. It did not happen in the world, so it is no part of the hash: who does not
    /// watch, or began to watch later, sees the same run.
    pub(super) fn remark(&mut self, at: VirtualTime, what: Happening) {
        let ordinal = self.next_ordinal;
        if !self.is_unheard {
            self.uncollected.push(Record { at, ordinal, what });
        }
    }

    /// Keeps nothing from now on, for nobody collects it; the hash is the same.
    pub(super) fn be_unheard(&mut self) {
        self.is_unheard = true;
        self.uncollected = Vec::new();
    }

    pub(super) fn collect(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.uncollected)
    }

    /// Changes what was not collected for a list without anything, whose memory is used again.
    pub(super) fn collect_into(&mut self, records: &mut Vec<Record>) {
        records.clear();
        std::mem::swap(&mut self.uncollected, records);
    }

    pub(super) fn next_ordinal(&self) -> u64 {
        self.next_ordinal
    }

    pub(super) fn hash(&self) -> u128 {
        self.hash.hash()
    }
}
