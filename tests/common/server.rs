//! A server on a store in memory, for tests of the algorithm by itself.
//!
//! It does what a host must: hands writes to the disk, releases messages when their write is durable, applies what is
//! committed. Its disk is instant, or slow: then writes stay under way until a test syncs them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use raft_play::consensus::durable::{Driver, Held, Inbound, Metadata, Pending, Store, Write};
use raft_play::consensus::{
    Answer, Event, Input, Limits, Log, Output, ProposalOutcome, Protections, Raft, ReadWay, RoleName,
    RuleSet, Settings, State, Switch, TimerChange,
};
use raft_play::types::{
    AppendReply, AppendRequest, Configuration, ElectionOrigin, Entries, Entry, Envelope, Incarnation,
    InstallSnapshot, LocalTime, LogIndex, LogPosition, MembershipChange, Message, NodeId, ProposalId, Round,
    Snapshot, SnapshotReply, Term, VoteReply, VoteRequest, WriteSequence,
};

/// What a disk holds.
#[derive(Clone, Debug, Default)]
pub struct Image {
    pub metadata: Metadata,
    pub log: Log,
    pub snapshot: Option<Snapshot>,
}

impl Image {
    pub fn apply(&mut self, write: &Write) {
        self.metadata = write.metadata.unwrap_or(self.metadata);
        if write.snapshot.is_some() {
            self.snapshot.clone_from(&write.snapshot);
        }
        if let Some(base) = write.compact {
            let snapshot = self
                .snapshot
                .as_ref()
                .expect("what is dropped, a snapshot stands for");
            self.log.compact(base, Arc::clone(&snapshot.configuration));
        }
        if let Some(from) = write.truncate {
            self.log.truncate_from(from);
        }
        self.log.extend(write.append.clone());
    }
}

/// A store in memory that remembers the order of writes.
#[derive(Debug)]
pub struct Memory {
    before: Image,
    writes: Vec<Write>,
}

impl Store for Memory {
    type Sync = WriteSequence;
    type Synced = WriteSequence;
    type Error = Infallible;

    fn begin(&mut self, write: &Write) -> Result<WriteSequence, Infallible> {
        self.writes.push(write.clone());
        Ok(write.sequence)
    }

    fn sync(sequence: WriteSequence) -> Result<WriteSequence, Infallible> {
        Ok(sequence)
    }

    fn settle(&mut self, _: WriteSequence) {}
}

/// How soon writes are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Instant,
    Slow,
}

/// Something a server did that can be seen from outside.
#[derive(Clone, Debug)]
pub enum Deed {
    Wrote(Write),
    Durable(WriteSequence),
    Led(Term),
    Committed(LogIndex),
    /// A leader knows that a follower has so much.
    Matched(NodeId, LogIndex),
    Applied(LogIndex, Entry),
    Sent(Envelope),
    /// The state machine took over a snapshot.
    Restored(LogIndex),
}

/// How a server starts.
#[derive(Clone, Debug)]
pub struct Boot {
    pub id: u64,
    pub voters: u64,
    pub incarnation: u64,
    pub image: Image,
    pub rules: RuleSet,
    pub limits: Limits,
    pub protections: Protections,
    pub auto_promote: Switch,
    pub reroute: Switch,
    pub device: Device,
}

/// The way to say it: `of(1, 3).in_term(2).with_log(&[1, 1]).start()`.
pub fn of(id: u64, voters: u64) -> Boot {
    Boot {
        id,
        voters,
        incarnation: 1,
        image: Image::default(),
        rules: RuleSet::sound(),
        limits: Limits::default(),
        protections: Protections::default(),
        auto_promote: Switch::Off,
        reroute: Switch::Off,
        device: Device::Instant,
    }
}

impl Boot {
    pub fn in_term(mut self, term: u64) -> Self {
        self.image.metadata.term = Term::new(term);
        self
    }

    pub fn having_voted_for(mut self, vote: u64) -> Self {
        self.image.metadata.vote = Some(NodeId::new(vote));
        self
    }

    /// A log of entries of these terms.
    pub fn with_log(mut self, terms: &[u64]) -> Self {
        self.image.log = Log::of(Configuration::default(), entries(1, terms));
        self
    }

