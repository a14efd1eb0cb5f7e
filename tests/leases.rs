//! From when a lease counts, and what makes it void (thesis §6.4.1): switches may be moved, promises changed and hand-overs
//! begun at any time, and a lease never holds longer than what was promised for it.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

use std::time::Duration;

use raft_play::consensus::{Event, Input, Protections, ReadWay, Switch};
use raft_play::types::{AppendReply, LogIndex, Message, NodeId, ProposalId, Round};
use server::{Server, of};

/// Longer than an election timeout.
const SILENCE: u64 = 151;

const LEASES: Protections = Protections {
    pre_vote: Switch::Off,
    check_quorum: Switch::On,
    lease: Switch::On,
};
/// Nobody has promised anything.
const NO_PROMISES: Protections = Protections {
    check_quorum: Switch::Off,
    ..LEASES
};
const NO_LEASES: Protections = Protections {
    lease: Switch::Off,
    ..LEASES
};

/// A leader of term 1 whose first round S2 has answered.
fn leader(protections: Protections) -> Server {
    let mut server = of(1, 3).protected_by(protections).start().elected_by(&[2]);
    answer(&mut server, 1, 1);
    server
}

/// S2 has everything through this index, and has heard this round.
fn answer(server: &mut Server, through: u64, round: u64) {
    let (through, round) = (LogIndex::new(through), Round::new(round));
    server.receive(
        2,
        1,
        Message::AppendReply(AppendReply::Matched { through, round }),
    );
}

/// A round of heartbeats that S2 answers.
fn beat(server: &mut Server) {
    let sent = server.heartbeat_timeout();
    let round = sent.iter().find_map(|envelope| match &envelope.message {
        Message::AppendRequest(request) => Some(request.round),
        _ => None,
    });
    let round = round.expect("a leader sends heartbeats");
    answer(server, server.commit(), round.number());
}

/// Whether a read by lease is served without asking anybody.
fn reads_by_lease(server: &mut Server) -> bool {
    let (id, way) = (ProposalId::new(7), ReadWay::Lease);
    server.input(Input::Read { id, way });
    let is_by_lease = |event: &Event| matches!(event, Event::ReadByLease { .. });
    server.events.iter().any(is_by_lease)
}

/// More than an election timeout passes, in which S2 is heard.
fn outlast_the_transfer(server: &mut Server) {
    for _ in 0..3 {
        server.wait(60);
        beat(server);
    }
    assert!(server.raft.is_leader());
}

fn hand_over(server: &mut Server) {
    let (id, target) = (ProposalId::new(8), NodeId::new(2));
    let sent = server.input(Input::Transfer { id, target });
    let is_request = |message: &Message| matches!(message, Message::TimeoutNow(_));
    assert!(sent.iter().any(|envelope| is_request(&envelope.message)));
}

#[test]
fn a_confirmed_round_gives_a_lease_for_less_than_the_promise() {
    let mut server = leader(LEASES);
    assert!(reads_by_lease(&mut server));
    server.wait(136);
    assert!(
        reads_by_lease(&mut server),
        "150 ms, less a tenth for drifting clocks"
    );
    server.wait(1);
    assert!(!reads_by_lease(&mut server));
}

#[test]
fn a_lease_counts_only_from_rounds_sent_after_it_was_switched_on() {
    let mut server = leader(NO_LEASES);
    assert!(!reads_by_lease(&mut server));
    server.raft.set_protections(LEASES);
    assert!(!reads_by_lease(&mut server));
    beat(&mut server);
    assert!(reads_by_lease(&mut server));
}

/// The rounds before were answered by servers that had promised nothing, and may have voted for another since.
#[test]
fn a_lease_counts_only_from_rounds_sent_after_promises_were_switched_on() {
    let mut server = leader(NO_PROMISES);
    assert!(!reads_by_lease(&mut server));
    server.raft.set_protections(LEASES);
    assert!(!reads_by_lease(&mut server), "nobody had promised anything then");
    beat(&mut server);
    assert!(reads_by_lease(&mut server));
}

/// A promise that had run out does not come back, and neither does the lease on it.
#[test]
fn a_longer_promise_does_not_bring_back_a_lease_that_had_run_out() {
    let mut server = leader(LEASES);
    server.wait(SILENCE);
    assert!(!reads_by_lease(&mut server));
    server.raft.set_election_timeout(Duration::from_secs(1));
    assert!(!reads_by_lease(&mut server));
    beat(&mut server);
    assert!(reads_by_lease(&mut server));
}

/// The request to stand may arrive at any later time, and who follows it is exempt from every promise.
#[test]
fn a_lease_is_void_for_the_rest_of_a_leadership_that_has_asked_another_to_stand() {
    let mut server = leader(LEASES);
    hand_over(&mut server);
    assert!(!reads_by_lease(&mut server));
    outlast_the_transfer(&mut server);
    assert!(
        !reads_by_lease(&mut server),
        "the transfer has failed, but the request is out"
    );
    for protections in [NO_LEASES, LEASES, NO_PROMISES, LEASES] {
        server.raft.set_protections(protections);
        beat(&mut server);
    }
    server.raft.set_election_timeout(Duration::from_millis(200));
    beat(&mut server);
    assert!(!reads_by_lease(&mut server), "no switch takes the request back");
}

#[test]
fn a_lease_that_is_switched_on_after_another_was_asked_to_stand_is_void_too() {
    let mut server = leader(NO_LEASES);
    hand_over(&mut server);
    outlast_the_transfer(&mut server);
    server.raft.set_protections(LEASES);
    beat(&mut server);
    assert!(!reads_by_lease(&mut server));
}
