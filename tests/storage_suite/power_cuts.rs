//! Power cuts, crashes and full disks: what comes back is a prefix of the batches, with all that was synced.

use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::DiskOp;
use raft_play::storage::simulated::{SimulatedDisk, Unsynced};
use raft_play::storage::wal::{Damage, OpenError, Wal, WalError, WalOptions};

use super::dying::Dying;
use super::support::*;

/// Begins these writes, of which the first `synced` are synced, and cuts the power in every way there is.
fn cut_everywhere(writes: &[Write], synced: usize, options: WalOptions) {
    for room_bytes in [0, 600] {
        cut_everywhere_with(
            writes,
            synced,
            WalOptions {
                room_bytes,
                ..options
            },
        );
    }
}

fn cut_everywhere_with(writes: &[Write], synced: usize, options: WalOptions) {
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    let mut legal = vec![Model::default()];
    for (nth, write) in writes.iter().enumerate() {
        if nth < synced {
            write_through(&mut wal, write);
        } else {
            wal.begin(write).unwrap();
        }
        legal.push(legal[nth].clone().after(write));
    }
    let mut found = vec![false; legal.len()];
    every_power_cut(wal.disk(), |disk| {
        let inspected = Wal::inspect(&disk, IDENTITY).expect("a power cut is no corruption");
        let (wal, recovered) = Wal::open(disk, IDENTITY, options).unwrap();
        assert_eq!(inspected, recovered);
        let model = Model::of(&recovered);
        let place = legal[synced..].iter().position(|state| *state == model);
        found[synced + place.expect("a prefix of the batches, and all that was synced")] = true;
        let again = Wal::inspect(wal.disk(), IDENTITY).unwrap();
        assert_eq!(
            (Model::of(&again), again.cut),
            (model, None),
            "what was recovered is sound now"
        );
        assert_eq!(wal.disk().unsynced_bytes(), 0, "and durable");
    });
    assert!(
        found[synced..].iter().all(|found| *found),
        "every prefix can be what is left: {found:?}"
    );
}

#[test]
fn a_power_cut_leaves_a_prefix_of_the_batches() {
    let writes = [
        append(1, 1, 40),
        append(2, 1, 700),
        append(3, 2, 30),
        append(4, 2, 500),
    ];
    for synced in 0..=3 {
        cut_everywhere(&writes[..3], synced, ONE_SEGMENT);
    }
    cut_everywhere(&writes, 2, ONE_SEGMENT);
}

#[test]
fn a_power_cut_does_not_mix_an_entry_with_the_one_that_replaced_it() {
    let first = Write {
        metadata: Some(metadata(1, None)),
        ..append(1, 1, 20)
    };
    let writes = [
        first,
        append(2, 1, 450),
        replace(2, 2, 450),
        Write {
            metadata: Some(metadata(3, Some(1))),
            ..nothing()
        },
    ];
    for synced in 0..=4 {
        cut_everywhere(&writes, synced, ONE_SEGMENT);
    }
}

#[test]
fn a_power_cut_may_come_right_after_a_new_segment() {
    let writes = [append(1, 1, 300), append(2, 1, 400), append(3, 1, 20)];
    let options = WalOptions {
        segment_bytes: 300,
        ..WalOptions::default()
    };
    // The third write closes the segment, and syncs it.
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    for write in &writes {
        wal.begin(write).unwrap();
    }
    assert_eq!(wal.segment().number(), 3);
    every_power_cut(wal.disk(), |disk| {
        let recovered = Wal::open(disk, IDENTITY, options).unwrap().1;
        assert!([state_after(&writes[..2]), state_after(&writes)].contains(&Model::of(&recovered)));
    });
}

#[test]
fn completions_out_of_order_claim_what_was_synced_and_no_more() {
    let writes = [append(1, 1, 30), replace(1, 2, 30), replace(1, 3, 30)];
    for settled in 0..3 {
        let (mut wal, _) = open(SimulatedDisk::new());
        let syncs: Vec<_> = writes.iter().map(|write| wal.begin(write).unwrap()).collect();
        wal.settle(syncs[settled]);
        assert_eq!(wal.synced(), syncs[settled].through());
        wal.settle(syncs[0]);
        assert_eq!(
            wal.synced(),
            syncs[settled].through(),
            "an earlier one takes nothing back"
        );
        let mut disk = wal.into_disk();
        disk.power_cut_losing_everything();
        assert_eq!(Model::of(&open(disk).1), state_after(&writes[..=settled]));
    }
}

