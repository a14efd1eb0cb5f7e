//! The server: takes inputs, changes its state, and says what is to be done.

use std::sync::Arc;
use std::time::Duration;

use super::durable::{Durable, Held, Metadata, Write};
use super::event::{Event, IgnoreReason, IgnoredInput, Observer, RoleName, emit};
use super::io::{Answer, Input, Output, TimerChange};
use super::rule::{Rule, RuleSet};
use super::settings::{Limits, Protections, Settings, Switch};
use super::state::{Follower, Role, State, StateError};
use crate::types::{
    Configuration, Entries, Envelope, Gossip, LocalTime, LogIndex, LogPosition, Message, MessageKind, NodeId,
    PreVoteReply, Snapshot, Term, Wish, WriteSequence,
};

/// One server of the cluster, as a state machine without side effects.
///
/// [`absorb`](Self::absorb) any number of inputs, then [`flush`](Self::flush) once: what they led to comes out as at
/// most one write and the messages. It owns no clock, draws no random number and starts nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raft {
    pub(super) settings: Settings,
    pub(super) state: State,
    pub(super) batch: Batch,
}

/// What was absorbed and not flushed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Batch {
    /// The server's own clock at the input at hand.
    pub(super) now: LocalTime,
    is_metadata_changed: bool,
    changed_from: Option<LogIndex>,
    truncated_from: Option<LogIndex>,
    /// Whether there is a new snapshot to write, and whose.
    pub(super) new_snapshot: Option<SnapshotOrigin>,
    compacted: Option<LogPosition>,
    /// The snapshot that the state machine is to be restored from.
    pub(super) restore: Option<Snapshot>,
    drafts: Vec<Draft>,
    /// Whether a round of heartbeats has begun: every follower to whom nothing else goes is owed one.
    pub(super) is_round_begun: bool,
    pub(super) election: Option<TimerChange>,
    pub(super) heartbeat: Option<TimerChange>,
    pub(super) commit: Option<LogIndex>,
    pub(super) answers: Vec<Answer>,
}

/// Where a snapshot comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SnapshotOrigin {
    /// The server took it.
    Own,
    /// Its leader sent it.
    Leader,
}

/// A message on its way out, with what it promises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Draft {
    envelope: Envelope,
    promise: Promise,
}

/// What must be durable before a message may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Promise {
    /// Nothing: a leader's append request, whose term was durable before it could lead.
    Nothing,
    /// The sender's term and vote.
    Metadata,
    /// The sender's term and vote, and its log through this index.
    Log(LogIndex),
}

impl Raft {
    /// A server that starts with what its disk holds. Its first [`flush`](Self::flush) sets its election timer.
    ///
    /// # Errors
    ///
    /// Where what the disk holds can't be.
    pub fn start(settings: Settings, recovered: State) -> Result<Self, StateError> {
        let mut raft = Self::resume(settings, recovered)?;
        raft.batch.election = Some(TimerChange::Restart);
        Ok(raft)
    }

    /// A server as a save found it, between two steps.
    ///
    /// # Errors
    ///
    /// Where the parts of the state do not fit together.
    pub fn resume(settings: Settings, state: State) -> Result<Self, StateError> {
        state.validate(settings.id)?;
        Ok(Self {
            settings,
            state,
            batch: Batch::default(),
        })
    }

    /// Its state, to look at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What it was told when it started.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Breaks or mends rules, for teaching and for testing the tests.
    pub fn set_rules(&mut self, rules: RuleSet) {
        self.settings.rules = rules;
    }

    /// Changes the shortest election timeout.
    pub fn set_election_timeout(&mut self, election_timeout: Duration) {
        let is_changed = election_timeout != self.settings.election_timeout;
        self.settings.election_timeout = election_timeout;
        if is_changed && self.settings.protections.lease.is_on() {
            self.renew_lease();
        }
    }

