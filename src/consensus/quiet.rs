//! When a server keeps quiet: the promise that CheckQuorum makes to a leader (thesis §4.2.3, §6.4.1).
//!
//! A server that has heard from a leader promises it an election timeout without a rival: it neither stands for election
//! nor helps another. A leader that has heard from a majority within that time may rely on it. The guard stands before the
//! rule of terms: a rival's higher term must not depose the leader that the promise was made to.

use std::collections::BTreeSet;

use super::event::{Event, Observer, Quiet, emit};
use super::io::TimerChange;
use super::quorum::{self, Election};
use super::raft::Raft;
use super::rule::Rule;
use super::state::{Leader, Role};
use crate::types::{ElectionOrigin, LocalTime, Message, NodeId};

impl Raft {
    /// Why a candidate's request is not even looked at, if so. A transfer is the leader's own wish.
    pub(super) fn reason_to_ignore_candidate(&self, message: &Message) -> Option<Quiet> {
        match message {
            Message::VoteRequest(request) if request.origin == ElectionOrigin::Timeout => {
                self.reason_for_quiet()
            }
            Message::VoteRequest(_)
            | Message::VoteReply(_)
            | Message::PreVoteRequest(_)
            | Message::PreVoteReply(_)
            | Message::AppendRequest(_)
            | Message::AppendReply(_)
            | Message::TimeoutNow(_)
            | Message::Forward(_)
            | Message::ForwardReply(_)
            | Message::Gossip(_)
            | Message::InstallSnapshot(_)
            | Message::SnapshotReply(_) => None,
        }
    }

    /// Why the server neither stands nor votes now, if so. Only CheckQuorum makes promises.
    pub(super) fn reason_for_quiet(&self) -> Option<Quiet> {
        if !self.settings.protections.check_quorum.is_on() {
            return None;
        }
        self.promise().or_else(|| self.forgotten_promise())
    }

    /// The promise that has not run out yet, if any.
    pub(super) fn promise(&self) -> Option<Quiet> {
        if !self.rules().keeps(Rule::PromiseRunOut) {
            return None;
        }
        let promise = self.settings.election_timeout;
        if let Role::Leader(leader) = &self.state.role {
            return self.has_heard_quorum(leader).then_some(Quiet::Leads);
        }
        let ago = self.batch.now.since(self.state.volatile.heard?);
        (ago < promise).then(|| Quiet::HeardLeader {
            ago_nanos: nanos(ago),
            promise_nanos: nanos(promise),
        })
    }

    /// A restart forgets the promise, so it keeps quiet as if it had just made one. The first start of all has nothing
    /// to forget.
    fn forgotten_promise(&self) -> Option<Quiet> {
        let promise = self.settings.election_timeout;
        let ago = self.batch.now.since(self.settings.started);
        let has_restarted = self.settings.incarnation.number() > 1;
        let is_quiet = has_restarted && ago < promise && self.rules().keeps(Rule::RestartedVoterQuiet);
        is_quiet.then(|| Quiet::Restarted {
            ago_nanos: nanos(ago),
            promise_nanos: nanos(promise),
        })
    }

    /// Whom a leader has heard from within the last election timeout, itself included.
    fn heard_by(&self, leader: &Leader) -> BTreeSet<NodeId> {
        let now = self.batch.now;
        let lately = |heard: LocalTime| now.since(heard) < self.settings.election_timeout;
        let peers = leader
            .peers
            .iter()
            .filter(|(_, peer)| lately(peer.heard))
            .map(|(id, _)| *id);
        peers.chain([self.id()]).collect()
    }

    fn has_heard_quorum(&self, leader: &Leader) -> bool {
        let heard = self.heard_by(leader);
        quorum::election(&self.deciding(), &heard, &BTreeSet::new()) == Election::Won
    }

    /// Thesis §6.2: a leader that hears from no majority steps down, so that clients look elsewhere.
    pub(super) fn check_quorum(&mut self, observer: &mut impl Observer) {
        let Role::Leader(leader) = &self.state.role else {
            return;
        };
        if !self.settings.protections.check_quorum.is_on() || self.has_heard_quorum(leader) {
            return;
        }
        let (heard, needed) = (self.heard_by(leader), self.configuration().majority());
        emit(observer, || Event::LostQuorum { heard, needed });
        self.become_follower(None);
        self.batch.election = Some(TimerChange::Restart);
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
