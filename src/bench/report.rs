//! What was measured, as one line of JSON has it.

use std::time::Duration;

use serde::Serialize;

use super::{Client, Storage, Wire, Workload};

/// A closed loop that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Who was measured.
    pub peer: &'static str,
    /// How the nodes ran.
    pub mode: &'static str,
    /// How many servers.
    pub nodes: u64,
    /// Bytes in a command.
    pub payload: usize,
    /// Commands open at a time.
    pub inflight: u64,
    /// Where the logs were kept.
    pub storage: &'static str,
    /// How the client spoke with the leader.
    pub client: &'static str,
    /// What travelled between servers.
    pub wire: &'static str,
    /// How many commands were measured.
    pub proposals: u64,
    /// For how long.
    pub seconds: f64,
    /// Commands a second.
    pub commits_per_s: f64,
    /// Half of the commands took no longer, in microseconds.
    pub p50_us: f64,
    /// Of a hundred commands, 99 took no longer, in microseconds.
    pub p99_us: f64,
}

/// Worlds that were measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulatedReport {
    /// Who was measured.
    pub peer: &'static str,
    /// How the nodes ran.
    pub mode: &'static str,
    /// How many nodes.
    pub nodes: u64,
    /// Simulated seconds per second, where nobody wants anything.
    pub idle_s_per_s: f64,
    /// How much of the time without oracles they take besides, there.
    pub idle_oracles_percent: f64,
    /// Simulated seconds per second, with a thousand commands in each.
    pub busy_s_per_s: f64,
    /// How much of the time without oracles they take besides, there.
    pub busy_oracles_percent: f64,
}

/// A cluster of which nobody wanted anything.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IdleReport {
    /// Who was measured.
    pub peer: &'static str,
    /// How the nodes ran.
    pub mode: &'static str,
    /// How many nodes.
    pub nodes: u64,
    /// Simulated seconds per second, by the algorithm alone, with a heartbeat every 100 ms.
    pub core_idle_s_per_s: f64,
}

impl Report {
    /// From how long it took, and how long each command took, in nanoseconds and ascending order.
    pub(super) fn of(work: &Workload, mode: &'static str, elapsed: Duration, latencies: &[u64]) -> Self {
        let proposals = latencies.len() as u64;
        Self {
            peer: "raft-play",
            mode,
            nodes: work.nodes,
            payload: work.payload,
            inflight: work.inflight,
            storage: match work.storage {
                Storage::Memory => "mem",
                Storage::Files(_) => "file",
            },
            client: match work.client {
                Client::Single => "single",
                Client::Batch => "batch",
            },
            wire: match work.wire {
                Wire::Struct => "struct",
                Wire::Bytes => "bytes",
            },
            proposals,
            seconds: elapsed.as_secs_f64(),
            commits_per_s: as_float(proposals) / elapsed.as_secs_f64(),
            p50_us: micros_at(latencies, 50),
            p99_us: micros_at(latencies, 99),
        }
    }
}

fn micros_at(ascending: &[u64], percent: usize) -> f64 {
    let place = (ascending.len() * percent).div_ceil(100).saturating_sub(1);
    ascending
        .get(place)
        .map_or(0.0, |&nanos| as_float(nanos) / 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "what is measured has fewer digits")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let nanos: Vec<u64> = (1..=100).map(|number| number * 1_000).collect();
        assert_eq!((micros_at(&nanos, 50), micros_at(&nanos, 99)), (50.0, 99.0));
        assert_eq!((micros_at(&nanos[..1], 99), micros_at(&[], 50)), (1.0, 0.0));
    }
}
