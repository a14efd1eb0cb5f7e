//! Manual mode: time stands, and nothing happens but what a person chooses, as a model checker chooses.

#[expect(dead_code, reason = "each test uses its part of the laboratory")]
#[path = "common/lab.rs"]
mod lab;

use std::time::Duration;

use lab::{Lab, act, id, lab, loaded, propose, run, settled};
use proptest::prelude::*;
use raft_play::consensus::Switch;
use raft_play::machine::KeyValue;
use raft_play::playground::{Choice, Command, CommandError, Narrator, Timeline};
use raft_play::types::{MessageKind, NodeId, VirtualTime};

fn manual(switch: Switch) -> Command {
    Command::Manual(switch)
}

/// Chooses the first of what can happen next that is wanted.
#[track_caller]
fn choose(world: &mut Lab, wanted: impl Fn(&Choice) -> bool) {
    let choices = world.snapshot().choices();
    let found = choices
        .iter()
        .map(|(_, choice)| choice)
        .find(|choice| wanted(choice));
    act(world, found.expect("it can happen").command());
}

/// Has all messages of a kind arrive, one after the other.
#[track_caller]
fn deliver_all(world: &mut Lab, kind: MessageKind) {
    let snapshot = world.snapshot();
    let messages = snapshot.messages.iter();
    let of_kind = messages.filter(|message| message.envelope.message.kind() == kind);
    for message in of_kind {
        act(world, Command::Deliver(message.id));
    }
}

/// An election by hand: S2's timer, its write, the requests, the writes of those who vote, their votes.
fn elect_by_hand(world: &mut Lab) {
    act(world, Command::FireTimer(id(2)));
    act(world, Command::FinishWrite(id(2)));
    deliver_all(world, MessageKind::VoteRequest);
    for voter in [1, 3] {
        act(world, Command::FinishWrite(id(voter)));
    }
    deliver_all(world, MessageKind::VoteReply);
}

#[test]
fn time_stands_and_nothing_happens_by_itself() {
    let mut world = settled(3, 1);
    act(&mut world, propose(None, "x=1"));
    let now = world.now();
    act(&mut world, manual(Switch::On));
    world.drain_records();
    let before = world.trace_hash();
    run(&mut world, 10_000);
    assert!(!world.step());
    world.run_into(now.after(Duration::from_secs(1)), 3);
    assert_eq!((world.now(), world.trace_hash()), (now, before));
    assert_eq!(world.next_event_at(), None);
    act(&mut world, manual(Switch::Off));
    run(&mut world, 1_000);
    assert_eq!(world.now(), now.after(Duration::from_secs(1)));
    assert!(
        world
            .snapshot()
            .nodes
            .iter()
            .all(|node| node.applied == node.log.last_index())
    );
    assert_eq!(world.violations(), []);
}

#[test]
fn a_leader_is_elected_by_hand_at_one_moment_and_goes_on_when_it_is_let_go() {
    let mut world = lab(3, 5);
    act(&mut world, manual(Switch::On));
    elect_by_hand(&mut world);
    assert_eq!(world.leader(), Some(id(2)));
    assert_eq!(world.now(), VirtualTime::default(), "no time has passed");
    let mut world = loaded(&mut world);
    assert!(world.is_manual(), "a save keeps it");
    act(&mut world, propose(None, "x=1"));
    act(&mut world, Command::FinishWrite(id(2)));
    act(&mut world, manual(Switch::Off));
    run(&mut world, 400);
    assert_eq!(world.leader(), Some(id(2)), "it was heard in time");
    assert_eq!(world.violations(), []);
}

#[test]
fn what_can_happen_is_listed_and_what_can_not_is_refused() {
    let mut world = lab(3, 5);
    act(&mut world, manual(Switch::On));
    let timers = [1, 2, 3].map(|node| Choice::Timer(id(node)));
    let choices = |world: &mut Lab| -> Vec<Choice> {
        let mut choices: Vec<_> = world
            .snapshot()
            .choices()
            .into_iter()
            .map(|(_, choice)| choice)
            .collect();
        choices.sort_unstable();
        choices
    };
    assert_eq!(choices(&mut world), timers);
    assert_eq!(
        world.command(Command::FinishWrite(id(1))),
        Err(CommandError::NoWrite(id(1)))
    );
    assert_eq!(
        world.command(Command::FinishSnapshot(id(1))),
        Err(CommandError::NoSnapshot(id(1)))
    );
    assert_eq!(
        world.command(Command::GossipNow(id(1))),
        Err(CommandError::NoGossip(id(1)))
    );
    act(&mut world, Command::FireTimer(id(2)));
    assert!(choices(&mut world).contains(&Choice::Write(id(2))));
    act(&mut world, Command::Gossip(Switch::On));
    choose(&mut world, |choice| *choice == Choice::Gossip(id(3)));
    let gossiped = world
        .snapshot()
        .messages
        .iter()
        .any(|message| message.envelope.from == id(3));
    assert!(gossiped);
    act(&mut world, Command::Freeze(id(1)));
    assert!(!choices(&mut world).contains(&Choice::Timer(id(1))));
}

