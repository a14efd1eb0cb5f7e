//! Clients who ask by themselves, so that something is always under way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::settings::Span;
use crate::types::NodeId;

/// How often clients ask by themselves, and for what.
///
/// They ask the leader as they know it, the running one of the highest term, or any node that is up where nobody leads; each of them asks once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// How many times a second, on the average.
    pub per_second: u32,
    /// Of how many things the state machine keeps they speak.
    pub keys: u32,
    /// How many of a hundred of their questions and commands are about the first of these things; the others are about all alike.
    pub skew: u32,
    /// How many of a hundred are reads, by `ReadIndex`.
    pub reads: u32,
    /// The node that is asked, leader or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<NodeId>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            per_second: 2,
            keys: 3,
            skew: 0,
            reads: 30,
            at: None,
        }
    }
}

impl Load {
    /// The most times a second.
    pub const MOST_PER_SECOND: u32 = 10_000;
    /// The most things.
    pub const MOST_KEYS: u32 = 1_000;

    /// Checks that clients can ask so.
    ///
    /// # Errors
    ///
    /// Says what is out of its bounds, in a sentence.
    pub fn check(&self) -> Result<(), &'static str> {
        if !(1..=Self::MOST_PER_SECOND).contains(&self.per_second) {
            return Err("clients ask 1 to 10000 times a second");
        }
        if !(1..=Self::MOST_KEYS).contains(&self.keys) {
            return Err("clients speak of 1 to 1000 keys");
        }
        if self.skew > 100 || self.reads > 100 {
            return Err("the skew and the reads are shares of a hundred");
        }
        Ok(())
    }

    /// The range of the pauses between two of them.
    pub(super) fn pause(&self) -> Span {
        let longest = Duration::from_secs(2) / self.per_second.max(1);
        Span::new(Duration::ZERO, longest).expect("two seconds are less than an hour")
    }
}
