//! Messages that nobody would send.

use std::collections::BTreeSet;

use bytes::Bytes;
use raft_play::consensus::durable::Inbound;
use raft_play::consensus::{Input, Output, Raft, ReadWay, Role, Unobserved};
use raft_play::types::{
    AppendReply, AppendRequest, ChangeRefusal, Configuration, ElectionOrigin, Entries, Entry, Envelope,
    Forward, ForwardReply, Incarnation, InstallSnapshot, JoinToken, LocalTime, LogIndex, LogPosition,
    MembershipChange, Message, NodeId, PreVoteReply, PreVoteRequest, ProposalId, ProposalOutcome, Round,
    SnapshotReply, Term, TimeoutNow, VoteReply, VoteRequest, Wish,
};

use crate::random::Random;

/// What a snapshot holds.
const SNAPSHOT: &[u8] = b"12345678";

/// Throws messages at a server, and whatever else may happen to one in between. It must stay what can be.
pub fn assail(raft: &Raft, now: LocalTime, random: &mut Random) {
    let mut raft = raft.clone();
    let mut out = Output::default();
    // A host names no two things alike.
    for id in (1 << 40..).map(ProposalId::new).take(24) {
        let before = (term(&raft), raft.state().volatile.commit);
        let input = match random.below(13) {
            0 => Input::ElectionTimeout,
            1 => Input::HeartbeatTimeout,
            2 => Input::Propose {
                id,
                command: Bytes::from_static(b"x"),
            },
            3 => Input::Read {
                id,
                way: random.one_of(&[ReadWay::Log, ReadWay::Index, ReadWay::Lease]),
            },
            4 => Input::SnapshotTaken {
                index: raft.state().volatile.applied,
                data: Bytes::from_static(SNAPSHOT),
            },
            _ => Input::Receive(Inbound::received(envelope(&raft, random))),
        };
        let what = format!("{input:?}");
        raft.step(now, input, &mut Unobserved, &mut out);
        if let Some(commit) = out.commit {
            raft.absorb(now, Input::Applied(commit), &mut Unobserved);
        }
        let after = (term(&raft), raft.state().volatile.commit);
        assert!(
            after.0 >= before.0 && after.1 >= before.1,
            "{what} took it back from {before:?} to {after:?}"
        );
        if let Err(error) = raft.state().validate(raft.settings().id) {
            panic!("{what}: {error}");
        }
    }
}

fn term(raft: &Raft) -> Term {
    raft.state().persistent.metadata.term
}

/// Numbers around what the server has, and the ends of all that can be said.
fn number(around: u64, random: &mut Random) -> u64 {
    match random.below(10) {
        0 => 0,
        1 => u64::MAX,
        2 => u64::MAX - 1,
        3 => u64::MAX / 2,
        4 => random.next(),
        5 => around.saturating_sub(random.next() % 4),
        6 => around.saturating_add(random.next() % 4),
        _ => around,
    }
}

fn index(raft: &Raft, random: &mut Random) -> LogIndex {
    let state = raft.state();
    let last = state.persistent.log.last_index();
    let known = [last, last.next(), state.volatile.commit, LogIndex::new(1)];
    LogIndex::new(number(random.one_of(&known).number(), random))
}

fn position(raft: &Raft, random: &mut Random) -> LogPosition {
    let index = index(raft, random);
    let known = raft.state().persistent.log.term_at(index);
    let around = known.unwrap_or(term(raft)).number();
    LogPosition::new(index, Term::new(number(around, random)))
}

fn id(random: &mut Random) -> NodeId {
    NodeId::new(match random.below(10) {
        0 => 0,
        1 => u64::MAX,
        2 => 9,
        _ => 1 + random.next() % 5,
    })
}

fn ids(random: &mut Random) -> BTreeSet<NodeId> {
    (0..random.below(5)).map(|_| id(random)).collect()
}

fn configuration(random: &mut Random) -> Configuration {
    Configuration {
        voters: ids(random),
        outgoing: (random.below(3) == 0).then(|| ids(random)),
        learners: ids(random),
        last_id: id(random),
        joined: [(JoinToken::new(random.next() % 3), id(random))].into(),
    }
}

fn entry(around: u64, random: &mut Random) -> Entry {
    let term = Term::new(number(around, random));
    match random.below(3) {
        0 => Entry::noop(term),
        1 => Entry::command(term, Bytes::from_static(b"x=1")),
        _ => Entry::configuration(term, configuration(random)),
    }
}

fn entries(raft: &Raft, previous: LogPosition, random: &mut Random) -> Entries {
    let first = match random.below(8) {
        0 => index(raft, random),
        _ => previous.index.next(),
    };
    let count = random.one_of(&[0, 0, 1, 1, 2, 5, 200]);
    // Of one term for the most part, or hardly any would be taken.
    let around = random.one_of(&[previous.term.number(), term(raft).number()]);
    let is_regular = random.below(4) > 0;
    let entry = |_| {
        let mut entry = entry(around, random);
        if is_regular {
            entry.term = Term::new(around);
        }
        entry
    };
    let entries: Vec<Entry> = (0..count).map(entry).collect();
    // Indices past the last number can't even be said.
    let first = LogIndex::new(first.number().min(u64::MAX - 300));
    Entries::new(first, entries)
}

