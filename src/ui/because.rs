//! Why a thing is as it is: the line of the story that made a message, an entry, a vote, a node what it is.
//!
//! Nothing is recorded for this: what a line made stands in the line. Where no line did, a sentence says so.

use super::hand::Hand;
use super::parcel;
use crate::playground::{
    Choice, Condition, Made, MessageId, MessageView, NodeView, RoleView, Snapshot, StoryLine,
};
use crate::types::{AppendReply, LogIndex, Message, NodeId, VirtualTime};

/// No line is later.
const END: VirtualTime = VirtualTime::from_nanos(u64::MAX);

/// A thing on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A message in flight.
    Message(MessageId),
    /// An entry of a node's log.
    Entry {
        /// The node.
        node: NodeId,
        /// The entry.
        index: LogIndex,
    },
    /// What a node is.
    Node(NodeId),
    /// A node's vote in its term.
    Vote(NodeId),
}

/// Why a thing is as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// The thing, in words.
    pub thing: String,
    /// What made it so.
    pub cause: Cause,
    /// Where it was asked, to be there again afterwards.
    pub asked_in: Option<AskedIn>,
}

/// Where it was asked why a thing is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedIn {
    /// In the list of messages.
    Messages(Hand),
    /// With a finger on the logs.
    Logs(Option<LogIndex>),
}

/// What made a thing what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// This line of the story, by its place.
    Line(usize),
    /// No line: why there is none.
    Untold(String),
}

/// What is to be explained of what can happen next.
pub fn thing_of(snapshot: &Snapshot, choice: Choice) -> Thing {
    match choice {
        Choice::Message(id) => Thing::Message(id),
        Choice::Write(node) | Choice::Snapshot(node) => match snapshot.node(node) {
            Some(view) if view.durable < view.log.last_index() => Thing::Entry {
                node,
                index: view.log.last_index(),
            },
            Some(_) | None => Thing::Node(node),
        },
        Choice::Timer(node) | Choice::Gossip(node) => Thing::Node(node),
    }
}

/// Finds the line that made a thing what it is, among those that have passed.
///
/// # Errors
///
/// A sentence, where there is no such thing.
pub fn find(thing: Thing, snapshot: &Snapshot, passed: &[StoryLine]) -> Result<Because, String> {
    let node = |id| {
        let found = snapshot.node(id);
        found.ok_or_else(|| super::prompt::no_such_node(snapshot, id))
    };
    let (thing, cause) = match thing {
        Thing::Message(id) => {
            let message =
                parcel::find(snapshot, id).ok_or_else(|| format!("{id} is not in flight any more"))?;
            of_message(message, passed)
        }
        Thing::Entry { node: id, index } => of_entry(node(id)?, index, passed)?,
        Thing::Node(id) => of_node(node(id)?, passed),
        Thing::Vote(id) => of_vote(node(id)?, passed),
    };
    Ok(Because {
        thing,
        cause,
        asked_in: None,
    })
}

/// The last line of a node up to a time that made something of this kind.
fn last_line(
    passed: &[StoryLine],
    node: NodeId,
    until: VirtualTime,
    is_it: impl Fn(Made) -> bool,
) -> Option<usize> {
    let made_it =
        |line: &StoryLine| line.node == Some(node) && line.at <= until && line.made.is_some_and(&is_it);
    passed.iter().rposition(made_it)
}

fn or_untold(line: Option<usize>, sentence: impl Into<String>) -> Cause {
    line.map_or_else(|| Cause::Untold(sentence.into()), Cause::Line)
}

fn is_standing(made: Made) -> bool {
    made == Made::Standing
}

fn holds(made: Made, index: LogIndex) -> bool {
    matches!(made, Made::Entries { first, last } if first <= index && index <= last)
}

