//! Rerouting: any node takes what a client wants, and what the client is told is true.

#[expect(dead_code, reason = "each test uses its part of the choices")]
#[path = "common/choices.rs"]
mod choices;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};

use choices::Choices;
use lab::{Lab, act, cast, lab_with, linked, loaded, propose, read, run, settled_with, told};
use raft_play::consensus::{ReadWay, Switch};
use raft_play::playground::{ClientAnswer, Command, Happening, LinkSettings, Place, Settings, Span};
use raft_play::types::{NodeId, ProposalId};

/// Any node may be asked, over links like these.
fn rerouting(link: LinkSettings) -> Settings {
    Settings {
        reroute: Switch::On,
        ..linked(link)
    }
}

/// Three nodes of which one leads and any may be asked.
fn settled(seed: u64) -> Lab {
    settled_with(3, seed, rerouting(LinkSettings::default()))
}

fn follower(world: &Lab) -> NodeId {
    cast(world, 3).1[0]
}

#[test]
fn a_follower_takes_a_proposal_and_answers_when_it_has_applied_it() {
    let mut world = settled(1);
    let asked = follower(&world);
    act(&mut world, propose(asked, "append x 1"));
    run(&mut world, 500);
    let answers = told(&mut world);
    assert!(
        matches!(&answers[..], [(node, ClientAnswer::Done { answer, .. })] if *node == asked && answer == "1"),
        "{answers:?}"
    );
}

#[test]
fn a_follower_serves_a_read_itself_once_it_has_applied_what_the_leader_names() {
    for way in [ReadWay::Log, ReadWay::Index, ReadWay::Lease] {
        let mut world = settled(2);
        let leader = world.leader().expect("somebody leads");
        let asked = follower(&world);
        act(&mut world, propose(leader, "x=7"));
        run(&mut world, 200);
        told(&mut world);
        act(&mut world, read(asked, way));
        run(&mut world, 200);
        let answers = told(&mut world);
        assert!(
            matches!(&answers[..], [(node, ClientAnswer::Read { answer, .. })] if *node == asked && answer == "7"),
            "{way:?}: {answers:?}"
        );
    }
}

#[test]
fn a_client_is_told_that_nobody_knows_where_the_leader_does_not_answer() {
    let mut world = settled(3);
    let (leader, asked) = (world.leader().expect("somebody leads"), follower(&world));
    world
        .command(Command::CutOneWay {
            from: asked,
            to: leader,
        })
        .unwrap();
    act(&mut world, propose(asked, "x=1"));
    act(&mut world, read(asked, ReadWay::Index));
    run(&mut world, 2_000);
    let answers = told(&mut world);
    assert_eq!(
        answers,
        [(asked, ClientAnswer::Unknown), (asked, ClientAnswer::Unknown)]
    );
}

/// A change of the membership and a transfer are passed on like everything else that a client wants.
#[test]
fn any_node_can_be_asked_for_what_is_the_leaders_to_do() {
    let mut world = settled(6);
    let (leader, others) = cast(&world, 3);
    let [asked, other] = others[..] else {
        panic!("two others");
    };
    let via = |node: NodeId, command: Command| Command::Via {
        node,
        command: Box::new(command),
    };
    act(&mut world, via(asked, Command::Demote(other)));
    run(&mut world, 300);
    assert_eq!(world.snapshot().place(other), Place::Learner);
    act(&mut world, via(other, Command::Promote(other)));
    run(&mut world, 300);
    assert_eq!(world.snapshot().place(other), Place::Voter);
    act(&mut world, via(asked, Command::Transfer(asked)));
    run(&mut world, 300);
    assert_eq!(world.leader(), Some(asked));

    act(&mut world, Command::Reroute(Switch::Off));
    told(&mut world);
    act(&mut world, via(leader, Command::Remove(other)));
    run(&mut world, 300);
    assert_eq!(told(&mut world), [(leader, ClientAnswer::ChangeRefused)]);
    assert_eq!(world.snapshot().place(other), Place::Voter);

    let nonsense = [
        via(asked, Command::Heal),
        via(asked, via(leader, Command::Remove(other))),
        via(asked, Command::Remove(NodeId::new(9))),
        via(NodeId::new(9), Command::Remove(other)),
    ];
    for command in nonsense {
        assert!(world.command(command.clone()).is_err(), "{command:?}");
    }
}

#[test]
fn without_a_leader_nothing_is_passed_on() {
    let mut world = lab_with(3, 4, rerouting(LinkSettings::default()));
    act(&mut world, propose(NodeId::new(1), "x=1"));
    assert_eq!(
        told(&mut world),
        [(NodeId::new(1), ClientAnswer::NotLeader { leader: None })]
    );
}

