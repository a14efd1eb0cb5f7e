//! A finger on the logs.

use super::{leader, screen};
use crate::types::LogIndex;
use crate::ui::action::Action;
use crate::ui::keymap::Mode;
use crate::ui::testing::Keyboard;
use crate::ui::view::{Overlay, Pane, Selection};

fn finger(keyboard: &Keyboard) -> Option<u64> {
    match keyboard.app.scene().view.finger() {
        Some(entry) => entry.map(LogIndex::number),
        None => panic!("there is no finger: {:?}", keyboard.app.mode()),
    }
}

/// What `Enter` explains where the finger is.
fn asked(keyboard: &mut Keyboard) -> String {
    keyboard.press("Enter");
    let thing = match &keyboard.app.scene().view.overlay {
        Some(Overlay::Because(because)) => because.thing.clone(),
        other => panic!("{other:?}, {}", keyboard.toast()),
    };
    keyboard.press("Esc");
    assert_eq!(keyboard.app.mode(), Mode::Point, "the finger is there again");
    thing
}

/// By the keyboard alone every entry and every node says why it is as it is.
#[test]
fn the_arrows_reach_every_entry_and_node() {
    let mut keyboard = Keyboard::with_leader(3, 4);
    let lead = leader(&keyboard);
    keyboard
        .type_in(":speed 1")
        .press("Enter")
        .press("n Space")
        .wait(300);
    keyboard.press("n Space 0");
    for (size, pane) in [((80, 24), None), ((120, 15), None), ((80, 24), Some(Pane::Story))] {
        screen(&mut keyboard, size.0, size.1);
        keyboard.app.update(Action::Zoom(pane));
        keyboard.press("e");
        assert_eq!(finger(&keyboard), Some(3), "the newest of the leader");
        assert_eq!(asked(&mut keyboard), format!("entry 3 of {lead}, of term 1"));
        keyboard.press("←");
        assert_eq!(asked(&mut keyboard), format!("entry 2 of {lead}, of term 1"));
        keyboard.press("← ← ←");
        assert_eq!(finger(&keyboard), None);
        assert_eq!(asked(&mut keyboard), format!("{lead}: leader, term 1"));
        keyboard.press("→");
        assert_eq!(finger(&keyboard), Some(1));
        keyboard.press("End");
        assert_eq!(finger(&keyboard), Some(3));
        keyboard.press("→ ↓");
        let below = keyboard.app.scene().view.selection;
        assert_ne!(below, Selection::Node(lead));
        keyboard.press("Enter");
        assert_eq!(keyboard.app.mode(), Mode::Point);
        assert!(
            keyboard.toast().contains("log has no entry 3"),
            "{}",
            keyboard.toast()
        );
        keyboard.press("↑ Home");
        assert_eq!(asked(&mut keyboard), format!("{lead}: leader, term 1"));
        keyboard.press("Esc");
        assert_eq!(keyboard.app.mode(), Mode::Main);
    }
}

/// Where the finger is can be seen, wherever it goes.
#[test]
fn the_finger_stays_in_sight() {
    let mut keyboard = Keyboard::with_leader(3, 4);
    keyboard.type_in(":speed 1").press("Enter");
    for _ in 0..25 {
        keyboard.press("n Space").wait(66).press("Space");
    }
    keyboard.press("0");
    screen(&mut keyboard, 80, 24);
    keyboard.press("e");
    let last = finger(&keyboard).unwrap();
    assert!(last > 20, "{last}");
    let is_seen = |keyboard: &Keyboard| {
        let area = ratatui::layout::Rect::new(0, 0, 80, 24);
        let seen = crate::ui::draw::indices_in_view(&keyboard.app.scene(), area).unwrap();
        finger(keyboard).is_none_or(|index| seen.contains(&index))
    };
    for key in ["←", "→"] {
        for _ in 0..last + 3 {
            keyboard.press(key);
            assert!(is_seen(&keyboard), "{:?}", finger(&keyboard));
        }
    }
    assert_eq!(finger(&keyboard), Some(last));
    keyboard.press("Esc Esc Esc");
    assert_eq!(
        keyboard.app.scene().view.log_scroll,
        None,
        "the end is in view again"
    );
}
