//! Leader election (§5.2) and its restriction (§5.4.1).

use std::collections::BTreeSet;

use super::durable::Metadata;
use super::event::{
    Event, IgnoreReason, IgnoredInput, Observer, Quiet, RoleName, Tally, Verdict, VoteRefusal, emit,
};
use super::io::TimerChange;
use super::progress::Progress;
use super::quorum::{self, Election};
use super::raft::{Promise, Raft};
use super::reroute::Served;
use super::rule::Rule;
use super::state::{Candidate, CatchUp, Leader, Role};
use crate::types::{ElectionOrigin, LogPosition, Message, MessageKind, NodeId, Term, VoteReply, VoteRequest};

impl Raft {
    /// No leader was heard of for an election timeout.
    pub(super) fn on_election_timeout(&mut self, observer: &mut impl Observer) {
        if matches!(self.state.role, Role::Leader(_)) {
            let reason = IgnoreReason::WrongRole {
                role: RoleName::Leader,
            };
            emit(observer, || Event::Ignored {
                from: None,
                what: IgnoredInput::ElectionTimeout,
                reason,
            });
            return;
        }
        let outsider = (!self.may_stand()).then_some(Quiet::NoVoter);
        let last = (!self.has_next_term()).then_some(Quiet::NoTermLeft);
        let installing = self.is_installing().then_some(Quiet::Installing);
        if let Some(reason) = outsider
            .or(last)
            .or(installing)
            .or_else(|| self.reason_for_quiet())
        {
            emit(observer, || Event::Stayed { reason });
            self.batch.election = Some(TimerChange::Restart);
        } else if self.settings.protections.pre_vote.is_on() {
            self.become_pre_candidate(observer);
        } else {
            self.stand_for_election(ElectionOrigin::Timeout, observer);
        }
    }

    /// Whether a term is left to stand in.
    pub(super) fn has_next_term(&self) -> bool {
        self.term().next() < Term::LAST
    }

    /// Stands for election in a new term.
    pub(super) fn stand_for_election(&mut self, origin: ElectionOrigin, observer: &mut impl Observer) {
        let (id, term) = (self.id(), self.term().next());
        self.set_metadata(Metadata { term, vote: Some(id) });
        self.state.role = Role::Candidate(Candidate::default());
        self.batch.election = Some(TimerChange::Restart);
        let last = self.state.persistent.log.last_position();
        let asked: BTreeSet<NodeId> = self.configuration().voters_beside(id).collect();
        for &voter in &asked {
            let promise = self.vote_promise();
            self.draft(voter, Message::VoteRequest(VoteRequest { last, origin }), promise);
        }
        emit(observer, || Event::ElectionStarted {
            term,
            origin,
            last,
            asked,
        });
        self.count_own_vote(observer);
    }

    /// Figure 2: term and vote are on disk before a vote is asked for or answered.
    fn vote_promise(&self) -> Promise {
        let is_kept = self.rules().keeps(Rule::PersistVoteBeforeAnswering);
        if is_kept {
            Promise::Metadata
        } else {
            Promise::Nothing
        }
    }

    pub(super) fn on_vote_request(
        &mut self,
        from: NodeId,
        request: VoteRequest,
        observer: &mut impl Observer,
    ) {
        let own = self.state.persistent.log.last_position();
        if let Some(reason) = self.reason_to_refuse(from, request) {
            return self.refuse_vote(from, reason, observer);
        }
        let term = self.term();
        self.set_metadata(Metadata {
            term,
            vote: Some(from),
        });
        if !self.is_leader() {
            // A leader grants only where one vote per term is broken, and leads on: it has no election timer.
            self.batch.election = Some(TimerChange::Restart);
        }
        let promise = self.vote_promise();
        self.draft(from, Message::VoteReply(VoteReply::Granted), promise);
        emit(observer, || Event::VoteGranted {
            candidate: from,
            theirs: request.last,
            own,
        });
    }

    fn reason_to_refuse(&self, candidate: NodeId, request: VoteRequest) -> Option<VoteRefusal> {
        if let Some(vote) = self.vote_given_to_another(candidate) {
            return Some(VoteRefusal::AlreadyVoted { vote });
        }
        let own = self.state.persistent.log.last_position();
        self.is_behind(request.last, own)
            .then_some(VoteRefusal::LogBehind {
                theirs: request.last,
                own,
            })
    }

