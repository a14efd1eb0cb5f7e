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

use crate::machine::{Exhibit, KeyValue};

/// A state machine that the fuzzer knows how to use.
pub trait Workload: Exhibit + Default {
    /// A command for it, as text.
    fn command(random: &mut Random) -> String;

    /// A question about its state, as text.
    fn question(random: &mut Random) -> String;
}

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
}
