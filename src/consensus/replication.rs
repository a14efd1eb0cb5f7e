//! Log replication (§5.3) and commitment (§5.4.2).

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::event::{Event, IgnoreReason, IgnoredInput, Observer, RoleName, emit};
use super::io::{Answer, TimerChange};
use super::progress::{Acknowledged, Flow, Progress};
use super::quorum;
use super::raft::{Promise, Raft};
use super::rule::Rule;
use super::state::{Follower, Leader, Role, Transfer};
use crate::types::{
    AppendReply, AppendRequest, Caller, Entries, Entry, LogIndex, LogPosition, Message, MessageKind, NodeId,
    Payload, ProposalId, ProposalOutcome, ProposalRefusal, Round, Term, Wish,
};

/// The leader's side.
impl Raft {
    pub(super) fn on_propose(&mut self, caller: Caller, payload: Payload, observer: &mut impl Observer) {
        let id = caller.id();
        let entry = Entry {
            term: self.term(),
            payload,
        };
        let outcome = match &self.state.role {
            Role::Leader(Leader {
                transfer: Some(Transfer { target, .. }),
                ..
            }) => Self::refuse_proposal(id, ProposalRefusal::Transferring { target: *target }, observer),
            Role::Leader(_) if entry.payload_bytes() > self.settings.limits.command_bytes => {
                Self::refuse_proposal(id, self.too_long(entry.payload_bytes()), observer)
            }
            Role::Leader(leader) if self.is_full(leader.uncommitted, entry.payload_bytes()) => {
                let (weight, limit) = (leader.uncommitted, self.settings.limits.uncommitted_weight);
                let reason = ProposalRefusal::TooMuchUncommitted { weight, limit };
                Self::refuse_proposal(id, reason, observer)
            }
            Role::Leader(_) => self.append_proposed(id, entry, observer),
            Role::Follower(Follower { leader, .. }) => {
                Self::refuse_proposal(id, ProposalRefusal::NotLeader { leader: *leader }, observer)
            }
            Role::PreCandidate(_) | Role::Candidate(_) => {
                Self::refuse_proposal(id, ProposalRefusal::NotLeader { leader: None }, observer)
            }
        };
        self.answer(caller, outcome);
    }

    /// The same as one after the other, but what is the same for all is asked once.
    pub(super) fn on_propose_many(
        &mut self,
        first: ProposalId,
        commands: Vec<Bytes>,
        observer: &mut impl Observer,
    ) {
        let ids = (first.number()..).map(ProposalId::new);
        let mut wishes = ids.zip(commands);
        if self.takes_proposals() {
            let term = self.term();
            self.batch.answers.reserve(wishes.size_hint().0);
            let mut refused = None;
            for (id, command) in wishes.by_ref() {
                let entry = Entry::command(term, command);
                let bytes = entry.payload_bytes();
                let is_too_long = bytes > self.settings.limits.command_bytes;
                if is_too_long || self.is_full(self.uncommitted(), bytes) {
                    refused = Some((id, entry.payload));
                    break;
                }
                let outcome = self.append_proposed(id, entry, observer);
                self.batch.answers.push(Answer { id, outcome });
            }
            if let Some((id, payload)) = refused {
                self.on_propose(Caller::Here(id), payload, observer);
            }
        }
        for (id, command) in wishes {
            self.on_wish(id, Wish::Propose(command), observer);
        }
    }

    #[inline]
    fn append_proposed(
        &mut self,
        id: ProposalId,
        entry: Entry,
        observer: &mut impl Observer,
    ) -> ProposalOutcome {
        let term = entry.term;
        let index = self.append(entry);
        emit(observer, || Event::Proposed {
            index,
            proposal: Some(id),
        });
        ProposalOutcome::Appended(LogPosition::new(index, term))
    }

    /// Whether a command is appended here and now, unless too much is uncommitted.
    fn takes_proposals(&self) -> bool {
        match &self.state.role {
            Role::Leader(leader) => leader.transfer.is_none(),
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => false,
        }
    }

    fn uncommitted(&self) -> u64 {
        match &self.state.role {
            Role::Leader(leader) => leader.uncommitted,
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => 0,
        }
    }

    /// Whether a command must wait until more is committed. Where nothing waits, it fits whatever its size.
    pub(super) fn is_full(&self, uncommitted: u64, command_bytes: u64) -> bool {
        let after = uncommitted.saturating_add(command_bytes);
        uncommitted > 0 && after > self.settings.limits.uncommitted_weight
    }

