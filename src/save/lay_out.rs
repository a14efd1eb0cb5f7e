//! From a world to the text's structs. Nothing is left to a default that a later version may change.

mod client;
mod disk;
mod route;
mod wish;

use std::collections::BTreeSet;

use super::Save;
use super::format::{
    BacklogFile, ClockFile, ConfigurationFile, CountersFile, DiskSettingsFile, EntryFile, FlowFile, HeldFile,
    IncomingFile, LeaseFile, LimitsFile, LinkFile, LinkSettingsFile, MessageFile, NodeCountersFile, NodeFile,
    NodesFile, PassedOnFile, PayloadFile, PeerFile, PositionFile, ProposalFile, ReadFile, ReadingFile,
    RoleFile, RoundFile, SaveFile, SendingFile, SentFile, SettingsFile, SnapshotFile, StateFile, TakingFile,
    TransferFile, ViolationFile, WaitingFile, WordsFile, WriteFile,
};
use super::scalar::{Hash, Millis, Number, Seconds, Text, number};
use super::script::LineFile;
use crate::check::Violation;
use crate::consensus::durable::Metadata;
use crate::consensus::{
    Flow, Incoming, Leader, Lease, Limits, Persistent, Piece, Probe, Progress, Reading, Role, Sending, State,
    Transfer, TransferStage,
};
use crate::node;
use crate::playground::{
    BacklogImage, CLUSTER, Clock, DiskSettings, LinkImage, LinkSettings, MessageImage, NodeImage,
    ProcessImage, Settings, Span, TRACE_VERSION, WorldImage, WriteImage,
};
use crate::storage::simulated::SimulatedDisk;
use crate::types::{
    AppendReply, ClusterTime, Configuration, ElectionOrigin, Entry, Envelope, Gossip, LocalTime, LogIndex,
    LogPosition, Message, MessageKind, NodeId, Payload, PreVoteReply, Round, SnapshotReply, Term,
    VirtualTime, VoteReply,
};

/// A save as its text has it.
pub(super) fn file_of(save: &Save) -> SaveFile {
    let image = &save.image;
    let counters = CountersFile {
        records: number(image.next_ordinal),
        delivered: number(image.delivered),
        message: number(image.next_message.0),
        proposal: number(image.next_proposal.number()),
        order: number(image.next_order),
    };
    let groups = image
        .partition
        .iter()
        .map(|group| ids(group).into_iter().collect());
    let joining = image.joining.iter();
    let joining = joining.map(|(token, seed)| (number(token.number()), id_of(*seed)));
    SaveFile {
        version: Some(number(super::SAVE_VERSION)),
        trace: Some(number(u64::from(TRACE_VERSION))),
        title: save.title.clone(),
        notes: save.notes.iter().cloned().collect(),
        seed: image.seed,
        now: Seconds::at(image.now),
        settings: SettingsFile::from(&image.settings),
        partition: groups.collect(),
        counters,
        trace_hash: Hash(image.trace_hash),
        clients: client::clients_of(&image.clients, &image.asking),
        violations: image.violations.iter().map(violation_of).collect(),
        stopped: image.is_halted,
        links: image.links.iter().map(link_of).collect(),
        messages: image.messages.iter().map(message_of).collect(),
        founders: (image.founders != image.nodes.len() as u64).then(|| number(image.founders)),
        joining: joining.collect(),
        then: save.then.iter().cloned().map(LineFile::from).collect(),
        nodes: NodesFile::Each(image.nodes.iter().map(|node| node_of(node, image)).collect()),
    }
}

fn violation_of(violation: &Violation) -> ViolationFile {
    ViolationFile {
        property: violation.property.name().to_owned(),
        detail: violation.detail.clone(),
        nodes: violation.nodes.iter().copied().map(id_of).collect(),
        terms: violation.terms.iter().copied().map(term_of).collect(),
        indices: violation.indices.iter().copied().map(index_of).collect(),
    }
}

fn id_of(id: NodeId) -> Number {
    number(id.number())
}

fn index_of(index: LogIndex) -> Number {
    number(index.number())
}

fn term_of(term: Term) -> Number {
    number(term.number())
}

fn round_of(round: Round) -> Number {
    number(round.number())
}

fn ids(ids: &BTreeSet<NodeId>) -> Vec<Number> {
    ids.iter().copied().map(id_of).collect()
}

