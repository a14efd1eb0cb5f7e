//! §8 client interaction: who answers clients, and reads that see every write acknowledged before them.

use raft_play::consensus::{ProposalOutcome, ProposalRefusal, ReadWay, RoleName, Rule, RuleSet};
use raft_play::types::{AppendReply, Envelope, LogIndex, Message, NodeId, Round};

use crate::server::{Server, append, append_requests, appends, diverged, matched, of, vote_request};

/// A leader of term 1 of three that has committed nothing.
fn new_leader(rules: RuleSet) -> Server {
    of(1, 3).with_rules(rules).start().elected_by(&[2])
}

fn settled_leader(rules: RuleSet) -> Server {
    let mut leader = new_leader(rules);
    leader.receive(2, 1, matched(1));
    leader
}

/// The round that the requests among these belong to.
fn round(sent: &[Envelope]) -> Round {
    let rounds = append_requests(sent).map(|(_, request)| request.round);
    rounds.max().expect("a round was sent")
}

fn answer(server: &mut Server, from: u64, through: u64, round: Round) {
    let through = LogIndex::new(through);
    let reply = AppendReply::Matched { through, round };
    server.receive(from, 1, Message::AppendReply(reply));
}

/// Where the read of this name may be served, if it may.
fn served(server: &Server, read: u64) -> Option<u64> {
    server.answers.iter().find_map(|answer| match answer.outcome {
        ProposalOutcome::ReadAt(index) if answer.id.number() == read => Some(index.number()),
        _ => None,
    })
}

#[test]
fn if_the_clients_first_choice_is_not_the_leader_that_server_rejects_the_request_and_names_the_most_recent_leader()
 {
    let mut server = of(1, 3).in_term(1).start();
    let refused = |leader| ProposalOutcome::Refused(ProposalRefusal::NotLeader { leader });
    server.propose(1);
    assert_eq!(server.outcome(), refused(None));
    server.receive(3, 1, append((0, 0), &[], 0));
    for way in [ReadWay::Log, ReadWay::Index, ReadWay::Lease] {
        server.read(2, way);
        assert_eq!(server.outcome(), refused(Some(NodeId::new(3))));
    }
    server.propose(3);
    assert_eq!(server.outcome(), refused(Some(NodeId::new(3))));
}

#[test]
fn read_only_operations_can_be_handled_without_writing_anything_into_the_log() {
    let mut leader = settled_leader(RuleSet::sound());
    let sent = leader.read(7, ReadWay::Index);
    answer(&mut leader, 2, 1, round(&sent));
    assert_eq!((served(&leader, 7), leader.log_terms().len()), (Some(1), 1));
}

#[test]
fn a_leader_must_have_the_latest_information_on_which_entries_are_committed() {
    let mut leader = new_leader(RuleSet::sound());
    let sent = leader.read(7, ReadWay::Index);
    answer(&mut leader, 3, 0, round(&sent));
    assert_eq!(served(&leader, 7), None, "it has committed no entry of its term");
    answer(&mut leader, 3, 1, round(&sent));
    assert_eq!(served(&leader, 7), Some(1));

    let mut careless = new_leader(RuleSet::sound().without(Rule::NoopBeforeReads));
    let sent = careless.read(7, ReadWay::Index);
    answer(&mut careless, 3, 0, round(&sent));
    assert_eq!(served(&careless, 7), Some(0));
}

#[test]
fn a_leader_exchanges_heartbeats_with_a_majority_before_it_responds_to_a_read() {
    let mut leader = settled_leader(RuleSet::sound());
    let sent = leader.read(7, ReadWay::Index);
    assert_eq!(appends(&sent).len(), 2);
    answer(&mut leader, 2, 1, Round::new(1));
    assert_eq!(
        served(&leader, 7),
        None,
        "an answer to what was sent before the read"
    );
    answer(&mut leader, 2, 1, round(&sent));
    assert_eq!(served(&leader, 7), Some(1));

    let mut careless = settled_leader(RuleSet::sound().without(Rule::ReadIndexQuorum));
    careless.read(7, ReadWay::Index);
    assert_eq!(served(&careless, 7), Some(1));
}

#[test]
fn the_same_answer_twice_is_no_majority() {
    let mut leader = of(1, 5).start().elected_by(&[2, 3]);
    for follower in [2, 3] {
        leader.receive(follower, 1, matched(1));
    }
    let sent = leader.read(7, ReadWay::Index);
    for _ in 0..3 {
        answer(&mut leader, 2, 1, round(&sent));
    }
    assert_eq!(served(&leader, 7), None);
    answer(&mut leader, 3, 1, round(&sent));
    assert_eq!(served(&leader, 7), Some(1));
}

/// That its log differs does not keep a follower from knowing who leads.
#[test]
fn a_refusal_of_entries_is_an_answer_to_the_heartbeat_all_the_same() {
    let mut leader = settled_leader(RuleSet::sound());
    let sent = leader.read(7, ReadWay::Index);
    let Message::AppendReply(AppendReply::Diverged { rejected, hint, .. }) = diverged(0, (0, 0)) else {
        unreachable!("it is one")
    };
    let round = round(&sent);
    let reply = AppendReply::Diverged {
        rejected,
        hint,
        round,
    };
    leader.receive(3, 1, Message::AppendReply(reply));
    assert_eq!(served(&leader, 7), Some(1));
}

#[test]
fn a_round_that_was_never_sent_confirms_nothing() {
    let mut leader = settled_leader(RuleSet::sound());
    leader.read(7, ReadWay::Index);
    answer(&mut leader, 2, 1, Round::new(u64::MAX));
    assert_eq!(served(&leader, 7), None);
}

#[test]
fn reads_that_come_together_share_one_round() {
    let mut leader = settled_leader(RuleSet::sound());
    let id = raft_play::types::ProposalId::new;
    for number in [7, 8, 9] {
        leader.absorb(raft_play::consensus::Input::Read {
            id: id(number),
            way: ReadWay::Index,
        });
    }
    let before = leader.deeds.len();
    leader.act();
    let sent = leader.deeds[before..].iter();
    let sent = sent.filter(|deed| matches!(deed, crate::server::Deed::Sent(_)));
    assert_eq!(sent.count(), 2);
    answer(&mut leader, 2, 1, Round::new(2));
    assert_eq!([7, 8, 9].map(|read| served(&leader, read)), [Some(1); 3]);
}

#[test]
fn a_leader_that_was_deposed_meanwhile_answers_no_read() {
    let mut leader = settled_leader(RuleSet::sound());
    let sent = leader.read(7, ReadWay::Index);
    leader.receive(3, 2, vote_request(1, 1));
    assert_eq!(leader.role(), RoleName::Follower);
    let refused = ProposalOutcome::Refused(ProposalRefusal::NotLeader { leader: None });
    assert_eq!(leader.outcome(), refused, "it waits no longer");
    answer(&mut leader, 2, 1, round(&sent));
    assert_eq!(served(&leader, 7), None);
}

/// A read through the log is an entry like any other, so it needs nothing of the above.
#[test]
fn a_read_through_the_log_is_as_good_as_a_write() {
    let mut leader = settled_leader(RuleSet::sound());
    leader.read(7, ReadWay::Log);
    assert!(matches!(leader.outcome(), ProposalOutcome::Appended(at) if at.index == LogIndex::new(2)));
    assert_eq!(leader.log_terms(), [1, 1]);
}
