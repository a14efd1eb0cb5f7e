//! A moment that a world can be taken back to, exactly.
//!
//! An [image](super::WorldImage) is enough to go on from as a save does. To come back as if one had never been away takes
//! what only the world's own watchers know as well: all that the oracles have seen, and how far into its moment the world is.

use super::calls::Calls;
use super::watch::Watch;
use super::{ImageError, World, WorldImage};
use crate::machine::Exhibit;

/// A moment of a world. Holds no state machine: those are brought back from their snapshots and logs.
#[derive(Clone)]
pub struct Checkpoint {
    image: WorldImage,
    carried_out: u32,
    watch: Watch,
    calls: Option<Calls>,
}

/// What a checkpoint weighs where its world is empty, in bytes: a guess.
const BARE_BYTES: u64 = 8 * 1024;
/// What a committed entry weighs among what the oracles keep in mind and no other checkpoint shares, in bytes: a guess.
const SEEN_ENTRY_BYTES: u64 = 128;
/// What a file weighs, in bytes: a guess. Of what is durable, checkpoints share the pages that lie still: mostly one or two are new in each, and the rest is pointers.
const FILE_BYTES: u64 = 12 * 1024;
/// What a change to a file weighs that is not durable yet, or a message, in bytes: a guess.
const CHANGE_BYTES: u64 = 256;
/// What a client's call weighs, where those are kept and no other checkpoint shares it, in bytes: a guess.
const CALL_BYTES: u64 = 256;

impl Checkpoint {
    /// Some measure of the memory that it takes, in bytes.
    pub fn weight(&self) -> u64 {
        let files = self.image.nodes.iter().flat_map(|node| &node.disk.files);
        let files = files.map(|file| FILE_BYTES + file.unsynced.len() as u64 * CHANGE_BYTES);
        let messages = self.image.messages.len() as u64 * CHANGE_BYTES;
        let seen = self.watch.entries_copied() as u64 * SEEN_ENTRY_BYTES;
        let calls = self.calls.as_ref().map_or(0, |calls| calls.calls.copied() as u64) * CALL_BYTES;
        BARE_BYTES + files.sum::<u64>() + messages + seen + calls
    }
}

impl<M: Exhibit + Default> World<M> {
    /// This moment, to be taken back to. Leaves no trace.
    ///
    /// # Errors
    ///
    /// Where a node's disk has failed and the node has not been stopped yet.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, ImageError> {
        Ok(Checkpoint {
            image: self.image()?,
            carried_out: self.carried_out,
            watch: self.watch.clone(),
            calls: self.calls.clone(),
        })
    }

    /// Takes the world back to a moment of its own, or of another branch of it. The files that follow the nodes' disks, where
    /// there are any, follow there. What was not collected of the trace and of the complaints is gone.
    ///
    /// # Errors
    ///
    /// Where the checkpoint can't be gone on from; the world is then as it was.
    pub fn return_to(&mut self, checkpoint: &Checkpoint) -> Result<(), ImageError> {
        let mut there = Self::restored(checkpoint.image.clone(), self.runs_on)?;
        there.carried_out = checkpoint.carried_out;
        there.watch = checkpoint.watch.clone();
        there.calls.clone_from(&checkpoint.calls);
        there.is_halted = checkpoint.image.is_halted;
        let before = std::mem::replace(self, there);
        self.take_files_from(before);
        Ok(())
    }

    /// How much has happened so far, in records of the trace.
    pub fn happened(&self) -> u64 {
        self.trace.next_ordinal()
    }

    /// Whether a violation has stopped time.
    pub fn is_halted(&self) -> bool {
        self.is_halted
    }
}
