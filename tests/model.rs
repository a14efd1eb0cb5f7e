//! Exhaustive model checking of the very code that runs: three servers, their disks and every order of messages, syncs,
//! timeouts and crashes within small bounds.
//!
//! A state holds each server's [`Raft`], what its disk has and what it was told to write, the messages that wait for a write and
//! those on their way. Every interleaving within the [`Bounds`] is visited. Messages may be lost (never delivered), late and out of
//! order at no cost, and delivered twice for one of the `duplicates`. A crash keeps what was written or loses what was not synced.
//! What is judged is kept beside the servers and computed from outside: Figure 3, one vote per term, nothing acknowledged
//! that is not on disk, nothing committed without a majority of disks.
//!
//! `cargo test --release --test model -- --ignored --nocapture` walks larger bounds, for some minutes.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use raft_play::consensus::durable::{Driver, Durable, Held, Inbound, Metadata, Store, Write};
use raft_play::consensus::{
    Input, Limits, Log, Output, Protections, Raft, Role, Rule, RuleSet, Settings, State, Switch, Unobserved,
};
use raft_play::types::{
    AppendReply, Configuration, ElectionOrigin, Entries, Entry, Envelope, Incarnation, LocalTime, LogIndex,
    Message, NodeId, ProposalId, Term, VoteReply, WriteSequence,
};
use stateright::{Checker, HasDiscoveries, Model, Property};

const SERVERS: u64 = 3;

/// How far the model goes.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// No election timer runs out in this term.
    last_term: u64,
    timeouts: u8,
    heartbeats: u8,
    proposals: u8,
    crashes: u8,
    duplicates: u8,
}

/// A server at the beginning: its term, whom it voted for, and the terms of its log.
type Start = (u64, Option<u64>, &'static [u64]);

#[derive(Clone, Debug)]
struct Cluster {
    starts: [Start; 3],
    /// How many entries of the first server's log are committed, in a term before all that come.
    committed: usize,
    bounds: Bounds,
    rules: RuleSet,
}

/// What a disk has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Disk {
    metadata: Metadata,
    log: Log,
}

