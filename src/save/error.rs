//! Why a save can't be read or written: one sentence each, that says what is wrong and what to do.

use std::io;
use std::path::PathBuf;

use ron::error::SpannedError;

use super::scalar::neutralised;
use crate::playground::{ImageError, TRACE_VERSION};

/// Where a text stops being RON of the form that it must have, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: line {line}, column {column}: {problem}")]
pub struct SyntaxError {
    /// What the text is called: its file.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// Why.
    pub problem: String,
}

impl SyntaxError {
    pub(crate) fn of(error: &SpannedError, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            line: error.span.start.line,
            column: error.span.start.col,
            problem: neutralised(&error.code.to_string()).replace('\n', " "),
        }
    }
}

/// Why a save can't be read or written. No file has changed.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Nothing of this name is known.
    #[error("there is no save called `{name}`{hint}; those that come with it are: {shipped}")]
    Unknown {
        /// The name.
        name: String,
        /// What may have been meant: `; did you mean …?`, or nothing.
        hint: String,
        /// The saves that come with the program.
        shipped: String,
    },
    /// Nothing was saved on leaving yet, or the place for it is not known.
    #[error("there is no last save yet: leaving the screen makes one")]
    NoLast,
    /// The system does not tell where a user's files go.
    #[error("there is no place for the last save: neither XDG_STATE_HOME nor HOME is set")]
    NoPlace,
    /// A file can't be read.
    #[error("{path} can't be read: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no plain file.
    #[error("{path} is no plain file", path = path.display())]
    NotAFile {
        /// What it is called.
        path: PathBuf,
    },
    /// There is more than is read.
    #[error("{name}: larger than {} MiB, the most that is read; --save-limit sets another limit", most >> 20)]
    TooLarge {
        /// The save.
        name: String,
        /// The most that is read, in bytes.
        most: u64,
    },
    /// It is no text.
    #[error("{name}: no save, for it is no text (byte {at} is not UTF-8)")]
    NotText {
        /// The save.
        name: String,
        /// Where it stops being text.
        at: usize,
    },
    /// It is not RON, or not of the right form.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is of another version.
    #[error(
        "{name}: save version {found}, and this build reads {supported}; open it with a raft-play that is as new",
        supported = super::SAVE_VERSION
    )]
    Version {
        /// The save.
        name: String,
        /// Its version.
        found: u64,
    },
    /// It goes on with a trace that this build would go on with differently.
    #[error(
        "{name}: trace version {found}, and this build runs {TRACE_VERSION}, so it would not go on as it began; \
         delete its `trace:` to begin a new trace from there"
    )]
    Trace {
        /// The save.
        name: String,
        /// Its trace version.
        found: u64,
    },
    /// Its parts can't be.
    #[error("{name}: {place}{problem}")]
    Scene {
        /// The save.
        name: String,
        /// Where the part stands that can't be: `line 3, column 5: `, or nothing where it is the whole.
        place: String,
        /// What can't be.
        problem: String,
    },
    /// Its parts do not fit together.
    #[error("{name}: {place}{source}")]
    Image {
        /// The save.
        name: String,
        /// Where the node stands that does not fit, as above.
        place: String,
        /// What does not fit.
        source: Box<ImageError>,
    },
    /// There is a file of this name.
    #[error("{path} exists already", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file can't be written. What was there before is there still.
    #[error("{path} was not saved: {source}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A name that can't be that of a save.
    #[error(
        "`{name}` can't be a save's name: letters, digits, `-`, `_` and `.`, at most 64, not a `.` first"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The name that leaving uses.
    #[error("`last` is what leaving saves; choose another name")]
    Reserved,
}
