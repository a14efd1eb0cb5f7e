//! Histories as text, read and written.
//!
//! # This project's own
//!
//! RON, or JSON of the same form. The version comes first; only the order of the moments counts.
//!
//! ```
//! # let text = r#"
//! (
//!     history: 1,
//!     initial: {"x": "0"},
//!     operations: [
//!         (client: 1, at: 10, do: Set("x", "1"), until: 20, answer: Done),
//!         (client: 2, at: 12, do: Get("x"), until: 18, answer: Value("1")),
//!         (client: 2, at: 21, do: Cas("x", "0", "2"), until: 30, answer: Mismatch),
//!         (client: 1, at: 25, do: Append("x", "b")),
//!         (client: 2, at: 35, do: Get("y"), until: 38, answer: Value(None)),
//!     ],
//! )
//! # "#;
//! # let history = raft_play::linear::read(text, None)?;
//! # assert_eq!(history.operations.len(), 5);
//! # Ok::<(), raft_play::linear::ReadError>(())
//! ```
//!
//! An operation is one of `Get(key)`, `Set(key, value)`, `Append(key, piece)`, `Cas(key, expected, new)` and `Delete(key)`. Its answer is `Done`, `Value` with
//! what was read, `Mismatch` where a compare-and-set found another value, or `Failed`: then it has not happened. Without `until` and `answer` nobody knows,
//! for ever. `initial` holds values at the beginning, `unwritten` what is read where nothing was ever written; both may be left out.
//!
//! # Jepsen's register logs
//!
//! Lines of process, type, function and value: `INFO  jepsen.util - 0 :invoke :cas [3 0]`, with tabs or spaces between. Types are `:invoke`, `:ok`, `:fail` (it has not
//! happened) and `:info` (nobody knows); functions are `:read`, `:write` and `:cas`. Other lines are passed over. All is one register.
//!
//! # Porcupine's key-value logs
//!
//! Lines like `{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}`, with the same types, and `:get`, `:put` and `:append`. What was
//! never written is read as the empty text.

mod events;
mod jepsen;
mod own;
mod porcupine;

#[cfg(feature = "cli")]
pub use own::json_text;
pub use own::{HISTORY_VERSION, ron_text};

use super::history::History;

/// A form in which histories are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// This project's, as RON.
    Ron,
    /// This project's, as JSON.
    Json,
    /// Jepsen's log of a register.
    Jepsen,
    /// Porcupine's log of a key-value store.
    Porcupine,
}

/// Why a text is no history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No form begins like that.
    #[error(
        "no history: it should begin like one of this project's, `(history: 1, …` in RON or `{{\"history\": 1, …` in JSON, or be Jepsen's log of a \
         register or Porcupine's of a key-value store; --format says which it is meant to be"
    )]
    Unknown,
    /// It is of another version.
    #[error("history version {found}; this build reads version {HISTORY_VERSION}")]
    Version {
        /// The version.
        found: u64,
    },
    /// This build does not read it.
    #[error("this build reads no JSON (feature `cli`); RON says the same")]
    NoJson,
    /// Something is wrong with it.
    #[error("line {line}, column {column}: {problem}")]
    At {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What, and what would be right.
        problem: String,
    },
}

/// Reads a history, in a form or in the one that it begins like. The text is not trusted: nesting is bounded, and what is read takes
/// memory in proportion to it; who calls bounds its length.
///
/// # Errors
///
/// Says where it is no history, and what would be one.
pub fn read(text: &str, form: Option<Form>) -> Result<History, ReadError> {
    match form.or_else(|| form_of(text)) {
        None => Err(ReadError::Unknown),
        Some(Form::Ron) => own::read_ron(text),
        #[cfg(feature = "cli")]
        Some(Form::Json) => own::read_json(text),
        #[cfg(not(feature = "cli"))]
        Some(Form::Json) => Err(ReadError::NoJson),
        Some(Form::Jepsen) => jepsen::read(text),
        Some(Form::Porcupine) => porcupine::read(text),
    }
}

/// The form that a text begins like.
fn form_of(text: &str) -> Option<Form> {
    let begun = text.trim_start_matches('\u{feff}').trim_start();
    if begun.starts_with("{:") {
        Some(Form::Porcupine)
    } else if begun.starts_with('{') {
        Some(Form::Json)
    } else if begun.starts_with(['(', '#']) || begun.starts_with("//") || begun.starts_with("/*") {
        Some(Form::Ron)
    } else {
        begun.lines().any(jepsen::is_event).then_some(Form::Jepsen)
    }
}