    pub(super) fn too_long(&self, bytes: u64) -> ProposalRefusal {
        let limit = self.settings.limits.command_bytes;
        ProposalRefusal::TooLong { bytes, limit }
    }

    pub(super) fn refuse_proposal(
        proposal: ProposalId,
        reason: ProposalRefusal,
        observer: &mut impl Observer,
    ) -> ProposalOutcome {
        emit(observer, || Event::ProposalRefused { proposal, reason });
        ProposalOutcome::Refused(reason)
    }

    /// §8: a leader begins its term with an entry of its own.
    pub(super) fn append_noop(&mut self, observer: &mut impl Observer) {
        let index = self.append(Entry::noop(self.term()));
        emit(observer, || Event::Proposed {
            index,
            proposal: None,
        });
        self.advance_commit(observer);
    }

    pub(super) fn append(&mut self, entry: Entry) -> LogIndex {
        if let Role::Leader(leader) = &mut self.state.role {
            leader.uncommitted = leader.uncommitted.saturating_add(entry.weight());
        }
        self.state.persistent.log.push(entry);
        let index = self.state.persistent.log.last_index();
        self.mark_changed(index);
        index
    }

    pub(super) fn on_heartbeat_timeout(&mut self, observer: &mut impl Observer) {
        let role = self.state.role.name();
        if !self.is_leader() {
            let reason = IgnoreReason::WrongRole { role };
            emit(observer, || Event::Ignored {
                from: None,
                what: IgnoredInput::HeartbeatTimeout,
                reason,
            });
            return;
        }
        self.batch.heartbeat = Some(TimerChange::Restart);
        self.begin_round();
        self.note_confirmations(observer);
        // Where the electorate has shrunk to the leader alone, nobody's answer is left to wait for.
        self.serve_reads(observer);
        self.abort_late_transfer(observer);
        self.check_quorum(observer);
    }

    /// Drafts what may go out to each follower now, and a heartbeat where one is due and nothing else went.
    pub(super) fn draft_appends(&mut self) {
        let Role::Leader(leader) = &self.state.role else {
            return;
        };
        let (last, is_owed) = (self.state.persistent.log.last_index(), self.batch.is_round_begun);
        let is_due = |(_, progress): &(&NodeId, &Progress)| is_owed || progress.may_be_sent(last);
        let peers: SmallVec<[NodeId; 8]> = leader.peers.iter().filter(is_due).map(|(id, _)| *id).collect();
        for peer in peers {
            let mut is_silent = true;
            if let Some(piece) = self.next_piece(peer) {
                self.draft(peer, Message::InstallSnapshot(piece), Promise::Nothing);
                is_silent = false;
            }
            while let Some(request) = self.next_request(peer) {
                self.draft(peer, Message::AppendRequest(request), Promise::Nothing);
                is_silent = false;
            }
            if is_silent && is_owed {
                self.draft_heartbeat(peer);
            }
        }
    }

    pub(super) fn draft_heartbeat(&mut self, peer: NodeId) {
        let message = match self.empty_piece(peer) {
            Some(piece) => Message::InstallSnapshot(piece),
            None => Message::AppendRequest(self.heartbeat_for(peer)),
        };
        self.draft(peer, message, Promise::Nothing);
    }

    fn next_request(&mut self, peer: NodeId) -> Option<AppendRequest> {
        let limits = self.settings.limits;
        let Role::Leader(leader) = &mut self.state.role else {
            return None;
        };
        let progress = leader.peers.get_mut(&peer).expect("one of the leader's peers");
        let log = &self.state.persistent.log;
        let is_probe = matches!(progress.flow, Flow::Probe(_));
        if (!is_probe && progress.next > log.last_index()) || !progress.has_room(limits.in_flight) {
            return None;
        }
        let previous = log
            .position_at(progress.next.previous())
            .expect("what precedes the next index is in the log");
        let entries = log.slice(
            progress.next,
            limits.entries_per_request,
            limits.weight_per_request,
        );
        progress.sent(entries.last_index(), entries.weight());
        Some(AppendRequest {
            previous,
            entries,
            commit: self.state.volatile.commit,
            round: leader.reading.round,
        })
    }

