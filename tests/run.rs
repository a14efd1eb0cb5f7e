//! The program itself, without a screen: what it prints, and how it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// How a run ended.
#[derive(Debug, PartialEq)]
struct Ended {
    code: Option<i32>,
    out: String,
    error: String,
}

fn raft_play(arguments: &str) -> Ended {
    raft_play_in(Path::new("."), arguments)
}

fn raft_play_in(folder: &Path, arguments: &str) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_raft-play"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program can be started");
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    Ended {
        code: status.code(),
        out: text(stdout),
        error: text(stderr),
    }
}

/// Everything that can go wrong is one sentence on standard error, nothing on standard output, and an exit code.
fn assert_refused(folder: &Path, arguments: &str, code: i32, words: &[&str]) {
    let ended = raft_play_in(folder, arguments);
    assert_eq!(ended.code, Some(code), "{arguments}: {ended:?}");
    assert_eq!(ended.out, "", "{arguments}");
    for word in words {
        assert!(
            ended.error.contains(word),
            "{arguments}: {word:?} in {}",
            ended.error
        );
    }
    assert!(!ended.error.contains("panicked"), "{}", ended.error);
}

const HOMEWORK: &str = r#"(
    answer: "S1 and S2 can't commit",
    commands: [
        (at: 1.0, do: Propose(command: "x=1")),
        (at: 1.5, do: Partition([[1, 2], [3, 4, 5]])),
        (at: 2.0, do: Crash(4)),
        (at: 4.0, do: Heal),
        (at: 4.5, do: Restart(4)),
        (at: 5.0, do: Propose(command: "x=2")),
        (at: 5.0, do: CutPower(2)),
        (at: 99.0, do: Heal),
    ],
)"#;

fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join(name), text).expect("a file in it");
    folder
}

#[test]
fn the_same_seed_prints_the_same_text_on_both_hosts() {
    let folder = folder_with("homework.ron", HOMEWORK);
    for seed in 1..=6 {
        let line = format!("run --seed {seed} --for 8s --commands homework.ron --all");
        let first = raft_play_in(folder.path(), &line);
        assert_eq!(first.code, Some(0), "{first:?}");
        assert!(first.out.lines().count() > 500, "{}", first.out);
        assert_eq!(
            first.error,
            "homework.ron: 1 commands come after the end, at 8.000\n"
        );
        assert_eq!(first, raft_play_in(folder.path(), &line), "seed {seed}, twice");
        let threads = format!("{line} --host threads");
        assert_eq!(
            first,
            raft_play_in(folder.path(), &threads),
            "seed {seed}, on threads"
        );
    }
    let other = raft_play("run --seed 7 --for 1s");
    assert_ne!(other, raft_play("run --seed 8 --for 1s"));
}

#[test]
fn text_tells_an_election_and_heartbeats_are_folded_away() {
    let told = raft_play("run --seed 1 --for 1s").out;
    assert!(told.contains("timed out after"), "{told}");
    assert!(told.contains("leads term"), "{told}");
    assert!(!told.contains("heartbeat"), "{told}");
    let last = told.lines().last().unwrap_or_default();
    assert!(last.trim_start().starts_with("1.000  the end: S"), "{last}");
    assert!(raft_play("run --seed 1 --for 1s --all").out.contains("heartbeat"));
}

#[test]
fn json_is_one_object_with_the_promised_fields() {
    let folder = folder_with(
        "x.ron",
        r#"(commands: [(at: 1, do: Propose(command: "set x 7"))])"#,
    );
    let ended = raft_play_in(
        folder.path(),
        "run --nodes 3 --seed 4 --for 2500ms --commands x.ron --format json",
    );
    assert_eq!((ended.code, ended.out.lines().count()), (Some(0), 1), "{ended:?}");
    let report: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let mut top = keys(&report);
    top.sort();
    assert_eq!(
        top,
        [
            "commit",
            "leader",
            "messages_delivered",
            "nodes",
            "seed",
            "term",
            "time_s",
            "trace_hash",
            "violations"
        ]
    );
    assert_eq!(report["time_s"], 2.5);
    assert_eq!(report["seed"], 4);
    assert_eq!(report["commit"], 2);
    assert_eq!(report["violations"], serde_json::json!([]));
    assert_eq!(report["trace_hash"].as_str().map(str::len), Some(32));
    let node = &report["nodes"][0];
    let mut fields = keys(node);
    fields.sort();
    assert_eq!(
        fields,
        [
            "applied", "commit", "first", "id", "last", "log", "role", "term", "up", "vote"
        ]
    );
    assert_eq!(
        (&node["id"], &node["up"], &node["first"]),
        (&1.into(), &true.into(), &1.into())
    );
    let term = report["term"].clone();
    assert_eq!(node["log"], serde_json::json!([[term, null], [term, "x=7"]]));
    let leaders = report["nodes"].as_array().expect("a list");
    let leader = leaders
        .iter()
        .find(|node| node["role"] == "leader")
        .expect("a leader");
    assert_eq!(leader["id"], report["leader"]);
}

