//! What the clients of a world see under faults is linearizable while the rules are kept; where a rule is broken that reads or
//! sessions hang on, the history alone shows it.

#[expect(dead_code, reason = "each test uses its part of the choices")]
#[path = "common/choices.rs"]
mod choices;

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use choices::Choices;
use lab::{Lab, act, isolate, lab, lab_with, linked, lossy, propose, run};
use raft_play::consensus::{ReadWay, Rule, Switch};
use raft_play::linear::{Action, Answer, History, Limits, Outcome, Verdict, judge};
use raft_play::playground::{Command, Told};
use raft_play::types::{NodeId, SessionId};

const WAYS: [ReadWay; 3] = [ReadWay::Log, ReadWay::Index, ReadWay::Lease];

fn word(choices: &mut Choices, step: u64) -> String {
    let key = ["x", "y"][usize::from(choices.below(2) == 0)];
    match choices.below(8) {
        0 => format!("append {key} {step}."),
        1 => format!("delete {key}"),
        2 => format!("cas {key} {} {step}", step.saturating_sub(1 + choices.below(6))),
        3 => format!("get {key}"),
        _ => format!("set {key} {step}"),
    }
}

/// What some client does, or what befalls the cluster.
fn next(choices: &mut Choices, world: &Lab, nodes: u64, step: u64) -> Command {
    let one = choices.node(nodes);
    let to = (choices.below(3) > 0).then_some(one).or(world.leader());
    match choices.below(24) {
        0 => Command::Crash(one),
        1 => Command::CutPower(one),
        2..=4 => Command::Restart(one),
        5 => Command::FireTimer(one),
        6 => isolate(world.leader().unwrap_or(one), nodes),
        7 | 8 => Command::Heal,
        9 => Command::Freeze(one),
        10 | 11 => Command::Thaw(one),
        12 => Command::Transfer(one),
        13 => Command::Snapshot(one),
        14 => Command::Retry { to },
        15 => Command::ProposeIn {
            to,
            session: SessionId::new(2),
            serial: None,
            command: word(choices, step),
        },
        16..=18 => propose(to, word(choices, step)),
        _ => Command::Read {
            at: to,
            query: ["x", "get y"][usize::from(choices.below(2) == 0)].to_owned(),
            way: WAYS[usize::try_from(choices.below(3)).expect("small")],
        },
    }
}

/// How a run is set up.
#[derive(Clone, Copy)]
struct SetUp {
    is_leased: bool,
    broken: Option<Rule>,
    /// After how many steps what clients see is kept.
    keep_from: u64,
}

const SOUND: SetUp = SetUp {
    is_leased: false,
    broken: None,
    keep_from: 0,
};

/// A run of a troubled cluster, past whatever the oracles find.
fn seen(seed: u64, set_up: SetUp) -> Option<History> {
    let mut choices = Choices(seed);
    let nodes = 3 + 2 * choices.below(2);
    let mut world = lab_with(nodes, seed, linked(lossy(1 + choices.below(30), 10_000)));
    let lease = set_up.is_leased.then_some(Command::Lease(Switch::On));
    let reroute = (choices.below(2) == 0).then_some(Command::Reroute(Switch::On));
    let broken = set_up.broken.map(Command::Break);
    for command in lease.into_iter().chain(reroute).chain(broken) {
        act(&mut world, command);
    }
    for step in 0..90 {
        if step == set_up.keep_from {
            world.keep_calls().ok()?;
        }
        if step == 10 {
            let (to, timeout_ms) = (None, 60_000);
            let _ = world.command(Command::OpenSession { to, timeout_ms });
        }
        run(&mut world, choices.below(70));
        // What makes no sense now is refused.
        let command = next(&mut choices, &world, nodes, step);
        let _ = world.command(command);
        world.go_on();
    }
    let history = world.history();
    // What the clients alone can tell, whoever watches inside the cluster has told before.
    let is_wrong = history
        .as_ref()
        .is_some_and(|history| verdict(history) == Verdict::NotLinearizable);
    assert!(
        !is_wrong || !world.violations().is_empty(),
        "seed {seed}: no oracle has seen it"
    );
    history
}

fn verdict(history: &History) -> Verdict {
    judge(history, Limits::default()).verdict()
}

#[test]
fn what_clients_see_under_faults_is_linearizable() {
    let (mut answered, mut unknown) = (0, 0);
    for seed in 0..120 {
        for is_leased in [false, true] {
            let history = seen(seed, SetUp { is_leased, ..SOUND }).expect("kept from the beginning");
            assert_eq!(
                verdict(&history),
                Verdict::Linearizable,
                "seed {seed}, leased: {is_leased}\n{history:?}"
            );
            let is_answered = |outcome: &Outcome| matches!(outcome, Outcome::Answered { .. });
            let count = history
                .operations
                .iter()
                .filter(|operation| is_answered(&operation.outcome));
            let count = count.count();
            (answered, unknown) = (answered + count, unknown + history.operations.len() - count);
        }
    }
    assert!(answered > 1_500, "{answered} operations answered");
    assert!(unknown > 300, "{unknown} unknown");
}

/// What was on its way at first may take effect later, and the values are what they are.
#[test]
fn so_it_is_when_it_is_kept_from_the_middle_on() {
    let mut kept = 0;
    for seed in 0..80 {
        if let Some(history) = seen(
            seed,
            SetUp {
                keep_from: 45,
                ..SOUND
            },
        ) {
            assert_eq!(
                verdict(&history),
                Verdict::Linearizable,
                "seed {seed}\n{history:?}"
            );
            kept += 1;
        }
    }
    assert!(kept > 40, "{kept} of 80 could be kept");
}

