//! What can be said about a node from where things stand: why an entry is not committed, who could win,
//! what a read would come to.
//!
//! Nothing here runs the algorithm. It reads off the snapshot the values that the algorithm will go by, in the
//! order in which it will ask for them.

mod count;
mod reads;

use std::collections::BTreeSet;
use std::time::Duration;

pub use count::Count;
pub use reads::{ReadOutlook, Round, reads};

use crate::consensus::Rule;
use crate::playground::{Condition, NodeView, Place, RoleView, Snapshot};
use crate::types::{AppendReply, LogIndex, Message, NodeId, Term};

/// What stands between an entry and its commitment, as its node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutlook {
    /// Everything in the log is committed, and the node knows.
    AllCommitted,
    /// The node is down.
    Down,
    /// A leader commits it, and none is heard of.
    NoLeader,
    /// The leader has committed it; word is to come.
    LeaderKnows {
        /// The leader.
        leader: NodeId,
    },
    /// The leader has not committed it either.
    LeaderWaits {
        /// The leader.
        leader: NodeId,
        /// Whether the leader has another entry there, or none.
        differs: bool,
        /// Whose disks hold it.
        holders: Count,
    },
    /// On enough disks, and of an earlier term: it can't be counted (§5.4.2).
    EarlierTerm {
        /// The entry's term.
        term: Term,
        /// Whose disks hold it.
        holders: Count,
    },
    /// The node leads, and copies are missing, or word of them.
    Waits {
        /// Whose disks hold it.
        holders: Count,
        /// Of which the leader knows.
        known: Count,
        /// What each missing copy waits for.
        missing: Vec<(NodeId, Missing)>,
    },
}

/// What a missing copy waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A disk: so much longer.
    Disk(Duration),
    /// The answer is under way: so much longer.
    Answer(Duration),
    /// The entry is under way: so much longer.
    Request(Duration),
    /// It is to be sent.
    Unsent,
    /// Its node stands still.
    Frozen,
    /// No link leads there and back.
    CutOff,
    /// Its node is down.
    Down,
}

/// The first entry that a node does not know to be committed, if its log has one.
pub fn first_uncommitted(node: &NodeView) -> Option<LogIndex> {
    let next = node.commit.next();
    (next <= node.log.last_index()).then_some(next)
}

/// Why the first entry past a node's commit index is not committed there.
pub fn commit(node: &NodeView, snapshot: &Snapshot) -> CommitOutlook {
    let Some(index) = first_uncommitted(node) else {
        return CommitOutlook::AllCommitted;
    };
    if node.condition == Condition::Down {
        return CommitOutlook::Down;
    }
    match &node.role {
        RoleView::Leader { .. } => leaders_commit(node, index, snapshot),
        RoleView::PreCandidate { .. } | RoleView::Candidate { .. } | RoleView::Follower { leader: None } => {
            CommitOutlook::NoLeader
        }
        RoleView::Follower { leader: Some(leader) } => followers_commit(node, *leader, index, snapshot),
    }
}

fn leaders_commit(node: &NodeView, index: LogIndex, snapshot: &Snapshot) -> CommitOutlook {
    let holders = Count::of(&snapshot.holders(node, index), node, snapshot);
    let term = node.log.term_at(index).unwrap_or(node.term);
    if holders.is_enough() && term < node.term {
        return CommitOutlook::EarlierTerm { term, holders };
    }
    let knows = |other: &NodeView| match &node.role {
        RoleView::Leader { .. } if other.id == node.id => node.durable >= index,
        RoleView::Leader { peers, .. } => peers.get(&other.id).is_some_and(|peer| peer.matched >= index),
        RoleView::Follower { .. } | RoleView::PreCandidate { .. } | RoleView::Candidate { .. } => false,
    };
    let (counted, others): (Vec<_>, Vec<_>) = snapshot.nodes.iter().partition(|other| knows(other));
    let counted = counted.into_iter().map(|node| node.id).collect();
    let missing = others
        .into_iter()
        .filter(|other| snapshot.place_in(other.id, node) == Place::Voter)
        .map(|other| (other.id, missing(node, other, index, snapshot)))
        .collect();
    CommitOutlook::Waits {
        holders,
        known: Count::of(&counted, node, snapshot),
        missing,
    }
}

