//! The world: virtual time, and everything that is due in it. One owner, no locks.
//!
//! It alone orders things. Whatever happens is due at a moment and has a place among what is due at the same moment; the
//! world takes the first, hands it to one node, waits for what the node does, and puts what follows from it in its place.
//! So the same seed and the same commands give the same trace, wherever the nodes run.

mod act;
mod agenda;
mod calls;
mod checkpoint;
mod clients;
mod image;
mod load;
mod replica;
mod routes;
mod start;
mod view;
mod watch;
mod witness;

pub use calls::{Asked, Call, Calls, Told};
pub use checkpoint::Checkpoint;
pub use clients::{ClientSession, Clients, LastProposal};
pub use image::{
    AskingImage, BacklogImage, ImageError, LinkImage, MessageImage, NodeImage, ProcessImage, TimerImage,
    WorldImage, WriteImage,
};
pub use start::{NODES_MAX, WorldError, WorldOptions};

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::agenda::Agenda;
use self::load::Asking;
use self::watch::Watch;
use self::witness::Witness;
use super::clock::Clock;
use super::draw::{Draws, Purpose};
use super::host::{Host, HostInput, HostKind, Parked, Request, Response, Stepped};
use super::network::{InFlight, Network, Posted};
use super::record::{ClientAnswer, Happening, Loss, Record, Stop, Timer};
use super::settings::{DiskSettings, Settings};
use super::snapshot::{Condition, MessageId, NodeView};
use super::timeline::Rewind;
use super::trace::Trace;
use crate::check::Violation;
use crate::consensus::durable::Inbound;
use crate::consensus::{ProposalRefusal, RoleName, TimerChange};
use crate::machine::Exhibit;
use crate::node::{Applied, NodeSettings, ProposalEnd, Sent};
use crate::types::{
    Address, Configuration, Envelope, JoinToken, LogIndex, NodeId, NodeMap, Payload, ProposalId, Term,
    VirtualTime, WriteSequence,
};

/// A cluster in a world of its own.
pub struct World<M> {
    now: VirtualTime,
    carried_out: u32,
    draws: Draws,
    settings: Settings,
    configuration: Configuration,
    queue: Agenda,
    next_order: u64,
    next_proposal: ProposalId,
    clients: Clients,
    /// Those who ask by themselves.
    asking: Asking,
    /// The new servers that have asked a node to let them join, by their tokens.
    joining: BTreeMap<JoinToken, NodeId>,
    nodes: NodeMap<Server>,
    network: Network,
    host: Box<dyn Host<M>>,
    host_kind: HostKind,
    watch: Watch,
    witness: Witness<M>,
    /// What clients ask and are told, where that is kept.
    calls: Option<Calls>,
    trace: Trace,
    delivered: u64,
    is_halted: bool,
    /// Where the next step is written down: the last one's memory.
    spare: Option<Box<Stepped>>,
    complaints: Vec<String>,
    /// Where the files are that follow the nodes' disks.
    data_dir: Option<PathBuf>,
}

/// A place in the order of what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Slot {
    at: VirtualTime,
    order: u64,
}

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Delivery(MessageId),
    Timer(NodeId, Timer),
    Sync(NodeId, WriteSequence),
    Gossip(NodeId),
    Snapshot(NodeId, LogIndex),
    Client,
}

/// What a frozen node will find when it thaws.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Waiting {
    Delivery(MessageId),
    Timer(Timer),
    Sync(WriteSequence),
    Snapshot(LogIndex),
    Proposal(ProposalId, Bytes),
}

