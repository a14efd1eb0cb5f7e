//! Snapshots: what they replace goes, what they do not stays, and nothing else takes their place.

use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::real::RealDisk;
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{
    Evidence, Identity, OpenError, OutOfPlace, SnapshotDamage, Wal, WalError, WalOptions,
};
use raft_play::types::disk::Disk;
use raft_play::types::{LogIndex, LogPosition, NodeId};

use super::support::*;

const SNAPSHOT: &str = "snapshot-0000000001.snap";

/// Five entries, of terms 1 1 2 2 3.
fn five() -> Vec<Write> {
    let terms = [1, 1, 2, 2, 3];
    (1..)
        .zip(terms)
        .map(|(index, term)| append(index, term, 30))
        .collect()
}

/// Makes these writes, each in a new incarnation after a power cut, and checks what comes back.
fn comes_back<D: Disk>(mut disk: D, reopen: impl Fn(D) -> D, writes: &[Write], segment_bytes: u64) -> D {
    let options = WalOptions {
        segment_bytes,
        ..WalOptions::default()
    };
    let mut model = Model::default();
    for write in writes {
        let (mut wal, recovered) = Wal::open(disk, IDENTITY, options).unwrap();
        assert_eq!((Model::of(&recovered), recovered.cut), (model.clone(), None));
        write_through(&mut wal, write);
        model.apply(write);
        let seen = Wal::inspect(wal.disk(), IDENTITY).unwrap();
        assert_eq!(Model::of(&seen), model, "a reader sees it");
        disk = reopen(wal.into_disk());
    }
    assert_eq!(Model::of(&Wal::inspect(&disk, IDENTITY).unwrap()), model);
    disk
}

fn after_a_power_cut(mut disk: SimulatedDisk) -> SimulatedDisk {
    disk.power_cut_losing_everything();
    disk
}

#[test]
fn compaction_drops_what_the_snapshot_stands_for_and_keeps_what_follows() {
    let compactions = [
        (position(2, 1), 3, "within a run of one term's end"),
        (position(3, 2), 2, "inside a term"),
        (position(5, 3), 0, "at the end"),
        (position(9, 3), 0, "past the end"),
        (position(3, 1), 0, "where another term stands"),
        (position(0, 0), 5, "of nothing"),
    ];
    for (last, left, case) in compactions {
        for segment_bytes in [150, 1 << 20] {
            let mut writes = five();
            writes.push(compact(last, 70));
            let model = state_after(&writes);
            assert_eq!((model.entries.len(), model.base), (left, last), "{case}");
            writes.push(append(model.last_index().number() + 1, 4, 10));
            writes.push(nothing());
            comes_back(SimulatedDisk::new(), after_a_power_cut, &writes, segment_bytes);
        }
    }
}

#[test]
fn a_log_with_snapshots_comes_back_from_a_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    let open = || RealDisk::open(directory.path()).unwrap();
    let reopen = |disk| {
        drop(disk);
        open()
    };
    let mut writes = five();
    writes.extend([
        compact(position(3, 2), 3000),
        append(6, 3, 9),
        compact(position(6, 3), 0),
        append(7, 4, 9),
    ]);
    let disk = comes_back(open(), reopen, &writes, 1 << 20);
    assert_eq!(
        disk.list().unwrap(),
        ["snapshot-0000000002.snap", "wal-0000000003.log"]
    );
}

#[test]
fn a_snapshot_without_a_compaction_takes_nothing_from_the_log() {
    let mut writes = five();
    for last in [position(3, 2), position(5, 3), position(4, 2)] {
        writes.push(Write {
            compact: None,
            ..compact(last, 50)
        });
    }
    writes.push(Write {
        snapshot: None,
        ..compact(position(2, 1), 0)
    });
    assert_eq!(state_after(&writes).entries.len(), 3);
    comes_back(SimulatedDisk::new(), after_a_power_cut, &writes, 1 << 20);
}

#[test]
fn a_log_that_began_anew_is_read_without_the_segments_before() {
    let options = WalOptions {
        segment_bytes: 1 << 20,
        ..WalOptions::default()
    };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    let mut writes = five();
    writes.extend([
        Write {
            compact: None,
            ..compact(position(9, 9), 10)
        },
        // In the second segment, whose header still knows of five entries before it.
        Write {
            snapshot: None,
            ..compact(position(3, 9), 0)
        },
    ]);
    writes.extend((4..=8).map(|index| append(index, 9, 10)));
    writes.extend([compact(position(6, 9), 10), nothing()]);
    for write in &writes {
        write_through(&mut wal, write);
    }
    let names: Vec<_> = wal.disk().contents().into_keys().collect();
    assert_eq!(names, ["snapshot-0000000002.snap", SECOND, "wal-0000000003.log"]);
    assert_eq!(Model::of(&open(wal.into_disk()).1), state_after(&writes));
}

