//! §6 cluster membership changes, and what the thesis adds to them in chapter 4.

use std::collections::BTreeSet;

use raft_play::consensus::{
    CatchUpVerdict, ChangeRefusal, Event, IgnoreReason, ProposalOutcome, ProposalRefusal, Quiet, ReadWay,
    RoleName, Rule, RuleSet,
};
use raft_play::types::{
    AppendRequest, Configuration, Entries, Entry, Envelope, JoinToken, LogIndex, MembershipChange, Message,
    NodeId, Round, Term,
};

use crate::server::{
    Boot, Server, append, appends, granted, matched, messages, of, position, refused, vote_request,
};

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

fn refusal(server: &Server) -> ChangeRefusal {
    match server.outcome() {
        ProposalOutcome::ChangeRefused(reason) => reason,
        other => panic!("{other:?}"),
    }
}

/// A leader of {1 2 3} with the learners 4 and 5, all of it committed.
fn leader_with_learners(boot: Boot) -> Server {
    let mut leader = leader_of(boot);
    for token in [4, 5] {
        leader.change(join(token));
        acknowledge(&mut leader, &[2]);
    }
    assert_eq!(leader.configuration(), "{1 2 3}+4 5");
    leader
}

/// A request of the leader of term 1 with a configuration as the first entry.
fn with_configuration(configuration: Configuration) -> Message {
    let entry = Entry::configuration(Term::new(1), configuration);
    Message::AppendRequest(AppendRequest {
        previous: position(0, 0),
        entries: Entries::new(LogIndex::new(1), vec![entry]),
        commit: LogIndex::GENESIS,
        round: Round::default(),
    })
}

fn is_removed(server: &Server) -> bool {
    let is_removal = |event: &Event| matches!(event, Event::RemovedItself { .. });
    server.events.iter().any(is_removal)
}

/// §6: "log entries are replicated to all servers in both configurations".
#[test]
fn log_entries_are_replicated_to_all_servers_in_both_configurations() {
    let mut leader = leader_with_learners(of(1, 3));
    for learner in [4, 5] {
        leader.receive(learner, 1, matched(3));
    }
    leader.receive(3, 1, matched(3));
    let sent = leader.change(replace(&[1, 4, 5], &[]));
    assert_eq!(leader.configuration(), "{1 2 3}>{1 4 5}");
    let to: Vec<u64> = appends(&sent).into_iter().map(|(to, ..)| to).collect();
    assert_eq!(to, [2, 3, 4, 5]);
}

/// §6: "any server from either configuration may serve as leader".
#[test]
fn any_server_from_either_configuration_may_serve_as_leader() {
    let joint = || Configuration {
        outgoing: Some(ids(&[1, 2, 3])),
        last_id: NodeId::new(5),
        ..Configuration::of_voters(ids(&[3, 4, 5]))
    };
    for (id, others) in [(1, [2, 4, 5]), (5, [1, 2, 4])] {
        let mut server = of(id, 3).in_term(1).start();
        server.receive(3, 1, with_configuration(joint()));
        let asked: Vec<u64> = server
            .election_timeout()
            .iter()
            .map(|sent| sent.to.number())
            .collect();
        assert_eq!(asked.len(), 4, "{asked:?}");
        for voter in others {
            assert_eq!(server.role(), RoleName::Candidate, "S{id} before S{voter}");
            server.receive(voter, 2, granted());
        }
        assert_eq!(server.role(), RoleName::Leader);
    }
}

/// §6: "agreement (for elections and entry commitment) requires separate majorities from both the old and new
/// configurations".
#[test]
fn agreement_requires_separate_majorities_from_both_the_old_and_new_configurations() {
    let mut leader = leader_with_learners(of(1, 3));
    leader.change(replace(&[1, 4, 5], &[]));
    acknowledge(&mut leader, &[4, 5]);
    assert_eq!(leader.commit(), 3, "no majority of the old");
    acknowledge(&mut leader, &[2]);
    assert_eq!(leader.commit(), 4);

    let rules = RuleSet::sound().without(Rule::JointNeedsBothMajorities);
    let mut careless = leader_with_learners(of(1, 3).with_rules(rules));
    careless.change(replace(&[1, 4, 5], &[]));
    acknowledge(&mut careless, &[4, 5]);
    assert!(careless.commit() > 3);
}

