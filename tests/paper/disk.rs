//! Figure 2: "updated on stable storage before responding to RPCs"; thesis §10.2.1: the leader writes in parallel.

use raft_play::consensus::{RoleName, Rule, RuleSet};
use raft_play::types::WriteSequence;

use crate::server::{
    Boot, Deed, append, appends, diverged, granted, matched, messages, of, refused, stale_term, vote_request,
};

fn slow(rule: Option<Rule>) -> Boot {
    let rules = rule.map_or(RuleSet::sound(), |rule| RuleSet::sound().without(rule));
    of(1, 3).in_term(1).on_a_slow_disk().with_rules(rules)
}

#[test]
fn a_vote_is_granted_only_from_disk() {
    let mut server = slow(None).start();
    assert!(server.receive(2, 2, vote_request(0, 0)).is_empty());
    assert_eq!(messages(&server.sync_all()), [granted()]);
    let mut broken = slow(Some(Rule::PersistVoteBeforeAnswering)).start();
    assert_eq!(messages(&broken.receive(2, 2, vote_request(0, 0))), [granted()]);
}

#[test]
fn a_vote_is_refused_only_from_disk() {
    let mut server = slow(None).with_log(&[1]).start();
    assert!(
        server.receive(2, 2, vote_request(0, 0)).is_empty(),
        "term 2 is not on disk"
    );
    assert_eq!(messages(&server.sync_all()), [refused()]);
}

#[test]
fn a_vote_is_asked_for_only_from_disk() {
    let mut server = slow(None).start();
    assert!(server.election_timeout().is_empty());
    assert_eq!(server.sync_all().len(), 2);
}

#[test]
fn a_candidates_vote_for_itself_counts_only_from_disk() {
    let mut server = slow(None).start();
    server.election_timeout();
    server.receive(2, 2, granted());
    assert_eq!(
        server.role(),
        RoleName::Candidate,
        "one vote of three: its own is not on disk"
    );
    server.sync_all();
    assert_eq!(server.role(), RoleName::Leader);
    let mut alone = of(1, 1).on_a_slow_disk().start();
    alone.election_timeout();
    assert_eq!(alone.role(), RoleName::Candidate);
    alone.sync(0);
    assert_eq!(alone.role(), RoleName::Leader);
}

#[test]
fn entries_are_acknowledged_only_from_disk() {
    let mut server = slow(None).start();
    assert!(server.receive(2, 1, append((0, 0), &[1, 1], 0)).is_empty());
    assert_eq!(messages(&server.sync_all()), [matched(2)]);
    let mut broken = slow(Some(Rule::PersistEntriesBeforeAcknowledging)).start();
    assert_eq!(
        messages(&broken.receive(2, 1, append((0, 0), &[1, 1], 0))),
        [matched(2)]
    );
}

#[test]
fn entries_sent_again_are_acknowledged_only_when_the_first_write_is_durable() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1, 1], 0));
    assert!(server.receive(2, 1, append((0, 0), &[1], 0)).is_empty());
    assert!(server.receive(2, 1, append((2, 1), &[], 0)).is_empty());
    assert_eq!(messages(&server.sync_all()), [matched(2), matched(1), matched(2)]);
}

#[test]
fn committed_entries_are_acknowledged_again_only_from_disk() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1, 1], 2));
    assert_eq!(server.commit(), 2, "a commit index may run ahead of the disk");
    assert!(server.receive(2, 1, append((0, 0), &[1], 2)).is_empty());
    assert_eq!(messages(&server.sync_all()), [matched(2), matched(2)]);
}

#[test]
fn a_heartbeat_needs_no_write_of_its_own() {
    let mut server = slow(None).with_log(&[1]).start();
    assert_eq!(
        messages(&server.receive(2, 1, append((1, 1), &[], 0))),
        [matched(1)]
    );
    assert_eq!(server.under_way(), 0);
}

#[test]
fn a_refusal_of_entries_leaves_only_with_its_term_on_disk() {
    let mut server = slow(None).start();
    assert!(server.receive(2, 2, append((5, 1), &[2], 0)).is_empty());
    assert_eq!(server.sync_all().len(), 1);
    let mut stale = slow(None).start();
    stale.election_timeout();
    assert!(stale.receive(2, 1, append((0, 0), &[], 0)).is_empty());
    assert!(messages(&stale.sync_all()).contains(&stale_term()));
}

#[test]
fn a_leader_replicates_before_its_own_write_is_durable() {
    let mut leader = slow(None).start();
    leader.election_timeout();
    leader.sync_all();
    let sent = leader.receive(2, 2, granted());
    assert_eq!(appends(&sent), [(2, 0, 1), (3, 0, 1)]);
    assert_eq!(leader.under_way(), 1, "its no-op");
}

#[test]
fn a_leader_counts_itself_only_up_to_its_flushed_index() {
    let elect = |rule| {
        let mut leader = slow(rule).start();
        leader.election_timeout();
        leader.sync_all();
        leader.receive(2, 2, granted());
        leader.receive(2, 2, matched(1));
        leader
    };
    let mut leader = elect(None);
    assert_eq!(leader.commit(), 0, "one durable copy of three");
    leader.sync_all();
    assert_eq!(leader.commit(), 1);
    assert_eq!(elect(Some(Rule::LeaderCountsFlushedOnly)).commit(), 1);
}

