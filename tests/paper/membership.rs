//! §6 cluster membership changes, and what the thesis adds to them in chapter 4.

use std::collections::BTreeSet;

use raft_play::consensus::{Event, ProposalOutcome, ProposalRefusal, Quiet, ReadWay, RoleName};
use raft_play::types::{Envelope, JoinToken, MembershipChange, NodeId};

use crate::server::{Boot, Server, granted, matched, messages, of, refused, vote_request};

fn ids(numbers: &[u64]) -> BTreeSet<NodeId> {
    numbers.iter().copied().map(NodeId::new).collect()
}

fn replace(voters: &[u64], learners: &[u64]) -> MembershipChange {
    MembershipChange::Replace {
        voters: ids(voters),
        learners: ids(learners),
    }
}

const fn remove(id: u64) -> MembershipChange {
    MembershipChange::Remove(NodeId::new(id))
}

const fn promote(id: u64) -> MembershipChange {
    MembershipChange::Promote(NodeId::new(id))
}

const fn join(token: u64) -> MembershipChange {
    MembershipChange::Join(JoinToken::new(token))
}

/// A leader of term 1, elected by the first servers, which have its no-op.
fn leader_of(boot: Boot) -> Server {
    let voters = boot.voters;
    let needed: Vec<u64> = (2..=voters / 2 + 1).collect();
    let mut server = boot.start().elected_by(&needed);
    acknowledge(&mut server, &needed);
    assert_eq!(server.commit(), 1);
    server
}

/// These have everything.
fn acknowledge(server: &mut Server, followers: &[u64]) -> Vec<Envelope> {
    let (term, last) = (server.term().number(), server.log_terms().len() as u64);
    let answers = followers.iter();
    answers
        .flat_map(|&follower| server.receive(follower, term, matched(last)))
        .collect()
}

/// Two servers, of which the leader removes itself; the change reaches only its own disk, and it crashes.
fn half_removed() -> Server {
    let mut leader = leader_of(of(1, 2));
    leader.change(remove(1));
    leader.restarted_with(0)
}

#[test]
fn a_server_that_is_not_part_of_its_own_latest_configuration_still_stands_as_it_may_be_needed_to_commit_it() {
    let mut server = half_removed();
    assert_eq!(server.configuration(), "{2}");
    // S2 does not know of the change, needs its vote by the old configuration, and can't get it: its log is behind.
    assert_eq!(messages(&server.receive(2, 2, vote_request(1, 1))), [refused()]);
    let sent = server.election_timeout();
    assert_eq!(messages(&sent), [vote_request(2, 1)]);
    assert_eq!(server.role(), RoleName::Candidate);
    server.receive(2, 3, granted());
    assert_eq!(server.role(), RoleName::Leader);
    acknowledge(&mut server, &[2]);
    assert_eq!((server.role(), server.commit()), (RoleName::Follower, 3));
    assert!(
        server.election_timeout().is_empty(),
        "now it is known to be committed"
    );
    assert!(matches!(
        server.events[..],
        [Event::Stayed {
            reason: Quiet::NoVoter
        }]
    ));
}

#[test]
fn it_does_not_count_its_own_vote_unless_it_is_part_of_its_latest_configuration() {
    let mut server = half_removed();
    server.election_timeout();
    assert_eq!(server.role(), RoleName::Candidate);
    assert!(
        !server
            .events
            .iter()
            .any(|event| matches!(event, Event::BecameLeader { .. })),
        "its own vote is one of one, and none"
    );
}

#[test]
fn who_never_was_a_voter_does_not_stand() {
    let mut learner = of(4, 3).start();
    assert!(learner.election_timeout().is_empty());
    let mut leader = leader_of(of(1, 3));
    leader.change(join(7));
    let mut learner = of(4, 3).start();
    for envelope in acknowledge(&mut leader, &[2]) {
        if envelope.to == NodeId::new(4) {
            learner.receive_envelope(envelope);
        }
    }
    assert!(learner.election_timeout().is_empty());
    assert_eq!(learner.role(), RoleName::Follower);
}

/// A leader that promotes by itself, with a learner that has all there is, while no change may be made; then nothing more
/// is proposed.
#[test]
fn a_learner_that_has_caught_up_becomes_a_voter_though_nothing_more_is_proposed() {
    let mut leader = leader_of(of(1, 3).promoting());
    leader.change(join(4));
    acknowledge(&mut leader, &[2]);
    leader.change(join(5));
    acknowledge(&mut leader, &[4]);
    assert_eq!(
        leader.configuration(),
        "{1 2 3}+4 5",
        "the second join is under way"
    );
    acknowledge(&mut leader, &[2]);
    assert_eq!(leader.configuration(), "{1 2 3}+4 5");
    leader.wait(20);
    leader.heartbeat_timeout();
    acknowledge(&mut leader, &[4]);
    assert_eq!(leader.configuration(), "{1 2 3 4}+5");
}

