//! Worlds in which rules are broken on purpose: whatever they come to, nothing panics, and every save of them loads.

#[path = "common/choices.rs"]
mod choices;

use std::time::Duration;

use raft_play::machine::KeyValue;
use raft_play::playground::{
    Command, Happening, HostKind, LinkSettings, Record, Settings, Span, Stop, World, WorldOptions,
};
use raft_play::save::{self, Save};

use choices::Choices;

type Lab = World<KeyValue>;

fn broken(seed: u64, choices: &mut Choices) -> Lab {
    let link = LinkSettings {
        latency: Span::of_millis(0, 1 + seed % 300),
        loss_ppm: 50_000,
        duplication_ppm: 50_000,
        reordering_ppm: 200_000,
        ..LinkSettings::default()
    };
    let settings = Settings {
        link,
        ..Settings::default()
    };
    let options = WorldOptions {
        nodes: 1 + choices.below(5),
        seed,
        settings,
        host: HostKind::Inline,
        data_dir: None,
    };
    let mut world: Lab = World::new(options).unwrap();
    for _ in 0..=choices.below(3) {
        world.command(Command::Break(choices.rule())).unwrap();
    }
    world
}

/// Why nodes failed by themselves.
fn failures(records: Vec<Record>) -> Vec<String> {
    let reason = |record: Record| match record.what {
        Happening::Stopped {
            how: Stop::Failed { reason },
            ..
        } => Some(reason),
        _ => None,
    };
    records.into_iter().filter_map(reason).collect()
}

#[test]
fn a_world_with_broken_rules_never_panics_and_can_always_be_loaded_again() {
    for seed in 0..1_500 {
        let mut choices = Choices(seed);
        let mut world = broken(seed, &mut choices);
        for _ in 0..60 {
            let nodes = world.snapshot().nodes.len() as u64;
            world.run_until(world.now().after(Duration::from_millis(choices.below(200))));
            world.go_on();
            // Commands that make no sense now are refused.
            let _ = world.command(choices.command(nodes));
            world.go_on();
            assert_eq!(failures(world.drain_records()), [""; 0], "seed {seed}");
            let image = world.image().expect("no disk has failed");
            if let Err(error) = Lab::restore(image, HostKind::Inline, None) {
                panic!("seed {seed}: {error}");
            }
        }
        if seed % 10 == 0 {
            let image = world.image().expect("no disk has failed");
            let save = Save {
                title: None,
                notes: Vec::new(),
                image,
                then: Vec::new(),
            };
            let read = save::parse(&save::render(&save), "test")
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(read, save, "seed {seed}");
        }
    }
}