#[test]
fn all_parts_of_a_write_take_effect_in_order() {
    let mut writes = five();
    writes.push(Write {
        metadata: Some(metadata(7, Some(1))),
        truncate: Some(LogIndex::new(4)),
        append: append(4, 7, 20).append,
        ..compact(position(2, 1), 10)
    });
    assert_eq!(state_after(&writes).entries.len(), 2);
    comes_back(SimulatedDisk::new(), after_a_power_cut, &writes, 1 << 20);
}

#[test]
fn what_no_snapshot_stands_for_is_not_dropped() {
    let only = |through| Write {
        snapshot: None,
        ..compact(through, 0)
    };
    let refused = |writes: &[Write], write: &Write| {
        let (disk, _) = disk_with(writes);
        let (mut wal, _) = open(disk);
        // The first write after a snapshot begins a new segment.
        write_through(&mut wal, &nothing());
        let before = wal.disk().contents();
        let Err(WalError::OutOfPlace(reason)) = wal.begin(write) else {
            panic!("{write:?} was accepted");
        };
        assert_eq!(wal.disk().contents(), before);
        assert_eq!(wal.image(), None);
        reason
    };
    let mut writes = five();
    let without = refused(&writes, &only(position(2, 1)));
    let (through, snapshot) = (position(2, 1), None);
    assert_eq!(without, OutOfPlace::Compact { through, snapshot });
    assert_eq!(
        without.to_string(),
        "compaction through index 2 (term 1) without a snapshot"
    );
    writes.push(compact(position(2, 1), 9));
    let past = refused(&writes, &only(position(3, 2)));
    assert_eq!(
        past.to_string(),
        "compaction through index 3 (term 2), and the snapshot in force ends at 2"
    );
    let back = refused(&writes, &compact(position(1, 1), 9));
    let (last, base) = (position(1, 1), position(2, 1));
    assert_eq!(back, OutOfPlace::Snapshot { last, base });
    let from = LogIndex::new(2);
    assert!(matches!(
        refused(&writes, &replace(2, 9, 1)),
        OutOfPlace::Truncate { from: found, .. } if found == from
    ));
    // What was dropped before stays so.
    writes.push(only(position(1, 1)));
    comes_back(SimulatedDisk::new(), after_a_power_cut, &writes, 1 << 20);
}

#[test]
fn files_that_are_no_longer_needed_go() {
    for (trailing, every, segment_bytes) in [(0, 1, 300), (2, 3, 300), (5, 4, 1 << 20), (30, 10, 200)] {
        let options = WalOptions {
            segment_bytes,
            ..WalOptions::default()
        };
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
        let mut most = 0;
        for index in 1..=300 {
            write_through(&mut wal, &append(index, 1, 50));
            if index % every == 0 && index > trailing {
                let write = Write {
                    snapshot: Some(snapshot(position(index, 1), 100)),
                    compact: Some(position(index - trailing, 1)),
                    ..nothing()
                };
                write_through(&mut wal, &write);
            }
            let files = wal.disk().contents();
            let snapshots = files.keys().filter(|name| name.starts_with("snapshot")).count();
            assert!(snapshots <= 2, "{files:?}");
            most = most.max(files.len() - snapshots);
        }
        // A segment for each few entries that are left, and a few that wait for the next one to begin.
        let bound = (usize::try_from(trailing + every).unwrap() * 2 + 4).min(50);
        assert!(most <= bound, "{most} segments, {trailing} trailing entries");
        let numbers = wal.segment().number();
        assert!(numbers > 30, "only {numbers} segments were ever made");
    }
}

/// A log whose first segments are gone: a snapshot through entry 3 of 5, and one more entry.
fn compacted() -> (SimulatedDisk, Model) {
    let mut writes = five();
    writes.extend([compact(position(3, 2), 40), append(6, 3, 9)]);
    let options = WalOptions {
        segment_bytes: 150,
        ..WalOptions::default()
    };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    for write in &writes {
        write_through(&mut wal, write);
    }
    (wal.into_disk(), state_after(&writes))
}

#[test]
fn a_log_begins_where_its_first_segment_does() {
    let (disk, model) = compacted();
    let names: Vec<_> = disk.contents().into_keys().collect();
    let expected = [
        "wal-0000000004.log",
        "wal-0000000005.log",
        "wal-0000000006.log",
        "wal-0000000007.log",
    ];
    assert_eq!(names, [&[SNAPSHOT], &expected[..]].concat());
    assert_eq!(Model::of(&Wal::inspect(&disk, IDENTITY).unwrap()), model);
    // But not later.
    for gone in 0..expected.len() - 1 {
        let mut files = disk.contents();
        files.retain(|name, _| !expected[..=gone].contains(&name.as_str()));
        let error = Wal::inspect(&SimulatedDisk::from_contents(files).unwrap(), IDENTITY).unwrap_err();
        assert!(
            matches!(&error, OpenError::Missing { file } if file == expected[gone]),
            "{error}"
        );
    }
    for gap in &expected[1..3] {
        let mut files = disk.contents();
        files.remove(*gap);
        let error = Wal::inspect(&SimulatedDisk::from_contents(files).unwrap(), IDENTITY).unwrap_err();
        assert!(
            matches!(&error, OpenError::Missing { file } if file == gap),
            "{error}"
        );
    }
    let only_the_snapshot = [(SNAPSHOT.into(), disk.contents()[SNAPSHOT].clone())];
    let only_the_snapshot = SimulatedDisk::from_contents(only_the_snapshot.into()).unwrap();
    let error = Wal::open(only_the_snapshot, IDENTITY, ONE_SEGMENT).unwrap_err();
    assert!(
        matches!(&error, OpenError::Missing { file } if file == FIRST),
        "{error}"
    );
}

