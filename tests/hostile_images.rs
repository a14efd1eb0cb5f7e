//! Images of worlds that are none: each is refused, for whatever follows from one would be a panic or a lie.

use std::time::Duration;

use raft_play::consensus::{Log, PassedOn, Role};
use raft_play::machine::KeyValue;
use raft_play::playground::{
    BacklogImage, Command, HostKind, MessageId, ProcessImage, Settings, Timer, World, WorldImage,
    WorldOptions,
};
use raft_play::types::{
    Configuration, Incarnation, LocalTime, LogIndex, Message, NodeId, ProposalId, Term, VirtualTime,
    WriteSequence,
};

type Lab = World<KeyValue>;

const FROZEN: usize = 1;

fn id(number: u64) -> NodeId {
    NodeId::new(number)
}

/// Three nodes: S1 leads and has written what its disk still works on, S2 is frozen and has everything waiting for it
/// that can wait.
fn image() -> WorldImage {
    let mut world: Lab = World::new(WorldOptions {
        nodes: 3,
        seed: 4,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    })
    .unwrap();
    world.command(Command::FireTimer(id(1))).unwrap();
    world.run_until(VirtualTime::default().after(Duration::from_millis(100)));
    assert_eq!(world.leader(), Some(id(1)));
    let propose = |world: &mut Lab, to| {
        world
            .command(Command::Propose {
                to: Some(to),
                command: "x=1".into(),
            })
            .unwrap();
    };
    propose(&mut world, id(1));
    while world.snapshot().nodes[FROZEN].writes.is_empty() {
        assert!(world.step());
    }
    world.command(Command::Freeze(id(2))).unwrap();
    world.run_until(world.now().after(Duration::from_millis(400)));
    propose(&mut world, id(2));
    propose(&mut world, id(1));
    while world.snapshot().nodes[2].writes.is_empty() {
        assert!(world.step());
    }
    for _ in 0..2 {
        propose(&mut world, id(1));
    }
    world.image().unwrap()
}

fn process(image: &mut WorldImage, node: usize) -> &mut ProcessImage {
    image.nodes[node].process.as_mut().expect("it runs")
}

fn backlog(image: &mut WorldImage) -> &mut Vec<BacklogImage> {
    process(image, FROZEN).frozen.as_mut().expect("it is frozen")
}

fn waiting(image: &mut WorldImage, wanted: fn(&BacklogImage) -> bool) -> BacklogImage {
    let found = backlog(image).iter().find(|waiting| wanted(waiting));
    found.cloned().expect("something of each kind waits")
}

fn is_message(waiting: &BacklogImage) -> bool {
    matches!(waiting, BacklogImage::Message(_))
}

fn is_write(waiting: &BacklogImage) -> bool {
    matches!(waiting, BacklogImage::Write(_))
}

fn is_timer(waiting: &BacklogImage) -> bool {
    matches!(waiting, BacklogImage::Timer(_))
}

fn refused(change: impl FnOnce(&mut WorldImage)) {
    let mut image = image();
    change(&mut image);
    assert!(Lab::restore(image, HostKind::Inline, None).is_err());
}

#[test]
fn the_image_itself_is_sound() {
    let mut image = image();
    for wanted in [is_message, is_write, is_timer] {
        waiting(&mut image, wanted);
    }
    assert!(!process(&mut image, 2).memory.held.is_empty());
    assert!(!process(&mut image, 0).memory.proposals.is_empty());
    let mut world = Lab::restore(image, HostKind::Inline, None).unwrap();
    world.command(Command::Thaw(id(2))).unwrap();
    world.run_until(world.now().after(Duration::from_secs(2)));
    assert_eq!(world.violations(), []);
}

#[test]
fn what_waits_for_a_frozen_node_is_there_once_and_is_its_own() {
    refused(|image| {
        let next = image.next_message.0;
        image.next_message = MessageId(next + 1);
        backlog(image).push(BacklogImage::Message(MessageId(next)));
    });
    refused(|image| {
        let due = image
            .messages
            .iter()
            .find(|message| message.order.is_some())
            .unwrap()
            .id;
        backlog(image).push(BacklogImage::Message(due));
    });
    for wanted in [is_message, is_write, is_timer] {
        refused(|image| {
            let twice = waiting(image, wanted);
            backlog(image).push(twice);
        });
        refused(|image| {
            let gone = waiting(image, wanted);
            backlog(image).retain(|waiting| *waiting != gone);
        });
        refused(|image| {
            let moved = waiting(image, wanted);
            backlog(image).retain(|waiting| *waiting != moved);
            process(image, 2).frozen = Some(vec![moved]);
        });
    }
    refused(|image| backlog(image).push(BacklogImage::Write(WriteSequence::new(99))));
    refused(|image| {
        backlog(image).retain(|waiting| !is_timer(waiting));
        backlog(image).push(BacklogImage::Timer(Timer::Heartbeat));
    });
}

