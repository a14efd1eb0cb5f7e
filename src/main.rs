//! `raft-play`: see the library's [`cli`](raft_play::cli).

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use raft_play::cli::{Cli, perform};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match perform(&Cli::parse()) {
        Ok(code) => code,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone too, the exit code must do.
            let _ = writeln!(std::io::stderr(), "raft-play: {error}");
            ExitCode::from(error.code())
        }
    }
}
