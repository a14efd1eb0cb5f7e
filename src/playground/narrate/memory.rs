//! What a narrator keeps in mind, so that a line can name what an event only points at.

mod network;
mod node;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use self::network::NetworkMemory;
pub(super) use self::node::{NodeMemory, Standing};
use crate::consensus::{Event, IgnoredInput, Rule, RuleSet, Switch};
use crate::node::RouteEvent;
use crate::playground::command::Command;
use crate::playground::record::{Happening, Loss, Record, Stop};
use crate::playground::snapshot::{NodeView, Snapshot};
use crate::types::{
    AppendReply, Entry, Envelope, Guarded, LogIndex, Message, MessageKind, NodeId, Payload, Term,
};

/// How many proposals on their way to a node are kept in mind.
const PROPOSALS_KEPT: usize = 1024;

/// What has been seen of the world.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    nodes: BTreeMap<NodeId, NodeMemory>,
    /// What stands for a node that has not been seen.
    unseen: NodeMemory,
    network: NetworkMemory,
    gossip: Switch,
    auto_promote: Switch,
    rules: RuleSet,
    /// Proposals made, with the node they were for, and not yet taken or refused.
    proposals: VecDeque<(Option<NodeId>, Payload)>,
    /// What a client proposed last.
    last_proposed: Option<Payload>,
}

