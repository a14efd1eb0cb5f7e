//! Syncs on a thread of their own: while one runs, what is written meanwhile waits and shares the next (group commit).

use std::io;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::consensus::durable::{Finished, GroupSync, Pending};

/// Who syncs a server's writes.
pub(super) enum Syncer<S: GroupSync> {
    /// The server itself: for stores that need not wait for a device.
    Here,
    /// A thread.
    Apart(Sender<Pending<S>>),
}

/// Where finished syncs come from, and the thread they come from, if there is one.
pub(super) struct Finishes<S: GroupSync> {
    pub(super) receiver: Receiver<Finished<S>>,
    pub(super) thread: Option<JoinHandle<()>>,
}

impl<S: GroupSync + 'static> Syncer<S> {
    /// The server syncs itself.
    pub(super) fn here() -> (Self, Finishes<S>) {
        let finishes = Finishes {
            receiver: crossbeam_channel::never(),
            thread: None,
        };
        (Self::Here, finishes)
    }

    /// A thread of this name syncs.
    pub(super) fn apart(name: String) -> io::Result<(Self, Finishes<S>)> {
        let (writes, pending) = unbounded();
        let (finished, receiver) = unbounded();
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || sync_all(&pending, &finished))?;
        let thread = Some(thread);
        Ok((Self::Apart(writes), Finishes { receiver, thread }))
    }

    /// Whether a thread does it.
    pub(super) fn is_apart(&self) -> bool {
        matches!(self, Self::Apart(_))
    }

    /// Has a write synced; gives the end of it where that is known at once.
    pub(super) fn sync(&self, pending: Pending<S>) -> Option<Finished<S>> {
        match self {
            Self::Here => Some(pending.sync()),
            Self::Apart(writes) => {
                // Where the thread is gone its last word is a failed sync, or the server is about to stop.
                drop(writes.send(pending));
                None
            }
        }
    }
}

/// Syncs what is written until nobody can write any more; a server that stops does not wait for the results, but for the syncs.
fn sync_all<S: GroupSync>(pending: &Receiver<Pending<S>>, finished: &Sender<Finished<S>>) {
    while let Ok(first) = pending.recv() {
        let group: Vec<_> = std::iter::once(first).chain(pending.try_iter()).collect();
        if let Some(done) = Pending::sync_all(group) {
            drop(finished.send(done));
        }
    }
}
