//! The screen for a lecture hall, and the hand on the time line.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{leader, screen};
use crate::types::VirtualTime;
use crate::ui::action::{Action, Place};
use crate::ui::testing::Keyboard;

#[test]
fn the_back_row_reads_who_leads_and_what_happened() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let lead = leader(&keyboard);
    keyboard.press("F5").press("c");
    for (width, height) in [(80, 24), (120, 15), (120, 34), (200, 50)] {
        let shown = screen(&mut keyboard, width, height);
        assert!(shown.contains(" c "), "the last key, in\n{shown}");
        assert!(!shown.contains("Story"), "{shown}");
        insta::assert_snapshot!(format!("presenter_{width}x{height}"), shown);
    }
    let small = screen(&mut keyboard, 80, 24);
    assert!(small.contains("NOBODY LEADS"), "{small}");
    assert!(small.contains(&format!("you crash {lead}")), "{small}");
    keyboard.type_in(":speed 1").press("Enter Space").wait(3_000);
    let small = screen(&mut keyboard, 80, 24);
    assert!(small.contains("LEADS TERM 2"), "{small}");
    keyboard.press("F5");
    let desk = screen(&mut keyboard, 80, 24);
    assert!(desk.contains("Story") && !desk.contains("LEADS TERM"), "{desk}");
}

/// What a clicker sends works on it: on and back in the notes, and Esc.
#[test]
fn it_shows_all_that_lies_over_a_screen() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("F5 ?");
    assert!(screen(&mut keyboard, 80, 24).contains("presenter"));
    keyboard.press("Esc z");
    assert!(
        screen(&mut keyboard, 80, 24).contains("LEADS TERM 1"),
        "zoomed it is still there"
    );
    keyboard.press_key(KeyEvent::new(KeyCode::F(5), KeyModifiers::NONE));
    assert!(!screen(&mut keyboard, 80, 24).contains("LEADS TERM 1"));
}

/// Whoever presses the button on the time line and moves goes through time, even where the hand slips off the line.
#[test]
fn a_drag_along_the_time_line_goes_through_time() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("Space");
    screen(&mut keyboard, 80, 24);
    let end = now(&keyboard);
    let at = |column, row| Place { column, row };
    keyboard.app.update(Action::Press(at(10, 22)));
    let pressed = now(&keyboard);
    assert!(pressed < end);
    keyboard.app.update(Action::Drag(at(20, 22)));
    let further = now(&keyboard);
    assert!(pressed < further && further < end);
    keyboard.app.update(Action::Drag(at(5, 12)));
    assert!(now(&keyboard) < pressed);
    keyboard.app.update(Action::Release(at(5, 12)));
    let released = now(&keyboard);
    keyboard.app.update(Action::Drag(at(20, 22)));
    assert_eq!(now(&keyboard), released, "without the button nothing is dragged");
}

fn now(keyboard: &Keyboard) -> VirtualTime {
    keyboard.app.scene().snapshot.now
}
