//! One server: its algorithm, its disk, and what lies between the two.

use std::hash::{Hash, Hasher};

use bytes::Bytes;
use raft_play::consensus::durable::{Driver, Durable, Held, Metadata, Write};
use raft_play::consensus::{Durability, Log, Raft};
use raft_play::storage::memory::MemoryStore;
use raft_play::types::{Entries, Envelope, Incarnation, LogIndex, NodeId, Snapshot, WriteSequence};

/// What a disk has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disk {
    pub metadata: Metadata,
    pub log: Log,
    pub snapshot: Option<Snapshot>,
}

impl Disk {
    pub fn write(&mut self, write: &Write) {
        if let Some(metadata) = write.metadata {
            self.metadata = metadata;
        }
        if let Some(snapshot) = &write.snapshot {
            self.snapshot = Some(snapshot.clone());
        }
        if let (Some(base), Some(snapshot)) = (write.compact, &self.snapshot) {
            self.log.compact(base, snapshot.configuration.clone());
        }
        if let Some(from) = write.truncate {
            self.log.truncate_from(from);
        }
        self.log.extend(write.append.clone());
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub raft: Raft,
    pub incarnation: u64,
    /// What is durable.
    pub disk: Disk,
    /// What is written and not synced.
    pub unsynced: Vec<Write>,
    pub held: Vec<Held<Envelope>>,
    /// The state machine with its sessions, written down; none where what is applied makes no difference.
    pub machine: Option<Bytes>,
}

/// Where no write is under way, how many there were before makes no difference to what is to come: such states count as one.
impl Hash for Server {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Self {
            raft,
            incarnation,
            disk,
            unsynced,
            held,
            machine,
        } = self;
        (incarnation, disk, unsynced, held, machine).hash(hasher);
        if !unsynced.is_empty() || !held.is_empty() {
            return raft.hash(hasher);
        }
        let mut state = raft.state().clone();
        let through = state.volatile.durability.through;
        state.volatile.durability = Durability {
            through,
            ..Durability::default()
        };
        state.hash(hasher);
    }
}

/// The proof that everything through a write is durable, got as any store gets it: by driving the writes.
pub fn proof(node: NodeId, incarnation: u64, through: WriteSequence) -> Durable {
    let (mut driver, _) = Driver::new(MemoryStore, node, Incarnation::new(incarnation));
    for number in 1..=through.number() {
        let write = Write {
            sequence: WriteSequence::new(number),
            metadata: None,
            snapshot: None,
            compact: None,
            truncate: None,
            append: Entries::empty(LogIndex::new(1)),
        };
        let pending = driver.begin(&write).expect("writes come in order");
        driver.complete(pending.sync()).expect("nothing fails");
    }
    driver.proof()
}

pub fn id(server: usize) -> NodeId {
    NodeId::new(server as u64 + 1)
}

pub fn place(id: NodeId) -> usize {
    usize::try_from(id.number() - 1).expect("a small number")
}
