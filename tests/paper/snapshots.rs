//! §7 log compaction, and the `InstallSnapshot` of Figure 13.

use raft_play::consensus::{Compaction, Event, Flow, IgnoreReason, Limits, Quiet, Role, Rule, RuleSet};
use raft_play::types::{Configuration, Envelope, InstallSnapshot, LogIndex, Message, NodeId, SnapshotReply};

use crate::server::{
    Deed, Server, append, appends, data_of, diverged, granted, heartbeat_round, matched, messages, of, piece,
    piece_of, position, received, vote_request,
};

/// So few bytes go in one message that a snapshot of the harness takes three.
const PIECE: u64 = 8;

fn limits() -> Limits {
    Limits {
        chunk_bytes: PIECE,
        ..Limits::default()
    }
}

/// A leader of term 1 of three that has committed through 4; S3 has nothing.
fn uncompacted_leader() -> Server {
    let mut leader = of(1, 3).with_limits(limits()).start().elected_by(&[2]);
    for number in 2..=4 {
        leader.propose(number);
    }
    leader.receive(2, 1, matched(4));
    assert_eq!(leader.commit(), 4);
    leader
}

/// The same, with all of it dropped behind a snapshot, of which the first piece is on its way to S3.
fn compacted_leader() -> Server {
    let mut leader = uncompacted_leader();
    leader.snapshot();
    leader
}

/// The pieces among the messages: to whom, where, how many bytes.
fn pieces(sent: &[Envelope]) -> Vec<(u64, u64, usize)> {
    let of = |envelope: &Envelope| {
        if let Message::InstallSnapshot(request) = &envelope.message {
            Some((envelope.to.number(), request.offset, request.data.len()))
        } else {
            None
        }
    };
    sent.iter().filter_map(of).collect()
}

fn first_index(server: &Server) -> u64 {
    server.raft.state().persistent.log.first_index().number()
}

/// A follower of S1 in term 2.
fn follower(log: &[u64]) -> Server {
    of(2, 3).with_limits(limits()).in_term(2).with_log(log).start()
}

/// Hands a follower a whole snapshot, in one piece.
fn install(server: &mut Server, last: (u64, u64)) -> Vec<Envelope> {
    server.receive(1, 2, piece(last, 7, 0..24))
}

#[test]
fn once_the_snapshot_completes_the_server_may_delete_all_log_entries_up_through_the_last_included_index() {
    let leader = compacted_leader();
    assert_eq!(first_index(&leader), 5);
    assert!(leader.raft.state().persistent.log.is_empty());
    let snapshot = leader.raft.state().persistent.snapshot.as_ref().unwrap();
    assert_eq!(snapshot.last, position(4, 1));
    assert_eq!(snapshot.data, data_of(leader.machine));
}

/// A follower with three entries, two of them committed, whose policy is this.
fn with_policy(compaction: Compaction) -> Server {
    let limits = Limits {
        compaction,
        ..limits()
    };
    let mut follower = of(2, 3).with_limits(limits).in_term(1).start();
    follower.receive(1, 1, append((0, 0), &[1, 1, 1], 2));
    follower.deeds.clear();
    follower.snapshot_if_due();
    follower
}

#[test]
fn each_server_takes_snapshots_independently_covering_just_the_committed_entries_in_its_log() {
    let follower = with_policy(Compaction::of(Some(1), None, 0));
    let snapshot = follower.raft.state().persistent.snapshot.as_ref();
    assert_eq!(snapshot.map(|snapshot| snapshot.last), Some(position(2, 1)));
    assert_eq!(follower.log_terms(), [1], "the third is not committed");
    assert!(
        follower.deeds.iter().all(|deed| !matches!(deed, Deed::Sent(_))),
        "nobody is asked or told"
    );
}

/// §7: not so often that it wastes the disk, nor so seldom that it fills it.
#[test]
fn one_simple_strategy_is_to_take_a_snapshot_when_the_log_reaches_a_fixed_size_in_bytes() {
    // Two entries of 9 bytes ("of term 1"), with 16 each for the rest.
    for (bytes, expected) in [(50, Some(position(2, 1))), (51, None)] {
        let follower = with_policy(Compaction::of(None, Some(bytes), 0));
        let snapshot = follower.raft.state().persistent.snapshot.as_ref();
        assert_eq!(snapshot.map(|snapshot| snapshot.last), expected, "{bytes} bytes");
    }
}

#[test]
fn as_well_as_any_prior_snapshot() {
    let mut leader = compacted_leader();
    leader.propose(5);
    leader.receive(2, 1, matched(5));
    leader.snapshot();
    let snapshot = leader.raft.state().persistent.snapshot.as_ref().unwrap();
    assert_eq!(snapshot.last, position(5, 1));
    let image = leader.image_with(0);
    assert_eq!(image.snapshot.as_ref(), Some(snapshot));
    assert_eq!(image.log.first_index(), LogIndex::new(6));
}