fn followers_commit(node: &NodeView, leader: NodeId, index: LogIndex, snapshot: &Snapshot) -> CommitOutlook {
    let term = node.log.term_at(index);
    let Some(leading) = snapshot.node(leader) else {
        return CommitOutlook::NoLeader;
    };
    if leading.commit >= index && leading.log.term_at(index) == term {
        return CommitOutlook::LeaderKnows { leader };
    }
    CommitOutlook::LeaderWaits {
        leader,
        differs: leading.log.term_at(index) != term,
        holders: Count::of(&snapshot.holders(node, index), node, snapshot),
    }
}

/// What the copy of a leader's entry at another node (or its own) waits for.
fn missing(leader: &NodeView, other: &NodeView, index: LogIndex, snapshot: &Snapshot) -> Missing {
    match other.condition {
        Condition::Down => return Missing::Down,
        Condition::Frozen => return Missing::Frozen,
        Condition::Up => {}
    }
    if other.log.term_at(index) == leader.log.term_at(index) {
        let done = other.writes.iter().map(|&(_, done)| done).max();
        if let Some(done) = done.filter(|_| other.durable < index) {
            return Missing::Disk(done.since(snapshot.now));
        }
    }
    if !hear_each_other(leader.id, other.id, snapshot) {
        return Missing::CutOff;
    }
    let under_way = snapshot.messages.iter().filter_map(|message| {
        let left = || message.due.since(snapshot.now);
        let envelope = &message.envelope;
        match &envelope.message {
            Message::AppendRequest(request)
                if envelope.from == leader.id
                    && envelope.to == other.id
                    && request.entries.entry(index).is_some() =>
            {
                Some(Missing::Request(left()))
            }
            Message::AppendReply(AppendReply::Matched { through, .. })
                if envelope.from == other.id && envelope.to == leader.id && *through >= index =>
            {
                Some(Missing::Answer(left()))
            }
            Message::PreVoteRequest(_)
            | Message::PreVoteReply(_)
            | Message::TimeoutNow(_)
            | Message::Forward(_)
            | Message::ForwardReply(_)
            | Message::Gossip(_)
            | Message::AppendRequest(_)
            | Message::AppendReply(_)
            | Message::InstallSnapshot(_)
            | Message::SnapshotReply(_)
            | Message::VoteRequest(_)
            | Message::VoteReply(_) => None,
        }
    });
    under_way.min().unwrap_or(Missing::Unsent)
}

fn hear_each_other(one: NodeId, other: NodeId, snapshot: &Snapshot) -> bool {
    one == other || !(snapshot.cut.contains(&(one, other)) || snapshot.cut.contains(&(other, one)))
}

/// How an election goes that a node stands in, or would go if its timer ran out now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElectionOutlook {
    /// The term that it is about.
    pub term: Term,
    /// Who would grant, the candidate included; of a running election, who has.
    pub granting: BTreeSet<NodeId>,
    /// Who may still grant in a running election.
    pub asked: BTreeSet<NodeId>,
    /// Who has a log that is more up-to-date.
    pub ahead: BTreeSet<NodeId>,
    /// Who is in a later term, or has voted for another in the one it would ask for.
    pub taken: BTreeSet<NodeId>,
    /// Who can't be reached, is frozen or down.
    pub unreachable: BTreeSet<NodeId>,
}