#[test]
fn a_cut_majority_commits_nothing_and_time_is_the_clusters_own() {
    let alone = r#"(commands: [
        (at: 0.0, do: Partition([[1], [2], [3]])),
        (at: 0.5, do: Propose(to: 1, command: "x=1")),
    ])"#;
    let folder = folder_with("alone.ron", alone);
    let line = "run --nodes 3 --for 1m --commands alone.ron --format json";
    let report: serde_json::Value =
        serde_json::from_str(&raft_play_in(folder.path(), line).out).expect("JSON");
    assert_eq!(report["leader"], serde_json::Value::Null);
    assert_eq!((&report["commit"], &report["time_s"]), (&0.into(), &60.0.into()));
}

#[test]
fn a_broken_promise_is_exit_code_1_unless_it_is_expected() {
    // Two candidates at the same moment, and voters that vote for both.
    let broken = r"(commands: [
        (at: 0.0, do: Break(OneVotePerTerm)),
        (at: 0.0, do: TieTimers([])),
    ])";
    let folder = folder_with("broken.ron", broken);
    let line = "run --for 2s --commands broken.ron";
    let ended = raft_play_in(folder.path(), line);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("broken: "), "{}", ended.out);
    let json = raft_play_in(folder.path(), &format!("{line} --format json"));
    let report: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let property = report["violations"][0]["property"]
        .as_str()
        .expect("a name")
        .to_owned();
    let code = |expected: &str| raft_play_in(folder.path(), &format!("{line} --expect {expected}")).code;
    assert_eq!(code(&format!("violation:{property}")), Some(0));
    assert_eq!(code("violation:IndexOrder"), Some(1));
    assert_eq!(code("none"), Some(1));
    assert_eq!(
        raft_play("run --for 1s --expect violation:IndexOrder").code,
        Some(1)
    );
}

#[test]
fn wrong_arguments_are_exit_code_2_and_one_sentence() {
    let here = Path::new(".");
    for line in ["run --nodes 0", "run --nodes 1000", "--nodes 0", "--nodes 1000"] {
        assert_refused(here, line, 2, &["a cluster has 1 to 25 nodes"]);
    }
    assert_refused(here, "run --for 10", 2, &["try 500ms, 10s or 2m"]);
    assert_refused(here, "run --format xml", 2, &["text", "json"]);
    assert_refused(here, "run --expect violation:Gravity", 2, &["ElectionSafety"]);
    assert_refused(here, "fly", 2, &["fly"]);
}

#[test]
fn wrong_files_are_exit_code_1_and_say_where() {
    let folder = folder_with("bad.ron", "(commands: [\n  (at: 1.0, do: Explode(3)),\n])");
    let path = folder.path();
    assert_refused(path, "run --commands none.ron", 1, &["none.ron: "]);
    assert_refused(
        path,
        "run --commands bad.ron",
        1,
        &["bad.ron: line 2, column ", "Explode"],
    );
    fs::write(path.join("later.ron"), "(version: 9, scenes: [])").expect("a file");
    assert_refused(
        path,
        "run --commands later.ron",
        1,
        &["script version 9", "reads version 1"],
    );
    fs::write(path.join("far.ron"), "(commands: [(at: 1, do: Crash(7))])").expect("a file");
    let ended = raft_play_in(path, "run --commands far.ron");
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .error
            .contains("far.ron: the command at 1.000: there is no S7"),
        "{ended:?}"
    );
}