    fn heartbeat_for(&self, peer: NodeId) -> AppendRequest {
        let Role::Leader(leader) = &self.state.role else {
            unreachable!("only a leader sends heartbeats")
        };
        let log = &self.state.persistent.log;
        // What is before the log's base can't be asked about.
        let next = leader.peers[&peer].next.max(log.first_index());
        let previous = log.position_at(next.previous());
        AppendRequest {
            previous: previous.expect("what precedes the next index is in the log"),
            entries: Entries::empty(next),
            commit: self.state.volatile.commit,
            round: leader.reading.round,
        }
    }

    pub(super) fn on_append_reply(&mut self, from: NodeId, reply: AppendReply, observer: &mut impl Observer) {
        let (role, last, now) = (
            self.state.role.name(),
            self.state.persistent.log.last_index(),
            self.batch.now,
        );
        let mut ignore = |reason| Self::ignore_message(from, MessageKind::AppendReply, reason, observer);
        let Role::Leader(leader) = &mut self.state.role else {
            return ignore(IgnoreReason::WrongRole { role });
        };
        let Some(progress) = leader.peers.get_mut(&from) else {
            return ignore(IgnoreReason::NotAMember);
        };
        let newest = leader.reading.round;
        progress.heard = now;
        match reply {
            AppendReply::Matched { through, round } if through > last || round > newest => {
                ignore(IgnoreReason::Malformed);
            }
            AppendReply::Diverged { round, .. } if round > newest => ignore(IgnoreReason::Malformed),
            AppendReply::Matched { round, .. } | AppendReply::Diverged { round, .. } => {
                progress.round = progress.round.max(round);
                self.on_answer(from, reply, observer);
                self.note_confirmations(observer);
                self.serve_reads(observer);
            }
            AppendReply::StaleTerm => ignore(IgnoreReason::Malformed),
        }
    }

    fn on_answer(&mut self, from: NodeId, reply: AppendReply, observer: &mut impl Observer) {
        let mut ignore = |reason| Self::ignore_message(from, MessageKind::AppendReply, reason, observer);
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        let Some(progress) = leader.peers.get_mut(&from) else {
            return;
        };
        let log = &self.state.persistent.log;
        match reply {
            AppendReply::Matched { through, .. } => match progress.acknowledge(through, log.base().index) {
                // A learner that has all there is may still wait for its place: no later entry may ever come to bring it up again.
                Acknowledged::Known if self.settings.auto_promote.is_on() => {
                    let matched = progress.matched;
                    self.note_catching_up(from, matched, observer);
                }
                Acknowledged::Known => {}
                Acknowledged::Advanced => {
                    emit(observer, || Event::MatchAdvanced {
                        follower: from,
                        matched: through,
                    });
                    if through > self.state.volatile.commit {
                        self.advance_commit(observer);
                    }
                    self.note_catching_up(from, through, observer);
                    self.ask_when_caught_up(observer);
                }
            },
            AppendReply::Diverged { rejected, .. } if !progress.is_refusal_current(rejected) => {
                ignore(IgnoreReason::OutOfDate);
            }
            AppendReply::Diverged { rejected, hint, .. } => {
                progress.back_off(rejected, log.next_after_hint(hint));
                let next = progress.next;
                emit(observer, || Event::Backed {
                    follower: from,
                    rejected,
                    next,
                });
            }
            AppendReply::StaleTerm => ignore(IgnoreReason::Malformed),
        }
    }

    /// Commits what a majority has on disk (§5.3, §5.4.2).
    pub(super) fn advance_commit(&mut self, observer: &mut impl Observer) {
        let Role::Leader(leader) = &self.state.role else {
            return;
        };
        let own = self.own_match();
        let matched = |id| {
            if id == self.id() {
                own
            } else {
                leader
                    .peers
                    .get(&id)
                    .map_or(LogIndex::GENESIS, |peer| peer.matched)
            }
        };
        let deciding = self.deciding();
        let through = quorum::committed(&deciding, matched);
        if through <= self.state.volatile.commit {
            return;
        }
        let position = self
            .state
            .persistent
            .log
            .position_at(through)
            .expect("what a majority has, the leader has");
        if !self.may_commit_by_counting(position.term) {
            return emit(observer, || Event::CommitWithheld { position });
        }
        let share = |electorate: &BTreeSet<NodeId>| {
            let copies = electorate.iter().filter(|&&id| matched(id) >= through).count();
            (copies, electorate.len())
        };
        let (copies, voters) = share(&deciding.voters);
        let outgoing = deciding.outgoing.as_ref().map(share);
        emit(observer, || Event::CommittedByCounting {
            through,
            copies,
            voters,
            outgoing,
        });
        // What follows from a configuration follows once: when it is committed, or when a later leader first commits.
        let before = self.state.volatile.commit;
        let follows = self.state.persistent.log.latest_configuration().0 > before
            || self.state.persistent.log.term_at(before) != Some(self.term());
        self.set_commit(through);
        self.serve_reads(observer);
        if follows {
            self.after_commit(observer);
        }
    }

