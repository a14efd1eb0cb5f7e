//! Who belongs to the cluster, and how that changes (§6, thesis chapter 4).
//!
//! A configuration is in force from the moment it is appended, and no longer when it is truncated. A change of one voter
//! at a time is made at once: any majority of the old voters and any of the new share a server. Any other change goes through a
//! joint configuration, in which both majorities decide, and which is left by itself once it is committed.
//!
//! A change waits for the one before it, and for an entry of the leader's own term, to be committed: otherwise a leader that
//! was cut off could come back with a configuration of which nobody else knows, and win by it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::event::{CatchUpVerdict, ChangeCause, Event, Observer, Tally, emit};
use super::io::TimerChange;
use super::progress::Progress;
use super::raft::Raft;
use super::rule::Rule;
use super::state::{CatchUp, Leader, Role, Transfer};
use crate::types::{
    Caller, ChangeRefusal, Configuration, Entry, JoinToken, LogIndex, LogPosition, MembershipChange, NodeId,
    ProposalOutcome,
};

/// The configuration in force.
impl Raft {
    /// §6: a server uses the latest configuration in its log, committed or not.
    pub(super) fn configuration(&self) -> &Arc<Configuration> {
        let is_kept = self.rules().keeps(Rule::ConfigurationAtAppend);
        if is_kept {
            self.state.persistent.log.configuration()
        } else {
            self.state
                .persistent
                .log
                .configuration_at(self.state.volatile.commit)
        }
    }

    /// The configuration by which decisions are made: that in force, unless a rule about who counts is broken.
    pub(super) fn deciding(&self) -> Cow<'_, Configuration> {
        let mut deciding = Cow::Borrowed(&**self.configuration());
        if !self.needs_both_majorities() {
            deciding.to_mut().outgoing = None;
        }
        if !self.rules().keeps(Rule::LearnersDoNotCount) {
            let deciding = deciding.to_mut();
            deciding.voters.append(&mut deciding.learners);
        }
        deciding
    }

    /// §6: agreement while a change is joint requires separate majorities from both the old and new configurations.
    fn needs_both_majorities(&self) -> bool {
        self.rules().keeps(Rule::JointNeedsBothMajorities)
    }

    /// Votes, as an event tells them.
    pub(super) fn tally_of(&self, granted: &BTreeSet<NodeId>, refused: &BTreeSet<NodeId>) -> Tally {
        let deciding = self.deciding();
        Tally {
            term: self.term(),
            granted: granted.clone(),
            refused: refused.clone(),
            needed: deciding.majority(),
            voters: deciding.voters.len(),
            outgoing: deciding.outgoing.clone(),
        }
    }

    /// Tells of a follower's configuration, where entries that came or went have changed it.
    pub(super) fn note_configuration(&self, before: &Arc<Configuration>, observer: &mut impl Observer) {
        let after = self.configuration();
        if before != after {
            emit(observer, || Event::ConfigurationChanged {
                before: Arc::clone(before),
                after: Arc::clone(after),
            });
        }
    }
}

/// Changes that callers ask for.
impl Raft {
    pub(super) fn on_reconfigure(
        &mut self,
        caller: Caller,
        change: &MembershipChange,
        observer: &mut impl Observer,
    ) {
        let outcome = match self.known_joiner(change) {
            Some(joined) => ProposalOutcome::Joined(joined),
            None => match self.changed(change) {
                Ok(after) => {
                    let position =
                        self.append_configuration(after, ChangeCause::Proposal(caller.id()), observer);
                    ProposalOutcome::Appended(position)
                }
                Err(reason) => {
                    emit(observer, || Event::ChangeRefused { reason });
                    ProposalOutcome::ChangeRefused(reason)
                }
            },
        };
        self.answer(caller, outcome);
    }

    /// The server that asks to join once more, where a leader has committed its id.
    fn known_joiner(&self, change: &MembershipChange) -> Option<NodeId> {
        let MembershipChange::Join(token) = change else {
            return None;
        };
        let committed = self
            .state
            .persistent
            .log
            .configuration_at(self.state.volatile.commit);
        committed.joined.get(token).copied().filter(|_| self.is_leader())
    }

    /// The configuration that a change leads to, where it may be made now.
    fn changed(&self, change: &MembershipChange) -> Result<Configuration, ChangeRefusal> {
        self.check_change_now()?;
        let before = &**self.state.persistent.log.configuration();
        let after = changed(before, change)?;
        let is_different = after != *before;
        is_different
            .then_some(after)
            .ok_or(ChangeRefusal::NothingToChange)
    }

    fn check_change_now(&self) -> Result<(), ChangeRefusal> {
        match &self.state.role {
            Role::Follower(follower) => {
                let leader = follower.leader;
                return Err(ChangeRefusal::NotLeader { leader });
            }
            Role::PreCandidate(_) | Role::Candidate(_) => {
                return Err(ChangeRefusal::NotLeader { leader: None });
            }
            Role::Leader(Leader {
                transfer: Some(Transfer { target, .. }),
                ..
            }) => return Err(ChangeRefusal::Transferring { target: *target }),
            Role::Leader(_) => {}
        }
        let (index, _) = *self.state.persistent.log.latest_configuration();
        if index > self.state.volatile.commit {
            return Err(ChangeRefusal::UnderWay { index });
        }
        if !self.may_change_membership() {
            return Err(ChangeRefusal::NothingCommitted { term: self.term() });
        }
        Ok(())
    }

