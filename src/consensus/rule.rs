//! The rules of Raft that safety or progress hangs on, each with a name, so that one can be broken on purpose.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What falls when a rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleLabel {
    /// A wrong result becomes possible.
    Safety,
    /// Results stay right, but the cluster may stop making progress.
    Liveness,
}

macro_rules! rules {
    ($($name:ident, $word:literal, $label:ident, $section:literal, $sentence:literal;)*) => {
        /// A rule that an implementation must keep.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule {
            $(#[doc = concat!($sentence, " (", $section, ").")] $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word by which a person names it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The rule in one sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// Where it stands in the paper (§) or in the thesis.
            pub const fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)* }
            }

            /// What falls when it is broken.
            pub const fn label(self) -> RuleLabel {
                match self { $(Self::$name => RuleLabel::$label,)* }
            }
        }
    };
}

rules! {
    CommitOwnTermOnly, "commit-own-term-only", Safety, "§5.4.2",
        "A leader commits by counting copies only entries of its own term";
    PersistVoteBeforeAnswering, "persist-vote-before-answering", Safety, "Figure 2",
        "Term and vote are on disk before a vote is asked for or answered";
    PersistEntriesBeforeAcknowledging, "persist-entries-before-acknowledging", Safety, "Figure 2",
        "Entries are on disk before they are acknowledged";
    LeaderCountsFlushedOnly, "leader-counts-flushed-only", Safety, "thesis §10.2.1",
        "A leader counts its own copy of an entry only once it is on its disk";
    UpToDateCheck, "up-to-date-check", Safety, "§5.4.1",
        "A vote goes only to a candidate whose log is at least as up-to-date as the voter's";
    OneVotePerTerm, "one-vote-per-term", Safety, "§5.2",
        "A server votes for at most one candidate in a term";
    StepDownOnHigherTerm, "step-down-on-higher-term", Liveness, "§5.1",
        "A server that sees a higher term takes it on and becomes a follower";
    CheckPreviousEntry, "check-previous-entry", Safety, "§5.3",
        "A follower takes entries only if its log has the entry before them, with the same term";
    TruncateOnlyOnConflict, "truncate-only-on-conflict", Safety, "Figure 2",
        "A follower removes entries only where one conflicts with the leader's";
    PromiseRunOut, "promise-run-out", Safety, "thesis §4.2.3",
        "With CheckQuorum on, a server that has just heard from a leader neither stands for election nor votes for another";
    RestartedVoterQuiet, "restarted-voter-quiet", Safety, "thesis §4.2.3",
        "With CheckQuorum on, a server that has restarted keeps quiet for an election timeout: it has forgotten its promise";
    NoopBeforeReads, "noop-before-reads", Safety, "§8",
        "A leader serves no read before an entry of its own term is committed";
    ReadIndexQuorum, "read-index-quorum", Safety, "§8",
        "A leader exchanges heartbeats with a majority before it serves a read";
    LeaseNeedsCheckQuorum, "lease-needs-check-quorum", Safety, "thesis §6.4.1",
        "A leader reads by its lease only where its followers have promised to help no rival";
    ConfigurationAtAppend, "configuration-at-append", Safety, "§6",
        "A server uses the latest configuration in its log, committed or not";
    OwnTermCommitBeforeChange, "own-term-commit-before-change", Safety, "thesis §4.1",
        "A leader changes the configuration only once an entry of its own term is committed";
    JointNeedsBothMajorities, "joint-needs-both-majorities", Safety, "§6",
        "While a change is joint, every decision needs a majority of the old voters and one of the new";
    LearnersDoNotCount, "learners-do-not-count", Safety, "thesis §4.2.1",
        "A learner's vote and copy count for nothing";
    SessionSerialCheck, "session-serial-check", Safety, "§8",
        "A command of a session is executed once, however often it is in the log";
    SessionsInSnapshot, "sessions-in-snapshot", Safety, "thesis §6.3",
        "A snapshot holds the sessions of clients as well as the state of the machine";
    SnapshotCarriesConfiguration, "snapshot-carries-configuration", Safety, "§7",
        "A snapshot carries the configuration in force at its last entry, and whoever installs it goes by that";
    CommitWithinRequest, "commit-within-request", Safety, "Figure 2",
        "A follower commits no further than the last entry of the request that told it";
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Which rules are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RuleSet {
    broken: u64,
}

impl RuleSet {
    /// All rules kept.
    pub const fn sound() -> Self {
        Self { broken: 0 }
    }

    /// The same rules, but this one broken.
    #[must_use]
    pub const fn without(self, rule: Rule) -> Self {
        Self {
            broken: self.broken | 1 << rule as u64,
        }
    }

    /// The same rules, and this one kept again.
    #[must_use]
    pub const fn with(self, rule: Rule) -> Self {
        Self {
            broken: self.broken & !(1 << rule as u64),
        }
    }

    /// Whether a rule is kept. Only the guard named after a rule asks.
    pub const fn keeps(self, rule: Rule) -> bool {
        self.broken & (1 << rule as u64) == 0
    }

    /// The rules that are broken, in order.
    pub fn broken(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |&rule| !self.keeps(rule))
    }
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::sound()
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("without ")?;
        formatter.debug_set().entries(self.broken()).finish()
    }
}
