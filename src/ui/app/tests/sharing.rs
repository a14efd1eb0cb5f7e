//! What goes out of the program, and what comes in: share codes, diagrams, the journal, homework.

use super::*;
use crate::types::VirtualTime;
use crate::ui::library::Recording;

#[test]
fn y_puts_a_code_into_the_clipboard_and_words_put_it_into_a_file() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("n y");
    assert_eq!(keyboard.app.take_wish(), Some(Wish::Copy("code of 1".to_owned())));
    assert!(
        keyboard.toast().contains("raft-play --share"),
        "{}",
        keyboard.toast()
    );
    assert_eq!(
        keyboard.app.shared(),
        Some("code of 1"),
        "told on leaving as well"
    );
    keyboard.type_in(":share run.txt").press("Enter");
    assert_eq!(keyboard.app.take_wish(), None);
    let library = keyboard.library.0.borrow();
    assert_eq!(library.texts["run.txt"], "raft-play --share code of 1\n");
}

/// Whoever gets a code has the whole run, and can go on from there or go back.
#[test]
fn what_somebody_did_is_done_again_to_the_event() {
    let mut theirs = Keyboard::with_leader(5, 3);
    theirs.press("n c ↓ ↓ ↓ n p Enter ↓ ↓ h r ↓ n ↓ ↓");
    theirs.press("Space").wait(500).press("Space");
    let commands = theirs.app.session.commands().to_vec();
    assert!(commands.len() >= 5, "{commands:?}");
    let until = theirs.app.scene().snapshot.now;
    let mut mine = Keyboard::new(5, 3);
    let recording = Recording {
        commands: &commands,
        until,
    };
    assert_eq!(mine.app.replay(recording), Ok(()));
    assert_eq!(
        mine.app.scene().snapshot.trace_hash,
        theirs.app.scene().snapshot.trace_hash
    );
    assert_eq!(mine.app.scene().snapshot.now, until);
    assert_eq!(mine.app.session.commands(), commands);
    assert_eq!(mine.app.scene().story, theirs.app.scene().story);
    assert_eq!(mine.app.scene().view.pace, Pace::Paused);
    mine.press("u");
    assert!(mine.toast().starts_with("back to"), "{}", mine.toast());
    mine.press("U");
    assert_eq!(mine.app.scene().snapshot.now, until);
}

#[test]
fn what_can_not_be_done_again_or_takes_for_ever_is_refused() {
    let restart = crate::playground::TimedCommand {
        at: VirtualTime::from_nanos(1),
        after: 0,
        command: Command::Restart(NodeId::new(1)),
    };
    let until = VirtualTime::from_nanos(2);
    let refused = Keyboard::new(3, 1).app.replay(Recording {
        commands: &[restart],
        until,
    });
    assert!(refused.is_err_and(|sentence| sentence.contains("S1 is up")));
}

#[test]
fn a_task_lets_some_things_be_done_and_others_not() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let leader = leader(&keyboard);
    keyboard.library.0.borrow_mut().forbidden = Some(Command::Crash(leader));
    keyboard.press("c");
    assert_eq!(keyboard.toast(), "that is forbidden here");
    assert!(commands(&keyboard).is_empty() && keyboard.app.scene().snapshot.leaders().len() == 1);
    let command = "x=1".to_owned();
    let to = Some(leader);
    keyboard.library.0.borrow_mut().forbidden = Some(Command::Propose { to, command });
    keyboard.press("n");
    assert_eq!(keyboard.toast(), "that is forbidden here");
    keyboard.press("C");
    assert_eq!(commands(&keyboard), [Command::CutPower(leader)]);
    keyboard.type_in(":grade").press("Enter");
    assert!(
        keyboard.toast().starts_with("1 commands until"),
        "{}",
        keyboard.toast()
    );
    keyboard
        .type_in(":answer 2 because it has a majority")
        .press("Enter");
    let library = keyboard.library.0.borrow();
    assert_eq!(library.answers[&2], "because it has a majority");
}

#[test]
fn a_diagram_is_of_a_stretch_or_of_what_led_here() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let now = keyboard.app.scene().snapshot.now;
    keyboard.type_in(":lamport a.svg").press("Enter");
    keyboard.type_in(":lamport a.svg 0.1..0.25").press("Enter");
    keyboard.type_in(":spacetime a.svg 0.1s..9999").press("Enter");
    let at = |millis: u64| VirtualTime::from_nanos(millis * 1_000_000);
    let recent = VirtualTime::from_nanos(now.nanos() - 300_000_000);
    let expected = [(recent, now), (at(100), at(250)), (at(100), now)];
    assert_eq!(keyboard.library.0.borrow().drawn, expected);
    keyboard.type_in(":lamport a.svg 9998..9999").press("Enter");
    assert!(
        keyboard.toast().contains("has not come yet"),
        "{}",
        keyboard.toast()
    );
    assert_eq!(keyboard.library.0.borrow().drawn.len(), 3);
}

#[test]
fn a_journal_has_what_happens_and_what_is_said_and_only_where_one_is_kept() {
    let mut silent = Keyboard::with_leader(3, 1);
    assert!(silent.app.drain_journal().is_empty());
    silent.app.keep_journal();
    let begun = silent.app.drain_journal();
    assert!(
        begun.iter().any(|line| line.contains("leads term 1")),
        "{begun:?}"
    );
    silent.press("c 9");
    let lines = silent.app.drain_journal();
    assert!(lines.iter().any(|line| line.contains("you crash")), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("! there is no S9")),
        "{lines:?}"
    );
    // What is gone through once more was written down before.
    silent.press("u U");
    let again = silent.app.drain_journal();
    assert!(again.iter().all(|line| line.contains("  - ")), "{again:?}");
}

/// A key can stand for any words.
#[test]
fn words_behind_a_key_are_run_or_say_what_is_wrong() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.app.update(Action::Words("cut 1-2".to_owned()));
    assert_eq!(commands(&keyboard).len(), 1);
    keyboard.app.update(Action::Words("cut 1-9".to_owned()));
    assert!(
        keyboard.toast().contains("there is no S9"),
        "{}",
        keyboard.toast()
    );
}

/// The dialog tells of the chosen save, and of no other.
#[test]
fn the_open_dialog_tells_what_the_chosen_save_holds() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard
        .type_in(":save alpha")
        .press("Enter")
        .type_in(":save beta")
        .press("Enter o");
    let preview = |keyboard: &Keyboard| match &keyboard.app.scene().view.overlay {
        Some(Overlay::Open(dialog)) => dialog.preview.clone(),
        _ => panic!("the dialog is open"),
    };
    assert_eq!(preview(&keyboard), ["what alpha holds"]);
    keyboard.press("↓");
    assert_eq!(preview(&keyboard), ["what beta holds"]);
    keyboard.type_in("alp");
    assert_eq!(preview(&keyboard), ["what alpha holds"]);
    keyboard.type_in("zzz");
    assert_eq!(preview(&keyboard), Vec::<String>::new());
}
