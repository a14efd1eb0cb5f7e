//! A handle to something that was asked.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;

use super::error::AskError;
use crate::node::ProposalEnd;
use crate::types::{LogIndex, NodeId, SessionId};

/// Something that was asked of a server, and its answer once there is one. It is a future; who has no executor
/// [waits](Self::wait). Dropping it takes nothing back.
#[derive(Debug)]
#[must_use = "the answer comes through it"]
pub struct Ticket<T> {
    receiver: oneshot::Receiver<ProposalEnd>,
    read: fn(&ProposalEnd) -> Option<T>,
}

/// A command that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Where it stands in the log.
    pub index: LogIndex,
    /// The state machine's answer.
    pub answer: Bytes,
}

/// A question about the state that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadDone {
    /// The state that was read had everything applied through this index.
    pub applied: LogIndex,
    /// The state machine's answer.
    pub answer: Bytes,
}

/// A change of the membership that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is committed.
    Committed {
        /// Where the configuration stands in the log.
        index: LogIndex,
    },
    /// The server joined before, under this id.
    JoinedBefore(NodeId),
}

impl<T> Ticket<T> {
    pub(super) fn new(receiver: oneshot::Receiver<ProposalEnd>, read: fn(&ProposalEnd) -> Option<T>) -> Self {
        Self { receiver, read }
    }

    /// Waits until the answer is there.
    ///
    /// # Errors
    ///
    /// Why there is none. A server that is stopped tells everybody so.
    pub fn wait(self) -> Result<T, AskError> {
        let end = self.receiver.recv().map_err(|_| AskError::Stopped)?;
        said(end, self.read)
    }

    /// Waits until the answer is there, and no longer than this. Gives itself back where it is not.
    ///
    /// # Errors
    ///
    /// As of [`wait`](Self::wait).
    pub fn wait_timeout(self, most: Duration) -> Result<Result<T, AskError>, Self> {
        match self.receiver.recv_timeout(most) {
            Ok(end) => Ok(said(end, self.read)),
            Err(oneshot::RecvTimeoutError::Disconnected) => Ok(Err(AskError::Stopped)),
            Err(oneshot::RecvTimeoutError::Timeout) => Err(self),
        }
    }
}

impl<T> Future for Ticket<T> {
    type Output = Result<T, AskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let read = self.read;
        Pin::new(&mut self.receiver).poll(context).map(|told| match told {
            Ok(end) => said(end, read),
            Err(oneshot::RecvError) => Err(AskError::Stopped),
        })
    }
}

fn said<T>(end: ProposalEnd, read: fn(&ProposalEnd) -> Option<T>) -> Result<T, AskError> {
    let end = AskError::of(end)?;
    // An end that does not fit what was asked tells nothing.
    read(&end).ok_or(AskError::Unknown)
}

pub(super) fn done(end: &ProposalEnd) -> Option<Done> {
    let ProposalEnd::Done { index, answer } = end else {
        return None;
    };
    Some(Done {
        index: *index,
        answer: answer.clone(),
    })
}

pub(super) fn opened(end: &ProposalEnd) -> Option<SessionId> {
    let ProposalEnd::SessionOpened(session) = end else {
        return None;
    };
    Some(*session)
}

pub(super) fn closed(end: &ProposalEnd) -> Option<()> {
    matches!(end, ProposalEnd::SessionClosed(_)).then_some(())
}

pub(super) fn read(end: &ProposalEnd) -> Option<ReadDone> {
    let ProposalEnd::Read { applied, answer } = end else {
        return None;
    };
    Some(ReadDone {
        applied: *applied,
        answer: answer.clone(),
    })
}

pub(super) fn changed(end: &ProposalEnd) -> Option<Changed> {
    if let ProposalEnd::Joined(node) = end {
        return Some(Changed::JoinedBefore(*node));
    }
    done(end).map(|done| Changed::Committed { index: done.index })
}

pub(super) fn handed_over(end: &ProposalEnd) -> Option<()> {
    (*end == ProposalEnd::TransferStarted).then_some(())
}
