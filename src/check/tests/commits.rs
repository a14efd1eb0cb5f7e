//! What is committed and applied.

use super::*;

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
