//! A whole world as plain data: what a save writes down, and goes on from exactly.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::super::data_dir;
use super::super::draw::{Draws, Purpose};
use super::super::host::{Found, HostKind, Hosted, Parked, Request, Response};
use super::super::mirror::Mirror;
use super::super::network::{InFlight, Link, LinkId, Network};
use super::super::record::Timer;
use super::super::settings::{DiskSettings, Settings};
use super::super::snapshot::{Condition, MessageId};
use super::super::trace::Trace;
use super::start::{CLUSTER, NODES_MAX, WorldError, lay_files, open_folder};
use super::{Due, RunningTimer, Server, Slot, Waiting, World};
use crate::consensus::durable::Metadata;
use crate::consensus::{self, RoleName};
use crate::machine::Exhibit;
use crate::node::{self, Node, NodeSettings, StartError, first_nodes};
use crate::storage::simulated::{self, DiskImage, SimulatedDisk, SimulatedSync};
use crate::storage::wal::{WalOptions, WalSync};
use crate::types::{
    Configuration, Entries, Envelope, Incarnation, Message, NodeId, ProposalId, Term, VirtualTime,
    WriteSequence,
};

/// What no counter of an image may have reached, nor its time in nanoseconds: from below here, no world ever comes to
/// the last number.
const COUNT_END: u64 = 1 << 62;

/// A world between two steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldImage {
    /// The seed of its random draws.
    pub seed: u64,
    /// The time.
    pub now: VirtualTime,
    /// How it behaves.
    pub settings: Settings,
    /// How many records its trace has.
    pub next_ordinal: u64,
    /// The hash of its trace.
    pub trace_hash: u128,
    /// How many messages were delivered.
    pub delivered: u64,
    /// The place of the next thing that becomes due, among all that ever did.
    pub next_order: u64,
    /// The name of the next proposal.
    pub next_proposal: ProposalId,
    /// The number of the next message.
    pub next_message: MessageId,
    /// What is special about links; a link that is not named is as new.
    pub links: BTreeMap<LinkId, LinkImage>,
    /// The groups of the partition; empty where there is none.
    pub partition: Vec<BTreeSet<NodeId>>,
    /// The messages in flight.
    pub messages: Vec<MessageImage>,
    /// The nodes: S1, S2, …
    pub nodes: Vec<NodeImage>,
}

/// What is special about a link.
pub type LinkImage = Link;

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageImage {
    /// Its number.
    pub id: MessageId,
    /// What it says, and to whom.
    pub envelope: Envelope,
    /// When it was sent.
    pub sent: VirtualTime,
    /// When it arrives, or would have arrived at a frozen node.
    pub due: VirtualTime,
    /// Its place among what is due at the same time; `None` where it waits for a frozen node.
    pub order: Option<u64>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeImage {
    /// Its name.
    pub id: NodeId,
    /// How many times it was started.
    pub incarnation: Incarnation,
    /// Its disk.
    pub disk: DiskImage,
    /// How its disk behaves, where that was set for it.
    pub disk_settings: Option<DiskSettings>,
    /// How many syncs it ever began.
    pub syncs_begun: u64,
    /// When the last sync that it began is done.
    pub last_sync_due: VirtualTime,
    /// What it is up to; `None` where it is down.
    pub process: Option<ProcessImage>,
    /// Why it went down, where it did so by itself.
    pub failure: Option<String>,
}

/// A running node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessImage {
    /// Its memory.
    pub memory: node::NodeImage,
    /// Its writes under way.
    pub writes: Vec<WriteImage>,
    /// Its timer, where one runs.
    pub timer: Option<TimerImage>,
    /// What it will find when it thaws, where it is frozen.
    pub frozen: Option<Vec<BacklogImage>>,
}

/// A write under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteImage {
    /// Its number.
    pub sequence: WriteSequence,
    /// What it takes to sync it.
    pub sync: WalSync<SimulatedSync>,
    /// When it will be on disk, with its place among what is due then; `None` where a frozen node has still to learn that it
    /// is.
    pub due: Option<(VirtualTime, u64)>,
}

/// A running timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerImage {
    /// Which.
    pub timer: Timer,
    /// When it runs out.
    pub deadline: VirtualTime,
    /// Its place among what is due then.
    pub order: u64,
    /// How long it was set for.
    pub duration: Duration,
}

