//! Linearizable reads (§8, thesis §6.4): a read sees every write that was acknowledged before it began.
//!
//! - **Through the log**: an entry is appended for it, and it is served when that is applied. Always right, and as slow as a
//!   write.
//! - **By ReadIndex**: the leader notes its commit index and makes sure that it still leads, by a round of heartbeats sent
//!   after the read came. All reads that wait share one round.
//! - **By lease**: while a majority has promised not to help a rival, the leader need not ask. A lease counts from the moment
//!   at which the confirmed round was *sent*, is shorter than the promise by what clocks may drift apart, and is void for the
//!   rest of the leadership once the leader has asked another to stand: that one is exempt from every promise.
//!
//! Before its first commit a leader does not know which entries are committed (§8), so reads wait for it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::event::{Event, Observer, emit};
use super::quorum;
use super::raft::Raft;
use super::rule::Rule;
use super::state::{Confirmed, Leader, Lease, Reading, Role, Transfer, WaitingRead};
use crate::types::{
    Caller, Entry, LocalTime, LogIndex, LogPosition, NodeId, ProposalOutcome, ProposalRefusal, ReadWay, Round,
};

/// All of a million.
const MILLION: u64 = 1_000_000;

/// A leader remembers the moments of so many rounds that no majority has answered.
const OPEN_MOST: usize = 1024;

impl Raft {
    pub(super) fn on_read(&mut self, caller: Caller, way: ReadWay, observer: &mut impl Observer) {
        if let Some(reason) = self.reason_to_refuse_read(way) {
            emit(observer, || Event::ReadRefused { reason });
            let outcome = ProposalOutcome::Refused(reason);
            return self.answer(caller, outcome);
        }
        match way {
            ReadWay::Log => self.read_through_log(caller, observer),
            ReadWay::Index => self.wait_for_round(caller, observer),
            ReadWay::Lease => match self.lease_left() {
                Some(left) if self.knows_commit() => self.serve_by_lease(caller, left, observer),
                Some(_) | None => {
                    emit(observer, || Event::NoLease);
                    self.wait_for_round(caller, observer);
                }
            },
        }
    }

    /// Why a read is turned away, if so. One that needs an entry is bounded, and waits for a transfer, like any proposal.
    fn reason_to_refuse_read(&self, way: ReadWay) -> Option<ProposalRefusal> {
        let Role::Leader(leader) = &self.state.role else {
            let leader = self.state.role.leader();
            return Some(ProposalRefusal::NotLeader { leader });
        };
        match way {
            ReadWay::Index | ReadWay::Lease => None,
            ReadWay::Log => {
                if let Some(Transfer { target, .. }) = leader.transfer {
                    return Some(ProposalRefusal::Transferring { target });
                }
                let (weight, limit) = (leader.uncommitted, self.settings.limits.uncommitted_weight);
                let is_full = self.is_full(weight, 0);
                is_full.then_some(ProposalRefusal::TooMuchUncommitted { weight, limit })
            }
        }
    }

    fn read_through_log(&mut self, caller: Caller, observer: &mut impl Observer) {
        let index = self.append(Entry::noop(self.term()));
        emit(observer, || Event::ReadAppended { index });
        let outcome = ProposalOutcome::Appended(LogPosition::new(index, self.term()));
        self.answer(caller, outcome);
        self.advance_commit(observer);
    }

    fn serve_by_lease(&mut self, caller: Caller, left: Duration, observer: &mut impl Observer) {
        let index = self.state.volatile.commit;
        let left_nanos = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
        emit(observer, || Event::ReadByLease { index, left_nanos });
        let outcome = ProposalOutcome::ReadAt(index);
        self.answer(caller, outcome);
    }

    /// Thesis §6.4, steps 1 to 3: the commit index is noted once it is known, and a round begins.
    fn wait_for_round(&mut self, caller: Caller, observer: &mut impl Observer) {
        let round = self.begin_round();
        let index = self.knows_commit().then_some(self.state.volatile.commit);
        emit(observer, || Event::ReadWaits { round, index });
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        leader.reading.waiting.push(WaitingRead { caller, round, index });
        self.note_confirmations(observer);
        self.serve_reads(observer);
    }

