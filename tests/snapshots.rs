//! Log compaction in a whole world (§7): snapshots are taken, survive, go over, and hold what the log led to.

#[path = "common/choices.rs"]
mod choices;

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use choices::Choices;
use lab::{Lab, act, compact, id, lab, loaded, run};
use raft_play::playground::{Command, Condition, HostKind, NodeView, PeerView, RoleView};
use raft_play::save;
use raft_play::types::LogIndex;

fn propose(world: &mut Lab, numbers: std::ops::Range<u64>) {
    for number in numbers {
        act(world, lab::propose(None, format!("k{}={number}", number % 5)));
        run(world, 40);
    }
}

/// A cluster of three led by S1.
fn led_by_s1(seed: u64) -> Lab {
    let mut world = lab(3, seed);
    act(&mut world, Command::FireTimer(id(1)));
    run(&mut world, 200);
    assert_eq!(world.leader(), Some(id(1)));
    world
}

fn node(world: &mut Lab, number: u64) -> NodeView {
    world.snapshot().node(id(number)).expect("it exists").clone()
}

fn base(node: &NodeView) -> u64 {
    node.log.base().index.number()
}

fn assert_sound_and_alike(world: &mut Lab) {
    assert_eq!(world.violations(), []);
    let nodes = world.snapshot().nodes;
    for node in &nodes {
        assert_eq!(node.contents, nodes[0].contents, "{}", node.id);
        assert_eq!(node.commit, nodes[0].log.last_index(), "{}", node.id);
    }
}

#[test]
fn at_first_no_snapshot_is_taken() {
    let mut world = led_by_s1(1);
    propose(&mut world, 0..20);
    assert!(world.snapshot().nodes.iter().all(|node| node.snapshot.is_none()));
}

#[test]
fn a_person_can_have_one_taken() {
    let mut world = led_by_s1(1);
    propose(&mut world, 0..3);
    run(&mut world, 100);
    act(&mut world, Command::Snapshot(id(2)));
    assert_eq!(
        node(&mut world, 2).taking.map(|(index, _)| index),
        Some(LogIndex::new(4))
    );
    run(&mut world, 20);
    let second = node(&mut world, 2);
    assert_eq!(
        second.snapshot.map(|snapshot| snapshot.last.index),
        Some(LogIndex::new(4))
    );
    assert_eq!((base(&second), second.log.len()), (4, 0));
    assert_eq!(base(&node(&mut world, 1)), 0, "the others keep their logs");
    assert_sound_and_alike(&mut world);
}

#[test]
fn logs_stay_short_and_keep_what_is_wanted_behind() {
    let mut world = led_by_s1(2);
    act(&mut world, compact(4, 2));
    propose(&mut world, 0..40);
    for node in world.snapshot().nodes {
        assert!(node.log.len() < 10, "{}: {} entries", node.id, node.log.len());
        let snapshot = node.snapshot.expect("it took some");
        assert_eq!(snapshot.last.index.number() - base(&node), 2);
    }
    run(&mut world, 200);
    assert_sound_and_alike(&mut world);
}

#[test]
fn snapshots_go_by_weight_too() {
    let mut world = led_by_s1(2);
    act(
        &mut world,
        Command::Compact {
            entries: None,
            bytes: Some(100),
            keep: 0,
        },
    );
    propose(&mut world, 0..20);
    assert!(world.snapshot().nodes.iter().all(|node| base(node) > 10));
    run(&mut world, 200);
    assert_sound_and_alike(&mut world);
}

#[test]
fn a_node_starts_from_its_snapshot() {
    let mut world = led_by_s1(3);
    act(&mut world, compact(4, 0));
    propose(&mut world, 0..13);
    for number in 1..=3 {
        act(&mut world, Command::CutPower(id(number)));
    }
    let down = node(&mut world, 1);
    assert!(base(&down) >= 4, "its log begins late on disk, too");
    for number in 1..=3 {
        act(&mut world, Command::Restart(id(number)));
        let started = node(&mut world, number);
        let last = started.snapshot.expect("it is on its disk").last.index;
        assert_eq!((started.commit, started.applied), (last, last));
        assert!(!started.contents.is_empty());
    }
    run(&mut world, 3_000);
    propose(&mut world, 13..15);
    run(&mut world, 200);
    assert_sound_and_alike(&mut world);
}

/// A follower that was away for so long that the leader has dropped what it needs.
fn left_behind(seed: u64) -> Lab {
    let mut world = led_by_s1(seed);
    act(&mut world, compact(4, 0));
    act(&mut world, Command::Chunk { bytes: 8 });
    propose(&mut world, 0..2);
    act(&mut world, Command::Crash(id(3)));
    propose(&mut world, 2..20);
    act(&mut world, Command::Restart(id(3)));
    world
}

/// What the leader knows of S3.
fn third(world: &mut Lab) -> PeerView {
    match &node(world, 1).role {
        RoleView::Leader { peers, .. } => peers[&id(3)].clone(),
        RoleView::Follower { .. } | RoleView::PreCandidate { .. } | RoleView::Candidate { .. } => {
            panic!("S1 leads")
        }
    }
}