/// A node, as the world knows it.
struct Server {
    settings: NodeSettings,
    condition: Condition,
    clock: Clock,
    /// Its disk, while it is down.
    parked: Option<Parked>,
    term: Term,
    role: RoleName,
    timer: Option<RunningTimer>,
    syncs: BTreeMap<WriteSequence, Slot>,
    /// The snapshot that it is taking: its last entry, and when it is finished; `None` where it is, and a frozen node has still
    /// to learn so.
    taking: Option<(LogIndex, Option<Slot>)>,
    /// How many election timers ran out in its term: every one of them gets a draw of its own.
    attempt: u64,
    /// How many times it was given another address.
    moves: u64,
    /// The one that it has.
    address: Address,
    /// When it gossips next, where it does.
    gossip: Option<Slot>,
    /// How often it has: the ordinal of the draws about it.
    gossips: u64,
    /// How many syncs it ever began: the ordinal of the draws about them.
    syncs_begun: u64,
    last_sync_due: VirtualTime,
    disk: Option<DiskSettings>,
    backlog: VecDeque<Waiting>,
    failure: Option<String>,
    /// What it looks like while it is down and nothing changes: to read a disk takes as long as the disk is full.
    seen_down: Option<NodeView>,
}

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RunningTimer {
    timer: Timer,
    slot: Slot,
    duration: Duration,
}

impl<M: Exhibit + Default> World<M> {
    /// The time.
    pub fn now(&self) -> VirtualTime {
        self.now
    }

    /// The seed of its random draws.
    pub fn seed(&self) -> u64 {
        self.draws.seed()
    }

    /// When the next thing is due; `None` where nothing ever is, or all is [in hand](Self::is_manual).
    pub fn next_event_at(&self) -> Option<VirtualTime> {
        if self.is_manual() {
            return None;
        }
        self.queue.first().map(|slot| slot.at)
    }

    /// Whether every event is in the hand of a person: time stands, and nothing happens but by a command.
    pub fn is_manual(&self) -> bool {
        self.settings.manual.is_on()
    }

    /// Carries out what is due next, and moves time to it. Gives `false`, and does nothing, where nothing is due, all is in
    /// hand or time was stopped by a violation.
    pub fn step(&mut self) -> bool {
        if self.is_halted || self.is_manual() {
            return false;
        }
        let Some((slot, due)) = self.queue.pop_first() else {
            return false;
        };
        self.move_to(slot.at);
        self.carried_out += 1;
        self.carry_out(due);
        true
    }

    /// Carries out all that is due before `time` or at it, and moves time there; or stops at a violation.
    pub fn run_until(&mut self, time: VirtualTime) {
        while self.next_event_at().is_some_and(|at| at <= time) {
            if !self.step() {
                return;
            }
        }
        if !self.is_halted {
            self.move_to(time);
        }
    }

    /// Carries out all that is due before `time` and the first `events` of what is due at it, and moves time there; or
    /// stops at a violation. Where a command was given [so far into its moment](Self::carried_out), it belongs here.
    pub fn run_into(&mut self, time: VirtualTime, events: u32) {
        while self.is_due_before(time, events) {
            if !self.step() {
                return;
            }
        }
        if !self.is_halted {
            self.move_to(time);
        }
    }

    /// How many of the events due now have been carried out. With the time, it says exactly when a command is given.
    pub fn carried_out(&self) -> u32 {
        self.carried_out
    }

    /// The violations so far. The last one stopped time, where it is stopped.
    pub fn violations(&self) -> &[Violation] {
        self.watch.violations()
    }

    /// The violation that stopped time, if one has.
    pub fn violation(&self) -> Option<&Violation> {
        self.violations().last().filter(|_| self.is_halted)
    }

    /// Has no oracle watch from now on: to measure what watching costs. What happens, and its hash, is the same.
    pub fn watch_nothing(&mut self) {
        self.watch.be_blind();
        self.witness.be_blind();
    }

    /// Lets time go on after a violation.
    pub fn go_on(&mut self) {
        self.is_halted = false;
    }

    /// What has happened since this was last asked.
    pub fn drain_records(&mut self) -> Vec<Record> {
        self.trace.collect()
    }