    /// §8: a leader knows what is committed once an entry of its own term is.
    fn knows_commit(&self) -> bool {
        let committed = self.state.persistent.log.term_at(self.state.volatile.commit);
        committed == Some(self.term()) || !self.rules().keeps(Rule::NoopBeforeReads)
    }

    /// Begins a round of heartbeats; all that is absorbed before the next flush shares it.
    pub(super) fn begin_round(&mut self) -> Round {
        let (now, is_begun) = (self.batch.now, self.batch.is_round_begun);
        let Role::Leader(leader) = &mut self.state.role else {
            return Round::default();
        };
        if !is_begun {
            leader.reading.round = leader.reading.round.next();
            leader.reading.open.push_back((leader.reading.round, now));
            thin_out(&mut leader.reading.open);
        }
        let round = leader.reading.round;
        self.batch.is_round_begun = true;
        round
    }

    /// Takes note of the rounds that a majority of every electorate has answered.
    pub(super) fn note_confirmations(&mut self, observer: &mut impl Observer) {
        let through = match &self.state.role {
            Role::Leader(leader) if !leader.reading.open.is_empty() => {
                quorum::agreed(&self.deciding(), |peer| self.round_answered(leader, peer))
            }
            Role::Leader(_) | Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => return,
        };
        let Role::Leader(Leader { reading, .. }) = &mut self.state.role else {
            return;
        };
        let mut newest = None;
        while let Some(&(round, sent)) = reading.open.front()
            && round <= through
        {
            newest = Some(Confirmed { round, sent });
            reading.open.pop_front();
        }
        let Some(confirmed) = newest else { return };
        reading.confirmed = Some(confirmed);
        let round = confirmed.round;
        if reading.waiting.iter().any(|read| read.round <= round) {
            emit(observer, || Event::RoundConfirmed {
                round,
                by: self.voters_that_answered(through),
            });
        }
    }

    /// The last round that a server has answered; a leader answers its own at once.
    fn round_answered(&self, leader: &Leader, peer: NodeId) -> Round {
        match leader.peers.get(&peer) {
            _ if peer == self.id() => leader.reading.round,
            Some(progress) => progress.round,
            None => Round::default(),
        }
    }

    fn voters_that_answered(&self, through: Round) -> BTreeSet<NodeId> {
        let mut voters = self.deciding().all_voters();
        match &self.state.role {
            Role::Leader(leader) => voters.retain(|&peer| self.round_answered(leader, peer) >= through),
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => voters.clear(),
        }
        voters
    }

    /// Answers the reads whose round is confirmed and whose index is known.
    pub(super) fn serve_reads(&mut self, observer: &mut impl Observer) {
        match &self.state.role {
            Role::Leader(leader) if !leader.reading.waiting.is_empty() => {}
            Role::Leader(_) | Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => return,
        }
        let is_asking = self.asks_before_reads();
        let (knows, commit) = (self.knows_commit(), self.state.volatile.commit);
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        let confirmed = leader.reading.confirmed.map(|confirmed| confirmed.round);
        let mut served = Vec::new();
        leader.reading.waiting.retain_mut(|read| {
            read.index = read.index.or(knows.then_some(commit));
            let is_confirmed = confirmed.is_some_and(|confirmed| read.round <= confirmed) || !is_asking;
            let ready = read.index.filter(|_| is_confirmed);
            served.extend(ready.map(|index| (read.caller, index)));
            ready.is_none()
        });
        for (caller, index) in served {
            emit(observer, || Event::ReadConfirmed { index });
            let outcome = ProposalOutcome::ReadAt(index);
            self.answer(caller, outcome);
        }
    }

    /// §8: a leader exchanges heartbeats with a majority before it answers a read, for it may have been deposed.
    fn asks_before_reads(&self) -> bool {
        self.rules().keeps(Rule::ReadIndexQuorum)
    }