impl From<&Settings> for SettingsFile {
    fn from(settings: &Settings) -> Self {
        Self {
            election_timeout_ms: range(settings.election_timeout),
            heartbeat_ms: Millis(settings.heartbeat),
            link: settings.link.into(),
            disk: settings.disk.into(),
            limits: settings.limits.into(),
            pre_vote: settings.protections.pre_vote,
            check_quorum: settings.protections.check_quorum,
            auto_promote: settings.auto_promote,
            reroute: settings.reroute,
            gossip: settings.gossip,
            manual: settings.manual,
            load: settings.load,
            lease: settings.protections.lease,
            broken: settings.rules.broken().collect(),
        }
    }
}

fn range(span: Span) -> (Millis, Millis) {
    (Millis(span.min()), Millis(span.max()))
}

impl From<LinkSettings> for LinkSettingsFile {
    fn from(settings: LinkSettings) -> Self {
        Self {
            latency_ms: range(settings.latency),
            loss_ppm: settings.loss_ppm,
            duplication_ppm: settings.duplication_ppm,
            reordering_ppm: settings.reordering_ppm,
            straggling_ppm: settings.straggling_ppm,
        }
    }
}

impl From<DiskSettings> for DiskSettingsFile {
    fn from(settings: DiskSettings) -> Self {
        Self {
            latency_ms: range(settings.latency),
        }
    }
}

impl From<Limits> for LimitsFile {
    fn from(limits: Limits) -> Self {
        Self {
            entries: number(limits.entries_per_request as u64),
            bytes: number(limits.weight_per_request),
            in_flight: number(limits.in_flight.requests as u64),
            in_flight_bytes: number(limits.in_flight.weight),
            uncommitted_bytes: number(limits.uncommitted_weight),
            snapshot_piece_bytes: number(limits.chunk_bytes),
            snapshot_entries: limits.compaction.entries.map(number),
            snapshot_bytes: limits.compaction.weight.map(number),
            snapshot_keeps: number(limits.compaction.retain),
        }
    }
}

fn link_of(((from, to), link): (&(NodeId, NodeId), &LinkImage)) -> LinkFile {
    let sent = |kind| number(link.sent.get(&kind).copied().unwrap_or_default());
    LinkFile {
        from: id_of(*from),
        to: id_of(*to),
        cut: link.is_cut,
        settings: link.settings.map(LinkSettingsFile::from),
        last_due: Seconds::at(link.last_due),
        sent: SentFile {
            vote_requests: sent(MessageKind::VoteRequest),
            vote_replies: sent(MessageKind::VoteReply),
            appends: sent(MessageKind::Append),
            heartbeats: sent(MessageKind::Heartbeat),
            append_replies: sent(MessageKind::AppendReply),
            pre_vote_requests: sent(MessageKind::PreVoteRequest),
            pre_vote_replies: sent(MessageKind::PreVoteReply),
            timeouts_now: sent(MessageKind::TimeoutNow),
            forwards: sent(MessageKind::Forward),
            forward_replies: sent(MessageKind::ForwardReply),
            gossip: sent(MessageKind::Gossip),
            gossip_replies: sent(MessageKind::GossipReply),
            snapshot_pieces: sent(MessageKind::InstallSnapshot),
            snapshot_replies: sent(MessageKind::SnapshotReply),
        },
    }
}

fn message_of(message: &MessageImage) -> MessageFile {
    let Envelope {
        from,
        to,
        term,
        message: ref words,
    } = message.envelope;
    MessageFile {
        id: Some(number(message.id.0)),
        from: id_of(from),
        to: id_of(to),
        term: Some(term_of(term)),
        sent: Some(Seconds::at(message.sent)),
        due: Some(Seconds::at(message.due)),
        order: message.order.map(number),
        held: message.held.map(Seconds::at),
        cluster: (message.cluster != CLUSTER).then(|| number(message.cluster.number())),
        says: words_of(words),
    }
}