    /// The same, into a list whose memory is used again; what was in it goes.
    pub fn drain_records_into(&mut self, records: &mut Vec<Record>) {
        self.trace.collect_into(records);
    }

    /// Keeps no records from now on: for who never asks for any. What happens, and its hash, is the same.
    pub fn keep_no_records(&mut self) {
        self.trace.be_unheard();
    }

    /// What is wrong with the files that follow the nodes' disks. No part of the trace.
    pub fn drain_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// The hash of everything that ever happened.
    pub fn trace_hash(&self) -> u128 {
        self.trace.hash()
    }

    /// How many messages have been delivered.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Makes the files that follow the nodes' disks durable.
    pub fn sync_mirrors(&mut self) {
        let running: Vec<NodeId> = self.running().collect();
        for id in running {
            if let Response::Done(Some(complaint)) = self.host.call(id, Request::SyncMirror) {
                self.complaints.push(complaint);
            }
        }
        for server in self.nodes.values_mut() {
            let mirror = server.parked.as_mut().and_then(|parked| parked.mirror.as_mut());
            self.complaints
                .extend(mirror.and_then(super::mirror::Mirror::sync));
        }
    }

    fn move_to(&mut self, time: VirtualTime) {
        if time > self.now && !self.is_manual() {
            self.now = time;
            self.carried_out = 0;
        }
    }

    fn running(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes
            .iter()
            .filter(|(_, server)| server.condition != Condition::Down)
            .map(|(id, _)| *id)
    }

    fn server(&mut self, id: NodeId) -> &mut Server {
        self.nodes
            .get_mut(&id)
            .expect("whoever names a node has checked that it exists")
    }

    fn record(&mut self, what: Happening) {
        self.trace.record(self.now, what);
    }

    fn schedule(&mut self, at: VirtualTime, due: Due) -> Slot {
        let slot = Slot {
            at,
            order: self.next_order,
        };
        self.next_order += 1;
        self.queue.insert(slot, due);
        slot
    }

    fn schedule_delivery(&mut self, id: MessageId, due: VirtualTime) {
        let slot = self.schedule(due, Due::Delivery(id));
        let message = self
            .network
            .in_flight
            .get_mut(id)
            .expect("what is to be delivered is in flight");
        (message.due, message.order) = (due, Some(slot.order));
    }

    fn carry_out(&mut self, due: Due) {
        match due {
            Due::Delivery(message) => self.deliver(message),
            Due::Timer(id, timer) => self.fire_timer(id, timer),
            Due::Sync(id, sequence) => self.finish_sync(id, sequence),
            Due::Gossip(id) => self.gossip(id),
            Due::Snapshot(id, index) => self.finish_snapshot(id, index),
            Due::Client => self.ask_by_itself(),
        }
    }

    fn deliver(&mut self, id: MessageId) {
        let message = self
            .network
            .in_flight
            .get_mut(id)
            .expect("what is due is in flight");
        let to = message.envelope.to;
        message.order = None;
        match self.server(to).condition {
            Condition::Up => {}
            Condition::Frozen => return self.server(to).backlog.push_back(Waiting::Delivery(id)),
            Condition::Down => return self.lose(id, Loss::ReceiverDown),
        }
        let InFlight {
            envelope, cluster, ..
        } = self.network.take(id).expect("it was in flight just now");
        self.delivered += 1;
        self.record(Happening::Delivered {
            message: id,
            envelope: envelope.clone(),
        });
        self.hand(to, HostInput::Receive(cluster, Inbound::received(envelope)));
    }

    fn lose(&mut self, message: MessageId, reason: Loss) {
        let lost = self.network.take(message).expect("what is lost was in flight");
        self.record(Happening::Lost {
            message,
            envelope: lost.envelope,
            reason,
        });
    }

