//! Snapshots of a state machine (§7): how one is taken, looked at, and restored from.

use std::fmt;
use std::future::{Future, ready};
use std::io::{self, Cursor, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use bytes::Bytes;

use crate::types::LogIndex;

/// A finished snapshot, to read.
pub struct MachineSnapshot {
    /// The last entry that was applied to the state.
    pub last_applied: LogIndex,
    /// The state, in bytes that [`restore`](super::StateMachine::restore) of the same machine understands.
    pub reader: Box<dyn Read + Send>,
}

impl MachineSnapshot {
    /// Reads all of it.
    pub fn into_bytes(mut self) -> io::Result<Bytes> {
        read_all(&mut self.reader)
    }
}

impl fmt::Debug for MachineSnapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MachineSnapshot(through {})", self.last_applied)
    }
}

/// Why a machine could not take a snapshot. It goes on without.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It could not be written, or read again.
    #[error("the snapshot can't be written: {0}")]
    Io(#[from] io::Error),
    /// The machine can't take one now.
    #[error("no snapshot: {0}")]
    Refused(&'static str),
}

/// Why a machine could not take over a snapshot. Its state is then as it was, or good for nothing: whoever runs it stops.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It could not be read.
    #[error("the snapshot can't be read: {0}")]
    Io(#[from] io::Error),
    /// It is none of this machine's.
    #[error("the snapshot makes no sense: {0}")]
    Malformed(&'static str),
}

/// A snapshot in the making: a future that resolves when the snapshot is complete and
/// [visible](super::StateMachine::snapshot).
///
/// Who has no executor [waits](Self::wait).
#[must_use = "a snapshot is complete when its task is"]
pub struct SnapshotTask {
    work: Pin<Box<dyn Future<Output = Result<(), SnapshotError>> + Send>>,
}

impl SnapshotTask {
    /// A snapshot that is made by this work.
    pub fn new(work: impl Future<Output = Result<(), SnapshotError>> + Send + 'static) -> Self {
        Self { work: Box::pin(work) }
    }

    /// A snapshot that is complete already, or will never be.
    pub fn ready(result: Result<(), SnapshotError>) -> Self {
        Self::new(ready(result))
    }

    /// Blocks until it is complete.
    pub fn wait(mut self) -> Result<(), SnapshotError> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match Pin::new(&mut self).poll(&mut context) {
                Poll::Ready(result) => return result,
                Poll::Pending => thread::park(),
            }
        }
    }
}

impl Future for SnapshotTask {
    type Output = Result<(), SnapshotError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.work.as_mut().poll(context)
    }
}

impl fmt::Debug for SnapshotTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SnapshotTask")
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Keeps the latest snapshot of a machine that lives in memory and can write itself down at once.
///
/// ```
/// # use raft_play::{machine::Snapshots, types::LogIndex};
/// let mut snapshots = Snapshots::default();
/// snapshots.keep(LogIndex::new(7), "the state").wait().expect("memory does not fail");
/// let latest = snapshots.latest().expect("one was taken");
/// assert_eq!((latest.last_applied, &latest.into_bytes().expect("text")[..]), (LogIndex::new(7), &b"the state"[..]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshots {
    latest: Option<(LogIndex, Bytes)>,
}

impl Snapshots {
    /// The latest one.
    pub fn latest(&self) -> Option<MachineSnapshot> {
        let (last_applied, state) = self.latest.clone()?;
        let reader = Box::new(Cursor::new(state));
        Some(MachineSnapshot { last_applied, reader })
    }

    /// Keeps a state, written down after the entry at `index` was applied.
    pub fn keep(&mut self, index: LogIndex, state: impl Into<Bytes>) -> SnapshotTask {
        self.latest = Some((index, state.into()));
        SnapshotTask::ready(Ok(()))
    }
}

/// All that a reader gives: for machines that restore from one piece.
///
/// # Errors
///
/// The reader's.
pub fn read_all(reader: &mut dyn Read) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn who_waits_is_woken_when_the_work_is_done() {
        let (done, told) = mpsc::channel();
        let mut is_started = false;
        let task = SnapshotTask::new(std::future::poll_fn(move |context| {
            if !std::mem::replace(&mut is_started, true) {
                let (done, waker) = (done.clone(), context.waker().clone());
                let work = move || {
                    done.send(()).unwrap();
                    waker.wake();
                };
                thread::Builder::new().spawn(work).unwrap();
            }
            match told.try_recv() {
                Ok(()) => Poll::Ready(Ok(())),
                Err(_) => Poll::Pending,
            }
        }));
        assert!(task.wait().is_ok());
    }

    #[test]
    fn a_failure_is_told() {
        let task = SnapshotTask::ready(Err(SnapshotError::Refused("not now")));
        assert_eq!(task.wait().unwrap_err().to_string(), "no snapshot: not now");
        assert!(Snapshots::default().latest().is_none());
    }
}
