//! What a save may not say, each with the error that tells where it stands and what to do.

use std::fs;
use std::sync::Arc;

use raft_play::consensus::Log;
use raft_play::playground::{HostKind, WorldOptions};
use raft_play::save::script::Script;
use raft_play::save::{self, SaveError, Shelf};
use raft_play::types::{Configuration, LogIndex, LogPosition, NodeId, Snapshot, Term};

use super::*;

/// Each of these texts is refused with this line.
fn assert_refused<const COUNT: usize>(cases: [(&str, &str); COUNT]) {
    for (text, expected) in cases {
        let error = save::parse(text, "x.ron").expect_err(text).to_string();
        assert!(
            error.contains(expected),
            "{text}\n  says {error}\n  not  {expected}"
        );
        assert!(
            error.starts_with("x.ron: line ") && !error.contains('\n'),
            "{error}"
        );
    }
}

#[test]
fn what_stands_twice_is_refused() {
    assert_refused([
        (
            "(nodes: [(log: [1],\n snapshot: (last: (index: 1, term: 1), state: {\"x\": \"1\", \"y\": \"2\", \"x\": \"3\"}))])",
            "line 2, column 76: the key `x` stands twice; delete one of them",
        ),
        (
            "(nodes: 3, joining: [(7, 1), (7, 2)])",
            "line 1, column 21: two new servers join with the token j7",
        ),
        (
            "(nodes: [(log: [(term: 1, members: (voters: [1, 1]))])])",
            "line 1, column 10: S1: S1 stands twice in a configuration",
        ),
        (
            "(nodes: [(log: [(term: 1, members: (voters: [1], learners: [2], joined: [(5, 2), (5, 2)]))])])",
            "S1: two servers joined with the token j5",
        ),
        (
            "(nodes: 3, seed: 1, seed: 2)",
            "Unexpected duplicate field named `seed` in `Save`",
        ),
        (
            "(version: 1, version: 1, nodes: 3)",
            "Unexpected duplicate field named `version`",
        ),
    ]);
}

/// What is found only when all has been read is told with its place too.
#[test]
fn a_part_that_can_not_be_is_told_with_its_line_and_column() {
    assert_refused([
        (
            "(nodes: [(counters: (starts: 4611686018427387904))])",
            "S1: it has started more often than any node can",
        ),
        (
            "(\n  nodes: 3,\n  founders: 4,\n)",
            "line 3, column 13: `founders` is how many",
        ),
        (
            "(\n  nodes: [\n    (),\n    (log: [2, 1]),\n  ],\n)",
            "line 4, column 5: S2: terms in a log",
        ),
        (
            "(nodes: [(id: 2), (id: 1, vote: 9)])",
            "line 1, column 19: S1: there is no S9",
        ),
        (
            "(nodes: 3,\n messages: [(from: 1, to: 2, says: VoteGranted, term: 1),\n (from: 1, to: 1, says: VoteGranted)])",
            "line 3, column 2: message 1: S1 sends nothing to itself",
        ),
        (
            "(nodes: [(), (role: Leader, vote: 1)])",
            "line 1, column 14: S2: who leads",
        ),
        (
            "(nodes: 3, partition: [[1], [1]])",
            "line 1, column 23: S1 stands twice",
        ),
        (
            "(nodes: 3, violations: [(property: \"a\nb\", detail: \"\")])",
            "`a b` is no property",
        ),
    ]);
}

#[test]
fn a_snapshot_carries_the_configuration_that_its_log_has_in_force_there() {
    let save = |members: &str| {
        format!(
            "(nodes: [(), (), (log: [1, (term: 1, members: (voters: [1, 2])), 1], commit: 3, base: (index: 0, term: 0), \
             snapshot: (last: (index: 2, term: 1), members: (voters: {members})))])"
        )
    };
    save::parse(&save("[1, 2], last_id: 2"), "x.ron").expect("they agree");
    for other in ["[1, 2, 3]", "[1], last_id: 2"] {
        let error = save::parse(&save(other), "x.ron").expect_err(other).to_string();
        let expected =
            "its snapshot carries another configuration than the one in force at the entry that it ends at";
        assert!(
            error.contains(expected) && error.contains("line 1, column 18: S3: "),
            "{error}"
        );
    }
}

#[test]
fn no_log_reaches_an_index_from_which_it_could_not_go_on() {
    let options = WorldOptions {
        nodes: 3,
        seed: 1,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    };
    let mut world: World<KeyValue> = World::new(options).expect("three nodes");
    let image = world.image().expect("no disk has failed");
    let process = image.nodes[0].process.as_ref().expect("it runs");
    let at = |index: u64| {
        let mut state = process.memory.state.clone();
        let last = LogPosition::new(LogIndex::new(index), Term::new(1));
        let configuration = Arc::new(Configuration::of_voters([1, 2, 3].map(NodeId::new)));
        state.persistent.metadata.term = Term::new(1);
        state.persistent.log = Log::after(last, Arc::clone(&configuration));
        state.persistent.snapshot = Some(Snapshot {
            last,
            configuration,
            data: Vec::new().into(),
        });
        let volatile = &mut state.volatile;
        (volatile.commit, volatile.applied, volatile.durability.through) =
            (last.index, last.index, last.index);
        state.validate(NodeId::new(1)).map_err(|error| error.to_string())
    };
    assert_eq!(at(u64::MAX / 2), Ok(()));
    // A log may have gone on past the farthest snapshot that a leader can send.
    assert_eq!(at(u64::MAX / 4 * 3), Ok(()));
    let expected = Err("its log ends at an index past all that can be".to_owned());
    assert_eq!(at(u64::MAX / 4 * 3 + 1), expected);
    assert_eq!(at(u64::MAX), expected);
}

#[test]
fn a_save_larger_than_the_limit_is_read_when_the_limit_is_raised() {
    let folder = tempfile::tempdir().unwrap();
    let large = format!(
        "(nodes: 3, /*{}*/)",
        "x".repeat(usize::try_from(save::BYTES_MAX).unwrap())
    );
    fs::write(folder.path().join("large.ron"), large).unwrap();
    let shelf = Shelf::new(folder.path(), None);
    let error = shelf.load("large").unwrap_err();
    assert!(matches!(error, SaveError::TooLarge { .. }));
    assert!(
        error
            .to_string()
            .ends_with("larger than 16 MiB, the most that is read; --save-limit sets another limit"),
        "{error}"
    );
    shelf
        .clone()
        .reading_up_to(2 * save::BYTES_MAX)
        .load("large")
        .expect("there is room for it now");
    let small = shelf.reading_up_to(4);
    fs::write(folder.path().join("small.ron"), "(nodes: 3)").unwrap();
    assert!(matches!(
        small.load("small"),
        Err(SaveError::TooLarge { most: 4, .. })
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn a_script_is_a_plain_file_and_its_text_is_one_for_people() {
    let error = Script::read(std::path::Path::new("/dev/zero")).unwrap_err();
    assert!(error.to_string().contains("no plain file"), "{error}");
    for answer in ["\\u{1b}[2J", "\\u{202e}abc", "a\\u{200b}b", "\\u{7}"] {
        let text = format!("(commands: [], answer: \"{answer}\")");
        assert!(Script::parse(&text).is_err(), "{answer}");
    }
    Script::parse("(commands: [], answer: \"one\\ntwo\\tthree\")").expect("lines and tabs are no harm");
}
