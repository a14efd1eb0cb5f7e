//! Screens as text, at the sizes that people have; what the mouse finds; every size at all.

mod pictures;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::*;
use crate::playground::{RoleView, Snapshot};
use crate::types::{Configuration, Entry, LogPosition, Message, TimeoutNow};
use crate::ui::fixture::{self, id, index, micros};
use crate::ui::picture;
use crate::ui::story::Story;
use crate::ui::view::{
    OpenDialog, OpenRow, Overlay, Palette, PaletteRow, PartitionDraft, SaveDialog, ThemeName, Toast, View,
};

fn screen(snapshot: &Snapshot, story: &Story, view: &View, size: (u16, u16)) -> Buffer {
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
        preview: Vec::new(),
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
        ("help", Overlay::Help(0)),
        ("why", Overlay::Why(8)),
        ("palette", Overlay::Palette(palette())),
        ("propose", Overlay::Propose("x=7".into())),
        ("filter", Overlay::Filter("S3 commit".into())),
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

fn text(snapshot: &Snapshot, view: &View, size: (u16, u16)) -> String {
    picture::text(&screen(snapshot, &fixture::story(), view, size))
}

/// Where a text stands on a screen, by cells.
fn find(buffer: &Buffer, text: &str) -> Option<Position> {
    let area = *buffer.area();
    area.positions().find(|place| {
        let cells = (place.x..area.right()).map(|x| buffer[(x, place.y)].symbol());
        let rest: String = cells.collect();
        rest.starts_with(text)
    })
}

#[test]
fn the_main_screen_at_three_sizes() {
    for size in [(80, 24), (120, 30), (200, 50)] {
        let name = format!("minority_leader_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, text(&fixture::minority_leader(), &fixture::view(), size));
    }
}

#[test]
fn every_world_at_the_size_of_a_fresh_terminal() {
    for (name, snapshot) in worlds() {
        insta::assert_snapshot!(
            format!("world_{name}"),
            text(&snapshot, &fixture::view(), (80, 24))
        );
    }
}

#[test]
fn a_filtered_story_says_so() {
    let mut story = fixture::story();
    story.show_only(crate::ui::filter::Filter::new("S3 leads"));
    let buffer = screen(&fixture::minority_leader(), &story, &fixture::view(), (80, 24));
    insta::assert_snapshot!(picture::text(&buffer));
}

#[test]
fn a_low_screen_shows_story_and_logs_side_by_side() {
    insta::assert_snapshot!(text(&fixture::minority_leader(), &fixture::view(), (120, 15)));
}

#[test]
fn everything_that_lies_over_the_main_screen() {
    for (name, overlay) in overlays() {
        let view = with_overlay(overlay);
        insta::assert_snapshot!(
            format!("over_{name}"),
            text(&fixture::minority_leader(), &view, (80, 24))
        );
    }
}

#[test]
fn a_broken_promise_and_a_broken_rule_are_seen() {
    let mut snapshot = fixture::minority_leader();
    snapshot.settings.rules = snapshot
        .settings
        .rules
        .without(crate::consensus::Rule::CommitOwnTermOnly);
    insta::assert_snapshot!(text(&snapshot, &fixture::violated(), (120, 30)));
}

/// With styles: the colours of terms, the blocks of leaders, what is crossed out.
#[test]
fn the_colours_of_the_main_screen() {
    let view = fixture::view();
    let buffer = screen(&fixture::minority_leader(), &fixture::story(), &view, (80, 24));
    insta::assert_debug_snapshot!(buffer);
}

#[test]
fn ascii_draws_the_same_screen() {
    let view = View {
        ascii: true,
        ..fixture::view()
    };
    insta::assert_snapshot!(text(&fixture::minority_leader(), &view, (80, 24)));
}

#[test]
fn a_message_is_shown_above_the_keys() {
    let view = View {
        toast: Some(Toast {
            text: "saved to /home/ada/saves/split.ron".to_owned(),
            is_error: false,
        }),
        ..fixture::view()
    };
    let shown = text(&fixture::minority_leader(), &view, (80, 24));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[22].trim_end(),
        " saved to /home/ada/saves/split.ron",
        "no half time line beside it: {shown}"
    );
}

#[test]
fn a_leader_that_hands_over_says_to_whom() {
    let mut snapshot = fixture::stable(5);
    for node in &mut snapshot.nodes {
        if let RoleView::Leader { transfer, .. } = &mut node.role {
            *transfer = Some(id(4));
        }
    }
    for size in [(80, 24), (120, 30), (200, 50)] {
        let shown = text(&snapshot, &fixture::view(), size);
        let says_so = ["hands over to S4", "gives S4"]
            .iter()
            .any(|words| shown.contains(words));
        assert!(says_so, "{shown}");
    }
}

/// The leader has appended a joint configuration: what decides is two majorities, and the screen counts both.
#[test]
fn while_the_configuration_is_joint_both_majorities_are_counted() {
    let mut snapshot = fixture::stable(5);
    let leader = snapshot.leaders()[0].id;
    let joint = Configuration {
        outgoing: Some(fixture::ids([1, 2, 3])),
        learners: fixture::ids([2]),
        ..Configuration::of_voters(fixture::ids([3, 4, 5]))
    };
    let node = snapshot.nodes.iter_mut().find(|node| node.id == leader).unwrap();
    node.log.push(Entry::configuration(node.term, joint));
    node.durable = node.log.last_index();
    let has = |old, new| format!("has {old}/3 of old, {new}/3 of new");
    let (old, new) = (
        usize::from(leader.number() <= 3),
        usize::from(leader.number() >= 3),
    );
    let shown = text(&snapshot, &fixture::view(), (200, 50));
    assert!(shown.contains(&has(old, new)), "{shown}");
    assert!(shown.contains("{1-3}>{3-5}"), "{shown}");
}

/// Letters that no cluster is without stand in the legend always, the others while they are on the wire.
#[test]
fn the_legend_names_the_letters_that_are_there() {
    let stand = Message::TimeoutNow(TimeoutNow {
        last: LogPosition::GENESIS,
    });
    let mut snapshot = fixture::stable(5);
    let legend = |snapshot: &Snapshot, size| {
        let shown = text(snapshot, &fixture::view(), size);
        let line = shown.lines().find(|line| line.contains(" V vote"));
        line.unwrap_or_else(|| panic!("no legend: {shown}")).to_owned()
    };
    for size in [(80, 24), (120, 30), (200, 50)] {
        let named = legend(&snapshot, size);
        assert!(
            named.contains("A append") && !named.contains("T stand"),
            "{named}"
        );
    }
    fixture::send(&mut snapshot, 1, 2, 3, stand, 300);
    for size in [(80, 24), (120, 30), (200, 50)] {
        let named = legend(&snapshot, size);
        assert!(named.contains("A append") && named.contains("T stand"), "{named}");
    }
}

#[test]
fn the_help_names_every_letter_on_the_wire() {
    let shown = text(&fixture::fresh(3), &with_overlay(Overlay::Help(0)), (120, 40));
    for (letter, _) in wire::SIGNS {
        assert!(shown.contains(&format!("{letter} ")), "{letter}");
    }
}

/// Whoever has a small screen needs the keys most.
#[test]
fn the_help_is_whole_on_every_screen_in_pages() {
    let keys = crate::ui::keymap::help();
    let snapshot = fixture::fresh(3);
    for size in [(60, 20), (72, 20), (80, 24), (120, 15), (120, 30), (200, 50)] {
        let area = Rect::new(0, 0, size.0, size.1);
        let pages = help_pages(&keys, area);
        let shown: String = (0..pages)
            .map(|page| {
                let view = with_overlay(Overlay::Help(page));
                let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
                let scene = fixture::scene(&snapshot, &fixture::UNTOLD, &view);
                terminal.draw(|frame| draw(&scene, &keys, &[], frame)).unwrap();
                picture::text(terminal.backend().buffer())
            })
            .collect();
        assert_eq!(pages == 1, size.1 >= 24, "{size:?}: {pages} pages");
        for hint in &keys {
            let row = |line: &str| line.contains(&hint.keys) && line.contains(&hint.what);
            assert!(shown.lines().any(row), "{size:?}: {hint:?}\n{shown}");
        }
        for sign in ["pre-candidate", "frozen", "routes", "unlike the leader's"] {
            assert!(shown.contains(sign), "{size:?}: {sign}\n{shown}");
        }
    }
}

#[test]
fn all_nodes_are_named_on_the_ring_up_to_nine_and_in_the_grid_beyond() {
    for count in [1, 2, 3, 5, 7, 9, 15, 25] {
        let snapshot = fixture::stable(count);
        let view = fixture::view();
        let scene = fixture::scene(&snapshot, &fixture::UNTOLD, &view);
        let size = Rect::new(0, 0, 80, 24);
        let buffer = screen(&snapshot, &fixture::UNTOLD, &view, (80, 24));
        let cluster = Layout::of(size, &scene).unwrap().cluster.unwrap();
        let shown: String = cluster
            .positions()
            .map(|place| buffer[place].symbol().to_owned())
            .collect();
        for node in &snapshot.nodes {
            assert!(
                shown.contains(&node.id.to_string()),
                "{} of {count}: {shown}",
                node.id
            );
        }
    }
}

#[test]
fn the_mouse_finds_what_the_eye_sees() {
    let (snapshot, story, view) = (fixture::minority_leader(), fixture::story(), fixture::view());
    let scene = fixture::scene(&snapshot, &story, &view);
    let area = Rect::new(0, 0, 120, 30);
    let buffer = screen(&snapshot, &story, &view, (120, 30));
    let at = |text: &str| hit(&scene, area, find(&buffer, text).unwrap());
    assert_eq!(at("● S2 t3"), Hit::Node(id(2)));
    assert_eq!(at("S4 ● t4"), Hit::Node(id(4)));
    assert_eq!(
        at("≠3 x=3"),
        Hit::Entry {
            node: id(1),
            index: index(5)
        }
    );
    assert_eq!(
        at("~4 x=4"),
        Hit::Entry {
            node: id(3),
            index: index(6)
        }
    );
    assert_eq!(at("12.357"), Hit::Line(8));
    assert_eq!(at("╭ Cluster"), Hit::Pane(Pane::Cluster));
    assert_eq!(at("PAUSED"), Hit::Nothing);
}

#[test]
fn the_mouse_finds_rows_of_lists() {
    let (snapshot, story) = (fixture::minority_leader(), fixture::story());
    let area = Rect::new(0, 0, 80, 24);
    let lists = [
        (Overlay::Palette(palette()), "restart 3"),
        (Overlay::Open(open_dialog()), "before-the-crash"),
    ];
    for (overlay, third) in lists {
        let view = with_overlay(overlay);
        let buffer = screen(&snapshot, &story, &view, (80, 24));
        let place = find(&buffer, third).unwrap();
        let scene = fixture::scene(&snapshot, &story, &view);
        assert_eq!(hit(&scene, area, place), Hit::Row(2));
    }
}

#[test]
fn a_message_moves_from_its_sender_to_its_receiver() {
    let mut snapshot = fixture::minority_leader();
    snapshot.messages.truncate(1);
    let area = Rect::new(0, 0, 120, 30);
    let view = View {
        notes: crate::ui::view::Notes::default(),
        ..fixture::view()
    };
    let mut seen = Vec::new();
    for permille in [0, 250, 500, 750, 1000] {
        let message = &mut snapshot.messages[0];
        message.sent = micros(12_402_000 - permille * 10);
        message.due = micros(12_402_000 + (1000 - permille) * 10);
        let buffer = screen(&snapshot, &fixture::UNTOLD, &view, (120, 30));
        let scene = fixture::scene(&snapshot, &fixture::UNTOLD, &view);
        let cluster = pane::inner(Layout::of(area, &scene).unwrap().cluster.unwrap());
        let letters = cluster.positions().filter(|&place| {
            // The A of the request, not one of a word: nothing stands right of it but its trail.
            buffer[place].symbol() == "A"
                && !buffer[(place.x + 1, place.y)]
                    .symbol()
                    .starts_with(char::is_alphabetic)
        });
        seen.push(letters.map(|place| place.x).last().unwrap());
    }
    // S3 stands right of S4, at the bottom.
    assert!(seen.is_sorted_by(|before, after| before >= after), "{seen:?}");
    assert!(seen[0] > seen[4], "{seen:?}");
}

#[test]
fn with_reduced_motion_a_message_stands_where_it_is_until_it_is_there() {
    let mut snapshot = fixture::minority_leader();
    snapshot.messages.truncate(1);
    let view = View {
        notes: crate::ui::view::Notes::default(),
        motion: crate::ui::view::Motion::Reduced,
        ..fixture::view()
    };
    let screens = [0, 500, 1000].map(|permille| {
        let message = &mut snapshot.messages[0];
        message.sent = micros(12_402_000 - permille * 10);
        message.due = micros(12_402_000 + (1000 - permille) * 10);
        screen(&snapshot, &fixture::UNTOLD, &view, (120, 30))
    });
    let ring = |screen: &Buffer| {
        picture::text(screen)
            .lines()
            .take(14)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(ring(&screens[0]), ring(&screens[1]));
    assert_eq!(ring(&screens[0]), ring(&screens[2]));
    let without = {
        snapshot.messages.clear();
        screen(&snapshot, &fixture::UNTOLD, &view, (120, 30))
    };
    assert_ne!(ring(&screens[0]), ring(&without), "it is seen");
}

#[test]
fn scrolled_logs_start_where_they_are_told() {
    let snapshot = fixture::long_logs(100);
    for (first, expected) in [(Some(1), 1), (Some(42), 42), (Some(1000), 100), (Some(0), 1)] {
        let view = View {
            log_scroll: first,
            ..View::default()
        };
        let scene = fixture::scene(&snapshot, &fixture::UNTOLD, &view);
        let shown = indices_in_view(&scene, Rect::new(0, 0, 120, 30)).unwrap();
        assert_eq!(*shown.start(), expected);
    }
    let view = View::default();
    let scene = fixture::scene(&snapshot, &fixture::UNTOLD, &view);
    assert_eq!(
        *indices_in_view(&scene, Rect::new(0, 0, 120, 30)).unwrap().end(),
        100
    );
}

/// The luminance of a colour written `#rrggbb`, as the Web Content Accessibility Guidelines define it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/// What can't be told from its ground can't be read from the last row: every character stands out by the ratio that
/// the guidelines ask of text.
#[test]
fn every_character_stands_out_from_its_ground() {
    let least = [
        (ThemeName::Dark, 4.0),
        (ThemeName::Light, 4.0),
        (ThemeName::HighContrast, 5.0),
    ];
    for (theme, least) in least {
        let mut views: Vec<View> = overlays()
            .into_iter()
            .map(|(_, over)| with_overlay(over))
            .collect();
        views.extend([fixture::view(), fixture::violated()]);
        for view in views {
            for (name, snapshot) in worlds() {
                let view = View {
                    theme,
                    ..view.clone()
                };
                let buffer = screen(&snapshot, &fixture::story(), &view, (120, 34));
                for cell in buffer.content().iter().filter(|cell| cell.symbol() != " ") {
                    let [ink, ground] = [cell.fg, cell.bg].map(|of| luminance(&picture::colour(of, "#none")));
                    let ratio = (ink.max(ground) + 0.05) / (ink.min(ground) + 0.05);
                    assert!(ratio >= least, "{theme:?}, {name}: {cell:?} has only {ratio:.1}");
                }
            }
        }
    }
}

fn any_view() -> impl Strategy<Value = View> {
    let overlay =
        (0..=overlays().len()).prop_map(|place| overlays().into_iter().nth(place).map(|pair| pair.1));
    let zoom = prop::option::of(prop::sample::select(vec![Pane::Cluster, Pane::Story, Pane::Logs]));
    let theme = prop::sample::select(vec![
        ThemeName::Dark,
        ThemeName::Light,
        ThemeName::HighContrast,
        ThemeName::Mono,
    ]);
    let scroll = prop::option::of(0_u64..200);
    let lines = prop::option::of(0_usize..20);
    (overlay, zoom, theme, scroll, lines, any::<[bool; 3]>()).prop_map(
        |(overlay, zoom, theme, log_scroll, story_scroll, [ascii, toast, violated])| View {
            overlay,
            zoom,
            theme,
            log_scroll,
            story_scroll,
            ascii,
            toast: toast.then(|| Toast {
                text: "a message that goes on and on ".repeat(6),
                is_error: true,
            }),
            ..if violated {
                fixture::violated()
            } else {
                fixture::view()
            }
        },
    )
}

proptest! {
    /// No size, no state and no choice makes drawing or finding panic, and what a view rules out is never drawn.
    #[test]
    fn every_screen_can_be_drawn(
        width in 1_u16..250,
        height in 1_u16..80,
        world in 0..worlds().len(),
        has_story in any::<bool>(),
        view in any_view(),
        place in (0_u16..250, 0_u16..80),
    ) {
        let snapshot = &worlds()[world].1;
        let story = if has_story { fixture::story() } else { Story::default() };
        let buffer = screen(snapshot, &story, &view, (width, height));
        let scene = fixture::scene(snapshot, &story, &view);
        hit(&scene, *buffer.area(), place.into());
        for cell in buffer.content() {
            prop_assert!(!view.ascii || cell.symbol().is_ascii(), "{:?}", cell.symbol());
            let is_plain = [cell.fg, cell.bg].iter().all(|&colour| colour == ratatui::style::Color::Reset);
            prop_assert!(view.theme != ThemeName::Mono || is_plain, "{cell:?}");
        }
    }

    /// Small screens, where room runs out everywhere at once.
    #[test]
    fn every_small_screen_can_be_drawn(
        width in 1_u16..90,
        height in 1_u16..26,
        world in 0..worlds().len(),
        view in any_view(),
    ) {
        screen(&worlds()[world].1, &fixture::story(), &view, (width, height));
    }
}

#[test]
fn no_node_and_nothing_else_can_be_drawn() {
    let snapshot = fixture::fresh(0);
    for size in [(1, 1), (40, 12), (80, 24), (120, 34)] {
        screen(&snapshot, &fixture::UNTOLD, &View::default(), size);
        let view = View {
            overlay: Some(Overlay::Help(0)),
            ..View::default()
        };
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let scene = fixture::scene(&snapshot, &fixture::UNTOLD, &view);
        terminal.draw(|frame| draw(&scene, &[], &[], frame)).unwrap();
    }
}