/// A troubled run in which clients ask any node, over links that lose, double and delay. Gives what they were told of each
/// proposal, and the world at its end, healed and at rest.
fn troubled(seed: u64) -> (Lab, BTreeMap<ProposalId, (String, ClientAnswer)>) {
    let mut choices = Choices(seed);
    let link = LinkSettings {
        latency: Span::of_millis(1, 1 + choices.below(60)),
        loss_ppm: 30_000,
        duplication_ppm: 400_000,
        reordering_ppm: 300_000,
        ..LinkSettings::default()
    };
    let nodes = 3 + 2 * choices.below(2);
    let mut world = lab_with(nodes, seed, rerouting(link));
    if choices.below(2) == 0 {
        act(&mut world, Command::Lease(Switch::On));
    }
    let mut proposed = BTreeMap::new();
    let mut next = 1;
    for step in 0..150 {
        run(&mut world, choices.below(80));
        let one = choices.node(nodes);
        let text = format!("append y {step}.");
        let command = match choices.below(20) {
            0 => Command::Crash(one),
            1..=3 => Command::Restart(one),
            4 => Command::FireTimer(one),
            5 => Command::Partition(vec![vec![one]]),
            6 | 7 => Command::Heal,
            8 => Command::Transfer(one),
            9 => Command::Freeze(one),
            10 | 11 => Command::Thaw(one),
            12..=14 => {
                let way = [ReadWay::Log, ReadWay::Index, ReadWay::Lease];
                read(
                    one,
                    way[usize::try_from(choices.below(3)).expect("a small number")],
                )
            }
            _ => propose(one, text.clone()),
        };
        let takes_a_name = matches!(
            command,
            Command::Propose { .. } | Command::Read { .. } | Command::Transfer(_)
        );
        let is_proposal = matches!(command, Command::Propose { .. });
        // What makes no sense now is refused.
        if world.command(command).is_ok() && takes_a_name {
            if is_proposal {
                proposed.insert(ProposalId::new(next), text);
            }
            next += 1;
        }
        assert_eq!(world.violations(), [], "seed {seed}, step {step}");
    }
    act(&mut world, Command::Heal);
    let quiet = LinkSettings::default();
    let (from, to) = (None, None);
    world
        .command(Command::Link {
            from,
            to,
            settings: quiet,
        })
        .unwrap();
    for id in (1..=nodes).map(NodeId::new) {
        let _ = world.command(Command::Restart(id));
        let _ = world.command(Command::Thaw(id));
    }
    run(&mut world, 10_000);
    let mut answers = BTreeMap::new();
    for record in world.drain_records() {
        if let Happening::Answered { proposal, answer, .. } = record.what
            && let Some(text) = proposed.remove(&proposal)
        {
            answers.insert(proposal, (text, answer));
        }
    }
    assert!(proposed.is_empty(), "seed {seed}: never answered: {proposed:?}");
    (world, answers)
}

#[test]
fn what_clients_are_told_is_true_under_faults() {
    let mut passed = (0, 0, 0);
    for seed in 0..150 {
        let (mut world, answers) = troubled(seed);
        let snapshot = world.snapshot();
        let log = &snapshot.nodes[0].log;
        let commands: Vec<String> = log
            .iter()
            .filter_map(|(_, entry)| entry.payload.command())
            .map(|command| String::from_utf8_lossy(command).into_owned())
            .collect();
        let distinct: BTreeSet<&String> = commands.iter().collect();
        assert_eq!(
            distinct.len(),
            commands.len(),
            "seed {seed}: a command stands in the log twice"
        );
        for (text, answer) in answers.values() {
            let is_there = distinct.contains(text);
            match answer {
                ClientAnswer::Done { .. } => {
                    passed.0 += 1;
                    assert!(is_there, "seed {seed}: {text} is done, and nowhere");
                }
                ClientAnswer::Unknown => passed.1 += 1,
                ClientAnswer::NotLeader { .. }
                | ClientAnswer::Transferring { .. }
                | ClientAnswer::Overloaded
                | ClientAnswer::Overwritten { .. } => {
                    passed.2 += 1;
                    assert!(!is_there, "seed {seed}: {text} was refused, and is in the log");
                }
                ClientAnswer::Read { .. }
                | ClientAnswer::SessionOpened { .. }
                | ClientAnswer::SessionClosed { .. }
                | ClientAnswer::SessionRefused { .. }
                | ClientAnswer::ChangeRefused
                | ClientAnswer::Joined { .. }
                | ClientAnswer::TransferStarted
                | ClientAnswer::TransferRefused => panic!("seed {seed}: no answer to a proposal: {answer:?}"),
            }
        }
    }
    let (done, unknown, refused) = passed;
    assert!(
        done > 500 && unknown > 500 && refused > 500,
        "{done} done, {unknown} unknown, {refused} refused: the test reaches too little"
    );
}

#[test]
fn a_run_goes_on_from_a_save_while_requests_are_on_their_way() {
    let link = LinkSettings {
        duplication_ppm: 300_000,
        ..LinkSettings::default()
    };
    for cut in 0..40 {
        let mut world = settled_with(3, 5, rerouting(link));
        let asked = follower(&world);
        act(&mut world, propose(asked, "x=1"));
        act(&mut world, read(asked, ReadWay::Index));
        for _ in 0..cut {
            world.step();
        }
        let mut again = loaded(&mut world);
        run(&mut world, 1_000);
        again.run_until(world.now());
        assert_eq!(again.trace_hash(), world.trace_hash(), "after {cut} events");
    }
}

