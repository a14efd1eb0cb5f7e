//! Nodes and the links between them, by keys.

use super::*;

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
