//! Messages in the hand: what is dropped never arrives, what is held waits, what is released or delivered arrives, what is
//! duplicated arrives twice; and nothing else changes.

#[expect(dead_code, reason = "each test uses its part of the laboratory")]
#[path = "common/lab.rs"]
mod lab;

use std::time::Duration;

use lab::{Lab, act, cast, isolate, lab_with, linked, loaded, propose, run, settled};
use raft_play::machine::KeyValue;
use raft_play::playground::{
    Command, CommandError, Happening, LinkSettings, Loss, MessageId, MessageView, Narrator, Record, Span,
    StoryLine, Timeline, Whereabouts,
};
use raft_play::save::script::Script;
use raft_play::types::{Message, MessageKind, NodeId, VirtualTime};

/// The first message of a kind that is in flight from and to these nodes, once it is.
#[track_caller]
fn wait_for(world: &mut Lab, kind: MessageKind, from: NodeId, to: NodeId) -> MessageView {
    for _ in 0..1_000 {
        let snapshot = world.snapshot();
        let found = snapshot.messages.into_iter().find(|message| {
            let envelope = &message.envelope;
            (envelope.message.kind(), envelope.from, envelope.to) == (kind, from, to)
        });
        if let Some(message) = found {
            return message;
        }
        assert!(world.step());
    }
    panic!("no {kind:?} goes from {from} to {to}");
}

/// A cluster of three in which the leader's append with `x=1` is on its way to the first of the others.
fn an_append_under_way() -> (Lab, NodeId, NodeId, MessageView) {
    let mut world = settled(3, 1);
    let (leader, others) = cast(&world, 3);
    act(&mut world, propose(None, "x=1"));
    let append = wait_for(&mut world, MessageKind::Append, leader, others[0]);
    world.drain_records();
    (world, leader, others[0], append)
}

fn whereabouts(world: &mut Lab, message: MessageId) -> Option<Whereabouts> {
    let snapshot = world.snapshot();
    let found = snapshot.messages.iter().find(|view| view.id == message);
    found.map(|view| view.whereabouts)
}

/// When a message was delivered, in these records.
fn arrivals(records: &[Record], wanted: MessageId) -> Vec<Duration> {
    let times = records.iter().filter_map(|record| match record.what {
        Happening::Delivered { message, .. } if message == wanted => {
            Some(record.at.since(VirtualTime::default()))
        }
        _ => None,
    });
    times.collect()
}

fn losses(records: &[Record], wanted: MessageId) -> Vec<Loss> {
    let losses = records.iter().filter_map(|record| match record.what {
        Happening::Lost { message, reason, .. } if message == wanted => Some(reason),
        _ => None,
    });
    losses.collect()
}

#[test]
fn what_is_dropped_never_arrives_and_no_other_message_moves() {
    let (mut world, _, _, append) = an_append_under_way();
    let (mut untouched, ..) = an_append_under_way();
    act(&mut world, Command::Drop(append.id));
    assert_eq!(whereabouts(&mut world, append.id), None);
    run(&mut world, 9);
    run(&mut untouched, 9);
    let (records, others) = (world.drain_records(), untouched.drain_records());
    assert_eq!(losses(&records, append.id), [Loss::ByHand]);
    assert!(arrivals(&records, append.id).is_empty());
    let sent = |records: &[Record]| -> Vec<_> {
        let sent = records.iter().filter_map(|record| match &record.what {
            Happening::Sent { message, due, .. } => Some((*message, *due)),
            _ => None,
        });
        sent.collect()
    };
    assert_eq!(sent(&records), sent(&others), "no draw depends on it");
    let again = world.command(Command::Drop(append.id));
    assert_eq!(again, Err(CommandError::NoSuchMessage(append.id)));
}

#[test]
fn what_is_held_waits_and_takes_its_remaining_time_when_released() {
    let (mut world, leader, to, append) = an_append_under_way();
    run(&mut world, 4);
    let now = world.now();
    let left = append.due.since(now);
    assert!(left > Duration::from_millis(1), "it is on its way");
    act(&mut world, Command::Hold(append.id));
    assert_eq!(
        world.command(Command::Hold(append.id)),
        Err(CommandError::Held(append.id))
    );
    run(&mut world, 300);
    let held = Whereabouts::Held { since: now };
    assert_eq!(whereabouts(&mut world, append.id), Some(held));
    act(&mut world, isolate(leader, 3));
    assert_eq!(
        whereabouts(&mut world, append.id),
        Some(held),
        "it is in the hand, and not on the link"
    );
    act(&mut world, Command::Heal);
    let released = world.now();
    act(&mut world, Command::Release(append.id));
    assert_eq!(
        world.command(Command::Release(append.id)),
        Err(CommandError::NotHeld(append.id))
    );
    run(&mut world, 50);
    let records = world.drain_records();
    let arrived = released.after(left).since(VirtualTime::default());
    assert_eq!(arrivals(&records, append.id), [arrived], "{to}");
}

