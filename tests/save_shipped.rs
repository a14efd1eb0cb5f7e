//! The saves that come with the program show what their notes promise.

use std::collections::BTreeSet;
use std::time::Duration;

use raft_play::machine::KeyValue;
use raft_play::playground::{Command, Condition, HostKind, NodeView, RoleView, Snapshot, World};
use raft_play::save::{Origin, Save, Shelf};
use raft_play::types::{LogIndex, NodeId, SessionId, VirtualTime};

/// A shelf on which nothing lies but what comes with the program.
fn shipped() -> Shelf {
    Shelf::new("/nonexistent", None)
}

fn opened(name: &str) -> World<KeyValue> {
    let Save { image, .. } = shipped().load(name).expect("it comes with the program");
    World::restore(image, HostKind::Inline, None).expect("loading has tried it")
}

fn id(number: u64) -> NodeId {
    NodeId::new(number)
}

fn run(world: &mut World<KeyValue>, millis: u64) -> Snapshot {
    world.run_until(world.now().after(Duration::from_millis(millis)));
    assert_eq!(world.violations(), []);
    world.snapshot()
}

fn leaders(snapshot: &Snapshot) -> Vec<(u64, u64)> {
    let leaders = snapshot.leaders().into_iter();
    leaders
        .map(|node| (node.id.number(), node.term.number()))
        .collect()
}

fn terms(node: &NodeView) -> Vec<u64> {
    node.log.iter().map(|(_, entry)| entry.term.number()).collect()
}

fn values(node: &NodeView) -> Vec<String> {
    let commands = node.log.iter().filter_map(|(_, entry)| entry.payload.command());
    commands
        .map(|command| String::from_utf8_lossy(command).into_owned())
        .collect()
}

fn node(snapshot: &Snapshot, number: u64) -> &NodeView {
    snapshot.node(id(number)).expect("it is one of the nodes")
}

fn propose(world: &mut World<KeyValue>, to: u64, command: &str) {
    let (to, command) = (Some(id(to)), command.to_owned());
    world.command(Command::Propose { to, command }).expect("it is up");
}

#[test]
fn each_has_a_title_and_notes_that_fit_their_strip() {
    let listed = shipped().list();
    let names: Vec<&str> = listed.iter().map(|save| save.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "five-nodes",
            "one-node",
            "split-vote",
            "minority-leader",
            "disruptive-server",
            "one-way-link",
            "three-groups",
            "slow-network",
            "partial-connectivity",
            "figure-7",
            "figure-8",
            "lost-vote",
            "lost-entry",
            "stale-read",
            "duplicate-command",
            "naive-swap",
            "single-server-bug",
            "behind-compaction",
        ]
    );
    for save in listed {
        assert_eq!(save.origin, Origin::Shipped);
        assert!(save.title.expect("it can be read").is_some());
        let Save { notes, image, .. } = shipped().load(&save.name).unwrap();
        assert!((2..=6).contains(&notes.len()), "{}", save.name);
        assert!(
            notes
                .iter()
                .flat_map(|note| [Some(&note.text), note.answer.as_ref()])
                .flatten()
                .all(|text| text.chars().count() <= 110),
            "{notes:#?}"
        );
        assert_eq!(image.now, VirtualTime::default());
        World::<KeyValue>::restore(image, HostKind::Threads, None).expect("on threads too");
    }
}

