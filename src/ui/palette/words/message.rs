//! What is done to a message in flight, and how one is named: by its number, what it is, and whose it is.

use super::form::required;
use crate::playground::{Command, MessageId, MessageView, Whereabouts};
use crate::types::Envelope;
use crate::ui::action::Action;
use crate::ui::palette::arguments::Context;
use crate::ui::parcel;

/// A command about a message: `17`, or `17 append S3→S1` as it is completed.
pub(super) fn on_message(
    text: &str,
    context: &Context<'_>,
    command: fn(MessageId) -> Command,
) -> Result<Action, String> {
    let text = required(text)?;
    let (number, label) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let id: u64 = number.parse().map_err(|_| {
        format!("`{number}` is no message's number; those in flight are listed behind the word")
    })?;
    let message = parcel::find(context.snapshot, MessageId(id));
    let message = message.ok_or_else(|| format!("message {id} is not in flight"))?;
    let (label, expected) = (label.trim(), parcel::label(message));
    if label.is_empty() || label == expected {
        Ok(Action::Do(command(message.id)))
    } else {
        Err(format!("message {id} is {expected}, not {label}"))
    }
}

/// All messages in flight.
pub(super) fn in_flight(context: &Context<'_>) -> Vec<(String, String)> {
    listed(context, |_| true)
}

/// Those that can be held.
pub(super) fn on_the_wire(context: &Context<'_>) -> Vec<(String, String)> {
    listed(context, |whereabouts| whereabouts == Whereabouts::OnTheWire)
}

/// Those that are held.
pub(super) fn held(context: &Context<'_>) -> Vec<(String, String)> {
    listed(context, |whereabouts| {
        matches!(whereabouts, Whereabouts::Held { .. })
    })
}

/// Those that have not arrived.
pub(super) fn not_arrived(context: &Context<'_>) -> Vec<(String, String)> {
    listed(context, |whereabouts| whereabouts != Whereabouts::Arrived)
}

fn listed(context: &Context<'_>, is_meant: impl Fn(Whereabouts) -> bool) -> Vec<(String, String)> {
    let now = context.snapshot.now;
    let mut messages: Vec<&MessageView> = context.snapshot.messages.iter().collect();
    messages.retain(|message| is_meant(message.whereabouts));
    messages.sort_by_key(|message| (message.due, message.id));
    let row = |message: &MessageView| {
        let Envelope {
            term, message: says, ..
        } = &message.envelope;
        (
            format!("{} {}", message.id, parcel::label(message)),
            format!(
                "term {term}, {} · {}",
                parcel::says(says),
                parcel::state(message, now)
            ),
        )
    };
    messages.into_iter().map(row).collect()
}
