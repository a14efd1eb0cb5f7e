//! Pre-votes (thesis §9.6): a server asks whether it would win before it stands, so that one that was cut off does not
//! depose a working leader by its higher term when it comes back.
//!
//! A pre-vote changes nothing: not the term, not the vote, not a timer. A grant echoes the term that was asked about, for
//! the voter's own may be lower; a refusal speaks in the voter's term, so that who is behind learns it.

use std::collections::BTreeSet;

use super::event::{Event, IgnoreReason, Observer, Verdict, VoteRefusal, emit};
use super::io::TimerChange;
use super::quorum::{self, Election};
use super::raft::{Promise, Raft};
use super::state::{PreCandidate, Role};
use crate::types::{ElectionOrigin, Message, MessageKind, NodeId, PreVoteReply, PreVoteRequest, Term};

impl Raft {
    pub(super) fn become_pre_candidate(&mut self, observer: &mut impl Observer) {
        let (id, asked) = (self.id(), self.term().next());
        let last = self.state.persistent.log.last_position();
        let voters: BTreeSet<NodeId> = self.configuration().voters_beside(id).collect();
        for &voter in &voters {
            self.draft(
                voter,
                Message::PreVoteRequest(PreVoteRequest { asked, last }),
                Promise::Metadata,
            );
        }
        emit(observer, || Event::PreVoteStarted { asked, last, voters });
        // Its own answer binds it to nothing, so it counts at once.
        self.become_follower(None);
        let own = PreCandidate {
            granted: BTreeSet::from([id]),
            refused: BTreeSet::new(),
        };
        self.state.role = Role::PreCandidate(own);
        self.batch.election = Some(TimerChange::Restart);
        self.stand_if_promised(observer);
    }

    pub(super) fn on_pre_vote_request(
        &mut self,
        from: NodeId,
        request: PreVoteRequest,
        observer: &mut impl Observer,
    ) {
        let PreVoteRequest { asked, last: theirs } = request;
        let own = self.state.persistent.log.last_position();
        let reply = if let Some(reason) = self.reason_to_refuse_pre_vote(request) {
            emit(observer, || Event::PreVoteRefused {
                candidate: from,
                reason,
            });
            PreVoteReply::Refused
        } else {
            emit(observer, || Event::PreVoteGranted {
                candidate: from,
                asked,
                theirs,
                own,
            });
            PreVoteReply::Granted { asked }
        };
        self.draft(from, Message::PreVoteReply(reply), Promise::Metadata);
    }

    /// Unlike a vote, a pre-vote always minds a leader that was just heard from: that is what it is for.
    fn reason_to_refuse_pre_vote(&self, request: PreVoteRequest) -> Option<VoteRefusal> {
        let own = self.state.persistent.log.last_position();
        if request.asked <= self.term() {
            return Some(VoteRefusal::StaleTerm {
                theirs: request.asked,
                own: self.term(),
            });
        }
        if let Some(quiet) = self.promise().or_else(|| self.reason_for_quiet()) {
            return Some(VoteRefusal::Quiet(quiet));
        }
        self.is_behind(request.last, own)
            .then_some(VoteRefusal::LogBehind {
                theirs: request.last,
                own,
            })
    }

    pub(super) fn on_pre_vote_granted(&mut self, from: NodeId, asked: Term, observer: &mut impl Observer) {
        if asked == self.term().next() {
            self.count_pre_vote(from, Verdict::Granted, observer);
        } else {
            Self::ignore_message(from, MessageKind::PreVoteReply, IgnoreReason::OutOfDate, observer);
        }
    }

    pub(super) fn on_pre_vote_refused(&mut self, from: NodeId, observer: &mut impl Observer) {
        self.count_pre_vote(from, Verdict::Refused, observer);
    }

    fn count_pre_vote(&mut self, from: NodeId, verdict: Verdict, observer: &mut impl Observer) {
        let role = self.state.role.name();
        let Role::PreCandidate(candidate) = &mut self.state.role else {
            let reason = IgnoreReason::WrongRole { role };
            return Self::ignore_message(from, MessageKind::PreVoteReply, reason, observer);
        };
        if candidate.granted.contains(&from) || candidate.refused.contains(&from) {
            return Self::ignore_message(from, MessageKind::PreVoteReply, IgnoreReason::OutOfDate, observer);
        }
        match verdict {
            Verdict::Granted => candidate.granted.insert(from),
            Verdict::Refused => candidate.refused.insert(from),
        };
        let (granted, refused) = (candidate.granted.clone(), candidate.refused.clone());
        let tally = self.tally_of(&granted, &refused);
        emit(observer, || Event::PreVoteCounted { from, verdict, tally });
        self.stand_if_promised(observer);
    }

    fn stand_if_promised(&mut self, observer: &mut impl Observer) {
        let Role::PreCandidate(candidate) = &self.state.role else {
            return;
        };
        match quorum::election(&self.deciding(), &candidate.granted, &candidate.refused) {
            Election::Won => self.stand_for_election(ElectionOrigin::Timeout, observer),
            Election::Lost | Election::Open => {}
        }
    }
}
