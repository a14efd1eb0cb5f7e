//! §5.2 leader election, §5.4.1 the election restriction, and the `RequestVote` of Figure 2.

use raft_play::consensus::{Event, IgnoreReason, RoleName, Rule, RuleSet, TimerChange};

use raft_play::types::Message;

use crate::server::{
    append, appends, diverged, granted, matched, messages, of, piece, refused, vote_request,
};

#[test]
fn when_servers_start_up_they_begin_as_followers() {
    let server = of(1, 3).in_term(4).having_voted_for(1).with_log(&[1, 4]).start();
    assert_eq!(server.role(), RoleName::Follower);
    assert_eq!(server.commit(), 0);
    assert_eq!(server.election, Some(TimerChange::Restart));
}

#[test]
fn a_server_remains_in_follower_state_as_long_as_it_receives_valid_requests() {
    let mut server = of(1, 3).in_term(1).start();
    for message in [
        append((0, 0), &[], 0),
        append((0, 0), &[1], 0),
        append((9, 1), &[], 0),
    ] {
        server.election = None;
        server.receive(2, 1, message);
        assert_eq!(server.election, Some(TimerChange::Restart), "a leader is there");
    }
    server.election = None;
    server.receive(3, 2, vote_request(1, 1));
    assert_eq!(server.election, Some(TimerChange::Restart), "it granted its vote");
}

/// Whatever it hears, and whatever its callers want.
#[test]
fn followers_are_passive_they_issue_no_requests_on_their_own_but_simply_respond() {
    let is_response = |message: &Message| match message {
        Message::VoteReply(_)
        | Message::AppendReply(_)
        | Message::SnapshotReply(_)
        | Message::PreVoteReply(_)
        | Message::ForwardReply(_) => true,
        Message::VoteRequest(_)
        | Message::AppendRequest(_)
        | Message::InstallSnapshot(_)
        | Message::PreVoteRequest(_)
        | Message::TimeoutNow(_)
        | Message::Forward(_)
        | Message::Gossip(_) => false,
    };
    let mut follower = of(2, 3).in_term(1).start();
    assert!(follower.heartbeat_timeout().is_empty());
    for message in [
        append((0, 0), &[], 0),
        append((0, 0), &[1, 1], 1),
        append((9, 1), &[], 0),
        granted(),
        refused(),
        matched(2),
        diverged(0, (0, 0)),
        piece((4, 1), 7, 0..8),
        vote_request(9, 1),
    ] {
        for sent in follower.receive(1, 1, message.clone()) {
            assert!(is_response(&sent.message), "{message:?} leads to {sent:?}");
            assert_eq!(sent.to.number(), 1);
        }
        assert!(follower.propose(1).is_empty());
    }
}

#[test]
fn a_request_that_is_refused_does_not_reset_the_election_timer() {
    let mut server = of(1, 3).in_term(2).with_log(&[1]).start();
    server.election = None;
    server.receive(2, 1, append((0, 0), &[], 0));
    server.receive(2, 3, vote_request(0, 0));
    server.receive(2, 3, vote_request(0, 0));
    assert_eq!(server.election, None);
}

#[test]
fn to_begin_an_election_a_follower_increments_its_term_votes_for_itself_and_asks_each_other_server() {
    let mut server = of(1, 5).in_term(2).with_log(&[1, 2]).start();
    server.election = None;
    let sent = server.election_timeout();
    assert_eq!(
        (server.role(), server.term().number(), server.vote()),
        (RoleName::Candidate, 3, Some(1))
    );
    assert_eq!(server.election, Some(TimerChange::Restart));
    let to: Vec<_> = sent.iter().map(|envelope| envelope.to.number()).collect();
    assert_eq!(to, [2, 3, 4, 5]);
    assert!(
        messages(&sent)
            .iter()
            .all(|message| *message == vote_request(2, 2))
    );
    assert!(sent.iter().all(|envelope| envelope.term.number() == 3));
}

#[test]
fn a_candidate_wins_if_it_receives_votes_from_a_majority() {
    for (servers, needed) in [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3)] {
        let mut server = of(1, servers).start();
        server.election_timeout();
        for voter in 2..2 + needed {
            assert_eq!(server.role(), RoleName::Candidate, "{servers} servers");
            server.receive(voter, 1, granted());
        }
        assert_eq!(server.role(), RoleName::Leader, "{servers} servers");
    }
}

#[test]
fn a_single_server_elects_itself() {
    let mut server = of(1, 1).start();
    server.election_timeout();
    assert_eq!((server.role(), server.commit()), (RoleName::Leader, 1));
}

#[test]
fn the_same_voter_counts_once() {
    let mut server = of(1, 5).start();
    server.election_timeout();
    for _ in 0..3 {
        server.receive(2, 1, granted());
    }
    assert_eq!(server.role(), RoleName::Candidate);
    assert!(matches!(
        server.events[..],
        [Event::Ignored {
            reason: IgnoreReason::OutOfDate,
            ..
        }]
    ));
    server.receive(3, 1, refused());
    server.receive(3, 1, granted());
    assert_eq!(server.role(), RoleName::Candidate, "its first word stands");
}