/// §6: "once the joint consensus has been committed, the system then transitions to the new configuration".
#[test]
fn once_the_joint_consensus_has_been_committed_the_leader_creates_an_entry_describing_the_new_configuration()
{
    let mut leader = leader_with_learners(of(1, 3));
    leader.change(replace(&[1, 4, 5], &[]));
    acknowledge(&mut leader, &[4, 2]);
    assert_eq!(leader.configuration(), "{1 4 5}");
    acknowledge(&mut leader, &[2, 3]);
    assert_eq!(leader.commit(), 4, "the old voters do not count any more");
    acknowledge(&mut leader, &[5]);
    assert_eq!(leader.commit(), 5);
}

/// What its predecessor began: it can't know whether that was committed, and finishes it once it is.
#[test]
fn a_new_leader_leaves_the_joint_configuration_that_it_finds_once_that_is_committed() {
    let joint = Configuration {
        outgoing: Some(ids(&[1, 2, 3])),
        ..Configuration::of_voters(ids(&[1, 2]))
    };
    let mut server = of(1, 3).in_term(1).start();
    server.receive(2, 1, with_configuration(joint));
    let mut server = server.elected_by(&[2]);
    assert_eq!(server.configuration(), "{1 2 3}>{1 2}");
    server.change(remove(2));
    assert_eq!(
        refusal(&server),
        ChangeRefusal::UnderWay {
            index: LogIndex::new(1)
        }
    );
    acknowledge(&mut server, &[2]);
    assert_eq!(server.configuration(), "{1 2}");
}

/// §6: "a server always uses the latest configuration in its log, regardless of whether the entry is committed".
#[test]
fn a_server_always_uses_the_latest_configuration_in_its_log_regardless_of_whether_the_entry_is_committed() {
    let mut leader = leader_of(of(1, 3));
    leader.change(remove(3));
    assert_eq!((leader.configuration().as_str(), leader.commit()), ("{1 2}", 1));
    acknowledge(&mut leader, &[3]);
    assert_eq!(leader.commit(), 1, "S3 does not count");

    let mut follower = of(2, 3).in_term(1).start();
    follower.receive(1, 1, with_configuration(Configuration::of_voters(ids(&[1, 2]))));
    let asked: Vec<u64> = follower
        .election_timeout()
        .iter()
        .map(|sent| sent.to.number())
        .collect();
    assert_eq!((asked, follower.commit()), (vec![1], 0));

    let rules = RuleSet::sound().without(Rule::ConfigurationAtAppend);
    let mut careless = leader_of(of(1, 3).with_rules(rules));
    careless.change(remove(3));
    acknowledge(&mut careless, &[3]);
    assert_eq!(careless.commit(), 2);
}

/// Thesis §4.1: "a server must be prepared to fall back to the previous configuration in its log".
#[test]
fn a_server_falls_back_to_the_previous_configuration_in_its_log_when_the_entry_is_removed() {
    let mut follower = of(2, 3).in_term(1).start();
    follower.receive(1, 1, with_configuration(Configuration::of_voters(ids(&[1, 2]))));
    follower.receive(3, 2, append((0, 0), &[2], 0));
    assert_eq!(follower.configuration(), "{1 2 3}");
    let is_told = |event: &Event| matches!(event, Event::ConfigurationChanged { .. });
    assert!(follower.events.iter().any(is_told));
}

/// §6: "new servers join the cluster as non-voting members (the leader replicates log entries to them, but they are not
/// considered for majorities)".
#[test]
fn new_servers_join_as_non_voting_members_which_are_not_considered_for_majorities() {
    let mut leader = leader_of(of(1, 3));
    let sent = leader.change(join(7));
    assert!(
        appends(&sent).iter().any(|(to, ..)| *to == 4),
        "it is replicated to"
    );
    acknowledge(&mut leader, &[4]);
    assert_eq!(leader.commit(), 1, "and does not count");
    acknowledge(&mut leader, &[2]);
    assert_eq!(leader.commit(), 2);

    // Three of four are asked of a broken leader, where two of three would do.
    let rules = RuleSet::sound().without(Rule::LearnersDoNotCount);
    let mut careless = leader_of(of(1, 2).with_rules(rules));
    careless.change(join(7));
    acknowledge(&mut careless, &[3]);
    assert_eq!(careless.commit(), 2, "one voter of two");
}

