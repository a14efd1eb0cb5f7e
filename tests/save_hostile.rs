//! Whatever stands in a save, it is refused or it is a cluster that runs: nothing panics, and nothing hangs.

#[path = "save_hostile/bounds.rs"]
mod bounds;

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use raft_play::machine::KeyValue;
use raft_play::playground::{
    Command, Happening, HostKind, LinkSettings, NodeImage, Settings, Span, Stop, World, WorldOptions,
};
use raft_play::save::{self, Save};
use raft_play::types::NodeId;

/// A save in which everything there is to say is said: messages, writes and held answers under way, a frozen node with a
/// backlog, one that is down, a partition.
fn rich(seed: u64) -> String {
    let slow = Span::try_from((20_000, 90_000)).expect("shorter than an hour");
    let link = LinkSettings {
        duplication_ppm: 200_000,
        reordering_ppm: 200_000,
        ..LinkSettings::default()
    };
    let mut settings = Settings {
        link,
        ..Settings::default()
    };
    settings.disk.latency = slow;
    let options = WorldOptions {
        nodes: 4,
        seed,
        settings,
        host: HostKind::Inline,
        data_dir: None,
    };
    let mut world: World<KeyValue> = World::new(options).expect("four nodes");
    while world.leader().is_none() {
        assert!(world.step());
    }
    let leader = world.leader().expect("it was just there");
    let [frozen, down] = [1, 2].map(|step| NodeId::new((leader.number() + step - 1) % 4 + 1));
    world.command(Command::Freeze(frozen)).expect("it is up");
    world.command(Command::Crash(down)).expect("it is up");
    for value in 0..4 {
        let command = format!("x={value}");
        world
            .command(Command::Propose { to: None, command })
            .expect("somebody leads");
        world.run_until(world.now().after(Duration::from_millis(15)));
    }
    let command = "y=1".to_owned();
    let to = Some(frozen);
    world
        .command(Command::Propose { to, command })
        .expect("it is frozen, not down");
    let mut image = world.image().expect("no disk has failed");
    let holds_back = |node: &NodeImage| {
        node.process
            .as_ref()
            .is_some_and(|process| !process.memory.held.is_empty())
    };
    while !image.nodes.iter().any(holds_back) {
        assert!(world.step());
        image = world.image().expect("no disk has failed");
    }
    save::render(&Save {
        title: Some("Rich".to_owned()),
        notes: vec!["One".into()],
        image,
        then: Vec::new(),
    })
}

/// One change to the text.
#[derive(Clone, Debug)]
enum Harm {
    /// A number becomes another.
    Number(Index, u64),
    /// A number becomes another number of the text.
    Exchange(Index, Index),
    /// A line is gone.
    Drop(Index),
    /// A line stands twice.
    Double(Index),
    /// A word becomes another of the text.
    Word(Index, Index),
    /// A byte becomes another.
    Byte(Index, u8),
    /// The end is gone.
    Cut(Index),
}

fn harm() -> impl Strategy<Value = Harm> {
    let number = prop_oneof![
        0..8_u64,
        Just(1 << 62),
        Just(u64::MAX),
        any::<u64>(),
        250_000_000..600_000_000_u64
    ];
    prop_oneof![
        8 => (any::<Index>(), number).prop_map(|(at, number)| Harm::Number(at, number)),
        8 => (any::<Index>(), any::<Index>()).prop_map(|(at, from)| Harm::Exchange(at, from)),
        6 => any::<Index>().prop_map(Harm::Drop),
        2 => any::<Index>().prop_map(Harm::Double),
        4 => (any::<Index>(), any::<Index>()).prop_map(|(at, from)| Harm::Word(at, from)),
        1 => (any::<Index>(), 32..127_u8).prop_map(|(at, byte)| Harm::Byte(at, byte)),
        1 => any::<Index>().prop_map(Harm::Cut),
    ]
}

/// Where the text has a run of such characters. The bytes of disks are left out: they are many, and have their own tests.
fn runs(text: &str, is_part: fn(char) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, character) in text.char_indices().filter(|(_, character)| is_part(*character)) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += character.len_utf8(),
            Some(_) | None => runs.push(at..at + character.len_utf8()),
        }
    }
    runs.retain(|run| run.len() < 30);
    runs
}

fn harmed(text: &str, harm: &Harm) -> String {
    if text.lines().count() < 20 {
        return text.to_owned();
    }
    let digits = |text| runs(text, |character| character.is_ascii_digit());
    let words = |text| runs(text, |character| character.is_alphabetic() || character == '_');
    let replaced = |run: std::ops::Range<usize>, with: &str| {
        let mut text = text.to_owned();
        text.replace_range(run, with);
        text
    };
    let lines: Vec<&str> = text.lines().collect();
    let pick = |runs: &[std::ops::Range<usize>], at: &Index| runs[at.index(runs.len())].clone();
    match harm {
        Harm::Number(at, number) => replaced(pick(&digits(text), at), &number.to_string()),
        Harm::Exchange(at, from) => {
            let digits = digits(text);
            replaced(pick(&digits, at), &text[pick(&digits, from)])
        }
        Harm::Word(at, from) => {
            let words = words(text);
            replaced(pick(&words, at), &text[pick(&words, from)])
        }
        Harm::Drop(at) => {
            let mut lines = lines;
            lines.remove(at.index(lines.len()));
            lines.join("\n")
        }
        Harm::Double(at) => {
            let mut lines = lines;
            let at = at.index(lines.len());
            lines.insert(at, lines[at]);
            lines.join("\n")
        }
        Harm::Byte(at, byte) => {
            let at = at.index(text.len());
            replaced(at..at + 1, &char::from(*byte).to_string())
        }
        Harm::Cut(at) => text[..at.index(text.len())].to_owned(),
    }
}

/// Runs a cluster for a while, and gives what went wrong in the program itself.
fn bugs(save: Save) -> Vec<String> {
    let mut world: World<KeyValue> =
        World::restore(save.image, HostKind::Inline, None).expect("parsing has tried it");
    let nodes = world.snapshot().nodes.len() as u64;
    for act in [
        Command::Thaw,
        Command::FireTimer,
        Command::CutPower,
        Command::Restart,
    ] {
        for id in (1..=nodes).map(NodeId::new) {
            // What can't be done now is left out.
            drop(world.command(act(id)));
            for _ in 0..20 {
                world.step();
            }
            world.go_on();
        }
    }
    world.image().expect("no disk has failed");
    let failed = world
        .drain_records()
        .into_iter()
        .filter_map(|record| match record.what {
            Happening::Stopped {
                how: Stop::Failed { reason },
                ..
            } => Some(reason),
            _ => None,
        });
    failed.filter(|reason| reason.contains("a bug")).collect()
}

#[test]
fn the_save_that_is_harmed_says_everything() {
    let text = rich(1);
    for word in [
        "messages:",
        "writes:",
        "held:",
        "backlog:",
        "state: Down",
        "state: Frozen",
        "peers:",
        "unsynced:",
    ] {
        assert!(text.contains(word), "no {word} in\n{text}");
    }
    assert_eq!(bugs(save::parse(&text, "rich").expect("it is sound")), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_harmed_save_is_refused_or_runs(seed in 0..8_u64, harms in prop::collection::vec(harm(), 1..4)) {
        let text = harms.iter().fold(rich(seed), |text, harm| harmed(&text, harm));
        match save::parse(&text, "harmed") {
            Ok(save) => prop_assert_eq!(bugs(save), Vec::<String>::new()),
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
        }
    }
}
