//! Time travel by keys.

use super::{leader, screen};
use crate::playground::{Command, StoryLine};
use crate::ui::action::Action;
use crate::ui::testing::Keyboard;
use crate::ui::view::{Overlay, Pace};

fn hash(keyboard: &Keyboard) -> u128 {
    keyboard.app.scene().snapshot.trace_hash
}

fn story(keyboard: &Keyboard) -> Vec<StoryLine> {
    keyboard.app.scene().story.to_vec()
}

fn here(keyboard: &Keyboard) -> Option<usize> {
    let scene = keyboard.app.scene();
    scene.journey.here(scene.story.len())
}

fn say(keyboard: &mut Keyboard, words: &str) {
    keyboard.press(":").type_in(words).press("Enter");
}

/// Presses a key until the line is reached, and sees the world as it was there. One event may have told several lines.
fn walk(keyboard: &mut Keyboard, key: &str, (line, expected): (Option<usize>, u128)) {
    for _ in 0..4 {
        keyboard.press(key);
        if here(keyboard) == line {
            break;
        }
    }
    assert_eq!((here(keyboard), hash(keyboard)), (line, expected));
}

#[test]
fn lines_are_walked_back_and_forth() {
    let mut keyboard = Keyboard::new(3, 1);
    let mut passed = Vec::new();
    // So many lines come before there are only heartbeats.
    for _ in 0..8 {
        keyboard.press("↓").wait(5_000);
        passed.push((here(&keyboard), hash(&keyboard)));
    }
    let whole = story(&keyboard);
    for &expected in passed.iter().rev().skip(1) {
        walk(&mut keyboard, "k", expected);
        assert!(keyboard.app.scene().journey.past.is_some());
        assert_eq!(story(&keyboard), whole);
    }
    for &expected in &passed[1..] {
        walk(&mut keyboard, "j", expected);
    }
    assert_eq!(keyboard.app.scene().journey.past, None);
    keyboard.press("↓").wait(5_000);
    assert_eq!(
        story(&keyboard).len(),
        whole.len() + 1,
        "beyond the end it is searched for"
    );
}

#[test]
fn what_is_known_runs_again_and_beyond() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard
        .press("n")
        .press("Space")
        .wait(2_000)
        .press("Space 0 c Space")
        .wait(3_000)
        .press("Space");
    let (whole, end) = (story(&keyboard), keyboard.app.scene().snapshot.now);
    keyboard.press("Home");
    assert_eq!(here(&keyboard).map_or(0, |line| whole[line].at.nanos()), 0);
    assert!(keyboard.app.session.commands().is_empty());
    keyboard.press("Space").wait(200);
    assert!(keyboard.app.scene().journey.past.is_some());
    say(&mut keyboard, "speed 10");
    keyboard.wait(3_000).press("Space");
    assert!(keyboard.app.scene().snapshot.now > end);
    assert_eq!(keyboard.app.session.commands().len(), 2);
    assert_eq!(story(&keyboard)[..whole.len()], whole);
}

#[test]
fn a_deed_in_the_past_begins_a_branch_and_the_other_can_be_returned_to() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let lead = leader(&keyboard);
    keyboard.press("n Space").wait(2_000).press("Space");
    let (whole, end) = (story(&keyboard), hash(&keyboard));
    keyboard.press("< <");
    let (before, line) = (hash(&keyboard), here(&keyboard).unwrap());
    keyboard.press("c");
    let now = keyboard.app.scene().snapshot.now;
    let toast = format!("branch b1 begins at {now} s; :branch main returns, :compare main shows both");
    assert_eq!(keyboard.toast(), toast);
    assert_eq!(keyboard.app.scene().journey.past, None);
    assert_eq!(story(&keyboard)[..=line], whole[..=line]);
    assert_eq!(keyboard.last_line(), format!("you crash {lead}"));
    keyboard.press("Space").wait(8_000).press("Space");
    let (other, other_end) = (story(&keyboard), hash(&keyboard));
    say(&mut keyboard, "branch main");
    assert_eq!((story(&keyboard), hash(&keyboard)), (whole.clone(), end));
    say(&mut keyboard, "branch b1");
    assert_eq!((story(&keyboard), hash(&keyboard)), (other, other_end));
    keyboard.press("u");
    assert_eq!(hash(&keyboard), before);
    say(&mut keyboard, "branch nowhere");
    assert!(
        keyboard.toast().contains("there is no branch"),
        "{}",
        keyboard.toast()
    );
    // A branch of the branch has the story of both.
    keyboard.press("n");
    assert_eq!(keyboard.app.scene().journey.branch.to_string(), "b2");
    let third = story(&keyboard);
    say(&mut keyboard, "branch main");
    say(&mut keyboard, "branch b2");
    assert_eq!(story(&keyboard), third);
}

