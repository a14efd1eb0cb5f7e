//! What follows from a node's step.

use std::sync::Arc;

use super::super::draw::Purpose;
use super::super::host::Stepped;
use super::super::network::Posted;
use super::super::record::{ClientAnswer, Happening};
use super::{Due, World};
use crate::consensus::ProposalRefusal;
use crate::machine::Exhibit;
use crate::node::{Applied, ProposalEnd, Sent};
use crate::types::{Envelope, LogIndex, NodeId, Payload, ProposalId, WriteSequence};

impl<M: Exhibit + Default> World<M> {
    /// Does what follows from a node's step, in the order in which it happened, and leaves nothing of it.
    pub(super) fn follow(&mut self, id: NodeId, stepped: &mut Stepped) {
        self.complaints.extend(stepped.mirror_complaint.take());
        self.watch.stepped::<M>(
            id,
            stepped.term,
            stepped.role,
            stepped.write.as_ref(),
            stepped.commit,
            &stepped.events,
        );
        if let Some(snapshot) = stepped.write.as_ref().and_then(|write| write.snapshot.as_ref()) {
            self.witness.installed(snapshot);
        }
        let server = self.server(id);
        if server.term != stepped.term {
            server.attempt = 0;
        }
        (server.term, server.role) = (stepped.term, stepped.role);
        for event in stepped.events.drain(..) {
            self.record(Happening::Node { node: id, event });
        }
        for event in stepped.routes.drain(..) {
            self.record(Happening::Routes { node: id, event });
        }
        if let Some(write) = stepped.write.take() {
            self.begin_sync(id, write.sequence);
        }
        self.set_timers(id, stepped.election, stepped.heartbeat);
        let mut newest = None;
        for applied in stepped.applied.drain(..) {
            if let Payload::Configuration(configuration) = &applied.payload {
                newest = Some(Arc::clone(configuration));
            }
            self.applied(id, applied);
        }
        let mut sent_on = Vec::new();
        for (proposal, end) in stepped.answers.drain(..) {
            match self.join_sent_on(id, proposal, &end) {
                Some(leader) => sent_on.push((proposal, leader)),
                None => self.answer(id, proposal, answer_of(end)),
            }
        }
        for sent in stepped.sent.drain(..) {
            self.post(sent);
        }
        if let Some(reason) = stepped.snapshot_failure.take() {
            self.record(Happening::SnapshotFailed { node: id, reason });
        }
        self.follow_snapshot(id, stepped.taking);
        if let Some(newest) = newest {
            self.start_joined(&newest, id);
        }
        for (proposal, leader) in sent_on {
            self.ask_leader_to_join(id, proposal, leader);
        }
    }

    /// Takes note of the snapshot that a node is taking, and draws how long that takes.
    pub(super) fn follow_snapshot(&mut self, id: NodeId, taking: Option<LogIndex>) {
        let before = self.server(id).taking;
        if before.map(|(index, _)| index) == taking {
            return;
        }
        if let Some((_, Some(slot))) = before {
            self.queue.remove(&slot);
        }
        self.server(id).taking = None;
        if let Some(index) = taking {
            let latency = self.server(id).disk.unwrap_or(self.settings.disk).latency;
            let key = [id.number(), index.number()];
            let takes = self.draws.duration(Purpose::SnapshotLatency, &key, latency);
            let due = self.now.after(takes);
            let slot = self.schedule(due, Due::Snapshot(id, index));
            self.server(id).taking = Some((index, Some(slot)));
            self.record(Happening::SnapshotBegun { node: id, index, due });
        }
    }

    pub(super) fn begin_sync(&mut self, id: NodeId, sequence: WriteSequence) {
        let settings = self.settings.disk;
        let (draws, now) = (self.draws, self.now);
        let server = self.server(id);
        server.syncs_begun += 1;
        let key = [id.number(), server.syncs_begun];
        let latency = server.disk.unwrap_or(settings).latency;
        // One device does one thing after the other.
        let due = now
            .after(draws.duration(Purpose::DiskLatency, &key, latency))
            .max(server.last_sync_due);
        server.last_sync_due = due;
        let slot = self.schedule(due, Due::Sync(id, sequence));
        self.server(id).syncs.insert(sequence, slot);
        self.record(Happening::WriteBegun {
            node: id,
            sequence,
            due,
        });
    }

