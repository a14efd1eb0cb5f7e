//! Leadership transfer (thesis §3.10): a leader hands over to a server that it chooses.

use super::event::{Event, IgnoreReason, Observer, emit};
use super::raft::{Promise, Raft};
use super::state::{Role, Transfer, TransferStage};
use crate::types::{
    Caller, ElectionOrigin, LogIndex, Message, MessageKind, NodeId, ProposalOutcome, TimeoutNow,
    TransferRefusal,
};

impl Raft {
    pub(super) fn on_transfer(&mut self, caller: Caller, target: NodeId, observer: &mut impl Observer) {
        let outcome = if let Some(reason) = self.reason_to_refuse_transfer(target) {
            emit(observer, || Event::TransferRefused { reason });
            ProposalOutcome::TransferRefused(reason)
        } else {
            self.begin_transfer(target, observer);
            ProposalOutcome::TransferStarted
        };
        self.answer(caller, outcome);
    }

    fn reason_to_refuse_transfer(&self, target: NodeId) -> Option<TransferRefusal> {
        match &self.state.role {
            Role::Follower(follower) => Some(TransferRefusal::NotLeader {
                leader: follower.leader,
            }),
            Role::PreCandidate(_) | Role::Candidate(_) => Some(TransferRefusal::NotLeader { leader: None }),
            Role::Leader(leader) => match leader.transfer {
                Some(Transfer { target, .. }) => Some(TransferRefusal::UnderWay { target }),
                None if target != self.id() && self.configuration().is_voter(target) => None,
                None => Some(TransferRefusal::NoSuchTarget),
            },
        }
    }

    fn begin_transfer(&mut self, target: NodeId, observer: &mut impl Observer) {
        let last = self.state.persistent.log.last_index();
        let since = self.batch.now;
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        let matched = leader
            .peers
            .get(&target)
            .map_or(LogIndex::GENESIS, |peer| peer.matched);
        leader.transfer = Some(Transfer {
            target,
            since,
            stage: TransferStage::CatchingUp,
        });
        emit(observer, || Event::TransferStarted {
            target,
            matched,
            last,
        });
        self.ask_when_caught_up(observer);
    }

    /// Asks the target to stand, once it has every entry.
    pub(super) fn ask_when_caught_up(&mut self, observer: &mut impl Observer) {
        let last = self.state.persistent.log.last_position();
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        let Some(transfer) = &mut leader.transfer else {
            return;
        };
        let target = transfer.target;
        let matched = leader
            .peers
            .get(&target)
            .map_or(LogIndex::GENESIS, |peer| peer.matched);
        if transfer.stage == TransferStage::Asked || matched < last.index {
            return;
        }
        transfer.stage = TransferStage::Asked;
        self.void_lease();
        self.draft(
            target,
            Message::TimeoutNow(TimeoutNow { last }),
            Promise::Metadata,
        );
        emit(observer, || Event::TransferAsked { target });
    }

    /// A transfer that takes longer than an election timeout has failed (thesis §3.10).
    pub(super) fn abort_late_transfer(&mut self, observer: &mut impl Observer) {
        let (now, patience) = (self.batch.now, self.settings.election_timeout);
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        if let Some(Transfer { target, .. }) = leader
            .transfer
            .take_if(|transfer| now.since(transfer.since) >= patience)
        {
            emit(observer, || Event::TransferAborted { target });
        }
    }

    /// The leader hands over. The request is good for this leadership, and only with the whole log: one that comes late
    /// must not disturb.
    pub(super) fn on_timeout_now(&mut self, from: NodeId, request: TimeoutNow, observer: &mut impl Observer) {
        let is_from_leader = match &self.state.role {
            Role::Follower(follower) => follower.leader == Some(from),
            Role::PreCandidate(_) | Role::Candidate(_) | Role::Leader(_) => false,
        };
        let may_stand = self.is_voter() && self.has_next_term() && !self.is_installing();
        if is_from_leader && may_stand && self.state.persistent.log.last_position() >= request.last {
            self.stand_for_election(ElectionOrigin::Transfer, observer);
        } else {
            Self::ignore_message(from, MessageKind::TimeoutNow, IgnoreReason::OutOfDate, observer);
        }
    }
}
