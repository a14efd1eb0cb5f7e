//! What callers wait for, and what they are told.

use super::io::answer_of;
use super::{Effects, Node, ProposalEnd};
use crate::consensus::durable::Store;
use crate::consensus::{Answer, ProposalOutcome};
use crate::machine::{Execution, StateMachine};
use crate::types::{LogIndex, LogPosition, Payload, ProposalId, Term};

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
            .iter()
            .map(|(_, id)| *id)
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
        // No entry is of a later term than the server's own.
        let may_be_past = term < state.persistent.metadata.term;
        let reached = may_be_past
            .then(|| state.persistent.log.term_at(applied))
            .flatten();
        let end = if index <= applied {
            ProposalEnd::Unknown
        } else if reached.is_some_and(|reached| reached > term) {
            ProposalEnd::Overwritten { index }
        } else if self.proposals.insert(position, id) {
            return;
        } else {
            ProposalEnd::Unknown
        };
        self.queries.remove(&id);
        effects.answers.push((id, end));
    }

    /// An entry that is applied ends the proposals that there were for its index: the one that it is and those that it replaced.
    pub(super) fn end_proposals(
        &mut self,
        position: LogPosition,
        payload: &Payload,
        execution: &Execution,
        reached: LogIndex,
        effects: &mut Effects<S>,
    ) {
        let LogPosition { index, term } = position;
        while let Some((entry, id)) = self.proposals.take_through(index) {
            let query = if self.queries.is_empty() {
                None
            } else {
                self.queries.remove(&id)
            };
            let end = match (entry.term == term, query) {
                (true, None) => end_of(position, payload, execution),
                (true, Some(query)) => ProposalEnd::Read {
                    applied: reached,
                    answer: self.machine().query(&query),
                },
                (false, _) => ProposalEnd::Overwritten { index },
            };
            effects.answers.push((id, end));
        }
    }

    /// The first entry of a term ends all proposals of earlier terms, for later indices too: terms never go down in a log, so no log
    /// that has this entry has those.
    pub(super) fn end_proposals_before(&mut self, term: Term, effects: &mut Effects<S>) {
        for (LogPosition { index, .. }, id) in self.proposals.take_before(term) {
            self.queries.remove(&id);
            effects.answers.push((id, ProposalEnd::Overwritten { index }));
        }
    }

    /// Answers the questions for which enough is applied.
    pub(super) fn answer_ready(&mut self, effects: &mut Effects<S>) {
        let applied = self.raft.state().volatile.applied;
        while let Some(&(index, id)) = self.ready.first()
            && let Some(machine) = self.machine.home()
            && index <= applied
        {
            self.ready.pop_first();
            let query = self.queries.remove(&id);
            let query = query.expect("a question waits until it is answered");
            let answer = machine.machine().query(&query);
            effects.answers.push((id, ProposalEnd::Read { applied, answer }));
        }
    }
}

/// How the proposal ends that an applied entry was.
fn end_of(position: LogPosition, payload: &Payload, execution: &Execution) -> ProposalEnd {
    let index = position.index;
    match execution {
        Execution::Refused(reason) => ProposalEnd::SessionRefused {
            index,
            reason: *reason,
        },
        Execution::Opened(session) => ProposalEnd::SessionOpened(*session),
        Execution::Closed(session) => ProposalEnd::SessionClosed(*session),
        Execution::Executed(_) | Execution::Repeated(_) | Execution::Nothing => ProposalEnd::Done {
            index,
            answer: answer_of(execution, payload),
        },
    }
}