#[test]
fn a_data_directory_is_gone_on_from_and_protected() {
    let folder = folder_with("x.ron", r#"(commands: [(at: 1, do: Propose(command: "x=1"))])"#);
    let path = folder.path();
    let line = "run --nodes 3 --for 2s --data-dir data --format json";
    let first = raft_play_in(path, &format!("{line} --commands x.ron"));
    assert_eq!(first.code, Some(0), "{first:?}");
    let again = raft_play_in(path, "run --for 2s --data-dir data --format json");
    assert_eq!(again.code, Some(0), "{again:?}");
    let report: serde_json::Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!(
        report["nodes"].as_array().map(Vec::len),
        Some(3),
        "as many as before"
    );
    assert_eq!(
        report["nodes"][2]["log"][1][1], "x=1",
        "what was committed is still there"
    );
    assert_refused(path, "run --nodes 5 --data-dir data", 1, &["3 nodes, not 5"]);
    assert_refused(path, "run --data-dir .", 1, &["holds files, but no cluster"]);
}

#[test]
fn without_a_terminal_the_screen_says_what_works() {
    assert_refused(Path::new("."), "--nodes 5", 2, &["raft-play run"]);
}

#[test]
fn whoever_stops_reading_hears_no_complaint() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_raft-play"))
        .args(["run", "--for", "20m", "--all"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Who has seen enough of a long search is told what it has seen.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_search_and_not_what_is_told_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_raft-play"))
        .args(["fuzz", "--for", "2s", "--threads", "1"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.expect("there is such a program").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let told = String::from_utf8_lossy(&output.stdout);
    let last: Vec<&str> = told.lines().rev().take(3).collect();
    assert_eq!(last[..2], ["ended by Ctrl-C", "no promise was broken"]);
    assert!(last[2].contains(" seeds in "), "{}", last[2]);
}

#[test]
fn a_run_that_was_saved_goes_on_as_if_it_had_not_been() {
    let folder = folder_with("homework.ron", HOMEWORK);
    let path = folder.path();
    let whole = raft_play_in(path, "run --seed 3 --for 8s --commands homework.ron --all").out;
    let first = raft_play_in(
        path,
        "run --seed 3 --for 1700ms --commands homework.ron --all --save half.ron",
    )
    .out;
    fs::write(
        path.join("rest.ron"),
        r#"(commands: [
            (at: 2.0, do: Crash(4)),
            (at: 4.0, do: Heal),
            (at: 4.5, do: Restart(4)),
            (at: 5.0, do: Propose(command: "x=2")),
            (at: 5.0, do: CutPower(2)),
        ])"#,
    )
    .expect("a file");
    for host in ["inline", "threads"] {
        let line = format!("run half.ron --for 6300ms --commands rest.ron --all --host {host}");
        let second = raft_play_in(path, &line);
        assert_eq!((second.code, second.error.as_str()), (Some(0), ""), "{host}");
        let (told, _) = first.trim_end().rsplit_once('\n').expect("lines and the end");
        assert_eq!(format!("{told}\n{}", second.out), whole, "{host}");
    }
    let past = raft_play_in(path, "run half.ron --commands homework.ron");
    assert_eq!(past.code, Some(1));
    assert!(
        past.error
            .contains("a command at 1.000, but the cluster's time is 1.700 already"),
        "{past:?}"
    );
}

#[test]
fn a_save_that_can_not_be_loaded_is_refused() {
    let folder = folder_with("broken.ron", "(\n  nodes: [\n");
    let path = folder.path();
    for task in ["run ", "--load "] {
        assert_refused(
            path,
            &format!("{task}nosuch"),
            2,
            &["no save called `nosuch`", "figure-7"],
        );
        assert_refused(
            path,
            &format!("{task}broken.ron"),
            1,
            &["broken.ron: line ", "column "],
        );
    }
    assert_refused(path, "run five-nodes --nodes 3", 2, &["cannot be used with"]);
}

#[test]
fn homework_is_graded_by_exit_code_in_words_or_as_one_object() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let grade = |line: &str| raft_play_in(here, &format!("grade {line}"));
    let passed = grade("lost-value tests/homework/lost-value.model.ron");
    assert_eq!((passed.code, passed.error.as_str()), (Some(0), ""), "{passed:?}");
    assert!(passed.out.ends_with("pass: 4 of 4 goals\n"), "{}", passed.out);
    let failed = grade("assets/tasks/lost-value.ron tests/homework/lost-value.wrong.ron --format json");
    assert_eq!(
        (failed.code, failed.out.lines().count()),
        (Some(1), 1),
        "{failed:?}"
    );
    let report: serde_json::Value = serde_json::from_str(&failed.out).expect("JSON");
    assert_eq!(report["passed"], false);
    assert_eq!(report["goals"][0]["passed"], false);
    assert_eq!(report["goals"][2]["at_s"], 1.1);
    assert_eq!(report["questions"][1]["right"], true);

    let folder = folder_with("bad.ron", "(commands: [\n  (at: 1.0, do: Explode(3)),\n])");
    let path = folder.path();
    assert_refused(
        path,
        "grade lost-value bad.ron",
        2,
        &["bad.ron: line 2, column 17"],
    );
    assert_refused(path, "grade lost-value none.ron", 2, &["none.ron"]);
    assert_refused(path, "grade bad.ron bad.ron", 2, &["bad.ron: line 1, column 2"]);
    assert_refused(
        path,
        "grade nothing bad.ron",
        2,
        &["`nothing`", "lost-value, no-quorum"],
    );
    assert_refused(path, "--task nothing", 2, &["`nothing`"]);
    fs::write(path.join("big.ron"), vec![b' '; 2 << 20]).expect("written");
    assert_refused(
        path,
        "grade lost-value big.ron",
        2,
        &["larger than 1048576 bytes"],
    );
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = raft_play(&format!("completions {shell}"));
        assert_eq!((ended.code, ended.error.as_str()), (Some(0), ""), "{shell}");
        for word in ["check-history", "grade", "completions", "log-file"] {
            assert!(ended.out.contains(word), "{shell}: {word}");
        }
    }
    assert_refused(Path::new("."), "completions tcsh", 2, &["bash", "zsh"]);
    let page = raft_play("man");
    assert_eq!(page.code, Some(0), "{page:?}");
    assert!(page.out.contains(".TH raft-play 1"), "{}", page.out);
    assert!(page.out.contains("figure\\-7"), "the examples are there");
    if cfg!(feature = "tui") {
        assert!(page.out.contains(".SH KEYS") && page.out.contains("crash, power cut"));
    }
    let page = raft_play("man grade");
    assert!(
        page.out.contains("raft\\-play\\-grade") && page.out.contains("SUBMISSION"),
        "{}",
        page.out
    );
    assert_refused(
        Path::new("."),
        "man fly",
        2,
        &["there is no command `fly`", "grade"],
    );
}