    pub fn with_rules(mut self, rules: RuleSet) -> Self {
        self.rules = rules;
        self
    }

    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub fn protected_by(mut self, protections: Protections) -> Self {
        self.protections = protections;
        self
    }

    /// Makes learners that keep up voters by itself.
    pub fn promoting(mut self) -> Self {
        self.auto_promote = Switch::On;
        self
    }

    /// A server that has run before.
    pub fn started_again(mut self) -> Self {
        self.incarnation = 2;
        self
    }

    pub fn on_a_slow_disk(mut self) -> Self {
        self.device = Device::Slow;
        self
    }

    pub fn start(self) -> Server {
        let id = NodeId::new(self.id);
        let incarnation = Incarnation::new(self.incarnation);
        let settings = Settings {
            id,
            incarnation,
            started: LocalTime::default(),
            election_timeout: Duration::from_millis(150),
            protections: self.protections,
            auto_promote: self.auto_promote,
            reroute: self.reroute,
            drift_ppm: 100_000,
            limits: self.limits,
            rules: self.rules,
        };
        let genesis = Arc::new(Configuration::of_voters((1..=self.voters).map(NodeId::new)));
        let mut image = self.image.clone();
        image.log.seal();
        let base = image.log.base();
        let entries = image.log.slice(base.index.next(), usize::MAX, u64::MAX);
        let configuration = match &image.snapshot {
            Some(snapshot) if base.index > LogIndex::GENESIS => Arc::clone(&snapshot.configuration),
            Some(_) | None => genesis,
        };
        let machine = image
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| digest_of(&snapshot.data));
        let log = Log::recovered(base, configuration, entries);
        let state = State::recovered(image.metadata, log, image.snapshot);
        let store = Memory {
            before: self.image.clone(),
            writes: Vec::new(),
        };
        let (driver, _) = Driver::new(store, id, incarnation);
        let mut server = Server {
            raft: Raft::start(settings, state).expect("a state that can be"),
            boot: self,
            driver,
            pending: VecDeque::new(),
            held: Vec::new(),
            out: Output::default(),
            events: Vec::new(),
            answers: Vec::new(),
            election: None,
            heartbeat: None,
            deeds: Vec::new(),
            machine,
            matched: Vec::new(),
            now: LocalTime::default(),
        };
        server.act();
        server
    }
}

/// A server and what it has done.
pub struct Server {
    pub raft: Raft,
    pub boot: Boot,
    driver: Driver<Memory>,
    pending: VecDeque<Pending<Memory>>,
    held: Vec<Held<Envelope>>,
    out: Output,
    /// What happened inside since the last input.
    pub events: Vec<Event>,
    /// What callers were told.
    pub answers: Vec<Answer>,
    /// What was last said about the election timer since it was last looked at.
    pub election: Option<TimerChange>,
    /// The same of the heartbeat timer.
    pub heartbeat: Option<TimerChange>,
    /// What it did since that was last taken.
    pub deeds: Vec<Deed>,
    /// Its state machine: a number that stands for all that was applied, in order.
    pub machine: u64,
    /// What it has come to know of its followers since it last acted.
    matched: Vec<(NodeId, LogIndex)>,
    /// Its own clock.
    now: LocalTime,
}

/// The state after one more entry.
pub fn applied(machine: u64, entry: &Entry) -> u64 {
    let mut hasher = DefaultHasher::new();
    (machine, entry).hash(&mut hasher);
    hasher.finish()
}

/// The state that a snapshot holds: the number, and some more bytes, so that it takes several pieces.
pub fn data_of(machine: u64) -> Bytes {
    Bytes::from(machine.to_be_bytes().repeat(3))
}

fn digest_of(data: &Bytes) -> u64 {
    let first = data.get(..8).expect("a snapshot of this machine");
    u64::from_be_bytes(first.try_into().expect("eight bytes"))
}

/// Inputs. Each gives the messages that left because of it.
impl Server {
    pub fn input(&mut self, input: Input) -> Vec<Envelope> {
        let before = self.deeds.len();
        self.events.clear();
        self.absorb(input);
        self.act();
        self.sent_since(before)
    }