#[test]
fn what_is_released_over_a_cut_link_is_lost() {
    for command in [Command::Release, Command::Deliver] {
        let (mut world, leader, _, append) = an_append_under_way();
        act(&mut world, Command::Hold(append.id));
        act(&mut world, isolate(leader, 3));
        act(&mut world, command(append.id));
        assert_eq!(losses(&world.drain_records(), append.id), [Loss::Cut]);
    }
}

#[test]
fn what_is_delivered_arrives_at_once_held_or_not() {
    for is_held in [false, true] {
        let (mut world, _, to, append) = an_append_under_way();
        let last = world.snapshot().node(to).expect("it is there").log.last_index();
        if is_held {
            act(&mut world, Command::Hold(append.id));
        }
        let now = world.now();
        act(&mut world, Command::Deliver(append.id));
        assert_eq!(world.now(), now, "no time passes");
        let records = world.drain_records();
        assert_eq!(arrivals(&records, append.id), [now.since(VirtualTime::default())]);
        let node = world.snapshot().node(to).expect("it is there").clone();
        assert_eq!(node.log.last_index(), last.next());
        run(&mut world, 50);
        assert!(
            arrivals(&world.drain_records(), append.id).is_empty(),
            "and not again"
        );
    }
}

#[test]
fn a_target_that_is_down_or_frozen_does_what_it_does_to_any_message() {
    let (mut world, _, to, append) = an_append_under_way();
    act(&mut world, Command::Crash(to));
    act(&mut world, Command::Deliver(append.id));
    assert_eq!(losses(&world.drain_records(), append.id), [Loss::ReceiverDown]);

    let (mut world, _, to, append) = an_append_under_way();
    act(&mut world, Command::Freeze(to));
    act(&mut world, Command::Deliver(append.id));
    assert_eq!(whereabouts(&mut world, append.id), Some(Whereabouts::Arrived));
    for command in [Command::Hold(append.id), Command::Deliver(append.id)] {
        let refused = world.command(command);
        assert_eq!(refused, Err(CommandError::Arrived(append.id, to)));
    }
    act(&mut world, Command::Duplicate(append.id));
    act(&mut world, Command::Drop(append.id));
    let mut world = loaded(&mut world);
    act(&mut world, Command::Thaw(to));
    run(&mut world, 1);
    let records = world.drain_records();
    assert!(arrivals(&records, append.id).is_empty());
    let copies = records.iter().filter(|record| match &record.what {
        Happening::Delivered { envelope, .. } => *envelope == append.envelope,
        _ => false,
    });
    assert_eq!(copies.count(), 1, "the copy waited behind it");
}

#[test]
fn a_duplicate_arrives_right_behind_it_or_is_held_as_well() {
    let (mut world, _, _, append) = an_append_under_way();
    act(&mut world, Command::Duplicate(append.id));
    let snapshot = world.snapshot();
    let copy = snapshot.messages.last().expect("the copy is there").clone();
    assert_eq!((copy.due, copy.whereabouts), (append.due, Whereabouts::OnTheWire));
    act(&mut world, Command::Hold(copy.id));
    act(&mut world, Command::Duplicate(copy.id));
    let third = world.snapshot().messages.last().expect("it is there").clone();
    assert!(matches!(third.whereabouts, Whereabouts::Held { .. }));
    run(&mut world, 100);
    act(&mut world, Command::Deliver(third.id));
    act(&mut world, Command::Drop(copy.id));
    run(&mut world, 100);
    let records = world.drain_records();
    let counts = [append.id, copy.id, third.id].map(|message| arrivals(&records, message).len());
    assert_eq!(counts, [1, 0, 1]);
    assert_eq!(world.violations(), [], "who gets a message twice does no harm");
}

