//! A cluster in which everything goes on at once, and any message of the past may come again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use raft_play::check::{Fact, Violation};
use raft_play::consensus::{Answer, Event, Input, ProposalOutcome, Protections, ReadWay, Role, RuleSet};
use raft_play::types::{
    Entry, Envelope, JoinToken, LogIndex, LogPosition, MembershipChange, NodeId, Payload, ProposalId, Term,
};

use crate::random::Random;
use crate::server::{Deed, Device, Server, of};
use crate::watch::Watch;

/// Servers that there are: three voters, and two that may join.
const SERVERS: u64 = 5;
const VOTERS: u64 = 3;

/// What a caller waits for at one server.
#[derive(Default)]
struct Callers {
    /// Reads, by the caller's name.
    reads: BTreeSet<ProposalId>,
    /// What stands in the log for a caller.
    appended: BTreeMap<LogPosition, ProposalId>,
    /// Reads that may be served once so much is applied.
    ready: BTreeSet<(LogIndex, ProposalId)>,
}

/// How a run goes: which faults, and how often.
struct Weather {
    /// One in so many deliveries is of a message of the past.
    replays: usize,
    /// One in so many new messages is lost.
    loss: usize,
    /// How many of the oldest messages a delivery chooses from.
    reordering: usize,
    /// One in so many times that a server's power might be cut, it is.
    power_cuts: usize,
    /// One in so many times that an election timer might run out, it does.
    timeouts: usize,
}

impl Weather {
    fn of(random: &mut Random) -> Self {
        Self {
            replays: random.one_of(&[2, 4, 10]),
            loss: random.one_of(&[5, 20, 1_000]),
            reordering: random.one_of(&[1, 4, 1_000]),
            power_cuts: random.one_of(&[2, 10, 1_000]),
            timeouts: random.one_of(&[3, 12, 40]),
        }
    }
}

pub struct Cluster {
    pub servers: Vec<Server>,
    pub random: Random,
    pub tally: BTreeMap<&'static str, u64>,
    callers: Vec<Callers>,
    terms: Vec<Term>,
    in_flight: Vec<Envelope>,
    /// Every message that was ever sent.
    past: Vec<Envelope>,
    watch: Watch,
    protections: Protections,
    asked: u64,
    weather: Weather,
}

impl Cluster {
    pub fn of(seed: u64, rules: RuleSet) -> Self {
        let mut random = Random(seed);
        let protections = protections(&mut random);
        let (auto_promote, reroute) = (random.switch(), random.switch());
        let servers = (1..=SERVERS).map(|id| {
            let mut boot = of(id, VOTERS).protected_by(protections).with_rules(rules);
            boot.limits.entries_per_request = random.one_of(&[1, 2, 64]);
            boot.limits.in_flight.requests = random.one_of(&[1, 3, 256]);
            boot.device = random.one_of(&[Device::Slow, Device::Slow, Device::Instant]);
            (boot.auto_promote, boot.reroute) = (auto_promote, reroute);
            boot.start()
        });
        let mut cluster = Self {
            servers: servers.collect(),
            tally: BTreeMap::new(),
            callers: (0..SERVERS).map(|_| Callers::default()).collect(),
            terms: (0..SERVERS).map(|_| Term::default()).collect(),
            in_flight: Vec::new(),
            past: Vec::new(),
            watch: Watch::of(VOTERS),
            protections,
            asked: 0,
            weather: Weather::of(&mut random),
            random,
        };
        for at in 0..cluster.servers.len() {
            cluster.tell_start(at).expect("a beginning breaks nothing");
        }
        cluster
    }

    /// Something happens.
    pub fn step(&mut self) -> Result<(), Violation> {
        let at = self.random.below(self.servers.len());
        match self.random.below(100) {
            0..=1 if self.random.one_in(self.weather.power_cuts) => return self.power_cut(at),
            2..=8 if self.random.one_in(self.weather.timeouts) => self.input(at, Input::ElectionTimeout),
            9..=16 => self.input(at, Input::HeartbeatTimeout),
            17..=20 => self.pass_time(),
            21..=28 => return self.ask(at),
            41 => self.move_switches(),
            42..=60 => self.sync(at),
            _ => return self.deliver(),
        }
        self.tell(at)
    }

