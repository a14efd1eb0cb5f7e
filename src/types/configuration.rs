//! Who belongs to the cluster (§6).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::NodeId;

/// Who belongs to the cluster, and who may decide.
///
/// The genesis configuration is state at index 0, never a log entry; every later one stands in the log, whole, and is in
/// force from the moment it is appended (§6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// The servers whose votes and copies count.
    pub voters: BTreeSet<NodeId>,
    /// The voters before, while the change is joint: decisions then need a majority of these as well (§6). A server that is
    /// to become a learner stands here and among the learners.
    pub outgoing: Option<BTreeSet<NodeId>>,
    /// The servers that get the log and decide nothing (thesis §4.2.1).
    pub learners: BTreeSet<NodeId>,
    /// The highest id ever given: the next server to join gets the one after it.
    pub last_id: NodeId,
    /// The ids of the servers that joined, by the token that each came with: who asks again gets the same id. A token is forgotten when
    /// its server leaves or is demoted: that one is no newcomer, whom a leader makes a voter by itself.
    pub joined: BTreeMap<JoinToken, NodeId>,
}

/// What a joining server names itself by before it has an id: unique, and the same in every retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JoinToken(u64);

impl JoinToken {
    /// Wraps the number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A change of who belongs to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MembershipChange {
    /// A new server joins as a learner, under an id that was never given before.
    Join(JoinToken),
    /// A learner becomes a voter.
    Promote(NodeId),
    /// A voter becomes a learner.
    Demote(NodeId),
    /// A voter or learner leaves.
    Remove(NodeId),
    /// These are the voters and these the learners from now on.
    Replace {
        /// The voters.
        voters: BTreeSet<NodeId>,
        /// The learners.
        learners: BTreeSet<NodeId>,
    },
}

impl fmt::Display for JoinToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "j{}", self.0)
    }
}

impl Configuration {
    /// A configuration of these voters.
    pub fn of_voters(voters: impl IntoIterator<Item = NodeId>) -> Self {
        let voters: BTreeSet<NodeId> = voters.into_iter().collect();
        let last_id = voters.last().copied().unwrap_or_default();
        Self {
            voters,
            last_id,
            ..Self::default()
        }
    }

    /// How many of the voters are a majority of them. While the change is joint this is one of two.
    pub fn majority(&self) -> usize {
        majority_of(&self.voters)
    }

    /// The sets of which every decision needs a majority: one, or two while the change is joint.
    pub fn electorates(&self) -> impl Iterator<Item = &BTreeSet<NodeId>> {
        std::iter::once(&self.voters).chain(&self.outgoing)
    }

    /// Whether the change is joint: decided by the old majority and the new.
    pub fn is_joint(&self) -> bool {
        self.outgoing.is_some()
    }

    /// Whether a server's vote counts, in one electorate at least.
    pub fn is_voter(&self, id: NodeId) -> bool {
        self.electorates().any(|electorate| electorate.contains(&id))
    }

    /// Whether a server is a voter or a learner.
    pub fn is_member(&self, id: NodeId) -> bool {
        self.is_voter(id) || self.learners.contains(&id)
    }

    /// Everyone whose vote counts in one electorate at least.
    pub fn all_voters(&self) -> BTreeSet<NodeId> {
        self.electorates().flatten().copied().collect()
    }

    /// Every voter and learner.
    pub fn members(&self) -> BTreeSet<NodeId> {
        self.electorates()
            .flatten()
            .chain(&self.learners)
            .copied()
            .collect()
    }

    /// Every member but `own`: whom a leader replicates to.
    pub fn peers_of(&self, own: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        self.members().into_iter().filter(move |&id| id != own)
    }

    /// Everyone but `own` whose vote counts: whom a candidate asks.
    pub fn voters_beside(&self, own: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        self.all_voters().into_iter().filter(move |&id| id != own)
    }
}

/// `{1 2 3}`; `{1 2 3}>{2 3 4}` while the change is joint; learners after a plus: `{1 2 3}+4`.
impl fmt::Display for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outgoing) = &self.outgoing {
            write!(formatter, "{{{}}}>", numbers(outgoing))?;
        }
        write!(formatter, "{{{}}}", numbers(&self.voters))?;
        if !self.learners.is_empty() {
            write!(formatter, "+{}", numbers(&self.learners))?;
        }
        Ok(())
    }
}

fn numbers(ids: &BTreeSet<NodeId>) -> String {
    let numbers: Vec<String> = ids.iter().map(|id| id.number().to_string()).collect();
    numbers.join(" ")
}

/// How many of a set are a majority of it.
pub fn majority_of(voters: &BTreeSet<NodeId>) -> usize {
    voters.len() / 2 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_more_than_half() {
        let majority = |count| Configuration::of_voters((1..=count).map(NodeId::new)).majority();
        assert_eq!([1, 2, 3, 4, 5].map(majority), [1, 2, 2, 3, 3]);
    }

    #[test]
    fn while_a_change_is_joint_the_old_voters_count_too() {
        let ids = |ids: &[u64]| ids.iter().copied().map(NodeId::new).collect::<BTreeSet<_>>();
        let joint = Configuration {
            outgoing: Some(ids(&[1, 2, 3])),
            learners: ids(&[1, 9]),
            ..Configuration::of_voters([3, 4].map(NodeId::new))
        };
        assert_eq!(joint.all_voters(), ids(&[1, 2, 3, 4]));
        assert_eq!(joint.members(), ids(&[1, 2, 3, 4, 9]));
        assert!(
            joint.is_voter(NodeId::new(1)),
            "it is demoted only once the change is left"
        );
        assert!(!joint.is_voter(NodeId::new(9)));
        assert_eq!(joint.to_string(), "{1 2 3}>{3 4}+1 9");
    }
}
