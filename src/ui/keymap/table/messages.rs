//! The keys of the list of messages: the verbs of the main screen, on a message.

use super::{ENTER, ESC, always, over, row, walked};
use crate::playground::{MessageView, Whereabouts};
use crate::ui::action::{Action, MessageVerb};
use crate::ui::draw::KeyGroup;
use crate::ui::keymap::{Key, Mode, Row};
use crate::ui::view::{Overlay, Scene};

pub(super) fn rows() -> Vec<Row> {
    let verb = |key: &'static [Key], verb, keys, what| {
        let row = Row {
            mode: Mode::Messages,
            ..row(KeyGroup::Rest, keys, what)
        };
        row.key(key, Action::OnMessage(verb), "")
    };
    vec![
        walked(Mode::Messages, "choose"),
        verb(&[Key::Char('g')], MessageVerb::Deliver, "g", "now").bar(0, "g", "now", something_is_chosen),
        verb(&[Key::Char('x')], MessageVerb::Drop, "x", "drop").bar(0, "x", "drop", a_message_is_chosen),
        verb(&[Key::Char('f')], MessageVerb::Hold, "f", "hold").bar(0, "f", "hold", a_flying_one_is_chosen),
        verb(&[Key::Char('r')], MessageVerb::Release, "r", "release").bar(
            0,
            "r",
            "release",
            a_held_one_is_chosen,
        ),
        verb(&[Key::Char('d')], MessageVerb::Duplicate, "d", "duplicate").bar(
            1,
            "d",
            "duplicate",
            a_message_is_chosen,
        ),
        over_later(2, "Enter", "why").key(&[ENTER], Action::WhyChosen, ""),
        over_later(3, "1-9", "only a node").node(Action::ListOnly),
        over_later(4, "h", "heartbeats").key(&[Key::Char('h')], Action::FoldMessages, ""),
        over_later(2, "u", "undo")
            .key(&[Key::Char('u')], Action::Undo, "")
            .key(&[Key::Char('U')], Action::Redo, ""),
        over_later(2, "M", "manual on, off").key(&[Key::Char('M')], Action::ToggleManual, ""),
        over(Mode::Messages, "Esc", "back").key(
            &[ESC, Key::Char('m'), Key::Char('q'), Key::Char(' ')],
            Action::Back,
            "",
        ),
    ]
}

/// A row of the list of messages that gives way to others.
fn over_later(rank: u8, keys: &'static str, what: &'static str) -> Row {
    let row = Row {
        mode: Mode::Messages,
        ..row(KeyGroup::Rest, keys, what)
    };
    row.bar(rank, keys, what, always)
}

fn something_is_chosen(scene: &Scene<'_>) -> bool {
    match &scene.view.overlay {
        Some(Overlay::Messages(hand)) => !hand.rows(scene.snapshot).is_empty(),
        Some(_) | None => false,
    }
}

/// Whether the chosen message, where one is chosen, is somewhere of this kind.
fn chosen_is(scene: &Scene<'_>, wanted: fn(&MessageView) -> bool) -> bool {
    match &scene.view.overlay {
        Some(Overlay::Messages(hand)) => hand.message(scene.snapshot).is_some_and(wanted),
        Some(_) | None => false,
    }
}

fn a_message_is_chosen(scene: &Scene<'_>) -> bool {
    chosen_is(scene, |_| true)
}

fn a_flying_one_is_chosen(scene: &Scene<'_>) -> bool {
    chosen_is(scene, |message| message.whereabouts == Whereabouts::OnTheWire)
}

fn a_held_one_is_chosen(scene: &Scene<'_>) -> bool {
    chosen_is(scene, |message| {
        matches!(message.whereabouts, Whereabouts::Held { .. })
    })
}
