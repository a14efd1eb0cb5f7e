//! The loop: waits for keys, signals and the next frame, whichever comes first, and draws once for all that has come.
//!
//! While nothing moves there is no next frame, and the program sleeps in the kernel.

use std::fs::{File, OpenOptions};
use std::io::{self, Write, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after, bounded, never, select};
use crossterm::event::{self, Event, MouseButton, MouseEvent, MouseEventKind};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::action::{Action, Exit, Place, Size, Step};
use super::app::{App, Wish};
use super::keymap::{self, Mode};
use super::session::Playable;
use super::terminal::{self, Missing, Mouse, Screen};

/// How the screen is run.
#[derive(Clone, Debug)]
pub struct ScreenOptions {
    /// Whether the program sees the mouse.
    pub mouse: Mouse,
    /// Where what happens is written down besides, if anywhere: behind what is there.
    pub log: Option<PathBuf>,
    /// The command that does the same without a screen, for those who have none.
    pub headless: String,
}

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// There is no terminal.
    #[error("the screen needs a terminal, and standard {} is none; without one, try: {headless}", name(*missing))]
    NoTerminal {
        /// Where it is missing.
        missing: Missing,
        /// What works without.
        headless: String,
    },
    /// The log can't be written.
    #[error("{path}: the log can't be written there: {source}", path = path.display())]
    Log {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

fn name(missing: Missing) -> &'static str {
    match missing {
        Missing::Input => "input",
        Missing::Output => "output",
    }
}

impl ScreenError {
    /// The exit code: 2 where the program was used in the wrong place, 1 where something failed.
    pub const fn code(&self) -> u8 {
        match self {
            Self::NoTerminal { .. } | Self::Log { .. } => 2,
            Self::Terminal(_) => 1,
        }
    }
}

/// Plays until the person, a signal or the end of the terminal ends it; the terminal is given back, and the cluster saved
/// as `last`, in every case, a panic included.
///
/// # Errors
///
/// There is no terminal, or it failed.
pub fn play<W: Playable>(app: &mut App<W>, options: &ScreenOptions) -> Result<Exit, ScreenError> {
    if let Some(missing) = terminal::missing() {
        let headless = options.headless.clone();
        return Err(ScreenError::NoTerminal { missing, headless });
    }
    let log = options.log.as_ref().map(open_log).transpose()?;
    terminal::guard_panics();
    let ended = catch_unwind(AssertUnwindSafe(|| run(app, options, log)));
    terminal::give_back();
    // A world in which a panic struck may not be fit to be saved; that must not hide the panic.
    let saved = catch_unwind(AssertUnwindSafe(|| app.save_last()));
    match ended {
        Ok(ended) => {
            if let Ok(saved) = saved {
                say_goodbye(saved.map(|_| ()), app.shared());
            }
            ended
        }
        Err(panic) => resume_unwind(panic),
    }
}

/// A log that is there already goes on.
fn open_log(path: &PathBuf) -> Result<File, ScreenError> {
    let failed = |source| ScreenError::Log {
        path: path.clone(),
        source,
    };
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(failed)?;
    writeln!(log, "raft-play {} begins", env!("CARGO_PKG_VERSION")).map_err(failed)?;
    Ok(log)
}

/// The terminal may be gone: then nobody reads it.
fn say_goodbye(saved: Result<(), String>, shared: Option<&str>) {
    if let Some(code) = shared {
        let _ = writeln!(stdout(), "What you shared: raft-play --share {code}");
    }
    let _ = match saved {
        Ok(()) => writeln!(stdout(), "To go on from here: raft-play --load last"),
        Err(sentence) => writeln!(io::stderr(), "The cluster was not saved as `last`: {sentence}"),
    };
}

/// What wakes the loop.
struct Sources {
    input: Receiver<io::Result<Event>>,
    signals: Receiver<i32>,
}

/// What goes on in the loop, besides the program.
struct Loop {
    screen: Screen,
    sources: Sources,
    last: Instant,
    has_focus: bool,
}

/// The longest that the cluster is worked on between two frames.
const WORK_LIMIT: Duration = Duration::from_millis(20);
/// The time between two frames that nobody looks at.
const UNSEEN_FRAME: Duration = Duration::from_millis(200);

fn run<W: Playable>(
    app: &mut App<W>,
    options: &ScreenOptions,
    mut log: Option<File>,
) -> Result<Exit, ScreenError> {
    let signals = signals()?;
    let screen = Screen::take(options.mouse)?;
    app.update(Action::Resize(screen.size()?));
    app.limit_work(WORK_LIMIT);
    let mut running = Loop {
        screen,
        sources: Sources {
            input: input()?,
            signals,
        },
        last: Instant::now(),
        has_focus: true,
    };
    let help = keymap::help();
    loop {
        running.screen.draw(|frame| app.draw(&help, frame))?;
        running.wait(app)?;
        if let Some(file) = &mut log
            && let Err(error) = write_down(app, file)
        {
            app.warn(&format!("the log is written no more: {error}"));
            log = None;
        }
        if let Some(exit) = running.grant(app)? {
            return Ok(exit);
        }
    }
}

