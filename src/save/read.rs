//! From the text's structs to a world: defaults filled in, and everything checked that the world itself does not check.

mod client;
mod disk;
mod entry;
mod message;
mod node;
mod process;
mod route;
mod snapshot;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::format::{
    CountersFile, DiskSettingsFile, LimitsFile, LinkFile, LinkSettingsFile, NodeFile, NodesFile, SaveFile,
    SettingsFile, ViolationFile,
};
use super::locate::Place;
use super::scalar::{List, Millis, Number, brief, neutralised};
use crate::check::{Property, Violation};
use crate::consensus::{Compaction, InFlightLimit, Limits, Protections, RuleSet};
use crate::playground::{
    AskingImage, DiskSettings, LinkImage, LinkSettings, MessageId, NodeImage, Settings, Span, WorldImage,
};
use crate::types::{JoinToken, LogIndex, MessageKind, NodeId, ProposalId, Term, VirtualTime};

/// What is wrong, in a sentence.
#[derive(Debug)]
pub(super) struct Problem(pub(super) String);

/// What is wrong, and with which part of the save.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) place: Option<Place>,
    pub(super) problem: Problem,
}

impl From<Problem> for Located {
    fn from(problem: Problem) -> Self {
        Self { place: None, problem }
    }
}

impl Problem {
    /// It is wrong with a part of the save.
    fn at(self, place: Place) -> Located {
        Located {
            place: Some(place),
            problem: self,
        }
    }

    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

fn ensure(holds: bool, what: impl Into<String>) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::new(what)) }
}

/// All of them, unless one stands there twice.
fn each_once<T: Ord>(
    items: impl Iterator<Item = Result<T, Problem>>,
    twice: impl Fn(&T) -> String,
) -> Result<BTreeSet<T>, Problem> {
    let mut known = BTreeSet::new();
    for item in items {
        let item = item?;
        ensure(!known.contains(&item), twice(&item))?;
        known.insert(item);
    }
    Ok(known)
}

/// All of them by key, unless one stands there twice.
fn each_pair_once<K: Ord, V>(
    pairs: impl Iterator<Item = Result<(K, V), Problem>>,
    twice: impl Fn(&K) -> String,
) -> Result<BTreeMap<K, V>, Problem> {
    let mut known = BTreeMap::new();
    for pair in pairs {
        let (key, value) = pair?;
        ensure(!known.contains_key(&key), twice(&key))?;
        known.insert(key, value);
    }
    Ok(known)
}

fn ensure_to_come(what: &str, due: VirtualTime, now: VirtualTime) -> Result<(), Problem> {
    ensure(
        due >= now,
        format!("{what} at {due} s, and it is {now} s already: that is in the past"),
    )
}

