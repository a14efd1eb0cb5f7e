//! For each property facts that break it, and beside them the nearest facts that do not.

mod scene;

use scene::{GRANTED, S1, S2, S3, Scene, Verdict, ballot, heartbeat, matched, run, vote_request};

use super::*;
use bytes::Bytes;

use crate::types::{Entries, Entry, Guarded, LogIndex, SerialNumber, SessionId, WriteSequence};

#[track_caller]
fn breaks(verdict: Verdict, property: Property, detail: &str) {
    let violation = verdict.expect_err("a violation");
    assert_eq!(
        (violation.property, violation.detail.as_str()),
        (property, detail)
    );
}

#[test]
fn election_safety() {
    let mut scene = Scene::led_by_s1();
    assert_eq!(scene.led(S1, 2), Ok(()), "the same leader, told again");
    breaks(
        scene.led(S2, 2),
        Property::ElectionSafety,
        "S2 and S1 were both elected leader of term 2",
    );
    scene.vote(S3, 3, S3).unwrap();
    assert_eq!(scene.led(S3, 3), Ok(()), "another term");
}

#[test]
fn election_safety_is_over_all_history() {
    let mut scene = Scene::led_by_s1();
    scene.checker.observe(&Fact::Stopped { node: S1 }).unwrap();
    breaks(
        scene.led(S2, 2),
        Property::ElectionSafety,
        "S2 and S1 were both elected leader of term 2",
    );
}

#[test]
fn election_safety_by_word() {
    let mut scene = Scene::led_by_s1();
    assert_eq!(scene.send(S1, S2, 2, heartbeat()), Ok(()));
    let detail = "S3 sent entries as leader of term 2, which S1 leads";
    breaks(
        scene.send(S3, S2, 2, heartbeat()),
        Property::ElectionSafety,
        detail,
    );
}

#[test]
fn leader_append_only() {
    let mut scene = Scene::led_by_s1();
    assert_eq!(scene.append(S1, 3, &[2]), Ok(()));
    let detail = "S1 removed its entries from 2 on while it led term 2";
    breaks(
        scene.write(S1, None, Some(2), &run(2, &[2])),
        Property::LeaderAppendOnly,
        detail,
    );
    let mut scene = Scene::led_by_s1();
    let superseded = Some(ballot(3, None));
    assert_eq!(
        scene.write(S1, superseded, Some(2), &run(2, &[2])),
        Ok(()),
        "it stepped down first"
    );
}

#[test]
fn a_leader_does_not_overwrite() {
    let mut scene = Scene::led_by_s1();
    let detail = "S1 wrote an entry at 2, though its log ended at 2";
    breaks(scene.append(S1, 2, &[2]), Property::LeaderAppendOnly, detail);
}

#[test]
fn log_matching() {
    let mut scene = Scene::of([(2, &[1, 1]), (2, &[1]), (2, &[])]);
    assert_eq!(scene.append(S2, 2, &[1]), Ok(()), "the same entry");
    assert_eq!(scene.append(S1, 3, &[2]), Ok(()));
    scene.append(S3, 1, &[1, 2]).unwrap();
    let detail = "S3 and S1 have entry 3 (term 2), but not the same log up to it";
    breaks(scene.append(S3, 3, &[2]), Property::LogMatching, detail);
}

#[test]
fn log_matching_sees_contents() {
    let mut scene = Scene::of([(1, &[1]), (1, &[]), (1, &[])]);
    let other = Entries::new(LogIndex::new(1), [Entry::noop(Term::new(1))]);
    let detail = "S2 and S1 have entry 1 (term 1), but not the same log up to it";
    breaks(scene.write(S2, None, None, &other), Property::LogMatching, detail);
}

/// The paper's Figure 8, (c) to (d): entry 2 of term 2 counted by a leader of term 4, and then overridden.
#[test]
fn leader_completeness() {
    let mut scene = Scene::of([(4, &[1, 2]), (4, &[1, 2]), (4, &[1, 3])]);
    scene.led(S1, 4).unwrap();
    assert_eq!(scene.commit(S1, 2), Ok(()), "it is on a majority of disks");
    scene.vote(S3, 5, S3).unwrap();
    let detail = "S3 leads term 5 without entry 2 (term 2), which was committed";
    breaks(scene.led(S3, 5), Property::LeaderCompleteness, detail);
}