#[test]
fn followers_alone_may_be_the_majority() {
    let mut leader = slow(None).start();
    leader.election_timeout();
    leader.sync_all();
    leader.receive(2, 2, granted());
    for follower in [2, 3] {
        leader.receive(follower, 2, matched(1));
    }
    assert_eq!((leader.commit(), leader.under_way()), (1, 1));
}

/// A follower's entries that are not on its disk do not count when it comes to lead.
#[test]
fn a_change_of_role_promotes_no_unflushed_entries() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1, 1], 0));
    server.election_timeout();
    server.sync(0);
    server.sync(0);
    server.receive(3, 2, granted());
    assert_eq!(server.role(), RoleName::Leader);
    server.receive(3, 2, matched(3));
    assert_eq!(server.commit(), 0, "its no-op at 3 is not on its own disk");
    server.sync_all();
    assert_eq!(server.commit(), 3);
}

/// A completed write says something about the entries it wrote, not about those that replaced them. The heartbeat gives
/// term 2 a write of its own, so that nothing but the entries is waited for.
#[test]
fn a_write_of_replaced_entries_acknowledges_nothing_of_the_new() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1, 1, 1], 0));
    server.receive(3, 2, append((9, 2), &[], 0));
    server.receive(3, 2, append((0, 0), &[2, 2], 0));
    assert_eq!(server.under_way(), 3);
    let sent = [server.sync(0), server.sync(0)].concat();
    let of_term_2: Vec<_> = sent
        .into_iter()
        .filter(|envelope| envelope.term.number() == 2)
        .collect();
    assert_eq!(
        messages(&of_term_2),
        [diverged(9, (3, 1))],
        "the first write had an index 2 too"
    );
    assert_eq!(messages(&server.sync(0)), [matched(2)]);
}

#[test]
fn an_acknowledgement_waits_for_no_later_write() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1], 0));
    server.receive(2, 1, append((1, 1), &[1], 0));
    assert_eq!(messages(&server.sync(0)), [matched(1)]);
    assert_eq!(messages(&server.sync(0)), [matched(2)]);
}

/// Had the leader-to-be counted the first write for its own entries, index 2 would seem to be on its disk.
#[test]
fn a_write_of_replaced_entries_does_not_count_for_a_leader() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1, 1, 1], 0));
    server.receive(3, 2, append((0, 0), &[2], 0));
    server.election_timeout();
    server.sync_all();
    server.receive(3, 3, granted());
    assert_eq!(server.role(), RoleName::Leader);
    assert_eq!(server.log_terms(), [2, 3]);
    server.receive(3, 3, matched(2));
    assert_eq!(server.commit(), 0);
    server.sync_all();
    assert_eq!(server.commit(), 2);
}

#[test]
fn syncs_that_end_out_of_order_prove_nothing_before_all_below_have() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1], 0));
    server.receive(2, 1, append((1, 1), &[1], 0));
    assert!(
        server.sync(1).is_empty(),
        "the second write is on disk, the first is not"
    );
    assert_eq!(messages(&server.sync(0)), [matched(1), matched(2)]);
}

#[test]
fn a_term_is_durable_no_later_than_the_entries_that_carry_it() {
    let mut server = slow(None).start();
    server.deeds.clear();
    server.receive(2, 5, append((0, 0), &[5], 0));
    let writes = server.deeds.iter().filter_map(|deed| match deed {
        Deed::Wrote(write) => Some(write),
        Deed::Durable(_)
        | Deed::Led(_)
        | Deed::Committed(_)
        | Deed::Matched(..)
        | Deed::Applied(..)
        | Deed::Sent(_)
        | Deed::Restored(_) => None,
    });
    let writes: Vec<_> = writes.collect();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].sequence, WriteSequence::new(1));
    assert_eq!(writes[0].metadata.map(|metadata| metadata.term.number()), Some(5));
    assert_eq!(writes[0].append.len(), 1);
}

#[test]
fn votes_and_entries_survive_a_restart_and_the_commit_index_does_not() {
    let mut server = of(1, 3).in_term(1).start();
    server.receive(2, 1, append((0, 0), &[1, 1], 2));
    server.receive(3, 2, vote_request(2, 1));
    assert_eq!(server.commit(), 2);
    let server = server.restarted_with(0);
    assert_eq!((server.term().number(), server.vote()), (2, Some(3)));
    assert_eq!((server.log_terms(), server.commit()), (vec![1, 1], 0));
    assert_eq!(server.role(), RoleName::Follower);
}

#[test]
fn a_power_cut_takes_only_what_nobody_was_told_of() {
    let mut server = slow(None).start();
    server.receive(2, 1, append((0, 0), &[1], 0));
    server.sync_all();
    server.receive(2, 1, append((1, 1), &[1], 0));
    server.receive(3, 2, vote_request(2, 1));
    assert_eq!(server.at_risk(), 2);
    let after = server.restarted_with(0);
    assert_eq!(
        (after.log_terms(), after.term().number(), after.vote()),
        (vec![1], 1, None)
    );
    let after = server.restarted_with(1);
    assert_eq!((after.log_terms(), after.term().number()), (vec![1, 1], 1));
}