#[test]
fn a_torn_tail_is_cut_even_where_sound_batches_follow_it() {
    let (mut wal, _) = open(SimulatedDisk::new());
    let writes = [append(1, 1, 30), append(2, 1, 600), append(3, 1, 600)];
    write_through(&mut wal, &writes[0]);
    let tail = wal.end();
    wal.begin(&writes[1]).unwrap();
    wal.begin(&writes[2]).unwrap();
    let end = wal.end();
    // Of all sectors only the second is lost: in the middle of the second batch, before a sound third one.
    let mut disk = wal.into_disk();
    disk.power_cut(&mut |place, most| match place {
        Unsynced::Sector { sector: 1, .. } => 0,
        _ => most,
    });
    let (mut wal, recovered) = open(disk);
    assert_eq!(Model::of(&recovered), state_after(&writes[..1]));
    let cut = recovered.cut.expect("a tail was cut");
    assert_eq!(
        (cut.file.as_str(), cut.offset, cut.bytes, cut.reason),
        (FIRST, tail, end - tail, Damage::Checksum)
    );
    // What comes next is not mixed with what was cut.
    write_through(&mut wal, &append(2, 2, 5));
    let recovered = open(wal.into_disk()).1;
    assert_eq!(
        Model::of(&recovered),
        state_after(&[writes[0].clone(), append(2, 2, 5)])
    );
}
#[test]
fn a_crash_during_recovery_loses_nothing() {
    let writes = [append(1, 1, 30), append(2, 1, 500), append(3, 1, 300)];
    let (mut wal, _) = open(SimulatedDisk::new());
    write_through(&mut wal, &writes[0]);
    wal.begin(&writes[1]).unwrap();
    wal.begin(&writes[2]).unwrap();
    let legal: Vec<_> = (1..=3).map(|count| state_after(&writes[..count])).collect();
    let check = |disk: &SimulatedDisk| {
        every_power_cut(disk, |disk| {
            assert!(legal.contains(&Model::of(&open(disk).1)));
        });
    };
    every_power_cut(wal.disk(), |torn| {
        for left in 0.. {
            let mut dying = Dying {
                disk: torn.clone(),
                left,
            };
            match Wal::open(&mut dying, IDENTITY, ONE_SEGMENT) {
                Ok(_) => break,
                Err(OpenError::Disk { .. }) => check(&dying.disk),
                Err(other) => panic!("{other}"),
            }
        }
    });
}

#[test]
fn a_crash_while_a_segment_is_made_loses_nothing() {
    let options = WalOptions {
        segment_bytes: 200,
        ..WalOptions::default()
    };
    let writes = [append(1, 1, 300), append(2, 1, 30)];
    let legal = [state_after(&writes[..1]), state_after(&writes)];
    for left in 0..12 {
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
        write_through(&mut wal, &writes[0]);
        let dying = Dying {
            disk: wal.into_disk(),
            left: left + 4,
        };
        // Opening spends a few changes too.
        let Ok((mut wal, _)) = Wal::open(dying, IDENTITY, options) else {
            continue;
        };
        let begun = wal.begin(&writes[1]);
        if begun.is_err() {
            assert!(matches!(wal.begin(&writes[1]), Err(WalError::Failed)));
            assert_eq!(wal.image(), None);
        }
        let disk = wal.into_disk().disk;
        let (mut wal, crashed) = Wal::open(disk.clone(), IDENTITY, options).unwrap();
        let next = append(crashed.entries.last_index().number() + 1, 2, 1);
        let expected = Model::of(&crashed).after(&next);
        assert!(legal.contains(&Model::of(&crashed)));
        write_through(&mut wal, &next);
        let mut later = wal.into_disk();
        later.power_cut_losing_everything();
        assert_eq!(
            Model::of(&open(later).1),
            expected,
            "the segment's name is durable too"
        );
        every_power_cut(&disk, |disk| {
            let (mut wal, recovered) = Wal::open(disk, IDENTITY, options).unwrap();
            assert!(legal.contains(&Model::of(&recovered)));
            let next = recovered.entries.last_index().number() + 1;
            write_through(&mut wal, &append(next, 2, 1));
        });
    }
}

#[test]
fn a_full_disk_is_a_clean_error_and_the_log_opens_again() {
    let writes = [append(1, 1, 30), append(2, 1, 300)];
    for room in 0..=400 {
        let (mut wal, _) = open(SimulatedDisk::new());
        write_through(&mut wal, &writes[0]);
        let used = wal.disk().used();
        wal.disk_mut().set_capacity(Some(used + room));
        let Err(WalError::Disk { file, source }) = wal.begin(&writes[1]) else {
            assert!(room > 300, "{room} bytes are not enough");
            continue;
        };
        assert_eq!(
            (file.as_str(), source.kind()),
            (FIRST, std::io::ErrorKind::StorageFull)
        );
        assert!(
            matches!(wal.begin(&nothing()), Err(WalError::Failed)),
            "it does not go on"
        );
        let (wal, recovered) = open(wal.into_disk());
        assert_eq!(Model::of(&recovered), state_after(&writes[..1]));
        assert_eq!(recovered.cut.is_some(), room > 0);
        assert_eq!(wal.disk().used(), used);
    }
}

