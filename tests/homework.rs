//! The tasks that come with the program, and what is handed in for them: a model solution passes, a wrong one fails, and so does one that was played
//! from an easier state than the task's.

use std::time::Duration;

use proptest::prelude::*;
use raft_play::consensus::Rule;
use raft_play::homework::{Aim, Grade, Task, TaskError, grade, named, shipped_names};
use raft_play::lesson::{Deed, Step};
use raft_play::playground::{Command, TRACE_VERSION, TimedCommand};
use raft_play::save::script::Script;
use raft_play::types::{NodeId, VirtualTime};

fn text(file: &str) -> String {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn shipped(name: &str) -> Task {
    let task = Task::parse(&text(&format!("assets/tasks/{name}.ron")), name);
    task.unwrap_or_else(|error| panic!("{error}"))
}

fn handed_in(name: &str, kind: &str) -> Script {
    let script = Script::parse(&text(&format!("tests/homework/{name}.{kind}.ron")));
    script.unwrap_or_else(|error| panic!("{name}.{kind}: {error}"))
}

fn graded(task: &Task, script: &Script) -> Grade {
    grade(task, script).expect("parsing has tried it")
}

/// The task as a student would like it: with another state to begin from.
fn forged(name: &str) -> Task {
    let text = text(&format!("assets/tasks/{name}.ron"));
    let start = text.find("start: ").expect("it has a start");
    let end = start + text[start..].find('\n').expect("of one line");
    let easier = self::text(&format!("tests/homework/{name}.start.ron"));
    let text = format!("{}start: {},{}", &text[..start], easier.trim(), &text[end..]);
    Task::parse(&text, name).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_model_solution_passes_a_wrong_one_fails_and_so_does_one_from_a_forged_start() {
    for name in shipped_names() {
        let task = shipped(name);
        assert_eq!(named(name).expect("it comes with the program"), task);
        let model = graded(&task, &handed_in(name, "model"));
        assert!(model.passes(), "{name}: {model:#?}");
        let wrong = graded(&task, &handed_in(name, "wrong"));
        assert!(!wrong.passes() && wrong.faults.is_empty(), "{name}: {wrong:#?}");

        let (forged, mut easy) = (forged(name), handed_in(name, "forged"));
        let there = graded(&forged, &easy);
        assert!(there.passes(), "{name}: it is no temptation: {there:#?}");
        let here = graded(&task, &easy);
        assert!(here.faults.is_empty() && !here.passes(), "{name}: {here:#?}");
        // As the screen writes it down, it says by itself from where it was played.
        easy.start = Some(forged.start_hash());
        assert!(graded(&forged, &easy).passes());
        let told = graded(&task, &easy);
        assert!(told.faults[0].contains("another state"), "{:?}", told.faults);
        assert_ne!(forged.start_hash(), task.start_hash());
    }
}

#[test]
fn the_same_is_graded_the_same_and_the_screens_stamps_change_nothing() {
    let task = shipped("lost-value");
    let plain = handed_in("lost-value", "model");
    let stamped = Script {
        start: Some(task.start_hash()),
        trace: Some(TRACE_VERSION),
        ..plain.clone()
    };
    let stamped = Script::parse(&stamped.text("handed in")).expect("it was just written");
    assert_eq!(graded(&task, &plain), graded(&task, &stamped));
}

fn simple(rest: &str) -> Task {
    let text = format!("(title: \"t\", start: (nodes: 3, seed: 1), {rest})");
    Task::parse(&text, "t").unwrap_or_else(|error| panic!("{error}"))
}

fn script(commands: &str) -> Script {
    Script::parse(&format!("(until: 5, commands: [{commands}])")).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_is_not_permitted_is_left_out_and_told() {
    let task = simple(
        "permit: [\"propose\"], goals: [(keep: \"S1 is up and S2 is up and S3 is up\")], time: 4, most: 2",
    );
    for (commands, fault) in [
        (
            "(at: 1, do: Crash(1))",
            "does not permit `crash`; it permits propose",
        ),
        ("(at: 1, do: Break(UpToDateCheck))", "lets no rule be broken"),
        (
            "(at: 1, do: Via(node: 1, command: Break(UpToDateCheck)))",
            "lets no rule be broken",
        ),
        (
            "(at: 1, do: Via(node: 1, command: Remove(2)))",
            "does not permit `reconfigure`",
        ),
        ("(at: 4.5, do: Propose(command: \"x=1\"))", "it is over at 4.000"),
        ("(at: 0, do: Propose(to: 9, command: \"x=1\"))", "there is no S9"),
        (
            "(at: 1, do: Propose(command: \"a\")), (at: 1, do: Propose(command: \"b\")), (at: 1, do: Propose(command: \"c\"))",
            "3 commands, and the task lets 2",
        ),
    ] {
        let grade = graded(&task, &script(commands));
        assert!(grade.faults[0].contains(fault), "{:?}", grade.faults);
        assert!(grade.goals[0].is_met, "it had no effect: {commands}");
        assert!(!grade.passes());
    }
    let late = "(title: \"t\", start: (now: 3, nodes: 3), goals: [\"a leader\"], permit: [\"crash\"])";
    let grade = graded(&Task::parse(late, "t").unwrap(), &script("(at: 1, do: Crash(1))"));
    assert!(
        grade.faults[0].contains("begins at 3.000 only"),
        "{:?}",
        grade.faults
    );
}

#[test]
fn goals_are_reached_kept_or_there_in_the_end() {
    let goals = "goals: [\"a leader\", (end: \"S1 is up\"), (keep: \"S1 is up\"), (reach: \"S1 is down\"), (end: \"term 99\")]";
    let task = simple(&format!("{goals}, permit: [\"crash\", \"restart\"]"));
    let met = |commands: &str| -> Vec<bool> {
        let grade = graded(&task, &script(commands));
        grade.goals.iter().map(|goal| goal.is_met).collect()
    };
    assert_eq!(met(""), [true, true, true, false, false]);
    assert_eq!(met("(at: 1, do: Crash(1))"), [true, false, false, true, false]);
    assert_eq!(
        met("(at: 1, do: Crash(1)), (at: 1, do: Restart(1))"),
        [true, true, false, true, false]
    );
    // It ends when it says so, or when the task does.
    let ends = |until: Option<u64>| {
        let until = until.map(|seconds| VirtualTime::from_nanos(seconds * 1_000_000_000));
        graded(
            &task,
            &Script {
                until,
                ..Script::default()
            },
        )
        .end
    };
    assert_eq!(ends(Some(2)).nanos(), 2_000_000_000);
    assert_eq!(ends(Some(1_000)).nanos(), 60_000_000_000);
    assert_eq!(ends(None).nanos(), 60_000_000_000);
}

#[test]
fn answers_are_judged_where_they_can_be_and_read_where_they_can_not() {
    let task =
        simple("goals: [\"a leader\"], questions: [(text: \"How many?\", right: \"Three\"), \"Why?\"]");
    let right = |answers: &str| -> (bool, Vec<Option<bool>>) {
        let script = Script::parse(&format!("(until: 1, answers: [{answers}], commands: [])")).unwrap();
        let grade = graded(&task, &script);
        (
            grade.passes(),
            grade.questions.iter().map(|question| question.is_right).collect(),
        )
    };
    assert_eq!(right("\" three\", \"because\""), (true, vec![Some(true), None]));
    assert_eq!(right("\"two\", \"because\""), (false, vec![Some(false), None]));
    assert_eq!(right(""), (false, vec![Some(false), None]));
    let single = Script::parse("(until: 1, answer: \"Three\", commands: [])").unwrap();
    assert!(graded(&task, &single).passes());
}

/// Nobody who grades a class waits for one who has made a second last for ever.
#[test]
fn what_would_take_for_ever_is_given_up() {
    let task = simple("goals: [\"term 99\"], permit: [\"link\", \"propose\", \"set\"], time: 600");
    let flood = script(
        "(at: 0.5, do: Heartbeat(every_ms: 1)), (at: 0.5, do: Link(settings: (latency: (0, 0), duplication_ppm: 1000000)))",
    );
    let flood = Script { until: None, ..flood };
    let begun = std::time::Instant::now();
    let grade = graded(&task, &flood);
    assert!(
        grade.faults.iter().any(|fault| fault.contains("nobody waits")),
        "{:?}",
        grade.faults
    );
    assert!(begun.elapsed() < Duration::from_secs(120));
}

/// Lists grow.
fn without_the_list(error: &str, before: &str) -> String {
    let end = error.find(before).expect("there is a list") + before.len();
    format!("{}…", &error[..end])
}

#[test]
fn errors_say_where_and_what() {
    let error = |text: &str| Task::parse(text, "t.ron").unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            error("(title: \"t\""),
            error("(title: \"t\", start: (nodes: 3), goals: [\"fame\"])"),
            error("(title: \"t\", start: (nodes: 3), goals: [(text: \"t\")])"),
            error("(title: \"t\", start: (nodes: 3), goals: [(end: \"a leader\", keep: \"a leader\")])"),
            error("(title: \"t\",\n start: (nodes: 3),\n  goals: [])"),
            error("(title: \"t\",\n start: (nodes: 3,\n   term: 4), goals: [\"a leader\"])"),
            error("(title: \"t\",\n start: (nodes: [\n   (log: [2, 1]), ()]), goals: [\"a leader\"])"),
            without_the_list(&error("(title: \"t\",\n start: \"/etc/passwd\", goals: [\"a leader\"])"), "those are "),
            without_the_list(
                &error("(title: \"t\", start: (nodes: 3), goals: [\"a leader\"], permit: [\"fly\"])"),
                "they are ",
            ),
            error("(title: \"t\", start: (nodes: 3), goals: [\"a leader\"], most: 5000)"),
            error("(title: \"t\", start: (nodes: 3), goals: [\"a leader\"], time: 6000)"),
            error("(title: \"t\", start: (nodes: 3, then: [(at: 1, do: Heal)]), goals: [\"a leader\"])"),
            error("(version: 2, hints: [])"),
            named("no-such").unwrap_err().to_string(),
        ]
        .join("\n"),
        @r"
    t.ron: line 1, column 10: Expected comma
    t.ron: line 1, column 42: `fame` is no condition; some are: violation ElectionSafety, no leader for 2 s while 3 of 5 are up, S3 leads, entry x=4 committed, x is 4 at S3, S3 is down, you crash
    t.ron: line 1, column 51: a goal has one of reach, keep and end
    t.ron: line 1, column 75: a goal has one of reach, keep and end
    t.ron: line 3, column 10: a task has at least one goal
    its start: t.ron: line 3, column 4: Unexpected field named `term` in `Save`, expected one of `version`, `trace`, `title`, `notes`, `seed`, `now`, `settings`, `partition`, `counters`, `trace_hash`, `clients`, `violations`, `stopped`, `links`, `messages`, `founders`, `joining`, `then`, or `nodes` instead
    its start: t.ron: line 3, column 4: S1: terms in a log never go down, but entry 1 is of term 2 and entry 2 of term 1
    t.ron: line 2, column 9: `/etc/passwd` is no save that comes with the program; those are …
    t.ron: line 1, column 64: `fly` is no deed; they are …
    t.ron: line 1, column 60: `most` is 5000; 1000 is the most
    t.ron: line 1, column 60: `time` is from 0.001 to 600 seconds
    t.ron: line 1, column 21: the start has something still to be done (`then`), which a task can't have: nobody could tell it from what the student does; let the save run past that, and save it again
    t.ron: task version 2, and this build reads 1; open it with a raft-play that is as new
    there is no task called `no-such`, and no file of that name; those that come with the program are: lost-value, no-quorum, count-too-much
    "
    );
    assert!(
        matches!(named("assets").unwrap_err(), TaskError::File { .. }),
        "a folder"
    );
}

#[test]
fn what_one_reads_says_what_may_be_done_and_waits_for_each_goal() {
    for name in shipped_names() {
        let task = shipped(name);
        let steps = task.steps();
        let waits: Vec<String> = steps
            .iter()
            .filter_map(|step| step.until.as_ref().map(ToString::to_string))
            .collect();
        let reached = task.goals.iter().filter(|goal| matches!(goal.aim, Aim::Reach(_)));
        assert_eq!(
            waits,
            reached
                .map(|goal| goal.aim.condition().to_string())
                .collect::<Vec<_>>()
        );
        // Two rows of a narrow screen.
        let is_long = |step: &&Step| step.text.chars().count() > 2 * 74;
        assert_eq!(steps.iter().find(is_long), None, "{name}");
        assert!(steps.iter().any(|step| step.text.starts_with("You may: ")));
    }
    let task = shipped("count-too-much");
    assert_eq!(task.permits(&Command::Break(Rule::CommitOwnTermOnly)), Ok(()));
    assert!(task.permits(&Command::Break(Rule::OneVotePerTerm)).is_err());
    assert!(task.permits(&Command::Crash(NodeId::new(1))).is_err());
    assert_eq!(task.permit, [Deed::Time, Deed::Part, Deed::Heal]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is handed in, grading ends and does not panic.
    #[test]
    fn no_text_is_too_odd_to_be_graded(text in "[ -~]{0,60}", cut in 0usize..400, at: u64) {
        let _ = Task::parse(&text, "t");
        let model = self::text("tests/homework/lost-value.model.ron");
        let cut: String = model.chars().take(cut).collect();
        let _ = Script::parse(&cut);
        let task = shipped("no-quorum");
        let commands = vec![TimedCommand { at: VirtualTime::from_nanos(at), after: 0, command: Command::Heal }];
        let until = Some(VirtualTime::from_nanos(at % 1_000_000_000));
        graded(&task, &Script { commands, until, ..Script::default() });
    }
}
