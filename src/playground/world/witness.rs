//! A witness of what clients are told: a state machine outside the cluster that replays what is committed. Every answer is held against it.
//!
//! With the order that [`check`](crate::check) watches (what is called after an answer stands after it in the log) this is a proof that clients see
//! one copy of the state that does one thing after the other, and the log is the order: so nothing has to be searched for.
//!
//! It costs about the same for each thing that happens. An entry is replayed once, when the first node applies it, and its answer kept as a hash for those
//! who apply it later; and once more for each node that answers reads from a state behind the latest.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};

use bytes::Bytes;
use foldhash::quality::FixedState;

use super::super::record::ClientAnswer;
use crate::consensus::Persistent;
use crate::machine::{Execution, SerialCheck, Sessions, StateMachine};
use crate::node::{Applied, snapshot};
use crate::types::{LogIndex, NodeId, Payload, ProposalId, Snapshot};

/// At least so many of the latest entries are kept, and no more than twice as many. Of what is answered from a state before them, nothing is said.
const KEPT: usize = 2_048;

/// A replay of what is committed.
pub(super) struct Witness<M> {
    /// From where all replays begin.
    origin: Origin,
    /// Where they will begin once the entries up to there are long past.
    next_origin: Option<Origin>,
    /// What the entries after the origin carry, and what each was answered, as a hash.
    entries: VecDeque<(Payload, u64)>,
    latest: Replay<M>,
    /// The replays of nodes that answered reads from earlier states.
    behind: BTreeMap<NodeId, Replay<M>>,
    /// The questions that wait for an answer.
    asked: BTreeMap<ProposalId, Bytes>,
    /// Whether it sees nothing.
    is_blind: bool,
}

/// A state from which replays begin.
struct Origin {
    /// The last entry applied to it.
    index: LogIndex,
    /// It, as a snapshot's data; `None` is the state at the very beginning.
    data: Option<Bytes>,
}

/// A machine that has applied everything through an index.
struct Replay<M> {
    machine: Sessions<M>,
    applied: LogIndex,
}

/// What a client was told, and what a replay says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Testimony {
    /// The entry, or the last that was applied.
    pub(super) index: LogIndex,
    /// Whether they are the same.
    pub(super) is_same: bool,
}

impl<M: StateMachine + Default> Replay<M> {
    /// A machine in this state; `None` where the data is no state.
    fn from(origin: &Origin) -> Option<Self> {
        let mut machine = Sessions::around(M::default());
        if let Some(data) = &origin.data {
            snapshot::restore(&mut machine, data).ok()?;
        }
        let applied = origin.index;
        Some(Self { machine, applied })
    }

    fn apply(&mut self, payload: &Payload) -> Execution {
        self.applied = self.applied.next();
        self.machine.apply(self.applied, payload, SerialCheck::Kept)
    }

    /// Its state as a snapshot's data; `None` where the machine takes none.
    fn written_down(&mut self) -> Option<Origin> {
        let machine = self.machine.machine_mut();
        machine.perform_snapshot(self.applied).wait().ok()?;
        let state = machine.snapshot()?.into_bytes().ok()?;
        Some(Origin {
            index: self.applied,
            data: Some(snapshot::encode(self.machine.table(), &state)),
        })
    }
}

impl<M: StateMachine + Default> Witness<M> {
    pub(super) fn new() -> Self {
        let machine = Sessions::around(M::default());
        let index = LogIndex::GENESIS;
        Self {
            origin: Origin { index, data: None },
            next_origin: None,
            entries: VecDeque::new(),
            latest: Replay {
                machine,
                applied: index,
            },
            behind: BTreeMap::new(),
            asked: BTreeMap::new(),
            is_blind: false,
        }
    }

    /// Sees nothing from now on, and says nothing.
    pub(super) fn be_blind(&mut self) {
        self.is_blind = true;
    }

    /// A node that starts, or that a save has: what it has applied is believed, where nothing is known of it.
    pub(super) fn found(&mut self, persistent: &Persistent, applied: LogIndex) {
        if applied <= self.latest.applied || self.is_blind {
            return;
        }
        match &persistent.snapshot {
            Some(snapshot) => self.installed(snapshot),
            None if persistent.log.base().index == LogIndex::GENESIS => {}
            None => return,
        }
        for (index, entry) in persistent.log.iter() {
            if index <= applied {
                self.replay(index, &entry.payload);
            }
        }
    }

    /// A snapshot that is put in force: what it stands for is believed, where nothing is known of it. For the rest there is
    /// [`SnapshotEqualsPrefix`](crate::check::Property::SnapshotEqualsPrefix).
    pub(super) fn installed(&mut self, snapshot: &Snapshot) {
        let index = snapshot.last.index;
        if index <= self.latest.applied || self.is_blind {
            return;
        }
        let data = Some(snapshot.data.clone());
        let origin = Origin { index, data };
        if let Some(latest) = Replay::from(&origin) {
            (self.origin, self.next_origin, self.latest) = (origin, None, latest);
            self.entries.clear();
            self.behind.clear();
        }
    }

    /// Replays an entry, if it is the next.
    fn replay(&mut self, index: LogIndex, payload: &Payload) {
        if index == self.latest.applied.next() {
            let execution = self.latest.apply(payload);
            self.entries.push_back((payload.clone(), hash(&execution)));
            if self.entries.len().is_multiple_of(KEPT) {
                self.forget_what_is_long_past();
            }
        }
    }

