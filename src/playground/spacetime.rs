//! Space-time diagrams, as Lamport drew them: a line for each node, time to the right, an arrow for each message from where it was sent to where it
//! arrived. Turning points are numbered, and told below in words. Made to be printed: nothing hangs on a colour alone.

mod draw;
mod label;

use std::collections::BTreeMap;

use self::label::{Label, label_of};
use super::command::Command;
use super::narrate::Narrator;
use super::record::{Happening, Record};
use super::snapshot::{Condition, MessageId, RoleView, Snapshot};
use super::story::StoryLine;
use crate::consensus::Event;
use crate::machine::Exhibit;
use crate::types::{Envelope, LogIndex, NodeId, VirtualTime};

/// Hears everything that happens from a moment on, and keeps what is to be drawn of it.
#[derive(Clone, Debug)]
pub struct Spacetime {
    from: VirtualTime,
    to: VirtualTime,
    narrator: Narrator,
    lanes: BTreeMap<NodeId, Lane>,
    messages: BTreeMap<MessageId, Flight>,
    arrows: Vec<Arrow>,
    turns: Vec<StoryLine>,
    /// How far each follower has said that its log equals a leader's: an answer that says no more is a heartbeat's.
    matched: BTreeMap<NodeId, LogIndex>,
}

/// A node's line.
#[derive(Clone, Debug)]
struct Lane {
    standing: Standing,
    is_frozen: bool,
    since: VirtualTime,
    spans: Vec<Span>,
}

/// How a node's line is drawn for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: VirtualTime,
    to: VirtualTime,
    standing: Standing,
    is_frozen: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Down,
    Follows,
    Stands,
    Leads,
}

/// A message that was sent.
#[derive(Clone, Debug)]
struct Flight {
    sent: VirtualTime,
    due: Option<VirtualTime>,
    envelope: Envelope,
    label: Label,
    is_over: bool,
}

/// A message as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arrow {
    from: NodeId,
    to: NodeId,
    /// When it was sent, where that was seen.
    sent: Option<VirtualTime>,
    end: End,
    label: Label,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Arrived(VirtualTime),
    Lost(VirtualTime),
    /// It is still on its way.
    UnderWay(VirtualTime),
}

impl Spacetime {
    /// A diagram of what will happen between two moments, in a world that looks like this.
    pub fn new<M: Exhibit>(snapshot: &Snapshot, from: VirtualTime, to: VirtualTime) -> Self {
        let lanes = snapshot.nodes.iter().map(|node| {
            let standing = match (node.condition, &node.role) {
                (Condition::Down, _) => Standing::Down,
                (Condition::Up | Condition::Frozen, RoleView::Leader { .. }) => Standing::Leads,
                (
                    Condition::Up | Condition::Frozen,
                    RoleView::Candidate { .. } | RoleView::PreCandidate { .. },
                ) => Standing::Stands,
                (Condition::Up | Condition::Frozen, RoleView::Follower { .. }) => Standing::Follows,
            };
            (
                node.id,
                Lane::new(standing, node.condition == Condition::Frozen, snapshot.now),
            )
        });
        let messages = snapshot.messages.iter().map(|message| {
            let flight = Flight {
                sent: message.sent,
                due: Some(message.due),
                envelope: message.envelope.clone(),
                label: label_of(&message.envelope, None),
                is_over: false,
            };
            (message.id, flight)
        });
        Self {
            from,
            to,
            narrator: Narrator::from_here::<M>(snapshot),
            lanes: lanes.collect(),
            messages: messages.collect(),
            arrows: Vec::new(),
            turns: Vec::new(),
            matched: BTreeMap::new(),
        }
    }

    /// Hears what happened next. All of it must be heard, in order.
    pub fn note(&mut self, record: &Record) {
        if record.at > self.to {
            return;
        }
        let line = self.narrator.tell(record);
        self.turns
            .extend(line.filter(|line| line.mark.is_some() && record.at >= self.from));
        self.note_standing(record);
        self.note_message(record);
    }

    fn note_standing(&mut self, record: &Record) {
        let at = record.at;
        match &record.what {
            Happening::Started { node, .. } => {
                let lane = self.lanes.entry(*node);
                let lane = lane.or_insert_with(|| Lane::new(Standing::Down, false, at));
                lane.turn(at, Standing::Follows, false);
            }
            Happening::Stopped { node, .. } => self.turn(*node, at, Standing::Down),
            Happening::Commanded(Command::Freeze(node)) => self.freeze(*node, at, true),
            Happening::Commanded(Command::Thaw(node)) => self.freeze(*node, at, false),
            Happening::Node { node, event } => {
                if let Some(standing) = standing_after(event) {
                    self.turn(*node, at, standing);
                }
            }
            Happening::Commanded(_)
            | Happening::Routes { .. }
            | Happening::JoinSentOn { .. }
            | Happening::TimerFired { .. }
            | Happening::Sent { .. }
            | Happening::Delivered { .. }
            | Happening::Lost { .. }
            | Happening::WriteBegun { .. }
            | Happening::SnapshotBegun { .. }
            | Happening::SnapshotFailed { .. }
            | Happening::Applied { .. }
            | Happening::Answered { .. }
            | Happening::Violated { .. }
            | Happening::ClientAsked(_)
            | Happening::Handled { .. } => {}
        }
    }

