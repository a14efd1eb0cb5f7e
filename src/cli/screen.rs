//! The screen, from the command line to the exit code.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;

use super::error::CliError;
use super::library::{Files, Homework};
use super::start::{self, Begun, Source};
use super::{ScreenArgs, Theme};
use crate::playground::HostKind;
use crate::ui::app::{App, Start};
use crate::ui::event_loop::{ScreenError, ScreenOptions, play};
use crate::ui::pace::parse_speed;
use crate::ui::terminal::{self, Mouse};
use crate::ui::told::ToldWorld;
use crate::ui::view::ThemeName;

/// Seeds are drawn below this, so that they can be read out in a lecture and typed.
const SEEDS: u64 = 1_000_000;

/// Plays on the screen until it is left.
pub(super) fn screen(args: &ScreenArgs) -> Result<ExitCode, CliError> {
    let pace = parse_speed(&args.speed).map_err(CliError::Usage)?;
    let seed = args.seed.unwrap_or_else(drawn_seed);
    let shelf = start::shelf(args.save_limit);
    let task = args.task.as_deref().map(Homework::named).transpose()?;
    let source = match &task {
        Some(task) => Source::Save(Box::new(task.start())),
        None => Source::named(args.load.as_deref(), &shelf, args.nodes, seed)?,
    };
    let options = ScreenOptions {
        mouse: if args.no_mouse {
            Mouse::Left
        } else {
            Mouse::Captured
        },
        headless: match &args.task {
            Some(_) => headless(args, seed),
            None => format!("{} --for 10s", headless(args, seed)),
        },
    };
    // Before anything is made that would have to be cleared away.
    if let Some(missing) = terminal::missing() {
        let headless = options.headless;
        return Err(ScreenError::NoTerminal { missing, headless }.into());
    }
    let temporary = match &args.data_dir {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(CliError::Temporary)?),
    };
    let data_dir = temporary.as_ref().map(|folder| folder.path().to_owned());
    let data_dir = args.data_dir.clone().or(data_dir);
    let Begun {
        world,
        narrator,
        scene,
        then,
    } = start::begin(source, HostKind::Threads, data_dir)?;
    let start = Start {
        // A scene with notes asks before it shows.
        is_paused: args.paused || !scene.notes.is_empty(),
        speed: Some(pace),
        title: scene.title.clone(),
        notes: scene.notes.clone(),
        first_steps: args.load.is_none() && task.is_none(),
        theme: theme(args.theme),
        ascii: args.ascii,
    };
    let files = Files {
        shelf,
        host: HostKind::Threads,
        scene,
        headless: headless(args, seed),
        task,
    };
    let world = ToldWorld::new(world, narrator).followed_by(then);
    let mut app = App::new(world, Box::new(files), start);
    let exit = play(&mut app, &options)?;
    Ok(ExitCode::from(exit.code()))
}

/// A new seed, from the operating system's randomness.
fn drawn_seed() -> u64 {
    RandomState::new().build_hasher().finish() % SEEDS
}

/// The command that plays the same without a screen.
fn headless(args: &ScreenArgs, seed: u64) -> String {
    if let Some(task) = &args.task {
        return format!("raft-play grade {task} homework.ron");
    }
    match (&args.load, args.nodes) {
        (Some(name), _) => format!("raft-play run {name}"),
        (None, Some(nodes)) => format!("raft-play run --nodes {nodes} --seed {seed}"),
        (None, None) => format!("raft-play run --seed {seed}"),
    }
}

/// Without a word about it, colours are those for a dark ground; none, where `NO_COLOR` asks for that.
fn theme(chosen: Option<Theme>) -> ThemeName {
    let is_colourless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match chosen {
        Some(Theme::Light) => ThemeName::Light,
        Some(Theme::HighContrast) => ThemeName::HighContrast,
        Some(Theme::Mono) => ThemeName::Mono,
        None if is_colourless => ThemeName::Mono,
        Some(Theme::Dark) | None => ThemeName::Dark,
    }
}
