//! The judgement of each fact.

mod leaders;
mod logs;
mod snapshots;
mod words;

use std::collections::BTreeSet;

use super::Checker;
use super::archive::Fit;
use super::fact::{Ballot, Base, Found};
use super::outline::Outline;
use super::server::Server;
use super::violation::{Property, Violation};
use crate::types::{Configuration, Entries, LogIndex, LogPosition, NodeId, Payload, Term, majority_of};

/// Beginnings, and what survived them.
impl Checker {
    #[cold]
    pub(super) fn on_started(&mut self, node: NodeId, ballot: Ballot, base: Base<'_>, log: &Entries) {
        let outline = self.stood_for(base.position).followed_by(log);
        let (mut spoke_in, mut acknowledged) = (Term::default(), LogPosition::GENESIS);
        if let Some(before) = self.servers.remove(&node) {
            (spoke_in, acknowledged) = (before.spoke_in, before.acknowledged);
            self.judge_recovered_ballot(node, &before, ballot);
            self.judge_recovered_log(node, &before, &outline);
            self.judge_recovered_acknowledgement(node, acknowledged, &outline);
        }
        self.judge_terms_of_log(node, ballot, &outline);
        self.note_base(node, base);
        self.record_log(node, base.position, log);
        let snapshot = base.snapshot.map(|snapshot| snapshot.last.index);
        let mut server = Server::started(ballot, outline, spoke_in, snapshot.unwrap_or_default());
        server.acknowledged = acknowledged;
        self.servers.insert(node, server);
        self.note_vote(node, ballot);
    }

    #[cold]
    pub(super) fn on_found(&mut self, found: &Found<'_>) {
        let server = Server::found(found, &self.stood_for(found.base.position));
        self.judge_terms_of_log(found.node, found.ballot, &server.log);
        self.note_base(found.node, found.base);
        self.record_log(found.node, found.base.position, found.log);
        let on_disk = server.disk.ballot;
        self.servers.insert(found.node, server);
        if let Some(ballot) = on_disk {
            self.note_vote(found.node, ballot);
        }
        self.commit_through(found.node, found.commit, Belief::Told);
    }

    fn judge_recovered_ballot(&mut self, node: NodeId, before: &Server, recovered: Ballot) {
        if recovered.term < before.spoke_in {
            let detail = format!(
                "{node} restarted in term {}, though it had spoken in term {}",
                recovered.term, before.spoke_in
            );
            let violation = Violation::new(Property::TermMonotonic, node, detail);
            self.report(violation.in_term(recovered.term).in_term(before.spoke_in));
        }
        let Some(on_disk) = before.disk.ballot else {
            return;
        };
        let is_vote_lost = on_disk.vote.is_some() && recovered.vote != on_disk.vote;
        if recovered.term < on_disk.term || (recovered.term == on_disk.term && is_vote_lost) {
            let detail = format!(
                "{node} restarted with {}, though {} was on its disk",
                describe(recovered),
                describe(on_disk)
            );
            let violation = Violation::new(Property::SyncedSurvives, node, detail);
            self.report(violation.in_term(recovered.term).in_term(on_disk.term));
        }
    }

    fn judge_recovered_log(&mut self, node: NodeId, before: &Server, recovered: &Outline) {
        let Some(safe) = before.safe_from_restart() else {
            return;
        };
        if safe.index <= recovered.last_index() && recovered.holds(safe) {
            return;
        }
        let missing = before.disk.log.first_missing_in(recovered, safe.index);
        let missing = missing.unwrap_or(safe);
        let detail = format!("{node} restarted without entry {missing}, which was on its disk");
        let violation = Violation::new(Property::SyncedSurvives, node, detail);
        self.report(violation.at(missing.index).in_term(missing.term));
    }

    /// What a server has acknowledged it still has, whatever became of what was on its way to the disk.
    fn judge_recovered_acknowledgement(
        &mut self,
        node: NodeId,
        acknowledged: LogPosition,
        recovered: &Outline,
    ) {
        if acknowledged.index <= recovered.last_index() && recovered.holds(acknowledged) {
            return;
        }
        let detail = format!("{node} restarted without entry {acknowledged}, which it had acknowledged");
        let violation = Violation::new(Property::AcknowledgedDurable, node, detail);
        self.report(violation.at(acknowledged.index).in_term(acknowledged.term));
    }

