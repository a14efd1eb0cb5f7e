//! A run without a screen.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::CliError;
use super::report::{Report, hash_text};
use super::start::{self, Begun, Lab, Source};
use super::values::Expectation;
use super::{Format, RunArgs};
use crate::linear::{json_text, ron_text};
use crate::machine::KeyValue;
use crate::playground::{Narrator, Spacetime, StoryLine, TimedCommand, Weight};
use crate::save::script::Script;
use crate::save::{self, Overwrite};
use crate::types::VirtualTime;

/// After so many events what happened is told, so that a long run needs no more memory than a short one.
const EVENTS_AT_ONCE: u32 = 1024;

/// Runs, prints, and gives the exit code that the expectation asks for.
pub(super) fn run(
    args: &RunArgs,
    out: &mut impl Write,
    complaints: &mut impl Write,
) -> Result<ExitCode, CliError> {
    let script = args.commands.as_deref().map(Script::read).transpose()?;
    let source = Source::named(
        args.save_to_load.as_deref(),
        &start::shelf(args.save_limit),
        args.nodes,
        args.seed,
    )?;
    let Begun {
        mut world,
        narrator,
        scene,
        then,
    } = start::begin(source, args.host.into(), args.data_dir.clone())?;
    if args.history.is_some() {
        world.keep_calls().map_err(CliError::NoHistory)?;
    }
    if args.format == Format::Json && args.lamport.is_none() {
        world.keep_no_records();
    }
    let end = world.now().after(args.duration);
    let diagram = args.lamport.as_ref().map(|_| {
        let (from, to) = args.stretch.unwrap_or((world.now(), end));
        Spacetime::new::<KeyValue>(&world.snapshot(), from, to.min(end))
    });
    let mut run = Run {
        world,
        narrator,
        diagram,
        printer: match args.format {
            Format::Text => Printer::Lines {
                out,
                least: if args.all { Weight::Routine } else { Weight::Step },
            },
            Format::Json => Printer::Nothing,
        },
        early: 0,
    };
    // What a save has still to be done stays in it; what a script has is the script's.
    let still: Vec<TimedCommand> = then.iter().filter(|timed| timed.at > end).cloned().collect();
    let (commands, path) = match (script, &args.commands) {
        (Some(script), Some(path)) => (merged(then, script.commands), path.clone()),
        (Some(_) | None, _) => (
            then,
            PathBuf::from(args.save_to_load.as_deref().unwrap_or_default()),
        ),
    };
    let left = run.carry_out(&commands, &path, end)?.saturating_sub(still.len());
    if left > 0 {
        writeln!(
            complaints,
            "{}: {left} commands come after the end, at {end}",
            path.display()
        )?;
    }
    if run.early > 0 {
        writeln!(
            complaints,
            "{}: {} commands were carried out before their time: in manual mode time stands, at {} in the end",
            path.display(),
            run.early,
            run.world.now()
        )?;
    }
    run.run_into(end, u32::MAX)?;
    if let (Some(path), Some(diagram)) = (&args.lamport, run.diagram) {
        let title = scene
            .title
            .clone()
            .unwrap_or_else(|| format!("Seed {}", args.seed));
        save::write_text(path, &diagram.svg(&title), Overwrite::Replace)?;
    }
    let mut world = run.world;
    if let Some(path) = &args.save {
        start::save(&mut world, scene, still, path)?;
    }
    if let (Some(path), Some(history)) = (&args.history, world.history()) {
        let is_json = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let text = if is_json {
            json_text(&history)
        } else {
            ron_text(&history)
        };
        save::write_text(path, &text, Overwrite::Replace)?;
    }
    match args.format {
        Format::Text => sum_up(&mut world, out)?,
        Format::Json => print_report(&mut world, out)?,
    }
    world.sync_mirrors();
    let failures = world.drain_complaints();
    for failure in &failures {
        writeln!(complaints, "{failure}")?;
    }
    let is_well = failures.is_empty() && is_expected(args.expect, &world);
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What two lists have to be done, in order; of the same moment, what the first has comes first.
fn merged(mut commands: Vec<TimedCommand>, others: Vec<TimedCommand>) -> Vec<TimedCommand> {
    commands.extend(others);
    commands.sort_by_key(|timed| (timed.at, timed.after));
    commands
}

/// A run under way.
struct Run<'a, O> {
    world: Lab,
    narrator: Narrator,
    diagram: Option<Spacetime>,
    printer: Printer<'a, O>,
    /// How many commands were due at a time that never came, for time stood.
    early: usize,
}

