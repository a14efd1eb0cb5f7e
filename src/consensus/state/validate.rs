//! Whether a state that comes from outside can be.

use std::collections::BTreeSet;

use super::{
    Durability, Follower, Incoming, Leader, Lease, Persistent, Role, State, StateError, Transfer,
    TransferStage, Volatile,
};
use crate::consensus::log::Log;
use crate::consensus::progress::{Flow, Progress};
use crate::consensus::reads;
use crate::consensus::snapshots::{FARTHEST, LAST_END};
use crate::types::{LocalTime, LogIndex, LogPosition, NodeId, Snapshot, Term};

impl State {
    /// Checks that the parts fit together, for a state that comes from outside.
    ///
    /// It refuses what no server can come to, whatever rules were broken on the way. What only a
    /// [broken rule](crate::consensus::Rule) leads to (a second vote, a leader whose term is not on its disk yet) is let be: the rule
    /// may be kept again by now.
    ///
    /// # Errors
    ///
    /// Says what does not.
    pub fn validate(&self, own: NodeId) -> Result<(), StateError> {
        self.persistent.validate()?;
        self.volatile.validate(own, self.persistent.log.last_index())?;
        let snapshot = self.persistent.snapshot.as_ref();
        ensure(
            snapshot.is_none_or(|snapshot| snapshot.last.index <= self.volatile.applied),
            "its snapshot stands for more than it has applied",
        )?;
        self.validate_role(own)
    }

    fn validate_role(&self, own: NodeId) -> Result<(), StateError> {
        let has_voted = self.persistent.metadata.vote.is_some();
        match &self.role {
            Role::Follower(follower) => {
                ensure(
                    follower.leader != Some(own),
                    "a follower's leader is another node of the cluster",
                )?;
                let incoming = follower.incoming.as_ref();
                incoming.map_or(Ok(()), |incoming| self.validate_incoming(follower, incoming))
            }
            Role::PreCandidate(candidate) => validate_votes(&candidate.granted, &candidate.refused),
            Role::Candidate(candidate) => {
                ensure(has_voted, "a candidate has voted")?;
                validate_votes(&candidate.granted, &candidate.refused)
            }
            Role::Leader(leader) => {
                ensure(has_voted, "a leader has voted")?;
                self.validate_peers(own, leader)
            }
        }
    }

    /// What comes of a snapshot is for something new, is not whole yet, and comes from somebody.
    fn validate_incoming(&self, follower: &Follower, incoming: &Incoming) -> Result<(), StateError> {
        let is_new = incoming.last.index > self.volatile.commit && incoming.last.index <= FARTHEST;
        let is_of_a_term =
            incoming.last.term > Term::default() && incoming.last.term <= self.persistent.metadata.term;
        ensure(
            is_new && is_of_a_term && follower.leader.is_some(),
            "a snapshot comes to it from nobody, or of what can't be",
        )?;
        ensure(
            incoming.received() < incoming.total && !incoming.configuration.voters.is_empty(),
            "it has a whole snapshot, and has not installed it",
        )
    }

    /// A leader has a progress for every other member, and maybe for one that is on its way out.
    fn validate_peers(&self, own: NodeId, leader: &Leader) -> Result<(), StateError> {
        let mut others = self.configuration().peers_of(own);
        ensure(
            others.all(|peer| leader.peers.contains_key(&peer)) && !leader.peers.contains_key(&own),
            "a leader's peers are not the other nodes",
        )?;
        let last = self.persistent.log.last_index();
        ensure(
            leader.peers.values().all(|peer| peer.fits(last)),
            "a leader's next index, or what it has in flight, is out of range",
        )?;
        let snapshot = self.persistent.snapshot.as_ref();
        let is_sent = |peer: &Progress| match peer.flow {
            Flow::Probe(_) | Flow::Replicate { .. } => peer.next > self.persistent.log.base().index,
            Flow::Snapshot(sending) => snapshot.is_some_and(|snapshot| {
                snapshot.last == sending.last
                    && sending.received <= sending.most
                    && sending.most <= snapshot.data.len() as u64
            }),
        };
        ensure(
            leader.peers.values().all(is_sent),
            "a leader is to send what it has dropped, or a snapshot that it has not",
        )?;
        ensure(
            leader.catching_up.values().all(|round| round.goal <= last),
            "a learner is to catch up with entries that are not there",
        )?;
        ensure(
            reads::is_possible(&leader.reading, last),
            "a leader's rounds of heartbeats are out of order, or a read waits for one that never began",
        )?;
        let is_asked = |transfer: &Transfer| transfer.stage == TransferStage::Asked;
        ensure(
            !leader.transfer.as_ref().is_some_and(is_asked) || leader.reading.lease == Lease::Void,
            "a leader has asked another to stand, and its lease still counts",
        )?;
        ensure(
            leader.uncommitted == self.weight_past(self.volatile.commit),
            "a leader counts more or less than there is to commit",
        )
    }