/// A vote that comes late: the candidate that waits for it does without, and nobody votes twice.
#[test]
fn a_vote_that_is_held_elects_nobody() {
    let slow = LinkSettings {
        latency: Span::of_millis(10, 10),
        ..LinkSettings::default()
    };
    let mut world = lab_with(3, 4, linked(slow));
    for _ in 0..300 {
        let snapshot = world.snapshot();
        let votes = snapshot.messages.iter().filter(|message| {
            let is_vote = matches!(message.envelope.message, Message::VoteReply(_));
            is_vote && message.whereabouts == Whereabouts::OnTheWire
        });
        for vote in votes.map(|vote| vote.id) {
            act(&mut world, Command::Hold(vote));
        }
        assert!(world.step());
    }
    assert_eq!(world.leader(), None, "who stands has no vote but its own");
    let held = world.snapshot().messages;
    let held = held
        .iter()
        .filter(|view| matches!(view.whereabouts, Whereabouts::Held { .. }));
    for vote in held.map(|view| view.id).collect::<Vec<_>>() {
        act(&mut world, Command::Deliver(vote));
    }
    run(&mut world, 3_000);
    assert!(world.leader().is_some());
    assert_eq!(world.violations(), []);
}

#[test]
fn what_was_done_by_hand_is_replayed_and_saved() {
    let mut world = settled(3, 1);
    let mut line = Timeline::spaced(&mut world, 40);
    let begun = line.here(&world);
    let (leader, others) = cast(&world, 3);
    let give = |world: &mut Lab, line: &mut Timeline<_>, command: Command| {
        let given = line.here(world);
        act(world, command.clone());
        line.command(world, given, command);
    };
    give(&mut world, &mut line, propose(None, "x=1"));
    let mut passed = Vec::new();
    let append = |world: &mut Lab, to| wait_for(world, MessageKind::Append, leader, to).id;
    let (first, second) = (append(&mut world, others[0]), append(&mut world, others[1]));
    for (command, millis) in [
        (Command::Hold(first), 0),
        (Command::Duplicate(first), 2),
        (Command::Drop(second), 60),
        (Command::Release(first), 1),
        (Command::Hold(first), 30),
        (Command::Deliver(first), 40),
    ] {
        give(&mut world, &mut line, command);
        let until = world.now().after(Duration::from_millis(millis));
        line.run_until(&mut world, until);
        passed.push((line.here(&world), world.image().expect("every disk works")));
        drop(loaded(&mut world));
    }
    for (moment, image) in passed.iter().rev().chain(&passed) {
        assert!(line.go_to(&mut world, *moment));
        assert!(world.image().expect("every disk works") == *image, "{moment:?}");
    }
    assert!(line.go_to(&mut world, begun) && line.go_to(&mut world, line.end()));
    let script = Script {
        commands: line.commands().to_vec(),
        ..Script::default()
    };
    assert_eq!(Script::parse(&script.text("by hand")), Ok(script));
}

#[test]
fn it_is_told_with_what_the_message_says() {
    let mut world = settled(3, 1);
    let mut narrator = Narrator::from_here::<KeyValue>(&world.snapshot());
    world.drain_records();
    let (leader, others) = cast(&world, 3);
    act(&mut world, propose(None, "x=1"));
    let [first, second] = [0, 1].map(|to| wait_for(&mut world, MessageKind::Append, leader, others[to]).id);
    act(&mut world, Command::Hold(first));
    act(&mut world, Command::Duplicate(first));
    act(&mut world, Command::Drop(second));
    run(&mut world, 37);
    act(&mut world, Command::Release(first));
    act(&mut world, Command::Deliver(first));
    let records = world.drain_records();
    let lines: Vec<StoryLine> = records
        .iter()
        .filter_map(|record| narrator.tell(record))
        .collect();
    let by_you = lines.iter().filter(|line| line.short.starts_with("you "));
    let told: Vec<&str> = by_you.map(|line| line.long.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    you propose x=1 at S1
    you hold S1's append 2 to S2: what follows overtakes it
    you duplicate S1's append 2 to S2: it arrives twice
    you drop S1's append 2 to S3: it never arrives
    you release S1's append 2 to S2: it arrives in 12.071 ms
    you deliver S1's append 2 to S2: at once
    ");
    assert!(
        lines
            .iter()
            .all(|line| !line.why.rule.is_empty() || !line.short.starts_with("you "))
    );
}