#[test]
#[cfg(feature = "tui")]
fn the_configuration_is_printed_as_it_is_in_force() {
    let folder = folder_with("my.ron", "(theme: \"light\",\n keys: {\"heal\": [\"F3\"]})");
    let path = folder.path();
    let printed = raft_play_in(path, "config --config my.ron --print");
    assert_eq!((printed.code, printed.error.as_str()), (Some(0), ""));
    assert!(
        printed.out.starts_with("// From my.ron, and what is usual.\n("),
        "{}",
        printed.out
    );
    for line in [
        "theme: \"light\",",
        "\"heal\": [\"F3\"],",
        "\"crash\": [\"c\"],",
        "\"share\": [\"y\"],",
    ] {
        assert!(printed.out.contains(line), "{line} in {}", printed.out);
    }
    fs::write(path.join("again.ron"), &printed.out).expect("written");
    let again = raft_play_in(path, "config --config again.ron --print");
    assert_eq!(
        again.out.lines().skip(1).collect::<Vec<_>>(),
        printed.out.lines().skip(1).collect::<Vec<_>>()
    );
    fs::write(
        path.join("bad.ron"),
        "(\n  keys: {\"heal\": [\"F3\"], \"crash\": [\"F3\"]},\n)",
    )
    .expect("written");
    let words = ["bad.ron: line 2, column", "F3 is bound to `heal` and to `crash`"];
    assert_refused(path, "config --config bad.ron --print", 2, &words);
    assert_refused(path, "--config bad.ron", 2, &words);
    assert_refused(path, "--config none.ron", 2, &["none.ron"]);
    assert_refused(path, "--share rp1.nothing", 2, &["damaged"]);
}

#[test]
fn a_run_is_drawn_where_that_is_asked_for() {
    let folder = folder_with("x.ron", "(commands: [(at: 0.3, do: Propose(command: \"x=1\"))])");
    let path = folder.path();
    let line = "run --seed 7 --for 500ms --commands x.ron --lamport out.svg --stretch 0.1..0.4";
    let ended = raft_play_in(path, line);
    assert_eq!((ended.code, ended.error.as_str()), (Some(0), ""), "{ended:?}");
    let svg = fs::read_to_string(path.join("out.svg")).expect("it is there");
    assert!(svg.starts_with("<svg ") && svg.contains("0.100 s to 0.400 s") && svg.contains("leads term 1"));
    assert_refused(path, "run --stretch 1..2", 2, &["--lamport"]);
    assert_refused(
        path,
        "run --lamport o.svg --stretch 2..1",
        2,
        &["no stretch of time"],
    );
}
