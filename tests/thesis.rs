//! What goes beyond the paper: PreVote, CheckQuorum with its promise to a leader, and leadership transfer, one test per
//! sentence that says what a server does.
//!
//! "Thesis" is Ongaro's "Consensus: Bridging Theory and Practice", 2014. Where a rule can be broken on purpose, its test shows
//! both sides.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

use raft_play::consensus::{
    Event, Input, ProposalOutcome, ProposalRefusal, Protections, Quiet, RoleName, Rule, RuleSet, Switch,
    TransferRefusal,
};
use raft_play::types::{
    ElectionOrigin, Envelope, LogIndex, Message, NodeId, PreVoteReply, PreVoteRequest, ProposalId, Term,
    TimeoutNow, VoteRequest,
};
use server::{Boot, Server, append, appends, granted, matched, messages, of, position, vote_request};

const PRE_VOTE: Protections = Protections {
    pre_vote: Switch::On,
    check_quorum: Switch::Off,
    lease: Switch::Off,
};
const CHECK_QUORUM: Protections = Protections {
    pre_vote: Switch::Off,
    check_quorum: Switch::On,
    lease: Switch::Off,
};
/// Longer than an election timeout.
const SILENCE: u64 = 151;

fn asking(asked: u64, (index, term): (u64, u64)) -> Message {
    let (asked, last) = (Term::new(asked), position(index, term));
    Message::PreVoteRequest(PreVoteRequest { asked, last })
}

fn would(asked: u64) -> Message {
    Message::PreVoteReply(PreVoteReply::Granted {
        asked: Term::new(asked),
    })
}

fn would_not() -> Message {
    Message::PreVoteReply(PreVoteReply::Refused)
}

fn stand_now((index, term): (u64, u64)) -> Message {
    Message::TimeoutNow(TimeoutNow {
        last: position(index, term),
    })
}

fn handed_over((index, term): (u64, u64)) -> Message {
    Message::VoteRequest(VoteRequest {
        last: position(index, term),
        origin: ElectionOrigin::Transfer,
    })
}

fn role(server: &Server) -> RoleName {
    server.raft.state().role.name()
}

fn transfer(server: &mut Server, target: u64) -> Vec<Envelope> {
    let (id, target) = (ProposalId::new(99), NodeId::new(target));
    server.answers.clear();
    server.input(Input::Transfer { id, target })
}

fn outcome(server: &Server) -> &ProposalOutcome {
    &server.answers.last().expect("callers are answered").outcome
}

mod pre_vote {
    use super::*;

    fn voter() -> Server {
        of(1, 3)
            .in_term(2)
            .with_log(&[1, 2])
            .protected_by(PRE_VOTE)
            .start()
    }

    #[test]
    fn a_server_asks_before_it_raises_its_term() {
        let mut server = voter();
        let sent = server.election_timeout();
        assert_eq!(messages(&sent), [asking(3, (2, 2)), asking(3, (2, 2))]);
        assert!(sent.iter().all(|envelope| envelope.term == Term::new(2)));
        assert_eq!(
            (server.term(), role(&server)),
            (Term::new(2), RoleName::PreCandidate)
        );
        assert_eq!(
            server.raft.state().persistent.metadata.vote,
            None,
            "nothing durable has changed"
        );
    }

    #[test]
    fn a_pre_vote_changes_nothing_at_the_voter() {
        let mut server = voter();
        let before = server.raft.clone();
        server.election = None;
        assert_eq!(messages(&server.receive(2, 1, asking(3, (2, 2)))), [would(3)]);
        assert_eq!(messages(&server.receive(3, 9, asking(10, (1, 1)))), [would_not()]);
        assert_eq!(server.raft, before);
        assert_eq!(server.election, None, "not even a timer");
    }