    /// Switches protections on and off.
    pub fn set_protections(&mut self, protections: Protections) {
        let before = std::mem::replace(&mut self.settings.protections, protections);
        let is_new =
            !before.lease.is_on() || (protections.check_quorum.is_on() && !before.check_quorum.is_on());
        if protections.lease.is_on() && is_new {
            self.renew_lease();
        }
    }

    /// Switches whether learners that have caught up become voters by themselves.
    pub fn set_auto_promote(&mut self, auto_promote: Switch) {
        self.settings.auto_promote = auto_promote;
    }

    /// Switches whether it passes on to the leader what its callers want.
    pub fn set_reroute(&mut self, reroute: Switch) {
        self.settings.reroute = reroute;
    }

    /// Changes the bounds on what it sends.
    pub fn set_limits(&mut self, limits: Limits) {
        self.settings.limits = limits;
    }

    /// Takes one input and all that follows from it at once.
    pub fn step(&mut self, now: LocalTime, input: Input, observer: &mut impl Observer, out: &mut Output) {
        self.absorb(now, input, observer);
        self.flush(out);
    }

    /// Takes an input. `now` is the server's own clock.
    pub fn absorb(&mut self, now: LocalTime, input: Input, observer: &mut impl Observer) {
        self.batch.now = now;
        self.give_up_waiting(observer);
        match input {
            Input::Receive(inbound) => self.on_message(inbound.into_inner(), observer),
            Input::ElectionTimeout => self.on_election_timeout(observer),
            Input::HeartbeatTimeout => self.on_heartbeat_timeout(observer),
            Input::Transfer { id, target } => self.on_wish(id, Wish::Transfer(target), observer),
            Input::Read { id, way } => self.on_wish(id, Wish::Read(way), observer),
            Input::Reconfigure { id, change } => self.on_wish(id, Wish::Reconfigure(change), observer),
            Input::Propose { id, command } => self.on_wish(id, Wish::Propose(command), observer),
            Input::ProposeMany { first, commands } => self.on_propose_many(first, commands, observer),
            Input::OpenSession { id, timeout } => self.on_wish(id, Wish::OpenSession { timeout }, observer),
            Input::CloseSession { id, session } => self.on_wish(id, Wish::CloseSession(session), observer),
            Input::ProposeIn { id, guarded } => self.on_wish(id, Wish::ProposeIn(guarded), observer),
            Input::SessionsOpen(latest) => self.stamp(latest, observer),
            Input::Durable(proof) => self.on_durable(&proof, observer),
            Input::Applied(index) => self.on_applied(index),
            Input::SnapshotTaken { index, data } => self.on_snapshot_taken(index, data, observer),
        }
        self.begin_snapshots(observer);
    }

    /// Whether the next [`flush`](Self::flush) wants the state machine restored from a snapshot.
    pub fn is_to_restore(&self) -> bool {
        self.batch.restore.is_some()
    }

    /// Says what is to be done about all that was absorbed since the last time.
    pub fn flush(&mut self, out: &mut Output) {
        out.clear();
        self.batch.now = LocalTime::default();
        self.state.persistent.log.seal();
        self.draft_appends();
        self.batch.is_round_begun = false;
        out.write = self.flush_write();
        let mut drafts = std::mem::take(&mut self.batch.drafts);
        out.messages
            .extend(drafts.drain(..).map(|draft| self.hold(draft)));
        self.batch.drafts = drafts;
        out.election = self.batch.election.take();
        out.heartbeat = self.batch.heartbeat.take();
        out.commit = self.batch.commit.take();
        out.restore = self.batch.restore.take();
        out.answers.append(&mut self.batch.answers);
    }

