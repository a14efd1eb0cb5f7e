//! The bodies of the fuzz targets, driven without a fuzzer: from what is sound, changed a little, many times.
//!
//! `tests/fuzz_targets` has them for cargo-fuzz, which finds more and needs a nightly compiler.
#![cfg(feature = "tui")]

#[path = "fuzz_targets/bodies.rs"]
mod bodies;
#[expect(dead_code, reason = "each test uses its part of the generator")]
#[path = "common/random.rs"]
mod random;

use bodies::IDENTITY;
use raft_play::consensus::durable::{Metadata, Store, Write};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{Wal, WalOptions};
use raft_play::types::{
    Configuration, Entries, Entry, LogIndex, LogPosition, NodeId, Snapshot, Term, WriteSequence,
};
use random::Random;

const SAVES: &[&str] = &[
    include_str!("../saves/figure-7.ron"),
    include_str!("../saves/minority-leader.ron"),
    include_str!("../saves/duplicate-command.ron"),
    include_str!("../saves/split-vote.ron"),
    include_str!("../saves/one-node.ron"),
];

const SCRIPT: &str = r#"(version: 1, answer: "S3 wins", commands: [
    (at: 0.5, do: Propose(to: 3, command: "x=1")),
    (at: 0.6, do: Partition([[1, 2], [3]])),
    (at: 0.7, after: 1, do: CutPower(2)), (at: 0.8, do: Restart(2)), (at: 0.9, do: Heal),
    (at: 1.0, do: Link(from: 1, to: 2, settings: (loss_ppm: 300000))), (at: 1.1, do: Freeze(1)), (at: 1.2, do: Thaw(1)),
])"#;

const TEXTS: &[&str] = &[
    "x=1",
    "set x \u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{202e}dlrow\u{202c} \u{2066}x\u{2069}",
    "a\u{200b}b\u{200d}c\u{feff}d\u{ad}e",
    "\u{9b}31mred\r\n\tand\u{0}more",
    "日本語のとても長い見出し e\u{301} 👩\u{200d}👩\u{200d}👧",
];

/// What a change puts in: numbers at the ends of their ranges, brackets, escapes.
const PIECES: &[&str] = &[
    "18446744073709551615",
    "4611686018427387904",
    "0",
    "-1",
    "NaN",
    "1e9",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\\u{1b}",
    "\u{202e}",
    "\u{1b}[2J",
    "Some(",
    "()",
    ",",
    ": ",
    "1",
    "2",
    "3",
    "/*",
    "//",
    "r#\"",
    "'",
    "\n",
    "id: 1",
    "\u{0}",
];

/// Another input, a few changes away.
fn changed(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(24)).min(bytes.len());
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = u8::try_from(random.below(256)).expect("below 256"),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.extend_from_within(at..end),
            4 => {
                let piece = random.one_of(PIECES);
                drop(bytes.splice(at..at, piece.bytes()));
            }
            5 if !other.is_empty() => {
                let start = random.below(other.len());
                let part = other[start..(start + 24).min(other.len())].to_vec();
                drop(bytes.splice(at..end, part));
            }
            6 => replace_number(&mut bytes, at, random),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// The next number in a text becomes another.
fn replace_number(bytes: &mut Vec<u8>, at: usize, random: &mut Random) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes[at..].iter().position(is_digit).map(|skipped| at + skipped) else {
        return;
    };
    let length = bytes[start..].iter().take_while(|byte| is_digit(byte)).count();
    let number = random.one_of(&[
        "0",
        "1",
        "2",
        "3",
        "7",
        "4611686018427387904",
        "18446744073709551615",
    ]);
    drop(bytes.splice(start..start + length, number.bytes()));
}

/// Drives a body with each seed as it is, and with many that are a few changes away.
fn drive(body: fn(&[u8]), seeds: &[Vec<u8>], count: u64) {
    for seed in seeds {
        body(seed);
    }
    for number in 0..count {
        let mut random = Random(number);
        let [seed, other] = [0, 1].map(|_| &seeds[random.below(seeds.len())]);
        let input = changed(seed, other, &mut random);
        let outcome = std::panic::catch_unwind(|| body(&input));
        assert!(
            outcome.is_ok(),
            "input {number}:\n{}",
            String::from_utf8_lossy(&input)
        );
    }
}

fn bytes_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn saves_of_any_bytes_are_refused_or_run() {
    drive(bodies::save_bytes, &bytes_of(SAVES), 1_500);
}

#[test]
fn saves_that_read_are_written_as_they_are() {
    drive(bodies::save_round_trip, &bytes_of(SAVES), 400);
}

#[test]
fn logs_of_any_bytes_are_refused_or_go_on() {
    drive(bodies::wal_recover, &logs(), 6_000);
}