#[test]
fn the_last_included_index_and_term_are_preserved_for_the_consistency_check_for_the_first_entry_following_it()
{
    let mut leader = compacted_leader();
    let sent = leader.propose(5);
    assert_eq!(appends(&sent), [(2, 4, 1)], "entry 5 follows the snapshot's last");
    let mut restarted = leader.restarted_with(0);
    let answered = restarted.receive(3, 2, append((4, 1), &[2], 4));
    assert_eq!(messages(&answered), [matched(5)]);
    let mut other = leader.restarted_with(0);
    let refused = other.receive(3, 2, append((6, 2), &[2], 4));
    assert_eq!(messages(&refused), [diverged(6, (5, 1))]);
}

#[test]
fn the_snapshot_includes_the_latest_configuration_in_the_log_as_of_the_last_included_index() {
    let leader = compacted_leader();
    let snapshot = leader.raft.state().persistent.snapshot.as_ref().unwrap();
    let three = Configuration::of_voters([1, 2, 3].map(NodeId::new));
    assert_eq!(*snapshot.configuration, three);
    let mut follower = follower(&[]);
    install(&mut follower, (4, 1));
    let sevens = Configuration::of_voters((1..=7).map(NodeId::new));
    assert_eq!(
        *follower.raft.state().configuration(),
        sevens,
        "that of the snapshot"
    );
    let rules = RuleSet::sound().without(Rule::SnapshotCarriesConfiguration);
    let mut broken = of(2, 3).with_rules(rules).in_term(2).start();
    install(&mut broken, (4, 1));
    assert_eq!(*broken.raft.state().configuration(), three, "the one it had");
}

#[test]
fn the_leader_sends_its_snapshot_when_it_has_already_discarded_the_next_log_entry_that_it_needs_to_send() {
    let mut leader = uncompacted_leader();
    assert!(
        pieces(&leader.receive(2, 1, matched(4))).is_empty(),
        "nothing is gone yet"
    );
    let sent = leader.snapshot();
    assert_eq!(pieces(&sent), [(3, 0, 8)], "S2 has all, S3 needs entry 1");
    let needed =
        |event: &Event| matches!(event, Event::SnapshotNeeded { follower, .. } if follower.number() == 3);
    assert!(leader.events.iter().any(needed));
}

#[test]
fn entries_kept_behind_the_snapshot_spare_a_slow_follower_it() {
    let mut limits = limits();
    limits.compaction.retain = 3;
    let mut leader = of(1, 3).with_limits(limits).start().elected_by(&[2]);
    for number in 2..=4 {
        leader.propose(number);
    }
    leader.receive(2, 1, matched(4));
    leader.snapshot();
    assert_eq!(first_index(&leader), 2);
    let sent = leader.receive(3, 1, matched(1));
    assert_eq!(appends(&sent).first(), Some(&(3, 1, 3)));
}

#[test]
fn reply_immediately_if_term_is_less_than_current_term() {
    let mut follower = follower(&[1]);
    let sent = follower.receive(1, 1, piece((4, 1), 7, 0..24));
    assert_eq!(
        messages(&sent),
        [Message::SnapshotReply(SnapshotReply::StaleTerm)]
    );
    assert_eq!(sent[0].term.number(), 2);
    assert_eq!(follower.log_terms(), [1]);
}

#[test]
fn reply_and_wait_for_more_data_chunks_if_done_is_false() {
    let mut follower = follower(&[1, 1]);
    let sent = follower.receive(1, 2, piece((4, 1), 7, 0..8));
    assert_eq!(messages(&sent), [received((4, 1), 8)]);
    assert_eq!(follower.log_terms(), [1, 1], "nothing has changed");
    let sent = follower.receive(1, 2, piece((4, 1), 7, 8..16));
    assert_eq!(messages(&sent), [received((4, 1), 16)]);
    let sent = follower.receive(1, 2, piece((4, 1), 7, 16..24));
    assert_eq!(messages(&sent), [matched(4)]);
    assert_eq!(follower.machine, 7);
    assert_eq!(follower.commit(), 4);
}

#[test]
fn write_data_into_the_snapshot_at_the_given_offset_and_no_other() {
    let mut follower = follower(&[]);
    let early = follower.receive(1, 2, piece((4, 1), 7, 8..16));
    assert_eq!(messages(&early), [received((4, 1), 0)]);
    follower.receive(1, 2, piece((4, 1), 7, 0..8));
    let again = follower.receive(1, 2, piece((4, 1), 7, 0..8));
    assert_eq!(messages(&again), [received((4, 1), 8)]);
    let reason = IgnoreReason::OutOfPlace;
    assert!(
        follower
            .events
            .iter()
            .any(|event| matches!(event, Event::Ignored { reason: its, .. } if *its == reason))
    );
}