/// The first of so many seeds whose history is not linearizable.
#[track_caller]
fn found(seeds: u64, set_up: SetUp) {
    let is_found = |seed: &u64| {
        let history = seen(*seed, set_up).expect("kept from the beginning");
        verdict(&history) == Verdict::NotLinearizable
    };
    assert!((0..seeds).any(|seed| is_found(&seed)), "never in {seeds} seeds");
}

#[test]
fn reads_that_ask_nobody_are_found() {
    found(
        300,
        SetUp {
            broken: Some(Rule::ReadIndexQuorum),
            ..SOUND
        },
    );
}

#[test]
fn votes_given_twice_are_found() {
    found(
        300,
        SetUp {
            broken: Some(Rule::OneVotePerTerm),
            ..SOUND
        },
    );
}

/// No rule is broken, but the leader's clock runs at less than half of its speed: its lease outlives the promise it rests on.
#[test]
fn a_lease_by_a_slow_clock_is_found() {
    let mut world = lab(3, 4);
    world.keep_calls().expect("nothing has happened yet");
    act(&mut world, Command::Lease(Switch::On));
    run(&mut world, 1_000);
    let old = world.leader().expect("a leader by now");
    act(&mut world, propose(old, "x=1"));
    run(&mut world, 200);
    act(
        &mut world,
        Command::Drift {
            node: old,
            ppm: -800_000,
        },
    );
    run(&mut world, 100);
    act(&mut world, isolate(old, 3));
    let new = (0..600).find_map(|_| {
        run(&mut world, 1);
        world.leader().filter(|leader| *leader != old)
    });
    act(&mut world, propose(new.expect("the others elect another"), "x=2"));
    run(&mut world, 60);
    let read = |at: NodeId| Command::Read {
        at: Some(at),
        query: "x".to_owned(),
        way: ReadWay::Lease,
    };
    act(&mut world, read(old));
    let history = world.history().expect("it is kept");
    let report = judge(&history, Limits::default());
    assert_eq!(report.verdict(), Verdict::NotLinearizable, "{history:?}");
    let blamed = &history.operations[report.failures[0].blamed];
    assert_eq!(blamed.answer(), Some(&Answer::Value(Some("1".to_owned()))));
    assert!(report.failures[0].values.contains(&Some("2".to_owned())));
}

/// The same command in the same session is one operation, from its first try to its first answer.
#[test]
fn tries_in_a_session_are_one_operation() {
    let mut world = lab(3, 1);
    world.keep_calls().expect("nothing has happened yet");
    run(&mut world, 1_000);
    let (to, timeout_ms) = (None, 60_000);
    act(&mut world, Command::OpenSession { to, timeout_ms });
    run(&mut world, 200);
    let session = SessionId::new(2);
    let append = |to| Command::ProposeIn {
        to,
        session,
        serial: None,
        command: "append x a".to_owned(),
    };
    let leader = world.leader().expect("a leader by now");
    act(&mut world, append(Some(leader)));
    run(&mut world, 5);
    act(&mut world, Command::Crash(leader));
    run(&mut world, 1_500);
    act(&mut world, Command::Retry { to: None });
    run(&mut world, 300);
    act(&mut world, propose(None, "append x b"));
    run(&mut world, 300);
    let history = world.history().expect("it is kept");
    let appends: Vec<_> = history
        .operations
        .iter()
        .map(|operation| (&operation.action, operation.answer()))
        .collect();
    let whole = |text: &str| Answer::Value(Some(text.to_owned()));
    assert_eq!(
        appends,
        [
            (&Action::Append("a".to_owned()), Some(&whole("a"))),
            (&Action::Append("b".to_owned()), Some(&whole("ab"))),
        ]
    );
    let calls = world.calls().expect("they are kept");
    assert!(matches!(calls.calls[0].told(), Told::Answer { .. }));
}

/// What a client is refused has not happened; what nobody knows the end of may happen for ever.
#[test]
fn a_refusal_is_no_operation_and_silence_is_one_of_unknown_outcome() {
    let mut world = lab(3, 1);
    world.keep_calls().expect("nothing has happened yet");
    run(&mut world, 1_000);
    let leader = world.leader().expect("a leader by now");
    let follower = (1..=3).map(NodeId::new).find(|id| *id != leader);
    act(&mut world, propose(follower, "x=1"));
    act(&mut world, isolate(leader, 3));
    act(&mut world, propose(leader, "x=2"));
    act(&mut world, propose(leader, "no command"));
    run(&mut world, 100);
    let history = world.history().expect("it is kept");
    let outcomes: Vec<_> = history
        .operations
        .iter()
        .map(|operation| (&operation.action, &operation.outcome))
        .collect();
    assert_eq!(outcomes, [(&Action::Set("2".to_owned()), &Outcome::Unknown)]);
}

/// A value that is the word for no value tells nothing to who reads it.
#[test]
fn none_as_a_value_is_told_from_no_value() {
    let mut world = lab(1, 1);
    world.keep_calls().expect("nothing has happened yet");
    run(&mut world, 1_000);
    for command in ["x=none", "get x", "get y"] {
        act(&mut world, propose(None, command));
        run(&mut world, 100);
    }
    let history = world.history().expect("it is kept");
    assert_eq!(history.operations[1].outcome, Outcome::Unknown);
    assert_eq!(history.operations[2].answer(), Some(&Answer::Value(None)));
    assert_eq!(verdict(&history), Verdict::Linearizable);
}