    /// Thesis §4.1, as corrected in 2015: an entry of the leader's own term is committed first.
    fn may_change_membership(&self) -> bool {
        let committed = self.state.persistent.log.term_at(self.state.volatile.commit);
        committed == Some(self.term()) || !self.rules().keeps(Rule::OwnTermCommitBeforeChange)
    }

    /// Puts a configuration into the log and into force.
    fn append_configuration(
        &mut self,
        after: Configuration,
        cause: ChangeCause,
        observer: &mut impl Observer,
    ) -> LogPosition {
        let before = Arc::clone(self.state.persistent.log.configuration());
        let after = Arc::new(after);
        let index = self.append(Entry::configuration(self.term(), Arc::clone(&after)));
        emit(observer, || Event::ConfigurationAppended {
            index,
            before,
            after,
            cause,
        });
        self.follow_configuration(observer);
        self.advance_commit(observer);
        LogPosition::new(index, self.term())
    }
}

/// What a leader does about the configuration in force.
impl Raft {
    /// Has a progress for each member, and hands over to nobody who can't lead.
    fn follow_configuration(&mut self, observer: &mut impl Observer) {
        let configuration = Arc::clone(self.state.persistent.log.configuration());
        let (now, id) = (self.batch.now, self.id());
        let last = self.state.persistent.log.last_index();
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        for peer in configuration.peers_of(id) {
            let unknown = || Progress::new(last, now);
            leader.peers.get_or_insert_with(peer, unknown);
        }
        leader
            .catching_up
            .retain(|id, _| configuration.learners.contains(id));
        for &learner in configuration.learners.iter().filter(|&&learner| learner != id) {
            let (round, goal, since) = (1, last, now);
            leader
                .catching_up
                .entry(learner)
                .or_insert(CatchUp { round, goal, since });
        }
        let is_lost = |transfer: &mut Transfer| !configuration.is_voter(transfer.target);
        if let Some(Transfer { target, .. }) = leader.transfer.take_if(is_lost) {
            emit(observer, || Event::TransferAborted { target });
        }
    }

    /// What follows once the configuration in force is committed.
    pub(super) fn after_commit(&mut self, observer: &mut impl Observer) {
        let (index, latest) = self.state.persistent.log.latest_configuration().clone();
        if !self.is_leader() || index > self.state.volatile.commit {
            return;
        }
        self.follow_configuration(observer);
        if latest.is_joint() {
            self.append_configuration(without_outgoing(&latest), ChangeCause::LeaveJoint, observer);
            return;
        }
        self.part_with_outsiders(&latest);
        if !latest.is_voter(self.id()) {
            self.lay_down_leadership(index, observer);
        }
    }

    /// Who is removed hears that, and no more: a last request tells it what is committed.
    fn part_with_outsiders(&mut self, configuration: &Configuration) {
        let Role::Leader(leader) = &self.state.role else {
            return;
        };
        let is_outside = |id: &NodeId| !configuration.is_member(*id);
        let outsiders: Vec<NodeId> = leader.peers.keys().copied().filter(is_outside).collect();
        for outsider in outsiders {
            self.draft_heartbeat(outsider);
            let Role::Leader(leader) = &mut self.state.role else {
                return;
            };
            leader.peers.remove(&outsider);
        }
    }

    /// §6: a leader that is not part of the new configuration steps down once that is committed.
    fn lay_down_leadership(&mut self, index: LogIndex, observer: &mut impl Observer) {
        emit(observer, || Event::RemovedItself { index });
        let Role::Leader(leader) = &self.state.role else {
            return;
        };
        let peers: Vec<NodeId> = leader.peers.keys().copied().collect();
        // The others learn at once what is committed, and need not wait for the next leader to tell them.
        for peer in peers {
            self.draft_heartbeat(peer);
        }
        self.become_follower(None);
        self.batch.election = Some(TimerChange::Restart);
    }

    /// Takes note of how far a learner is (thesis §4.2.1), and makes it a voter where that is wanted and it keeps up.
    pub(super) fn note_catching_up(
        &mut self,
        learner: NodeId,
        matched: LogIndex,
        observer: &mut impl Observer,
    ) {
        let (now, timeout) = (self.batch.now, self.settings.election_timeout);
        let last = self.state.persistent.log.last_index();
        let Role::Leader(leader) = &mut self.state.role else {
            return;
        };
        let Some(round) = leader
            .catching_up
            .get_mut(&learner)
            .filter(|round| matched >= round.goal)
        else {
            return;
        };
        let took = now.since(round.since);
        let verdict = if took < timeout {
            CatchUpVerdict::Quick
        } else {
            CatchUpVerdict::Slow
        };
        let finished = round.round;
        *round = CatchUp {
            round: finished.saturating_add(1),
            goal: last,
            since: now,
        };
        let took_nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if finished == 1 || verdict == CatchUpVerdict::Slow {
            emit(observer, || Event::CaughtUp {
                learner,
                round: finished,
                took_nanos,
                verdict,
            });
        }
        if verdict == CatchUpVerdict::Quick && self.settings.auto_promote.is_on() {
            self.promote(learner, observer);
        }
    }

