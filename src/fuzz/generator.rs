//! Makes a run as it goes: what is done next depends on what was seen.
//!
//! A fault that is aimed finds what a hundred blind ones do not: a leader cut off at the very event that made it leader, a machine
//! that loses power while a write is on its way. So the world is stepped event by event, and whatever is done is written
//! down as a command at its moment. The record is all that a run is: it needs no generator to be run again.

mod aims;
mod deeds;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::Workload;
use super::coverage::Coverage;
use super::plan::Moment;
use super::random::Random;
use super::weather::{Deed, Weather};
use crate::consensus::{Event, VoteRefusal};
use crate::playground::{ClientAnswer, Command, Condition, Happening, Record, Stop, TimedCommand, World};
use crate::types::{LogIndex, LogPosition, NodeId, SerialNumber, SessionId, Term, VirtualTime};

/// How many commands of sessions are remembered, to be sent again.
const REMEMBERED: usize = 16;

/// How the reason begins where a node went down by a panic.
const A_BUG: &str = "a bug";

/// A run in the making.
pub(super) struct Generator<'a, M> {
    pub(super) world: &'a mut World<M>,
    pub(super) random: Random,
    pub(super) weather: &'a Weather,
    given: &'a mut Vec<TimedCommand>,
    pub(super) coverage: Coverage,
    /// The nodes whose disks have failed or were full at some time: that they go down for it is right.
    pub(super) doubtful: BTreeSet<NodeId>,
    /// A node that went down by itself, and why.
    pub(super) failed: Option<(NodeId, String)>,
    /// Nothing is done any more in answer to what is seen.
    pub(super) is_calm: bool,
    /// How many commands clients know to be done.
    pub(super) done: u64,
    /// The entries that clients know to be done.
    pub(super) acknowledged: BTreeMap<LogIndex, Term>,
    /// When somebody was last refused a vote for the term alone: another stood in it, or in a later one.
    pub(super) contended: VirtualTime,
    /// The term of the last entry that each node applied.
    applied: BTreeMap<NodeId, LogPosition>,
    agenda: BTreeMap<(VirtualTime, u64), Step>,
    planned: u64,
    /// What was heard last: its memory is used again.
    heard: Vec<Record>,
    nodes: BTreeMap<NodeId, Condition>,
    sessions: Vec<SessionId>,
    serials: BTreeMap<SessionId, SerialNumber>,
    /// What was proposed in sessions lately.
    sent: VecDeque<(SessionId, SerialNumber, String)>,
    /// No reaction before this: they would get in each other's way.
    quiet_until: VirtualTime,
}

/// What is to come.
#[derive(Clone, Debug)]
enum Step {
    /// Something, chosen then.
    Choose,
    /// This.
    Do(Command),
}

impl<'a, M: Workload> Generator<'a, M> {
    /// Takes over a world in which nothing has happened.
    pub(super) fn new(
        world: &'a mut World<M>,
        random: Random,
        weather: &'a Weather,
        given: &'a mut Vec<TimedCommand>,
    ) -> Self {
        // Where nothing has happened yet, that can be done.
        drop(world.keep_calls());
        Self {
            world,
            random,
            weather,
            given,
            coverage: Coverage::default(),
            doubtful: BTreeSet::new(),
            failed: None,
            is_calm: false,
            done: 0,
            acknowledged: BTreeMap::new(),
            contended: VirtualTime::default(),
            applied: BTreeMap::new(),
            agenda: BTreeMap::new(),
            planned: 0,
            heard: Vec::new(),
            nodes: BTreeMap::new(),
            sessions: Vec::new(),
            serials: BTreeMap::new(),
            sent: VecDeque::new(),
            quiet_until: VirtualTime::default(),
        }
    }

    /// Lets faults and requests come until the end, or until something is broken.
    pub(super) fn run(&mut self, end: VirtualTime) {
        for command in self.weather.beginning.clone() {
            self.give(command);
        }
        self.plan(VirtualTime::default(), Step::Choose);
        while !self.is_over() {
            let Some((&(at, number), _)) = self.agenda.first_key_value() else {
                break;
            };
            if at >= end {
                break;
            }
            if !self.run_to(at) {
                // Something was seen, and there may be something to do before.
                continue;
            }
            if let Some(step) = self.agenda.remove(&(at, number)) {
                self.take(step);
            }
        }
        self.agenda.clear();
        while !self.is_over() && self.world.next_event_at().is_some_and(|at| at < end) {
            self.step();
        }
    }

    /// Gives commands at their moments, without any of its own, and lets time go on to the end.
    pub(super) fn follow(&mut self, commands: &[TimedCommand], end: Moment) {
        self.is_calm = true;
        self.look();
        for timed in commands {
            self.go_to(timed.at, timed.after);
            if self.is_over() {
                return;
            }
            self.give(timed.command.clone());
        }
        self.go_to(end.at, end.after);
    }

    fn go_to(&mut self, at: VirtualTime, after: u32) {
        self.world.run_into(at, after);
        self.look();
    }

    /// Whether there is nothing more to find.
    pub(super) fn is_over(&self) -> bool {
        self.failed.is_some() || self.world.violation().is_some()
    }

    /// Carries out all that is due before a time and moves time there; or stops where something is to be done before, or is broken.
    fn run_to(&mut self, time: VirtualTime) -> bool {
        while self.world.next_event_at().is_some_and(|at| at < time) {
            self.step();
            let is_first = |agenda: &BTreeMap<(VirtualTime, u64), Step>| {
                agenda.first_key_value().is_some_and(|((at, _), _)| *at < time)
            };
            if self.is_over() || is_first(&self.agenda) {
                return false;
            }
        }
        // Also where an agenda has something for a moment that is over already: then it is done now.
        if time > self.world.now() {
            self.world.run_into(time, 0);
        }
        true
    }

