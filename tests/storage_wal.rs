//! The write-ahead log: what it recovers after crashes, power cuts and corruption.

#[path = "storage_support/model.rs"]
mod model;

use model::*;
use proptest::prelude::*;
use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::real::RealDisk;
use raft_play::storage::simulated::{SimulatedDisk, SimulatedSync};
use raft_play::storage::wal::{
    Damage, Evidence, Identity, OpenError, OutOfPlace, Wal, WalError, WalImage, WalOptions, WalSync,
};
use raft_play::types::disk::Disk;
use raft_play::types::{ClusterId, Entries, Entry, LogIndex, NodeId, Term};

const FIRST: &str = "wal-0000000001.log";
const SECOND: &str = "wal-0000000002.log";

/// How long a segment's header is: where the first batch begins.
fn header_bytes() -> u64 {
    open(SimulatedDisk::new()).0.end()
}

/// A disk with these writes, all durable, and where each batch ends.
fn disk_with(writes: &[Write]) -> (SimulatedDisk, Vec<u64>) {
    let (mut wal, _) = open(SimulatedDisk::new());
    let mut ends = Vec::new();
    for write in writes {
        write_through(&mut wal, write);
        ends.push(wal.end());
    }
    (wal.into_disk(), ends)
}

/// The disk with a byte changed.
fn flipped(disk: &SimulatedDisk, file: &str, offset: u64, mask: u8) -> SimulatedDisk {
    let mut files = disk.contents();
    files.get_mut(file).unwrap()[usize::try_from(offset).unwrap()] ^= mask;
    SimulatedDisk::from_contents(files).unwrap()
}

fn state_after(writes: &[Write]) -> Model {
    writes
        .iter()
        .fold(Model::default(), |model, write| model.after(write))
}

// ---- one body for every disk

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
        let options = WalOptions { segment_bytes: 1024 };
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

// ---- power cuts

/// Begins these writes, of which the first `synced` are synced, and cuts the power in every way there is.
fn cut_everywhere(writes: &[Write], synced: usize, options: WalOptions) {
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
    let options = WalOptions { segment_bytes: 300 };
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
        raft_play::storage::simulated::Unsynced::Sector { sector: 1, .. } => 0,
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

// ---- a disk that stops in the middle

/// A disk that refuses everything after a number of changes, as if the power had gone.
struct Dying {
    disk: SimulatedDisk,
    left: usize,
}

impl Dying {
    fn spend(&mut self) -> std::io::Result<&mut SimulatedDisk> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| std::io::Error::other("the power is gone"))?;
        Ok(&mut self.disk)
    }
}

impl Disk for Dying {
    type Sync = SimulatedSync;
    type Synced = SimulatedSync;

    fn list(&self) -> std::io::Result<Vec<String>> {
        self.disk.list()
    }
    fn read(&self, name: &str) -> std::io::Result<Vec<u8>> {
        self.disk.read(name)
    }
    fn create(&mut self, name: &str) -> std::io::Result<()> {
        self.spend()?.create(name)
    }
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.spend()?.write_at(name, offset, bytes)
    }
    fn set_len(&mut self, name: &str, len: u64) -> std::io::Result<()> {
        self.spend()?.set_len(name, len)
    }
    fn rename(&mut self, from: &str, to: &str) -> std::io::Result<()> {
        self.spend()?.rename(from, to)
    }
    fn remove(&mut self, name: &str) -> std::io::Result<()> {
        self.spend()?.remove(name)
    }
    fn sync_directory(&mut self) -> std::io::Result<()> {
        self.spend()?.sync_directory()
    }
    fn begin_sync(&mut self, name: &str) -> std::io::Result<SimulatedSync> {
        self.spend()?.begin_sync(name)
    }
    fn sync(sync: SimulatedSync) -> std::io::Result<SimulatedSync> {
        SimulatedDisk::sync(sync)
    }
    fn settle(&mut self, synced: SimulatedSync) {
        self.disk.settle(synced);
    }
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

/// The same disk, borrowed, so that it is still there when opening has failed.
impl Disk for &mut Dying {
    type Sync = SimulatedSync;
    type Synced = SimulatedSync;

    fn list(&self) -> std::io::Result<Vec<String>> {
        (**self).list()
    }
    fn read(&self, name: &str) -> std::io::Result<Vec<u8>> {
        (**self).read(name)
    }
    fn create(&mut self, name: &str) -> std::io::Result<()> {
        (**self).create(name)
    }
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        (**self).write_at(name, offset, bytes)
    }
    fn set_len(&mut self, name: &str, len: u64) -> std::io::Result<()> {
        (**self).set_len(name, len)
    }
    fn rename(&mut self, from: &str, to: &str) -> std::io::Result<()> {
        (**self).rename(from, to)
    }
    fn remove(&mut self, name: &str) -> std::io::Result<()> {
        (**self).remove(name)
    }
    fn sync_directory(&mut self) -> std::io::Result<()> {
        (**self).sync_directory()
    }
    fn begin_sync(&mut self, name: &str) -> std::io::Result<SimulatedSync> {
        (**self).begin_sync(name)
    }
    fn sync(sync: SimulatedSync) -> std::io::Result<SimulatedSync> {
        SimulatedDisk::sync(sync)
    }
    fn settle(&mut self, synced: SimulatedSync) {
        (**self).settle(synced);
    }
}

