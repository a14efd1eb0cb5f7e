//! Corruption: what was synced is never lost in silence.

use proptest::prelude::*;
use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{Damage, Evidence, Identity, OpenError, Wal, WalOptions};
use raft_play::types::{ClusterId, NodeId};

use super::support::*;
#[test]
fn damage_before_the_mark_is_refused_with_file_offset_and_reason() {
    let (disk, ends) = disk_with(&[append(1, 1, 30), append(2, 1, 30), append(3, 1, 30)]);
    let error = Wal::inspect(&flipped(&disk, FIRST, ends[0] + 50, 1), IDENTITY).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{FIRST}: damaged at byte {}, after index 1: the checksum does not match; everything before byte {} had \
             been synced; {LOST}",
            ends[0] + 32,
            ends[1],
        )
    );
}

#[test]
fn a_mark_is_found_behind_any_damage() {
    let (disk, ends) = disk_with(&[append(1, 1, 30), append(2, 1, 30), append(3, 1, 30)]);
    let mut files = disk.contents();
    let [from, to] = [header_bytes(), ends[1]].map(|end| usize::try_from(end).unwrap());
    files.get_mut(FIRST).unwrap()[from..to].fill(0);
    let error = Wal::inspect(&SimulatedDisk::from_contents(files).unwrap(), IDENTITY).unwrap_err();
    let OpenError::Damaged {
        file,
        offset,
        index,
        damage,
        evidence,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (file.as_str(), offset, index.number()),
        (FIRST, header_bytes(), 0)
    );
    assert_eq!((damage, evidence), (Damage::Blank, Evidence::Synced(ends[1])));
}

#[test]
fn damage_in_a_closed_segment_is_refused() {
    let options = WalOptions {
        segment_bytes: 150,
        ..WalOptions::default()
    };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    write_through(&mut wal, &append(1, 1, 50));
    write_through(&mut wal, &append(2, 1, 50));
    let disk = wal.into_disk();
    let last = disk.contents()[FIRST].len() as u64 - 1;
    let error = Wal::inspect(&flipped(&disk, FIRST, last, 0x80), IDENTITY).unwrap_err();
    assert!(
        matches!(&error, OpenError::Damaged { file, evidence: Evidence::Closed, .. } if file == FIRST),
        "{error}"
    );
    // A closed segment that is merely shorter, by a whole batch, is told by its successor's header.
    let mut shorter = disk.contents();
    shorter
        .get_mut(FIRST)
        .unwrap()
        .truncate(usize::try_from(header_bytes()).unwrap());
    let error = Wal::inspect(&SimulatedDisk::from_contents(shorter).unwrap(), IDENTITY).unwrap_err();
    assert!(
        matches!(&error, OpenError::Inconsistent { file, .. } if file == SECOND),
        "{error}"
    );
    let mut missing = disk.contents();
    missing.remove(FIRST);
    let error = Wal::inspect(&SimulatedDisk::from_contents(missing).unwrap(), IDENTITY).unwrap_err();
    assert!(
        matches!(&error, OpenError::Missing { file } if file == FIRST),
        "{error}"
    );
}

#[test]
fn a_closed_segment_without_its_last_batch_is_refused_even_where_that_changed_nothing() {
    let options = WalOptions {
        segment_bytes: 200,
        ..WalOptions::default()
    };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    write_through(&mut wal, &append(1, 1, 1));
    while wal.segment().file_name() == FIRST {
        write_through(&mut wal, &nothing());
    }
    assert_eq!(wal.segment().file_name(), SECOND);
    let mut files = wal.disk().contents();
    let file = files.get_mut(FIRST).unwrap();
    file.truncate(file.len() - 32);
    let error = Wal::inspect(&SimulatedDisk::from_contents(files).unwrap(), IDENTITY).unwrap_err();
    assert!(
        matches!(&error, OpenError::Inconsistent { file, .. } if file == SECOND),
        "{error}"
    );
}

#[test]
fn a_damaged_header_is_refused_where_anything_follows_it() {
    let (disk, _) = disk_with(&[nothing()]);
    let error = Wal::inspect(&flipped(&disk, FIRST, 50, 1), IDENTITY).unwrap_err();
    assert!(
        matches!(
            &error,
            OpenError::Damaged {
                offset: 0,
                evidence: Evidence::Header,
                ..
            }
        ),
        "{error}"
    );
}

/// Every bit matters: one flip is refused, save in the last batch, where it can't be told from a tear, and in the
/// header of a segment with nothing in it, which states only what the segments before it say.
#[test]
fn no_bit_can_flip_unseen() {
    let first = Write {
        metadata: Some(metadata(1, Some(2))),
        ..append(1, 1, 40)
    };
    no_bit_of_these_can_flip_unseen(&[first, append(2, 1, 40), replace(2, 2, 40), append(3, 2, 9)]);
}

#[test]
fn no_bit_of_a_snapshot_or_of_its_record_can_flip_unseen() {
    no_bit_of_these_can_flip_unseen(&[
        append(1, 1, 9),
        append(2, 2, 9),
        compact(position(1, 1), 30),
        append(3, 2, 9),
        compact(position(3, 2), 5),
        compact(position(7, 4), 0),
        append(8, 4, 9),
    ]);
}