#[test]
fn leader_completeness_exempts_the_superseded() {
    let mut scene = Scene::of([(5, &[1, 2]), (5, &[1, 2]), (4, &[1])]);
    scene.led(S1, 5).unwrap();
    scene.commit(S1, 2).unwrap();
    assert_eq!(
        scene.led(S3, 4),
        Ok(()),
        "2 was committed in term 5, not before term 4"
    );
}

#[test]
fn leader_completeness_when_the_commitment_comes_last() {
    let mut scene = Scene::of([(4, &[1, 2]), (4, &[1, 2]), (5, &[1, 3])]);
    scene.led(S1, 4).unwrap();
    scene.led(S3, 5).unwrap();
    let detail = "S3 leads term 5 without entry 2 (term 2), which was committed";
    breaks(scene.commit(S1, 2), Property::LeaderCompleteness, detail);
}

#[test]
fn state_machine_safety() {
    let mut scene = Scene::of([(3, &[1, 2]), (3, &[1, 2]), (3, &[1, 3])]);
    scene.commit(S1, 2).unwrap();
    assert_eq!(scene.commit(S2, 2), Ok(()));
    let detail = "S3 committed entry 2 of term 3, where the entry of term 2 was committed before";
    breaks(scene.commit(S3, 2), Property::StateMachineSafety, detail);
}

#[test]
fn state_machine_safety_of_what_is_applied() {
    let mut scene = Scene::led_by_s1();
    scene.commit(S1, 1).unwrap();
    assert_eq!(scene.apply(S1, 1, &run(1, &[1]).as_slice()[0]), Ok(()));
    scene.commit(S2, 1).unwrap();
    let detail = "S2 applied at 1 another entry than the one committed there";
    breaks(
        scene.apply(S2, 1, &Entry::noop(Term::new(1))),
        Property::StateMachineSafety,
        detail,
    );
}

#[test]
fn vote_unique_on_the_wire_across_a_restart() {
    let mut scene = Scene::led_by_s1();
    scene.vote(S2, 3, S1).unwrap();
    scene.sync(S2).unwrap();
    assert_eq!(scene.send(S2, S1, 3, GRANTED), Ok(()));
    assert_eq!(scene.send(S2, S1, 3, GRANTED), Ok(()), "said twice");
    let mut scene_after = scene.checker.clone().watching([Property::VoteUnique]);
    let log = &run(1, &[1, 1]);
    let forgotten = ballot(3, None);
    scene_after
        .observe(&Fact::Started {
            node: S2,
            ballot: forgotten,
            base: Base::default(),
            log,
        })
        .unwrap();
    scene.checker = scene_after;
    let detail = "S2 voted for S3 in term 3, after it had voted for S1";
    breaks(scene.send(S2, S3, 3, GRANTED), Property::VoteUnique, detail);
}

#[test]
fn a_candidate_votes_for_itself() {
    let mut scene = Scene::led_by_s1();
    scene.vote(S2, 3, S2).unwrap();
    scene.sync(S2).unwrap();
    assert_eq!(scene.send(S2, S1, 3, vote_request()), Ok(()));
    let detail = "S2 voted for S3 in term 3, after it had voted for S2";
    breaks(scene.send(S2, S3, 3, GRANTED), Property::VoteUnique, detail);
}

#[test]
fn vote_unique_on_disk() {
    let mut scene = Scene::led_by_s1();
    scene.vote(S2, 3, S1).unwrap();
    assert_eq!(scene.vote(S3, 3, S3), Ok(()), "another voter");
    breaks(
        scene.vote(S2, 3, S3),
        Property::VoteUnique,
        "S2 took back its vote for S1 in term 3",
    );
    assert_eq!(scene.vote(S2, 4, S3), Ok(()), "another term");
}

