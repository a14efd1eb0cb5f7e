//! Writes: what they may do to a term, a vote and a log.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::archive::Fit;
use crate::check::fact::{Ballot, Fact, Kept};
use crate::check::outline::Outline;
use crate::check::server::Cuts;
use crate::check::violation::{Property, Violation};
use crate::check::{Change, Checker};
use crate::types::{
    Configuration, Entries, Entry, LogIndex, LogPosition, NodeId, Payload, Term, WriteSequence, majority_of,
};

impl Checker {
    pub(in crate::check) fn on_wrote(
        &mut self,
        node: NodeId,
        sequence: WriteSequence,
        cuts: Cuts,
        append: &Entries,
    ) {
        self.server(node).write(sequence, cuts);
        if !append.is_empty() {
            self.judge_place(node, append);
            self.judge_terms(node, append);
            self.note_change(node, append);
            let before = append.first_index().previous();
            let term = self.server(node).log.term_at(before);
            self.record_log(node, LogPosition::new(before, term.unwrap_or_default()), append);
        }
        self.server(node).append_to_write(append);
    }

    /// Judges what a write takes away.
    pub(in crate::check) fn prepare_write(
        &mut self,
        node: NodeId,
        ballot: Option<Ballot>,
        snapshot: Option<Kept<'_>>,
        compact: Option<LogPosition>,
        truncate: Option<LogIndex>,
    ) -> Cuts {
        if let Some(ballot) = ballot {
            self.judge_ballot(node, ballot);
        }
        if let Some(kept) = snapshot {
            self.judge_snapshot(node, kept);
        }
        if let Some(from) = truncate {
            self.judge_truncation(node, from);
        }
        if let Some(base) = compact {
            self.judge_compaction(node, base.index);
        }
        Cuts {
            ballot,
            compact: compact.map(|base| Box::new((base, self.stood_for(base)))),
            truncate,
        }
    }

    /// Takes note of a leader's new configuration.
    fn note_change(&mut self, leader: NodeId, append: &Entries) {
        let Some(term) = self.server(leader).leads else {
            return;
        };
        let is_change = |entry: &Entry| matches!(entry.payload, Payload::Configuration(_));
        let Some((index, _)) = append.iter().find(|(_, entry)| is_change(entry)) else {
            return;
        };
        let log = self.server(leader).log.clone();
        let before = self
            .latest_configuration(&log, |_| true)
            .map(|(position, _)| position);
        if let Some(Payload::Configuration(after)) = append.entry(index).map(|entry| &entry.payload) {
            self.judge_overlap(leader, &log, index, after);
            self.forget_newcomers(leader, &log, after);
        }
        self.change = Some(Change {
            leader,
            term,
            index,
            before,
        });
    }

    /// Whoever joins, a leader begins anew with, also where it has been a member before.
    fn forget_newcomers(&mut self, leader: NodeId, log: &Outline, after: &Configuration) {
        let before = self.configuration_of(log).members();
        let stays = |id: &NodeId| before.contains(id) && after.is_member(*id);
        self.server(leader).matched.retain(|id, _| stays(id));
    }

    /// §6, thesis §4.1: whatever decides by the configuration before and whatever by the one after share a server.
    fn judge_overlap(&mut self, leader: NodeId, log: &Outline, index: LogIndex, after: &Configuration) {
        let before = self.configuration_of(log);
        let shares_a_server = |one: &BTreeSet<NodeId>, other: &BTreeSet<NodeId>| {
            majority_of(one) + majority_of(other) > one.union(other).count()
        };
        let shares_with = |one: &BTreeSet<NodeId>| {
            let mut others = after.electorates();
            others.any(|other| shares_a_server(one, other))
        };
        if before.electorates().any(shares_with) {
            return;
        }
        let detail = format!(
            "{leader} changes the configuration at {index} from {before} to {after}, which could decide without each other"
        );
        let violation = Violation::new(Property::ConfigurationSafety, leader, detail);
        self.report(violation.at(index));
    }

    /// Thesis §4.1: a leader changes the configuration only once the one before and an entry of its own term are committed.
    /// The step that made the change may have committed them: that is told after the write.
    pub(in crate::check) fn judge_last_change(&mut self, next: &Fact<'_>) {
        let leader = self.change.map(|change| change.leader);
        let is_same_step = match *next {
            Fact::Led { node, .. } | Fact::Committed { node, .. } => Some(node) == leader,
            Fact::Started { .. }
            | Fact::Found(_)
            | Fact::Stopped { .. }
            | Fact::Wrote { .. }
            | Fact::Durable { .. }
            | Fact::Matched { .. }
            | Fact::Sent(_)
            | Fact::Applied { .. }
            | Fact::Executed { .. }
            | Fact::SessionClosed { .. }
            | Fact::Acknowledged { .. }
            | Fact::WriteBegan { .. }
            | Fact::WriteDone { .. }
            | Fact::Replayed { .. }
            | Fact::ReadBegan { .. }
            | Fact::ReadServed { .. } => false,
        };
        if is_same_step {
            return;
        }
        let Some(Change {
            leader,
            term,
            index,
            before,
        }) = self.change.take()
        else {
            return;
        };
        let committed = self.committed.log();
        let is_own_term_committed = committed.last_position().term >= term;
        let lacking = match before.filter(|before| !committed.holds(*before)) {
            Some(open) => format!("the one at {} is not committed", open.index),
            None if is_own_term_committed => return,
            None => format!("nothing of its term {term} is committed"),
        };
        let detail = format!("{leader} changes the configuration at {index}, and {lacking}");
        let violation = Violation::new(Property::ConfigurationSafety, leader, detail);
        self.report(violation.at(index).in_term(term));
    }