#[test]
fn discard_any_existing_or_partial_snapshot_with_a_smaller_index() {
    let mut follower = follower(&[]);
    follower.receive(1, 2, piece((4, 1), 7, 0..16));
    let sent = follower.receive(1, 2, piece((6, 2), 9, 0..8));
    assert_eq!(messages(&sent), [received((6, 2), 8)]);
    follower.receive(1, 2, piece((6, 2), 9, 8..24));
    assert_eq!((follower.machine, follower.commit()), (9, 6));
    let late = install(&mut follower, (4, 1));
    assert_eq!(messages(&late), [matched(6)], "answered, and not installed");
    assert_eq!(follower.machine, 9);
}

/// A leader never goes back to an earlier snapshot, so a piece of one was overtaken on its way.
#[test]
fn a_piece_of_an_earlier_snapshot_does_not_undo_what_is_there_of_a_later_one() {
    let mut follower = follower(&[]);
    follower.receive(1, 2, piece((6, 2), 9, 0..16));
    let late = follower.receive(1, 2, piece((4, 1), 7, 0..8));
    assert_eq!(messages(&late), []);
    let whole = install(&mut follower, (4, 1));
    assert_eq!(messages(&whole), [], "however much of it comes");
    let sent = follower.receive(1, 2, piece((6, 2), 9, 16..24));
    assert_eq!(messages(&sent), [matched(6)]);
    assert_eq!((follower.machine, follower.commit()), (9, 6));
}

#[test]
fn if_an_existing_entry_has_the_same_index_and_term_retain_log_entries_following_it_and_reply() {
    let mut follower = follower(&[1, 1, 1, 2]);
    let sent = install(&mut follower, (2, 1));
    assert_eq!(messages(&sent), [matched(2)]);
    assert_eq!(follower.log_terms(), [1, 2]);
    assert_eq!(first_index(&follower), 3);
    assert_eq!(follower.image_with(0).log, follower.raft.state().persistent.log);
}

#[test]
fn discard_the_entire_log() {
    let mut follower = follower(&[1, 1, 1, 1, 1]);
    install(&mut follower, (3, 2));
    assert!(follower.log_terms().is_empty());
    assert_eq!(first_index(&follower), 4);
    assert_eq!(follower.image_with(0).log, follower.raft.state().persistent.log);
    let discarded = |event: &Event| match event {
        Event::SnapshotInstalled { discarded, .. } => {
            discarded.map(|(first, last)| (first.number(), last.number()))
        }
        _ => None,
    };
    assert_eq!(follower.events.iter().find_map(discarded), Some((1, 5)));
}

#[test]
fn an_uncommitted_configuration_that_the_snapshot_supersedes_goes_with_the_log() {
    let mut follower = follower(&[1]);
    let alone = Configuration::of_voters([NodeId::new(2)]);
    let entry = raft_play::types::Entry::configuration(raft_play::types::Term::new(1), alone.clone());
    let mut request = append((1, 1), &[1], 0);
    if let Message::AppendRequest(request) = &mut request {
        request.entries = raft_play::types::Entries::new(LogIndex::new(2), vec![entry]);
    }
    follower.receive(1, 2, request);
    assert_eq!(*follower.raft.state().configuration(), alone);
    install(&mut follower, (2, 2));
    assert_eq!(follower.raft.state().configuration().voters.len(), 7);
}

#[test]
fn reset_the_state_machine_using_the_snapshot_contents() {
    let mut follower = follower(&[1]);
    install(&mut follower, (4, 1));
    let restored = |deed: &Deed| matches!(deed, Deed::Restored(index) if index.number() == 4);
    assert!(follower.deeds.iter().any(restored));
    let state = &follower.raft.state().volatile;
    assert_eq!(
        (state.applied, state.commit),
        (LogIndex::new(4), LogIndex::new(4))
    );
    follower.receive(1, 2, append((4, 1), &[2], 5));
    assert_eq!(follower.commit(), 5, "and it goes on from there");
}

#[test]
fn the_acknowledgement_of_a_snapshot_waits_for_the_disk() {
    let mut follower = of(2, 3).in_term(2).with_log(&[1]).on_a_slow_disk().start();
    assert!(install(&mut follower, (4, 1)).is_empty());
    assert!(
        follower.election_timeout().is_empty(),
        "who has it not on disk stands for no election"
    );
    let stays = |event: &Event| {
        matches!(
            event,
            Event::Stayed {
                reason: Quiet::Installing
            }
        )
    };
    assert!(follower.events.iter().any(stays));
    assert_eq!(messages(&follower.sync_all()), [matched(4)]);
    let asked = follower.election_timeout();
    assert!(asked.is_empty(), "its vote is not on disk yet");
    let votes = follower.sync_all();
    assert_eq!(
        messages(&votes)[0],
        vote_request(4, 1),
        "it stands with the snapshot's last entry"
    );
}

