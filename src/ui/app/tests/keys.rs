//! Keys that nobody meant.

use super::*;

#[test]
fn pasted_text_is_typed_into_prompts_and_never_taken_for_keys() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.app.update(Action::Paste("q".to_owned()));
    assert!(commands(&keyboard).is_empty());
    keyboard.press("N");
    keyboard.app.update(Action::Paste("x=\u{1b}9\nq".to_owned()));
    keyboard.press("Enter");
    assert!(matches!(&commands(&keyboard)[..], [Command::Propose { command, .. }] if command == "x=9"));
}

/// Any keys in any order, with time passing between them: nothing panics, and the selection names a node that is there.
#[test]
fn ten_thousand_random_keys_do_no_harm() {
    const KEYS: &[&str] = &[
        "Space",
        "Enter",
        "Enter",
        "Esc",
        "Esc",
        "Tab",
        "Backspace",
        "↑",
        "↓",
        "←",
        "→",
        "PgUp",
        "PgDn",
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "9",
        "n",
        "N",
        "c",
        "C",
        "f",
        "r",
        "r",
        "g",
        "t",
        "T",
        "p",
        "|",
        "x",
        "X",
        "h",
        "h",
        "s",
        "o",
        "b",
        "z",
        "[",
        "]",
        "a",
        "-",
        "+",
        ".",
        "j",
        ":",
        "?",
        "e",
        "ü",
        "m",
        "M",
        "l",
        "w",
        "d",
        "u",
        "u",
        "U",
        "<",
        ">",
        "Home",
        "End",
        "F5",
        "y",
        "/",
    ];
    let mut keyboard = Keyboard::new(5, 7);
    let mut longest = 0;
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..12_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(state >> 33).unwrap();
        keyboard.press_key(key(KEYS[place % KEYS.len()]));
        if place % 7 == 0 {
            keyboard.app.tick(Duration::from_millis(33));
        }
        let scene = keyboard.app.scene();
        longest = longest.max(scene.story.len());
        assert!(scene.view.selected(scene.snapshot).is_some());
        let _ = keymap::bar(&scene, 80);
        let _ = keyboard.app.rests_for();
        if place % 50 == 0 {
            // Every size comes, the smallest too.
            let cells = |count: usize| u16::try_from(count).unwrap();
            screen(&mut keyboard, cells(1 + place % 211), cells(1 + place % 61));
        }
    }
    assert!(longest > 20, "{longest} lines, {}", keyboard.last_line());
}
