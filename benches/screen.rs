//! What the instrument costs once a cluster has run for an hour: `cargo bench --bench screen` (some minutes; Linux tells the memory).
//!
//! An hour of five nodes at 1×, idle and with clients that ask; what is kept of it in memory; how long a jump to any moment of it takes; and what a frame of
//! 200×50 costs then, with 200 messages in flight as well. Each case has a process of its own, so that its memory is its own.

use std::fmt::Display;
use std::path::PathBuf;
use std::process::Command as Process;
use std::time::{Duration, Instant};

use raft_play::machine::KeyValue;
use raft_play::playground::{HostKind, Settings, World, WorldOptions};
use raft_play::types::VirtualTime;
use raft_play::ui::action::{Action, Size};
use raft_play::ui::app::{App, Start};
use raft_play::ui::keymap;
use raft_play::ui::library::{Library, Opened, Overwrite, Recording, Refusal};
use raft_play::ui::told::ToldWorld;
use raft_play::ui::view::{OpenRow, Scene, Speed};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

type Played = ToldWorld<KeyValue>;

const SIZE: Size = Size {
    width: 200,
    height: 50,
};
/// An hour, in ticks of a tenth of a second.
const TICKS: u32 = 36_000;
const TICK: Duration = Duration::from_millis(100);
/// How often a jump is made, and a frame drawn.
const JUMPS: u64 = 100;
const FRAMES: u32 = 1_000;
/// What a case is called, and what clients ask meanwhile.
const CASES: [(&str, Option<&str>); 2] = [
    ("nobody asks", None),
    ("clients ask 5 times a second", Some("workload 5")),
];

fn main() {
    let chosen = std::env::args().find_map(|argument| argument.strip_prefix("--case=").map(str::to_owned));
    if let Some(case) = chosen.and_then(|case| CASES.iter().find(|(name, _)| *name == case)) {
        return an_hour(case.1);
    }
    let program = std::env::current_exe().expect("this program has a file");
    for (name, _) in CASES {
        println!("\nAn hour of 5 nodes at 1×, {name}");
        let ended = Process::new(&program).arg(format!("--case={name}")).status();
        assert!(ended.expect("this program runs").success(), "{name}");
    }
}

fn an_hour(load: Option<&str>) {
    let mut app = program();
    let before = memory();
    if let Some(words) = load {
        app.update(Action::Words(words.to_owned()));
    }
    let run = Instant::now();
    for _ in 0..TICKS {
        app.tick(TICK);
    }
    let run = run.elapsed();
    let end = app.scene().snapshot.now;
    let lines = app.scene().story.len();
    tell(
        "simulated",
        format!("{end} s in {:.1} s, {lines} lines", run.as_secs_f64()),
    );
    tell_memory("memory", before);
    let words = load.map(|_| "workload off".to_owned());
    frames("frames at the end", &mut app);
    app.update(Action::Filter("commits".to_owned()));
    frames("frames, story filtered", &mut app);
    app.update(Action::Filter(String::new()));
    jumps(&mut app, end);
    tell_memory("memory after the jumps", before);
    app.update(Action::End);
    app.update(Action::ToggleRun);
    app.update(Action::SetSpeed(ONCE));
    for words in words.into_iter().chain(busy()) {
        app.update(Action::Words(words));
        // Each setting is in force before the next: a leader is not to be lost.
        for _ in 0..20 {
            app.tick(TICK);
        }
    }
    let flying = app.scene().snapshot.messages.len();
    frames(&format!("frames, {flying} messages"), &mut app);
}

const ONCE: Speed = Speed::Times {
    numerator: 1,
    denominator: 1,
};

/// What fills the wires.
fn busy() -> impl Iterator<Item = String> {
    let words = ["timeout 4000..6000", "latency 800..900", "workload 15"];
    words.into_iter().map(str::to_owned)
}

fn jumps(app: &mut App<Played>, end: VirtualTime) {
    let mut took = Vec::new();
    for jump in 1..=JUMPS {
        // Steps of a large odd number go everywhere.
        let nanos = end.nanos() / JUMPS * (jump * 61 % JUMPS) + jump;
        let begun = Instant::now();
        app.update(Action::GoTo(VirtualTime::from_nanos(nanos)));
        took.push(begun.elapsed());
        assert_eq!(app.scene().snapshot.now.nanos(), nanos, "it is there");
    }
    spread("jumps", took);
}

/// Time goes on by a frame, and what is seen then is drawn.
fn frames(what: &str, app: &mut App<Played>) {
    let help = keymap::help();
    let mut terminal = Terminal::new(TestBackend::new(SIZE.width, SIZE.height)).expect("in memory");
    let (mut drawn, mut ticked) = (Vec::new(), Vec::new());
    for _ in 0..FRAMES {
        let begun = Instant::now();
        app.tick(Duration::from_millis(1));
        ticked.push(begun.elapsed());
        let begun = Instant::now();
        terminal.draw(|frame| app.draw(&help, frame)).expect("in memory");
        drawn.push(begun.elapsed());
    }
    spread(what, drawn);
    spread("  and 1 ms of time before", ticked);
}

fn spread(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let millis = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1e3;
    let words = format!(
        "median {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        millis(50),
        millis(99),
        millis(100)
    );
    tell(what, words);
}

fn tell(what: &str, words: impl Display) {
    println!("  {what:<28}{words}");
}

fn tell_memory(what: &str, before: Option<u64>) {
    if let (Some(before), Some(now)) = (before, memory()) {
        let words = format!(
            "{} MB more than at the start",
            now.saturating_sub(before) / 1_000_000
        );
        tell(what, words);
    }
}

/// The memory that this process has, in bytes, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn program() -> App<Played> {
    let options = WorldOptions {
        nodes: 5,
        seed: 42,
        settings: Settings::default(),
        host: HostKind::Threads,
        data_dir: None,
    };
    let world = World::<KeyValue>::new(options).expect("a world in memory starts");
    let start = Start {
        speed: Some(ONCE),
        ..Start::default()
    };
    let mut app = App::new(ToldWorld::from_the_start(world), Box::new(Nothing), start);
    app.update(Action::Resize(SIZE));
    app
}

/// A library without saves.
struct Nothing;

impl Nothing {
    fn refuse<T>() -> Result<T, Refusal> {
        Err(Refusal::Failed("there is no library here".to_owned()))
    }
}

impl Library<Played> for Nothing {
    fn list(&self) -> Vec<OpenRow> {
        Vec::new()
    }

    fn open(&mut self, name: &str) -> Result<Opened<Played>, String> {
        Err(name.to_owned())
    }

    fn save(&mut self, _: &mut Played, _: &str, _: Overwrite) -> Result<PathBuf, Refusal> {
        Self::refuse()
    }

    fn save_last(&mut self, _: &mut Played) -> Result<PathBuf, String> {
        Ok(PathBuf::new())
    }

    fn script(&mut self, _: &str, _: Recording<'_>) -> Result<PathBuf, Refusal> {
        Self::refuse()
    }

    fn export(&mut self, _: &str, _: &Scene<'_>) -> Result<PathBuf, Refusal> {
        Self::refuse()
    }
}
