//! The sample state machine: a key-value store whose commands are text, so that a log can be read and written by hand.

use std::collections::BTreeMap;
use std::io::Read;

use bytes::Bytes;

use super::{
    Exhibit, MachineSnapshot, RestoreError, SnapshotTask, Snapshots, StateMachine, plain, read_all, readable,
};
use crate::types::LogIndex;

/// A key-value store of strings.
///
/// ```
/// use raft_play::machine::{KeyValue, StateMachine};
/// let mut store = KeyValue::default();
/// assert_eq!(store.apply(b"x=1"), "ok");
/// assert_eq!(store.apply(b"cas x 1 2"), "ok");
/// assert_eq!(store.apply(b"get x"), "2");
/// ```
///
/// Its snapshots are text as well: a line for each key, in ascending order, with the key, a space, the value and a line
/// feed. Neither holds white space, for commands are told apart by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyValue {
    values: BTreeMap<String, String>,
    snapshots: Snapshots,
}

/// A command of the key-value store. Its text form is what stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyValueCommand {
    /// `set x 1` or `x=1`: x becomes 1. Answers `ok`.
    Set(String, String),
    /// `get x`: answers the value, or `none`.
    Get(String),
    /// `delete x`: x is no more. Answers `ok`, or `none` where it was not.
    Delete(String),
    /// `cas x 1 2`: x becomes 2 if it is 1. Answers `ok`, or `is` and the value there is.
    CompareAndSet {
        /// The key.
        key: String,
        /// What it must be.
        expected: String,
        /// What it becomes.
        new: String,
    },
    /// `append x 1`: 1 is added at the end of x's value, which starts empty. Answers the new value.
    Append(String, String),
}

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no command; try: set x 1, x=1, get x, delete x, cas x 1 2, append x 1")]
pub struct KeyValueError(String);

impl KeyValueCommand {
    /// Reads a command from its text.
    pub fn parse(text: &[u8]) -> Result<Self, KeyValueError> {
        let error = || KeyValueError(readable(text));
        let text = std::str::from_utf8(text).map_err(|_| error())?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let owned = |word: &str| word.to_owned();
        match words[..] {
            ["set", key, value] => Ok(Self::Set(owned(key), owned(value))),
            ["get", key] => Ok(Self::Get(owned(key))),
            ["delete", key] => Ok(Self::Delete(owned(key))),
            ["cas", key, expected, new] => Ok(Self::CompareAndSet {
                key: owned(key),
                expected: owned(expected),
                new: owned(new),
            }),
            ["append", key, value] => Ok(Self::Append(owned(key), owned(value))),
            [assignment] => match assignment.split_once('=') {
                Some((key, value)) if !key.is_empty() => Ok(Self::Set(owned(key), owned(value))),
                Some(_) | None => Err(error()),
            },
            [] | [..] => Err(error()),
        }
    }

    /// In a few characters, for a log cell.
    pub fn brief(&self) -> String {
        match self {
            Self::Set(key, value) => format!("{key}={value}"),
            Self::Get(key) => format!("{key}?"),
            Self::Delete(key) => format!("-{key}"),
            Self::CompareAndSet { key, expected, new } => format!("{key}:{expected}>{new}"),
            Self::Append(key, value) => format!("{key}+{value}"),
        }
    }
}

