//! What each kind of read would come to at a node, were it asked now (§8, thesis §6.4).

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Count, hear_each_other};
use crate::consensus::Rule;
use crate::playground::{Condition, NodeView, RoleView, Snapshot};
use crate::types::{LogIndex, NodeId};

/// How reads other than local ones would fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOutlook {
    /// The node does not lead: it refuses them, or passes them on.
    Elsewhere {
        /// Whom it follows.
        leader: Option<NodeId>,
        /// Whether it passes them on.
        is_passed_on: bool,
    },
    /// The node leads, or believes that it does.
    Here {
        /// Whether it has yet to commit an entry of its own term, before which it does not know what is committed.
        is_new: bool,
        /// What a round of heartbeats would show.
        round: Round,
        /// How long its lease holds, where it does.
        lease: Option<Duration>,
        /// The entry that a read through the log would become.
        entry: LogIndex,
    },
}

/// What a round of heartbeats would show a leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Round {
    /// A broken rule has it answer without one.
    Unasked,
    /// So many confirm that it leads.
    Confirmed(BTreeSet<NodeId>),
    /// Too few do.
    Unconfirmed(Count),
}

/// How reads other than local ones would fare at a node that runs.
pub fn reads(node: &NodeView, snapshot: &Snapshot) -> ReadOutlook {
    match &node.role {
        RoleView::Leader { lease_end, .. } => {
            let left = lease_end.map(|end| end.since(snapshot.now));
            let own = node.log.term_at(node.commit) == Some(node.term);
            ReadOutlook::Here {
                is_new: !own && snapshot.settings.rules.keeps(Rule::NoopBeforeReads),
                round: round(node, snapshot),
                lease: left.filter(|left| !left.is_zero()),
                entry: node.log.last_index().next(),
            }
        }
        RoleView::Follower { leader } => elsewhere(*leader, snapshot),
        RoleView::PreCandidate { .. } | RoleView::Candidate { .. } => elsewhere(None, snapshot),
    }
}

fn elsewhere(leader: Option<NodeId>, snapshot: &Snapshot) -> ReadOutlook {
    ReadOutlook::Elsewhere {
        leader,
        is_passed_on: snapshot.settings.reroute.is_on(),
    }
}

/// Who hears the leader, is heard by it, and knows of no later term.
fn round(leader: &NodeView, snapshot: &Snapshot) -> Round {
    if !snapshot.settings.rules.keeps(Rule::ReadIndexQuorum) {
        return Round::Unasked;
    }
    let confirms = |other: &&NodeView| {
        other.condition == Condition::Up
            && other.term <= leader.term
            && hear_each_other(leader.id, other.id, snapshot)
    };
    let confirming: BTreeSet<NodeId> = snapshot
        .nodes
        .iter()
        .filter(confirms)
        .map(|node| node.id)
        .collect();
    let count = Count::of(&confirming, leader, snapshot);
    if count.is_enough() {
        Round::Confirmed(confirming)
    } else {
        Round::Unconfirmed(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::Switch;
    use crate::ui::fixture::{id, ids, minority_leader, stable};

    fn at(number: u64, snapshot: &Snapshot) -> ReadOutlook {
        reads(snapshot.node(id(number)).unwrap(), snapshot)
    }

    fn round_of(outlook: ReadOutlook) -> Round {
        match outlook {
            ReadOutlook::Here { round, .. } => round,
            ReadOutlook::Elsewhere { .. } => panic!("it leads"),
        }
    }

    #[test]
    fn a_leader_that_all_hear_is_confirmed_by_all() {
        let snapshot = stable(5);
        assert_eq!(round_of(at(1, &snapshot)), Round::Confirmed(ids([1, 2, 3, 4, 5])));
    }

    #[test]
    fn a_stale_leader_is_confirmed_by_too_few_unless_the_rule_is_broken() {
        let mut snapshot = minority_leader();
        let Round::Unconfirmed(count) = round_of(at(1, &snapshot)) else {
            panic!("only S2 hears S1");
        };
        assert_eq!((count.has(), count.is_enough()), (2, false));
        snapshot.settings.rules = snapshot.settings.rules.without(Rule::ReadIndexQuorum);
        assert_eq!(round_of(at(1, &snapshot)), Round::Unasked);
    }

    #[test]
    fn who_knows_of_a_later_term_confirms_nothing() {
        let mut snapshot = stable(3);
        for node in &mut snapshot.nodes[1..] {
            node.term = node.term.next();
        }
        assert!(matches!(round_of(at(1, &snapshot)), Round::Unconfirmed(_)));
    }

    #[test]
    fn a_leader_that_has_committed_nothing_of_its_term_makes_reads_wait() {
        let mut snapshot = stable(3);
        let is_new = |snapshot: &Snapshot| match at(1, snapshot) {
            ReadOutlook::Here { is_new, .. } => is_new,
            ReadOutlook::Elsewhere { .. } => panic!("it leads"),
        };
        assert!(!is_new(&snapshot));
        snapshot.nodes[0].term = snapshot.nodes[0].term.next();
        assert!(is_new(&snapshot));
    }

    #[test]
    fn a_follower_refuses_or_passes_on() {
        let mut snapshot = stable(3);
        let leader = Some(id(1));
        let expected = |is_passed_on| ReadOutlook::Elsewhere { leader, is_passed_on };
        assert_eq!(at(2, &snapshot), expected(false));
        snapshot.settings.reroute = Switch::On;
        assert_eq!(at(2, &snapshot), expected(true));
    }
}