#[test]
fn a_follower_that_is_left_behind_gets_the_snapshot_in_pieces() {
    for seed in 0..20 {
        let mut world = left_behind(seed);
        let mut received = Vec::new();
        while node(&mut world, 3)
            .snapshot
            .is_none_or(|snapshot| snapshot.last.index.number() < 8)
        {
            received.extend(node(&mut world, 3).incoming.map(|(_, bytes)| bytes));
            assert!(world.step());
        }
        received.dedup();
        assert!(received.len() > 1, "seed {seed}: {received:?}");
        assert!(received.is_sorted());
        run(&mut world, 500);
        assert!(third(&mut world).matched.number() >= 20);
        assert_sound_and_alike(&mut world);
    }
}

#[test]
fn a_transfer_goes_on_after_loss_and_begins_anew_after_a_restart() {
    for seed in 0..10 {
        let mut world = left_behind(seed);
        while node(&mut world, 3).incoming.is_none_or(|(_, bytes)| bytes == 0) {
            assert!(world.step());
        }
        let (_, before) = node(&mut world, 3).incoming.expect("a piece came");
        act(
            &mut world,
            Command::Cut {
                from: id(1),
                to: id(3),
            },
        );
        run(&mut world, 60);
        act(
            &mut world,
            Command::Mend {
                from: id(1),
                to: id(3),
            },
        );
        let after = node(&mut world, 3).incoming.expect("what came stays");
        assert!(after.1 >= before, "seed {seed}");
        act(&mut world, Command::Crash(id(3)));
        act(&mut world, Command::Restart(id(3)));
        assert_eq!(node(&mut world, 3).incoming, None, "pieces are kept in memory");
        run(&mut world, 3_000);
        assert_sound_and_alike(&mut world);
    }
}

#[test]
fn a_server_that_joins_late_gets_a_snapshot_with_the_configuration() {
    let mut world = led_by_s1(4);
    act(&mut world, Command::Join);
    run(&mut world, 300);
    act(&mut world, Command::Promote(id(4)));
    run(&mut world, 300);
    act(&mut world, compact(4, 0));
    propose(&mut world, 0..12);
    act(&mut world, Command::Join);
    run(&mut world, 600);
    let fifth = node(&mut world, 5);
    assert!(base(&fifth) > 0, "it never saw the entries before");
    assert!(fifth.log.configuration().is_voter(id(4)));
    assert_sound_and_alike(&mut world);
}

/// Everything that can happen, with snapshots all the time. Nothing may be broken, and saves hold.
#[test]
fn no_fault_breaks_a_property_where_logs_are_compacted() {
    let mut installs = 0;
    for seed in 0..60 {
        let mut choices = Choices(seed);
        let mut lab = lab(3 + seed % 3, seed);
        act(&mut lab, compact(1 + choices.below(6), choices.below(4)));
        act(
            &mut lab,
            Command::Chunk {
                bytes: 8 + choices.below(40),
            },
        );
        for _ in 0..150 {
            let nodes = lab.snapshot().nodes.len() as u64;
            let command = match choices.command(nodes) {
                Command::Break(_) | Command::Keep(_) => Command::Snapshot(choices.node(nodes)),
                other => other,
            };
            drop(lab.command(command));
            run(&mut lab, choices.below(80));
            let nodes = lab.snapshot().nodes;
            installs += nodes.iter().filter(|node| node.incoming.is_some()).count();
        }
        assert_eq!(lab.violations(), [], "seed {seed}");
        let mut loaded = loaded(&mut lab);
        for world in [&mut lab, &mut loaded] {
            for node in world.snapshot().nodes {
                match node.condition {
                    Condition::Up => {}
                    Condition::Frozen => act(world, Command::Thaw(node.id)),
                    Condition::Down => act(world, Command::Restart(node.id)),
                }
            }
            act(world, Command::Heal);
            run(world, 5_000);
            assert_eq!(world.violations(), [], "seed {seed}");
        }
        assert_eq!(lab.trace_hash(), loaded.trace_hash(), "seed {seed}");
    }
    assert!(installs > 20, "{installs}");
}

/// A save by hand: a snapshot by its keys and values, and a log after it.
/// The same world, with the snapshot that is on its way spoilt.
fn spoilt(world: &mut Lab) -> Lab {
    let save = save::Save {
        title: None,
        notes: Vec::new(),
        image: world.image().expect("every disk works"),
        then: Vec::new(),
    };
    let text = save::render(&save);
    let (before, piece) = text.split_once("Piece(").expect("a piece is on its way");
    let text = format!("{before}Piece({}", piece.replacen("machine", "nothing", 1));
    let read = save::parse(&text, "the save").expect("a save all the same");
    Lab::restore(read.image, HostKind::Inline, None).expect("a save goes on")
}

