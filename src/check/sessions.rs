//! Sessions: each of their commands takes effect once (§8).

use bytes::Bytes;

use super::Checker;
use super::fact::Effect;
use super::violation::{Property, Violation};
use crate::types::{Guarded, LogIndex, NodeId};

/// A command of a session that took effect.
#[derive(Clone, Debug)]
pub(super) struct TakenEffect {
    /// The server that was seen to execute it first.
    node: NodeId,
    /// Where in the log.
    index: LogIndex,
    /// What it was answered.
    answer: Bytes,
}

impl Checker {
    /// All servers execute a command of a session at the same index, and whoever is answered gets the answer that it had there. Of
    /// one that took effect before the checker came, nothing is known.
    pub(super) fn on_executed(
        &mut self,
        (node, index): (NodeId, LogIndex),
        guarded: &Guarded,
        effect: Effect,
        answer: &[u8],
    ) {
        let key = (guarded.session, guarded.serial);
        let Some(first) = self.effects.get(&key) else {
            if effect == Effect::First {
                let answer = Bytes::copy_from_slice(answer);
                self.effects.insert(key, TakenEffect { node, index, answer });
            }
            return;
        };
        let (session, serial) = key;
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
            return;
        };
        let violation = Violation::new(Property::ExactlyOnce, node, what);
        let violation = violation.and(first.node).at(first.index).at(index);
        self.report(violation);
    }
}
