//! Whole clusters of the algorithm by itself, under everything that a network and disks may do, watched by the checker.
//!
//! Sound, no seed may break a property. With a safety rule broken some seed must: else neither the faults nor the oracles are
//! worth much.

#[expect(dead_code, reason = "each test uses its part of the generator")]
#[path = "common/random.rs"]
mod random;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/watch.rs"]
mod watch;

use std::collections::BTreeMap;

use raft_play::check::{Checker, Fact, Property, Violation};
use raft_play::consensus::durable::Inbound;
use raft_play::consensus::{Compaction, Input, Rule, RuleLabel, RuleSet};
use raft_play::types::{Configuration, Envelope, MembershipChange, NodeId, ProposalId};
use random::Random;
use server::{Deed, Device, Server, of};
use watch::Watch;

/// How a run goes: which faults, and how often.
struct Weather {
    servers: u64,
    /// One in so many messages is lost, and as many are delivered twice.
    loss: usize,
    /// How many of the oldest messages a delivery chooses from.
    reordering: usize,
    /// After each message to a server, one in so many times it acts before the next.
    batching: usize,
    /// One in so many steps cuts a server's power.
    power_cuts: usize,
    /// One in so many steps lets an election timer run out.
    timeouts: usize,
    /// One in so many steps syncs a write.
    syncs: usize,
    /// One in so many steps a server takes a snapshot, where it is due.
    snapshots: usize,
    /// When that is, and what stays behind it.
    compaction: Compaction,
    /// Bytes of a snapshot in one message.
    piece: u64,
}

impl Weather {
    fn of(random: &mut Random) -> Self {
        Self {
            servers: [3, 3, 4, 5][random.below(4)],
            loss: [5, 20, 1000][random.below(3)],
            reordering: [1, 4, 64][random.below(3)],
            batching: [1, 1, 2, 4][random.below(4)],
            power_cuts: [60, 200, 1_000, 1_000_000][random.below(4)],
            timeouts: [12, 40, 150][random.below(3)],
            syncs: [2, 4, 10][random.below(3)],
            snapshots: 1_000_000,
            compaction: Compaction::default(),
            piece: 1 << 20,
        }
    }

    /// The same, with snapshots all the time, and often of very little.
    fn with_compaction(self, random: &mut Random) -> Self {
        Self {
            snapshots: [1, 4, 20][random.below(3)],
            compaction: Compaction {
                entries: Some([1, 2, 5][random.below(3)]),
                weight: None,
                retain: [0, 0, 1, 4][random.below(4)],
            },
            piece: [5, 8, 100][random.below(3)],
            ..self
        }
    }
}

struct Cluster {
    servers: Vec<Server>,
    in_flight: Vec<Envelope>,
    watch: Watch,
    random: Random,
    weather: Weather,
    tally: BTreeMap<&'static str, u64>,
}

impl Cluster {
    fn of(seed: u64, rules: RuleSet, watched: &[Property], logs: Logs) -> Result<Self, Violation> {
        let mut random = Random(seed);
        let mut weather = Weather::of(&mut random);
        if logs == Logs::Compacted {
            weather = weather.with_compaction(&mut random);
        }
        let voters = weather.servers;
        let mut boots: Vec<_> = (1..=voters).map(|id| of(id, voters).with_rules(rules)).collect();
        for boot in &mut boots {
            boot.limits.entries_per_request = [1, 2, 64][random.below(3)];
            boot.limits.in_flight.requests = [1, 3, 256][random.below(3)];
            boot.limits.compaction = weather.compaction;
            boot.limits.chunk_bytes = weather.piece;
            boot.device = Device::Slow;
        }
        let configuration = Configuration::of_voters((1..=voters).map(NodeId::new));
        let mut cluster = Self {
            servers: boots.into_iter().map(server::Boot::start).collect(),
            in_flight: Vec::new(),
            watch: Watch::with(Checker::new(configuration).watching(watched.iter().copied())),
            random,
            weather,
            tally: BTreeMap::new(),
        };
        for at in 0..cluster.servers.len() {
            cluster.tell_start(at)?;
        }
        Ok(cluster)
    }

    fn tell_start(&mut self, at: usize) -> Result<(), Violation> {
        self.watch.tell_start(&self.servers[at])
    }

