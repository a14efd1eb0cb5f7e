//! A server's whole state, each variable in the scope that the algorithm gives it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::durable::Metadata;
use super::event::{RoleName, Tally};
use super::log::Log;
use super::progress::Progress;
use crate::types::{Configuration, LogIndex, NodeId, WriteSequence};

/// All of it. Plain data, readable by whoever watches; only [`Raft`](super::Raft) changes one that runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// What must survive a crash.
    pub persistent: Persistent,
    /// What every server has and a crash may take.
    pub volatile: Volatile,
    /// What only its role has.
    pub role: Role,
}

/// What must survive a crash (paper, Figure 2: "persistent state on all servers").
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Persistent {
    /// Current term, and the vote in it.
    pub metadata: Metadata,
    /// The log.
    pub log: Log,
    /// The configuration at index 0.
    pub genesis: Configuration,
}

/// What every server has and a crash may take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Volatile {
    /// The last entry known to be committed.
    pub commit: LogIndex,
    /// The last entry applied to the state machine.
    pub applied: LogIndex,
    /// Which writes are under way, and what is on disk.
    pub durability: Durability,
}

/// Which writes are under way, and what is on disk.
///
/// It maps writes to log indices, and cuts the map back when the log is: a write that is completed after its entries
/// were replaced then proves nothing about those that replaced them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Durability {
    /// The last write begun.
    pub begun: WriteSequence,
    /// The last write of the durable prefix.
    pub flushed: WriteSequence,
    /// The last write that carried the term and vote.
    pub metadata: WriteSequence,
    /// The last index on disk.
    pub through: LogIndex,
    /// Each write under way, with the last index that it, if durable, puts on disk; both ascending.
    pub under_way: VecDeque<(WriteSequence, LogIndex)>,
}

impl Durability {
    /// Everything through `last` is on disk: what recovery leaves.
    pub fn recovered(last: LogIndex) -> Self {
        Self {
            through: last,
            ..Self::default()
        }
    }

    /// Whether the current term and vote are on disk.
    pub fn is_metadata_flushed(&self) -> bool {
        self.metadata <= self.flushed
    }

    /// The write whose completion puts `index` on disk; `None` where it is there already.
    pub fn write_of(&self, index: LogIndex) -> Option<WriteSequence> {
        if index <= self.through {
            return None;
        }
        let covering = self.under_way.iter().find(|(_, last)| *last >= index);
        Some(covering.map_or(self.begun, |(sequence, _)| *sequence))
    }

    pub(super) fn begin(&mut self, last: LogIndex) -> WriteSequence {
        self.begun = self.begun.next();
        self.under_way.push_back((self.begun, last));
        self.begun
    }

    pub(super) fn flush_through(&mut self, sequence: WriteSequence) {
        while let Some(&(first, last)) = self.under_way.front()
            && first <= sequence
        {
            self.through = last;
            self.flushed = first;
            self.under_way.pop_front();
        }
    }

    pub(super) fn truncate_from(&mut self, index: LogIndex) {
        let kept = index.previous();
        self.through = self.through.min(kept);
        for (_, last) in &mut self.under_way {
            *last = (*last).min(kept);
        }
    }
}

/// A server's role, with what only that role has (paper, Figure 4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Answers, and waits for a leader's word.
    Follower(Follower),
    /// Stands for election.
    Candidate(Candidate),
    /// Leads its term.
    Leader(Leader),
}

/// What a follower has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Follower {
    /// The leader of the term, once heard from.
    pub leader: Option<NodeId>,
}

/// What a candidate has. Its own vote counts once it is on disk, and then stands among the granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// Who granted.
    pub granted: BTreeSet<NodeId>,
    /// Who refused.
    pub refused: BTreeSet<NodeId>,
}

/// What a leader has. Its own copy of an entry counts as [`Durability`] says, so there is no progress of its own here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Leader {
    /// Each follower's progress.
    pub peers: BTreeMap<NodeId, Progress>,
}

impl Role {
    /// The role's name.
    pub fn name(&self) -> RoleName {
        match self {
            Self::Follower(_) => RoleName::Follower,
            Self::Candidate(_) => RoleName::Candidate,
            Self::Leader(_) => RoleName::Leader,
        }
    }
}