impl KeyValue {
    /// The snapshot of a store with these values.
    ///
    /// # Errors
    ///
    /// Where a key is empty, or white space stands in a key or value: no command could have put it there.
    pub fn snapshot_of(values: &BTreeMap<String, String>) -> Result<Bytes, RestoreError> {
        let text = write_down(values);
        let is_possible = read(text.as_bytes())? == *values;
        is_possible
            .then(|| Bytes::from(text))
            .ok_or(RestoreError::Malformed("no key or value holds white space"))
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    fn run(&mut self, command: KeyValueCommand) -> String {
        let none = || "none".to_owned();
        match command {
            KeyValueCommand::Set(key, value) => {
                self.values.insert(key, value);
                "ok".to_owned()
            }
            KeyValueCommand::Get(key) => self.values.get(&key).cloned().unwrap_or_else(none),
            KeyValueCommand::Delete(key) => self.values.remove(&key).map_or_else(none, |_| "ok".to_owned()),
            KeyValueCommand::CompareAndSet { key, expected, new } => match self.values.get_mut(&key) {
                Some(value) if *value == expected => {
                    *value = new;
                    "ok".to_owned()
                }
                Some(value) => format!("is {value}"),
                None => none(),
            },
            KeyValueCommand::Append(key, value) => {
                let whole = self.values.entry(key).or_default();
                whole.push_str(&value);
                whole.clone()
            }
        }
    }
}

/// The state as text.
fn write_down(values: &BTreeMap<String, String>) -> String {
    values
        .iter()
        .flat_map(|(key, value)| [key, " ", value, "\n"])
        .collect()
}

/// The state that a text says. Only what [`write_down`] writes is one.
fn read(text: &[u8]) -> Result<BTreeMap<String, String>, RestoreError> {
    let text = std::str::from_utf8(text).map_err(|_| RestoreError::Malformed("it is no text"))?;
    let lines = text.split_terminator('\n');
    let pairs = lines.map(|line| {
        line.split_once(' ')
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    });
    let values = pairs.collect::<Option<BTreeMap<_, _>>>();
    let is_ours = |values: &BTreeMap<String, String>| {
        let has_no_space = |word: &String| !word.contains(char::is_whitespace);
        write_down(values) == text
            && values.keys().all(|key| !key.is_empty() && has_no_space(key))
            && values.values().all(has_no_space)
    };
    let values = values.filter(is_ours);
    values.ok_or(RestoreError::Malformed(
        "each line holds a key, a space and a value, without further white space and in ascending order",
    ))
}

impl StateMachine for KeyValue {
    fn apply(&mut self, command: &[u8]) -> Bytes {
        let answer = match KeyValueCommand::parse(command) {
            Ok(command) => self.run(command),
            Err(error) => format!("error: {error}"),
        };
        Bytes::from(answer)
    }

    /// `get x`, or `x`: the value, or `none`.
    fn query(&self, query: &[u8]) -> Bytes {
        let text = String::from_utf8_lossy(query);
        let words: Vec<&str> = text.split_whitespace().collect();
        let answer = match words[..] {
            ["get", key] | [key] => self.value(key).unwrap_or("none").to_owned(),
            [] | [..] => format!("error: `{}` is no question; try: get x", readable(query)),
        };
        Bytes::from(answer)
    }

    fn snapshot(&self) -> Option<MachineSnapshot> {
        self.snapshots.latest()
    }

    fn restore(&mut self, reader: &mut dyn Read) -> Result<(), RestoreError> {
        self.values = read(&read_all(reader)?)?;
        Ok(())
    }

    fn perform_snapshot(&mut self, index: LogIndex) -> SnapshotTask {
        self.snapshots.keep(index, write_down(&self.values))
    }
}

impl Exhibit for KeyValue {
    fn describe(command: &[u8]) -> String {
        KeyValueCommand::parse(command).map_or_else(|_| readable(command), |command| plain(&command.brief()))
    }

    fn contents(&self) -> Vec<(String, String)> {
        self.values
            .iter()
            .map(|(key, value)| (plain(key), plain(value)))
            .collect()
    }

    fn sample_command(key: u64, number: u64) -> Option<String> {
        Some(format!("{}={number}", sample_key(key)))
    }

