//! Jepsen's logs of a register.

use super::super::history::{Action, History};
use super::ReadError;
use super::events::{Ended, Event, Events};

/// All is one register; it has no name in the log.
const KEY: &str = "register";

/// A line: a process, and what happens to it.
struct Line<'a> {
    process: u64,
    kind: &'a str,
    function: &'a str,
    value: &'a str,
}

impl<'a> Line<'a> {
    /// The parts of a line, if it is about an operation.
    fn of(line: &'a str) -> Option<Self> {
        let words = line.rsplit_once(" - ").map_or(line, |(_, words)| words).trim();
        let (process, rest) = words.split_once(char::is_whitespace)?;
        let (kind, rest) = rest.trim_start().split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        let (function, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        Some(Self {
            process: process.parse().ok()?,
            kind: [":invoke", ":ok", ":fail", ":info"]
                .contains(&kind)
                .then_some(kind)?,
            function,
            value: value.trim(),
        })
    }

    fn event(&self) -> Result<(&'static str, Event), String> {
        let (function, action) = match self.function {
            ":read" => ("read", (self.kind == ":invoke").then_some(Action::Get)),
            ":write" => (
                "write",
                self.called(|value| Ok(Action::Set(atom(value)?.to_owned())))?,
            ),
            ":cas" => ("cas", self.called(swap)?),
            other => {
                return Err(format!(
                    "{} is no function of a register; there are :read, :write and :cas",
                    super::super::words::quoted(other)
                ));
            }
        };
        if let Some(action) = action {
            return Ok((function, Event::Invoke(KEY.to_owned(), action)));
        }
        let is_read = function == "read" && self.kind == ":ok" && self.value != "nil";
        let value = is_read.then(|| atom(self.value).map(str::to_owned)).transpose()?;
        let ended = Ended {
            function,
            key: KEY.to_owned(),
            value,
        };
        let event = match self.kind {
            ":ok" => Event::Ok(ended),
            ":fail" => Event::Fail(ended),
            _info => Event::Info(ended),
        };
        Ok((function, event))
    }

    fn called(&self, read: impl Fn(&str) -> Result<Action, String>) -> Result<Option<Action>, String> {
        (self.kind == ":invoke").then(|| read(self.value)).transpose()
    }
}

/// A value that is neither nothing nor several.
fn atom(value: &str) -> Result<&str, String> {
    let is_atom = !value.is_empty() && value != "nil" && !value.contains([' ', '\t', '[', ']', '{', '}']);
    is_atom
        .then_some(value)
        .ok_or_else(|| "a register is written and read one value at a time, as in `:write 3`".to_owned())
}

fn swap(value: &str) -> Result<Action, String> {
    let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
    let words: Vec<&str> = inner.unwrap_or_default().split_whitespace().collect();
    match words[..] {
        [expected, new] => Ok(Action::CompareAndSet {
            expected: atom(expected)?.to_owned(),
            new: atom(new)?.to_owned(),
        }),
        [] | [..] => Err("a :cas has the expected value and the new one, as in `[3 0]`".to_owned()),
    }
}

/// Whether a line is about an operation.
pub(super) fn is_event(line: &str) -> bool {
    Line::of(line).is_some()
}

pub(super) fn read(text: &str) -> Result<History, ReadError> {
    let mut events = Events::reading(None);
    for (number, line) in (1..).zip(text.lines()) {
        let Some(parts) = Line::of(line) else { continue };
        let taken = parts
            .event()
            .and_then(|(function, event)| events.take(number, parts.process, function, event));
        taken.map_err(|problem| ReadError::At {
            line: usize::try_from(number).unwrap_or(usize::MAX),
            column: line
                .find(parts.kind)
                .map_or(1, |at| line[..at].chars().count() + 1),
            problem,
        })?;
    }
    Ok(events.finish())
}
