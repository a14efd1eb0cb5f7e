//! The story filter: what is shown, and that the cursor goes along it.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::ui::keymap::{self, Mode};
use crate::ui::picture;
use crate::ui::testing::Keyboard;

fn screen(keyboard: &Keyboard, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| keyboard.app.draw(&keymap::help(), frame))
        .unwrap();
    picture::text(terminal.backend().buffer())
}

fn here(keyboard: &Keyboard) -> Option<String> {
    let scene = keyboard.app.scene();
    let line = scene.journey.here(scene.story.len())?;
    Some(scene.story[line].short.clone())
}

#[test]
fn only_what_is_typed_is_shown_and_walked_along() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("n").type_in(":go 10").press("Enter End");
    let all = keyboard.app.scene().story.shown_len();
    keyboard.press("/").type_in("s2 ");
    assert_eq!(keyboard.app.mode(), Mode::Filter);
    let some = keyboard.app.scene().story.shown_len();
    assert!(0 < some && some < all, "{some} of {all}");
    let seen = screen(&keyboard, 80, 24);
    assert!(seen.contains("Show only: s2"), "{seen}");
    keyboard.press("Enter");
    assert_eq!(keyboard.app.mode(), Mode::Main);
    for (width, height) in [(80, 24), (120, 34), (120, 15)] {
        let seen = screen(&keyboard, width, height);
        assert!(seen.contains(&format!("only s2 · {some} of {all}")), "{seen}");
        assert!(seen.contains("Esc all lines"), "{seen}");
        assert!(!seen.contains("S1 leads term 1"), "{seen}");
    }
    for step in 0..some {
        keyboard.press("↑");
        let here = here(&keyboard);
        let is_last = step + 1 == some && here.is_none();
        assert!(
            is_last || here.is_some_and(|here| here.starts_with("S2 ")),
            "step {step}"
        );
    }
    keyboard.press("Home ↓");
    assert!(here(&keyboard).is_some_and(|here| here.starts_with("S2 ")));
    keyboard.press("Enter");
    assert_eq!(keyboard.app.mode(), Mode::Why);
    keyboard.press("Esc Esc");
    assert_eq!(
        keyboard.app.scene().story.shown_len(),
        keyboard.app.scene().story.len()
    );
}

#[test]
fn marks_that_are_not_shown_are_passed_by_and_not_drawn() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let marks = |keyboard: &Keyboard| {
        let seen = screen(keyboard, 80, 24);
        let line = seen.lines().nth(22).unwrap_or_default().to_owned();
        // Behind the line stands the legend, with one of each.
        line.split("now").next().unwrap_or_default().to_owned()
    };
    assert!(marks(&keyboard).contains('★'), "{}", marks(&keyboard));
    keyboard.type_in(":filter commit").press("Enter");
    assert!(!marks(&keyboard).contains('★'), "{}", marks(&keyboard));
    keyboard.press("<");
    let at = here(&keyboard);
    assert!(at.as_ref().is_none_or(|line| line.contains("commit")), "{at:?}");
    keyboard.type_in(":filter no such thing").press("Enter");
    let seen = screen(&keyboard, 80, 24);
    assert!(seen.contains("no line is like that: Esc shows all"), "{seen}");
    keyboard.press("Enter");
    assert_eq!(keyboard.app.mode(), Mode::Main, "{}", keyboard.toast());
    keyboard.type_in(":filter off").press("Enter");
    assert!(screen(&keyboard, 80, 24).contains("Enter: why"));
}

/// Esc ends it from the prompt too, and time stops only at what is shown.
#[test]
fn the_next_line_is_the_next_that_is_shown() {
    let mut keyboard = Keyboard::new(3, 1);
    keyboard.type_in(":speed 10").press("Enter");
    keyboard.type_in(":filter leads").press("Enter ↓").wait(4_000);
    let story = keyboard.app.scene().story;
    let at = story.last().map(|line| line.at);
    let mut newest = story.iter().rev().take_while(|line| Some(line.at) == at);
    assert!(newest.any(|line| line.short.contains("leads term")), "{story:?}");
    keyboard.press("/").type_in(" x").press("Esc");
    assert_eq!(keyboard.app.scene().story.filter(), None);
}