    fn sample_query(key: u64) -> Option<String> {
        Some(sample_key(key))
    }
}

/// x, y and z, then k4, k5, …
fn sample_key(key: u64) -> String {
    match key {
        0 => "x".to_owned(),
        1 => "y".to_owned(),
        2 => "z".to_owned(),
        more => format!("k{}", more + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(commands: &[&str]) -> Vec<String> {
        let mut store = KeyValue::default();
        let answer = |command: &&str| String::from_utf8(store.apply(command.as_bytes()).to_vec()).unwrap();
        commands.iter().map(answer).collect()
    }

    #[test]
    fn what_a_terminal_would_obey_and_what_hides_or_turns_text_is_written_out() {
        assert_eq!(
            KeyValue::describe("a\u{200b}\u{202e}=\u{1b}[2J".as_bytes()),
            "a\\u{200b}\\u{202e}=\\u{1b}[2J"
        );
        assert_eq!(KeyValue::describe("ключ=❤\u{fe0f}".as_bytes()), "ключ=❤\u{fe0f}");
        let mut store = KeyValue::default();
        store.apply("a\u{feff}=b\u{200f}".as_bytes());
        assert_eq!(
            store.contents(),
            [("a\\u{feff}".to_owned(), "b\\u{200f}".to_owned())]
        );
    }

    #[test]
    fn commands_do_what_they_say() {
        assert_eq!(
            answers(&["set x 1", "get x", "x=2", "get x"]),
            ["ok", "1", "ok", "2"]
        );
        assert_eq!(
            answers(&["get x", "delete x", "x=1", "delete x", "get x"]),
            ["none", "none", "ok", "ok", "none"]
        );
        assert_eq!(
            answers(&["cas x 1 2", "x=1", "cas x 3 2", "cas x 1 2"]),
            ["none", "ok", "is 1", "ok"]
        );
        assert_eq!(answers(&["append x a", "append x b"]), ["a", "ab"]);
    }

    #[test]
    fn questions_change_nothing() {
        let mut store = KeyValue::default();
        store.apply(b"x=1");
        let before = store.clone();
        assert_eq!(store.query(b"get x"), "1");
        assert_eq!(store.query(b"x"), "1");
        assert_eq!(store.query(b"get y"), "none");
        assert!(store.query(b"set x 2").starts_with(b"error: "));
        assert_eq!(store, before);
    }

    #[test]
    fn a_snapshot_is_the_state_at_its_index_and_gives_it_back() {
        let mut store = KeyValue::default();
        store.apply(b"x=1");
        store.apply(b"set a=b c");
        store.apply(b"e=");
        store.perform_snapshot(LogIndex::new(3)).wait().unwrap();
        store.apply(b"x=2");
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.last_applied, LogIndex::new(3));
        let bytes = snapshot.into_bytes().unwrap();
        assert_eq!(bytes, "a=b c\ne \nx 1\n");
        store.restore(&mut &bytes[..]).unwrap();
        assert_eq!(store.value("x"), Some("1"));
        assert_eq!(store.value("e"), Some(""));
    }

    #[test]
    fn what_is_no_snapshot_is_refused_and_changes_nothing() {
        let mut store = KeyValue::default();
        store.apply(b"x=1");
        for nonsense in [
            "x",
            "x 1",
            "y 1\nx 1\n",
            "x 1\nx 2\n",
            "x 1 2\n",
            " 1\n",
            "x 1\n\n",
        ] {
            let refused = store.restore(&mut nonsense.as_bytes());
            assert!(matches!(refused, Err(RestoreError::Malformed(_))), "{nonsense:?}");
        }
        assert!(store.restore(&mut &[0xff][..]).is_err());
        assert_eq!(store.value("x"), Some("1"));
        assert!(store.restore(&mut &b""[..]).is_ok(), "the state of nothing");
    }

    #[test]
    fn nonsense_is_answered() {
        for nonsense in ["", "hello", "set x", "=1", "cas x 1"] {
            assert!(answers(&[nonsense])[0].starts_with("error: "), "{nonsense:?}");
        }
        assert!(KeyValue::default().apply(&[0xff, 0xfe]).starts_with(b"error: "));
    }

    #[test]
    fn descriptions_fit_a_cell_and_hold_no_control_characters() {
        assert_eq!(KeyValue::describe(b"set x 7"), "x=7");
        assert_eq!(KeyValue::describe(b"\x1b[2J"), "\\u{1b}[2J");
        assert_eq!(KeyValue::describe(&[0xff]), "ff");
    }
}
