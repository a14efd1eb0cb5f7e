//! What the clients of a world asked and were told, from some moment on: their history, before anybody makes sense of it.
//!
//! It is no part of what happens: a run is the same whether or not its calls are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::super::command::CommandError;
use super::super::record::ClientAnswer;
use super::super::snapshot::{MessageView, NodeView};
use super::{Waiting, World};
use crate::consensus::ReadWay;
use crate::machine::Exhibit;
use crate::types::{
    Entry, Forward, LogIndex, LogPosition, Message, NodeId, Payload, ProposalId, SerialNumber, SessionId,
    SharedRow, VirtualTime, Wish,
};

/// What clients asked and were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// What the most advanced state machine held at the beginning, as it [shows itself](Exhibit::contents).
    pub contents: Arc<[(String, String)]>,
    /// The commands that were on their way then: each may still take effect once, or not.
    pub earlier: Vec<Bytes>,
    /// When they began to be kept.
    pub since: VirtualTime,
    /// What was asked since, in order. What is sent again in a session is the same call.
    pub calls: SharedRow<Call>,
    /// The calls that wait for an answer.
    open: BTreeMap<ProposalId, usize>,
    /// The calls in sessions.
    in_sessions: BTreeMap<(SessionId, SerialNumber), usize>,
    /// How often somebody has asked or been answered.
    heard: u64,
    /// The last entry there was at the beginning. What was done in a session that an entry up to it opened is not known.
    last: LogIndex,
}

/// A client's call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What it asks.
    pub asked: Asked,
    /// When it did first.
    pub called: VirtualTime,
    /// Its session and its serial number in it, where it has them.
    pub place: Option<(SessionId, SerialNumber)>,
    /// How it is read, of a question.
    pub way: Option<ReadWay>,
    /// Whether it is the command before it once more, outside any session: to the cluster another one.
    pub is_repeated: bool,
    /// Each time that it was sent, and to whom: the first time, and in a session each time after that.
    pub tries: Vec<(VirtualTime, NodeId)>,
    /// When the last of its tries ended that has.
    ended: Option<VirtualTime>,
    /// The machine's answer, and when it came.
    answer: Option<(VirtualTime, Bytes)>,
    /// How many of its tries wait for an answer.
    waiting: u32,
    /// Whether the outcome of some try is unknown for ever.
    is_lost: bool,
    /// Whether another command was sent under the same serial number: then no answer says which of them took effect.
    is_mixed: bool,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A command of the state machine's.
    Command(Bytes),
    /// A question about its state.
    Query(Bytes),
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// It was answered.
    Answer {
        /// When.
        at: VirtualTime,
        /// What the machine said.
        answer: &'a Bytes,
    },
    /// It has no effect: so the client was told, each time it tried.
    NoEffect,
    /// Nobody knows, or not yet.
    Nothing,
}

/// What a client is about to ask, outside any session.
pub(super) struct Asking {
    pub(super) what: Asked,
    pub(super) way: Option<ReadWay>,
    pub(super) is_repeated: bool,
}

impl Call {
    fn new(asked: Asked, called: VirtualTime) -> Self {
        Self {
            asked,
            called,
            place: None,
            way: None,
            is_repeated: false,
            tries: Vec::new(),
            ended: None,
            answer: None,
            waiting: 0,
            is_lost: false,
            is_mixed: false,
        }
    }

    /// What came of it.
    pub fn told(&self) -> Told<'_> {
        match &self.answer {
            _ if self.is_mixed => Told::Nothing,
            Some((at, answer)) => Told::Answer { at: *at, answer },
            None if self.waiting == 0 && !self.is_lost => Told::NoEffect,
            None => Told::Nothing,
        }
    }

    /// When the last of its tries ended; `None` while one of them waits.
    pub fn ended(&self) -> Option<VirtualTime> {
        self.ended.filter(|_| self.waiting == 0)
    }

    fn end(&mut self, at: VirtualTime, answer: &ClientAnswer) {
        self.waiting -= 1;
        self.ended = Some(at);
        match answer {
            ClientAnswer::Done { answer, .. } | ClientAnswer::Read { answer, .. } => {
                self.answer.get_or_insert_with(|| (at, answer.clone()));
            }
            ClientAnswer::Unknown => self.is_lost = true,
            ClientAnswer::SessionRefused { .. }
            | ClientAnswer::NotLeader { .. }
            | ClientAnswer::Transferring { .. }
            | ClientAnswer::Overloaded
            | ClientAnswer::Overwritten { .. } => {}
            ClientAnswer::SessionOpened { .. }
            | ClientAnswer::SessionClosed { .. }
            | ClientAnswer::ChangeRefused
            | ClientAnswer::Joined { .. }
            | ClientAnswer::TransferStarted
            | ClientAnswer::TransferRefused => unreachable!("no command and no question is answered so"),
        }
    }
}

