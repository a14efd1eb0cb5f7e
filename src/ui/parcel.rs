//! A message in flight in a few words: what it is, from whom to whom, what it says, and where it is.

use std::time::Duration;

use crate::playground::{MessageId, MessageView, Snapshot, Whereabouts};
use crate::types::{
    AppendReply, Gossip, LogIndex, Message, MessageKind, PreVoteReply, SnapshotReply, VirtualTime, VoteReply,
};

/// What it is, and from whom to whom: `append S3→S1`.
pub fn label(message: &MessageView) -> String {
    let (from, to) = (message.envelope.from, message.envelope.to);
    format!("{} {from}→{to}", kind(&message.envelope.message))
}

/// What it is, in one or two words.
pub fn kind(message: &Message) -> &'static str {
    match message.kind() {
        MessageKind::VoteRequest => "asks-vote",
        MessageKind::VoteReply => "vote",
        MessageKind::Append => "append",
        MessageKind::Heartbeat => "heartbeat",
        MessageKind::AppendReply => "answer",
        MessageKind::PreVoteRequest => "asks-pre-vote",
        MessageKind::PreVoteReply => "pre-vote",
        MessageKind::InstallSnapshot => "piece",
        MessageKind::SnapshotReply => "got-piece",
        MessageKind::TimeoutNow => "stand-now",
        MessageKind::Forward => "request",
        MessageKind::ForwardReply => "reply",
        MessageKind::Gossip => "gossip",
        MessageKind::GossipReply => "gossip-back",
    }
}

/// What it says besides its term, in short.
pub fn says(message: &Message) -> String {
    match message {
        Message::VoteRequest(request) => format!("log ends at {}", request.last),
        Message::VoteReply(VoteReply::Granted) | Message::PreVoteReply(PreVoteReply::Granted { .. }) => {
            "yes".to_owned()
        }
        Message::VoteReply(VoteReply::Refused) | Message::PreVoteReply(PreVoteReply::Refused) => {
            "no".to_owned()
        }
        Message::PreVoteRequest(request) => {
            format!("for term {}, log ends at {}", request.asked, request.last)
        }
        Message::TimeoutNow(request) => format!("log ends at {}", request.last),
        Message::AppendRequest(request) => {
            let after = format!("after {}, commit {}", request.previous, request.commit);
            if request.entries.is_empty() {
                return after;
            }
            let (first, last) = (request.entries.first_index(), request.entries.last_index());
            format!("{} {after}", run_of(first, last))
        }
        Message::AppendReply(AppendReply::Matched { through, .. }) => format!("has all through {through}"),
        Message::AppendReply(AppendReply::Diverged { rejected, hint, .. }) => {
            format!("not {rejected}; try {hint}")
        }
        Message::AppendReply(AppendReply::StaleTerm) | Message::SnapshotReply(SnapshotReply::StaleTerm) => {
            "your term is over".to_owned()
        }
        Message::InstallSnapshot(piece) => format!(
            "of {}: bytes {}–{} of {}",
            piece.last,
            piece.offset,
            piece.offset.saturating_add(piece.data.len() as u64),
            piece.total
        ),
        Message::SnapshotReply(SnapshotReply::Received { last, bytes, .. }) => {
            format!("of {last}: has {bytes} bytes")
        }
        Message::Forward(_) | Message::ForwardReply(_) => "for a client".to_owned(),
        Message::Gossip(Gossip::Push(news) | Gossip::Reply(news)) => format!("{} routes", news.len()),
    }
}

/// Where it is: `in 3.2 ms`, `held, 3.2 ms left`, `at S2, frozen`.
pub fn state(message: &MessageView, now: VirtualTime) -> String {
    match message.whereabouts {
        Whereabouts::OnTheWire => format!("in {}", millis(message.due.since(now))),
        Whereabouts::Held { since } => format!("held, {} left", millis(message.due.since(since))),
        Whereabouts::Arrived => format!("at {}, frozen", message.envelope.to),
    }
}

/// A short duration in milliseconds, to a tenth.
pub fn millis(duration: Duration) -> String {
    let tenths = (duration.as_micros() + 50) / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// A message in flight, by its number.
pub fn find(snapshot: &Snapshot, id: MessageId) -> Option<&MessageView> {
    snapshot.messages.iter().find(|message| message.id == id)
}

/// `5`, or `5–7`.
fn run_of(first: LogIndex, last: LogIndex) -> String {
    if first == last {
        last.to_string()
    } else {
        format!("{first}–{last}")
    }
}
