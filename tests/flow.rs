//! Flow control: what a leader holds for followers that do not keep up is bounded, and nothing that is bounded stands still for ever.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

use raft_play::consensus::{
    Compaction, InFlightLimit, Input, Limits, ProposalOutcome, ProposalRefusal, ReadWay, Role,
};
use raft_play::types::{
    AppendReply, ClusterTime, Envelope, LogIndex, LogPosition, Message, ProposalId, Round, SnapshotReply,
};
use server::{Server, append, matched, of};

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
fn a_command_that_no_message_holds_is_refused_wherever_it_is_asked_for() {
    let limits = Limits {
        command_bytes: 4,
        ..Limits::default()
    };
    let too_long = ProposalOutcome::Refused(ProposalRefusal::TooLong { bytes: 5, limit: 4 });
    let ask = |server: &mut Server| {
        let commands = ["1234", "12345", "1"].map(Into::into).to_vec();
        let first = ProposalId::new(1);
        server.input(Input::ProposeMany { first, commands });
        let outcomes = server
            .answers
            .drain(..)
            .map(|answer| (answer.id.number(), answer.outcome));
        outcomes.collect::<Vec<_>>()
    };
    let mut leader = leader(limits);
    let answers = ask(&mut leader);
    assert_eq!(answers.len(), 3);
    assert!(matches!(answers[0], (1, ProposalOutcome::Appended(position)) if position.index.number() == 2));
    assert_eq!(answers[1], (2, too_long));
    assert!(matches!(answers[2], (3, ProposalOutcome::Appended(position)) if position.index.number() == 3));
    let mut follower = of(2, 3).with_limits(limits).start();
    follower.raft.set_reroute(raft_play::consensus::Switch::On);
    follower.receive(1, 1, append((0, 0), &[], 0));
    assert_eq!(
        ask(&mut follower),
        [(2, too_long)],
        "the others wait for the leader's answer"
    );
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

/// How many entries a leader keeps while S3 answers its heartbeats, and is given `bytes(round)` of every snapshot.
fn longest_log(bytes: impl Fn(u64) -> u64) -> u64 {
    let mut leader = leader(Limits {
        compaction: Compaction::of(Some(4), None, 0),
        chunk_bytes: 1,
        ..Limits::default()
    });
    let log = |leader: &Server| leader.raft.state().persistent.log.len();
    let mut longest = 0;
    for number in 1..=200 {
        leader.propose(number);
        let last = leader.raft.state().persistent.log.last_index().number();
        leader.receive(2, 1, matched(last));
        leader.snapshot_if_due();
        leader.wait(50);
        let sent = leader.heartbeat_timeout();
        if let Some((last, round)) = piece_to(&sent, 3) {
            let answer = SnapshotReply::Received {
                last,
                bytes: bytes(number),
                round,
            };
            leader.receive(3, 1, Message::SnapshotReply(answer));
        }
        longest = log(&leader).max(longest);
    }
    longest
}

/// The snapshot and the round of the last piece that goes to a server.
fn piece_to(sent: &[Envelope], to: u64) -> Option<(LogPosition, Round)> {
    let piece = |envelope: &Envelope| match &envelope.message {
        Message::InstallSnapshot(piece) if envelope.to.number() == to => Some((piece.last, piece.round)),
        _ => None,
    };
    sent.iter().rev().find_map(piece)
}

#[test]
fn a_follower_that_never_gets_its_snapshot_does_not_let_the_log_grow_without_bound() {
    assert!(longest_log(|_| 0) < 50, "none of it comes");
    assert!(longest_log(|number| number % 2) < 50, "it starts again and again");
}

#[test]
fn a_newer_snapshot_waits_for_a_follower_that_gets_on() {
    assert!(longest_log(|number| number.min(8) - 1) > 6);
}

#[test]
fn a_leader_that_can_not_commit_stamps_no_more_time() {
    let mut leader = leader(Limits::default());
    let last = |leader: &Server| leader.raft.state().persistent.log.last_index().number();
    let stamped = |leader: &Server| match &leader.raft.state().role {
        Role::Leader(state) => state.stamped.expect("it has stamped").0,
        _ => panic!("it leads"),
    };
    let before = last(&leader);
    for _ in 0..10 {
        leader.wait(2_000);
        leader.input(Input::SessionsOpen(ClusterTime::default()));
    }
    assert_eq!(
        last(&leader),
        before + 2,
        "where time goes on from, and one stamp"
    );
    for more in 1..=3 {
        leader.wait(2_000);
        let (through, latest) = (last(&leader), stamped(&leader));
        leader.receive(2, 1, matched(through));
        leader.input(Input::SessionsOpen(latest));
        assert_eq!(last(&leader), before + 2 + more, "the one before is applied");
    }
}

#[test]
fn rounds_that_nobody_answers_are_not_remembered_without_bound_and_a_later_answer_counts() {
    let mut leader = leader(Limits::default());
    leader.receive(2, 1, matched(1));
    let mut rounds = Vec::new();
    for _ in 0..5_000 {
        leader.wait(1);
        let sent = leader.heartbeat_timeout();
        rounds.push(round_to(&sent, 2).expect("a heartbeat goes to everybody"));
        let Role::Leader(state) = &leader.raft.state().role else {
            panic!("it leads, for nobody has said otherwise");
        };
        assert!(state.reading.open.len() <= 1024);
    }
    let sent = leader.read(1, ReadWay::Index);
    let round = round_to(&sent, 2).expect("a read begins a round");
    // An answer to a round of long ago confirms nothing that was begun later than it.
    let matched = |round| {
        let through = LogIndex::new(1);
        Message::AppendReply(AppendReply::Matched { through, round })
    };
    leader.receive(2, 1, matched(rounds[2_000]));
    let Role::Leader(state) = &leader.raft.state().role else {
        panic!("it leads");
    };
    let confirmed = state.reading.confirmed.expect("one of those that were kept");
    assert!(confirmed.round <= rounds[2_000] && confirmed.round > rounds[1_000]);
    assert!(!state.reading.waiting.is_empty());
    leader.receive(2, 1, matched(round));
    assert_eq!(leader.outcome(), ProposalOutcome::ReadAt(LogIndex::new(1)));
}

fn round_to(sent: &[Envelope], to: u64) -> Option<Round> {
    sent.iter().find_map(|envelope| match &envelope.message {
        Message::AppendRequest(request) if envelope.to.number() == to => Some(request.round),
        _ => None,
    })
}
