//! Snapshots and log compaction (§7, thesis chapter 5).
//!
//! A server takes snapshots by itself: of what it has applied, whenever that is much. The log up to some entries before
//! the snapshot's last is then dropped. A leader that has dropped the entry that a follower needs next sends its snapshot, in
//! pieces, each answered with how far the follower is. A piece is sent once more where the answer to a later round of
//! heartbeats does not count it; a follower that has started again begins at 0.
//!
//! The follower keeps the pieces in memory. When it has all, the snapshot takes the place of the log that it stands for, in one
//! write. What follows it in the log stays where the log has the snapshot's last entry; any other log goes. The
//! acknowledgement waits for that write, like that of entries.

use std::sync::Arc;

use bytes::Bytes;

use super::event::{Event, IgnoreReason, Observer, emit};
use super::progress::{Flow, Piece, Told};
use super::raft::{Promise, Raft, SnapshotOrigin};
use super::rule::Rule;
use super::state::{Incoming, Leader, Role};
use crate::types::{
    Configuration, InstallSnapshot, LocalTime, LogIndex, LogPosition, Message, MessageKind, NodeId, Round,
    Snapshot, SnapshotReply, Term,
};

/// No snapshot stands for more entries: far enough from the last number that no log reaches that.
pub(super) const FARTHEST: LogIndex = LogIndex::new(u64::MAX / 2);

/// No log ends later: none grows from a snapshot so far.
pub(super) const LAST_END: LogIndex = LogIndex::new(u64::MAX / 4 * 3);

/// A leader takes no newer snapshot while a follower gets on with the one it is being sent: for so many of the shortest election
/// timeouts after it last got on.
const PATIENCE: u32 = 4;

/// When a server takes a snapshot, and what it keeps of the log behind it. At first it takes none: the paper's Raft without §7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Compaction {
    /// Take one when so many entries were applied since the last.
    pub entries: Option<u64>,
    /// Take one when the entries applied since the last have so many bytes, by weight.
    pub weight: Option<u64>,
    /// How many entries stay in the log behind a snapshot, for followers that are a little slow.
    pub retain: u64,
}

impl Compaction {
    /// After so many entries, or entries of so much weight, with so many kept.
    pub fn of(entries: Option<u64>, weight: Option<u64>, retain: u64) -> Self {
        Self {
            entries,
            weight,
            retain,
        }
    }
}

/// Taking.
impl Raft {
    /// The index through which a snapshot should be taken now, if one should: all that is applied.
    ///
    /// While a follower that answers gets on with the snapshot it is being sent, none is taken: a newer one would let the sending
    /// begin anew. One that does not get on is not waited for, or the log would grow without bound.
    pub fn snapshot_due(&self, now: LocalTime) -> Option<LogIndex> {
        let policy = self.settings.limits.compaction;
        let (since, applied) = (self.snapshot_index(), self.state.volatile.applied);
        let log = &self.state.persistent.log;
        let is_long = policy.entries.is_some_and(|most| applied.since(since) >= most);
        // The whole log weighs no less than a part of it, and what it weighs is known.
        let may_be_heavy = policy.weight.is_some_and(|most| log.weight() >= most);
        if since == applied || !(is_long || may_be_heavy) || self.gets_on_with_snapshot(now) {
            return None;
        }
        let is_heavy = |most| may_be_heavy && log.weight_between(since, applied) >= most;
        let is_due = is_long || policy.weight.is_some_and(is_heavy);
        is_due.then_some(applied)
    }

    fn gets_on_with_snapshot(&self, now: LocalTime) -> bool {
        let Role::Leader(leader) = &self.state.role else {
            return false;
        };
        let timeout = self.settings.election_timeout;
        leader.peers.values().any(|peer| match peer.flow {
            Flow::Probe(_) | Flow::Replicate { .. } => false,
            Flow::Snapshot(sending) => {
                now.since(peer.heard) < timeout && now.since(sending.grew) < timeout * PATIENCE
            }
        })
    }

    /// The last entry that the snapshot in force stands for; 0 where there is none.
    fn snapshot_index(&self) -> LogIndex {
        let snapshot = self.state.persistent.snapshot.as_ref();
        snapshot.map_or(LogIndex::GENESIS, |snapshot| snapshot.last.index)
    }

