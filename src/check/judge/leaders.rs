//! Leaders: by whose votes they lead, what they know of their followers, and what they make of it.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::check::Checker;
use crate::check::server::Server;
use crate::check::violation::{Property, Violation};
use crate::types::{LogIndex, LogPosition, NodeId, Term, majority_of};

impl Checker {
    /// A majority of the voters has voted for it, of both electorates while the configuration is joint. Every vote was seen to leave,
    /// unless the checker came later than that.
    pub(super) fn judge_election(&mut self, node: NodeId, term: Term) {
        if self.came_late {
            return;
        }
        // What it has written in its own term, it wrote when it had won.
        let log = &self.servers[&node].log;
        let latest = self.latest_configuration(log, |position| position.term < term);
        let configuration = latest.map_or(&*self.genesis, |(_, configuration)| configuration);
        let voted = |id: &&NodeId| self.votes.get(&(term, **id)) == Some(&node);
        let lacking = |electorate: &&BTreeSet<NodeId>| {
            electorate.iter().filter(voted).count() < majority_of(electorate)
        };
        let Some(electorate) = configuration.electorates().find(lacking) else {
            return;
        };
        let detail = format!(
            "{node} leads term {term} with {} of {} votes",
            electorate.iter().filter(voted).count(),
            electorate.len()
        );
        let violation = Violation::new(Property::ElectedByMajority, node, detail);
        self.report(violation.in_term(term));
    }

    pub(in crate::check) fn on_matched(&mut self, node: NodeId, follower: NodeId, through: LogIndex) {
        let Some(term) = self.server(node).leads else {
            return;
        };
        let before = self.server(node).matched.insert(follower, through);
        if let Some(before) = before.filter(|before| *before > through) {
            let detail = format!("{node} takes {follower} to have {through}, after it had {before}");
            let violation = Violation::new(Property::MatchIsTrue, node, detail);
            self.report(violation.and(follower).at(through).at(before).in_term(term));
        }
        self.judge_copy((node, term), follower, through);
        self.judge_what_can_be_committed(node, term);
    }

    /// What a leader takes a follower to have, is on its disk. Once it has gone on to a later term, that term's leader may have
    /// overridden it.
    fn judge_copy(&mut self, (node, term): (NodeId, Term), follower: NodeId, through: LogIndex) {
        let own = self.servers[&node].log.term_at(through);
        let has_it = |server: &Server, own: Term| {
            let disk = &server.disk.log;
            !disk.knows(through)
                || (through <= disk.last_index() && disk.holds(LogPosition::new(through, own)))
        };
        let is_true = match (self.servers.get(&follower), own) {
            (Some(server), Some(own)) => server.ballot.term > term || has_it(server, own),
            (None, _) | (_, None) => true,
        };
        if !is_true {
            let detail = format!("{node} takes {follower} to have {through}, which is not on its disk");
            let violation = Violation::new(Property::MatchIsTrue, node, detail);
            self.report(violation.and(follower).at(through).in_term(term));
        }
    }

    /// Next index stays past match index: what a follower is known to have is not sent again.
    pub(super) fn judge_sent_from(&mut self, node: NodeId, to: NodeId, term: Term, previous: LogIndex) {
        let server = self.server(node);
        let known = server.matched.get(&to).copied().unwrap_or_default();
        if server.leads == Some(term) && previous < known {
            let detail = format!("{node} sends {to} what follows {previous}, and knows that it has {known}");
            let violation = Violation::new(Property::MatchIsTrue, node, detail);
            self.report(violation.and(to).at(previous).at(known).in_term(term));
        }
    }

    /// A leader that can commit does. What it has committed was told before.
    fn judge_what_can_be_committed(&mut self, node: NodeId, term: Term) {
        let server = &self.servers[&node];
        let commit = server.commit;
        let is_past = |through: LogIndex| through > commit;
        // Mostly no copy reaches past what is committed.
        if !is_past(server.disk.log.last_index()) && !server.matched.values().any(|through| is_past(*through))
        {
            return;
        }
        let configuration = self.configuration_of(&server.log);
        let has = |id: &NodeId| {
            if *id == node {
                server.disk.log.last_index()
            } else {
                server.matched.get(id).copied().unwrap_or_default()
            }
        };
        let through = |electorate: &BTreeSet<NodeId>| {
            let mut copies: SmallVec<[LogIndex; 9]> = electorate.iter().map(has).collect();
            copies.sort_unstable_by_key(|index| std::cmp::Reverse(*index));
            let last = majority_of(electorate) - 1;
            copies.get(last).copied().unwrap_or_default()
        };
        let Some(could) = configuration.electorates().map(through).min() else {
            return;
        };
        if is_past(could) && server.log.term_at(could) == Some(term) {
            let detail = format!(
                "{node} leads term {term} and has committed through {commit}, though it knows {could} to be on a majority of disks"
            );
            let violation = Violation::new(Property::CommitsWhatItCan, node, detail);
            self.report(violation.at(could).at(commit).in_term(term));
        }
    }
}