#[test]
fn a_crash_while_a_segment_is_made_loses_nothing() {
    let options = WalOptions { segment_bytes: 200 };
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
        let crashed = Wal::open(disk.clone(), IDENTITY, options).unwrap().1;
        assert!(legal.contains(&Model::of(&crashed)));
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
        raft_play::storage::DiskOp::Write { offset, bytes, .. } => {
            offset <= marked && offset + bytes.len() as u64 == sync.through()
        }
        _ => false,
    });
    assert!(rewritten, "everything behind the mark is written again");
}

// ---- corruption

#[test]
fn damage_before_the_mark_is_refused_with_file_offset_and_reason() {
    let (disk, ends) = disk_with(&[append(1, 1, 30), append(2, 1, 30), append(3, 1, 30)]);
    let error = Wal::inspect(&flipped(&disk, FIRST, ends[0] + 50, 1), IDENTITY).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{FIRST}: damaged at byte {}, after index 1: the checksum does not match; everything before byte {} had \
             been synced",
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
    let options = WalOptions { segment_bytes: 150 };
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

/// Every bit matters: one flip is refused, save in the last batch, where it can't be told from a tear, and in the
/// header of a segment with nothing in it, which states only what the segments before it say.
#[test]
fn no_bit_can_flip_unseen() {
    let options = WalOptions { segment_bytes: 250 };
    let writes = [
        Write {
            metadata: Some(metadata(1, Some(2))),
            ..append(1, 1, 40)
        },
        append(2, 1, 40),
        replace(2, 2, 40),
        append(3, 2, 9),
    ];
    for count in 0..=writes.len() {
        let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
        let mut begins = Vec::new();
        for write in &writes[..count] {
            let before = (wal.segment(), wal.end());
            write_through(&mut wal, write);
            let rolled = wal.segment() != before.0;
            begins.push(if rolled { header_bytes() } else { before.1 });
        }
        let last_file = wal.segment().file_name();
        let disk = wal.into_disk();
        for (file, bytes) in disk.contents() {
            for bit in 0..bytes.len() as u64 * 8 {
                let damaged = flipped(&disk, &file, bit / 8, 1 << (bit % 8));
                let result = Wal::open(damaged, IDENTITY, options).map(|(_, recovered)| recovered);
                let in_last_batch = file == last_file && begins.last().is_some_and(|begin| bit / 8 >= *begin);
                match result {
                    Ok(recovered) if in_last_batch => {
                        assert!(
                            recovered.cut.is_some(),
                            "{file}, bit {bit}: a cut that is not reported"
                        );
                        assert_eq!(Model::of(&recovered), state_after(&writes[..count - 1]));
                    }
                    Ok(recovered) => {
                        assert_eq!(count, 0, "{file}, bit {bit}: accepted");
                        assert_eq!(Model::of(&recovered), Model::default());
                    }
                    Err(OpenError::Damaged { .. }) => assert!(!in_last_batch, "{file}, bit {bit}"),
                    Err(other) => panic!("{file}, bit {bit}: {other}"),
                }
            }
        }
    }
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
    let options = WalOptions { segment_bytes: 150 };
    let (mut wal, _) = Wal::open(SimulatedDisk::new(), IDENTITY, options).unwrap();
    write_through(
        &mut wal,
        &Write {
            metadata: Some(metadata(1, None)),
            ..nothing()
        },
    );
    write_through(
        &mut wal,
        &Write {
            metadata: Some(metadata(1, None)),
            ..nothing()
        },
    );
    assert_eq!(wal.segment().file_name(), SECOND);
    assert_cut(grafted(wal.disk(), FIRST, wal.disk(), SECOND, header_bytes()), 0);
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
                last: LogIndex::new(1),
            },
        ),
        (
            replace(0, 1, 1),
            OutOfPlace::Truncate {
                from: LogIndex::new(0),
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

// ---- saves

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

// ---- any sequence of anything

#[derive(Clone, Debug)]
enum Step {
    Write {
        metadata: Option<(u64, Option<u64>)>,
        keep: Option<u8>,
        lens: Vec<Option<usize>>,
    },
    Settle {
        nth: usize,
    },
    Crash,
    PowerCut {
        seed: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let metadata = prop::option::of((0..9u64, prop::option::of(1..6u64)));
    let keep = prop::option::weighted(0.3, any::<u8>());
    let lens = prop::collection::vec(prop::option::weighted(0.9, 0..700usize), 0..4);
    prop_oneof![
        8 => (metadata, keep, lens).prop_map(|(metadata, keep, lens)| Step::Write { metadata, keep, lens }),
        5 => any::<usize>().prop_map(|nth| Step::Settle { nth }),
        1 => Just(Step::Crash),
        2 => any::<u64>().prop_map(|seed| Step::PowerCut { seed }),
    ]
}

/// A log under test, and what it may hold if it all ended now.
struct Run {
    wal: Wal<SimulatedDisk>,
    options: WalOptions,
    mirror: SimulatedDisk,
    /// The state after each batch, from the last one that is known to be durable.
    states: Vec<Model>,
    pending: Vec<(usize, WalSync<SimulatedSync>)>,
    term: u64,
}

impl Run {
    fn new(segment_bytes: u64) -> Self {
        let options = WalOptions { segment_bytes };
        let mut disk = SimulatedDisk::new();
        disk.enable_journal();
        let (wal, _) = Wal::open(disk, IDENTITY, options).unwrap();
        let states = vec![Model::default()];
        Self {
            wal,
            options,
            mirror: SimulatedDisk::new(),
            states,
            pending: Vec::new(),
            term: 0,
        }
    }

    fn step(self, step: &Step) -> Self {
        match step {
            Step::Write { metadata, keep, lens } => self.write(*metadata, *keep, lens),
            Step::Settle { nth } => self.settle(*nth),
            Step::Crash => self.reopen(|_| (), 0),
            Step::PowerCut { seed } => {
                let cut = |disk: &mut SimulatedDisk| {
                    disk.power_cut(&mut |place, most| draw(*seed, &place) % (most + 1))
                };
                self.reopen(cut, usize::MAX)
            }
        }
    }

    fn write(
        mut self,
        term_and_vote: Option<(u64, Option<u64>)>,
        keep: Option<u8>,
        lens: &[Option<usize>],
    ) -> Self {
        let mut next = self.states.last().unwrap().clone();
        let kept = keep.map(|keep| usize::from(keep) % (next.entries.len() + 1));
        let first = kept.unwrap_or(next.entries.len()) as u64 + 1;
        self.term += 1;
        let term = Term::new(self.term);
        let entry = |len: &Option<usize>| match len {
            Some(len) => Entry::command(term, vec![0xA5; *len].into()),
            None => Entry::noop(term),
        };
        let write = Write {
            metadata: term_and_vote.map(|(term, vote)| metadata(term, vote)),
            truncate: kept.map(|kept| LogIndex::new(kept as u64 + 1)),
            append: Entries::new(LogIndex::new(first), lens.iter().map(entry).collect::<Vec<_>>()),
            ..nothing()
        };
        next.apply(&write);
        let segment = self.wal.segment();
        let sync = self.wal.begin(&write).unwrap();
        if self.wal.segment() != segment {
            // The closed segment was synced as a whole.
            self.forget(self.states.len() - 1);
        }
        self.states.push(next);
        self.pending.push((self.states.len() - 1, sync));
        self
    }

    fn settle(mut self, nth: usize) -> Self {
        if !self.pending.is_empty() {
            let (state, sync) = self.pending.remove(nth % self.pending.len());
            self.wal.settle(Wal::<SimulatedDisk>::sync(sync).unwrap());
            self.forget(state);
        }
        self
    }

    /// The states before this one can't come back.
    fn forget(&mut self, durable: usize) {
        self.states.drain(..durable);
        for (state, _) in &mut self.pending {
            *state = state.saturating_sub(durable);
        }
    }

    /// Ends the process, and begins a new one. At most `lost` batches may be gone.
    fn reopen(mut self, cut: impl FnOnce(&mut SimulatedDisk), lost: usize) -> Self {
        let mut disk = self.wal.into_disk();
        cut(&mut disk);
        let inspected = Wal::inspect(&disk, IDENTITY).unwrap();
        let (wal, recovered) = Wal::open(disk, IDENTITY, self.options).unwrap();
        assert_eq!(inspected, recovered);
        let model = Model::of(&recovered);
        let oldest = self.states.len().saturating_sub(1).saturating_sub(lost);
        assert!(
            self.states[oldest..].contains(&model),
            "{model:?} is none of {:?}",
            &self.states[oldest..]
        );
        self.wal = wal;
        self.states = vec![model];
        self.pending.clear();
        self
    }

    fn check(&mut self) {
        let disk = SimulatedDisk::restore(self.wal.disk().image()).unwrap();
        assert_eq!(&disk, self.wal.disk(), "an image is the whole disk");
        let image = self.wal.image().unwrap();
        let restored = Wal::restore(disk, IDENTITY, self.options, image).unwrap();
        assert_eq!(restored, self.wal, "an image is the whole log");
        for op in self.wal.disk_mut().drain_journal() {
            op.apply(&mut self.mirror).unwrap();
        }
        assert_eq!(
            self.mirror.contents(),
            self.wal.disk().contents(),
            "a mirror follows"
        );
    }
}

/// A number that depends on nothing but the seed and the place.
fn draw(seed: u64, place: &impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(seed);
    place.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_comes_back_is_a_prefix_with_all_that_was_synced(
        steps in prop::collection::vec(step(), 1..40),
        segment_bytes in 112..3000u64,
    ) {
        let mut run = Run::new(segment_bytes);
        for step in &steps {
            run = run.step(step);
            run.check();
        }
    }

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
