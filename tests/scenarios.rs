//! Scenarios that the field tests, as readable scripts: a cluster, what is done to it, and the story of what came of it.
//!
//! Each file in `tests/scenarios` begins with comments and a save. Then come lines that begin with `>`, each followed by what
//! the program says to it:
//!
//! - `> run 300ms` lets time pass and tells the story of it, without heartbeats; `> all 50ms` tells those too;
//! - `> show` says what each node holds;
//! - anything else is a command in the form of scripts, such as `> Crash(3)`; one that is refused says so.
//!
//! What the program says is golden: a test compares it to the byte, so its diff is read. After a change that is meant,
//! `RAFT_PLAY_GOLDEN=1 cargo test --test scenarios` writes the files anew. No promise may be broken, unless the file's own
//! comment says `violates: ` and which.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use raft_play::machine::{Exhibit, KeyValue};
use raft_play::playground::{Condition, HostKind, Narrator, NodeView, RoleView, Weight, World};
use raft_play::save;
use raft_play::save::script::Script;
use raft_play::types::Payload;

/// A scenario as its file has it: what comes before the first `>`, and what is done.
struct Scenario<'a> {
    head: &'a str,
    deeds: Vec<&'a str>,
}

impl<'a> Scenario<'a> {
    fn of(text: &'a str) -> Self {
        let head_bytes = text.find("\n>").map_or(text.len(), |at| at + 1);
        let deeds = text[head_bytes..]
            .lines()
            .filter_map(|line| line.strip_prefix("> "));
        Self {
            head: &text[..head_bytes],
            deeds: deeds.collect(),
        }
    }

    /// The properties that it says are broken.
    fn violates(&self) -> Vec<&'a str> {
        let named = self
            .head
            .lines()
            .filter_map(|line| line.strip_prefix("// violates: "));
        named.flat_map(|names| names.split(", ")).collect()
    }

    /// The file as it should be, and the properties that were found broken.
    fn played(&self) -> (String, Vec<&'static str>) {
        let mut stage = Stage::of(self.head);
        let mut text = self.head.to_owned();
        for deed in &self.deeds {
            writeln!(text, "> {deed}").expect("a text takes everything");
            text.push_str(&stage.carry_out(deed));
        }
        let violations = stage.world.violations().iter();
        let broken: BTreeSet<&str> = violations.map(|one| one.property.name()).collect();
        (text, broken.into_iter().collect())
    }
}

/// A world, and who tells of it.
struct Stage {
    world: World<KeyValue>,
    narrator: Narrator,
}

impl Stage {
    fn of(head: &str) -> Self {
        let save = save::parse(head, "the scenario's save").expect("the scenario begins with a save");
        let mut world = World::restore(save.image, HostKind::Inline, None).expect("parsing has tried it");
        let narrator = Narrator::from_here::<KeyValue>(&world.snapshot());
        Self { world, narrator }
    }

    fn carry_out(&mut self, deed: &str) -> String {
        match deed.split_once(' ').unwrap_or((deed, "")) {
            ("run", time) => self.run(time, Weight::Step),
            ("all", time) => self.run(time, Weight::Routine),
            ("show", "") => self.show(),
            _ => self.command(deed),
        }
    }

    fn run(&mut self, time: &str, least: Weight) -> String {
        let millis: u64 = time
            .strip_suffix("ms")
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("`{time}` is no time such as 300ms"));
        let end = self.world.now().after(Duration::from_millis(millis));
        let mut told = String::new();
        self.world.run_until(end);
        // What a violation stopped goes on, so that its consequences are seen too.
        while self.world.violation().is_some() {
            told += &self.tell(least);
            self.world.go_on();
            self.world.run_until(end);
        }
        told + &self.tell(least)
    }

    fn tell(&mut self, least: Weight) -> String {
        let mut told = String::new();
        for record in self.world.drain_records() {
            if let Some(line) = self.narrator.tell(&record).filter(|line| line.weight >= least) {
                writeln!(told, "{:>9}  {}", line.at, line.long).expect("a text takes everything");
            }
        }
        told
    }

    fn command(&mut self, deed: &str) -> String {
        let script = format!("(commands: [(at: 0, do: {deed})])");
        let script = Script::parse(&script).unwrap_or_else(|error| panic!("`{deed}`: {error}"));
        match self.world.command(script.commands[0].command.clone()) {
            Ok(()) => self.tell(Weight::Step),
            Err(refusal) => format!("           refused: {refusal}\n"),
        }
    }

    fn show(&mut self) -> String {
        let snapshot = self.world.snapshot();
        let lines = snapshot.nodes.iter().map(shown);
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }
}

/// `S1 leads term 3, 1 2 3(x=1)┃3`: the bar stands after the last committed entry. `▣4` stands for what a snapshot does.
fn shown(node: &NodeView) -> String {
    let role = match (&node.role, node.condition) {
        (_, Condition::Down) => "is down in",
        (_, Condition::Frozen) => "is frozen in",
        (RoleView::Leader { .. }, Condition::Up) => "leads",
        (RoleView::Follower { .. }, Condition::Up) => "follows in",
        (RoleView::Candidate { .. }, Condition::Up) => "stands in",
        (RoleView::PreCandidate { .. }, Condition::Up) => "asks in",
    };
    let mut log = String::new();
    let base = node.log.base().index;
    if base.number() > 0 {
        let space = if base == node.commit { '┃' } else { ' ' };
        write!(log, " ▣{base}{space}").expect("a text takes everything");
    }
    for (index, entry) in node.log.iter() {
        let what = match &entry.payload {
            Payload::Noop => String::new(),
            carried => format!("({})", carried.brief(KeyValue::describe)),
        };
        let space = if index == node.commit { '┃' } else { ' ' };
        write!(log, " {}{what}{space}", entry.term).expect("a text takes everything");
    }
    format!(
        "           {} {role} term {}:{}",
        node.id,
        node.term,
        log.replace("  ", " ")
    )
    .trim_end()
    .to_owned()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(folder).expect("the folder of scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file of it").path()).collect();
    files.sort();
    files
}

#[test]
fn every_scenario_goes_as_its_file_tells() {
    let renew = std::env::var_os("RAFT_PLAY_GOLDEN").is_some();
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a scenario is text");
        let scenario = Scenario::of(&text);
        let (played, broken) = scenario.played();
        if renew {
            std::fs::write(&file, &played).expect("the file can be written");
        } else if let Some((line, (expected, found))) = first_difference(&text, &played) {
            panic!(
                "{}:{line}: the file has\n{expected}\nbut it went\n{found}",
                file.display()
            );
        }
        assert_eq!(broken, scenario.violates(), "{}: what was broken", file.display());
    }
}

/// The first line that differs, by number from 1.
fn first_difference<'a>(expected: &'a str, found: &'a str) -> Option<(usize, (&'a str, &'a str))> {
    let ends = std::iter::repeat("(the end)");
    let lines = expected
        .lines()
        .chain(ends.clone())
        .zip(found.lines().chain(ends));
    let count = expected.lines().count().max(found.lines().count());
    (1..)
        .zip(lines)
        .take(count)
        .find(|(_, (expected, found))| expected != found)
}
