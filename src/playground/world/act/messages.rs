//! A message in flight in the hand of a person: dropped, held, released, delivered now, sent twice.
//!
//! What is held is in the hand and on no link: no cut takes it, no settings of the link change it, and what was sent after it
//! overtakes it. The time in the hand does not count: released, it still takes as long as it would have when it was taken, unless
//! its link carries nothing; then it is lost as any other would be. Nothing of this changes when another message arrives.

use crate::machine::Exhibit;
use crate::playground::network::InFlight;
use crate::playground::record::{Handling, Happening, Loss};
use crate::playground::snapshot::MessageId;
use crate::playground::world::{Slot, Waiting, World};

impl<M: Exhibit + Default> World<M> {
    pub(super) fn drop_message(&mut self, id: MessageId) {
        self.pick_up(id);
        self.lose(id, Loss::ByHand);
    }

    pub(super) fn hold(&mut self, id: MessageId) {
        self.pick_up(id);
        let now = self.now;
        self.in_hand(id).held = Some(now);
        self.handled(id, Handling::Held);
    }

    pub(super) fn release(&mut self, id: MessageId) {
        let now = self.now;
        let message = self.in_hand(id);
        let taken = message.held.take().expect("it was checked");
        let due = now.after(message.due.since(taken));
        self.handled(id, Handling::Released { due });
        if !self.is_lost_to_a_cut(id) {
            self.schedule_delivery(id, due);
        }
    }

    pub(super) fn deliver_now(&mut self, id: MessageId) {
        self.pick_up(id);
        let now = self.now;
        let message = self.in_hand(id);
        (message.due, message.held) = (now, None);
        self.handled(id, Handling::Delivered);
        if !self.is_lost_to_a_cut(id) {
            self.deliver(id);
        }
    }

    pub(super) fn duplicate(&mut self, id: MessageId) {
        let original = self.in_hand(id).clone();
        let copy = self.network.copy(&original);
        self.handled(id, Handling::Duplicated { copy });
        self.record(Happening::Sent {
            message: copy,
            envelope: original.envelope.clone(),
            due: Some(original.due),
        });
        match (original.held, original.order) {
            (Some(_), _) => {}
            (None, Some(_)) => self.schedule_delivery(copy, original.due),
            (None, None) => {
                let backlog = &mut self.server(original.envelope.to).backlog;
                backlog.push_back(Waiting::Delivery(copy));
            }
        }
    }

    /// A message is due no more, and waits for nobody.
    fn pick_up(&mut self, id: MessageId) {
        let message = self.in_hand(id).clone();
        self.forget_delivery(id, &message);
        self.in_hand(id).order = None;
    }

    /// What was on its way is due no more; what has arrived at a frozen node does not wait there any more.
    pub(in crate::playground::world) fn forget_delivery(&mut self, id: MessageId, message: &InFlight) {
        match (message.order, message.held) {
            (Some(order), _) => {
                let at = message.due;
                self.queue.remove(&Slot { at, order });
            }
            (None, Some(_)) => {}
            (None, None) => {
                let backlog = &mut self.server(message.envelope.to).backlog;
                backlog.retain(|waiting| *waiting != Waiting::Delivery(id));
            }
        }
    }

    /// Loses a message where its link carries nothing: says whether it did.
    fn is_lost_to_a_cut(&mut self, id: MessageId) -> bool {
        let link = self.in_hand(id).link();
        let is_lost = self.network.is_blocked(link);
        if is_lost {
            self.lose(id, Loss::Cut);
        }
        is_lost
    }

    fn in_hand(&mut self, id: MessageId) -> &mut InFlight {
        let message = self.network.in_flight.get_mut(id);
        message.expect("whoever names a message has checked that it is in flight")
    }

    fn handled(&mut self, message: MessageId, how: Handling) {
        let envelope = self.in_hand(message).envelope.clone();
        self.record(Happening::Handled {
            message,
            envelope,
            how,
        });
    }
}