    /// §5.2: a server votes for at most one candidate in a term.
    fn vote_given_to_another(&self, candidate: NodeId) -> Option<NodeId> {
        let vote = self
            .state
            .persistent
            .metadata
            .vote
            .filter(|&vote| vote != candidate)?;
        self.rules().keeps(Rule::OneVotePerTerm).then_some(vote)
    }

    /// §5.4.1: whether a candidate's log is less up-to-date than the voter's.
    pub(super) fn is_behind(&self, theirs: LogPosition, own: LogPosition) -> bool {
        theirs < own && self.rules().keeps(Rule::UpToDateCheck)
    }

    pub(super) fn refuse_stale_vote(&mut self, from: NodeId, theirs: Term, observer: &mut impl Observer) {
        let own = self.term();
        self.refuse_vote(from, VoteRefusal::StaleTerm { theirs, own }, observer);
    }

    fn refuse_vote(&mut self, candidate: NodeId, reason: VoteRefusal, observer: &mut impl Observer) {
        let promise = self.vote_promise();
        self.draft(candidate, Message::VoteReply(VoteReply::Refused), promise);
        emit(observer, || Event::VoteRefused { candidate, reason });
    }

    pub(super) fn on_vote_reply(&mut self, from: NodeId, reply: VoteReply, observer: &mut impl Observer) {
        let role = self.state.role.name();
        let Role::Candidate(candidate) = &mut self.state.role else {
            let reason = IgnoreReason::WrongRole { role };
            return Self::ignore_message(from, MessageKind::VoteReply, reason, observer);
        };
        if candidate.granted.contains(&from) || candidate.refused.contains(&from) {
            return Self::ignore_message(from, MessageKind::VoteReply, IgnoreReason::OutOfDate, observer);
        }
        let verdict = match reply {
            VoteReply::Granted => {
                candidate.granted.insert(from);
                Verdict::Granted
            }
            VoteReply::Refused => {
                candidate.refused.insert(from);
                Verdict::Refused
            }
        };
        let tally = self.tally().expect("still a candidate");
        emit(observer, || Event::VoteCounted { from, verdict, tally });
        self.lead_if_elected(observer);
    }

    /// The candidate's vote for itself counts like any other: once it is durable.
    pub(super) fn count_own_vote(&mut self, observer: &mut impl Observer) {
        let is_flushed =
            !self.is_metadata_unwritten() && self.state.volatile.durability.is_metadata_flushed();
        if !is_flushed && self.rules().keeps(Rule::PersistVoteBeforeAnswering) {
            return;
        }
        let id = self.id();
        let Role::Candidate(candidate) = &mut self.state.role else {
            return;
        };
        if !candidate.granted.insert(id) {
            return;
        }
        let tally = self.tally().expect("still a candidate");
        emit(observer, || Event::OwnVoteCounted { tally });
        self.lead_if_elected(observer);
    }

    fn tally(&self) -> Option<Tally> {
        match &self.state.role {
            Role::Candidate(candidate) => Some(self.tally_of(&candidate.granted, &candidate.refused)),
            Role::Follower(_) | Role::PreCandidate(_) | Role::Leader(_) => None,
        }
    }

    fn lead_if_elected(&mut self, observer: &mut impl Observer) {
        let Role::Candidate(candidate) = &self.state.role else {
            return;
        };
        match quorum::election(&self.deciding(), &candidate.granted, &candidate.refused) {
            Election::Won => self.become_leader(observer),
            Election::Lost | Election::Open => {}
        }
    }

    fn become_leader(&mut self, observer: &mut impl Observer) {
        let tally = self.tally().expect("only a candidate becomes leader");
        let last = self.state.persistent.log.last_position();
        emit(observer, || Event::BecameLeader { tally, last });
        let (next, now) = (last.index.next(), self.batch.now);
        let (id, configuration) = (self.id(), self.state.configuration());
        let peers = configuration.peers_of(id);
        let peers = peers.map(|peer| (peer, Progress::new(next, now))).collect();
        let (round, goal, since) = (1, last.index, now);
        let learners = configuration.learners.iter().filter(|&&learner| learner != id);
        let catching_up = learners.map(|&learner| (learner, CatchUp { round, goal, since }));
        self.state.role = Role::Leader(Leader {
            peers,
            transfer: None,
            catching_up: catching_up.collect(),
            uncommitted: self.state.weight_past(self.state.volatile.commit),
            reading: self.first_round(),
            served: Served::default(),
            stamped: None,
        });
        self.batch.election = Some(TimerChange::Stop);
        self.batch.heartbeat = Some(TimerChange::Restart);
        self.append_noop(observer);
    }
}
