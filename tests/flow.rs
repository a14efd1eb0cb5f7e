//! Flow control: what a leader holds for followers that do not keep up is bounded, and nothing that is bounded stands still for ever.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

use raft_play::consensus::{InFlightLimit, Limits, ProposalOutcome, ProposalRefusal};
use raft_play::types::{Envelope, Message};
use server::{Server, matched, of};

/// What an entry weighs besides its command.
const OVERHEAD: u64 = 16;

fn leader(limits: Limits) -> Server {
    let leader = of(1, 3).with_limits(limits).start().elected_by(&[2]);
    assert!(leader.raft.is_leader());
    leader
}

fn limits(uncommitted_weight: u64) -> Limits {
    Limits {
        uncommitted_weight,
        ..Limits::default()
    }
}

fn outcome(server: &Server) -> ProposalOutcome {
    server.answers.last().expect("callers are answered").outcome
}

/// How many entries the requests among these carry.
fn carried(sent: &[Envelope]) -> usize {
    let entries = |envelope: &Envelope| match &envelope.message {
        Message::AppendRequest(request) => request.entries.len(),
        _ => 0,
    };
    sent.iter().map(entries).sum()
}

#[test]
fn a_leader_that_can_not_commit_takes_no_more_than_the_limit() {
    // The no-op waits too, and is exempt from the limit.
    let limit = OVERHEAD + 2 * (OVERHEAD + 1);
    let mut leader = leader(limits(limit));
    for number in 1..=2 {
        leader.propose(number);
        assert!(
            matches!(outcome(&leader), ProposalOutcome::Appended(_)),
            "{number}"
        );
    }
    leader.propose(3);
    let refusal = ProposalRefusal::TooMuchUncommitted { weight: limit, limit };
    assert_eq!(outcome(&leader), ProposalOutcome::Refused(refusal));
    let last = leader.raft.state().persistent.log.last_index().number();
    assert_eq!(last, 3, "nothing was appended");
    leader.receive(2, 1, matched(3));
    leader.propose(4);
    assert!(
        matches!(outcome(&leader), ProposalOutcome::Appended(_)),
        "it is committed, so there is room"
    );
}

#[test]
fn where_nothing_waits_a_command_of_any_size_fits() {
    let mut leader = leader(limits(1));
    leader.receive(2, 1, matched(1));
    leader.propose(1_000_000);
    assert!(matches!(outcome(&leader), ProposalOutcome::Appended(_)));
    leader.propose(2);
    assert!(matches!(outcome(&leader), ProposalOutcome::Refused(_)));
}

#[test]
fn what_is_in_flight_to_a_silent_follower_is_bounded_and_heartbeats_flow_all_the_same() {
    let in_flight = InFlightLimit {
        requests: 3,
        weight: 1 << 20,
    };
    let mut leader = leader(Limits {
        in_flight,
        entries_per_request: 1,
        ..Limits::default()
    });
    leader.receive(2, 1, matched(1));
    leader.receive(3, 1, matched(1));
    let mut to_silent = 0;
    for number in 1..=10 {
        let sent = leader.propose(number);
        let last = 1 + number;
        leader.receive(2, 1, matched(last));
        to_silent += carried(
            &sent
                .into_iter()
                .filter(|envelope| envelope.to.number() == 3)
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(to_silent, 3, "no more than fits in flight");
    let sent = leader.heartbeat_timeout();
    let heartbeat = sent.iter().find(|envelope| envelope.to.number() == 3);
    assert!(heartbeat.is_some_and(|envelope| carried(std::slice::from_ref(envelope)) == 0));
    let sent = leader.receive(3, 1, matched(4));
    assert_eq!(carried(&sent), 3, "an answer makes room for as many again");
}
