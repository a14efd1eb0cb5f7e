//! `raft-play fuzz`: many clusters under every fault, until a promise breaks.

mod failure;
mod mutants;

use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::FuzzArgs;
use super::error::CliError;
use super::values::Seeds;
use crate::consensus::RuleSet;
use crate::fuzz::{Campaign, Counter, Coverage, Options, Run};
use crate::machine::KeyValue;

/// How long seeds are run where neither they nor a time is named.
const USUAL_TIME: Duration = Duration::from_secs(60);
/// How many failures are made small; of more there is no need.
const SHRUNK: usize = 3;
/// How often the progress is shown.
const PROGRESS: Duration = Duration::from_millis(200);

/// The exit code of what Ctrl-C has ended, as shells count.
const INTERRUPTED: u8 = 130;

/// Runs the seeds, and gives the exit code. Ctrl-C ends the runs, not what is told of them; who asks twice is not kept waiting.
pub(super) fn fuzz(args: &FuzzArgs, out: &mut impl Write) -> Result<ExitCode, CliError> {
    let campaign = campaign_of(args);
    if args.mutants {
        return mutants::table(&campaign, out);
    }
    let time = time_of(args);
    let interrupted = Arc::new(AtomicBool::new(false));
    flag::register_conditional_shutdown(SIGINT, i32::from(INTERRUPTED), Arc::clone(&interrupted))?;
    flag::register(SIGINT, Arc::clone(&interrupted))?;
    let mut tally = Tally::new();
    let mut progress = Progress::new(&campaign, time);
    campaign.run::<KeyValue>(|run| {
        tally.take(run);
        progress.show(&tally);
        let is_found = !tally.failed.is_empty() && !args.keep_going;
        if is_found
            || interrupted.load(Ordering::Relaxed)
            || time.is_some_and(|time| tally.begun.elapsed() >= time)
        {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    progress.clear();
    tally.failed.sort_by_key(|run| run.plan.seed);
    let is_usual = args.rules.is_empty() && args.nodes.is_none() && args.duration >= FuzzArgs::USUAL_LENGTH;
    let silent = if is_usual {
        tally.coverage.below_floor(tally.seeds)
    } else {
        Vec::new()
    };
    print_summary(&tally, &silent, out)?;
    let is_interrupted = interrupted.load(Ordering::Relaxed);
    for (place, run) in tally.failed.iter().enumerate() {
        let patience = if place < SHRUNK && !is_interrupted {
            args.shrink
        } else {
            Duration::ZERO
        };
        failure::write_down(args, &campaign.options, run, patience, out)?;
    }
    Ok(if is_interrupted {
        writeln!(out, "ended by Ctrl-C")?;
        ExitCode::from(INTERRUPTED)
    } else if tally.failed.is_empty() && silent.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn campaign_of(args: &FuzzArgs) -> Campaign {
    let seeds = match (args.seed, args.seeds) {
        (Some(seed), _) => Seeds {
            first: seed,
            end: seed.checked_add(1),
        },
        (None, Some(seeds)) => seeds,
        (None, None) => Seeds { first: 1, end: None },
    };
    let rules = args
        .rules
        .iter()
        .fold(RuleSet::sound(), |rules, &rule| rules.without(rule));
    let threads = args.threads.or_else(|| thread::available_parallelism().ok());
    Campaign {
        first: seeds.first,
        end: seeds.end,
        options: Options {
            nodes: args.nodes,
            rules,
            length: args.duration,
        },
        threads: threads.unwrap_or(NonZeroUsize::MIN),
        watch_every: args.twice_every,
    }
}

/// For how long; for ever where the seeds have an end.
fn time_of(args: &FuzzArgs) -> Option<Duration> {
    let is_endless = args.seed.is_none() && args.seeds.is_none_or(|seeds| seeds.end.is_none());
    args.time.or(is_endless.then_some(USUAL_TIME))
}

/// What came of the runs so far.
struct Tally {
    begun: Instant,
    seeds: u64,
    simulated: Duration,
    delivered: u64,
    coverage: Coverage,
    failed: Vec<Run>,
}

impl Tally {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            seeds: 0,
            simulated: Duration::ZERO,
            delivered: 0,
            coverage: Coverage::default(),
            failed: Vec::new(),
        }
    }

    fn take(&mut self, run: Run) {
        self.seeds += 1;
        self.simulated += Duration::from_nanos(run.end.at.nanos());
        self.delivered += run.delivered;
        self.coverage.add(&run.coverage);
        if run.failure.is_some() {
            self.failed.push(run);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn seeds_a_minute(&self) -> f64 {
        self.seeds as f64 / self.minutes()
    }

    fn hours_a_minute(&self) -> f64 {
        self.simulated.as_secs_f64() / 3_600.0 / self.minutes()
    }

    fn minutes(&self) -> f64 {
        (self.begun.elapsed().as_secs_f64() / 60.0).max(1e-9)
    }
}

/// A line on the terminal that shows how far it is.
struct Progress {
    is_shown: bool,
    last: Option<Instant>,
    seeds: Option<u64>,
    time: Option<Duration>,
}

impl Progress {
    fn new(campaign: &Campaign, time: Option<Duration>) -> Self {
        Self {
            is_shown: io::stderr().is_terminal(),
            last: None,
            seeds: campaign.end.map(|end| end.saturating_sub(campaign.first)),
            time,
        }
    }

    fn show(&mut self, tally: &Tally) {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= PROGRESS);
        if !self.is_shown || !is_due {
            return;
        }
        self.last = Some(Instant::now());
        let share = self.share(tally);
        let line = format!(
            "\r\x1b[K{} {} seeds, {:.0} a minute, {:.1} simulated hours a minute; {} elections, {} installs, {} joint changes",
            bar(share),
            tally.seeds,
            tally.seeds_a_minute(),
            tally.hours_a_minute(),
            tally.coverage.of(Counter::Elections),
            tally.coverage.of(Counter::Installs),
            tally.coverage.of(Counter::JointChanges),
        );
        // Where nobody reads it any more, there is nothing to show.
        self.is_shown = write!(io::stderr(), "{line}").is_ok();
    }

    #[expect(clippy::cast_precision_loss, reason = "a bar for people")]
    fn share(&self, tally: &Tally) -> f64 {
        let of_seeds = self.seeds.map(|seeds| tally.seeds as f64 / seeds.max(1) as f64);
        let of_time = self
            .time
            .map(|time| tally.begun.elapsed().as_secs_f64() / time.as_secs_f64().max(1e-9));
        let shares = of_seeds.into_iter().chain(of_time);
        shares.fold(0.0, f64::max).min(1.0)
    }

    fn clear(&self) {
        if self.is_shown && self.last.is_some() {
            drop(write!(io::stderr(), "\r\x1b[K"));
        }
    }
}

fn bar(share: f64) -> String {
    const WIDTH: usize = 20;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of twenty characters"
    )]
    let full = (share * WIDTH as f64) as usize;
    format!("[{}{}]", "#".repeat(full), "-".repeat(WIDTH.saturating_sub(full)))
}

fn print_summary(tally: &Tally, silent: &[Counter], out: &mut impl Write) -> io::Result<()> {
    for &counter in Counter::ALL {
        let mark = if silent.contains(&counter) {
            "   too few: the generator has fallen silent"
        } else {
            ""
        };
        writeln!(
            out,
            "{:>12}  {}{mark}",
            tally.coverage.of(counter),
            counter.word()
        )?;
    }
    writeln!(
        out,
        "{} seeds in {:.1} s: {:.0} a minute; {:.2} simulated hours: {:.1} a minute; {} messages delivered",
        tally.seeds,
        tally.begun.elapsed().as_secs_f64(),
        tally.seeds_a_minute(),
        tally.simulated.as_secs_f64() / 3_600.0,
        tally.hours_a_minute(),
        tally.delivered,
    )?;
    match tally.failed.len() {
        0 => writeln!(out, "no promise was broken"),
        1 => writeln!(out, "one run failed"),
        failed => writeln!(out, "{failed} runs failed"),
    }
}

/// The line by which a seed is run again.
fn command_line(args: &FuzzArgs, seed: u64) -> String {
    let nodes = args.nodes.map(|nodes| format!(" --nodes {nodes}"));
    let rules = args.rules.iter().map(|rule| format!(" --break {rule}"));
    let is_usual = args.duration == FuzzArgs::USUAL_LENGTH;
    let length = (!is_usual).then(|| format!(" --for {}us", args.duration.as_micros()));
    let watched = (args.twice_every == 1).then(|| " --twice-every 1".to_owned());
    let options: String = nodes
        .into_iter()
        .chain(rules)
        .chain(length)
        .chain(watched)
        .collect();
    format!("raft-play fuzz --seed {seed}{options}")
}