impl Disk {
    fn write(&mut self, write: &Write) {
        if let Some(metadata) = write.metadata {
            self.metadata = metadata;
        }
        if let Some(from) = write.truncate {
            self.log.truncate_from(from);
        }
        self.log.extend(write.append.clone());
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Server {
    raft: Raft,
    incarnation: u64,
    /// What is durable.
    disk: Disk,
    /// What is written and not synced.
    unsynced: Vec<Write>,
    held: Vec<Held<Envelope>>,
}

/// What the oracles remember.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct History {
    leaders: BTreeMap<Term, NodeId>,
    votes: BTreeMap<(Term, NodeId), NodeId>,
    /// Each committed entry, and the term of the server that committed it first.
    committed: Vec<(Entry, Term)>,
    broken: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    servers: Vec<Server>,
    /// On their way, each with how often it is there; the order says nothing.
    network: BTreeMap<String, (Envelope, u8)>,
    spent: [u8; 5],
    history: History,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Action {
    Deliver(String),
    DeliverTwice(String),
    ElectionTimeout(usize),
    Heartbeat(usize),
    Propose(usize),
    Sync(usize),
    Crash { server: usize, loses_unsynced: bool },
}

/// A store that keeps nothing: the model keeps what is durable, and proofs are minted where a sync is done.
struct Nothing;

impl Store for Nothing {
    type Sync = ();
    type Synced = ();
    type Error = Infallible;

    fn begin(&mut self, _: &Write) -> Result<(), Infallible> {
        Ok(())
    }

    fn sync((): ()) -> Result<(), Infallible> {
        Ok(())
    }

    fn settle(&mut self, (): ()) {}
}

/// The proof that everything through a write is durable, got as any store gets it: by driving the writes.
fn proof(node: NodeId, incarnation: u64, through: WriteSequence) -> Durable {
    let (mut driver, _) = Driver::new(Nothing, node, Incarnation::new(incarnation));
    for number in 1..=through.number() {
        let write = Write {
            sequence: WriteSequence::new(number),
            metadata: None,
            snapshot: None,
            compact: None,
            truncate: None,
            append: Entries::empty(LogIndex::new(1)),
        };
        let pending = driver.begin(&write).expect("writes come in order");
        driver.complete(pending.sync()).expect("nothing fails");
    }
    driver.proof()
}

fn id(server: usize) -> NodeId {
    NodeId::new(server as u64 + 1)
}

fn place(id: NodeId) -> usize {
    usize::try_from(id.number() - 1).expect("a small number")
}

impl Cluster {
    fn new(starts: [Start; 3], bounds: Bounds) -> Self {
        let rules = RuleSet::sound();
        let committed = 0;
        Self {
            starts,
            committed,
            bounds,
            rules,
        }
    }

    fn with_committed(self, committed: usize) -> Self {
        Self { committed, ..self }
    }

    fn without(self, rule: Rule) -> Self {
        let rules = self.rules.without(rule);
        Self { rules, ..self }
    }

    fn start(&self, server: usize, incarnation: u64, disk: &Disk) -> Raft {
        let settings = Settings {
            id: id(server),
            incarnation: Incarnation::new(incarnation),
            started: LocalTime::default(),
            election_timeout: Duration::from_millis(150),
            protections: Protections::default(),
            auto_promote: Switch::Off,
            reroute: Switch::Off,
            drift_ppm: 0,
            limits: Limits {
                entries_per_request: 1,
                ..Limits::default()
            },
            rules: self.rules,
        };
        let state = State::recovered(disk.metadata, disk.log.clone(), None);
        let mut raft = Raft::start(settings, state).expect("a state that can be");
        raft.flush(&mut Output::default());
        raft
    }
}

impl World {
    /// Has a server take an input, and does what follows.
    fn step(&mut self, server: usize, input: Input) {
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
        if let Some(commit) = out.commit {
            self.judge_commit(server, commit);
            let one = &mut self.servers[server];
            one.raft
                .absorb(LocalTime::default(), Input::Applied(commit), &mut Unobserved);
        }
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

    fn take(&mut self, key: &str) -> Option<Envelope> {
        let (envelope, count) = self.network.get_mut(key)?;
        let taken = envelope.clone();
        *count -= 1;
        if *count == 0 {
            self.network.remove(key);
        }
        Some(taken)
    }

    fn deliver(&mut self, envelope: Envelope) {
        let to = place(envelope.to);
        self.step(to, Input::Receive(Inbound::received(envelope)));
    }

    fn sync(&mut self, server: usize) {
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
        if was_leader
            && before
                .iter()
                .any(|(index, entry)| log.entry(index) != Some(entry))
        {
            self.breaks("Leader Append-Only");
        }
        let has = |place: usize, entry: &Entry| log.entry(LogIndex::new(place as u64 + 1)) == Some(entry);
        let committed = self.history.committed.iter().enumerate();
        let mut earlier = committed.filter(|(_, (_, committed_in))| *committed_in < term);
        if earlier.any(|(place, (entry, _))| !has(place, entry)) {
            self.breaks("Leader Completeness");
        }
    }

    /// State Machine Safety, and commitment on a majority of disks.
    fn judge_commit(&mut self, server: usize, commit: LogIndex) {
        let state = self.servers[server].raft.state().clone();
        for number in 1..=commit.number() {
            let index = LogIndex::new(number);
            let entry = state
                .persistent
                .log
                .entry(index)
                .expect("what is committed is there")
                .clone();
            let place = usize::try_from(number - 1).expect("a small number");
            match self.history.committed.get(place) {
                Some((known, _)) if *known == entry => {}
                Some(_) => self.breaks("State Machine Safety"),
                None => {
                    let disks = self.servers.iter().map(|server| server.disk.log.entry(index));
                    if disks.filter(|held| *held == Some(&entry)).count() < 2 {
                        self.breaks("Commit On Durable Quorum");
                    }
                    let term = state.persistent.metadata.term;
                    self.history.committed.push((entry, term));
                }
            }
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
    fn logs_match(&self) -> bool {
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
            same.is_none_or(|same| {
                (1..=same.number())
                    .map(LogIndex::new)
                    .all(|index| one.entry(index) == other.entry(index))
            })
        };
        logs.iter().all(|one| logs.iter().all(|other| agree(one, other)))
    }
}

impl Model for Cluster {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let server = |(at, (term, vote, log)): (usize, &Start)| {
            let genesis = Configuration::of_voters((1..=SERVERS).map(NodeId::new));
            let entries: Vec<Entry> = log.iter().map(|term| Entry::noop(Term::new(*term))).collect();
            let disk = Disk {
                metadata: Metadata {
                    term: Term::new(*term),
                    vote: vote.map(NodeId::new),
                },
                log: Log::of(genesis, Entries::new(LogIndex::new(1), entries)),
            };
            Server {
                raft: self.start(at, 1, &disk),
                incarnation: 1,
                disk,
                unsynced: Vec::new(),
                held: Vec::new(),
            }
        };
        let known = self.starts[0].2.iter().take(self.committed);
        let committed = known.map(|term| (Entry::noop(Term::new(*term)), Term::new(*term)));
        vec![World {
            servers: self.starts.iter().enumerate().map(server).collect(),
            network: BTreeMap::new(),
            spent: [0; 5],
            history: History {
                committed: committed.collect(),
                ..History::default()
            },
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.history.broken.is_some() {
            return;
        }
        let [timeouts, heartbeats, proposals, crashes, duplicates] = world.spent;
        for key in world.network.keys() {
            actions.push(Action::Deliver(key.clone()));
            if duplicates < self.bounds.duplicates {
                actions.push(Action::DeliverTwice(key.clone()));
            }
        }
        for (at, server) in world.servers.iter().enumerate() {
            let is_leader = server.raft.is_leader();
            let term = server.raft.state().persistent.metadata.term.number();
            if !is_leader && timeouts < self.bounds.timeouts && term < self.bounds.last_term {
                actions.push(Action::ElectionTimeout(at));
            }
            if is_leader && heartbeats < self.bounds.heartbeats {
                actions.push(Action::Heartbeat(at));
            }
            if is_leader && proposals < self.bounds.proposals {
                actions.push(Action::Propose(at));
            }
            if !server.unsynced.is_empty() {
                actions.push(Action::Sync(at));
            }
            if crashes < self.bounds.crashes {
                actions.extend([false, true].map(|loses_unsynced| Action::Crash {
                    server: at,
                    loses_unsynced,
                }));
            }
        }
    }

    fn next_state(&self, before: &World, action: Action) -> Option<World> {
        let mut world = before.clone();
        match action {
            Action::Deliver(key) => {
                let envelope = world.take(&key)?;
                world.deliver(envelope);
            }
            Action::DeliverTwice(key) => {
                world.spent[4] += 1;
                let envelope = world.network.get(&key)?.0.clone();
                world.deliver(envelope);
            }
            Action::ElectionTimeout(at) => {
                world.spent[0] += 1;
                world.step(at, Input::ElectionTimeout);
            }
            Action::Heartbeat(at) => {
                world.spent[1] += 1;
                world.step(at, Input::HeartbeatTimeout);
            }
            Action::Propose(at) => {
                world.spent[2] += 1;
                let id = ProposalId::new(u64::from(world.spent[2]));
                let command = Bytes::copy_from_slice(&[world.spent[2]]);
                world.step(at, Input::Propose { id, command });
            }
            Action::Sync(at) => world.sync(at),
            Action::Crash {
                server,
                loses_unsynced,
            } => {
                world.spent[3] += 1;
                let one = &mut world.servers[server];
                for write in std::mem::take(&mut one.unsynced)
                    .iter()
                    .filter(|_| !loses_unsynced)
                {
                    one.disk.write(write);
                }
                one.held.clear();
                one.incarnation += 1;
                one.raft = self.start(server, one.incarnation, &one.disk);
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("kept", |_, world: &World| world.history.broken.is_none()),
            Property::always("Log Matching", |_, world: &World| world.logs_match()),
            // Not vacuous: there are states in which a leader has committed.
            Property::sometimes("committed", |_, world: &World| {
                !world.history.committed.is_empty()
            }),
        ]
    }
}

/// What was found broken, and how many states it took.
fn walk(cluster: Cluster, name: &str) -> Option<String> {
    let checker = cluster
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    println!(
        "{name}: {} states, {} of them different, depth {}",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth()
    );
    let broken = checker.discovery("kept").map(|path| {
        let broken = path.last_state().history.broken;
        broken.expect("that is what was looked for").to_owned()
    });
    let mismatch = checker
        .discovery("Log Matching")
        .map(|_| "Log Matching".to_owned());
    assert!(
        broken.is_some() || mismatch.is_some() || checker.discovery("committed").is_some(),
        "{name}: nothing happens"
    );
    broken.or(mismatch)
}

const FRESH: [Start; 3] = [(0, None, &[]), (0, None, &[]), (0, None, &[])];

fn bounds(last_term: u64, timeouts: u8, proposals: u8, crashes: u8) -> Bounds {
    Bounds {
        last_term,
        timeouts,
        heartbeats: 0,
        proposals,
        crashes,
        duplicates: 0,
    }
}

/// Breaks the rule, and has the model find what falls; and where the rule is kept, that nothing does.
fn is_found(rule: Rule, cluster: Cluster, expected: &[&str]) {
    assert_eq!(walk(cluster.clone(), &format!("{rule} kept")), None);
    is_missed(rule, cluster, expected);
}

/// Breaks the rule, and has the model find what falls.
fn is_missed(rule: Rule, cluster: Cluster, expected: &[&str]) {
    let found = walk(cluster.without(rule), &format!("{rule} broken"));
    let found = found.unwrap_or_else(|| panic!("{rule} is not missed"));
    assert!(expected.contains(&found.as_str()), "{rule}: {found}");
}

#[test]
fn one_election_and_one_crash_in_every_order() {
    assert_eq!(
        walk(
            Cluster::new(FRESH, bounds(1, 2, 0, 1)),
            "an election with a rival and a crash"
        ),
        None
    );
}

#[test]
fn one_vote_per_term_is_found() {
    is_found(
        Rule::OneVotePerTerm,
        Cluster::new(FRESH, bounds(1, 2, 0, 0)),
        &["Vote Unique", "Election Safety"],
    );
}

#[test]
fn persist_vote_before_answering_is_found() {
    let rival = Cluster::new(FRESH, bounds(1, 2, 0, 1));
    is_found(
        Rule::PersistVoteBeforeAnswering,
        rival,
        &["Vote Unique", "Election Safety"],
    );
}

#[test]
fn leader_counts_flushed_only_is_found() {
    is_found(
        Rule::LeaderCountsFlushedOnly,
        Cluster::new(FRESH, bounds(1, 1, 0, 0)),
        &["Commit On Durable Quorum"],
    );
}

#[test]
fn persist_entries_before_acknowledging_is_found() {
    is_found(
        Rule::PersistEntriesBeforeAcknowledging,
        Cluster::new(FRESH, bounds(1, 1, 0, 0)),
        &["Acknowledged Durable", "Commit On Durable Quorum"],
    );
}

/// §5.4.1: S3 lacks what is committed, and must not win.
#[test]
fn up_to_date_check_is_found() {
    let starts = [(1, Some(1), &[1][..]), (1, Some(1), &[1]), (1, None, &[])];
    let behind = Cluster::new(starts, bounds(2, 1, 0, 0)).with_committed(1);
    is_found(Rule::UpToDateCheck, behind, &["Leader Completeness"]);
}

/// Figure 8, with three servers.
fn figure_8() -> Cluster {
    let starts = [(3, None, &[1, 2][..]), (3, None, &[1]), (3, Some(3), &[1, 3])];
    Cluster::new(starts, bounds(5, 2, 0, 0)).with_committed(1)
}

#[test]
fn commit_own_term_only_is_found() {
    is_missed(
        Rule::CommitOwnTermOnly,
        figure_8(),
        &["Leader Completeness", "State Machine Safety"],
    );
}

#[test]
fn check_previous_entry_is_found() {
    let starts = [(2, None, &[1, 2][..]), (2, None, &[1, 1]), (2, None, &[1, 2])];
    let differing = Cluster::new(starts, bounds(3, 1, 0, 0)).with_committed(1);
    is_found(Rule::CheckPreviousEntry, differing, &["Log Matching"]);
}

/// A request that comes again must not remove what came after it and was acknowledged.
#[test]
fn truncate_only_on_conflict_is_found() {
    let again = Bounds {
        duplicates: 1,
        ..bounds(1, 1, 1, 0)
    };
    is_found(
        Rule::TruncateOnlyOnConflict,
        Cluster::new(FRESH, again),
        &["Commit On Durable Quorum"],
    );
}

/// A heartbeat says how far the leader has committed, and nothing about the entries after its previous one.
fn extra_entry() -> Cluster {
    let starts = [(2, None, &[1][..]), (2, None, &[1, 2]), (2, None, &[1])];
    let heartbeat = Bounds {
        heartbeats: 1,
        ..bounds(3, 1, 0, 0)
    };
    Cluster::new(starts, heartbeat).with_committed(1)
}

#[test]
fn commit_within_request_is_found() {
    is_missed(
        Rule::CommitWithinRequest,
        extra_entry(),
        &["State Machine Safety"],
    );
}

#[test]
#[ignore = "minutes: `cargo test --release --test model -- --ignored --nocapture`"]
fn larger_bounds() {
    let duplicate = Bounds {
        duplicates: 1,
        ..bounds(1, 1, 1, 0)
    };
    assert_eq!(walk(figure_8(), "Figure 8"), None);
    assert_eq!(walk(extra_entry(), "an entry too many"), None);
    assert_eq!(
        walk(Cluster::new(FRESH, duplicate), "a proposal and a duplicate"),
        None
    );
    assert_eq!(
        walk(
            Cluster::new(FRESH, bounds(1, 2, 1, 1)),
            "a rival, a proposal and a crash"
        ),
        None
    );
}