    fn forget_what_is_long_past(&mut self) {
        if let Some(origin) = self.next_origin.take() {
            let past = origin.index.number() - self.origin.index.number();
            self.entries.drain(..usize::try_from(past).unwrap_or(usize::MAX));
            self.behind.retain(|_, replay| replay.applied >= origin.index);
            self.origin = origin;
        }
        self.next_origin = self.latest.written_down();
    }

    /// A node has applied an entry; `None` where nothing is known of it.
    pub(super) fn applied(&mut self, applied: &Applied) -> Option<Testimony> {
        if self.is_blind {
            return None;
        }
        let index = applied.position.index;
        self.replay(index, &applied.payload);
        let (_, known) = self.entries.get(self.place(index)?)?;
        let is_same = *known == hash(&applied.execution);
        Some(Testimony { index, is_same })
    }

    /// A client asks.
    pub(super) fn asked(&mut self, read: ProposalId, query: Bytes) {
        if !self.is_blind {
            self.asked.insert(read, query);
        }
    }

    /// A client was answered; `None` where it was no read, or nothing is known of the state that it saw.
    pub(super) fn answered(
        &mut self,
        node: NodeId,
        call: ProposalId,
        answer: &ClientAnswer,
    ) -> Option<Testimony> {
        let query = self.asked.remove(&call)?;
        let ClientAnswer::Read { applied, answer } = answer else {
            return None;
        };
        let index = *applied;
        let replay = if index == self.latest.applied {
            &self.latest
        } else {
            self.state_at(node, index)?
        };
        let is_same = replay.machine.machine().query(&query) == *answer;
        Some(Testimony { index, is_same })
    }

    /// The state at an index before the latest. Nodes that run go forward only, so each entry is replayed once for each.
    fn state_at(&mut self, node: NodeId, index: LogIndex) -> Option<&Replay<M>> {
        if index < self.origin.index || index > self.latest.applied {
            return None;
        }
        let before = self.behind.remove(&node).filter(|replay| replay.applied <= index);
        let mut replay = before.or_else(|| Replay::from(&self.origin))?;
        while replay.applied < index {
            let (payload, _) = &self.entries[self.place(replay.applied.next())?];
            replay.apply(payload);
        }
        Some(self.behind.entry(node).or_insert(replay))
    }

    /// Where an entry stands among those that are kept.
    fn place(&self, index: LogIndex) -> Option<usize> {
        let place = index.number().checked_sub(self.origin.index.number() + 1)?;
        usize::try_from(place).ok()
    }
}

/// What an entry was answered; whether it was executed then or before does not matter.
fn hash(execution: &Execution) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    match execution {
        Execution::Executed(answer) | Execution::Repeated(answer) => answer.hash(&mut hasher),
        other
        @ (Execution::Nothing | Execution::Opened(_) | Execution::Closed(_) | Execution::Refused(_)) => {
            other.hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::KeyValue;
    use crate::types::{LogPosition, Term};

    const S1: NodeId = NodeId::new(1);

    fn applied(at: u64, answer: &str) -> Applied {
        Applied {
            position: LogPosition::new(LogIndex::new(at), Term::new(1)),
            payload: Payload::Command(Bytes::from("append x .")),
            execution: Execution::Executed(Bytes::copy_from_slice(answer.as_bytes())),
        }
    }

    /// A read at S1 that saw so many dots after so many entries.
    fn read(witness: &mut Witness<KeyValue>, at: u64, dots: usize) -> Option<bool> {
        let call = ProposalId::new(1);
        witness.asked(call, Bytes::from("x"));
        let read = ClientAnswer::Read {
            applied: LogIndex::new(at),
            answer: Bytes::from(".".repeat(dots)),
        };
        let testimony = witness.answered(S1, call, &read);
        testimony.map(|testimony| testimony.is_same)
    }

    #[test]
    fn answers_are_held_against_a_replay_of_the_very_state_they_came_from() {
        let mut witness = Witness::<KeyValue>::new();
        for at in 1..=5 {
            let answer = ".".repeat(usize::try_from(at).unwrap());
            let testimony = witness.applied(&applied(at, &answer)).unwrap();
            assert!(testimony.is_same, "{at}");
        }
        assert!(!witness.applied(&applied(3, "..")).unwrap().is_same);
        let seen = [(5, 5), (3, 3), (4, 4), (2, 2)];
        for (at, dots) in seen {
            assert_eq!(read(&mut witness, at, dots), Some(true), "{at}");
            assert_eq!(read(&mut witness, at, dots + 1), Some(false), "{at}");
        }
        assert_eq!(read(&mut witness, 6, 6), None, "nobody has applied so much");
        let call = ProposalId::new(1);
        let applied = LogIndex::new(5);
        let answer = Bytes::new();
        let unasked = witness.answered(S1, call, &ClientAnswer::Read { applied, answer });
        assert_eq!(unasked, None);
    }

    #[test]
    fn what_is_long_past_is_forgotten_and_nothing_false_said_of_it() {
        let mut witness = Witness::<KeyValue>::new();
        let most = u64::try_from(5 * KEPT).unwrap();
        for at in 1..=most {
            let payload = Payload::Command(Bytes::from("x=1"));
            let execution = Execution::Executed(Bytes::from("ok"));
            let applied = Applied {
                payload,
                execution,
                ..applied(at, "")
            };
            assert!(witness.applied(&applied).unwrap().is_same);
            assert!(witness.entries.len() <= 2 * KEPT);
        }
        assert!(witness.applied(&applied(1, "")).is_none());
        assert_eq!(read(&mut witness, 1, 1), None);
        let recent = most + 1 - u64::try_from(KEPT).unwrap();
        assert_eq!(read(&mut witness, recent, 0), Some(false));
        assert!(!witness.applied(&applied(recent, "")).unwrap().is_same);
    }
}
