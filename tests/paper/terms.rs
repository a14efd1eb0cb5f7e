//! §5.1: terms.

use raft_play::consensus::{RoleName, Rule, RuleSet};
use raft_play::types::{Envelope, Message, NodeId, Term};

use crate::server::{
    Server, append, diverged, granted, matched, messages, of, refused, stale_term, vote_request,
};

/// One message of each kind.
fn one_of_each() -> Vec<Message> {
    vec![
        vote_request(0, 0),
        granted(),
        refused(),
        append((0, 0), &[], 0),
        append((0, 0), &[1], 0),
        matched(0),
        diverged(1, (0, 0)),
        stale_term(),
    ]
}

/// The same server as follower, candidate and leader of term 3.
fn in_each_role(rules: RuleSet) -> [Server; 3] {
    let server = || of(1, 3).in_term(2).with_rules(rules).start();
    let mut candidate = server();
    candidate.election_timeout();
    let mut follower = server();
    follower.receive(2, 3, append((0, 0), &[], 0));
    [follower, candidate, server().elected_by(&[2])]
}

#[test]
fn if_one_servers_current_term_is_smaller_than_the_others_it_updates_to_the_larger() {
    for message in one_of_each() {
        for mut server in in_each_role(RuleSet::sound()) {
            server.receive(3, 7, message.clone());
            assert_eq!(server.term().number(), 7, "{message:?}");
        }
    }
}

#[test]
fn if_a_candidate_or_leader_discovers_that_its_term_is_out_of_date_it_reverts_to_follower() {
    for message in one_of_each() {
        for mut server in in_each_role(RuleSet::sound()) {
            server.receive(3, 7, message.clone());
            assert_eq!(server.role(), RoleName::Follower, "{message:?}");
        }
    }
}

#[test]
fn a_leader_that_does_not_step_down_has_that_rule_broken() {
    let rules = RuleSet::sound().without(Rule::StepDownOnHigherTerm);
    let [_, _, mut leader] = in_each_role(rules);
    leader.receive(3, 7, append((0, 0), &[], 0));
    assert_eq!((leader.role(), leader.term().number()), (RoleName::Leader, 3));
}

#[test]
fn a_vote_in_an_earlier_term_does_not_bind_in_a_later() {
    let mut server = of(1, 3).in_term(3).having_voted_for(2).start();
    assert_eq!(messages(&server.receive(3, 4, vote_request(0, 0))), [granted()]);
}

#[test]
fn a_server_that_receives_a_request_with_a_stale_term_rejects_it() {
    for mut server in in_each_role(RuleSet::sound()) {
        let before = (server.log_terms(), server.role());
        let sent = server.receive(3, 2, vote_request(9, 2));
        assert_eq!(messages(&sent), [refused()]);
        assert_eq!(sent[0].term.number(), 3, "it tells its own term");
        let sent = server.receive(3, 2, append((0, 0), &[2], 1));
        assert_eq!(messages(&sent), [stale_term()]);
        assert_eq!(sent[0].term.number(), 3);
        assert_eq!((server.log_terms(), server.role()), before);
        assert_eq!(server.commit(), 0);
    }
}

#[test]
fn an_answer_of_an_earlier_term_is_ignored() {
    let [_, mut candidate, mut leader] = in_each_role(RuleSet::sound());
    candidate.receive(2, 2, granted());
    assert_eq!(candidate.role(), RoleName::Candidate);
    leader.receive(2, 2, matched(1));
    assert_eq!(leader.commit(), 0);
}

#[test]
fn a_message_for_another_changes_nothing() {
    let mut server = of(1, 3).in_term(2).start();
    let elsewhere = Envelope {
        from: NodeId::new(3),
        to: NodeId::new(2),
        term: Term::new(7),
        message: vote_request(9, 6),
    };
    assert!(server.receive_envelope(elsewhere).is_empty());
    assert_eq!(server.term().number(), 2);
}

#[test]
fn an_answer_from_an_outsider_changes_nothing() {
    for answer in [granted(), matched(1)] {
        let mut server = of(1, 3).in_term(2).start();
        assert!(server.receive(9, 7, answer).is_empty());
        assert_eq!(server.term().number(), 2);
    }
}
