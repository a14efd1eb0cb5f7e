//! One server: the algorithm, its log store and its state machine, put together.
//!
//! A node does what the core asks in the order that the promises need: the write goes to the disk first, then the
//! messages that wait for nothing leave, the others when their write is durable. It has no clock and no thread; whoever
//! hosts it hands it inputs, runs its syncs, and carries its messages.

mod image;
mod routes;
pub mod snapshot;

pub use image::NodeImage;
pub use routes::{KnownRoute, ROUTES_MOST, RouteEvent, RouteRefusal, Routes};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::snapshot::Taking;
use crate::consensus::durable::{Driver, DriverError, Finished, Held, Inbound, Outbound, Pending, Write};
use crate::consensus::{
    Answer, ChangeRefusal, Input, Limits, Log, Observer, Output, Persistent, ProposalOutcome,
    ProposalRefusal, Protections, Raft, ReadWay, RuleSet, Settings, State, StateError, Switch, TimerChange,
    TransferRefusal,
};
use crate::machine::{
    Execution, RestoreError, SerialCheck, SessionRefusal, SessionTable, Sessions, StateMachine,
};
use crate::storage::wal::{Identity, OpenError, Recovered, TornTail, Wal, WalError, WalImage, WalOptions};
use crate::types::disk::Disk;
use crate::types::{
    Address, ClusterId, Configuration, Envelope, Gossip, Guarded, LocalTime, LogIndex, LogPosition,
    MembershipChange, Message, NodeId, Payload, ProposalId, SessionId, Term, WriteSequence,
};

/// What a node is told once, when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeSettings {
    /// The cluster it belongs to.
    pub cluster: ClusterId,
    /// The configuration at index 0.
    pub genesis: Configuration,
    /// What the algorithm is told.
    pub raft: Settings,
    /// How its log is kept.
    pub wal: WalOptions,
    /// Where it is reached, and what it knows of where others are.
    pub routes: Routes,
}

impl NodeSettings {
    fn identity(&self) -> Identity {
        Identity {
            cluster: self.cluster,
            node: self.raft.id,
        }
    }
}

/// Something that happens to a node.
pub enum NodeInput<D: Disk> {
    /// A message came.
    Receive {
        /// The cluster that it is of, as the transport that brought it says.
        cluster: ClusterId,
        /// The message.
        message: Inbound<Envelope>,
    },
    /// It is time to gossip.
    Gossip {
        /// A random number that the host has drawn: by it the server is chosen that is told.
        draw: u64,
    },
    /// The election timer ran out.
    ElectionTimeout,
    /// The heartbeat timer ran out.
    HeartbeatTimeout,
    /// A caller wants a command replicated.
    Propose {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The command.
        command: Bytes,
    },
    /// A caller wants a session opened.
    OpenSession {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// It expires when it is not used for longer than this, by the cluster's time.
        timeout: Duration,
    },
    /// A caller wants a command replicated that takes effect once.
    ProposeIn {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The command, its session, and its serial number there.
        guarded: Guarded,
    },
    /// A caller wants to read the state.
    Read {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// How it is made sure that the read sees what was acknowledged before.
        way: ReadWay,
        /// The question for the machine.
        query: Bytes,
    },
    /// A caller wants other servers to belong to the cluster.
    Reconfigure {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The change.
        change: MembershipChange,
    },
    /// A caller wants another server to lead.
    Transfer {
        /// By which the caller knows the answer.
        id: ProposalId,
        /// The server that is to lead.
        target: NodeId,
    },
    /// A sync has ended.
    Synced(Finished<Wal<D>>),
    /// Somebody wants a snapshot of the state machine taken.
    TakeSnapshot,
    /// The snapshot that was begun is to be finished: it is waited for now, however long it takes.
    FinishSnapshot,
}

