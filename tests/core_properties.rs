//! Whole clusters of the algorithm by itself, under everything that a network and disks may do, watched by the checker.
//!
//! Sound, no seed may break a property. With a safety rule broken some seed must: else neither the faults nor the oracles are
//! worth much.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

use std::collections::BTreeMap;

use raft_play::check::{Ballot, Checker, Fact, Property, Violation};
use raft_play::consensus::durable::{Inbound, Metadata};
use raft_play::consensus::{Input, Rule, RuleLabel, RuleSet};
use raft_play::types::{Configuration, Entries, Envelope, LogIndex, NodeId};
use server::{Deed, Device, Server, of};

/// A small generator (SplitMix64): the same seed, the same run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

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
        }
    }
}

struct Cluster {
    servers: Vec<Server>,
    in_flight: Vec<Envelope>,
    checker: Checker,
    random: Random,
    weather: Weather,
    tally: BTreeMap<&'static str, u64>,
}

fn ballot(metadata: Metadata) -> Ballot {
    let Metadata { term, vote } = metadata;
    Ballot { term, vote }
}

impl Cluster {
    fn of(seed: u64, rules: RuleSet, watched: &[Property]) -> Result<Self, Violation> {
        let mut random = Random(seed);
        let weather = Weather::of(&mut random);
        let voters = weather.servers;
        let mut boots: Vec<_> = (1..=voters).map(|id| of(id, voters).with_rules(rules)).collect();
        for boot in &mut boots {
            boot.limits.entries_per_request = [1, 2, 64][random.below(3)];
            boot.limits.in_flight.requests = [1, 3, 256][random.below(3)];
            boot.device = Device::Slow;
        }
        let configuration = Configuration::of_voters((1..=voters).map(NodeId::new));
        let mut cluster = Self {
            servers: boots.into_iter().map(server::Boot::start).collect(),
            in_flight: Vec::new(),
            checker: Checker::new(configuration).watching(watched.iter().copied()),
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
        let state = &self.servers[at].raft.state().persistent;
        let log: Vec<_> = state.log.iter().map(|(_, entry)| entry.clone()).collect();
        let log = &Entries::new(LogIndex::new(1), log);
        self.checker.observe(&Fact::Started {
            node: self.servers[at].id(),
            ballot: ballot(state.metadata),
            log,
        })
    }

    /// Tells the checker what a server did, and takes its messages to the network.
    fn tell_deeds(&mut self, at: usize) -> Result<(), Violation> {
        let node = self.servers[at].id();
        self.servers[at].events.clear();
        for deed in std::mem::take(&mut self.servers[at].deeds) {
            self.count(&deed);
            let fact = match &deed {
                Deed::Wrote(write) => Fact::Wrote {
                    node,
                    sequence: write.sequence,
                    ballot: write.metadata.map(ballot),
                    truncate: write.truncate,
                    append: &write.append,
                },
                Deed::Durable(through) => Fact::Durable {
                    node,
                    through: *through,
                },
                Deed::Led(term) => Fact::Led { node, term: *term },
                Deed::Committed(through) => Fact::Committed {
                    node,
                    through: *through,
                },
                Deed::Applied(index, entry) => Fact::Applied {
                    node,
                    index: *index,
                    entry,
                },
                Deed::Sent(envelope) => Fact::Sent(envelope),
            };
            self.checker.observe(&fact)?;
            if let Deed::Sent(envelope) = deed {
                self.in_flight.push(envelope);
            }
        }
        Ok(())
    }

    fn count(&mut self, deed: &Deed) {
        let (what, by) = match deed {
            Deed::Wrote(write) if write.truncate.is_some() => ("truncations", 1),
            Deed::Applied(..) => ("applied", 1),
            Deed::Wrote(_) | Deed::Durable(_) | Deed::Led(_) | Deed::Committed(_) | Deed::Sent(_) => return,
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
        self.checker.observe(&Fact::Stopped { node })?;
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

/// Runs one seed for some steps.
fn run(seed: u64, steps: usize, rules: RuleSet, watched: &[Property]) -> Result<Cluster, Violation> {
    let mut cluster = Cluster::of(seed, rules, watched)?;
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

#[test]
fn no_seed_breaks_a_property() {
    let mut tally = BTreeMap::<_, u64>::new();
    for seed in 0..seeds() {
        let cluster = run(seed, 2_000, RuleSet::sound(), Property::ALL)
            .unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        for (what, count) in cluster.tally {
            *tally.entry(what).or_default() += count;
        }
    }
    // A generator that does nothing finds nothing.
    assert!(tally["applied"] > 20_000, "{tally:?}");
    assert!(tally["truncations"] > 200, "{tally:?}");
    assert!(tally["writes lost"] > 1_000, "{tally:?}");
}

/// The first seed of so many that breaks a watched property, and how.
fn first_violation(seeds: u64, rules: RuleSet, watched: &[Property]) -> Option<(u64, Violation)> {
    (0..seeds).find_map(|seed| Some(seed).zip(run(seed, 3_000, rules, watched).err()))
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
        let found = first_violation(seeds, rules, watched);
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

/// Every safety rule has its test above, or where it is about membership, reads or sessions, in `tests/membership.rs`,
/// `tests/reads.rs` and `tests/sessions.rs`; and the one that is not a safety rule does no harm that an oracle of safety could see.
#[test]
fn a_liveness_rule_breaks_no_property() {
    let safety = Rule::ALL.iter().filter(|rule| rule.label() == RuleLabel::Safety);
    assert_eq!(safety.count(), 9 + 4 + 5 + 1, "a rule without its test");
    for &rule in Rule::ALL {
        match rule.label() {
            RuleLabel::Safety => {}
            RuleLabel::Liveness => {
                let found = first_violation(200, RuleSet::sound().without(rule), Property::ALL);
                assert_eq!(found, None, "{rule}");
            }
        }
    }
}
