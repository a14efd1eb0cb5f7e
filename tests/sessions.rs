//! Sessions under faults: clients that get no answer ask again, leaders change, servers restart, and each command takes effect
//! once.

#[expect(dead_code, reason = "each test uses its part of the choices")]
#[path = "common/choices.rs"]
mod choices;

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeMap;

use choices::Choices;
use lab::{Lab, act, cast, compact, lab_with, linked, loaded, lossy, run, settled_with};
use raft_play::check::{Property, Violation};
use raft_play::consensus::{Rule, Switch};
use raft_play::machine::SessionRefusal;
use raft_play::playground::{ClientAnswer, Command, LinkSettings, Settings, Snapshot};
use raft_play::types::{NodeId, SerialNumber, SessionId};

/// Any node may be asked, over links like these.
fn rerouting(link: LinkSettings) -> Settings {
    Settings {
        reroute: Switch::On,
        ..linked(link)
    }
}

fn propose_in(session: u64, serial: Option<u64>, command: &str) -> Command {
    Command::ProposeIn {
        to: None,
        session: SessionId::new(session),
        serial: serial.map(SerialNumber::new),
        command: command.to_owned(),
    }
}

fn open(timeout_ms: u64) -> Command {
    Command::OpenSession { to: None, timeout_ms }
}

/// What clients were told since this was last asked.
fn told(world: &mut Lab) -> Vec<ClientAnswer> {
    let answers = lab::told(world).into_iter();
    answers.map(|(_, answer)| answer).collect()
}

/// A cluster at rest with one session open.
fn with_session(seed: u64, timeout_ms: u64) -> (Lab, u64) {
    let mut world = settled_with(3, seed, rerouting(LinkSettings::default()));
    act(&mut world, open(timeout_ms));
    run(&mut world, 200);
    let session = told(&mut world).into_iter().find_map(|answer| match answer {
        ClientAnswer::SessionOpened { session } => Some(session),
        _ => None,
    });
    (world, session.expect("it is open").number())
}

#[test]
fn a_session_that_is_used_lives_and_one_that_is_not_expires() {
    let (mut world, session) = with_session(1, 3_000);
    for serial in 1..=4 {
        run(&mut world, 2_000);
        act(&mut world, propose_in(session, Some(serial), "append x a"));
    }
    run(&mut world, 200);
    assert_eq!(told(&mut world).len(), 4);
    run(&mut world, 6_000);
    act(&mut world, propose_in(session, None, "append x b"));
    run(&mut world, 200);
    let answers = told(&mut world);
    assert!(
        matches!(
            answers[..],
            [ClientAnswer::SessionRefused {
                reason: SessionRefusal::NoSession,
                ..
            }]
        ),
        "{answers:?}"
    );
    let contents = world.snapshot().nodes[0].contents.clone();
    assert_eq!(contents, [("x".to_owned(), "aaaa".to_owned())]);
    let before = world.snapshot().nodes[0].log.len();
    run(&mut world, 5_000);
    let after = world.snapshot().nodes[0].log.len();
    assert_eq!(before, after, "with no session open nobody needs the time");
}

/// A follower is asked, and passes it on; a copy of the world from a save in the middle of it does the same.
#[test]
fn a_session_that_is_closed_is_gone_everywhere() {
    let (mut world, session) = with_session(4, 60_000);
    act(&mut world, propose_in(session, None, "append x a"));
    run(&mut world, 1_500);
    let (leader, others) = cast(&world, 3);
    let close = |to| Command::CloseSession {
        to,
        session: SessionId::new(session),
    };
    act(&mut world, close(Some(others[0])));
    run(&mut world, 15);
    told(&mut world);
    let mut copy = loaded(&mut world);
    run(&mut copy, 200);
    run(&mut world, 200);
    assert_eq!(copy.trace_hash(), world.trace_hash());
    let is_closed = |answer: &ClientAnswer| matches!(answer, ClientAnswer::SessionClosed { .. });
    assert_eq!(
        told(&mut world).iter().filter(|answer| is_closed(answer)).count(),
        1
    );
    assert!(world.snapshot().nodes.iter().all(|node| node.sessions.is_empty()));
    act(&mut world, Command::Retry { to: None });
    act(&mut world, close(Some(leader)));
    run(&mut world, 200);
    let is_refused = |answer: &ClientAnswer| {
        let reason = SessionRefusal::NoSession;
        matches!(answer, ClientAnswer::SessionRefused { reason: known, .. } if *known == reason)
    };
    let answers = told(&mut world);
    assert!(
        answers.len() == 2 && answers.iter().all(is_refused),
        "{answers:?}"
    );
    let before = world.snapshot().nodes[0].log.len();
    run(&mut world, 3_000);
    assert_eq!(
        world.snapshot().nodes[0].log.len(),
        before,
        "nobody needs the time"
    );
    assert!(world.violations().is_empty());
}

#[test]
fn a_leader_stamps_the_time_once_a_second_while_sessions_are_open() {
    let (mut world, _) = with_session(2, 60_000);
    let before = world.snapshot().nodes[0].log.len();
    run(&mut world, 10_000);
    let stamps = world.snapshot().nodes[0].log.len() - before;
    assert!((9..=11).contains(&stamps), "{stamps} stamps in ten seconds");
}

#[test]
fn time_goes_on_from_the_last_stamp_under_a_new_leader() {
    let (mut world, _) = with_session(3, 60_000);
    run(&mut world, 5_000);
    let time = |snapshot: &Snapshot| snapshot.nodes.iter().map(|node| node.sessions.time()).max();
    let before = time(&world.snapshot());
    let leader = world.leader().unwrap();
    act(&mut world, Command::Crash(leader));
    run(&mut world, 4_000);
    assert!(time(&world.snapshot()) > before);
}