    /// A snapshot of what was applied through `index` is finished.
    pub(super) fn on_snapshot_taken(&mut self, index: LogIndex, data: Bytes, observer: &mut impl Observer) {
        assert!(
            index <= self.state.volatile.applied,
            "a snapshot of what is not applied"
        );
        let log = &self.state.persistent.log;
        let Some(last) = log
            .position_at(index)
            .filter(|last| last.index > self.snapshot_index())
        else {
            return emit(observer, || Event::SnapshotOutdated { index });
        };
        let configuration = Arc::clone(log.configuration_at(index));
        let (before, bytes) = (log.base(), data.len() as u64);
        let retain = self.settings.limits.compaction.retain;
        let behind = LogIndex::new(index.number().saturating_sub(retain)).max(before.index);
        let base = log
            .position_at(behind)
            .expect("what is behind the last applied is in the log");
        // As for who recovers: what entries between the two put in force, they put in force again.
        let at_base = Arc::clone(&configuration);
        let snapshot = Snapshot {
            last,
            configuration,
            data,
        };
        self.put_snapshot(snapshot, SnapshotOrigin::Own);
        self.compact_log(base, at_base);
        emit(observer, || Event::SnapshotTaken {
            last,
            bytes,
            dropped: (base.index > before.index).then(|| (before.index.next(), base.index)),
        });
    }
}

/// The leader's side.
impl Raft {
    /// Lets followers that need what is dropped have the snapshot first.
    pub(super) fn begin_snapshots(&mut self, observer: &mut impl Observer) {
        let (base, now) = (self.state.persistent.log.base().index, self.batch.now);
        let (Some(snapshot), Role::Leader(leader)) = (&self.state.persistent.snapshot, &mut self.state.role)
        else {
            return;
        };
        let (last, bytes) = (snapshot.last, snapshot.data.len() as u64);
        for (&follower, progress) in leader.peers.iter_mut() {
            let next = match progress.flow {
                Flow::Probe(_) | Flow::Replicate { .. } if progress.next <= base => progress.next,
                Flow::Snapshot(sending) if sending.last != last => progress.matched.next(),
                Flow::Probe(_) | Flow::Replicate { .. } | Flow::Snapshot(_) => continue,
            };
            progress.begin_snapshot(last, now);
            emit(observer, || Event::SnapshotNeeded {
                follower,
                next,
                base,
                last,
                bytes,
            });
        }
    }

    /// The next piece for a follower, where one may go out now.
    pub(super) fn next_piece(&mut self, peer: NodeId) -> Option<InstallSnapshot> {
        let limit = usize::try_from(self.settings.limits.chunk_bytes).unwrap_or(usize::MAX);
        let snapshot = self.state.persistent.snapshot.as_ref()?;
        let Role::Leader(leader) = &mut self.state.role else {
            return None;
        };
        let Flow::Snapshot(sending) = &mut leader.peers.get_mut(&peer)?.flow else {
            return None;
        };
        let round = leader.reading.round;
        if sending.piece != Piece::Ready {
            return None;
        }
        sending.piece = Piece::Out(round);
        let start = usize::try_from(sending.received).unwrap_or(usize::MAX);
        let start = start.min(snapshot.data.len());
        let end = start.saturating_add(limit.max(1)).min(snapshot.data.len());
        Some(piece_of(snapshot, start..end, leader))
    }

    /// What goes to a follower in place of a heartbeat while it is sent a snapshot: a piece without data.
    pub(super) fn empty_piece(&self, peer: NodeId) -> Option<InstallSnapshot> {
        let snapshot = self.state.persistent.snapshot.as_ref()?;
        let Role::Leader(leader) = &self.state.role else {
            return None;
        };
        let Flow::Snapshot(sending) = &leader.peers.get(&peer)?.flow else {
            return None;
        };
        let start = usize::try_from(sending.received).unwrap_or(usize::MAX);
        let start = start.min(snapshot.data.len());
        Some(piece_of(snapshot, start..start, leader))
    }

