//! Crashes and power cuts around snapshots: before and after every change to the disk.

use std::io::ErrorKind;

use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::simulated::{SimulatedDisk, Unsynced};
use raft_play::storage::wal::{Wal, WalError, WalOptions};

use super::dying::Dying;
use super::support::*;

/// Snapshots within the log, at its end, past it and of another term, with entries around them.
fn writes() -> Vec<Write> {
    vec![
        Write {
            metadata: Some(metadata(1, Some(3))),
            ..append(1, 1, 20)
        },
        append(2, 1, 20),
        compact(position(1, 1), 30),
        append(3, 2, 20),
        Write {
            append: append(4, 2, 9).append,
            ..compact(position(3, 2), 30)
        },
        replace(4, 3, 20),
        compact(position(9, 3), 10),
        append(10, 3, 20),
        compact(position(10, 4), 0),
        append(11, 4, 20),
        nothing(),
    ]
}

/// Whether each write is durable before the next begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syncs {
    Settled,
    UnderWay,
}

/// Makes the writes on a disk that dies after some changes. Gives the disk, and the states that may be found on it; `None`
/// where it lived through them all.
fn die(
    writes: &[Write],
    options: WalOptions,
    syncs: Syncs,
    left: usize,
) -> Option<(SimulatedDisk, Vec<Model>)> {
    let (wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    let disk = Dying {
        disk: wal.into_disk(),
        left: left + OPENING,
    };
    let (mut wal, _) = Wal::open(disk, IDENTITY, options).unwrap();
    let mut states = vec![Model::default()];
    for write in writes {
        let segment = wal.segment();
        let begun = wal.begin(write);
        if wal.segment() != segment {
            states.drain(..states.len() - 1);
        }
        states.push(states.last().unwrap().clone().after(write));
        match begun {
            Ok(sync) if syncs == Syncs::Settled => {
                wal.settle(Wal::<Dying>::sync(sync).unwrap());
                states.drain(..states.len() - 1);
            }
            Ok(_) => {}
            Err(WalError::Disk { .. }) => {
                assert!(matches!(wal.begin(&nothing()), Err(WalError::Failed)));
                assert_eq!(wal.image(), None);
                return Some((wal.into_disk().disk, states));
            }
            Err(other) => panic!("{other}"),
        }
    }
    None
}

/// The changes that opening makes to a disk with an empty log.
const OPENING: usize = 3;

fn comes_back_as_one_of(states: &[Model], disk: SimulatedDisk, options: WalOptions) {
    let inspected = Wal::inspect(&disk, IDENTITY).expect("a crash is no corruption");
    let (mut wal, recovered) = Wal::open(disk, IDENTITY, options).unwrap();
    assert_eq!(inspected, recovered);
    let model = Model::of(&recovered);
    assert!(states.contains(&model), "{model:?} is none of {states:?}");
    let names: Vec<_> = wal.disk().contents().into_keys().collect();
    let strays = names.iter().filter(|name| name.starts_with("snapshot")).count();
    assert_eq!(strays, usize::from(model.snapshot.is_some()), "{names:?}");
    // It goes on, and what it had recovered is durable.
    let next = append_to(&recovered, 9, 5);
    write_through(&mut wal, &next);
    write_through(&mut wal, &compact(next.append.last_position().unwrap(), 5));
    let mut disk = wal.into_disk();
    disk.power_cut_losing_everything();
    let model = model
        .after(&next)
        .after(&compact(next.append.last_position().unwrap(), 5));
    assert_eq!(Model::of(&Wal::inspect(&disk, IDENTITY).unwrap()), model);
}

fn crash_everywhere(segment_bytes: u64, syncs: Syncs) {
    let options = WalOptions {
        segment_bytes,
        ..WalOptions::default()
    };
    let mut cuts = 0;
    for left in 0.. {
        let Some((disk, states)) = die(&writes(), options, syncs, left) else {
            assert!(left > 60, "only {left} changes");
            break;
        };
        comes_back_as_one_of(&states, disk.clone(), options);
        cuts += every_power_cut(&disk, |disk| comes_back_as_one_of(&states, disk, options));
    }
    assert!(cuts > 300, "only {cuts} different power cuts");
}

#[test]
fn a_crash_at_any_point_loses_nothing_that_was_synced() {
    crash_everywhere(1 << 20, Syncs::Settled);
    crash_everywhere(250, Syncs::Settled);
}

#[test]
fn a_crash_at_any_point_with_syncs_under_way_leaves_a_prefix() {
    crash_everywhere(1 << 20, Syncs::UnderWay);
    crash_everywhere(250, Syncs::UnderWay);
}

#[test]
fn a_crash_while_a_log_with_snapshots_opens_loses_nothing() {
    let options = WalOptions {
        segment_bytes: 250,
        ..WalOptions::default()
    };
    let mut torn = Vec::new();
    for left in 0.. {
        let Some(died) = die(&writes(), options, Syncs::UnderWay, left) else {
            break;
        };
        torn.push(died);
    }
    for (disk, states) in torn {
        // A removal that was lost, and the end of a log that was torn.
        let mut cut = disk.clone();
        cut.power_cut(&mut |place, most| match place {
            Unsynced::Directory => 0,
            Unsynced::LastWrite { .. } => most / 2,
            Unsynced::Length { .. } | Unsynced::Sector { .. } => most,
        });
        // A power cut, or a crash of the process alone: what was not synced then, a later power cut still takes.
        for disk in [cut, disk] {
            for left in 0.. {
                let mut dying = Dying {
                    disk: disk.clone(),
                    left,
                };
                if Wal::open(&mut dying, IDENTITY, options).is_ok() {
                    break;
                }
                comes_back_as_one_of(&states, dying.disk.clone(), options);
                every_power_cut(&dying.disk, |disk| comes_back_as_one_of(&states, disk, options));
            }
        }
    }
}

#[test]
fn a_removal_that_is_lost_does_no_harm() {
    let (mut wal, _) = open(SimulatedDisk::new());
    let writes = writes();
    let mut returned = 0;
    for (count, write) in (1..).zip(&writes) {
        write_through(&mut wal, write);
        let before = wal.disk().contents().len();
        let mut disk = wal.disk().clone();
        disk.power_cut_losing_everything();
        returned += disk.contents().len() - before;
        let (again, recovered) = open(disk);
        assert_eq!(Model::of(&recovered), state_after(&writes[..count]));
        assert!(again.disk().contents().len() <= before, "and they go once more");
    }
    assert!(returned > 3, "only {returned} files came back");
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_snapshot_is_a_clean_error() {
    let writes = [append(1, 1, 30), append(2, 1, 30), compact(position(2, 1), 300)];
    let mut was_enough = false;
    for room in 0..=700 {
        let (mut wal, _) = open(SimulatedDisk::new());
        for write in &writes[..2] {
            write_through(&mut wal, write);
        }
        let before = wal.disk().contents();
        let used = wal.disk().used();
        wal.disk_mut().set_capacity(Some(used + room));
        let Err(WalError::Disk { file, source }) = wal.begin(&writes[2]) else {
            was_enough = true;
            continue;
        };
        assert!(!was_enough, "{room} bytes");
        assert!(
            [FIRST, "snapshot-0000000001.snap"].contains(&file.as_str()),
            "{file}"
        );
        assert_eq!(source.kind(), ErrorKind::StorageFull);
        assert!(matches!(wal.begin(&nothing()), Err(WalError::Failed)));
        let (wal, recovered) = open(wal.into_disk());
        assert_eq!(Model::of(&recovered), state_after(&writes[..2]));
        assert_eq!(wal.disk().contents(), before, "nothing of it is left");
    }
    assert!(was_enough);
}

#[test]
fn a_sync_that_fails_in_the_middle_of_a_snapshot_names_nothing() {
    let (mut wal, _) = open(SimulatedDisk::new());
    write_through(&mut wal, &append(1, 1, 30));
    wal.disk_mut().set_syncs_fail(true);
    let error = wal.begin(&compact(position(1, 1), 30)).unwrap_err();
    assert!(matches!(error, WalError::Disk { .. }), "{error}");
    let mut disk = wal.into_disk();
    disk.set_syncs_fail(false);
    let states = [state_after(&[append(1, 1, 30)])];
    every_power_cut(&disk, |disk| comes_back_as_one_of(&states, disk, ONE_SEGMENT));
    let (wal, recovered) = open(disk);
    assert_eq!((recovered.snapshot, recovered.entries.len()), (None, 1));
    assert_eq!(wal.disk().contents().len(), 1);
}