#[test]
fn an_action_is_taken_back_and_returned_to() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("u");
    assert_eq!(keyboard.toast(), "nothing was done before this");
    let before = hash(&keyboard);
    keyboard.press("c Space").wait(3_000).press("Space");
    let after = hash(&keyboard);
    keyboard.press("u");
    assert_eq!(hash(&keyboard), before);
    assert!(keyboard.toast().starts_with("back to "), "{}", keyboard.toast());
    assert!(keyboard.toast().ends_with(" · U returns"), "{}", keyboard.toast());
    assert!(
        keyboard.toast().contains("before: you crash S"),
        "{}",
        keyboard.toast()
    );
    keyboard.press("U");
    assert_eq!(hash(&keyboard), after);
    assert_eq!(keyboard.app.scene().journey.past, None);
    keyboard.press("U");
    assert_eq!(keyboard.toast(), "nothing was taken back");
}

/// Time that goes on where an action was taken back goes on without it; what was is a branch.
#[test]
fn what_was_taken_back_has_not_happened() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("c Space").wait(3_000).press("Space");
    let crashed = hash(&keyboard);
    keyboard.press("u Space").wait(100);
    assert!(
        keyboard.toast().starts_with("branch b1 begins"),
        "{}",
        keyboard.toast()
    );
    keyboard.wait(3_000).press("Space");
    assert!(keyboard.app.session.commands().is_empty());
    assert!(
        keyboard
            .app
            .scene()
            .snapshot
            .nodes
            .iter()
            .all(crate::playground::NodeView::is_up)
    );
    assert_eq!(keyboard.app.scene().journey.branches.len(), 2);
    say(&mut keyboard, "branch main");
    assert_eq!(hash(&keyboard), crashed);
    // Who only looks at another moment after that runs what is known.
    keyboard.press("u Home Space").wait(100).press("Space");
    assert_eq!(keyboard.app.scene().journey.branch.to_string(), "main");
    assert!(keyboard.app.scene().journey.past.is_some());
}

#[test]
fn marks_and_both_ends_are_gone_to() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let end = hash(&keyboard);
    keyboard.press("<");
    let marked = here(&keyboard).unwrap();
    assert!(keyboard.app.scene().story[marked].mark.is_some());
    keyboard.press("< < < < < < <");
    assert_eq!(keyboard.app.scene().snapshot.now.nanos(), 0);
    let mut marks = 0;
    while keyboard.app.scene().journey.past.is_some() {
        keyboard.press(">");
        marks += 1;
        assert!(marks < 20);
    }
    assert_eq!(hash(&keyboard), end);
    keyboard.press("Home End");
    assert_eq!(hash(&keyboard), end);
}

#[test]
fn a_named_moment_and_a_time_are_gone_to() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let end = (hash(&keyboard), keyboard.app.scene().snapshot.now);
    say(&mut keyboard, "go 0.5");
    assert_eq!(keyboard.app.scene().snapshot.now.nanos(), 500_000_000);
    let half = hash(&keyboard);
    say(&mut keyboard, "bookmark half");
    keyboard.press("n End");
    say(&mut keyboard, "go half");
    assert_eq!(hash(&keyboard), half);
    say(&mut keyboard, "go 1000");
    assert_eq!((hash(&keyboard), keyboard.app.scene().snapshot.now), end);
    say(&mut keyboard, "go nowhere");
    assert!(keyboard.toast().contains("neither"), "{}", keyboard.toast());
}

#[test]
fn who_asks_why_in_the_past_is_told_of_the_past() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("↑ ↑");
    let line = here(&keyboard).unwrap();
    keyboard.press("Enter");
    assert!(matches!(keyboard.app.scene().view.overlay, Some(Overlay::Why(shown)) if shown == line));
}

#[test]
fn going_back_holds_time() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("Space").wait(200).press("↑");
    assert_eq!(keyboard.app.scene().view.pace, Pace::Paused);
}

#[test]
fn a_broken_promise_is_broken_again() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let rule = crate::consensus::Rule::OneVotePerTerm;
    keyboard.app.update(Action::Do(Command::Break(rule)));
    keyboard.press("c");
    keyboard.app.update(Action::Do(Command::TieTimers(Vec::new())));
    say(&mut keyboard, "speed 10");
    keyboard.press("Space").wait(4_000);
    assert!(
        keyboard.app.scene().view.violation.is_some(),
        "both that are left vote for each other"
    );
    let (broken, banner) = (hash(&keyboard), keyboard.app.scene().view.violation.clone());
    keyboard.press("↑ ↑ ↑ ↑");
    assert_eq!(keyboard.app.scene().view.violation, None);
    keyboard.press("Space").wait(4_000);
    assert_eq!(hash(&keyboard), broken);
    assert_eq!(keyboard.app.scene().view.violation, banner);
}