fn words_of(message: &Message) -> WordsFile {
    match message {
        Message::VoteRequest(request) => WordsFile::VoteRequest {
            last: request.last.into(),
            transfer: request.origin == ElectionOrigin::Transfer,
        },
        Message::PreVoteRequest(request) => WordsFile::PreVoteRequest {
            asked: term_of(request.asked),
            last: request.last.into(),
        },
        Message::PreVoteReply(PreVoteReply::Granted { asked }) => WordsFile::PreVoteGranted {
            asked: term_of(*asked),
        },
        Message::PreVoteReply(PreVoteReply::Refused) => WordsFile::PreVoteRefused,
        Message::TimeoutNow(request) => WordsFile::TimeoutNow {
            last: request.last.into(),
        },
        Message::VoteReply(VoteReply::Granted) => WordsFile::VoteGranted,
        Message::VoteReply(VoteReply::Refused) => WordsFile::VoteRefused,
        Message::AppendRequest(request) => WordsFile::Append {
            previous: request.previous.into(),
            entries: request.entries.as_slice().iter().map(EntryFile::from).collect(),
            commit: index_of(request.commit),
            round: round_of(request.round),
        },
        Message::AppendReply(AppendReply::Matched { through, round }) => WordsFile::Matched {
            through: index_of(*through),
            round: round_of(*round),
        },
        Message::AppendReply(AppendReply::Diverged {
            rejected,
            hint,
            round,
        }) => WordsFile::Diverged {
            rejected: index_of(*rejected),
            hint: (*hint).into(),
            round: round_of(*round),
        },
        Message::AppendReply(AppendReply::StaleTerm) => WordsFile::StaleTerm,
        Message::Forward(forward) => WordsFile::Forward {
            starts: number(forward.incarnation.number()),
            id: number(forward.id.number()),
            wish: (&forward.wish).into(),
        },
        Message::ForwardReply(reply) => WordsFile::ForwardReply {
            starts: number(reply.incarnation.number()),
            id: number(reply.id.number()),
            outcome: reply.outcome.into(),
        },
        Message::Gossip(Gossip::Push(news)) => WordsFile::Gossip(route::news_of(news)),
        Message::Gossip(Gossip::Reply(news)) => WordsFile::GossipReply(route::news_of(news)),
        Message::InstallSnapshot(request) => WordsFile::Piece {
            last: request.last.into(),
            members: (&*request.configuration).into(),
            offset: number(request.offset),
            total: number(request.total),
            data: Text(request.data.clone()),
            round: round_of(request.round),
        },
        Message::SnapshotReply(SnapshotReply::Received { last, bytes, round }) => WordsFile::Received {
            last: (*last).into(),
            bytes: number(*bytes),
            round: round_of(*round),
        },
        Message::SnapshotReply(SnapshotReply::StaleTerm) => WordsFile::StaleSnapshot,
    }
}

impl From<LogPosition> for PositionFile {
    fn from(position: LogPosition) -> Self {
        Self {
            index: index_of(position.index),
            term: term_of(position.term),
        }
    }
}

impl From<&Entry> for EntryFile {
    fn from(entry: &Entry) -> Self {
        Self {
            term: term_of(entry.term),
            payload: match &entry.payload {
                Payload::Noop => PayloadFile::Noop,
                Payload::Command(command) => PayloadFile::Command(Text(command.clone())),
                Payload::Configuration(configuration) => PayloadFile::Members((&**configuration).into()),
                Payload::OpenSession { timeout } => PayloadFile::OpenSession(Seconds::of(*timeout)),
                Payload::CloseSession(session) => PayloadFile::CloseSession(number(session.number())),
                Payload::Guarded(guarded) => PayloadFile::Guarded(guarded.into()),
                Payload::ClusterTime(time) => PayloadFile::Time(cluster_time(*time)),
            },
        }
    }
}

impl From<&Configuration> for ConfigurationFile {
    fn from(configuration: &Configuration) -> Self {
        let list = |set: &BTreeSet<NodeId>| ids(set).into_iter().collect();
        let named = configuration
            .members()
            .into_iter()
            .chain(configuration.joined.values().copied());
        let is_highest_named = named.max() == Some(configuration.last_id);
        let joined = configuration.joined.iter();
        Self {
            voters: list(&configuration.voters),
            outgoing: configuration.outgoing.as_ref().map(list),
            learners: list(&configuration.learners),
            last_id: (!is_highest_named).then(|| id_of(configuration.last_id)),
            joined: joined
                .map(|(token, id)| (number(token.number()), id_of(*id)))
                .collect(),
        }
    }
}

fn node_of(node: &NodeImage, image: &WorldImage) -> NodeFile {
    let mut file = NodeFile {
        id: Some(id_of(node.id)),
        failure: node.failure.clone(),
        counters: NodeCountersFile {
            starts: number(node.incarnation.number()),
            started: local(node.started),
            timeouts: number(node.attempt),
            syncs: number(node.syncs_begun),
            last_sync_due: Seconds::at(node.last_sync_due),
            ..NodeCountersFile::default()
        },
        clock: (node.clock != Clock::default()).then(|| ClockFile {
            drift_ppm: node.clock.drift_ppm,
            since: Seconds::at(node.clock.since),
            reading: local(node.clock.reading),
        }),
        disk_settings: node.disk_settings.map(DiskSettingsFile::from),
        disk: Some(disk::file_of(node)),
        ..NodeFile::default()
    };
    route::tell_routes(&mut file, node, image);
    match &node.process {
        None => tell_disk(&mut file, node, image),
        Some(process) => tell_process(&mut file, process),
    }
    file
}