    fn judge_ballot(&mut self, node: NodeId, ballot: Ballot) {
        let server = self.server(node);
        let before = server.ballot;
        if ballot.term > before.term {
            server.leads = None;
        }
        if ballot.term < before.term {
            let detail = format!("{node}'s term went back from {} to {}", before.term, ballot.term);
            let violation = Violation::new(Property::TermMonotonic, node, detail);
            self.report(violation.in_term(before.term).in_term(ballot.term));
        }
        if ballot.term == before.term
            && let Some(vote) = before.vote
            && ballot.vote != Some(vote)
        {
            let detail = format!("{node} took back its vote for {vote} in term {}", ballot.term);
            let violation = Violation::new(Property::VoteUnique, node, detail);
            self.report(violation.and(vote).in_term(ballot.term));
        }
    }

    /// What a server drops, a snapshot of its own stands for.
    fn judge_compaction(&mut self, node: NodeId, through: LogIndex) {
        let snapshot = self.server(node).snapshot;
        if through > snapshot {
            let detail =
                format!("{node} dropped its log through {through}, though its snapshot ends at {snapshot}");
            let violation = Violation::new(Property::IndexOrder, node, detail);
            self.report(violation.at(through).at(snapshot));
        }
    }

    fn judge_truncation(&mut self, node: NodeId, from: LogIndex) {
        let server = self.server(node);
        let (leads, commit) = (server.leads, server.commit);
        if let Some(term) = leads {
            let detail = format!("{node} removed its entries from {from} on while it led term {term}");
            let violation = Violation::new(Property::LeaderAppendOnly, node, detail);
            self.report(violation.in_term(term).at(from));
        }
        if from <= commit {
            let detail = format!("{node} removed its entries from {from} on, committed through {commit}");
            let violation = Violation::new(Property::IndexOrder, node, detail);
            self.report(violation.at(from).at(commit));
        }
    }

    /// Entries go right after the last one. A leader that writes elsewhere overwrites.
    fn judge_place(&mut self, node: NodeId, append: &Entries) {
        let server = self.server(node);
        let (leads, last) = (server.leads, server.log.last_index());
        let first = append.first_index();
        if first == last.next() {
            return;
        }
        let property = if leads.is_some() {
            Property::LeaderAppendOnly
        } else {
            Property::IndexOrder
        };
        let detail = format!("{node} wrote an entry at {first}, though its log ended at {last}");
        self.report(Violation::new(property, node, detail).at(first).at(last));
    }

    fn judge_terms(&mut self, node: NodeId, append: &Entries) {
        let server = self.server(node);
        let (last, current) = (server.log.last_position(), server.ballot.term);
        let mut before = last.term;
        for (index, entry) in append.iter() {
            if entry.term < before || entry.term > current {
                let detail = format!(
                    "{node} wrote entry {} after one of term {before}, in term {current}",
                    LogPosition::new(index, entry.term)
                );
                let violation = Violation::new(Property::TermMonotonic, node, detail);
                return self.report(violation.at(index).in_term(entry.term));
            }
            before = entry.term;
        }
    }

    /// Holds entries against every log that ever was (Log Matching).
    pub(super) fn record_log(&mut self, node: NodeId, before: LogPosition, entries: &Entries) {
        let mut previous = before;
        for (index, entry) in entries.iter() {
            let fit = self.archive.add(previous, entry);
            previous = LogPosition::new(index, entry.term);
            if let Payload::Configuration(configuration) = &entry.payload {
                self.configurations.insert(previous, Arc::clone(configuration));
            }
            if fit == Fit::Different {
                return self.report_mismatch(node, previous);
            }
        }
    }

    fn report_mismatch(&mut self, node: NodeId, position: LogPosition) {
        let has_it = |id: NodeId| id != node && self.servers[&id].log.holds(position);
        let other = self.servers.keys().copied().find(|&id| has_it(id));
        let whose = other.map_or_else(|| "a log that is gone".to_owned(), |other| other.to_string());
        let detail = format!("{node} and {whose} have entry {position}, but not the same log up to it");
        let violation = Violation::new(Property::LogMatching, node, detail);
        let violation = other.into_iter().fold(violation, Violation::and);
        self.report(violation.at(position.index).in_term(position.term));
    }

    /// Takes note of a vote that is as good as given, and holds it against all that were.
    pub(super) fn note_vote(&mut self, node: NodeId, ballot: Ballot) {
        let Some(vote) = ballot.vote else {
            return;
        };
        let first = *self.votes.entry((ballot.term, node)).or_insert(vote);
        if first != vote {
            let term: Term = ballot.term;
            let detail = format!("{node} voted for {vote} in term {term}, after it had voted for {first}");
            let violation = Violation::new(Property::VoteUnique, node, detail);
            self.report(violation.and(vote).and(first).in_term(term));
        }
    }
}
