//! The picture in the README is what the program draws, and stays so.
#![cfg(feature = "tui")]

use std::path::Path;
use std::time::Duration;

use raft_play::machine::{Exhibit, KeyValue};
use raft_play::playground::{Command, HostKind, Narrator, Settings, Weight, World, WorldOptions};
use raft_play::types::NodeId;
use raft_play::ui::story::Story;
use raft_play::ui::view::{Notes, Pace, Scene, View};
use raft_play::ui::{draw, keymap, picture};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const WIDTH: u16 = 120;
const HEIGHT: u16 = 34;

/// A world and what is told of it.
struct Told {
    world: World<KeyValue>,
    narrator: Narrator,
    story: Story,
}

impl Told {
    fn new() -> Self {
        let options = WorldOptions {
            nodes: 5,
            seed: 7,
            settings: Settings::default(),
            host: HostKind::Inline,
            data_dir: None,
        };
        let world = World::new(options).expect("five nodes begin");
        let narrator = Narrator::new(KeyValue::describe);
        Self {
            world,
            narrator,
            story: Story::new(),
        }
    }

    fn run(&mut self, millis: u64) {
        self.world
            .run_until(self.world.now().after(Duration::from_millis(millis)));
        self.listen();
    }

    fn command(&mut self, command: Command) {
        self.world
            .command(command)
            .expect("the scene is written for this seed");
        self.listen();
    }

    fn propose(&mut self, to: Option<NodeId>, command: &str) {
        self.command(Command::Propose {
            to,
            command: command.to_owned(),
        });
    }

    fn listen(&mut self) {
        for record in self.world.drain_records() {
            let line = self.narrator.tell(&record);
            self.story
                .extend(line.filter(|line| line.weight != Weight::Routine));
        }
    }
}

/// A leader cut off with one follower, and the leader of the others: each with a value that only one of them can commit.
fn two_leaders() -> Told {
    let mut told = Told::new();
    told.run(800);
    for value in ["x=1", "x=2"] {
        told.propose(None, value);
        told.run(120);
    }
    let old = told.world.leader().expect("a leader by now");
    let companion = NodeId::new(old.number() % 5 + 1);
    let rest = (1..=5)
        .map(NodeId::new)
        .filter(|id| ![old, companion].contains(id))
        .collect();
    told.command(Command::Partition(vec![vec![old, companion], rest]));
    told.run(60);
    told.propose(Some(old), "x=3");
    while told.world.leader() == Some(old) {
        told.run(1);
    }
    told.run(60);
    told.propose(None, "x=4");
    told.run(8);
    told
}

#[test]
fn the_picture_in_the_readme_is_what_the_program_draws() {
    let mut told = two_leaders();
    let snapshot = told.world.snapshot();
    let steps =
        ["Two leaders now: one of them is cut off and does not know it. Which value commits, x=3 or x=4?"];
    let view = View {
        pace: Pace::Paused,
        notes: Notes {
            steps: steps.map(Into::into).to_vec(),
            ..Notes::default()
        },
        ..View::default()
    };
    let scene = Scene {
        snapshot: &snapshot,
        story: &told.story,
        view: &view,
        journey: &raft_play::ui::journey::PRESENT,
        clients: None,
        disk: None,
    };
    let bar = keymap::bar(&scene, WIDTH);
    let mut terminal = Terminal::new(TestBackend::new(WIDTH, HEIGHT)).unwrap();
    let frame = terminal
        .draw(|frame| draw::draw(&scene, &keymap::help(), &bar, frame))
        .unwrap();
    let drawn = picture::svg(frame.buffer, "#000000", "#e0e0e0");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screen.svg");
    if std::env::var_os("RAFT_PLAY_PICTURE").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let shown = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        drawn == shown,
        "assets/screen.svg is not what the program draws; look at it after RAFT_PLAY_PICTURE=1 cargo test --test picture"
    );
}