/// What a node wants done, and what it has done.
pub struct Effects<D: Disk> {
    /// The write it handed to its disk, and the sync to run.
    pub write: Option<(Write, Pending<Wal<D>>)>,
    /// Messages that may leave now, in order.
    pub sent: Vec<Sent>,
    /// What became of routes, and which messages were of another cluster.
    pub routes: Vec<RouteEvent>,
    /// What to do with the election timer.
    pub election: Option<TimerChange>,
    /// What to do with the heartbeat timer.
    pub heartbeat: Option<TimerChange>,
    /// The new commit index, where it advanced.
    pub commit: Option<LogIndex>,
    /// The entries it applied, in order.
    pub applied: Vec<Applied>,
    /// The last entry of the snapshot that is being taken, if one is.
    pub taking: Option<LogIndex>,
    /// Why the machine could not finish a snapshot.
    pub snapshot_failure: Option<String>,
    /// What callers are told.
    pub answers: Vec<(ProposalId, ProposalEnd)>,
}

impl<D: Disk> Default for Effects<D> {
    fn default() -> Self {
        Self {
            write: None,
            sent: Vec::new(),
            routes: Vec::new(),
            election: None,
            heartbeat: None,
            commit: None,
            applied: Vec::new(),
            taking: None,
            snapshot_failure: None,
            answers: Vec::new(),
        }
    }
}

/// A message that may leave now.
#[derive(Debug)]
pub struct Sent {
    /// The message.
    pub message: Outbound<Envelope>,
    /// Where its receiver is reached; `None` where the node knows no route to it: then nobody can deliver it.
    pub address: Option<Address>,
}

/// An entry that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Applied {
    /// Which.
    pub position: LogPosition,
    /// What it carries.
    pub payload: Payload,
    /// What applying it did.
    pub execution: Execution,
}

impl Applied {
    /// The answer for whoever proposed it.
    pub fn answer(&self) -> Bytes {
        match (&self.execution, &self.payload) {
            (Execution::Executed(answer) | Execution::Repeated(answer), _) => answer.clone(),
            (Execution::Opened(session), _) => Bytes::from(session.to_string()),
            (Execution::Refused(refusal), _) => Bytes::from(refusal.to_string()),
            (Execution::Nothing, Payload::Configuration(configuration)) => {
                Bytes::from(configuration.to_string())
            }
            (Execution::Nothing, _) => Bytes::new(),
        }
    }
}

/// How a proposal ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProposalEnd {
    /// It was applied, with this answer.
    Done {
        /// Where it stands in the log.
        index: LogIndex,
        /// The machine's answer.
        answer: Bytes,
    },
    /// It is in the log and was not executed, because of its session.
    SessionRefused {
        /// Where it stands in the log.
        index: LogIndex,
        /// Why.
        reason: SessionRefusal,
    },
    /// The session is open.
    SessionOpened(SessionId),
    /// It was a read, and this is the machine's answer.
    Read {
        /// The state that was read had everything applied through this index.
        applied: LogIndex,
        /// The machine's answer.
        answer: Bytes,
    },
    /// It was turned away and has no effect.
    Refused(ProposalRefusal),
    /// The configuration does not change.
    ChangeRefused(ChangeRefusal),
    /// The server joined before, under this id.
    Joined(NodeId),
    /// The leader hands over. Whether it succeeds is seen by who leads next.
    TransferStarted,
    /// The leader does not hand over.
    TransferRefused(TransferRefusal),
    /// It was passed on to a leader, and nobody knows what became of it there.
    Unknown,
    /// Another entry was committed in its place, or before it one of a later term; it has no effect.
    Overwritten {
        /// Where it stood.
        index: LogIndex,
    },
}

