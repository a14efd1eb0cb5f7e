//! The tab of the selected node's disk.

use super::leader;
use crate::ui::action::Action;
use crate::ui::testing::Keyboard;
use crate::ui::view::Tab;

fn shows(keyboard: &mut Keyboard, size: (u16, u16), wanted: &[&str]) {
    let screen = super::screen(keyboard, size.0, size.1);
    for wanted in wanted {
        assert!(screen.contains(wanted), "{wanted} in\n{screen}");
    }
}

/// What the tab says is at risk is what a power cut takes, and nothing else.
#[test]
fn what_a_power_cut_would_take_is_what_it_takes() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let lead = leader(&keyboard);
    keyboard.app.update(Action::ShowTab(Tab::Disk));
    keyboard.press("0");
    for size in [(120, 34), (80, 24)] {
        keyboard.app.update(Action::ShowTab(Tab::Disk));
        shows(
            &mut keyboard,
            size,
            &[
                "nothing: all through 1 is synced",
                "nothing: every write is synced",
            ],
        );
    }
    keyboard.press("n");
    let title = format!("Disk of {lead}");
    let wanted = [
        "entry 2: not synced yet",
        "its answers wait for it",
        title.as_str(),
    ];
    for size in [(120, 34), (80, 24)] {
        shows(&mut keyboard, size, &wanted);
    }
    let below = ["a power cut now may take what is below", "2 x=1 (term 1)"];
    shows(&mut keyboard, (80, 24), &below);
    insta::assert_snapshot!("disk_80x24", super::screen(&mut keyboard, 80, 24));
    insta::assert_snapshot!("disk_200x50", super::screen(&mut keyboard, 200, 50));
    keyboard.press("C");
    let scene = keyboard.app.scene();
    let node = scene.snapshot.node(lead).unwrap();
    assert_eq!((node.log.last_index().number(), node.disk.unsynced), (1, 0));
    shows(
        &mut keyboard,
        (80, 24),
        &["nothing: all through 1 is synced", "nothing: it is down"],
    );
}

#[test]
fn a_disk_that_is_ill_is_seen_on_the_ring_and_in_its_tab() {
    let mut keyboard = Keyboard::with_leader(5, 1);
    let lead = leader(&keyboard);
    let other = if lead.number() == 2 { 3 } else { 2 };
    super::screen(&mut keyboard, 200, 50);
    for (fault, word, sentence) in [
        ("fails", "disk fails", "syncs fail: the next write stops"),
        ("mended", "", "nothing; :disk"),
        ("full", "disk full", "it is full: the next write stops"),
    ] {
        keyboard.press(&format!("{other} :"));
        keyboard.type_in(&format!("disk {other} {fault}")).press("Enter");
        keyboard.app.update(Action::ShowTab(Tab::Disk));
        shows(&mut keyboard, (200, 50), &[word, sentence]);
    }
}

/// What stands below the line goes in a power cut, and all that stands above it stays, to the byte.
#[test]
fn what_stands_above_the_line_survives() {
    let mut keyboard = Keyboard::with_leader(3, 4);
    let lead = leader(&keyboard);
    for _ in 0..3 {
        keyboard
            .press("n")
            .type_in(":speed 1")
            .press("Enter")
            .press("Space");
        keyboard.wait(200);
        keyboard.press("Space");
    }
    keyboard.app.update(Action::ShowTab(Tab::Disk));
    keyboard.press("0 n n");
    let records = |keyboard: &Keyboard| keyboard.app.scene().disk.expect("the tab is shown").clone();
    let before = records(&keyboard);
    let safe = before.safe();
    assert!(0 < safe && safe < before.writes.len(), "{before:?}");
    assert_eq!(before.writes.len() - safe, 2, "each proposal is a write");
    let sequences: Vec<u64> = before
        .writes
        .iter()
        .map(|write| write.sequence.unwrap().number())
        .collect();
    assert!(
        sequences.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "{sequences:?}"
    );
    let node = keyboard.app.scene().snapshot.node(lead).unwrap();
    let under_way: Vec<u64> = node
        .writes
        .iter()
        .map(|(sequence, _)| sequence.number())
        .collect();
    assert_eq!(under_way, sequences[safe..]);
    assert_eq!(before.bytes_at_risk(), node.disk.unsynced);
    keyboard.press("C");
    let after = records(&keyboard);
    assert!(after.writes.len() >= safe, "{after:?}");
    for (after, before) in after.writes.iter().zip(&before.writes[..safe]) {
        assert_eq!((&after.records, &after.place), (&before.records, &before.place));
    }
    assert_eq!(after.safe(), after.writes.len(), "what survives is durable");
}

/// The newest are in view; `[` goes back to the first, `]` to the newest again.
#[test]
fn records_scroll_to_the_first_and_back() {
    let mut keyboard = Keyboard::with_leader(3, 4);
    keyboard.type_in(":speed 1").press("Enter");
    for _ in 0..12 {
        keyboard.press("n Space");
        keyboard.wait(100);
        keyboard.press("Space");
    }
    for size in [(80, 24), (120, 15), (120, 34), (200, 50)] {
        super::screen(&mut keyboard, size.0, size.1);
        keyboard.app.update(Action::ShowTab(Tab::Disk));
        keyboard.press("0");
        shows(&mut keyboard, size, &["x=12", "all above is durable"]);
        let mut turns = 0;
        while !super::screen(&mut keyboard, size.0, size.1).contains("ballot") {
            keyboard.press("[");
            turns += 1;
            assert!(turns < 20, "the ballot of term 1 is the first record");
        }
        for _ in 0..turns {
            keyboard.press("]");
        }
        shows(&mut keyboard, size, &["x=12", "all above is durable"]);
        keyboard.press("Esc");
        keyboard.app.update(Action::Zoom(None));
    }
}
