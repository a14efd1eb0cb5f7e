//! The table of links by keys and mouse, and the inspector's tabs.

use super::super::App;
use crate::playground::{Command, LinkSettings};
use crate::types::NodeId;
use crate::ui::action::{Action, Place};
use crate::ui::testing::Keyboard;
use crate::ui::view::{LinkChoice, Overlay, Pane, Tab};

fn chosen(keyboard: &Keyboard) -> (u64, u64) {
    match keyboard.app.scene().view.overlay {
        Some(Overlay::Links(LinkChoice { from, to })) => (from.number(), to.number()),
        _ => panic!("the table of links is open"),
    }
}

fn link(keyboard: &Keyboard, from: u64, to: u64) -> LinkSettings {
    keyboard
        .app
        .scene()
        .snapshot
        .link(NodeId::new(from), NodeId::new(to))
}

fn is_cut(keyboard: &Keyboard, from: u64, to: u64) -> bool {
    let ends = (NodeId::new(from), NodeId::new(to));
    keyboard.app.scene().snapshot.cut.contains(&ends)
}

#[test]
fn links_are_changed_by_keys() {
    let mut keyboard = Keyboard::with_leader(5, 42);
    keyboard.press("2 l");
    assert_eq!(chosen(&keyboard), (2, 1));
    keyboard.press("→ → →");
    assert_eq!(chosen(&keyboard), (2, 4));
    let before = link(&keyboard, 2, 4);
    keyboard.press("- ] ]");
    let after = link(&keyboard, 2, 4);
    assert_eq!(after.latency.min(), before.latency.min() * 2);
    assert_eq!(after.loss_ppm, 200_000);
    assert_eq!(link(&keyboard, 4, 2), before, "the way back is as it was");
    keyboard.press("+ [ [ [");
    assert_eq!(link(&keyboard, 2, 4), before);
    keyboard.press("x");
    assert!(is_cut(&keyboard, 2, 4) && !is_cut(&keyboard, 4, 2));
    keyboard.press("X");
    assert!(is_cut(&keyboard, 2, 4) && is_cut(&keyboard, 4, 2));
    insta::assert_snapshot!("links_80x24", super::screen(&mut keyboard, 80, 24));
    keyboard.press("h ← ← x");
    assert_eq!(keyboard.toast(), "S2 has no link to itself");
    keyboard.press("Esc");
    assert!(keyboard.app.scene().view.overlay.is_none());
    assert!(!is_cut(&keyboard, 2, 4));
}

/// Wherever one clicks, the link that the table shows there is the one that is chosen.
#[test]
fn links_are_changed_by_mouse() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    super::screen(&mut keyboard, 80, 24);
    keyboard.press("3 l");
    let before = chosen(&keyboard);
    let click = |app: &mut App<_>, column, row| {
        app.update(Action::Press(Place { column, row }));
        app.update(Action::Release(Place { column, row }));
    };
    click(&mut keyboard.app, 40, 20);
    assert_eq!(chosen(&keyboard), before, "below the table nothing is chosen");
    click(&mut keyboard.app, 2 + 5 + 16 + 1, 2);
    assert_eq!(chosen(&keyboard), (1, 2));
    assert!(!is_cut(&keyboard, 1, 2));
    click(&mut keyboard.app, 2 + 5 + 16 + 1, 2);
    assert!(is_cut(&keyboard, 1, 2));
}

#[test]
fn twenty_five_nodes_have_room_in_the_table() {
    let mut keyboard = Keyboard::with_leader(25, 1);
    keyboard.app.update(Action::Do(Command::CutOnly(vec![
        (NodeId::new(3), NodeId::new(24)),
        (NodeId::new(24), NodeId::new(3)),
    ])));
    keyboard.press("l");
    for _ in 0..30 {
        keyboard.press("↓ →");
    }
    assert_eq!(chosen(&keyboard), (25, 25));
    keyboard.press("←");
    insta::assert_snapshot!("links_of_25_80x24", super::screen(&mut keyboard, 80, 24));
}

#[test]
fn the_inspector_turns_its_tabs_and_fills_a_small_screen() {
    let mut keyboard = Keyboard::with_leader(5, 42);
    super::screen(&mut keyboard, 120, 34);
    keyboard.press("Tab");
    assert_eq!(
        (keyboard.app.scene().view.tab, keyboard.app.scene().view.zoom),
        (Tab::Branches, None)
    );
    keyboard.press("n < < f < < c");
    insta::assert_snapshot!("branches_120x34", super::screen(&mut keyboard, 120, 34));
    super::screen(&mut keyboard, 80, 24);
    keyboard.press("Tab");
    let view = keyboard.app.scene().view;
    assert_eq!((view.tab, view.zoom), (Tab::Branches, Some(Pane::Inspector)));
    insta::assert_snapshot!("branches_80x24", super::screen(&mut keyboard, 80, 24));
    keyboard.press("Esc");
    assert_eq!(keyboard.app.scene().view.zoom, None);
    keyboard.press("Tab");
    assert_eq!(keyboard.app.scene().view.tab, Tab::Branches, "where one was");
    keyboard.press("Tab");
    assert_eq!(keyboard.app.scene().view.tab, Tab::Branches.next());
}

/// Where the inspector fills a small screen, answers take the rows that they need.
#[test]
fn what_can_be_said_about_a_node_is_said_whole() {
    let mut keyboard = Keyboard::with_leader(5, 42);
    super::screen(&mut keyboard, 80, 24);
    keyboard.press("n Tab");
    assert_eq!(keyboard.app.scene().view.tab, Tab::Node);
    let shown = super::screen(&mut keyboard, 80, 24);
    let inside: Vec<&str> = shown.lines().filter(|line| line.contains("│ ")).collect();
    assert!(inside.iter().all(|line| !line.contains('…')), "{shown}");
    let questions = inside.iter().filter(|line| line.contains("? "));
    assert!(questions.count() >= 5, "{shown}");
    insta::assert_snapshot!("node_80x24", shown);
}

#[test]
fn all_words_and_all_keys_can_be_reached_from_what_lies_over_the_screen() {
    for over in ["m", "l", "e", "Enter"] {
        for (key, name) in [(":", "Palette"), ("?", "Help")] {
            let mut keyboard = Keyboard::with_leader(5, 42);
            super::screen(&mut keyboard, 80, 24);
            keyboard.press(over).press(key);
            let overlay = format!("{:?}", keyboard.app.scene().view.overlay);
            assert!(overlay.contains(name), "{over} {key}: {overlay}");
        }
    }
}
