//! Snapshots at a node: taken of the machine, and put back into it.
//!
//! What the log and the disk carry as a snapshot's data is laid out in named sections, each a line with its name and its length
//! in bytes, then the bytes. So the machine's own bytes stand in it as they are, and whatever else is part of the replicated
//! state gets a section of its own.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};

use super::{Effects, Node, NodeError, ProposalEnd};
use crate::consensus::durable::Store;
use crate::consensus::{Input, Observer};
use crate::machine::{RestoreError, SessionTable, Sessions, SnapshotError, SnapshotTask, StateMachine};
use crate::types::{LocalTime, LogIndex, Snapshot};

/// The section of the sessions; left out where there was never any.
const SESSIONS: &str = "sessions";
/// The section of the state machine, the last.
const MACHINE: &str = "machine";

/// A snapshot in the making.
#[derive(Debug)]
pub(super) struct Taking {
    /// The last entry applied to the state that it holds.
    pub(super) index: LogIndex,
    /// The sessions at that entry.
    sessions: SessionTable,
    work: Work,
}

/// What makes a snapshot.
#[derive(Debug)]
enum Work {
    Running(SnapshotTask),
    Over(Result<(), SnapshotError>),
}

impl Taking {
    /// Begins one of a machine that has applied everything through `index`.
    pub(super) fn begin<M: StateMachine>(machine: &mut Sessions<M>, index: LogIndex) -> Self {
        let sessions = machine.table().clone();
        let task = machine.machine_mut().perform_snapshot(index);
        Self {
            index,
            sessions,
            work: Work::Running(task),
        }
    }
}

/// The data of a snapshot of these sessions, and of a state machine that wrote itself down so.
pub fn encode(sessions: &SessionTable, machine: &[u8]) -> Bytes {
    let mut data = BytesMut::with_capacity(machine.len() + 32);
    if *sessions != SessionTable::default() {
        put_section(&mut data, SESSIONS, &sessions.encode());
    }
    put_section(&mut data, MACHINE, machine);
    data.freeze()
}

fn put_section(data: &mut BytesMut, name: &str, bytes: &[u8]) {
    data.put_slice(format!("{name} {}\n", bytes.len()).as_bytes());
    data.put_slice(bytes);
}

/// The sessions, and what a state machine wrote down, out of a snapshot's data.
///
/// # Errors
///
/// Where the data is none that [`encode`] gives.
pub fn decode(data: &Bytes) -> Result<(SessionTable, Bytes), RestoreError> {
    let malformed = || RestoreError::Malformed("it has not the sections of a snapshot");
    let (name, bytes, rest) = section(data)?;
    let (sessions, machine) = if name == SESSIONS {
        let table = SessionTable::decode(&bytes).filter(|(_, more)| more.is_empty());
        let (table, _) = table.ok_or_else(malformed)?;
        let (name, machine, after) = section(&rest)?;
        (table, (name == MACHINE && after.is_empty()).then_some(machine))
    } else {
        let is_whole = name == MACHINE && rest.is_empty();
        (SessionTable::default(), is_whole.then_some(bytes))
    };
    let machine = machine.ok_or_else(malformed)?;
    let is_canonical = encode(&sessions, &machine) == *data;
    is_canonical.then_some((sessions, machine)).ok_or_else(malformed)
}

/// The first section's name and bytes, and what follows it.
fn section(data: &Bytes) -> Result<(&str, Bytes, Bytes), RestoreError> {
    let malformed = RestoreError::Malformed("its sections can't be read");
    let Some(end) = data.iter().position(|&byte| byte == b'\n') else {
        return Err(malformed);
    };
    let header = std::str::from_utf8(&data[..end]).ok();
    let header = header.and_then(|line| line.split_once(' '));
    let Some((name, Ok(length))) = header.map(|(name, length)| (name, length.parse::<usize>())) else {
        return Err(malformed);
    };
    let start = end + 1;
    match start.checked_add(length).filter(|&end| end <= data.len()) {
        Some(end) => Ok((name, data.slice(start..end), data.slice(end..))),
        None => Err(malformed),
    }
}

/// Puts a snapshot's data into a machine and its sessions.
pub(crate) fn restore<M: StateMachine>(machine: &mut Sessions<M>, data: &Bytes) -> Result<(), RestoreError> {
    let (sessions, bytes) = decode(data)?;
    machine.restore(sessions, &bytes)
}