#[test]
fn a_late_vote_changes_nothing_for_a_leader_or_follower() {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    assert!(leader.receive(3, 1, granted()).is_empty());
    assert_eq!(leader.role(), RoleName::Leader);
    let mut follower = of(1, 3).start();
    follower.election_timeout();
    follower.receive(3, 1, append((0, 0), &[], 0));
    follower.receive(2, 1, granted());
    assert_eq!(follower.role(), RoleName::Follower);
}

#[test]
fn each_server_votes_for_at_most_one_candidate_in_a_term_first_come_first_served() {
    let mut server = of(1, 3).in_term(1).start();
    assert_eq!(messages(&server.receive(2, 1, vote_request(0, 0))), [granted()]);
    assert_eq!(messages(&server.receive(3, 1, vote_request(0, 0))), [refused()]);
    assert_eq!(
        messages(&server.receive(2, 1, vote_request(0, 0))),
        [granted()],
        "asked again"
    );
    let mut broken = of(1, 3)
        .in_term(1)
        .with_rules(RuleSet::sound().without(Rule::OneVotePerTerm))
        .start();
    broken.receive(2, 1, vote_request(0, 0));
    assert_eq!(messages(&broken.receive(3, 1, vote_request(0, 0))), [granted()]);
}

#[test]
fn a_candidate_refuses_others_of_its_term() {
    let mut server = of(1, 3).start();
    server.election_timeout();
    assert_eq!(messages(&server.receive(2, 1, vote_request(9, 0))), [refused()]);
}

#[test]
fn once_a_candidate_wins_it_becomes_leader_and_sends_to_all_of_the_other_servers() {
    let mut server = of(1, 3).start();
    server.election_timeout();
    (server.election, server.heartbeat) = (None, None);
    let sent = server.receive(2, 1, granted());
    assert_eq!(
        appends(&sent),
        [(2, 0, 1), (3, 0, 1)],
        "the first request carries the no-op"
    );
    assert_eq!(server.heartbeat, Some(TimerChange::Restart));
    assert_eq!(server.election, Some(TimerChange::Stop));
}

#[test]
fn leaders_send_periodic_heartbeats_to_all_followers() {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    for follower in [2, 3] {
        leader.receive(follower, 1, matched(1));
    }
    leader.heartbeat = None;
    assert_eq!(appends(&leader.heartbeat_timeout()), [(2, 1, 0), (3, 1, 0)]);
    assert_eq!(leader.heartbeat, Some(TimerChange::Restart));
}

#[test]
fn a_candidate_that_hears_from_a_leader_of_its_term_returns_to_follower_state() {
    let mut server = of(1, 3).start();
    server.election_timeout();
    server.receive(2, 1, append((0, 0), &[], 0));
    assert_eq!(
        (server.role(), server.term().number(), server.vote()),
        (RoleName::Follower, 1, Some(1))
    );
}

#[test]
fn a_candidate_that_hears_from_a_leader_of_a_smaller_term_continues() {
    let mut server = of(1, 3).in_term(4).start();
    server.election_timeout();
    server.receive(2, 4, append((0, 0), &[], 0));
    assert_eq!(server.role(), RoleName::Candidate);
}

#[test]
fn if_votes_are_split_each_candidate_times_out_and_starts_a_new_election() {
    let mut server = of(1, 3).start();
    server.election_timeout();
    server.receive(2, 1, refused());
    let sent = server.election_timeout();
    assert_eq!((server.role(), server.term().number()), (RoleName::Candidate, 2));
    assert_eq!(sent.len(), 2);
    server.receive(3, 1, granted());
    assert_eq!(
        server.role(),
        RoleName::Candidate,
        "a vote of the election before"
    );
}

#[test]
fn timers_that_fire_in_the_wrong_role_change_nothing() {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    assert!(leader.election_timeout().is_empty());
    assert_eq!((leader.role(), leader.term().number()), (RoleName::Leader, 1));
    let mut follower = of(1, 3).start();
    assert!(follower.heartbeat_timeout().is_empty());
}

/// §5.4.1, both halves: the later last term, then the longer log.
#[test]
fn the_voter_denies_its_vote_if_its_own_log_is_more_up_to_date() {
    let own = [1, 2, 2];
    for (last, expected) in [
        ((3, 2), granted()),
        ((4, 2), granted()),
        ((1, 3), granted()),
        ((2, 2), refused()),
        ((9, 1), refused()),
        ((0, 0), refused()),
    ] {
        let request = || vote_request(last.0, last.1);
        let mut server = of(1, 3).in_term(3).with_log(&own).start();
        assert_eq!(messages(&server.receive(2, 4, request())), [expected], "{last:?}");
        let broken = RuleSet::sound().without(Rule::UpToDateCheck);
        let mut server = of(1, 3).in_term(3).with_log(&own).with_rules(broken).start();
        assert_eq!(
            messages(&server.receive(2, 4, request())),
            [granted()],
            "{last:?}"
        );
    }
}

#[test]
fn a_denied_vote_is_still_free() {
    let mut server = of(1, 3).in_term(1).with_log(&[1]).start();
    assert_eq!(messages(&server.receive(2, 2, vote_request(0, 0))), [refused()]);
    assert_eq!(messages(&server.receive(3, 2, vote_request(1, 1))), [granted()]);
}