#[test]
fn a_power_cut_before_that_leaves_the_log_as_it_was() {
    let mut follower = of(2, 3).in_term(2).with_log(&[1]).on_a_slow_disk().start();
    install(&mut follower, (4, 1));
    let before = follower.restarted_with(0);
    assert_eq!((before.log_terms(), before.commit()), (vec![1], 0));
    let after = follower.restarted_with(1);
    assert_eq!((after.machine, after.commit(), first_index(&after)), (7, 4, 5));
}

#[test]
fn a_lost_piece_is_sent_again_once_a_later_round_does_not_count_it() {
    let mut leader = compacted_leader();
    let sent = leader.receive(3, 1, received((4, 1), 8));
    assert_eq!(pieces(&sent), [(3, 8, 8)], "the next piece");
    assert!(
        pieces(&leader.receive(3, 1, received((4, 1), 8))).is_empty(),
        "an answer that came twice"
    );
    let asked = leader.heartbeat_timeout();
    assert_eq!(pieces(&asked), [(3, 8, 0)], "a heartbeat asks how far it is");
    let round = heartbeat_round(&asked, 3);
    let mut lost = received((4, 1), 8);
    if let Message::SnapshotReply(SnapshotReply::Received { round: its, .. }) = &mut lost {
        *its = round;
    }
    assert_eq!(pieces(&leader.receive(3, 1, lost)), [(3, 8, 8)]);
}

#[test]
fn a_follower_that_has_started_again_gets_the_snapshot_from_its_first_byte() {
    let mut leader = compacted_leader();
    leader.receive(3, 1, received((4, 1), 16));
    let round = heartbeat_round(&leader.heartbeat_timeout(), 3);
    let mut nothing = received((4, 1), 0);
    if let Message::SnapshotReply(SnapshotReply::Received { round: its, .. }) = &mut nothing {
        *its = round;
    }
    assert_eq!(pieces(&leader.receive(3, 1, nothing)), [(3, 0, 8)]);
}

#[test]
fn any_acknowledgement_that_reaches_the_log_ends_the_sending() {
    let mut leader = compacted_leader();
    leader.propose(5);
    let sent = leader.receive(3, 1, matched(4));
    assert_eq!(appends(&sent), [(3, 4, 1)]);
    let Role::Leader(state) = &leader.raft.state().role else {
        panic!("it leads")
    };
    assert!(matches!(
        state.peers[&NodeId::new(3)].flow,
        Flow::Replicate { .. }
    ));
}

#[test]
fn no_snapshot_is_taken_while_a_follower_that_answers_is_sent_one() {
    let mut limits = limits();
    limits.compaction.entries = Some(1);
    let mut leader = compacted_leader();
    leader.raft.set_limits(limits);
    leader.propose(5);
    leader.receive(2, 1, matched(5));
    leader.snapshot_if_due();
    assert_eq!(first_index(&leader), 5, "it would let the sending begin anew");
    leader.wait(200);
    leader.snapshot_if_due();
    assert_eq!(first_index(&leader), 6, "who answers no more holds nobody up");
}

#[test]
fn pieces_that_contradict_are_refused_and_change_nothing() {
    let mut follower = follower(&[1]);
    follower.receive(1, 2, piece((4, 1), 7, 0..8));
    let before = follower.raft.state().clone();
    let change = |change: fn(&mut InstallSnapshot)| {
        let mut request = piece_of((4, 1), 7, 8..16);
        change(&mut request);
        Message::InstallSnapshot(request)
    };
    let contradicting = [
        change(|request| request.total = 25),
        change(|request| request.configuration = Configuration::of_voters([NodeId::new(1)]).into()),
        change(|request| request.configuration = Configuration::default().into()),
        change(|request| request.offset = u64::MAX),
        change(|request| request.total = 9),
        change(|request| request.last = position(4, 3)),
        change(|request| request.last = position(0, 0)),
        change(|request| request.last = position(u64::MAX, 1)),
        change(|request| request.last = position(u64::MAX - 1, 1)),
    ];
    for message in contradicting {
        assert!(follower.receive(1, 2, message.clone()).is_empty(), "{message:?}");
        assert_eq!(follower.raft.state().persistent, before.persistent);
        assert_eq!(follower.raft.state().role, before.role, "{message:?}");
    }
}

#[test]
fn a_snapshot_speaks_for_its_leader_as_entries_do() {
    let mut candidate = of(2, 3).start();
    candidate.election_timeout();
    candidate.receive(3, 1, piece((1, 1), 7, 0..8));
    assert_eq!(candidate.raft.state().role.leader(), Some(NodeId::new(3)));
    assert!(candidate.receive(1, 1, granted()).is_empty(), "it stands no more");
}