    /// Lets time pass on its clock.
    pub fn wait(&mut self, millis: u64) {
        self.now = self.now.after(Duration::from_millis(millis));
    }

    /// Its own clock.
    pub fn now(&self) -> LocalTime {
        self.now
    }

    /// Takes an input and does nothing about it yet.
    pub fn absorb(&mut self, input: Input) {
        let before = self.events.len();
        self.raft.absorb(self.now, input, &mut self.events);
        let news = self.events[before..].iter().filter_map(|event| match event {
            Event::MatchAdvanced { follower, matched } => Some((*follower, *matched)),
            _ => None,
        });
        self.matched.extend(news);
    }

    /// Does what all that was absorbed led to.
    pub fn act(&mut self) {
        let mut out = std::mem::take(&mut self.out);
        self.raft.flush(&mut out);
        self.election = out.election.or(self.election);
        self.heartbeat = out.heartbeat.or(self.heartbeat);
        self.answers.append(&mut out.answers);
        if let Some(write) = out.write.take() {
            let pending = self.driver.begin(&write).expect("writes come in order");
            self.pending.push_back(pending);
            self.deeds.push(Deed::Wrote(write));
        }
        if self.raft.is_leader() {
            self.deeds.push(Deed::Led(self.term()));
        }
        self.held.append(&mut out.messages);
        if let Some(snapshot) = out.restore.take() {
            self.machine = digest_of(&snapshot.data);
            self.deeds.push(Deed::Restored(snapshot.last.index));
        }
        if let Some(commit) = out.commit {
            self.apply_through(commit);
        }
        for (follower, through) in std::mem::take(&mut self.matched) {
            self.deeds.push(Deed::Matched(follower, through));
        }
        self.out = out;
        self.release();
        if self.boot.device == Device::Instant {
            self.sync_all();
        }
    }

    fn apply_through(&mut self, commit: LogIndex) {
        self.deeds.push(Deed::Committed(commit));
        let state = self.raft.state();
        let first = state.volatile.applied.next().number();
        for index in (first..=commit.number()).map(LogIndex::new) {
            let entry = state.persistent.log.entry(index).expect("committed").clone();
            self.machine = applied(self.machine, &entry);
            self.deeds.push(Deed::Applied(index, entry));
        }
        self.raft
            .absorb(self.now, Input::Applied(commit), &mut Vec::new());
    }

    /// Takes a snapshot, where the settings want one.
    pub fn snapshot_if_due(&mut self) {
        if let Some(index) = self.raft.snapshot_due(self.now) {
            self.snapshot_through(index.number());
        }
    }

    /// Takes a snapshot of what is applied.
    pub fn snapshot(&mut self) -> Vec<Envelope> {
        let index = self.raft.state().volatile.applied.number();
        self.snapshot_through(index)
    }

    fn snapshot_through(&mut self, index: u64) -> Vec<Envelope> {
        let (index, data) = (LogIndex::new(index), data_of(self.machine));
        self.input(Input::SnapshotTaken { index, data })
    }

    fn release(&mut self) {
        let proof = self.driver.proof();
        for held in std::mem::take(&mut self.held) {
            match held.release(&proof) {
                Ok(outbound) => self.deeds.push(Deed::Sent(outbound.into_inner())),
                Err(held) => self.held.push(held),
            }
        }
    }

    fn sent_since(&self, before: usize) -> Vec<Envelope> {
        let sent = self.deeds[before..].iter();
        sent.filter_map(|deed| match deed {
            Deed::Sent(envelope) => Some(envelope.clone()),
            Deed::Wrote(_)
            | Deed::Durable(_)
            | Deed::Led(_)
            | Deed::Committed(_)
            | Deed::Matched(..)
            | Deed::Applied(..)
            | Deed::Restored(_) => None,
        })
        .collect()
    }

    pub fn receive(&mut self, from: u64, term: u64, message: Message) -> Vec<Envelope> {
        let to = self.id();
        self.receive_envelope(Envelope {
            from: NodeId::new(from),
            to,
            term: Term::new(term),
            message,
        })
    }

