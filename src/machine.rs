//! Bring your own state machine: what the log is for.

mod key_value;
mod sessions;
mod snapshot;

pub use key_value::{KeyValue, KeyValueCommand, KeyValueError};
pub use sessions::{Execution, SerialCheck, Session, SessionRefusal, SessionTable, Sessions, WINDOW};
pub use snapshot::{MachineSnapshot, RestoreError, SnapshotError, SnapshotTask, Snapshots, read_all};

use std::io::Read;

use bytes::Bytes;

use crate::types::LogIndex;

/// What every server applies the committed commands to, in log order (§2).
///
/// It must be deterministic: the same commands in the same order give the same state and the same answers, on every
/// server. A command that makes no sense is answered, not panicked about: it is in every server's log.
pub trait StateMachine: Send + 'static {
    /// Applies one committed command and gives the answer for its caller.
    fn apply(&mut self, command: &[u8]) -> Bytes;

    /// Answers a question about the state as it is, and changes nothing.
    fn query(&self, query: &[u8]) -> Bytes;

    /// The latest finished snapshot, if there is any. Never waits for one.
    fn snapshot(&self) -> Option<MachineSnapshot>;

    /// Takes over the state that a snapshot holds, in place of its own. The same bytes give the same state, on every server.
    ///
    /// # Errors
    ///
    /// Where the state was not taken over. The bytes may come from another server, so nonsense is an error and no panic.
    fn restore(&mut self, reader: &mut dyn Read) -> Result<(), RestoreError>;

    /// Begins a snapshot of the state as it is now, with everything through `index` applied. What is applied later is not
    /// in it, however long it takes. When the task resolves, [`snapshot`](Self::snapshot) gives it.
    ///
    /// [`Snapshots`] does this for a machine that can write itself down at once.
    fn perform_snapshot(&mut self, index: LogIndex) -> SnapshotTask;
}

/// A state machine that can be shown to people.
pub trait Exhibit: StateMachine {
    /// A command in a few characters, for a log cell: `x=3`.
    fn describe(command: &[u8]) -> String;

    /// The state as pairs of names and values, in a fixed order.
    fn contents(&self) -> Vec<(String, String)>;

    /// A command as a client could give it who asks by itself: about one of the things that the machine keeps, from 0, and unlike the commands that
    /// other numbers make. `None` where the machine has none to offer.
    fn sample_command(_key: u64, _number: u64) -> Option<String> {
        None
    }

    /// A question as such a client could ask it, about one of the things that the machine keeps, from 0.
    fn sample_query(_key: u64) -> Option<String> {
        None
    }
}

/// Text where the bytes are text, hexadecimal where they are not; what a person would break a line or a screen with
/// is escaped.
pub fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().flat_map(escaped).collect(),
        Err(_) => bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xf])
            .filter_map(hex_digit)
            .collect(),
    }
}

/// A text on one line, with what a terminal would obey and what turns or hides the text around it written out: `\u{1b}`.
pub fn plain(text: &str) -> String {
    let written_out = |letter: char| {
        let escape = is_hidden(letter).then(|| letter.escape_unicode());
        let itself = escape.is_none().then_some(letter);
        itself.into_iter().chain(escape.into_iter().flatten())
    };
    text.chars().flat_map(written_out).collect()
}

/// Whether a character is a control, turns the direction of text, or takes no room though it is no part of a letter.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

fn hex_digit(nibble: u8) -> Option<char> {
    char::from_digit(u32::from(nibble), 16)
}

fn escaped(character: char) -> impl Iterator<Item = char> {
    let is_plain = character == ' ' || character.is_alphanumeric() || character.is_ascii_graphic();
    let plain = is_plain.then_some(character);
    let escape = (!is_plain).then(|| character.escape_unicode());
    plain.into_iter().chain(escape.into_iter().flatten())
}
