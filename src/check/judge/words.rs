//! Messages: what must be on a sender's disk before they leave.

use crate::check::Checker;
use crate::check::fact::Ballot;
use crate::check::violation::{Property, Violation};
use crate::types::{AppendReply, Envelope, LogIndex, LogPosition, Message, NodeId, Term, VoteReply};

impl Checker {
    pub(in crate::check) fn on_sent(&mut self, envelope: &Envelope) {
        let Envelope { from, to, term, .. } = *envelope;
        self.judge_sent_term(from, term);
        match &envelope.message {
            Message::VoteRequest(_) => self.judge_sent_vote(from, from, term),
            Message::VoteReply(VoteReply::Granted) => self.judge_sent_vote(from, to, term),
            Message::AppendRequest(request) => {
                self.judge_sent_append(from, term);
                self.judge_sent_from(from, to, term, request.previous.index);
            }
            Message::InstallSnapshot(_) => self.judge_sent_append(from, term),
            Message::AppendReply(AppendReply::Matched { through, .. }) => {
                self.judge_acknowledgement(from, to, term, *through);
            }
            Message::PreVoteRequest(_)
            | Message::PreVoteReply(_)
            | Message::TimeoutNow(_)
            | Message::Forward(_)
            | Message::ForwardReply(_)
            | Message::Gossip(_)
            | Message::SnapshotReply(_)
            | Message::VoteReply(VoteReply::Refused)
            | Message::AppendReply(AppendReply::Diverged { .. } | AppendReply::StaleTerm) => {}
        }
    }

    /// No term leaves before it is on disk, and none from before the last restart leaves after it. A message of an
    /// earlier term that had to wait may leave late.
    fn judge_sent_term(&mut self, node: NodeId, term: Term) {
        let server = self.server(node);
        let (started_in, spoke_in) = (server.started_in, server.spoke_in);
        let on_disk = server.disk.ballot;
        server.spoke_in = spoke_in.max(term);
        if term < started_in {
            let detail = format!("{node} spoke in term {term}, though it started in term {started_in}");
            let violation = Violation::new(Property::TermMonotonic, node, detail);
            self.report(violation.in_term(term).in_term(started_in));
        }
        if let Some(on_disk) = on_disk
            && term > on_disk.term
        {
            let detail = format!(
                "{node} spoke in term {term}, but term {} is on its disk",
                on_disk.term
            );
            let violation = Violation::new(Property::DurableBeforeSent, node, detail);
            self.report(violation.in_term(term).in_term(on_disk.term));
        }
    }

    fn judge_sent_vote(&mut self, voter: NodeId, candidate: NodeId, term: Term) {
        let vote = Some(candidate);
        self.note_vote(voter, Ballot { term, vote });
        let on_disk = self.server(voter).disk.ballot;
        if let Some(on_disk) = on_disk
            && on_disk.term == term
            && on_disk.vote != vote
        {
            let detail =
                format!("{voter} gave its vote of term {term} to {candidate} before it was on its disk");
            let violation = Violation::new(Property::DurableBeforeSent, voter, detail);
            self.report(violation.and(candidate).in_term(term));
        }
    }

    fn judge_sent_append(&mut self, node: NodeId, term: Term) {
        if let Some(&leader) = self.leaders.get(&term)
            && leader != node
        {
            let detail = format!("{node} sent entries as leader of term {term}, which {leader} leads");
            let violation = Violation::new(Property::ElectionSafety, node, detail);
            self.report(violation.and(leader).in_term(term));
        }
    }

    /// An acknowledgement speaks of the leader's entries. Once its sender has gone on to a later term, that term's leader may
    /// have overridden them; the acknowledgement may then still leave, and can do no harm.
    fn judge_acknowledgement(&mut self, node: NodeId, leader: NodeId, term: Term, through: LogIndex) {
        let server = self.server(node);
        if server.ballot.term == term {
            server.acknowledge(through);
        }
        let disk = &self.server(node).disk;
        if disk.ballot.is_none_or(|ballot| ballot.term != term) || !disk.log.knows(through) {
            return;
        }
        let blame = |detail| {
            let violation = Violation::new(Property::AcknowledgedDurable, node, detail);
            violation.and(leader).in_term(term).at(through)
        };
        let Some(own) = disk.log.term_at(through) else {
            let last = disk.log.last_index();
            let detail = format!("{node} acknowledged entries through {through}, but its disk holds {last}");
            return self.report(blame(detail));
        };
        let theirs = self
            .servers
            .get(&leader)
            .filter(|server| server.leads == Some(term));
        if let Some(theirs) = theirs
            && !theirs.log.holds(LogPosition::new(through, own))
        {
            let detail =
                format!("{node} acknowledged entries through {through}, which are not those of {leader}");
            self.report(blame(detail));
        }
    }
}
