//! The playground's world, without a screen.

use std::time::{Duration, Instant};

use super::BenchError;
use super::report::SimulatedReport;
use crate::machine::KeyValue;
use crate::playground::{Command, HostKind, Settings, World, WorldOptions};
use crate::types::VirtualTime;

/// Between two commands, in simulated time: a thousand a second.
const APART: Duration = Duration::from_millis(1);

/// So much is simulated between two looks at the clock.
const STRETCH: Duration = Duration::from_secs(1);

pub(super) fn measure(nodes: u64, duration: Duration) -> Result<SimulatedReport, BenchError> {
    let half = duration / 2;
    Ok(SimulatedReport {
        peer: "raft-play",
        mode: "sim",
        nodes,
        idle_s_per_s: rate(nodes, half, run_into)?,
        busy_s_per_s: rate(nodes, half, |world, until| {
            let mut number = 0;
            while world.now() < until {
                number += 1;
                let command = format!("x={number}");
                // Nobody may lead at the moment: then there is one command less.
                drop(world.command(Command::Propose { to: None, command }));
                let next = world.now().after(APART).min(until);
                run_into(world, next);
            }
        })?,
    })
}

/// Runs all that happens before a moment, and forgets what was recorded of it.
fn run_into(world: &mut World<KeyValue>, until: VirtualTime) {
    world.run_into(until, u32::MAX);
    world.drain_records().clear();
}

fn rate(
    nodes: u64,
    duration: Duration,
    mut simulate: impl FnMut(&mut World<KeyValue>, VirtualTime),
) -> Result<f64, BenchError> {
    let mut world = World::new(WorldOptions {
        nodes,
        seed: 1,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    })?;
    let (begun, started) = (world.now(), Instant::now());
    while started.elapsed() < duration {
        let until = world.now().after(STRETCH);
        simulate(&mut world, until);
    }
    let simulated = world.now().since(begun);
    Ok(simulated.as_secs_f64() / started.elapsed().as_secs_f64())
}