#[test]
fn five_nodes_elect_a_leader_commit_and_outlive_it() {
    let mut world = opened("five-nodes");
    assert_eq!(leaders(&world.snapshot()), [], "no leader yet");
    let elected = leaders(&run(&mut world, 1000));
    let [(leader, term)] = elected[..] else {
        panic!("one leader, not {elected:?}")
    };
    propose(&mut world, leader, "x=1");
    let snapshot = run(&mut world, 200);
    assert!(
        snapshot
            .nodes
            .iter()
            .all(|node| node.contents == [("x".to_owned(), "1".to_owned())])
    );
    world.command(Command::Crash(id(leader))).unwrap();
    let elected = leaders(&run(&mut world, 2000));
    let [(next, later)] = elected[..] else {
        panic!("one leader, not {elected:?}")
    };
    assert!(next != leader && later > term);
    world.command(Command::Restart(id(leader))).unwrap();
    let snapshot = run(&mut world, 500);
    assert_eq!(
        node(&snapshot, leader).role,
        RoleView::Follower {
            leader: Some(id(next))
        }
    );
    let two = [next, next % 5 + 1].map(id);
    world
        .command(Command::Partition(vec![
            two.to_vec(),
            (1..=5).map(id).filter(|id| !two.contains(id)).collect(),
        ]))
        .unwrap();
    propose(&mut world, next, "x=2");
    let parted = run(&mut world, 1000);
    let of_two = node(&parted, next);
    assert!(
        of_two.commit < of_two.log.last_index(),
        "two of five commit nothing"
    );
    assert!(
        parted.leaders().iter().any(|leader| !two.contains(&leader.id)),
        "three of five elect a leader"
    );
}

#[test]
fn one_node_leads_as_soon_as_its_vote_is_on_its_disk_and_finds_its_commit_index_again() {
    let mut world = opened("one-node");
    while leaders(&world.snapshot()).is_empty() {
        assert!(world.step());
    }
    assert_eq!(leaders(&world.snapshot()), [(1, 1)]);
    let records = world.drain_records();
    let events: Vec<String> = records
        .iter()
        .map(|record| format!("{:?}", record.what))
        .collect();
    let at = |word: &str| events.iter().position(|event| event.contains(word)).unwrap();
    assert!(at("Flushed") < at("BecameLeader"), "{events:#?}");
    run(&mut world, 100);
    propose(&mut world, 1, "x=1");
    let before = world.snapshot();
    assert!(
        node(&before, 1).commit < node(&before, 1).log.last_index(),
        "not on disk yet"
    );
    assert_eq!(node(&run(&mut world, 10), 1).commit, LogIndex::new(2));
    world.command(Command::Crash(id(1))).unwrap();
    world.command(Command::Restart(id(1))).unwrap();
    let back = world.snapshot();
    assert_eq!(
        (node(&back, 1).commit, terms(node(&back, 1))),
        (LogIndex::GENESIS, vec![1, 1])
    );
    let later = run(&mut world, 1000);
    assert_eq!(
        (leaders(&later), node(&later, 1).commit),
        (vec![(1, 2)], LogIndex::new(3))
    );
}

#[test]
fn the_vote_is_split_two_to_two_and_a_later_term_has_a_leader() {
    let mut world = opened("split-vote");
    world.run_until(VirtualTime::default().after(Duration::from_millis(195)));
    let snapshot = world.snapshot();
    let votes: Vec<u64> = snapshot
        .nodes
        .iter()
        .map(|node| node.vote.map_or(0, NodeId::number))
        .collect();
    assert_eq!(votes, [1, 2, 1, 2]);
    for (candidate, others) in [(1, [1, 3]), (2, [2, 4])] {
        let RoleView::Candidate { granted, .. } = &node(&snapshot, candidate).role else {
            panic!("S{candidate} stands for election")
        };
        assert_eq!(granted, &BTreeSet::from(others.map(id)));
    }
    let elected = leaders(&run(&mut world, 2000));
    assert!(matches!(elected[..], [(_, term)] if term > 1), "{elected:?}");
    let mut leaders_of_term_1 = world
        .drain_records()
        .into_iter()
        .map(|record| format!("{:?}", record.what));
    assert!(!leaders_of_term_1.any(|what| what.contains("BecameLeader") && what.contains("term: Term(1)")));
}