    fn flush_write(&mut self) -> Option<Write> {
        let metadata =
            std::mem::take(&mut self.batch.is_metadata_changed).then_some(self.state.persistent.metadata);
        let truncate = self.batch.truncated_from.take();
        let changed = self.batch.changed_from.take();
        let new_snapshot = self.batch.new_snapshot.take();
        let compact = self.batch.compacted.take();
        let is_snapshot_unchanged = new_snapshot.is_none() && compact.is_none();
        if metadata.is_none() && truncate.is_none() && changed.is_none() && is_snapshot_unchanged {
            return None;
        }
        let snapshot = self.state.persistent.snapshot.as_ref();
        let snapshot = snapshot.filter(|_| new_snapshot.is_some()).cloned();
        let log = &self.state.persistent.log;
        let append = match changed {
            Some(from) => log.slice(from, usize::MAX, u64::MAX),
            None => Entries::empty(log.last_index().next()),
        };
        let sequence = self.state.volatile.durability.begin(log.last_index());
        if metadata.is_some() {
            self.state.volatile.durability.metadata = sequence;
        }
        if new_snapshot == Some(SnapshotOrigin::Leader) {
            self.state.volatile.durability.installed = sequence;
        }
        Some(Write {
            sequence,
            metadata,
            snapshot,
            compact,
            truncate,
            append,
        })
    }

    /// Seals a message until what it promises is durable.
    fn hold(&self, draft: Draft) -> Held<Envelope> {
        let durability = &self.state.volatile.durability;
        let waits_for = match draft.promise {
            Promise::Nothing => WriteSequence::default(),
            Promise::Metadata => durability.metadata,
            Promise::Log(through) => {
                let through = through.min(self.state.persistent.log.last_index());
                durability
                    .write_of(through)
                    .map_or(durability.metadata, |write| write.max(durability.metadata))
            }
        };
        Held::new(
            self.settings.id,
            self.settings.incarnation,
            waits_for,
            draft.envelope,
        )
    }

    fn on_message(&mut self, envelope: Envelope, observer: &mut impl Observer) {
        let Envelope {
            from,
            to,
            term,
            message,
        } = envelope;
        let kind = message.kind();
        if let Some(reason) = self.reason_to_drop(from, to, term, &message) {
            return Self::ignore_message(from, kind, reason, observer);
        }
        if term > self.term() && kind != MessageKind::PreVoteRequest {
            self.adopt_term(term, from, kind, observer);
        }
        let own = self.term();
        match message {
            // Who asks about a future term stays in its own, and so does who answers: neither is stale by its term.
            Message::PreVoteRequest(request) => self.on_pre_vote_request(from, request, observer),
            Message::PreVoteReply(PreVoteReply::Granted { asked }) => {
                self.on_pre_vote_granted(from, asked, observer);
            }
            // What a leader answered of its term is true in any later one.
            Message::ForwardReply(reply) => self.on_forward_reply(from, reply, observer),
            Message::Forward(forward) => self.on_forward(from, term, forward, observer),
            Message::Gossip(_) => unreachable!("gossip was dropped before"),
            Message::VoteRequest(_) if term < own => self.refuse_stale_vote(from, term, observer),
            Message::AppendRequest(_) if term < own => self.refuse_stale_append(from, term, kind, observer),
            Message::InstallSnapshot(_) if term < own => self.refuse_stale_snapshot(from, term, observer),
            Message::PreVoteReply(PreVoteReply::Refused)
            | Message::VoteReply(_)
            | Message::AppendReply(_)
            | Message::SnapshotReply(_)
            | Message::TimeoutNow(_)
                if term < own =>
            {
                Self::ignore_message(
                    from,
                    kind,
                    IgnoreReason::StaleTerm { theirs: term, own },
                    observer,
                );
            }
            Message::PreVoteReply(PreVoteReply::Refused) => self.on_pre_vote_refused(from, observer),
            Message::VoteRequest(request) => self.on_vote_request(from, request, observer),
            Message::VoteReply(reply) => self.on_vote_reply(from, reply, observer),
            Message::AppendRequest(request) => self.on_append_request(from, &request, kind, observer),
            Message::AppendReply(reply) => self.on_append_reply(from, reply, observer),
            Message::InstallSnapshot(request) => self.on_install_snapshot(from, &request, observer),
            Message::SnapshotReply(reply) => self.on_snapshot_reply(from, reply, observer),
            Message::TimeoutNow(request) => self.on_timeout_now(from, request, observer),
        }
    }

