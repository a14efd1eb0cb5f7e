//! Elections, and what a leader has and does.

use super::*;

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
