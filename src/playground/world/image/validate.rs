//! Whether an image is one of a world: what comes from a file is not believed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::network::LinkId;
use super::super::super::record::Timer;
use super::super::super::snapshot::MessageId;
use super::super::routes::address_of;
use super::super::start::NODES_MAX;
use super::{
    BacklogImage, ImageError, MessageImage, NodeImage, ProcessImage, TimerImage, WorldImage, WriteImage,
};
use crate::consensus::{self, Role, RoleName, State};
use crate::node::first_nodes;
use crate::types::{Envelope, LogIndex, Message, NodeId, VirtualTime};

/// What no counter of an image may have reached, nor its time in nanoseconds: from below here, no world ever comes to
/// the last number.
const COUNT_END: u64 = 1 << 62;

impl WorldImage {
    pub(super) fn validate(&self) -> Result<(), ImageError> {
        let count = self.nodes.len() as u64;
        let ids = self.nodes.iter().map(|node| node.id);
        if !(1..=NODES_MAX).contains(&count) || !ids.eq(first_nodes(count)) {
            return Err(ImageError::Nodes);
        }
        ensure(
            (1..=count).contains(&self.founders),
            "a cluster begins with 1 node at least, and with no more than there are",
        )?;
        self.validate_names()?;
        let exists = |id: &NodeId| (1..=count).contains(&id.number());
        let link_exists = |(from, to): &LinkId| exists(from) && exists(to) && from != to;
        self.settings.check().map_err(ImageError::World)?;
        let asked = self.settings.load.and_then(|load| load.at);
        ensure(
            self.asking.next.is_some() == self.settings.load.is_some() && asked.iter().all(exists),
            "clients wait to ask where none do, or do not where they do; or they ask a node that there is not",
        )?;
        ensure(
            self.nodes
                .iter()
                .all(|node| node.clock.is_valid() && node.clock.since <= self.now),
            "a clock runs off by nine tenths at most, and was not set in the future",
        )?;
        self.validate_links(link_exists)?;
        self.validate_partition(exists)?;
        self.validate_messages(link_exists)?;
        self.validate_backlogs()?;
        self.validate_routes(exists)?;
        self.validate_places()?;
        ensure(
            self.counts().all(|count| count < COUNT_END),
            "a number is larger than any world counts to",
        )
    }

    /// Nodes speak of nodes that exist, or that may: one that joins has its id before it starts.
    fn validate_names(&self) -> Result<(), ImageError> {
        let mut states = self.processes().map(|(_, process)| &process.memory.state);
        let is_possible = |id: &NodeId| (1..=NODES_MAX).contains(&id.number());
        let names_possible = |state: &State| {
            let configurations = state.persistent.log.configurations().iter();
            let of_snapshots = state
                .persistent
                .snapshot
                .iter()
                .map(|snapshot| &snapshot.configuration);
            let configurations = configurations.map(|(_, configuration)| configuration);
            let members = configurations
                .chain(of_snapshots)
                .flat_map(|configuration| configuration.members());
            let role = match &state.role {
                Role::Follower(follower) => {
                    let incoming = follower.incoming.iter();
                    let members = incoming.flat_map(|incoming| incoming.configuration.members());
                    members.chain(follower.leader).collect()
                }
                Role::PreCandidate(candidate) => &candidate.granted | &candidate.refused,
                Role::Candidate(candidate) => &candidate.granted | &candidate.refused,
                Role::Leader(leader) => leader.peers.keys().copied().collect(),
            };
            let vote = state.persistent.metadata.vote;
            members.chain(role).chain(vote).all(|id| is_possible(&id))
        };
        ensure(
            states.all(names_possible),
            "a node speaks of one that can't exist",
        )
    }

    fn validate_links(&self, exists: impl Fn(&LinkId) -> bool) -> Result<(), ImageError> {
        ensure(
            self.links.keys().all(exists),
            "a link leads to or from a node that does not exist",
        )?;
        let mut settings = self.links.values().filter_map(|link| link.settings);
        ensure(
            settings.all(|settings| settings.is_valid()),
            "a share of messages is at most 1000000 ppm",
        )
    }

    fn validate_partition(&self, exists: impl Fn(&NodeId) -> bool) -> Result<(), ImageError> {
        let named: Vec<NodeId> = self.partition.iter().flatten().copied().collect();
        let distinct: BTreeSet<NodeId> = named.iter().copied().collect();
        let is_whole = named.is_empty() || distinct.len() == self.nodes.len();
        ensure(
            distinct.len() == named.len() && named.iter().all(exists) && is_whole,
            "the partition must name every node once",
        )
    }

