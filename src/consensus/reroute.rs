//! Rerouting: a server that does not lead passes what its callers want on to the leader, and the answer back (thesis §6.2).
//!
//! The leader answers with a place, not with a result: the index at which the command stands, or from which a read may be
//! served. The server that was asked applies the log like every other, so it has the result itself, and serves its own
//! reads: that is how followers take load off a leader.
//!
//! A wish goes one hop. It may be lost, and so may the answer: after a while the caller is told that nobody knows. It may also
//! arrive twice, and must not be granted twice. So a leader remembers what each server passed on to it for as long as it leads,
//! and no wish outlives the term it was sent in. A server refuses a wish, which says that it has no effect, only where it can't
//! have granted a copy of it: not where it has led in this term.

use std::collections::BTreeMap;

use super::event::{Event, IgnoreReason, Observer, emit};
use super::io::Answer;
use super::raft::{Promise, Raft};
use super::state::{PassedOn, Role};
use crate::types::{
    Caller, Forward, ForwardReply, Incarnation, Message, MessageKind, NodeId, Payload, ProposalId,
    ProposalOutcome, ProposalRefusal, RemoteCaller, Term, Wish,
};

/// So many wishes of one server a leader remembers. An older one that arrives once more is ignored.
const REMEMBERED: usize = 1024;

/// A caller waits for so many of the shortest election timeouts before it is told that nobody knows.
const PATIENCE: u32 = 4;

/// The server that was asked.
impl Raft {
    /// Takes what a caller of this server wants: grants or refuses it, or passes it on.
    pub(super) fn on_wish(&mut self, id: ProposalId, wish: Wish, observer: &mut impl Observer) {
        match self.state.role.leader() {
            Some(_) if wish.command_bytes() > self.settings.limits.command_bytes => {
                let reason = self.too_long(wish.command_bytes());
                let outcome = Self::refuse_proposal(id, reason, observer);
                self.answer(Caller::Here(id), outcome);
            }
            Some(leader) if self.settings.reroute.is_on() => self.pass_on(id, leader, wish, observer),
            Some(_) | None => self.grant(Caller::Here(id), wish, observer),
        }
    }

    /// Does what a caller wants, or says why not.
    fn grant(&mut self, caller: Caller, wish: Wish, observer: &mut impl Observer) {
        match wish {
            Wish::Propose(command) => self.on_propose(caller, Payload::Command(command), observer),
            Wish::OpenSession { timeout } => {
                self.on_propose(caller, Payload::OpenSession { timeout }, observer);
            }
            Wish::CloseSession(session) => {
                self.on_propose(caller, Payload::CloseSession(session), observer);
            }
            Wish::ProposeIn(guarded) => self.on_propose(caller, Payload::Guarded(guarded), observer),
            Wish::Read(way) => self.on_read(caller, way, observer),
            Wish::Reconfigure(change) => self.on_reconfigure(caller, &change, observer),
            Wish::Transfer(target) => self.on_transfer(caller, target, observer),
        }
    }

    fn pass_on(&mut self, id: ProposalId, leader: NodeId, wish: Wish, observer: &mut impl Observer) {
        emit(observer, || Event::PassedOn {
            id,
            leader,
            wish: wish.clone(),
        });
        let (to, since) = (leader, self.batch.now);
        self.state
            .volatile
            .passed_on
            .push_back(PassedOn { id, to, since });
        let incarnation = self.settings.incarnation;
        let forward = Forward {
            incarnation,
            id,
            wish,
        };
        self.draft(leader, Message::Forward(forward), Promise::Metadata);
    }

    /// Tells those who have waited too long that nobody knows. Every input brings the time, and none is far: a leader's
    /// heartbeats come, or the election timer runs out.
    pub(super) fn give_up_waiting(&mut self, observer: &mut impl Observer) {
        if self.state.volatile.passed_on.is_empty() {
            return;
        }
        let (now, patience) = (self.batch.now, self.settings.election_timeout * PATIENCE);
        let is_over = |passed_on: &&PassedOn| now.since(passed_on.since) >= patience;
        while let Some(&PassedOn { id, to, .. }) = self.state.volatile.passed_on.front().filter(is_over) {
            self.state.volatile.passed_on.pop_front();
            emit(observer, || Event::AnswerLost { id, leader: to });
            let outcome = ProposalOutcome::Unknown;
            self.batch.answers.push(Answer { id, outcome });
        }
    }

