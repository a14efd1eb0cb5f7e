//! The history of a world's clients, for who judges whether it is linearizable.

use std::collections::BTreeSet;

use super::world::{Asked, Call, Calls, Told, World};
use crate::linear::{Action, Answer, History, Moment, Operation, Outcome};
use crate::machine::{KeyValue, KeyValueCommand};
use crate::types::VirtualTime;

/// What a store answers about a key that it does not have.
const NONE: &str = "none";

impl World<KeyValue> {
    /// What its clients saw, where that is [kept](Self::keep_calls): moments are the world's nanoseconds. What had no effect, and what is no operation of
    /// the store, is left out.
    pub fn history(&self) -> Option<History> {
        self.calls().map(history_of)
    }
}

/// The history that a store's calls are.
pub(super) fn history_of(calls: &Calls) -> History {
    let earlier = calls
        .earlier
        .iter()
        .filter_map(|command| KeyValueCommand::parse(command).ok());
    let earlier = earlier.map(|command| operation(command, calls.since));
    let called = calls.calls.iter().filter_map(|call| Some((call, asked(call)?)));
    let mut operations: Vec<Operation> = earlier.collect();
    for (call, mut operation) in called {
        match call.told() {
            Told::NoEffect => continue,
            Told::Nothing => {}
            Told::Answer { at, answer } => {
                let answer = meaning(&operation.action, &String::from_utf8_lossy(answer));
                operation = operation.answered(at.nanos(), answer);
            }
        }
        operations.push(operation);
    }
    forget_doubtful(calls, &mut operations);
    lay_out(&mut operations);
    History {
        unwritten: None,
        initial: calls.contents.iter().cloned().collect(),
        operations,
    }
}

fn asked(call: &Call) -> Option<Operation> {
    match &call.asked {
        Asked::Command(command) => {
            let command = KeyValueCommand::parse(command).ok()?;
            Some(operation(command, call.called))
        }
        Asked::Query(query) => {
            let text = String::from_utf8_lossy(query);
            let words: Vec<&str> = text.split_whitespace().collect();
            match words[..] {
                ["get", key] | [key] => Some(Operation::of(0, key, Action::Get).called(call.called.nanos())),
                [] | [..] => None,
            }
        }
    }
}

fn operation(command: KeyValueCommand, at: VirtualTime) -> Operation {
    let (key, action) = match command {
        KeyValueCommand::Set(key, value) => (key, Action::Set(value)),
        KeyValueCommand::Get(key) => (key, Action::Get),
        KeyValueCommand::Delete(key) => (key, Action::Delete),
        KeyValueCommand::CompareAndSet { key, expected, new } => {
            (key, Action::CompareAndSet { expected, new })
        }
        KeyValueCommand::Append(key, value) => (key, Action::Append(value)),
    };
    Operation::of(0, key, action).called(at.nanos())
}

/// What the store means by an answer.
fn meaning(action: &Action, answer: &str) -> Answer {
    let value = |text: &str| Answer::Value(Some(text.to_owned()));
    match (action, answer) {
        (Action::Get | Action::Delete | Action::CompareAndSet { .. }, NONE) => Answer::Value(None),
        (Action::Get | Action::Append(_), text) => value(text),
        (Action::Set(_) | Action::Delete, _) => Answer::Done,
        (Action::CompareAndSet { .. }, text) => text.strip_prefix("is ").map_or(Answer::Done, value),
    }
}

/// The store says `none` where there is no value, and where the value is that word. Where somebody may have written it, whoever read it has learned
/// nothing.
fn forget_doubtful(calls: &Calls, operations: &mut [Operation]) {
    let may_become = |text: &String| !text.is_empty() && NONE.starts_with(text.as_str());
    let begun = calls.contents.iter();
    let mut doubtful: BTreeSet<String> = begun
        .filter(|(_, value)| may_become(value))
        .map(|(key, _)| key.clone())
        .collect();
    let written = |operation: &Operation| match &operation.action {
        Action::Set(new) | Action::Append(new) | Action::CompareAndSet { new, .. } => may_become(new),
        Action::Get | Action::Delete => false,
    };
    let writes = operations.iter().filter(|operation| written(operation));
    doubtful.extend(writes.map(|operation| operation.key.clone()));
    for operation in operations {
        let is_none = operation.action == Action::Get && operation.answer() == Some(&Answer::Value(None));
        if is_none && doubtful.contains(&operation.key) {
            operation.outcome = Outcome::Unknown;
        }
    }
}

/// Gives each operation to a client that does one after the other; who gets no answer does nothing more.
fn lay_out(operations: &mut [Operation]) {
    operations.sort_by_key(|operation| operation.called);
    let mut idle: BTreeSet<u64> = BTreeSet::new();
    let mut busy: BTreeSet<(Moment, u64)> = BTreeSet::new();
    let mut clients = 0;
    for operation in operations {
        while let Some(&(until, client)) = busy.first()
            && until < operation.called
        {
            busy.pop_first();
            idle.insert(client);
        }
        operation.process = idle.pop_first().unwrap_or_else(|| {
            clients += 1;
            clients
        });
        if let Some(until) = operation.answered_at() {
            busy.insert((until, operation.process));
        }
    }
}
