//! Sessions and answers.

use super::*;

/// S1 executed a command of a session; S2, which applies the same entry, does something else.
#[test]
fn all_servers_do_the_same_with_a_command_of_a_session() {
    let deed = |scene: &mut Scene, node, effect, answer: &[u8]| {
        scene.checker.observe(&Fact::Executed {
            node,
            index: LogIndex::new(3),
            guarded: &Guarded {
                session: SessionId::new(1),
                serial: SerialNumber::new(1),
                acknowledged: SerialNumber::default(),
                command: Bytes::from("x=1"),
            },
            effect,
            answer,
        })
    };
    let mut scene = Scene::led_by_s1();
    deed(&mut scene, S1, Effect::First, b"1").unwrap();
    assert_eq!(deed(&mut scene, S2, Effect::First, b"1"), Ok(()));
    breaks(
        deed(&mut scene, S3, Effect::Refused, b""),
        Property::ExactlyOnce,
        "S3 refused s1#1 at 3, which S1 executed there",
    );
    let mut scene = Scene::led_by_s1();
    deed(&mut scene, S1, Effect::Refused, b"").unwrap();
    assert_eq!(deed(&mut scene, S2, Effect::Refused, b""), Ok(()));
    breaks(
        deed(&mut scene, S3, Effect::First, b"1"),
        Property::ExactlyOnce,
        "S3 executed s1#1 at 3, which S1 refused there",
    );
}

/// S1 and S2 close a session at the same entry; S3 says that it was not open, and S2 executes a command of it afterwards.
#[test]
fn all_servers_close_a_session_at_one_entry_and_serve_it_no_more() {
    let session = SessionId::new(1);
    let close = |scene: &mut Scene, node, effect| {
        let index = LogIndex::new(3);
        scene.checker.observe(&Fact::SessionClosed {
            node,
            index,
            session,
            effect,
        })
    };
    let execute = |scene: &mut Scene, node, at| {
        scene.checker.observe(&Fact::Executed {
            node,
            index: LogIndex::new(at),
            guarded: &Guarded {
                session,
                serial: SerialNumber::new(1),
                acknowledged: SerialNumber::default(),
                command: Bytes::from("x=1"),
            },
            effect: Effect::First,
            answer: b"1",
        })
    };
    let closed = || {
        let mut scene = Scene::led_by_s1();
        assert_eq!(execute(&mut scene, S1, 2), Ok(()));
        assert_eq!(close(&mut scene, S1, Effect::First), Ok(()));
        assert_eq!(execute(&mut scene, S2, 2), Ok(()));
        assert_eq!(close(&mut scene, S2, Effect::First), Ok(()));
        scene
    };
    breaks(
        close(&mut closed(), S3, Effect::Refused),
        Property::ExactlyOnce,
        "S3 refused to close session s1 at 3, which S1 closed there",
    );
    breaks(
        execute(&mut closed(), S2, 4),
        Property::ExactlyOnce,
        "S2 served session s1 at 4, which S1 had closed at 3",
    );
}

/// A write that was sent after another was acknowledged, or read, and that stands before it in the log.
#[test]
fn a_write_stands_after_what_was_acknowledged_before_it_was_sent() {
    let (one, other, read) = (ProposalId::new(1), ProposalId::new(2), ProposalId::new(3));
    let begin = |scene: &mut Scene, write| scene.checker.observe(&Fact::WriteBegan { write }).unwrap();
    let done = |scene: &mut Scene, write, index| {
        let index = LogIndex::new(index);
        let node = S1;
        scene.checker.observe(&Fact::WriteDone { node, write, index })
    };
    let mut scene = Scene::led_by_s1();
    begin(&mut scene, one);
    begin(&mut scene, other);
    assert_eq!(done(&mut scene, one, 5), Ok(()));
    assert_eq!(done(&mut scene, other, 4), Ok(()), "it was sent before");

    begin(&mut scene, other);
    breaks(
        done(&mut scene, other, 5),
        Property::ClientsSeeOneLog,
        "S1 acknowledged a command at 5, though 5 had been acknowledged before it was sent",
    );
    let (node, applied) = (S2, LogIndex::new(9));
    let served = scene.checker.observe(&Fact::ReadServed { node, read, applied });
    assert_eq!(served, Ok(()), "of a read that began before, nothing is known");
    begin(&mut scene, other);
    breaks(
        done(&mut scene, other, 8),
        Property::ClientsSeeOneLog,
        "S1 acknowledged a command at 8, though 9 had been acknowledged before it was sent",
    );
}

#[test]
fn an_answer_is_what_a_replay_gives() {
    let mut scene = Scene::led_by_s1();
    let (node, index) = (S3, LogIndex::new(2));
    let replayed =
        |scene: &mut Scene, is_same| scene.checker.observe(&Fact::Replayed { node, index, is_same });
    assert_eq!(replayed(&mut scene, true), Ok(()));
    breaks(
        replayed(&mut scene, false),
        Property::ClientsSeeOneLog,
        "S3 answered otherwise than a replay of what is committed through 2",
    );
}