    /// The leader has answered. What it says of its term is true in any later one.
    pub(super) fn on_forward_reply(
        &mut self,
        from: NodeId,
        reply: ForwardReply,
        observer: &mut impl Observer,
    ) {
        let ForwardReply {
            incarnation,
            id,
            outcome,
        } = reply;
        let is_asked = |passed_on: &PassedOn| passed_on.id == id && passed_on.to == from;
        let place = self.state.volatile.passed_on.iter().position(is_asked);
        let Some(place) = place.filter(|_| incarnation == self.settings.incarnation) else {
            let reason = IgnoreReason::OutOfDate;
            return Self::ignore_message(from, MessageKind::ForwardReply, reason, observer);
        };
        self.state.volatile.passed_on.remove(place);
        emit(observer, || Event::AnswerCame {
            id,
            leader: from,
            outcome,
        });
        self.batch.answers.push(Answer { id, outcome });
    }
}

/// The server that it is passed on to.
impl Raft {
    pub(super) fn on_forward(
        &mut self,
        from: NodeId,
        term: Term,
        forward: Forward,
        observer: &mut impl Observer,
    ) {
        let Forward {
            incarnation,
            id,
            wish,
        } = forward;
        let remote = RemoteCaller {
            node: from,
            incarnation,
            id,
        };
        let own = self.term();
        let mut ignore = |reason| Self::ignore_message(from, MessageKind::Forward, reason, observer);
        if term < own {
            return ignore(IgnoreReason::StaleTerm { theirs: term, own });
        }
        let has_led = self.state.persistent.metadata.vote == Some(self.id());
        let role = self.state.role.name();
        match &mut self.state.role {
            Role::Leader(leader) => match leader.served.take(remote) {
                Taken::New => self.grant(Caller::At(remote), wish, observer),
                Taken::Answered(outcome) => {
                    ignore(IgnoreReason::OutOfDate);
                    self.reply_to(remote, outcome);
                }
                Taken::Open | Taken::Forgotten => ignore(IgnoreReason::OutOfDate),
            },
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) if has_led => {
                ignore(IgnoreReason::WrongRole { role });
            }
            Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => {
                let leader = self.state.role.leader();
                let refusal = ProposalRefusal::NotLeader { leader };
                emit(observer, || Event::ProposalRefused {
                    proposal: id,
                    reason: refusal,
                });
                self.reply_to(remote, ProposalOutcome::Refused(refusal));
            }
        }
    }

    /// Answers a caller, here or where it called.
    pub(super) fn answer(&mut self, caller: Caller, outcome: ProposalOutcome) {
        match caller {
            Caller::Here(id) => self.batch.answers.push(Answer { id, outcome }),
            Caller::At(remote) => {
                if let Role::Leader(leader) = &mut self.state.role {
                    leader.served.note(remote, outcome);
                }
                self.reply_to(remote, outcome);
            }
        }
    }

    fn reply_to(&mut self, caller: RemoteCaller, outcome: ProposalOutcome) {
        let RemoteCaller {
            node,
            incarnation,
            id,
        } = caller;
        let reply = ForwardReply {
            incarnation,
            id,
            outcome,
        };
        self.draft(node, Message::ForwardReply(reply), Promise::Metadata);
    }
}

/// What other servers have passed on to a leader, so that what arrives twice is granted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Served {
    origins: BTreeMap<NodeId, Origin>,
}

/// What one start of one server has passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Origin {
    incarnation: Incarnation,
    /// The outcome of each wish, where it is known. Where there are as many as are remembered, those before the first are forgotten.
    outcomes: BTreeMap<ProposalId, Option<ProposalOutcome>>,
}

impl Origin {
    /// Whether this wish may have come before, and be among those that are forgotten.
    fn may_have_forgotten(&self, id: ProposalId) -> bool {
        let is_full = self.outcomes.len() >= REMEMBERED;
        let oldest = self.outcomes.first_key_value();
        is_full && oldest.is_some_and(|(oldest, _)| id < *oldest)
    }
}

