use std::collections::BTreeSet;

use super::*;
use crate::playground::{Command, Condition};
use crate::types::NodeId;
use crate::ui::palette::parse;
use crate::ui::testing::{Keyboard, key};

const MODES: [Mode; 14] = [
    Mode::Main,
    Mode::Help,
    Mode::Why,
    Mode::Palette,
    Mode::Propose,
    Mode::Filter,
    Mode::Messages,
    Mode::Compare,
    Mode::Links,
    Mode::Point,
    Mode::Partition,
    Mode::Link,
    Mode::Open,
    Mode::Save,
];

#[test]
fn no_key_stands_twice() {
    for mode in MODES {
        let mut seen = BTreeSet::new();
        let everywhere = table::everywhere().iter();
        for key in bindings(mode).chain(everywhere).flat_map(|binding| binding.keys) {
            assert!(seen.insert(key.label()), "{mode:?}: {} stands twice", key.label());
        }
    }
}

#[test]
fn every_row_does_something_and_every_mode_has_a_way_out() {
    for row in rows() {
        assert!(!row.bindings.is_empty(), "{}", row.what);
    }
    for mode in MODES {
        assert_eq!(action(mode, key("Esc")), Some(Action::Back), "{mode:?}");
    }
}

#[test]
fn every_key_of_the_main_screen_is_reached_by_its_words() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("1");
    let context = keyboard.app.context();
    let mut without = Vec::new();
    for binding in bindings(Mode::Main) {
        match &binding.effect {
            Effect::Does(expected) if !binding.words.is_empty() => {
                assert_eq!(
                    parse(binding.words, &context).as_ref(),
                    Ok(expected),
                    "{}",
                    binding.words
                );
            }
            Effect::Does(_) | Effect::WithNode(_) => without.push(binding.keys[0].label()),
        }
    }
    assert_eq!(without, ["1-9", "Esc"], "only these mean nothing in words");
}

#[test]
fn words_name_one_key_each() {
    let mut seen = BTreeSet::new();
    for binding in bindings(Mode::Main).filter(|binding| !binding.words.is_empty()) {
        assert!(seen.insert(binding.words), "{}", binding.words);
    }
}

#[test]
fn the_help_shows_every_key_it_stands_for() {
    for row in rows().iter().filter(|row| row.mode == Mode::Main) {
        let shown: BTreeSet<_> = row.keys.split(' ').collect();
        let first = |binding: &Binding| binding.keys[0].label();
        for binding in &row.bindings {
            let label = first(binding);
            let is_shown = shown.contains(label.as_str()) || shown.contains(format!("{label}4").as_str());
            assert!(is_shown, "{label} is missing in `{}`", row.keys);
        }
    }
}

#[test]
fn the_help_fits_one_small_screen() {
    let groups: BTreeSet<_> = help().iter().map(|hint| hint.group).collect();
    let lines = help().len() + groups.len();
    assert!(lines <= 2 * 20, "{lines} lines do not fit two columns of 20");
    for hint in help() {
        assert!(hint.what.width() <= 27, "{} {}", hint.keys, hint.what);
    }
}

#[test]
fn shift_and_alt_gr_are_in_the_character_already() {
    let event = |code, modifiers| KeyEvent::new(code, modifiers);
    let shifted = event(KeyCode::Char('C'), KeyModifiers::SHIFT);
    assert_eq!(action(Mode::Main, shifted), action(Mode::Main, key("C")));
    let alt_gr = event(KeyCode::Char('|'), KeyModifiers::CONTROL | KeyModifiers::ALT);
    assert_eq!(action(Mode::Partition, alt_gr), Some(Action::NewGroup));
    let alt = event(KeyCode::Char('c'), KeyModifiers::ALT);
    assert_eq!(action(Mode::Main, alt), None, "Alt-C crashes nobody");
    let control = event(KeyCode::Char('r'), KeyModifiers::CONTROL);
    assert_eq!(action(Mode::Main, control), None);
}

