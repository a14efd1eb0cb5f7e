//! `raft-play check-history`: what it prints, draws, and gives as its exit code.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

struct Ended {
    code: Option<i32>,
    out: String,
    error: String,
}

fn raft_play(folder: &Path, arguments: &str) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_raft-play"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program can be started");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    Ended {
        code: output.status.code(),
        out: text(output.stdout),
        error: text(output.stderr),
    }
}

/// S1 read what S2 had long replaced, and something else has nothing to do with it.
const STALE: &str = r#"(history: 1, operations: [
    (client: 1, at: 10, do: Set("x", "1"), until: 20, answer: Done),
    (client: 2, at: 30, do: Set("x", "2"), until: 40, answer: Done),
    (client: 3, at: 31, do: Get("x"), until: 35, answer: Value("1")),
    (client: 4, at: 32, do: Set("y", "<&>"), until: 36, answer: Done),
    (client: 5, at: 33, do: Append("x", "3")),
    (client: 3, at: 50, do: Get("x"), until: 60, answer: Value("1")),
    (client: 3, at: 70, do: Get("x"), until: 80, answer: Value("2")),
])"#;

#[test]
fn a_verdict_is_told_and_drawn() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    fs::write(path.join("stale.ron"), STALE).expect("a file");
    let ended = raft_play(path, "check-history stale.ron --picture why.svg");
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.error);
    for told in [
        "not linearizable: 7 operations on 2 keys, 1 of unknown outcome\n",
        "key x: client 3: get x -> 1 (50 to 60) can't be placed.",
        "x is then 2",
        "3 of the 6 operations show it:",
        "1. client 1: set x 1 (10 to 20)",
        "2. client 2: set x 2 (30 to 40)",
        "✗  client 3: get x -> 1 (50 to 60)  <- can't be placed",
        "why.svg",
    ] {
        assert!(ended.out.contains(told), "{told:?} in\n{}", ended.out);
    }
    let picture = fs::read_to_string(path.join("why.svg")).expect("the picture");
    for drawn in [
        "<svg ",
        "set 1",
        "set 2",
        "get -&gt; 1",
        "client 3",
        "✗",
        "</svg>",
    ] {
        assert!(picture.contains(drawn), "{drawn:?} in\n{picture}");
    }
    assert!(
        !picture.contains("client 4"),
        "what has nothing to do with it is not drawn"
    );

    let sound = STALE.replace(
        "until: 60, answer: Value(\"1\")",
        "until: 60, answer: Value(\"2\")",
    );
    fs::write(path.join("sound.ron"), sound).expect("a file");
    let ended = raft_play(path, "check-history sound.ron --picture no.svg");
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert!(
        ended.out.starts_with("linearizable: 7 operations on 2 keys"),
        "{}",
        ended.out
    );
    assert!(!path.join("no.svg").exists(), "there is nothing to draw");
}

#[test]
fn what_is_no_history_is_exit_code_2_and_one_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    fs::write(
        path.join("bad.ron"),
        "(history: 1, operations: [\n  (client: 1),\n])",
    )
    .expect("a file");
    fs::write(path.join("later.ron"), "(history: 7)").expect("a file");
    fs::write(path.join("odd.txt"), "hello").expect("a file");
    fs::write(path.join("raw.bin"), [b'(', 0xff]).expect("a file");
    fs::write(path.join("stale.ron"), STALE).expect("a file");
    for (line, words) in [
        ("check-history none.ron", "none.ron: "),
        ("check-history .", "no plain file"),
        ("check-history bad.ron", "bad.ron: line 2, column "),
        (
            "check-history later.ron",
            "history version 7; this build reads version 1",
        ),
        ("check-history odd.txt", "--format says which"),
        ("check-history raw.bin", "byte 1 is not UTF-8"),
        ("check-history stale.ron --max-bytes 100", "--max-bytes raises it"),
        ("check-history stale.ron --format jepsen --format ron", "--format"),
        ("check-history stale.ron --format xml", "porcupine"),
        ("check-history", "<FILE>"),
    ] {
        let ended = raft_play(path, line);
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (Some(2), ""),
            "{line}: {}",
            ended.error
        );
        assert!(ended.error.contains(words), "{line}: {}", ended.error);
    }
}

#[test]
fn too_little_memory_is_exit_code_3() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("stale.ron"), STALE).expect("a file");
    let ended = raft_play(folder.path(), "check-history stale.ron --max-memory 0");
    assert_eq!(ended.code, Some(3), "{}{}", ended.out, ended.error);
    assert!(
        ended
            .out
            .contains("undecided: the key \"x\" would take more than 0 bytes"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("--max-memory gives more"), "{}", ended.out);
}

#[test]
fn what_a_run_s_clients_saw_can_be_judged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    let script = r#"(commands: [
        (at: 1.0, do: Propose(command: "x=1")),
        (at: 1.2, do: Read(query: "x", way: Index)),
        (at: 1.5, do: Partition([[1, 2], [3, 4, 5]])),
        (at: 1.6, do: Propose(to: 1, command: "x=2")),
        (at: 1.6, do: Propose(to: 3, command: "append x 3")),
        (at: 4.0, do: Heal),
        (at: 5.0, do: Read(query: "x", way: Log)),
    ])"#;
    fs::write(path.join("script.ron"), script).expect("a file");
    let ended = raft_play(
        path,
        "run --seed 3 --for 6s --commands script.ron --history seen.ron",
    );
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    let ended = raft_play(path, "check-history seen.ron");
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.error);
    assert!(ended.out.starts_with("linearizable: "), "{}", ended.out);
    let seen = fs::read_to_string(path.join("seen.ron")).expect("the history");
    assert!(seen.contains(r#"do: Set("x", "1"), until: "#), "{seen}");
    assert!(seen.contains(r#"do: Get("x"), until: "#), "{seen}");
}
