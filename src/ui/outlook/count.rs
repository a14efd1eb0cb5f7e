//! How many of those who decide are on one side, and how many are needed: in a joint configuration that is asked of the old voters and
//! of the new (§6).

use std::collections::BTreeSet;

use crate::playground::{NodeView, Snapshot};
use crate::types::{NodeId, majority_of};

/// A set of nodes, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    voters: Share,
    outgoing: Option<Share>,
}

/// What a set has in one electorate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    has: usize,
    needs: usize,
    of: usize,
}

impl Share {
    fn of(electorate: &BTreeSet<NodeId>, nodes: &BTreeSet<NodeId>) -> Self {
        Self {
            has: electorate.intersection(nodes).count(),
            needs: majority_of(electorate),
            of: electorate.len(),
        }
    }

    fn is_enough(self) -> bool {
        self.has >= self.needs
    }
}

impl Count {
    /// These nodes, by the configuration that one goes by.
    pub fn of(nodes: &BTreeSet<NodeId>, by: &NodeView, snapshot: &Snapshot) -> Self {
        let Some(configuration) = snapshot.configuration_of(by) else {
            let all = snapshot.nodes.iter().map(|node| node.id).collect();
            return Self {
                voters: Share::of(&all, nodes),
                outgoing: None,
            };
        };
        Self {
            voters: Share::of(&configuration.voters, nodes),
            outgoing: configuration.outgoing.as_ref().map(|old| Share::of(old, nodes)),
        }
    }

    /// How many of them decide at all.
    pub fn has(&self) -> usize {
        self.voters.has
    }

    /// Whether a majority is reached; both, while the configuration is joint.
    pub fn is_enough(&self) -> bool {
        self.voters.is_enough() && self.outgoing.is_none_or(Share::is_enough)
    }

    /// Whether there are two electorates.
    pub fn is_joint(&self) -> bool {
        self.outgoing.is_some()
    }

    /// `2/3`: has two, needs three. `2/3>1/2` while joint: the old voters, then the new.
    pub fn short(&self) -> String {
        let share = |share: Share| format!("{}/{}", share.has, share.needs);
        match self.outgoing {
            None => share(self.voters),
            Some(old) => format!("{}>{}", share(old), share(self.voters)),
        }
    }

    /// `has 2 votes, needs 3`, or `has 2/3 of old, 1/2 of new`.
    pub fn full(&self, one: &str, many: &str) -> String {
        if self.is_joint() {
            return format!("has {}", self.shares());
        }
        let what = if self.voters.has == 1 { one } else { many };
        let gap = if what.is_empty() { "" } else { " " };
        format!("has {}{gap}{what}, {}", self.voters.has, self.needed())
    }

    /// `2 of 5`, or `2/3 of old, 1/2 of new`: so many of those who decide.
    pub fn shares(&self) -> String {
        let Share { has, of, .. } = self.voters;
        match self.outgoing {
            None => format!("{has} of {of}"),
            Some(old) => format!("{}/{} of old, {has}/{of} of new", old.has, old.of),
        }
    }

    /// `needs 3`, or `needs 2 and 2`.
    pub fn needed(&self) -> String {
        let needs = self.voters.needs;
        match self.outgoing {
            None => format!("needs {needs}"),
            Some(old) => format!("needs {} and {needs}", old.needs),
        }
    }

    /// `3 are a majority`, or what it takes while joint.
    pub fn majority(&self) -> String {
        match self.outgoing {
            None if self.voters.needs == 1 => "1 is a majority".to_owned(),
            None => format!("{} are a majority", self.voters.needs),
            Some(_) => "of the old voters > of the new".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::Log;
    use crate::types::{Configuration, Entries, Entry, LogIndex, Term};
    use crate::ui::fixture::{ids, stable};

    fn in_force(configuration: &Configuration) -> Snapshot {
        let mut snapshot = stable(5);
        for node in &mut snapshot.nodes {
            let entry = Entry::configuration(Term::new(1), configuration.clone());
            node.log = Log::of(
                Configuration::default(),
                Entries::new(LogIndex::new(1), vec![entry]),
            );
        }
        snapshot
    }

    #[test]
    fn learners_do_not_count() {
        let configuration = Configuration {
            learners: ids([4, 5]),
            ..Configuration::of_voters(ids([1, 2, 3]))
        };
        let snapshot = in_force(&configuration);
        let count = Count::of(&ids([1, 4, 5]), &snapshot.nodes[0], &snapshot);
        assert_eq!(count.short(), "1/2");
        assert_eq!(count.full("vote", "votes"), "has 1 vote, needs 2");
        assert!(!count.is_enough());
    }

    /// While a change is on its way, nodes go by different configurations: each counts by its own.
    #[test]
    fn every_node_counts_by_the_configuration_in_its_own_log() {
        let mut snapshot = in_force(&Configuration::of_voters(ids([1, 2, 3, 4, 5])));
        let smaller = in_force(&Configuration::of_voters(ids([1, 2, 3])));
        snapshot.nodes[0].log = smaller.nodes[0].log.clone();
        let counted = |node: usize| Count::of(&ids([1, 2]), &snapshot.nodes[node], &snapshot).short();
        assert_eq!((counted(0), counted(1)), ("2/2".to_owned(), "2/3".to_owned()));
    }

    #[test]
    fn a_joint_configuration_asks_the_old_and_the_new() {
        let configuration = || Configuration {
            outgoing: Some(ids([1, 2, 3])),
            ..Configuration::of_voters(ids([3, 4, 5]))
        };
        let snapshot = in_force(&configuration());
        for (nodes, short, enough) in [
            (ids([1, 2]), "2/2>0/2", false),
            (ids([3, 4, 5]), "1/2>3/2", false),
            (ids([1, 3, 4]), "2/2>2/2", true),
        ] {
            let count = Count::of(&nodes, &snapshot.nodes[0], &snapshot);
            assert_eq!((count.short().as_str(), count.is_enough()), (short, enough));
        }
        let count = Count::of(&ids([1, 3, 4]), &snapshot.nodes[0], &snapshot);
        assert_eq!(count.full("vote", "votes"), "has 2/3 of old, 2/3 of new");
    }
}