#[test]
fn a_key_that_comes_up_does_nothing() {
    let mut event = key("c");
    event.kind = crossterm::event::KeyEventKind::Release;
    assert_eq!(action(Mode::Main, event), None);
}

#[test]
fn letters_are_typed_where_one_types() {
    for mode in MODES {
        let is_typed = matches!(action(mode, key("e")), Some(Action::Edit(_)));
        assert_eq!(is_typed, mode.types(), "{mode:?}");
    }
}

fn words(hints: &[KeyHint]) -> Vec<String> {
    hints
        .iter()
        .map(|hint| format!("{} {}", hint.keys, hint.what))
        .collect()
}

#[test]
fn the_bar_follows_the_selection() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    keyboard.press("2");
    let bar = |keyboard: &Keyboard| words(&bar(&keyboard.app.scene(), 200));
    assert!(bar(&keyboard).contains(&"c crash".to_owned()));
    assert!(!bar(&keyboard).contains(&"r bring back".to_owned()));
    keyboard.press("c");
    assert_eq!(
        keyboard
            .app
            .scene()
            .snapshot
            .node(NodeId::new(2))
            .map(|node| node.condition),
        Some(Condition::Down)
    );
    assert!(bar(&keyboard).contains(&"r bring back".to_owned()));
    assert!(!bar(&keyboard).contains(&"c crash".to_owned()));
}

#[test]
fn the_bar_fits_and_keeps_what_matters_most() {
    let keyboard = Keyboard::with_leader(5, 1);
    for width in [40, 60, 80, 100, 120, 200] {
        let hints = bar(&keyboard.app.scene(), width);
        let ranked: Vec<_> = hints.iter().cloned().map(|hint| (0, hint)).collect();
        assert!(columns(&ranked, 4) <= usize::from(width), "{width}");
        let words = words(&hints);
        for wanted in ["Space run", ": all", "? help"] {
            assert!(words.contains(&wanted.to_owned()), "{width}: {words:?}");
        }
    }
}

/// A fresh terminal says how to leave, how to crash and part, and while something is cut, how to heal it.
#[test]
fn the_bar_of_a_fresh_terminal_says_how_to_leave() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let shows = |keyboard: &Keyboard, wanted: &[&str]| {
        let words = words(&bar(&keyboard.app.scene(), 80));
        for wanted in wanted {
            assert!(words.contains(&(*wanted).to_owned()), "{wanted}: {words:?}");
        }
    };
    shows(&keyboard, &["n propose", "c crash", "p part", "q quit"]);
    keyboard.press("p Enter");
    shows(&keyboard, &["n propose", "c crash", "h heal", "q quit"]);
}

#[test]
fn the_bar_heals_only_what_is_cut() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let heals = |keyboard: &Keyboard| words(&bar(&keyboard.app.scene(), 200)).contains(&"h heal".to_owned());
    assert!(!heals(&keyboard));
    keyboard.press("p Enter");
    assert!(heals(&keyboard));
}

#[test]
fn commands_of_the_table_are_what_scripts_write() {
    assert_eq!(action(Mode::Main, key("h")), Some(Action::Do(Command::Heal)));
}

/// A task permits some deeds: the bar offers no other.
#[test]
fn the_bar_offers_nothing_that_a_task_does_not_permit() {
    let keyboard = Keyboard::with_leader(3, 1);
    let scene = keyboard.app.scene();
    let offered = |view: &crate::ui::view::View| words(&bar(&Scene { view, ..scene }, 200));
    let all = offered(scene.view);
    let view = crate::ui::view::View {
        permitted: Some(vec![crate::lesson::Deed::Crash, crate::lesson::Deed::Cut]),
        ..scene.view.clone()
    };
    let some = offered(&view);
    let missing: Vec<&String> = all.iter().filter(|hint| !some.contains(hint)).collect();
    assert_eq!(missing, ["n propose", "f freeze", "g fire", "t tie", "p part"]);
    assert!(some.contains(&"c crash".to_owned()) && some.contains(&"x link".to_owned()));
}