#[test]
fn term_monotonic() {
    let mut scene = Scene::led_by_s1();
    breaks(
        scene.vote(S2, 1, S1),
        Property::TermMonotonic,
        "S2's term went back from 2 to 1",
    );
    let mut scene = Scene::led_by_s1();
    let detail = "S2 spoke in term 1, though it started in term 2";
    breaks(
        scene.send(S2, S1, 1, heartbeat()),
        Property::TermMonotonic,
        detail,
    );
    let detail = "S3 wrote entry 3 (term 3) after one of term 1, in term 2";
    breaks(scene.append(S3, 3, &[3]), Property::TermMonotonic, detail);
    let detail = "S3 wrote entry 3 (term 0) after one of term 1, in term 2";
    let mut scene = Scene::led_by_s1();
    breaks(scene.append(S3, 3, &[0]), Property::TermMonotonic, detail);
}

#[test]
fn a_late_answer_of_an_earlier_term_is_no_violation() {
    let mut scene = Scene::led_by_s1();
    scene.vote(S2, 3, S3).unwrap();
    scene.sync(S2).unwrap();
    scene.send(S2, S3, 3, GRANTED).unwrap();
    assert_eq!(scene.send(S2, S1, 2, matched(2)), Ok(()));
}

#[test]
fn a_term_once_spoken_in_survives() {
    let mut scene = Scene::led_by_s1();
    scene.checker = scene.checker.watching([Property::TermMonotonic]);
    scene.vote(S2, 3, S2).unwrap();
    scene.send(S2, S1, 3, vote_request()).unwrap();
    let detail = "S2 restarted in term 2, though it had spoken in term 3";
    breaks(
        scene.start(S2, ballot(2, None), &[1, 1]),
        Property::TermMonotonic,
        detail,
    );
}

#[test]
fn a_term_is_durable_before_it_is_sent() {
    let mut scene = Scene::led_by_s1();
    scene.vote(S2, 3, S2).unwrap();
    let detail = "S2 spoke in term 3, but term 2 is on its disk";
    breaks(
        scene.send(S2, S1, 3, vote_request()),
        Property::DurableBeforeSent,
        detail,
    );
    scene.sync(S2).unwrap();
    assert_eq!(scene.send(S2, S1, 3, vote_request()), Ok(()));
}

#[test]
fn a_vote_is_durable_before_it_is_sent() {
    let mut scene = Scene::led_by_s1();
    scene.vote(S2, 2, S1).unwrap();
    let detail = "S2 gave its vote of term 2 to S1 before it was on its disk";
    breaks(
        scene.send(S2, S1, 2, GRANTED),
        Property::DurableBeforeSent,
        detail,
    );
    scene.sync(S2).unwrap();
    assert_eq!(scene.send(S2, S1, 2, GRANTED), Ok(()));
}

#[test]
fn acknowledged_is_durable() {
    let mut scene = Scene::led_by_s1();
    for node in [S1, S2] {
        scene.append(node, 3, &[2]).unwrap();
    }
    let detail = "S2 acknowledged entries through 3, but its disk holds 2";
    breaks(
        scene.send(S2, S1, 2, matched(3)),
        Property::AcknowledgedDurable,
        detail,
    );
    scene.sync(S2).unwrap();
    assert_eq!(scene.send(S2, S1, 2, matched(3)), Ok(()));
}

#[test]
fn acknowledged_is_the_leaders() {
    let mut scene = Scene::of([(3, &[1, 3]), (3, &[1, 2]), (3, &[1])]);
    scene.led(S1, 3).unwrap();
    assert_eq!(scene.send(S2, S1, 3, matched(1)), Ok(()));
    let detail = "S2 acknowledged entries through 2, which are not those of S1";
    breaks(
        scene.send(S2, S1, 3, matched(2)),
        Property::AcknowledgedDurable,
        detail,
    );
}

#[test]
fn overridden_entries_may_still_be_acknowledged() {
    let mut scene = Scene::led_by_s1();
    scene.append(S2, 3, &[2]).unwrap();
    scene
        .write(S2, Some(ballot(3, None)), Some(2), &run(2, &[3]))
        .unwrap();
    scene.sync(S2).unwrap();
    assert_eq!(scene.send(S2, S1, 2, matched(3)), Ok(()));
}