#[test]
fn nobody_speaks_to_or_of_a_node_that_does_not_exist() {
    refused(|image| process(image, 2).memory.held[0].1.to = id(99));
    refused(|image| {
        let genesis = Configuration::of_voters([1, 2, 3, 99].map(id));
        let log = &mut process(image, 2).memory.state.persistent.log;
        *log = Log::of(genesis, log.slice(LogIndex::new(1), usize::MAX, u64::MAX));
    });
    refused(|image| {
        let Role::Follower(follower) = &mut process(image, 2).memory.state.role else {
            panic!("S3 follows");
        };
        follower.leader = Some(id(99));
    });
}

#[test]
fn a_disk_has_not_done_what_was_not_begun() {
    refused(|image| {
        let process = process(image, 2);
        let durability = &mut process.memory.state.volatile.durability;
        durability.flushed = WriteSequence::new(u64::MAX);
        durability.under_way.clear();
        process.writes.clear();
    });
    refused(|image| {
        let process = process(image, 2);
        let durability = &mut process.memory.state.volatile.durability;
        durability.flushed = durability.begun.next();
        durability.through = process.memory.state.persistent.log.last_index();
        durability.under_way.clear();
        process.writes.clear();
    });
    refused(|image| {
        let last = image.next_order;
        image.next_order += 2;
        let now = image.now;
        let [first, second] = &mut process(image, 0).writes[..] else {
            panic!("S1 has two writes under way");
        };
        first.due = Some((now, last + 1));
        second.due = Some((now, last));
    });
}

#[test]
fn requests_name_indices_that_can_be() {
    let request = |image: &mut WorldImage, change: fn(&mut LogIndex)| {
        let requests = image
            .messages
            .iter_mut()
            .filter_map(|message| match &mut message.envelope.message {
                Message::AppendRequest(request) => Some(request),
                _ => None,
            });
        requests.for_each(|request| change(&mut request.previous.index));
    };
    refused(|image| request(image, |previous| *previous = LogIndex::new(u64::MAX)));
    refused(|image| request(image, |previous| *previous = previous.next()));
}

#[test]
fn no_counter_is_about_to_run_over() {
    const ALL: u64 = u64::MAX;
    refused(|image| image.now = VirtualTime::from_nanos(ALL));
    refused(|image| image.next_order = ALL);
    refused(|image| image.next_ordinal = ALL);
    refused(|image| image.delivered = ALL);
    refused(|image| image.next_message = MessageId(ALL));
    refused(|image| image.next_proposal = ProposalId::new(ALL));
    refused(|image| image.nodes[0].syncs_begun = ALL);
    refused(|image| image.nodes[0].incarnation = Incarnation::new(ALL));
    refused(|image| image.nodes[0].disk.last_op = raft_play::storage::simulated::OpNumber::new(ALL));
    refused(|image| image.nodes[0].disk.last_file = raft_play::storage::simulated::FileNumber::new(ALL));
    refused(|image| image.messages[0].envelope.term = Term::new(ALL));
    refused(|image| {
        let mut links = image.links.values_mut().flat_map(|link| link.sent.values_mut());
        *links.next().unwrap() = ALL;
    });
}

#[test]
fn no_two_things_have_one_place() {
    refused(|image| {
        let (at, order) = process(image, 0).writes[0].due.unwrap();
        let message = image
            .messages
            .iter_mut()
            .find(|message| message.order.is_some())
            .unwrap();
        (message.due, message.order) = (at, Some(order));
    });
}

#[test]
fn limits_let_something_through() {
    refused(|image| image.settings.limits.in_flight.requests = 0);
    refused(|image| image.settings.limits.in_flight.weight = 0);
}

/// A save that is refused leaves no trace in the folder that was to keep its files.
#[test]
fn a_refused_image_leaves_the_data_directory_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let mut broken = image();
    process(&mut broken, 2).memory.held[0].1.to = id(2_000);
    assert!(Lab::restore(broken, HostKind::Inline, Some(folder.clone())).is_err());
    Lab::restore(image(), HostKind::Inline, Some(folder)).expect("the folder is still free");
}

#[test]
fn what_a_node_has_passed_on_was_passed_on_once_in_order_and_not_in_the_future() {
    let passed_on = |id, to, since| PassedOn {
        id: ProposalId::new(id),
        to: NodeId::new(to),
        since: LocalTime::from_nanos(since),
    };
    let put = |all: &[PassedOn]| {
        let all = all.to_vec();
        move |image: &mut WorldImage| process(image, 2).memory.state.volatile.passed_on = all.into()
    };
    let mut sound = image();
    put(&[passed_on(7, 1, 5), passed_on(8, 1, 5)])(&mut sound);
    Lab::restore(sound, HostKind::Inline, None).unwrap();
    refused(put(&[passed_on(7, 1, 5), passed_on(7, 1, 6)]));
    refused(put(&[passed_on(7, 1, 5), passed_on(8, 1, 4)]));
    refused(put(&[passed_on(7, 3, 5)]));
    refused(put(&[passed_on(7, 1, u64::MAX)]));
}

#[test]
fn nothing_that_a_node_remembers_is_of_the_future() {
    let late = LocalTime::from_nanos(u64::MAX);
    refused(|image| process(image, 2).memory.state.volatile.heard = Some(late));
    refused(|image| {
        let Role::Leader(leader) = &mut process(image, 0).memory.state.role else {
            panic!("S1 leads");
        };
        leader.peers.get_mut(&id(2)).unwrap().heard = late;
    });
}