#[test]
fn the_past_is_seen_to_be_past() {
    let mut keyboard = Keyboard::with_leader(5, 42);
    keyboard
        .press("Esc Esc n Space")
        .wait(2_000)
        .press("Space < < ↑ Esc");
    insta::assert_snapshot!("the_past_80x24", screen(&mut keyboard, 80, 24));
    insta::assert_snapshot!("the_past_120x34", screen(&mut keyboard, 120, 34));
    keyboard.press("f");
    insta::assert_snapshot!("a_branch_begins_80x24", screen(&mut keyboard, 80, 24));
    keyboard.press("u :").type_in("branches").press("Enter");
    insta::assert_snapshot!("the_branches_80x24", screen(&mut keyboard, 80, 24));
}

fn compared(keyboard: &Keyboard) -> &crate::ui::compare::Comparison {
    match &keyboard.app.scene().view.overlay {
        Some(Overlay::Compare(comparison)) => comparison,
        _ => panic!("two branches are compared: {}", keyboard.toast()),
    }
}

/// The same run, but for one crash: side by side, at the same time; and nothing of what is shown has moved.
#[test]
fn two_branches_are_compared_side_by_side() {
    let mut keyboard = Keyboard::with_leader(5, 42);
    keyboard.press("Esc Esc n Space").wait(6_000).press("Space");
    let end = keyboard.app.scene().snapshot.now;
    keyboard.press("< <");
    let parted = keyboard.app.scene().snapshot.now;
    keyboard.press("c");
    say(&mut keyboard, "speed 10");
    keyboard.press("Space").wait(3_000).press("Space u U");
    let before = (story(&keyboard), hash(&keyboard), here(&keyboard));
    assert!(
        keyboard.app.scene().snapshot.now > end,
        "main is run on for as long"
    );
    say(&mut keyboard, "compare main");
    insta::assert_snapshot!("compared_80x24", screen(&mut keyboard, 80, 24));
    insta::assert_snapshot!("compared_120x34", screen(&mut keyboard, 120, 34));
    let comparison = compared(&keyboard);
    let [branch, main] = &comparison.sides;
    assert_eq!(
        (branch.branch.to_string(), main.branch.to_string()),
        ("b1".to_owned(), "main".to_owned())
    );
    assert_eq!(branch.snapshot.now, main.snapshot.now);
    assert_eq!(branch.snapshot.trace_hash, before.1);
    assert_eq!(
        comparison.parted_at(),
        Some(parted),
        "the crash is the first difference"
    );
    // Back to where the crash is the only line that differs, then on again.
    for _ in 0..200 {
        keyboard.press("↑");
    }
    let comparison = compared(&keyboard);
    assert!(comparison.at() < parted);
    assert!(comparison.told(0).iter().all(|(_, is_shared)| *is_shared));
    assert_eq!(
        comparison.sides[0].snapshot.trace_hash,
        comparison.sides[1].snapshot.trace_hash
    );
    while compared(&keyboard).at() < parted {
        keyboard.press("↓");
    }
    assert_ne!(
        compared(&keyboard).sides[0].snapshot.trace_hash,
        compared(&keyboard).sides[1].snapshot.trace_hash
    );
    keyboard.press("Esc");
    assert_eq!((story(&keyboard), hash(&keyboard), here(&keyboard)), before);
    say(&mut keyboard, "compare main");
    keyboard.press("Enter");
    assert_eq!(keyboard.app.scene().journey.branch.to_string(), "main");
    say(&mut keyboard, "compare main");
    assert!(
        keyboard.toast().contains("is the branch that is shown"),
        "{}",
        keyboard.toast()
    );
    say(&mut keyboard, "compare b7");
    assert!(
        keyboard.toast().contains("no branch `b7`"),
        "{}",
        keyboard.toast()
    );
}

/// A click on the time line goes to what it shows there, and the end to the end.
#[test]
fn the_time_line_is_clicked() {
    use crate::ui::action::Place;
    let mut keyboard = Keyboard::with_leader(3, 1);
    screen(&mut keyboard, 120, 34);
    let end = keyboard.app.scene().snapshot.now;
    let click = |keyboard: &mut Keyboard, column| {
        let place = Place { column, row: 32 };
        keyboard.app.update(Action::Press(place));
        keyboard.app.update(Action::Release(place));
    };
    click(&mut keyboard, 3);
    assert_eq!(keyboard.app.scene().snapshot.now.nanos(), 0);
    click(&mut keyboard, 30);
    let between = keyboard.app.scene().snapshot.now;
    assert!(between.nanos() > 0 && between < end);
    for column in 3..200 {
        click(&mut keyboard, column);
    }
    assert_eq!(keyboard.app.scene().snapshot.now, end);
    click(&mut keyboard, 0);
    assert_eq!(keyboard.app.scene().snapshot.now, end);
}