#[test]
fn what_was_synced_survives() {
    let mut scene = Scene::led_by_s1();
    scene.append(S2, 3, &[2]).unwrap();
    assert_eq!(
        scene.start(S2, ballot(2, None), &[1, 1]),
        Ok(()),
        "3 was not synced"
    );
    scene.append(S2, 3, &[2]).unwrap();
    scene.sync(S2).unwrap();
    let detail = "S2 restarted without entry 3 (term 2), which was on its disk";
    breaks(
        scene.start(S2, ballot(2, None), &[1, 1]),
        Property::SyncedSurvives,
        detail,
    );
}

#[test]
fn a_synced_vote_survives() {
    let mut scene = Scene::led_by_s1();
    scene.vote(S2, 3, S3).unwrap();
    assert_eq!(
        scene.start(S2, ballot(2, None), &[1, 1]),
        Ok(()),
        "the vote was not synced"
    );
    scene.vote(S2, 3, S3).unwrap();
    scene.sync(S2).unwrap();
    let detail = "S2 restarted with term 3 and no vote, though term 3 and its vote for S3 was on its disk";
    breaks(
        scene.start(S2, ballot(3, None), &[1, 1]),
        Property::SyncedSurvives,
        detail,
    );
}

#[test]
fn what_a_write_under_way_removes_may_be_gone() {
    let mut scene = Scene::led_by_s1();
    let next = Some(ballot(3, None));
    scene.write(S2, next, Some(2), &run(2, &[2])).unwrap();
    let mut torn = Scene {
        checker: scene.checker.clone(),
        sequence: 0,
    };
    assert_eq!(
        torn.start(S2, ballot(3, None), &[1]),
        Ok(()),
        "removed, not replaced"
    );
    assert_eq!(scene.start(S2, ballot(2, None), &[1, 1]), Ok(()), "not removed");
}

#[test]
fn commit_on_a_durable_quorum() {
    let mut scene = Scene::led_by_s1();
    for node in [S1, S2] {
        scene.append(node, 3, &[2]).unwrap();
    }
    scene.sync(S2).unwrap();
    let detail = "S1 committed entry 3 (term 2), which only 1 of 3 voters have on disk";
    let mut early = scene.checker.clone();
    let (node, through) = (S1, LogIndex::new(3));
    breaks(
        early.observe(&Fact::Committed { node, through }),
        Property::CommitOnDurableQuorum,
        detail,
    );
    scene.sync(S1).unwrap();
    assert_eq!(scene.commit(S1, 3), Ok(()));
}

#[test]
fn index_order() {
    let mut scene = Scene::led_by_s1();
    scene.commit(S1, 2).unwrap();
    breaks(
        scene.commit(S1, 1),
        Property::IndexOrder,
        "S1's commit index went back from 2 to 1",
    );
    let detail = "S2 committed through 3, but its log ends at 2";
    breaks(scene.commit(S2, 3), Property::IndexOrder, detail);
    let entries = run(1, &[1, 1]);
    let detail = "S3 applied entry 1 where 1 was due and 0 committed";
    breaks(
        scene.apply(S3, 1, &entries.as_slice()[0]),
        Property::IndexOrder,
        detail,
    );
    let detail = "S3 removed its entries from 2 on, committed through 2";
    scene.commit(S3, 2).unwrap();
    breaks(
        scene.write(S3, None, Some(2), &run(2, &[])),
        Property::IndexOrder,
        detail,
    );
}

#[test]
fn entries_are_applied_in_order() {
    let mut scene = Scene::led_by_s1();
    scene.commit(S1, 2).unwrap();
    let entries = run(1, &[1, 1]);
    let detail = "S1 applied entry 2 where 1 was due and 2 committed";
    breaks(
        scene.apply(S1, 2, &entries.as_slice()[1]),
        Property::IndexOrder,
        detail,
    );
}

#[test]
fn a_restarted_server_commits_and_applies_again() {
    let mut scene = Scene::led_by_s1();
    scene.commit(S1, 2).unwrap();
    scene.start(S1, ballot(2, None), &[1, 1]).unwrap();
    assert_eq!(scene.commit(S1, 1), Ok(()));
    assert_eq!(scene.apply(S1, 1, &run(1, &[1]).as_slice()[0]), Ok(()));
}