#[test]
fn snapshots_of_any_bytes_are_refused_or_start_a_node() {
    let data: [&[u8]; 2] = [b"machine 4\nx 1\n", b"configuration 3\nabc"];
    let seeds = data.map(<[u8]>::to_vec);
    drive(bodies::snapshot_install, &seeds, 1_000);
}

#[test]
fn journals_of_any_bytes_are_refused_or_carried_out() {
    drive(bodies::replay_journal, &bytes_of(&[SCRIPT]), 600);
}

#[test]
fn messages_of_any_bytes_are_refused_or_read() {
    drive(bodies::message_decode, &links(), 20_000);
}

#[test]
fn texts_of_any_kind_leave_the_screen_as_it_should_be() {
    drive(bodies::text_on_screen, &bytes_of(TEXTS), 200);
}

/// The frames that `docs/WIRE.md` shows, as the target takes them: as they are, and without what goes around a body; and all together.
fn links() -> Vec<Vec<u8>> {
    let frames = include_str!("../docs/WIRE.md").split("```frame ").skip(1);
    let frames = frames.filter(|frame| !frame.starts_with("hello"));
    let frames: Vec<Vec<u8>> = frames.map(frame_in).collect();
    assert!(frames.len() > 10, "the document has an example of each kind");
    let is_last = |byte: &u8| byte & 0x80 == 0;
    let bodies = frames.iter().map(|frame| {
        let length = 1 + frame.iter().position(is_last).expect("a length ends");
        let body = &frame[length..frame.len() - 4];
        let length = u16::try_from(body.len()).expect("examples are short");
        [&length.to_le_bytes()[..], body].concat()
    });
    let bodies: Vec<Vec<u8>> = bodies.collect();
    let links = [(0, &frames), (1, &bodies)];
    let links = links.into_iter().flat_map(|(how, parts)| {
        let whole = parts.concat();
        let each = parts.iter().chain(std::iter::once(&whole));
        each.map(|part| [&[how][..], part].concat()).collect::<Vec<_>>()
    });
    links.collect()
}

/// The bytes of an example: a name, lines of hexadecimal digits and what they say, and the end of the example.
fn frame_in(example: &str) -> Vec<u8> {
    let lines = example
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("```"));
    let digits = lines.flat_map(|line| {
        let (bytes, _) = line.split_once("  ").unwrap_or((line, ""));
        bytes.split(' ')
    });
    digits
        .map(|digits| u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{digits:?} in {example}")))
        .collect()
}

/// The files of some logs, as the target takes them apart.
fn logs() -> Vec<Vec<u8>> {
    let nothing = || Write {
        sequence: WriteSequence::new(1),
        metadata: None,
        snapshot: None,
        compact: None,
        truncate: None,
        append: Entries::empty(LogIndex::new(1)),
    };
    let append = |index, length| Write {
        metadata: Some(Metadata {
            term: Term::new(1),
            vote: Some(NodeId::new(2)),
        }),
        append: Entries::new(
            LogIndex::new(index),
            [Entry::command(Term::new(1), vec![b'x'; length].into())],
        ),
        ..nothing()
    };
    let last = LogPosition::new(LogIndex::new(2), Term::new(1));
    let snapshot = Snapshot {
        last,
        configuration: Configuration::of_voters([1, 2, 3].map(NodeId::new)).into(),
        data: b"machine 4\nx 1\n".to_vec().into(),
    };
    let compact = Write {
        snapshot: Some(snapshot),
        compact: Some(last),
        ..nothing()
    };
    let writes = [append(1, 20), append(2, 90), compact, append(3, 10)];
    let log = |count: usize, segment_bytes| {
        let (mut wal, _) = Wal::open(
            SimulatedDisk::new(),
            IDENTITY,
            WalOptions {
                segment_bytes,
                ..WalOptions::default()
            },
        )
        .unwrap();
        for write in &writes[..count] {
            let sync = wal.begin(write).unwrap();
            wal.settle(sync);
        }
        let files = wal.disk().contents();
        let names = [
            "wal-0000000001.log",
            "wal-0000000002.log",
            "snapshot-0000000001.snap",
        ];
        let file = |name| {
            let bytes = files.get(name).map_or(&[][..], Vec::as_slice);
            let length = u16::try_from(bytes.len()).unwrap();
            [&length.to_le_bytes()[..], bytes].concat()
        };
        names.map(file).concat()
    };
    let mut logs: Vec<_> = (0..=writes.len()).map(|count| log(count, 1 << 20)).collect();
    logs.extend((0..=2).map(|count| log(count, 200)));
    logs.push(Vec::new());
    logs
}
