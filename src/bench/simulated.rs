//! The playground's world, without a screen.

use std::time::{Duration, Instant};

use super::BenchError;
use super::report::SimulatedReport;
use crate::machine::KeyValue;
use crate::playground::{Command, HostKind, Settings, World, WorldOptions};

/// Between two commands, in simulated time: a thousand a second.
const APART: Duration = Duration::from_millis(1);

/// So much is simulated between two looks at the clock.
const STRETCH: Duration = Duration::from_millis(100);

/// For so long one world runs before it is another's turn: so all meet the same machine.
const TURN: Duration = Duration::from_millis(20);

pub(super) fn measure(nodes: u64, duration: Duration) -> Result<SimulatedReport, BenchError> {
    let mut lanes = [
        Lane::new(nodes, Load::Idle)?,
        Lane::new(nodes, Load::Idle)?.unwatched(),
        Lane::new(nodes, Load::Busy)?,
        Lane::new(nodes, Load::Busy)?.unwatched(),
    ];
    let started = Instant::now();
    while started.elapsed() < duration {
        lanes.iter_mut().for_each(Lane::take_turn);
    }
    let [idle, idle_unwatched, busy, busy_unwatched] = lanes.map(|lane| lane.rate());
    Ok(SimulatedReport {
        peer: "raft-play",
        mode: "sim",
        nodes,
        idle_s_per_s: idle,
        idle_oracles_percent: percent_more(idle, idle_unwatched),
        busy_s_per_s: busy,
        busy_oracles_percent: percent_more(busy, busy_unwatched),
    })
}

/// How much longer something takes at a rate than at another, which is higher.
fn percent_more(rate: f64, other: f64) -> f64 {
    (other / rate - 1.0) * 100.0
}

/// What clients do.
#[derive(Clone, Copy)]
enum Load {
    /// Nothing.
    Idle,
    /// A thousand commands a second, one by one.
    Busy,
}

/// A world, and how long it has taken.
struct Lane {
    world: World<KeyValue>,
    load: Load,
    commands: u64,
    spent: Duration,
}

impl Lane {
    fn new(nodes: u64, load: Load) -> Result<Self, BenchError> {
        let mut world = World::new(WorldOptions {
            nodes,
            seed: 1,
            settings: Settings::default(),
            host: HostKind::Inline,
            data_dir: None,
        })?;
        world.keep_no_records();
        Ok(Self {
            world,
            load,
            commands: 0,
            spent: Duration::ZERO,
        })
    }

    fn unwatched(mut self) -> Self {
        self.world.watch_nothing();
        self
    }

    fn take_turn(&mut self) {
        let started = Instant::now();
        while started.elapsed() < TURN {
            self.stretch();
        }
        self.spent += started.elapsed();
    }

    fn stretch(&mut self) {
        let until = self.world.now().after(STRETCH);
        match self.load {
            Load::Idle => self.world.run_into(until, u32::MAX),
            Load::Busy => {
                while self.world.now() < until {
                    self.commands += 1;
                    let command = format!("x={}", self.commands);
                    // Nobody may lead at the moment: then there is one command less.
                    drop(self.world.command(Command::Propose { to: None, command }));
                    let next = self.world.now().after(APART).min(until);
                    self.world.run_into(next, u32::MAX);
                }
            }
        }
    }

    /// Simulated seconds a second.
    fn rate(&self) -> f64 {
        let simulated = Duration::from_nanos(self.world.now().nanos());
        simulated.as_secs_f64() / self.spent.as_secs_f64()
    }
}