fn violation_of(file: &ViolationFile, members: Members) -> Result<Violation, Problem> {
    let name = brief(&file.property);
    let names = || {
        Property::ALL
            .iter()
            .map(|property| property.name())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let property = Property::of_name(&file.property);
    Ok(Violation {
        property: property
            .ok_or_else(|| Problem(format!("`{name}` is no property; the properties are {}", names())))?,
        nodes: file
            .nodes
            .iter()
            .map(|id| members.node(*id))
            .collect::<Result<_, _>>()?,
        terms: file.terms.iter().map(|term| Term::new(term.get())).collect(),
        indices: file
            .indices
            .iter()
            .map(|index| LogIndex::new(index.get()))
            .collect(),
        detail: neutralised(&file.detail),
    })
}

/// The world of a save.
pub(super) fn image_of(file: SaveFile) -> Result<WorldImage, Located> {
    let at = |field| move |problem: Problem| problem.at(Place::Field(field));
    let SaveFile {
        version: _,
        trace: _,
        title: _,
        notes: _,
        seed,
        now,
        settings,
        partition,
        counters,
        trace_hash,
        clients,
        violations,
        stopped,
        links,
        messages,
        founders,
        joining,
        then: _,
        nodes,
    } = file;
    let next = (clients.next, clients.next_order);
    let nodes = numbered(nodes).map_err(at("nodes"))?;
    let members = Members(nodes.len() as u64);
    let founders = founders.map_or(members.0, Number::get);
    ensure(
        (1..=members.0).contains(&founders),
        format!(
            "`founders` is how many of the nodes the cluster began with: 1 to {}",
            members.0
        ),
    )
    .map_err(at("founders"))?;
    let mut image = WorldImage {
        seed,
        now: now.instant(),
        settings: Settings::try_from(settings).map_err(at("settings"))?,
        next_ordinal: counters.records.get(),
        trace_hash: trace_hash.0,
        delivered: counters.delivered.get(),
        violations: violations
            .iter()
            .map(|violation| violation_of(violation, members))
            .collect::<Result<_, _>>()
            .map_err(at("violations"))?,
        is_halted: stopped,
        next_order: 0,
        next_proposal: ProposalId::default(),
        asking: AskingImage {
            next: None,
            asked: clients.times.get(),
        },
        clients: client::clients_of(clients).map_err(at("clients"))?,
        joining: each_pair_once(
            joining
                .iter()
                .map(|(token, seed)| Ok((JoinToken::new(token.get()), members.node(*seed)?))),
            |token| format!("two new servers join with the token {token}"),
        )
        .map_err(at("joining"))?,
        next_message: MessageId(0),
        links: links_of(links, members).map_err(at("links"))?,
        partition: partition_of(&partition, members).map_err(at("partition"))?,
        messages: Vec::new(),
        founders,
        nodes: nodes.iter().map(|(id, node)| blank(*id, node)).collect(),
    };
    disk::check_size(nodes.values())?;
    let mut orders = Orders::after(&counters, next.1, &messages, &nodes);
    image.asking.next = client::next_of(next, &image, &mut orders).map_err(at("clients"))?;
    let around = message::Around {
        image: &image,
        members,
        terms: nodes
            .iter()
            .map(|(id, node)| (*id, node::term_of(node)))
            .collect(),
        waiting: node::waiting_messages(&nodes),
    };
    let messages = message::in_flight(messages, &around, &mut orders)?;
    let nodes = nodes.into_iter().map(|(id, node)| {
        let read = node::node_of(id, node, &image, members, &mut orders);
        read.map_err(|Problem(what)| Problem(format!("{id}: {what}")).at(Place::Node(id)))
    });
    let nodes = nodes.collect::<Result<_, Located>>()?;
    (image.messages, image.nodes) = (messages, nodes);
    count_on(&mut image, &counters, &orders);
    Ok(image)
}

/// The nodes that exist: S1, S2, … up to this one.
#[derive(Clone, Copy, Debug)]
struct Members(u64);

impl Members {
    fn node(self, number: Number) -> Result<NodeId, Problem> {
        let Self(count) = self;
        let exists = (1..=count).contains(&number.get());
        let sentence = || format!("there is no S{}; the nodes are S1 to S{count}", number.get());
        exists
            .then(|| NodeId::new(number.get()))
            .ok_or_else(|| Problem(sentence()))
    }

    /// A node that exists, or may come to: one that joins has its id before it starts.
    fn possible(number: Number) -> Result<NodeId, Problem> {
        let most = super::format::NODES_MOST as u64;
        ensure(
            (1..=most).contains(&number.get()),
            format!("a member of a cluster is S1 to S{most}, not S{}", number.get()),
        )?;
        Ok(NodeId::new(number.get()))
    }

    fn all(self) -> impl Iterator<Item = NodeId> {
        (1..=self.0).map(NodeId::new)
    }
}

/// Gives out places in the order of what is due: those that a save names stay, the others come after.
#[derive(Debug)]
struct Orders {
    next: u64,
}

impl Orders {
    fn after(
        counters: &CountersFile,
        of_clients: Option<Number>,
        messages: &[super::format::MessageFile],
        nodes: &BTreeMap<NodeId, NodeFile>,
    ) -> Self {
        let of_messages = messages.iter().filter_map(|message| message.order);
        let of_nodes = nodes.values().flat_map(|node| {
            let writes = node.writes.iter().filter_map(|write| write.order);
            let taking = node.taking.and_then(|taking| taking.order);
            writes
                .chain(node.timer_order)
                .chain(node.gossip_order)
                .chain(taking)
        });
        let named = of_messages
            .chain(of_nodes)
            .chain(of_clients)
            .map(|order| order.get() + 1);
        Self {
            next: named.fold(counters.order.get(), u64::max),
        }
    }

    fn place(&mut self, named: Option<Number>) -> u64 {
        named.map_or_else(
            || {
                self.next += 1;
                self.next - 1
            },
            Number::get,
        )
    }
}

/// Lets every counter go on past what is named.
fn count_on(image: &mut WorldImage, counters: &CountersFile, orders: &Orders) {
    image.next_order = orders.next;
    let messages = image.messages.iter().map(|message| message.id.0 + 1);
    image.next_message = MessageId(messages.fold(counters.message.get(), u64::max));
    let proposals = image
        .nodes
        .iter()
        .flat_map(node::proposals_of)
        .chain(image.clients.asked.keys().copied())
        .map(|id| id.number() + 1);
    let tokens = image.joining.keys().map(|token| token.number() + 1);
    let proposals = proposals.chain(tokens);
    image.next_proposal = ProposalId::new(proposals.fold(counters.proposal.get().max(1), u64::max));
}

/// The nodes by id. One without takes that of its place.
fn numbered(nodes: NodesFile) -> Result<BTreeMap<NodeId, NodeFile>, Problem> {
    let most = super::format::NODES_MOST;
    let wrong_count = |count| Problem(format!("a cluster has 1 to {most} nodes, not {count}"));
    let nodes = match nodes {
        NodesFile::Count(count) => {
            let few = usize::try_from(count).ok().filter(|few| *few <= most);
            vec![NodeFile::default(); few.ok_or_else(|| wrong_count(count))?]
        }
        NodesFile::Each(nodes) => nodes.0,
    };
    if nodes.is_empty() {
        return Err(wrong_count(0));
    }
    let count = nodes.len() as u64;
    let mut numbered = BTreeMap::new();
    for (place, node) in (1..).zip(nodes) {
        let id = node.id.map_or(place, Number::get);
        ensure(
            (1..=count).contains(&id),
            format!("{count} nodes are S1 to S{count}; there is a node {id}"),
        )?;
        let before = numbered.insert(NodeId::new(id), node);
        ensure(before.is_none(), format!("two nodes are S{id}"))?;
    }
    Ok(numbered)
}

/// A node of which nothing is known yet but where it is, so that the cluster can be counted.
fn blank(id: NodeId, file: &NodeFile) -> NodeImage {
    NodeImage {
        moves: file.moves.get(),
        routes: crate::node::Routes::default(),
        gossip: None,
        gossips: 0,
        id,
        incarnation: crate::types::Incarnation::default(),
        started: crate::types::LocalTime::default(),
        clock: crate::playground::Clock::default(),
        attempt: 0,
        disk: crate::storage::simulated::DiskImage::default(),
        disk_settings: None,
        syncs_begun: 0,
        last_sync_due: VirtualTime::default(),
        process: None,
        failure: None,
    }
}

fn links_of<const MOST: usize>(
    links: List<LinkFile, MOST>,
    members: Members,
) -> Result<BTreeMap<(NodeId, NodeId), LinkImage>, Problem> {
    let mut images = BTreeMap::new();
    for link in links {
        let (from, to) = (members.node(link.from)?, members.node(link.to)?);
        ensure(from != to, format!("{from} has no link to itself"))?;
        let counts = [
            (MessageKind::VoteRequest, link.sent.vote_requests),
            (MessageKind::VoteReply, link.sent.vote_replies),
            (MessageKind::Append, link.sent.appends),
            (MessageKind::Heartbeat, link.sent.heartbeats),
            (MessageKind::AppendReply, link.sent.append_replies),
            (MessageKind::PreVoteRequest, link.sent.pre_vote_requests),
            (MessageKind::PreVoteReply, link.sent.pre_vote_replies),
            (MessageKind::TimeoutNow, link.sent.timeouts_now),
            (MessageKind::Forward, link.sent.forwards),
            (MessageKind::ForwardReply, link.sent.forward_replies),
            (MessageKind::Gossip, link.sent.gossip),
            (MessageKind::GossipReply, link.sent.gossip_replies),
            (MessageKind::InstallSnapshot, link.sent.snapshot_pieces),
            (MessageKind::SnapshotReply, link.sent.snapshot_replies),
        ];
        let sent = counts.into_iter().filter(|(_, count)| count.get() > 0);
        let image = LinkImage {
            is_cut: link.cut,
            settings: link.settings.map(LinkSettings::try_from).transpose()?,
            last_due: link.last_due.instant(),
            sent: sent.map(|(kind, count)| (kind, count.get())).collect(),
        };
        let before = images.insert((from, to), image);
        ensure(
            before.is_none(),
            format!("the link from {from} to {to} is named twice"),
        )?;
    }
    Ok(images)
}

/// The groups of the partition, with every node that is not named alone.
fn partition_of<const GROUPS: usize, const NODES: usize>(
    groups: &List<List<Number, NODES>, GROUPS>,
    members: Members,
) -> Result<Vec<BTreeSet<NodeId>>, Problem> {
    let mut named = BTreeSet::new();
    let mut parts = Vec::new();
    for group in groups.iter().filter(|group| !group.is_empty()) {
        let mut part = BTreeSet::new();
        for &number in group.iter() {
            let id = members.node(number)?;
            ensure(named.insert(id), format!("{id} stands twice in the partition"))?;
            part.insert(id);
        }
        parts.push(part);
    }
    if !parts.is_empty() {
        let alone = members.all().filter(|id| !named.contains(id));
        parts.extend(alone.map(|id| BTreeSet::from([id])));
    }
    Ok(parts)
}

impl TryFrom<SettingsFile> for Settings {
    type Error = Problem;

    fn try_from(file: SettingsFile) -> Result<Self, Problem> {
        let SettingsFile {
            election_timeout_ms,
            heartbeat_ms: Millis(heartbeat),
            link,
            disk,
            limits,
            pre_vote,
            check_quorum,
            auto_promote,
            reroute,
            gossip,
            manual,
            load,
            lease,
            broken,
        } = file;
        if let Some(load) = load {
            load.check().map_err(Problem::new)?;
        }
        ensure(
            (Duration::from_micros(1)..=Span::LONGEST).contains(&heartbeat),
            "heartbeat_ms goes from a microsecond to an hour",
        )?;
        Ok(Self {
            election_timeout: span("election_timeout_ms", election_timeout_ms)?,
            heartbeat,
            link: link.try_into()?,
            disk: disk.try_into()?,
            limits: limits.try_into()?,
            protections: Protections {
                pre_vote,
                check_quorum,
                lease,
            },
            auto_promote,
            reroute,
            gossip,
            manual,
            load,
            rules: broken
                .iter()
                .fold(RuleSet::sound(), |rules, rule| rules.without(*rule)),
        })
    }
}

fn span(field: &str, (Millis(min), Millis(max)): (Millis, Millis)) -> Result<Span, Problem> {
    let sentence = || Problem(format!("{field} is a range up to an hour, the shortest first"));
    Span::new(min, max).ok_or_else(sentence)
}

impl TryFrom<LinkSettingsFile> for LinkSettings {
    type Error = Problem;

    fn try_from(file: LinkSettingsFile) -> Result<Self, Problem> {
        let settings = Self {
            latency: span("a link's latency_ms", file.latency_ms)?,
            loss_ppm: file.loss_ppm,
            duplication_ppm: file.duplication_ppm,
            reordering_ppm: file.reordering_ppm,
            straggling_ppm: file.straggling_ppm,
        };
        ensure(
            settings.is_valid(),
            "a share of messages is at most 1000000 ppm, which is all of them",
        )?;
        Ok(settings)
    }
}

impl TryFrom<DiskSettingsFile> for DiskSettings {
    type Error = Problem;

    fn try_from(file: DiskSettingsFile) -> Result<Self, Problem> {
        Ok(Self {
            latency: span("a disk's latency_ms", file.latency_ms)?,
        })
    }
}

impl TryFrom<LimitsFile> for Limits {
    type Error = Problem;

    fn try_from(file: LimitsFile) -> Result<Self, Problem> {
        let size = |number: Number| usize::try_from(number.get()).unwrap_or(usize::MAX);
        let bounds = [
            file.entries,
            file.in_flight,
            file.in_flight_bytes,
            file.snapshot_piece_bytes,
        ];
        ensure(
            bounds.iter().all(|bound| bound.get() > 0),
            "limits must let something through",
        )?;
        Ok(Self {
            entries_per_request: size(file.entries),
            weight_per_request: file.bytes.get(),
            in_flight: InFlightLimit {
                requests: size(file.in_flight),
                weight: file.in_flight_bytes.get(),
            },
            uncommitted_weight: file.uncommitted_bytes.get(),
            command_bytes: Self::default().command_bytes,
            compaction: Compaction {
                entries: file.snapshot_entries.map(Number::get),
                weight: file.snapshot_bytes.map(Number::get),
                retain: file.snapshot_keeps.get(),
            },
            chunk_bytes: file.snapshot_piece_bytes.get(),
        })
    }
}