/// A snapshot makes no sense to whom it is sent, as where a leader has a bug in its state machine. Who gets it says why it stops, has lost
/// nothing of what it had, and goes on from there when it is sent a good one.
#[test]
fn a_snapshot_that_the_machine_does_not_take_costs_nothing_that_was_there() {
    let text = r#"(
        seed: 3,
        nodes: [
            (role: Leader, term: 3, snapshot: (last: (index: 40, term: 2), state: {"x": "7"}), log: [3], commit: 41),
            (term: 3, snapshot: (last: (index: 40, term: 2), state: {"x": "7"}), log: [3], commit: 41, timer: 0.9),
            (term: 2, log: [1, (1, "x=5")], commit: 2, timer: 0.9),
        ],
    )"#;
    let save = save::parse(text, "by hand").expect("a save");
    let mut world = Lab::restore(save.image, HostKind::Inline, None).expect("parsed");
    let before = node(&mut world, 3);
    let is_on_its_way = |world: &mut Lab| {
        let save = save::Save {
            title: None,
            notes: Vec::new(),
            image: world.image().expect("every disk works"),
            then: Vec::new(),
        };
        save::render(&save).contains("Piece(")
    };
    while !is_on_its_way(&mut world) {
        assert!(world.step(), "a snapshot goes out");
    }
    let mut world = spoilt(&mut world);
    run(&mut world, 100);
    let after = node(&mut world, 3);
    assert_eq!(after.condition, Condition::Down);
    let failure = after.failure.expect("it says why");
    assert!(
        failure.starts_with("refuses the leader's snapshot and keeps what it had: "),
        "{failure}"
    );
    assert_eq!((after.log, after.snapshot), (before.log, before.snapshot));
    act(&mut world, Command::Restart(id(3)));
    run(&mut world, 2_000);
    assert_eq!(base(&node(&mut world, 3)), 40, "it got a good one");
    assert_sound_and_alike(&mut world);
}

#[test]
fn a_snapshot_can_be_written_by_hand() {
    let text = r#"(
        seed: 3,
        nodes: [
            (role: Leader, term: 3, snapshot: (last: (index: 40, term: 2), state: {"x": "7", "y": "1"}),
             log: [3, (3, "x=8")], commit: 42),
            (term: 3, snapshot: (last: (index: 40, term: 2), state: {"x": "7", "y": "1"}), log: [3, (3, "x=8")],
             commit: 41, timer: 0.9),
            (term: 2, log: [1, (1, "x=5")], commit: 2, timer: 0.9),
        ],
    )"#;
    let save = save::parse(text, "by hand").expect("a save");
    let mut world = Lab::restore(save.image, HostKind::Inline, None).expect("parsed");
    let first = node(&mut world, 1);
    assert_eq!(
        first.contents,
        [("x".into(), "8".into()), ("y".into(), "1".into())]
    );
    assert_eq!(base(&first), 40);
    run(&mut world, 1_000);
    assert_eq!(base(&node(&mut world, 3)), 40, "it got the snapshot");
    assert_sound_and_alike(&mut world);
}

#[test]
fn snapshots_that_can_not_be_are_refused_in_a_sentence() {
    let refused = |snapshot: &str, rest: &str| {
        let text = format!("(nodes: [(term: 3, {snapshot}{rest})])");
        let error = save::parse(&text, "by hand").expect_err("it is refused");
        error.to_string()
    };
    let whole = r#"snapshot: (last: (index: 4, term: 2), state: {"x": "7"}), "#;
    let cases = [
        (whole, "base: (index: 5, term: 2)", "its log begins late"),
        (whole, "base: (index: 2, term: 1)", "past the end of its log"),
        (whole, "log: [1]", "terms in a log never go down"),
        ("", "base: (index: 5, term: 2)", "its log begins late"),
        (
            "snapshot: (last: (index: 0, term: 0)), ",
            "",
            "one entry at least",
        ),
        ("snapshot: (last: (index: 4, term: 4)), ", "", "of term 4"),
        (
            r#"snapshot: (last: (index: 4, term: 2), state: {"a b": "7"}), "#,
            "",
            "white space",
        ),
        (
            r#"snapshot: (last: (index: 4, term: 2), data: "nonsense"), "#,
            "",
            "makes no sense",
        ),
        (
            r#"snapshot: (last: (index: 4, term: 2), data: "machine 0\n", state: {}), "#,
            "",
            "not both",
        ),
        (
            "snapshot: (last: (index: 4, term: 2), members: (voters: [])), ",
            "",
            "a voter at least",
        ),
        (whole, "taking: (through: 9, due: 1.0)", "not applied"),
        (whole, "taking: (through: 4, due: 1.0)", "not applied"),
        (
            whole,
            "incoming: (last: (index: 9, term: 2), members: (voters: [1]), total: 3, data: \"abc\")",
            "comes to it from nobody",
        ),
    ];
    for (snapshot, rest, expected) in cases {
        let error = refused(snapshot, rest);
        assert!(error.contains(expected), "{snapshot}{rest}: {error}");
    }
}
