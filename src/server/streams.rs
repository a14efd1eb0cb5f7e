//! Clients with many commands open, and what they are to be told.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, unbounded};

use super::mailbox::{Letter, Reply, StreamId, Told};

/// A client with many commands open. Answers come in the order in which they are known, each with the token of its command.
#[derive(Debug)]
pub struct Stream {
    id: StreamId,
    mailbox: Sender<Letter>,
    next: u64,
    receiver: Receiver<Vec<Told>>,
}

impl Stream {
    pub(super) fn open(mailbox: Sender<Letter>) -> Self {
        let (id, (sender, receiver)) = (StreamId::unique(), unbounded());
        drop(mailbox.send(Letter::Stream(id, sender)));
        Self {
            id,
            mailbox,
            next: 0,
            receiver,
        }
    }

    /// The token that the next command will have.
    pub fn next_token(&self) -> u64 {
        self.next
    }

    /// Has a command replicated, and gives the token by which its answer is known. Tokens count up from 0.
    pub fn propose(&mut self, command: impl Into<Bytes>) -> u64 {
        let token = self.next;
        self.next += 1;
        let reply = Reply::Stream(self.id, token);
        drop(self.mailbox.send(Letter::Command(command.into(), reply)));
        token
    }

    /// Has many commands replicated, in order, and gives the token of the first.
    pub fn propose_batch(&mut self, commands: Vec<Bytes>) -> u64 {
        let first = self.next;
        self.next += commands.len() as u64;
        drop(self.mailbox.send(Letter::Commands(self.id, first, commands)));
        first
    }

    /// The answers: those that were known at the same time come together.
    pub fn answers(&self) -> &Receiver<Vec<Told>> {
        &self.receiver
    }

    /// The answers that are known next, at least one; none where there was no answer for so long, or the server has stopped.
    pub fn wait(&self, timeout: Duration) -> Vec<Told> {
        self.receiver.recv_timeout(timeout).unwrap_or_default()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        drop(self.mailbox.send(Letter::StreamOver(self.id)));
    }
}

/// What the clients of streams are to be told.
#[derive(Default)]
pub(super) struct Streams {
    open: BTreeMap<StreamId, Outgoing>,
}

struct Outgoing {
    sender: Sender<Vec<Told>>,
    told: Vec<Told>,
}

impl Streams {
    pub(super) fn begin(&mut self, id: StreamId, sender: Sender<Vec<Told>>) {
        let told = Vec::new();
        self.open.insert(id, Outgoing { sender, told });
    }

    pub(super) fn end(&mut self, id: StreamId) {
        self.open.remove(&id);
    }

    /// Puts an answer to the others. Nobody is told who does not listen any more.
    pub(super) fn tell(&mut self, id: StreamId, told: Told) {
        if let Some(outgoing) = self.open.get_mut(&id) {
            outgoing.told.push(told);
        }
    }

    /// Sends off what was put together.
    pub(super) fn flush(&mut self) {
        for outgoing in self.open.values_mut() {
            if !outgoing.told.is_empty() {
                let next = Vec::with_capacity(outgoing.told.len());
                let told = std::mem::replace(&mut outgoing.told, next);
                drop(outgoing.sender.send(told));
            }
        }
    }
}