/// Something that waits for a frozen node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BacklogImage {
    /// A message in flight.
    Message(MessageId),
    /// A timer that ran out.
    Timer(Timer),
    /// A write that is on disk.
    Write(WriteSequence),
    /// A proposal.
    Proposal(ProposalId, Bytes),
}

/// Why an image is none of any world.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The nodes are not S1, S2, … up to the most there may be.
    #[error("the nodes must be numbered 1, 2, 3, … up to {NODES_MAX} at most")]
    Nodes,
    /// Something about the whole.
    #[error("{0}")]
    World(&'static str),
    /// Something about one node.
    #[error("{node}: {problem}")]
    Node {
        /// The node.
        node: NodeId,
        /// What.
        problem: &'static str,
    },
    /// A disk that can't be.
    #[error("{node}: its disk can't be: {source}")]
    Disk {
        /// The node.
        node: NodeId,
        /// Why.
        source: simulated::ImageError,
    },
    /// A node's memory does not fit together, or not with its disk.
    #[error("{node}: {source}")]
    Memory {
        /// The node.
        node: NodeId,
        /// Why.
        source: StartError,
    },
    /// A data directory can't be used.
    #[error(transparent)]
    Files(#[from] WorldError),
    /// A node's disk has failed.
    #[error("{0}'s disk has failed")]
    Failed(NodeId),
}

impl WorldImage {
    /// What a node is told when it starts in this world.
    pub fn node_settings(&self, id: NodeId, incarnation: Incarnation) -> NodeSettings {
        node_settings(&self.settings, self.configuration(), id, incarnation)
    }

    /// A disk on which this node has this term, vote and log, all of it durable: for saves written by hand.
    pub fn prepared_disk(
        &self,
        id: NodeId,
        metadata: Metadata,
        entries: Entries,
    ) -> Result<DiskImage, node::PrepareError> {
        let settings = self.node_settings(id, Incarnation::default());
        node::prepare(&settings, SimulatedDisk::new(), metadata, entries).map(|disk| disk.image())
    }

    /// How long a node's timer runs that is set in this term: for saves that do not say when it runs out.
    pub fn timer_duration(&self, timer: Timer, id: NodeId, term: Term) -> Duration {
        timer_duration(Draws::new(self.seed), &self.settings, timer, id, term)
    }

    fn configuration(&self) -> Configuration {
        Configuration::of_voters(self.nodes.iter().map(|node| node.id))
    }
}

pub(super) fn timer_duration(
    draws: Draws,
    settings: &Settings,
    timer: Timer,
    id: NodeId,
    term: Term,
) -> Duration {
    match timer {
        Timer::Election => {
            let key = [id.number(), term.number()];
            draws.duration(Purpose::ElectionTimeout, &key, settings.election_timeout)
        }
        Timer::Heartbeat => settings.heartbeat,
    }
}

pub(super) fn node_settings(
    settings: &Settings,
    genesis: Configuration,
    id: NodeId,
    incarnation: Incarnation,
) -> NodeSettings {
    let raft = consensus::Settings {
        id,
        incarnation,
        limits: settings.limits,
        rules: settings.rules,
    };
    NodeSettings {
        cluster: CLUSTER,
        genesis,
        raft,
        wal: WalOptions::default(),
    }
}

impl<M: Exhibit + Default> World<M> {
    /// Everything that it takes to go on exactly from here. Leaves no trace.
    ///
    /// # Errors
    ///
    /// Where a node's disk has failed and the node has not been stopped yet.
    pub fn image(&mut self) -> Result<WorldImage, ImageError> {
        let messages = self.network.in_flight.iter().map(|(&id, message)| MessageImage {
            id,
            envelope: message.envelope.clone(),
            sent: message.sent,
            due: message.due,
            order: message.order,
        });
        let messages = messages.collect();
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        let nodes = ids
            .into_iter()
            .map(|id| self.node_image(id))
            .collect::<Result<_, _>>()?;
        Ok(WorldImage {
            seed: self.draws.seed(),
            now: self.now,
            settings: self.settings.clone(),
            next_ordinal: self.trace.next_ordinal(),
            trace_hash: self.trace.hash(),
            delivered: self.delivered,
            next_order: self.next_order,
            next_proposal: self.next_proposal,
            next_message: MessageId(self.network.next_message),
            links: self.network.links.clone(),
            partition: self.network.partition.clone(),
            messages,
            nodes,
        })
    }

    fn node_image(&mut self, id: NodeId) -> Result<NodeImage, ImageError> {
        let found = match self.nodes[&id].condition {
            Condition::Down => None,
            Condition::Up | Condition::Frozen => match self.host.call(id, Request::Image) {
                Response::Imaged(Some(found)) => Some(*found),
                Response::Imaged(None) | Response::Failed(_) => return Err(ImageError::Failed(id)),
                Response::Stepped(_) | Response::Seen(_) | Response::Done(_) => {
                    unreachable!("an image is answered by an image")
                }
            },
        };
        let server = &self.nodes[&id];
        let disk = match (&found, &server.parked) {
            (Some(found), _) => found.disk.image(),
            (None, Some(parked)) => parked.disk.image(),
            (None, None) => unreachable!("a node that is down has its disk"),
        };
        Ok(NodeImage {
            id,
            incarnation: server.settings.raft.incarnation,
            disk,
            disk_settings: server.disk,
            syncs_begun: server.syncs_begun,
            last_sync_due: server.last_sync_due,
            process: found.map(|found| process_image(server, found)),
            failure: server.failure.clone(),
        })
    }

    /// A world as an image has it.
    ///
    /// # Errors
    ///
    /// Where the image is none of any world; says what does not fit. The data directory is then as it was.
    pub fn restore(image: WorldImage, host: HostKind, data_dir: Option<PathBuf>) -> Result<Self, ImageError> {
        image.validate()?;
        if let Some(folder) = &data_dir {
            // Once without files: only a sound image is laid into the folder.
            Self::restore(image.clone(), HostKind::Inline, None)?;
            data_dir::lay_out(folder, image.nodes.len() as u64).map_err(WorldError::from)?;
        }
        let mut world = Self::empty(
            Draws::new(image.seed),
            image.settings.clone(),
            image.configuration(),
            host,
        );
        world.now = image.now;
        world.trace = Trace::resume(image.next_ordinal, image.trace_hash);
        world.delivered = image.delivered;
        world.next_order = image.next_order;
        world.next_proposal = image.next_proposal;
        world.restore_network(&image);
        for node in image.nodes {
            world.restore_node(node, data_dir.as_deref())?;
        }
        world.watch.news();
        world.data_dir = data_dir;
        Ok(world)
    }

    /// Takes over the files of the world before it: they follow this world's disks from now on. What does not work is
    /// [complained](Self::drain_complaints) of, and the world goes on without files.
    pub fn take_files_from(&mut self, mut before: Self) {
        let folder = before.data_dir.take();
        drop(before);
        if let Some(folder) = folder
            && let Err(error) = self.lay_out(&folder)
        {
            self.complaints.push(error.to_string());
        }
    }

    fn lay_out(&mut self, folder: &Path) -> Result<(), WorldError> {
        data_dir::replace(folder, self.nodes.len() as u64)?;
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        for id in ids {
            if let Some(parked) = self.server(id).parked.as_mut() {
                parked.mirror = lay_files(Some(folder), id, &mut parked.disk)?;
                continue;
            }
            let mirror = Mirror::waiting(open_folder(folder, id)?);
            if let Response::Done(Some(complaint)) = self.host.call(id, Request::Follow(mirror)) {
                self.complaints.push(complaint);
            }
        }
        self.data_dir = Some(folder.to_owned());
        Ok(())
    }

    fn restore_network(&mut self, image: &WorldImage) {
        let in_flight = image.messages.iter().map(|message| {
            let MessageImage {
                id,
                ref envelope,
                sent,
                due,
                order,
            } = *message;
            (
                id,
                InFlight {
                    envelope: envelope.clone(),
                    sent,
                    due,
                    order,
                },
            )
        });
        self.network = Network {
            links: image.links.clone(),
            partition: image.partition.clone(),
            in_flight: in_flight.collect(),
            next_message: image.next_message.0,
        };
        for message in &image.messages {
            if let Some(order) = message.order {
                self.restore_due(message.due, order, Due::Delivery(message.id));
            }
        }
    }

    fn restore_due(&mut self, at: VirtualTime, order: u64, due: Due) -> Slot {
        let slot = Slot { at, order };
        self.queue.insert(slot, due);
        slot
    }

    fn restore_node(&mut self, image: NodeImage, data_dir: Option<&Path>) -> Result<(), ImageError> {
        let NodeImage {
            id,
            incarnation,
            disk,
            disk_settings,
            syncs_begun,
            last_sync_due,
            process,
            failure,
        } = image;
        let mut disk =
            SimulatedDisk::restore(disk).map_err(|source| ImageError::Disk { node: id, source })?;
        let mirror = lay_files(data_dir, id, &mut disk)?;
        let settings = node_settings(&self.settings, self.configuration.clone(), id, incarnation);
        let mut server = Server::down(
            settings.clone(),
            Parked {
                disk,
                mirror,
                open_proposals: Vec::new(),
            },
        );
        (server.disk, server.syncs_begun, server.last_sync_due) = (disk_settings, syncs_begun, last_sync_due);
        server.failure = failure;
        match process {
            None => {
                let parked = server.parked.as_ref().expect("it was just parked");
                // What is written and not synced, a power cut may still take: nobody may be told that it is safe.
                let mut durable = parked.disk.clone();
                durable.power_cut_losing_everything();
                if let Ok(recovered) = node::inspect(&settings, &durable) {
                    let log = consensus::Log::of(recovered.entries);
                    self.watch.started(id, recovered.metadata, &log);
                    self.watch.stopped(id);
                }
            }
            Some(process) => self.restore_process(id, &mut server, process)?,
        }
        self.nodes.insert(id, server);
        Ok(())
    }

    fn restore_process(
        &mut self,
        id: NodeId,
        server: &mut Server,
        process: ProcessImage,
    ) -> Result<(), ImageError> {
        let ProcessImage {
            memory,
            writes,
            timer,
            frozen,
        } = process;
        let Parked { disk, mirror, .. } = server.parked.take().expect("it was just parked");
        let node = Node::<M, _>::resume(server.settings.clone(), disk, memory);
        let node = node.map_err(|source| ImageError::Memory { node: id, source })?;
        let state = node.state();
        let backlog = frozen.as_deref().unwrap_or_default();
        check_writes(id, state, &writes, backlog)?;
        self.watch.found(id, state);
        (server.term, server.role) = (state.persistent.metadata.term, state.role.name());
        check_timer(id, server.role, timer.as_ref(), backlog)?;
        let mut hosted = Hosted::new(id, node, mirror);
        hosted.resume_syncs(writes.iter().map(|write| (write.sequence, write.sync)));
        for write in writes {
            if let Some((at, order)) = write.due {
                let slot = self.restore_due(at, order, Due::Sync(id, write.sequence));
                server.syncs.insert(write.sequence, slot);
            }
        }
        if let Some(TimerImage {
            timer,
            deadline,
            order,
            duration,
        }) = timer
        {
            let slot = self.restore_due(deadline, order, Due::Timer(id, timer));
            server.timer = Some(RunningTimer {
                timer,
                slot,
                duration,
            });
        }
        server.condition = if frozen.is_some() {
            Condition::Frozen
        } else {
            Condition::Up
        };
        server.backlog = frozen
            .into_iter()
            .flatten()
            .map(Waiting::from)
            .collect::<VecDeque<_>>();
        self.host.start(id, hosted);
        Ok(())
    }
}

fn process_image(server: &Server, found: Found) -> ProcessImage {
    let writes = found.syncs.into_iter().map(|(sequence, sync)| {
        let due = server.syncs.get(&sequence).map(|slot| (slot.at, slot.order));
        WriteImage { sequence, sync, due }
    });
    let timer = server.timer.map(|running| TimerImage {
        timer: running.timer,
        deadline: running.slot.at,
        order: running.slot.order,
        duration: running.duration,
    });
    let backlog = || server.backlog.iter().cloned().map(BacklogImage::from).collect();
    ProcessImage {
        memory: found.memory,
        writes: writes.collect(),
        timer,
        frozen: (server.condition == Condition::Frozen).then(backlog),
    }
}

impl From<Waiting> for BacklogImage {
    fn from(waiting: Waiting) -> Self {
        match waiting {
            Waiting::Delivery(id) => Self::Message(id),
            Waiting::Timer(timer) => Self::Timer(timer),
            Waiting::Sync(sequence) => Self::Write(sequence),
            Waiting::Proposal(id, command) => Self::Proposal(id, command),
        }
    }
}

impl From<BacklogImage> for Waiting {
    fn from(image: BacklogImage) -> Self {
        match image {
            BacklogImage::Message(id) => Self::Delivery(id),
            BacklogImage::Timer(timer) => Self::Timer(timer),
            BacklogImage::Write(sequence) => Self::Sync(sequence),
            BacklogImage::Proposal(id, command) => Self::Proposal(id, command),
        }
    }
}

impl WorldImage {
    fn validate(&self) -> Result<(), ImageError> {
        let count = self.nodes.len() as u64;
        let ids = self.nodes.iter().map(|node| node.id);
        if !(1..=NODES_MAX).contains(&count) || !ids.eq(first_nodes(count)) {
            return Err(ImageError::Nodes);
        }
        let exists = |id: &NodeId| (1..=count).contains(&id.number());
        let link_exists = |(from, to): &LinkId| exists(from) && exists(to) && from != to;
        self.settings.check().map_err(ImageError::World)?;
        self.validate_links(link_exists)?;
        self.validate_partition(exists)?;
        self.validate_messages(link_exists)?;
        self.validate_backlogs()?;
        self.validate_places()?;
        ensure(
            self.counts().all(|count| count < COUNT_END),
            "a number is larger than any world counts to",
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
        let envelopes = || self.messages.iter().map(|message| &message.envelope);
        ensure(
            envelopes().all(|envelope| link_exists(&(envelope.from, envelope.to))),
            "a message travels from or to a node that does not exist",
        )?;
        let held = self.processes().flat_map(|(_, process)| &process.memory.held);
        let names_possible_indices = |envelope: &Envelope| match &envelope.message {
            Message::AppendRequest(request) => request.is_contiguous(),
            Message::VoteRequest(_) | Message::VoteReply(_) | Message::AppendReply(_) => true,
        };
        ensure(
            envelopes()
                .chain(held.map(|(_, envelope)| envelope))
                .all(names_possible_indices),
            "the entries of a message do not follow the one before them",
        )
    }

    /// What waits for a frozen node is what is not due, once, at its receiver.
    fn validate_backlogs(&self) -> Result<(), ImageError> {
        let not_due = self.messages.iter().filter(|message| message.order.is_none());
        let expected: BTreeMap<MessageId, NodeId> =
            not_due.map(|message| (message.id, message.envelope.to)).collect();
        let mut found: Vec<(MessageId, NodeId)> = Vec::new();
        for (id, process) in self.processes() {
            let waiting = process.frozen.iter().flatten();
            found.extend(waiting.filter_map(|waiting| match waiting {
                BacklogImage::Message(message) => Some((*message, id)),
                BacklogImage::Timer(_) | BacklogImage::Write(_) | BacklogImage::Proposal(..) => None,
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
        for (_, process) in self.processes() {
            let writes = process.writes.iter().filter_map(|write| write.due);
            places.extend(writes.map(|(at, order)| (order, at)));
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
        ];
        let links = self.links.values().flat_map(|link| link.sent.values().copied());
        let messages = self.messages.iter().map(|message| message.envelope.term.number());
        let nodes = self.nodes.iter().flat_map(|node| {
            [
                node.incarnation.number(),
                node.syncs_begun,
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
fn check_writes(
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
        BacklogImage::Message(_) | BacklogImage::Timer(_) | BacklogImage::Proposal(..) => None,
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

/// A running node has the timer of its role, a frozen one perhaps among what waits for it.
fn check_timer(
    node: NodeId,
    role: RoleName,
    timer: Option<&TimerImage>,
    backlog: &[BacklogImage],
) -> Result<(), ImageError> {
    let ran_out = backlog.iter().filter_map(|waiting| match waiting {
        BacklogImage::Timer(timer) => Some(*timer),
        BacklogImage::Message(_) | BacklogImage::Write(_) | BacklogImage::Proposal(..) => None,
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
