//! The clients that ask by themselves.

use std::time::Duration;

use bytes::Bytes;

use super::super::command::Command;
use super::super::draw::{Draws, Purpose};
use super::super::load::Load;
use super::super::record::Happening;
use super::super::snapshot::Condition;
use super::{Due, Slot, World};
use crate::consensus::ReadWay;
use crate::machine::Exhibit;
use crate::types::NodeId;

/// Where the clients who ask by themselves are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asking {
    /// When the next of them asks, where they do.
    pub(super) next: Option<Slot>,
    /// How often they have asked, or have waited to: the ordinal of the draws about it.
    pub(super) asked: u64,
}

/// What a client asks for.
enum Operation {
    Command(String),
    Query(String),
}

/// How long it takes until the next client asks.
pub(super) fn client_pause(draws: Draws, load: Load, asked: u64) -> Duration {
    draws.duration(Purpose::LoadPause, &[asked], load.pause())
}

impl<M: Exhibit + Default> World<M> {
    /// Has clients ask like this from now on, or no more.
    pub(super) fn set_load(&mut self, load: Option<Load>) {
        if let Some(slot) = self.asking.next.take() {
            self.queue.remove(&slot);
        }
        self.settings.load = load;
        self.await_client();
    }

    /// A client asks, and the next one waits. Where nobody is there to be asked, that goes by.
    pub(super) fn ask_by_itself(&mut self) {
        self.asking.next = None;
        let load = self.settings.load;
        if let Some((node, operation)) = load.and_then(|load| self.next_operation(load)) {
            match operation {
                Operation::Command(command) => {
                    self.record(Happening::ClientAsked(Command::Propose {
                        to: Some(node),
                        command: command.clone(),
                    }));
                    // What a person asked last may be tried again, whatever these clients ask meanwhile.
                    let last = self.clients.last.take();
                    self.propose(node, Bytes::from(command));
                    self.clients.last = last;
                }
                Operation::Query(query) => {
                    let way = ReadWay::Index;
                    self.record(Happening::ClientAsked(Command::Read {
                        at: Some(node),
                        query: query.clone(),
                        way,
                    }));
                    self.read(node, query, way);
                }
            }
        }
        self.await_client();
        self.halt_on_violation();
    }

    fn await_client(&mut self) {
        if let Some(load) = self.settings.load {
            self.asking.asked += 1;
            let pause = client_pause(self.draws, load, self.asking.asked);
            self.asking.next = Some(self.schedule(self.now.after(pause), Due::Client));
        }
    }

    /// What is asked for next, and of whom.
    fn next_operation(&self, load: Load) -> Option<(NodeId, Operation)> {
        let asked = self.asking.asked;
        let draw = |purpose| self.draws.word(purpose, &[asked]);
        let is_within = |purpose, percent: u32| draw(purpose) % 100 < u64::from(percent);
        let key = if is_within(Purpose::LoadSkew, load.skew) {
            0
        } else {
            draw(Purpose::LoadKey) % u64::from(load.keys)
        };
        let operation = if is_within(Purpose::LoadKind, load.reads) {
            M::sample_query(key).map(Operation::Query)
        } else {
            M::sample_command(key, asked).map(Operation::Command)
        };
        Some((self.whom_to_ask(load)?, operation?))
    }

    fn whom_to_ask(&self, load: Load) -> Option<NodeId> {
        let is_up = |id: &NodeId| {
            self.nodes
                .get(id)
                .is_some_and(|node| node.condition == Condition::Up)
        };
        if load.at.is_some() {
            return load.at.filter(is_up);
        }
        if let Some(leader) = self.leader() {
            return Some(leader).filter(is_up);
        }
        let up: Vec<NodeId> = self.nodes.keys().copied().filter(is_up).collect();
        let draw = self.draws.word(Purpose::LoadNode, &[self.asking.asked]);
        up.get(usize::try_from(draw % (up.len() as u64).max(1)).unwrap_or_default())
            .copied()
    }
}
