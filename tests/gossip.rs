//! Routes spread by gossip, one seed is enough, and two clusters never mix.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use lab::{Lab, act, cast, id, lab, lab_on, loaded};
use raft_play::consensus::durable::Inbound;
use raft_play::consensus::{Limits, Protections, RuleSet, Settings as RaftSettings, Switch, Unobserved};
use raft_play::machine::KeyValue;
use raft_play::node::{Node, NodeInput, NodeSettings, RouteEvent, RouteRefusal, Routes};
use raft_play::playground::{Command, Happening, HostKind, Loss, Settings, Snapshot};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{Wal, WalOptions};
use raft_play::types::{
    Address, AppendReply, AppendRequest, ClusterId, Configuration, ElectionOrigin, Entries, Envelope,
    Forward, ForwardReply, Gossip, Incarnation, LocalTime, LogIndex, LogPosition, Message, MessageKind,
    NodeId, PreVoteReply, PreVoteRequest, ProposalId, ProposalOutcome, ReadWay, Round, RouteNews, Term,
    TimeoutNow, VoteReply, VoteRequest, Wish,
};

fn run(world: &mut Lab, millis: u64) {
    lab::run(world, millis);
    assert_eq!(world.violations(), []);
}

fn led(nodes: u64, seed: u64) -> Lab {
    let mut world = lab(nodes, seed);
    while world.leader().is_none() {
        run(&mut world, 50);
    }
    // Its no-op is committed meanwhile: only then the configuration may change.
    run(&mut world, 500);
    world
}

fn knows(snapshot: &Snapshot, node: NodeId, of: NodeId) -> Option<String> {
    let routes = &snapshot.node(node).expect("it exists").routes;
    routes.address_of(of).map(ToString::to_string)
}

fn losses(world: &mut Lab) -> BTreeMap<(NodeId, NodeId), Vec<Loss>> {
    let mut losses: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for record in world.drain_records() {
        if let Happening::Lost { envelope, reason, .. } = record.what {
            losses
                .entry((envelope.from, envelope.to))
                .or_default()
                .push(reason);
        }
    }
    losses
}

#[test]
fn a_lost_route_loses_messages_until_gossip_brings_it_back() {
    let mut world = led(3, 1);
    let (leader, others) = cast(&world, 3);
    let (at, of) = (leader, others[0]);
    act(&mut world, Command::LoseRoute { at, of });
    world.drain_records();
    run(&mut world, 100);
    let lost = losses(&mut world);
    assert!(lost[&(leader, of)].iter().all(|loss| *loss == Loss::NoRoute));
    assert_eq!(lost.len(), 1, "all other routes work");
    assert_eq!(knows(&world.snapshot(), leader, of), None, "nobody gossips");
    act(&mut world, Command::Gossip(Switch::On));
    run(&mut world, 3_000);
    assert!(knows(&world.snapshot(), leader, of).is_some());
    losses(&mut world);
    run(&mut world, 1_000);
    assert_eq!(losses(&mut world), BTreeMap::new());
}

/// News doubles with every round, more or less: of 16 nodes all know within a few times log 16 rounds.
#[test]
fn all_learn_of_a_move_within_a_few_rounds() {
    let (nodes, seeds) = (16, 20);
    let mut total = 0;
    for seed in 0..seeds {
        let mut world = lab(nodes, seed);
        act(&mut world, Command::Gossip(Switch::On));
        run(&mut world, 1_000);
        let moved = id(1 + seed % nodes);
        act(&mut world, Command::Readdress(moved));
        let address = format!("ch-{}.1", moved.number());
        let has_heard = |snapshot: &Snapshot| {
            let others = (1..=nodes).map(id).filter(|node| *node != moved);
            others
                .filter(|node| knows(snapshot, *node, moved) == Some(address.clone()))
                .count() as u64
        };
        let mut rounds = 0;
        while has_heard(&world.snapshot()) < nodes - 1 {
            run(&mut world, 200);
            rounds += 1;
            assert!(
                rounds < 40,
                "seed {seed}: {} of {nodes} have heard",
                has_heard(&world.snapshot())
            );
        }
        total += rounds;
    }
    let (mean, logarithm) = (total / seeds, 4);
    assert!(mean <= 2 * logarithm, "{mean} rounds on average");
}