    pub fn receive_envelope(&mut self, envelope: Envelope) -> Vec<Envelope> {
        self.input(Input::Receive(Inbound::received(envelope)))
    }

    pub fn election_timeout(&mut self) -> Vec<Envelope> {
        self.input(Input::ElectionTimeout)
    }

    pub fn heartbeat_timeout(&mut self) -> Vec<Envelope> {
        self.input(Input::HeartbeatTimeout)
    }

    pub fn propose(&mut self, number: u64) -> Vec<Envelope> {
        let id = ProposalId::new(number);
        let command = Bytes::from(number.to_string());
        self.input(Input::Propose { id, command })
    }

    /// Asks for a change of the membership; the answer is the last.
    pub fn change(&mut self, change: MembershipChange) -> Vec<Envelope> {
        let id = ProposalId::new(1_000);
        self.input(Input::Reconfigure { id, change })
    }

    pub fn read(&mut self, number: u64, way: ReadWay) -> Vec<Envelope> {
        let id = ProposalId::new(number);
        self.input(Input::Read { id, way })
    }

    pub fn transfer(&mut self, target: u64) -> Vec<Envelope> {
        let (id, target) = (ProposalId::new(2_000), NodeId::new(target));
        self.input(Input::Transfer { id, target })
    }

    /// What the last caller was told.
    pub fn outcome(&self) -> ProposalOutcome {
        self.answers.last().expect("callers are answered").outcome
    }

    /// Stands for election and wins it with the votes of these.
    pub fn elected_by(mut self, voters: &[u64]) -> Self {
        self.election_timeout();
        let term = self.term().number();
        for &voter in voters {
            self.receive(voter, term, granted());
        }
        assert!(self.raft.is_leader(), "the votes were enough");
        self
    }
}

/// The disk.
impl Server {
    /// How many writes are not durable.
    pub fn under_way(&self) -> usize {
        self.pending.len()
    }

    /// Syncs one write under way, by its place.
    pub fn sync(&mut self, place: usize) -> Vec<Envelope> {
        let before = self.deeds.len();
        let pending = self.pending.remove(place).expect("a write under way");
        let proof = self.driver.complete(pending.sync()).expect("memory can't fail");
        if let Some(proof) = proof {
            self.deeds.push(Deed::Durable(proof.through()));
            self.release();
            self.absorb(Input::Durable(proof));
            self.act();
        }
        self.sent_since(before)
    }

    pub fn sync_all(&mut self) -> Vec<Envelope> {
        let before = self.deeds.len();
        while self.under_way() > 0 {
            self.sync(0);
        }
        self.sent_since(before)
    }

    /// What the disk holds after a power cut that keeps this many of the writes past the durable prefix.
    pub fn image_with(&self, kept: usize) -> Image {
        let store = self.driver.store();
        let durable = usize::try_from(self.driver.proven().number()).expect("few writes");
        let mut image = store.before.clone();
        store
            .writes
            .iter()
            .take(durable + kept)
            .for_each(|write| image.apply(write));
        image
    }

    /// How many writes are past the durable prefix.
    pub fn at_risk(&self) -> usize {
        usize::try_from(self.driver.begun().number() - self.driver.proven().number()).expect("few writes")
    }

    /// Goes down, and comes back with what is left of its disk.
    pub fn restarted_with(&self, kept: usize) -> Server {
        let mut boot = self.boot.clone();
        boot.image = self.image_with(kept);
        boot.incarnation += 1;
        boot.start()
    }
}

/// What it looks like.
impl Server {
    pub fn id(&self) -> NodeId {
        NodeId::new(self.boot.id)
    }

    pub fn term(&self) -> Term {
        self.raft.state().persistent.metadata.term
    }

    pub fn vote(&self) -> Option<u64> {
        self.raft.state().persistent.metadata.vote.map(NodeId::number)
    }

    pub fn role(&self) -> RoleName {
        self.raft.state().role.name()
    }

    pub fn commit(&self) -> u64 {
        self.raft.state().volatile.commit.number()
    }

    /// The configuration in force, as text.
    pub fn configuration(&self) -> String {
        self.raft.state().configuration().to_string()
    }

