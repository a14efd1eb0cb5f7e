//! What `n` and `N` propose, and where.

use super::*;

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
