//! Persistence as a type: a message that promises something can't be sent before what it promises is durable.
//!
//! # The rule
//!
//! A server answers from its disk, not from its memory (paper, Figure 2: "updated on stable storage before
//! responding to RPCs"). So:
//!
//! 1. a vote request leaves only when the term and own vote it was made with are durable;
//! 2. a vote reply, grant or refusal, likewise;
//! 3. an append reply that acknowledges entries leaves only when all of them are durable, or overridden by a later
//!    request, and so is the term it speaks in;
//! 4. a leader's append request promises nothing about its own log and need not wait: the leader writes in parallel
//!    with its followers (thesis §10.2.1) and counts itself only up to what it has flushed.
//!
//! # How the types carry it
//!
//! The core wraps every message in [`Held`], which can be neither read nor sent. [`Held::release`] opens it against
//! a proof, [`Durable`], that the write it waits for is on disk; the result, [`Outbound`], is what transports take.
//! Proofs come only from a [`Driver`], which gives one when its [`Store`] has synced. None of them has a public
//! constructor, so there is no other way round; `tests/durable_types` has a program for each way that does not compile.
//!
//! A proof is a *prefix claim*: everything through write *s* of this incarnation of this node is durable. It speaks of
//! writes, not of log indices: a completed write of an entry that has since been replaced must not count for the
//! entry that replaced it, and the sequence of writes alone tells the two apart.

use std::collections::BTreeMap;
use std::fmt;

use crate::types::{Entries, Incarnation, LogIndex, LogPosition, NodeId, Snapshot, Term, WriteSequence};

/// The term and vote that must survive a crash: one atomic record (paper, Figure 2: `currentTerm`, `votedFor`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// The latest term this server has seen.
    pub term: Term,
    /// Whom it voted for in that term, if anyone.
    pub vote: Option<NodeId>,
}

/// What the core asks a store to make durable: all that changed since the write before.
///
/// The parts take effect together and in this order: metadata, snapshot, compaction, truncation, entries. A term is thereby
/// durable no later than the entries that carry it, and no entry is dropped before the snapshot that stands for it is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// This write's number, one more than the one before it.
    pub sequence: WriteSequence,
    /// The new term and vote, where they changed.
    pub metadata: Option<Metadata>,
    /// The snapshot that is in force from now on, taken here or sent by the leader; in place of any before it.
    pub snapshot: Option<Snapshot>,
    /// Drop the entries through this one, which a snapshot stands for (§7). Where the log has no such entry, or one of another
    /// term, all entries go, and the log begins anew after it.
    pub compact: Option<LogPosition>,
    /// Remove the entries from this index on, where a conflict was found.
    pub truncate: Option<LogIndex>,
    /// Entries to add at the end; may be empty.
    pub append: Entries,
}

/// Where writes go: a log store, ours or a third party's.
pub trait Store {
    /// What it takes to sync one write. It can move to another thread.
    type Sync: Send + 'static;
    /// The result of a sync, to be settled on the store's own thread.
    type Synced: Send + 'static;
    /// Why a write or a sync failed.
    type Error: std::error::Error + Send + 'static;

    /// Hands the bytes of `write` to the disk. They need not be durable yet, but a reader sees them.
    fn begin(&mut self, write: &Write) -> Result<Self::Sync, Self::Error>;

    /// Makes that write durable. Blocks for as long as the device takes.
    fn sync(sync: Self::Sync) -> Result<Self::Synced, Self::Error>;

    /// Takes note that it is. Comes in the order of the writes, and never after a sync that failed: a later sync of the same file
    /// may succeed without what the failed one has left behind.
    fn settle(&mut self, synced: Self::Synced);
}

/// A store in which the sync of a write makes all writes before it durable too, so that a host that has several to sync does it
/// once, for the last: a group commit.
pub trait GroupSync: Store {}

/// Proof that everything through one write of one incarnation of one node is durable.
///
/// It can't be copied, stored or made up: only a [`Driver`] gives one.
#[derive(Debug, PartialEq, Eq)]
pub struct Durable {
    node: NodeId,
    incarnation: Incarnation,
    through: WriteSequence,
}

impl Durable {
    /// The last write that is durable.
    pub fn through(&self) -> WriteSequence {
        self.through
    }

    /// The node whose writes they are.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The incarnation of the node.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }
}

/// A value that waits for a write. It can't be read or sent until [`release`](Self::release).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Held<T> {
    node: NodeId,
    incarnation: Incarnation,
    waits_for: WriteSequence,
    value: T,
}

