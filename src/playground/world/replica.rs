//! A state machine outside the cluster that replays what is committed: what a snapshot should hold is held against it.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::machine::{SerialCheck, Sessions, StateMachine};
use crate::node::snapshot;
use crate::types::{ByIndex, LogIndex, Payload, Snapshot};

/// So many states are kept. What a snapshot from before the first of them should hold is not known any more.
const STATES_KEPT: usize = 256;

/// What is known to be committed, and the states that it led to.
#[derive(Clone)]
pub(super) struct Replica {
    /// What the committed entries carry, by index, as far as they were seen.
    payloads: ByIndex<Payload>,
    /// The data of snapshots that were right, by their last entry: a replay begins from the latest one before.
    states: BTreeMap<LogIndex, Bytes>,
}

impl Replica {
    /// Some measure of what a clone of it does not share with it, in entries.
    pub(super) fn entries_copied(&self) -> usize {
        self.payloads.copied()
    }

    pub(super) fn new() -> Self {
        Self {
            payloads: ByIndex::new(),
            states: BTreeMap::new(),
        }
    }

    /// Takes note of an entry that a node has applied. What was applied first counts: that others agree is for others to say.
    pub(super) fn applied(&mut self, index: LogIndex, payload: &Payload) {
        self.payloads.insert_if_absent(index, || payload.clone());
    }

    /// Takes note of a snapshot that was there before anybody watched.
    pub(super) fn found(&mut self, snapshot: &Snapshot) {
        let state = || snapshot.data.clone();
        self.states.entry(snapshot.last.index).or_insert_with(state);
    }

    /// The data that a snapshot through `index` should have; `None` where not enough was seen.
    pub(super) fn data_through<M: StateMachine + Default>(&mut self, index: LogIndex) -> Option<Bytes> {
        let mut machine = Sessions::around(M::default());
        let mut next = LogIndex::GENESIS.next();
        if let Some((&at, data)) = self.states.range(..=index).next_back() {
            if at == index {
                return Some(data.clone());
            }
            snapshot::restore(&mut machine, data).ok()?;
            next = at.next();
        }
        while next <= index {
            machine.apply(next, self.payloads.get(next)?, SerialCheck::Kept);
            next = next.next();
        }
        machine.machine_mut().perform_snapshot(index).wait().ok()?;
        let state = machine.machine().snapshot()?.into_bytes().ok()?;
        let data = snapshot::encode(machine.table(), &state);
        self.states.insert(index, data.clone());
        self.forget_what_is_long_past();
        Some(data)
    }

    fn forget_what_is_long_past(&mut self) {
        if self.states.len() > STATES_KEPT {
            self.states.pop_first();
            if let Some((&oldest, _)) = self.states.first_key_value() {
                self.payloads.forget_before(oldest);
            }
        }
    }
}
