//! Every crash that there can be, and what must be true of whatever is left.
//!
//! The table is `families`: a row for each kind of thing that the log store does, and `saves` for the file of a save. Each row is walked with one write under way at
//! a time, with three, and with three of which the latest ends first. At every operation of the disk (create, write, cut, rename, remove, sync, sync of the directory) the end
//! comes before it and after it, a sync fails, a write does not fit. What is then left is all that the law of the disk
//! allows in the ways that `survivors` lists; each is recovered from, recovered from once more, crashed again at every
//! operation of the recovery, and gone on with. What must hold is `matrix::Promise`.
//!
//! A larger walk, with every combination that the law allows, is
//! `cargo test --release --test crash_points -- --ignored --nocapture`.

#[path = "crash_points/disk.rs"]
mod disk;
#[path = "crash_points/families.rs"]
mod families;
#[path = "crash_points/flips.rs"]
mod flips;
#[path = "crash_points/matrix.rs"]
mod matrix;
#[path = "crash_points/mutants.rs"]
mod mutants;
#[path = "crash_points/saves.rs"]
mod saves;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "storage_suite/support.rs"]
mod support;
#[path = "crash_points/survivors.rs"]
mod survivors;

use std::time::Instant;

use std::fs;

use families::{Row, rows};
use flips::{Class, Image};
use matrix::{Broken, Effort, Flow, Promise, Tally, Walk};
use mutants::{Label, Mutant};
use raft_play::storage::contents;
use raft_play::storage::real::RealDisk;
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::Wal;
use support::{IDENTITY, Model, write_through};

fn walked(row: &Row, efforts: [Effort; 3]) -> Tally {
    let mut sum = Tally::default();
    for (flow, effort) in Flow::ALL.into_iter().zip(efforts) {
        let mut walk = Walk::new(row, flow, None, effort);
        if let Err(broken) = walk.everything() {
            panic!("{broken}");
        }
        sum.points += walk.tally.points;
        sum.cases += walk.tally.cases;
        sum.recoveries += walk.tally.recoveries;
        sum.errors += walk.tally.errors;
        sum.torn += walk.tally.torn;
    }
    sum
}

#[test]
fn no_crash_breaks_a_promise() {
    for row in rows() {
        let begun = Instant::now();
        let tally = walked(&row, [Effort::Quick, Effort::Quick, Effort::Glance]);
        println!("{:22} {tally:?} {:?}", row.name, begun.elapsed());
        let is_whole = tally.cases >= row.floor && tally.recoveries > 1_000 && tally.errors > 50;
        assert!(is_whole && tally.torn > 1_000, "{}: only {tally:?}", row.name);
    }
}

#[test]
#[ignore = "minutes; see the top of this file"]
fn no_crash_of_all_that_there_can_be_breaks_a_promise() {
    for row in rows() {
        let begun = Instant::now();
        let tally = walked(&row, [Effort::Thorough; 3]);
        println!("{:22} {tally:?} {:?}", row.name, begun.elapsed());
    }
}

#[test]
fn a_save_is_there_as_a_whole_whatever_crashes() {
    let walked = saves::everything(None);
    println!("save: {walked:?}");
    assert!(walked.is_ok_and(|cases| cases > 4_000));
    for mutant in [Mutant::TemporaryNotSynced, Mutant::DirectoryNotSynced] {
        let found = saves::everything(Some(mutant));
        println!("save, {mutant:?}: {found:?}");
        assert!(found.is_err(), "{mutant:?}");
    }
}

/// Flips bits of what every row leaves, and tells what became of them.
fn flip(chosen: impl Fn(usize) -> bool) -> u64 {
    let mut total = 0;
    for row in rows() {
        for flow in [Flow::OneByOne, Flow::ThreeAtOnce] {
            let mut like_a_tear = 0;
            for ((file, class), (count, first, last)) in Image::of(&row, flow).flip(&chosen) {
                println!(
                    "{:22} {flow:?}: {file}: {count} {class:?}, bytes {first} to {last}",
                    row.name
                );
                let is_old = class == Class::Harmless && file.starts_with("snapshot-");
                assert!(is_old || class != Class::Harmless, "{}: {file}", row.name);
                like_a_tear += u64::from(class == Class::LikeATear);
                total += count;
            }
            assert_eq!(
                like_a_tear, 1,
                "{}: the end of the last segment, and nothing else",
                row.name
            );
        }
    }
    total
}

/// A flipped bit is refused, or is in a snapshot that is no longer needed, or looks like a tear: the last batch, and those
/// before it that were begun before any of them was synced. What lies before the highest mark is never lost in silence.
#[test]
fn a_flipped_bit_never_loses_in_silence_what_is_marked_as_synced() {
    assert!(flip(|bit| bit % 8 == bit / 8 % 8) > 10_000);
}

#[test]
#[ignore = "a minute; every bit of every row"]
fn no_flipped_bit_at_all_loses_in_silence_what_is_marked_as_synced() {
    assert!(flip(|_| true) > 80_000);
}

/// The first promise that a fault breaks, and the row that tells.
fn found(mutant: Mutant) -> Option<(&'static str, Broken)> {
    for row in rows() {
        for flow in Flow::ALL {
            if let Err(broken) = Walk::new(&row, flow, Some(mutant), Effort::Glance).everything() {
                return Some((row.name, broken));
            }
        }
    }
    None
}

#[test]
fn every_fault_of_a_store_is_found_and_is_what_its_label_says() {
    for mutant in Mutant::ALL {
        let begun = Instant::now();
        let found = found(mutant);
        let told = found.as_ref().map(|(row, broken)| format!("{row}: {broken}"));
        println!("{mutant:?}, {:?}: {told:?} {:?}", mutant.label(), begun.elapsed());
        let promise = found.map(|(_, broken)| broken.promise);
        let is_as_labelled = match mutant.label() {
            Label::Safety => promise.is_some_and(|promise| promise != Promise::Room),
            Label::Liveness => promise == Some(Promise::Room),
            Label::Equivalent => promise.is_none(),
        };
        assert!(
            is_as_labelled,
            "{mutant:?} is labelled {:?}, and breaks {promise:?}",
            mutant.label()
        );
    }
}

/// The files of the system are laid out, byte for byte, as those that the matrix walks through.
#[test]
fn the_same_writes_leave_the_same_files_on_a_real_disk() {
    for row in rows() {
        let directory = tempfile::tempdir().unwrap();
        let mut real = RealDisk::open(directory.path()).unwrap();
        let mut simulated = SimulatedDisk::new();
        for (write, state) in row.writes.iter().zip(row.states().into_iter().skip(1)) {
            // Opened anew for each write: what a process leaves is what the next one finds.
            let mut wal = Wal::open(real, IDENTITY, row.options).unwrap().0;
            let mut model = Wal::open(simulated, IDENTITY, row.options).unwrap().0;
            write_through(&mut wal, write);
            write_through(&mut model, write);
            (real, simulated) = (wal.into_disk(), model.into_disk());
            assert_eq!(contents(&real).unwrap(), simulated.contents(), "{}", row.name);
            assert_eq!(
                Model::of(&Wal::inspect(&real, IDENTITY).unwrap()),
                state,
                "{}",
                row.name
            );
        }
        for (name, bytes) in simulated.contents() {
            assert_eq!(fs::read(directory.path().join(&name)).unwrap(), bytes, "{name}");
        }
    }
}
