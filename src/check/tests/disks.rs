//! Votes, terms and entries: what must be on a disk, and stay there.

use super::*;

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
