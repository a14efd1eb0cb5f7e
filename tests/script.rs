//! What was done by hand can be done again: a script of it gives the same trace, to the event.

use std::time::Duration;

use proptest::prelude::*;
use raft_play::machine::KeyValue;
use raft_play::playground::{Command, HostKind, Settings, TimedCommand, World, WorldOptions};
use raft_play::save::script::Script;
use raft_play::types::NodeId;

fn world(seed: u64) -> World<KeyValue> {
    let options = WorldOptions {
        nodes: 3,
        seed,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    };
    World::new(options).expect("a world of three nodes begins")
}

/// What a person at the keyboard does.
#[derive(Clone, Debug)]
enum Doing {
    Step(u8),
    Wait(Duration),
    Give(Command),
}

fn any_doing() -> impl Strategy<Value = Doing> {
    let node = || (1..=3u64).prop_map(NodeId::new);
    let command = prop_oneof![
        Just(Command::Propose {
            to: None,
            command: "x=1".to_owned()
        }),
        node().prop_map(Command::Crash),
        node().prop_map(Command::CutPower),
        node().prop_map(Command::Restart),
        node().prop_map(Command::Freeze),
        node().prop_map(Command::Thaw),
        node().prop_map(Command::FireTimer),
        // All at one moment: what comes between two of them must stay there.
        Just(Command::TieTimers(Vec::new())),
        Just(Command::SpreadTimers),
        Just(Command::Partition(vec![vec![NodeId::new(1)]])),
        Just(Command::Heal),
    ];
    prop_oneof![
        3 => (1..20u8).prop_map(Doing::Step),
        1 => (0..400_000u64).prop_map(|micros| Doing::Wait(Duration::from_micros(micros))),
        4 => command.prop_map(Doing::Give),
    ]
}

proptest! {
    #[test]
    fn a_script_of_what_was_done_does_it_again(
        seed: u64,
        doings in proptest::collection::vec(any_doing(), 1..60),
    ) {
        let mut by_hand = world(seed);
        let mut commands = Vec::new();
        for doing in doings {
            match doing {
                Doing::Step(events) => (0..events).for_each(|_| {
                    by_hand.step();
                }),
                Doing::Wait(time) => by_hand.run_until(by_hand.now().after(time)),
                Doing::Give(command) => {
                    let (at, after) = (by_hand.now(), by_hand.carried_out());
                    if by_hand.command(command.clone()).is_ok() {
                        commands.push(TimedCommand { at, after, command });
                    }
                }
            }
        }
        let end = by_hand.now().after(Duration::from_millis(500));
        by_hand.run_until(end);

        let script = Script { commands, ..Script::default() };
        let script = Script::parse(&script.text("recorded")).expect("a script that was just written");
        let mut again = world(seed);
        for timed in script.commands {
            again.run_into(timed.at, timed.after);
            prop_assert_eq!(again.command(timed.command), Ok(()));
        }
        again.run_until(end);
        prop_assert_eq!(again.drain_records(), by_hand.drain_records());
        prop_assert_eq!(again.trace_hash(), by_hand.trace_hash());
    }
}
