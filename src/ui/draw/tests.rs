use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::*;
use crate::playground::{Snapshot, StoryLine};
use crate::ui::fixture::{self, id, index};
use crate::ui::picture;
use crate::ui::view::{
    OpenDialog, OpenRow, Palette, PaletteRow, PartitionDraft, SaveDialog, ThemeName, Toast, View,
};

fn screen(snapshot: &Snapshot, story: &[StoryLine], view: &View, size: (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let scene = fixture::scene(snapshot, story, view);
    terminal
        .draw(|frame| draw(&scene, &fixture::keys(), &fixture::bar(), frame))
        .unwrap();
    terminal.backend().buffer().clone()
}

/// The minority leader with this over it.
fn with_overlay(overlay: Overlay) -> View {
    View {
        overlay: Some(overlay),
        ..fixture::view()
    }
}

fn palette() -> Palette {
    let row = |words: &str, explanation: &str, key: Option<&str>| PaletteRow {
        words: words.to_owned(),
        explanation: explanation.to_owned(),
        key: key.map(str::to_owned),
    };
    Palette {
        input: "cr".into(),
        candidates: vec![
            row("crash 3", "its process dies; what is on disk stays", Some("c")),
            row("crash 1", "its process dies; what is on disk stays", None),
            row("restart 3", "it starts again from its disk", Some("r")),
        ],
        chosen: 1,
        error: None,
    }
}

fn open_dialog() -> OpenDialog {
    let row = |name: &str, title: &str, origin: &str| OpenRow {
        name: name.to_owned(),
        title: title.to_owned(),
        origin: origin.to_owned(),
    };
    OpenDialog {
        filter: "".into(),
        rows: vec![
            row("figure-7", "Six followers, six histories (Figure 7)", "shipped"),
            row("minority-leader", "Two leaders at once", "shipped"),
            row("before-the-crash", "line 3, column 9: no such term", "saves/"),
        ],
        chosen: 0,
    }
}

fn draft() -> PartitionDraft {
    PartitionDraft {
        groups: vec![fixture::ids([3]), fixture::ids([1, 2, 4, 5])],
        target: 0,
    }
}

fn overlays() -> Vec<(&'static str, Overlay)> {
    vec![
        ("help", Overlay::Help),
        ("why", Overlay::Why(8)),
        ("palette", Overlay::Palette(palette())),
        ("propose", Overlay::Propose("x=7".into())),
        ("partition", Overlay::Partition(draft())),
        (
            "link",
            Overlay::Link {
                from: id(3),
                one_way: true,
            },
        ),
        ("open", Overlay::Open(open_dialog())),
        (
            "save",
            Overlay::Save(SaveDialog {
                name: "split".into(),
                overwrite: Some("saves/split.ron".to_owned()),
            }),
        ),
    ]
}

/// Every world that the screen must show well.
fn worlds() -> Vec<(&'static str, Snapshot)> {
    vec![
        ("minority", fixture::minority_leader()),
        ("fresh", fixture::fresh(5)),
        ("election", fixture::election(5)),
        ("hurt", fixture::hurt()),
        ("three-groups", fixture::three_groups()),
        ("one", fixture::stable(1)),
        ("two", fixture::stable(2)),
        ("nine", fixture::stable(9)),
        ("fifteen", fixture::stable(15)),
        ("twenty-five", fixture::stable(25)),
        ("long", fixture::long_logs(100)),
        ("busy", fixture::busy(5, 40)),
    ]
}

/// Writes pictures to look at: `cargo test --lib pictures -- --ignored`.
#[test]
#[ignore = "for the eye"]
fn pictures() {
    let folder = std::env::temp_dir().join("raft-play-pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let story = fixture::story();
    let put = |name: String, buffer: &Buffer| {
        let picture = picture::svg(buffer, "#000000", "#e0e0e0");
        std::fs::write(folder.join(format!("{name}.svg")), picture).unwrap();
        std::fs::write(folder.join(format!("{name}.txt")), picture::text(buffer)).unwrap();
    };
    for size in [(80, 24), (100, 28), (120, 34), (120, 15), (200, 50)] {
        for (name, snapshot) in worlds() {
            let buffer = screen(&snapshot, &story, &fixture::view(), size);
            put(format!("{name}-{}x{}", size.0, size.1), &buffer);
        }
        for (name, overlay) in overlays() {
            let buffer = screen(&fixture::minority_leader(), &story, &with_overlay(overlay), size);
            put(format!("over-{name}-{}x{}", size.0, size.1), &buffer);
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
            put(format!("theme-{name}-{}x{}", size.0, size.1), &buffer);
        }
        let buffer = screen(&fixture::minority_leader(), &story, &fixture::violated(), size);
        put(format!("violated-{}x{}", size.0, size.1), &buffer);
    }
}
