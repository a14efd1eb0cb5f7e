//! What can happen next, for whoever chooses: a world as a model checker sees it.

use super::command::Command;
use super::snapshot::{Condition, MessageId, NodeView, Snapshot, Whereabouts};
use crate::types::{NodeId, VirtualTime};

/// Something that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// This message arrives.
    Message(MessageId),
    /// This node's timer runs out: a leader's heartbeat timer, anyone else's election timer.
    Timer(NodeId),
    /// This node's disk is done with the first write under way.
    Write(NodeId),
    /// This node is done with the snapshot that it takes.
    Snapshot(NodeId),
    /// This node gossips.
    Gossip(NodeId),
}

impl Choice {
    /// What has it happen now.
    pub fn command(self) -> Command {
        match self {
            Self::Message(id) => Command::Deliver(id),
            Self::Timer(id) => Command::FireTimer(id),
            Self::Write(id) => Command::FinishWrite(id),
            Self::Snapshot(id) => Command::FinishSnapshot(id),
            Self::Gossip(id) => Command::GossipNow(id),
        }
    }
}

impl Snapshot {
    /// All that can happen next, and when it would by itself: in the order in which it would. A frozen node does nothing, and what
    /// is held goes nowhere.
    pub fn choices(&self) -> Vec<(VirtualTime, Choice)> {
        let on_the_wire = |message: &&super::MessageView| message.whereabouts == Whereabouts::OnTheWire;
        let messages = self.messages.iter().filter(on_the_wire);
        let mut choices: Vec<(VirtualTime, Choice)> = messages
            .map(|message| (message.due, Choice::Message(message.id)))
            .collect();
        let up = self.nodes.iter().filter(|node| node.condition == Condition::Up);
        for node in up {
            choices.extend(self.choices_of(node));
        }
        choices.sort_unstable();
        choices
    }

    fn choices_of(&self, node: &NodeView) -> impl Iterator<Item = (VirtualTime, Choice)> {
        let id = node.id;
        let timer = node.timer.map(|timer| (timer.deadline, Choice::Timer(id)));
        let write = node.writes.first().map(|(_, due)| (*due, Choice::Write(id)));
        let taking = node
            .taking
            .and_then(|(_, due)| Some((due?, Choice::Snapshot(id))));
        let gossip = self.gossip.get(&id).map(|due| (*due, Choice::Gossip(id)));
        [timer, write, taking, gossip].into_iter().flatten()
    }
}
