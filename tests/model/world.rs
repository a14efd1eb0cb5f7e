//! All servers and the network between them, and the oracles that watch.

use std::collections::{BTreeMap, BTreeSet};

use raft_play::consensus::durable::Inbound;
use raft_play::consensus::{Input, Log, Output, Role, RoleName, Unobserved};
use raft_play::types::{
    AppendReply, Configuration, ElectionOrigin, Entry, Envelope, LocalTime, LogIndex, Message, NodeId,
    Payload, Snapshot, Term, VoteReply, majority_of,
};

use crate::machine::{self, Sessions};
use crate::servers::{Server, id, place, proof};

/// What the oracles remember.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct History {
    pub leaders: BTreeMap<Term, NodeId>,
    pub votes: BTreeMap<(Term, NodeId), NodeId>,
    /// Each committed entry, and the term of the server that committed it first.
    pub committed: Vec<(Entry, Term)>,
    pub broken: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub servers: Vec<Server>,
    /// On their way, each with how often it is there; the order says nothing.
    pub network: BTreeMap<String, (Envelope, u8)>,
    pub spent: [u8; 7],
    /// What is judged, and by what that is.
    pub history: History,
    /// Whether a write is durable as soon as it is begun.
    pub is_instant: bool,
}

impl World {
    /// Has a server take an input, and does what follows.
    pub fn step(&mut self, server: usize, input: Input) {
        let before = self.servers[server].raft.state().persistent.log.clone();
        let was_leader = self.servers[server].raft.is_leader();
        let mut out = Output::default();
        let one = &mut self.servers[server];
        one.raft
            .step(LocalTime::default(), input, &mut Unobserved, &mut out);
        if let Some(write) = out.write.take() {
            one.unsynced.push(write);
        }
        one.held.append(&mut out.messages);
        self.judge_log(server, was_leader, &before);
        self.release(server);
        if let Some(snapshot) = out.restore.take() {
            self.restore(server, &snapshot);
        }
        if let Some(commit) = out.commit {
            self.judge_commit(server, commit, &before);
            self.apply(server, commit);
            let one = &mut self.servers[server];
            one.raft
                .absorb(LocalTime::default(), Input::Applied(commit), &mut Unobserved);
        }
        if was_leader {
            self.judge_change(server, &before);
        }
        while self.is_instant && !self.servers[server].unsynced.is_empty() {
            self.sync(server);
        }
    }

    /// The machine takes over a snapshot.
    fn restore(&mut self, server: usize, snapshot: &Snapshot) {
        let committed = &self.history.committed;
        let known = committed.get(count(snapshot.last.index) - 1);
        if known.is_none_or(|(entry, _)| entry.term != snapshot.last.term) {
            self.breaks("State Machine Safety");
        }
        self.servers[server].machine = Some(snapshot.data.clone());
    }

    /// The machine applies what was committed, and comes to where every machine does that applies the same.
    fn apply(&mut self, server: usize, commit: LogIndex) {
        let Some(data) = self.servers[server].machine.take() else {
            return;
        };
        let state = self.servers[server].raft.state();
        let log = &state.persistent.log;
        let machine = machine::after(&data, state.volatile.applied, log, commit);
        let entries = self.history.committed.iter().map(|(entry, _)| entry);
        let replayed = machine::replayed(entries.take(count(commit)));
        let is_equal = machine::contents(&machine) == machine::contents(&replayed);
        self.servers[server].machine = Some(machine);
        if !is_equal {
            self.breaks("Exactly Once");
        }
    }

    /// A snapshot is taken of what was applied.
    pub fn take_snapshot(&mut self, server: usize, sessions: Sessions) {
        let index = self.servers[server].raft.state().volatile.applied;
        let data = self.servers[server].machine.as_ref();
        let data = machine::snapshot(data.expect("a cluster of machines"), sessions);
        self.step(server, Input::SnapshotTaken { index, data });
    }

    fn release(&mut self, server: usize) {
        let one = &mut self.servers[server];
        let flushed = one.raft.state().volatile.durability.flushed;
        let proof = proof(id(server), one.incarnation, flushed);
        for held in std::mem::take(&mut one.held) {
            match held.release(&proof) {
                Ok(outbound) => self.send(outbound.into_inner()),
                Err(held) => self.servers[server].held.push(held),
            }
        }
    }

    fn send(&mut self, envelope: Envelope) {
        self.judge_words(&envelope);
        let there = self
            .network
            .entry(format!("{envelope:?}"))
            .or_insert((envelope, 0));
        there.1 = (there.1 + 1).min(2);
    }

    pub fn take(&mut self, key: &str) -> Option<Envelope> {
        let (envelope, count) = self.network.get_mut(key)?;
        let taken = envelope.clone();
        *count -= 1;
        if *count == 0 {
            self.network.remove(key);
        }
        Some(taken)
    }

    /// What is for a server that there is not is lost.
    pub fn deliver(&mut self, envelope: Envelope) {
        let to = place(envelope.to);
        if to >= self.servers.len() {
            return;
        }
        self.step(to, Input::Receive(Inbound::received(envelope)));
    }

    pub fn sync(&mut self, server: usize) {
        let one = &mut self.servers[server];
        let write = one.unsynced.remove(0);
        one.disk.write(&write);
        let proof = proof(id(server), one.incarnation, write.sequence);
        self.step(server, Input::Durable(proof));
    }

    fn breaks(&mut self, property: &'static str) {
        self.history.broken.get_or_insert(property);
    }

