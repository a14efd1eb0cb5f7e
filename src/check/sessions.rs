//! Sessions: each of their commands takes effect once (§8).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Checker;
use super::fact::Effect;
use super::violation::{Property, Violation};
use crate::types::{Guarded, LogIndex, NodeId, SerialNumber, SessionId};

/// What became of the commands of sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionLedger {
    /// Where each command took effect, and what it was answered.
    effects: BTreeMap<(SessionId, SerialNumber), TakenEffect>,
    /// What the first server to apply each entry did with it.
    deeds: BTreeMap<LogIndex, Deed>,
}

/// A command that took effect.
#[derive(Clone, Debug)]
struct TakenEffect {
    /// The server that was seen to execute it first.
    node: NodeId,
    /// Where in the log.
    index: LogIndex,
    /// What it was answered.
    answer: Bytes,
}

/// What a server did with a command.
#[derive(Clone, Copy, Debug)]
struct Deed {
    node: NodeId,
    session: SessionId,
    serial: SerialNumber,
    effect: Effect,
}

impl Checker {
    /// All servers do the same with the command at an index, and whoever is answered gets the answer that it had where it took
    /// effect. Of one that took effect before the checker came, nothing is known.
    pub(super) fn on_executed(
        &mut self,
        (node, index): (NodeId, LogIndex),
        guarded: &Guarded,
        effect: Effect,
        answer: &[u8],
    ) {
        let deed = Deed {
            node,
            session: guarded.session,
            serial: guarded.serial,
            effect,
        };
        if let Some(violation) = self.ledger.judge_deed(index, deed) {
            self.report(violation);
        }
        let violation = match effect {
            Effect::First | Effect::Repeat => self.ledger.judge_effect(index, deed, answer),
            Effect::Refused => None,
        };
        if let Some(violation) = violation {
            self.report(violation);
        }
    }
}

impl SessionLedger {
    /// What is done with an entry follows from the log before it, which is the same everywhere.
    fn judge_deed(&mut self, index: LogIndex, deed: Deed) -> Option<Violation> {
        let first = *self.deeds.entry(index).or_insert(deed);
        let Deed {
            node,
            session,
            serial,
            effect,
        } = deed;
        let is_same_command = (first.session, first.serial) == (session, serial);
        if !is_same_command || first.effect == effect {
            return None;
        }
        let what = format!(
            "{node} {} {session}{serial} at {index}, which {} {} there",
            effect.in_words(),
            first.node,
            first.effect.in_words()
        );
        let violation = Violation::new(Property::ExactlyOnce, node, what);
        Some(violation.and(first.node).at(index))
    }

    fn judge_effect(&mut self, index: LogIndex, deed: Deed, answer: &[u8]) -> Option<Violation> {
        let Deed {
            node,
            session,
            serial,
            effect,
        } = deed;
        let Some(first) = self.effects.get(&(session, serial)) else {
            if effect == Effect::First {
                let answer = Bytes::copy_from_slice(answer);
                let taken = TakenEffect { node, index, answer };
                self.effects.insert((session, serial), taken);
            }
            return None;
        };
        let what = if effect == Effect::First && first.index != index {
            format!(
                "{node} executed {session}{serial} at {index}, which {} had executed at {}",
                first.node, first.index
            )
        } else if *first.answer != *answer {
            format!(
                "{node} answered {session}{serial} at {index} otherwise than {} did at {}",
                first.node, first.index
            )
        } else {
            return None;
        };
        let violation = Violation::new(Property::ExactlyOnce, node, what);
        Some(violation.and(first.node).at(first.index).at(index))
    }
}

impl Effect {
    fn in_words(self) -> &'static str {
        match self {
            Self::First => "executed",
            Self::Repeat => "answered without executing",
            Self::Refused => "refused",
        }
    }
}