    #[test]
    fn it_is_refused_to_a_log_that_is_behind() {
        assert_eq!(messages(&voter().receive(2, 2, asking(3, (1, 2)))), [would_not()]);
        let rules = RuleSet::sound().without(Rule::UpToDateCheck);
        let mut careless = of(1, 3).in_term(2).with_log(&[1, 2]).with_rules(rules).start();
        assert_eq!(messages(&careless.receive(2, 2, asking(3, (1, 2)))), [would(3)]);
    }

    #[test]
    fn it_is_refused_for_a_term_that_has_come_and_the_refusal_tells_which() {
        let sent = voter().receive(2, 1, asking(2, (9, 9)));
        assert_eq!(messages(&sent), [would_not()]);
        assert_eq!(sent[0].term, Term::new(2));
    }

    #[test]
    fn it_is_refused_by_who_has_just_heard_from_a_leader() {
        let mut server = voter();
        server.receive(3, 2, append((2, 2), &[], 0));
        assert_eq!(messages(&server.receive(2, 2, asking(3, (2, 2)))), [would_not()]);
        server.wait(SILENCE);
        assert_eq!(messages(&server.receive(2, 2, asking(3, (2, 2)))), [would(3)]);
    }

    #[test]
    fn with_a_majority_of_pre_votes_a_server_stands() {
        let mut server = voter();
        server.election_timeout();
        let sent = server.receive(2, 2, would(3));
        assert_eq!(messages(&sent), [vote_request(2, 2), vote_request(2, 2)]);
        assert_eq!(
            (server.term(), role(&server)),
            (Term::new(3), RoleName::Candidate)
        );
    }

    #[test]
    fn the_grant_of_a_voter_in_an_earlier_term_counts() {
        let mut server = voter();
        server.election_timeout();
        server.receive(2, 1, would(3));
        assert_eq!(role(&server), RoleName::Candidate);
    }

    #[test]
    fn late_and_foreign_answers_are_ignored() {
        let mut server = voter();
        server.election_timeout();
        assert!(
            server.receive(2, 2, would(2)).is_empty(),
            "an answer about another term"
        );
        assert_eq!(role(&server), RoleName::PreCandidate);
        server.receive(2, 2, would(3));
        let candidate = server.raft.clone();
        assert!(server.receive(3, 2, would(3)).is_empty(), "it stands already");
        assert_eq!(server.raft, candidate);
    }

    #[test]
    fn a_refusal_in_a_higher_term_is_heard() {
        let mut server = voter();
        server.election_timeout();
        server.receive(2, 5, would_not());
        assert_eq!((server.term(), role(&server)), (Term::new(5), RoleName::Follower));
    }

    #[test]
    fn a_pre_candidate_follows_the_leader_that_it_hears() {
        let mut server = voter();
        server.election_timeout();
        server.receive(2, 2, append((2, 2), &[], 0));
        assert_eq!(role(&server), RoleName::Follower);
    }

    #[test]
    fn a_lone_server_needs_nobodys_word() {
        let mut server = of(1, 1).protected_by(PRE_VOTE).start();
        server.election_timeout();
        assert!(server.raft.is_leader());
    }
}

mod check_quorum {
    use super::*;

    fn leader() -> Server {
        of(1, 3).protected_by(CHECK_QUORUM).start().elected_by(&[2])
    }

    #[test]
    fn a_leader_that_hears_from_no_majority_steps_down() {
        let mut server = leader();
        server.wait(SILENCE);
        server.heartbeat_timeout();
        assert_eq!(role(&server), RoleName::Follower);
        assert!(matches!(server.events[..], [Event::LostQuorum { needed: 2, .. }]));
    }

    #[test]
    fn a_leader_that_hears_from_a_majority_stays() {
        let mut server = leader();
        for _ in 0..9 {
            server.wait(50);
            server.receive(2, 1, matched(1));
            server.heartbeat_timeout();
        }
        assert!(server.raft.is_leader());
    }

