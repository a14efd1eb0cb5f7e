//! How fast it is, on work that anybody can repeat: a closed loop.
//!
//! One client keeps a fixed number of commands open. A command is done when the leader's state machine has applied it and the
//! client was told. Every node applies every command to a digest that depends on their order; at the end all digests must be the same,
//! or the measurement fails. What is done in the first 0.4 s, or in the first tenth of the commands, is not counted.
//!
//! - **threads**: [servers](crate::server) as people run them, each on a thread, with what they keep in memory or on files.
//! - **inline**: the nodes' algorithm alone, stepped by direct calls in one thread, in windows of as many commands.
//! - **idle**: the same, where nobody wants anything: simulated seconds per second.
//! - **sim**: the playground's world, oracles and all: simulated seconds per second.

mod inline;
mod report;
mod simulated;
mod threads;
mod work;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use report::{IdleReport, Report, SimulatedReport};
pub use work::Digest;

use crate::playground::WorldError;
use crate::server::{AskError, ClusterError};

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// How many servers.
    pub nodes: u64,
    /// How many bytes a command has, 8 at least.
    pub payload: usize,
    /// How many commands are open at a time.
    pub inflight: u64,
    /// How many commands are measured, if there is a limit.
    pub proposals: Option<u64>,
    /// For how long it is measured at most.
    pub duration: Duration,
    /// Where the logs are kept.
    pub storage: Storage,
    /// How the client speaks with the leader.
    pub client: Client,
    /// What travels between servers.
    pub wire: Wire,
}

/// Where logs are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In memory alone.
    Memory,
    /// In a directory of its own under this one, which is removed afterwards.
    Files(PathBuf),
}

/// What travels between servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Messages as they are in memory.
    Struct,
    /// Bytes, encoded and decoded.
    Bytes,
}

/// How the client speaks with the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// One message for each command.
    Single,
    /// One message for all the commands that it can send at once.
    Batch,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A cluster does not start.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A world does not start.
    #[error(transparent)]
    World(#[from] WorldError),
    /// There is no directory for the files.
    #[error("no directory for the files: {0}")]
    Directory(#[from] io::Error),
    /// A command was turned away, or a server has stopped.
    #[error("a command came to nothing: {0}")]
    Command(#[from] AskError),
    /// The leader was lost meanwhile.
    #[error("the leader was lost meanwhile; is the machine overloaded?")]
    LeaderLost,
    /// State machines differ: what was measured is not replication.
    #[error("the state machines of two servers differ")]
    Differing,
}

/// Measures servers on threads.
///
/// # Errors
///
/// Where something stood in the way.
pub fn threads(work: &Workload) -> Result<Report, BenchError> {
    threads::measure(work)
}

/// Measures the algorithm alone, in one thread.
///
/// # Errors
///
/// Where something stood in the way.
pub fn inline(work: &Workload) -> Result<Report, BenchError> {
    inline::measure(work)
}

/// Measures the algorithm alone, in one thread, where nothing passes but heartbeats and their answers, ten a second.
///
/// # Errors
///
/// Where the leader was lost, which would be a defect: no message is.
pub fn idle(nodes: u64, duration: Duration) -> Result<IdleReport, BenchError> {
    inline::measure_idle(nodes, duration)
}

/// Measures the playground's world: idle, and with a thousand commands a second.
///
/// # Errors
///
/// Where the world does not start.
pub fn simulated(nodes: u64, duration: Duration) -> Result<SimulatedReport, BenchError> {
    simulated::measure(nodes, duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(nodes: u64, inflight: u64) -> Workload {
        Workload {
            nodes,
            payload: 16,
            inflight,
            proposals: Some(20_000),
            duration: Duration::from_secs(60),
            storage: Storage::Memory,
            client: Client::Single,
            wire: Wire::Struct,
        }
    }

    #[test]
    fn all_commands_are_counted_once_and_all_servers_end_alike() {
        for (nodes, inflight) in [(1, 1), (3, 64), (5, 1024)] {
            // Logs are compacted on the way.
            let report = inline(&work(nodes, inflight)).unwrap();
            assert_eq!((report.proposals, report.mode), (20_000, "inline"));
        }
    }

    #[test]
    fn servers_on_threads_do_the_same_work() {
        let mut work = work(3, 64);
        work.proposals = Some(1_000);
        for (client, wire) in [(Client::Single, Wire::Struct), (Client::Batch, Wire::Bytes)] {
            (work.client, work.wire) = (client, wire);
            assert_eq!(threads(&work).unwrap().proposals, 1_000);
        }
        let directory = tempfile::tempdir().unwrap();
        work.storage = Storage::Files(directory.path().to_owned());
        assert_eq!(threads(&work).unwrap().proposals, 1_000);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
