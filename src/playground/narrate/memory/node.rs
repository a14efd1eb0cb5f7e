//! What a narrator keeps in mind of one node.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::consensus::{Event, RoleName};
use crate::playground::record::Timer;
use crate::playground::snapshot::{Condition, NodeView, RoleView};
use crate::types::{Entry, Envelope, LogIndex, LogPosition, Message, NodeId, Payload, Term};

/// How many of a node's last entries are kept in mind.
const ENTRIES_KEPT: usize = 1024;

/// What has been seen of a node.
#[derive(Clone, Debug, Default)]
pub(in crate::playground::narrate) struct NodeMemory {
    pub(in crate::playground::narrate) term: Term,
    pub(in crate::playground::narrate) standing: Standing,
    pub(in crate::playground::narrate) is_down: bool,
    pub(in crate::playground::narrate) commit: LogIndex,
    pub(in crate::playground::narrate) durable: LogIndex,
    /// The last entry of a leader's snapshot that is on its way to the disk.
    pub(in crate::playground::narrate) installing: Option<LogIndex>,
    /// The last message it was handed: what its next events come from.
    pub(in crate::playground::narrate) received: Option<Envelope>,
    /// The time that its election timer had been set for, when it ran out.
    pub(in crate::playground::narrate) waited: Option<Duration>,
    /// Whether a person fired its timer.
    pub(in crate::playground::narrate) is_forced: bool,
    pub(super) entries: BTreeMap<LogIndex, Entry>,
}

/// A node's role, with what has been seen of it.
#[derive(Clone, Debug, Default)]
pub(in crate::playground::narrate) enum Standing {
    /// A follower.
    #[default]
    Follower,
    /// A pre-candidate.
    PreCandidate,
    /// A candidate.
    Candidate {
        /// Whom it asks, until that is told.
        asking: Option<BTreeSet<NodeId>>,
    },
    /// A leader.
    Leader {
        /// How far each follower's disk is known to equal the leader's log.
        matched: BTreeMap<NodeId, LogIndex>,
        /// The last entry whose commitment was withheld.
        withheld: Option<LogPosition>,
    },
}

impl NodeMemory {
    pub(super) fn of(view: &NodeView) -> Self {
        let standing = match &view.role {
            RoleView::Follower { .. } => Standing::Follower,
            RoleView::PreCandidate { .. } => Standing::PreCandidate,
            RoleView::Candidate { .. } => Standing::Candidate { asking: None },
            RoleView::Leader { peers, .. } => Standing::Leader {
                matched: peers.iter().map(|(&id, peer)| (id, peer.matched)).collect(),
                withheld: None,
            },
        };
        let mut node = Self {
            term: view.term,
            standing,
            is_down: view.condition == Condition::Down,
            commit: view.commit,
            durable: view.durable,
            installing: view
                .snapshot
                .map(|snapshot| snapshot.last.index)
                .filter(|last| *last > view.durable),
            ..Self::default()
        };
        let skipped = view.log.len().saturating_sub(ENTRIES_KEPT as u64);
        for (index, entry) in view.log.iter() {
            if index.number() > skipped {
                node.keep(index, entry.clone());
            }
        }
        node
    }

    /// Its role's name.
    pub(in crate::playground::narrate) fn role(&self) -> RoleName {
        match self.standing {
            Standing::Follower => RoleName::Follower,
            Standing::PreCandidate => RoleName::PreCandidate,
            Standing::Candidate { .. } => RoleName::Candidate,
            Standing::Leader { .. } => RoleName::Leader,
        }
    }

    /// Which disks this leader knows to hold `index`; its own among them where that is so.
    pub(in crate::playground::narrate) fn holders_of(
        &self,
        own: NodeId,
        index: LogIndex,
    ) -> BTreeSet<NodeId> {
        let Standing::Leader { matched, .. } = &self.standing else {
            return BTreeSet::new();
        };
        let others = matched.iter().filter(|(_, through)| **through >= index);
        let own = (self.durable >= index).then_some(own);
        others.map(|(&id, _)| id).chain(own).collect()
    }

    /// Whether it was told that this entry's commitment is withheld.
    pub(in crate::playground::narrate) fn is_withholding(&self, position: LogPosition) -> bool {
        match self.standing {
            Standing::Leader { withheld, .. } => withheld == Some(position),
            Standing::Follower | Standing::PreCandidate | Standing::Candidate { .. } => false,
        }
    }

    pub(super) fn keep(&mut self, index: LogIndex, entry: Entry) {
        self.entries.insert(index, entry);
        if self.entries.len() > ENTRIES_KEPT {
            self.entries.pop_first();
        }
    }

