//! Where saves, scripts and pictures come from and go to: the screen's only way to files.

use std::path::PathBuf;

use super::view::{OpenRow, Scene};
use crate::lesson::Deed;
use crate::playground::{Command, TimedCommand};
use crate::types::VirtualTime;

/// A shelf of saves, and files to write.
pub trait Library<W> {
    /// The saves that can be opened.
    fn list(&self) -> Vec<OpenRow>;

    /// What a listed save holds, in a few lines; nothing where that can't be told.
    fn preview(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }

    /// Opens a save.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    fn open(&mut self, name: &str) -> Result<Opened<W>, String>;

    /// Writes a save and gives its whole path.
    ///
    /// # Errors
    ///
    /// [`Refusal::Exists`] where it would overwrite a file and was not told to.
    fn save(&mut self, world: &mut W, name: &str, overwrite: Overwrite) -> Result<PathBuf, Refusal>;

    /// Writes the save named `last`, over the one before.
    ///
    /// # Errors
    ///
    /// A sentence that says why it can't.
    fn save_last(&mut self, world: &mut W) -> Result<PathBuf, String>;

    /// Writes what was done so far to a file that a run without a screen can read.
    ///
    /// # Errors
    ///
    /// [`Refusal::Exists`] where there is such a file.
    fn script(&mut self, name: &str, recording: Recording<'_>) -> Result<PathBuf, Refusal>;

    /// Keeps what was done of the task beside the last save, where a task is done.
    ///
    /// # Errors
    ///
    /// A sentence that says why not.
    fn save_last_task(&mut self, _recording: Recording<'_>) -> Result<(), String> {
        Ok(())
    }

    /// A code for all that was done, with what it began from.
    ///
    /// # Errors
    ///
    /// A sentence, where there is none.
    fn share(&mut self, _recording: Recording<'_>) -> Result<String, String> {
        Err("nothing can be shared from here".to_owned())
    }

    /// Writes a text to a file.
    ///
    /// # Errors
    ///
    /// [`Refusal::Exists`] where there is such a file.
    fn write(&mut self, _name: &str, _text: &str) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed("there is nowhere to write to".to_owned()))
    }

    /// Draws what happened between two moments as a space-time diagram into a file.
    ///
    /// # Errors
    ///
    /// [`Refusal::Exists`] where there is such a file.
    fn lamport(
        &mut self,
        _name: &str,
        _recording: Recording<'_>,
        _stretch: (VirtualTime, VirtualTime),
    ) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed("there is nowhere to write to".to_owned()))
    }

    /// The kinds of what may be done to the cluster, where not everything may: the key bar offers nothing else.
    fn permitted(&self) -> Option<Vec<Deed>> {
        None
    }

    /// Whether a command may be given: a task permits some, and nothing else.
    ///
    /// # Errors
    ///
    /// A sentence that says why not.
    fn permits(&self, _command: &Command) -> Result<(), String> {
        Ok(())
    }

    /// Says how far one is with the task that is done.
    ///
    /// # Errors
    ///
    /// A sentence, where no task is done.
    fn grade(&mut self, _recording: Recording<'_>) -> Result<String, String> {
        Err("no task is done here; raft-play --task NAME begins one".to_owned())
    }

    /// Keeps the answer to a question of the task that is done, by its number from 1.
    ///
    /// # Errors
    ///
    /// A sentence, where there is no such question.
    fn answer(&mut self, _question: usize, _text: &str) -> Result<String, String> {
        Err("no task is done here, so nothing is asked".to_owned())
    }

    /// Writes the screen to a file as a picture.
    ///
    /// # Errors
    ///
    /// [`Refusal::Exists`] where there is such a file.
    fn export(&mut self, name: &str, scene: &Scene<'_>) -> Result<PathBuf, Refusal>;
}

/// What was done, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Recording<'a> {
    /// What, in order.
    pub commands: &'a [TimedCommand],
    /// The moment that is shown.
    pub until: VirtualTime,
}

/// A save that was opened.
#[derive(Debug)]
pub struct Opened<W> {
    /// The world.
    pub world: W,
    /// Its title.
    pub title: Option<String>,
    /// Its notes, a step each.
    pub notes: Vec<crate::lesson::Step>,
}

/// Whether a file may be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// It may.
    Yes,
    /// It may not.
    No,
}

/// Why a file was not written. No file has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is one already.
    Exists(PathBuf),
    /// Something else, in a sentence.
    Failed(String),
}
