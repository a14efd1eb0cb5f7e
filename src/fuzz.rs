//! The fuzzer: clusters under every fault that the playground knows, seed by seed, until a promise breaks.
//!
//! A seed gives a [`Run`]: how many nodes, which faults and how often (swarm testing), and what is done when, aimed by what was
//! seen. What was done is written down as commands at their moments, so that a run is data: [`Plan`]. It can be had again, on
//! either host, through a save, and with some commands left out, which is how a failure becomes small enough to be
//! understood. After the faults comes a calm in which progress is demanded, for most of what goes wrong in practice is no wrong answer
//! but none.
//!
//! It is generic over the state machine: implement [`Workload`] for your own, and [`run`] it.

mod brink;
mod campaign;
mod coverage;
mod ending;
mod generator;
mod mutants;
mod plan;
mod random;
mod run;
mod shrink;
mod twin;
mod weather;

pub use brink::{Brink, brink};
pub use campaign::{Campaign, differs};
pub use coverage::{Counter, Coverage};
pub use ending::Demand;
pub use mutants::{budget, is_of_its_kind, notice};
pub use plan::{Moment, Plan};
pub use random::Random;
pub use run::{Broken, Failure, Options, Run, run};
pub use shrink::{Small, shrink};
pub use twin::{Twin, twin};

use crate::linear::{Limits, judge, tell};
use crate::machine::{Exhibit, KeyValue};
use crate::playground::World;

/// A state machine that the fuzzer knows how to use.
pub trait Workload: Exhibit + Default {
    /// A command for it, as text.
    fn command(random: &mut Random) -> String;

    /// A question about its state, as text.
    fn question(random: &mut Random) -> String;

    /// What is wrong with what the clients of a world saw, judged by that alone; a machine of one's own may leave that to the oracles.
    fn judge_clients(world: &World<Self>) -> Judgement {
        let _ = world;
        Judgement::default()
    }
}

/// What clients saw, judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// How many answered operations were judged.
    pub operations: u64,
    /// How many of the parts that are judged by themselves were given up, for they would have taken too long.
    pub undecided: u64,
    /// What is wrong, in a sentence.
    pub wrong: Option<String>,
}

/// What the judgement of one key of one run may cost: hundreds of operations on it are judged in milliseconds, for the most part.
const LIMITS: Limits = Limits {
    bytes: 64 << 20,
    steps: 2_000_000,
};

impl Workload for KeyValue {
    fn command(random: &mut Random) -> String {
        let (key, value) = (random.one_of(&["x", "y", "z"]), random.below(10));
        match random.below(8) {
            0 => format!("delete {key}"),
            1 => format!("cas {key} {} {value}", random.below(10)),
            2 => format!("append {key} {value}"),
            3.. => format!("{key}={value}"),
        }
    }

    fn question(random: &mut Random) -> String {
        random.one_of(&["x", "y", "z"]).to_owned()
    }

    fn judge_clients(world: &World<Self>) -> Judgement {
        let Some(history) = world.history() else {
            return Judgement::default();
        };
        let report = judge(&history, LIMITS);
        let failed = report.failures.first();
        Judgement {
            operations: (report.operations - report.unknown) as u64,
            undecided: report.undecided.len() as u64,
            wrong: failed.map(|failure| tell(&history, failure).lines().collect::<Vec<_>>().join("; ")),
        }
    }
}