impl<M: StateMachine, S: Store> Node<M, S> {
    /// Begins a snapshot of the machine as it is, where none is under way and there is anything new.
    pub(super) fn begin_snapshot(&mut self) {
        let state = self.raft.state();
        let index = state.volatile.applied;
        let last = state
            .persistent
            .snapshot
            .as_ref()
            .map(|snapshot| snapshot.last.index);
        if self.taking.is_none()
            && index > last.unwrap_or_default()
            && let Some(machine) = self.machine.home_mut()
        {
            self.taking = Some(Taking::begin(machine, index));
        }
    }

    /// Begins one where the log has grown long or heavy.
    pub(super) fn begin_due_snapshot(&mut self, now: LocalTime) {
        if self.taking.is_none() && self.raft.snapshot_due(now).is_some() {
            self.begin_snapshot();
        }
    }

    /// Whether a snapshot was begun and only waits to be [finished](super::NodeInput::FinishSnapshot). Where the machine is still at
    /// it, it wakes the context's task when it is done. A machine that is away shows it when it is home.
    pub fn is_snapshot_made(&mut self, context: &mut Context<'_>) -> bool {
        let (Some(Taking { work, .. }), Some(_)) = (&mut self.taking, self.machine.home()) else {
            return false;
        };
        if let Work::Running(task) = work
            && let Poll::Ready(result) = Pin::new(task).poll(context)
        {
            *work = Work::Over(result);
        }
        matches!(work, Work::Over(_))
    }

    /// Waits for the snapshot that was begun, and hands it to the algorithm. A machine that failed goes on without.
    pub(super) fn finish_snapshot(
        &mut self,
        now: LocalTime,
        effects: &mut Effects<S>,
        observer: &mut impl Observer,
    ) {
        let Some(Taking {
            index,
            sessions,
            work,
        }) = self.taking.take()
        else {
            return;
        };
        let made = match work {
            Work::Running(task) => task.wait(),
            Work::Over(result) => result,
        };
        let taken = made.and_then(|()| self.finished(index));
        match taken {
            Ok(machine) => {
                let sessions = if self.raft.puts_sessions_into_snapshots() {
                    sessions
                } else {
                    SessionTable::default()
                };
                let data = encode(&sessions, &machine);
                self.raft
                    .absorb(now, Input::SnapshotTaken { index, data }, observer);
            }
            Err(error) => effects.snapshot_failure = Some(error.to_string()),
        }
    }

    fn finished(&self, index: LogIndex) -> Result<Bytes, SnapshotError> {
        match self.machine().snapshot() {
            Some(snapshot) if snapshot.last_applied == index => Ok(snapshot.into_bytes()?),
            Some(_) | None => Err(SnapshotError::Refused(
                "the machine shows another than the one it has just taken",
            )),
        }
    }

    /// The machine takes over a snapshot from the leader. Who waits for an entry that it stands for never learns what became
    /// of it.
    pub(super) fn take_over(
        &mut self,
        snapshot: &Snapshot,
        effects: &mut Effects<S>,
    ) -> Result<(), NodeError<S::Error>> {
        self.taking = None;
        restore(self.machine.here_mut(), &snapshot.data)?;
        while let Some((_, id)) = self.proposals.take_through(snapshot.last.index) {
            self.queries.remove(&id);
            effects.answers.push((id, ProposalEnd::Unknown));
        }
        self.end_proposals_before(snapshot.last.term, effects);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::machine::{KeyValue, SerialCheck};
    use crate::types::Payload;

    fn sessions() -> SessionTable {
        let mut machine = Sessions::around(KeyValue::default());
        let open = Payload::OpenSession {
            timeout: Duration::from_secs(1),
        };
        machine.apply(LogIndex::new(1), &open, SerialCheck::Kept);
        machine.table().clone()
    }

    #[test]
    fn sections_hold_what_was_put_into_them() {
        for machine in [&b""[..], b"x 1\n", b"machine 3\nabc"] {
            for sessions in [SessionTable::default(), sessions()] {
                let data = encode(&sessions, machine);
                assert_eq!(
                    decode(&data).unwrap(),
                    (sessions, Bytes::copy_from_slice(machine))
                );
            }
        }
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        let cases = [
            "",
            "machine",
            "machine 3",
            "machine 3\nab",
            "machine 3\nabcd",
            "machine 03\nabc",
            "machine x\n",
            "another 3\nabc",
            "machine 18446744073709551615\nabc",
            "machine +3\nabc",
            "sessions 3\nabcmachine 0\n",
            "sessions 0\nmachine 0\n",
        ];
        for data in cases {
            assert!(decode(&Bytes::from(data)).is_err(), "{data:?}");
        }
        let whole = encode(&sessions(), b"x 1\n");
        for end in 0..whole.len() {
            assert!(decode(&whole.slice(..end)).is_err(), "cut at {end}");
        }
    }
}
