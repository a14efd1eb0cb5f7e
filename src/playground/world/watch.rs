//! Tells the oracles what the world sees.

use std::collections::BTreeSet;

use super::super::record::ClientAnswer;
use super::replica::Replica;
use super::witness::Testimony;
use crate::check::{Ballot, Base, Checker, Effect, Fact, Found, Kept, Property, Violation};
use crate::consensus::durable::{Metadata, Write};
use crate::consensus::{Event, Log, Persistent, RoleName, State};
use crate::machine::{Execution, StateMachine};
use crate::node::Applied;
use crate::types::{
    Configuration, Entries, Envelope, LogIndex, NodeId, Payload, ProposalId, Term, WriteSequence,
};

/// The oracles, and what they found.
#[derive(Clone)]
pub(super) struct Watch {
    checker: Checker,
    replica: Replica,
    violations: Vec<Violation>,
    news: Vec<Violation>,
    /// Each property stops time once: what follows from it would stop it at every step.
    found: BTreeSet<Property>,
    /// Whether it sees nothing.
    is_blind: bool,
}

impl Watch {
    pub(super) fn new(configuration: &Configuration) -> Self {
        Self {
            checker: Checker::new(configuration.clone()),
            replica: Replica::new(),
            violations: Vec::new(),
            news: Vec::new(),
            found: BTreeSet::new(),
            is_blind: false,
        }
    }

    /// Sees nothing from now on, and finds nothing.
    pub(super) fn be_blind(&mut self) {
        self.is_blind = true;
    }

    /// Takes over what was found before a save was made: none of it is news.
    pub(super) fn go_on_from(&mut self, violations: Vec<Violation>) {
        self.found = violations.iter().map(|violation| violation.property).collect();
        self.violations = violations;
    }

    /// Some measure of what a clone of it does not share with it, in entries.
    pub(super) fn entries_copied(&self) -> usize {
        self.replica.entries_copied()
    }