    /// Checks that nothing it remembers is later than `now`, by its own clock: what is measured from then would never end.
    ///
    /// # Errors
    ///
    /// Says that something is.
    pub fn validate_times(&self, now: LocalTime) -> Result<(), StateError> {
        let volatile = &self.volatile;
        let passed_on = volatile.passed_on.iter().map(|passed_on| passed_on.since);
        let of_leader = match &self.role {
            Role::Leader(leader) => leader.times(),
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => Vec::new(),
        };
        let mut times = volatile.heard.into_iter().chain(passed_on).chain(of_leader);
        ensure(
            times.all(|time| time <= now),
            "it remembers something later than its own clock",
        )
    }
}

impl Leader {
    /// The moments that it remembers.
    fn times(&self) -> Vec<LocalTime> {
        let sending = |peer: &Progress| match &peer.flow {
            Flow::Probe(_) | Flow::Replicate { .. } => None,
            Flow::Snapshot(sending) => Some(sending.grew),
        };
        let heard = self.peers.values().map(|peer| peer.heard);
        let rounds = self.reading.open.iter().map(|(_, sent)| *sent);
        let times = heard
            .chain(self.peers.values().filter_map(sending))
            .chain(self.transfer.map(|transfer| transfer.since))
            .chain(self.catching_up.values().map(|round| round.since))
            .chain(rounds)
            .chain(self.reading.confirmed.map(|confirmed| confirmed.sent))
            .chain(self.stamped.map(|(_, at)| at));
        times.collect()
    }
}

impl Persistent {
    fn validate(&self) -> Result<(), StateError> {
        let Self {
            metadata,
            log,
            snapshot,
        } = self;
        validate_snapshot(snapshot.as_ref(), log)?;
        ensure(
            log.last_index() <= LAST_END,
            "its log ends at an index past all that can be",
        )?;
        ensure(metadata.term < Term::LAST, "its term is past all that can be")?;
        let terms = log.iter().map(|(_, entry)| entry.term);
        ensure(terms.is_sorted(), "terms in its log go down")?;
        ensure(
            log.last_position().term <= metadata.term,
            "its log has an entry of a term later than its own",
        )?;
        ensure(
            log.iter().all(|(_, entry)| entry.term.number() > 0),
            "its log has an entry of term 0",
        )
    }
}

impl Volatile {
    fn validate(&self, own: NodeId, last: LogIndex) -> Result<(), StateError> {
        let ids: BTreeSet<_> = self.passed_on.iter().map(|passed_on| passed_on.id).collect();
        ensure(
            ids.len() == self.passed_on.len()
                && self.passed_on.iter().all(|passed_on| passed_on.to != own)
                && self
                    .passed_on
                    .iter()
                    .is_sorted_by_key(|passed_on| passed_on.since),
            "it has passed something on twice, to itself, or out of order",
        )?;
        ensure(self.commit <= last, "its commit index is past the end of its log")?;
        ensure(self.applied <= self.commit, "it applied more than is committed")?;
        self.durability.validate(last)
    }
}

impl Durability {
    fn validate(&self, last: LogIndex) -> Result<(), StateError> {
        ensure(
            self.flushed <= self.begun && self.begun.number() < u64::MAX,
            "more writes are on its disk than it has begun",
        )?;
        let sequences = self.under_way.iter().map(|(sequence, _)| sequence.number());
        ensure(
            sequences.eq(self.flushed.number() + 1..=self.begun.number()),
            "its writes under way are not those between the flushed and the last begun",
        )?;
        let reached = self.under_way.iter().map(|(_, index)| *index);
        let mut reached = std::iter::once(self.through).chain(reached);
        ensure(reached.clone().is_sorted(), "its writes under way go back")?;
        ensure(
            reached.next_back() == Some(last),
            "its log has entries that were never written, or its disk more than its log",
        )?;
        ensure(
            self.metadata <= self.begun && self.installed <= self.begun,
            "its term or snapshot was written by a write that is still to come",
        )
    }
}

/// A snapshot stands for all that the log has dropped, and where both speak of an entry they agree.
fn validate_snapshot(snapshot: Option<&Snapshot>, log: &Log) -> Result<(), StateError> {
    let Some(snapshot) = snapshot else {
        return ensure(
            log.base() == LogPosition::GENESIS,
            "its log begins late, and no snapshot stands for what is before",
        );
    };
    ensure(
        log.term_at(snapshot.last.index) == Some(snapshot.last.term),
        "its snapshot ends at an entry that its log neither has nor follows",
    )?;
    ensure(
        *log.configuration_at(snapshot.last.index) == snapshot.configuration,
        "its snapshot carries another configuration than the one in force at the entry that it ends at",
    )
}

fn validate_votes(granted: &BTreeSet<NodeId>, refused: &BTreeSet<NodeId>) -> Result<(), StateError> {
    ensure(granted.is_disjoint(refused), "a vote is both granted and refused")
}

fn ensure(holds: bool, what: &'static str) -> Result<(), StateError> {
    if holds { Ok(()) } else { Err(StateError(what)) }
}
