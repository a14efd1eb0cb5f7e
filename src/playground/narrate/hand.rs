//! A message in the hand of a person, in words.

use super::fault::named;
use super::telling::Telling;
use super::words::duration;
use crate::consensus::Switch;
use crate::playground::record::Handling;
use crate::types::{Envelope, NodeId, VirtualTime};

/// What was dropped.
pub(super) fn dropped(envelope: &Envelope) -> Telling {
    about(envelope, "drop", "it never arrives")
        .because("Messages may be lost: what matters is sent again", "§5.3, §5.5")
        .otherwise("Had it arrived, nothing else would have been another: draws do not depend on it.")
}

/// What was done otherwise, at a time.
pub(super) fn handled(now: VirtualTime, envelope: &Envelope, how: Handling) -> Telling {
    let telling = match how {
        Handling::Held => about(envelope, "hold", "what follows overtakes it"),
        Handling::Released { due } => {
            let left = duration(due.since(now));
            about(envelope, "release", &format!("it arrives in {left}"))
        }
        Handling::Delivered => about(envelope, "deliver", "at once"),
        Handling::Duplicated { .. } => about(envelope, "duplicate", "it arrives twice"),
    };
    let section = match how {
        Handling::Held | Handling::Released { .. } | Handling::Delivered => "§2, §5.6",
        Handling::Duplicated { .. } => "§2, §5.5",
    };
    telling
        .because(
            "Messages may be late, doubled and out of order: Raft is safe under all of it",
            section,
        )
        .otherwise("Its receiver judges a message by what it says, never by when it comes.")
}

/// All that happens is taken in hand, or let go.
pub(super) fn all_in_hand(switch: Switch) -> Telling {
    let text = match switch {
        Switch::On => "you take every event in hand",
        Switch::Off => "you let events happen again",
    };
    let long = match switch {
        Switch::On => "you take every event in hand: time stands",
        Switch::Off => "you let events happen by themselves again: time goes on",
    };
    Telling::act(None, text.to_owned())
        .long(long.to_owned())
        .because(
            "Safety never hangs on time: messages, timers and disks may come in any order, and a model checker tries them all",
            "§2, §5.6",
        )
}

/// What a node has under way is done.
pub(super) fn now(node: NodeId, what: &str, sentence: &str) -> Telling {
    let telling = Telling::act(Some(node), format!("you finish {node}'s {what}"));
    telling.because(sentence, "§5, §7")
}

fn about(envelope: &Envelope, verb: &str, effect: &str) -> Telling {
    let Envelope { from, to, term, .. } = envelope;
    let what = format!("you {verb} {} to {to}", named(envelope));
    Telling::act(Some(*from), what.clone())
        .long(format!("{what}: {effect}"))
        .value(format!("{from} to {to}, term {term}: {effect}"))
}