    pub(super) fn applied(&mut self, id: NodeId, applied: Applied) {
        self.watch.applied(id, &applied);
        let testimony = self.witness.applied(&applied);
        self.watch.replayed(id, testimony);
        let Applied {
            position,
            payload,
            execution,
        } = applied;
        self.record(Happening::Applied {
            node: id,
            position,
            payload,
            execution,
        });
    }

    pub(super) fn answer(&mut self, node: NodeId, proposal: ProposalId, answer: ClientAnswer) {
        self.watch.answered(node, proposal, &answer);
        let testimony = self.witness.answered(node, proposal, &answer);
        self.watch.replayed(node, testimony);
        self.clients.answered(proposal, &answer);
        if let Some(calls) = &mut self.calls {
            calls.answered(proposal, self.now, &answer);
        }
        self.record(Happening::Answered {
            node,
            proposal,
            answer,
        });
    }

    pub(super) fn post(&mut self, sent: Sent) {
        let Sent { message, address } = sent;
        let Some(receiver) = self.nodes.get(&message.get().to) else {
            // A server that joins starts once its id is committed: until then nobody is there.
            return;
        };
        let reach = receiver.reached_at(address.as_ref());
        self.watch.sent(message.get());
        let envelope = message.get();
        let (posted, copy) = self
            .network
            .post(self.now, &message, self.draws, self.settings.link, reach);
        if let Some(copy) = copy {
            self.posted(posted, envelope.clone());
            return self.posted(copy, message.into_inner());
        }
        self.posted(posted, message.into_inner());
    }

    pub(super) fn posted(&mut self, posted: Posted, envelope: Envelope) {
        let Posted { id, fate } = posted;
        let lost = fate.err().map(|reason| Happening::Lost {
            message: id,
            envelope: envelope.clone(),
            reason,
        });
        self.record(Happening::Sent {
            message: id,
            envelope,
            due: fate.ok(),
        });
        if let Some(lost) = lost {
            self.record(lost);
        }
        if let Ok(due) = fate {
            self.schedule_delivery(id, due);
        }
    }
}

/// What a client is told of the end of what it asked for.
pub(super) fn answer_of(end: ProposalEnd) -> ClientAnswer {
    match end {
        ProposalEnd::Done { index, answer } => ClientAnswer::Done { index, answer },
        ProposalEnd::Refused(ProposalRefusal::NotLeader { leader }) => ClientAnswer::NotLeader { leader },
        ProposalEnd::Refused(ProposalRefusal::Transferring { target }) => {
            ClientAnswer::Transferring { target }
        }
        // A person's commands are shorter by far than any that is too long.
        ProposalEnd::Refused(
            ProposalRefusal::TooMuchUncommitted { .. } | ProposalRefusal::TooLong { .. },
        ) => ClientAnswer::Overloaded,
        ProposalEnd::Read { applied, answer } => ClientAnswer::Read { applied, answer },
        ProposalEnd::ChangeRefused(_) => ClientAnswer::ChangeRefused,
        ProposalEnd::Joined(node) => ClientAnswer::Joined { node },
        ProposalEnd::TransferStarted => ClientAnswer::TransferStarted,
        ProposalEnd::TransferRefused(_) => ClientAnswer::TransferRefused,
        ProposalEnd::SessionOpened(session) => ClientAnswer::SessionOpened { session },
        ProposalEnd::SessionClosed(session) => ClientAnswer::SessionClosed { session },
        ProposalEnd::SessionRefused { index, reason } => ClientAnswer::SessionRefused { index, reason },
        ProposalEnd::Unknown => ClientAnswer::Unknown,
        ProposalEnd::Overwritten { index } => ClientAnswer::Overwritten { index },
    }
}