    /// Election Safety, Leader Append-Only, Leader Completeness, Log Matching.
    fn judge_log(&mut self, server: usize, was_leader: bool, before: &Log) {
        let state = self.servers[server].raft.state().clone();
        let (log, term) = (&state.persistent.log, state.persistent.metadata.term);
        let Role::Leader(_) = state.role else {
            return;
        };
        if *self.history.leaders.entry(term).or_insert(id(server)) != id(server) {
            self.breaks("Election Safety");
        }
        let is_lost =
            |(index, entry): (LogIndex, &Entry)| index > log.base().index && log.entry(index) != Some(entry);
        if was_leader && before.iter().any(is_lost) {
            self.breaks("Leader Append-Only");
        }
        // What a snapshot stands for is judged where it is taken over.
        let has = |place: usize, entry: &Entry| {
            let index = LogIndex::new(place as u64 + 1);
            index <= log.base().index || log.entry(index) == Some(entry)
        };
        let committed = self.history.committed.iter().enumerate();
        let mut earlier = committed.filter(|(_, (_, committed_in))| *committed_in < term);
        if earlier.any(|(place, (entry, _))| !has(place, entry)) {
            self.breaks("Leader Completeness");
        }
    }

    /// State Machine Safety, and commitment on a majority of disks.
    fn judge_commit(&mut self, server: usize, commit: LogIndex, before: &Log) {
        let log = self.servers[server].raft.state().persistent.log.clone();
        let term = self.servers[server].raft.state().persistent.metadata.term;
        let first_new = self.history.committed.len() as u64 + 1;
        let first = log.first_index().number();
        for index in (first..=commit.number()).map(LogIndex::new) {
            let entry = log.entry(index).expect("what is committed is there").clone();
            let place = count(index) - 1;
            match self.history.committed.get(place) {
                Some((known, _)) if *known == entry => {}
                Some(_) => self.breaks("State Machine Safety"),
                None => self.history.committed.push((entry, term)),
            }
        }
        if commit.number() < first_new {
            return;
        }
        // A joint configuration is left in the step that commits it, and it is for both majorities to do so.
        let (joint_at, joint) = before.latest_configuration();
        let latest = log.configuration();
        let is_left = joint.is_joint() && !latest.is_joint();
        let is_backed = !is_left || self.is_on_disks(&log, *joint_at, joint);
        if !is_backed || !self.is_on_disks(&log, commit, latest) {
            self.breaks("Commit On Durable Quorum");
        }
    }

    /// Whether a majority of every electorate has the entry at an index of this log on disk.
    fn is_on_disks(&self, log: &Log, index: LogIndex, configuration: &Configuration) -> bool {
        let entry = log.entry(index);
        let has_copy = |id: &NodeId| {
            let server = self.servers.get(place(*id));
            server.is_some_and(|Server { disk, .. }| {
                index <= disk.log.base().index || disk.log.entry(index) == entry
            })
        };
        let holders = |electorate: &BTreeSet<NodeId>| electorate.iter().filter(|id| has_copy(id)).count();
        configuration
            .electorates()
            .all(|electorate| holders(electorate) >= majority_of(electorate))
    }

    /// Thesis §4.1: the change before and an entry of the leader's own term are committed first.
    fn judge_change(&mut self, server: usize, before: &Log) {
        let state = self.servers[server].raft.state();
        let (log, term) = (&state.persistent.log, state.persistent.metadata.term);
        let (last, (open, _)) = (before.last_index(), before.latest_configuration());
        let is_change = |entry: &Entry| matches!(entry.payload, Payload::Configuration(_));
        let is_changed = log.iter().any(|(index, entry)| index > last && is_change(entry));
        if !is_changed || !state.role.name().eq(&RoleName::Leader) {
            return;
        }
        let committed = &self.history.committed;
        let is_own = committed.last().is_some_and(|(entry, _)| entry.term >= term);
        if !is_own || open.number() > committed.len() as u64 {
            self.breaks("Configuration Safety");
        }
    }

    /// One vote per term; no acknowledgement of what is not on disk.
    fn judge_words(&mut self, envelope: &Envelope) {
        let (from, term) = (envelope.from, envelope.term);
        let vote = match &envelope.message {
            Message::VoteReply(VoteReply::Granted) => Some(envelope.to),
            Message::VoteRequest(request) if request.origin == ElectionOrigin::Timeout => Some(from),
            _ => None,
        };
        if let Some(vote) = vote
            && *self.history.votes.entry((term, from)).or_insert(vote) != vote
        {
            self.breaks("Vote Unique");
        }
        let disk = &self.servers[place(from)].disk;
        if let Message::AppendReply(AppendReply::Matched { through, .. }) = &envelope.message
            && disk.metadata.term == term
            && disk.log.last_index() < *through
        {
            self.breaks("Acknowledged Durable");
        }
    }

    /// Log Matching, over all pairs.
    pub fn logs_match(&self) -> bool {
        let logs: Vec<&Log> = self
            .servers
            .iter()
            .map(|server| &server.raft.state().persistent.log)
            .collect();
        let agree = |one: &Log, other: &Log| {
            let last = one.last_index().min(other.last_index()).number();
            let same = (1..=last)
                .rev()
                .map(LogIndex::new)
                .find(|&index| one.term_at(index) == other.term_at(index));
            let first = one.first_index().max(other.first_index()).number();
            same.is_none_or(|same| {
                (first..=same.number())
                    .map(LogIndex::new)
                    .all(|index| one.entry(index) == other.entry(index))
            })
        };
        logs.iter().all(|one| logs.iter().all(|other| agree(one, other)))
    }
}

/// How many entries there are through an index.
fn count(index: LogIndex) -> usize {
    usize::try_from(index.number()).expect("a small number")
}