    pub(super) fn note_timer(&mut self, timer: Timer, after: Duration) {
        self.is_forced = false;
        self.waited = match timer {
            Timer::Election => Some(after),
            Timer::Heartbeat => None,
        };
    }

    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::ElectionStarted { term, asked, .. } => {
                self.term = *term;
                self.standing = Standing::Candidate {
                    asking: Some(asked.clone()),
                };
                (self.waited, self.is_forced) = (None, false);
            }
            Event::BecameLeader { .. } => {
                self.standing = Standing::Leader {
                    matched: BTreeMap::new(),
                    withheld: None,
                };
            }
            Event::AdoptedTerm { .. } => {
                self.term = self.received.as_ref().map_or(self.term, |envelope| envelope.term);
                self.standing = Standing::Follower;
            }
            Event::PreVoteStarted { .. } => {
                self.standing = Standing::PreCandidate;
                (self.waited, self.is_forced) = (None, false);
            }
            Event::ReadAppended { index } => self.keep(*index, Entry::noop(self.term)),
            Event::Stamped { index, time } => {
                let (term, payload) = (self.term, Payload::ClusterTime(*time));
                self.keep(*index, Entry { term, payload });
            }
            Event::ConfigurationAppended { index, after, .. } => {
                let entry = Entry::configuration(self.term, after.clone());
                self.keep(*index, entry);
            }
            Event::RecognisedLeader { .. } | Event::LostQuorum { .. } | Event::RemovedItself { .. } => {
                self.standing = Standing::Follower;
            }
            Event::Stored { first, last, .. } => self.note_stored(*first, *last),
            Event::Truncated { from, .. } => {
                self.entries.split_off(from);
                self.durable = self.durable.min(from.previous());
            }
            Event::SnapshotInstalled { last, kept, .. } => self.note_installed(last.index, *kept),
            Event::MatchAdvanced { follower, matched } => {
                if let Standing::Leader { matched: known, .. } = &mut self.standing {
                    known.insert(*follower, *matched);
                }
            }
            Event::CommittedByCounting { through, .. } | Event::CommitLearned { through, .. } => {
                self.commit = *through;
            }
            Event::CommitWithheld { position } => {
                if let Standing::Leader { withheld, .. } = &mut self.standing {
                    *withheld = Some(*position);
                }
            }
            Event::Flushed { through, .. } => {
                self.durable = *through;
                self.installing = self.installing.filter(|last| last > through);
            }
            Event::PreVoteGranted { .. }
            | Event::PreVoteRefused { .. }
            | Event::PreVoteCounted { .. }
            | Event::Stayed { .. }
            | Event::TransferStarted { .. }
            | Event::TransferAsked { .. }
            | Event::TransferRefused { .. }
            | Event::TransferAborted { .. }
            | Event::OwnVoteCounted { .. }
            | Event::VoteGranted { .. }
            | Event::VoteRefused { .. }
            | Event::VoteCounted { .. }
            | Event::Proposed { .. }
            | Event::ProposalRefused { .. }
            | Event::PassedOn { .. }
            | Event::AnswerCame { .. }
            | Event::AnswerLost { .. }
            | Event::ReadWaits { .. }
            | Event::RoundConfirmed { .. }
            | Event::ReadConfirmed { .. }
            | Event::ReadByLease { .. }
            | Event::NoLease
            | Event::ReadRefused { .. }
            | Event::ChangeRefused { .. }
            | Event::ConfigurationChanged { .. }
            | Event::CaughtUp { .. }
            | Event::SnapshotTaken { .. }
            | Event::SnapshotOutdated { .. }
            | Event::SnapshotNeeded { .. }
            | Event::SnapshotProgressed { .. }
            | Event::SnapshotResumed { .. }
            | Event::PieceReceived { .. }
            | Event::SnapshotNotNeeded { .. }
            | Event::CheckFailed { .. }
            | Event::Backed { .. }
            | Event::Ignored { .. } => {}
        }
    }

    fn note_installed(&mut self, last: LogIndex, kept: Option<(LogIndex, LogIndex)>) {
        self.entries = match kept {
            Some((first, _)) => self.entries.split_off(&first),
            None => BTreeMap::new(),
        };
        if kept.is_none() {
            self.durable = self.durable.min(self.commit);
        }
        self.installing = (last > self.durable).then_some(last);
        self.commit = last;
    }

    fn note_stored(&mut self, first: LogIndex, last: LogIndex) {
        let Some(Message::AppendRequest(request)) = self.received.as_ref().map(|envelope| &envelope.message)
        else {
            return;
        };
        let entries = request.entries.starting_at(first);
        for (index, entry) in entries.iter().filter(|(index, _)| *index <= last) {
            self.keep(index, entry.clone());
        }
    }
}
