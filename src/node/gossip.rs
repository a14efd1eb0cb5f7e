//! Gossip at a node: routes told, and heard of.

use super::{Effects, Node, RouteEvent, RouteRefusal};
use crate::consensus::durable::Store;
use crate::machine::StateMachine;
use crate::types::{ClusterId, Envelope, Gossip, LocalTime, Message};

impl<M: StateMachine, S: Store> Node<M, S> {
    /// Pushes what it knows to the server that was drawn, if it knows one.
    pub(super) fn gossip(&mut self, now: LocalTime, draw: u64) {
        if let Some(peer) = self.routes.peer(draw) {
            self.raft.carry(now, peer, self.routes.push(now));
        }
    }

    pub(super) fn on_gossip(&mut self, now: LocalTime, envelope: Envelope, effects: &mut Effects<S>) {
        let Envelope {
            from, to, message, ..
        } = envelope;
        let Message::Gossip(gossip) = message else {
            unreachable!("it was looked at")
        };
        let own = self.settings.raft.id;
        let merged = if to == own && from != own {
            self.routes.merge(now, from, gossip.news())
        } else {
            Err(RouteRefusal::NotForUs)
        };
        match (merged, gossip) {
            (Ok(events), Gossip::Push(news)) => {
                effects.routes.extend(events);
                self.raft.carry(now, from, self.routes.reply(&news, now));
            }
            (Ok(events), Gossip::Reply(_)) => effects.routes.extend(events),
            (Err(reason), Gossip::Push(_) | Gossip::Reply(_)) => {
                effects.routes.push(RouteEvent::Refused { from, reason });
            }
        }
    }
}

/// A message of another cluster: its sender may have an id that a server of this one has too.
pub(super) fn foreign(cluster: ClusterId, envelope: &Envelope) -> RouteEvent {
    RouteEvent::Foreign {
        from: envelope.from,
        cluster,
        kind: envelope.message.kind(),
    }
}