    #[test]
    fn without_it_a_leader_never_steps_down_by_itself() {
        let mut server = of(1, 3).start().elected_by(&[2]);
        server.wait(100 * SILENCE);
        server.heartbeat_timeout();
        assert!(server.raft.is_leader());
    }

    fn follower(rules: RuleSet) -> Server {
        let mut server = of(1, 3)
            .in_term(2)
            .with_rules(rules)
            .protected_by(CHECK_QUORUM)
            .start();
        server.receive(2, 2, append((0, 0), &[], 0));
        server
    }

    /// Thesis §4.2.3: before the rule of terms, or the higher term alone would depose the leader.
    #[test]
    fn who_has_just_heard_from_a_leader_ignores_a_candidate_and_its_term() {
        let mut server = follower(RuleSet::sound());
        assert!(server.receive(3, 7, vote_request(9, 6)).is_empty());
        assert_eq!(server.term(), Term::new(2));
        server.wait(SILENCE);
        assert_eq!(messages(&server.receive(3, 7, vote_request(9, 6))), [granted()]);

        let mut careless = follower(RuleSet::sound().without(Rule::PromiseRunOut));
        assert_eq!(messages(&careless.receive(3, 7, vote_request(9, 6))), [granted()]);
    }

    #[test]
    fn who_has_just_heard_from_a_leader_does_not_stand() {
        let mut server = follower(RuleSet::sound());
        assert!(server.election_timeout().is_empty());
        assert!(matches!(
            server.events[..],
            [Event::Stayed {
                reason: Quiet::HeardLeader { .. }
            }]
        ));
        server.wait(SILENCE);
        assert_eq!(server.election_timeout().len(), 2);

        let mut careless = follower(RuleSet::sound().without(Rule::PromiseRunOut));
        assert_eq!(careless.election_timeout().len(), 2);
    }

    #[test]
    fn a_leader_with_its_majority_ignores_a_candidate() {
        let mut server = leader();
        server.receive(2, 1, matched(1));
        assert!(server.receive(3, 7, vote_request(9, 6)).is_empty());
        assert!(server.raft.is_leader());
    }

    #[test]
    fn a_candidate_that_the_leader_handed_over_to_is_heard() {
        let mut server = follower(RuleSet::sound());
        assert_eq!(messages(&server.receive(3, 3, handed_over((0, 0)))), [granted()]);
    }

    fn restarted(rules: RuleSet) -> Server {
        of(1, 3)
            .in_term(2)
            .with_rules(rules)
            .protected_by(CHECK_QUORUM)
            .started_again()
            .start()
    }

    /// Thesis §6.4.1: what it promised went with its memory.
    #[test]
    fn a_restarted_voter_keeps_quiet_for_an_election_timeout() {
        let mut server = restarted(RuleSet::sound());
        assert!(server.receive(3, 7, vote_request(9, 6)).is_empty());
        assert!(server.election_timeout().is_empty());
        assert!(matches!(
            server.events[..],
            [Event::Stayed {
                reason: Quiet::Restarted { .. }
            }]
        ));
        server.wait(SILENCE);
        assert_eq!(messages(&server.receive(3, 7, vote_request(9, 6))), [granted()]);

        let mut careless = restarted(RuleSet::sound().without(Rule::RestartedVoterQuiet));
        assert_eq!(messages(&careless.receive(3, 7, vote_request(9, 6))), [granted()]);
    }

    /// A node whose term has run ahead is told the leader's, and tells its own: so both find together again.
    #[test]
    fn a_stuck_server_with_a_higher_term_can_rejoin() {
        let mut stuck = of(1, 3).in_term(9).protected_by(CHECK_QUORUM).start();
        let answer = stuck.receive(2, 3, append((0, 0), &[], 0));
        assert_eq!(answer[0].term, Term::new(9));
        let mut leader = of(2, 3)
            .in_term(2)
            .protected_by(CHECK_QUORUM)
            .start()
            .elected_by(&[3]);
        leader.receive(1, 9, answer[0].message.clone());
        assert_eq!((leader.term(), role(&leader)), (Term::new(9), RoleName::Follower));
    }
}

