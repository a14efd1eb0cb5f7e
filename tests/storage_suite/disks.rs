//! Both disks are disks: the same body runs on each.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;

use proptest::prelude::*;
use raft_play::storage::real::{DirectoryError, RealDisk};
use raft_play::storage::simulated::{
    DirectoryOp, DiskImage, FileImage, FileNumber, FileOp, ImageError, LONGEST_FILE, OpNumber, SimulatedDisk,
    SimulatedSync, SyncOutcome, UnsyncedOp,
};
use raft_play::storage::{DiskOp, contents, mirror};
use raft_play::types::disk::Disk;

type Files = BTreeMap<String, Vec<u8>>;

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c.tmp"]).prop_map(str::to_owned)
}

fn op() -> impl Strategy<Value = DiskOp> {
    let bytes = prop::collection::vec(any::<u8>(), 0..700);
    prop_oneof![
        2 => name().prop_map(|name| DiskOp::Create { name }),
        5 => (name(), 0..1500u64, bytes).prop_map(|(name, offset, bytes)| {
            DiskOp::Write { name, offset, bytes: bytes.into() }
        }),
        2 => (name(), 0..1500u64).prop_map(|(name, len)| DiskOp::SetLen { name, len }),
        1 => (name(), name()).prop_map(|(from, to)| DiskOp::Rename { from, to }),
        1 => name().prop_map(|name| DiskOp::Remove { name }),
    ]
}

/// What a change does to files kept in the plainest way.
fn expect(files: &mut Files, op: &DiskOp) -> Result<(), ErrorKind> {
    match op {
        DiskOp::Create { name } if files.contains_key(name) => return Err(ErrorKind::AlreadyExists),
        DiskOp::Create { name } => {
            files.insert(name.clone(), Vec::new());
        }
        DiskOp::Write { name, offset, bytes } => {
            let file = files.get_mut(name).ok_or(ErrorKind::NotFound)?;
            for (place, byte) in (usize::try_from(*offset).unwrap()..).zip(bytes) {
                if place >= file.len() {
                    file.resize(place + 1, 0);
                }
                file[place] = *byte;
            }
        }
        DiskOp::SetLen { name, len } => {
            files
                .get_mut(name)
                .ok_or(ErrorKind::NotFound)?
                .resize(usize::try_from(*len).unwrap(), 0);
        }
        DiskOp::Rename { from, to } => {
            let file = files.remove(from).ok_or(ErrorKind::NotFound)?;
            files.insert(to.clone(), file);
        }
        DiskOp::Remove { name } => {
            files.remove(name).ok_or(ErrorKind::NotFound)?;
        }
    }
    Ok(())
}

fn behaves_as_a_disk(mut disk: impl Disk, ops: &[DiskOp]) {
    let mut files = Files::new();
    for op in ops {
        let result = op.apply(&mut disk).map_err(|error| error.kind());
        assert_eq!(result, expect(&mut files, op), "{op:?}");
        assert_eq!(contents(&disk).unwrap(), files);
    }
    for name in files.keys() {
        disk.sync_now(name).unwrap();
    }
    disk.sync_directory().unwrap();
    assert_eq!(contents(&disk).unwrap(), files);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_simulated_disk_is_a_disk(ops in prop::collection::vec(op(), 0..30)) {
        behaves_as_a_disk(SimulatedDisk::new(), &ops);
    }

    #[test]
    fn a_real_disk_is_a_disk(ops in prop::collection::vec(op(), 0..30)) {
        let directory = tempfile::tempdir().unwrap();
        behaves_as_a_disk(RealDisk::open(directory.path()).unwrap(), &ops);
    }

    #[test]
    fn a_disk_is_laid_onto_another(
        from in prop::collection::vec(op(), 0..20),
        to in prop::collection::vec(op(), 0..20),
    ) {
        let made = |ops: &[DiskOp]| {
            let mut disk = SimulatedDisk::new();
            for op in ops {
                let _ = op.apply(&mut disk);
            }
            disk
        };
        let (mut target, source) = (made(&from), made(&to).contents());
        mirror(&source, &mut target).unwrap();
        target.power_cut_losing_everything();
        prop_assert_eq!(target.contents(), source);
    }

    /// What a settled sync covers is what the file held when the sync began: nothing less survives, and nothing more.
    #[test]
    fn a_sync_covers_what_was_written_when_it_began(
        ops in prop::collection::vec(op(), 1..30),
        begun in any::<prop::sample::Index>(),
    ) {
        let mut disk = SimulatedDisk::new();
        disk.create("a").unwrap();
        disk.sync_directory().unwrap();
        let begun = begun.index(ops.len());
        let mut sync = None;
        let changes = ops.iter().filter(|op| matches!(op, DiskOp::Write { .. } | DiskOp::SetLen { .. }));
        for (nth, op) in changes.enumerate() {
            let _ = op.apply(&mut disk);
            if nth == begun {
                sync = Some((disk.begin_sync("a").unwrap(), disk.read("a").unwrap()));
            }
        }
        let (through, expected) = sync.map_or((None, Vec::new()), |(sync, bytes)| (Some(sync), bytes));
        if let Some(sync) = through {
            disk.settle(sync);
        }
        disk = SimulatedDisk::restore(disk.image()).unwrap();
        disk.power_cut_losing_everything();
        prop_assert_eq!(disk.read("a").unwrap(), expected);
    }
}

