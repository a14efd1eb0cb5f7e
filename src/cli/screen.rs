//! The screen, from the command line to the exit code.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;

use super::config::{self, Config};
use super::error::CliError;
use super::library::{Files, Homework};
use super::start::{self, Begun, Source};
use super::{Motion, ScreenArgs, Theme};
use crate::machine::KeyValue;
use crate::playground::HostKind;
use crate::save::script::Script;
use crate::save::share::Shared;
use crate::save::{self, Save, Shelf};
use crate::ui::app::{App, Start};
use crate::ui::event_loop::{ScreenError, ScreenOptions, play};
use crate::ui::keymap;
use crate::ui::library::Recording;
use crate::ui::pace::parse_speed;
use crate::ui::terminal::{self, Mouse};
use crate::ui::told::ToldWorld;
use crate::ui::view::{self, ThemeName};

/// Seeds are drawn below this, so that they can be read out in a lecture and typed.
const SEEDS: u64 = 1_000_000;

/// Plays on the screen until it is left.
pub(super) fn screen(args: &ScreenArgs) -> Result<ExitCode, CliError> {
    let config = config::read(args.config.as_deref())?;
    let pace = config.speed.as_deref().unwrap_or("auto");
    let pace = parse_speed(args.speed.as_deref().unwrap_or(pace)).map_err(CliError::Usage)?;
    let is_new = args.load.is_none() && args.task.is_none() && args.data_dir.is_none();
    let shelf = start::shelf(args.save_limit.unwrap_or(config.save_limit()));
    let left = (args.load.as_deref() == Some("last"))
        .then(|| task_left(&shelf))
        .flatten();
    let (task, done) = match left {
        Some((task, done)) => (Some(task), Some(done)),
        None => (args.task.as_deref().map(Homework::named).transpose()?, None),
    };
    let args = &ScreenArgs {
        nodes: args.nodes.or(config.nodes.filter(|_| is_new)),
        load: args.load.clone().filter(|_| done.is_none()),
        task: args
            .task
            .clone()
            .or(done.as_ref().and_then(|done| done.task.clone())),
        ..args.clone()
    };
    let seed = args.seed.unwrap_or_else(drawn_seed);
    let shared = args.share.as_deref().map(Shared::parse).transpose();
    let shared = shared.map_err(|error| CliError::Share(error.to_string()))?;
    let source = match (&task, &shared) {
        (Some(task), _) => Source::Save(Box::new(task.start())),
        (None, Some(shared)) => start::source_of(&shared.begun)?,
        (None, None) => Source::named(args.load.as_deref(), &shelf, args.nodes, seed)?,
    };
    let options = options(args, &config, seed);
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
    let begun = begun(args, shared.as_ref(), &source);
    let Begun {
        mut world,
        narrator,
        scene,
        then,
    } = start::begin(source, HostKind::Threads, data_dir)?;
    let start = Start {
        // A scene with notes asks before it shows.
        is_paused: args.paused || config.paused || !scene.notes.is_empty(),
        speed: Some(pace),
        title: scene.title.clone(),
        notes: scene.notes.clone(),
        first_steps: args.load.is_none() && task.is_none() && shared.is_none(),
        theme: theme(args.theme.or(config.theme)),
        ascii: args.ascii || config.ascii,
        motion: motion(args.motion.or(config.motion)),
    };
    keymap::install(config.keys);
    let begun = match begun {
        Some(begun) => begun,
        None => now(&mut world)?,
    };
    let files = Files {
        begun,
        shelf,
        host: HostKind::Threads,
        scene,
        headless: headless(args, seed),
        task,
    };
    let world = ToldWorld::new(world, narrator).followed_by(then);
    let mut app = App::new(world, Box::new(files), start);
    if args.log_file.is_some() {
        app.keep_journal();
    }
    if let Some(Shared { script, .. }) = &shared {
        let replayed = replay(&mut app, script);
        replayed.map_err(|sentence| CliError::Share(format!("this share code's run: {sentence}")))?;
    }
    if let Some(Err(sentence)) = done.as_ref().map(|done| replay(&mut app, done)) {
        app.warn(&format!(
            "what was done of this task could not be done again: {sentence}"
        ));
    }
    let exit = play(&mut app, &options)?;
    Ok(ExitCode::from(exit.code()))
}

fn options(args: &ScreenArgs, config: &Config, seed: u64) -> ScreenOptions {
    ScreenOptions {
        mouse: if args.no_mouse || config.mouse == Some(false) {
            Mouse::Left
        } else {
            Mouse::Captured
        },
        log: args.log_file.clone(),
        headless: match &args.task {
            Some(_) => headless(args, seed),
            None => format!("{} --for 10s", headless(args, seed)),
        },
    }
}

/// What the run begins from, for who wants it once more; `None` where that is known only when it has begun.
fn begun(args: &ScreenArgs, shared: Option<&Shared>, source: &Source) -> Option<save::share::Begun> {
    match (shared, source) {
        (Some(shared), _) => Some(shared.begun.clone()),
        (None, Source::Save(save)) => {
            let name = args.load.as_deref().unwrap_or_default();
            Some(save::share::Begun::of(name, save))
        }
        (None, Source::Fresh { nodes, seed }) if args.data_dir.is_none() => Some(save::share::Begun::Fresh {
            nodes: nodes.unwrap_or(start::NODES),
            seed: *seed,
        }),
        (None, Source::Fresh { .. }) => None,
    }
}

/// What comes from files of its own can be had again from here only.
fn now(world: &mut start::Lab) -> Result<save::share::Begun, CliError> {
    Ok(save::share::Begun::Save(Box::new(Save {
        title: None,
        notes: Vec::new(),
        image: world.image()?,
        then: Vec::new(),
    })))
}

/// Comes to where somebody was.
fn replay(app: &mut App<ToldWorld<KeyValue>>, script: &Script) -> Result<(), String> {
    let last = script.commands.last();
    let recording = Recording {
        commands: &script.commands,
        until: script
            .until
            .unwrap_or(last.map_or_else(Default::default, |timed| timed.at)),
    };
    app.replay(recording)
}

/// The task that was left midway, and what was done of it, where the last save is of one: only whoever begins it from its start can be judged.
fn task_left(shelf: &Shelf) -> Option<(Homework, Script)> {
    let done = shelf.read_last_task()?;
    let task = Homework::named(done.task.as_deref()?).ok()?;
    let is_same = task.begins_like(&done);
    is_same.then(|| (task.answered(&done.answers), done))
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
fn motion(chosen: Option<Motion>) -> view::Motion {
    match chosen {
        Some(Motion::Reduced) => view::Motion::Reduced,
        Some(Motion::Smooth) | None => view::Motion::Smooth,
    }
}

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
