//! The narrator: turns the trace into the Story.
//!
//! One record gives at most one line, and one fact is told once: a message by what its receiver does with it, a write by
//! the moment it is on disk, a vote by the voter. What heartbeats bring about is told as [`Weight::Routine`], which is
//! folded away unless asked for. Every line answers "why?" with the rule, the values that decided on both sides, the
//! section, and what would have made it different.
//!
//! Lines say what the records say and nothing of their own: the same trace gives the same Story. What a record only points
//! at (what stands at a log index, how long a timer ran) the narrator has kept in mind from records before, or from the
//! [`Snapshot`] that it began with. What it has not seen, it leaves out.

mod act;
mod client;
mod election;
mod event;
mod fault;
mod gossip;
mod hand;
mod made;
mod membership;
mod memory;
mod protection;
mod reading;
mod replication;
mod rerouting;
mod session;
mod snapshots;
mod telling;
mod words;

pub use words::node_names;

use self::memory::Memory;
use self::telling::Telling;
use super::record::{Happening, Record, Timer};
use super::snapshot::Snapshot;
use super::story::StoryLine;
#[cfg(doc)]
use super::story::Weight;
use crate::machine::Exhibit;
use crate::types::VirtualTime;

/// Says what a command is, in a few characters.
type Describe = fn(&[u8]) -> String;

/// Tells the Story of one world.
#[derive(Clone, Debug)]
pub struct Narrator {
    describe: Describe,
    memory: Memory,
}

impl Narrator {
    /// A narrator that has seen nothing yet, for a world at its beginning.
    ///
    /// `describe` says what a command is in a few characters. It need not take care of what a screen can't show.
    pub fn new(describe: fn(&[u8]) -> String) -> Self {
        Self {
            describe,
            memory: Memory::default(),
        }
    }

    /// A narrator for a world with machines of type `M`, that goes on from one moment.
    ///
    /// It goes on as one that has told everything before, but for what was to be told only once: that a dead link carries
    /// nothing, it may tell once more.
    pub fn from_here<M: Exhibit>(snapshot: &Snapshot) -> Self {
        Self {
            describe: M::describe,
            memory: Memory::of(snapshot),
        }
    }

    /// Tells a record, if it is worth a line. Every record must be told, in order: later lines build on it.
    pub fn tell(&mut self, record: &Record) -> Option<StoryLine> {
        let telling = self.line(record.at, &record.what);
        self.memory.note(record);
        telling.map(|telling| telling.of(record))
    }

    fn line(&self, at: VirtualTime, what: &Happening) -> Option<Telling> {
        let (memory, describe) = (&self.memory, self.describe);
        match what {
            Happening::Commanded(command) => act::commanded(memory, describe, command),
            Happening::ClientAsked(command) => act::client_asked(describe, command),
            Happening::Started {
                node,
                term,
                last,
                torn_bytes,
            } => Some(fault::started(*node, *term, *last, *torn_bytes)),
            Happening::Stopped { node, how } => fault::stopped(memory, *node, how),
            Happening::Node { node, event } => event::line(memory, describe, *node, event),
            Happening::Routes { node, event } => Some(gossip::event(*node, event)),
            Happening::JoinSentOn { seed, leader } => Some(gossip::join_sent_on(*seed, *leader)),
            Happening::TimerFired { node, timer, .. } => match timer {
                // The election says so itself.
                Timer::Election => None,
                Timer::Heartbeat => Some(replication::heartbeat_due(*node)),
            },
            Happening::Sent { envelope, .. } => election::asks(memory, envelope),
            Happening::Delivered { envelope, .. } => replication::delivered(memory, envelope),
            Happening::Handled { envelope, how, .. } => Some(hand::handled(at, envelope, *how)),
            Happening::Lost { envelope, reason, .. } => Some(fault::message_lost(memory, envelope, *reason)),
            Happening::SnapshotBegun { node, index, .. } => Some(snapshots::begun(*node, *index)),
            Happening::SnapshotFailed { node, reason } => Some(snapshots::failed(*node, reason)),
            // The moment that matters is the one at which it is on disk.
            Happening::WriteBegun { .. } => None,
            Happening::Applied {
                node,
                position,
                payload,
                execution,
            } => Some(client::applied(describe, *node, *position, payload, execution)),
            Happening::Answered { node, answer, .. } => client::answered(memory, describe, *node, answer),
            Happening::Violated { property, detail } => Some(fault::violated(property, detail)),
        }
    }
}

#[cfg(test)]
mod tests;
