//! What can go wrong, and with which exit code.

use std::io;
use std::path::PathBuf;

use crate::playground::{CommandError, DataDirError, WorldError};
use crate::save::script::ScriptError;
use crate::types::VirtualTime;

/// Why the program can't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// This build has no screen.
    #[error("this build has no screen (feature `tui`); without one, try: raft-play run --for 10s")]
    NoScreen,
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A data directory can't be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The cluster can't start.
    #[error(transparent)]
    World(#[from] WorldError),
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
            Self::NoScreen | Self::Usage(_) | Self::World(WorldError::Nodes(_)) => 2,
            Self::DataDir(_)
            | Self::World(_)
            | Self::Script(_)
            | Self::Command { .. }
            | Self::Past { .. }
            | Self::Write(_) => 1,
        }
    }
}
