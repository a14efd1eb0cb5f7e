//! The clients of a world: what they remember between their requests.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::super::record::ClientAnswer;
use super::World;
use crate::types::{Guarded, ProposalId, SerialNumber, SessionId};

/// What the clients of a world remember between their requests. To the cluster they are outside: none of it is replicated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clients {
    /// What was proposed last, and may be tried again.
    pub last: Option<LastProposal>,
    /// What is known of each session that was used.
    pub sessions: BTreeMap<SessionId, ClientSession>,
    /// The commands in sessions that were not answered yet.
    pub asked: BTreeMap<ProposalId, (SessionId, SerialNumber)>,
}

/// What was proposed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastProposal {
    /// The command.
    pub command: Bytes,
    /// Its session and serial number, where it had one.
    pub place: Option<(SessionId, SerialNumber)>,
}

/// What a client knows of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSession {
    /// The serial number of its next command.
    pub next: SerialNumber,
    /// The serial numbers whose end it does not know.
    pub open: BTreeSet<SerialNumber>,
}

impl Default for ClientSession {
    fn default() -> Self {
        Self {
            next: SerialNumber::new(1),
            open: BTreeSet::new(),
        }
    }
}

impl<M> World<M> {
    /// What its clients remember.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }
}

impl Clients {
    /// A client proposes outside any session.
    pub(super) fn propose(&mut self, command: Bytes) {
        self.last = Some(LastProposal { command, place: None });
    }

    /// The serial number that a command gets where none is given.
    pub(super) fn next_serial(&self, session: SessionId) -> SerialNumber {
        let known = self.sessions.get(&session);
        known.map_or(SerialNumber::new(1), |known| known.next)
    }

    /// A client proposes in a session. It acknowledges all that it has had an answer to, but never what it asks for.
    pub(super) fn propose_in(
        &mut self,
        id: ProposalId,
        (session, serial): (SessionId, SerialNumber),
        command: Bytes,
    ) -> Guarded {
        let known = self.sessions.entry(session).or_default();
        known.open.insert(serial);
        known.next = known.next.max(serial.next());
        let acknowledged = known.open.first().copied().unwrap_or(serial);
        self.asked.insert(id, (session, serial));
        self.last = Some(LastProposal {
            command: command.clone(),
            place: Some((session, serial)),
        });
        Guarded {
            session,
            serial,
            acknowledged,
            command,
        }
    }

    /// A client got an answer. Only where nobody knows does the command stay open, to be tried again.
    pub(super) fn answered(&mut self, id: ProposalId, answer: &ClientAnswer) {
        if let ClientAnswer::SessionClosed { session } = answer {
            self.sessions.remove(session);
        }
        let Some((session, serial)) = self.asked.remove(&id) else {
            return;
        };
        if *answer == ClientAnswer::Unknown {
            return;
        }
        if let Some(known) = self.sessions.get_mut(&session) {
            known.open.remove(&serial);
        }
    }
}
