//! Every proposal has an end.

use bytes::Bytes;
use std::time::Duration;

use raft_play::consensus::durable::Inbound;
use raft_play::consensus::{Limits, Protections, RuleSet, Settings, Switch, Unobserved};
use raft_play::machine::KeyValue;
use raft_play::node::{Effects, Node, NodeInput, NodeSettings, ProposalEnd, Routes};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::WalOptions;
use raft_play::types::{
    AppendReply, AppendRequest, ClusterId, Configuration, Entries, Entry, Envelope, Incarnation, LocalTime,
    LogIndex, LogPosition, Message, NodeId, ProposalId, Round, Term, VoteReply,
};

/// S1 of three, whose every write is synced at once.
struct Server {
    node: Node<KeyValue, SimulatedDisk>,
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

    fn step(&mut self, input: NodeInput<SimulatedDisk>) {
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