impl<T> Held<T> {
    pub(super) fn new(node: NodeId, incarnation: Incarnation, waits_for: WriteSequence, value: T) -> Self {
        Self {
            node,
            incarnation,
            waits_for,
            value,
        }
    }

    /// The write that must be durable first; 0 where there is nothing to wait for.
    pub fn waits_for(&self) -> WriteSequence {
        self.waits_for
    }

    /// Opens it against a proof.
    ///
    /// # Errors
    ///
    /// Gives itself back where the proof is of an earlier write, of another node, or of another incarnation.
    pub fn release(self, proof: &Durable) -> Result<Outbound<T>, Self> {
        let same = self.node == proof.node && self.incarnation == proof.incarnation;
        if same && self.waits_for <= proof.through {
            Ok(Outbound { value: self.value })
        } else {
            Err(self)
        }
    }

    /// The value, for a save to write down. A save is not a transport: it keeps what the value waits for with it.
    pub(crate) fn sealed(&self) -> &T {
        &self.value
    }

    /// Puts a value that a save had held back under its seal, checking that what it waits for is a write that this
    /// incarnation has begun.
    pub(crate) fn reseal(
        node: NodeId,
        incarnation: Incarnation,
        waits_for: WriteSequence,
        begun: WriteSequence,
        value: T,
    ) -> Option<Self> {
        (waits_for <= begun).then(|| Self::new(node, incarnation, waits_for, value))
    }
}

/// Shows what it waits for, never what it holds.
impl<T> fmt::Debug for Held<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Held(until write {} of {})", self.waits_for, self.node)
    }
}

/// A value that may leave the server. Transports take nothing else; only [`Held::release`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbound<T> {
    value: T,
}

impl<T> Outbound<T> {
    /// What leaves.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// Takes it out, to put it on a wire.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// A value that came from another server, as a transport hands it in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inbound<T> {
    value: T,
}

impl<T> Inbound<T> {
    /// Marks a value as received.
    pub fn received(value: T) -> Self {
        Self { value }
    }

    /// What came.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// Takes it out.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// Why a driver does no more.
#[derive(Debug, thiserror::Error)]
pub enum DriverError<E: std::error::Error> {
    /// The store refused a write or a sync. This incarnation of the node is over: what a failed sync left on the disk
    /// is unknown, and a later success would prove nothing.
    #[error("the disk failed: {0}")]
    Store(#[source] E),
    /// An earlier write or sync failed.
    #[error("the disk failed before; the server must be started anew")]
    Failed,
    /// Writes must come numbered, one after the other.
    #[error("write {found} came where {expected} was due")]
    OutOfOrder {
        /// The number that was due.
        expected: WriteSequence,
        /// The number that came.
        found: WriteSequence,
    },
}

/// Drives a [`Store`] and gives proofs, in order: none for a write before all below it are durable.
pub struct Driver<S: Store> {
    store: S,
    node: NodeId,
    incarnation: Incarnation,
    begun: WriteSequence,
    proven: WriteSequence,
    /// Syncs that ended before an earlier one did, by the first and with the last write that each made durable. The store hears of
    /// them when that one has ended, and has not failed.
    synced_ahead: BTreeMap<WriteSequence, (WriteSequence, S::Synced)>,
    failed: bool,
}

/// A write handed to the store and not yet synced. It can move to another thread, and syncs there.
pub struct Pending<S: Store> {
    node: NodeId,
    incarnation: Incarnation,
    sequence: WriteSequence,
    sync: S::Sync,
}

/// A write whose sync has ended, well or badly; [`Driver::complete`] takes it.
pub struct Finished<S: Store> {
    node: NodeId,
    incarnation: Incarnation,
    /// The first write that it made durable.
    first: WriteSequence,
    /// The last.
    sequence: WriteSequence,
    result: Result<S::Synced, S::Error>,
}

impl<S: Store> Pending<S> {
    /// The write it is.
    pub fn sequence(&self) -> WriteSequence {
        self.sequence
    }

    /// Syncs. Blocks for as long as the device takes.
    #[must_use = "the driver gives its proof only when told"]
    pub fn sync(self) -> Finished<S> {
        Finished {
            node: self.node,
            incarnation: self.incarnation,
            first: self.sequence,
            sequence: self.sequence,
            result: S::sync(self.sync),
        }
    }