    fn fire_timer(&mut self, id: NodeId, timer: Timer) {
        let server = self.server(id);
        let running = server.timer.take().expect("a timer that runs out was running");
        if server.condition == Condition::Frozen {
            return server.backlog.push_back(Waiting::Timer(timer));
        }
        self.record(Happening::TimerFired {
            node: id,
            timer,
            after: running.duration,
        });
        self.time_out(id, timer);
    }

    fn time_out(&mut self, id: NodeId, timer: Timer) {
        let input = match timer {
            Timer::Election => {
                self.server(id).attempt += 1;
                HostInput::ElectionTimeout
            }
            Timer::Heartbeat => HostInput::HeartbeatTimeout,
        };
        self.hand(id, input);
    }

    fn finish_sync(&mut self, id: NodeId, sequence: WriteSequence) {
        let server = self.server(id);
        server.syncs.remove(&sequence);
        if server.condition == Condition::Frozen {
            return server.backlog.push_back(Waiting::Sync(sequence));
        }
        self.hand(id, HostInput::SyncDue(sequence));
    }

    fn finish_snapshot(&mut self, id: NodeId, index: LogIndex) {
        let server = self.server(id);
        if server.condition == Condition::Frozen {
            server.taking = Some((index, None));
            return server.backlog.push_back(Waiting::Snapshot(index));
        }
        self.hand(id, HostInput::FinishSnapshot);
    }

    /// Takes note of the snapshot that a node is taking, and draws how long that takes.
    fn follow_snapshot(&mut self, id: NodeId, taking: Option<LogIndex>) {
        let before = self.server(id).taking;
        if before.map(|(index, _)| index) == taking {
            return;
        }
        if let Some((_, Some(slot))) = before {
            self.queue.remove(&slot);
        }
        self.server(id).taking = None;
        if let Some(index) = taking {
            let latency = self.server(id).disk.unwrap_or(self.settings.disk).latency;
            let key = [id.number(), index.number()];
            let takes = self.draws.duration(Purpose::SnapshotLatency, &key, latency);
            let due = self.now.after(takes);
            let slot = self.schedule(due, Due::Snapshot(id, index));
            self.server(id).taking = Some((index, Some(slot)));
            self.record(Happening::SnapshotBegun { node: id, index, due });
        }
    }

    /// Hands a running node an input, and does what follows.
    fn hand(&mut self, id: NodeId, input: HostInput) {
        let now = self.clock(id).at(self.now);
        let synced = if let HostInput::SyncDue(sequence) = input {
            Some(sequence)
        } else {
            None
        };
        let spare = self.spare.take().unwrap_or_default();
        match self.host.call(id, Request::Step(now, input, spare)) {
            Response::Stepped(mut stepped) => {
                // Only now is it known that the sync has not failed.
                if let Some(sequence) = synced {
                    self.watch.flushed(id, sequence);
                }
                self.follow(id, &mut stepped);
                self.spare = Some(stepped);
            }
            Response::Failed(reason) => self.stop(id, |_| Stop::Failed { reason }),
            Response::Seen(_) | Response::Listed(_) | Response::Imaged(_) | Response::Done(_) => {
                unreachable!("a step is answered by what came of it")
            }
        }
        self.halt_on_violation();
    }

