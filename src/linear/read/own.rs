//! This project's histories: RON and JSON of one form.

use std::collections::BTreeMap;
use std::fmt;

use ron::extensions::Extensions;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::history::{Action, Answer, History, Operation, Outcome};
use super::super::words::{harmless, quoted};
use super::ReadError;

/// The version of the form that this build writes, and the only one that it reads.
pub const HISTORY_VERSION: u64 = 1;

/// What a file of any version says of itself.
#[derive(Deserialize)]
struct Head {
    history: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    history: u64,
    #[serde(default)]
    unwritten: Option<String>,
    #[serde(default, deserialize_with = "each_once")]
    initial: BTreeMap<String, String>,
    operations: Vec<Checked>,
}

/// A line that makes sense; `None` where it says that nothing has happened.
#[derive(Deserialize)]
#[serde(try_from = "Line")]
struct Checked(Option<Operation>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    client: u64,
    at: u64,
    #[serde(rename = "do")]
    action: Do,
    #[serde(default)]
    until: Option<u64>,
    #[serde(default)]
    answer: Option<Said>,
}

#[derive(Deserialize)]
enum Do {
    Get(String),
    Set(String, String),
    Append(String, String),
    Cas(String, String, String),
    Delete(String),
}

#[derive(Deserialize)]
enum Said {
    Done,
    Value(Option<String>),
    Mismatch,
    Failed,
}

impl TryFrom<Line> for Checked {
    type Error = String;

    fn try_from(line: Line) -> Result<Self, String> {
        let (key, action) = match line.action {
            Do::Get(key) => (key, Action::Get),
            Do::Set(key, value) => (key, Action::Set(value)),
            Do::Append(key, piece) => (key, Action::Append(piece)),
            Do::Cas(key, expected, new) => (key, Action::CompareAndSet { expected, new }),
            Do::Delete(key) => (key, Action::Delete),
        };
        let operation = Operation::of(line.client, key, action).called(line.at);
        let answer = match line.answer {
            Some(Said::Failed) => return Ok(Self(None)),
            Some(Said::Done) => Some(Answer::Done),
            Some(Said::Value(value)) => Some(Answer::Value(value)),
            Some(Said::Mismatch) => Some(Answer::Mismatch),
            None => None,
        };
        let operation = match (line.until, answer) {
            (Some(until), Some(answer)) => operation.answered(until, answer),
            (None, None) => operation,
            (Some(_), None) => {
                return Err("`until` without `answer`: leave both out where nobody knows".to_owned());
            }
            (None, Some(_)) => return Err("`answer` without `until`: say when it came".to_owned()),
        };
        operation.check().map_err(|error| error.to_string())?;
        Ok(Self(Some(operation)))
    }
}

impl From<Whole> for History {
    fn from(file: Whole) -> Self {
        Self {
            unwritten: file.unwritten,
            initial: file.initial,
            operations: file.operations.into_iter().filter_map(|line| line.0).collect(),
        }
    }
}

/// A map in which no key comes twice.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Each;
    impl<'de> Visitor<'de> for Each {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a map from keys to values")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                if all.contains_key(&key) {
                    return Err(A::Error::custom(format!("the key {} comes twice", quoted(&key))));
                }
                all.insert(key, value);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_map(Each)
}

fn ron_options() -> ron::Options {
    ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME)
}

pub(super) fn read_ron(text: &str) -> Result<History, ReadError> {
    let read = ron_options().from_str::<Whole>(text);
    let head = || ron_options().from_str::<Head>(text).ok();
    checked(
        read.map_err(|error| ReadError::At {
            line: error.span.start.line,
            column: error.span.start.col,
            problem: plain(&error.code.to_string()),
        }),
        head,
    )
}

#[cfg(feature = "cli")]
pub(super) fn read_json(text: &str) -> Result<History, ReadError> {
    let read = serde_json::from_str::<Whole>(text.trim_start_matches('\u{feff}'));
    let head = || serde_json::from_str::<Head>(text).ok();
    checked(
        read.map_err(|error| ReadError::At {
            line: error.line(),
            column: error.column(),
            problem: plain(&error.to_string()),
        }),
        head,
    )
}

/// Of another version it is no wonder that something is wrong.
fn checked(
    read: Result<Whole, ReadError>,
    head: impl FnOnce() -> Option<Head>,
) -> Result<History, ReadError> {
    let found = match &read {
        Ok(file) => Some(file.history),
        Err(_) => head().map(|head| head.history),
    };
    match found {
        Some(found) if found != HISTORY_VERSION => Err(ReadError::Version { found }),
        Some(_) | None => read.map(History::from),
    }
}