/// The leader leaves the joint configuration in the very step that commits it, and tells of its write first.
#[test]
fn a_joint_configuration_is_committed_by_both_majorities() {
    let configuration = |outgoing: &[NodeId], voters: &[NodeId]| {
        let outgoing: BTreeSet<NodeId> = outgoing.iter().copied().collect();
        let configuration = Configuration {
            outgoing: (!outgoing.is_empty()).then_some(outgoing),
            ..Configuration::of_voters(voters.iter().copied())
        };
        Entry::configuration(Term::new(2), configuration)
    };
    let entries = |first, entry| Entries::new(LogIndex::new(first), vec![entry]);
    let joint = &entries(4, configuration(&[S1, S2, S3], &[S1]));
    let left = &entries(5, configuration(&[], &[S1]));
    let mut scene = Scene::led_by_s1();
    for node in [S1, S2] {
        scene.append(node, 3, &[2]).unwrap();
        scene.sync(node).unwrap();
    }
    scene.commit(S1, 3).unwrap();
    scene.write(S1, None, None, joint).unwrap();
    scene.sync(S1).unwrap();
    let mut alone = scene.checker.clone();
    scene.write(S2, None, None, joint).unwrap();
    scene.sync(S2).unwrap();
    scene.write(S1, None, None, left).unwrap();
    assert_eq!(scene.commit(S1, 4), Ok(()), "two of the three old voters have it");

    std::mem::swap(&mut scene.checker, &mut alone);
    scene.write(S1, None, None, left).unwrap();
    breaks(
        scene.commit(S1, 4),
        Property::CommitOnDurableQuorum,
        "S1 committed entry 4 (term 2), which only 1 of 3 voters have on disk",
    );
}

#[test]
fn a_server_found_running_is_believed_and_then_watched() {
    let mut checker = Checker::new(Configuration::of_voters([S1, S2, S3]));
    let log = &run(1, &[1, 1, 2]);
    let (index, write) = (LogIndex::new, WriteSequence::new);
    let found = Found {
        node: S1,
        ballot: ballot(2, Some(S1)),
        ballot_write: None,
        base: Base::default(),
        log,
        on_disk: index(2),
        under_way: &[(write(7), index(3))],
        commit: index(2),
        applied: index(1),
    };
    checker.observe(&Fact::Found(found)).unwrap();
    let term = Term::new(2);
    checker.observe(&Fact::Led { node: S1, term }).unwrap();
    let mut scene = Scene { checker, sequence: 7 };
    for node in [S2, S3] {
        scene.start(node, ballot(2, None), &[1, 1]).unwrap();
    }
    assert_eq!(scene.commit(S1, 2), Ok(()), "told");
    scene.append(S2, 3, &[2]).unwrap();
    scene.sync(S2).unwrap();
    assert!(
        scene
            .checker
            .clone()
            .observe(&Fact::Committed {
                node: S1,
                through: index(3)
            })
            .is_err()
    );
    scene.sequence = 7;
    scene.sync(S1).unwrap();
    assert_eq!(scene.commit(S1, 3), Ok(()), "the write that was under way counts");
}

#[test]
fn a_violation_reads_as_a_sentence() {
    let mut scene = Scene::led_by_s1();
    let violation = scene.led(S2, 2).unwrap_err();
    assert_eq!(
        violation.to_string(),
        "ElectionSafety (§5.2, Figure 3): S2 and S1 were both elected leader of term 2"
    );
    assert_eq!(Property::of_name("ElectionSafety"), Some(violation.property));
    assert_eq!(
        (violation.nodes, violation.terms),
        (vec![S2, S1], vec![Term::new(2)])
    );
}

#[test]
fn an_unwatched_property_is_passed_over() {
    let mut scene = Scene::led_by_s1();
    scene.checker = scene.checker.watching([Property::LogMatching]);
    assert_eq!(scene.led(S2, 2), Ok(()));
}

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