    /// Thesis §10.2.1: the leader's own copy counts once it is on its disk.
    fn own_match(&self) -> LogIndex {
        let is_kept = self.rules().keeps(Rule::LeaderCountsFlushedOnly);
        if is_kept {
            self.state.volatile.durability.through
        } else {
            self.state.persistent.log.last_index()
        }
    }

    /// §5.4.2: a count of copies says nothing about an entry of an earlier term.
    fn may_commit_by_counting(&self, term: Term) -> bool {
        term == self.term() || !self.rules().keeps(Rule::CommitOwnTermOnly)
    }

    fn set_commit(&mut self, commit: LogIndex) {
        assert!(
            commit <= self.state.persistent.log.last_index(),
            "commit index past the end of the log"
        );
        assert!(commit > self.state.volatile.commit, "commit index goes back");
        let before = self.state.volatile.commit;
        if let Role::Leader(leader) = &mut self.state.role {
            let weight = self.state.persistent.log.weight_between(before, commit);
            leader.uncommitted = leader.uncommitted.saturating_sub(weight);
        }
        self.state.volatile.commit = commit;
        self.batch.commit = Some(commit);
        self.drop_superseded_pieces();
    }
}

/// The follower's side.
impl Raft {
    pub(super) fn refuse_stale_append(
        &mut self,
        from: NodeId,
        theirs: Term,
        kind: MessageKind,
        observer: &mut impl Observer,
    ) {
        let reason = IgnoreReason::StaleTerm {
            theirs,
            own: self.term(),
        };
        Self::ignore_message(from, kind, reason, observer);
        self.draft(
            from,
            Message::AppendReply(AppendReply::StaleTerm),
            Promise::Metadata,
        );
    }

    pub(super) fn on_append_request(
        &mut self,
        from: NodeId,
        request: &AppendRequest,
        kind: MessageKind,
        observer: &mut impl Observer,
    ) {
        if !self.is_well_formed(request) {
            return Self::ignore_message(from, kind, IgnoreReason::Malformed, observer);
        }
        if self.is_leader() {
            let role = self.state.role.name();
            return Self::ignore_message(from, kind, IgnoreReason::WrongRole { role }, observer);
        }
        self.hear_leader(from, observer);
        if self.contradicts_commit(request) {
            return Self::ignore_message(from, kind, IgnoreReason::ContradictsCommit, observer);
        }
        self.take_entries(from, request, observer);
    }

    /// Takes note that the leader of the term is there. Only who does not lead can hear it.
    pub(super) fn hear_leader(&mut self, from: NodeId, observer: &mut impl Observer) {
        if self.state.role.leader() != Some(from) {
            let role = self.state.role.name();
            emit(observer, || Event::RecognisedLeader { leader: from, role });
            self.become_follower(Some(from));
        }
        self.batch.election = Some(TimerChange::Restart);
        self.state.volatile.heard = Some(self.batch.now);
    }

    /// Entries follow each other and their previous entry, in terms that do not go down or past the sender's. No entry is
    /// of term 0, which nobody leads.
    fn is_well_formed(&self, request: &AppendRequest) -> bool {
        let terms = request.entries.as_slice().iter().map(|entry| entry.term);
        let terms = std::iter::once(request.previous.term)
            .chain(terms)
            .chain([self.term()]);
        let first = request.entries.as_slice().first();
        let is_of_a_term = first.is_none_or(|entry| entry.term > Term::default());
        terms.is_sorted() && is_of_a_term && request.is_contiguous()
    }

    /// What is committed here equals every later leader's log (Leader Completeness). A request that says otherwise comes
    /// from a cluster that broke a rule, and is not obeyed.
    fn contradicts_commit(&self, request: &AppendRequest) -> bool {
        let shared = request.last_index().min(self.state.volatile.commit);
        let theirs = if shared == request.previous.index {
            Some(request.previous.term)
        } else {
            request.entries.entry(shared).map(|entry| entry.term)
        };
        // Of what a snapshot stands for, nothing is known any more that could contradict.
        let own = self.state.persistent.log.term_at(shared);
        theirs.zip(own).is_some_and(|(theirs, own)| theirs != own)
    }