/// Writes at once what has happened: who looks at the log while the program runs sees all of it.
fn write_down<W: Playable>(app: &mut App<W>, log: &mut File) -> io::Result<()> {
    let lines = app.drain_journal();
    if lines.is_empty() {
        return Ok(());
    }
    log.write_all(format!("{}\n", lines.join("\n")).as_bytes())
}

impl Loop {
    /// Waits for something to happen, and handles all that has.
    fn wait<W: Playable>(&mut self, app: &mut App<W>) -> io::Result<()> {
        let frame = app.rests_for().map(|rest| {
            if self.has_focus {
                rest
            } else {
                rest.max(UNSEEN_FRAME)
            }
        });
        let deadline = frame.map_or_else(never, after);
        let (mut event, mut signal) = (None, None);
        select! {
            recv(self.sources.input) -> input => event = Some(input.unwrap_or_else(|_| ended())),
            recv(self.sources.signals) -> number => signal = number.ok(),
            recv(deadline) -> _ => {}
        }
        app.tick(self.last.elapsed());
        self.last = Instant::now();
        while let Some(input) = event.take().or_else(|| self.sources.input.try_recv().ok()) {
            self.handle(app, input);
        }
        while let Some(number) = signal.take().or_else(|| self.sources.signals.try_recv().ok()) {
            self.obey(app, number)?;
        }
        Ok(())
    }

    fn handle<W: Playable>(&mut self, app: &mut App<W>, input: io::Result<Event>) {
        match input {
            Ok(Event::FocusGained) => self.has_focus = true,
            Ok(Event::FocusLost) => self.has_focus = false,
            Ok(event) => {
                let key = key_name(&event);
                if let Some(action) = action(app.mode(), event) {
                    app.key_pressed(key);
                    app.update(action);
                }
            }
            // The terminal is gone.
            Err(_) => app.update(Action::Leave(Exit::HangUp)),
        }
    }

    fn obey<W: Playable>(&mut self, app: &mut App<W>, signal: i32) -> io::Result<()> {
        match signal {
            SIGINT => app.update(Action::Leave(Exit::Interrupt)),
            SIGTERM => app.update(Action::Leave(Exit::Terminate)),
            SIGHUP => app.update(Action::Leave(Exit::HangUp)),
            SIGTSTP => app.update(Action::Suspend),
            // Woken, perhaps from a stop that could not be seen coming: the shell has had the terminal.
            SIGCONT => self.wake(app)?,
            // crossterm says so too, but only from its first read on: the terminal may change before that.
            SIGWINCH => app.update(Action::Resize(self.screen.size()?)),
            _ => {}
        }
        Ok(())
    }

    fn wake<W: Playable>(&mut self, app: &mut App<W>) -> io::Result<()> {
        self.screen.take_again()?;
        app.update(Action::Resize(self.screen.size()?));
        self.last = Instant::now();
        Ok(())
    }

    /// Does what the program wishes; gives why it leaves, where it does.
    fn grant<W: Playable>(&mut self, app: &mut App<W>) -> io::Result<Option<Exit>> {
        match app.take_wish() {
            Some(Wish::Leave(exit)) => Ok(Some(exit)),
            Some(Wish::Copy(text)) => {
                self.screen.copy(&text)?;
                Ok(None)
            }
            Some(Wish::Suspend) => {
                self.screen.sleep()?;
                app.update(Action::Resize(self.screen.size()?));
                self.last = Instant::now();
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

/// What a key is called; `None` where it is none.
fn key_name(event: &Event) -> Option<String> {
    if let Event::Key(key) = event {
        Some(keymap::name(*key))
    } else {
        None
    }
}

/// Keys and the mouse, read by a thread of their own: reading blocks.
fn input() -> io::Result<Receiver<io::Result<Event>>> {
    let (sender, receiver) = bounded(256);
    thread::Builder::new().name("input".to_owned()).spawn(move || {
        loop {
            let event = event::read();
            let is_noise = matches!(&event, Ok(Event::Mouse(mouse)) if pointed(*mouse).is_none());
            let is_end = event.is_err();
            if !is_noise && (sender.send(event).is_err() || is_end) {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// What a thread that reads no more would say.
fn ended() -> io::Result<Event> {
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn signals() -> io::Result<Receiver<i32>> {
    let (sender, receiver) = bounded(16);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in &mut signals {
            if sender.send(signal).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// What an event of the terminal asks for.
fn action(mode: Mode, event: Event) -> Option<Action> {
    match event {
        Event::Key(key) => keymap::action(mode, key),
        // What is pasted is never taken for keys.
        Event::Paste(text) => mode.types().then_some(Action::Paste(text)),
        Event::Mouse(mouse) => pointed(mouse),
        Event::Resize(width, height) => Some(Action::Resize(Size { width, height })),
        Event::FocusGained | Event::FocusLost => None,
    }
}

fn pointed(mouse: MouseEvent) -> Option<Action> {
    let place = Place {
        column: mouse.column,
        row: mouse.row,
    };
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Action::Press(place)),
        MouseEventKind::Up(MouseButton::Left) => Some(Action::Release(place)),
        MouseEventKind::Drag(MouseButton::Left) => Some(Action::Drag(place)),
        MouseEventKind::ScrollUp => Some(Action::Wheel(place, Step::Back)),
        MouseEventKind::ScrollDown => Some(Action::Wheel(place, Step::Forward)),
        MouseEventKind::Down(_)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => None,
    }
}