    /// Where the change can't be made now, the learner's next round brings it up again. Who is a learner because somebody demoted
    /// it has no token any more, and stays one.
    fn promote(&mut self, learner: NodeId, observer: &mut impl Observer) {
        let is_newcomer = self
            .state
            .configuration()
            .joined
            .values()
            .any(|&id| id == learner);
        if !is_newcomer {
            return;
        }
        if let Ok(after) = self.changed(&MembershipChange::Promote(learner)) {
            self.append_configuration(after, ChangeCause::CaughtUp(learner), observer);
        }
    }

    /// Whether its vote counts, in the configuration in force.
    pub(super) fn is_voter(&self) -> bool {
        self.configuration().is_voter(self.id())
    }

    /// Whether it may stand for election: as a voter, or as one that was a voter until a change that is not known to be committed.
    /// Others may lack that change and be unable to win without it (thesis §4.2.2); its own vote does not count then.
    pub(super) fn may_stand(&self) -> bool {
        self.is_voter() || self.was_voter()
    }

    fn was_voter(&self) -> bool {
        match self.state.persistent.log.configurations() {
            [.., (_, before), (index, _)] => {
                *index > self.state.volatile.commit && before.is_voter(self.id())
            }
            [_] | [] => false,
        }
    }
}

/// The configuration that a change makes of one that is not joint.
fn changed(before: &Configuration, change: &MembershipChange) -> Result<Configuration, ChangeRefusal> {
    let (mut voters, mut learners) = (before.voters.clone(), before.learners.clone());
    let leave = |from: &mut BTreeSet<NodeId>, id: NodeId| {
        let was_there = from.remove(&id);
        was_there.then_some(id).ok_or(ChangeRefusal::NoSuchServer(id))
    };
    match change {
        MembershipChange::Join(token) => return with_joiner(before, *token),
        MembershipChange::Promote(id) => drop(voters.insert(leave(&mut learners, *id)?)),
        MembershipChange::Demote(id) => drop(learners.insert(leave(&mut voters, *id)?)),
        MembershipChange::Remove(id) => {
            leave(&mut learners, *id).or_else(|_| leave(&mut voters, *id))?;
        }
        MembershipChange::Replace {
            voters: new_voters,
            learners: new_learners,
        } => (voters, learners) = (new_voters.clone(), new_learners.clone()),
    }
    check_places(before, &voters, &learners)?;
    let is_simple = before.voters.symmetric_difference(&voters).count() <= 1;
    let mut after = Configuration {
        outgoing: (!is_simple).then(|| before.voters.clone()),
        voters,
        learners,
        ..before.clone()
    };
    forget_tokens(&mut after);
    let is_demoted = |id: &NodeId| after.learners.contains(id) && before.voters.contains(id);
    after.joined.retain(|_, id| !is_demoted(id));
    Ok(after)
}

/// What a joint configuration leads to.
fn without_outgoing(joint: &Configuration) -> Configuration {
    let mut after = Configuration {
        outgoing: None,
        ..joint.clone()
    };
    forget_tokens(&mut after);
    after
}

/// A token stands for its server as long as that is a member, and has not been demoted.
fn forget_tokens(configuration: &mut Configuration) {
    let members = configuration.members();
    configuration.joined.retain(|_, id| members.contains(id));
}

fn with_joiner(before: &Configuration, token: JoinToken) -> Result<Configuration, ChangeRefusal> {
    let id = before.last_id.next();
    if id == before.last_id {
        return Err(ChangeRefusal::NoMoreIds);
    }
    let mut after = before.clone();
    after.last_id = id;
    after.learners.insert(id);
    after.joined.insert(token, id);
    Ok(after)
}

/// Ids are given by joining alone, so nobody can be made a member who never was one.
fn check_places(
    before: &Configuration,
    voters: &BTreeSet<NodeId>,
    learners: &BTreeSet<NodeId>,
) -> Result<(), ChangeRefusal> {
    if voters.is_empty() {
        return Err(ChangeRefusal::NoVoters);
    }
    if let Some(twice) = voters.intersection(learners).next() {
        return Err(ChangeRefusal::TwoPlaces(*twice));
    }
    let was_given = |id: &NodeId| *id > NodeId::default() && *id <= before.last_id;
    match voters.union(learners).find(|id| !was_given(id)) {
        Some(unknown) => Err(ChangeRefusal::NoSuchServer(*unknown)),
        None => Ok(()),
    }
}