    fn turn(&mut self, node: NodeId, at: VirtualTime, standing: Standing) {
        if let Some(lane) = self.lanes.get_mut(&node) {
            let is_frozen = lane.is_frozen && standing != Standing::Down;
            lane.turn(at, standing, is_frozen);
        }
    }

    fn freeze(&mut self, node: NodeId, at: VirtualTime, is_frozen: bool) {
        if let Some(lane) = self.lanes.get_mut(&node) {
            lane.turn(at, lane.standing, is_frozen);
        }
    }

    fn note_message(&mut self, record: &Record) {
        let at = record.at;
        if let Happening::Sent {
            message,
            envelope,
            due,
        } = &record.what
        {
            let known = self.matched.get(&envelope.from).copied();
            let label = label_of(envelope, known);
            if let Some(through) = label.matched {
                self.matched.insert(envelope.from, through);
            }
            let flight = Flight {
                sent: at,
                due: *due,
                envelope: envelope.clone(),
                label,
                is_over: false,
            };
            self.messages.insert(*message, flight);
        } else if let Happening::Delivered { message, envelope } = &record.what {
            self.end(*message, envelope, End::Arrived(at));
        } else if let Happening::Lost {
            message, envelope, ..
        } = &record.what
        {
            self.end(*message, envelope, End::Lost(at));
        }
        // What was sent long before can still arrive, but hardly so much later.
        if self.messages.len() > FLIGHTS_MOST {
            self.messages.retain(|_, flight| !flight.is_over);
        }
    }

    fn end(&mut self, message: MessageId, envelope: &Envelope, end: End) {
        let flight = self.messages.get_mut(&message);
        let label = flight
            .as_ref()
            .map_or_else(|| label_of(envelope, None), |flight| flight.label.clone());
        let sent = flight.as_ref().map(|flight| flight.sent);
        if let Some(flight) = flight {
            flight.is_over = true;
        }
        if end.at() >= self.from {
            self.arrows.push(Arrow {
                from: envelope.from,
                to: envelope.to,
                sent,
                end,
                label,
            });
        }
    }

    /// The diagram as SVG.
    pub fn svg(mut self, title: &str) -> String {
        let (from, to) = (self.from, self.to);
        for lane in self.lanes.values_mut() {
            lane.turn(to, lane.standing, lane.is_frozen);
            lane.spans
                .retain(|span| span.to >= from && span.standing != Standing::Down);
        }
        let under_way = self
            .messages
            .values()
            .filter(|flight| !flight.is_over && flight.sent <= to);
        let under_way = under_way.filter_map(|flight| {
            Some(Arrow {
                from: flight.envelope.from,
                to: flight.envelope.to,
                sent: Some(flight.sent),
                end: End::UnderWay(flight.due?),
                label: flight.label.clone(),
            })
        });
        let under_way: Vec<Arrow> = under_way.collect();
        self.arrows.extend(under_way);
        draw::Sheet::of(&self, title).draw()
    }
}

/// So many messages that are over are remembered, for those that arrive twice.
const FLIGHTS_MOST: usize = 10_000;

impl Lane {
    fn new(standing: Standing, is_frozen: bool, since: VirtualTime) -> Self {
        Self {
            standing,
            is_frozen,
            since,
            spans: Vec::new(),
        }
    }

    fn turn(&mut self, at: VirtualTime, standing: Standing, is_frozen: bool) {
        self.spans.push(Span {
            from: self.since,
            to: at,
            standing: self.standing,
            is_frozen: self.is_frozen,
        });
        (self.since, self.standing, self.is_frozen) = (at, standing, is_frozen);
    }
}

impl End {
    fn at(self) -> VirtualTime {
        match self {
            Self::Arrived(at) | Self::Lost(at) | Self::UnderWay(at) => at,
        }
    }
}

/// What a node is after an event, where the event changes that.
fn standing_after(event: &Event) -> Option<Standing> {
    if let Event::BecameLeader { .. } = event {
        Some(Standing::Leads)
    } else if let Event::ElectionStarted { .. } | Event::PreVoteStarted { .. } = event {
        Some(Standing::Stands)
    } else if let Event::AdoptedTerm { .. }
    | Event::RecognisedLeader { .. }
    | Event::LostQuorum { .. }
    | Event::RemovedItself { .. } = event
    {
        Some(Standing::Follows)
    } else {
        None
    }
}