/// A node that is down is what its disk holds. Where that can't be read, nothing is told of it.
fn tell_disk(file: &mut NodeFile, node: &NodeImage, image: &WorldImage) {
    file.state = StateFile::Down;
    let settings = image.node_settings(node.id, node.incarnation);
    let disk = SimulatedDisk::restore(node.disk.clone()).ok();
    if let Some(found) = disk.and_then(|disk| node::inspect(&settings, &disk).ok()) {
        tell_persistent(file, &node::recovered_state(&settings, found));
    }
}

fn tell_persistent(file: &mut NodeFile, persistent: &Persistent) {
    let Persistent {
        metadata,
        log,
        snapshot,
    } = persistent;
    tell_metadata(file, *metadata);
    file.snapshot = snapshot.as_ref().map(|snapshot| SnapshotFile {
        last: snapshot.last.into(),
        members: Some((&*snapshot.configuration).into()),
        data: Some(Text(snapshot.data.clone())),
        state: None,
    });
    let last = snapshot
        .as_ref()
        .map_or(LogPosition::GENESIS, |snapshot| snapshot.last);
    file.base = (log.base() != last).then(|| log.base().into());
    file.log = log.iter().map(|(_, entry)| EntryFile::from(entry)).collect();
}

fn tell_metadata(file: &mut NodeFile, metadata: Metadata) {
    file.term = Some(term_of(metadata.term));
    file.vote = metadata.vote.map(id_of);
}

fn tell_process(file: &mut NodeFile, process: &ProcessImage) {
    let ProcessImage {
        memory,
        writes,
        timer,
        snapshot_due,
        frozen,
    } = process;
    file.taking = memory.taking.map(|through| TakingFile {
        through: index_of(through),
        due: snapshot_due.map(|(due, _)| Seconds::at(due)),
        order: snapshot_due.map(|(_, order)| number(order)),
    });
    tell_state(file, &memory.state);
    file.state = match frozen {
        None => StateFile::Up,
        Some(_) => StateFile::Frozen,
    };
    if let Some(timer) = timer {
        file.timer = Some(Seconds::at(timer.deadline));
        file.timer_set_for = Some(Seconds::of(timer.duration));
        file.timer_order = Some(number(timer.order));
    }
    let through = memory.state.volatile.durability.under_way.iter();
    let writes = writes.iter().zip(through);
    file.writes = writes
        .map(|(write, (_, through))| write_of(write, *through))
        .collect();
    let held = memory.held.iter().map(|(write, envelope)| HeldFile {
        write: number(write.number()),
        to: id_of(envelope.to),
        term: term_of(envelope.term),
        says: words_of(&envelope.message),
    });
    file.held = held.collect();
    file.backlog = frozen.iter().flatten().map(BacklogFile::from).collect();
    let proposals = memory.proposals.iter().map(|(index, term, id)| ProposalFile {
        id: number(id.number()),
        index: index_of(*index),
        term: term_of(*term),
    });
    file.proposals = proposals.collect();
    file.executed_again = memory.executed_again.iter().copied().map(index_of).collect();
    let reads = memory.reads.iter().map(|(id, query, index)| ReadFile {
        id: number(id.number()),
        query: Text(query.clone()),
        index: index.map(index_of),
    });
    file.reads = reads.collect();
}

fn tell_state(file: &mut NodeFile, state: &State) {
    let State {
        persistent,
        volatile,
        role,
    } = state;
    tell_persistent(file, persistent);
    file.commit = index_of(volatile.commit);
    file.applied = (volatile.applied != volatile.commit).then(|| index_of(volatile.applied));
    let durability = &volatile.durability;
    let is_all_durable = durability.through == persistent.log.last_index();
    file.durable = (!is_all_durable).then(|| index_of(durability.through));
    file.counters.writes = number(durability.flushed.number());
    file.counters.term_write = number(durability.metadata.number());
    file.counters.snapshot_write = number(durability.installed.number());
    file.heard = volatile.heard.map(local);
    file.passed_on = volatile.passed_on.iter().map(PassedOnFile::from).collect();
    match role {
        Role::Follower(follower) => {
            file.leader = follower.leader.map(id_of);
            file.incoming = follower.incoming.as_ref().map(incoming_of);
        }
        Role::PreCandidate(candidate) => {
            file.role = RoleFile::PreCandidate;
            file.granted = Some(ids(&candidate.granted).into_iter().collect());
            file.refused = ids(&candidate.refused).into_iter().collect();
        }
        Role::Candidate(candidate) => {
            file.role = RoleFile::Candidate;
            file.granted = Some(ids(&candidate.granted).into_iter().collect());
            file.refused = ids(&candidate.refused).into_iter().collect();
        }
        Role::Leader(leader) => {
            file.role = RoleFile::Leader;
            file.peers = leader.peers.iter().map(|peer| peer_of(peer, leader)).collect();
            file.transfer = leader.transfer.map(transfer_of);
            file.reading = Some(reading_of(&leader.reading));
            file.served = wish::served_of(&leader.served);
            file.stamped = leader.stamped.map(|(time, at)| (cluster_time(time), local(at)));
        }
    }
}

