//! Operations from a log of calls and ends, in which a process does one after the other.

use std::collections::BTreeMap;

use super::super::history::{Action, Answer, History, Moment, Operation};
use super::super::words::quoted;

/// What a line of a log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An operation is called, on a key.
    Invoke(String, Action),
    /// It is done: the value, where the log tells one, is the last.
    Ok(Ended),
    /// It has not happened.
    Fail(Ended),
    /// Nobody knows whether it has.
    Info(Ended),
}

/// What ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// The function, as the log names it.
    pub(super) function: &'static str,
    /// The key.
    pub(super) key: String,
    /// What a read read.
    pub(super) value: Option<String>,
}

/// Puts calls and their ends together.
#[derive(Debug, Default)]
pub(super) struct Events {
    history: History,
    open: BTreeMap<u64, (&'static str, Operation)>,
}

impl Events {
    pub(super) fn reading(unwritten: Option<&str>) -> Self {
        Self {
            history: History {
                unwritten: unwritten.map(str::to_owned),
                ..History::default()
            },
            open: BTreeMap::new(),
        }
    }

    /// Takes what a line says, or says what is wrong with it.
    pub(super) fn take(
        &mut self,
        at: Moment,
        process: u64,
        function: &'static str,
        event: Event,
    ) -> Result<(), String> {
        match event {
            Event::Invoke(key, action) => {
                let operation = Operation::of(process, key, action).called(at);
                match self.open.insert(process, (function, operation)) {
                    None => Ok(()),
                    Some(_) => Err(format!(
                        "process {process} calls again, but what it called before has not ended"
                    )),
                }
            }
            Event::Ok(ended) => {
                let operation = self.end(process, &ended)?;
                let answer = match operation.action {
                    Action::Get => Answer::Value(ended.value),
                    Action::Set(_) | Action::Append(_) | Action::CompareAndSet { .. } | Action::Delete => {
                        Answer::Done
                    }
                };
                self.history.operations.push(operation.answered(at, answer));
                Ok(())
            }
            Event::Fail(ended) => self.end(process, &ended).map(drop),
            Event::Info(ended) => {
                let operation = self.end(process, &ended)?;
                self.history.operations.push(operation);
                Ok(())
            }
        }
    }

    fn end(&mut self, process: u64, ended: &Ended) -> Result<Operation, String> {
        let Some((function, operation)) = self.open.remove(&process) else {
            return Err(format!("process {process} ends what it has not called"));
        };
        if function != ended.function || operation.key != ended.key {
            return Err(format!(
                "process {process} ends a :{} of {}, but has called a :{function} of {}",
                ended.function,
                quoted(&ended.key),
                quoted(&operation.key)
            ));
        }
        Ok(operation)
    }

    /// All operations. Nobody knows the outcome of those that have not ended.
    pub(super) fn finish(mut self) -> History {
        let open = self.open.into_values().map(|(_, operation)| operation);
        self.history.operations.extend(open);
        self.history
    }
}