/// The algorithm by itself.
mod core {
    use bytes::Bytes;
    use raft_play::consensus::{Input, ProposalOutcome, ProposalRefusal, Protections, Role, Served, Switch};
    use raft_play::types::{Envelope, Forward, ForwardReply, Incarnation, Message, NodeId, ProposalId, Wish};

    use super::server::{Server, append, granted, of, position, vote_request};

    /// S2 passes its caller's first command on.
    fn forward() -> Message {
        forward_as(7)
    }

    fn forward_as(id: u64) -> Message {
        Message::Forward(Forward {
            incarnation: Incarnation::new(1),
            id: ProposalId::new(id),
            wish: Wish::Propose(Bytes::from_static(b"x=1")),
        })
    }

    fn replies(sent: &[Envelope]) -> Vec<ProposalOutcome> {
        let reply = |envelope: &Envelope| match &envelope.message {
            Message::ForwardReply(reply) => Some(reply.outcome),
            _ => None,
        };
        sent.iter().filter_map(reply).collect()
    }

    fn leader() -> Server {
        of(1, 3)
            .protected_by(Protections {
                check_quorum: Switch::On,
                ..Protections::default()
            })
            .start()
            .elected_by(&[2])
    }

    #[test]
    fn a_leader_answers_with_the_place_and_grants_once() {
        let mut leader = leader();
        let placed = [ProposalOutcome::Appended(position(2, 1))];
        assert_eq!(replies(&leader.receive(2, 1, forward())), placed);
        assert_eq!(
            replies(&leader.receive(2, 1, forward())),
            placed,
            "and says so again"
        );
        assert_eq!(leader.log_terms(), [1, 1]);
    }

    /// A save has the wishes that are remembered. That earlier ones are forgotten must follow from them, or one of those that comes
    /// again after the save is loaded is granted twice.
    #[test]
    fn a_leader_from_a_save_has_forgotten_the_same_wishes() {
        let mut leader = leader();
        for id in 1..=1_100 {
            leader.receive(2, 1, forward_as(id));
        }
        let Role::Leader(state) = &leader.raft.state().role else {
            panic!("it leads")
        };
        assert!(
            Served::of(state.served.iter()) == state.served,
            "something is remembered that no save has"
        );
        let before = leader.log_terms().len();
        leader.receive(2, 1, forward_as(3));
        assert_eq!(leader.log_terms().len(), before, "it may have been granted");
    }

    #[test]
    fn a_follower_refuses_and_names_the_leader() {
        let mut follower = of(1, 3).in_term(1).start();
        follower.receive(3, 1, append((0, 0), &[], 0));
        let leader = Some(NodeId::new(3));
        let refusal = ProposalOutcome::Refused(ProposalRefusal::NotLeader { leader });
        assert_eq!(replies(&follower.receive(2, 1, forward())), [refusal]);
    }

    /// It may have granted a copy: to say now that the wish has no effect could be a lie.
    #[test]
    fn a_server_that_has_led_in_this_term_refuses_nothing() {
        let mut leader = leader();
        leader.receive(2, 1, forward());
        leader.wait(151);
        leader.heartbeat_timeout();
        assert!(!leader.raft.is_leader(), "nobody has answered it");
        assert_eq!(replies(&leader.receive(2, 1, forward())), []);
    }

    #[test]
    fn no_wish_outlives_the_term_it_was_sent_in() {
        let mut server = leader();
        server.receive(2, 1, forward());
        server.wait(1_000);
        server.receive(3, 2, vote_request(9, 1));
        server.wait(1_000);
        server.election_timeout();
        server.receive(2, 3, granted());
        assert!(server.raft.is_leader(), "it leads again");
        let before = server.log_terms();
        assert_eq!(replies(&server.receive(2, 1, forward())), []);
        assert_eq!(server.log_terms(), before, "the first copy is still in its log");
    }

    #[test]
    fn an_answer_of_an_earlier_start_or_of_another_server_is_ignored() {
        let mut asked = of(1, 3).in_term(1).start();
        asked.raft.set_reroute(Switch::On);
        asked.receive(3, 1, append((0, 0), &[], 0));
        let (id, command) = (ProposalId::new(7), Bytes::from_static(b"x=1"));
        let sent = asked.input(Input::Propose { id, command });
        assert_eq!(sent.len(), 1, "it is passed on");
        let reply = |incarnation| {
            Message::ForwardReply(ForwardReply {
                incarnation: Incarnation::new(incarnation),
                id,
                outcome: ProposalOutcome::Appended(position(1, 1)),
            })
        };
        asked.receive(3, 1, reply(0));
        asked.receive(2, 1, reply(1));
        assert_eq!(asked.answers, []);
        asked.receive(3, 1, reply(1));
        asked.receive(3, 1, reply(1));
        assert_eq!(asked.answers.len(), 1, "one answer, however often it comes");
    }
}
