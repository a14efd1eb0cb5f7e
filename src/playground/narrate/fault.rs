//! Starts, stops, losses and broken promises, in words.

use super::election::message_name;
use super::memory::Memory;
use super::telling::Telling;
use super::words::indices;
use crate::machine::readable;
use crate::playground::record::{Loss, Stop};
use crate::playground::story::Mark;
use crate::types::{Envelope, LogIndex, LogPosition, Message, MessageKind, NodeId, Term};

pub(super) fn started(own: NodeId, term: Term, last: LogPosition, torn_bytes: u64) -> Telling {
    let is_new = term == Term::default() && last == LogPosition::GENESIS && torn_bytes == 0;
    let telling = if is_new {
        Telling::routine(own, format!("{own} starts with an empty disk"))
    } else {
        Telling::turn(own, format!("{own} is back: term {term}, log {}", last.index)).long(format!(
            "{own} is back: term {term}, log {}; {torn_bytes} bytes torn",
            last.index
        ))
    };
    telling
        .because(
            "A server starts with the term, vote and log on its disk, and as a follower",
            "Figure 2",
        )
        .value(format!("term on its disk: {term}"))
        .value(format!("last entry on its disk: {last}"))
        .value(format!("cut off as unfinished: {torn_bytes} bytes"))
        .otherwise("Without its vote on disk it could vote twice in a term.")
}

/// How a node went down; nothing, where the command that did it has said all.
pub(super) fn stopped(memory: &Memory, own: NodeId, how: &Stop) -> Option<Telling> {
    match how {
        Stop::Crash { unsynced_from: None } | Stop::PowerCut { lost: None } => None,
        Stop::Crash {
            unsynced_from: Some(first),
        } => Some(
            Telling::step(own, format!("{own}: from {first} on not synced, still there"))
                .long(format!(
                    "{own} keeps {first}, written and not synced: a power cut takes it"
                ))
                .because(
                    "What a dead process wrote is the system's to sync; only power loses it",
                    "",
                )
                .value(format!("{own}'s disk: synced through {}", first.previous()))
                .about(*first),
        ),
        Stop::PowerCut {
            lost: Some((first, last)),
        } => Some(lost(memory, own, *first, *last)),
        Stop::Failed { reason } => Some(
            Telling::turn(own, format!("{own} fails: {}", readable(reason.as_bytes())))
                .mark(Mark::Crash)
                .because("A server that can't trust its disk or itself stops", "")
                .value(readable(reason.as_bytes())),
        ),
    }
}

fn lost(memory: &Memory, own: NodeId, first: LogIndex, last: LogIndex) -> Telling {
    let (what, was) = if first == last {
        (last.to_string(), "it was")
    } else {
        (indices(first, last), "they were")
    };
    Telling::turn(own, format!("{own} loses {what}: never synced"))
        .long(format!("{own} loses {what}: {was} never synced"))
        .because("A power cut takes what was not synced", "")
        .value(format!(
            "{own}'s disk: synced through {}",
            memory.node(own).durable
        ))
        .value(format!("{own} has acknowledged none of it"))
        .otherwise("After the sync it would have stayed, and been acknowledged.")
        .about(first)
}

/// A lost message. Where a link carries nothing, that is told of its first message that matters.
pub(super) fn message_lost(memory: &Memory, envelope: &Envelope, reason: Loss) -> Telling {
    let (from, to) = (envelope.from, envelope.to);
    let what = named(envelope);
    let (cause, is_known) = match reason {
        Loss::Cut => ("the link is cut", is_known_lost(memory, envelope)),
        Loss::ReceiverDown => ("it is down", is_known_lost(memory, envelope)),
        Loss::Chance => ("the network lost it", false),
    };
    let short = format!("{what} to {to} is lost");
    let telling = if is_known || memory.is_idle(envelope) {
        Telling::routine(from, short)
    } else {
        Telling::step(from, short)
    };
    telling
        .long(format!("{what} never reaches {to}: {cause}"))
        .because("Messages may be lost: what matters is sent again", "§5.3, §5.5")
        .value(format!("{from} to {to}, term {}: {cause}", envelope.term))
}

/// Whom a candidate can't reach stands in the line that says whom it asks.
fn is_known_lost(memory: &Memory, envelope: &Envelope) -> bool {
    let is_request = envelope.message.kind() == MessageKind::VoteRequest;
    is_request || memory.is_told(envelope.from, envelope.to)
}

fn named(envelope: &Envelope) -> String {
    let from = envelope.from;
    match &envelope.message {
        Message::AppendRequest(request) if !request.entries.is_empty() => {
            let entries = &request.entries;
            format!(
                "{from}'s append {}",
                indices(entries.first_index(), entries.last_index())
            )
        }
        Message::AppendRequest(_)
        | Message::VoteRequest(_)
        | Message::VoteReply(_)
        | Message::AppendReply(_) => format!("{from}'s {}", message_name(envelope.message.kind())),
    }
}

pub(super) fn violated(property: &str, detail: &str) -> Telling {
    let (property, detail) = (readable(property.as_bytes()), readable(detail.as_bytes()));
    let (promise, section) = promise(&property);
    Telling::violation(format!("{property} broken"))
        .long(format!("{property} broken: {detail}"))
        .because(promise, section)
        .value(detail)
        .otherwise("With every rule of Raft kept, this can't happen: time stops here.")
}

/// What a property promises (Figure 3), by its name.
fn promise(property: &str) -> (&'static str, &'static str) {
    match property {
        "Election Safety" => ("At most one leader can be elected in a term", "Figure 3, §5.2"),
        "Leader Append-Only" => (
            "A leader never overwrites or deletes entries in its log; it only appends",
            "Figure 3, §5.3",
        ),
        "Log Matching" => (
            "Two logs with an entry of the same index and term are the same up to it",
            "Figure 3, §5.3",
        ),
        "Leader Completeness" => (
            "An entry committed in a term stands in the log of the leader of every later term",
            "Figure 3, §5.4",
        ),
        "State Machine Safety" => (
            "No two servers apply different entries at the same index",
            "Figure 3, §5.4.3",
        ),
        _ => ("This must hold at every moment", "Figure 3"),
    }
}
