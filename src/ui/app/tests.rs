mod because;
mod clients;
mod disk;
mod filter;
mod hand;
mod links;
mod point;
mod presenter;
mod sharing;
mod travel;

use super::*;
use crate::playground::{Command, Condition, RoleView};
use crate::ui::testing::{Keyboard, key};
use crate::ui::view::Overlay;

fn leader(keyboard: &Keyboard) -> NodeId {
    keyboard.app.scene().snapshot.leaders()[0].id
}

fn commands(keyboard: &Keyboard) -> Vec<Command> {
    let commands = keyboard.app.session.commands().iter();
    commands.map(|timed| timed.command.clone()).collect()
}

/// The screen at a size.
fn screen(keyboard: &mut Keyboard, width: u16, height: u16) -> String {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    keyboard
        .app
        .update(Action::Resize(crate::ui::action::Size { width, height }));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let help = crate::ui::keymap::help();
    terminal.draw(|frame| keyboard.app.draw(&help, frame)).unwrap();
    terminal.backend().to_string()
}

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
fn n_proposes_one_after_the_other_to_the_leader() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let leader = leader(&keyboard);
    keyboard.press("0 n n");
    assert_eq!(keyboard.toast(), "");
    let propose = |command: &str| Command::Propose {
        to: Some(leader),
        command: command.to_owned(),
    };
    assert_eq!(commands(&keyboard), [propose("x=1"), propose("x=2")]);
}

#[test]
fn n_at_a_follower_goes_to_the_leader_and_says_so() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let leader = leader(&keyboard);
    let follower = if leader == NodeId::new(1) { "2" } else { "1" };
    keyboard.press(follower).press("n");
    let term = keyboard.app.scene().snapshot.leaders()[0].term;
    assert_eq!(keyboard.toast(), format!("x=1 goes to {leader}, term {term}"));
}

#[test]
fn n_without_a_leader_says_what_to_do() {
    let mut keyboard = Keyboard::new(3, 1);
    keyboard.press("n");
    assert_eq!(
        keyboard.toast(),
        "no leader to propose to; wait for an election, or name a node"
    );
}

#[test]
fn n_goes_on_after_what_a_loaded_log_holds() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("n n n").press("s").type_in("three").press("Enter");
    assert_eq!(keyboard.toast(), "saved as /memory/three");
    keyboard.press("o Enter n");
    let last = commands(&keyboard).pop();
    assert!(
        matches!(&last, Some(Command::Propose { command, .. }) if command == "x=4"),
        "{last:?}"
    );
}

#[test]
fn a_value_is_typed() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("N").type_in("set y 7").press("Enter");
    assert!(matches!(&commands(&keyboard)[..], [Command::Propose { command, .. }] if command == "set y 7"));
    keyboard.press("N Enter");
    assert_eq!(keyboard.toast(), "nothing to propose; try x=7");
}

#[test]
fn a_crashed_leader_stays_selected_and_is_brought_back() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let first = leader(&keyboard);
    keyboard.press("c");
    let scene = keyboard.app.scene();
    assert_eq!(scene.snapshot.node(first).unwrap().condition, Condition::Down);
    assert_eq!(scene.view.selected(scene.snapshot), Some(first));
    keyboard.press("r f");
    let condition = |keyboard: &Keyboard| keyboard.app.scene().snapshot.node(first).unwrap().condition;
    assert_eq!(condition(&keyboard), Condition::Frozen);
    keyboard.press("r");
    assert_eq!(condition(&keyboard), Condition::Up);
    keyboard.press("r");
    assert_eq!(keyboard.toast(), format!("{first} is up"));
    assert_eq!(
        commands(&keyboard),
        [
            Command::Crash(first),
            Command::Restart(first),
            Command::Freeze(first),
            Command::Thaw(first)
        ],
        "what was refused is not kept"
    );
}