    pub fn log_terms(&self) -> Vec<u64> {
        let log = &self.raft.state().persistent.log;
        log.iter().map(|(_, entry)| entry.term.number()).collect()
    }
}

/// A run of entries of these terms.
pub fn entries(first: u64, terms: &[u64]) -> Entries {
    let entry = |&term: &u64| Entry::command(Term::new(term), Bytes::from(format!("of term {term}")));
    Entries::new(LogIndex::new(first), terms.iter().map(entry).collect::<Vec<_>>())
}

pub fn position(index: u64, term: u64) -> LogPosition {
    LogPosition::new(LogIndex::new(index), Term::new(term))
}

/// A vote request of a candidate whose last entry is this.
pub fn vote_request(index: u64, term: u64) -> Message {
    let last = position(index, term);
    Message::VoteRequest(VoteRequest {
        last,
        origin: ElectionOrigin::Timeout,
    })
}

pub fn granted() -> Message {
    Message::VoteReply(VoteReply::Granted)
}

pub fn refused() -> Message {
    Message::VoteReply(VoteReply::Refused)
}

/// Entries of these terms after the entry at `index` of `term`, from a leader that has committed through `commit`.
pub fn append((index, term): (u64, u64), terms: &[u64], commit: u64) -> Message {
    Message::AppendRequest(AppendRequest {
        previous: position(index, term),
        entries: entries(index.saturating_add(1), terms),
        commit: LogIndex::new(commit),
        round: Round::default(),
    })
}

pub fn matched(through: u64) -> Message {
    let through = LogIndex::new(through);
    Message::AppendReply(AppendReply::Matched {
        through,
        round: Round::default(),
    })
}

pub fn diverged(rejected: u64, hint: (u64, u64)) -> Message {
    Message::AppendReply(AppendReply::Diverged {
        rejected: LogIndex::new(rejected),
        hint: position(hint.0, hint.1),
        round: Round::default(),
    })
}

pub fn stale_term() -> Message {
    Message::AppendReply(AppendReply::StaleTerm)
}

/// A piece of a snapshot through `last`, of a machine in this state, from a leader of seven.
pub fn piece_of(last: (u64, u64), machine: u64, range: Range<usize>) -> InstallSnapshot {
    let data = data_of(machine);
    InstallSnapshot {
        last: position(last.0, last.1),
        configuration: Configuration::of_voters((1..=7).map(NodeId::new)).into(),
        offset: range.start as u64,
        total: data.len() as u64,
        data: data.slice(range),
        round: Round::default(),
    }
}

pub fn piece(last: (u64, u64), machine: u64, range: Range<usize>) -> Message {
    Message::InstallSnapshot(piece_of(last, machine, range))
}

/// So many bytes of a snapshot are there.
pub fn received(last: (u64, u64), bytes: u64) -> Message {
    Message::SnapshotReply(SnapshotReply::Received {
        last: position(last.0, last.1),
        bytes,
        round: Round::default(),
    })
}

/// The round of the pieces that went to a server.
pub fn heartbeat_round(sent: &[Envelope], to: u64) -> Round {
    let round = |envelope: &Envelope| match &envelope.message {
        Message::InstallSnapshot(request) if envelope.to.number() == to => Some(request.round),
        _ => None,
    };
    sent.iter().find_map(round).expect("a piece went there")
}

/// What the messages say, without their addresses.
pub fn messages(sent: &[Envelope]) -> Vec<Message> {
    sent.iter().map(|envelope| envelope.message.clone()).collect()
}

/// The append requests among the messages, and to whom they went.
pub fn append_requests(sent: &[Envelope]) -> impl Iterator<Item = (u64, &AppendRequest)> {
    sent.iter().filter_map(|envelope| {
        if let Message::AppendRequest(request) = &envelope.message {
            Some((envelope.to.number(), request))
        } else {
            None
        }
    })
}

/// Of each append request among the messages: to whom, after which index, how many entries.
pub fn appends(sent: &[Envelope]) -> Vec<(u64, u64, usize)> {
    append_requests(sent)
        .map(|(to, request)| (to, request.previous.index.number(), request.entries.len()))
        .collect()
}
