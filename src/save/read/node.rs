//! A node of a save.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::disk::{Laid, disk_of};
use super::entry::entries_of;
use super::process::{Maker, local};
use super::route::{gossip_of, routes_of};
use super::snapshot::snapshot_of;
use super::{Members, Orders, Problem, ensure};
use crate::consensus::durable::Metadata;
use crate::consensus::{Log, Persistent};
use crate::playground::{BacklogImage, Clock, DiskSettings, NodeImage, WorldImage};
use crate::save::format::{BacklogFile, ClockFile, NodeFile, RoleFile, StateFile};
use crate::save::scalar::{Number, neutralised};
use crate::types::{Incarnation, LogIndex, LogPosition, NodeId, ProposalId, Term};

/// The term of a node: as given, or that of its last entry; at least 1 where it stands for election or leads.
pub(super) fn term_of(file: &NodeFile) -> Term {
    let least = match file.role {
        RoleFile::Follower | RoleFile::PreCandidate => 0,
        RoleFile::Candidate | RoleFile::Leader => 1,
    };
    let of_snapshot = file
        .snapshot
        .as_ref()
        .map_or(0, |snapshot| snapshot.last.term.get());
    let of_log = file.log.last().map_or(of_snapshot, |entry| entry.term.get());
    Term::new(file.term.map_or(of_log.max(least), Number::get))
}

/// The messages that wait for frozen nodes.
pub(super) fn waiting_messages(nodes: &BTreeMap<NodeId, NodeFile>) -> BTreeSet<u64> {
    let backlogs = nodes.values().flat_map(|node| node.backlog.iter());
    let messages = backlogs.filter_map(|waiting| match waiting {
        BacklogFile::Message(id) => Some(id.get()),
        BacklogFile::Timer | BacklogFile::Write(_) | BacklogFile::Snapshot(_) | BacklogFile::Proposal(..) => {
            None
        }
    });
    messages.collect()
}

/// The names of the proposals that a node knows.
pub(super) fn proposals_of(node: &NodeImage) -> Vec<ProposalId> {
    let Some(process) = &node.process else {
        return Vec::new();
    };
    let open = process.memory.proposals.iter().map(|(_, _, id)| *id);
    let reads = process.memory.reads.iter().map(|(id, _, _)| *id);
    let backlog = process.frozen.iter().flatten();
    let waiting = backlog.filter_map(|waiting| match waiting {
        BacklogImage::Proposal(id, _) => Some(*id),
        BacklogImage::Message(_)
        | BacklogImage::Timer(_)
        | BacklogImage::Snapshot(_)
        | BacklogImage::Write(_) => None,
    });
    let passed_on = process
        .memory
        .state
        .volatile
        .passed_on
        .iter()
        .map(|passed_on| passed_on.id);
    open.chain(reads).chain(passed_on).chain(waiting).collect()
}

/// A node of a world whose other parts stand.
pub(super) fn node_of(
    id: NodeId,
    mut file: NodeFile,
    image: &WorldImage,
    members: Members,
    orders: &mut Orders,
) -> Result<NodeImage, Problem> {
    check_role(&file)?;
    let metadata = metadata_of(id, &file, members)?;
    let persistent = persistent_of(metadata, &mut file, image)?;
    check_term(metadata.term, persistent.log.last_position())?;
    let syncs = file.disk.as_mut().map(|disk| std::mem::take(&mut disk.syncs));
    let (routes, gossip) = (routes_of(id, &file, image)?, gossip_of(id, &file, image, orders)?);
    let moves = file.moves.get();
    let Laid { disk, synced } = disk_of(file.state, file.disk.take(), &persistent, id, image)?;
    let (counters, failure) = (file.counters, file.failure.take());
    let clock = file.clock.map_or_else(Clock::default, clock_of);
    let disk_settings = file.disk_settings.map(DiskSettings::try_from).transpose()?;
    let process = match file.state {
        StateFile::Down => None,
        StateFile::Up | StateFile::Frozen => {
            let maker = Maker {
                id,
                image,
                now: clock.at(image.now),
                members,
                persistent,
                syncs: syncs.unwrap_or_default(),
            };
            Some(maker.process(file, synced, orders)?)
        }
    };
    Ok(NodeImage {
        id,
        incarnation: Incarnation::new(counters.starts.get()),
        started: local(counters.started),
        clock,
        attempt: counters.timeouts.get(),
        moves,
        routes,
        gossip,
        gossips: counters.gossips.get(),
        disk,
        disk_settings,
        syncs_begun: counters.syncs.get(),
        last_sync_due: counters.last_sync_due.instant(),
        process,
        failure: failure.map(|text| neutralised(&text)),
    })
}

