//! What can go wrong, and with which exit code.

use std::io;
use std::path::PathBuf;

use crate::bench::BenchError;
use crate::homework::TaskError;
use crate::linear::ReadError;
use crate::playground::{CommandError, DataDirError, ImageError, WorldError};
use crate::save::SaveError;
use crate::save::script::ScriptError;
use crate::types::VirtualTime;

/// Why the program can't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// This build has no screen.
    #[cfg(not(feature = "tui"))]
    #[error("this build has no screen (feature `tui`); without one, try: raft-play run --for 10s")]
    NoScreen,
    /// There is no terminal, or it failed.
    #[cfg(feature = "tui")]
    #[error(transparent)]
    Screen(#[from] crate::ui::event_loop::ScreenError),
    /// A temporary folder for the nodes' files can't be made.
    #[cfg(feature = "tui")]
    #[error("no temporary folder can be made for the nodes' files: {0}; --data-dir names another place")]
    Temporary(io::Error),
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A configuration can't be gone by.
    #[cfg(feature = "tui")]
    #[error("{path}: {problem}", path = path.display())]
    Config {
        /// Its file.
        path: PathBuf,
        /// Where, and why.
        problem: String,
    },
    /// A data directory can't be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The cluster can't start.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A save can't be read or written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// A cluster can't go on from a save, or can't be saved.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A file of commands can't be read.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// A command of a file can't be carried out.
    #[error("{path}: the command at {at}: {source}", path = path.display())]
    Command {
        /// The file.
        path: PathBuf,
        /// The command's time.
        at: VirtualTime,
        /// Why.
        source: CommandError,
    },
    /// A file of commands starts before the cluster's time.
    #[error("{path}: a command at {at}, but the cluster's time is {now} already", path = path.display())]
    Past {
        /// The file.
        path: PathBuf,
        /// The command's time.
        at: VirtualTime,
        /// The cluster's.
        now: VirtualTime,
    },
    /// A file that should hold a history can't be read.
    #[error("{path}: {problem}", path = path.display())]
    HistoryFile {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A file holds no history.
    #[error("{path}: {source}", path = path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// A task can't be read.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A share code can't be opened.
    #[error("{0}")]
    Share(String),
    /// What was handed in can't be read.
    #[error("{0}")]
    Submission(#[source] ScriptError),
    /// What clients see can't be kept.
    #[error("no history can begin here: {0}")]
    NoHistory(CommandError),
    /// Nothing was measured.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The results can't be written.
    #[error("can't write the results: {0}")]
    Write(#[from] io::Error),
}

impl CliError {
    /// Whether whoever read the results has stopped reading: no failure of ours, and nobody is there to be told.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit code: 2 where the program was used wrongly, 1 where something failed.
    pub fn code(&self) -> u8 {
        match self {
            #[cfg(not(feature = "tui"))]
            Self::NoScreen => 2,
            #[cfg(feature = "tui")]
            Self::Screen(error) => error.code(),
            #[cfg(feature = "tui")]
            Self::Temporary(_) => 1,
            #[cfg(feature = "tui")]
            Self::Config { .. } => 2,
            Self::Usage(_) | Self::World(WorldError::Nodes(_)) => 2,
            Self::Save(SaveError::Unknown { .. } | SaveError::NoLast) => 2,
            Self::HistoryFile { .. }
            | Self::History { .. }
            | Self::Task(_)
            | Self::Submission(_)
            | Self::Share(_) => 2,
            Self::DataDir(_)
            | Self::World(_)
            | Self::Save(_)
            | Self::Image(_)
            | Self::Script(_)
            | Self::Command { .. }
            | Self::Past { .. }
            | Self::NoHistory(_)
            | Self::Bench(_)
            | Self::Write(_) => 1,
        }
    }
}
