//! What happened inside a server, and why: the values that decided.
//!
//! Events are for whoever watches. The algorithm never reads one back, and where nobody watches they cost nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::types::{
    ChangeRefusal, ClusterTime, Configuration, ElectionOrigin, LogIndex, LogPosition, MessageKind, NodeId,
    ProposalId, ProposalOutcome, ProposalRefusal, Round, Term, TransferRefusal, Wish, WriteSequence,
};

/// Something that happened inside a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// No leader was heard of for an election timeout: the server asks whether it would win (thesis §9.6).
    PreVoteStarted {
        /// The term it would stand in.
        asked: Term,
        /// Its last entry.
        last: LogPosition,
        /// The voters asked.
        voters: BTreeSet<NodeId>,
    },
    /// A pre-vote was given: it binds nobody.
    PreVoteGranted {
        /// The pre-candidate.
        candidate: NodeId,
        /// The term it would stand in.
        asked: Term,
        /// Its last entry.
        theirs: LogPosition,
        /// The voter's own.
        own: LogPosition,
    },
    /// A pre-vote was refused.
    PreVoteRefused {
        /// The pre-candidate.
        candidate: NodeId,
        /// Why.
        reason: VoteRefusal,
    },
    /// A pre-candidate got an answer.
    PreVoteCounted {
        /// From whom.
        from: NodeId,
        /// Whether it was a grant.
        verdict: Verdict,
        /// The answers with it.
        tally: Tally,
    },
    /// The election timer ran out, and yet the server does not stand.
    Stayed {
        /// Why.
        reason: Quiet,
    },
    /// A leader has not heard from a majority for an election timeout, and steps down (thesis §6.2).
    LostQuorum {
        /// Whom it has heard from, itself included.
        heard: BTreeSet<NodeId>,
        /// How many it would take.
        needed: usize,
    },
    /// A leader begins to hand over (thesis §3.10).
    TransferStarted {
        /// To whom.
        target: NodeId,
        /// How far the target's log equals the leader's.
        matched: LogIndex,
        /// The end of the leader's log.
        last: LogIndex,
    },
    /// The target has all entries: the leader asks it to stand at once.
    TransferAsked {
        /// The target.
        target: NodeId,
    },
    /// A transfer was not begun.
    TransferRefused {
        /// Why.
        reason: TransferRefusal,
    },
    /// The transfer came to nothing; the leader takes proposals again.
    TransferAborted {
        /// The target.
        target: NodeId,
    },
    /// A server stands for election: its timer ran out (§5.2), or the leader handed over to it.
    ElectionStarted {
        /// The new term.
        term: Term,
        /// Why it stands.
        origin: ElectionOrigin,
        /// The candidate's last entry, by which others judge it.
        last: LogPosition,
        /// The voters asked.
        asked: BTreeSet<NodeId>,
    },
    /// The candidate's vote for itself is on disk and counts.
    OwnVoteCounted {
        /// The votes so far.
        tally: Tally,
    },
    /// A vote was given (§5.2, §5.4.1).
    VoteGranted {
        /// The candidate.
        candidate: NodeId,
        /// Its last entry.
        theirs: LogPosition,
        /// The voter's own last entry.
        own: LogPosition,
    },
    /// A vote was refused.
    VoteRefused {
        /// The candidate.
        candidate: NodeId,
        /// Why.
        reason: VoteRefusal,
    },
    /// A candidate got an answer.
    VoteCounted {
        /// From whom.
        from: NodeId,
        /// Whether it was a grant.
        verdict: Verdict,
        /// The votes with it.
        tally: Tally,
    },
    /// A candidate has a majority (§5.2).
    BecameLeader {
        /// The votes that made it so.
        tally: Tally,
        /// Its log's last entry before the no-op.
        last: LogPosition,
    },
    /// A server heard of a higher term and took it on (§5.1).
    AdoptedTerm {
        /// Its term before.
        before: Term,
        /// What it was before.
        role: RoleName,
        /// Who told it.
        from: NodeId,
        /// In what kind of message.
        kind: MessageKind,
    },
    /// A follower or candidate heard from the leader of its term (§5.2).
    RecognisedLeader {
        /// The leader.
        leader: NodeId,
        /// What the server was before.
        role: RoleName,
    },
    /// A leader put a new configuration into its log, and into force (§6).
    ConfigurationAppended {
        /// The entry's index.
        index: LogIndex,
        /// The configuration before.
        before: Arc<Configuration>,
        /// The new one.
        after: Arc<Configuration>,
        /// Why.
        cause: ChangeCause,
    },
    /// An entry was appended for a read (§8).
    ReadAppended {
        /// The entry's index.
        index: LogIndex,
    },
    /// A read waits for a round of heartbeats (thesis §6.4).
    ReadWaits {
        /// The round.
        round: Round,
        /// The commit index that it sees; `None` while the leader does not know what is committed.
        index: Option<LogIndex>,
    },
    /// A majority has answered a round for which reads waited.
    RoundConfirmed {
        /// The round.
        round: Round,
        /// Who has answered it, the leader included.
        by: BTreeSet<NodeId>,
    },
    /// A read may be served.
    ReadConfirmed {
        /// Once everything through this index is applied.
        index: LogIndex,
    },
    /// A read is served by the lease (thesis §6.4.1).
    ReadByLease {
        /// Once everything through this index is applied.
        index: LogIndex,
        /// How long the lease still holds, in nanoseconds.
        left_nanos: u64,
    },
    /// A read by lease has to ask a majority instead: no lease holds.
    NoLease,
    /// A read was turned away.
    ReadRefused {
        /// Why.
        reason: ProposalRefusal,
    },
    /// A change of the configuration was turned away.
    ChangeRefused {
        /// Why.
        reason: ChangeRefusal,
    },
    /// The configuration that a follower goes by has changed: an entry came, or was removed.
    ConfigurationChanged {
        /// The configuration before.
        before: Arc<Configuration>,
        /// The one in force now.
        after: Arc<Configuration>,
    },
    /// A leader that is no voter any more has committed the configuration without it, and leads no longer (§6).
    RemovedItself {
        /// The index of that configuration.
        index: LogIndex,
    },
    /// A learner got a whole round of entries (thesis §4.2.1).
    CaughtUp {
        /// The learner.
        learner: NodeId,
        /// Which round it was, from 1.
        round: u32,
        /// How long it took, in nanoseconds.
        took_nanos: u64,
        /// Whether that is quick enough to become a voter.
        verdict: CatchUpVerdict,
    },
    /// A leader added an entry to its log.
    Proposed {
        /// The entry's index.
        index: LogIndex,
        /// The caller's name for it; `None` for the no-op that opens a term.
        proposal: Option<ProposalId>,
    },
    /// A server that does not lead passed on what a caller wants (thesis §6.2).
    PassedOn {
        /// The caller's name for it.
        id: ProposalId,
        /// To whom.
        leader: NodeId,
        /// What is wanted.
        wish: Wish,
    },
    /// The leader answered what was passed on to it.
    AnswerCame {
        /// The caller's name for it.
        id: ProposalId,
        /// The leader.
        leader: NodeId,
        /// What became of it.
        outcome: ProposalOutcome,
    },
    /// The leader has not answered what was passed on to it: nobody knows what became of it.
    AnswerLost {
        /// The caller's name for it.
        id: ProposalId,
        /// The leader.
        leader: NodeId,
    },
    /// A leader stamped the cluster's time, because sessions are open (thesis §6.3).
    Stamped {
        /// The entry's index.
        index: LogIndex,
        /// The time.
        time: ClusterTime,
    },
    /// A proposal was turned away.
    ProposalRefused {
        /// The caller's name for it.
        proposal: ProposalId,
        /// Why.
        reason: ProposalRefusal,
    },
    /// A follower added entries to its log.
    Stored {
        /// The leader they came from.
        leader: NodeId,
        /// The first index added.
        first: LogIndex,
        /// The last index added.
        last: LogIndex,
    },
    /// A follower removed entries that conflict with the leader's (§5.3).
    Truncated {
        /// The leader.
        leader: NodeId,
        /// The first index removed.
        from: LogIndex,
        /// The last index removed.
        through: LogIndex,
        /// The term of the first entry removed.
        own: Term,
        /// The term of the leader's entry there.
        theirs: Term,
    },
    /// A follower's log fails the consistency check (§5.3).
    CheckFailed {
        /// The leader.
        leader: NodeId,
        /// The entry before the ones sent.
        previous: LogPosition,
        /// The follower's term at that index; `None` where its log does not reach it.
        own: Option<Term>,
        /// Where it suggests to try next.
        hint: LogPosition,
    },
    /// A leader learned how far a follower's log equals its own.
    MatchAdvanced {
        /// The follower.
        follower: NodeId,
        /// The last index in common, durable there.
        matched: LogIndex,
    },
    /// A leader learned that a follower's log differs, and goes back (§5.3).
    Backed {
        /// The follower.
        follower: NodeId,
        /// Where the check failed.
        rejected: LogIndex,
        /// The next index to try.
        next: LogIndex,
    },
    /// A server has taken a snapshot of its state (§7).
    SnapshotTaken {
        /// The last entry that it stands for.
        last: LogPosition,
        /// How many bytes it has.
        bytes: u64,
        /// The entries that left the log because of it: the first and the last.
        dropped: Option<(LogIndex, LogIndex)>,
    },
    /// A snapshot was finished that a later one had replaced meanwhile.
    SnapshotOutdated {
        /// The last entry that it stands for.
        index: LogIndex,
    },
    /// A leader has to send a follower its snapshot: the entry that the follower needs next is dropped (§7).
    SnapshotNeeded {
        /// The follower.
        follower: NodeId,
        /// The entry that it needs.
        next: LogIndex,
        /// The last entry that the leader has dropped.
        base: LogIndex,
        /// The last entry that the snapshot stands for.
        last: LogPosition,
        /// How many bytes the snapshot has.
        bytes: u64,
    },
    /// A leader learned that a follower has more of the snapshot.
    SnapshotProgressed {
        /// The follower.
        follower: NodeId,
        /// The last entry that the snapshot stands for.
        last: LogPosition,
        /// How many bytes the follower has.
        bytes: u64,
        /// Of how many.
        total: u64,
    },
    /// A leader learned that a piece was lost, or all that the follower had: it goes on from there.
    SnapshotResumed {
        /// The follower.
        follower: NodeId,
        /// The last entry that the snapshot stands for.
        last: LogPosition,
        /// How many bytes the follower has.
        bytes: u64,
        /// Of how many.
        total: u64,
    },
    /// A follower got the next piece of a snapshot (§7, Figure 13).
    PieceReceived {
        /// The leader.
        leader: NodeId,
        /// The last entry that the snapshot stands for.
        last: LogPosition,
        /// How many bytes are there now.
        bytes: u64,
        /// Of how many.
        total: u64,
    },
    /// A follower has a whole snapshot, and puts it in place of its log (§7, Figure 13).
    SnapshotInstalled {
        /// The leader.
        leader: NodeId,
        /// The last entry that it stands for.
        last: LogPosition,
        /// How many bytes it has.
        bytes: u64,
        /// The entries after it that stay, where the log has its last entry: the first and the last.
        kept: Option<(LogIndex, LogIndex)>,
        /// The entries that were not committed here and go, where the log does not have its last entry.
        discarded: Option<(LogIndex, LogIndex)>,
    },
    /// A follower was sent a snapshot of what it has committed already.
    SnapshotNotNeeded {
        /// The leader.
        leader: NodeId,
        /// The last entry that the snapshot stands for.
        last: LogPosition,
        /// What the follower has committed.
        commit: LogIndex,
    },
    /// A leader advanced its commit index by counting copies (§5.3, §5.4.2).
    CommittedByCounting {
        /// The new commit index.
        through: LogIndex,
        /// How many voters have it on disk.
        copies: usize,
        /// How many voters there are.
        voters: usize,
        /// While the change is joint: how many of the old voters have it, of how many.
        outgoing: Option<(usize, usize)>,
    },
    /// A majority has an entry, and yet the leader may not commit it: it is of an earlier term (§5.4.2).
    CommitWithheld {
        /// The entry.
        position: LogPosition,
    },
    /// A follower learned from the leader what is committed.
    CommitLearned {
        /// The leader.
        leader: NodeId,
        /// The new commit index.
        through: LogIndex,
        /// The leader's commit index, which may be further.
        leaders: LogIndex,
    },
    /// A write is on disk.
    Flushed {
        /// The write.
        sequence: WriteSequence,
        /// The last log index on disk.
        through: LogIndex,
    },
    /// An input made no difference.
    Ignored {
        /// From whom, for a message.
        from: Option<NodeId>,
        /// What it was.
        what: IgnoredInput,
        /// Why.
        reason: IgnoreReason,
    },
}