#[test]
fn the_minority_leader_commits_nothing_and_its_values_are_replaced() {
    let mut world = opened("minority-leader");
    assert_eq!(leaders(&world.snapshot()), [(3, 4), (1, 3)], "two leaders now");
    propose(&mut world, 1, "x=4");
    propose(&mut world, 3, "x=5");
    let parted = run(&mut world, 1000);
    assert_eq!(leaders(&parted), [(3, 4), (1, 3)], "and both stay");
    assert_eq!(node(&parted, 1).commit, LogIndex::new(4));
    assert_eq!(parted.disks_holding(node(&parted, 1), LogIndex::new(6)), 2);
    assert_eq!(node(&parted, 3).commit, LogIndex::new(6));
    assert_eq!(parted.disks_holding(node(&parted, 3), LogIndex::new(6)), 3);
    world.command(Command::Heal).unwrap();
    let healed = run(&mut world, 1000);
    assert_eq!(leaders(&healed), [(3, 4)], "the later term wins");
    for node in &healed.nodes {
        assert_eq!(values(node), ["x=1", "x=2", "x=5"], "{}", node.id);
        assert_eq!(
            (node.commit, node.contents[0].1.as_str()),
            (LogIndex::new(6), "5")
        );
    }
}

#[test]
fn the_leader_of_figure_7_brings_every_log_in_line() {
    let mut world = opened("figure-7");
    let before = world.snapshot();
    let mut voters = None;
    while world.snapshot().leaders().is_empty() {
        assert!(world.step());
        assert!(
            world.now() < VirtualTime::default().after(Duration::from_millis(400)),
            "no leader"
        );
        let snapshot = world.snapshot();
        if let RoleView::Candidate { granted, refused } = &node(&snapshot, 1).role {
            voters = Some((granted.clone(), refused.clone()));
        }
    }
    let (_, refused) = voters.expect("it stood for election");
    assert!(
        refused.is_subset(&BTreeSet::from([4, 5].map(id))),
        "only c and d refuse: {refused:?}"
    );
    let after = run(&mut world, 1000);
    assert_eq!(leaders(&after), [(1, 8)]);
    let granted: Vec<u64> = (1..=7)
        .filter(|voter| node(&after, *voter).vote == Some(id(1)))
        .collect();
    assert_eq!(granted, [1, 2, 3, 6, 7], "a, b, e and f can vote for it");
    for node in &after.nodes {
        assert_eq!(node.condition, Condition::Up);
        assert_eq!(terms(node), [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8], "{}", node.id);
        assert_eq!(node.commit, LogIndex::new(11));
    }
    for (follower, gone) in [
        (2, vec![]),
        (3, vec![]),
        (4, vec![11]),
        (5, vec![11, 12]),
        (6, vec![6, 7]),
        (7, (4..=11).collect()),
    ] {
        let old = &node(&before, follower).log;
        let new = &node(&after, 1).log;
        let differs = |index: &u64| old.term_at(LogIndex::new(*index)) != new.term_at(LogIndex::new(*index));
        let removed: Vec<u64> = (1..=old.len()).filter(differs).collect();
        assert_eq!(removed, gone, "S{follower}");
    }
}

#[test]
fn a_command_that_is_sent_twice_takes_effect_twice_and_in_a_session_once() {
    let mut world = opened("duplicate-command");
    world.command(Command::Crash(id(2))).unwrap();
    let snapshot = run(&mut world, 2_000);
    let x = |snapshot: &Snapshot| node(snapshot, 1).contents.clone();
    let is = |value: &str| vec![("x".to_owned(), value.to_owned())];
    assert_eq!(x(&snapshot), is("a"), "the next leader has it");
    world.command(Command::Retry { to: None }).unwrap();
    assert_eq!(x(&run(&mut world, 500)), is("aa"), "applied twice");
    let timeout_ms = Command::SESSION_TIMEOUT_MS;
    world
        .command(Command::OpenSession { to: None, timeout_ms })
        .unwrap();
    run(&mut world, 500);
    let session = SessionId::new(5);
    let open: Vec<_> = node(&world.snapshot(), 1)
        .sessions
        .iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(open, [session], "it has the name that the notes say");
    let in_session = Command::ProposeIn {
        to: None,
        session,
        serial: None,
        command: "append x b".to_owned(),
    };
    world.command(in_session).unwrap();
    assert_eq!(x(&run(&mut world, 500)), is("aab"));
    world.command(Command::Retry { to: None }).unwrap();
    assert_eq!(x(&run(&mut world, 500)), is("aab"), "executed once");
}
