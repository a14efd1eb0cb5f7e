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
mod due;
mod follow;
mod image;
mod load;
mod replica;
mod routes;
mod start;
mod timers;
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
use std::time::Duration;

use bytes::Bytes;

use self::agenda::Agenda;
use self::load::Asking;
use self::watch::Watch;
use self::witness::Witness;
use super::clock::Clock;
use super::draw::Draws;
use super::host::{Host, HostKind, Parked, Request, Response, Stepped};
use super::network::Network;
use super::record::{Happening, Record, Timer};
use super::settings::{DiskSettings, Settings};
use super::snapshot::{Condition, MessageId, NodeView};
use super::timeline::Rewind;
use super::trace::Trace;
use crate::check::Violation;
use crate::consensus::RoleName;
use crate::machine::Exhibit;
use crate::node::NodeSettings;
use crate::types::{
    Address, Configuration, JoinToken, LogIndex, NodeId, NodeMap, ProposalId, Term, VirtualTime,
    WriteSequence,
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
    /// Where the nodes run now.
    runs_on: HostKind,
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

    /// Where the nodes run.
    pub fn host(&self) -> HostKind {
        self.runs_on
    }

    /// Has the nodes go on elsewhere, as they are. What happens, and its hash, is the same.
    pub fn run_on(&mut self, host: HostKind) {
        if host == self.runs_on {
            return;
        }
        let mut there = host.build();
        let running: Vec<NodeId> = self.running().collect();
        for id in running {
            there.start(id, self.host.release(id));
        }
        (self.host, self.runs_on) = (there, host);
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

    fn halt_on_violation(&mut self) {
        for violation in self.watch.news() {
            self.is_halted = true;
            let (property, detail) = (violation.property.name().to_owned(), violation.to_string());
            self.trace
                .remark(self.now, Happening::Violated { property, detail });
        }
    }
}