    /// All violations so far.
    pub(super) fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The violations found since this was last asked.
    pub(super) fn news(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.news)
    }

    pub(super) fn started(&mut self, node: NodeId, persistent: &Persistent) {
        self.note_snapshot(persistent);
        let log = entries_of(&persistent.log);
        self.tell(&Fact::Started {
            node,
            ballot: ballot(persistent.metadata),
            base: base_of(persistent),
            log: &log,
        });
    }

    fn note_snapshot(&mut self, persistent: &Persistent) {
        if let Some(snapshot) = &persistent.snapshot {
            self.replica.found(snapshot);
        }
    }

    /// A node that runs when a save is loaded.
    pub(super) fn found(&mut self, node: NodeId, state: &State) {
        self.note_snapshot(&state.persistent);
        let known = state.persistent.log.iter();
        for (index, entry) in known.take_while(|(index, _)| *index <= state.volatile.applied) {
            self.replica.applied(index, &entry.payload);
        }
        let durability = &state.volatile.durability;
        let log = entries_of(&state.persistent.log);
        let under_way: Vec<_> = durability.under_way.iter().copied().collect();
        self.tell(&Fact::Found(Found {
            node,
            ballot: ballot(state.persistent.metadata),
            ballot_write: (!durability.is_metadata_flushed()).then_some(durability.metadata),
            base: base_of(&state.persistent),
            log: &log,
            on_disk: durability.through,
            under_way: &under_way,
            commit: state.volatile.commit,
            applied: state.volatile.applied,
        }));
        if state.role.name() == RoleName::Leader {
            self.tell(&Fact::Led {
                node,
                term: state.persistent.metadata.term,
            });
        }
    }

    pub(super) fn stopped(&mut self, node: NodeId) {
        self.tell(&Fact::Stopped { node });
    }

    pub(super) fn stepped<M: StateMachine + Default>(
        &mut self,
        node: NodeId,
        term: Term,
        role: RoleName,
        write: Option<&Write>,
        commit: Option<LogIndex>,
        events: &[Event],
    ) {
        if self.is_blind {
            return;
        }
        if let Some(Write {
            sequence,
            metadata,
            snapshot,
            compact,
            truncate,
            append,
        }) = write
        {
            let (sequence, compact, truncate) = (*sequence, *compact, *truncate);
            let last = snapshot.as_ref().map(|snapshot| snapshot.last.index);
            let replayed = last.and_then(|last| self.replica.data_through::<M>(last));
            let kept = |snapshot| Kept {
                snapshot,
                replayed: replayed.as_deref(),
            };
            self.tell(&Fact::Wrote {
                node,
                sequence,
                ballot: metadata.map(ballot),
                snapshot: snapshot.as_ref().map(kept),
                compact,
                truncate,
                append,
            });
        }
        if role == RoleName::Leader {
            self.tell(&Fact::Led { node, term });
        }
        if let Some(through) = commit {
            self.tell(&Fact::Committed { node, through });
        }
        for event in events {
            if let Event::MatchAdvanced { follower, matched } = event {
                let (follower, through) = (*follower, *matched);
                self.tell(&Fact::Matched {
                    node,
                    follower,
                    through,
                });
            }
        }
    }

    pub(super) fn flushed(&mut self, node: NodeId, through: WriteSequence) {
        self.tell(&Fact::Durable { node, through });
    }

    pub(super) fn write_began(&mut self, write: ProposalId) {
        self.tell(&Fact::WriteBegan { write });
    }

    /// An answer was held against a replay. What is found broken already explains it.
    pub(super) fn replayed(&mut self, node: NodeId, testimony: Option<Testimony>) {
        if let Some(Testimony { index, is_same }) = testimony.filter(|_| self.news.is_empty()) {
            self.tell(&Fact::Replayed { node, index, is_same });
        }
    }

    pub(super) fn read_began(&mut self, read: ProposalId) {
        self.tell(&Fact::ReadBegan { read });
    }

    /// A client got its answer: what it was told of is from now on to be seen by every read.
    pub(super) fn answered(&mut self, node: NodeId, call: ProposalId, answer: &ClientAnswer) {
        match answer {
            ClientAnswer::Done { index, .. } => self.tell(&Fact::WriteDone {
                node,
                write: call,
                index: *index,
            }),
            ClientAnswer::Read { applied, .. } => self.tell(&Fact::ReadServed {
                node,
                read: call,
                applied: *applied,
            }),
            ClientAnswer::NotLeader { .. }
            | ClientAnswer::Transferring { .. }
            | ClientAnswer::ChangeRefused
            | ClientAnswer::Overloaded
            | ClientAnswer::Joined { .. }
            | ClientAnswer::TransferStarted
            | ClientAnswer::TransferRefused
            | ClientAnswer::Overwritten { .. }
            | ClientAnswer::SessionOpened { .. }
            | ClientAnswer::SessionClosed { .. }
            | ClientAnswer::SessionRefused { .. }
            | ClientAnswer::Unknown => {}
        }
    }

    pub(super) fn sent(&mut self, envelope: &Envelope) {
        self.tell(&Fact::Sent(envelope));
    }

    pub(super) fn applied(&mut self, node: NodeId, applied: &Applied) {
        if self.is_blind {
            return;
        }
        let (position, payload) = (applied.position, &applied.payload);
        self.replica.applied(position.index, payload);
        self.tell(&Fact::Applied {
            node,
            position,
            payload,
        });
        let execution = match &applied.execution {
            Execution::Executed(answer) => Some((Effect::First, &answer[..])),
            Execution::Repeated(answer) => Some((Effect::Repeat, &answer[..])),
            Execution::Refused(_) => Some((Effect::Refused, &[][..])),
            Execution::Nothing | Execution::Opened(_) | Execution::Closed(_) => None,
        };
        if let Payload::CloseSession(session) = applied.payload {
            let is_closed = matches!(applied.execution, Execution::Closed(_));
            let effect = if is_closed { Effect::First } else { Effect::Refused };
            self.tell(&Fact::SessionClosed {
                node,
                index: applied.position.index,
                session,
                effect,
            });
        }
        if let (Payload::Guarded(guarded), Some((effect, answer))) = (&applied.payload, execution) {
            self.tell(&Fact::Executed {
                node,
                index: applied.position.index,
                guarded,
                effect,
                answer,
            });
        }
    }

    fn tell(&mut self, fact: &Fact<'_>) {
        if self.is_blind {
            return;
        }
        if let Err(violation) = self.checker.observe(fact)
            && self.found.insert(violation.property)
        {
            self.violations.push(violation.clone());
            self.news.push(violation);
        }
    }
}

fn ballot(metadata: Metadata) -> Ballot {
    Ballot {
        term: metadata.term,
        vote: metadata.vote,
    }
}

fn base_of(persistent: &Persistent) -> Base<'_> {
    let log = &persistent.log;
    Base {
        position: log.base(),
        configuration: Some(log.configuration_at(log.base().index)),
        snapshot: persistent.snapshot.as_ref(),
    }
}

fn entries_of(log: &Log) -> Entries {
    log.slice(log.first_index(), usize::MAX, u64::MAX)
}
