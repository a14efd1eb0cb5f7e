//! For the eye and the stop-watch: run by hand, never by CI.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::machine::{Exhibit, KeyValue};
use crate::playground::{Command, HostKind, Narrator, Settings, World, WorldOptions};
use crate::ui::view::Selection;

fn put(name: &str, buffer: &Buffer) {
    let folder: PathBuf = std::env::temp_dir().join("raft-play-pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let picture = picture::svg(buffer, "#000000", "#e0e0e0");
    std::fs::write(folder.join(format!("{name}.svg")), picture).unwrap();
    std::fs::write(folder.join(format!("{name}.txt")), picture::text(buffer)).unwrap();
}

/// `cargo test --release --lib frames_per_second -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn frames_per_second() {
    let cases = [
        ("200 messages", fixture::busy(5, 250)),
        ("25 nodes, 200 messages", fixture::busy(25, 220)),
        ("logs of 100,000", fixture::long_logs(100_000)),
        ("partition", fixture::three_groups()),
    ];
    for (name, snapshot) in cases {
        let (story, view) = (fixture::story(), fixture::view());
        let scene = fixture::scene(&snapshot, &story, &view);
        let (keys, bar) = (fixture::keys(), fixture::bar());
        let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
        let start = std::time::Instant::now();
        for _ in 0..200 {
            terminal.draw(|frame| draw(&scene, &keys, &bar, frame)).unwrap();
        }
        println!("{name}: {:?} a frame", start.elapsed() / 200);
    }
}

/// Writes pictures to look at: `cargo test --lib pictures -- --ignored`.
#[test]
#[ignore = "for the eye"]
fn pictures() {
    let story = fixture::story();
    for size in [
        (40, 12),
        (60, 20),
        (72, 22),
        (80, 24),
        (100, 28),
        (120, 34),
        (120, 15),
        (200, 50),
    ] {
        for (name, snapshot) in worlds() {
            let buffer = screen(&snapshot, &story, &fixture::view(), size);
            put(&format!("{name}-{}x{}", size.0, size.1), &buffer);
        }
        for (name, overlay) in overlays() {
            let buffer = screen(&fixture::minority_leader(), &story, &with_overlay(overlay), size);
            put(&format!("over-{name}-{}x{}", size.0, size.1), &buffer);
        }
        for (name, theme) in [
            ("light", ThemeName::Light),
            ("contrast", ThemeName::HighContrast),
            ("mono", ThemeName::Mono),
        ] {
            let view = View {
                theme,
                ..fixture::view()
            };
            let buffer = screen(&fixture::minority_leader(), &story, &view, size);
            put(&format!("theme-{name}-{}x{}", size.0, size.1), &buffer);
        }
        let buffer = screen(&fixture::minority_leader(), &story, &fixture::violated(), size);
        put(&format!("violated-{}x{}", size.0, size.1), &buffer);
    }
}

/// A run as a person would see it: `cargo test --lib film -- --ignored`.
#[test]
#[ignore = "for the eye"]
fn film() {
    let options = WorldOptions {
        nodes: 5,
        seed: 7,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    };
    let mut world: World<KeyValue> = World::new(options).unwrap();
    let mut narrator = Narrator::new(KeyValue::describe);
    let mut story = Vec::new();
    let view = View {
        selection: Selection::Leader,
        ..View::default()
    };
    let propose = |command: &str| Command::Propose {
        to: None,
        command: command.to_owned(),
    };
    let groups = vec![vec![id(1), id(2)], vec![id(3), id(4), id(5)]];
    let script: [(u64, Option<Command>); 14] = [
        (60, None),
        (120, None),
        (12, None),
        (12, None),
        (30, None),
        (100, Some(propose("x=1"))),
        (4, None),
        (10, None),
        (40, Some(propose("y=22"))),
        (60, Some(Command::Crash(id(4)))),
        (300, Some(Command::Partition(groups))),
        (200, Some(propose("z=3"))),
        (400, Some(Command::Heal)),
        (60, None),
    ];
    for (scene, (millis, command)) in script.into_iter().enumerate() {
        if let Some(command) = command {
            drop(world.command(command));
        }
        world.run_until(world.now().after(Duration::from_millis(millis)));
        story.extend(
            world
                .drain_records()
                .iter()
                .filter_map(|record| narrator.tell(record)),
        );
        story.retain(|line| line.weight > crate::playground::Weight::Routine);
        let snapshot = world.snapshot();
        for size in [(80, 24), (120, 34)] {
            let buffer = screen(&snapshot, &story.clone().into(), &view, size);
            put(&format!("film-{scene:02}-{}x{}", size.0, size.1), &buffer);
        }
    }
}