/// A run in which a few clients with a session each send numbered commands and retry them, while nodes fail. Each appends its
/// own mark to a key of its own, so that the state shows how often each command took effect.
fn troubled(seed: u64, broken: Option<Rule>) -> Result<Snapshot, Violation> {
    let mut choices = Choices(seed);
    let link = LinkSettings {
        duplication_ppm: 100_000,
        ..lossy(1 + choices.below(40), 20_000)
    };
    let nodes = 3 + 2 * choices.below(2);
    let mut world = lab_with(nodes, seed, rerouting(link));
    if let Some(rule) = broken {
        act(&mut world, Command::Break(rule));
    }
    if choices.below(2) == 0 {
        act(&mut world, compact(6, 1));
    }
    run(&mut world, 1_000);
    let mut sessions: Vec<SessionId> = Vec::new();
    let mut commands: BTreeMap<(SessionId, u64), String> = BTreeMap::new();
    for step in 0..150 {
        run(&mut world, choices.below(80));
        let one = choices.node(nodes);
        let command = match choices.below(16) {
            0 => Command::Crash(one),
            1..=3 => Command::Restart(one),
            4 => Command::FireTimer(one),
            5 => Command::Partition(vec![vec![one]]),
            6 | 7 => Command::Heal,
            8 => open([2_000, 60_000][usize::try_from(choices.below(2)).expect("small")]),
            9 => Command::Retry { to: Some(one) },
            _ if sessions.is_empty() => open(60_000),
            _ => {
                let place = choices.below(sessions.len() as u64);
                let session = sessions[usize::try_from(place).expect("small")];
                // Sometimes an old number again, as a client does that got no answer.
                let serial = 1 + choices.below(12);
                let text = commands
                    .entry((session, serial))
                    .or_insert_with(|| format!("append {session}.{serial} {step}."));
                Command::ProposeIn {
                    to: Some(one),
                    session,
                    serial: Some(SerialNumber::new(serial)),
                    command: text.clone(),
                }
            }
        };
        // What makes no sense now is refused.
        let _ = world.command(command);
        if let Some(violation) = world.violations().first() {
            return Err(violation.clone());
        }
        let opened = told(&mut world).into_iter().filter_map(|answer| match answer {
            ClientAnswer::SessionOpened { session } => Some(session),
            _ => None,
        });
        sessions.extend(opened);
    }
    Ok(world.snapshot())
}

#[test]
fn each_command_of_a_session_takes_effect_once_under_faults() {
    let mut effects = 0;
    for seed in 0..150 {
        let snapshot = troubled(seed, None).unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        for node in &snapshot.nodes {
            for (key, value) in &node.contents {
                effects += 1;
                assert_eq!(value.matches('.').count(), 1, "seed {seed}: {key} is {value}");
            }
        }
    }
    assert!(effects > 2_000, "{effects} effects: the test reaches too little");
}

#[test]
fn without_the_serial_check_a_command_takes_effect_twice_and_is_noticed() {
    let rule = Rule::SessionSerialCheck;
    let found = (0..50).find_map(|seed| troubled(seed, Some(rule)).err());
    let found = found.expect("a retry is executed again");
    assert_eq!(found.property, Property::ExactlyOnce, "{found}");
}

#[test]
fn a_save_goes_on_with_its_sessions_also_where_the_rule_was_broken_meanwhile() {
    let (mut world, session) = with_session(4, 60_000);
    let steps = [
        propose_in(session, None, "append x a"),
        Command::Retry { to: None },
        Command::Break(Rule::SessionSerialCheck),
        Command::Retry {
            to: Some(NodeId::new(2)),
        },
        Command::Keep(Rule::SessionSerialCheck),
        Command::Retry { to: None },
        propose_in(session, None, "append x b"),
        open(1_000),
    ];
    for step in steps {
        act(&mut world, step);
        for _ in 0..25 {
            world.step();
        }
        world.go_on();
        let mut again = loaded(&mut world);
        again.go_on();
        for (one, other) in world.snapshot().nodes.iter().zip(&again.snapshot().nodes) {
            assert_eq!((&one.contents, &one.sessions), (&other.contents, &other.sessions));
        }
        run(&mut world, 300);
        again.run_until(world.now());
        assert_eq!(again.trace_hash(), world.trace_hash());
        world = again;
    }
}

#[test]
fn sessions_travel_with_a_snapshot() {
    let (mut world, session) = with_session(5, 60_000);
    let (leader, others) = cast(&world, 3);
    act(&mut world, Command::Crash(others[0]));
    act(&mut world, propose_in(session, None, "append x a"));
    run(&mut world, 300);
    act(&mut world, compact(None, 0));
    act(&mut world, Command::Snapshot(leader));
    run(&mut world, 300);
    act(&mut world, Command::Restart(others[0]));
    run(&mut world, 1_000);
    let base = world.snapshot().nodes[usize::try_from(others[0].number()).unwrap() - 1]
        .log
        .base();
    assert!(
        base.index.number() > 2,
        "it got the snapshot: its log begins after {base}"
    );
    act(&mut world, Command::Transfer(others[0]));
    run(&mut world, 1_000);
    assert_eq!(world.leader(), Some(others[0]), "it leads now");
    act(&mut world, Command::Retry { to: None });
    run(&mut world, 500);
    let snapshot = world.snapshot();
    for node in &snapshot.nodes {
        assert_eq!(node.contents, [("x".to_owned(), "a".to_owned())], "{}", node.id);
    }
    assert_eq!(world.violations(), []);
}