    /// A caller wants something: of a leader for the most part, as far as there is one.
    fn ask(&mut self, at: usize) -> Result<(), Violation> {
        let leader = self.servers.iter().position(|server| server.raft.is_leader());
        let at = leader.filter(|_| !self.random.one_in(4)).unwrap_or(at);
        match self.random.below(12) {
            0..=3 => self.propose(at),
            4..=7 => return self.read(at),
            8..=10 => self.change(at),
            _ => self.transfer(at),
        }
        self.tell(at)
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn name(&mut self) -> ProposalId {
        self.asked += 1;
        ProposalId::new(self.asked)
    }

    fn input(&mut self, at: usize, input: Input) {
        self.servers[at].input(input);
    }

    /// All clocks run alike.
    fn pass_time(&mut self) {
        let millis = self.random.one_of(&[1, 10, 40, 160]);
        self.servers.iter_mut().for_each(|server| server.wait(millis));
    }

    fn propose(&mut self, at: usize) {
        let id = self.name();
        let command = id.number().to_string().into();
        self.input(at, Input::Propose { id, command });
    }

    fn read(&mut self, at: usize) -> Result<(), Violation> {
        let (id, way) = (
            self.name(),
            self.random
                .one_of(&[ReadWay::Log, ReadWay::Index, ReadWay::Lease]),
        );
        self.callers[at].reads.insert(id);
        self.watch.checker.observe(&Fact::ReadBegan { read: id })?;
        self.input(at, Input::Read { id, way });
        self.tell(at)
    }

    fn change(&mut self, at: usize) {
        let id = self.name();
        let one = NodeId::new(1 + self.random.next() % SERVERS);
        let change = match self.random.below(8) {
            0 | 1 => MembershipChange::Join(JoinToken::new(self.random.next() % 4)),
            2 | 3 => MembershipChange::Promote(one),
            4 => MembershipChange::Demote(one),
            5 => MembershipChange::Remove(one),
            _ => {
                let given = self.servers[at].raft.state().configuration().last_id.number();
                let all = (1..=given.min(SERVERS)).map(NodeId::new);
                let (voters, others): (BTreeSet<_>, BTreeSet<_>) = all.partition(|_| self.random.one_in(2));
                let learners = others.into_iter().filter(|_| self.random.one_in(2)).collect();
                MembershipChange::Replace { voters, learners }
            }
        };
        self.input(at, Input::Reconfigure { id, change });
    }

    fn transfer(&mut self, at: usize) {
        let (id, target) = (self.name(), NodeId::new(1 + self.random.next() % SERVERS));
        self.input(at, Input::Transfer { id, target });
    }

    /// The same everywhere at once, as whoever runs a cluster must see to.
    fn move_switches(&mut self) {
        if self.random.one_in(2) {
            let timeout = Duration::from_millis(self.random.one_of(&[100, 150, 300]));
            for server in &mut self.servers {
                server.raft.set_election_timeout(timeout);
            }
            return;
        }
        self.protections = protections(&mut self.random);
        for server in &mut self.servers {
            server.raft.set_protections(self.protections);
            server.boot.protections = self.protections;
        }
    }

    /// Syncs end in any order.
    fn sync(&mut self, at: usize) {
        let under_way = self.servers[at].under_way();
        if under_way > 0 {
            let place = self.random.below(under_way);
            self.servers[at].sync(place);
        }
    }

    /// A power cut keeps any number of the writes that were under way, in order; a crash would keep all.
    fn power_cut(&mut self, at: usize) -> Result<(), Violation> {
        self.count("power cuts");
        let kept = self.random.below(self.servers[at].at_risk() + 1);
        let node = self.servers[at].id();
        self.watch.checker.observe(&Fact::Stopped { node })?;
        let timeout = self.servers[at].raft.settings().election_timeout;
        self.servers[at] = self.servers[at].restarted_with(kept);
        self.servers[at].raft.set_election_timeout(timeout);
        self.servers[at].deeds.clear();
        self.callers[at] = Callers::default();
        // A term of which nothing was said may be lost: what was said is the checker's to judge.
        self.terms[at] = self.servers[at].term();
        self.tell_start(at)
    }

    /// A new message, which may be lost; or one of all that ever were.
    fn deliver(&mut self) -> Result<(), Violation> {
        let is_new = !self.in_flight.is_empty() && !self.random.one_in(self.weather.replays);
        let envelope = if is_new {
            let reach = self.in_flight.len().min(self.weather.reordering);
            let place = self.random.below(reach);
            self.in_flight.remove(place)
        } else if self.past.is_empty() {
            return Ok(());
        } else {
            let place = self.random.below(self.past.len());
            self.past[place].clone()
        };
        if envelope.to.number() > SERVERS || (is_new && self.random.one_in(self.weather.loss)) {
            return Ok(());
        }
        let at = usize::try_from(envelope.to.number() - 1).expect("few servers");
        if !is_new {
            self.count_late(at);
        }
        self.servers[at].receive_envelope(envelope);
        self.tell(at)
    }

    fn count_late(&mut self, at: usize) {
        let server = &self.servers[at];
        let state = server.raft.state();
        let configuration = state.configuration();
        let is_joint = configuration.is_joint();
        let mut met = vec![match &state.role {
            Role::Leader(_) => "late to a leader",
            Role::Candidate(_) => "late to a candidate",
            Role::PreCandidate(_) => "late to a pre-candidate",
            Role::Follower(_) if configuration.is_voter(server.id()) => "late to a follower",
            Role::Follower(_) if configuration.is_member(server.id()) => "late to a learner",
            Role::Follower(_) => "late to an outsider",
        }];
        if let Role::Leader(leader) = &state.role {
            met.extend(leader.transfer.map(|_| "late to a leader in transfer"));
            met.extend(is_joint.then_some("late to a leader in a joint configuration"));
        }
        met.extend((server.under_way() > 0).then_some("late with writes under way"));
        for what in met {
            self.count(what);
        }
    }
}

/// What the checker is told.
impl Cluster {
    fn tell_start(&mut self, at: usize) -> Result<(), Violation> {
        self.watch.tell_start(&self.servers[at])
    }

