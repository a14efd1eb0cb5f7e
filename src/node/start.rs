//! How a node starts from what its disk holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::proposals::Proposals;
use super::work::{Applying, Place};
use super::{Effects, Node, NodeSettings, StartError, snapshot};
use crate::consensus::durable::{Driver, DriverError, Store, Write};
use crate::consensus::{Log, Output, Persistent, Raft, State};
use crate::machine::{Sessions, StateMachine};
use crate::storage::wal::{Listing, OpenError, Recovered, TornTail, Wal, WalError, WalImage};
use crate::types::disk::Disk;
use crate::types::{LogIndex, NodeId, WriteSequence};

/// A node that has started, its first effects, and what was cut away at the end of its log, if anything.
pub type Started<M, D> = (Node<M, Wal<D>>, Effects<Wal<D>>, Option<TornTail>);

impl<M: StateMachine, S: Store> Node<M, S> {
    /// A node that starts with what its store was found to hold, all of it durable. The effects set its election timer.
    ///
    /// # Errors
    ///
    /// Where what the store holds can't be, or the machine does not take the snapshot.
    pub fn with_store(
        settings: NodeSettings,
        store: S,
        persistent: Persistent,
        machine: M,
    ) -> Result<(Self, Effects<S>), StartError> {
        let Persistent {
            metadata,
            log,
            snapshot,
        } = persistent;
        let mut machine = Sessions::around(machine);
        if let Some(snapshot) = &snapshot {
            snapshot::restore(&mut machine, &snapshot.data)?;
        }
        let state = State::recovered(metadata, log, snapshot);
        let raft = Raft::start(settings.raft.clone(), state)?;
        let (driver, _) = Driver::new(store, settings.raft.id, settings.raft.incarnation);
        let mut routes = settings.routes.clone();
        routes.restart(settings.raft.incarnation);
        let mut node = Self {
            settings,
            raft,
            routes,
            driver,
            held: Vec::new(),
            machine: Place::Home(machine),
            applying: Applying::Here,
            taking: None,
            proposals: Proposals::default(),
            queries: BTreeMap::new(),
            ready: BTreeSet::new(),
            out: Output::default(),
        };
        let mut effects = Effects::default();
        let flushed = node.flush(&mut effects);
        debug_assert!(flushed.is_ok(), "a start writes nothing");
        Ok((node, effects))
    }
}

impl<M: StateMachine, D: Disk> Node<M, Wal<D>> {
    /// A node that starts with what its disk holds. The effects set its election timer.
    pub fn start(settings: NodeSettings, disk: D, machine: M) -> Result<Started<M, D>, StartError> {
        let (wal, mut recovered) = Wal::open(disk, settings.identity(), settings.wal)?;
        let cut = recovered.cut.take();
        let persistent = recovered_state(&settings, recovered);
        let (node, effects) = Self::with_store(settings, wal, persistent, machine)?;
        Ok((node, effects, cut))
    }

    /// Its log store, to look at.
    pub fn wal(&self) -> &Wal<D> {
        self.driver.store()
    }

    /// What stands on its disk, record by record, newest last: `most` writes at most; and the number of the last write.
    ///
    /// # Errors
    ///
    /// Where the disk can't be read.
    pub fn list(&self, most: usize) -> Result<(Listing, WriteSequence), OpenError> {
        let listing = list(&self.settings, self.wal().disk(), most)?;
        Ok((listing, self.driver.begun()))
    }

    /// Its disk, to set faults on and to follow.
    pub fn disk_mut(&mut self) -> &mut D {
        self.driver.store_mut().disk_mut()
    }

    /// Ends it as a crash does: its memory is gone, its disk is as it was written.
    pub fn into_disk(self) -> D {
        self.driver.into_store().into_disk()
    }
}

/// What a node that is down would start with. Changes nothing.
pub fn inspect<D: Disk>(settings: &NodeSettings, disk: &D) -> Result<Recovered, OpenError> {
    Wal::inspect(disk, settings.identity())
}

/// What stands on the disk of a node, record by record, newest last: `most` writes at most. Changes nothing.
pub fn list<D: Disk>(settings: &NodeSettings, disk: &D, most: usize) -> Result<Listing, OpenError> {
    Wal::list(disk, settings.identity(), most)
}

/// The log that a node starts with. Where entries were dropped, the configuration before those that are left is the snapshot's.
pub fn recovered_log(settings: &NodeSettings, recovered: &Recovered) -> Log {
    let configuration = match &recovered.snapshot {
        Some(snapshot) if recovered.base.index > LogIndex::GENESIS => Arc::clone(&snapshot.configuration),
        Some(_) | None => Arc::new(settings.genesis.clone()),
    };
    Log::recovered(recovered.base, configuration, recovered.entries.clone())
}

/// What a node starts with.
pub fn recovered_state(settings: &NodeSettings, recovered: Recovered) -> Persistent {
    Persistent {
        log: recovered_log(settings, &recovered),
        metadata: recovered.metadata,
        snapshot: recovered.snapshot,
    }
}

/// A disk on which a node starts with this, all of it durable, and what its log store then knows besides.
pub fn prepare<D: Disk>(
    settings: &NodeSettings,
    disk: D,
    persistent: Persistent,
) -> Result<(D, WalImage), PrepareError> {
    let (wal, _) = Wal::open(disk, settings.identity(), settings.wal)?;
    let (mut driver, _) = Driver::new(wal, settings.raft.id, settings.raft.incarnation);
    let Persistent {
        metadata,
        mut log,
        snapshot,
    } = persistent;
    log.seal();
    let base = log.base();
    let write = Write {
        sequence: WriteSequence::new(1),
        metadata: Some(metadata),
        snapshot,
        compact: (base.index > LogIndex::GENESIS).then_some(base),
        truncate: None,
        append: log.slice(log.first_index(), usize::MAX, u64::MAX),
    };
    let pending = driver.begin(&write)?;
    driver.complete(pending.sync())?;
    let wal = driver.into_store();
    let image = wal
        .image()
        .expect("a log that has just been written has not failed");
    Ok((wal.into_disk(), image))
}

/// Why a disk could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Its log store can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its log store can't be written.
    #[error(transparent)]
    Write(#[from] DriverError<WalError>),
}

/// The nodes of a cluster that starts with so many: S1, S2, …
pub fn first_nodes(count: u64) -> impl Iterator<Item = NodeId> {
    (1..=count).map(NodeId::new)
}
