//! What is written comes back, from every disk; what does not fit is refused.

use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::real::RealDisk;
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{Identity, OpenError, OutOfPlace, Wal, WalError, WalImage, WalOptions};
use raft_play::types::disk::Disk;
use raft_play::types::{ClusterId, Entries, Entry, LogIndex, NodeId, Term};

use super::support::*;

fn a_log_comes_back<D: Disk>(mut disk: D, reopen: impl Fn(D) -> D) {
    let writes = [
        Write {
            metadata: Some(metadata(1, Some(3))),
            ..append(1, 1, 10)
        },
        append(2, 1, 0),
        Write {
            append: Entries::new(LogIndex::new(3), [Entry::noop(Term::new(2))]),
            ..nothing()
        },
        append(4, 2, 3000),
        replace(3, u64::MAX, 5),
        Write {
            metadata: Some(metadata(u64::MAX, None)),
            ..nothing()
        },
        nothing(),
        replace(1, 4, 1),
    ];
    let mut model = Model::default();
    for write in &writes {
        let options = WalOptions {
            segment_bytes: 1024,
            ..WalOptions::default()
        };
        let (mut wal, recovered) = Wal::open(disk, IDENTITY, options).unwrap();
        assert_eq!(Model::of(&recovered), model);
        assert_eq!(recovered.cut, None);
        write_through(&mut wal, write);
        model.apply(write);
        assert_eq!(
            Model::of(&Wal::inspect(wal.disk(), IDENTITY).unwrap()),
            model,
            "a reader sees it"
        );
        disk = reopen(wal.into_disk());
    }
    assert!(
        disk.list().unwrap().contains(&SECOND.to_owned()),
        "the log has grown past one segment"
    );
}

#[test]
fn a_log_comes_back_from_a_simulated_disk() {
    a_log_comes_back(SimulatedDisk::new(), |mut disk| {
        disk.power_cut_losing_everything();
        disk
    });
}

#[test]
fn a_log_comes_back_from_a_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    let open = || RealDisk::open(directory.path()).unwrap();
    a_log_comes_back(open(), |disk| {
        drop(disk);
        open()
    });
}

#[test]
fn the_files_are_the_same_on_every_disk() {
    let directory = tempfile::tempdir().unwrap();
    let (mut real, _) = open(RealDisk::open(directory.path()).unwrap());
    let (mut simulated, _) = open(SimulatedDisk::new());
    for write in [append(1, 1, 100), replace(1, 2, 2000), append(2, 2, 0)] {
        write_through(&mut real, &write);
        write_through(&mut simulated, &write);
    }
    assert_eq!(
        raft_play::storage::contents(real.disk()).unwrap(),
        simulated.disk().contents()
    );
}

#[test]
fn another_nodes_log_is_refused() {
    let (disk, _) = disk_with(&[append(1, 1, 30)]);
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
        let error = Wal::open(disk.clone(), other, ONE_SEGMENT).unwrap_err();
        assert!(matches!(error, OpenError::Foreign { found: IDENTITY, expected, .. } if expected == other));
    }
}

#[test]
fn writes_that_do_not_fit_are_refused() {
    let cases = [
        (
            append(3, 1, 1),
            OutOfPlace::Append {
                expected: LogIndex::new(2),
                found: LogIndex::new(3),
            },
        ),
        (
            append(1, 1, 1),
            OutOfPlace::Append {
                expected: LogIndex::new(2),
                found: LogIndex::new(1),
            },
        ),
        (
            replace(3, 1, 1),
            OutOfPlace::Truncate {
                from: LogIndex::new(3),
                base: LogIndex::GENESIS,
                last: LogIndex::new(1),
            },
        ),
        (
            replace(0, 1, 1),
            OutOfPlace::Truncate {
                from: LogIndex::new(0),
                base: LogIndex::GENESIS,
                last: LogIndex::new(1),
            },
        ),
    ];
    for (write, expected) in cases {
        let (disk, _) = disk_with(&[append(1, 1, 30)]);
        let (mut wal, _) = open(disk);
        let before = wal.disk().contents();
        assert!(matches!(wal.begin(&write), Err(WalError::OutOfPlace(found)) if found == expected));
        assert_eq!(wal.disk().contents(), before);
    }
}

#[test]
fn an_image_that_does_not_fit_is_refused() {
    let (mut disk, ends) = disk_with(&[append(1, 1, 30), append(2, 1, 30)]);
    let restore =
        |disk: &SimulatedDisk, synced| Wal::restore(disk.clone(), IDENTITY, ONE_SEGMENT, WalImage { synced });
    assert!(restore(&disk, ends[1]).is_ok());
    assert!(restore(&disk, ends[0]).is_ok());
    assert!(
        matches!(restore(&disk, ends[1] + 1), Err(OpenError::Image { .. })),
        "past the end"
    );
    assert!(
        matches!(restore(&disk, ends[0] - 1), Err(OpenError::Image { .. })),
        "before the mark"
    );
    assert!(
        matches!(restore(&SimulatedDisk::new(), 0), Err(OpenError::Image { .. })),
        "no log"
    );
    disk.set_len(FIRST, ends[1] - 1).unwrap();
    assert!(
        matches!(restore(&disk, ends[0]), Err(OpenError::Image { .. })),
        "a torn tail"
    );
}
