//! Measurements.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::values;
use crate::bench::{self, Client, Storage, Wire, Workload};

pub(super) const EXAMPLES: &str = "\
Examples:
  raft-play bench
  raft-play bench --nodes 5 --payload 256 --inflight 1024
  raft-play bench --storage file --dir /var/tmp --inflight 1
  raft-play bench --mode inline --proposals 1000000
  raft-play bench --mode sim
  raft-play bench --table

One client keeps --inflight commands open. A command is done when the leader's state machine has applied it and the client was
told. All state machines must end alike, or the measurement fails. Warm-up of up to 0.4 s is not counted.";

/// What is measured.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// How many servers, 1 to 25
    #[arg(long, short, value_name = "N", default_value = "3", value_parser = values::nodes)]
    pub nodes: u64,
    /// Bytes in a command
    #[arg(long, value_name = "BYTES", default_value_t = 16, value_parser = clap::value_parser!(u32).range(8..=1 << 20))]
    pub payload: u32,
    /// Commands open at a time
    #[arg(long, value_name = "W", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub inflight: u32,
    /// Where the logs are kept
    #[arg(long, value_enum, default_value = "mem")]
    pub storage: StorageKind,
    /// How many commands are measured at most
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub proposals: Option<u64>,
    /// For how long it is measured at most
    #[arg(long, value_name = "S", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,
    /// How the nodes run
    #[arg(long, value_enum, default_value = "threads")]
    pub mode: Mode,
    /// How the client speaks with the leader
    #[arg(long, value_enum, default_value = "single")]
    pub client: ClientKind,
    /// What travels between servers on threads
    #[arg(long, value_enum, default_value = "struct")]
    pub wire: WireKind,
    /// Where files are put while it is measured [default: the temporary directory]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Measure 1, 3 and 5 servers, 1, 64 and 1024 commands open, of 16 and 256 bytes
    #[arg(long)]
    pub table: bool,
}

/// Where logs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StorageKind {
    /// In memory alone.
    Mem,
    /// In files, synced.
    File,
}

/// How the nodes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// As servers, each on a thread.
    Threads,
    /// The algorithm alone, all nodes in one thread.
    Inline,
    /// The algorithm alone, with nothing to do: simulated seconds per second.
    Idle,
    /// In the playground: simulated seconds per second.
    Sim,
}

/// How the client speaks with the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClientKind {
    /// One message for each command.
    Single,
    /// One message for all that can be sent at once.
    Batch,
}

/// What travels between servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WireKind {
    /// Messages as they are in memory.
    Struct,
    /// Bytes, encoded and decoded.
    Bytes,
}

impl BenchArgs {
    fn workload(&self) -> Workload {
        let under = || self.dir.clone().unwrap_or_else(std::env::temp_dir);
        Workload {
            nodes: self.nodes,
            payload: usize::try_from(self.payload).unwrap_or(usize::MAX),
            inflight: self.inflight.into(),
            proposals: self.proposals,
            duration: Duration::from_secs(self.seconds),
            storage: match self.storage {
                StorageKind::Mem => Storage::Memory,
                StorageKind::File => Storage::Files(under()),
            },
            client: match self.client {
                ClientKind::Single => Client::Single,
                ClientKind::Batch => Client::Batch,
            },
            wire: match self.wire {
                WireKind::Struct => Wire::Struct,
                WireKind::Bytes => Wire::Bytes,
            },
        }
    }
}

/// Measures, and prints each measurement as one line of JSON.
pub(super) fn bench(args: &BenchArgs, out: &mut impl Write) -> Result<ExitCode, CliError> {
    let work = args.workload();
    if !args.table {
        measure(args, &work, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    for nodes in [1, 3, 5] {
        for payload in [16, 256] {
            for inflight in [1, 64, 1024] {
                let cell = Workload {
                    nodes,
                    payload,
                    inflight,
                    ..work.clone()
                };
                measure(args, &cell, out)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(args: &BenchArgs, work: &Workload, out: &mut impl Write) -> Result<(), CliError> {
    let line = match args.mode {
        Mode::Threads => serde_json::to_string(&bench::threads(work)?),
        Mode::Inline => serde_json::to_string(&bench::inline(work)?),
        Mode::Idle => serde_json::to_string(&bench::idle(work.nodes, work.duration)?),
        Mode::Sim => serde_json::to_string(&bench::simulated(work.nodes, work.duration)?),
    };
    writeln!(out, "{}", line.map_err(io::Error::from)?)?;
    Ok(())
}