// ---- real disks

#[test]
fn a_directory_is_opened_once() {
    let directory = tempfile::tempdir().unwrap();
    let first = RealDisk::open(directory.path()).unwrap();
    let error = RealDisk::open(directory.path()).unwrap_err();
    assert!(matches!(error, DirectoryError::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!("{}: in use by another process", directory.path().display())
    );
    assert_eq!(first.list().unwrap(), [""; 0], "the lock is not listed");
    drop(first);
    RealDisk::open(directory.path()).expect("the lock is gone with its holder");
}

#[test]
fn names_lead_nowhere_else() {
    let outside = tempfile::tempdir().unwrap();
    let directory = outside.path().join("disk");
    let mut disk = RealDisk::open(&directory).unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    for name in ["../secret", "/etc/hostname", "lock", ".", "..", "a/b", ""] {
        assert_eq!(
            disk.read(name).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{name}"
        );
        assert_eq!(
            disk.create(name).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{name}"
        );
        assert_eq!(
            disk.write_at(name, 0, b"x").unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{name}"
        );
        assert_eq!(
            disk.remove(name).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{name}"
        );
    }
    disk.create("a").unwrap();
    assert!(disk.rename("a", "../a").is_err());
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let directory = outside.path().join("disk");
    let mut disk = RealDisk::open(&directory).unwrap();
    symlink(&secret, directory.join("link")).unwrap();
    assert_eq!(disk.list().unwrap(), [""; 0]);
    assert!(disk.read("link").is_err());
    assert!(disk.create("link").is_err());
    assert!(disk.write_at("link", 0, b"gone").is_err());
    assert!(disk.set_len("link", 0).is_err());
    assert!(disk.begin_sync("link").is_err());
    assert_eq!(fs::read_to_string(&secret).unwrap(), "secret");

    let locked_through = outside.path().join("other");
    fs::create_dir(&locked_through).unwrap();
    symlink(&secret, locked_through.join("lock")).unwrap();
    assert!(matches!(
        RealDisk::open(&locked_through),
        Err(DirectoryError::Io { .. })
    ));
}

#[test]
fn a_sync_may_settle_after_its_file_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let mut disk = RealDisk::open(directory.path()).unwrap();
    disk.create("a").unwrap();
    disk.write_at("a", 0, b"old").unwrap();
    let sync = disk.begin_sync("a").unwrap();
    disk.remove("a").unwrap();
    disk.create("a").unwrap();
    disk.write_at("a", 0, b"new").unwrap();
    let synced = RealDisk::sync(sync).unwrap();
    disk.settle(synced);
    disk.sync_directory().unwrap();
    assert_eq!(disk.read("a").unwrap(), b"new");
}

// ---- images of simulated disks

