//! Saves as files: names and places, whole files or none, and a sentence for whatever is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use raft_play::machine::KeyValue;
use raft_play::playground::{Command, HostKind, Settings, TimedCommand, World, WorldOptions};
use raft_play::save::{self, Origin, Overwrite, Save, SaveError, Shelf};
use raft_play::types::{NodeId, VirtualTime};
use tempfile::TempDir;

fn cluster(nodes: u64) -> World<KeyValue> {
    let options = WorldOptions {
        nodes,
        seed: 3,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    };
    World::new(options).expect("a cluster of a few nodes")
}

fn some_save(title: &str) -> Save {
    Save {
        title: Some(title.to_owned()),
        notes: Vec::new(),
        image: cluster(3).image().expect("no disk has failed"),
        then: Vec::new(),
    }
}

fn refused(text: &str) -> String {
    match save::parse(text, "x.ron") {
        Ok(_) => panic!("{text} was taken"),
        Err(error) => error.to_string(),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn title(shelf: &Shelf, name: &str) -> Option<String> {
    shelf.load(name).unwrap().title
}

struct Place {
    folder: TempDir,
    shelf: Shelf,
}

fn place() -> Place {
    let folder = TempDir::new().unwrap();
    let shelf = Shelf::new(folder.path(), Some(folder.path().join("state/deep/last.ron")));
    Place { folder, shelf }
}

/// Each of these texts is refused with one line that has these words.
fn assert_refused<const COUNT: usize>(cases: [(&str, &str); COUNT]) {
    for (text, expected) in cases {
        let error = refused(text);
        let is_told = error.starts_with("x.ron: ") && error.contains(expected);
        assert!(is_told, "{text}\n  says {error}\n  not  {expected}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn a_mistake_in_the_form_is_told_with_its_place() {
    assert_refused([
        ("", "line 1, column 1: Expected opening `(` for struct `Save`"),
        ("()", "it has no `nodes`; the shortest save is (nodes: 5)"),
        (
            "(nodes: 3, nodes: 4)",
            "line 1, column 12: Unexpected duplicate field named `nodes` in `Save`",
        ),
        (
            "(nodes: 3, colour: 4)",
            "line 1, column 12: Unexpected field named `colour` in `Save`, expected one of",
        ),
        (
            "(version: 2, nodes: what(ever), more: 3)",
            "save version 2, and this build reads 1",
        ),
        ("(trace: 99, nodes: 3)", "trace version 99, and this build runs"),
        (
            "(nodes: [(role: King)])",
            "line 1, column 17: Unexpected variant named `King` in enum `Role`",
        ),
        ("(nodes: 3, now: -1)", "`-1` is no time in seconds"),
        ("(nodes: 3, now: NaN)", "`NaN` is no time in seconds"),
        (
            "(nodes: 3, now: 9999999999)",
            "this time is more than a hundred years away",
        ),
        (
            "(nodes: 3, settings: (broken: [All]))",
            "Unexpected variant named `All` in enum `Rule`",
        ),
        (
            "(nodes: [(term: 18446744073709551615)])",
            "18446744073709551615 is too large",
        ),
        (
            "(nodes: [(disk: (files: [(number: 1, durable: \"!\")]))])",
            "these bytes are not Base64",
        ),
    ]);
}

#[test]
fn a_cluster_that_can_not_be_is_told() {
    assert_refused([
        ("(nodes: 0)", "a cluster has 1 to 25 nodes, not 0"),
        ("(nodes: [])", "a cluster has 1 to 25 nodes, not 0"),
        ("(nodes: 1000)", "a cluster has 1 to 25 nodes, not 1000"),
        (
            "(nodes: 18446744073709551615)",
            "a cluster has 1 to 25 nodes, not 18446744073709551615",
        ),
        (
            "(\n  nodes: [\n    (log: [1, x]),\n  ],\n)",
            "line 3, column 16: ",
        ),
        ("(nodes: [(), (id: 1)])", "two nodes are S1"),
        (
            "(nodes: [(), (id: 3)])",
            "2 nodes are S1 to S2; there is a node 3",
        ),
        (
            "(nodes: 3, settings: (heartbeat_ms: 0))",
            "heartbeat_ms goes from a microsecond to an hour",
        ),
        (
            "(nodes: 3, settings: (election_timeout_ms: (300, 150)))",
            "election_timeout_ms is a range up to an hour",
        ),
        (
            "(nodes: 3, settings: (link: (loss_ppm: 1000001)))",
            "a share of messages is at most 1000000 ppm",
        ),
        (
            "(nodes: 3, settings: (limits: (entries: 0)))",
            "limits must let something through",
        ),
        (
            "(nodes: 3, partition: [[1, 2], [2]])",
            "S2 stands twice in the partition",
        ),
        (
            "(nodes: 3, links: [(from: 1, to: 1)])",
            "S1 has no link to itself",
        ),
        (
            "(nodes: 3, links: [(from: 1, to: 4)])",
            "there is no S4; the nodes are S1 to S3",
        ),
        (
            "(nodes: 3, messages: [(from: 1, to: 1, says: VoteGranted)])",
            "message 0: S1 sends nothing to itself",
        ),
        (
            "(nodes: 2, messages: [(from: 1, to: 2, term: 3, says: Append(previous: (index: 0, term: 0), \
             entries: [4], commit: 0))])",
            "message 0: it carries an entry of term 4, later than its own",
        ),
    ]);
}

#[test]
fn a_node_that_can_not_be_is_told_by_its_name() {
    assert_refused([
        (
            "(nodes: [(vote: 7)])",
            "S1: there is no S7; the nodes are S1 to S1",
        ),
        (
            "(nodes: [(log: [2, 1])])",
            "S1: terms in a log never go down, but entry 1 is of term 2 and entry 2 of term 1",
        ),
        (
            "(nodes: [(log: [0])])",
            "S1: entry 1 is of term 0, and terms begin with 1",
        ),
        (
            "(nodes: [(), (log: [3], term: 2)])",
            "S2: its term is 2, but entry 1 of its log is of term 3",
        ),
        (
            "(nodes: [(log: [1], commit: 2)])",
            "S1: its `commit` index 2 is past the end of its log, 1",
        ),
        (
            "(nodes: [(log: [1], commit: 0, applied: 1)])",
            "S1: its `applied` index 1 is past what is committed, 0",
        ),
        (
            "(nodes: [(log: [1], durable: 3)])",
            "S1: its `durable` index 3 is past the end of its log, 1",
        ),
        (
            "(nodes: [(role: Leader, vote: 2), ()])",
            "S1: who leads or stands for election has voted for itself",
        ),
        (
            "(nodes: [(role: Leader, peers: [(node: 2, matched: 9)]), ()])",
            "S1: S2's `next` must be past its `matched`",
        ),
        (
            "(nodes: [(role: Leader, peers: [(node: 1)]), ()])",
            "S1: its peers are the other nodes, each once, so not S1",
        ),
        (
            "(nodes: [(peers: [(node: 2)]), ()])",
            "S1: only a leader has `peers`",
        ),
        (
            "(nodes: [(state: Down, role: Leader)])",
            "S1: a node that is down has only what is on its disk",
        ),
        (
            "(nodes: [(backlog: [Timer])])",
            "S1: only a frozen node has a `backlog`",
        ),
        (
            "(now: 5, nodes: [(timer: 1)])",
            "S1: its timer runs out at 1.000 s, and it is 5.000 s already",
        ),
        (
            "(nodes: [(disk: (last_file: 1, files: [(number: 1, name: \"../x\", durable: \"\")]))])",
            "is not a plain file name",
        ),
        (
            "(nodes: [(writes: [(number: 1, through: 0)])])",
            "S1: its `writes` and `held` go with its `disk:`",
        ),
    ]);
}

#[test]
fn a_disk_that_says_something_else_is_told_apart_and_can_be_left_out() {
    let mut world = cluster(3);
    while world.leader().is_none() {
        assert!(world.step());
    }
    world.run_until(world.now().after(std::time::Duration::from_millis(200)));
    let image = world.image().unwrap();
    let text = save::render(&Save {
        title: None,
        notes: Vec::new(),
        image,
        then: Vec::new(),
    });
    let changed = text.replace("log: [1]", "log: [1, (1, \"x=9\")]");
    assert_ne!(text, changed);
    let error = refused(&changed);
    assert!(
        error.contains("S1: its disk does not hold this term, vote, snapshot and log; delete its `disk:`"),
        "{error}"
    );
    let is_disk = |line: &&str| line.trim_start().starts_with("disk: ");
    let kept: Vec<&str> = changed.lines().filter(|line| !is_disk(line)).collect();
    let without = kept.join("\n");
    let save = save::parse(&without, "x.ron").expect("a disk is made that holds the log");
    let mut world: World<KeyValue> = World::restore(save.image, HostKind::Inline, None).unwrap();
    assert!(
        world
            .snapshot()
            .nodes
            .iter()
            .all(|node| node.log.len() == 2 && node.durable == node.log.last_index())
    );
}

#[test]
fn a_count_of_nodes_is_a_cluster_that_has_just_started() {
    let fresh = cluster(3).snapshot();
    let save = save::parse("(seed: 3, nodes: 3)", "x.ron").unwrap();
    let mut world: World<KeyValue> = World::restore(save.image, HostKind::Inline, None).unwrap();
    for (one, other) in world.snapshot().nodes.iter().zip(fresh.nodes) {
        assert_eq!(
            (one.timer, &one.role, one.term),
            (other.timer, &other.role, other.term)
        );
    }
    assert_eq!(world.settings(), &fresh.settings);
}

#[test]
fn lists_depth_and_length_are_bounded() {
    let many = format!("(nodes: [{}])", "(),".repeat(26));
    assert!(
        refused(&many).contains("this list may have at most 25"),
        "{}",
        refused(&many)
    );
    let deep = format!(
        "(nodes: 3, title: {}\"x\"{})",
        "Some(".repeat(10_000),
        ")".repeat(10_000)
    );
    assert!(refused(&deep).contains("line 1, column"), "{}", refused(&deep));
    let long = format!("(nodes: 3, title: \"{}\")", "x".repeat(17 << 20));
    assert!(matches!(save::parse(&long, "x"), Err(SaveError::TooLarge { .. })));
    let hollow = "(nodes: [(disk: (last_file: 1, last_change: 1, files: [(number: 1, name: \"a\", durable: \"\", \
                  unsynced: [SetLen(number: 1, len: 99999999999)])]))])";
    assert!(
        refused(hollow).contains("the disks hold more than 64 MiB"),
        "{}",
        refused(hollow)
    );
}

#[test]
fn texts_for_people_come_without_what_breaks_a_screen() {
    let text = r#"(nodes: 3, title: "a\u{1b}[2Jb\u{202e}c\u{200b}", notes: ["one\ntwo\u{7}"])"#;
    let save = save::parse(text, "x.ron").unwrap();
    assert_eq!(save.title.as_deref(), Some("a\u{fffd}[2Jb\u{fffd}c\u{fffd}"));
    assert_eq!(save.notes, ["one\ntwo\u{fffd}".into()]);
}

#[test]
fn a_plain_name_goes_to_saves_where_there_is_such_a_folder() {
    let Place { folder, shelf } = place();
    let at = |rest: &str| folder.path().join(rest);
    assert_eq!(shelf.target("before").unwrap(), at("before.ron"));
    fs::create_dir(at("saves")).unwrap();
    assert_eq!(shelf.target("before").unwrap(), at("saves/before.ron"));
    assert_eq!(
        shelf.target("before.ron").unwrap(),
        at("before.ron"),
        "with an extension it is a path"
    );
    assert_eq!(shelf.target("there/before").unwrap(), at("there/before.ron"));
    assert_eq!(
        shelf.target("/abs/before.save").unwrap(),
        PathBuf::from("/abs/before.save")
    );
    for wrong in ["", ".hidden", "a b", "a\u{202e}b", "..", "/", &"x".repeat(65)] {
        assert!(
            matches!(shelf.target(wrong), Err(SaveError::Name { .. })),
            "{wrong}"
        );
    }
    assert!(matches!(shelf.target("last"), Err(SaveError::Reserved)));
}

#[test]
fn what_is_saved_under_a_name_is_loaded_by_it() {
    let Place { folder, shelf } = place();
    let path = shelf.target("mine").unwrap();
    let written = save::write(&path, &some_save("Mine"), Overwrite::Ask).unwrap();
    assert!(written.is_absolute());
    for name in ["mine", "mine.ron", written.to_str().unwrap()] {
        assert_eq!(title(&shelf, name).as_deref(), Some("Mine"), "{name}");
    }
    assert_eq!(title(&shelf, "figure-7").as_deref(), Some("Figure 7"));
    save::write(
        &shelf.target("figure-7").unwrap(),
        &some_save("Own"),
        Overwrite::Ask,
    )
    .unwrap();
    assert_eq!(
        title(&shelf, "figure-7").as_deref(),
        Some("Own"),
        "a file comes before a shipped save"
    );
    assert!(matches!(shelf.load("last"), Err(SaveError::NoLast)));
    shelf.write_last(&some_save("Last")).unwrap();
    shelf.write_last(&some_save("Last of all")).unwrap();
    assert_eq!(title(&shelf, "last").as_deref(), Some("Last of all"));
    fs::write(folder.path().join("script.ron"), "(commands: [])").unwrap();
    fs::write(folder.path().join("broken.ron"), "(nodes").unwrap();
    let listed = shelf.list();
    let names: Vec<&str> = listed.iter().map(|save| save.name.as_str()).collect();
    let expected = [
        "last",
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
        "broken",
        "mine",
    ];
    assert_eq!(names, expected, "a script is no save, and a broken save is one");
    assert!(matches!(listed[0].origin, Origin::Last(_)) && matches!(listed[10].origin, Origin::File(_)));
    assert!(
        listed[19].title.is_err()
            && listed[20]
                .title
                .as_ref()
                .is_ok_and(|title| title.as_deref() == Some("Mine"))
    );
}

#[test]
fn an_unknown_name_is_answered_with_those_there_are() {
    let Place { shelf, .. } = place();
    let error = shelf.load("figure7").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no save called `figure7`; did you mean `figure-7`?; those that come with it are: \
         five-nodes, one-node, split-vote, minority-leader, disruptive-server, one-way-link, three-groups, slow-network, partial-connectivity, figure-7, figure-8, lost-vote, lost-entry, stale-read, duplicate-command, naive-swap, single-server-bug, behind-compaction"
    );
    assert!(
        !shelf
            .load("zebra")
            .unwrap_err()
            .to_string()
            .contains("did you mean")
    );
    assert!(matches!(shelf.load("nowhere/x.ron"), Err(SaveError::Read { .. })));
}

#[test]
fn overwriting_asks_and_replaces_as_a_whole() {
    let Place { folder, shelf } = place();
    let path = shelf.target("mine").unwrap();
    save::write(&path, &some_save("First"), Overwrite::Ask).unwrap();
    let again = save::write(&path, &some_save("Second"), Overwrite::Ask);
    assert!(matches!(again, Err(SaveError::Exists { .. })), "{again:?}");
    assert_eq!(title(&shelf, "mine").as_deref(), Some("First"));
    save::write(&path, &some_save("Second"), Overwrite::Replace).unwrap();
    assert_eq!(title(&shelf, "mine").as_deref(), Some("Second"));
    assert_eq!(names(folder.path()), ["mine.ron"], "nothing is left beside it");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_replaced_and_not_followed() {
    let Place { folder, shelf } = place();
    let (target, link) = (folder.path().join("precious"), folder.path().join("link.ron"));
    fs::write(&target, "precious").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let asked = save::write(&link, &some_save("New"), Overwrite::Ask);
    assert!(matches!(asked, Err(SaveError::Exists { .. })));
    save::write(&link, &some_save("New"), Overwrite::Replace).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    assert_eq!(title(&shelf, "link").as_deref(), Some("New"));
}

#[test]
fn what_can_not_be_written_destroys_nothing() {
    let Place { folder, .. } = place();
    let taken = folder.path().join("taken.ron");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("inside"), "kept").unwrap();
    for path in [taken.clone(), folder.path().join("no/such/folder/x.ron")] {
        let error = save::write(&path, &some_save("New"), Overwrite::Replace).unwrap_err();
        assert!(matches!(error, SaveError::Write { .. }), "{error}");
        assert!(error.to_string().contains("was not saved: "), "{error}");
    }
    assert_eq!(fs::read_to_string(taken.join("inside")).unwrap(), "kept");
    assert_eq!(names(folder.path()), ["taken.ron"]);
}

#[cfg(target_os = "linux")]
#[test]
fn only_plain_files_are_read_and_no_more_than_fits() {
    let Place { folder, shelf } = place();
    assert!(matches!(shelf.load("/dev/zero"), Err(SaveError::NotAFile { .. })));
    assert!(matches!(
        shelf.load(folder.path().to_str().unwrap()),
        Err(SaveError::NotAFile { .. })
    ));
    let large = folder.path().join("large.ron");
    fs::File::create(&large)
        .unwrap()
        .set_len(save::BYTES_MAX + 1)
        .unwrap();
    assert!(matches!(shelf.load("large"), Err(SaveError::TooLarge { .. })));
    let binary = folder.path().join("binary.ron");
    fs::write(&binary, b"(nodes: \xff)").unwrap();
    assert!(matches!(
        shelf.load("binary"),
        Err(SaveError::NotText { at: 8, .. })
    ));
}

#[test]
fn a_newer_save_is_refused_and_left_as_it_is() {
    let Place { folder, shelf } = place();
    let path = folder.path().join("newer.ron");
    let text = "(version: 7, nodes: {1: \"of another kind\"}, sparkles: true)";
    fs::write(&path, text).unwrap();
    let error = shelf.load("newer").unwrap_err();
    assert!(matches!(error, SaveError::Version { found: 7, .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

/// What is still to be done is kept in order, and is part of the save; what is over already is refused.
#[test]
fn what_is_still_to_be_done_is_kept() {
    let mut save = some_save("then");
    let timed = |millis: u64, after, command| TimedCommand {
        at: VirtualTime::from_nanos(millis * 1_000_000),
        after,
        command,
    };
    save.then = vec![
        timed(10, 0, Command::Crash(NodeId::new(2))),
        timed(10, 2, Command::Tear(NodeId::new(1))),
        timed(25, 0, Command::Heal),
    ];
    let text = save::render(&save);
    assert!(
        text.contains("        (at: 0.01, after: 2, do: Tear(1)),\n"),
        "{text}"
    );
    assert_eq!(save::parse(&text, "then").unwrap(), save);
    let now = text.lines().find(|line| line.starts_with("    now:")).unwrap();
    let late = text.replace(now, "    now: 0.02,");
    let error = save::parse(&late, "then").unwrap_err().to_string();
    assert!(error.contains("too late to do what `then` says"), "{error}");
}

/// Notes that ask and notes that wait read back; one that does both, or waits for what is no condition, is refused where it stands.
#[test]
fn notes_ask_or_wait() {
    let text = r#"(
        notes: [
            "Look",
            (text: "Who wins?", answer: "S3"),
            (text: "Crash it", until: "you crash and no leader for 2 s while 2 of 3 are up"),
        ],
        nodes: 3,
    )"#;
    let save = save::parse(text, "by hand").expect("a save");
    assert_eq!(save.notes[1].answer.as_deref(), Some("S3"));
    let again = save::parse(&save::render(&save), "again").expect("what was written can be read");
    assert_eq!(again.notes, save.notes);
    let refused = |from: &str, to: &str| {
        let error = save::parse(&text.replace(from, to), "by hand").expect_err(to);
        error.to_string()
    };
    let both = refused("answer: \"S3\"", "answer: \"S3\", until: \"a leader\"");
    assert!(both.contains("asks or waits"), "{both}");
    let none = refused("you crash and", "you sleep and");
    assert!(none.contains("`you sleep` is no condition"), "{none}");
}
