//! Exactly-once for any state machine (§8, thesis §6.3).
//!
//! A client whose answer is lost can't know whether its command was applied, and asks again. Within a session it says which
//! command it means: each has a serial number, and the answers are kept, as part of the replicated state, until the client
//! says that it has them. A command that comes again is answered again, and not executed.
//!
//! A client that is done closes its session. One that is not used for its timeout expires. Time is what the leaders stamp into the log, never a local clock, so all
//! servers expire a session at the same entry. Who comes too late is told so: a command whose session is gone is not executed, for
//! nobody knows any more whether it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use super::{RestoreError, StateMachine};
use crate::types::{ClusterTime, Guarded, LogIndex, Payload, SerialNumber, SessionId};

/// So many commands of one session may be without acknowledgement: a client that pipelines more is told to wait.
pub const WINDOW: usize = 64;

/// A state machine with sessions around it.
#[derive(Clone, Debug, Default)]
pub struct Sessions<M> {
    machine: M,
    table: SessionTable,
    /// The entries that were executed though their serial numbers had been before.
    again: BTreeSet<LogIndex>,
}

/// All open sessions: part of the replicated state, equal on all servers that have applied as much.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionTable {
    /// The latest time that a leader has stamped.
    time: ClusterTime,
    open: BTreeMap<SessionId, Session>,
}

/// An open session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// It expires when it is not used for longer than this.
    pub timeout: Duration,
    /// When it was last used.
    pub used: ClusterTime,
    /// All serial numbers below this one are acknowledged: their answers are forgotten.
    pub acknowledged: SerialNumber,
    /// The answers that are kept, by serial number.
    pub answers: BTreeMap<SerialNumber, Bytes>,
}

/// What applying an entry did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Execution {
    /// Nothing: the entry was not for the machine.
    Nothing,
    /// The command was executed, with this answer.
    Executed(Bytes),
    /// The command had been executed before, with this answer, and was not executed again.
    Repeated(Bytes),
    /// A session was opened.
    Opened(SessionId),
    /// A session was closed.
    Closed(SessionId),
    /// The command was not executed.
    Refused(SessionRefusal),
}

/// Why a command in a session is not executed, or a session not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SessionRefusal {
    /// The session was closed, has expired, or never was.
    #[error("no such session is open: nobody knows whether the command was executed before")]
    NoSession,
    /// The client has said before that it has the answer.
    #[error("the answer was acknowledged, and is forgotten")]
    Acknowledged,
    /// Too many commands of the session are without acknowledgement.
    #[error("{WINDOW} commands of the session are without acknowledgement")]
    WindowFull,
}

/// Whether serial numbers are minded. Anything but yes is for teaching and for testing the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialCheck {
    /// A command that comes again is answered again.
    Kept,
    /// A command that comes again is executed again.
    Broken,
}

impl<M: StateMachine> Sessions<M> {
    /// A machine with no session open.
    pub fn around(machine: M) -> Self {
        Self::with(machine, SessionTable::default())
    }

    /// A machine with these sessions, as a snapshot has them.
    pub fn with(machine: M, table: SessionTable) -> Self {
        let again = BTreeSet::new();
        Self {
            machine,
            table,
            again,
        }
    }

    /// Takes over these sessions, and the machine's state from what it wrote down.
    ///
    /// # Errors
    ///
    /// The machine's.
    pub fn restore(&mut self, table: SessionTable, mut state: &[u8]) -> Result<(), RestoreError> {
        self.machine.restore(&mut state)?;
        self.table = table;
        self.again.clear();
        Ok(())
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, to take snapshots of.
    pub fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The sessions.
    pub fn table(&self) -> &SessionTable {
        &self.table
    }

    /// The entries that were executed though their serial numbers had been before: none, unless the check was broken on purpose.
    pub fn executed_again(&self) -> &BTreeSet<LogIndex> {
        &self.again
    }

    /// Applies the entry at an index.
    pub fn apply(&mut self, index: LogIndex, payload: &Payload, check: SerialCheck) -> Execution {
        match payload {
            Payload::Noop | Payload::Configuration(_) => Execution::Nothing,
            Payload::Command(command) => Execution::Executed(self.machine.apply(command)),
            Payload::OpenSession { timeout } => Execution::Opened(self.table.open(index, *timeout)),
            Payload::CloseSession(session) => self.table.close(*session),
            Payload::ClusterTime(time) => {
                self.table.advance(*time);
                Execution::Nothing
            }
            Payload::Guarded(guarded) => self.apply_guarded(index, guarded, check),
        }
    }

    fn apply_guarded(&mut self, index: LogIndex, guarded: &Guarded, check: SerialCheck) -> Execution {
        let session = match self.table.used(guarded) {
            Ok(session) => session,
            Err(refusal) => return Execution::Refused(refusal),
        };
        match session.answers.get(&guarded.serial) {
            Some(answer) if check == SerialCheck::Kept => Execution::Repeated(answer.clone()),
            None if session.answers.len() >= WINDOW => Execution::Refused(SessionRefusal::WindowFull),
            known => {
                if known.is_some() {
                    self.again.insert(index);
                }
                let answer = self.machine.apply(&guarded.command);
                session.answers.insert(guarded.serial, answer.clone());
                Execution::Executed(answer)
            }
        }
    }
}

impl SessionTable {
    /// The latest time that a leader has stamped.
    pub fn time(&self) -> ClusterTime {
        self.time
    }