fn image() -> DiskImage {
    let write = |number| UnsyncedOp {
        number: OpNumber::new(number),
        op: FileOp::Write {
            offset: 0,
            bytes: vec![1].into(),
        },
    };
    DiskImage {
        files: vec![
            FileImage {
                number: FileNumber::new(1),
                durable_name: Some("a".into()),
                durable: vec![1, 2, 3].into(),
                unsynced: vec![write(4), write(6)],
            },
            FileImage {
                number: FileNumber::new(2),
                ..FileImage::default()
            },
        ],
        directory: vec![DirectoryOp::Create {
            name: "b".into(),
            file: FileNumber::new(2),
        }],
        last_file: FileNumber::new(2),
        last_op: OpNumber::new(6),
        capacity: Some(100),
        syncs_fail: false,
    }
}

#[test]
fn an_image_comes_back() {
    let disk = SimulatedDisk::restore(image()).unwrap();
    assert_eq!(disk.image(), image());
    assert_eq!(
        disk.contents(),
        Files::from([("a".into(), vec![1, 2, 3]), ("b".into(), vec![])])
    );
}

#[test]
fn an_image_of_no_disk_is_refused() {
    type Edit = fn(&mut DiskImage);
    let edits: [(Edit, ImageError); 10] = [
        (
            |image| image.files[0].durable_name = Some("../a".into()),
            ImageError::Name { name: "../a".into() },
        ),
        (
            |image| image.files[1].number = FileNumber::new(1),
            ImageError::FileNumber {
                number: FileNumber::new(1),
            },
        ),
        (
            |image| image.last_file = FileNumber::new(1),
            ImageError::FileNumber {
                number: FileNumber::new(2),
            },
        ),
        (
            |image| image.directory.clear(),
            ImageError::FileNumber {
                number: FileNumber::new(2),
            },
        ),
        (
            |image| image.files[1].durable_name = Some("a".into()),
            ImageError::NameTwice { name: "a".into() },
        ),
        (
            |image| image.directory[0] = DirectoryOp::Remove { name: "z".into() },
            ImageError::Directory {
                op: DirectoryOp::Remove { name: "z".into() },
            },
        ),
        (
            |image| {
                image.directory[0] = DirectoryOp::Create {
                    name: "a".into(),
                    file: FileNumber::new(2),
                }
            },
            ImageError::Directory {
                op: DirectoryOp::Create {
                    name: "a".into(),
                    file: FileNumber::new(2),
                },
            },
        ),
        (
            |image| image.last_op = OpNumber::new(5),
            ImageError::Order {
                file: FileNumber::new(1),
                op: OpNumber::new(6),
            },
        ),
        (
            |image| image.files[0].unsynced.swap(0, 1),
            ImageError::Order {
                file: FileNumber::new(1),
                op: OpNumber::new(4),
            },
        ),
        (
            |image| image.files[0].unsynced[1].op = FileOp::SetLen(LONGEST_FILE + 1),
            ImageError::TooLong {
                file: FileNumber::new(1),
            },
        ),
    ];
    for (edit, expected) in edits {
        let mut edited = image();
        edit(&mut edited);
        assert_eq!(SimulatedDisk::restore(edited), Err(expected));
    }
}

#[test]
fn a_sync_of_a_save_claims_nothing_that_was_not_written() {
    let mut disk = SimulatedDisk::restore(image()).unwrap();
    let untouched = disk.clone();
    disk.settle(SimulatedSync::new(
        FileNumber::new(9),
        OpNumber::new(9),
        SyncOutcome::Succeeds,
    ));
    assert_eq!(disk, untouched, "a file that is not there");
    disk.settle(SimulatedSync::new(
        FileNumber::new(1),
        OpNumber::new(5),
        SyncOutcome::Succeeds,
    ));
    assert_eq!(
        disk.image().files[0].unsynced.len(),
        1,
        "the later of two changes is still unsynced"
    );
}

#[test]
fn a_file_too_long_is_refused() {
    let mut disk = SimulatedDisk::new();
    disk.create("a").unwrap();
    for offset in [LONGEST_FILE, u64::MAX] {
        assert_eq!(
            disk.write_at("a", offset, b"x").unwrap_err().kind(),
            ErrorKind::FileTooLarge
        );
    }
    assert_eq!(
        disk.set_len("a", LONGEST_FILE + 1).unwrap_err().kind(),
        ErrorKind::FileTooLarge
    );
}