    fn take_entries(&mut self, leader: NodeId, request: &AppendRequest, observer: &mut impl Observer) {
        let through = request.last_index();
        let commit = self.state.volatile.commit;
        if through <= commit {
            // All that is committed here is the leader's too, so it may be acknowledged.
            return self.acknowledge(leader, commit, request.round);
        }
        let previous = request.previous;
        let own = self.state.persistent.log.term_at(previous.index);
        if previous.index >= commit && self.fails_check(own, previous.term) {
            let hint = self
                .state
                .persistent
                .log
                .last_not_after(previous.index, previous.term);
            emit(observer, || Event::CheckFailed {
                leader,
                previous,
                own,
                hint,
            });
            let reply = AppendReply::Diverged {
                rejected: previous.index,
                hint,
                round: request.round,
            };
            return self.draft(leader, Message::AppendReply(reply), Promise::Metadata);
        }
        let entries = request.entries.starting_at(commit.next());
        let configuration = Arc::clone(self.configuration());
        self.store(leader, entries, observer);
        self.learn_commit(leader, request, observer);
        self.note_configuration(&configuration, observer);
        self.acknowledge(leader, through, request.round);
    }

    /// §5.3: the consistency check.
    fn fails_check(&self, own: Option<Term>, theirs: Term) -> bool {
        match own {
            Some(own) => own != theirs && self.rules().keeps(Rule::CheckPreviousEntry),
            // A log can't have a gap, so a broken check still can't store past the end.
            None => true,
        }
    }

    /// Adds the entries that are new, after removing what conflicts with them.
    fn store(&mut self, leader: NodeId, entries: Entries, observer: &mut impl Observer) {
        let log = &self.state.persistent.log;
        let new = entries
            .iter()
            .find(|(index, entry)| log.term_at(*index) != Some(entry.term));
        let from = match new {
            Some((index, entry)) => {
                self.remove_from(index, entry.term, leader, observer);
                index
            }
            None if self.truncates_only_on_conflict() => return,
            None => {
                self.remove_from(entries.last_index().next(), self.term(), leader, observer);
                return;
            }
        };
        let is_all = from == entries.first_index();
        let new = if is_all {
            entries
        } else {
            entries.starting_at(from)
        };
        let (first, last) = (new.first_index(), new.last_index());
        self.state.persistent.log.extend(new);
        self.mark_changed(first);
        emit(observer, || Event::Stored { leader, first, last });
    }

    /// Figure 2: a follower removes entries only where one conflicts.
    fn truncates_only_on_conflict(&self) -> bool {
        self.rules().keeps(Rule::TruncateOnlyOnConflict)
    }

    fn remove_from(&mut self, from: LogIndex, theirs: Term, leader: NodeId, observer: &mut impl Observer) {
        let through = self.state.persistent.log.last_index();
        let Some(own) = self.state.persistent.log.term_at(from) else {
            return;
        };
        assert!(from > self.state.volatile.commit, "removing a committed entry");
        emit(observer, || Event::Truncated {
            leader,
            from,
            through,
            own,
            theirs,
        });
        self.truncate_log(from);
    }

    fn learn_commit(&mut self, leader: NodeId, request: &AppendRequest, observer: &mut impl Observer) {
        let through = request.commit.min(self.commit_limit(request));
        if through > self.state.volatile.commit {
            emit(observer, || Event::CommitLearned {
                leader,
                through,
                leaders: request.commit,
            });
            self.set_commit(through);
        }
    }

    /// Figure 2: a follower commits no further than the last entry of the request that told it, for beyond that its
    /// log may differ from the leader's.
    fn commit_limit(&self, request: &AppendRequest) -> LogIndex {
        let is_kept = self.rules().keeps(Rule::CommitWithinRequest);
        if is_kept {
            request.last_index()
        } else {
            self.state.persistent.log.last_index()
        }
    }

    /// Acknowledges what the request named, not all that the log has: the rest may differ from the leader's.
    pub(super) fn acknowledge(&mut self, leader: NodeId, through: LogIndex, round: Round) {
        let is_kept = self.rules().keeps(Rule::PersistEntriesBeforeAcknowledging);
        let promise = if is_kept {
            Promise::Log(through)
        } else {
            Promise::Nothing
        };
        self.draft(
            leader,
            Message::AppendReply(AppendReply::Matched { through, round }),
            promise,
        );
    }

    /// Whether it leads.
    pub fn is_leader(&self) -> bool {
        self.state.role.name() == RoleName::Leader
    }
}