    /// Whether no session is open: then nobody needs the time.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The open sessions.
    pub fn iter(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.open.iter().map(|(id, session)| (*id, session))
    }

    /// A session has the name of the entry that opened it, so no two ever have the same.
    fn open(&mut self, index: LogIndex, timeout: Duration) -> SessionId {
        let id = SessionId::new(index.number());
        let session = Session {
            timeout,
            used: self.time,
            acknowledged: SerialNumber::new(1),
            answers: BTreeMap::new(),
        };
        self.open.insert(id, session);
        id
    }

    /// What is kept for the client is dropped. Where nothing is, that was so before: a close that comes again does nothing.
    fn close(&mut self, session: SessionId) -> Execution {
        match self.open.remove(&session) {
            Some(_) => Execution::Closed(session),
            None => Execution::Refused(SessionRefusal::NoSession),
        }
    }

    /// Cluster time never goes back. Sessions that were not used for too long by it are gone.
    fn advance(&mut self, time: ClusterTime) {
        self.time = self.time.max(time);
        let now = self.time;
        self.open
            .retain(|_, session| now.since(session.used) <= session.timeout);
    }

    /// Takes note that a session is used, and of what its client has.
    fn used(&mut self, guarded: &Guarded) -> Result<&mut Session, SessionRefusal> {
        let session = self.open.get_mut(&guarded.session);
        let session = session.ok_or(SessionRefusal::NoSession)?;
        session.used = self.time;
        if guarded.serial < session.acknowledged {
            return Err(SessionRefusal::Acknowledged);
        }
        // What a client can't have an answer to yet, it can't acknowledge.
        let acknowledged = guarded.acknowledged.min(guarded.serial);
        session.acknowledged = session.acknowledged.max(acknowledged);
        session.answers = session.answers.split_off(&session.acknowledged);
        Ok(session)
    }
}

/// As bytes: numbers of eight bytes, little-endian. First the time and how many sessions; of each its id, timeout and last use
/// in nanoseconds, what is acknowledged, and how many answers; of each answer its serial number, length and bytes.
impl SessionTable {
    /// Its bytes, for a snapshot.
    pub fn encode(&self) -> Bytes {
        let mut bytes = Vec::new();
        let mut write = |number: u64| bytes.extend(number.to_le_bytes());
        write(self.time.nanos());
        write(self.open.len() as u64);
        for (id, session) in &self.open {
            write_session(&mut bytes, *id, session);
        }
        Bytes::from(bytes)
    }

    /// A table from its bytes, and what follows them; `None` where they are none.
    pub fn decode(mut bytes: &[u8]) -> Option<(Self, &[u8])> {
        let time = ClusterTime::from_nanos(read_number(&mut bytes)?);
        let count = read_number(&mut bytes)?;
        let mut open = BTreeMap::new();
        for _ in 0..count {
            let (id, session) = read_session(&mut bytes)?;
            let is_in_order = open.last_key_value().is_none_or(|(last, _)| *last < id);
            if !is_in_order || session.used > time {
                return None;
            }
            open.insert(id, session);
        }
        Some((Self { time, open }, bytes))
    }
}

fn write_session(bytes: &mut Vec<u8>, id: SessionId, session: &Session) {
    let timeout = u64::try_from(session.timeout.as_nanos()).unwrap_or(u64::MAX);
    let numbers = [
        id.number(),
        timeout,
        session.used.nanos(),
        session.acknowledged.number(),
        session.answers.len() as u64,
    ];
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    for (serial, answer) in &session.answers {
        bytes.extend(serial.number().to_le_bytes());
        bytes.extend((answer.len() as u64).to_le_bytes());
        bytes.extend_from_slice(answer);
    }
}

fn read_session(bytes: &mut &[u8]) -> Option<(SessionId, Session)> {
    let mut number = || read_number(bytes);
    let id = SessionId::new(number()?);
    let timeout = Duration::from_nanos(number()?);
    let used = ClusterTime::from_nanos(number()?);
    let acknowledged = SerialNumber::new(number()?);
    let count = number()?;
    let mut answers = BTreeMap::new();
    for _ in 0..count {
        let serial = SerialNumber::new(read_number(bytes)?);
        let length = usize::try_from(read_number(bytes)?).ok()?;
        let (answer, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        let is_in_order = answers.last_key_value().is_none_or(|(last, _)| *last < serial);
        if !is_in_order || serial < acknowledged || answers.len() >= WINDOW {
            return None;
        }
        answers.insert(serial, Bytes::copy_from_slice(answer));
    }
    let session = Session {
        timeout,
        used,
        acknowledged,
        answers,
    };
    Some((id, session))
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

#[cfg(test)]
mod tests;
