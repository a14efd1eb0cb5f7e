//! Notes, step by step.

use super::*;
use crate::ui::view::Notes;

#[test]
fn first_steps_wait_for_what_they_ask_for() {
    let mut keyboard = Keyboard::new(5, 1);
    let shown = |keyboard: &Keyboard| {
        let notes = &keyboard.app.scene().view.notes;
        notes.steps[notes.current].text.clone()
    };
    assert!(shown(&keyboard).starts_with("Five servers, no leader yet."));
    keyboard
        .press("Space")
        .type_in(":speed 10")
        .press("Enter")
        .wait(2_000);
    let leader = leader(&keyboard);
    assert!(
        shown(&keyboard).starts_with(&format!("{leader} leads term 1.")),
        "{}",
        shown(&keyboard)
    );
    keyboard.press("n");
    assert!(shown(&keyboard).contains("crash the leader"));
    keyboard.press("c").wait(33);
    assert!(shown(&keyboard).contains("crash the leader"));
    keyboard.press("r");
    assert!(shown(&keyboard).contains("prepared scenes"));
    keyboard.press("PgUp").wait(99);
    assert!(
        shown(&keyboard).contains("crash the leader"),
        "who turns back is left alone"
    );
    keyboard.press("Esc");
    assert!(keyboard.app.scene().view.notes.hidden);
}

#[test]
fn an_answer_is_held_until_somebody_wants_to_know() {
    let asks = Note {
        answer: Some("S3".to_owned()),
        ..Note::from("Who wins?")
    };
    let mut notes = Notes {
        steps: vec![asks, "Run it".into()],
        ..Notes::default()
    };
    let shown = |notes: &Notes| notes.steps[notes.current].shown(notes.is_answered).to_owned();
    assert_eq!(shown(&notes), "Who wins?");
    let turned = [
        (Step::Forward, "S3"),
        (Step::Back, "Who wins?"),
        (Step::Forward, "S3"),
        (Step::Forward, "Run it"),
        (Step::Forward, "Run it"),
        (Step::Back, "Who wins?"),
    ];
    for (step, expected) in turned {
        notes.turn(step);
        assert_eq!(shown(&notes), expected);
    }
}

#[test]
fn a_step_that_waits_turns_when_what_it_waits_for_has_happened() {
    let mut keyboard = Keyboard::new(3, 1);
    let waits = Note {
        until: Some("you crash and S1 is down".parse().unwrap()),
        ..Note::from("Crash S1")
    };
    keyboard.app.show_steps(vec![waits, "So".into()]);
    let current = |keyboard: &Keyboard| keyboard.app.scene().view.notes.current;
    keyboard.press("2 c").wait(99);
    assert_eq!(current(&keyboard), 0, "another one is down");
    keyboard.press("1 c").wait(99);
    assert_eq!(current(&keyboard), 1);
    keyboard.press("PgUp").wait(99);
    assert_eq!(current(&keyboard), 0, "who turns back is left alone");
}

/// Who is to predict what comes next has the time to read.
#[test]
fn time_stands_where_a_note_turns_by_itself() {
    let mut keyboard = Keyboard::new(3, 1);
    let waits = Note {
        until: Some("a leader".parse().unwrap()),
        ..Note::from("Run to an election")
    };
    keyboard.app.show_steps(vec![waits, "And now?".into()]);
    let view = |keyboard: &Keyboard| {
        let view = keyboard.app.scene().view;
        (view.notes.current, view.pace)
    };
    keyboard.press("Space").wait(20_000);
    assert_eq!(view(&keyboard), (1, Pace::Paused));
    assert!(keyboard.app.scene().snapshot.leaders().len() == 1);
    keyboard.press("Space");
    assert_eq!(view(&keyboard), (1, Pace::Running));
}