#[test]
fn one_seed_is_enough() {
    for seed in 0..5 {
        let mut world = led(3, seed);
        act(&mut world, Command::Gossip(Switch::On));
        let (_, others) = cast(&world, 3);
        let contact = others[0];
        act(&mut world, Command::JoinVia(contact));
        while world.snapshot().nodes.len() < 4 {
            run(&mut world, 10);
        }
        let born = world.snapshot();
        let known: Vec<NodeId> = born.node(id(4)).unwrap().routes.known().keys().copied().collect();
        assert_eq!(known, [contact], "it starts with the seed's route");
        run(&mut world, 4_000);
        let grown = world.snapshot();
        for node in (1..=4).map(id) {
            let routes = &grown.node(node).unwrap().routes;
            assert_eq!(routes.known().len(), 3, "seed {seed}: {node} knows all others");
        }
        let leader = grown.leaders()[0];
        let newcomer = grown.node(id(4)).unwrap();
        assert_eq!(
            newcomer.log.last_position(),
            leader.log.last_position(),
            "and it has the log"
        );
        assert!(leader.log.configuration().learners.contains(&id(4)));
    }
}

#[test]
fn a_seed_that_does_not_lead_names_the_leader_and_one_token_gives_one_id() {
    let mut world = led(3, 2);
    let (leader, others) = cast(&world, 3);
    let contact = others[0];
    world.drain_records();
    act(&mut world, Command::JoinVia(contact));
    run(&mut world, 1_000);
    let records = world.drain_records();
    let sent_on = records.iter().filter_map(|record| match record.what {
        Happening::JoinSentOn { seed, leader } => Some((seed, leader)),
        _ => None,
    });
    assert_eq!(sent_on.collect::<Vec<_>>(), [(contact, leader)]);
    assert_eq!(world.snapshot().nodes.len(), 4);
}

#[test]
fn without_gossip_nothing_is_different_from_a_world_where_all_know_all() {
    let mut world = led(3, 3);
    act(&mut world, Command::Join);
    run(&mut world, 2_000);
    assert_eq!(losses(&mut world), BTreeMap::new());
    let snapshot = world.snapshot();
    for node in &snapshot.nodes {
        assert_eq!(node.routes.known().len(), 3, "{}", node.id);
    }
}

#[test]
fn a_node_that_is_down_keeps_its_routes_and_comes_back_with_a_higher_version() {
    let mut world = led(3, 4);
    act(&mut world, Command::LoseRoute { at: id(2), of: id(3) });
    let before = world.snapshot().node(id(2)).unwrap().routes.clone();
    act(&mut world, Command::CutPower(id(2)));
    assert_eq!(world.snapshot().node(id(2)).unwrap().routes, before);
    act(&mut world, Command::Readdress(id(2)));
    act(&mut world, Command::Restart(id(2)));
    let after = world.snapshot().node(id(2)).unwrap().routes.clone();
    assert_eq!(after.own().address.text(), "ch-2.1");
    assert!(after.own().version > before.own().version);
    assert_eq!(after.known(), before.known());
}

/// Commands about routes and some others, by a generator of this test's own.
fn busy(world: &mut Lab, seed: u64, steps: u64) {
    let mut state = seed;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for _ in 0..steps {
        let nodes = world.snapshot().nodes.len() as u64;
        let (one, other) = (id(1 + below(nodes)), id(1 + below(nodes)));
        let command = match below(10) {
            0 | 1 => Command::LoseRoute { at: one, of: other },
            2 | 3 => Command::Readdress(one),
            4 => Command::Gossip(Switch::Off),
            5 => Command::Crash(one),
            6 => Command::Restart(one),
            7 if nodes < 6 => Command::JoinVia(one),
            8 => Command::Freeze(one),
            9 => Command::Thaw(one),
            _ => Command::Gossip(Switch::On),
        };
        drop(world.command(command));
        for _ in 0..below(40) {
            world.step();
        }
    }
    assert_eq!(world.violations(), []);
}

#[test]
fn threads_and_inline_give_the_same_trace() {
    for seed in 0..8 {
        let mut hashes = [HostKind::Inline, HostKind::Threads].map(|host| {
            let mut world = lab_on(host, 4, seed, Settings::default());
            busy(&mut world, seed, 60);
            world.trace_hash()
        });
        assert_eq!(hashes[0], hashes[1], "seed {seed}");
        hashes.reverse();
    }
}

#[test]
fn a_loaded_cluster_gossips_on_as_if_it_had_never_been_saved() {
    for seed in 0..20 {
        let mut world = lab(4, seed);
        busy(&mut world, seed, 40);
        let mut loaded = loaded(&mut world);
        busy(&mut world, seed + 1, 40);
        busy(&mut loaded, seed + 1, 40);
        assert_eq!(loaded.trace_hash(), world.trace_hash(), "seed {seed}");
        assert_eq!(loaded.image().unwrap(), world.image().unwrap());
    }
}