    fn judge_terms_of_log(&mut self, node: NodeId, ballot: Ballot, log: &Outline) {
        let last = log.last_position();
        if last.term > ballot.term {
            let detail = format!("{node} has entry {last}, though its term is {}", ballot.term);
            let violation = Violation::new(Property::TermMonotonic, node, detail);
            self.report(violation.at(last.index).in_term(last.term));
        }
    }
}

/// Leaders.
impl Checker {
    pub(super) fn on_led(&mut self, node: NodeId, term: Term) {
        if self.server(node).leads == Some(term) {
            return;
        }
        let first = *self.leaders.entry(term).or_insert(node);
        if first != node {
            let detail = format!("{node} and {first} were both elected leader of term {term}");
            let violation = Violation::new(Property::ElectionSafety, node, detail);
            self.report(violation.and(first).in_term(term));
        }
        self.server(node).lead(term);
        let vote = Some(node);
        self.note_vote(node, Ballot { term, vote });
        self.judge_election(node, term);
        self.judge_completeness(node, term);
    }

    /// A leader of `term` has all that was committed in earlier terms. What is committed in its own term or later, it may
    /// not have: it is then superseded, or has still to write it.
    pub(super) fn judge_completeness(&mut self, node: NodeId, term: Term) {
        let through = self.committed.last_before(term);
        let log = &self.servers[&node].log;
        let committed = self.committed.log();
        let Some(expected) = committed.term_at(through) else {
            return;
        };
        let expected = LogPosition::new(through, expected);
        if log.holds(expected) {
            return;
        }
        let missing = committed.first_missing_in(log, through).unwrap_or(expected);
        let detail = format!("{node} leads term {term} without entry {missing}, which was committed");
        let violation = Violation::new(Property::LeaderCompleteness, node, detail);
        self.report(violation.in_term(term).in_term(missing.term).at(missing.index));
    }
}

/// Whether what is said to be committed is believed or held against the disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belief {
    /// It was so before the checker came.
    Told,
    /// It happened before its eyes.
    Seen,
}

/// Commitment and application.
impl Checker {
    pub(super) fn on_committed(&mut self, node: NodeId, through: LogIndex) {
        let server = self.server(node);
        let before = std::mem::replace(&mut server.commit, through);
        if through < before {
            let detail = format!("{node}'s commit index went back from {before} to {through}");
            let violation = Violation::new(Property::IndexOrder, node, detail);
            self.report(violation.at(before).at(through));
        }
        if through > before {
            self.commit_through(node, through, Belief::Seen);
        }
    }

    fn commit_through(&mut self, node: NodeId, through: LogIndex, belief: Belief) {
        let last = self.servers[&node].log.last_index();
        if through > last {
            let detail = format!("{node} committed through {through}, but its log ends at {last}");
            let violation = Violation::new(Property::IndexOrder, node, detail);
            self.report(violation.at(through).at(last));
        }
        let through = through.min(last);
        if let Some(violation) = self.judge_agreement(node, &self.servers[&node].log, through) {
            self.report(violation);
        }
        if through <= self.committed.last_index() {
            return;
        }
        let Server { log, ballot, .. } = &self.servers[&node];
        let term = ballot.term;
        if belief == Belief::Seen {
            let left = self.left_in_this_step(node, log);
            let left = left.and_then(|(joint, index)| self.judge_quorum(node, log, index, &joint));
            let latest = self.judge_quorum(node, log, through, self.configuration_of(log));
            for violation in left.into_iter().chain(latest) {
                self.report(violation);
            }
        }
        self.committed.extend(&self.servers[&node].log, through, term);
        // Few ever lead, and fewer while a leader of an earlier term commits.
        let leads_later =
            |(id, server): (&NodeId, &Server)| Some((*id, server.leads.filter(|led| *led > term)?));
        let leaders: Vec<_> = self.servers.iter().filter_map(leads_later).collect();
        for (leader, led) in leaders {
            self.judge_completeness(leader, led);
        }
    }

