//! The judgement of a history, key by key.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, Operation};
use super::key_value::Key;
use super::replay;
use super::search::{self, Finding, Limits, Stuck, search};

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
        match judge_key(history, key, &known, limits) {
            Finding::Order(_) => {}
            Finding::None(stuck) => report
                .failures
                .push(Failure::of(history, key, places.len(), stuck)),
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
    limits: Limits,
) -> Finding {
    let (mut model, places, calls) = Key::of(history, key, &taken_for(history, operations));
    let place = |at: usize| operations[places[at]].0;
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
    limits: Limits,
) -> Option<bool> {
    let (mut model, _, calls) = Key::of(history, key, &taken_for(history, operations));
    match search::run(&mut model, &calls, limits) {
        Finding::Order(_) => Some(true),
        Finding::None(_) => Some(false),
        Finding::OutOfMemory | Finding::OutOfSteps => None,
    }
}

fn taken_for<'a>(history: &'a History, operations: &[(usize, bool)]) -> Vec<(&'a Operation, bool)> {
    let taken = operations.iter();
    taken
        .map(|(at, is_known)| (&history.operations[*at], *is_known))
        .collect()
}

impl Failure {
    pub(super) fn of(history: &History, key: &str, operations: usize, stuck: Stuck) -> Self {
        let Stuck { blamed, orders } = stuck;
        let values = orders.iter().map(|order| value_after(history, key, order));
        Self {
            key: key.to_owned(),
            operations,
            blamed,
            values: values.collect(),
            order: orders.into_iter().next().unwrap_or_default(),
        }
    }
}

/// What a key's value is after these operations.
fn value_after(history: &History, key: &str, order: &[usize]) -> Option<String> {
    let mut value = history.initial_of(key).map(str::to_owned);
    for at in order {
        replay::apply(&mut value, &history.operations[*at].action);
    }
    value
}
