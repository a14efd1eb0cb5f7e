//! Whether a cluster keeps the promises of the algorithm: oracles that watch from outside.
//!
//! A [`Checker`] is told [`Fact`]s, one by one, by whoever runs the servers, and says at once when one of them
//! breaks a [`Property`]: the five of the paper's Figure 3, and those that an implementation must keep besides because it
//! has a disk that can be slow and a memory that can be lost. It shares no code with what it watches but the words of
//! [`types`](crate::types): a mistake in the algorithm can't hide in its oracle.
//!
//! The checker keeps a mirror of every server's memory and disk and is fed what changes, so that a fact costs about the
//! same however long the logs are. It says nothing false: of what it was never told (the past of a save, a server it
//! knows nothing of) it assumes the best.
//!
//! Two things often reported as violations are none, and are not reported: a leader that was superseded may lack what
//! its successors committed, and an acknowledgement of entries may leave after a later leader has overridden them.

mod archive;
mod clients;
mod fact;
mod judge;
mod outline;
mod server;
mod sessions;
mod violation;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use archive::{Archive, Committed};
use server::Server;
use sessions::SessionLedger;

pub use fact::{Ballot, Base, Effect, Fact, Found, Kept};
pub use violation::{Property, Violation};

use crate::types::{Configuration, LogIndex, LogPosition, NodeId, NodeMap, ProposalId, Term};

/// A leader's change of the configuration.
#[derive(Clone, Copy, Debug)]
struct Change {
    leader: NodeId,
    term: Term,
    index: LogIndex,
    /// The configuration before, where that is in the log.
    before: Option<LogPosition>,
}

/// Watches a cluster.
///
/// It goes on after a violation, as well as it can; what it says then may follow from the first.
#[derive(Clone, Debug)]
pub struct Checker {
    genesis: Arc<Configuration>,
    /// Every configuration that ever stood in a log.
    configurations: BTreeMap<LogPosition, Arc<Configuration>>,
    watched: BTreeSet<Property>,
    servers: NodeMap<Server>,
    /// Who led each term.
    leaders: BTreeMap<Term, NodeId>,
    /// Whom each server voted for in each term.
    votes: BTreeMap<(Term, NodeId), NodeId>,
    archive: Archive,
    committed: Committed,
    /// The state of every snapshot that ever was, by its last entry: its fingerprint, and whose was the first.
    states: BTreeMap<LogIndex, (u64, NodeId)>,
    /// The last index of which a client was told that it is done, or that a read saw.
    acknowledged: LogIndex,
    /// What was acknowledged when each open read began.
    reads: BTreeMap<ProposalId, LogIndex>,
    /// What was acknowledged when each open command was sent.
    writes: BTreeMap<ProposalId, LogIndex>,
    /// What became of the commands of sessions.
    ledger: SessionLedger,
    /// A change of the configuration that is judged once the step that made it has told what it committed.
    change: Option<Change>,
    /// Whether the cluster was running when the checker came: more may be committed than it was told.
    came_late: bool,
    /// What the fact at hand breaks first.
    found: Option<Violation>,
}

impl Checker {
    /// A checker of a cluster with this genesis configuration, of which nothing is known yet.
    pub fn new(configuration: Configuration) -> Self {
        Self {
            genesis: Arc::new(configuration),
            configurations: BTreeMap::new(),
            watched: Property::ALL.iter().copied().collect(),
            servers: NodeMap::new(),
            leaders: BTreeMap::new(),
            votes: BTreeMap::new(),
            archive: Archive::default(),
            committed: Committed::default(),
            states: BTreeMap::new(),
            acknowledged: LogIndex::GENESIS,
            reads: BTreeMap::new(),
            writes: BTreeMap::new(),
            ledger: SessionLedger::default(),
            change: None,
            came_late: false,
            found: None,
        }
    }

    /// The same checker, but silent about all other properties. So a broken rule can be followed to where it does
    /// harm, past the first sign of it.
    #[must_use]
    pub fn watching(mut self, properties: impl IntoIterator<Item = Property>) -> Self {
        self.watched = properties.into_iter().collect();
        self
    }

    /// Takes note of a fact.
    ///
    /// # Errors
    ///
    /// The property that it breaks; the first, where it breaks several.
    pub fn observe(&mut self, fact: &Fact<'_>) -> Result<(), Violation> {
        if self.change.is_some() {
            self.judge_last_change(fact);
        }
        match *fact {
            Fact::Started {
                node,
                ballot,
                base,
                log,
            } => self.on_started(node, ballot, base, log),
            Fact::Found(found) => {
                self.came_late = true;
                self.on_found(&found);
            }
            Fact::Stopped { node } => self.server(node).leads = None,
            Fact::Wrote {
                node,
                sequence,
                ballot,
                snapshot,
                compact,
                truncate,
                append,
            } => {
                let cuts = self.prepare_write(node, ballot, snapshot, compact, truncate);
                self.on_wrote(node, sequence, cuts, append);
            }
            Fact::Durable { node, through } => self.server(node).sync(through),
            Fact::Sent(envelope) => self.on_sent(envelope),
            Fact::Led { node, term } => self.on_led(node, term),
            Fact::Committed { node, through } => self.on_committed(node, through),
            Fact::Matched {
                node,
                follower,
                through,
            } => self.on_matched(node, follower, through),
            Fact::Applied {
                node,
                position,
                payload,
            } => self.on_applied(node, position, payload),
            Fact::Executed {
                node,
                index,
                guarded,
                effect,
                answer,
            } => self.on_executed((node, index), guarded, effect, answer),
            Fact::SessionClosed {
                node,
                index,
                session,
                effect,
            } => self.on_session_closed((node, index), session, effect),
            Fact::Acknowledged { index } => self.acknowledged = self.acknowledged.max(index),
            Fact::WriteBegan { write } => drop(self.writes.insert(write, self.acknowledged)),
            Fact::WriteDone { node, write, index } => self.on_write_done(node, write, index),
            Fact::Replayed { node, index, is_same } => self.on_replayed(node, index, is_same),
            Fact::ReadBegan { read } => drop(self.reads.insert(read, self.acknowledged)),
            Fact::ReadServed { node, read, applied } => self.on_read_served(node, read, applied),
        }
        self.found.take().map_or(Ok(()), Err)
    }

    fn report(&mut self, violation: Violation) {
        if self.found.is_none() && self.watched.contains(&violation.property) {
            self.found = Some(violation);
        }
    }

    /// A server; an empty one where nothing was ever told of it.
    #[inline]
    fn server(&mut self, node: NodeId) -> &mut Server {
        self.servers.get_or_insert_with(node, Server::default)
    }
}

#[cfg(test)]
mod tests;