/// A learner's vote does not count, and yet it votes: who asks may know that it is a voter by now (thesis §4.2.1).
#[test]
fn a_learner_that_is_asked_to_vote_votes() {
    let mut learner = of(4, 3).start();
    assert_eq!(messages(&learner.receive(1, 1, vote_request(0, 0))), [granted()]);
}

/// §6: servers "accept requests from any leader, and vote for any candidate", in their configuration or not.
#[test]
fn a_server_accepts_append_requests_from_a_leader_that_is_not_part_of_its_latest_configuration() {
    let mut server = of(2, 3).in_term(1).start();
    let sent = server.receive(9, 1, append((0, 0), &[1], 0));
    assert_eq!(messages(&sent), [matched(1)]);
    assert_eq!(messages(&server.receive(8, 2, vote_request(1, 1))), [granted()]);
}

#[test]
fn the_answers_of_a_server_that_was_never_asked_are_ignored() {
    let mut leader = leader_of(of(1, 3));
    leader.propose(7);
    leader.receive(9, 1, matched(2));
    assert_eq!(leader.commit(), 1);
    assert!(matches!(
        leader.events[..],
        [Event::Ignored {
            reason: IgnoreReason::NotAMember,
            ..
        }]
    ));
    let mut candidate = of(1, 3).start();
    candidate.election_timeout();
    candidate.receive(9, 1, granted());
    assert_eq!(candidate.role(), RoleName::Candidate);
}

/// A removed server's late answers neither count nor bring it back.
#[test]
fn the_answers_of_a_removed_server_are_ignored() {
    let mut leader = leader_of(of(1, 3));
    leader.change(remove(3));
    acknowledge(&mut leader, &[2]);
    let before = leader.raft.clone();
    leader.receive(3, 1, matched(2));
    assert_eq!(leader.raft, before);
    leader.receive(3, 9, refused());
    assert_eq!(leader.term().number(), 1, "not even its term is taken on");
}

/// §6: "the leader steps down (returns to follower state) once it has committed" the new configuration.
#[test]
fn a_leader_that_is_not_part_of_the_new_configuration_steps_down_once_it_has_committed_it() {
    let mut leader = leader_of(of(1, 3));
    leader.change(remove(1));
    assert_eq!(
        leader.role(),
        RoleName::Leader,
        "it manages a cluster that it is not part of"
    );
    acknowledge(&mut leader, &[2]);
    assert_eq!(
        leader.commit(),
        1,
        "it replicates log entries but does not count itself"
    );
    let sent = acknowledge(&mut leader, &[3]);
    assert_eq!((leader.role(), leader.commit()), (RoleName::Follower, 2));
    assert!(is_removed(&leader));
    let told: Vec<u64> = appends(&sent).into_iter().map(|(to, ..)| to).collect();
    assert_eq!(told, [2, 3], "the others learn what is committed");
}

#[test]
fn a_leader_that_is_demoted_steps_down_too_through_a_joint_configuration_or_not() {
    for change in [
        MembershipChange::Demote(NodeId::new(1)),
        replace(&[2, 3, 4], &[1]),
    ] {
        let mut leader = leader_with_learners(of(1, 3));
        for learner in [4, 5] {
            leader.receive(learner, 1, matched(3));
        }
        leader.change(change);
        for _ in 0..3 {
            acknowledge(&mut leader, &[2, 3, 4]);
        }
        assert_eq!(leader.role(), RoleName::Follower);
    }
}

/// Thesis §4.1: "it must not begin a change while one is under way".
#[test]
fn changes_are_made_one_at_a_time() {
    let mut leader = leader_of(of(1, 3));
    leader.change(join(4));
    leader.change(join(5));
    assert_eq!(
        refusal(&leader),
        ChangeRefusal::UnderWay {
            index: LogIndex::new(2)
        }
    );
    acknowledge(&mut leader, &[2]);
    leader.change(join(5));
    assert!(matches!(leader.outcome(), ProposalOutcome::Appended(_)));
}

