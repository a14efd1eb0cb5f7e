//! The checker, told what servers on stores in memory do.

use std::collections::BTreeMap;

use bytes::Bytes;
use raft_play::check::{Ballot, Base, Checker, Fact, Kept, Violation};
use raft_play::consensus::durable::Metadata;
use raft_play::types::{Configuration, Entries, LogIndex, LogPosition, NodeId};

use crate::server::{Deed, Server, applied, data_of};

/// A checker, and the state after each entry by who applied it first: what every snapshot must hold.
pub struct Watch {
    pub checker: Checker,
    replayed: BTreeMap<LogIndex, (u64, Bytes)>,
}

fn ballot(metadata: Metadata) -> Ballot {
    let Metadata { term, vote } = metadata;
    Ballot { term, vote }
}

impl Watch {
    /// Of a cluster that begins with so many voters.
    pub fn of(voters: u64) -> Self {
        let genesis = Configuration::of_voters((1..=voters).map(NodeId::new));
        Self::with(Checker::new(genesis))
    }

    pub fn with(checker: Checker) -> Self {
        Self {
            checker,
            replayed: BTreeMap::from([(LogIndex::GENESIS, (0, data_of(0)))]),
        }
    }

    /// A server has started with what it has.
    pub fn tell_start(&mut self, server: &Server) -> Result<(), Violation> {
        let state = &server.raft.state().persistent;
        let log: Vec<_> = state.log.iter().map(|(_, entry)| entry.clone()).collect();
        let base = state.log.base();
        self.checker.observe(&Fact::Started {
            node: server.id(),
            ballot: ballot(state.metadata),
            base: Base {
                position: base,
                configuration: Some(state.log.configuration_at(base.index)),
                snapshot: state.snapshot.as_ref(),
            },
            log: &Entries::new(base.index.next(), log),
        })
    }

    /// A server has done something.
    pub fn tell(&mut self, node: NodeId, deed: &Deed) -> Result<(), Violation> {
        self.replay(deed);
        let fact = match deed {
            Deed::Wrote(write) => Fact::Wrote {
                node,
                sequence: write.sequence,
                ballot: write.metadata.map(ballot),
                snapshot: write.snapshot.as_ref().map(|snapshot| Kept {
                    snapshot,
                    replayed: self.replayed.get(&snapshot.last.index).map(|(_, data)| &data[..]),
                }),
                compact: write.compact,
                truncate: write.truncate,
                append: &write.append,
            },
            Deed::Durable(through) => Fact::Durable {
                node,
                through: *through,
            },
            Deed::Led(term) => Fact::Led { node, term: *term },
            Deed::Committed(through) => Fact::Committed {
                node,
                through: *through,
            },
            Deed::Matched(follower, through) => Fact::Matched {
                node,
                follower: *follower,
                through: *through,
            },
            Deed::Applied(index, entry) => Fact::Applied {
                node,
                position: LogPosition::new(*index, entry.term),
                payload: &entry.payload,
            },
            Deed::Sent(envelope) => Fact::Sent(envelope),
            Deed::Restored(_) => return Ok(()),
        };
        self.checker.observe(&fact)
    }

    fn replay(&mut self, deed: &Deed) {
        let Deed::Applied(index, entry) = deed else {
            return;
        };
        let before = self.replayed.get(&index.previous()).map(|(state, _)| *state);
        if let Some(before) = before {
            let after = applied(before, entry);
            self.replayed.entry(*index).or_insert((after, data_of(after)));
        }
    }
}
