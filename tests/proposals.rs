//! Every proposal has an end.

use bytes::Bytes;
use std::time::Duration;

use raft_play::consensus::durable::Inbound;
use raft_play::consensus::{
    Limits, ProposalOutcome, Protections, ReadWay, RuleSet, Settings, Switch, TransferRefusal, Unobserved,
};
use raft_play::machine::KeyValue;
use raft_play::node::{Effects, Node, NodeInput, NodeSettings, ProposalEnd, Routes};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{Wal, WalOptions};
use raft_play::types::{
    AppendReply, AppendRequest, ChangeRefusal, ClusterId, Configuration, Entries, Entry, Envelope,
    ForwardReply, Incarnation, LocalTime, LogIndex, LogPosition, Message, NodeId, ProposalId, Round, Term,
    VoteReply,
};

/// S1 of three, whose every write is synced at once.
struct Server {
    node: Node<KeyValue, Wal<SimulatedDisk>>,
    ended: Vec<(ProposalId, ProposalEnd)>,
}

impl Server {
    fn new() -> Self {
        let settings = NodeSettings {
            cluster: ClusterId::new(1),
            genesis: Configuration::of_voters([1, 2, 3].map(NodeId::new)),
            raft: Settings {
                id: NodeId::new(1),
                incarnation: Incarnation::new(1),
                started: LocalTime::default(),
                election_timeout: Duration::from_millis(150),
                protections: Protections::default(),
                auto_promote: Switch::Off,
                reroute: Switch::Off,
                drift_ppm: 100_000,
                limits: Limits::default(),
                rules: RuleSet::sound(),
            },
            wal: WalOptions::default(),
            routes: Routes::default(),
        };
        let started = Node::start(settings, SimulatedDisk::new(), KeyValue::default());
        let (node, _, _) = started.expect("an empty disk is fine");
        Self {
            node,
            ended: Vec::new(),
        }
    }

    fn step(&mut self, input: NodeInput<Wal<SimulatedDisk>>) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let effects = self.node.step(LocalTime::default(), input, &mut Unobserved);
            let Effects { write, answers, .. } = effects.expect("the disk works");
            self.ended.extend(answers);
            next = write.map(|(_, pending)| NodeInput::Synced(pending.sync()));
        }
    }

    fn hear(&mut self, term: u64, message: Message) {
        self.step(NodeInput::Receive {
            cluster: ClusterId::new(1),
            message: Inbound::received(Envelope {
                from: NodeId::new(2),
                to: NodeId::new(1),
                term: Term::new(term),
                message,
            }),
        });
    }

    fn win(&mut self, term: u64) {
        self.step(NodeInput::ElectionTimeout);
        self.hear(term, Message::VoteReply(VoteReply::Granted));
        assert_eq!(self.node.state().persistent.metadata.term, Term::new(term));
    }

    fn propose(&mut self, id: u64) {
        self.step(NodeInput::Propose {
            id: ProposalId::new(id),
            command: Bytes::from_static(b"x=1"),
        });
    }
}

/// Two proposals of one server for the same place in the log, in two of its leaderships: the place goes to the later
/// one, and both are told.
#[test]
fn a_proposal_for_a_place_that_is_proposed_for_again_is_answered_too() {
    let mut server = Server::new();
    server.win(1);
    server.propose(1);
    server.propose(2);
    let other_leader = AppendRequest {
        previous: LogPosition::GENESIS,
        entries: Entries::new(LogIndex::new(1), [Entry::noop(Term::new(2))]),
        commit: LogIndex::GENESIS,
        round: Round::default(),
    };
    server.hear(2, Message::AppendRequest(other_leader));
    server.win(3);
    server.propose(3);
    assert_eq!(server.ended, [], "nothing is committed");
    server.hear(
        3,
        Message::AppendReply(AppendReply::Matched {
            through: LogIndex::new(3),
            round: Round::default(),
        }),
    );
    let overwritten = |index| ProposalEnd::Overwritten {
        index: LogIndex::new(index),
    };
    let done = ProposalEnd::Done {
        index: LogIndex::new(3),
        answer: Bytes::from_static(b"ok"),
    };
    let ended = [(1, overwritten(2)), (2, overwritten(3)), (3, done)];
    assert_eq!(server.ended, ended.map(|(id, end)| (ProposalId::new(id), end)));
    assert_eq!(server.node.open_proposals().count(), 0);
}

/// Passing on to S2, which leads term 1.
impl Server {
    fn rerouting() -> Self {
        let mut server = Self::new();
        server.node.set_reroute(Switch::On);
        server.follow(1, &[]);
        server
    }

    /// S2 leads a term, and its log has these entries from the first on, all of them committed.
    fn follow(&mut self, term: u64, entries: &[Entry]) {
        let request = AppendRequest {
            previous: LogPosition::GENESIS,
            entries: Entries::new(LogIndex::new(1), entries),
            commit: LogIndex::new(entries.len() as u64),
            round: Round::default(),
        };
        self.hear(term, Message::AppendRequest(request));
    }

    fn read(&mut self, id: u64) {
        self.step(NodeInput::Read {
            id: ProposalId::new(id),
            way: ReadWay::Index,
            query: Bytes::from_static(b"x"),
        });
    }

    fn be_told(&mut self, id: u64, outcome: ProposalOutcome) {
        let reply = ForwardReply {
            incarnation: Incarnation::new(1),
            id: ProposalId::new(id),
            outcome,
        };
        self.hear(1, Message::ForwardReply(reply));
    }
}

/// A peer may say anything: what is no answer to the wish tells nothing of it.
#[test]
fn an_answer_to_something_else_than_was_passed_on_leaves_nobody_waiting() {
    let mut server = Server::rerouting();
    server.propose(1);
    server.be_told(1, ProposalOutcome::ReadAt(LogIndex::GENESIS));
    let beside = [
        ProposalOutcome::TransferStarted,
        ProposalOutcome::TransferRefused(TransferRefusal::NoSuchTarget),
        ProposalOutcome::ChangeRefused(ChangeRefusal::NothingToChange),
        ProposalOutcome::Joined(NodeId::new(4)),
    ];
    for (id, outcome) in (2..).zip(beside) {
        server.read(id);
        server.be_told(id, outcome);
    }
    let unknown = (1..=5).map(|id| (ProposalId::new(id), ProposalEnd::Unknown));
    assert_eq!(server.ended, unknown.collect::<Vec<_>>());
    assert_eq!(server.node.open_proposals().count(), 0);
}

/// The word of where a command stands comes after an entry of a later term was applied before that place: no later entry need
/// ever come that would show it.
#[test]
fn a_place_that_a_later_term_has_overtaken_is_not_waited_for() {
    let mut server = Server::rerouting();
    server.propose(1);
    server.read(2);
    server.follow(2, &[Entry::noop(Term::new(2))]);
    for (id, index) in [(1, 5), (2, 6)] {
        let position = LogPosition::new(LogIndex::new(index), Term::new(1));
        server.be_told(id, ProposalOutcome::Appended(position));
    }
    let overwritten = |(id, index)| {
        let index = LogIndex::new(index);
        (ProposalId::new(id), ProposalEnd::Overwritten { index })
    };
    assert_eq!(server.ended, [(1, 5), (2, 6)].map(overwritten));
    assert_eq!(server.node.open_proposals().count(), 0);
}