/// The votes of an election.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tally {
    /// The term.
    pub term: Term,
    /// Who granted.
    pub granted: BTreeSet<NodeId>,
    /// Who refused.
    pub refused: BTreeSet<NodeId>,
    /// How many grants are needed.
    pub needed: usize,
    /// How many voters there are.
    pub voters: usize,
    /// The old voters, while the change is joint: a majority of them is needed too.
    pub outgoing: Option<BTreeSet<NodeId>>,
}

/// Why a leader changes the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeCause {
    /// A caller asked for it.
    Proposal(ProposalId),
    /// The joint configuration is committed, and is left.
    LeaveJoint,
    /// A learner has caught up.
    CaughtUp(NodeId),
}

/// Whether a learner has caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CatchUpVerdict {
    /// The round took less than an election timeout.
    Quick,
    /// Another round is needed.
    Slow,
}

/// What a voter said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It granted its vote.
    Granted,
    /// It refused it.
    Refused,
}

/// A role's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RoleName {
    /// A follower: as such a server begins.
    #[default]
    Follower,
    /// A pre-candidate.
    PreCandidate,
    /// A candidate.
    Candidate,
    /// A leader.
    Leader,
}

/// Why a vote was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoteRefusal {
    /// The candidate's term is over.
    StaleTerm {
        /// The candidate's.
        theirs: Term,
        /// The voter's.
        own: Term,
    },
    /// The vote of this term is given.
    AlreadyVoted {
        /// To whom.
        vote: NodeId,
    },
    /// The voter has a reason to keep quiet.
    Quiet(Quiet),
    /// The voter's log is more up-to-date (§5.4.1).
    LogBehind {
        /// The candidate's last entry.
        theirs: LogPosition,
        /// The voter's last entry.
        own: LogPosition,
    },
}