fn incoming_of(incoming: &Incoming) -> IncomingFile {
    IncomingFile {
        last: incoming.last.into(),
        members: (&*incoming.configuration).into(),
        total: number(incoming.total),
        data: Text(incoming.data.clone().into()),
    }
}

fn sending_of(sending: &Sending) -> SendingFile {
    SendingFile {
        last: sending.last.into(),
        received: number(sending.received),
        most: (sending.most > sending.received).then(|| number(sending.most)),
        grew: Some(local(sending.grew)),
        out: match sending.piece {
            Piece::Ready => None,
            Piece::Out(round) => Some(round_of(round)),
        },
    }
}

fn reading_of(reading: &Reading) -> ReadingFile {
    let open = reading.open.iter();
    let waiting = reading.waiting.iter();
    ReadingFile {
        round: round_of(reading.round),
        open: open.map(|(round, at)| (round_of(*round), local(*at))).collect(),
        confirmed: reading
            .confirmed
            .map(|confirmed| (round_of(confirmed.round), local(confirmed.sent))),
        waiting: waiting.map(WaitingFile::from).collect(),
        lease: match reading.lease {
            Lease::Off => LeaseFile::Off,
            Lease::From(round) => LeaseFile::From(round_of(round)),
            Lease::Void => LeaseFile::Void,
        },
    }
}

fn transfer_of(transfer: Transfer) -> TransferFile {
    TransferFile {
        to: id_of(transfer.target),
        since: local(transfer.since),
        asked: transfer.stage == TransferStage::Asked,
    }
}

fn cluster_time(time: ClusterTime) -> Seconds {
    Seconds::at(VirtualTime::from_nanos(time.nanos()))
}

/// A node's own clock is the world's.
fn local(time: LocalTime) -> Seconds {
    Seconds::at(VirtualTime::from_nanos(time.nanos()))
}

fn peer_of((id, progress): (&NodeId, &Progress), leader: &Leader) -> PeerFile {
    let round = leader.catching_up.get(id).map(|round| RoundFile {
        number: number(u64::from(round.round)),
        goal: index_of(round.goal),
        since: local(round.since),
    });
    PeerFile {
        round,
        answered: round_of(progress.round),
        node: id_of(*id),
        matched: index_of(progress.matched),
        next: Some(index_of(progress.next)),
        heard: Some(local(progress.heard)),
        flow: match &progress.flow {
            Flow::Probe(Probe::Ready) => FlowFile::Probe,
            Flow::Probe(Probe::Awaiting) => FlowFile::Awaiting,
            Flow::Snapshot(sending) => FlowFile::Snapshot(sending_of(sending)),
            Flow::Replicate { in_flight } => {
                let requests = in_flight.iter();
                FlowFile::Replicate(
                    requests
                        .map(|request| (index_of(request.last), number(request.weight)))
                        .collect(),
                )
            }
        },
    }
}

fn write_of(write: &WriteImage, through: LogIndex) -> WriteFile {
    WriteFile {
        number: number(write.sequence.number()),
        through: index_of(through),
        due: write.due.map(|(due, _)| Seconds::at(due)),
        order: write.due.map(|(_, order)| number(order)),
    }
}

impl From<&BacklogImage> for BacklogFile {
    fn from(waiting: &BacklogImage) -> Self {
        match waiting {
            BacklogImage::Message(id) => Self::Message(number(id.0)),
            BacklogImage::Timer(_) => Self::Timer,
            BacklogImage::Write(sequence) => Self::Write(number(sequence.number())),
            BacklogImage::Snapshot(index) => Self::Snapshot(index_of(*index)),
            BacklogImage::Proposal(id, command) => Self::Proposal(number(id.number()), Text(command.clone())),
        }
    }
}
