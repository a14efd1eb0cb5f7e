//! Identities and positions, each a type of its own: a bare `u64` never crosses a function.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares a newtype over `u64` that orders, hashes, prints and serialises as the number it is.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Wraps the number.
            #[inline]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number itself.
            #[inline]
            pub const fn number(self) -> u64 {
                self.0
            }

            /// The one after this; the largest stays the largest.
            #[must_use]
            #[inline]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// The one before this; the first stays the first.
            #[must_use]
            #[inline]
            pub const fn previous(self) -> Self {
                Self(self.0.saturating_sub(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

number! {
    /// A server's name within its cluster. Never used twice. Shown as `S3`.
    NodeId, "S"
}
number! {
    /// A term: the logical clock of the algorithm (§5.1). 0 on first boot, before any election.
    Term, ""
}
number! {
    /// An entry's place in the log. The first entry stands at 1; 0 is the place of the genesis
    /// configuration, which every log begins after and which is never an entry.
    LogIndex, ""
}
number! {
    /// A cluster's name: messages and files of another cluster are refused.
    ClusterId, ""
}
number! {
    /// How many times a node has been started: what it knew in memory belongs to one incarnation.
    Incarnation, ""
}
number! {
    /// The number of a write to the disk, within one incarnation of one node. Writes are numbered from 1;
    /// 0 stands for everything that recovery found and made durable.
    WriteSequence, "#"
}
number! {
    /// The number of a round of heartbeats, within one leadership. Rounds are numbered from 1.
    Round, "round "
}
number! {
    /// A client's session: the index of the entry that opened it. Shown as `s7`.
    SessionId, "s"
}
number! {
    /// A command's place in its session (§8: "unique serial numbers"), from 1.
    SerialNumber, "#"
}
number! {
    /// A caller's name for a proposal, by which it knows the answer again. Unique within one incarnation.
    ProposalId, "p"
}

impl Term {
    /// The last number. No server can be in this term, for none could leave it.
    pub const LAST: Self = Self(u64::MAX);
}

impl LogIndex {
    /// The place before the first entry.
    pub const GENESIS: Self = Self(0);

    /// The index `count` places further on; `None` past the largest number.
    pub fn checked_add(self, count: u64) -> Option<Self> {
        self.0.checked_add(count).map(Self)
    }

    /// How many places `self` is past `earlier`; 0 where it is not.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An entry's index and term: what identifies an entry, by the Log Matching Property (§5.3).
///
/// Ordered as §5.4.1 orders logs by their last entries: the later term is more up-to-date, and within a term
/// the longer log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    /// The entry's term. First, so that the derived order is that of §5.4.1.
    pub term: Term,
    /// The entry's index.
    pub index: LogIndex,
}

impl LogPosition {
    /// The position before the first entry: index 0, term 0.
    pub const GENESIS: Self = Self {
        term: Term(0),
        index: LogIndex(0),
    };

    /// The position at `index` with `term`.
    pub const fn new(index: LogIndex, term: Term) -> Self {
        Self { term, index }
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (term {})", self.index, self.term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_order_as_section_5_4_1_orders_logs() {
        let position = |index, term| LogPosition::new(LogIndex::new(index), Term::new(term));
        assert!(
            position(1, 3) > position(9, 2),
            "a later last term wins over a longer log"
        );
        assert!(
            position(4, 2) > position(3, 2),
            "within a term the longer log wins"
        );
    }
}