    fn validate_messages(&self, link_exists: impl Fn(&LinkId) -> bool) -> Result<(), ImageError> {
        let ids: BTreeSet<MessageId> = self.messages.iter().map(|message| message.id).collect();
        ensure(
            ids.len() == self.messages.len() && ids.iter().all(|id| *id < self.next_message),
            "two messages have one number, or one has a number that was never given",
        )?;
        let is_held_well = |message: &MessageImage| {
            let since = message.held;
            since.is_none_or(|since| message.order.is_none() && since <= message.due.min(self.now))
        };
        ensure(
            self.messages.iter().all(is_held_well),
            "a message is held that is due, was held when it had arrived, or will be held",
        )?;
        let envelopes = || self.messages.iter().map(|message| &message.envelope);
        ensure(
            envelopes().all(|envelope| link_exists(&(envelope.from, envelope.to))),
            "a message travels from or to a node that does not exist",
        )?;
        let held = || self.processes().flat_map(|(_, process)| &process.memory.held);
        ensure(
            held().all(|(_, envelope)| (1..=NODES_MAX).contains(&envelope.to.number())),
            "a message waits for a write that is to a node that does not exist",
        )?;
        let names_possible_indices = |envelope: &Envelope| match &envelope.message {
            Message::AppendRequest(request) => request.is_contiguous(),
            Message::InstallSnapshot(request) => request.end().is_some(),
            Message::PreVoteRequest(_)
            | Message::PreVoteReply(_)
            | Message::TimeoutNow(_)
            | Message::Forward(_)
            | Message::ForwardReply(_)
            | Message::Gossip(_)
            | Message::VoteRequest(_)
            | Message::VoteReply(_)
            | Message::AppendReply(_)
            | Message::SnapshotReply(_) => true,
        };
        ensure(
            envelopes()
                .chain(held().map(|(_, envelope)| envelope))
                .all(names_possible_indices),
            "the entries of a message do not follow the one before them, or a piece of a snapshot is longer than that",
        )
    }

    /// Tables are those of their nodes; whoever runs gossips where nodes do, and nobody else.
    fn validate_routes(&self, exists: impl Fn(&NodeId) -> bool) -> Result<(), ImageError> {
        let is_own = |node: &NodeImage| {
            let gossips = self.settings.gossip.is_on() && node.process.is_some();
            node.routes.id() == node.id
                && node.routes.own().address == address_of(node.id, node.moves)
                && node.gossip.is_some() == gossips
        };
        ensure(
            self.nodes.iter().all(is_own),
            "a node's routes are not its own, or it gossips where nodes do not",
        )?;
        let held = self.processes().flat_map(|(_, process)| &process.memory.held);
        let held = held.map(|(_, envelope)| envelope);
        let envelopes = self.messages.iter().map(|message| &message.envelope).chain(held);
        let told = envelopes.flat_map(|envelope| match &envelope.message {
            Message::Gossip(gossip) => gossip.news(),
            Message::AppendRequest(_)
            | Message::PreVoteRequest(_)
            | Message::PreVoteReply(_)
            | Message::TimeoutNow(_)
            | Message::Forward(_)
            | Message::ForwardReply(_)
            | Message::VoteRequest(_)
            | Message::VoteReply(_)
            | Message::AppendReply(_)
            | Message::InstallSnapshot(_)
            | Message::SnapshotReply(_) => &[],
        });
        let known = self.nodes.iter().flat_map(|node| node.routes.known().keys());
        let mut named = known.copied().chain(told.map(|news| news.node));
        ensure(
            named.all(|id| (1..=NODES_MAX).contains(&id.number())) && self.joining.values().all(exists),
            "a route leads to a node that can't exist, or a new server has asked such a node",
        )
    }

    /// What waits for a frozen node is what is not due, once, at its receiver.
    fn validate_backlogs(&self) -> Result<(), ImageError> {
        let is_waiting = |message: &&MessageImage| message.order.is_none() && message.held.is_none();
        let not_due = self.messages.iter().filter(is_waiting);
        let expected: BTreeMap<MessageId, NodeId> =
            not_due.map(|message| (message.id, message.envelope.to)).collect();
        let mut found: Vec<(MessageId, NodeId)> = Vec::new();
        for (id, process) in self.processes() {
            let waiting = process.frozen.iter().flatten();
            found.extend(waiting.filter_map(|waiting| match waiting {
                BacklogImage::Message(message) => Some((*message, id)),
                BacklogImage::Timer(_)
                | BacklogImage::Snapshot(_)
                | BacklogImage::Write(_)
                | BacklogImage::Proposal(..) => None,
            }));
        }
        found.sort_unstable();
        ensure(
            found.into_iter().eq(expected),
            "a message must be due, or wait once for its frozen receiver",
        )
    }