#[test]
fn the_header_of_the_first_segment_must_be_sound_even_where_nothing_follows_it() {
    let (disk, _) = disk_with(&[append(1, 1, 9), compact(position(1, 1), 9), nothing()]);
    let header = usize::try_from(open(disk.clone()).0.end()).unwrap() - 32;
    let mut files = disk.contents();
    files.get_mut(SECOND).unwrap().truncate(header);
    let shortened = SimulatedDisk::from_contents(files).unwrap();
    assert!(
        Wal::inspect(&shortened, IDENTITY).is_ok(),
        "the header alone says it all"
    );
    for bit in 0..header as u64 * 8 {
        let error =
            Wal::inspect(&flipped(&shortened, SECOND, bit / 8, 1 << (bit % 8)), IDENTITY).unwrap_err();
        assert!(
            matches!(
                &error,
                OpenError::Damaged {
                    evidence: Evidence::First,
                    ..
                }
            ),
            "bit {bit}: {error}"
        );
    }
}

#[test]
fn what_is_left_over_is_ignored_and_removed() {
    let (disk, model) = compacted();
    let clean = disk.contents();
    let mut littered = clean.clone();
    let old = clean["wal-0000000004.log"].clone();
    for name in ["wal-0000000001.log", "wal-0000000002.log"] {
        littered.insert(name.into(), old.clone());
    }
    for name in [
        "snapshot-0000000002.snap",
        "snapshot-0000000002.tmp",
        "snapshot-0000000001.tmp",
    ] {
        littered.insert(name.into(), b"half of it".to_vec());
    }
    littered.insert("notes".into(), b"somebody else's".to_vec());
    let littered = SimulatedDisk::from_contents(littered).unwrap();
    assert_eq!(Model::of(&Wal::inspect(&littered, IDENTITY).unwrap()), model);
    let (mut wal, recovered) = open(littered);
    assert_eq!(Model::of(&recovered), model);
    let mut left = wal.disk().contents();
    left.remove("notes").expect("what belongs to others stays");
    assert_eq!(left, clean);
    write_through(&mut wal, &compact(position(6, 3), 12));
    assert_eq!(Model::of(&open(wal.into_disk()).1).base, position(6, 3));
}

#[test]
fn a_snapshot_that_is_not_there_or_not_sound_is_refused() {
    let (disk, _) = compacted();
    let last = position(3, 2);
    let error_after = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut files = disk.contents();
        change(files.get_mut(SNAPSHOT).unwrap());
        Wal::inspect(&SimulatedDisk::from_contents(files).unwrap(), IDENTITY).unwrap_err()
    };
    assert_eq!(
        error_after(&|bytes| bytes[90] ^= 1).to_string(),
        format!(
            "{SNAPSHOT}: damaged at byte 12, the snapshot through index 3 (term 2): the checksum does not match; {LOST}"
        )
    );
    assert_eq!(
        error_after(&|bytes| bytes.truncate(10)).to_string(),
        format!(
            "{SNAPSHOT}: damaged at byte 10, the snapshot through index 3 (term 2): it has 10 bytes and must have {}; {LOST}",
            disk.contents()[SNAPSHOT].len()
        )
    );
    let mut files = disk.contents();
    files.remove(SNAPSHOT);
    let error = Wal::inspect(&SimulatedDisk::from_contents(files).unwrap(), IDENTITY).unwrap_err();
    assert!(
        matches!(&error, OpenError::SnapshotMissing { file, last: found } if file == SNAPSHOT && *found == last),
        "{error}"
    );
    // Sound ones that are not the one the log names: of another state, and of another node.
    let of = |identity: Identity, fill: LogPosition| {
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), identity, ONE_SEGMENT).unwrap();
        write_through(&mut wal, &append(1, 1, 1));
        let mut write = compact(last, 0);
        write.snapshot = Some(raft_play::types::Snapshot {
            last,
            ..snapshot(fill, 40)
        });
        write_through(&mut wal, &write);
        wal.disk().contents()[SNAPSHOT].clone()
    };
    let node = NodeId::new(4);
    for other in [
        of(IDENTITY, position(9, 9)),
        of(Identity { node, ..IDENTITY }, last),
    ] {
        assert!(matches!(
            error_after(&|bytes| bytes.clone_from(&other)),
            OpenError::SnapshotDamaged {
                damage: SnapshotDamage::Another,
                ..
            }
        ));
    }
}