    /// Why a message is not even looked at, if so.
    fn reason_to_drop(
        &self,
        from: NodeId,
        to: NodeId,
        term: Term,
        message: &Message,
    ) -> Option<IgnoreReason> {
        if to != self.id() {
            Some(IgnoreReason::NotForUs)
        } else if from == self.id() || (is_answer(message) && !self.asks(from)) {
            Some(IgnoreReason::NotAMember)
        } else if matches!(message, Message::Gossip(_)) {
            Some(IgnoreReason::NotOfRaft)
        } else if term == Term::LAST {
            Some(IgnoreReason::Malformed)
        } else if term > self.term() && !self.takes_on_higher_terms() {
            Some(IgnoreReason::RuleBroken)
        } else {
            self.reason_to_ignore_candidate(message).map(IgnoreReason::Quiet)
        }
    }

    /// Whether it asks this server anything. Requests it takes from anyone: the sender may know a configuration that has not
    /// come here yet (§6).
    fn asks(&self, from: NodeId) -> bool {
        let is_peer = match &self.state.role {
            Role::Leader(leader) => leader.peers.contains_key(&from),
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => false,
        };
        is_peer || self.configuration().is_member(from)
    }

    /// §5.1: a server that sees a higher term takes it on and becomes a follower.
    fn takes_on_higher_terms(&self) -> bool {
        self.rules().keeps(Rule::StepDownOnHigherTerm)
    }

    fn adopt_term(&mut self, term: Term, from: NodeId, kind: MessageKind, observer: &mut impl Observer) {
        let (before, role) = (self.term(), self.state.role.name());
        emit(observer, || Event::AdoptedTerm {
            before,
            role,
            from,
            kind,
        });
        self.set_metadata(Metadata { term, vote: None });
        self.become_follower(None);
        if role != RoleName::Follower {
            self.batch.election = Some(TimerChange::Restart);
        }
    }

    fn on_durable(&mut self, proof: &Durable, observer: &mut impl Observer) {
        assert!(
            proof.node() == self.id() && proof.incarnation() == self.settings.incarnation,
            "a proof of another server's writes"
        );
        assert!(
            proof.through() <= self.state.volatile.durability.begun,
            "a proof of a write that was never asked for"
        );
        self.state.volatile.durability.flush_through(proof.through());
        let through = self.state.volatile.durability.through;
        emit(observer, || Event::Flushed {
            sequence: proof.through(),
            through,
        });
        match self.state.role {
            Role::Follower(_) | Role::PreCandidate(_) => {}
            Role::Candidate(_) => self.count_own_vote(observer),
            Role::Leader(_) if through <= self.state.volatile.commit => {}
            Role::Leader(_) => self.advance_commit(observer),
        }
    }

    fn on_applied(&mut self, index: LogIndex) {
        let volatile = &mut self.state.volatile;
        assert!(index <= volatile.commit, "applied more than is committed");
        assert!(index >= volatile.applied, "applied entries twice");
        volatile.applied = index;
    }

    pub(super) fn id(&self) -> NodeId {
        self.settings.id
    }

    pub(super) fn term(&self) -> Term {
        self.state.persistent.metadata.term
    }

    pub(super) fn rules(&self) -> RuleSet {
        self.settings.rules
    }

    pub(super) fn set_metadata(&mut self, metadata: Metadata) {
        assert!(metadata.term >= self.term(), "a term that goes back");
        if metadata != self.state.persistent.metadata {
            self.state.persistent.metadata = metadata;
            self.batch.is_metadata_changed = true;
        }
    }

    pub(super) fn become_follower(&mut self, leader: Option<NodeId>) {
        if matches!(self.state.role, Role::Leader(_)) {
            self.batch.heartbeat = Some(TimerChange::Stop);
            self.end_reads();
        }
        self.state.role = Role::Follower(Follower {
            leader,
            incoming: None,
        });
    }

