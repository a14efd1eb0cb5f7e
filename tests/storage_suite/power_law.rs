//! What a simulated disk may lose in a power cut, and what not.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use raft_play::storage::simulated::{SimulatedDisk, Unsynced};
use raft_play::types::disk::Disk;

use super::support::every_power_cut;

/// A disk with an empty, durable file `a`.
fn disk() -> SimulatedDisk {
    SimulatedDisk::from_contents([("a".into(), Vec::new())].into()).unwrap()
}

/// What `a` may hold after a power cut.
fn outcomes(disk: &SimulatedDisk) -> BTreeSet<Vec<u8>> {
    let mut outcomes = BTreeSet::new();
    every_power_cut(disk, |mut cut| {
        assert_eq!(cut.unsynced_bytes(), 0);
        let found = cut.read("a").unwrap();
        cut.power_cut(&mut |place, _| panic!("{place:?} is durable, and asked about"));
        assert_eq!(cut.read("a").unwrap(), found, "the power is cut once more");
        outcomes.insert(found);
    });
    outcomes
}

/// The bytes, and after them another write, so that they are not the last one and can't be torn within a sector.
fn not_last(disk: &mut SimulatedDisk) {
    disk.create("z").unwrap();
    disk.write_at("z", 0, b"z").unwrap();
    disk.sync_now("z").unwrap();
}

#[test]
fn any_subset_of_unsynced_sectors_is_lost() {
    let mut disk = disk();
    disk.write_at("a", 0, &[7; 1300]).unwrap();
    not_last(&mut disk);
    let mut expected = BTreeSet::from([Vec::new()]);
    for subset in 0..8 {
        let sector = |place: usize| if subset >> (place / 512) & 1 == 1 { 7 } else { 0 };
        expected.insert((0..1300).map(sector).collect());
    }
    assert_eq!(outcomes(&disk), expected);
}

#[test]
fn of_the_last_write_any_prefix_may_be_all() {
    let mut disk = disk();
    disk.write_at("a", 0, &[7; 100]).unwrap();
    let found = outcomes(&disk);
    for prefix in [0, 3, 50, 99, 100] {
        assert!(found.contains(&vec![7; prefix]), "the first {prefix} bytes");
        assert!(found.contains(&vec![0; prefix]), "a length ahead of the data");
    }
}

#[test]
fn a_sector_never_has_a_change_without_those_before_it() {
    let mut disk = disk();
    disk.write_at("a", 0, b"first.").unwrap();
    disk.write_at("a", 6, b"second").unwrap();
    not_last(&mut disk);
    let expected = [
        "",
        "first.",
        "\0\0\0\0\0\0",
        "first.\0\0\0\0\0\0",
        "\0\0\0\0\0\0\0\0\0\0\0\0",
        "first.second",
    ];
    assert_eq!(
        outcomes(&disk),
        expected.map(|text| text.as_bytes().to_vec()).into()
    );
}

#[test]
fn what_was_cut_away_does_not_come_back_behind_the_new_end() {
    let mut disk = disk();
    disk.write_at("a", 0, b"secret").unwrap();
    disk.sync_now("a").unwrap();
    disk.set_len("a", 2).unwrap();
    disk.set_len("a", 7).unwrap();
    let expected = ["secret", "se\0\0\0\0", "se", "se\0\0\0\0\0"];
    assert_eq!(
        outcomes(&disk),
        expected.map(|text| text.as_bytes().to_vec()).into()
    );
}

#[test]
fn a_settled_sync_holds_through_its_barrier_and_no_further() {
    let mut disk = disk();
    disk.write_at("a", 0, b"one").unwrap();
    let sync = disk.begin_sync("a").unwrap();
    disk.write_at("a", 3, b"two").unwrap();
    let mut in_flight = disk.clone();
    in_flight.power_cut_losing_everything();
    assert_eq!(
        in_flight.read("a").unwrap(),
        b"",
        "a sync in flight promises nothing"
    );
    disk.settle(sync);
    disk.power_cut_losing_everything();
    assert_eq!(disk.read("a").unwrap(), b"one");
}

#[test]
fn names_are_durable_with_the_directory() {
    let files = |disk: &SimulatedDisk, kept: u64| {
        let mut cut = disk.clone();
        cut.power_cut(&mut |place, most| if place == Unsynced::Directory { kept } else { most });
        cut.contents()
            .into_iter()
            .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
            .collect::<Vec<_>>()
    };
    let mut disk = disk();
    disk.write_at("a", 0, b"old").unwrap();
    disk.sync_now("a").unwrap();
    disk.create("b").unwrap();
    disk.write_at("b", 0, b"new").unwrap();
    disk.sync_now("b").unwrap();
    disk.rename("b", "a").unwrap();
    disk.remove("a").unwrap();
    let old = ("a".to_owned(), "old".to_owned());
    let new = |name: &str| (name.to_owned(), "new".to_owned());
    assert_eq!(
        files(&disk, 0),
        std::slice::from_ref(&old),
        "a synced file whose creation is lost is lost"
    );
    assert_eq!(files(&disk, 1), [old, new("b")]);
    assert_eq!(files(&disk, 2), [new("a")]);
    assert_eq!(files(&disk, 3), []);
    disk.sync_directory().unwrap();
    assert_eq!(files(&disk, 0), []);
}

#[test]
fn a_full_disk_takes_what_fits() {
    let mut disk = disk();
    disk.set_capacity(Some(10));
    disk.write_at("a", 0, &[1; 8]).unwrap();
    assert_eq!(
        disk.write_at("a", 6, &[2; 8]).unwrap_err().kind(),
        ErrorKind::StorageFull
    );
    assert_eq!(disk.read("a").unwrap(), [1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
    disk.write_at("a", 0, &[3; 10])
        .expect("what is there can be written over");
    assert_eq!(disk.set_len("a", 11).unwrap_err().kind(), ErrorKind::StorageFull);
    disk.create("b").unwrap();
    assert_eq!(
        disk.write_at("b", 0, &[4]).unwrap_err().kind(),
        ErrorKind::StorageFull
    );
    disk.set_len("a", 9).unwrap();
    disk.write_at("b", 0, &[4]).expect("there is room again");
}

#[test]
fn a_failed_sync_makes_nothing_durable() {
    let mut disk = disk();
    disk.write_at("a", 0, b"one").unwrap();
    disk.set_syncs_fail(true);
    let sync = disk.begin_sync("a").unwrap();
    assert!(SimulatedDisk::sync(sync).is_err());
    assert!(disk.sync_directory().is_err());
    assert_eq!(disk.read("a").unwrap(), b"one");
    disk.power_cut_losing_everything();
    assert_eq!(disk.read("a").unwrap(), b"");
}