    /// What it takes to sync it, for a save to write down.
    pub(crate) fn sync_handle(&self) -> &S::Sync {
        &self.sync
    }
}

impl<S: GroupSync> Pending<S> {
    /// Makes these writes durable by one sync, that of the last. They must follow each other, and nothing before them be without a sync.
    /// `None` where there are none.
    pub fn sync_all(writes: Vec<Self>) -> Option<Finished<S>> {
        let sequences = writes.iter().map(|write| write.sequence);
        assert!(
            sequences
                .clone()
                .zip(sequences.skip(1))
                .all(|(one, next)| one.next() == next),
            "a group of writes has a gap"
        );
        let first = writes.first()?.sequence;
        let last = writes.into_iter().next_back()?;
        Some(Finished { first, ..last.sync() })
    }
}

impl<S: Store> Driver<S> {
    /// A driver for a store that has just been opened, and the proof that what it recovered is durable.
    ///
    /// The store must have synced whatever it recovered. `incarnation` must be one that this node never had.
    pub fn new(store: S, node: NodeId, incarnation: Incarnation) -> (Self, Durable) {
        Self::resume(
            store,
            node,
            incarnation,
            WriteSequence::default(),
            WriteSequence::default(),
        )
    }

    /// A driver as a save found it: `begun` writes begun, all through `proven` durable.
    pub(crate) fn resume(
        store: S,
        node: NodeId,
        incarnation: Incarnation,
        begun: WriteSequence,
        proven: WriteSequence,
    ) -> (Self, Durable) {
        assert!(proven <= begun, "more writes proven than begun");
        let driver = Self {
            store,
            node,
            incarnation,
            begun,
            proven,
            synced_ahead: BTreeMap::new(),
            failed: false,
        };
        (
            driver,
            Durable {
                node,
                incarnation,
                through: proven,
            },
        )
    }

    /// A write that was under way when a save was made.
    pub(crate) fn resume_pending(&self, sequence: WriteSequence, sync: S::Sync) -> Pending<S> {
        Pending {
            node: self.node,
            incarnation: self.incarnation,
            sequence,
            sync,
        }
    }

    /// Hands a write to the store.
    ///
    /// # Errors
    ///
    /// When the store refuses it; the driver then does no more.
    pub fn begin(&mut self, write: &Write) -> Result<Pending<S>, DriverError<S::Error>> {
        if self.failed {
            return Err(DriverError::Failed);
        }
        let expected = self.begun.next();
        if write.sequence != expected {
            return Err(DriverError::OutOfOrder {
                expected,
                found: write.sequence,
            });
        }
        let sync = self.store.begin(write).map_err(|error| self.fail(error))?;
        self.begun = expected;
        Ok(self.resume_pending(expected, sync))
    }

    /// Takes a finished sync. Gives a proof where the durable prefix has grown by it.
    ///
    /// # Errors
    ///
    /// When the sync failed; the driver then does no more.
    pub fn complete(&mut self, finished: Finished<S>) -> Result<Option<Durable>, DriverError<S::Error>> {
        if self.failed {
            return Err(DriverError::Failed);
        }
        assert!(
            finished.node == self.node && finished.incarnation == self.incarnation,
            "a sync of another driver's write"
        );
        let synced = finished.result.map_err(|error| self.fail(error))?;
        let before = self.proven;
        if finished.first == before.next() {
            self.store.settle(synced);
            self.proven = finished.sequence;
        } else {
            let group = (finished.sequence, synced);
            self.synced_ahead.insert(finished.first, group);
        }
        while let Some((last, synced)) = self.synced_ahead.remove(&self.proven.next()) {
            self.store.settle(synced);
            self.proven = last;
        }
        Ok((self.proven > before).then(|| self.proof()))
    }

    /// The proof of all that is durable now: to release, without delay, what waits for nothing that is not.
    pub fn proof(&self) -> Durable {
        Durable {
            node: self.node,
            incarnation: self.incarnation,
            through: self.proven,
        }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store, to look after what concerns other files on its disk.
    pub fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Ends this incarnation and gives the store back.
    pub fn into_store(self) -> S {
        self.store
    }

    /// The last write begun.
    pub fn begun(&self) -> WriteSequence {
        self.begun
    }

    /// The last write of the durable prefix.
    pub fn proven(&self) -> WriteSequence {
        self.proven
    }

    fn fail(&mut self, error: S::Error) -> DriverError<S::Error> {
        self.failed = true;
        DriverError::Store(error)
    }
}

impl<S: Store + fmt::Debug> fmt::Debug for Driver<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let synced_ahead: Vec<_> = self.synced_ahead.keys().collect();
        formatter
            .debug_struct("Driver")
            .field("store", &self.store)
            .field("node", &self.node)
            .field("incarnation", &self.incarnation)
            .field("begun", &self.begun)
            .field("proven", &self.proven)
            .field("synced_ahead", &synced_ahead)
            .field("failed", &self.failed)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::storage::memory::MemoryStore;