    fn validate_places(&self) -> Result<(), ImageError> {
        let messages = self.messages.iter();
        let mut places: Vec<(u64, VirtualTime)> = messages
            .filter_map(|message| Some((message.order?, message.due)))
            .collect();
        places.extend(
            self.nodes
                .iter()
                .filter_map(|node| node.gossip.map(|(at, order)| (order, at))),
        );
        places.extend(self.asking.next.map(|(at, order)| (order, at)));
        for (_, process) in self.processes() {
            let writes = process.writes.iter().filter_map(|write| write.due);
            places.extend(writes.map(|(at, order)| (order, at)));
            places.extend(process.snapshot_due.map(|(at, order)| (order, at)));
            places.extend(process.timer.map(|timer| (timer.order, timer.deadline)));
        }
        places.sort_unstable();
        let is_each_once = places.is_sorted_by(|(earlier, _), (later, _)| earlier < later);
        let is_given = |(order, at): &(u64, VirtualTime)| *order < self.next_order && *at >= self.now;
        ensure(
            is_each_once && places.iter().all(is_given),
            "something is due in the past, or at a place that was never given or is taken",
        )
    }

    /// Everything that counts up.
    fn counts(&self) -> impl Iterator<Item = u64> + '_ {
        let whole = [
            self.now.nanos(),
            self.next_ordinal,
            self.delivered,
            self.next_order,
            self.next_proposal.number(),
            self.next_message.0,
            self.asking.asked,
        ];
        let links = self.links.values().flat_map(|link| link.sent.values().copied());
        let messages = self.messages.iter().map(|message| message.envelope.term.number());
        let nodes = self.nodes.iter().flat_map(|node| {
            [
                node.incarnation.number(),
                node.syncs_begun,
                node.moves,
                node.gossips,
                node.disk.last_file.number(),
                node.disk.last_op.number(),
            ]
        });
        let processes = self.processes().flat_map(|(_, process)| {
            let state = &process.memory.state;
            [
                state.persistent.metadata.term.number(),
                state.volatile.durability.begun.number(),
            ]
        });
        whole
            .into_iter()
            .chain(links)
            .chain(messages)
            .chain(nodes)
            .chain(processes)
    }

    fn processes(&self) -> impl Iterator<Item = (NodeId, &ProcessImage)> {
        self.nodes
            .iter()
            .filter_map(|node| Some((node.id, node.process.as_ref()?)))
    }
}

fn ensure(holds: bool, what: &'static str) -> Result<(), ImageError> {
    if holds {
        Ok(())
    } else {
        Err(ImageError::World(what))
    }
}

/// The writes that are to be synced are those that the algorithm waits for, and end in their order: first those that a
/// frozen node has still to learn of.
pub(super) fn check_writes(
    node: NodeId,
    state: &consensus::State,
    writes: &[WriteImage],
    backlog: &[BacklogImage],
) -> Result<(), ImageError> {
    let under_way = &state.volatile.durability.under_way;
    let awaited = under_way.iter().map(|(sequence, _)| *sequence);
    let is_awaited = writes.iter().map(|write| write.sequence).eq(awaited);
    let is_in_order = writes.is_sorted_by_key(|write| write.due);
    let done = writes.iter().filter(|write| write.due.is_none());
    let to_learn = backlog.iter().filter_map(|waiting| match waiting {
        BacklogImage::Write(sequence) => Some(*sequence),
        BacklogImage::Message(_)
        | BacklogImage::Timer(_)
        | BacklogImage::Snapshot(_)
        | BacklogImage::Proposal(..) => None,
    });
    if is_awaited && is_in_order && done.map(|write| write.sequence).eq(to_learn) {
        Ok(())
    } else {
        Err(ImageError::Node {
            node,
            problem: "its writes under way are not those that it waits for",
        })
    }
}

/// A node that takes a snapshot is done with it once: at a time that is to come, or when it thaws.
pub(super) fn check_snapshot(
    node: NodeId,
    taking: Option<LogIndex>,
    due: Option<(VirtualTime, u64)>,
    backlog: &[BacklogImage],
) -> Result<(), ImageError> {
    let done = backlog.iter().filter_map(|waiting| match waiting {
        BacklogImage::Snapshot(index) => Some(*index),
        BacklogImage::Message(_)
        | BacklogImage::Timer(_)
        | BacklogImage::Write(_)
        | BacklogImage::Proposal(..) => None,
    });
    let ends = done.map(Some).chain(due.map(|_| taking));
    if ends.eq(taking.map(Some)) {
        Ok(())
    } else {
        let problem = "the snapshot that it takes is never finished, or twice";
        Err(ImageError::Node { node, problem })
    }
}

/// A running node has the timer of its role, a frozen one perhaps among what waits for it.
pub(super) fn check_timer(
    node: NodeId,
    role: RoleName,
    timer: Option<&TimerImage>,
    backlog: &[BacklogImage],
) -> Result<(), ImageError> {
    let ran_out = backlog.iter().filter_map(|waiting| match waiting {
        BacklogImage::Timer(timer) => Some(*timer),
        BacklogImage::Message(_)
        | BacklogImage::Write(_)
        | BacklogImage::Snapshot(_)
        | BacklogImage::Proposal(..) => None,
    });
    let timers = timer.map(|timer| timer.timer).into_iter().chain(ran_out);
    if timers.eq([Timer::of(role)]) {
        Ok(())
    } else {
        Err(ImageError::Node {
            node,
            problem: "its timer is not that of its role",
        })
    }
}
