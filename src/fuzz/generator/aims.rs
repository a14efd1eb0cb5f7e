//! What is done in answer to what was seen, and what takes several commands one after the other.

use std::time::Duration;

use super::{Generator, Step};
use crate::consensus::Event;
use crate::fuzz::Workload;
use crate::fuzz::weather::Deed;
use crate::playground::{ClientAnswer, Command, Condition, Happening};
use crate::types::{NodeId, VirtualTime};

/// For how long nothing else is done in answer to what is seen.
const PAUSE: Duration = Duration::from_millis(40);

impl<M: Workload> Generator<'_, M> {
    /// May do something about what happened.
    pub(super) fn react(&mut self, what: &Happening) {
        match what {
            Happening::Answered {
                answer: ClientAnswer::SessionOpened { session },
                ..
            } => self.sessions.push(*session),
            Happening::Node { node, event } => self.react_to_event(*node, event),
            Happening::WriteBegun { node, due, .. } => self.react_to_write(*node, *due),
            Happening::Answered { .. }
            | Happening::Commanded(_)
            | Happening::Started { .. }
            | Happening::Stopped { .. }
            | Happening::Routes { .. }
            | Happening::JoinSentOn { .. }
            | Happening::TimerFired { .. }
            | Happening::Sent { .. }
            | Happening::Delivered { .. }
            | Happening::Lost { .. }
            | Happening::SnapshotBegun { .. }
            | Happening::SnapshotFailed { .. }
            | Happening::Applied { .. }
            | Happening::Violated { .. }
            | Happening::ClientAsked(_)
            | Happening::Handled { .. } => {}
        }
    }

    fn react_to_event(&mut self, node: NodeId, event: &Event) {
        let reactions = self.weather.reactions;
        if matches!(event, Event::BecameLeader { .. }) && self.is_time(reactions.leader) {
            self.react_to_leader(node);
        } else if matches!(event, Event::CommittedByCounting { .. }) && self.is_time(reactions.commit) {
            self.betray(node);
            self.set_off_another(node);
        } else if matches!(event, Event::ConfigurationAppended { .. })
            && self.is_time(reactions.configuration)
        {
            self.react_to_configuration(node);
        } else if matches!(event, Event::ElectionStarted { .. }) && self.is_time(reactions.candidate) {
            self.set_off_another(node);
        } else if matches!(
            event,
            Event::PieceReceived { .. } | Event::SnapshotInstalled { .. }
        ) && self.is_time(reactions.snapshot)
        {
            let leader = self.world.leader().filter(|_| self.random.one_in(2));
            self.betray(leader.unwrap_or(node));
        } else if matches!(event, Event::TransferAsked { .. }) && self.is_time(reactions.transfer) {
            self.react_to_transfer(node);
        }
    }

    /// Whether it is time to react to something to which one reacts once in so many times.
    fn is_time(&mut self, chance: Option<u64>) -> bool {
        let now = self.world.now();
        let is_time = now >= self.quiet_until && chance.is_some_and(|count| self.random.one_in(count));
        if is_time {
            self.quiet_until = now.after(PAUSE);
        }
        is_time
    }

    fn now(&mut self, command: Command) {
        self.plan(self.world.now(), Step::Do(command));
    }

    fn react_to_leader(&mut self, leader: NodeId) {
        match self.random.below(6) {
            0 | 1 => {
                let (to, command) = (Some(leader), M::command(&mut self.random));
                self.now(Command::Propose { to, command });
                self.betray(leader);
                self.set_off_another(leader);
            }
            2 if self.weather.has(Deed::Read) => {
                let at = Some(leader);
                for way in self.weather.ways.clone() {
                    let query = M::question(&mut self.random);
                    self.now(Command::Read { at, query, way });
                }
            }
            3 if self.weather.has(Deed::Change) => drop(self.change()),
            4 => self.betray(leader),
            2 | 3 | 5.. => self.set_off_another(leader),
        }
    }

    fn react_to_configuration(&mut self, leader: NodeId) {
        match self.random.below(3) {
            0 => {
                self.betray(leader);
                self.set_off_another(leader);
            }
            1 => {
                // Whoever counts by the wrong configuration is now on its own.
                let all = self.everybody();
                let some = self.random.some_of(&all);
                let rest = all.iter().copied().filter(|id| !some.contains(id)).collect();
                self.now(Command::Partition(vec![some, rest]));
                self.set_off_another(leader);
                self.undo(Command::Heal);
            }
            2.. => drop(self.change()),
        }
    }

    fn react_to_transfer(&mut self, leader: NodeId) {
        if self.weather.has(Deed::Read) {
            let at = Some(leader);
            for way in self.weather.ways.clone() {
                let query = M::question(&mut self.random);
                self.later((0, 80), Command::Read { at, query, way });
            }
        }
        if self.random.one_in(2) {
            self.betray(leader);
        }
    }

    fn react_to_write(&mut self, node: NodeId, due: VirtualTime) {
        if !self.weather.has(Deed::PowerCut) || !self.is_time(self.weather.reactions.write) {
            return;
        }
        let takes = due.since(self.world.now()).as_nanos();
        let takes = u64::try_from(takes / 1_000).unwrap_or(u64::MAX);
        let at = Duration::from_micros(self.random.below(takes));
        let how = self.power_cut();
        self.plan(self.world.now().after(at), Step::Do(how(node)));
        self.undo(Command::Restart(node));
    }

    /// Something happens to a node, at once or soon.
    fn betray(&mut self, node: NodeId) {
        let soon = self.random.one_of(&[(0, 0), (0, 0), (0, 10), (0, 60)]);
        let others = self.others(node);
        match self.random.below(5) {
            0 if self.weather.has(Deed::Crash) => {
                self.later(soon, Command::Crash(node));
                self.undo(Command::Restart(node));
            }
            1 if self.weather.has(Deed::PowerCut) => {
                let how = self.power_cut();
                self.later(soon, how(node));
                self.undo(Command::Restart(node));
            }
            2 if self.weather.has(Deed::Freeze) => {
                self.later(soon, Command::Freeze(node));
                self.undo(Command::Thaw(node));
            }
            3 if others.len() > 2 => {
                let mut others = self.random.shuffled(others);
                let friend = others.pop().expect("there are some");
                self.later(soon, Command::Partition(vec![vec![node, friend], others]));
                self.undo(Command::Heal);
            }
            0..=2 | 3.. => {
                self.later(soon, Command::Partition(vec![vec![node], others]));
                self.undo(Command::Heal);
            }
        }
    }

    /// Another node's election timer runs out soon.
    fn set_off_another(&mut self, node: NodeId) {
        let others = self.others(node);
        if let Some(other) = self.random.any_of(&others) {
            self.later((0, 80), Command::FireTimer(other));
        }
    }

    /// A leader is cut off, another set up against it and given something to commit, and clients ask the first for what it
    /// can't know.
    pub(super) fn set_up_rival(&mut self) {
        let Some(leader) = self.world.leader() else {
            return;
        };
        let others = self.others(leader);
        let up: Vec<NodeId> = self.those(Condition::Up);
        let able: Vec<NodeId> = others.iter().copied().filter(|id| up.contains(id)).collect();
        let Some(rival) = self.random.any_of(&able) else {
            return;
        };
        self.give(Command::Partition(vec![vec![leader], others.clone()]));
        if self.random.one_in(2) {
            for &id in &able {
                self.give(Command::Crash(id));
                self.give(Command::Restart(id));
            }
        }
        self.give(Command::FireTimer(rival));
        for millis in [15, 30, 60, 100] {
            let (to, command) = (Some(rival), M::command(&mut self.random));
            self.later((millis, millis + 10), Command::Propose { to, command });
        }
        for millis in [25, 40, 60, 80, 100, 120, 150, 250, 400] {
            let (at, query) = (Some(leader), M::question(&mut self.random));
            let way = self.random.one_of(&self.weather.ways);
            self.later((millis, millis + 15), Command::Read { at, query, way });
        }
        self.later((150, 600), Command::Heal);
    }
}
