//! A server's whole state, each variable in the scope that the algorithm gives it.

mod validate;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::durable::Metadata;
use super::event::RoleName;
use super::log::Log;
use super::progress::Progress;
use super::reroute::Served;
use crate::types::{
    Caller, ClusterTime, Configuration, InstallSnapshot, LocalTime, LogIndex, LogPosition, NodeId, NodeMap,
    ProposalId, Round, Snapshot, WriteSequence,
};

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
    /// The snapshot in force, if any: it stands for every entry that the log has dropped, and maybe for some that it still has.
    pub snapshot: Option<Snapshot>,
}

/// What every server has and a crash may take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Volatile {
    /// The last entry known to be committed.
    pub commit: LogIndex,
    /// The last entry applied to the state machine.
    pub applied: LogIndex,
    /// When it last heard from a leader of its term: with CheckQuorum on, a promise not to help another for an election timeout.
    pub heard: Option<LocalTime>,
    /// What it has passed on for its callers and has no answer to yet, oldest first.
    pub passed_on: VecDeque<PassedOn>,
    /// Which writes are under way, and what is on disk.
    pub durability: Durability,
}

/// Something that a caller wants, passed on to a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PassedOn {
    /// By which the caller knows the answer.
    pub id: ProposalId,
    /// The leader.
    pub to: NodeId,
    /// When.
    pub since: LocalTime,
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
    /// The last write that carried a snapshot from a leader.
    pub installed: WriteSequence,
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
    /// Asks whether it would win an election.
    PreCandidate(PreCandidate),
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
    /// What has come so far of the snapshot that the leader is sending.
    pub incoming: Option<Incoming>,
}

/// A snapshot that is not whole yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Incoming {
    /// The last entry that it stands for.
    pub last: LogPosition,
    /// The configuration in force there.
    pub configuration: Arc<Configuration>,
    /// How many bytes it has.
    pub total: u64,
    /// Those that are there, from the first on.
    pub data: Vec<u8>,
}

impl Incoming {
    /// Nothing yet of the snapshot that a piece is of.
    pub(super) fn begin(piece: &InstallSnapshot) -> Self {
        Self {
            last: piece.last,
            configuration: Arc::clone(&piece.configuration),
            total: piece.total,
            data: Vec::new(),
        }
    }

    /// How many bytes are there.
    pub fn received(&self) -> u64 {
        self.data.len() as u64
    }
}

/// What a pre-candidate has. Its own answer is among the granted: nothing hangs on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PreCandidate {
    /// Who would vote for it.
    pub granted: BTreeSet<NodeId>,
    /// Who would not.
    pub refused: BTreeSet<NodeId>,
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
    pub peers: NodeMap<Progress>,
    /// Whom it hands over to, while it does.
    pub transfer: Option<Transfer>,
    /// The round of entries that each learner is getting.
    pub catching_up: BTreeMap<NodeId, CatchUp>,
    /// Rounds of heartbeats, and the reads that wait for them.
    pub reading: Reading,
    /// The weight of what is in its log and not committed, in bytes.
    pub uncommitted: u64,
    /// What others have passed on to it.
    pub served: Served,
    /// The last time that it stamped, and when that was by its own clock.
    pub stamped: Option<(ClusterTime, LocalTime)>,
}

/// Rounds of heartbeats, and the reads that wait for them (thesis §6.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The last round that began.
    pub round: Round,
    /// The rounds that no majority has answered yet, with the moment at which each began; ascending.
    pub open: VecDeque<(Round, LocalTime)>,
    /// The last round that a majority has answered.
    pub confirmed: Option<Confirmed>,
    /// Reads that wait.
    pub waiting: Vec<WaitingRead>,
    /// From when a lease counts.
    pub lease: Lease,
}

/// From when a leader's lease counts (thesis §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Leases were never on in this leadership.
    #[default]
    Off,
    /// From this round on: leases, and the promises they rest on, have been on and the same since before it was sent.
    From(Round),
    /// Never again in this leadership: another was asked to stand, and that one is exempt from every promise.
    Void,
}

/// A round that a majority has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Confirmed {
    /// The round.
    pub round: Round,
    /// When it began: a lease counts from here.
    pub sent: LocalTime,
}

/// A read that waits for a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WaitingRead {
    /// Who reads.
    pub caller: Caller,
    /// The round that must be answered first.
    pub round: Round,
    /// The index that it sees, once that is known.
    pub index: Option<LogIndex>,
}

/// A round of catching up (thesis §4.2.1): all entries that the leader had when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CatchUp {
    /// Which round, from 1.
    pub round: u32,
    /// The last entry of it.
    pub goal: LogIndex,
    /// When it began.
    pub since: LocalTime,
}

/// A leader on its way to hand over (thesis §3.10). It takes no proposals meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// To whom.
    pub target: NodeId,
    /// When it began.
    pub since: LocalTime,
    /// How far it is.
    pub stage: TransferStage,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferStage {
    /// The target's log does not reach the leader's end yet.
    CatchingUp,
    /// The target was asked to stand: from here on anything it was promised is void.
    Asked,
}

impl Role {
    /// The leader of the term, as far as a server that does not lead knows.
    pub fn leader(&self) -> Option<NodeId> {
        match self {
            Self::Follower(follower) => follower.leader,
            Self::PreCandidate(_) | Self::Candidate(_) | Self::Leader(_) => None,
        }
    }

    /// The role's name.
    pub fn name(&self) -> RoleName {
        match self {
            Self::Follower(_) => RoleName::Follower,
            Self::PreCandidate(_) => RoleName::PreCandidate,
            Self::Candidate(_) => RoleName::Candidate,
            Self::Leader(_) => RoleName::Leader,
        }
    }
}

impl State {
    /// The state of a server that has just started with what its disk holds.
    pub fn recovered(metadata: Metadata, log: Log, snapshot: Option<Snapshot>) -> Self {
        let durability = Durability::recovered(log.last_index());
        let commit = snapshot
            .as_ref()
            .map(|snapshot| snapshot.last.index)
            .unwrap_or_default();
        Self {
            persistent: Persistent {
                metadata,
                log,
                snapshot,
            },
            volatile: Volatile {
                commit,
                applied: commit,
                durability,
                ..Volatile::default()
            },
            role: Role::Follower(Follower::default()),
        }
    }

    /// The configuration in force: the latest in the log, committed or not (§6).
    pub fn configuration(&self) -> &Configuration {
        self.persistent.log.configuration()
    }

    /// What the entries after an index count towards limits in bytes.
    pub fn weight_past(&self, index: LogIndex) -> u64 {
        let log = &self.persistent.log;
        log.weight_between(index, log.last_index())
    }
}

/// A state that can't be: says what does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StateError(&'static str);
