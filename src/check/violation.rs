//! What can be found broken, and how it is told.

use std::fmt;

use crate::types::{LogIndex, NodeId, Term};

macro_rules! properties {
    ($($name:ident, $section:literal, $sentence:literal;)*) => {
        /// Something that is always true of a cluster that keeps every rule of the algorithm.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Property {
            $(#[doc = concat!($sentence, " (", $section, ").")] $name,)*
        }

        impl Property {
            /// Every property.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name, as a command line and a save write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What it says.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// Where it stands in the paper (§) or in the thesis.
            pub const fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)* }
            }
        }
    };
}

properties! {
    ElectionSafety, "§5.2, Figure 3", "At most one leader can be elected in a given term";
    LeaderAppendOnly, "§5.3, Figure 3", "A leader never overwrites or deletes entries in its log; it only appends new entries";
    LogMatching, "§5.3, Figure 3",
        "If two logs contain an entry with the same index and term, then the logs are identical up to that entry";
    LeaderCompleteness, "§5.4, Figure 3",
        "An entry committed in a given term is present in the logs of the leaders of all later terms";
    StateMachineSafety, "§5.4.3, Figure 3",
        "If a server has applied an entry at a given index, no other server ever applies a different entry there";
    ElectedByMajority, "§5.2, §6", "A leader has the votes of a majority of the voters, by the configuration that it goes by";
    VoteUnique, "§5.2", "A server votes for at most one candidate in a given term, restarts or not";
    TermMonotonic, "§5.1", "A server's term never goes back, neither in its messages nor on its disk, nor do the terms in its log";
    DurableBeforeSent, "Figure 2", "No message leaves before the term and vote it speaks for are on its sender's disk";
    AcknowledgedDurable, "Figure 2",
        "No acknowledgement leaves before the leader's entries that it names are on the follower's disk, and none is forgotten";
    SyncedSurvives, "Figure 2", "What was on a server's disk is there after a restart";
    CommitOnDurableQuorum, "§5.3, thesis §10.2.1", "An entry is committed only once a majority of the voters has it on disk";
    MatchIsTrue, "Figure 2",
        "What a leader takes a follower to have is on that follower's disk, is never less than before, and is not sent again";
    CommitsWhatItCan, "§5.3, §5.4.2",
        "A leader commits an entry of its own term once it knows that a majority of the voters has it on disk";
    ReadsSeeAcknowledged, "§8, thesis §6.4",
        "A read sees every write that was acknowledged before it began";
    ClientsSeeOneLog, "§8, thesis §6.4",
        "A write stands in the log after all that was acknowledged before its call, and every answer is what a replay of the log up to it gives";
    ConfigurationSafety, "§6, thesis §4.1",
        "A leader changes the configuration only once the one before it and an entry of its own term are committed, and to one whose majorities share a server with those before";
    ExactlyOnce, "§8, thesis §6.3",
        "A command of a session takes effect once, at one place in the log, and every answer to it is the same";
    SnapshotEqualsPrefix, "§7",
        "A snapshot holds the state and the configuration that the committed entries up to its last one lead to";
    IndexOrder, "Figure 2",
        "No commit index goes back while its server runs, none is past the end of the log, entries are applied in order up to it, and dropped only behind a snapshot";
}

impl Property {
    /// The property of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|property| property.name() == name)
    }
}

impl fmt::Display for Property {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A property found broken: what, by whom, where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// What was broken.
    pub property: Property,
    /// The servers it takes to see it; first the one whose doing it was.
    pub nodes: Vec<NodeId>,
    /// The terms in question.
    pub terms: Vec<Term>,
    /// The log indices in question.
    pub indices: Vec<LogIndex>,
    /// What happened, in one sentence for people, without a full stop.
    pub detail: String,
}

impl Violation {
    pub(super) fn new(property: Property, node: NodeId, detail: impl Into<String>) -> Self {
        Self {
            property,
            nodes: vec![node],
            terms: Vec::new(),
            indices: Vec::new(),
            detail: detail.into(),
        }
    }

    pub(super) fn and(mut self, node: NodeId) -> Self {
        self.nodes.push(node);
        self
    }

    pub(super) fn in_term(mut self, term: Term) -> Self {
        self.terms.push(term);
        self
    }

    pub(super) fn at(mut self, index: LogIndex) -> Self {
        self.indices.push(index);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { property, detail, .. } = self;
        write!(formatter, "{property} ({}): {detail}", property.section())
    }
}

impl std::error::Error for Violation {}
