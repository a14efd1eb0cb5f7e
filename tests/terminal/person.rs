//! Somebody at a terminal: types, looks, waits.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use raft_play::machine::KeyValue;
use raft_play::playground::{HostKind, Settings, World, WorldOptions};
use raft_play::ui::app::{App, Start};
use raft_play::ui::event_loop::{ScreenOptions, play};
use raft_play::ui::library::{Library, Opened, Overwrite, Recording, Refusal};
use raft_play::ui::terminal::Mouse;
use raft_play::ui::told::ToldWorld;
use raft_play::ui::view::{OpenRow, Scene};
use tempfile::TempDir;
use vt100::{MouseProtocolMode, Parser};

/// How long a person waits for something to appear. Long: the tests' machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody at a terminal.
pub struct Person {
    home: Rc<TempDir>,
    parser: Parser,
    output: Receiver<Vec<u8>>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that what the program leaves behind can be looked at.
    _slave: Box<dyn SlavePty + Send>,
    modes_before: String,
    printed: String,
}

impl Person {
    /// Starts the program in an empty folder, which is the home too.
    pub fn starts(arguments: &[&str]) -> Self {
        Self::starts_with(&[], arguments)
    }

    pub fn starts_with(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let home = Rc::new(tempfile::tempdir().unwrap());
        Self::at(
            home,
            env!("CARGO_BIN_EXE_raft-play").as_ref(),
            environment,
            arguments,
        )
    }

    /// Starts the program once more in the same folder.
    pub fn starts_again(&self, arguments: &[&str]) -> Self {
        let home = Rc::clone(&self.home);
        Self::at(home, env!("CARGO_BIN_EXE_raft-play").as_ref(), &[], arguments)
    }

    /// Runs an ignored test of this binary.
    pub fn runs_test(name: &str) -> Self {
        let binary = std::env::current_exe().unwrap();
        let home = Rc::new(tempfile::tempdir().unwrap());
        Self::at(home, &binary, &[], &["--exact", name, "--ignored", "--nocapture"])
    }

