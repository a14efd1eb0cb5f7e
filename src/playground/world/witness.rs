//! A witness of what clients are told: a state machine outside the cluster that replays what is committed. Every answer is held against it.
//!
//! It is near-linear in what happens. Each entry is replayed once when the first node applies it, and its answer kept as a hash, for those who apply it
//! later; and once more for each node that answers reads from a state behind the latest.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;

use crate::consensus::Persistent;
use crate::machine::{Execution, SerialCheck, Sessions, StateMachine};
use crate::node::{Applied, snapshot};
use crate::types::{LogIndex, NodeId, Payload, ProposalId};

/// A replay of what is committed.
pub(super) struct Witness<M> {
    /// The data of the snapshot from which all replays begin, if they do from one.
    origin: Option<Bytes>,
    /// The last entry that it stands for.
    base: LogIndex,
    /// What the entries from there carry.
    payloads: Vec<Payload>,
    /// What each was answered, as a hash.
    answers: Vec<u64>,
    latest: Replay<M>,
    /// The replays of nodes that answered reads from earlier states.
    behind: BTreeMap<NodeId, Replay<M>>,
    /// The questions that wait for an answer.
    asked: BTreeMap<ProposalId, Bytes>,
    /// Whether some entry was missed: then it says nothing any more.
    is_blind: bool,
}

/// A machine that has applied everything through an index.
struct Replay<M> {
    machine: Sessions<M>,
    applied: LogIndex,
}

impl<M: StateMachine + Default> Replay<M> {
    /// A machine as the snapshot has it; `None` where it is none.
    fn from(origin: Option<&Bytes>, base: LogIndex) -> Option<Self> {
        let mut machine = Sessions::around(M::default());
        if let Some(data) = origin {
            snapshot::restore(&mut machine, data).ok()?;
        }
        Some(Self {
            machine,
            applied: base,
        })
    }

    fn apply(&mut self, payload: &Payload) -> Execution {
        self.applied = self.applied.next();
        self.machine.apply(self.applied, payload, SerialCheck::Kept)
    }
}

/// What a client was told, and what a replay says.
pub(super) struct Testimony {
    /// The entry, or the last that was applied.
    pub(super) index: LogIndex,
    /// Whether they are the same.
    pub(super) is_same: bool,
}

impl<M: StateMachine + Default> Witness<M> {
    pub(super) fn new() -> Self {
        let machine = Sessions::around(M::default());
        let applied = LogIndex::GENESIS;
        Self {
            origin: None,
            base: applied,
            payloads: Vec::new(),
            answers: Vec::new(),
            latest: Replay { machine, applied },
            behind: BTreeMap::new(),
            asked: BTreeMap::new(),
            is_blind: false,
        }
    }

    /// A node that has applied so much when a save is loaded, or has a snapshot when it starts: what is there is believed.
    pub(super) fn found(&mut self, persistent: &Persistent, applied: LogIndex) {
        if applied <= self.latest.applied {
            return;
        }
        let snapshot = persistent.snapshot.as_ref();
        let base = snapshot.map_or(LogIndex::GENESIS, |snapshot| snapshot.last.index);
        let origin = snapshot.map(|snapshot| snapshot.data.clone());
        let Some(latest) = Replay::from(origin.as_ref(), base) else {
            self.is_blind = true;
            return;
        };
        (self.origin, self.base, self.latest) = (origin, base, latest);
        self.payloads.clear();
        self.answers.clear();
        self.behind.clear();
        for (index, entry) in persistent.log.iter() {
            if index > base && index <= applied {
                self.replay(index, &entry.payload);
            }
        }
    }

    /// Replays the next entry. Gives whether it was the next.
    fn replay(&mut self, index: LogIndex, payload: &Payload) -> bool {
        if index != self.latest.applied.next() {
            return false;
        }
        let execution = self.latest.apply(payload);
        self.payloads.push(payload.clone());
        self.answers.push(hash(&execution));
        true
    }

    /// A node has applied an entry; `None` where nothing can be said of it.
    pub(super) fn applied(&mut self, applied: &Applied) -> Option<Testimony> {
        let index = applied.position.index;
        if index > self.latest.applied && !self.replay(index, &applied.payload) {
            self.is_blind = true;
        }
        let known = self.place(index).and_then(|place| self.answers.get(place));
        known.filter(|_| !self.is_blind).map(|known| Testimony {
            index,
            is_same: *known == hash(&applied.execution),
        })
    }

    /// A client asks.
    pub(super) fn asked(&mut self, read: ProposalId, query: Bytes) {
        self.asked.insert(read, query);
    }

    /// A read got no answer.
    pub(super) fn dropped(&mut self, read: ProposalId) {
        self.asked.remove(&read);
    }

    /// A node has answered a read from the state at an index; `None` where nothing can be said of it.
    pub(super) fn read(
        &mut self,
        node: NodeId,
        read: ProposalId,
        index: LogIndex,
        answer: &[u8],
    ) -> Option<Testimony> {
        let query = self.asked.remove(&read)?;
        if self.is_blind || index < self.base || index > self.latest.applied {
            return None;
        }
        let replayed = if index == self.latest.applied {
            self.latest.machine.machine().query(&query)
        } else {
            self.state_at(node, index)?.machine.machine().query(&query)
        };
        Some(Testimony {
            index,
            is_same: replayed == answer,
        })
    }

    /// The state at an index before the latest. Nodes that run go forward only, so each entry is replayed once for each.
    fn state_at(&mut self, node: NodeId, index: LogIndex) -> Option<&Replay<M>> {
        let before = self.behind.remove(&node).filter(|replay| replay.applied <= index);
        let mut replay = match before {
            Some(replay) => replay,
            None => Replay::from(self.origin.as_ref(), self.base)?,
        };
        while replay.applied < index {
            let place = self.place(replay.applied.next())?;
            replay.apply(&self.payloads[place]);
        }
        Some(self.behind.entry(node).or_insert(replay))
    }

    /// Where an entry stands among those replayed.
    fn place(&self, index: LogIndex) -> Option<usize> {
        let place = index.number().checked_sub(self.base.number() + 1)?;
        usize::try_from(place).ok()
    }
}

/// What an entry was answered; whether it was executed then or before does not matter.
fn hash(execution: &Execution) -> u64 {
    let mut hasher = DefaultHasher::new();
    match execution {
        Execution::Executed(answer) | Execution::Repeated(answer) => answer.hash(&mut hasher),
        other @ (Execution::Nothing | Execution::Opened(_) | Execution::Refused(_)) => other.hash(&mut hasher),
    }
    hasher.finish()
}