    /// How long the lease still holds, if it does.
    fn lease_left(&self) -> Option<Duration> {
        let left = self.lease_end()?.since(self.batch.now);
        (!left.is_zero()).then_some(left)
    }

    /// When the lease runs out, by its own clock, where it has had one.
    pub fn lease_end(&self) -> Option<LocalTime> {
        let Role::Leader(Leader { reading, .. }) = &self.state.role else {
            return None;
        };
        let confirmed = reading.confirmed?;
        let is_since = match reading.lease {
            Lease::Off | Lease::Void => false,
            Lease::From(round) => confirmed.round >= round,
        };
        let counts = is_since && self.may_lease();
        counts.then(|| confirmed.sent.after(self.lease_length()))
    }

    /// Thesis §6.4.1: a lease rests on the followers' promise, which only CheckQuorum has them make.
    fn may_lease(&self) -> bool {
        let protections = self.settings.protections;
        let is_promised =
            protections.check_quorum.is_on() || !self.rules().keeps(Rule::LeaseNeedsCheckQuorum);
        protections.lease.is_on() && is_promised
    }

    /// The promise, less what a clock that runs slow may take it for too long.
    fn lease_length(&self) -> Duration {
        let promise = u64::try_from(self.settings.election_timeout.as_nanos()).unwrap_or(u64::MAX);
        let drift = u128::from(MILLION) + u128::from(self.settings.drift_ppm);
        let nanos = u128::from(promise) * u128::from(MILLION) / drift;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// A leader's first round. A lease counts from it where leases are on.
    pub(super) fn first_round(&self) -> Reading {
        let round = Round::default().next();
        let is_on = self.settings.protections.lease.is_on();
        Reading {
            round,
            open: VecDeque::from([(round, self.batch.now)]),
            confirmed: None,
            waiting: Vec::new(),
            lease: if is_on { Lease::From(round) } else { Lease::Off },
        }
    }

    /// Once another was asked to stand, whatever was promised is void: that one is exempt from it, however late it stands.
    pub(super) fn void_lease(&mut self) {
        if let Role::Leader(leader) = &mut self.state.role {
            leader.reading.lease = Lease::Void;
        }
    }

    /// Leases count only from heartbeats sent after they were switched on, and after the promises that they rest on last changed: who
    /// answered before has promised something else, or nothing.
    pub(super) fn renew_lease(&mut self) {
        let Role::Leader(Leader { reading, .. }) = &mut self.state.role else {
            return;
        };
        match reading.lease {
            Lease::Off | Lease::From(_) => reading.lease = Lease::From(reading.round.next()),
            Lease::Void => {}
        }
    }

    /// A leader that is none any more serves no read.
    pub(super) fn end_reads(&mut self) {
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        let reads = std::mem::take(&mut leader.reading.waiting);
        let outcome = ProposalOutcome::Refused(ProposalRefusal::NotLeader { leader: None });
        for read in reads {
            self.answer(read.caller, outcome);
        }
    }
}

/// Of very many open rounds every other one is forgotten, but not the oldest: its answers confirm the one kept before it, which
/// was sent earlier.
fn thin_out(open: &mut VecDeque<(Round, LocalTime)>) {
    if open.len() > OPEN_MOST {
        let mut is_kept = false;
        open.retain(|_| {
            is_kept = !is_kept;
            is_kept
        });
    }
}

/// Whether what is noted of reads can be, where the log ends at `last`.
pub(super) fn is_possible(reading: &Reading, last: LogIndex) -> bool {
    let rounds = reading.open.iter().map(|(round, _)| *round);
    let confirmed = reading.confirmed.iter().map(|confirmed| confirmed.round);
    let is_in_order = confirmed
        .chain(rounds)
        .is_sorted_by(|earlier, later| earlier < later);
    let is_begun = |round: Round| round <= reading.round;
    let newest = reading.open.back().map(|(round, _)| *round);
    is_in_order
        && newest
            .or(reading.confirmed.map(|confirmed| confirmed.round))
            .is_none_or(is_begun)
        && reading
            .waiting
            .iter()
            .all(|read| is_begun(read.round) && read.index.is_none_or(|index| index <= last))
}
