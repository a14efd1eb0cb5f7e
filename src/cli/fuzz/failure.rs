//! What is left of a failure: the line that repeats it, the few commands it takes, and a save from shortly before.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::FuzzArgs;
use super::super::error::CliError;
use super::command_line;
use crate::fuzz::{Brink, Broken, Failure, Options, Run, Small, brink, shrink};
use crate::machine::KeyValue;
use crate::playground::TimedCommand;
use crate::save::script::Script;
use crate::save::{self, Overwrite, Save};
use crate::types::VirtualTime;

/// Tells of a failure, makes it small, and writes it down.
pub(super) fn write_down(
    args: &FuzzArgs,
    options: &Options,
    run: &Run,
    patience: Duration,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let Some(failure) = &run.failure else {
        return Ok(());
    };
    let seed = run.plan.seed;
    writeln!(
        out,
        "seed {seed}: {}, at {} s: {}\n  again: {}",
        failure.broken,
        failure.at,
        failure.detail,
        command_line(args, seed)
    )?;
    fs::create_dir_all(&args.out)?;
    let files = Files::of(args, seed);
    let begun = Instant::now();
    let small = (!patience.is_zero())
        .then(|| shrink::<KeyValue>(run, options, &|| begun.elapsed() < patience))
        .flatten();
    match small {
        Some(small) => {
            let seconds = begun.elapsed().as_secs_f64();
            files.write_small(&small, seconds, out)
        }
        None => files.write_whole(run, failure, out),
    }
}

/// Where a failure is written.
struct Files {
    commands: PathBuf,
    save: PathBuf,
}

impl Files {
    fn of(args: &FuzzArgs, seed: u64) -> Self {
        let file = |ending: &str| args.out.join(format!("seed-{seed}{ending}.ron"));
        Self {
            commands: file(".commands"),
            save: file(""),
        }
    }

    /// The whole run, where it can't be made smaller.
    fn write_whole(&self, run: &Run, failure: &Failure, out: &mut impl Write) -> Result<(), CliError> {
        let line = format!(
            "raft-play run --nodes {} --seed {} --for {} --commands {}",
            run.plan.nodes,
            run.plan.seed,
            length(VirtualTime::default(), run.end.at),
            self.commands.display()
        );
        write_script(&self.commands, &line, failure, &run.plan.commands)?;
        writeln!(out, "  step by step: {line}")?;
        Ok(())
    }

    fn write_small(&self, small: &Small, seconds: f64, out: &mut impl Write) -> Result<(), CliError> {
        let Small {
            plan, end, failure, ..
        } = small;
        let expect = expectation(failure);
        let line = format!(
            "raft-play run --nodes {} --seed {} --for {} --commands {}{expect}",
            plan.nodes,
            plan.seed,
            length(VirtualTime::default(), end.at),
            self.commands.display()
        );
        write_script(&self.commands, &line, failure, &plan.commands)?;
        writeln!(
            out,
            "  small, after {seconds:.1} s: {} nodes, {} commands, at {} s: {}\n  step by step: {line}",
            plan.nodes,
            plan.commands.len(),
            end.at,
            failure.detail
        )?;
        match brink::<KeyValue>(small) {
            Some(brink) => self.write_brink(small, brink, out),
            None => Ok(()),
        }
    }

    fn write_brink(&self, small: &Small, brink: Brink, out: &mut impl Write) -> Result<(), CliError> {
        let Brink { image, then } = brink;
        let failure = &small.failure;
        let mut line = format!(
            "raft-play run {} --for {}",
            self.save.display(),
            length(image.now, small.end.at)
        );
        line += &expectation(failure);
        let mut notes = vec![
            format!("{}: {}.", failure.broken, failure.detail),
            format!("It comes at {} s. Without a screen: {line}", small.end.at),
        ];
        notes.extend(to_come(&then));
        let title = Some(format!("Seed {}: shortly before it breaks", small.plan.seed));
        let save = Save {
            title,
            notes: notes.into_iter().map(Into::into).collect(),
            image,
            then,
        };
        save::write(&self.save, &save, Overwrite::Replace)?;
        writeln!(
            out,
            "  shortly before: {line}\n  on the screen: raft-play --load {}",
            self.save.display()
        )?;
        Ok(())
    }
}

/// What is still to be done, in a note.
fn to_come(then: &[TimedCommand]) -> Option<String> {
    let script = Script {
        commands: then.to_vec(),
        ..Script::default()
    };
    let lines = script.text("");
    let lines = lines.lines().filter_map(|line| line.trim().strip_prefix("(at: "));
    let lines: Vec<&str> = lines.map(|line| line.trim_end_matches("),")).collect();
    (!lines.is_empty()).then(|| format!("What is still to be done, by itself: at {}.", lines.join("; at ")))
}

fn write_script(
    path: &Path,
    line: &str,
    failure: &Failure,
    commands: &[TimedCommand],
) -> Result<(), CliError> {
    let script = Script {
        answer: format!("{}: {}", failure.broken, failure.detail),
        commands: commands.to_vec(),
        ..Script::default()
    };
    save::write_text(path, &script.text(line), Overwrite::Replace)?;
    Ok(())
}

/// What a run is expected to end with, as its command line says it.
fn expectation(failure: &Failure) -> String {
    match failure.broken {
        Broken::Property(property) => format!(" --expect violation:{}", property.name()),
        Broken::Clients
        | Broken::Liveness(_)
        | Broken::NodeFailed
        | Broken::Panicked
        | Broken::Determinism(_) => String::new(),
    }
}

/// A length of time that reaches from one moment past another.
fn length(from: VirtualTime, to: VirtualTime) -> String {
    format!("{}us", to.since(from).as_micros() + 1)
}