/// The correction of 2015 to thesis §4.1.
#[test]
fn a_leader_changes_nothing_before_it_has_committed_an_entry_of_its_own_term() {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    leader.change(join(4));
    assert_eq!(
        refusal(&leader),
        ChangeRefusal::NothingCommitted { term: Term::new(1) }
    );
    let rules = RuleSet::sound().without(Rule::OwnTermCommitBeforeChange);
    let mut careless = of(1, 3).with_rules(rules).start().elected_by(&[2]);
    careless.change(join(4));
    assert!(matches!(careless.outcome(), ProposalOutcome::Appended(_)));
}

#[test]
fn only_a_leader_changes_the_membership_and_only_to_what_can_be() {
    let mut follower = of(2, 3).start();
    follower.change(join(4));
    assert_eq!(refusal(&follower), ChangeRefusal::NotLeader { leader: None });
    let id = NodeId::new;
    for (change, reason) in [
        (promote(2), ChangeRefusal::NoSuchServer(id(2))),
        (remove(9), ChangeRefusal::NoSuchServer(id(9))),
        (replace(&[], &[1]), ChangeRefusal::NoVoters),
        (replace(&[1, 2], &[2]), ChangeRefusal::TwoPlaces(id(2))),
        (replace(&[1, 7], &[]), ChangeRefusal::NoSuchServer(id(7))),
        (replace(&[0, 1], &[]), ChangeRefusal::NoSuchServer(id(0))),
        (replace(&[1, 2, 3], &[]), ChangeRefusal::NothingToChange),
    ] {
        let mut leader = leader_of(of(1, 3));
        leader.change(change.clone());
        assert_eq!(refusal(&leader), reason, "{change:?}");
    }
}

/// A retry is no second server: the answer may have been lost, and comes once the entry is committed.
#[test]
fn who_asks_to_join_again_gets_the_same_id_once_that_is_committed() {
    let mut leader = leader_of(of(1, 3));
    leader.change(join(7));
    leader.change(join(7));
    assert!(matches!(refusal(&leader), ChangeRefusal::UnderWay { .. }));
    acknowledge(&mut leader, &[2]);
    leader.change(join(7));
    assert_eq!(leader.outcome(), ProposalOutcome::Joined(NodeId::new(4)));
}

/// Thesis §4.2.1: rounds of catching up, of which the last must take less than an election timeout.
#[test]
fn a_learner_is_promoted_after_a_round_that_took_less_than_an_election_timeout() {
    for (millis, expected) in [(149, CatchUpVerdict::Quick), (150, CatchUpVerdict::Slow)] {
        let mut leader = leader_of(of(1, 3).promoting());
        leader.change(join(4));
        acknowledge(&mut leader, &[2]);
        leader.wait(millis);
        acknowledge(&mut leader, &[4]);
        let verdict = leader.events.iter().find_map(|event| match event {
            Event::CaughtUp { verdict, .. } => Some(*verdict),
            _ => None,
        });
        assert_eq!(verdict, Some(expected));
        let is_voter = leader.configuration() == "{1 2 3 4}";
        assert_eq!(is_voter, expected == CatchUpVerdict::Quick);
    }
}

/// A change of the membership can't be asked for while the leader hands over, but one that is under way goes on.
#[test]
fn a_transfer_to_a_server_that_leaves_is_given_up() {
    for place in [&[][..], &[3]] {
        let mut leader = leader_with_learners(of(1, 3));
        leader.change(replace(&[1, 4, 5], place));
        leader.transfer(3);
        assert_eq!(
            leader.outcome(),
            ProposalOutcome::TransferStarted,
            "it is a voter still"
        );
        leader.propose(7);
        let target = NodeId::new(3);
        let refusal = ProposalRefusal::Transferring { target };
        assert_eq!(leader.outcome(), ProposalOutcome::Refused(refusal));
        leader.change(remove(2));
        assert_eq!(self::refusal(&leader), ChangeRefusal::Transferring { target });
        acknowledge(&mut leader, &[2]);
        leader.receive(4, 1, matched(4));
        let is_given_up = |event: &Event| *event == Event::TransferAborted { target };
        assert!(leader.events.iter().any(is_given_up));
        leader.propose(8);
        assert!(matches!(leader.outcome(), ProposalOutcome::Appended(_)));
    }
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
