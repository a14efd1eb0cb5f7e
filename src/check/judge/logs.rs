//! Writes: what they may do to a term, a vote and a log.

use crate::check::Checker;
use crate::check::archive::Fit;
use crate::check::fact::Ballot;
use crate::check::violation::{Property, Violation};
use crate::types::{Entries, LogIndex, LogPosition, NodeId, Term, WriteSequence};

impl Checker {
    pub(in crate::check) fn on_wrote(
        &mut self,
        node: NodeId,
        sequence: WriteSequence,
        ballot: Option<Ballot>,
        truncate: Option<LogIndex>,
        append: &Entries,
    ) {
        if let Some(ballot) = ballot {
            self.judge_ballot(node, ballot);
        }
        if let Some(from) = truncate {
            self.judge_truncation(node, from);
        }
        let terms = append.as_slice().iter().map(|entry| entry.term).collect();
        self.server(node).write(sequence, ballot, truncate);
        if !append.is_empty() {
            self.judge_place(node, append);
            self.judge_terms(node, append);
            self.record_log(node, append);
        }
        self.server(node).append_to_write(terms);
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
    pub(super) fn record_log(&mut self, node: NodeId, entries: &Entries) {
        let before = entries.first_index().previous();
        let term = self
            .servers
            .get(&node)
            .and_then(|server| server.log.term_at(before));
        let mut previous = LogPosition::new(before, term.unwrap_or_default());
        for (index, entry) in entries.iter() {
            let fit = self.archive.add(previous, entry);
            previous = LogPosition::new(index, entry.term);
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
