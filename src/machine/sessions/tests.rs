use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::machine::KeyValue;

fn open(seconds: u64) -> Payload {
    Payload::OpenSession {
        timeout: Duration::from_secs(seconds),
    }
}

fn time(seconds: u64) -> Payload {
    Payload::ClusterTime(ClusterTime::from_nanos(seconds * 1_000_000_000))
}

fn close(session: u64) -> Payload {
    Payload::CloseSession(SessionId::new(session))
}

fn guarded(session: u64, serial: u64, acknowledged: u64, command: &str) -> Payload {
    Payload::Guarded(Guarded {
        session: SessionId::new(session),
        serial: SerialNumber::new(serial),
        acknowledged: SerialNumber::new(acknowledged),
        command: Bytes::copy_from_slice(command.as_bytes()),
    })
}

/// Applies these from index 1 on.
fn executions(payloads: &[Payload], check: SerialCheck) -> Vec<Execution> {
    let mut sessions = Sessions::around(KeyValue::default());
    let entries = (1..).map(LogIndex::new).zip(payloads);
    entries
        .map(|(index, payload)| sessions.apply(index, payload, check))
        .collect()
}

fn executed(answer: &'static str) -> Execution {
    Execution::Executed(Bytes::from_static(answer.as_bytes()))
}

fn repeated(answer: &'static str) -> Execution {
    Execution::Repeated(Bytes::from_static(answer.as_bytes()))
}

#[test]
fn a_session_is_closed_once_and_serves_nothing_afterwards() {
    let gone = Execution::Refused(SessionRefusal::NoSession);
    let entries = [
        open(10),
        guarded(1, 1, 1, "append x a"),
        close(1),
        guarded(1, 1, 1, "append x a"),
        guarded(1, 2, 1, "append x b"),
        close(1),
        close(7),
        open(10),
    ];
    let expected = [
        Execution::Opened(SessionId::new(1)),
        executed("a"),
        Execution::Closed(SessionId::new(1)),
        gone.clone(),
        gone.clone(),
        gone.clone(),
        gone,
        Execution::Opened(SessionId::new(8)),
    ];
    assert_eq!(executions(&entries, SerialCheck::Kept), expected);
}

#[test]
fn a_command_that_comes_again_is_answered_again_and_not_executed() {
    let entries = [
        open(10),
        guarded(1, 1, 1, "append x a"),
        guarded(1, 1, 1, "append x a"),
        guarded(1, 2, 1, "append x b"),
        guarded(1, 1, 1, "append x a"),
    ];
    let opened = Execution::Opened(SessionId::new(1));
    assert_eq!(
        executions(&entries, SerialCheck::Kept),
        [
            opened.clone(),
            executed("a"),
            repeated("a"),
            executed("ab"),
            repeated("a")
        ]
    );
    assert_eq!(
        executions(&entries, SerialCheck::Broken),
        [
            opened,
            executed("a"),
            executed("aa"),
            executed("aab"),
            executed("aaba")
        ]
    );
}

#[test]
fn commands_of_one_session_may_overtake_each_other() {
    let entries = [
        open(10),
        guarded(1, 2, 1, "append x b"),
        guarded(1, 1, 1, "append x a"),
        guarded(1, 2, 1, "append x b"),
    ];
    assert_eq!(
        executions(&entries, SerialCheck::Kept)[1..],
        [executed("b"), executed("ba"), repeated("b")]
    );
}

#[test]
fn what_is_acknowledged_is_forgotten_and_never_executed_again() {
    let entries = [
        open(10),
        guarded(1, 1, 1, "append x a"),
        guarded(1, 2, 2, "append x b"),
        guarded(1, 1, 1, "append x a"),
    ];
    let refused = Execution::Refused(SessionRefusal::Acknowledged);
    assert_eq!(executions(&entries, SerialCheck::Kept)[3], refused);
    let ahead = [
        open(10),
        guarded(1, 1, 9, "append x a"),
        guarded(1, 1, 9, "append x a"),
    ];
    assert_eq!(
        executions(&ahead, SerialCheck::Kept)[2],
        repeated("a"),
        "an answer that can't have come is not forgotten"
    );
}