/// What is printed on the way.
enum Printer<'a, O> {
    Nothing,
    Lines {
        out: &'a mut O,
        /// The least that a line must weigh.
        least: Weight,
    },
}

impl<O: Write> Run<'_, O> {
    /// Carries out the commands due until the end, and gives how many come after it.
    fn carry_out(
        &mut self,
        commands: &[TimedCommand],
        path: &Path,
        end: VirtualTime,
    ) -> Result<usize, CliError> {
        let now = self.world.now();
        if let Some(first) = commands.first().filter(|first| first.at < now) {
            return Err(CliError::Past {
                path: path.to_owned(),
                at: first.at,
                now,
            });
        }
        let due = commands.partition_point(|timed| timed.at <= end);
        for timed in &commands[..due] {
            self.run_into(timed.at, timed.after)?;
            if self.world.violation().is_some() {
                return Ok(0);
            }
            self.early += usize::from(self.world.now() < timed.at);
            let done = self.world.command(timed.command.clone());
            done.map_err(|source| CliError::Command {
                path: path.to_owned(),
                at: timed.at,
                source,
            })?;
        }
        Ok(commands.len() - due)
    }

    /// Runs into a moment, telling what happens.
    fn run_into(&mut self, time: VirtualTime, events: u32) -> io::Result<()> {
        while self.world.next_event_at().is_some_and(|at| at < time) && self.steps_before(time) {
            self.tell()?;
        }
        self.world.run_into(time, events);
        self.tell()
    }

    fn steps_before(&mut self, time: VirtualTime) -> bool {
        let is_before = |world: &Lab| world.next_event_at().is_some_and(|at| at < time);
        (0..EVENTS_AT_ONCE).all(|_| !is_before(&self.world) || self.world.step())
    }

    fn tell(&mut self) -> io::Result<()> {
        for record in self.world.drain_records() {
            if let Some(diagram) = &mut self.diagram {
                diagram.note(&record);
            }
            let Printer::Lines { out, least } = &mut self.printer else {
                continue;
            };
            // The narrator must hear all of it, printed or not.
            if let Some(line) = self.narrator.tell(&record)
                && line.weight >= *least
            {
                print(*out, &line)?;
            }
        }
        Ok(())
    }
}

fn print(out: &mut impl Write, line: &StoryLine) -> io::Result<()> {
    writeln!(out, "{:>9}  {}", line.at, line.long)
}

fn sum_up(world: &mut Lab, out: &mut impl Write) -> io::Result<()> {
    let snapshot = world.snapshot();
    let leader = match snapshot.leaders().first() {
        Some(leader) => format!("{} leads term {}", leader.id, leader.term),
        None => "nobody leads".to_owned(),
    };
    let commit = snapshot
        .nodes
        .iter()
        .map(|node| node.commit)
        .max()
        .unwrap_or_default();
    let hash = hash_text(world.trace_hash());
    writeln!(
        out,
        "{:>9}  the end: {leader}, {commit} committed, trace {hash}",
        snapshot.now
    )
}

fn print_report(world: &mut Lab, out: &mut impl Write) -> io::Result<()> {
    let snapshot = world.snapshot();
    let report = Report::of::<KeyValue>(&snapshot, world.violations());
    serde_json::to_writer(&mut *out, &report)?;
    writeln!(out)
}

fn is_expected(expected: Expectation, world: &Lab) -> bool {
    match expected {
        Expectation::None => world.violations().is_empty(),
        Expectation::Violation(property) => world
            .violations()
            .iter()
            .any(|violation| violation.property == property),
    }
}
