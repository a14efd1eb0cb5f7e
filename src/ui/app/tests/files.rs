//! What is read and written, and leaving.

use super::*;

#[test]
fn overwriting_asks_once() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard
        .press("s")
        .type_in("mine")
        .press("Enter n s")
        .type_in("mine")
        .press("Enter");
    let overwrite = |keyboard: &Keyboard| match &keyboard.app.scene().view.overlay {
        Some(Overlay::Save(dialog)) => dialog.overwrite.clone(),
        _ => None,
    };
    assert_eq!(overwrite(&keyboard).as_deref(), Some("/memory/mine"));
    keyboard.press("2 Backspace");
    assert_eq!(overwrite(&keyboard), None, "another name is another question");
    keyboard.press("Enter Enter");
    assert_eq!(keyboard.toast(), "saved as /memory/mine");
    keyboard.type_in(":save mine").press("Enter");
    assert_eq!(overwrite(&keyboard).as_deref(), Some("/memory/mine"));
}

#[test]
fn a_save_that_is_opened_stands_shows_its_notes_and_begins_a_new_record() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("n s").type_in("mine").press("Enter").wait(33);
    let then = keyboard.app.scene().snapshot.trace_hash;
    keyboard
        .press("Space")
        .wait(1_000)
        .press("o")
        .type_in("min")
        .press("Enter");
    let scene = keyboard.app.scene();
    assert_eq!(scene.snapshot.trace_hash, then);
    assert_eq!(scene.view.pace, Pace::Paused);
    assert_eq!(scene.view.notes.steps, ["Look at it", "Run it"].map(Into::into));
    assert_eq!(scene.view.title.as_deref(), Some("mine"));
    assert!(commands(&keyboard).is_empty());
    keyboard.press("PgDn PgDn");
    assert_eq!(keyboard.app.scene().view.notes.current, 1);
}

#[test]
fn a_save_that_can_not_be_opened_changes_nothing() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let before = keyboard.app.scene().snapshot.trace_hash;
    keyboard.press("o").type_in("nothing like it").press("Enter");
    assert_eq!(keyboard.toast(), "there is no save `nothing like it`");
    assert_eq!(keyboard.app.scene().snapshot.trace_hash, before);
}

#[test]
fn scripts_hold_what_was_done_and_when() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let at = keyboard.app.scene().snapshot.now;
    keyboard.press("n").type_in(":script homework.ron").press("Enter");
    let library = keyboard.library.0.borrow();
    let script = &library.scripts["homework.ron"];
    assert_eq!(script.len(), 1);
    assert_eq!(script[0].at, at);
}

#[test]
fn leaving_and_sleeping_are_wishes_to_whoever_owns_the_terminal() {
    let mut keyboard = Keyboard::new(3, 1);
    for (name, wish) in [
        ("q", Wish::Leave(Exit::Quit)),
        ("Ctrl-C", Wish::Leave(Exit::Interrupt)),
        ("Ctrl-Z", Wish::Suspend),
    ] {
        keyboard.press(name);
        assert_eq!(keyboard.app.take_wish(), Some(wish));
        assert_eq!(keyboard.app.take_wish(), None);
    }
    keyboard.press("? Ctrl-C");
    assert_eq!(
        keyboard.app.take_wish(),
        Some(Wish::Leave(Exit::Interrupt)),
        "from anywhere"
    );
    assert_eq!(keyboard.app.save_last(), Ok("/memory/last".into()));
}