    /// What one server commits, no other commits differently: it is going to be applied.
    fn judge_agreement(&self, node: NodeId, log: &Outline, through: LogIndex) -> Option<Violation> {
        let committed = self.committed.log();
        let shared = through.min(committed.last_index());
        if !committed.knows(shared) {
            return None;
        }
        let differing = || committed.first_missing_in(log, shared);
        let theirs = LogPosition::new(shared, committed.term_at(shared).unwrap_or_default());
        if log.holds(theirs) {
            return None;
        }
        let theirs = differing().unwrap_or(theirs);
        let own = log.term_at(theirs.index).unwrap_or_default();
        let detail = format!(
            "{node} committed entry {} of term {own}, where the entry of term {} was committed before",
            theirs.index, theirs.term
        );
        let violation = Violation::new(Property::StateMachineSafety, node, detail);
        Some(violation.at(theirs.index).in_term(own).in_term(theirs.term))
    }

    fn judge_quorum(
        &self,
        node: NodeId,
        log: &Outline,
        through: LogIndex,
        configuration: &Configuration,
    ) -> Option<Violation> {
        let term = log.term_at(through)?;
        let position = LogPosition::new(through, term);
        let has_copy = |id: &NodeId| {
            self.servers.get(id).is_none_or(|server| {
                through <= server.disk.log.last_index() && server.disk.log.holds(position)
            })
        };
        let lacking = |electorate: &&BTreeSet<NodeId>| {
            electorate.iter().filter(|id| has_copy(id)).count() < majority_of(electorate)
        };
        let electorate = configuration.electorates().find(lacking)?;
        let (holders, others): (Vec<NodeId>, Vec<NodeId>) = electorate.iter().partition(|id| has_copy(id));
        let detail = format!(
            "{node} committed entry {position}, which only {} of {} voters have on disk",
            holders.len(),
            electorate.len()
        );
        let violation = Violation::new(Property::CommitOnDurableQuorum, node, detail);
        let violation = violation.at(through).in_term(position.term);
        let violation = others
            .into_iter()
            .filter(|&id| id != node)
            .fold(violation, Violation::and);
        Some(violation)
    }

    /// The joint configuration that a leader has left in the step at hand, and its index. A leader leaves it in the step that commits
    /// it, and tells of what it wrote first; but that the joint one is committed was for both majorities to decide.
    fn left_in_this_step(&self, node: NodeId, log: &Outline) -> Option<(Configuration, LogIndex)> {
        let change = self.change.filter(|change| change.leader == node)?;
        let before = change.before?;
        let joint = self
            .configurations
            .get(&before)
            .filter(|before| before.is_joint())?;
        let is_left = !self.configuration_of(log).is_joint();
        is_left.then(|| (Configuration::clone(joint), before.index))
    }

    /// The configuration that a server with this log goes by: the latest in it.
    pub(super) fn configuration_of(&self, log: &Outline) -> &Configuration {
        let latest = self.latest_configuration(log, |_| true);
        latest.map_or(&*self.genesis, |(_, configuration)| configuration)
    }

    /// The latest configuration in a log of which this holds.
    pub(super) fn latest_configuration(
        &self,
        log: &Outline,
        counts: impl Fn(LogPosition) -> bool,
    ) -> Option<(LogPosition, &Configuration)> {
        let known = self.configurations.iter();
        let in_log = known.filter(|(position, _)| counts(**position) && log.holds(**position));
        let latest = in_log.max_by_key(|(position, _)| position.index);
        latest.map(|(position, configuration)| (*position, &**configuration))
    }

    pub(super) fn on_applied(&mut self, node: NodeId, position: LogPosition, payload: &Payload) {
        let LogPosition { term, index } = position;
        let server = self.server(node);
        let commit = server.commit;
        let expected = server.applied.next();
        server.applied = index;
        if index != expected || index > commit {
            let detail =
                format!("{node} applied entry {index} where {expected} was due and {commit} committed");
            let violation = Violation::new(Property::IndexOrder, node, detail);
            self.report(violation.at(index).at(commit));
        }
        let committed = self.committed.log();
        let before = index.previous();
        let previous = LogPosition::new(before, committed.term_at(before).unwrap_or_default());
        if !committed.knows(before) {
            return;
        }
        let is_same_term = committed.term_at(index) == Some(term);
        if !is_same_term || self.archive.compare(previous, (term, payload)) == Fit::Different {
            let detail = format!("{node} applied at {index} another entry than the one committed there");
            let violation = Violation::new(Property::StateMachineSafety, node, detail);
            self.report(violation.at(index).in_term(term));
        }
    }
}

fn describe(ballot: Ballot) -> String {
    match ballot.vote {
        Some(vote) => format!("term {} and its vote for {vote}", ballot.term),
        None => format!("term {} and no vote", ballot.term),
    }
}
