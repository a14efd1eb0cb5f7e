//! Quorum arithmetic, as pure functions.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::types::{Configuration, LogIndex, NodeId, majority_of};

/// Where an election stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Election {
    /// A majority granted its vote.
    Won,
    /// So many refused that no majority can be reached.
    Lost,
    /// Neither yet.
    Open,
}

/// The result of an election, by who granted and who refused.
pub fn election(
    configuration: &Configuration,
    granted: &BTreeSet<NodeId>,
    refused: &BTreeSet<NodeId>,
) -> Election {
    let mut results = configuration
        .electorates()
        .map(|electorate| majority_vote(electorate, granted, refused));
    // §6: a joint decision needs both majorities, so one that is lost loses it.
    results.by_ref().fold(Election::Won, Election::and)
}

impl Election {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Lost, _) | (_, Self::Lost) => Self::Lost,
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::Won, Self::Won) => Self::Won,
        }
    }
}

/// The result of an election in one electorate. Nobody wins one without voters.
fn majority_vote(
    electorate: &BTreeSet<NodeId>,
    granted: &BTreeSet<NodeId>,
    refused: &BTreeSet<NodeId>,
) -> Election {
    let count = |votes: &BTreeSet<NodeId>| electorate.intersection(votes).count();
    let needed = majority_of(electorate);
    if count(granted) >= needed {
        Election::Won
    } else if electorate.len() - count(refused) < needed {
        Election::Lost
    } else {
        Election::Open
    }
}

/// The highest index that is committed by counting: a majority of every electorate has at least as much.
pub fn committed(configuration: &Configuration, matched: impl Fn(NodeId) -> LogIndex) -> LogIndex {
    agreed(configuration, matched)
}

/// The highest value that a majority of every electorate has at least.
pub fn agreed<T: Ord + Copy + Default>(configuration: &Configuration, value: impl Fn(NodeId) -> T) -> T {
    let electorates = configuration.electorates();
    let reached = electorates.map(|electorate| reached_by_majority(electorate, &value));
    reached.min().unwrap_or_default()
}

/// The highest value that a majority has at least; the lowest of all where there is nobody.
fn reached_by_majority<T: Ord + Copy + Default>(
    electorate: &BTreeSet<NodeId>,
    value: &impl Fn(NodeId) -> T,
) -> T {
    let mut values: SmallVec<[T; 9]> = electorate.iter().map(|&id| value(id)).collect();
    values.sort_unstable_by(|left, right| right.cmp(left));
    values
        .get(majority_of(electorate) - 1)
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The oracle is the definition: the largest index that at least a majority has.
        #[test]
        fn committed_is_the_largest_index_on_a_majority(indices in prop::collection::vec(0_u64..8, 1..8)) {
            let configuration = Configuration::of_voters((1..=indices.len() as u64).map(NodeId::new));
            let matched = |id: NodeId| LogIndex::new(indices[usize::try_from(id.number()).unwrap() - 1]);
            let holders = |index: u64| indices.iter().filter(|&&other| other >= index).count();
            let expected = (0..8).rev().find(|&index| holders(index) * 2 > indices.len()).unwrap();
            prop_assert_eq!(committed(&configuration, matched), LogIndex::new(expected));
        }

        /// Won and lost exclude each other, and each is final: no further vote changes it.
        #[test]
        fn elections_end_once(votes in prop::collection::vec(any::<Option<bool>>(), 1..8)) {
            let ids = || (1_u64..).map(NodeId::new);
            let configuration = Configuration::of_voters(ids().take(votes.len()));
            let who = |wanted| ids().zip(&votes).filter(|(_, vote)| **vote == Some(wanted)).map(|(id, _)| id).collect();
            let (granted, refused): (BTreeSet<_>, BTreeSet<_>) = (who(true), who(false));
            let open = votes.len() - granted.len() - refused.len();
            let expected = if granted.len() * 2 > votes.len() {
                Election::Won
            } else if (granted.len() + open) * 2 <= votes.len() {
                Election::Lost
            } else {
                Election::Open
            };
            prop_assert_eq!(election(&configuration, &granted, &refused), expected);
        }
    }

    proptest! {
        /// A joint decision is the worse of the decisions that each electorate would make alone.
        #[test]
        fn joint_decisions_need_both_majorities(
            old in prop::collection::btree_set(1_u64..8, 1..6),
            new in prop::collection::btree_set(1_u64..8, 1..6),
            granted in prop::collection::btree_set(1_u64..8, 0..8),
            refused in prop::collection::btree_set(1_u64..8, 0..8),
            indices in prop::collection::vec(0_u64..8, 8),
        ) {
            let ids = |ids: &BTreeSet<u64>| ids.iter().copied().map(NodeId::new).collect::<BTreeSet<_>>();
            let refused: BTreeSet<u64> = refused.difference(&granted).copied().collect();
            let (granted, refused) = (ids(&granted), ids(&refused));
            let [old, new] = [old, new].map(|voters| Configuration::of_voters(ids(&voters)));
            let joint = Configuration { outgoing: Some(old.voters.clone()), ..new.clone() };
            let alone = [&old, &new].map(|one| election(one, &granted, &refused));
            let expected = if alone.contains(&Election::Lost) {
                Election::Lost
            } else if alone.contains(&Election::Open) {
                Election::Open
            } else {
                Election::Won
            };
            prop_assert_eq!(election(&joint, &granted, &refused), expected);
            let matched = |id: NodeId| LogIndex::new(indices[usize::try_from(id.number()).unwrap()]);
            let least = committed(&old, matched).min(committed(&new, matched));
            prop_assert_eq!(committed(&joint, matched), least);
        }
    }

    #[test]
    fn nobody_wins_an_empty_cluster_and_outsiders_do_not_count() {
        let outsider = BTreeSet::from([NodeId::new(9)]);
        assert_ne!(
            election(&Configuration::default(), &outsider, &BTreeSet::new()),
            Election::Won
        );
        let single = Configuration::of_voters([NodeId::new(1)]);
        assert_eq!(election(&single, &outsider, &BTreeSet::new()), Election::Open);
    }
}