impl State {
    /// The state of a server that has just started with what its disk holds.
    pub fn recovered(metadata: Metadata, log: Log, genesis: Configuration) -> Self {
        let durability = Durability::recovered(log.last_index());
        Self {
            persistent: Persistent {
                metadata,
                log,
                genesis,
            },
            volatile: Volatile {
                durability,
                ..Volatile::default()
            },
            role: Role::Follower(Follower::default()),
        }
    }

    /// The configuration in force.
    pub fn configuration(&self) -> &Configuration {
        &self.persistent.genesis
    }

    /// A candidate's votes, as an event tells them.
    pub fn tally(&self, candidate: &Candidate) -> Tally {
        Tally {
            term: self.persistent.metadata.term,
            granted: candidate.granted.clone(),
            refused: candidate.refused.clone(),
            needed: self.configuration().majority(),
            voters: self.configuration().voters.len(),
        }
    }

    /// Checks that the parts fit together, for a state that comes from outside.
    ///
    /// # Errors
    ///
    /// Says what does not.
    pub fn validate(&self, own: NodeId) -> Result<(), StateError> {
        let Self {
            persistent,
            volatile,
            role,
        } = self;
        let (metadata, log) = (&persistent.metadata, &persistent.log);
        let durability = &volatile.durability;
        let last = log.last_index();
        let ensure = |holds: bool, what: &'static str| if holds { Ok(()) } else { Err(StateError(what)) };
        ensure(
            persistent.genesis.voters.contains(&own),
            "the node is no voter of its own configuration",
        )?;
        ensure(
            metadata
                .vote
                .is_none_or(|vote| persistent.genesis.voters.contains(&vote)),
            "its vote is for a node that does not exist",
        )?;
        let terms = log.iter().map(|(_, entry)| entry.term);
        ensure(terms.is_sorted(), "terms in its log go down")?;
        ensure(
            log.last_position().term <= metadata.term,
            "its log has an entry of a term later than its own",
        )?;
        ensure(
            log.iter().all(|(_, entry)| entry.term.number() > 0),
            "its log has an entry of term 0",
        )?;
        ensure(
            volatile.commit <= last,
            "its commit index is past the end of its log",
        )?;
        ensure(
            volatile.applied <= volatile.commit,
            "it applied more than is committed",
        )?;
        ensure(durability.through <= last, "more is on its disk than its log has")?;
        let sequences = durability.under_way.iter().map(|(sequence, _)| sequence.number());
        let expected = durability.flushed.number() + 1..=durability.begun.number();
        ensure(
            sequences.eq(expected),
            "its writes under way are not those between the flushed and the last begun",
        )?;
        let mut reached = durability.under_way.iter().map(|(_, index)| *index);
        ensure(reached.clone().is_sorted(), "its writes under way go back")?;
        ensure(
            reached.next_back().unwrap_or(durability.through) == last,
            "its log has entries that were never written",
        )?;
        ensure(
            durability.metadata <= durability.begun,
            "its term was written by a write that is still to come",
        )?;
        match role {
            Role::Follower(follower) => ensure(
                follower.leader != Some(own),
                "a follower's leader can't be itself",
            ),
            Role::Candidate(candidate) => {
                ensure(metadata.vote == Some(own), "a candidate votes for itself")?;
                ensure(
                    candidate.granted.is_disjoint(&candidate.refused),
                    "a vote is both granted and refused",
                )
            }
            Role::Leader(leader) => {
                ensure(metadata.vote == Some(own), "a leader has voted for itself")?;
                ensure(durability.is_metadata_flushed(), "a leader's term is on its disk")?;
                ensure(
                    leader.peers.keys().copied().eq(persistent.genesis.peers_of(own)),
                    "a leader's peers are not the other nodes",
                )?;
                let fits = |peer: &Progress| peer.matched < peer.next && peer.next <= last.next();
                ensure(
                    leader.peers.values().all(fits),
                    "a leader's next index is out of range",
                )
            }
        }
    }
}

/// A state that can't be: says what does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StateError(&'static str);