    /// Does what follows from a node's step, in the order in which it happened, and leaves nothing of it.
    fn follow(&mut self, id: NodeId, stepped: &mut Stepped) {
        self.complaints.extend(stepped.mirror_complaint.take());
        self.watch.stepped::<M>(
            id,
            stepped.term,
            stepped.role,
            stepped.write.as_ref(),
            stepped.commit,
            &stepped.events,
        );
        if let Some(snapshot) = stepped.write.as_ref().and_then(|write| write.snapshot.as_ref()) {
            self.witness.installed(snapshot);
        }
        let server = self.server(id);
        if server.term != stepped.term {
            server.attempt = 0;
        }
        (server.term, server.role) = (stepped.term, stepped.role);
        for event in stepped.events.drain(..) {
            self.record(Happening::Node { node: id, event });
        }
        for event in stepped.routes.drain(..) {
            self.record(Happening::Routes { node: id, event });
        }
        if let Some(write) = stepped.write.take() {
            self.begin_sync(id, write.sequence);
        }
        self.set_timers(id, stepped.election, stepped.heartbeat);
        let mut newest = None;
        for applied in stepped.applied.drain(..) {
            if let Payload::Configuration(configuration) = &applied.payload {
                newest = Some(Arc::clone(configuration));
            }
            self.applied(id, applied);
        }
        let mut sent_on = Vec::new();
        for (proposal, end) in stepped.answers.drain(..) {
            match self.join_sent_on(id, proposal, &end) {
                Some(leader) => sent_on.push((proposal, leader)),
                None => self.answer(id, proposal, answer_of(end)),
            }
        }
        for sent in stepped.sent.drain(..) {
            self.post(sent);
        }
        if let Some(reason) = stepped.snapshot_failure.take() {
            self.record(Happening::SnapshotFailed { node: id, reason });
        }
        self.follow_snapshot(id, stepped.taking);
        if let Some(newest) = newest {
            self.start_joined(&newest, id);
        }
        for (proposal, leader) in sent_on {
            self.ask_leader_to_join(id, proposal, leader);
        }
    }

    fn begin_sync(&mut self, id: NodeId, sequence: WriteSequence) {
        let settings = self.settings.disk;
        let (draws, now) = (self.draws, self.now);
        let server = self.server(id);
        server.syncs_begun += 1;
        let key = [id.number(), server.syncs_begun];
        let latency = server.disk.unwrap_or(settings).latency;
        // One device does one thing after the other.
        let due = now
            .after(draws.duration(Purpose::DiskLatency, &key, latency))
            .max(server.last_sync_due);
        server.last_sync_due = due;
        let slot = self.schedule(due, Due::Sync(id, sequence));
        self.server(id).syncs.insert(sequence, slot);
        self.record(Happening::WriteBegun {
            node: id,
            sequence,
            due,
        });
    }

    fn applied(&mut self, id: NodeId, applied: Applied) {
        self.watch.applied(id, &applied);
        let testimony = self.witness.applied(&applied);
        self.watch.replayed(id, testimony);
        let Applied {
            position,
            payload,
            execution,
        } = applied;
        self.record(Happening::Applied {
            node: id,
            position,
            payload,
            execution,
        });
    }

    fn answer(&mut self, node: NodeId, proposal: ProposalId, answer: ClientAnswer) {
        self.watch.answered(node, proposal, &answer);
        let testimony = self.witness.answered(node, proposal, &answer);
        self.watch.replayed(node, testimony);
        self.clients.answered(proposal, &answer);
        if let Some(calls) = &mut self.calls {
            calls.answered(proposal, self.now, &answer);
        }
        self.record(Happening::Answered {
            node,
            proposal,
            answer,
        });
    }

    fn post(&mut self, sent: Sent) {
        let Sent { message, address } = sent;
        let Some(receiver) = self.nodes.get(&message.get().to) else {
            // A server that joins starts once its id is committed: until then nobody is there.
            return;
        };
        let reach = receiver.reached_at(address.as_ref());
        self.watch.sent(message.get());
        let envelope = message.get();
        let (posted, copy) = self
            .network
            .post(self.now, &message, self.draws, self.settings.link, reach);
        if let Some(copy) = copy {
            self.posted(posted, envelope.clone());
            return self.posted(copy, message.into_inner());
        }
        self.posted(posted, message.into_inner());
    }

    fn posted(&mut self, posted: Posted, envelope: Envelope) {
        let Posted { id, fate } = posted;
        let lost = fate.err().map(|reason| Happening::Lost {
            message: id,
            envelope: envelope.clone(),
            reason,
        });
        self.record(Happening::Sent {
            message: id,
            envelope,
            due: fate.ok(),
        });
        if let Some(lost) = lost {
            self.record(lost);
        }
        if let Ok(due) = fate {
            self.schedule_delivery(id, due);
        }
    }

