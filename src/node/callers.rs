//! What callers wait for, and what they are told.

use super::{Applied, Effects, Node, ProposalEnd};
use crate::consensus::durable::Store;
use crate::consensus::{Answer, ProposalOutcome};
use crate::machine::{Execution, StateMachine};
use crate::types::{LogPosition, ProposalId, Term};

impl<M: StateMachine, S: Store> Node<M, S> {
    /// The proposals that nobody knows the end of yet.
    pub fn open_proposals(&self) -> impl Iterator<Item = ProposalId> + '_ {
        let is_no_read = |id: &ProposalId| !self.queries.contains_key(id);
        let passed_on = self
            .raft
            .state()
            .volatile
            .passed_on
            .iter()
            .map(|passed_on| passed_on.id);
        let proposals = self
            .proposals
            .values()
            .copied()
            .chain(passed_on)
            .filter(is_no_read);
        proposals.chain(self.queries.keys().copied())
    }

    pub(super) fn note_answer(&mut self, answer: &Answer, effects: &mut Effects<S>) {
        match self.fitting(answer) {
            ProposalOutcome::Appended(position) => self.await_entry(answer.id, position, effects),
            ProposalOutcome::ReadAt(index) => {
                self.ready.insert((index, answer.id));
            }
            ProposalOutcome::Unknown => {
                self.queries.remove(&answer.id);
                effects.answers.push((answer.id, ProposalEnd::Unknown));
            }
            ProposalOutcome::ChangeRefused(reason) => {
                let end = ProposalEnd::ChangeRefused(reason);
                effects.answers.push((answer.id, end));
            }
            ProposalOutcome::Joined(node) => {
                effects.answers.push((answer.id, ProposalEnd::Joined(node)));
            }
            ProposalOutcome::TransferStarted => {
                effects.answers.push((answer.id, ProposalEnd::TransferStarted));
            }
            ProposalOutcome::TransferRefused(reason) => {
                effects
                    .answers
                    .push((answer.id, ProposalEnd::TransferRefused(reason)));
            }
            ProposalOutcome::Refused(reason) => {
                self.queries.remove(&answer.id);
                effects.answers.push((answer.id, ProposalEnd::Refused(reason)));
            }
        }
    }

    /// The outcome, where it is one of what was asked. A peer that was passed a wish may answer anything: then nobody knows.
    fn fitting(&self, answer: &Answer) -> ProposalOutcome {
        let is_beside = match answer.outcome {
            ProposalOutcome::ReadAt(_) => !self.queries.contains_key(&answer.id),
            ProposalOutcome::ChangeRefused(_)
            | ProposalOutcome::Joined(_)
            | ProposalOutcome::TransferStarted
            | ProposalOutcome::TransferRefused(_) => self.queries.contains_key(&answer.id),
            ProposalOutcome::Appended(_) | ProposalOutcome::Refused(_) | ProposalOutcome::Unknown => false,
        };
        if is_beside {
            ProposalOutcome::Unknown
        } else {
            answer.outcome
        }
    }

    /// An entry that was applied before the word of where it stands came from the leader can't be answered any more. Nor is one
    /// waited for that will never be: terms never go down in a log.
    fn await_entry(&mut self, id: ProposalId, position: LogPosition, effects: &mut Effects<S>) {
        let LogPosition { index, term } = position;
        let state = self.raft.state();
        let applied = state.volatile.applied;
        let reached = state.persistent.log.term_at(applied);
        let end = if index <= applied || self.proposals.contains_key(&(index, term)) {
            ProposalEnd::Unknown
        } else if reached.is_some_and(|reached| reached > term) {
            ProposalEnd::Overwritten { index }
        } else {
            self.proposals.insert((index, term), id);
            return;
        };
        self.queries.remove(&id);
        effects.answers.push((id, end));
    }

    /// An entry ends the proposals that there were for its index, the one that it is and those that it replaced, and all of
    /// earlier terms for later indices: terms never go down in a log, so no log that has this entry has those.
    pub(super) fn end_proposals(&mut self, applied: &Applied, effects: &mut Effects<S>) {
        let LogPosition { index, term } = applied.position;
        if self.raft.state().persistent.log.term_at(index.previous()) != Some(term) {
            self.end_proposals_before(term, effects);
        }
        while let Some(entry) = self.proposals.first_entry()
            && entry.key().0 <= index
        {
            let ((_, proposed_in), id) = entry.remove_entry();
            let end = match (proposed_in == term, self.queries.remove(&id)) {
                (true, None) => end_of(applied),
                (true, Some(query)) => ProposalEnd::Read {
                    applied: index,
                    answer: self.machine.machine().query(&query),
                },
                (false, _) => ProposalEnd::Overwritten { index },
            };
            effects.answers.push((id, end));
        }
    }

    pub(super) fn end_proposals_before(&mut self, term: Term, effects: &mut Effects<S>) {
        let queries = &mut self.queries;
        self.proposals.retain(|(index, proposed_in), id| {
            let is_open = *proposed_in >= term;
            if !is_open {
                queries.remove(id);
                let end = ProposalEnd::Overwritten { index: *index };
                effects.answers.push((*id, end));
            }
            is_open
        });
    }

    /// Answers the questions for which enough is applied.
    pub(super) fn answer_ready(&mut self, effects: &mut Effects<S>) {
        let applied = self.raft.state().volatile.applied;
        while let Some(&(index, id)) = self.ready.first()
            && index <= applied
        {
            self.ready.pop_first();
            let query = self.queries.remove(&id);
            let query = query.expect("a question waits until it is answered");
            let answer = self.machine.machine().query(&query);
            effects.answers.push((id, ProposalEnd::Read { applied, answer }));
        }
    }
}

/// How the proposal ends that an applied entry was.
fn end_of(applied: &Applied) -> ProposalEnd {
    let index = applied.position.index;
    match applied.execution {
        Execution::Refused(reason) => ProposalEnd::SessionRefused { index, reason },
        Execution::Opened(session) => ProposalEnd::SessionOpened(session),
        Execution::Closed(session) => ProposalEnd::SessionClosed(session),
        Execution::Executed(_) | Execution::Repeated(_) | Execution::Nothing => ProposalEnd::Done {
            index,
            answer: applied.answer(),
        },
    }
}