    /// Takes note that the log has changed from `index` on.
    pub(super) fn mark_changed(&mut self, index: LogIndex) {
        let from = self.batch.changed_from.map_or(index, |before| before.min(index));
        self.batch.changed_from = Some(from);
    }

    /// Cuts the log, and with it what is known of writes under way.
    pub(super) fn truncate_log(&mut self, index: LogIndex) {
        self.state.persistent.log.truncate_from(index);
        self.state.volatile.durability.truncate_from(index);
        let written = self.batch.changed_from.is_none_or(|from| index < from);
        if written {
            let from = self
                .batch
                .truncated_from
                .map_or(index, |before| before.min(index));
            self.batch.truncated_from = Some(from);
        }
    }

    /// Puts a snapshot in force, in place of any before it.
    pub(super) fn put_snapshot(&mut self, snapshot: Snapshot, origin: SnapshotOrigin) {
        self.state.persistent.snapshot = Some(snapshot);
        // What a leader sent counts as such, even where an own one follows before the next write.
        self.batch.new_snapshot = Some(match self.batch.new_snapshot {
            Some(SnapshotOrigin::Leader) => SnapshotOrigin::Leader,
            Some(SnapshotOrigin::Own) | None => origin,
        });
    }

    /// Drops the log through `base`; the configuration there is from now on the one of the snapshot in force. Where it has another entry there, or none, nothing of it stays, neither here nor on disk; what
    /// is known of writes under way is then good for what was committed before, and no more.
    pub(super) fn compact_log(&mut self, base: LogPosition, configuration: Arc<Configuration>) {
        let log = &mut self.state.persistent.log;
        if base == log.base() {
            if base.index > LogIndex::GENESIS {
                log.compact(base, configuration);
            }
            return;
        }
        let first = base.index.next();
        if log.term_at(base.index) == Some(base.term) {
            let past = |index: LogIndex| index.max(first);
            self.batch.truncated_from = self.batch.truncated_from.map(past);
            self.batch.changed_from = self.batch.changed_from.map(past);
        } else {
            let kept = self.state.volatile.commit.next();
            self.state.volatile.durability.truncate_from(kept);
            self.batch.truncated_from = Some(first);
            self.batch.changed_from = None;
        }
        log.compact(base, configuration);
        self.batch.compacted = Some(base);
    }

    /// Whether the term or vote has changed since the last write.
    pub(super) fn is_metadata_unwritten(&self) -> bool {
        self.batch.is_metadata_changed
    }

    pub(super) fn draft(&mut self, to: NodeId, message: Message, promise: Promise) {
        let envelope = Envelope {
            from: self.id(),
            to,
            term: self.term(),
            message,
        };
        self.batch.drafts.push(Draft { envelope, promise });
    }

    /// Sends something that is none of the algorithm's business: gossip. Like every message it states the sender's term, so it waits
    /// until that is durable.
    pub fn carry(&mut self, now: LocalTime, to: NodeId, gossip: Gossip) {
        self.batch.now = now;
        self.draft(to, Message::Gossip(gossip), Promise::Metadata);
    }

    pub(super) fn ignore_message(
        from: NodeId,
        kind: MessageKind,
        reason: IgnoreReason,
        observer: &mut impl Observer,
    ) {
        let what = IgnoredInput::Message(kind);
        emit(observer, || Event::Ignored {
            from: Some(from),
            what,
            reason,
        });
    }
}

/// Whether a message answers one of ours.
fn is_answer(message: &Message) -> bool {
    match message {
        Message::PreVoteReply(_)
        | Message::VoteReply(_)
        | Message::AppendReply(_)
        | Message::ForwardReply(_)
        | Message::SnapshotReply(_) => true,
        Message::PreVoteRequest(_)
        | Message::VoteRequest(_)
        | Message::AppendRequest(_)
        | Message::TimeoutNow(_)
        | Message::Forward(_)
        | Message::Gossip(_)
        | Message::InstallSnapshot(_) => false,
    }
}
