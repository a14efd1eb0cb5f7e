//! The judgement of a history, key by key.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, Moment, Operation};
use super::key_value::Key;
use super::replay::Value;
use super::search::{Decision, Finding, Limits, Stuck, decide, search};

/// What came of judging a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many keys there are. Each is judged by itself, for no operation is on two: a history is linearizable exactly when it is
    /// for each key (Herlihy and Wing: the property is local).
    pub keys: usize,
    /// How many operations there are.
    pub operations: usize,
    /// How many of them nobody knows the outcome of.
    pub unknown: usize,
    /// The keys for which there is no order, by name.
    pub failures: Vec<Failure>,
    /// The keys that were given up, by name.
    pub undecided: Vec<Undecided>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order that explains every answer.
    Linearizable,
    /// There is none.
    NotLinearizable,
    /// To find out would have cost more than it may. No key was found for which there is none.
    Undecided,
}

/// A key for which there is no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The key.
    pub key: String,
    /// How many operations are on it.
    pub operations: usize,
    /// The operation that can't be placed, by its place in the history: all on this key that were answered before it can be.
    pub blamed: usize,
    /// The longest order that there is of those, and of what else has its place then.
    pub order: Vec<usize>,
    /// What the value could be then, in some such order: a few of them.
    pub values: BTreeSet<Option<String>>,
}

/// A key that was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// It would have taken too much memory.
    #[error("the key {key:?} would take more than {bytes} bytes of memory")]
    Memory {
        /// The key.
        key: String,
        /// What there is.
        bytes: usize,
    },
    /// It would have taken too many steps.
    #[error("the key {key:?} would take more than {steps} steps")]
    Steps {
        /// The key.
        key: String,
        /// What there is.
        steps: u64,
    },
}

impl Report {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        if !self.failures.is_empty() {
            Verdict::NotLinearizable
        } else if self.undecided.is_empty() {
            Verdict::Linearizable
        } else {
            Verdict::Undecided
        }
    }
}

/// What was before some operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing: the history begins with them.
    Nothing,
    /// Nobody knows.
    Anything,
}

impl Before {
    /// What was before a stretch that begins at a moment, or with the history.
    pub(super) fn of(begin: Option<Moment>) -> Self {
        begin.map_or(Self::Nothing, |_| Self::Anything)
    }
}

/// Judges a history. The limits are for each key.
pub fn judge(history: &History, limits: Limits) -> Report {
    let mut keys: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, operation) in history.operations.iter().enumerate() {
        keys.entry(&operation.key).or_default().push(at);
    }
    let mut report = Report {
        keys: keys.len(),
        operations: history.operations.len(),
        ..Report::default()
    };
    let is_unknown = |operation: &&Operation| operation.answer().is_none();
    report.unknown = history.operations.iter().filter(is_unknown).count();
    for (key, places) in keys {
        let known = places.iter().map(|at| (*at, true)).collect::<Vec<_>>();
        let before = Before::Nothing;
        match judge_key(history, key, &known, before, limits) {
            Finding::Order(_) => {}
            Finding::None(stuck) => report
                .failures
                .push(Failure::of(history, key, &known, before, stuck)),
            Finding::OutOfMemory => report.undecided.push(Undecided::Memory {
                key: key.to_owned(),
                bytes: limits.bytes,
            }),
            Finding::OutOfSteps => report.undecided.push(Undecided::Steps {
                key: key.to_owned(),
                steps: limits.steps,
            }),
        }
    }
    report
}

/// Judges these operations of a key, each taken for what it is or for one of unknown outcome. What is found speaks of places in the
/// history.
pub(super) fn judge_key(
    history: &History,
    key: &str,
    operations: &[(usize, bool)],
    before: Before,
    limits: Limits,
) -> Finding {
    let (mut model, calls) = Key::of(history, key, &taken_for(history, operations), before);
    let place = |at: usize| operations[at].0;
    let back = |order: Vec<usize>| order.into_iter().map(place).collect();
    match search(&mut model, &calls, limits) {
        Finding::Order(order) => Finding::Order(back(order)),
        Finding::None(Stuck { blamed, orders }) => Finding::None(Stuck {
            blamed: place(blamed),
            orders: orders.into_iter().map(back).collect(),
        }),
        gone @ (Finding::OutOfMemory | Finding::OutOfSteps) => gone,
    }
}

/// Whether there is an order; `None` where to know would cost too much.
pub(super) fn has_order(
    history: &History,
    key: &str,
    operations: &[(usize, bool)],
    before: Before,
    limits: Limits,
) -> Option<bool> {
    let (mut model, calls) = Key::of(history, key, &taken_for(history, operations), before);
    match decide(&mut model, &calls, limits) {
        Decision::Order(_) => Some(true),
        Decision::None(_) => Some(false),
        Decision::OutOfMemory | Decision::OutOfSteps => None,
    }
}

fn taken_for<'a>(history: &'a History, operations: &[(usize, bool)]) -> Vec<(&'a Operation, bool)> {
    let taken = operations.iter();
    taken
        .map(|(at, is_known)| (&history.operations[*at], *is_known))
        .collect()
}

impl Failure {
    /// What is said of these operations of a key, each taken for what it is or for one of unknown outcome.
    pub(super) fn of(
        history: &History,
        key: &str,
        operations: &[(usize, bool)],
        before: Before,
        stuck: Stuck,
    ) -> Self {
        let Stuck { blamed, orders } = stuck;
        let known: BTreeSet<usize> = operations
            .iter()
            .filter_map(|(at, is_known)| is_known.then_some(*at))
            .collect();
        let value_after = |order: &Vec<usize>| {
            let mut value = Value::at_first(history, key, before);
            for at in order {
                value.apply(&history.operations[*at], known.contains(at));
            }
            match value {
                Value::Is(value) => Some(value),
                Value::Anything => None,
            }
        };
        Self {
            key: key.to_owned(),
            operations: operations.len(),
            blamed,
            values: orders.iter().filter_map(value_after).collect(),
            order: orders.into_iter().next().unwrap_or_default(),
        }
    }
}
