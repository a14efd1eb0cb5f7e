//! The trace and its rolling hash: two runs are the same when their hashes are.

use std::hash::{Hash, Hasher};

use rustc_stable_hash::FromStableHash;
use rustc_stable_hash::hashers::{SipHasher128Hash, StableSipHasher128};

use super::record::{Happening, Record};
use crate::types::VirtualTime;

/// What has happened and was not collected yet, and a hash of all that ever has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    uncollected: Vec<Record>,
    next_ordinal: u64,
    hash: u128,
}

impl Trace {
    /// A trace that goes on from where a save left it.
    pub(super) fn resume(next_ordinal: u64, hash: u128) -> Self {
        Self {
            uncollected: Vec::new(),
            next_ordinal,
            hash,
        }
    }

    pub(super) fn record(&mut self, at: VirtualTime, what: Happening) {
        let record = Record {
            at,
            ordinal: self.next_ordinal,
            what,
        };
        self.next_ordinal += 1;
        let mut hasher = StableSipHasher128::new();
        hasher.write_u128(self.hash);
        record.hash(&mut hasher);
        self.hash = hasher.finish::<Digest>().0;
        self.uncollected.push(record);
    }

    /// What somebody who watches remarks. It did not happen in the world, so it is no part of the hash: who does not
    /// watch, or began to watch later, sees the same run.
    pub(super) fn remark(&mut self, at: VirtualTime, what: Happening) {
        let ordinal = self.next_ordinal;
        self.uncollected.push(Record { at, ordinal, what });
    }

    pub(super) fn collect(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.uncollected)
    }

    pub(super) fn next_ordinal(&self) -> u64 {
        self.next_ordinal
    }

    pub(super) fn hash(&self) -> u128 {
        self.hash
    }
}

struct Digest(u128);

impl FromStableHash for Digest {
    type Hash = SipHasher128Hash;

    fn from(SipHasher128Hash([high, low]): SipHasher128Hash) -> Self {
        Self(u128::from(high) << 64 | u128::from(low))
    }
}
