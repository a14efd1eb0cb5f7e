//! Stories as they are told, and that whatever happens is told in lines that fit, explain themselves and can be printed.

mod any;
mod faults;
mod lines;
mod stories;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::words::{LONG_WIDTH, SHORT_WIDTH, columns};
use super::*;
use crate::consensus::{
    CatchUpVerdict, ChangeCause, ChangeRefusal, Event, IgnoreReason, IgnoredInput, ProposalRefusal, Quiet,
    RoleName, Tally, TransferRefusal, Verdict, VoteRefusal,
};
use crate::machine::{Execution, Exhibit, KeyValue};
use crate::playground::any::{any_command, any_node};
use crate::playground::{ClientAnswer, Command, Loss, Mark, MessageId, Stop, Weight};
use crate::types::{
    AppendReply, AppendRequest, Configuration, ElectionOrigin, Entries, Entry, Envelope, LogIndex,
    LogPosition, Message, MessageKind, NodeId, Payload, ProposalId, Round, Term, VirtualTime, VoteReply,
    VoteRequest, WriteSequence,
};

fn node(number: u64) -> NodeId {
    NodeId::new(number)
}

fn set(numbers: &[u64]) -> BTreeSet<NodeId> {
    numbers.iter().copied().map(NodeId::new).collect()
}

fn index(number: u64) -> LogIndex {
    LogIndex::new(number)
}

fn position(at: u64, term: u64) -> LogPosition {
    LogPosition::new(index(at), Term::new(term))
}

fn envelope(from: u64, to: u64, term: u64, message: Message) -> Envelope {
    Envelope {
        from: node(from),
        to: node(to),
        term: Term::new(term),
        message,
    }
}

fn append(from: u64, to: u64, term: u64, previous: LogPosition, entries: Vec<Entry>) -> Envelope {
    let request = AppendRequest {
        previous,
        entries: Entries::new(previous.index.next(), entries),
        commit: LogIndex::GENESIS,
        round: Round::default(),
    };
    envelope(from, to, term, Message::AppendRequest(request))
}

fn delivered(envelope: Envelope) -> Happening {
    let message = MessageId(0);
    Happening::Delivered { message, envelope }
}

fn sent(envelope: Envelope) -> Happening {
    Happening::Sent {
        message: MessageId(0),
        envelope,
        due: None,
    }
}

fn lost(envelope: Envelope, reason: Loss) -> Happening {
    Happening::Lost {
        message: MessageId(0),
        envelope,
        reason,
    }
}

fn event(number: u64, event: Event) -> Happening {
    Happening::Node {
        node: node(number),
        event,
    }
}

fn flushed(number: u64, through: u64) -> Happening {
    let sequence = WriteSequence::new(1);
    event(
        number,
        Event::Flushed {
            sequence,
            through: index(through),
        },
    )
}

fn tally(term: u64, granted: &[u64], refused: &[u64]) -> Tally {
    Tally {
        term: Term::new(term),
        granted: set(granted),
        refused: set(refused),
        needed: 3,
        voters: 5,
        outgoing: None,
    }
}

fn started(number: u64, term: u64, last: LogPosition) -> Happening {
    Happening::Started {
        node: node(number),
        term: Term::new(term),
        last,
        torn_bytes: 0,
    }
}

fn record(ordinal: usize, what: Happening) -> Record {
    Record {
        at: VirtualTime::default(),
        ordinal: ordinal as u64,
        what,
    }
}

fn tell(happenings: Vec<Happening>) -> Vec<StoryLine> {
    let mut narrator = Narrator::new(KeyValue::describe);
    let told = |(ordinal, what)| narrator.tell(&record(ordinal, what));
    happenings.into_iter().enumerate().filter_map(told).collect()
}

/// The lines that are not folded away, long and short.
fn story(happenings: Vec<Happening>) -> (Vec<String>, Vec<String>) {
    let lines = tell(happenings).into_iter();
    lines
        .filter(|line| line.weight > Weight::Routine)
        .map(|line| (line.long, line.short))
        .unzip()
}

/// Five nodes in term 3, all with four entries, and S1, S2 cut off from the others.
fn minority_leader() -> Vec<Happening> {
    let start = |number| started(number, 3, position(4, 3));
    let parted = vec![vec![node(1), node(2)], vec![node(3), node(4), node(5)]];
    (1..=5)
        .map(start)
        .chain([Happening::Commanded(Command::Partition(parted))])
        .collect()
}

fn election() -> Vec<Happening> {
    let request = || {
        Message::VoteRequest(VoteRequest {
            last: position(4, 3),
            origin: ElectionOrigin::Timeout,
        })
    };
    let adopted = Event::AdoptedTerm {
        before: Term::new(3),
        role: RoleName::Follower,
        from: node(3),
        kind: MessageKind::VoteRequest,
    };
    vec![
        Happening::TimerFired {
            node: node(3),
            timer: Timer::Election,
            after: Duration::from_millis(187),
        },
        event(
            3,
            Event::ElectionStarted {
                origin: ElectionOrigin::Timeout,
                term: Term::new(4),
                last: position(4, 3),
                asked: set(&[1, 2, 4, 5]),
            },
        ),
        event(
            3,
            Event::OwnVoteCounted {
                tally: tally(4, &[3], &[]),
            },
        ),
        sent(envelope(3, 1, 4, request())),
        lost(envelope(3, 1, 4, request()), Loss::Cut),
        sent(envelope(3, 4, 4, request())),
        delivered(envelope(3, 4, 4, request())),
        event(4, adopted),
        event(
            4,
            Event::VoteGranted {
                candidate: node(3),
                theirs: position(4, 3),
                own: position(4, 3),
            },
        ),
        event(
            3,
            Event::VoteCounted {
                from: node(4),
                verdict: Verdict::Granted,
                tally: tally(4, &[3, 4], &[]),
            },
        ),
        event(
            3,
            Event::BecameLeader {
                tally: tally(4, &[3, 4, 5], &[]),
                last: position(4, 3),
            },
        ),
        event(
            3,
            Event::Proposed {
                index: index(5),
                proposal: None,
            },
        ),
    ]
}