fn clock_of(file: ClockFile) -> Clock {
    Clock {
        since: file.since.instant(),
        reading: local(file.reading),
        drift_ppm: file.drift_ppm,
    }
}

/// Term, vote, snapshot and log. The log begins after the snapshot, unless the save says where.
fn persistent_of(metadata: Metadata, file: &mut NodeFile, image: &WorldImage) -> Result<Persistent, Problem> {
    let snapshot = file.snapshot.take();
    let snapshot = snapshot
        .map(|snapshot| snapshot_of(&snapshot, image))
        .transpose()?;
    let last = snapshot
        .as_ref()
        .map_or(LogPosition::GENESIS, |snapshot| snapshot.last);
    let base = file.base.map_or(last, LogPosition::from);
    ensure(
        base.index <= last.index,
        "its log begins late, and no snapshot stands for what is before",
    )?;
    let entries = entries_of(std::mem::take(&mut file.log), base)?;
    let configuration = match &snapshot {
        Some(snapshot) if base.index > LogIndex::GENESIS => Arc::clone(&snapshot.configuration),
        Some(_) | None => Arc::new(image.configuration()),
    };
    Ok(Persistent {
        metadata,
        log: Log::recovered(base, configuration, entries),
        snapshot,
    })
}

/// What only one role or state has stands at no other.
fn check_role(file: &NodeFile) -> Result<(), Problem> {
    let is = |role| file.role == role;
    let is_down = file.state == StateFile::Down;
    let has_memory = file.commit != Number::default()
        || file.applied.is_some()
        || file.durable.is_some()
        || file.timer.is_some()
        || file.taking.is_some()
        || !file.proposals.is_empty();
    let has_writes = !file.writes.is_empty() || !file.held.is_empty();
    let checks = [
        (
            !(is_down && (has_memory || has_writes || !is(RoleFile::Follower))),
            "a node that is down has only what is on its disk: term, vote, snapshot and log",
        ),
        (
            is(RoleFile::Follower) || (file.leader.is_none() && file.incoming.is_none()),
            "only a follower has a `leader` and an `incoming` snapshot",
        ),
        (
            is(RoleFile::Candidate)
                || is(RoleFile::PreCandidate)
                || (file.granted.is_none() && file.refused.is_empty()),
            "only a candidate has `granted` and `refused` votes",
        ),
        (
            is(RoleFile::Leader) || (file.peers.is_empty() && file.transfer.is_none()),
            "only a leader has `peers` and a `transfer`",
        ),
        (
            file.state == StateFile::Frozen || file.backlog.is_empty(),
            "only a frozen node has a `backlog`",
        ),
        (
            file.disk.is_some() || !has_writes,
            "its `writes` and `held` go with its `disk:`; delete them too",
        ),
    ];
    checks
        .into_iter()
        .try_for_each(|(holds, what)| ensure(holds, what))
}

fn metadata_of(id: NodeId, file: &NodeFile, members: Members) -> Result<Metadata, Problem> {
    let default = match file.role {
        RoleFile::Follower | RoleFile::PreCandidate => None,
        RoleFile::Candidate | RoleFile::Leader => Some(id),
    };
    let vote = file.vote.map(|vote| members.node(vote)).transpose()?;
    // Who comes from a run with a rule broken on purpose may have voted otherwise; who is made by hand has not.
    ensure(
        file.disk.is_some() || default.is_none() || vote.is_none_or(|vote| vote == id),
        "who leads or stands for election has voted for itself",
    )?;
    Ok(Metadata {
        term: term_of(file),
        vote: vote.or(default),
    })
}

fn check_term(term: Term, last: LogPosition) -> Result<(), Problem> {
    let sentence = format!(
        "its term is {term}, but entry {} of its log is of term {}",
        last.index, last.term
    );
    ensure(last.term <= term, sentence)
}
