//! Time: when it runs, when it rests, and how it comes to the next line.

use super::*;

#[test]
fn a_paused_program_rests_for_ever() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    keyboard.wait(5_000);
    assert_eq!(keyboard.app.rests_for(), None);
    let before = keyboard.app.scene().snapshot.now;
    keyboard.wait(10_000);
    assert_eq!(keyboard.app.scene().snapshot.now, before);
    keyboard.press("Space");
    assert_eq!(keyboard.app.rests_for(), Some(FRAME));
}

#[test]
fn a_cluster_in_which_nothing_is_due_rests_even_when_it_runs() {
    let mut keyboard = Keyboard::new(1, 1);
    keyboard.press("Space 1 c");
    assert_eq!(keyboard.app.rests_for(), None, "{}", keyboard.toast());
    keyboard.press("r");
    assert!(keyboard.app.rests_for().is_some());
}

#[test]
fn a_toast_goes_by_itself_and_then_all_rests() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("9");
    assert_eq!(keyboard.toast(), "there is no S9; the nodes are S1 to S3");
    assert_eq!(keyboard.app.rests_for(), Some(TOAST));
    keyboard.wait(4_100);
    assert_eq!(keyboard.toast(), "");
    assert_eq!(keyboard.app.rests_for(), None);
}

#[test]
fn an_open_overlay_holds_time_and_closing_it_lets_it_run_again() {
    for open in ["p", "x", ":", "?", "o", "s", "N", "Enter"] {
        let mut keyboard = Keyboard::with_leader(3, 1);
        keyboard.press("Space").press(open);
        assert!(keyboard.app.scene().view.overlay.is_some(), "{open}");
        assert!(!keyboard.app.runs(), "{open}");
        keyboard.press("Esc");
        assert!(keyboard.app.runs(), "{open}");
    }
}

#[test]
fn the_next_line_stops_behind_one_line() {
    let mut keyboard = Keyboard::new(5, 1);
    let before = keyboard.app.scene().story.len();
    for more in 1..=5 {
        keyboard.press("↓").wait(5_000);
        assert_eq!(keyboard.app.scene().story.len(), before + more);
        assert_eq!(keyboard.app.scene().view.pace, Pace::Paused);
    }
}

#[test]
fn asking_again_on_the_way_to_a_line_arrives_at_once() {
    let mut keyboard = Keyboard::new(5, 1);
    let lines = keyboard.app.scene().story.len();
    keyboard.press("↓").wait(33).press("↓").wait(33).press("↓");
    assert_eq!(keyboard.app.scene().story.len(), lines + 2);
}

#[test]
fn a_search_for_a_line_gives_up_when_there_are_only_heartbeats() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let before = keyboard.app.scene().snapshot.now;
    for _ in 0..20 {
        keyboard.press("↓").wait(4_000);
    }
    assert_eq!(keyboard.app.scene().view.pace, Pace::Paused);
    keyboard.press("↓");
    for _ in 0..200 {
        keyboard.app.tick(Duration::from_millis(33));
        if keyboard.app.scene().view.pace == Pace::Paused {
            break;
        }
    }
    assert_eq!(keyboard.toast(), "nothing but heartbeats for 2 s");
    assert!(keyboard.app.scene().snapshot.now > before);
}

#[test]
fn why_walks_through_the_story() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let newest = keyboard.app.scene().story.len() - 1;
    let line = |keyboard: &Keyboard| match keyboard.app.scene().view.overlay {
        Some(Overlay::Why(line)) => Some(line),
        _ => None,
    };
    keyboard.press("Enter");
    assert_eq!(line(&keyboard), Some(newest));
    keyboard.press("↑ ↑ ↓");
    assert_eq!(line(&keyboard), Some(newest - 1));
    keyboard.press("↓ ↓ ↓");
    assert_eq!(line(&keyboard), Some(newest));
    keyboard.press("Enter");
    assert_eq!(line(&keyboard), None);
}

#[test]
fn minus_and_plus_take_over_from_auto_and_a_gives_back() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let speed = |keyboard: &Keyboard| keyboard.app.scene().view.speed;
    let times = |numerator, denominator| Speed::Times {
        numerator,
        denominator,
    };
    keyboard.press("a -");
    assert_eq!(speed(&keyboard), times(1, 10));
    keyboard.press("=");
    assert_eq!(speed(&keyboard), times(1, 8));
    for _ in 0..30 {
        keyboard.press("+");
    }
    assert_eq!(speed(&keyboard), Speed::Max);
    for _ in 0..30 {
        keyboard.press("-");
    }
    assert_eq!(speed(&keyboard), times(1, 1000));
    keyboard.press("a");
    assert_eq!(speed(&keyboard), Speed::Auto);
}

#[test]
fn a_broken_promise_stops_time_until_somebody_lets_it_go_on() {
    let mut keyboard = Keyboard::new(5, 3);
    keyboard.type_in(":break one-vote-per-term").press("Enter");
    keyboard.type_in(":speed max").press("Enter Space");
    for _ in 0..400 {
        if keyboard.app.scene().view.violation.is_some() {
            break;
        }
        keyboard.press("t").wait(33);
    }
    let banner = keyboard
        .app
        .scene()
        .view
        .violation
        .clone()
        .expect("two leaders in a term");
    assert!(banner.property.contains(' '), "{}", banner.property);
    assert_eq!(keyboard.app.scene().view.pace, Pace::Paused);
    assert!(!keyboard.app.runs());
    keyboard.press("Space");
    assert_eq!(keyboard.app.scene().view.violation, None);
}