fn of_message(message: &MessageView, passed: &[StoryLine]) -> (String, Cause) {
    let envelope = &message.envelope;
    let (from, to) = (envelope.from, envelope.to);
    let line = |is_it: &dyn Fn(Made) -> bool| last_line(passed, from, message.sent, is_it);
    let untold = "No line of the story tells what sent it: heartbeats, and what only follows from them, are folded away.";
    let cause = match &envelope.message {
        Message::VoteReply(_) | Message::PreVoteReply(_) => {
            or_untold(line(&|made| made == Made::Vote { candidate: to }), untold)
        }
        Message::AppendRequest(request) if !request.entries.is_empty() => {
            // Entries older than the leadership are sent because of it.
            let last = request.entries.last_index();
            or_untold(line(&|made| is_standing(made) || holds(made, last)), untold)
        }
        Message::AppendReply(AppendReply::Matched { through, .. }) => {
            or_untold(line(&|made| holds(made, *through)), untold)
        }
        Message::AppendReply(AppendReply::Diverged { .. }) => {
            or_untold(line(&|made| made == Made::Misfit), untold)
        }
        Message::InstallSnapshot(_) => {
            or_untold(line(&|made| made == Made::Sending { follower: to }), untold)
        }
        Message::VoteRequest(_)
        | Message::PreVoteRequest(_)
        | Message::TimeoutNow(_)
        | Message::AppendRequest(_) => or_untold(line(&is_standing), untold),
        Message::AppendReply(AppendReply::StaleTerm) | Message::SnapshotReply(_) => Cause::Untold(format!(
            "It is {from}'s answer to what {to} sent; no line tells of it."
        )),
        Message::Forward(_) | Message::ForwardReply(_) => Cause::Untold(
            "It carries what a client wants to the leader, or the answer back; no line tells of it."
                .to_owned(),
        ),
        Message::Gossip(_) => Cause::Untold(
            "Nodes tell each other now and then where they are reached; no line tells of it.".to_owned(),
        ),
    };
    let says = parcel::says(&envelope.message);
    (
        format!("{}, sent {} s: {says}", parcel::label(message), message.sent),
        cause,
    )
}

fn of_entry(node: &NodeView, index: LogIndex, passed: &[StoryLine]) -> Result<(String, Cause), String> {
    let id = node.id;
    if index < node.log.first_index() {
        let cause = Cause::Untold(format!(
            "{id}'s snapshot stands for it: the entry has left the log (§7)."
        ));
        return Ok((format!("entry {index} of {id}"), cause));
    }
    let term = node.log.term_at(index);
    let term = term.ok_or_else(|| {
        format!(
            "{id}'s log has no entry {index}: it ends at {}",
            node.log.last_index()
        )
    })?;
    let line = last_line(passed, id, END, |made| holds(made, index));
    let untold = format!("{id} had it before the story begins, and no line tells how it came there.");
    Ok((
        format!("entry {index} of {id}, of term {term}"),
        or_untold(line, untold),
    ))
}

fn of_node(node: &NodeView, passed: &[StoryLine]) -> (String, Cause) {
    let id = node.id;
    let role = match (&node.role, node.condition) {
        (_, Condition::Down) => "down",
        (_, Condition::Frozen) => "frozen",
        (RoleView::Leader { .. }, Condition::Up) => "leader",
        (RoleView::Candidate { .. }, Condition::Up) => "candidate",
        (RoleView::PreCandidate { .. }, Condition::Up) => "pre-candidate",
        (RoleView::Follower { .. }, Condition::Up) => "follower",
    };
    // A follower may be in its term for no more than a vote.
    let is_it = |made| is_standing(made) || matches!(made, Made::Vote { .. });
    let line = last_line(passed, id, END, is_it);
    let untold = format!(
        "A server starts as a follower and stays one while it hears of a leader (§5.2): no line tells of {id}."
    );
    (
        format!("{id}: {role}, term {}", node.term),
        or_untold(line, untold),
    )
}

fn of_vote(node: &NodeView, passed: &[StoryLine]) -> (String, Cause) {
    let (id, term) = (node.id, node.term);
    let Some(vote) = node.vote else {
        let cause = Cause::Untold(format!(
            "{id} has given no vote in term {term}: nobody asked, or it refused."
        ));
        return (format!("{id}'s vote in term {term}"), cause);
    };
    let line = last_line(passed, id, END, |made| {
        made == Made::Vote { candidate: vote } || vote == id && is_standing(made)
    });
    let untold = format!("{id} gave it before the story begins.");
    (
        format!("{id}'s vote in term {term}: {vote}"),
        or_untold(line, untold),
    )
}
