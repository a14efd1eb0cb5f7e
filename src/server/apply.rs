//! The state machine on a thread of its own: for one that is slow, so that replication does not wait for it.

use std::io;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, RecvError, Sender, unbounded};

use crate::machine::StateMachine;
use crate::node::{Work, Worked};

/// Who applies what is committed.
pub(super) struct Applier<M> {
    /// Where work goes, where a thread does it; else the server does it itself.
    work: Option<Sender<Work<M>>>,
    /// From where the machine comes back.
    pub(super) worked: Receiver<Worked<M>>,
}

impl<M: StateMachine> Applier<M> {
    /// The server applies itself.
    pub(super) fn here() -> Self {
        Self {
            work: None,
            worked: crossbeam_channel::never(),
        }
    }

    /// A thread of this name applies.
    pub(super) fn apart(name: String) -> io::Result<(Self, JoinHandle<()>)> {
        let (work, received) = unbounded::<Work<M>>();
        let (done, worked) = unbounded();
        let apply_all = move || received.iter().for_each(|work| drop(done.send(work.run())));
        let thread = thread::Builder::new().name(name).spawn(apply_all)?;
        let applier = Self {
            work: Some(work),
            worked,
        };
        Ok((applier, thread))
    }

    /// Whether a thread does it.
    pub(super) fn is_apart(&self) -> bool {
        self.work.is_some()
    }

    /// Sends the machine to work.
    pub(super) fn begin(&self, work: Work<M>) {
        if let Some(sender) = &self.work {
            // Where the thread is gone, so is the machine: whoever waits for it learns so.
            drop(sender.send(work));
        }
    }

    /// Waits until the machine is back.
    ///
    /// # Errors
    ///
    /// Where it never will be, for its thread has panicked.
    pub(super) fn wait(&self) -> Result<Worked<M>, RecvError> {
        self.worked.recv()
    }
}
