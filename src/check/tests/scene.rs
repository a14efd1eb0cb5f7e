//! Three servers to which things happen, said tersely.

use bytes::Bytes;

use crate::check::{Ballot, Base, Checker, Fact, Property, Violation};
use crate::types::{
    AppendReply, AppendRequest, Configuration, Entries, Entry, Envelope, LogIndex, LogPosition, Message,
    NodeId, Round, Term, VoteReply, VoteRequest, WriteSequence,
};

pub(super) const S1: NodeId = NodeId::new(1);
pub(super) const S2: NodeId = NodeId::new(2);
pub(super) const S3: NodeId = NodeId::new(3);

pub(super) type Verdict = Result<(), Violation>;

/// Three servers, to which things happen.
pub(super) struct Scene {
    pub(super) checker: Checker,
    pub(super) sequence: u64,
}

pub(super) fn ballot(term: u64, vote: Option<NodeId>) -> Ballot {
    let term = Term::new(term);
    Ballot { term, vote }
}

pub(super) fn run(first: u64, terms: &[u64]) -> Entries {
    let entry = |&term: &u64| Entry::command(Term::new(term), Bytes::from(format!("command {term}")));
    Entries::new(LogIndex::new(first), terms.iter().map(entry).collect::<Vec<_>>())
}

pub(super) fn vote_request() -> Message {
    Message::VoteRequest(VoteRequest {
        origin: crate::types::ElectionOrigin::Timeout,
        last: LogPosition::GENESIS,
    })
}

pub(super) fn heartbeat() -> Message {
    Message::AppendRequest(AppendRequest {
        previous: LogPosition::GENESIS,
        entries: Entries::empty(LogIndex::new(1)),
        commit: LogIndex::GENESIS,
        round: Round::default(),
    })
}

pub(super) fn matched(through: u64) -> Message {
    let through = LogIndex::new(through);
    Message::AppendReply(AppendReply::Matched {
        through,
        round: Round::default(),
    })
}

pub(super) const GRANTED: Message = Message::VoteReply(VoteReply::Granted);

impl Scene {
    /// Three servers that start with these terms and logs.
    pub(super) fn of(servers: [(u64, &[u64]); 3]) -> Self {
        let checker = Checker::new(Configuration::of_voters([S1, S2, S3]));
        // Leaders come about here without elections.
        let others = Property::ALL.iter().copied();
        let checker = checker.watching(others.filter(|&property| property != Property::ElectedByMajority));
        let mut scene = Self { checker, sequence: 0 };
        for (node, (term, log)) in [S1, S2, S3].into_iter().zip(servers) {
            scene.start(node, ballot(term, None), log).unwrap();
        }
        scene
    }

    /// Three servers in term 2 with the same two entries of term 1, led by S1.
    pub(super) fn led_by_s1() -> Self {
        let mut scene = Self::of([(2, &[1, 1]), (2, &[1, 1]), (2, &[1, 1])]);
        scene.led(S1, 2).unwrap();
        scene
    }

    pub(super) fn start(&mut self, node: NodeId, ballot: Ballot, log: &[u64]) -> Verdict {
        let log = &run(1, log);
        self.checker.observe(&Fact::Started {
            node,
            ballot,
            base: Base::default(),
            log,
        })
    }

    pub(super) fn write(
        &mut self,
        node: NodeId,
        ballot: Option<Ballot>,
        truncate: Option<u64>,
        append: &Entries,
    ) -> Verdict {
        self.sequence += 1;
        self.checker.observe(&Fact::Wrote {
            node,
            sequence: WriteSequence::new(self.sequence),
            ballot,
            snapshot: None,
            compact: None,
            truncate: truncate.map(LogIndex::new),
            append,
        })
    }

    pub(super) fn vote(&mut self, node: NodeId, term: u64, vote: NodeId) -> Verdict {
        self.write(node, Some(ballot(term, Some(vote))), None, &run(1, &[]))
    }

    pub(super) fn append(&mut self, node: NodeId, first: u64, terms: &[u64]) -> Verdict {
        self.write(node, None, None, &run(first, terms))
    }

    /// Everything that the server has written reaches its disk.
    pub(super) fn sync(&mut self, node: NodeId) -> Verdict {
        let through = WriteSequence::new(self.sequence);
        self.checker.observe(&Fact::Durable { node, through })
    }

    pub(super) fn send(&mut self, from: NodeId, to: NodeId, term: u64, message: Message) -> Verdict {
        let term = Term::new(term);
        self.checker.observe(&Fact::Sent(&Envelope {
            from,
            to,
            term,
            message,
        }))
    }

    pub(super) fn led(&mut self, node: NodeId, term: u64) -> Verdict {
        let term = Term::new(term);
        self.checker.observe(&Fact::Led { node, term })
    }

    pub(super) fn commit(&mut self, node: NodeId, through: u64) -> Verdict {
        let through = LogIndex::new(through);
        self.checker.observe(&Fact::Committed { node, through })
    }

    pub(super) fn apply(&mut self, node: NodeId, index: u64, entry: &Entry) -> Verdict {
        let index = LogIndex::new(index);
        let position = LogPosition::new(index, entry.term);
        self.checker.observe(&Fact::Applied {
            node,
            position,
            payload: &entry.payload,
        })
    }
}