/// In the order in which they are listed, the choices are what the world would do by itself.
#[test]
fn the_first_choice_is_what_comes_next() {
    let mut world = lab(3, 2);
    act(&mut world, Command::Gossip(Switch::On));
    act(
        &mut world,
        Command::Compact {
            entries: Some(2),
            bytes: None,
            keep: 0,
        },
    );
    for step in 0..600 {
        let first = world.snapshot().choices().first().map(|(due, _)| *due);
        assert_eq!(first, world.next_event_at(), "step {step}");
        assert!(world.step());
        if step % 40 == 0 && world.leader().is_some() {
            act(&mut world, propose(None, "x=1"));
        }
    }
}

#[test]
fn what_was_chosen_is_replayed_back_and_forth() {
    let mut world = lab(3, 5);
    let mut line = Timeline::spaced(&mut world, 20);
    let mut passed = Vec::new();
    let mut give = |world: &mut Lab, line: &mut Timeline<_>, command: Command| {
        let given = line.here(world);
        act(world, command.clone());
        line.command(world, given, command);
        line.run_until(world, world.now().after(Duration::from_millis(5)));
        passed.push((line.here(world), world.image().expect("every disk works")));
    };
    give(&mut world, &mut line, manual(Switch::On));
    give(&mut world, &mut line, Command::FireTimer(id(2)));
    for step in 0..40 {
        let choices = world.snapshot().choices();
        let (_, choice) = choices[step * 7 % choices.len()];
        give(&mut world, &mut line, choice.command());
    }
    give(&mut world, &mut line, manual(Switch::Off));
    for (moment, image) in passed.iter().rev().chain(&passed) {
        assert!(line.go_to(&mut world, *moment));
        assert!(world.image().expect("every disk works") == *image, "{moment:?}");
    }
    // The same commands by themselves come to the same end.
    let mut again = lab(3, 5);
    for timed in line.commands() {
        again.run_into(timed.at, timed.after);
        act(&mut again, timed.command.clone());
    }
    again.run_until(world.now());
    assert_eq!(again.trace_hash(), world.trace_hash());
}

#[test]
fn it_is_told() {
    let mut world = lab(3, 5);
    let mut narrator = Narrator::from_here::<KeyValue>(&world.snapshot());
    world.drain_records();
    act(&mut world, manual(Switch::On));
    elect_by_hand(&mut world);
    act(&mut world, manual(Switch::Off));
    let records = world.drain_records();
    let lines: Vec<_> = records
        .iter()
        .filter_map(|record| narrator.tell(record))
        .collect();
    let by_you = lines.iter().filter(|line| line.short.starts_with("you "));
    assert!(by_you.clone().all(|line| !line.why.rule.is_empty()));
    let told: Vec<&str> = by_you.map(|line| line.long.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    you take every event in hand: time stands
    you fire S2's timer
    you finish S2's write
    you deliver S2's vote request to S1: at once
    you deliver S2's vote request to S3: at once
    you finish S1's write
    you finish S3's write
    you deliver S1's vote to S2: at once
    you deliver S3's vote to S2: at once
    you let events happen by themselves again: time goes on
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Whatever is chosen in whatever order, no promise of Raft is broken, and a save goes on.
    #[test]
    fn in_no_order_is_a_promise_broken(picks in proptest::collection::vec(any::<u16>(), 1..150)) {
        let mut world = lab(3, 5);
        act(&mut world, manual(Switch::On));
        for pick in picks {
            let choices = world.snapshot().choices();
            let (_, choice) = choices[usize::from(pick) % choices.len()];
            act(&mut world, choice.command());
            if pick % 11 == 0 && world.leader().is_some() {
                act(&mut world, propose(None, "x=1"));
            }
        }
        prop_assert_eq!(world.violations(), []);
        let mut again = loaded(&mut world);
        prop_assert_eq!(again.snapshot().choices(), world.snapshot().choices());
        let _: Option<NodeId> = again.leader();
    }
}