#[test]
fn a_session_that_is_not_used_expires_by_the_time_in_the_log() {
    let no_session = Execution::Refused(SessionRefusal::NoSession);
    let entries = [
        time(100),
        open(10),
        time(110),
        guarded(2, 1, 1, "append x a"),
        time(105),
        time(120),
        guarded(2, 1, 1, "append x a"),
        time(131),
        guarded(2, 1, 1, "append x a"),
    ];
    let found = executions(&entries, SerialCheck::Kept);
    assert_eq!(found[3], executed("a"), "exactly its timeout is not too long");
    assert_eq!(
        found[6],
        repeated("a"),
        "use prolongs it, and time does not go back"
    );
    assert_eq!(found[8], no_session);
    assert_eq!(
        executions(&[guarded(7, 1, 1, "append x a")], SerialCheck::Kept),
        [no_session]
    );
}

#[test]
fn a_client_that_acknowledges_nothing_is_told_to_wait() {
    let mut entries = vec![open(10)];
    entries.extend((1..=WINDOW as u64 + 1).map(|serial| guarded(1, serial, 1, "append x a")));
    let found = executions(&entries, SerialCheck::Kept);
    assert_eq!(
        found.last(),
        Some(&Execution::Refused(SessionRefusal::WindowFull))
    );
}

/// What a client may do.
fn any_payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        2 => Just(open(3)),
        1 => (0..20u64).prop_map(time),
        1 => Just(Payload::Noop),
        1 => (1..6u64).prop_map(close),
        1 => Just(Payload::Command(Bytes::from_static(b"append x -"))),
        9 => (1..6u64, 1..6u64, 1..6u64).prop_map(|(session, serial, acknowledged)| {
            guarded(session, serial, acknowledged, &format!("append x {session}.{serial}."))
        }),
    ]
}

proptest! {
    /// The oracle is the sentence: a command of a session takes effect at most once, and whoever is answered gets the answer that
    /// it had then.
    #[test]
    fn each_serial_number_takes_effect_once(payloads in prop::collection::vec(any_payload(), 0..80)) {
        let mut sessions = Sessions::around(KeyValue::default());
        let mut effects: BTreeMap<(SessionId, SerialNumber), Bytes> = BTreeMap::new();
        let (mut opened, mut gone) = (BTreeSet::new(), BTreeSet::new());
        for (index, payload) in (1..).map(LogIndex::new).zip(&payloads) {
            let execution = sessions.apply(index, payload, SerialCheck::Kept);
            match execution {
                Execution::Opened(session) => drop(opened.insert(session)),
                Execution::Closed(session) => {
                    prop_assert!(opened.contains(&session) && gone.insert(session), "it was not open");
                }
                Execution::Nothing | Execution::Executed(_) | Execution::Repeated(_) | Execution::Refused(_) => {}
            }
            let Payload::Guarded(guarded) = payload else { continue };
            let key = (guarded.session, guarded.serial);
            match execution {
                Execution::Executed(answer) => {
                    prop_assert!(!gone.contains(&guarded.session), "after it was over");
                    prop_assert!(effects.insert(key, answer).is_none(), "executed twice");
                }
                Execution::Repeated(answer) => prop_assert_eq!(effects.get(&key), Some(&answer)),
                Execution::Refused(SessionRefusal::NoSession) => {
                    gone.extend(Some(guarded.session).filter(|session| opened.contains(session)));
                }
                Execution::Refused(SessionRefusal::Acknowledged | SessionRefusal::WindowFull) => {}
                Execution::Nothing | Execution::Opened(_) | Execution::Closed(_) => {
                    prop_assert!(false, "it was for the machine");
                }
            }
        }
    }

    /// A snapshot at any point makes no difference to what comes after it.
    #[test]
    fn a_table_goes_on_from_its_bytes(payloads in prop::collection::vec(any_payload(), 0..60), cut in 0..60usize) {
        let mut sessions = Sessions::around(KeyValue::default());
        let mut resumed = None;
        for (place, payload) in payloads.iter().enumerate() {
            if place == cut {
                let bytes = sessions.table().encode();
                let (table, rest) = SessionTable::decode(&bytes).expect("what was written can be read");
                prop_assert!(rest.is_empty());
                prop_assert_eq!(&table, sessions.table());
                resumed = Some(Sessions::with(sessions.machine().clone(), table));
            }
            let index = LogIndex::new(place as u64 + 1);
            let execution = sessions.apply(index, payload, SerialCheck::Kept);
            if let Some(resumed) = &mut resumed {
                prop_assert_eq!(resumed.apply(index, payload, SerialCheck::Kept), execution);
            }
        }
    }

    #[test]
    fn made_up_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(prop_oneof![Just(0), 0..3u8, any::<u8>()], 0..200)) {
        if let Some((table, rest)) = SessionTable::decode(&bytes) {
            let read = bytes.len() - rest.len();
            prop_assert_eq!(&table.encode()[..], &bytes[..read]);
        }
    }
}