impl Calls {
    /// How often somebody has asked or been answered since the beginning: where that is the same, all is.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// A client asks a node; what it asks may be what it asked before.
    pub(super) fn ask(&mut self, id: ProposalId, (at, to): (VirtualTime, NodeId), asked: Asking) {
        let mut call = Call::new(asked.what, at);
        (call.way, call.is_repeated) = (asked.way, asked.is_repeated);
        self.calls.push(call);
        self.wait(id, (at, to), self.calls.end() - 1);
    }

    /// A client asks in a session, for the first time or again.
    pub(super) fn ask_in(
        &mut self,
        id: ProposalId,
        (at, to): (VirtualTime, NodeId),
        place: (SessionId, SerialNumber),
        command: Bytes,
    ) {
        let asked = Asked::Command(command);
        let known = self.in_sessions.get(&place).copied();
        if let Some(known) = known.filter(|known| self.calls[*known].asked == asked) {
            return self.wait(id, (at, to), known);
        }
        let mut call = Call::new(asked, at);
        call.place = Some(place);
        call.is_mixed = known.is_some() || place.0.number() <= self.last.number();
        if let Some(before) = known.and_then(|known| self.calls.get_mut(known)) {
            before.is_mixed |= before.answer.is_none();
        }
        self.calls.push(call);
        self.in_sessions.insert(place, self.calls.end() - 1);
        self.wait(id, (at, to), self.calls.end() - 1);
    }

    fn wait(&mut self, id: ProposalId, sent: (VirtualTime, NodeId), call: usize) {
        self.heard += 1;
        if let Some(call) = self.calls.get_mut(call) {
            call.waiting += 1;
            call.tries.push(sent);
        }
        self.open.insert(id, call);
    }

    /// A client was answered.
    pub(super) fn answered(&mut self, id: ProposalId, at: VirtualTime, answer: &ClientAnswer) {
        let call = self.open.remove(&id);
        if let Some(call) = call.and_then(|call| self.calls.get_mut(call)) {
            self.heard += 1;
            call.end(at, answer);
        }
    }
}

impl<M: Exhibit + Default> World<M> {
    /// Keeps what clients ask and are told from now on.
    ///
    /// # Errors
    ///
    /// Where nobody can say what the state is now: a snapshot of more than any running node has applied lies on the disk of one that is down, or
    /// is on its way. The world goes on all the same, and keeps nothing.
    pub fn keep_calls(&mut self) -> Result<(), CommandError> {
        let seen = self.snapshot();
        let most = seen.nodes.iter().max_by_key(|node| node.applied);
        let applied = most.map(|node| node.applied).unwrap_or_default();
        let is_beyond = |node: &NodeView| node.log.base().index > applied;
        if seen.nodes.iter().any(is_beyond) || seen.messages.iter().any(|message| is_later(message, applied))
        {
            return Err(CommandError::Setting(
                "what clients see can't be kept from here on: no node that runs has applied all that a snapshot holds",
            ));
        }
        let mut entries: BTreeMap<LogPosition, Payload> = BTreeMap::new();
        let mut note = |index: LogIndex, entry: &Entry| {
            if index > applied {
                entries.insert(LogPosition::new(index, entry.term), entry.payload.clone());
            }
        };
        for node in &seen.nodes {
            node.log.iter().for_each(|(index, entry)| note(index, entry));
        }
        let mut wishes = Vec::new();
        for message in &seen.messages {
            let message = &message.envelope.message;
            if let Message::AppendRequest(request) = message {
                request
                    .entries
                    .iter()
                    .for_each(|(index, entry)| note(index, entry));
            }
            if let Message::Forward(Forward { wish, .. }) = message {
                wishes.extend(command_of(wish));
            }
        }
        let backlog = self.nodes.values().flat_map(|server| &server.backlog);
        let waiting = backlog.filter_map(|waiting| match waiting {
            Waiting::Proposal(_, command) => Some(command.clone()),
            Waiting::Delivery(_) | Waiting::Timer(_) | Waiting::Sync(_) | Waiting::Snapshot(_) => None,
        });
        let logged = entries.values().filter_map(Payload::command).cloned();
        let earlier = logged.chain(wishes).chain(waiting).collect();
        let last = seen.nodes.iter().map(|node| node.log.last_index()).max();
        self.calls = Some(Calls {
            contents: most
                .map(|node| node.contents.as_slice().into())
                .unwrap_or_default(),
            earlier,
            since: self.now,
            last: last.unwrap_or_default(),
            ..Calls::default()
        });
        Ok(())
    }

    /// What clients asked and were told, where that is [kept](Self::keep_calls).
    pub fn calls(&self) -> Option<&Calls> {
        self.calls.as_ref()
    }
}

/// Whether a message brings a snapshot of what was applied later.
fn is_later(message: &MessageView, applied: LogIndex) -> bool {
    matches!(&message.envelope.message, Message::InstallSnapshot(install) if install.last.index > applied)
}

/// The command of a wish.
fn command_of(wish: &Wish) -> Option<Bytes> {
    wish.payload().and_then(|payload| payload.command().cloned())
}