fn envelope(raft: &Raft, random: &mut Random) -> Envelope {
    let own = raft.settings().id;
    let around = term(raft).number();
    let term = match random.below(24) {
        // Higher terms end all roles, so they are rare.
        0 => number(around, random),
        1 | 2 => around.saturating_add(1),
        _ => around,
    };
    Envelope {
        from: id(random),
        to: if random.below(20) == 0 { id(random) } else { own },
        term: Term::new(term),
        message: message(raft, random),
    }
}

fn message(raft: &Raft, random: &mut Random) -> Message {
    let round = Round::new(number(3, random));
    match random.below(15) {
        0 => Message::PreVoteRequest(PreVoteRequest {
            asked: Term::new(number(term(raft).number(), random)),
            last: position(raft, random),
        }),
        1 => Message::PreVoteReply(PreVoteReply::Granted {
            asked: Term::new(number(term(raft).next().number(), random)),
        }),
        2 => Message::PreVoteReply(PreVoteReply::Refused),
        3 => Message::VoteRequest(VoteRequest {
            last: position(raft, random),
            origin: random.one_of(&[ElectionOrigin::Timeout, ElectionOrigin::Transfer]),
        }),
        4 => Message::VoteReply(random.one_of(&[VoteReply::Granted, VoteReply::Refused])),
        5 | 6 => {
            let previous = position(raft, random);
            Message::AppendRequest(AppendRequest {
                previous,
                entries: entries(raft, previous, random),
                commit: index(raft, random),
                round,
            })
        }
        7 => Message::AppendReply(AppendReply::Matched {
            through: index(raft, random),
            round,
        }),
        8 => Message::AppendReply(AppendReply::Diverged {
            rejected: index(raft, random),
            hint: position(raft, random),
            round,
        }),
        9 => Message::TimeoutNow(TimeoutNow {
            last: position(raft, random),
        }),
        10 => Message::Forward(Forward {
            incarnation: Incarnation::new(number(1, random)),
            id: ProposalId::new(number(5, random)),
            wish: wish(random),
        }),
        11 | 12 => Message::InstallSnapshot(piece(raft, round, random)),
        13 => Message::SnapshotReply(SnapshotReply::Received {
            last: snapshot_position(raft, random),
            bytes: number(SNAPSHOT.len() as u64, random),
            round,
        }),
        _ if random.below(4) == 0 => Message::AppendReply(AppendReply::StaleTerm),
        _ if random.below(4) == 0 => Message::SnapshotReply(SnapshotReply::StaleTerm),
        _ => Message::ForwardReply(ForwardReply {
            incarnation: Incarnation::new(number(1, random)),
            id: ProposalId::new(number(8, random)),
            outcome: outcome(raft, random),
        }),
    }
}

/// Now a whole snapshot, now a piece of one, now one that can't be.
fn piece(raft: &Raft, round: Round, random: &mut Random) -> InstallSnapshot {
    let offset = match random.below(3) {
        0 => number(4, random),
        _ => 0,
    };
    let total = match random.below(3) {
        0 => number(SNAPSHOT.len() as u64, random),
        _ => SNAPSHOT.len() as u64,
    };
    let most = random.one_of(&[0, 4, SNAPSHOT.len()]);
    let mut configuration = configuration(random);
    if random.below(2) == 0 {
        configuration = raft.state().configuration().clone();
    }
    InstallSnapshot {
        last: snapshot_position(raft, random),
        configuration: configuration.into(),
        offset,
        total,
        data: Bytes::from_static(&SNAPSHOT[..most]),
        round,
    }
}

/// That of a snapshot that it sends or gets, for the most part.
fn snapshot_position(raft: &Raft, random: &mut Random) -> LogPosition {
    let state = raft.state();
    let incoming = match &state.role {
        Role::Follower(follower) => follower.incoming.as_ref().map(|incoming| incoming.last),
        Role::PreCandidate(_) | Role::Candidate(_) | Role::Leader(_) => None,
    };
    let own = state.persistent.snapshot.as_ref().map(|snapshot| snapshot.last);
    let known = incoming.or(own).filter(|_| random.below(2) == 0);
    known.unwrap_or_else(|| position(raft, random))
}

fn wish(random: &mut Random) -> Wish {
    match random.below(8) {
        0 => Wish::Propose(Bytes::new()),
        1 => Wish::Read(random.one_of(&[ReadWay::Log, ReadWay::Index, ReadWay::Lease])),
        2 => Wish::Transfer(id(random)),
        3 => Wish::Reconfigure(MembershipChange::Join(JoinToken::new(random.next() % 3))),
        4 => Wish::Reconfigure(MembershipChange::Promote(id(random))),
        5 => Wish::Reconfigure(MembershipChange::Demote(id(random))),
        6 => Wish::Reconfigure(MembershipChange::Remove(id(random))),
        _ => Wish::Reconfigure(MembershipChange::Replace {
            voters: ids(random),
            learners: ids(random),
        }),
    }
}

fn outcome(raft: &Raft, random: &mut Random) -> ProposalOutcome {
    match random.below(5) {
        0 => ProposalOutcome::Appended(position(raft, random)),
        1 => ProposalOutcome::ReadAt(index(raft, random)),
        2 => ProposalOutcome::Unknown,
        3 => ProposalOutcome::ChangeRefused(ChangeRefusal::NoVoters),
        _ => ProposalOutcome::Joined(id(random)),
    }
}