fn no_bit_of_these_can_flip_unseen(writes: &[Write]) {
    let options = WalOptions {
        segment_bytes: 250,
        ..WalOptions::default()
    };
    for count in 0..=writes.len() {
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
        // Where the last batch begins.
        let mut begin = None;
        for write in &writes[..count] {
            let before = (wal.segment(), wal.end());
            let sync = wal.begin(write).unwrap();
            let rolled = wal.segment() != before.0;
            begin = Some(if rolled { wal.synced() } else { before.1 });
            wal.settle(Wal::<SimulatedDisk>::sync(sync).unwrap());
        }
        let last_file = wal.segment().file_name();
        let disk = wal.into_disk();
        let states: Vec<_> = (0..=count).map(|count| state_after(&writes[..count])).collect();
        for (file, bytes) in disk.contents() {
            for bit in 0..bytes.len() as u64 * 8 {
                let damaged = flipped(&disk, &file, bit / 8, 1 << (bit % 8));
                let result = Wal::open(damaged, IDENTITY, options).map(|(_, recovered)| recovered);
                let in_last_batch = file == last_file && begin.is_some_and(|begin| bit / 8 >= begin);
                let is_snapshot = file.starts_with("snapshot-");
                match result {
                    Ok(recovered) if in_last_batch => {
                        assert!(
                            recovered.cut.is_some(),
                            "{file}, bit {bit}: a cut that is not reported"
                        );
                        assert_eq!(Model::of(&recovered), states[count - 1]);
                    }
                    Ok(recovered) => {
                        let is_old = is_snapshot && file != newest_snapshot(&disk);
                        assert!(count == 0 || is_old, "{file}, bit {bit}: accepted");
                        assert_eq!(Model::of(&recovered), states[count]);
                    }
                    Err(OpenError::Damaged { .. }) => {
                        assert!(!in_last_batch && !is_snapshot, "{file}, bit {bit}");
                    }
                    Err(OpenError::SnapshotDamaged { .. }) if is_snapshot => {}
                    // The record that named another is lost, and that one with it.
                    Err(OpenError::SnapshotMissing { .. }) => panic!("{file}, bit {bit}: removed too early"),
                    Err(other) => panic!("{file}, bit {bit}: {other}"),
                }
            }
        }
    }
}

fn newest_snapshot(disk: &SimulatedDisk) -> String {
    let snapshots = disk
        .contents()
        .into_keys()
        .filter(|name| name.starts_with("snapshot-"));
    snapshots.max().unwrap()
}

/// The last batch of `to`'s segment becomes that of `from`'s.
fn grafted(
    from: &SimulatedDisk,
    from_file: &str,
    to: &SimulatedDisk,
    to_file: &str,
    begin: u64,
) -> SimulatedDisk {
    let begin = usize::try_from(begin).unwrap();
    let graft = from.contents()[from_file][begin..].to_vec();
    let mut files = to.contents();
    let file = files.get_mut(to_file).unwrap();
    assert_ne!(file[begin..], graft);
    file.truncate(begin);
    file.extend(graft);
    SimulatedDisk::from_contents(files).unwrap()
}

#[test]
fn a_stale_batch_is_not_accepted() {
    let writes = [append(1, 1, 30), append(2, 1, 30)];
    let (disk, ends) = disk_with(&writes);
    let assert_cut = |disk: SimulatedDisk, kept: usize| {
        let recovered = Wal::inspect(&disk, IDENTITY).unwrap();
        assert_eq!(recovered.cut.map(|cut| cut.reason), Some(Damage::Checksum));
        assert_eq!(recovered.entries.len(), kept);
    };

    // Of another node, or another cluster, at the same place.
    for other in [
        Identity {
            node: NodeId::new(4),
            ..IDENTITY
        },
        Identity {
            cluster: ClusterId::new(8),
            ..IDENTITY
        },
    ] {
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), other, ONE_SEGMENT).unwrap();
        for write in &writes {
            write_through(&mut wal, write);
        }
        assert_cut(grafted(wal.disk(), FIRST, &disk, FIRST, ends[0]), 1);
    }

    // Of the same segment, at another place.
    let mut files = disk.contents();
    let file = files.get_mut(FIRST).unwrap();
    file.extend_from_within(usize::try_from(ends[0]).unwrap()..);
    assert_cut(SimulatedDisk::from_contents(files).unwrap(), 2);

    // Of another segment, at the same place.
    let options = WalOptions {
        segment_bytes: 150,
        ..WalOptions::default()
    };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    write_through(&mut wal, &replace(1, 1, 1));
    write_through(&mut wal, &replace(1, 1, 1));
    assert_eq!(wal.segment().file_name(), SECOND);
    assert_cut(grafted(wal.disk(), FIRST, wal.disk(), SECOND, header_bytes()), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        offset in 0..600usize,
    ) {
        let (disk, _) = disk_with(&[append(1, 1, 50), append(2, 1, 100), append(3, 1, 150)]);
        let mut files = disk.contents();
        let file = files.get_mut(FIRST).unwrap();
        let offset = offset.min(file.len());
        file.splice(offset.., bytes);
        let disk = SimulatedDisk::from_contents(files).unwrap();
        if let Ok((mut wal, recovered)) = Wal::open(disk, IDENTITY, ONE_SEGMENT) {
            write_through(&mut wal, &append(recovered.entries.len() as u64 + 1, 1, 1));
        }
    }
}