    pub(super) fn on_snapshot_reply(
        &mut self,
        from: NodeId,
        reply: SnapshotReply,
        observer: &mut impl Observer,
    ) {
        let (role, now) = (self.state.role.name(), self.batch.now);
        let mut ignore = |reason| Self::ignore_message(from, MessageKind::SnapshotReply, reason, observer);
        let Role::Leader(leader) = &mut self.state.role else {
            return ignore(IgnoreReason::WrongRole { role });
        };
        let Some(progress) = leader.peers.get_mut(&from) else {
            return ignore(IgnoreReason::NotAMember);
        };
        let SnapshotReply::Received { last, bytes, round } = reply else {
            return ignore(IgnoreReason::Malformed);
        };
        progress.heard = now;
        if round > leader.reading.round {
            return ignore(IgnoreReason::Malformed);
        }
        progress.round = progress.round.max(round);
        let total = self
            .state
            .persistent
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.data.len() as u64);
        match &mut progress.flow {
            Flow::Snapshot(sending) if sending.last == last && bytes <= total => {
                match sending.note(bytes, round, now) {
                    Told::Nothing => {}
                    Told::More => emit(observer, || Event::SnapshotProgressed {
                        follower: from,
                        last,
                        bytes,
                        total,
                    }),
                    Told::Lost => emit(observer, || Event::SnapshotResumed {
                        follower: from,
                        last,
                        bytes,
                        total,
                    }),
                }
            }
            Flow::Snapshot(sending) if sending.last == last => ignore(IgnoreReason::Malformed),
            Flow::Probe(_) | Flow::Replicate { .. } | Flow::Snapshot(_) => ignore(IgnoreReason::OutOfDate),
        }
        self.note_confirmations(observer);
        self.serve_reads(observer);
    }
}

fn piece_of(snapshot: &Snapshot, range: std::ops::Range<usize>, leader: &Leader) -> InstallSnapshot {
    InstallSnapshot {
        last: snapshot.last,
        configuration: Arc::clone(&snapshot.configuration),
        offset: range.start as u64,
        total: snapshot.data.len() as u64,
        data: snapshot.data.slice(range),
        round: leader.reading.round,
    }
}

/// The follower's side.
impl Raft {
    /// Figure 13, 1: "Reply immediately if term < currentTerm".
    pub(super) fn refuse_stale_snapshot(&mut self, from: NodeId, theirs: Term, observer: &mut impl Observer) {
        let reason = IgnoreReason::StaleTerm {
            theirs,
            own: self.term(),
        };
        Self::ignore_message(from, MessageKind::InstallSnapshot, reason, observer);
        self.draft(
            from,
            Message::SnapshotReply(SnapshotReply::StaleTerm),
            Promise::Metadata,
        );
    }

    pub(super) fn on_install_snapshot(
        &mut self,
        from: NodeId,
        request: &InstallSnapshot,
        observer: &mut impl Observer,
    ) {
        let mut ignore = |reason| Self::ignore_message(from, MessageKind::InstallSnapshot, reason, observer);
        if !is_well_formed(request, self.term()) {
            return ignore(IgnoreReason::Malformed);
        }
        if self.is_leader() {
            let role = self.state.role.name();
            return ignore(IgnoreReason::WrongRole { role });
        }
        self.hear_leader(from, observer);
        if self.contradicts_snapshot(request.last) {
            let reason = IgnoreReason::ContradictsCommit;
            return Self::ignore_message(from, MessageKind::InstallSnapshot, reason, observer);
        }
        let commit = self.state.volatile.commit;
        if request.last.index > commit {
            return self.take_piece(from, request, observer);
        }
        // All that is committed here is the leader's too, so it may be acknowledged.
        emit(observer, || Event::SnapshotNotNeeded {
            leader: from,
            last: request.last,
            commit,
        });
        self.drop_pieces();
        self.acknowledge(from, commit, request.round);
    }

    /// Whether what is committed here can't be part of what a snapshot through `last` stands for: another entry is at its place, or
    /// one of a later term before it. As with entries, it comes from a cluster that broke a rule.
    fn contradicts_snapshot(&self, last: LogPosition) -> bool {
        let (commit, log) = (self.state.volatile.commit, &self.state.persistent.log);
        if last.index > commit {
            log.term_at(commit).is_some_and(|own| own > last.term)
        } else {
            log.term_at(last.index).is_some_and(|own| own != last.term)
        }
    }