    /// Tells the checker what a server did, and takes its messages to the network.
    fn tell_deeds(&mut self, at: usize) -> Result<(), Violation> {
        let node = self.servers[at].id();
        self.servers[at].events.clear();
        for deed in std::mem::take(&mut self.servers[at].deeds) {
            self.count(&deed);
            self.watch.tell(node, &deed)?;
            if let Deed::Sent(envelope) = deed {
                self.in_flight.push(envelope);
            }
        }
        Ok(())
    }

    fn count(&mut self, deed: &Deed) {
        let (what, by) = match deed {
            Deed::Wrote(write) if write.truncate.is_some() => ("truncations", 1),
            Deed::Wrote(write) if write.compact.is_some() => ("compactions", 1),
            Deed::Applied(..) => ("applied", 1),
            Deed::Restored(_) => ("installs", 1),
            Deed::Wrote(_)
            | Deed::Durable(_)
            | Deed::Led(_)
            | Deed::Committed(_)
            | Deed::Matched(..)
            | Deed::Sent(_) => return,
        };
        *self.tally.entry(what).or_default() += by;
    }

    fn step(&mut self) -> Result<(), Violation> {
        let at = self.random.below(self.servers.len());
        let number = self.random.next();
        if self.random.one_in(self.weather.power_cuts) {
            return self.power_cut(at);
        }
        if self.random.one_in(self.weather.timeouts) {
            self.servers[at].election_timeout();
        } else if self.random.one_in(self.weather.syncs) {
            self.sync(at);
        } else if self.random.one_in(self.weather.snapshots) {
            self.servers[at].snapshot_if_due();
        } else {
            match self.random.below(8) {
                0 => drop(self.servers[at].heartbeat_timeout()),
                1 => drop(self.servers[at].propose(number)),
                _ => return self.deliver(),
            }
        }
        self.tell_deeds(at)
    }

    /// A power cut keeps any number of the writes that were under way, in order; a crash would keep all.
    fn power_cut(&mut self, at: usize) -> Result<(), Violation> {
        let at_risk = self.servers[at].at_risk();
        let kept = self.random.below(at_risk + 1);
        *self.tally.entry("writes lost").or_default() += (at_risk - kept) as u64;
        let node = self.servers[at].id();
        self.watch.checker.observe(&Fact::Stopped { node })?;
        self.servers[at] = self.servers[at].restarted_with(kept);
        self.servers[at].deeds.clear();
        self.tell_start(at)
    }

    /// Syncs end in any order.
    fn sync(&mut self, at: usize) {
        let under_way = self.servers[at].under_way();
        if under_way > 0 {
            let place = self.random.below(under_way);
            self.servers[at].sync(place);
        }
    }

    /// Delivers a message, and at times others to the same server before it does anything about the first.
    fn deliver(&mut self) -> Result<(), Violation> {
        let Some(envelope) = self.take_message(|_| true) else {
            return Ok(());
        };
        let to = envelope.to;
        let at = usize::try_from(to.number() - 1).expect("few servers");
        self.servers[at].absorb(received(envelope));
        while !self.random.one_in(self.weather.batching)
            && let Some(more) = self.take_message(|envelope| envelope.to == to)
        {
            self.servers[at].absorb(received(more));
        }
        self.servers[at].act();
        self.tell_deeds(at)
    }

    /// One of the oldest messages, which may stay in flight as well, or be lost.
    fn take_message(&mut self, is_wanted: impl Fn(&Envelope) -> bool) -> Option<Envelope> {
        let reach = self.random.below(self.weather.reordering) + 1;
        let wanted = self.in_flight.iter().enumerate();
        let wanted = wanted.filter(|(_, envelope)| is_wanted(envelope));
        let chosen = wanted.take(reach).last()?.0;
        let is_duplicated = self.random.one_in(self.weather.loss);
        let envelope = if is_duplicated {
            self.in_flight[chosen].clone()
        } else {
            self.in_flight.remove(chosen)
        };
        (!self.random.one_in(self.weather.loss)).then_some(envelope)
    }
}

fn received(envelope: Envelope) -> Input {
    Input::Receive(Inbound::received(envelope))
}

/// Whether servers take snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logs {
    Whole,
    Compacted,
}

