//! Starts, stops, losses and broken promises, in words.

use super::election::message_name;
use super::gossip;
use super::hand;
use super::memory::Memory;
use super::telling::Telling;
use super::words::indices;
use crate::check::Property;
use crate::machine::readable;
use crate::playground::record::{Loss, Stop};
use crate::playground::story::Mark;
use crate::types::{AppendReply, Envelope, LogIndex, LogPosition, Message, MessageKind, NodeId, Term};

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
        Loss::NoRoute => ("no route is known", memory.is_told(from, to)),
        Loss::NobodyThere => ("it has moved", memory.is_told(from, to)),
        Loss::ByHand => return hand::dropped(envelope),
    };
    let short = format!("{what} to {to} is lost");
    // Where nobody but heartbeats finds out, those tell.
    let is_want_of_route = matches!(reason, Loss::NoRoute | Loss::NobodyThere);
    let telling = if is_known || (memory.is_idle(envelope) && !is_want_of_route) {
        Telling::routine(from, short)
    } else {
        Telling::step(from, short)
    };
    let telling = telling
        .long(format!("{} never reaches {to}: {cause}", named_in_full(envelope)))
        .because("Messages may be lost: what matters is sent again", "§5.3, §5.5")
        .value(format!("{from} to {to}, term {}: {cause}", envelope.term));
    gossip::want_of_route(telling, envelope, reason, memory.gossip())
}

/// Whom a candidate can't reach stands in the line that says whom it asks.
fn is_known_lost(memory: &Memory, envelope: &Envelope) -> bool {
    let is_request = envelope.message.kind() == MessageKind::VoteRequest;
    is_request || memory.is_told(envelope.from, envelope.to)
}

fn named_in_full(envelope: &Envelope) -> String {
    match &envelope.message {
        Message::AppendReply(AppendReply::Matched { through, .. }) => {
            format!("{}'s acknowledgement of {through}", envelope.from)
        }
        Message::AppendReply(AppendReply::Diverged { .. } | AppendReply::StaleTerm)
        | Message::AppendRequest(_)
        | Message::InstallSnapshot(_)
        | Message::SnapshotReply(_)
        | Message::PreVoteRequest(_)
        | Message::PreVoteReply(_)
        | Message::TimeoutNow(_)
        | Message::Forward(_)
        | Message::ForwardReply(_)
        | Message::Gossip(_)
        | Message::VoteRequest(_)
        | Message::VoteReply(_) => named(envelope),
    }
}

/// A message, by its sender and what it is: `S1's append 5`.
pub(super) fn named(envelope: &Envelope) -> String {
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
        | Message::AppendReply(_)
        | Message::InstallSnapshot(_)
        | Message::SnapshotReply(_)
        | Message::PreVoteRequest(_)
        | Message::PreVoteReply(_)
        | Message::TimeoutNow(_)
        | Message::Forward(_)
        | Message::ForwardReply(_)
        | Message::Gossip(_) => format!("{from}'s {}", message_name(envelope.message.kind())),
    }
}

pub(super) fn violated(property: &str, detail: &str) -> Telling {
    let (name, detail) = (spaced(property), readable(detail.as_bytes()));
    let telling = match Property::of_name(property) {
        Some(known) => {
            Telling::violation(format!("{name} broken")).because(known.sentence(), known.section())
        }
        None => {
            Telling::violation(format!("{name} broken")).because("This holds at every moment", "Figure 3")
        }
    };
    // The name stands in front already.
    let detail = match detail.split_once("): ") {
        Some((named, rest)) if named.starts_with(property) => rest.to_owned(),
        Some(_) | None => detail,
    };
    telling
        .long(format!("{name} broken: {detail}"))
        .value(detail)
        .otherwise("With every rule of Raft kept, this can't happen: time stops here.")
}

/// `Leader Completeness`, of `LeaderCompleteness`.
fn spaced(name: &str) -> String {
    let mut spaced = String::new();
    for character in readable(name.as_bytes()).chars() {
        if character.is_uppercase() && spaced.ends_with(char::is_lowercase) {
            spaced.push(' ');
        }
        spaced.push(character);
    }
    spaced
}