/// Whether a wish is a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// It is, and is remembered from now on.
    New,
    /// It came before, and this became of it.
    Answered(ProposalOutcome),
    /// It came before, and nothing has become of it yet.
    Open,
    /// It may have come before.
    Forgotten,
}

impl Served {
    /// Every wish that is remembered, with its outcome where that is known, in order.
    pub fn iter(&self) -> impl Iterator<Item = (RemoteCaller, Option<ProposalOutcome>)> + '_ {
        self.origins.iter().flat_map(|(&node, origin)| {
            let incarnation = origin.incarnation;
            origin.outcomes.iter().map(move |(&id, &outcome)| {
                let caller = RemoteCaller {
                    node,
                    incarnation,
                    id,
                };
                (caller, outcome)
            })
        })
    }

    /// What is remembered, as a save has it.
    pub fn of(wishes: impl IntoIterator<Item = (RemoteCaller, Option<ProposalOutcome>)>) -> Self {
        let mut served = Self::default();
        for (caller, outcome) in wishes {
            if served.take(caller) == Taken::New
                && let Some(outcome) = outcome
            {
                served.note(caller, outcome);
            }
        }
        served
    }

    fn take(&mut self, caller: RemoteCaller) -> Taken {
        let RemoteCaller {
            node,
            incarnation,
            id,
        } = caller;
        let origin = self.origins.entry(node).or_default();
        if incarnation > origin.incarnation {
            *origin = Origin {
                incarnation,
                ..Origin::default()
            };
        }
        if incarnation < origin.incarnation {
            return Taken::Forgotten;
        }
        match origin.outcomes.get(&id) {
            Some(Some(outcome)) => return Taken::Answered(*outcome),
            Some(None) => return Taken::Open,
            None if origin.may_have_forgotten(id) => return Taken::Forgotten,
            None => {}
        }
        origin.outcomes.insert(id, None);
        if origin.outcomes.len() > REMEMBERED {
            origin.outcomes.pop_first();
        }
        Taken::New
    }

    fn note(&mut self, caller: RemoteCaller, outcome: ProposalOutcome) {
        let origin = self.origins.get_mut(&caller.node);
        let origin = origin.filter(|origin| origin.incarnation == caller.incarnation);
        if let Some(open) = origin.and_then(|origin| origin.outcomes.get_mut(&caller.id)) {
            *open = Some(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(incarnation: u64, id: u64) -> RemoteCaller {
        RemoteCaller {
            node: NodeId::new(2),
            incarnation: Incarnation::new(incarnation),
            id: ProposalId::new(id),
        }
    }

    #[test]
    fn what_arrives_twice_is_taken_once() {
        let mut served = Served::default();
        assert_eq!(served.take(caller(1, 7)), Taken::New);
        assert_eq!(served.take(caller(1, 7)), Taken::Open);
        served.note(caller(1, 7), ProposalOutcome::TransferStarted);
        assert_eq!(
            served.take(caller(1, 7)),
            Taken::Answered(ProposalOutcome::TransferStarted)
        );
        assert_eq!(served.take(caller(1, 5)), Taken::New, "overtaken, and not late");
        assert_eq!(Served::of(served.iter()), served);
    }

    #[test]
    fn what_a_server_asked_before_it_was_restarted_is_too_late() {
        let mut served = Served::default();
        assert_eq!(served.take(caller(1, 7)), Taken::New);
        assert_eq!(served.take(caller(2, 1)), Taken::New);
        assert_eq!(served.take(caller(1, 7)), Taken::Forgotten);
        assert_eq!(served.take(caller(1, 8)), Taken::Forgotten);
    }

    #[test]
    fn a_wish_that_may_have_come_before_is_never_new() {
        let mut served = Served::default();
        for id in 1..=REMEMBERED as u64 + 10 {
            assert_eq!(served.take(caller(1, id)), Taken::New);
        }
        assert_eq!(served.origins[&NodeId::new(2)].outcomes.len(), REMEMBERED);
        for id in 1..=10 {
            assert_eq!(served.take(caller(1, id)), Taken::Forgotten);
        }
        assert_eq!(served.take(caller(1, 11)), Taken::Open);
    }
}
