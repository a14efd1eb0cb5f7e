//! What the servers of the model apply to: the sample machine with sessions around it, as bytes, so that a state of the model can be
//! compared and hashed.

use bytes::Bytes;
use raft_play::consensus::Log;
use raft_play::machine::{self, KeyValue, SerialCheck, StateMachine};
use raft_play::node::snapshot::{decode, encode};
use raft_play::types::{Entry, LogIndex};

/// Whether a snapshot has the sessions (thesis §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    Kept,
    Left,
}

type Machine = machine::Sessions<KeyValue>;

/// One that has applied nothing.
pub fn empty() -> Bytes {
    written(&mut Machine::around(KeyValue::default()))
}

/// One that goes on from there with what a log has through an index.
pub fn after(data: &Bytes, applied: LogIndex, log: &Log, through: LogIndex) -> Bytes {
    let mut machine = read(data);
    let mut index = applied.next();
    while index <= through {
        let entry = log.entry(index).expect("what is committed is there");
        machine.apply(index, &entry.payload, SerialCheck::Kept);
        index = index.next();
    }
    written(&mut machine)
}

/// One that has applied these.
pub fn replayed<'a>(entries: impl Iterator<Item = &'a Entry>) -> Bytes {
    let mut machine = Machine::around(KeyValue::default());
    for (index, entry) in (1..).map(LogIndex::new).zip(entries) {
        machine.apply(index, &entry.payload, SerialCheck::Kept);
    }
    written(&mut machine)
}

/// What a client can read.
pub fn contents(data: &Bytes) -> Bytes {
    let (_, contents) = decode(data).expect("it was written down");
    contents
}

/// What goes into a snapshot.
pub fn snapshot(data: &Bytes, sessions: Sessions) -> Bytes {
    match sessions {
        Sessions::Kept => data.clone(),
        Sessions::Left => encode(&machine::SessionTable::default(), &contents(data)),
    }
}

fn read(data: &Bytes) -> Machine {
    let (table, contents) = decode(data).expect("it was written down");
    let mut machine = Machine::around(KeyValue::default());
    machine.restore(table, &contents).expect("it was written down");
    machine
}

fn written(machine: &mut Machine) -> Bytes {
    let store = machine.machine_mut();
    store
        .perform_snapshot(LogIndex::new(1))
        .wait()
        .expect("memory does not fail");
    let contents = store.snapshot().expect("it was just taken");
    let contents = contents.into_bytes().expect("memory does not fail");
    encode(machine.table(), &contents)
}
