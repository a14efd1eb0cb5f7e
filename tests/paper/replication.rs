//! §5.3 log replication, §5.4.2 committing entries of earlier terms, §8 the no-op, and the `AppendEntries` of Figure 2.

use raft_play::consensus::{
    Event, IgnoreReason, Limits, ProposalOutcome, ProposalRefusal, Role, RoleName, Rule, RuleSet,
};
use raft_play::types::{Envelope, LogIndex, NodeId};

use crate::server::{
    Deed, Server, append, append_requests, appends, diverged, granted, matched, messages, of, position,
    refused, vote_request,
};

fn broken(rule: Rule) -> RuleSet {
    RuleSet::sound().without(rule)
}

/// A leader of term 1 of three, whose followers have its no-op.
fn settled_leader() -> Server {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    for follower in [2, 3] {
        leader.receive(follower, 1, matched(1));
    }
    leader
}

/// The commit index in each append request.
fn commits(sent: &[Envelope]) -> Vec<u64> {
    append_requests(sent)
        .map(|(_, request)| request.commit.number())
        .collect()
}

#[test]
fn a_leader_begins_its_term_with_a_blank_entry() {
    let leader = of(1, 3).in_term(2).with_log(&[1, 2]).start().elected_by(&[2]);
    assert_eq!(leader.log_terms(), [1, 2, 3]);
    let log = &leader.raft.state().persistent.log;
    let noop = raft_play::types::Entry::noop(leader.term());
    assert_eq!(log.entry(LogIndex::new(3)), Some(&noop));
}

#[test]
fn the_leader_appends_the_command_as_a_new_entry_and_sends_it_to_each_other_server_in_parallel() {
    let mut leader = settled_leader();
    assert_eq!(appends(&leader.propose(7)), [(2, 1, 1), (3, 1, 1)]);
    assert_eq!(leader.log_terms(), [1, 1]);
    assert_eq!(
        leader.answers[0].outcome,
        ProposalOutcome::Appended(position(2, 1))
    );
    assert_eq!(
        appends(&leader.propose(8)),
        [(2, 2, 1), (3, 2, 1)],
        "without waiting for answers"
    );
}

#[test]
fn only_the_leader_takes_commands() {
    let mut follower = of(1, 3).in_term(1).start();
    follower.receive(2, 1, append((0, 0), &[], 0));
    assert!(follower.propose(1).is_empty());
    let leader = Some(NodeId::new(2));
    let refusal = ProposalOutcome::Refused(ProposalRefusal::NotLeader { leader });
    assert_eq!(follower.answers[0].outcome, refusal);
    assert!(follower.log_terms().is_empty());
}

#[test]
fn an_entry_is_committed_once_the_leader_that_created_it_has_replicated_it_on_a_majority() {
    let mut leader = of(1, 5).start().elected_by(&[2, 3]);
    leader.receive(2, 1, matched(1));
    assert_eq!(leader.commit(), 0, "two of five");
    leader.receive(3, 1, matched(1));
    assert_eq!(leader.commit(), 1);
}

