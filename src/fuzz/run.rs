//! One seed's run, from its beginning to its verdict.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::Workload;
use super::coverage::{Counter, Coverage};
use super::ending::Demand;
use super::generator::Generator;
use super::plan::{Moment, Plan};
use super::random::Random;
use super::twin::Twin;
use super::weather::{Deed, Weather};
use crate::check::Property;
use crate::consensus::{RuleLabel, RuleSet};
use crate::playground::{HostKind, World};
use crate::types::VirtualTime;

/// What a run's choices are for: purposes of one seed draw apart.
const WEATHER: u64 = 1;
const DEEDS: u64 = 2;
pub(super) const ENDING: u64 = 3;

/// How long the calm after the faults lasts, about.
const CALM: Duration = Duration::from_secs(3);

/// What all runs have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many nodes; where it is not said, each seed has its own number.
    pub nodes: Option<u64>,
    /// The rules that are kept.
    pub rules: RuleSet,
    /// How long a run takes, about, in the cluster's time.
    pub length: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: None,
            rules: RuleSet::sound(),
            length: Duration::from_secs(20),
        }
    }
}

impl Options {
    /// When the faults end.
    fn calm_from(&self) -> VirtualTime {
        let faults = self.length.saturating_sub(CALM).max(self.length / 2);
        VirtualTime::default().after(faults)
    }

    /// Whether progress can be demanded: the rules that are broken, if any, are such that a right result may fail to come.
    pub(super) fn demands_progress(&self) -> bool {
        self.rules
            .broken()
            .all(|rule| rule.label() == RuleLabel::Liveness)
    }
}

/// What is wrong with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// A property that an oracle watches.
    Property(Property),
    /// Something that a cluster owes once enough of it is well.
    Liveness(Demand),
    /// What clients saw is not what one store that does one thing after the other would show them, and no oracle has said so.
    Clients,
    /// A node went down by itself.
    NodeFailed,
    /// The world itself.
    Panicked,
    /// The same run was another.
    Determinism(Twin),
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(property) => write!(formatter, "{property}"),
            Self::Liveness(demand) => write!(formatter, "liveness: {demand}"),
            Self::Clients => formatter.write_str("what clients saw is not linearizable"),
            Self::NodeFailed => formatter.write_str("a node failed"),
            Self::Panicked => formatter.write_str("a panic"),
            Self::Determinism(twin) => write!(formatter, "determinism: {twin}"),
        }
    }
}

/// Something wrong, where and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What.
    pub broken: Broken,
    /// When.
    pub at: VirtualTime,
    /// In a sentence.
    pub detail: String,
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What was done.
    pub plan: Plan,
    /// How many of the commands came before the calm.
    pub faults: usize,
    /// When the faults ended, and what came after was calm; `None` where it never came to that.
    pub calm_from: Option<Moment>,
    /// The moment of its end.
    pub end: Moment,
    /// What is wrong with it.
    pub failure: Option<Failure>,
    /// What happened in it.
    pub coverage: Coverage,
    /// How many messages were delivered.
    pub delivered: u64,
    /// The hash of all that happened.
    pub trace_hash: u128,
}

/// Runs a seed, and judges it.
pub fn run<M: Workload>(seed: u64, options: &Options) -> Run {
    let weather = weather_of(seed, options);
    let mut run = Run {
        plan: Plan {
            nodes: weather.nodes,
            seed,
            commands: Vec::new(),
        },
        faults: 0,
        calm_from: None,
        end: Moment::default(),
        failure: None,
        coverage: Coverage::default(),
        delivered: 0,
        trace_hash: 0,
    };
    let mut given = Vec::new();
    let over = catch_unwind(AssertUnwindSafe(|| {
        let mut world: World<M> = run.plan.begin(HostKind::Inline);
        let mut generator = Generator::new(&mut world, Random::new(seed, DEEDS), &weather, &mut given);
        generator.look();
        generator.run(options.calm_from());
        let calm_from = (!generator.is_over()).then(|| generator.moment());
        let faults = generator.given_so_far();
        let is_owed = options.demands_progress() && !weather.has(Deed::Routes);
        let failure = judge(&mut generator, is_owed.then(|| Random::new(seed, ENDING)));
        let (coverage, end) = (generator.coverage, Moment::of(&world));
        (
            failure,
            (faults, calm_from),
            coverage,
            end,
            world.delivered(),
            world.trace_hash(),
        )
    }));
    run.plan.commands = given;
    match over {
        Ok((failure, (faults, calm_from), coverage, end, delivered, trace_hash)) => Run {
            faults,
            calm_from,
            end,
            failure,
            coverage,
            delivered,
            trace_hash,
            ..run
        },
        Err(payload) => {
            let detail = said(payload.as_ref());
            let at = run.plan.commands.last().map(|timed| timed.at).unwrap_or_default();
            let broken = Broken::Panicked;
            run.failure = Some(Failure { broken, at, detail });
            run
        }
    }
}

/// A seed's weather.
pub(super) fn weather_of(seed: u64, options: &Options) -> Weather {
    Weather::of(&mut Random::new(seed, WEATHER), options.nodes, options.rules)
}

/// What is wrong now; where nothing is and the cluster owes something, what it does not give.
pub(super) fn judge<M: Workload>(generator: &mut Generator<'_, M>, calm: Option<Random>) -> Option<Failure> {
    if let Some(failure) = found(generator) {
        return Some(failure);
    }
    let unmet = calm.and_then(|random| {
        generator.random = random;
        generator.end().err()
    });
    // What an oracle finds in the calm comes before what the calm lacks because of that.
    let found = found(generator).or_else(|| judge_clients(generator));
    found.or_else(|| {
        let unmet = unmet?;
        Some(Failure {
            broken: Broken::Liveness(unmet.demand),
            at: generator.world.now(),
            detail: unmet.detail,
        })
    })
}

/// What clients saw, judged by that alone: whoever watches inside the cluster must have found no less.
fn judge_clients<M: Workload>(generator: &mut Generator<'_, M>) -> Option<Failure> {
    let judgement = M::judge_clients(generator.world);
    let coverage = &mut generator.coverage;
    coverage.count(Counter::Judged, judgement.operations);
    coverage.count(Counter::Undecided, judgement.undecided);
    Some(Failure {
        broken: Broken::Clients,
        at: generator.world.now(),
        detail: judgement.wrong?,
    })
}

fn found<M: Workload>(generator: &Generator<'_, M>) -> Option<Failure> {
    let at = generator.world.now();
    if let Some(violation) = generator.world.violation() {
        let (broken, detail) = (Broken::Property(violation.property), violation.detail.clone());
        return Some(Failure { broken, at, detail });
    }
    let (node, reason) = generator.failed.as_ref()?;
    Some(Failure {
        broken: Broken::NodeFailed,
        at,
        detail: format!("{node}: {reason}"),
    })
}

fn said(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic that says nothing".to_owned())
}
