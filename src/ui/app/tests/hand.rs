//! Messages in the hand and manual mode, by keys.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::playground::{Choice, Whereabouts};
use crate::ui::action::{Action, Size};
use crate::ui::keymap::{self, Mode};
use crate::ui::picture;
use crate::ui::testing::Keyboard;
use crate::ui::view::Overlay;

fn screen(keyboard: &mut Keyboard, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    keyboard.app.update(Action::Resize(Size { width, height }));
    terminal
        .draw(|frame| keyboard.app.draw(&keymap::help(), frame))
        .unwrap();
    picture::text(terminal.backend().buffer())
}

/// A value is on its way from the leader, and time stands.
fn a_value_under_way() -> Keyboard {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("n");
    while !has(&keyboard, |label| label.starts_with("append")) {
        keyboard.press("Space").wait(33).press("Space");
    }
    keyboard
}

fn has(keyboard: &Keyboard, wanted: impl Fn(&str) -> bool) -> bool {
    let scene = keyboard.app.scene();
    let labels = scene.snapshot.messages.iter().map(crate::ui::parcel::label);
    labels.into_iter().any(|label| wanted(&label))
}

fn chosen(keyboard: &Keyboard) -> Option<Choice> {
    let scene = keyboard.app.scene();
    match &scene.view.overlay {
        Some(Overlay::Messages(hand)) => hand.chosen(&hand.rows(scene.snapshot)).map(|(_, choice)| choice),
        _ => None,
    }
}

fn whereabouts(keyboard: &Keyboard, choice: Choice) -> Option<Whereabouts> {
    let scene = keyboard.app.scene();
    crate::ui::hand::message_of(scene.snapshot, choice).map(|message| message.whereabouts)
}

#[test]
fn a_message_is_chosen_held_released_and_dropped() {
    let mut keyboard = a_value_under_way();
    keyboard.press("m");
    let first = chosen(&keyboard).expect("an append is on its way");
    keyboard.press("f");
    assert!(
        keyboard.last_line().starts_with("you hold"),
        "{}",
        keyboard.last_line()
    );
    assert!(matches!(
        whereabouts(&keyboard, first),
        Some(Whereabouts::Held { .. })
    ));
    assert_eq!(chosen(&keyboard), Some(first), "the cursor stays with it");
    keyboard.press("f");
    assert!(keyboard.toast().contains("held already"), "{}", keyboard.toast());
    keyboard.press("r");
    assert_eq!(whereabouts(&keyboard, first), Some(Whereabouts::OnTheWire));
    keyboard.press("d");
    let count = keyboard.app.scene().snapshot.messages.len();
    keyboard.press("x");
    assert_eq!(keyboard.app.scene().snapshot.messages.len(), count - 1);
    assert!(
        keyboard.last_line().starts_with("you drop"),
        "{}",
        keyboard.last_line()
    );
    let next = chosen(&keyboard).expect("another is chosen");
    keyboard.press("g");
    assert_eq!(whereabouts(&keyboard, next), None, "it has arrived");
    keyboard.press("u");
    assert!(keyboard.toast().contains("you deliver"), "{}", keyboard.toast());
    keyboard.press("Esc");
    assert_eq!(keyboard.app.mode(), Mode::Main);
}

#[test]
fn the_list_is_filtered_by_node_and_by_what_is_new() {
    let mut keyboard = a_value_under_way();
    keyboard.press("m 9");
    assert!(
        keyboard.toast().contains("there is no S9"),
        "{}",
        keyboard.toast()
    );
    let rows = |keyboard: &Keyboard| match &keyboard.app.scene().view.overlay {
        Some(Overlay::Messages(hand)) => hand.rows(keyboard.app.scene().snapshot).len(),
        _ => panic!("the list is open"),
    };
    let all = rows(&keyboard);
    keyboard.press("2");
    let some = rows(&keyboard);
    assert!(some < all && some > 0, "{some} of {all}");
    keyboard.press("2");
    assert_eq!(rows(&keyboard), all, "once more lists all again");
    keyboard.press("h");
    assert!(rows(&keyboard) <= all);
}

#[test]
fn events_are_chosen_one_by_one_in_manual_mode() {
    let mut keyboard = Keyboard::new(3, 1);
    keyboard.press("M");
    assert_eq!(keyboard.app.mode(), Mode::Messages);
    assert!(matches!(chosen(&keyboard), Some(Choice::Timer(_))));
    keyboard.press("x");
    assert!(keyboard.toast().contains("no message"), "{}", keyboard.toast());
    let now = keyboard.app.scene().snapshot.now;
    // The first in the list is what would come next by itself.
    for _ in 0..20 {
        if keyboard.app.scene().snapshot.leaders().is_empty() {
            keyboard.press("g");
        }
    }
    assert_eq!(keyboard.app.scene().snapshot.leaders().len(), 1);
    assert_eq!(keyboard.app.scene().snapshot.now, now, "no time has passed");
    keyboard.press("Esc Space");
    assert!(keyboard.toast().starts_with("manual"), "{}", keyboard.toast());
    assert!(!keyboard.app.runs());
    keyboard.type_in(":manual off").press("Enter Space").wait(400);
    assert!(keyboard.app.scene().snapshot.now > now);
}

#[test]
fn the_list_is_seen_at_every_size() {
    let mut keyboard = a_value_under_way();
    keyboard.press("m f ↓");
    for (width, height) in [(80, 24), (120, 34), (200, 50), (120, 15), (40, 12)] {
        let seen = screen(&mut keyboard, width, height);
        assert!(seen.contains("Messages in flight"), "{seen}");
        assert!(seen.contains("append S1→S"), "{seen}");
    }
    let seen = screen(&mut keyboard, 80, 24);
    assert!(seen.contains("held, ") && seen.contains("ms left"), "{seen}");
    assert!(
        seen.contains("you hold S1's append"),
        "the newest line stays in sight: {seen}"
    );
    let mut keyboard = Keyboard::new(3, 1);
    keyboard.press("M g");
    for (width, height) in [(80, 24), (120, 34)] {
        let seen = screen(&mut keyboard, width, height);
        for part in [
            "MANUAL",
            "What can happen next · 4",
            "S1's disk",
            "S2's timer",
            "you fire S1's timer",
        ] {
            assert!(seen.contains(part), "{part}: {seen}");
        }
    }
    keyboard.press("Esc");
    let bar = keymap::bar(&keyboard.app.scene(), 80);
    assert!(
        bar.iter().any(|hint| hint.keys == "m" && hint.what == "choose"),
        "{bar:?}"
    );
}