    fn set_timers(&mut self, id: NodeId, election: Option<TimerChange>, heartbeat: Option<TimerChange>) {
        // A node runs one timer at a time, so what stops goes first.
        for (timer, change) in [(Timer::Election, election), (Timer::Heartbeat, heartbeat)] {
            if change == Some(TimerChange::Stop) {
                self.cancel_timer(id, timer);
            }
        }
        for (timer, change) in [(Timer::Election, election), (Timer::Heartbeat, heartbeat)] {
            if change == Some(TimerChange::Restart) {
                let duration = self.timer_duration(id, timer);
                self.set_timer(id, timer, self.now.after(duration), duration);
            }
        }
    }

    /// A node's own clock; of one that is not there yet, a right one.
    fn clock(&self, id: NodeId) -> Clock {
        self.nodes.get(&id).map(|server| server.clock).unwrap_or_default()
    }

    fn timer_duration(&mut self, id: NodeId, timer: Timer) -> Duration {
        let server = self.server(id);
        let (term, attempt, clock) = (server.term, server.attempt, server.clock);
        let drawn = image::timer_duration(self.draws, &self.settings, timer, (id, term, attempt));
        clock.lasting(drawn)
    }

    fn cancel_timer(&mut self, id: NodeId, timer: Timer) {
        let server = self.server(id);
        if let Some(running) = server.timer.take_if(|running| running.timer == timer) {
            self.queue.remove(&running.slot);
        }
    }

    fn set_timer(&mut self, id: NodeId, timer: Timer, deadline: VirtualTime, duration: Duration) {
        if let Some(running) = self.server(id).timer.take() {
            self.queue.remove(&running.slot);
        }
        let slot = self.schedule(deadline, Due::Timer(id, timer));
        self.server(id).timer = Some(RunningTimer {
            timer,
            slot,
            duration,
        });
    }

    fn halt_on_violation(&mut self) {
        for violation in self.watch.news() {
            self.is_halted = true;
            let (property, detail) = (violation.property.name().to_owned(), violation.to_string());
            self.trace
                .remark(self.now, Happening::Violated { property, detail });
        }
    }
}

fn answer_of(end: ProposalEnd) -> ClientAnswer {
    match end {
        ProposalEnd::Done { index, answer } => ClientAnswer::Done { index, answer },
        ProposalEnd::Refused(ProposalRefusal::NotLeader { leader }) => ClientAnswer::NotLeader { leader },
        ProposalEnd::Refused(ProposalRefusal::Transferring { target }) => {
            ClientAnswer::Transferring { target }
        }
        // A person's commands are shorter by far than any that is too long.
        ProposalEnd::Refused(
            ProposalRefusal::TooMuchUncommitted { .. } | ProposalRefusal::TooLong { .. },
        ) => ClientAnswer::Overloaded,
        ProposalEnd::Read { applied, answer } => ClientAnswer::Read { applied, answer },
        ProposalEnd::ChangeRefused(_) => ClientAnswer::ChangeRefused,
        ProposalEnd::Joined(node) => ClientAnswer::Joined { node },
        ProposalEnd::TransferStarted => ClientAnswer::TransferStarted,
        ProposalEnd::TransferRefused(_) => ClientAnswer::TransferRefused,
        ProposalEnd::SessionOpened(session) => ClientAnswer::SessionOpened { session },
        ProposalEnd::SessionClosed(session) => ClientAnswer::SessionClosed { session },
        ProposalEnd::SessionRefused { index, reason } => ClientAnswer::SessionRefused { index, reason },
        ProposalEnd::Unknown => ClientAnswer::Unknown,
        ProposalEnd::Overwritten { index } => ClientAnswer::Overwritten { index },
    }
}