/// Why a node can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its log store can't be opened.
    #[error(transparent)]
    Storage(#[from] OpenError),
    /// What the log store holds can't be.
    #[error("what is on the disk can't be: {0}")]
    State(#[from] StateError),
    /// Its state machine does not take its snapshot.
    #[error(transparent)]
    Machine(#[from] RestoreError),
    /// What a save says of it can't be.
    #[error("{0}")]
    Image(&'static str),
}

/// Why a node stops. It must not go on in this incarnation.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its disk has failed.
    #[error(transparent)]
    Disk(#[from] DriverError<WalError>),
    /// Its state machine does not take the leader's snapshot.
    #[error(transparent)]
    Machine(#[from] RestoreError),
}

/// One server.
pub struct Node<M, D: Disk> {
    settings: NodeSettings,
    raft: Raft,
    routes: Routes,
    driver: Driver<Wal<D>>,
    held: Vec<Held<Envelope>>,
    machine: Sessions<M>,
    /// The snapshot that is being taken.
    taking: Option<Taking>,
    /// By the entry that each became. In a later leadership another may get the same index.
    proposals: BTreeMap<(LogIndex, Term), ProposalId>,
    /// The questions that are not answered yet.
    queries: BTreeMap<ProposalId, Bytes>,
    /// Those that may be answered once everything through an index is applied.
    ready: BTreeSet<(LogIndex, ProposalId)>,
    out: Output,
}

impl<M: StateMachine, D: Disk> Node<M, D> {
    /// A node that starts with what its disk holds. The effects set its election timer.
    pub fn start(
        settings: NodeSettings,
        disk: D,
        machine: M,
    ) -> Result<(Self, Effects<D>, Option<TornTail>), StartError> {
        let (wal, recovered) = Wal::open(disk, settings.identity(), settings.wal)?;
        let log = recovered_log(&settings, &recovered);
        let Recovered {
            metadata,
            snapshot,
            base: _,
            entries: _,
            cut,
        } = recovered;
        let mut machine = Sessions::around(machine);
        if let Some(snapshot) = &snapshot {
            snapshot::restore(&mut machine, &snapshot.data)?;
        }
        let state = State::recovered(metadata, log, snapshot);
        let raft = Raft::start(settings.raft.clone(), state)?;
        let (driver, _) = Driver::new(wal, settings.raft.id, settings.raft.incarnation);
        let mut routes = settings.routes.clone();
        routes.restart(settings.raft.incarnation);
        let mut node = Self {
            settings,
            raft,
            routes,
            driver,
            held: Vec::new(),
            machine,
            taking: None,
            proposals: BTreeMap::new(),
            queries: BTreeMap::new(),
            ready: BTreeSet::new(),
            out: Output::default(),
        };
        let mut effects = Effects::default();
        node.flush(&mut effects).expect("a start writes nothing");
        Ok((node, effects, cut))
    }

    /// Takes one input, and does what follows from it.
    ///
    /// # Errors
    ///
    /// When the disk failed. The node is over; its disk can be taken and started from.
    pub fn step(
        &mut self,
        now: LocalTime,
        input: NodeInput<D>,
        observer: &mut impl Observer,
    ) -> Result<Effects<D>, NodeError> {
        let mut effects = self.take_in(now, input, observer)?;
        effects.taking = self.taking();
        Ok(effects)
    }

    fn take_in(
        &mut self,
        now: LocalTime,
        input: NodeInput<D>,
        observer: &mut impl Observer,
    ) -> Result<Effects<D>, NodeError> {
        let mut effects = Effects::default();
        let input = match input {
            NodeInput::Receive { cluster, message } if cluster != self.settings.cluster => {
                effects.routes.push(foreign(cluster, message.get()));
                return Ok(effects);
            }
            NodeInput::Receive { message, .. } if matches!(message.get().message, Message::Gossip(_)) => {
                self.on_gossip(now, message.into_inner(), &mut effects);
                self.flush(&mut effects)?;
                return Ok(effects);
            }
            NodeInput::Receive { message, .. } => Input::Receive(message),
            NodeInput::Gossip { draw } => {
                self.gossip(now, draw);
                self.flush(&mut effects)?;
                return Ok(effects);
            }
            NodeInput::ElectionTimeout => Input::ElectionTimeout,
            NodeInput::HeartbeatTimeout => {
                self.mind_sessions(now, observer);
                Input::HeartbeatTimeout
            }
            NodeInput::Propose { id, command } => Input::Propose { id, command },
            NodeInput::OpenSession { id, timeout } => Input::OpenSession { id, timeout },
            NodeInput::ProposeIn { id, guarded } => Input::ProposeIn { id, guarded },
            NodeInput::Read { id, way, query } => {
                self.queries.insert(id, query);
                Input::Read { id, way }
            }
            NodeInput::Reconfigure { id, change } => Input::Reconfigure { id, change },
            NodeInput::Transfer { id, target } => Input::Transfer { id, target },
            NodeInput::TakeSnapshot => {
                self.begin_snapshot();
                return Ok(effects);
            }
            NodeInput::FinishSnapshot => {
                self.finish_snapshot(now, &mut effects, observer);
                return self.follow_up(now, effects, observer);
            }
            NodeInput::Synced(finished) => {
                let Some(proof) = self.driver.complete(finished)? else {
                    return Ok(effects);
                };
                self.release_held(&mut effects);
                Input::Durable(proof)
            }
        };
        self.raft.absorb(now, input, observer);
        self.follow_up(now, effects, observer)
    }

    /// Does what follows from what the algorithm has absorbed.
    fn follow_up(
        &mut self,
        now: LocalTime,
        mut effects: Effects<D>,
        observer: &mut impl Observer,
    ) -> Result<Effects<D>, NodeError> {
        self.flush(&mut effects)?;
        self.apply_committed(now, &mut effects, observer);
        self.answer_ready(&mut effects);
        self.begin_due_snapshot(now);
        Ok(effects)
    }

    /// The last entry of the snapshot that is being taken, if one is.
    pub fn taking(&self) -> Option<LogIndex> {
        self.taking.as_ref().map(|taking| taking.index)
    }

    /// Its state, to look at.
    pub fn state(&self) -> &State {
        self.raft.state()
    }

    /// Its state machine, to look at.
    pub fn machine(&self) -> &M {
        self.machine.machine()
    }

    /// The sessions of its clients, to look at.
    pub fn sessions(&self) -> &SessionTable {
        self.machine.table()
    }

    /// Its log store, to look at.
    pub fn wal(&self) -> &Wal<D> {
        self.driver.store()
    }

    /// Its disk, to set faults on and to follow.
    pub fn disk_mut(&mut self) -> &mut D {
        self.driver.store_mut().disk_mut()
    }

    /// What it knows of where it and the others are, to look at.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The same, to change: what a person says about routes.
    pub fn routes_mut(&mut self) -> &mut Routes {
        &mut self.routes
    }

    /// The proposals that nobody knows the end of yet.
    pub fn open_proposals(&self) -> impl Iterator<Item = ProposalId> + '_ {
        let is_no_read = |id: &ProposalId| !self.queries.contains_key(id);
        let passed_on = self
            .raft
            .state()
            .volatile
            .passed_on
            .iter()
            .map(|passed_on| passed_on.id);
        let proposals = self
            .proposals
            .values()
            .copied()
            .chain(passed_on)
            .filter(is_no_read);
        proposals.chain(self.queries.keys().copied())
    }

    /// When its lease runs out, by its own clock, where it has had one.
    pub fn lease_end(&self) -> Option<LocalTime> {
        self.raft.lease_end()
    }

    /// Breaks or mends rules, for teaching and for testing the tests.
    pub fn set_rules(&mut self, rules: RuleSet) {
        self.raft.set_rules(rules);
    }

    /// Changes the shortest election timeout.
    pub fn set_election_timeout(&mut self, election_timeout: Duration) {
        self.raft.set_election_timeout(election_timeout);
    }

    /// Switches protections on and off.
    pub fn set_protections(&mut self, protections: Protections) {
        self.raft.set_protections(protections);
    }

    /// Switches whether learners that have caught up become voters by themselves.
    pub fn set_auto_promote(&mut self, auto_promote: Switch) {
        self.raft.set_auto_promote(auto_promote);
    }

    /// Switches whether it passes on to the leader what its callers want.
    pub fn set_reroute(&mut self, reroute: Switch) {
        self.raft.set_reroute(reroute);
    }

    /// Changes the bounds on what it sends.
    pub fn set_limits(&mut self, limits: Limits) {
        self.raft.set_limits(limits);
    }

    /// Ends it as a crash does: its memory is gone, its disk is as it was written.
    pub fn into_disk(self) -> D {
        self.driver.into_store().into_disk()
    }

    fn flush(&mut self, effects: &mut Effects<D>) -> Result<(), NodeError> {
        let mut out = std::mem::take(&mut self.out);
        self.raft.flush(&mut out);
        // First, so that who proposed is known even where the disk fails.
        for answer in out.answers.drain(..) {
            self.note_answer(&answer, effects);
        }
        if let Some(snapshot) = out.restore.take() {
            self.take_over(&snapshot, effects)?;
        }
        if let Some(write) = out.write.take() {
            let pending = self.driver.begin(&write)?;
            effects.write = Some((write, pending));
        }
        self.held.append(&mut out.messages);
        self.release_held(effects);
        effects.election = out.election;
        effects.heartbeat = out.heartbeat;
        effects.commit = out.commit;
        self.out = out;
        Ok(())
    }

    /// Lets go of the messages whose writes are durable. Those that wait stay in order.
    fn release_held(&mut self, effects: &mut Effects<D>) {
        let proof = self.driver.proof();
        for held in std::mem::take(&mut self.held) {
            match held.release(&proof) {
                Ok(message) => {
                    let address = self.routes.address_of(message.get().to).cloned();
                    effects.sent.push(Sent { message, address });
                }
                Err(held) => self.held.push(held),
            }
        }
    }

    /// Pushes what it knows to the server that was drawn, if it knows one.
    fn gossip(&mut self, now: LocalTime, draw: u64) {
        if let Some(peer) = self.routes.peer(draw) {
            self.raft.carry(now, peer, self.routes.push(now));
        }
    }

    fn on_gossip(&mut self, now: LocalTime, envelope: Envelope, effects: &mut Effects<D>) {
        let Envelope {
            from, to, message, ..
        } = envelope;
        let Message::Gossip(gossip) = message else {
            unreachable!("it was looked at")
        };
        let own = self.settings.raft.id;
        let merged = if to == own && from != own {
            self.routes.merge(now, from, gossip.news())
        } else {
            Err(RouteRefusal::NotForUs)
        };
        match (merged, gossip) {
            (Ok(events), Gossip::Push(news)) => {
                effects.routes.extend(events);
                self.raft.carry(now, from, self.routes.reply(&news, now));
            }
            (Ok(events), Gossip::Reply(_)) => effects.routes.extend(events),
            (Err(reason), Gossip::Push(_) | Gossip::Reply(_)) => {
                effects.routes.push(RouteEvent::Refused { from, reason });
            }
        }
    }

    fn note_answer(&mut self, answer: &Answer, effects: &mut Effects<D>) {
        match self.fitting(answer) {
            ProposalOutcome::Appended(position) => self.await_entry(answer.id, position, effects),
            ProposalOutcome::ReadAt(index) => {
                self.ready.insert((index, answer.id));
            }
            ProposalOutcome::Unknown => {
                self.queries.remove(&answer.id);
                effects.answers.push((answer.id, ProposalEnd::Unknown));
            }
            ProposalOutcome::ChangeRefused(reason) => {
                let end = ProposalEnd::ChangeRefused(reason);
                effects.answers.push((answer.id, end));
            }
            ProposalOutcome::Joined(node) => {
                effects.answers.push((answer.id, ProposalEnd::Joined(node)));
            }
            ProposalOutcome::TransferStarted => {
                effects.answers.push((answer.id, ProposalEnd::TransferStarted));
            }
            ProposalOutcome::TransferRefused(reason) => {
                effects
                    .answers
                    .push((answer.id, ProposalEnd::TransferRefused(reason)));
            }
            ProposalOutcome::Refused(reason) => {
                self.queries.remove(&answer.id);
                effects.answers.push((answer.id, ProposalEnd::Refused(reason)));
            }
        }
    }

    /// The outcome, where it is one of what was asked. A peer that was passed a wish may answer anything: then nobody knows.
    fn fitting(&self, answer: &Answer) -> ProposalOutcome {
        let is_beside = match answer.outcome {
            ProposalOutcome::ReadAt(_) => !self.queries.contains_key(&answer.id),
            ProposalOutcome::ChangeRefused(_)
            | ProposalOutcome::Joined(_)
            | ProposalOutcome::TransferStarted
            | ProposalOutcome::TransferRefused(_) => self.queries.contains_key(&answer.id),
            ProposalOutcome::Appended(_) | ProposalOutcome::Refused(_) | ProposalOutcome::Unknown => false,
        };
        if is_beside {
            ProposalOutcome::Unknown
        } else {
            answer.outcome
        }
    }

    /// An entry that was applied before the word of where it stands came from the leader can't be answered any more. Nor is one
    /// waited for that will never be: terms never go down in a log.
    fn await_entry(&mut self, id: ProposalId, position: LogPosition, effects: &mut Effects<D>) {
        let LogPosition { index, term } = position;
        let state = self.raft.state();
        let applied = state.volatile.applied;
        let reached = state.persistent.log.term_at(applied);
        let end = if index <= applied || self.proposals.contains_key(&(index, term)) {
            ProposalEnd::Unknown
        } else if reached.is_some_and(|reached| reached > term) {
            ProposalEnd::Overwritten { index }
        } else {
            self.proposals.insert((index, term), id);
            return;
        };
        self.queries.remove(&id);
        effects.answers.push((id, end));
    }

    /// While sessions are open, a leader stamps the time.
    fn mind_sessions(&mut self, now: LocalTime, observer: &mut impl Observer) {
        let table = self.machine.table();
        if !table.is_empty() {
            self.raft.absorb(now, Input::SessionsOpen(table.time()), observer);
        }
    }

    fn apply_committed(&mut self, now: LocalTime, effects: &mut Effects<D>, observer: &mut impl Observer) {
        let Some(commit) = effects.commit else { return };
        let mut next = self.raft.state().volatile.applied.next();
        while next <= commit {
            let applied = self.apply(next);
            self.end_proposals(&applied, effects);
            effects.applied.push(applied);
            next = next.next();
        }
        self.raft.absorb(now, Input::Applied(commit), observer);
    }

    fn apply(&mut self, index: LogIndex) -> Applied {
        let entry = self
            .raft
            .state()
            .persistent
            .log
            .entry(index)
            .expect("what is committed is in the log");
        let position = LogPosition::new(index, entry.term);
        let payload = entry.payload.clone();
        let check = serial_check(&self.raft);
        let execution = self.machine.apply(index, &payload, check);
        Applied {
            position,
            payload,
            execution,
        }
    }

    /// An entry ends the proposals that there were for its index, the one that it is and those that it replaced, and all of
    /// earlier terms for later indices: terms never go down in a log, so no log that has this entry has those.
    fn end_proposals(&mut self, applied: &Applied, effects: &mut Effects<D>) {
        let LogPosition { index, term } = applied.position;
        if self.raft.state().persistent.log.term_at(index.previous()) != Some(term) {
            self.end_proposals_before(term, effects);
        }
        while let Some(entry) = self.proposals.first_entry()
            && entry.key().0 <= index
        {
            let ((_, proposed_in), id) = entry.remove_entry();
            let end = match (proposed_in == term, self.queries.remove(&id)) {
                (true, None) => end_of(applied),
                (true, Some(query)) => ProposalEnd::Read {
                    applied: index,
                    answer: self.machine.machine().query(&query),
                },
                (false, _) => ProposalEnd::Overwritten { index },
            };
            effects.answers.push((id, end));
        }
    }

    fn end_proposals_before(&mut self, term: Term, effects: &mut Effects<D>) {
        let queries = &mut self.queries;
        self.proposals.retain(|(index, proposed_in), id| {
            let is_open = *proposed_in >= term;
            if !is_open {
                queries.remove(id);
                let end = ProposalEnd::Overwritten { index: *index };
                effects.answers.push((*id, end));
            }
            is_open
        });
    }

    /// Answers the questions for which enough is applied.
    fn answer_ready(&mut self, effects: &mut Effects<D>) {
        let applied = self.raft.state().volatile.applied;
        while let Some(&(index, id)) = self.ready.first()
            && index <= applied
        {
            self.ready.pop_first();
            let query = self.queries.remove(&id);
            let query = query.expect("a question waits until it is answered");
            let answer = self.machine.machine().query(&query);
            effects.answers.push((id, ProposalEnd::Read { applied, answer }));
        }
    }
}

fn serial_check(raft: &Raft) -> SerialCheck {
    if raft.checks_serial_numbers() {
        SerialCheck::Kept
    } else {
        SerialCheck::Broken
    }
}

/// How the proposal ends that an applied entry was.
fn end_of(applied: &Applied) -> ProposalEnd {
    let index = applied.position.index;
    match applied.execution {
        Execution::Refused(reason) => ProposalEnd::SessionRefused { index, reason },
        Execution::Opened(session) => ProposalEnd::SessionOpened(session),
        Execution::Executed(_) | Execution::Repeated(_) | Execution::Nothing => ProposalEnd::Done {
            index,
            answer: applied.answer(),
        },
    }
}

/// A message of another cluster: its sender may have an id that a server of this one has too.
fn foreign(cluster: ClusterId, envelope: &Envelope) -> RouteEvent {
    RouteEvent::Foreign {
        from: envelope.from,
        cluster,
        kind: envelope.message.kind(),
    }
}

/// What a node that is down would start with. Changes nothing.
pub fn inspect<D: Disk>(settings: &NodeSettings, disk: &D) -> Result<Recovered, OpenError> {
    Wal::inspect(disk, settings.identity())
}

/// The log that a node starts with. Where entries were dropped, the configuration before those that are left is the snapshot's.
pub fn recovered_log(settings: &NodeSettings, recovered: &Recovered) -> Log {
    let configuration = match &recovered.snapshot {
        Some(snapshot) if recovered.base.index > LogIndex::GENESIS => Arc::clone(&snapshot.configuration),
        Some(_) | None => Arc::new(settings.genesis.clone()),
    };
    Log::recovered(recovered.base, configuration, recovered.entries.clone())
}

/// What a node starts with.
pub fn recovered_state(settings: &NodeSettings, recovered: Recovered) -> Persistent {
    Persistent {
        log: recovered_log(settings, &recovered),
        metadata: recovered.metadata,
        snapshot: recovered.snapshot,
    }
}

/// A disk on which a node starts with this, all of it durable, and what its log store then knows besides.
pub fn prepare<D: Disk>(
    settings: &NodeSettings,
    disk: D,
    persistent: Persistent,
) -> Result<(D, WalImage), PrepareError> {
    let (wal, _) = Wal::open(disk, settings.identity(), settings.wal)?;
    let (mut driver, _) = Driver::new(wal, settings.raft.id, settings.raft.incarnation);
    let Persistent {
        metadata,
        mut log,
        snapshot,
    } = persistent;
    log.seal();
    let base = log.base();
    let write = Write {
        sequence: WriteSequence::new(1),
        metadata: Some(metadata),
        snapshot,
        compact: (base.index > LogIndex::GENESIS).then_some(base),
        truncate: None,
        append: log.slice(log.first_index(), usize::MAX, u64::MAX),
    };
    let pending = driver.begin(&write)?;
    driver.complete(pending.sync())?;
    let wal = driver.into_store();
    let image = wal
        .image()
        .expect("a log that has just been written has not failed");
    Ok((wal.into_disk(), image))
}

/// Why a disk could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Its log store can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its log store can't be written.
    #[error(transparent)]
    Write(#[from] DriverError<WalError>),
}

/// The nodes of a cluster that starts with so many: S1, S2, …
pub fn first_nodes(count: u64) -> impl Iterator<Item = NodeId> {
    (1..=count).map(NodeId::new)
}
