//! The Story: what happened, in words.

use crate::types::{LogIndex, NodeId, VirtualTime};

/// One line of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryLine {
    /// When it happened.
    pub at: VirtualTime,
    /// Its place among all that happened.
    pub ordinal: u64,
    /// The node it happened at or was done to.
    pub node: Option<NodeId>,
    /// What happened, for some 34 columns: `S3 leads term 4: votes S3 S4 S5`.
    pub short: String,
    /// What happened, for some 60 columns.
    pub long: String,
    /// What it is on the time line, where it is worth a mark.
    pub mark: Option<Mark>,
    /// How it stands among the others.
    pub weight: Weight,
    /// Why it happened.
    pub why: Why,
    /// What it tells the making of, where one can look at that.
    pub made: Option<Made>,
}

/// What a line tells the making of: who looks at a thing finds the line that made it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// What the node is: its role, or that it is down or stands still.
    Standing,
    /// These entries of its log.
    Entries {
        /// The first.
        first: LogIndex,
        /// The last.
        last: LogIndex,
    },
    /// Its answer to who asked for its vote, or whether it would have it.
    Vote {
        /// Who asked.
        candidate: NodeId,
    },
    /// That the entries it was sent do not fit to its log.
    Misfit,
    /// That a follower needs a snapshot.
    Sending {
        /// The follower.
        follower: NodeId,
    },
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Heartbeats, their answers and what follows from them only: folded away by default.
    Routine,
    /// A step of the algorithm.
    Step,
    /// What a person did.
    Act,
    /// A turning point: an election, a commitment, a crash, a violation.
    Turn,
}

/// A mark on the time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// ◆
    Election,
    /// ★
    Leader,
    /// ✓
    Commit,
    /// ▒
    Cut,
    /// ✗
    Crash,
    /// A broken promise.
    Violation,
}

/// The answer to "why?".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// The rule, in a sentence.
    pub rule: String,
    /// The values that decided, one fact a line.
    pub values: Vec<String>,
    /// Where the rule stands: `§5.4.2`, `thesis §10.2.1`. Empty for what people do.
    pub section: String,
    /// What would have made it different; may be empty.
    pub otherwise: String,
    /// The log entry it is about, if one.
    pub index: Option<LogIndex>,
}