    fn at(home: Rc<TempDir>, binary: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        let modes_before = modes(&*pair.master);
        let mut command = CommandBuilder::new(binary);
        command.args(arguments);
        command.cwd(home.path());
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        let reading = move || {
            let mut buffer = [0; 8_192];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().spawn(reading).unwrap();
        Self {
            home,
            parser: Parser::new(cells(24), cells(80), 0),
            output,
            keyboard: pair.master.take_writer().unwrap(),
            child,
            master: pair.master,
            _slave: pair.slave,
            modes_before,
            printed: String::new(),
        }
    }

    /// Presses keys, to look later.
    pub fn types(&mut self, keys: &str) -> &mut Self {
        self.presses(keys);
        self
    }

    /// Presses keys.
    pub fn presses(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
        // A lone Esc is told from the beginning of a longer sequence by the silence after it.
        thread::sleep(Duration::from_millis(60));
    }

    /// Waits until this can be seen.
    pub fn sees(&mut self, text: &str) -> &mut Self {
        self.looks_for(&format!("`{text}`"), |screen| screen.contains(text))
    }

    /// Waits until one of these can be seen.
    pub fn sees_any(&mut self, texts: &[&str]) -> &mut Self {
        self.looks_for(&format!("one of {texts:?}"), |screen| {
            texts.iter().any(|text| screen.contains(text))
        })
    }

    /// Waits until this can't be seen any more.
    pub fn sees_not(&mut self, text: &str) -> &mut Self {
        self.looks_for(&format!("no `{text}`"), |screen| !screen.contains(text))
    }

    fn looks_for(&mut self, what: &str, is_there: impl Fn(&str) -> bool) -> &mut Self {
        let begun = Instant::now();
        while !is_there(&self.screen()) {
            assert!(
                begun.elapsed() < PATIENCE,
                "never saw {what} in\n{}",
                self.screen()
            );
            self.looks(Duration::from_millis(50));
        }
        self
    }

    /// Takes in what has been written, or waits a little for something to be.
    fn looks(&mut self, wait: Duration) {
        if let Ok(bytes) = self.output.recv_timeout(wait) {
            self.takes_in(&bytes);
        }
        while let Ok(bytes) = self.output.try_recv() {
            self.takes_in(&bytes);
        }
    }

    fn takes_in(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.printed.push_str(&String::from_utf8_lossy(bytes));
    }

    /// What can be seen.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// The time that the header shows.
    pub fn clock(&self) -> String {
        let screen = self.screen();
        let words: Vec<_> = screen.split_whitespace().collect();
        let unit = words.iter().position(|word| *word == "s").expect("a clock");
        words[unit - 1].to_owned()
    }

    /// What was written since the screen was left.
    pub fn printed(&self) -> &str {
        const LEAVE: &str = "\x1b[?1049l";
        self.printed.rsplit(LEAVE).next().unwrap_or_default()
    }

    /// What the program has put into the clipboard last (OSC 52).
    pub fn copied(&self) -> String {
        let begin = self.printed.rfind("\x1b]52;").expect("something was copied");
        let coded = self.printed[begin..].split(';').nth(2).unwrap_or_default();
        let coded = coded.split(['\x07', '\x1b']).next().unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(coded).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Waits for the program to end, with this code.
    pub fn leaves(&mut self, code: u32) {
        let status = self.waits_for_the_end();
        self.looks(Duration::from_millis(200));
        assert_eq!(status.exit_code(), code, "{}", self.printed());
        assert!(self.has_terminal_back());
    }

    fn waits_for_the_end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.screen());
            self.looks(Duration::from_millis(20));
        }
    }

    /// Whether the terminal is as it was before the program began.
    pub fn has_terminal_back(&self) -> bool {
        let screen = self.parser.screen();
        modes(&*self.master) == self.modes_before
            && !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == MouseProtocolMode::None
    }

    pub fn waits_for_colours(&mut self) {
        let begun = Instant::now();
        while !self.sees_colours() {
            assert!(begun.elapsed() < PATIENCE, "no colours");
            self.looks(Duration::from_millis(50));
        }
    }

    pub fn sees_colours(&self) -> bool {
        let screen = self.parser.screen();
        let (rows, columns) = screen.size();
        let is_coloured = |row, column| {
            screen.cell(row, column).is_some_and(|cell| {
                [cell.fgcolor(), cell.bgcolor()]
                    .iter()
                    .any(|colour| *colour != vt100::Color::Default)
            })
        };
        (0..rows.get()).any(|row| (0..columns.get()).any(|column| is_coloured(row, column)))
    }

    pub fn signals(&mut self, signal: &str) {
        let status = Command::new("kill")
            .args([format!("-{signal}"), self.process().to_string()])
            .stdin(Stdio::null())
            .status();
        assert!(status.unwrap().success());
    }

    fn process(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    pub fn waits_until_it_sleeps(&mut self) {
        let begun = Instant::now();
        while !self.state().starts_with('T') {
            assert!(begun.elapsed() < PATIENCE, "it does not sleep: {}", self.state());
            self.looks(Duration::from_millis(20));
        }
    }

    fn state(&self) -> String {
        let process = self.process().to_string();
        let output = Command::new("ps").args(["-o", "state=", "-p", &process]).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    }

    /// The processor time the program has used, in ticks.
    #[cfg(target_os = "linux")]
    pub fn work_done(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process())).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
        ticks(11) + ticks(12)
    }

    pub fn resizes(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// The folder that the program runs in.
    pub fn folder(&self) -> &Path {
        self.home.path()
    }

    /// Where the program keeps what it was left with.
    pub fn last_save(&self) -> PathBuf {
        let mut folders = vec![self.folder().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_stem().is_some_and(|stem| stem == "last") {
                    return path;
                }
            }
        }
        self.folder().join("last.ron")
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // It has ended, unless a test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// How the terminal treats what is typed.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

type Played = ToldWorld<KeyValue>;

/// Panics when it is asked for saves.
struct Collapsing;

impl Library<Played> for Collapsing {
    fn list(&self) -> Vec<OpenRow> {
        let node = thread::Builder::new().name("node-1".to_owned());
        let fallen = node.spawn(|| panic!("a node fell over")).unwrap();
        assert!(fallen.join().is_err());
        panic!("the shelf collapsed");
    }

    fn open(&mut self, name: &str) -> Result<Opened<Played>, String> {
        Err(name.to_owned())
    }

    fn save(&mut self, _: &mut Played, name: &str, _: Overwrite) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed(name.to_owned()))
    }

    fn save_last(&mut self, _: &mut Played) -> Result<PathBuf, String> {
        println!("saved before the end");
        Ok(PathBuf::new())
    }

    fn script(&mut self, name: &str, _: Recording<'_>) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed(name.to_owned()))
    }

    fn export(&mut self, name: &str, _: &Scene<'_>) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed(name.to_owned()))
    }
}

/// The real loop, on a library that panics.
pub fn play_until_panic() {
    let world = World::<KeyValue>::new(WorldOptions {
        nodes: 3,
        seed: 1,
        settings: Settings::default(),
        host: HostKind::Threads,
        data_dir: None,
    });
    let start = Start {
        is_paused: true,
        ..Start::default()
    };
    let world = ToldWorld::from_the_start(world.unwrap());
    let mut app = App::new(world, Box::new(Collapsing), start);
    let options = ScreenOptions {
        log: None,
        mouse: Mouse::Captured,
        headless: String::new(),
    };
    play(&mut app, &options).unwrap();
}
