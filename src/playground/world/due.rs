//! What is due comes to pass.

use super::super::host::{HostInput, Request, Response};
use super::super::network::InFlight;
use super::super::record::{Happening, Loss, Stop, Timer};
use super::super::snapshot::{Condition, MessageId};
use super::{Due, Waiting, World};
use crate::consensus::durable::Inbound;
use crate::machine::Exhibit;
use crate::types::{LogIndex, NodeId, WriteSequence};

impl<M: Exhibit + Default> World<M> {
    pub(super) fn carry_out(&mut self, due: Due) {
        match due {
            Due::Delivery(message) => self.deliver(message),
            Due::Timer(id, timer) => self.fire_timer(id, timer),
            Due::Sync(id, sequence) => self.finish_sync(id, sequence),
            Due::Gossip(id) => self.gossip(id),
            Due::Snapshot(id, index) => self.finish_snapshot(id, index),
            Due::Client => self.ask_by_itself(),
        }
    }

    pub(super) fn deliver(&mut self, id: MessageId) {
        let message = self
            .network
            .in_flight
            .get_mut(id)
            .expect("what is due is in flight");
        let to = message.envelope.to;
        message.order = None;
        match self.server(to).condition {
            Condition::Up => {}
            Condition::Frozen => return self.server(to).backlog.push_back(Waiting::Delivery(id)),
            Condition::Down => return self.lose(id, Loss::ReceiverDown),
        }
        let InFlight {
            envelope, cluster, ..
        } = self.network.take(id).expect("it was in flight just now");
        self.delivered += 1;
        self.record(Happening::Delivered {
            message: id,
            envelope: envelope.clone(),
        });
        self.hand(to, HostInput::Receive(cluster, Inbound::received(envelope)));
    }

    pub(super) fn lose(&mut self, message: MessageId, reason: Loss) {
        let lost = self.network.take(message).expect("what is lost was in flight");
        self.record(Happening::Lost {
            message,
            envelope: lost.envelope,
            reason,
        });
    }

    pub(super) fn fire_timer(&mut self, id: NodeId, timer: Timer) {
        let server = self.server(id);
        let running = server.timer.take().expect("a timer that runs out was running");
        if server.condition == Condition::Frozen {
            return server.backlog.push_back(Waiting::Timer(timer));
        }
        self.record(Happening::TimerFired {
            node: id,
            timer,
            after: running.duration,
        });
        self.time_out(id, timer);
    }

    pub(super) fn time_out(&mut self, id: NodeId, timer: Timer) {
        let input = match timer {
            Timer::Election => {
                self.server(id).attempt += 1;
                HostInput::ElectionTimeout
            }
            Timer::Heartbeat => HostInput::HeartbeatTimeout,
        };
        self.hand(id, input);
    }

    pub(super) fn finish_sync(&mut self, id: NodeId, sequence: WriteSequence) {
        let server = self.server(id);
        server.syncs.remove(&sequence);
        if server.condition == Condition::Frozen {
            return server.backlog.push_back(Waiting::Sync(sequence));
        }
        self.hand(id, HostInput::SyncDue(sequence));
    }

    pub(super) fn finish_snapshot(&mut self, id: NodeId, index: LogIndex) {
        let server = self.server(id);
        if server.condition == Condition::Frozen {
            server.taking = Some((index, None));
            return server.backlog.push_back(Waiting::Snapshot(index));
        }
        self.hand(id, HostInput::FinishSnapshot);
    }

    /// Hands a running node an input, and does what follows.
    pub(super) fn hand(&mut self, id: NodeId, input: HostInput) {
        let now = self.clock(id).at(self.now);
        let synced = if let HostInput::SyncDue(sequence) = input {
            Some(sequence)
        } else {
            None
        };
        let spare = self.spare.take().unwrap_or_default();
        match self.host.call(id, Request::Step(now, input, spare)) {
            Response::Stepped(mut stepped) => {
                // Only now is it known that the sync has not failed.
                if let Some(sequence) = synced {
                    self.watch.flushed(id, sequence);
                }
                self.follow(id, &mut stepped);
                self.spare = Some(stepped);
            }
            Response::Failed(reason) => self.stop(id, |_| Stop::Failed { reason }),
            Response::Seen(_) | Response::Listed(_) | Response::Imaged(_) | Response::Done(_) => {
                unreachable!("a step is answered by what came of it")
            }
        }
        self.halt_on_violation();
    }
}