    /// Tells what a server did, takes its messages to the network, and its answers to the callers.
    fn tell(&mut self, at: usize) -> Result<(), Violation> {
        self.look_at(at);
        let node = self.servers[at].id();
        for deed in std::mem::take(&mut self.servers[at].deeds) {
            self.watch.tell(node, &deed)?;
            match deed {
                Deed::Sent(envelope) => {
                    self.in_flight.push(envelope.clone());
                    self.past.push(envelope);
                }
                Deed::Applied(index, entry) => self.answer_applied(at, index, &entry)?,
                Deed::Wrote(_)
                | Deed::Durable(_)
                | Deed::Led(_)
                | Deed::Committed(_)
                | Deed::Matched(..)
                | Deed::Restored(_) => {}
            }
        }
        self.take_answers(at)
    }

    /// What can be seen of a server by itself: its term never goes back, and its state is one that can be.
    fn look_at(&mut self, at: usize) {
        let server = &self.servers[at];
        let (state, term) = (server.raft.state(), server.term());
        assert!(term >= self.terms[at], "{}'s term went back", server.id());
        self.terms[at] = term;
        state.validate(server.id()).expect("a state that can be");
        for event in std::mem::take(&mut self.servers[at].events) {
            match event {
                Event::ConfigurationAppended { after, .. } => {
                    self.count("configurations");
                    if after.is_joint() {
                        self.count("joint configurations");
                    }
                }
                Event::TransferAsked { .. } => self.count("transfers"),
                Event::ReadByLease { .. } => self.count("reads by lease"),
                Event::AnswerCame { .. } => self.count("passed on"),
                _ => {}
            }
        }
    }

    fn take_answers(&mut self, at: usize) -> Result<(), Violation> {
        for Answer { id, outcome } in std::mem::take(&mut self.servers[at].answers) {
            match outcome {
                ProposalOutcome::Appended(position) => {
                    self.callers[at].appended.insert(position, id);
                }
                ProposalOutcome::ReadAt(index) => {
                    self.callers[at].ready.insert((index, id));
                }
                ProposalOutcome::Refused(_)
                | ProposalOutcome::Unknown
                | ProposalOutcome::ChangeRefused(_)
                | ProposalOutcome::Joined(_)
                | ProposalOutcome::TransferStarted
                | ProposalOutcome::TransferRefused(_) => {}
            }
        }
        self.serve_reads(at)
    }

    fn serve_reads(&mut self, at: usize) -> Result<(), Violation> {
        let applied = self.servers[at].raft.state().volatile.applied;
        while let Some(&(index, read)) = self.callers[at].ready.first()
            && index <= applied
        {
            self.callers[at].ready.pop_first();
            self.serve(at, read, applied)?;
        }
        Ok(())
    }

    fn serve(&mut self, at: usize, read: ProposalId, applied: LogIndex) -> Result<(), Violation> {
        self.count("reads");
        let node = self.servers[at].id();
        self.watch
            .checker
            .observe(&Fact::ReadServed { node, read, applied })
    }

    /// A caller of this server learns that its entry is done.
    fn answer_applied(&mut self, at: usize, index: LogIndex, entry: &Entry) -> Result<(), Violation> {
        self.count("applied");
        let position = LogPosition::new(index, entry.term);
        let Some(caller) = self.callers[at].appended.remove(&position) else {
            return Ok(());
        };
        match entry.payload {
            Payload::Noop if self.callers[at].reads.contains(&caller) => self.serve(at, caller, index),
            Payload::Noop
            | Payload::Command(_)
            | Payload::Configuration(_)
            | Payload::OpenSession { .. }
            | Payload::CloseSession(_)
            | Payload::Guarded(_)
            | Payload::ClusterTime(_) => self.watch.checker.observe(&Fact::Acknowledged { index }),
        }
    }
}

fn protections(random: &mut Random) -> Protections {
    Protections {
        pre_vote: random.switch(),
        check_quorum: random.switch(),
        lease: random.switch(),
    }
}