impl Memory {
    /// What can be seen of a world at one moment.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let node = |view: &NodeView| (view.id, NodeMemory::of(view));
        Self {
            nodes: snapshot.nodes.iter().map(node).collect(),
            network: NetworkMemory::of(snapshot),
            gossip: snapshot.settings.gossip,
            auto_promote: snapshot.settings.auto_promote,
            rules: snapshot.settings.rules,
            ..Self::default()
        }
    }

    /// What has been seen of a node; nothing, where it has not been.
    pub(super) fn node(&self, id: NodeId) -> &NodeMemory {
        self.nodes.get(&id).unwrap_or(&self.unseen)
    }

    /// What the entry at `index` of a node carries: `None` where that was never seen.
    pub(super) fn entry(&self, id: NodeId, index: LogIndex) -> Option<&Entry> {
        self.nodes.get(&id)?.entries.get(&index)
    }

    /// What a client has at `index` of a node: `None` where that was never seen, or is of no client.
    pub(super) fn request_at(&self, id: NodeId, index: LogIndex) -> Option<&Payload> {
        let payload = &self.entry(id, index)?.payload;
        match payload {
            Payload::Noop | Payload::Configuration(_) | Payload::ClusterTime(_) => None,
            Payload::Command(_)
            | Payload::OpenSession { .. }
            | Payload::CloseSession(_)
            | Payload::Guarded(_) => Some(payload),
        }
    }

    /// Whether the entry at `index` of a node is a stamp of the time.
    pub(super) fn is_stamp(&self, id: NodeId, index: LogIndex) -> bool {
        let entry = self.entry(id, index);
        entry.is_some_and(|entry| matches!(entry.payload, Payload::ClusterTime(_)))
    }

    /// Whether the entry at `index` that a node has just got is one.
    pub(super) fn is_received_stamp(&self, id: NodeId, index: LogIndex) -> bool {
        let received = self.node(id).received.as_ref().map(|envelope| &envelope.message);
        let Some(Message::AppendRequest(request)) = received else {
            return false;
        };
        let entry = request.entries.entry(index);
        entry.is_some_and(|entry| matches!(entry.payload, Payload::ClusterTime(_)))
    }

    /// What a client proposed last.
    pub(super) fn last_proposed(&self) -> Option<&Payload> {
        self.last_proposed.as_ref()
    }

    /// The proposal that a node is about to take or refuse.
    pub(super) fn proposal_for(&self, id: NodeId) -> Option<&Payload> {
        self.place_of_proposal(id).map(|place| &self.proposals[place].1)
    }

    /// The node that leads the highest term.
    pub(super) fn leader(&self) -> Option<NodeId> {
        let leads = |node: &NodeMemory| !node.is_down && matches!(node.standing, Standing::Leader { .. });
        let leaders = self.nodes.iter().filter(|(_, node)| leads(node));
        leaders.max_by_key(|(_, node)| node.term).map(|(&id, _)| id)
    }

    /// Which of these nodes a node can't reach.
    pub(super) fn unreachable_from(&self, from: NodeId, nodes: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let is_cut = |to: &&NodeId| !self.network.carries(from, **to);
        nodes.iter().filter(is_cut).copied().collect()
    }

    /// Which of these nodes are down.
    pub(super) fn down_among(&self, nodes: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let is_down = |id: &&NodeId| self.nodes.get(id).is_some_and(|node| node.is_down);
        nodes.iter().filter(is_down).copied().collect()
    }

    /// Whether learners that keep up become voters by themselves.
    pub(super) fn auto_promote(&self) -> Switch {
        self.auto_promote
    }

    /// Whether a rule is kept.
    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.rules.keeps(rule)
    }

    /// Whether who says that it has an entry has it on disk.
    pub(super) fn copies_are_durable(&self) -> bool {
        self.keeps(Rule::PersistEntriesBeforeAcknowledging) && self.keeps(Rule::LeaderCountsFlushedOnly)
    }

    /// Whether nodes gossip.
    pub(super) fn gossip(&self) -> Switch {
        self.gossip
    }

    /// Whether it has been told that a link carries nothing.
    pub(super) fn is_told(&self, from: NodeId, to: NodeId) -> bool {
        self.network.told.contains(&(from, to))
    }

    /// Whether a message is a heartbeat, or an answer that tells the leader nothing new.
    pub(super) fn is_idle(&self, envelope: &Envelope) -> bool {
        match &envelope.message {
            Message::AppendRequest(request) => request.entries.is_empty(),
            Message::InstallSnapshot(request) => request.data.is_empty(),
            Message::AppendReply(AppendReply::Matched { through, .. }) => {
                let leader = self.node(envelope.to);
                leader.holders_of(envelope.to, *through).contains(&envelope.from)
            }
            Message::AppendReply(AppendReply::Diverged { .. } | AppendReply::StaleTerm)
            | Message::SnapshotReply(_)
            | Message::PreVoteRequest(_)
            | Message::PreVoteReply(_)
            | Message::TimeoutNow(_)
            | Message::Forward(_)
            | Message::ForwardReply(_)
            | Message::VoteRequest(_)
            | Message::VoteReply(_) => false,
            Message::Gossip(_) => true,
        }
    }

    /// Takes note of what happened, after it was told.
    pub(super) fn note(&mut self, record: &Record) {
        match &record.what {
            Happening::Commanded(command) | Happening::ClientAsked(command) => self.note_command(command),
            Happening::Started { node, term, last, .. } => self.note_start(*node, *term, last.index),
            Happening::Stopped { node, how } => self.note_stop(*node, how),
            Happening::Node { node, event } => self.note_event(*node, event),
            Happening::TimerFired { node, timer, after } => self.node_mut(*node).note_timer(*timer, *after),
            Happening::Sent { envelope, .. } => self.note_sent(envelope),
            Happening::Delivered { envelope, .. } => self.note_delivered(envelope),
            Happening::Lost { envelope, reason, .. } => self.note_lost(envelope, *reason),
            Happening::Routes { node, event } => self.note_route(*node, event),
            Happening::JoinSentOn { .. }
            | Happening::WriteBegun { .. }
            | Happening::SnapshotBegun { .. }
            | Happening::SnapshotFailed { .. }
            | Happening::Applied { .. }
            | Happening::Answered { .. }
            | Happening::Violated { .. }
            | Happening::Handled { .. } => {}
        }
    }

    fn node_mut(&mut self, id: NodeId) -> &mut NodeMemory {
        self.nodes.entry(id).or_default()
    }

    fn place_of_proposal(&self, id: NodeId) -> Option<usize> {
        self.proposals
            .iter()
            .position(|(to, _)| to.is_none_or(|to| to == id))
    }

    /// A client proposes something new.
    fn note_request(&mut self, to: Option<NodeId>, payload: Payload) {
        self.last_proposed = Some(payload.clone());
        self.await_request(to, payload);
    }

    /// A request is on its way to a node.
    fn await_request(&mut self, to: Option<NodeId>, payload: Payload) {
        let to = to.or_else(|| self.leader());
        self.proposals.push_back((to, payload));
        if self.proposals.len() > PROPOSALS_KEPT {
            self.proposals.pop_front();
        }
    }

    fn note_command(&mut self, command: &Command) {
        match command {
            Command::Propose { to, command } => {
                let command = Bytes::copy_from_slice(command.as_bytes());
                self.note_request(*to, Payload::Command(command));
            }
            Command::OpenSession { to, timeout_ms } => {
                let timeout = Duration::from_millis(*timeout_ms);
                self.await_request(*to, Payload::OpenSession { timeout });
            }
            Command::CloseSession { to, session } => {
                self.await_request(*to, Payload::CloseSession(*session));
            }
            Command::ProposeIn {
                to,
                session,
                serial,
                command,
            } => {
                let serial = serial.unwrap_or_default();
                let guarded = Guarded {
                    session: *session,
                    serial,
                    acknowledged: serial,
                    command: Bytes::copy_from_slice(command.as_bytes()),
                };
                self.note_request(*to, Payload::Guarded(guarded));
            }
            Command::Retry { to } => {
                if let Some(last) = self.last_proposed.clone() {
                    self.await_request(*to, last);
                }
            }
            Command::FireTimer(node) => self.node_mut(*node).is_forced = true,
            Command::Partition(groups) => self.network.part(groups),
            Command::CutOnly(links) => {
                self.network = NetworkMemory::default();
                self.network.cut(links);
            }
            Command::Cut { from, to } => self.network.cut(&[(*from, *to), (*to, *from)]),
            Command::Mend { from, to } => self.network.mend(&[(*from, *to), (*to, *from)]),
            Command::CutOneWay { from, to } => self.network.cut(&[(*from, *to)]),
            Command::MendOneWay { from, to } => self.network.mend(&[(*from, *to)]),
            Command::Gossip(switch) => self.gossip = *switch,
            Command::AutoPromote(switch) => self.auto_promote = *switch,
            Command::LoseRoute { at, of } => {
                self.network.told.remove(&(*at, *of));
            }
            Command::Readdress(node) => self.network.told.retain(|(_, to)| to != node),
            Command::Heal => self.network = NetworkMemory::default(),
            Command::Break(rule) => self.rules = self.rules.without(*rule),
            Command::Keep(rule) => self.rules = self.rules.with(*rule),
            Command::Crash(_)
            | Command::CutPower(_)
            | Command::Tear(_)
            | Command::DiskFault { .. }
            | Command::Restart(_)
            | Command::Freeze(_)
            | Command::Thaw(_)
            | Command::TieTimers(_)
            | Command::SpreadTimers
            | Command::Link { .. }
            | Command::Disk { .. }
            | Command::ElectionTimeout { .. }
            | Command::Heartbeat { .. }
            | Command::Batch { .. }
            | Command::UncommittedLimit { .. }
            | Command::Snapshot(_)
            | Command::Compact { .. }
            | Command::Chunk { .. }
            | Command::Transfer(_)
            | Command::Join
            | Command::JoinVia(_)
            | Command::Promote(_)
            | Command::Demote(_)
            | Command::Remove(_)
            | Command::Reconfigure { .. }
            | Command::Drift { .. }
            | Command::Reroute(_)
            | Command::PreVote(_)
            | Command::CheckQuorum(_)
            | Command::Read { .. }
            | Command::Lease(_)
            | Command::Via { .. }
            | Command::Drop(_)
            | Command::Hold(_)
            | Command::Release(_)
            | Command::Deliver(_)
            | Command::Duplicate(_)
            | Command::Manual(_)
            | Command::FinishWrite(_)
            | Command::FinishSnapshot(_)
            | Command::GossipNow(_)
            | Command::Load(_) => {}
        }
    }

    fn note_start(&mut self, id: NodeId, term: Term, last: LogIndex) {
        let node = self.node_mut(id);
        let mut entries = std::mem::take(&mut node.entries);
        entries.split_off(&last.next());
        *node = NodeMemory {
            term,
            durable: last,
            entries,
            ..NodeMemory::default()
        };
        self.network.told.retain(|(_, to)| *to != id);
    }

    fn note_stop(&mut self, id: NodeId, how: &Stop) {
        self.proposals.retain(|(to, _)| *to != Some(id));
        let node = self.node_mut(id);
        node.is_down = true;
        node.standing = Standing::Follower;
        if let Stop::PowerCut {
            lost: Some((first, _)),
        } = how
        {
            node.entries.split_off(first);
        }
    }

    fn note_sent(&mut self, envelope: &Envelope) {
        if let (Message::VoteRequest(_), Standing::Candidate { asking }) =
            (&envelope.message, &mut self.node_mut(envelope.from).standing)
        {
            *asking = None;
        }
    }

    fn note_lost(&mut self, envelope: &Envelope, reason: Loss) {
        let is_link_dead = match reason {
            Loss::Cut | Loss::ReceiverDown => true,
            Loss::Chance | Loss::ByHand => false,
            Loss::NoRoute | Loss::NobodyThere => {
                self.network.told.insert((envelope.from, envelope.to));
                return;
            }
        };
        let is_request = envelope.message.kind() == MessageKind::VoteRequest;
        if is_link_dead && !is_request && !self.is_idle(envelope) {
            self.network.told.insert((envelope.from, envelope.to));
        }
    }

    /// It can send there again.
    fn note_route(&mut self, node: NodeId, event: &RouteEvent) {
        match event {
            RouteEvent::Learned { news, .. } => {
                self.network.told.remove(&(node, news.node));
            }
            RouteEvent::Defended { .. } | RouteEvent::Refused { .. } | RouteEvent::Foreign { .. } => {}
        }
    }

    /// A command that was passed on is the next that its receiver takes.
    fn note_delivered(&mut self, envelope: &Envelope) {
        self.node_mut(envelope.to).received = Some(envelope.clone());
        if let Message::Forward(forward) = &envelope.message
            && let Some(payload) = forward.wish.payload()
        {
            self.proposals.push_front((Some(envelope.to), payload));
        }
    }

    /// It came before, or too late: it is not taken after all.
    fn drop_forwarded(&mut self, id: NodeId) {
        let received = self.node(id).received.as_ref().map(|envelope| &envelope.message);
        if let Some(Message::Forward(forward)) = received
            && forward.wish.payload().is_some()
        {
            self.take_proposal(id);
        }
    }

    fn note_event(&mut self, id: NodeId, event: &Event) {
        match event {
            Event::Proposed { index, proposal } => {
                let request = proposal.and_then(|_| self.take_proposal(id));
                let node = self.node_mut(id);
                // A proposal that was never seen leaves a hole: better no words than wrong ones.
                let payload = match (proposal, request) {
                    (None, _) => Some(Payload::Noop),
                    (Some(_), request) => request,
                };
                if let Some(payload) = payload {
                    let term = node.term;
                    node.keep(*index, Entry { term, payload });
                }
            }
            Event::ProposalRefused { .. } => drop(self.take_proposal(id)),
            Event::PassedOn { wish, .. } => {
                if wish.payload().is_some() {
                    self.take_proposal(id);
                }
            }
            Event::Ignored { what, .. } if *what == IgnoredInput::Message(MessageKind::Forward) => {
                self.drop_forwarded(id);
            }
            other => self.node_mut(id).note(other),
        }
    }

    fn take_proposal(&mut self, id: NodeId) -> Option<Payload> {
        let place = self.place_of_proposal(id)?;
        self.proposals.remove(place).map(|(_, payload)| payload)
    }
}
