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
    /// Who was seen to close each session first, and where.
    closed: BTreeMap<SessionId, (NodeId, LogIndex)>,
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

/// What a server did with what was asked in a session.
#[derive(Clone, Copy, Debug)]
struct Deed {
    node: NodeId,
    session: SessionId,
    asked: Asked,
    effect: Effect,
}

/// What is asked in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// The command with this serial number.
    Command(SerialNumber),
    /// To close it.
    Close,
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
            asked: Asked::Command(guarded.serial),
            effect,
        };
        if let Some(violation) = self.ledger.judge_deed(index, deed) {
            self.report(violation);
        }
        let violation = match effect {
            Effect::First | Effect::Repeat => {
                let late = self.ledger.judge_late(index, deed);
                late.or_else(|| self.ledger.judge_effect(index, deed, guarded.serial, answer))
            }
            Effect::Refused => None,
        };
        if let Some(violation) = violation {
            self.report(violation);
        }
    }

    /// All servers close a session at the same entry, and none executes a command of it after that.
    pub(super) fn on_session_closed(
        &mut self,
        (node, index): (NodeId, LogIndex),
        session: SessionId,
        effect: Effect,
    ) {
        let asked = Asked::Close;
        let deed = Deed {
            node,
            session,
            asked,
            effect,
        };
        if let Some(violation) = self.ledger.judge_deed(index, deed) {
            self.report(violation);
        }
        if effect == Effect::First {
            self.ledger.closed.entry(session).or_insert((node, index));
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
            asked,
            effect,
        } = deed;
        let is_same = (first.session, first.asked) == (session, asked);
        if !is_same || first.effect == effect {
            return None;
        }
        let name = match asked {
            Asked::Command(serial) => format!("{session}{serial}"),
            Asked::Close => format!("session {session}"),
        };
        let what = format!(
            "{node} {} {name} at {index}, which {} {} there",
            effect.in_words(asked),
            first.node,
            first.effect.in_words(asked)
        );
        let violation = Violation::new(Property::ExactlyOnce, node, what);
        Some(violation.and(first.node).at(index))
    }

    /// What was kept of a session is gone with it: nobody knows any more what was executed.
    fn judge_late(&self, index: LogIndex, deed: Deed) -> Option<Violation> {
        let Deed { node, session, .. } = deed;
        let &(by, at) = self.closed.get(&session)?;
        if index <= at {
            return None;
        }
        let what = format!("{node} served session {session} at {index}, which {by} had closed at {at}");
        let violation = Violation::new(Property::ExactlyOnce, node, what);
        Some(violation.and(by).at(at).at(index))
    }

    fn judge_effect(
        &mut self,
        index: LogIndex,
        deed: Deed,
        serial: SerialNumber,
        answer: &[u8],
    ) -> Option<Violation> {
        let Deed {
            node,
            session,
            effect,
            ..
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
    fn in_words(self, asked: Asked) -> &'static str {
        match (self, asked) {
            (Self::First, Asked::Command(_)) => "executed",
            (Self::Repeat, Asked::Command(_)) => "answered without executing",
            (Self::Refused, Asked::Command(_)) => "refused",
            (Self::First | Self::Repeat, Asked::Close) => "closed",
            (Self::Refused, Asked::Close) => "refused to close",
        }
    }
}