#[test]
fn a_failed_sync_is_reported_and_what_it_left_is_written_again() {
    let (mut wal, _) = open(SimulatedDisk::new());
    write_through(&mut wal, &append(1, 1, 30));
    wal.disk_mut().set_syncs_fail(true);
    let (marked, sync) = (wal.synced(), wal.begin(&append(2, 1, 30)).unwrap());
    assert!(matches!(
        Wal::<SimulatedDisk>::sync(sync),
        Err(WalError::Disk { .. })
    ));
    let mut disk = wal.into_disk();
    assert!(matches!(
        Wal::open(disk.clone(), IDENTITY, ONE_SEGMENT),
        Err(OpenError::Disk { .. })
    ));
    disk.set_syncs_fail(false);
    disk.enable_journal();
    let (mut wal, recovered) = open(disk);
    assert_eq!(recovered.entries.len(), 2);
    // A page that a failed sync has left marked clean is written to the device only when it is written to again.
    let rewritten = wal.disk_mut().drain_journal().into_iter().any(|op| match op {
        DiskOp::Write { offset, bytes, .. } => {
            offset <= marked && offset + bytes.len() as u64 == sync.through()
        }
        _ => false,
    });
    assert!(rewritten, "everything behind the mark is written again");
}

/// A sync of an earlier batch may have failed, and nobody has said so yet when the segment is full. A sync of the same pages
/// would then succeed without having written them.
#[test]
fn a_segment_is_closed_only_when_what_no_sync_vouches_for_is_written_again() {
    let options = WalOptions {
        segment_bytes: 200,
        ..WalOptions::default()
    };
    for settled in [false, true] {
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
        let (begin, sync) = (wal.end(), wal.begin(&append(1, 1, 100)).unwrap());
        if settled {
            wal.settle(sync);
        }
        wal.disk_mut().enable_journal();
        wal.begin(&append(2, 1, 5)).unwrap();
        assert_eq!(wal.segment().file_name(), SECOND);
        let rewritten = wal.disk_mut().drain_journal().into_iter().any(|op| match op {
            DiskOp::Write { name, offset, bytes } => {
                name == FIRST && offset == begin && offset + bytes.len() as u64 == sync.through()
            }
            _ => false,
        });
        assert_eq!(rewritten, !settled);
    }
}

/// Room is no torn tail: it is kept, reported by nobody, and written over. Where anything stands in it, it was not room.
#[test]
fn zeros_up_to_the_end_are_room_and_nothing_else_is() {
    let options = WalOptions {
        room_bytes: 4096,
        ..ONE_SEGMENT
    };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    let writes = [append(1, 1, 30), append(2, 1, 30), append(3, 1, 5_000)];
    let mut lens = Vec::new();
    for write in &writes {
        write_through(&mut wal, write);
        lens.push(wal.disk().contents()[FIRST].len());
        let end = usize::try_from(wal.end()).unwrap();
        assert!(wal.disk().contents()[FIRST][end..].iter().all(|byte| *byte == 0));
    }
    assert_eq!(lens, [4096, 4096, 8192], "the second was written over room");
    let (end, mut files) = (usize::try_from(wal.end()).unwrap(), wal.into_disk().contents());
    let disk = SimulatedDisk::from_contents(files.clone()).unwrap();
    let (mut wal, recovered) = Wal::open(disk, IDENTITY, options).unwrap();
    assert_eq!(
        (Model::of(&recovered), recovered.cut),
        (state_after(&writes), None)
    );
    write_through(&mut wal, &append(4, 1, 5));
    assert_eq!(
        wal.disk().contents()[FIRST].len(),
        8192,
        "the room is still there"
    );
    for place in [end, end + 100, 8191] {
        files.get_mut(FIRST).unwrap()[place] = 1;
        let disk = SimulatedDisk::from_contents(files.clone()).unwrap();
        let (wal, recovered) = Wal::open(disk, IDENTITY, options).unwrap();
        let cut = recovered.cut.as_ref().map(|cut| cut.offset);
        assert_eq!(cut, Some(end as u64), "byte {place}");
        assert_eq!(Model::of(&recovered), state_after(&writes));
        assert_eq!(wal.disk().contents()[FIRST].len(), end);
        files.get_mut(FIRST).unwrap()[place] = 0;
    }
}

/// A segment that has a successor ends with its last batch: the successor's header says where that is.
#[test]
fn a_segment_is_closed_without_its_room() {
    let options = WalOptions {
        segment_bytes: 1_000,
        room_bytes: 4096,
    };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    write_through(&mut wal, &append(1, 1, 30));
    assert_eq!(
        wal.disk().contents()[FIRST].len(),
        1_000,
        "no room past the segment's end"
    );
    let taken = Write {
        snapshot: Some(snapshot(position(1, 1), 10)),
        ..nothing()
    };
    write_through(&mut wal, &taken);
    let end = usize::try_from(wal.end()).unwrap();
    write_through(&mut wal, &append(2, 1, 30));
    assert_eq!(wal.segment().number(), 2);
    assert_eq!(wal.disk().contents()[FIRST].len(), end);
    every_power_cut(wal.disk(), |disk| {
        Wal::open(disk, IDENTITY, options).unwrap();
    });
}
