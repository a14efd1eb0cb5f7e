//! Messages in the hand, and manual mode: what is done to what is chosen in the list.

use super::App;
use crate::consensus::Switch;
use crate::playground::{Choice, Command};
use crate::types::NodeId;
use crate::ui::action::MessageVerb;
use crate::ui::because::{self, AskedIn};
use crate::ui::hand::Hand;
use crate::ui::session::Playable;
use crate::ui::view::Overlay;

impl<W: Playable> App<W> {
    /// The list of messages.
    pub(super) fn message_list(&self) -> Overlay {
        Overlay::Messages(Hand::new(self.session.snapshot()))
    }

    /// Does something to what is chosen. The cursor stays at its place.
    pub(super) fn on_message(&mut self, verb: MessageVerb) {
        let snapshot = self.session.snapshot();
        let Some(Overlay::Messages(hand)) = &mut self.view.overlay else {
            return;
        };
        hand.settle(snapshot);
        let Some((_, choice)) = hand.chosen(&hand.rows(snapshot)) else {
            return self.tell("there is nothing to choose here");
        };
        if verb == MessageVerb::Deliver {
            hand.let_go();
        }
        match (choice, verb) {
            (Choice::Message(id), verb) => self.command(verb.command(id)),
            (_, MessageVerb::Deliver) => self.command(choice.command()),
            (_, MessageVerb::Drop | MessageVerb::Hold | MessageVerb::Release | MessageVerb::Duplicate) => {
                self.complain("this is no message: g lets it happen now");
            }
        }
    }

    /// Why what is chosen is as it is; the list comes back behind it.
    pub(super) fn why_chosen(&mut self) {
        let snapshot = self.session.snapshot();
        if let Some(Overlay::Point(entry)) = self.view.overlay {
            return self.why_pointed_at(entry);
        }
        let Some(Overlay::Messages(hand)) = &mut self.view.overlay else {
            return;
        };
        hand.settle(snapshot);
        match hand.chosen(&hand.rows(snapshot)) {
            Some((_, choice)) => {
                let (thing, list) = (because::thing_of(snapshot, choice), *hand);
                self.why_of(thing, Some(AskedIn::Messages(list)));
            }
            None => self.tell("there is nothing to choose here"),
        }
    }

    /// Lists what is about this node alone, or everything again.
    pub(super) fn list_only(&mut self, id: NodeId) {
        if self.session.snapshot().node(id).is_none() {
            self.complain(crate::ui::prompt::no_such_node(self.session.snapshot(), id));
        } else if let Some(Overlay::Messages(hand)) = &mut self.view.overlay {
            hand.only(id);
        }
    }

    /// Leaves heartbeats out of the list, or lists them again.
    pub(super) fn fold_messages(&mut self) {
        if let Some(Overlay::Messages(hand)) = &mut self.view.overlay {
            hand.fold();
        }
    }

    /// A click chooses; one on what is chosen lets it happen.
    pub(super) fn press_message(&mut self, place: usize) {
        let snapshot = self.session.snapshot();
        if let Some(Overlay::Messages(hand)) = &mut self.view.overlay
            && hand.choose(snapshot, place)
        {
            self.on_message(MessageVerb::Deliver);
        }
    }

    /// Takes every event in hand, with the list of them; or lets them happen by themselves again.
    pub(super) fn toggle_manual(&mut self) {
        if self.session.is_manual() {
            self.command(Command::Manual(Switch::Off));
            if matches!(self.view.overlay, Some(Overlay::Messages(_))) {
                self.view.overlay = None;
            }
            self.tell("events happen by themselves again · M takes them in hand");
        } else {
            self.command(Command::Manual(Switch::On));
            self.view.overlay = Some(self.message_list());
            self.tell("manual: time stands, you choose what happens · M lets it go");
        }
    }
}
