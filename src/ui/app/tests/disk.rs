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
    shows(&mut keyboard, (80, 24), &["x=1   not on disk", "·   on disk"]);
    insta::assert_snapshot!("disk_80x24", super::screen(&mut keyboard, 80, 24));
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
    super::screen(&mut keyboard, 120, 34);
    for (fault, word, sentence) in [
        ("fails", "disk fails", "syncs fail: the next write stops"),
        ("mended", "", "nothing; :disk"),
        ("full", "disk full", "it is full: the next write stops"),
    ] {
        keyboard.press(&format!("{other} :"));
        keyboard.type_in(&format!("disk {other} {fault}")).press("Enter");
        keyboard.app.update(Action::ShowTab(Tab::Disk));
        shows(&mut keyboard, (120, 34), &[word, sentence]);
    }
}