#[test]
fn the_selected_node_is_parted_from_all_others_by_p_enter() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    keyboard.press("3 p Enter");
    let ids = |numbers: &[u64]| numbers.iter().copied().map(NodeId::new).collect::<Vec<_>>();
    assert_eq!(
        commands(&keyboard),
        [Command::Partition(vec![ids(&[3]), ids(&[1, 2, 4, 5])])]
    );
    keyboard.press("h");
    assert!(keyboard.app.scene().snapshot.cut.is_empty());
}

#[test]
fn digits_move_nodes_between_groups() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    keyboard.press("1 p 2 | 5 9 Enter");
    let ids = |numbers: &[u64]| numbers.iter().copied().map(NodeId::new).collect::<Vec<_>>();
    assert_eq!(
        commands(&keyboard),
        [Command::Partition(vec![ids(&[1, 2]), ids(&[3, 4]), ids(&[5])])]
    );
}

#[test]
fn a_partition_that_parts_nobody_is_refused() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("1 p 2 3 Enter");
    assert_eq!(
        keyboard.toast(),
        "all nodes are in one group; move some with their digits"
    );
    assert!(matches!(
        keyboard.app.scene().view.overlay,
        Some(Overlay::Partition(_))
    ));
}

#[test]
fn x_cuts_and_mends_both_ways_and_shift_x_one_way() {
    let (one, four) = (NodeId::new(1), NodeId::new(4));
    let mut keyboard = Keyboard::with_leader(5, 1);
    keyboard.press("1 x 4 x 4 X 4 X 4 x 1");
    assert_eq!(keyboard.toast(), "S1 has no link to itself");
    assert_eq!(
        commands(&keyboard),
        [
            Command::Cut { from: one, to: four },
            Command::Mend { from: one, to: four },
            Command::CutOneWay { from: one, to: four },
            Command::MendOneWay { from: one, to: four },
        ]
    );
}

#[test]
fn zero_walks_through_several_leaders() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let old = leader(&keyboard);
    keyboard
        .press("0 p Enter Space")
        .type_in(":speed 10")
        .press("Enter")
        .wait(2_000)
        .press("Space");
    let leaders = keyboard
        .app
        .scene()
        .snapshot
        .leaders()
        .iter()
        .map(|node| node.id)
        .collect::<Vec<_>>();
    assert_eq!(leaders.len(), 2);
    let selected = |keyboard: &Keyboard| keyboard.app.scene().view.selected(keyboard.app.scene().snapshot);
    assert_eq!(selected(&keyboard), Some(old));
    keyboard.press("0");
    assert_eq!(selected(&keyboard), Some(leaders[0]));
    keyboard.press("0");
    assert_eq!(selected(&keyboard), Some(old));
    keyboard.press("Esc Esc");
    assert_eq!(
        selected(&keyboard),
        Some(leaders[0]),
        "Esc follows the leader of the highest term"
    );
}

#[test]
fn arrows_go_round_the_nodes() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let selected = |keyboard: &Keyboard| keyboard.app.scene().view.selected(keyboard.app.scene().snapshot);
    keyboard.press("1 ←");
    assert_eq!(selected(&keyboard), Some(NodeId::new(3)));
    keyboard.press("→");
    assert_eq!(selected(&keyboard), Some(NodeId::new(1)));
}

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
    const KEYS: [&str; 52] = [
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
    ];
    let mut keyboard = Keyboard::new(5, 7);
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
        assert!(scene.view.selected(scene.snapshot).is_some());
        let _ = keymap::bar(&scene, 80);
        let _ = keyboard.app.rests_for();
    }
    let is_leader = |role: &RoleView| matches!(role, RoleView::Leader { .. });
    assert!(
        keyboard.app.session.story().len() > 10,
        "{}",
        keyboard.last_line()
    );
    let _ = keyboard
        .app
        .scene()
        .snapshot
        .nodes
        .iter()
        .filter(|node| is_leader(&node.role))
        .count();
}