    fn driver() -> (Driver<MemoryStore>, Durable) {
        Driver::new(MemoryStore, NodeId::new(1), Incarnation::new(1))
    }

    fn write(sequence: u64) -> Write {
        Write {
            sequence: WriteSequence::new(sequence),
            metadata: None,
            snapshot: None,
            compact: None,
            truncate: None,
            append: Entries::empty(LogIndex::new(1)),
        }
    }

    fn held(waits_for: u64) -> Held<&'static str> {
        Held::new(
            NodeId::new(1),
            Incarnation::new(1),
            WriteSequence::new(waits_for),
            "promise",
        )
    }

    #[test]
    fn no_proof_before_all_writes_below_are_durable() {
        let (mut driver, _) = driver();
        let [first, second] = [1, 2].map(|sequence| driver.begin(&write(sequence)).unwrap());
        assert_eq!(
            driver.complete(second.sync()).unwrap(),
            None,
            "write 1 is still under way"
        );
        let proof = driver
            .complete(first.sync())
            .unwrap()
            .expect("both are durable now");
        assert_eq!(proof.through(), WriteSequence::new(2));
    }

    #[test]
    fn held_opens_only_against_a_proof_of_its_write() {
        let (mut driver, start) = driver();
        let kept = held(1).release(&start).expect_err("write 1 is not durable yet");
        let pending = driver.begin(&write(1)).unwrap();
        let proof = driver.complete(pending.sync()).unwrap().unwrap();
        assert_eq!(kept.release(&proof).unwrap().into_inner(), "promise");
        assert!(held(2).release(&proof).is_err());
    }

    #[test]
    fn a_proof_of_another_incarnation_opens_nothing() {
        let (_, later) = Driver::new(MemoryStore, NodeId::new(1), Incarnation::new(2));
        assert!(held(0).release(&later).is_err());
        let (_, other) = Driver::new(MemoryStore, NodeId::new(2), Incarnation::new(1));
        assert!(held(0).release(&other).is_err());
    }

    #[test]
    fn writes_come_in_order() {
        let (mut driver, _) = driver();
        assert!(matches!(
            driver.begin(&write(2)),
            Err(DriverError::OutOfOrder { .. })
        ));
    }

    #[test]
    fn a_failed_sync_is_terminal() {
        #[derive(Debug)]
        struct Failing;
        impl Store for Failing {
            type Sync = ();
            type Synced = ();
            type Error = std::io::Error;

            fn begin(&mut self, _: &Write) -> Result<(), Self::Error> {
                Ok(())
            }

            fn sync((): ()) -> Result<(), Self::Error> {
                Err(std::io::ErrorKind::Other.into())
            }

            fn settle(&mut self, (): ()) {}
        }
        let (mut driver, _) = Driver::new(Failing, NodeId::new(1), Incarnation::new(1));
        let [first, second] = [1, 2].map(|sequence| driver.begin(&write(sequence)).unwrap());
        assert!(matches!(
            driver.complete(first.sync()),
            Err(DriverError::Store(_))
        ));
        assert!(matches!(driver.complete(second.sync()), Err(DriverError::Failed)));
        assert!(matches!(driver.begin(&write(3)), Err(DriverError::Failed)));
    }

    #[test]
    fn a_store_hears_of_syncs_in_the_order_of_its_writes() {
        #[derive(Default)]
        struct Listening {
            begun: u64,
            heard: Vec<u64>,
        }
        impl Store for Listening {
            type Sync = u64;
            type Synced = u64;
            type Error = Infallible;

            fn begin(&mut self, _: &Write) -> Result<u64, Infallible> {
                self.begun += 1;
                Ok(self.begun)
            }

            fn sync(sync: u64) -> Result<u64, Infallible> {
                Ok(sync)
            }

            fn settle(&mut self, synced: u64) {
                self.heard.push(synced);
            }
        }
        let (mut driver, _) = Driver::new(Listening::default(), NodeId::new(1), Incarnation::new(1));
        let [first, second, third] = [1, 2, 3].map(|sequence| driver.begin(&write(sequence)).unwrap());
        driver.complete(third.sync()).unwrap();
        driver.complete(second.sync()).unwrap();
        assert!(driver.store().heard.is_empty(), "write 1 may still fail");
        driver.complete(first.sync()).unwrap();
        assert_eq!(driver.store().heard, [1, 2, 3]);
    }

    #[test]
    fn debug_shows_nothing_of_what_is_held() {
        assert!(!format!("{:?}", held(1)).contains("promise"));
    }
}
