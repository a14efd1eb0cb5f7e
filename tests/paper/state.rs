//! Figure 2: the variables of a server, what each is at first and how it may change.

use bytes::Bytes;
use raft_play::consensus::Role;
use raft_play::types::{Entry, LogIndex, LogPosition, NodeId, Term};

use crate::server::{Deed, Server, append, diverged, granted, matched, of, refused, vote_request};

#[test]
fn the_current_term_is_0_on_first_boot_and_increases_monotonically() {
    let mut server = of(1, 3).start();
    assert_eq!(server.term(), Term::new(0));
    let mut latest = 0;
    for (term, message) in [
        (3, vote_request(0, 0)),
        (1, append((0, 0), &[1], 1)),
        (5, append((0, 0), &[5], 0)),
        (4, granted()),
        (5, matched(1)),
        (2, vote_request(9, 1)),
        (4, diverged(1, (0, 0))),
    ] {
        server.receive(2, term, message.clone());
        latest = latest.max(term);
        assert_eq!(server.term(), Term::new(latest), "{message:?}");
    }
    server.election_timeout();
    assert_eq!(server.term(), Term::new(6));
    assert_eq!(
        server.restarted_with(0).term(),
        Term::new(6),
        "from stable storage"
    );
}

#[test]
fn voted_for_is_the_candidate_that_got_the_vote_in_the_current_term_or_none() {
    let mut server = of(1, 3).start();
    assert_eq!(server.vote(), None);
    server.receive(2, 1, append((0, 0), &[], 0));
    assert_eq!((server.term(), server.vote()), (Term::new(1), None));
    server.receive(3, 1, vote_request(0, 0));
    assert_eq!(server.vote(), Some(3));
    server.receive(2, 2, append((0, 0), &[], 0));
    assert_eq!((server.term(), server.vote()), (Term::new(2), None), "a new term");
    server.receive(2, 2, vote_request(0, 0));
    assert_eq!(server.restarted_with(0).vote(), Some(2), "from stable storage");
}

#[test]
fn each_entry_contains_the_command_and_the_term_when_the_leader_received_it_and_the_first_index_is_1() {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    leader.propose(7);
    leader.receive(3, 2, refused());
    let mut leader = leader.elected_by(&[2]);
    leader.propose(8);
    let log = &leader.raft.state().persistent.log;
    let command = |term, text: &'static str| Entry::command(Term::new(term), Bytes::from(text));
    let noop = |term| Entry::noop(Term::new(term));
    let entries: Vec<_> = log
        .iter()
        .map(|(index, entry)| (index.number(), entry.clone()))
        .collect();
    let expected = [
        (1, noop(1)),
        (2, command(1, "7")),
        (3, noop(3)),
        (4, command(3, "8")),
    ];
    assert_eq!(entries, expected);
}

/// Whatever a leader says later, or said before.
#[test]
fn commit_index_and_last_applied_are_0_at_first_and_increase_monotonically() {
    let mut follower = of(1, 3).in_term(1).start();
    let indices = |server: &Server| {
        let volatile = &server.raft.state().volatile;
        [volatile.commit.number(), volatile.applied.number()]
    };
    assert_eq!(indices(&follower), [0, 0]);
    for (previous, terms, commit, expected) in [
        ((0, 0), &[1, 1, 1][..], 2, 2),
        ((0, 0), &[1], 1, 2),
        ((0, 0), &[], 0, 2),
        ((3, 1), &[], 3, 3),
        ((1, 1), &[1], 1, 3),
        ((3, 1), &[1], 0, 3),
    ] {
        follower.receive(2, 1, append(previous, terms, commit));
        assert_eq!(indices(&follower), [expected; 2]);
    }
    let applied = follower.deeds.iter().filter_map(|deed| match deed {
        Deed::Applied(index, _) => Some(index.number()),
        _ => None,
    });
    assert_eq!(applied.collect::<Vec<_>>(), [1, 2, 3], "each once, and in order");
    assert_eq!(indices(&follower.restarted_with(0)), [0, 0], "both are volatile");
}

/// The match and next index of each follower.
fn progress(leader: &Server) -> [(u64, u64); 2] {
    let Role::Leader(role) = &leader.raft.state().role else {
        panic!("not a leader");
    };
    [2, 3].map(|id| {
        let progress = &role.peers[&NodeId::new(id)];
        (progress.matched.number(), progress.next.number())
    })
}

#[test]
fn next_index_is_the_last_index_plus_1_and_match_index_0_after_each_election() {
    let mut leader = of(1, 3).start().elected_by(&[2]);
    leader.propose(7);
    leader.receive(2, 1, matched(2));
    leader.receive(3, 1, diverged(0, (0, 0)));
    assert_eq!(progress(&leader)[0], (2, 3));
    leader.receive(3, 2, refused());
    let leader = leader.elected_by(&[2]);
    // Its log ended at 2; its no-op is the first entry that it sends to all.
    assert_eq!(progress(&leader), [(0, 3); 2]);
}

/// A restart takes what was not on disk, and the next entry there is another leadership's.
#[test]
fn a_leader_creates_at_most_one_entry_with_a_given_index_in_a_given_term() {
    let mut created: Vec<LogPosition> = Vec::new();
    let mut server = of(1, 3).on_a_slow_disk().start();
    for number in 1..=4 {
        server.election_timeout();
        server.sync_all();
        let term = server.term().number();
        server.receive(2, term, granted());
        server.propose(number);
        server.propose(number + 10);
        for deed in server.deeds.drain(..) {
            if let Deed::Wrote(write) = deed {
                let entries = write.append.iter();
                created.extend(entries.map(|(index, entry)| LogPosition::new(index, entry.term)));
            }
        }
        server = server.restarted_with(1);
    }
    let count = created.len();
    created.sort_unstable();
    created.dedup();
    assert_eq!((created.len(), count), (12, 12));
    assert_eq!(created.last().map(|last| last.index), Some(LogIndex::new(6)));
}