/// Runs one seed for some steps.
fn run(
    seed: u64,
    steps: usize,
    rules: RuleSet,
    watched: &[Property],
    logs: Logs,
) -> Result<Cluster, Violation> {
    let mut cluster = Cluster::of(seed, rules, watched, logs)?;
    for _ in 0..steps {
        cluster.step()?;
    }
    Ok(cluster)
}

/// How many seeds: `RAFT_PLAY_SEEDS=100000` for a long look.
fn seeds() -> u64 {
    let wanted = std::env::var("RAFT_PLAY_SEEDS").ok();
    wanted.map_or(400, |text| text.parse().expect("RAFT_PLAY_SEEDS is a number"))
}

/// What happened in as many runs as there are seeds, in none of which a property was broken.
fn sound_runs(logs: Logs) -> BTreeMap<&'static str, u64> {
    let mut tally = BTreeMap::<_, u64>::new();
    for seed in 0..seeds() {
        let cluster = run(seed, 2_000, RuleSet::sound(), Property::ALL, logs)
            .unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        for (what, count) in cluster.tally {
            *tally.entry(what).or_default() += count;
        }
    }
    tally
}

#[test]
fn no_seed_breaks_a_property() {
    let tally = sound_runs(Logs::Whole);
    // A generator that does nothing finds nothing.
    assert!(tally["applied"] > 20_000, "{tally:?}");
    assert!(tally["truncations"] > 200, "{tally:?}");
    assert!(tally["writes lost"] > 1_000, "{tally:?}");
}

#[test]
fn no_seed_breaks_a_property_where_logs_are_compacted() {
    let tally = sound_runs(Logs::Compacted);
    assert!(tally["applied"] > 8_000, "{tally:?}");
    assert!(tally["compactions"] > 1_500, "{tally:?}");
    assert!(tally["installs"] > 80, "{tally:?}");
    assert!(tally["truncations"] > 100, "{tally:?}");
}

/// The first seed of so many that breaks a watched property, and how.
fn first_violation(seeds: u64, rules: RuleSet, watched: &[Property], logs: Logs) -> Option<(u64, Violation)> {
    (0..seeds).find_map(|seed| Some(seed).zip(run(seed, 3_000, rules, watched, logs).err()))
}

/// The five properties of the paper's Figure 3: harm done, not only a rule not kept.
const FIGURE_3: &[Property] = &[
    Property::ElectionSafety,
    Property::LeaderAppendOnly,
    Property::LogMatching,
    Property::LeaderCompleteness,
    Property::StateMachineSafety,
];

/// Breaks a rule and demands that it is noticed: at the first sign within `sign` seeds, and, with all but Figure 3
/// unwatched, by the harm it does within `harm` seeds.
#[track_caller]
fn is_noticed(rule: Rule, sign: u64, harm: u64) {
    assert_eq!(rule.label(), RuleLabel::Safety);
    let rules = RuleSet::sound().without(rule);
    for (seeds, watched) in [(sign, Property::ALL), (harm, FIGURE_3)] {
        let found = first_violation(seeds, rules, watched, Logs::Whole);
        let (seed, violation) =
            found.unwrap_or_else(|| panic!("{rule} broken, and {seeds} seeds say nothing"));
        println!("{rule}: seed {seed}: {violation}");
    }
}

#[test]
fn commit_own_term_only_is_noticed() {
    is_noticed(Rule::CommitOwnTermOnly, 5_000, 5_000);
}

#[test]
fn persist_vote_before_answering_is_noticed() {
    is_noticed(Rule::PersistVoteBeforeAnswering, 3, 1_000);
}

#[test]
fn persist_entries_before_acknowledging_is_noticed() {
    is_noticed(Rule::PersistEntriesBeforeAcknowledging, 10, 300);
}

#[test]
fn leader_counts_flushed_only_is_noticed() {
    is_noticed(Rule::LeaderCountsFlushedOnly, 30, 2_000);
}

#[test]
fn up_to_date_check_is_noticed() {
    is_noticed(Rule::UpToDateCheck, 30, 30);
}

#[test]
fn one_vote_per_term_is_noticed() {
    is_noticed(Rule::OneVotePerTerm, 3, 100);
}

#[test]
fn check_previous_entry_is_noticed() {
    is_noticed(Rule::CheckPreviousEntry, 100, 100);
}