mod leadership_transfer {
    use super::*;

    /// A leader of term 1 whose no-op S2 has.
    fn leader(boot: Boot) -> Server {
        let mut server = boot.start().elected_by(&[2]);
        server.receive(2, 1, matched(1));
        server
    }

    #[test]
    fn a_target_that_has_everything_is_asked_at_once() {
        let mut server = leader(of(1, 3));
        assert_eq!(messages(&transfer(&mut server, 2)), [stand_now((1, 1))]);
        assert_eq!(outcome(&server), &ProposalOutcome::TransferStarted);
    }

    #[test]
    fn a_target_that_lags_is_brought_up_to_date_first() {
        let mut server = leader(of(1, 3));
        assert!(transfer(&mut server, 3).is_empty());
        let sent = server.receive(3, 1, matched(1));
        assert_eq!(messages(&sent), [stand_now((1, 1))]);
        assert!(
            messages(&server.receive(3, 1, matched(1))).is_empty(),
            "once is enough"
        );
    }

    #[test]
    fn proposals_are_refused_meanwhile_and_taken_again_when_it_has_failed() {
        let mut server = leader(of(1, 3));
        transfer(&mut server, 3);
        assert!(appends(&server.propose(7)).is_empty());
        let refusal = ProposalRefusal::Transferring {
            target: NodeId::new(3),
        };
        assert_eq!(outcome(&server), &ProposalOutcome::Refused(refusal));
        server.wait(SILENCE);
        server.heartbeat_timeout();
        assert!(matches!(server.events[..], [Event::TransferAborted { .. }]));
        server.propose(8);
        assert!(matches!(outcome(&server), ProposalOutcome::Appended(at) if at.index == LogIndex::new(2)));
    }

    #[test]
    fn only_a_leader_hands_over_to_another_voter_one_at_a_time() {
        let mut follower = of(1, 3).start();
        transfer(&mut follower, 2);
        let refused = |reason| ProposalOutcome::TransferRefused(reason);
        assert_eq!(
            outcome(&follower),
            &refused(TransferRefusal::NotLeader { leader: None })
        );
        let mut server = leader(of(1, 3));
        for nobody in [1, 9] {
            transfer(&mut server, nobody);
            assert_eq!(outcome(&server), &refused(TransferRefusal::NoSuchTarget));
        }
        transfer(&mut server, 3);
        transfer(&mut server, 2);
        let under_way = TransferRefusal::UnderWay {
            target: NodeId::new(3),
        };
        assert_eq!(outcome(&server), &refused(under_way));
    }

    fn follower() -> Server {
        let both = Protections {
            pre_vote: Switch::On,
            check_quorum: Switch::On,
            lease: Switch::Off,
        };
        let mut server = of(2, 3).in_term(1).with_log(&[1]).protected_by(both).start();
        server.receive(1, 1, append((1, 1), &[], 0));
        server
    }

    #[test]
    fn the_target_stands_at_once_promise_and_pre_vote_or_not() {
        let mut server = follower();
        let sent = server.receive(1, 1, stand_now((1, 1)));
        assert_eq!(messages(&sent), [handed_over((1, 1)), handed_over((1, 1))]);
        assert_eq!(server.term(), Term::new(2));
    }

    #[test]
    fn a_request_to_stand_is_good_for_one_leadership_and_one_log() {
        for (from, term, last) in [(3, 1, (1, 1)), (1, 0, (1, 1)), (1, 1, (2, 1))] {
            let mut server = follower();
            assert!(server.receive(from, term, stand_now(last)).is_empty());
            assert_eq!((server.term(), role(&server)), (Term::new(1), RoleName::Follower));
        }
    }
}
