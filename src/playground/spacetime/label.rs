//! What stands by an arrow: the letter that the screen has for the message, and the value that matters.

use crate::types::{AppendReply, Envelope, LogIndex, Message, PreVoteReply, SnapshotReply, VoteReply};

/// What stands by an arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) kind: Kind,
    /// How far the sender says that its log equals the leader's.
    pub(super) matched: Option<LogIndex>,
}

/// How an arrow is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heartbeat, or the answer to one.
    Routine,
    /// About an election.
    Vote,
    /// About entries.
    Append,
    /// Anything else.
    Other,
}

/// The label of a message; `known` is how far its sender had matched before.
pub(super) fn label_of(envelope: &Envelope, known: Option<LogIndex>) -> Label {
    let term = envelope.term;
    let label = |text: String, kind| Label {
        text,
        kind,
        matched: None,
    };
    match &envelope.message {
        Message::PreVoteRequest(request) => label(format!("P t{}", request.asked), Kind::Vote),
        Message::PreVoteReply(PreVoteReply::Granted { .. }) => label("p+".to_owned(), Kind::Vote),
        Message::PreVoteReply(PreVoteReply::Refused) => label("p−".to_owned(), Kind::Vote),
        Message::VoteRequest(_) => label(format!("V t{term}"), Kind::Vote),
        Message::VoteReply(VoteReply::Granted) => label("v+".to_owned(), Kind::Vote),
        Message::VoteReply(VoteReply::Refused) => label("v−".to_owned(), Kind::Vote),
        Message::AppendRequest(request) if request.entries.is_empty() => label(String::new(), Kind::Routine),
        Message::AppendRequest(request) => {
            let first = request.previous.index.next();
            let last = request.last_index();
            let range = if first == last {
                format!("A {first}")
            } else {
                format!("A {first}–{last}")
            };
            label(range, Kind::Append)
        }
        Message::AppendReply(AppendReply::Matched { through, .. }) => Label {
            matched: Some(*through),
            ..if known.is_some_and(|known| known >= *through) {
                label(String::new(), Kind::Routine)
            } else {
                label(format!("a+ {through}"), Kind::Append)
            }
        },
        Message::AppendReply(AppendReply::Diverged { .. }) => label("a−".to_owned(), Kind::Append),
        Message::AppendReply(AppendReply::StaleTerm) => label(format!("a− t{term}"), Kind::Append),
        Message::InstallSnapshot(_) => label("S".to_owned(), Kind::Other),
        Message::SnapshotReply(SnapshotReply::Received { .. }) => label("s+".to_owned(), Kind::Other),
        Message::SnapshotReply(SnapshotReply::StaleTerm) => label("s−".to_owned(), Kind::Other),
        Message::TimeoutNow(_) => label("T".to_owned(), Kind::Other),
        Message::Forward(_) => label("F".to_owned(), Kind::Other),
        Message::ForwardReply(_) => label("f".to_owned(), Kind::Other),
        Message::Gossip(_) => label(String::new(), Kind::Routine),
    }
}
