//! Quorum arithmetic, as pure functions.

use std::collections::BTreeSet;

use crate::types::{Configuration, LogIndex, NodeId};

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
    let count = |votes: &BTreeSet<NodeId>| configuration.voters.intersection(votes).count();
    let voters = configuration.voters.len();
    if voters > 0 && count(granted) >= configuration.majority() {
        Election::Won
    } else if voters - count(refused) < configuration.majority() {
        Election::Lost
    } else {
        Election::Open
    }
}

/// The highest index that a majority of the voters has, by what each has: at least a majority has that much.
pub fn committed(configuration: &Configuration, matched: impl Fn(NodeId) -> LogIndex) -> LogIndex {
    let mut indices: Vec<LogIndex> = configuration.voters.iter().map(|&id| matched(id)).collect();
    indices.sort_unstable_by(|left, right| right.cmp(left));
    indices
        .get(configuration.majority() - 1)
        .copied()
        .unwrap_or(LogIndex::GENESIS)
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