#[test]
fn committing_an_entry_commits_all_that_precede_it_in_the_leaders_log() {
    let mut leader = of(1, 3).in_term(2).with_log(&[1, 2]).start().elected_by(&[2]);
    leader.receive(2, 3, matched(3));
    assert_eq!(leader.commit(), 3);
    let applied = leader.deeds.iter().filter_map(|deed| match deed {
        Deed::Applied(index, _) => Some(index.number()),
        Deed::Wrote(_)
        | Deed::Durable(_)
        | Deed::Led(_)
        | Deed::Committed(_)
        | Deed::Matched(..)
        | Deed::Sent(_)
        | Deed::Restored(_) => None,
    });
    assert_eq!(applied.collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn the_leader_includes_the_highest_index_it_knows_to_be_committed_in_its_requests() {
    let mut leader = settled_leader();
    assert_eq!(commits(&leader.heartbeat_timeout()), [1, 1]);
    assert_eq!(commits(&leader.propose(7)), [1, 1]);
}

#[test]
fn once_a_follower_learns_that_an_entry_is_committed_it_applies_it() {
    let mut follower = of(1, 3).in_term(1).start();
    follower.receive(2, 1, append((0, 0), &[1, 1], 1));
    assert_eq!(follower.raft.state().volatile.applied, LogIndex::new(1));
    follower.receive(2, 1, append((2, 1), &[], 2));
    assert_eq!(follower.raft.state().volatile.applied, LogIndex::new(2));
}

#[test]
fn if_the_follower_does_not_find_an_entry_with_the_same_index_and_term_it_refuses_the_new_entries() {
    let follower = |rules| of(1, 3).in_term(3).with_log(&[1, 1]).with_rules(rules).start();
    let mut sound = follower(RuleSet::sound());
    assert_eq!(
        messages(&sound.receive(2, 3, append((2, 2), &[3], 0))),
        [diverged(2, (2, 1))]
    );
    assert_eq!(
        messages(&sound.receive(2, 3, append((5, 2), &[3], 0))),
        [diverged(5, (2, 1))]
    );
    assert_eq!(sound.log_terms(), [1, 1]);
    let mut unchecked = follower(broken(Rule::CheckPreviousEntry));
    assert_eq!(
        messages(&unchecked.receive(2, 3, append((2, 2), &[3], 0))),
        [matched(3)]
    );
    assert_eq!(unchecked.log_terms(), [1, 1, 3]);
}

#[test]
fn if_an_existing_entry_conflicts_with_a_new_one_it_and_all_that_follow_are_deleted() {
    let mut follower = of(1, 3).in_term(4).with_log(&[1, 2, 2, 2]).start();
    assert_eq!(
        messages(&follower.receive(2, 4, append((1, 1), &[3], 0))),
        [matched(2)]
    );
    assert_eq!(follower.log_terms(), [1, 3]);
}

/// An old request, delayed: what follows in the log came after it, and may have been acknowledged.
#[test]
fn entries_that_do_not_conflict_are_not_deleted() {
    let follower = |rules| of(1, 3).in_term(1).with_log(&[1, 1, 1]).with_rules(rules).start();
    let mut sound = follower(RuleSet::sound());
    assert_eq!(
        messages(&sound.receive(2, 1, append((0, 0), &[1], 0))),
        [matched(1)]
    );
    assert_eq!(
        messages(&sound.receive(2, 1, append((1, 1), &[], 0))),
        [matched(1)]
    );
    assert_eq!(sound.log_terms(), [1, 1, 1]);
    let mut truncating = follower(broken(Rule::TruncateOnlyOnConflict));
    truncating.receive(2, 1, append((0, 0), &[1], 0));
    assert_eq!(truncating.log_terms(), [1]);
}

#[test]
fn only_entries_not_already_in_the_log_are_appended() {
    let mut follower = of(1, 3).in_term(2).with_log(&[1, 1]).start();
    follower.deeds.clear();
    follower.receive(2, 2, append((0, 0), &[1, 1, 2], 0));
    let first = follower.deeds.iter().find_map(|deed| match deed {
        Deed::Wrote(write) => Some((
            write.truncate,
            write.append.first_index().number(),
            write.append.len(),
        )),
        Deed::Durable(_)
        | Deed::Led(_)
        | Deed::Committed(_)
        | Deed::Matched(..)
        | Deed::Applied(..)
        | Deed::Sent(_)
        | Deed::Restored(_) => None,
    });
    assert_eq!(first, Some((None, 3, 1)));
}

/// Figure 2: commitIndex = min(leaderCommit, index of last new entry).
#[test]
fn a_follower_commits_no_further_than_the_last_entry_of_the_request() {
    let follower = |rules| of(1, 3).in_term(3).with_log(&[1, 2, 2]).with_rules(rules).start();
    let mut sound = follower(RuleSet::sound());
    sound.receive(2, 3, append((1, 1), &[], 3));
    assert_eq!(sound.commit(), 1, "2 and 3 may differ from the leader's");
    sound.receive(2, 3, append((1, 1), &[2], 1));
    assert_eq!(sound.commit(), 1, "and no further than the leader");
    let mut eager = follower(broken(Rule::CommitWithinRequest));
    eager.receive(2, 3, append((1, 1), &[], 3));
    assert_eq!(eager.commit(), 3);
}

#[test]
fn a_follower_acknowledges_what_the_request_named_not_all_it_has() {
    let mut follower = of(1, 3).in_term(3).with_log(&[1, 2, 2]).start();
    assert_eq!(
        messages(&follower.receive(2, 3, append((1, 1), &[], 0))),
        [matched(1)]
    );
}

#[test]
fn a_request_below_the_commit_index_is_acknowledged_through_it() {
    let mut follower = of(1, 3).in_term(1).start();
    follower.receive(2, 1, append((0, 0), &[1, 1, 1], 3));
    assert_eq!(
        messages(&follower.receive(2, 1, append((0, 0), &[1], 1))),
        [matched(3)]
    );
    assert_eq!(follower.log_terms(), [1, 1, 1]);
}

#[test]
fn nothing_committed_is_ever_deleted() {
    let mut follower = of(1, 3).in_term(1).start();
    follower.receive(2, 1, append((0, 0), &[1, 1], 2));
    assert!(follower.receive(3, 2, append((0, 0), &[2], 0)).is_empty());
    assert_eq!((follower.log_terms(), follower.commit()), (vec![1, 1], 2));
    let reason = IgnoreReason::ContradictsCommit;
    assert!(
        follower
            .events
            .iter()
            .any(|event| matches!(event, Event::Ignored { reason: given, .. } if *given == reason))
    );
}

#[test]
fn requests_can_be_repeated_without_harm() {
    let mut follower = of(1, 3).in_term(1).start();
    let request = || append((0, 0), &[1, 1], 1);
    follower.receive(2, 1, request());
    let before = (follower.log_terms(), follower.commit());
    follower.deeds.clear();
    assert_eq!(messages(&follower.receive(2, 1, request())), [matched(2)]);
    assert_eq!((follower.log_terms(), follower.commit()), before);
    assert!(
        follower.deeds.iter().all(|deed| matches!(deed, Deed::Sent(_))),
        "nothing to write"
    );
}

#[test]
fn a_malformed_request_is_ignored() {
    let mut follower = of(1, 3).in_term(3).start();
    for (previous, terms) in [((0, 0), &[2_u64, 1][..]), ((0, 0), &[4]), ((1, 3), &[2])] {
        assert!(follower.receive(2, 3, append(previous, terms, 0)).is_empty());
    }
    assert!(follower.receive(2, 3, append((u64::MAX, 3), &[], 0)).is_empty());
    assert!(follower.log_terms().is_empty());
}

#[test]
fn when_a_leader_comes_to_power_next_is_just_after_the_last_index_in_its_log() {
    let mut candidate = of(1, 3).in_term(2).with_log(&[1, 2]).start();
    candidate.election_timeout();
    assert_eq!(
        appends(&candidate.receive(2, 3, granted())),
        [(2, 2, 1), (3, 2, 1)]
    );
}

#[test]
fn after_a_rejection_the_leader_goes_back_and_retries_until_the_logs_match() {
    let mut leader = of(1, 3).in_term(2).with_log(&[1, 1, 2]).start().elected_by(&[2]);
    assert_eq!(appends(&leader.receive(2, 3, diverged(3, (1, 1)))), [(2, 1, 3)]);
    assert_eq!(appends(&leader.receive(2, 3, diverged(1, (0, 0)))), [(2, 0, 4)]);
    leader.receive(2, 3, matched(4));
    assert_eq!(leader.commit(), 4);
}

/// One round trip for each term in conflict: the follower skips what the leader's term can't share, the leader what the
/// follower's can't.
#[test]
fn hints_skip_whole_terms_on_both_sides() {
    let mut follower = of(2, 3).in_term(7).with_log(&[1, 4, 4, 4, 5, 5, 5]).start();
    let request = append((7, 3), &[7], 0);
    let hint = messages(&follower.receive(1, 7, request));
    assert_eq!(hint, [diverged(7, (1, 1))], "terms 4 and 5 are later than 3");
    let mut leader = of(1, 3)
        .in_term(6)
        .with_log(&[1, 2, 2, 2, 6, 6])
        .start()
        .elected_by(&[2]);
    let sent = leader.receive(2, 7, diverged(6, (6, 1)));
    assert_eq!(appends(&sent), [(2, 1, 6)], "terms 2 and 6 are later than 1");
}

#[test]
fn a_stale_rejection_is_ignored() {
    let mut leader = settled_leader();
    leader.propose(7);
    leader.receive(2, 1, matched(2));
    for rejected in [0, 1, 2, 9] {
        assert!(
            leader.receive(2, 1, diverged(rejected, (0, 0))).is_empty(),
            "{rejected}"
        );
    }
    assert_eq!(appends(&leader.propose(8)), [(2, 2, 1), (3, 2, 1)]);
}

/// What a leader knows of S2: its match index and next index.
fn progress_of_s2(leader: &Server) -> (u64, u64) {
    let Role::Leader(role) = &leader.raft.state().role else {
        panic!("not a leader");
    };
    let progress = &role.peers[&NodeId::new(2)];
    (progress.matched.number(), progress.next.number())
}

#[test]
fn a_match_index_increases_monotonically() {
    let mut leader = settled_leader();
    leader.propose(7);
    leader.receive(2, 1, matched(2));
    leader.receive(2, 1, matched(1));
    assert_eq!(progress_of_s2(&leader), (2, 3));
    assert_eq!(leader.commit(), 2);
}

#[test]
fn the_next_index_is_always_past_the_match_index() {
    let mut leader = settled_leader();
    for number in 7..10 {
        leader.propose(number);
    }
    leader.receive(2, 1, matched(2));
    assert_eq!(appends(&leader.receive(2, 1, diverged(3, (0, 0)))), [(2, 2, 2)]);
    assert_eq!(progress_of_s2(&leader), (2, 3));
}

/// Terms count from 1; an entry of term 0 would be one that nobody made.
#[test]
fn an_entry_of_term_0_is_refused() {
    let mut follower = of(1, 3).in_term(1).start();
    assert!(follower.receive(2, 1, append((0, 0), &[0], 0)).is_empty());
    assert!(follower.log_terms().is_empty());
}

#[test]
fn an_acknowledgement_of_more_than_the_leader_has_is_ignored() {
    let mut leader = settled_leader();
    leader.receive(2, 1, matched(9));
    assert_eq!(leader.commit(), 1);
}

#[test]
fn the_leader_retries_indefinitely() {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    for _ in 0..5 {
        let sent = leader.heartbeat_timeout();
        assert_eq!(
            appends(&sent),
            [(2, 0, 0), (3, 0, 0)],
            "a heartbeat while the probe is not answered"
        );
    }
    let sent = leader.receive(2, 1, matched(0));
    assert_eq!(
        appends(&sent),
        [(2, 0, 1)],
        "the answer to a heartbeat sends the entries again"
    );
}

#[test]
fn a_full_pipeline_still_lets_heartbeats_through() {
    let mut limits = Limits::default();
    limits.in_flight.requests = 1;
    let mut leader = of(1, 2).with_limits(limits).start().elected_by(&[2]);
    leader.receive(2, 1, matched(1));
    assert_eq!(appends(&leader.propose(7)), [(2, 1, 1)]);
    assert_eq!(appends(&leader.propose(8)), [], "no room");
    assert_eq!(appends(&leader.heartbeat_timeout()), [(2, 2, 0)]);
    assert_eq!(appends(&leader.receive(2, 1, matched(2))), [(2, 2, 1)]);
}

/// What was in flight was lost: the follower refuses the heartbeat after it.
#[test]
fn a_lost_request_is_sent_again_when_a_heartbeat_finds_the_gap() {
    let mut leader = settled_leader();
    leader.propose(7);
    leader.propose(8);
    assert_eq!(appends(&leader.heartbeat_timeout())[0], (2, 3, 0));
    assert_eq!(appends(&leader.receive(2, 1, diverged(3, (1, 1)))), [(2, 1, 2)]);
}

#[test]
fn a_leader_never_overwrites_or_deletes_entries_in_its_log() {
    let mut leader = settled_leader();
    assert!(
        leader.receive(2, 1, append((0, 0), &[], 0)).is_empty(),
        "there is no other leader of its term"
    );
    assert_eq!((leader.role(), leader.log_terms()), (RoleName::Leader, vec![1]));
}

#[test]
fn raft_never_commits_entries_from_previous_terms_by_counting_replicas() {
    let elect = |rules| {
        let boot = of(1, 3).in_term(3).with_log(&[1, 2]).with_rules(rules);
        let mut leader = boot.start().elected_by(&[2]);
        leader.receive(2, 4, matched(2));
        leader
    };
    let mut leader = elect(RuleSet::sound());
    assert_eq!(leader.commit(), 0, "entry 2 of term 2 is on a majority");
    assert!(
        matches!(leader.events[..], [Event::MatchAdvanced { .. }, Event::CommitWithheld { position: at }] if at == position(2, 2))
    );
    leader.receive(2, 4, matched(3));
    assert_eq!(
        leader.commit(),
        3,
        "with an entry of its own term it commits the earlier ones too"
    );
    assert_eq!(elect(broken(Rule::CommitOwnTermOnly)).commit(), 2);
}

/// §5.4.2: that is what makes it possible to reason about them.
#[test]
fn entries_retain_their_original_term_numbers_when_a_leader_replicates_entries_from_previous_terms() {
    let log = [1, 2, 4];
    let mut leader = of(1, 3).in_term(4).with_log(&log).start().elected_by(&[2]);
    let mut sent = leader.receive(3, 5, diverged(3, (0, 0)));
    let mut follower = of(3, 3).start();
    let answer = follower.receive_envelope(sent.remove(0));
    assert_eq!(answer.len(), 1);
    assert_eq!(follower.log_terms(), [1, 2, 4, 5]);
    assert_eq!(
        follower.raft.state().persistent.log,
        leader.raft.state().persistent.log
    );
}

/// §5.4: one round to a majority commits an entry, whatever the rest do.
#[test]
fn a_single_slow_follower_does_not_impact_performance() {
    let mut leader = settled_leader();
    for number in 2..=300 {
        let sent = appends(&leader.propose(number));
        assert!(sent.contains(&(2, number - 1, 1)), "{number}: {sent:?}");
        leader.receive(2, 1, matched(number));
        assert_eq!(leader.commit(), number);
    }
}

/// Figure 7: whichever of the logs (a) to (f) a follower has, the leader of term 8 brings it in line with its own.
#[test]
fn the_leader_brings_every_log_of_figure_7_in_line() {
    let logs: [&[u64]; 6] = [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    for log in logs {
        let own = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
        let mut leader = of(1, 2).in_term(7).with_log(&own).start();
        let mut follower = of(2, 2).in_term(7).with_log(log).start();
        leader.election_timeout();
        let sent = leader.receive(2, 8, granted());
        converse(&mut leader, &mut follower, sent);
        assert_eq!(follower.log_terms(), leader.log_terms());
        assert_eq!(leader.commit(), 11);
    }
}

/// What is sent to S2 and answered, until both say nothing more.
fn converse(leader: &mut Server, follower: &mut Server, first: Vec<Envelope>) {
    let mut in_flight = first;
    while !in_flight.is_empty() {
        in_flight.retain(|sent| sent.to == follower.id() || sent.to == leader.id());
        let answers: Vec<_> = in_flight
            .drain(..)
            .flat_map(|sent| follower.receive_envelope(sent))
            .collect();
        in_flight = answers
            .into_iter()
            .flat_map(|sent| leader.receive_envelope(sent))
            .collect();
    }
}

/// §5.5: also after the leader has answered its clients.
#[test]
fn if_a_follower_crashes_the_leader_retries_indefinitely_and_the_requests_complete_once_it_restarts() {
    let mut leader = of(1, 3).start().elected_by(&[3]);
    leader.receive(3, 1, matched(1));
    let mut follower = of(2, 3).in_term(1).start();
    let sent = leader.heartbeat_timeout();
    converse(&mut leader, &mut follower, sent);
    for number in 2..=4 {
        leader.propose(number);
        leader.receive(3, 1, matched(number));
    }
    assert_eq!(leader.commit(), 4);
    for _ in 0..10 {
        assert_eq!(
            appends(&leader.heartbeat_timeout()).len(),
            2,
            "S2 is down, and asked all the same"
        );
    }
    let mut follower = follower.restarted_with(0);
    let sent = leader.heartbeat_timeout();
    converse(&mut leader, &mut follower, sent);
    assert_eq!(follower.log_terms(), leader.log_terms());
    let sent = leader.heartbeat_timeout();
    converse(&mut leader, &mut follower, sent);
    assert_eq!(follower.commit(), 4);
}

/// §5.5: requests are idempotent, so this causes no harm.
#[test]
fn if_a_server_crashes_after_completing_a_request_but_before_responding_it_receives_the_same_again() {
    let mut follower = of(1, 3).in_term(1).on_a_slow_disk().start();
    let request = || append((0, 0), &[1, 1], 0);
    assert!(follower.receive(2, 1, request()).is_empty());
    let mut again = follower.restarted_with(1);
    assert_eq!(messages(&again.receive(2, 1, request())), [matched(2)]);
    assert_eq!((again.log_terms(), again.under_way()), (vec![1, 1], 0));

    assert!(again.receive(3, 2, vote_request(2, 1)).is_empty());
    let mut again = again.restarted_with(1);
    assert_eq!(messages(&again.receive(2, 2, vote_request(2, 1))), [refused()]);
    assert_eq!(messages(&again.receive(3, 2, vote_request(2, 1))), [granted()]);
}