    /// Adds a piece to what is there of the snapshot, and installs it once it is whole. A leader never goes back to an earlier
    /// snapshot: a piece of one comes late.
    fn take_piece(&mut self, from: NodeId, request: &InstallSnapshot, observer: &mut impl Observer) {
        let Role::Follower(follower) = &mut self.state.role else {
            return;
        };
        let is_later = |incoming: &Incoming| incoming.last.index > request.last.index;
        if follower.incoming.as_ref().is_some_and(is_later) {
            let reason = IgnoreReason::OutOfDate;
            return Self::ignore_message(from, MessageKind::InstallSnapshot, reason, observer);
        }
        let is_other = |incoming: &Incoming| incoming.last != request.last;
        if follower.incoming.as_ref().is_none_or(is_other) {
            follower.incoming = Some(Incoming::begin(request));
        }
        let incoming = follower
            .incoming
            .as_mut()
            .expect("it has just begun, if it had not");
        let mut ignore = |reason| Self::ignore_message(from, MessageKind::InstallSnapshot, reason, observer);
        if incoming.total != request.total || incoming.configuration != request.configuration {
            return ignore(IgnoreReason::Malformed);
        }
        if incoming.received() == request.offset {
            incoming.data.extend_from_slice(&request.data);
        } else if !request.data.is_empty() {
            ignore(IgnoreReason::OutOfPlace);
        }
        let (last, bytes, total) = (incoming.last, incoming.received(), incoming.total);
        if !request.data.is_empty() && request.end() == Some(bytes) {
            emit(observer, || Event::PieceReceived {
                leader: from,
                last,
                bytes,
                total,
            });
        }
        if bytes == total {
            return self.install(from, request.round, observer);
        }
        let reply = SnapshotReply::Received {
            last,
            bytes,
            round: request.round,
        };
        self.draft(from, Message::SnapshotReply(reply), Promise::Metadata);
    }

    /// The snapshot is whole: it takes the place of the log that it stands for (Figure 13, 5 to 8).
    fn install(&mut self, leader: NodeId, round: Round, observer: &mut impl Observer) {
        let Some(Incoming {
            last,
            configuration,
            data,
            ..
        }) = self.drop_pieces()
        else {
            return;
        };
        let before = Arc::clone(self.configuration());
        let configuration = self.installed_configuration(configuration);
        let log = &self.state.persistent.log;
        let (old_last, has_last) = (log.last_index(), log.term_at(last.index) == Some(last.term));
        let is_any_past = old_last > last.index;
        let kept = (has_last && is_any_past).then(|| (last.index.next(), old_last));
        let first = self.state.volatile.commit.next().max(log.first_index());
        let discarded = (!has_last && old_last >= first).then_some((first, old_last));
        let data = Bytes::from(data);
        emit(observer, || Event::SnapshotInstalled {
            leader,
            last,
            bytes: data.len() as u64,
            kept,
            discarded,
        });
        let snapshot = Snapshot {
            last,
            configuration: Arc::clone(&configuration),
            data,
        };
        self.put_snapshot(snapshot.clone(), SnapshotOrigin::Leader);
        self.compact_log(last, configuration);
        self.state.volatile.commit = last.index;
        self.state.volatile.applied = last.index;
        self.batch.commit = Some(last.index);
        self.batch.restore = Some(snapshot);
        self.note_configuration(&before, observer);
        self.acknowledge(leader, last.index, round);
    }

    /// §7: the snapshot also includes the latest configuration as of its last entry.
    fn installed_configuration(&self, theirs: Arc<Configuration>) -> Arc<Configuration> {
        let is_kept = self.rules().keeps(Rule::SnapshotCarriesConfiguration);
        if is_kept {
            theirs
        } else {
            let own = self
                .state
                .persistent
                .log
                .configuration_at(self.state.volatile.commit);
            Arc::clone(own)
        }
    }

    /// What is committed here needs no snapshot any more.
    pub(super) fn drop_superseded_pieces(&mut self) {
        let commit = self.state.volatile.commit;
        if let Role::Follower(follower) = &mut self.state.role {
            follower
                .incoming
                .take_if(|incoming| incoming.last.index <= commit);
        }
    }

    fn drop_pieces(&mut self) -> Option<Incoming> {
        match &mut self.state.role {
            Role::Follower(follower) => follower.incoming.take(),
            Role::PreCandidate(_) | Role::Candidate(_) | Role::Leader(_) => None,
        }
    }

    /// Whether a snapshot from a leader is still on its way to the disk. A server stands for no election meanwhile.
    pub(super) fn is_installing(&self) -> bool {
        let durability = &self.state.volatile.durability;
        self.batch.new_snapshot == Some(SnapshotOrigin::Leader) || durability.installed > durability.flushed
    }
}

/// Figure 13's request, and no more than that: a piece ends within the snapshot, which stands for an entry of a term that there
/// was, and names voters.
fn is_well_formed(request: &InstallSnapshot, term: Term) -> bool {
    let LogPosition {
        index,
        term: last_term,
    } = request.last;
    let is_past = index == LogIndex::GENESIS || index > FARTHEST;
    let is_of_a_term = last_term > Term::default() && last_term <= term;
    !is_past && is_of_a_term && request.end().is_some() && !request.configuration.voters.is_empty()
}