    /// Lets time go on without any fault.
    pub(super) fn run_for(&mut self, time: Duration) {
        let end = self.world.now().after(time);
        while !self.is_over() && self.world.next_event_at().is_some_and(|at| at <= end) {
            self.step();
        }
        if !self.is_over() {
            self.world.run_until(end);
        }
    }

    /// How many commands were given.
    pub(super) fn given_so_far(&self) -> usize {
        self.given.len()
    }

    /// This moment.
    pub(super) fn moment(&self) -> Moment {
        Moment::of(self.world)
    }

    fn step(&mut self) {
        self.world.step();
        self.look();
    }

    /// Takes note of what happened, and may do something about it.
    pub(super) fn look(&mut self) {
        let mut heard = std::mem::take(&mut self.heard);
        self.world.drain_records_into(&mut heard);
        for record in &heard {
            self.coverage.note(record.at, &record.what);
            self.note(&record.what);
            if !self.is_over() && !self.is_calm {
                self.react(&record.what);
            }
        }
        self.heard = heard;
    }

    fn note(&mut self, what: &Happening) {
        match what {
            Happening::Started { node, .. } | Happening::Commanded(Command::Thaw(node)) => {
                self.nodes.insert(*node, Condition::Up);
            }
            Happening::Stopped { node, how } => {
                self.nodes.insert(*node, Condition::Down);
                if let Stop::Failed { reason } = how
                    && (!self.doubtful.contains(node) || reason.contains(A_BUG))
                {
                    self.failed = Some((*node, reason.clone()));
                }
            }
            Happening::Commanded(Command::DiskFault { node, .. }) => drop(self.doubtful.insert(*node)),
            Happening::Commanded(Command::Freeze(node)) => {
                self.nodes.insert(*node, Condition::Frozen);
            }
            Happening::Applied { node, position, .. } => drop(self.applied.insert(*node, *position)),
            Happening::Answered {
                node,
                answer: ClientAnswer::Done { index, .. },
                ..
            } => {
                self.done += 1;
                let last = self.applied.get(node).filter(|last| last.index == *index);
                self.acknowledged.extend(last.map(|last| (last.index, last.term)));
            }
            Happening::Node {
                event:
                    Event::VoteRefused {
                        reason: VoteRefusal::StaleTerm { .. } | VoteRefusal::AlreadyVoted { .. },
                        ..
                    },
                ..
            } => self.contended = self.world.now(),
            Happening::Answered { .. }
            | Happening::Commanded(_)
            | Happening::Node { .. }
            | Happening::Routes { .. }
            | Happening::JoinSentOn { .. }
            | Happening::TimerFired { .. }
            | Happening::Sent { .. }
            | Happening::Delivered { .. }
            | Happening::Lost { .. }
            | Happening::WriteBegun { .. }
            | Happening::SnapshotBegun { .. }
            | Happening::SnapshotFailed { .. }
            | Happening::Violated { .. }
            | Happening::ClientAsked(_)
            | Happening::Handled { .. } => {}
        }
    }

    /// Gives a command now. What can't be done is no part of the run.
    pub(super) fn give(&mut self, command: Command) -> bool {
        let (at, after) = (self.world.now(), self.world.carried_out());
        let is_done = self.world.command(command.clone()).is_ok();
        if is_done {
            self.given.push(TimedCommand { at, after, command });
            self.look();
        }
        is_done
    }

    fn plan(&mut self, at: VirtualTime, step: Step) {
        self.planned += 1;
        self.agenda.insert((at.max(self.world.now()), self.planned), step);
    }

    /// Gives a command some milliseconds from now.
    fn later(&mut self, millis: (u64, u64), command: Command) {
        let at = self.random.within(self.world.now(), millis);
        self.plan(at, Step::Do(command));
    }

    /// Undoes a fault once it has lasted for a while.
    fn undo(&mut self, command: Command) {
        let longest = self.random.one_of(&[10, 60, 200, 600, self.weather.longest]);
        self.later((1, longest), command);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Do(command) => drop(self.give(command)),
            Step::Choose => {
                let deed = self.choose();
                self.perform(deed);
                let pause = (0, 2 * self.weather.pause);
                let at = self.random.within(self.world.now(), pause);
                self.plan(at, Step::Choose);
            }
        }
    }

    fn choose(&mut self) -> Deed {
        let whole = self.weather.deeds.iter().map(|(_, weight)| weight).sum();
        let mut place = self.random.below(whole);
        for &(deed, weight) in &self.weather.deeds {
            if place < weight {
                return deed;
            }
            place -= weight;
        }
        Deed::Propose
    }

    /// All nodes that there are.
    pub(super) fn everybody(&self) -> Vec<NodeId> {
        self.nodes.keys().copied().collect()
    }

    /// The nodes in a condition.
    fn those(&self, condition: Condition) -> Vec<NodeId> {
        let nodes = self.nodes.iter();
        nodes
            .filter(|(_, found)| **found == condition)
            .map(|(id, _)| *id)
            .collect()
    }

    fn others(&self, than: NodeId) -> Vec<NodeId> {
        self.nodes.keys().copied().filter(|id| *id != than).collect()
    }

    /// Whether so many are down or frozen that more are spared.
    fn are_enough_down(&self) -> bool {
        let well = self.those(Condition::Up).len();
        (self.nodes.len() - well) as u64 >= self.weather.most_down.max(1)
    }

    /// A node that runs, for the most part the leader.
    fn victim(&mut self) -> Option<NodeId> {
        let leader = self.world.leader().filter(|_| self.random.one_in(2));
        let up = self.those(Condition::Up);
        leader.or_else(|| self.random.any_of(&up))
    }
}