/// Why a server keeps quiet: it neither stands for election nor helps another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quiet {
    /// It has heard from a leader so short a time ago.
    HeardLeader {
        /// How long ago, in nanoseconds.
        ago_nanos: u64,
        /// How long its promise lasts, in nanoseconds.
        promise_nanos: u64,
    },
    /// It leads, and a majority has answered lately.
    Leads,
    /// It is no voter in the configuration that it knows.
    NoVoter,
    /// No server can be in a later term than its own, for terms are numbers and numbers end.
    NoTermLeft,
    /// A snapshot from the leader is still on its way to its disk.
    Installing,
    /// It restarted so short a time ago, and may have forgotten a promise.
    Restarted {
        /// How long ago, in nanoseconds.
        ago_nanos: u64,
        /// How long a promise lasts, in nanoseconds.
        promise_nanos: u64,
    },
}

/// An input that can be ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IgnoredInput {
    /// A message of this kind.
    Message(MessageKind),
    /// An election timeout.
    ElectionTimeout,
    /// A heartbeat timeout.
    HeartbeatTimeout,
}

/// Why an input made no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IgnoreReason {
    /// It answers a question of an earlier term.
    StaleTerm {
        /// Its term.
        theirs: Term,
        /// The server's.
        own: Term,
    },
    /// The server's role has no use for it.
    WrongRole {
        /// The role.
        role: RoleName,
    },
    /// It tells what is known already.
    OutOfDate,
    /// It is another piece of the snapshot than the one that is due.
    OutOfPlace,
    /// The server keeps quiet.
    Quiet(Quiet),
    /// It is addressed to another server.
    NotForUs,
    /// Its sender does not belong to the configuration.
    NotAMember,
    /// It is none of the algorithm's business: whoever hosts the server should have taken it.
    NotOfRaft,
    /// It contradicts itself, or claims what can't be.
    Malformed,
    /// It contradicts what is committed.
    ContradictsCommit,
    /// The rule that would act on it is broken on purpose.
    RuleBroken,
}

/// Whoever watches a server.
pub trait Observer {
    /// Whether anybody watches. Where not, no event is even made.
    const ENABLED: bool = true;

    /// Takes an event.
    fn observe(&mut self, event: Event);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    const ENABLED: bool = false;

    fn observe(&mut self, _: Event) {}
}

impl Observer for Vec<Event> {
    fn observe(&mut self, event: Event) {
        self.push(event);
    }
}

/// Makes an event only where somebody watches.
pub(super) fn emit<O: Observer>(observer: &mut O, event: impl FnOnce() -> Event) {
    if O::ENABLED {
        observer.observe(event());
    }
}
