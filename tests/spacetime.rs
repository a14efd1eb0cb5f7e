//! Space-time diagrams show what happened, all of it, and in a form that can be read.

use std::collections::BTreeMap;
use std::time::Duration;

use raft_play::machine::KeyValue;
use raft_play::playground::{
    Command, Happening, HostKind, Record, Settings, Spacetime, Stop, World, WorldOptions,
};
use raft_play::types::{Message, NodeId, VirtualTime};

fn world(nodes: u64) -> World<KeyValue> {
    World::new(WorldOptions {
        nodes,
        seed: 7,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    })
    .expect("a world begins")
}

fn at(millis: u64) -> VirtualTime {
    VirtualTime::from_nanos(millis * 1_000_000)
}

/// A run with an election, values, a lost message and a crash.
fn eventful(diagram: &mut Spacetime, world: &mut World<KeyValue>) -> Vec<Record> {
    let mut all = Vec::new();
    let mut hear = |world: &mut World<KeyValue>, until: VirtualTime| {
        world.run_until(until);
        let records = world.drain_records();
        for record in &records {
            diagram.note(record);
        }
        all.extend(records);
    };
    hear(world, at(400));
    let propose = |command: &str| Command::Propose {
        to: None,
        command: command.to_owned(),
    };
    world.command(propose("x=1<&>")).expect("somebody leads");
    hear(world, at(500));
    let leader = world.leader().expect("still");
    let other = NodeId::new(leader.number() % 5 + 1);
    world
        .command(Command::Cut {
            from: leader,
            to: other,
        })
        .expect("both are there");
    world.command(propose("x=2")).expect("somebody leads");
    hear(world, at(600));
    world.command(Command::Crash(leader)).expect("it is up");
    hear(world, at(1_200));
    all
}

#[test]
fn every_message_that_arrived_has_its_arrow_and_every_lost_one_its_cross() {
    let mut world = world(5);
    let (from, to) = (at(0), at(1_200));
    let mut diagram = Spacetime::new::<KeyValue>(&world.snapshot(), from, to);
    let all = eventful(&mut diagram, &mut world);
    let svg = diagram.svg("An election <1>");
    let count = |is_it: fn(&Happening) -> bool| all.iter().filter(|record| is_it(&record.what)).count();
    let arrived = count(|what| matches!(what, Happening::Delivered { .. }));
    let lost = count(|what| matches!(what, Happening::Lost { .. }));
    assert!(arrived > 100 && lost > 2, "{arrived} {lost}");
    assert_eq!(svg.matches("<polygon").count(), arrived);
    assert_eq!(svg.matches("stroke=\"#b83a00\"").count(), 2 * lost);
    // What the arrows say: one label for each vote that was asked for and arrived or was lost, or is on its way.
    let asked = count(
        |what| matches!(what, Happening::Sent { envelope, .. } if matches!(envelope.message, Message::VoteRequest(_))),
    );
    let labels = svg.matches(">V t").count();
    assert_eq!(labels, asked, "each vote that is asked for is labelled");
    for word in [
        ">S1<",
        ">S5<",
        "leads term 1",
        "you crash",
        "An election &lt;1&gt;",
    ] {
        assert!(svg.contains(word), "{word}");
    }
    assert!(!svg.contains("x=1<"), "what stands in words is escaped");
    assert!(svg.len() < 400_000, "{}", svg.len());
    let crashed = |record: &Record| {
        matches!(
            &record.what,
            Happening::Stopped {
                how: Stop::Crash { .. },
                ..
            }
        )
    };
    assert!(all.iter().any(crashed));
}

/// A stretch shows what is in it: what arrives in it though it was sent before, and nothing that ended before it or comes after.
#[test]
fn a_stretch_is_cut_out_of_the_run() {
    let mut world = world(5);
    let (from, to) = (at(405), at(450));
    let mut diagram = Spacetime::new::<KeyValue>(&world.snapshot(), from, to);
    let all = eventful(&mut diagram, &mut world);
    let svg = diagram.svg("t");
    let mut sent: BTreeMap<_, VirtualTime> = BTreeMap::new();
    let mut whole = 0;
    for record in all.iter().filter(|record| record.at <= to) {
        if let Happening::Sent { message, .. } = &record.what {
            sent.insert(*message, record.at);
        } else if let Happening::Delivered { message, .. } = &record.what {
            assert!(sent[message] <= record.at);
            whole += usize::from(record.at >= from);
        }
    }
    assert_eq!(svg.matches("<polygon").count(), whole);
    assert!(
        svg.contains("leads") && !svg.contains("you crash"),
        "what stands before and after is not told"
    );
}

/// Long runs stay drawings: neither so wide nor so full that nobody can open them.
#[test]
fn long_runs_are_thinned_out() {
    let mut world = world(5);
    let end = VirtualTime::default().after(Duration::from_secs(60));
    let mut diagram = Spacetime::new::<KeyValue>(&world.snapshot(), VirtualTime::default(), end);
    world.run_until(end);
    world
        .drain_records()
        .iter()
        .for_each(|record| diagram.note(record));
    let svg = diagram.svg("a minute");
    assert!(svg.contains("left out: "), "heartbeats of a minute");
    assert!(svg.len() < 1 << 20, "{}", svg.len());
    assert!(svg.contains(">v+<"), "the election is there");
}