#[test]
fn truncate_only_on_conflict_is_noticed() {
    is_noticed(Rule::TruncateOnlyOnConflict, 30, 300);
}

#[test]
fn commit_within_request_is_noticed() {
    is_noticed(Rule::CommitWithinRequest, 2_000, 2_000);
}

impl Cluster {
    /// Delivers what these servers say to each other, and loses everything else, until all is said and on disk.
    fn settle(&mut self, among: &[NodeId]) -> Result<(), Violation> {
        let is_heard = |envelope: &Envelope| among.contains(&envelope.from) && among.contains(&envelope.to);
        loop {
            for at in 0..self.servers.len() {
                self.servers[at].sync_all();
                self.tell_deeds(at)?;
            }
            self.in_flight.retain(is_heard);
            if self.in_flight.is_empty() {
                return Ok(());
            }
            let envelope = self.in_flight.remove(0);
            let at = usize::try_from(envelope.to.number() - 1).expect("few servers");
            self.servers[at].receive_envelope(envelope);
            self.tell_deeds(at)?;
        }
    }
}

/// The last server is cut off while it is made a learner; then it gets a snapshot.
fn demoted_behind_a_snapshot(rules: RuleSet) -> Result<Cluster, Violation> {
    let mut cluster = Cluster::of(1, rules, Property::ALL, Logs::Whole)?;
    let all: Vec<NodeId> = cluster.servers.iter().map(Server::id).collect();
    let (last, others) = all.split_last().expect("some servers");
    cluster.servers[0].election_timeout();
    cluster.settle(others)?;
    let (id, change) = (ProposalId::new(1), MembershipChange::Demote(*last));
    cluster.servers[0].input(Input::Reconfigure { id, change });
    cluster.settle(others)?;
    cluster.servers[0].snapshot();
    cluster.settle(others)?;
    for _ in 0..3 {
        cluster.servers[0].heartbeat_timeout();
        cluster.settle(&all)?;
    }
    Ok(cluster)
}

#[test]
fn snapshot_carries_configuration_is_noticed() {
    let sound = demoted_behind_a_snapshot(RuleSet::sound()).expect("nothing is broken");
    let last = sound.servers.last().expect("some servers");
    let configuration = last.raft.state().configuration();
    assert!(configuration.learners.contains(&last.id()), "{configuration}");
    let rules = RuleSet::sound().without(Rule::SnapshotCarriesConfiguration);
    let broken = demoted_behind_a_snapshot(rules).err().expect("a violation");
    assert_eq!(broken.property, Property::SnapshotEqualsPrefix);
    println!("{broken}");
}

/// Rules that have long been noticed are noticed where logs are compacted, too.
#[test]
fn broken_rules_are_noticed_where_logs_are_compacted() {
    for (rule, seeds) in [
        (Rule::PersistVoteBeforeAnswering, 10),
        (Rule::PersistEntriesBeforeAcknowledging, 30),
        (Rule::LeaderCountsFlushedOnly, 100),
        (Rule::UpToDateCheck, 100),
        (Rule::OneVotePerTerm, 10),
    ] {
        let rules = RuleSet::sound().without(rule);
        let found = first_violation(seeds, rules, Property::ALL, Logs::Compacted);
        let (seed, violation) =
            found.unwrap_or_else(|| panic!("{rule} broken, and {seeds} seeds say nothing"));
        println!("{rule}: seed {seed}: {violation}");
    }
}

/// Every safety rule has its test above, or where it is about membership, reads, leases or sessions, in `tests/membership.rs`,
/// `tests/reads.rs`, `tests/rules.rs` and `tests/sessions.rs`; and the one that is not a safety rule does no harm that an oracle of safety could see.
#[test]
fn a_liveness_rule_breaks_no_property() {
    let safety = Rule::ALL.iter().filter(|rule| rule.label() == RuleLabel::Safety);
    assert_eq!(safety.count(), 9 + 4 + 5 + 2 + 1, "a rule without its test");
    for &rule in Rule::ALL {
        match rule.label() {
            RuleLabel::Safety => {}
            RuleLabel::Liveness => {
                let found = first_violation(200, RuleSet::sound().without(rule), Property::ALL, Logs::Whole);
                assert_eq!(found, None, "{rule}");
            }
        }
    }
}