#[test]
fn a_learner_whose_round_was_slow_gets_another_though_nothing_more_is_proposed() {
    let mut leader = leader_of(of(1, 3).promoting());
    leader.change(join(4));
    acknowledge(&mut leader, &[2]);
    leader.wait(1_000);
    acknowledge(&mut leader, &[4]);
    assert_eq!(
        leader.configuration(),
        "{1 2 3}+4",
        "the first round took too long"
    );
    leader.wait(50);
    acknowledge(&mut leader, &[4]);
    assert_eq!(leader.configuration(), "{1 2 3 4}");
}

#[test]
fn who_was_demoted_stays_a_learner_though_it_keeps_up() {
    let mut leader = leader_of(of(1, 3).promoting());
    leader.change(join(4));
    acknowledge(&mut leader, &[2]);
    acknowledge(&mut leader, &[4]);
    acknowledge(&mut leader, &[2, 3]);
    assert_eq!(leader.configuration(), "{1 2 3 4}");
    for demoted in [4, 3] {
        leader.change(MembershipChange::Demote(NodeId::new(demoted)));
        for _ in 0..3 {
            leader.wait(20);
            acknowledge(&mut leader, &[2, 3, 4]);
            leader.heartbeat_timeout();
        }
    }
    assert_eq!(leader.configuration(), "{1 2}+3 4");
}

/// The electorate shrinks to the leader alone: nobody is left to answer, and nobody has to.
#[test]
fn a_read_that_waits_for_a_server_that_is_removed_is_served() {
    let mut leader = leader_of(of(1, 2));
    leader.read(7, ReadWay::Index);
    leader.change(remove(2));
    assert_eq!(leader.configuration(), "{1}");
    leader.heartbeat_timeout();
    let is_served = leader
        .answers
        .iter()
        .any(|answer| answer.id.number() == 7 && matches!(answer.outcome, ProposalOutcome::ReadAt(_)));
    assert!(is_served, "{:?}", leader.answers);
}

/// Whoever joins again after it has left is a new server: the id that its token stood for is gone.
#[test]
fn a_token_is_forgotten_with_its_server_whichever_way_that_leaves() {
    for way in [&[4, 5][..], &[5]] {
        let mut leader = leader_of(of(1, 3));
        for token in [4, 5] {
            leader.change(join(token));
            acknowledge(&mut leader, &[2, 3]);
            leader.change(promote(token));
            acknowledge(&mut leader, &[2, 3]);
        }
        assert_eq!(leader.configuration(), "{1 2 3 4 5}");
        let left: Vec<u64> = (1..=5).filter(|id| !way.contains(id)).collect();
        leader.change(replace(&left, &[]));
        acknowledge(&mut leader, &[2, 3, 4, 5]);
        acknowledge(&mut leader, &[2, 3, 4, 5]);
        leader.change(join(5));
        assert!(
            matches!(leader.outcome(), ProposalOutcome::Appended(_)),
            "{way:?}: {:?}",
            leader.outcome()
        );
    }
}

#[test]
fn reads_through_the_log_are_bounded_and_wait_for_no_transfer_like_any_entry() {
    let mut leader = leader_of(of(1, 3));
    leader.transfer(3);
    leader.read(7, ReadWay::Log);
    let refusal = ProposalRefusal::Transferring {
        target: NodeId::new(3),
    };
    assert_eq!(leader.outcome(), ProposalOutcome::Refused(refusal));

    let mut boot = of(1, 3);
    boot.limits.uncommitted_weight = 40;
    let mut leader = leader_of(boot);
    for number in 0..9 {
        leader.read(number, ReadWay::Log);
    }
    assert!(matches!(
        leader.outcome(),
        ProposalOutcome::Refused(ProposalRefusal::TooMuchUncommitted { .. })
    ));
    assert!(leader.log_terms().len() < 6);
    leader.read(9, ReadWay::Index);
    acknowledge(&mut leader, &[2]);
    leader.read(10, ReadWay::Log);
    assert!(matches!(leader.outcome(), ProposalOutcome::Appended(_)));
}