/// Whom a candidate has behind it, and whom it may still win; whom another node would have if its election timer ran out now and nothing else
/// happened.
pub fn election(candidate: &NodeView, snapshot: &Snapshot) -> ElectionOutlook {
    let granted = match &candidate.role {
        RoleView::Candidate { granted, .. } => Some(granted),
        RoleView::PreCandidate { .. } | RoleView::Follower { .. } | RoleView::Leader { .. } => None,
    };
    let term = match granted {
        Some(_) => candidate.term,
        None => candidate.term.next(),
    };
    let mut outlook = ElectionOutlook {
        term,
        ..ElectionOutlook::default()
    };
    let last = candidate.log.last_position();
    let checks_logs = snapshot.settings.rules.keeps(Rule::UpToDateCheck);
    let is_voter = |node: &&NodeView| snapshot.place_in(node.id, candidate) == Place::Voter;
    for voter in snapshot.nodes.iter().filter(is_voter) {
        let group = if granted.is_some_and(|granted| granted.contains(&voter.id))
            || granted.is_none() && voter.id == candidate.id
        {
            &mut outlook.granting
        } else if !voter.is_up() || !hear_each_other(candidate.id, voter.id, snapshot) {
            &mut outlook.unreachable
        } else if voter.term > term
            || voter.term == term && voter.vote.is_some_and(|vote| vote != candidate.id)
        {
            &mut outlook.taken
        } else if checks_logs && voter.log.last_position() > last {
            &mut outlook.ahead
        } else if granted.is_some() {
            &mut outlook.asked
        } else {
            &mut outlook.granting
        };
        group.insert(voter.id);
    }
    outlook
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::{id, ids, minority_leader, stable};

    #[test]
    fn the_minority_leader_waits_for_its_own_disk_and_is_cut_off_from_two() {
        let snapshot = minority_leader();
        let leader = snapshot.node(id(3)).unwrap();
        let CommitOutlook::Waits {
            holders,
            known,
            missing,
        } = commit(leader, &snapshot)
        else {
            panic!("S3 leads and has an entry to commit");
        };
        assert_eq!((holders.has(), known.has()), (0, 0));
        let of = |node| missing.iter().find(|(other, _)| *other == id(node)).unwrap().1;
        assert!(matches!(of(3), Missing::Disk(_)));
        assert!(matches!(of(4), Missing::Request(_)));
        assert_eq!(of(1), Missing::CutOff);
    }

    #[test]
    fn a_stale_leader_could_not_win() {
        let snapshot = minority_leader();
        let outlook = election(snapshot.node(id(1)).unwrap(), &snapshot);
        assert_eq!(outlook.granting, ids([1, 2]));
        assert_eq!(outlook.unreachable, ids([3, 4, 5]));
    }

    #[test]
    fn who_stands_may_still_win_in_the_term_that_it_stands_in() {
        let mut snapshot = stable(5);
        for node in &mut snapshot.nodes {
            node.role = RoleView::Follower { leader: None };
        }
        let candidate = &mut snapshot.nodes[1];
        (candidate.term, candidate.vote) = (candidate.term.next(), Some(candidate.id));
        candidate.role = RoleView::Candidate {
            granted: ids([2, 3]),
            refused: BTreeSet::new(),
        };
        let term = candidate.term;
        (snapshot.nodes[4].term, snapshot.nodes[4].vote) = (term, Some(id(1)));
        let outlook = election(snapshot.node(id(2)).unwrap(), &snapshot);
        assert_eq!(outlook.term, term);
        assert_eq!(outlook.granting, ids([2, 3]));
        assert_eq!(outlook.asked, ids([1, 4]));
        assert_eq!(outlook.taken, ids([5]));
    }

    #[test]
    fn a_shorter_log_gets_no_vote_from_a_longer_one_while_the_rule_is_kept() {
        let mut snapshot = minority_leader();
        snapshot.cut.clear();
        snapshot.partition.clear();
        let ahead = |snapshot: &Snapshot| election(snapshot.node(id(2)).unwrap(), snapshot);
        // S2 would ask for term 4, in which S3, S4 and S5 have voted for S3.
        assert_eq!(ahead(&snapshot).taken, ids([3, 4, 5]));
        snapshot.nodes[1].term = Term::new(7);
        assert_eq!(ahead(&snapshot).ahead, ids([3, 4, 5]));
        snapshot.settings.rules = snapshot.settings.rules.without(Rule::UpToDateCheck);
        assert_eq!(ahead(&snapshot).granting, ids([1, 2, 3, 4, 5]));
    }

    #[test]
    fn where_all_is_committed_nothing_is_asked() {
        let snapshot = stable(5);
        assert!(
            snapshot
                .nodes
                .iter()
                .all(|node| commit(node, &snapshot) == CommitOutlook::AllCommitted)
        );
    }
}
