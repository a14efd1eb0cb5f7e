//! Whether a condition is met, as time goes.

use super::condition::{Condition, EntryPlace, Fact};
use super::deed::Deed;
use crate::playground::{NodeView, Snapshot, TimedCommand};
use crate::types::{LogIndex, NodeId, VirtualTime};

/// Waits for a condition.
#[derive(Clone, Debug)]
pub struct Watch {
    condition: Condition,
    /// Since when each of its facts has held without a break, where it does.
    since: Vec<Option<VirtualTime>>,
}

impl Watch {
    /// One that has seen nothing yet.
    pub fn new(condition: Condition) -> Self {
        let since = vec![None; condition.facts().len()];
        Self { condition, since }
    }

    /// What it waits for.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Looks at a moment, and at what was done since the wait began. What is to last must hold at each moment that is looked at.
    pub fn is_met(&mut self, snapshot: &Snapshot, commands: &[TimedCommand]) -> bool {
        let mut is_met = true;
        for (fact, since) in self.condition.facts().iter().zip(&mut self.since) {
            if !holds(fact, snapshot, commands) {
                *since = None;
                is_met = false;
                continue;
            }
            let begun = *since.get_or_insert(snapshot.now);
            if let Fact::NoLeader { lasting, .. } = fact {
                is_met &= snapshot.now.since(begun) >= *lasting;
            }
        }
        is_met
    }
}

fn holds(fact: &Fact, snapshot: &Snapshot, commands: &[TimedCommand]) -> bool {
    let leaders = || snapshot.leaders();
    match fact {
        Fact::Violation(property) => snapshot.broken.contains(&property.name()),
        Fact::Sound => snapshot.broken.is_empty(),
        Fact::ALeader => !leaders().is_empty(),
        Fact::Leaders(count) => leaders().len() == *count,
        Fact::NoLeader { up, .. } => leaders().is_empty() && up.is_none_or(|up| are_up(snapshot, up)),
        Fact::Leads(id, term) => leaders()
            .iter()
            .any(|leader| leader.id == *id && term.is_none_or(|term| leader.term == term)),
        Fact::Reached(term) => snapshot.nodes.iter().any(|node| node.term >= *term),
        Fact::Entry(command, EntryPlace::Committed) => {
            let is_committed = |node: &NodeView| indices(node, command).any(|index| index <= node.commit);
            snapshot.nodes.iter().any(is_committed)
        }
        Fact::Entry(command, EntryPlace::At(id)) => {
            of(snapshot, *id).is_some_and(|node| indices(node, command).next().is_some())
        }
        Fact::Entry(command, EntryPlace::Nowhere) => {
            let lacks = |node: &NodeView| indices(node, command).next().is_none();
            snapshot.nodes.iter().all(lacks)
        }
        Fact::Commit(index, id) => {
            of(snapshot, *id).is_some_and(|node| node.is_up() && node.commit >= *index)
        }
        Fact::Value { key, value, node } => of(snapshot, *node).is_some_and(|node| {
            let mut contents = node.contents.iter();
            contents.any(|(known, held)| (known, held) == (key, value))
        }),
        Fact::Is(id, condition) => of(snapshot, *id).is_some_and(|node| node.condition == *condition),
        Fact::Snapshot(id) => of(snapshot, *id).is_some_and(|node| node.snapshot.is_some()),
        Fact::Voters(voters) => snapshot
            .configuration()
            .is_some_and(|known| known.voters == *voters && known.outgoing.is_none()),
        Fact::You(deed) => commands.iter().any(|timed| Deed::of(&timed.command) == *deed),
    }
}

fn are_up(snapshot: &Snapshot, (up, of): (usize, usize)) -> bool {
    let is_up = |node: &&NodeView| node.is_up();
    snapshot.nodes.len() == of && snapshot.nodes.iter().filter(is_up).count() >= up
}

fn of(snapshot: &Snapshot, id: NodeId) -> Option<&NodeView> {
    snapshot.node(id)
}

/// Where a command stands in a node's log.
fn indices<'a>(node: &'a NodeView, command: &'a str) -> impl Iterator<Item = LogIndex> + 'a {
    let entries = node.log.iter();
    let is_it = |carried: &[u8]| carried == command.as_bytes();
    entries
        .filter(move |(_, entry)| entry.payload.command().is_some_and(|carried| is_it(carried)))
        .map(|(index, _)| index)
}