/// A server of its own, with this id in this cluster.
fn server(cluster: u64, own: u64) -> Node<KeyValue, Wal<SimulatedDisk>> {
    let settings = NodeSettings {
        cluster: ClusterId::new(cluster),
        genesis: Configuration::of_voters([1, 2, 3].map(id)),
        raft: RaftSettings {
            id: id(own),
            incarnation: Incarnation::new(1),
            started: LocalTime::default(),
            election_timeout: Duration::from_millis(150),
            protections: Protections::default(),
            auto_promote: Switch::Off,
            reroute: Switch::On,
            drift_ppm: 100_000,
            limits: Limits::default(),
            rules: RuleSet::sound(),
        },
        wal: WalOptions::default(),
        routes: Routes::new(id(own), Address::new("ch").unwrap()),
    };
    let started = Node::start(settings, SimulatedDisk::new(), KeyValue::default());
    started.expect("an empty disk is fine").0
}

/// One message of every kind, each of which a server of the same cluster would take.
fn all_messages() -> Vec<Message> {
    let last = LogPosition::new(LogIndex::new(5), Term::new(4));
    let append = |entries| {
        Message::AppendRequest(AppendRequest {
            previous: LogPosition::GENESIS,
            entries,
            commit: LogIndex::GENESIS,
            round: Round::new(1),
        })
    };
    let noop = raft_play::types::Entry {
        term: Term::new(4),
        payload: raft_play::types::Payload::Command(Bytes::from_static(b"x=1")),
    };
    vec![
        Message::PreVoteRequest(PreVoteRequest {
            asked: Term::new(5),
            last,
        }),
        Message::PreVoteReply(PreVoteReply::Refused),
        Message::VoteRequest(VoteRequest {
            last,
            origin: ElectionOrigin::Timeout,
        }),
        Message::VoteReply(VoteReply::Granted),
        append(Entries::empty(LogIndex::new(1))),
        append(Entries::new(LogIndex::new(1), vec![noop])),
        Message::AppendReply(AppendReply::StaleTerm),
        Message::TimeoutNow(TimeoutNow {
            last: LogPosition::GENESIS,
        }),
        Message::Forward(Forward {
            incarnation: Incarnation::new(1),
            id: ProposalId::new(1),
            wish: Wish::Read(ReadWay::Index),
        }),
        Message::ForwardReply(ForwardReply {
            incarnation: Incarnation::new(1),
            id: ProposalId::new(1),
            outcome: ProposalOutcome::Unknown,
        }),
        Message::Gossip(Gossip::Push(vec![RouteNews {
            node: id(2),
            route: server(2, 2).routes().own().clone(),
            age: Duration::ZERO,
        }])),
        Message::Gossip(Gossip::Reply(Vec::new())),
    ]
}

#[test]
fn messages_of_two_clusters_never_mix() {
    let mut kinds: Vec<MessageKind> = all_messages().iter().map(Message::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 12, "every kind of message, once");
    for message in all_messages() {
        let kind = message.kind();
        let envelope = Envelope {
            from: id(2),
            to: id(1),
            term: Term::new(4),
            message,
        };
        let hear = |cluster: u64| {
            let mut node = server(1, 1);
            let before = (node.state().clone(), node.routes().clone());
            let input = NodeInput::Receive {
                cluster: ClusterId::new(cluster),
                message: Inbound::received(envelope.clone()),
            };
            let mut events = Vec::new();
            let effects = node
                .step(LocalTime::default(), input, &mut events)
                .expect("the disk works");
            let is_changed = before != (node.state().clone(), node.routes().clone());
            let does =
                is_changed || effects.write.is_some() || !effects.sent.is_empty() || !events.is_empty();
            (does, effects.routes)
        };
        let (from, cluster) = (id(2), ClusterId::new(2));
        let refused = vec![RouteEvent::Foreign { from, cluster, kind }];
        assert_eq!(hear(2), (false, refused), "{kind:?}");
        let (does, routes) = hear(1);
        assert!(
            does || kind == MessageKind::GossipReply,
            "{kind:?}: in its own cluster it is listened to"
        );
        assert!(
            !routes
                .iter()
                .any(|event| matches!(event, RouteEvent::Foreign { .. }))
        );
    }
}

#[test]
fn gossip_that_is_not_for_a_server_is_not_believed() {
    let mut node = server(1, 1);
    let message = Inbound::received(Envelope {
        from: id(2),
        to: id(3),
        term: Term::new(4),
        message: Message::Gossip(Gossip::Push(Vec::new())),
    });
    let input = NodeInput::Receive {
        cluster: ClusterId::new(1),
        message,
    };
    let effects = node.step(LocalTime::default(), input, &mut Unobserved).unwrap();
    let reason = RouteRefusal::NotForUs;
    assert_eq!(effects.routes, [RouteEvent::Refused { from: id(2), reason }]);
    assert!(effects.sent.is_empty());
}