/// What a parser says, without what would break a screen.
fn plain(text: &str) -> String {
    text.chars().flat_map(harmless).collect()
}

/// The text of a history, an operation in each line. The same history always gives the same text.
pub fn ron_text(history: &History) -> String {
    let unwritten = history.unwritten.as_ref();
    let unwritten = unwritten.map_or_else(String::new, |value| format!("    unwritten: {value:?},\n"));
    let pairs = history.initial.iter();
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key:?}: {value:?}")).collect();
    let initial = if pairs.is_empty() {
        String::new()
    } else {
        format!(
            "    initial: {{\n        {},\n    }},\n",
            pairs.join(",\n        ")
        )
    };
    let lines: String = history.operations.iter().map(line_of).collect();
    format!("(\n    history: {HISTORY_VERSION},\n{unwritten}{initial}    operations: [\n{lines}    ],\n)\n")
}

/// The text of a history as JSON, an operation in each line. The same history always gives the same text.
#[cfg(feature = "cli")]
pub fn json_text(history: &History) -> String {
    let unwritten = history.unwritten.as_ref();
    let unwritten = unwritten.map_or_else(String::new, |value| {
        format!("  \"unwritten\": {},\n", json(value))
    });
    let pairs = history.initial.iter();
    let pairs: Vec<String> = pairs
        .map(|(key, value)| format!("{}: {}", json(key), json(value)))
        .collect();
    let initial = if pairs.is_empty() {
        String::new()
    } else {
        format!("  \"initial\": {{\n    {}\n  }},\n", pairs.join(",\n    "))
    };
    let lines: Vec<String> = history.operations.iter().map(json_line_of).collect();
    let lines = lines.join(",\n");
    format!(
        "{{\n  \"history\": {HISTORY_VERSION},\n{unwritten}{initial}  \"operations\": [\n{lines}\n  ]\n}}\n"
    )
}

#[cfg(feature = "cli")]
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(feature = "cli")]
fn json_line_of(operation: &Operation) -> String {
    let Operation {
        process,
        key,
        action,
        called,
        outcome,
    } = operation;
    let key = json(key);
    let action = match action {
        Action::Get => format!("{{\"Get\": {key}}}"),
        Action::Set(value) => format!("{{\"Set\": [{key}, {}]}}", json(value)),
        Action::Append(piece) => format!("{{\"Append\": [{key}, {}]}}", json(piece)),
        Action::CompareAndSet { expected, new } => {
            format!("{{\"Cas\": [{key}, {}, {}]}}", json(expected), json(new))
        }
        Action::Delete => format!("{{\"Delete\": {key}}}"),
    };
    let end = match outcome {
        Outcome::Unknown => String::new(),
        Outcome::Answered { at, answer } => {
            let answer = match answer {
                Answer::Done => "\"Done\"".to_owned(),
                Answer::Value(None) => "{\"Value\": null}".to_owned(),
                Answer::Value(Some(value)) => format!("{{\"Value\": {}}}", json(value)),
                Answer::Mismatch => "\"Mismatch\"".to_owned(),
            };
            format!(", \"until\": {at}, \"answer\": {answer}")
        }
    };
    format!("    {{\"client\": {process}, \"at\": {called}, \"do\": {action}{end}}}")
}

fn line_of(operation: &Operation) -> String {
    let Operation {
        process,
        key,
        action,
        called,
        outcome,
    } = operation;
    let action = match action {
        Action::Get => format!("Get({key:?})"),
        Action::Set(value) => format!("Set({key:?}, {value:?})"),
        Action::Append(piece) => format!("Append({key:?}, {piece:?})"),
        Action::CompareAndSet { expected, new } => format!("Cas({key:?}, {expected:?}, {new:?})"),
        Action::Delete => format!("Delete({key:?})"),
    };
    let end = match outcome {
        Outcome::Unknown => String::new(),
        Outcome::Answered { at, answer } => {
            let answer = match answer {
                Answer::Done => "Done".to_owned(),
                Answer::Value(None) => "Value(None)".to_owned(),
                Answer::Value(Some(value)) => format!("Value({value:?})"),
                Answer::Mismatch => "Mismatch".to_owned(),
            };
            format!(", until: {at}, answer: {answer}")
        }
    };
    format!("        (client: {process}, at: {called}, do: {action}{end}),\n")
}
