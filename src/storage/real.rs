//! A directory of the file system as a [`Disk`].
//!
//! One process at a time: opening takes an exclusive lock on the file `lock` in the directory, which the operating
//! system gives back when the process ends, however it ends. Only regular files directly in the directory are read,
//! written or listed; a symbolic link is refused. (Another process that swaps a file for a link between the check
//! and the opening is not guarded against: who can do that owns the directory.)
//!
//! A file stays open from its first write until that write is synced, so that the error of a failed write-back
//! reaches the sync that must report it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::name::{self, LOCK};
use crate::types::disk::Disk;

/// A directory of the file system, held exclusively.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
    handles: BTreeMap<String, Handle>,
    /// Holds the lock for as long as it is open.
    _lock: File,
}

/// A file open for writing.
#[derive(Debug)]
struct Handle {
    file: Arc<File>,
    /// How many changes have been made through it.
    changes: u64,
    /// How many of them have been synced.
    synced: u64,
}

/// A sync of one file of a [`RealDisk`].
#[derive(Debug)]
pub struct RealSync {
    name: String,
    file: Arc<File>,
    through: u64,
}

/// Why a directory can't be had.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Another process, or another part of this one, has it.
    #[error("{}: in use by another process", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The directory, or its lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl RealDisk {
    /// Takes a directory, which is made if there is none.
    pub fn open(directory: &Path) -> Result<Self, DirectoryError> {
        fs::create_dir_all(directory).map_err(|source| DirectoryError::Io {
            path: directory.into(),
            source,
        })?;
        let path = directory.join(LOCK);
        let lock = open_lock(&path).map_err(|source| DirectoryError::Io {
            path: path.clone(),
            source,
        })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                directory: directory.into(),
                handles: BTreeMap::new(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(DirectoryError::InUse {
                path: directory.into(),
            }),
            Err(TryLockError::Error(source)) => Err(DirectoryError::Io { path, source }),
        }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The path of a regular file that exists.
    fn existing(&self, name: &str) -> io::Result<PathBuf> {
        name::check(name)?;
        let path = self.directory.join(name);
        require_regular(&path)?;
        Ok(path)
    }

    /// The file, open for writing.
    fn handle(&mut self, name: &str) -> io::Result<&mut Handle> {
        if !self.handles.contains_key(name) {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(self.existing(name)?)?;
            self.handles.insert(name.to_owned(), Handle::new(file));
        }
        self.handles
            .get_mut(name)
            .ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Handle {
    fn new(file: File) -> Self {
        Self {
            file: Arc::new(file),
            changes: 0,
            synced: 0,
        }
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    match require_regular(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path),
    }
}

/// Refuses whatever is not a regular file, a symbolic link above all.
fn require_regular(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.file_type().is_file() {
        return Ok(());
    }
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        format!("{}: not a regular file", path.display()),
    ))
}

impl Disk for RealDisk {
    type Sync = RealSync;
    type Synced = RealSync;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if name::is_plain(&name) && entry.file_type()?.is_file() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.existing(name)?)
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        name::check(name)?;
        let path = self.directory.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        self.handles.insert(name.to_owned(), Handle::new(file));
        Ok(())
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let handle = self.handle(name)?;
        handle.changes += 1;
        let mut file = &*handle.file;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()> {
        let handle = self.handle(name)?;
        handle.changes += 1;
        handle.file.set_len(len)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        name::check(to)?;
        fs::rename(self.existing(from)?, self.directory.join(to))?;
        self.handles.remove(to);
        if let Some(handle) = self.handles.remove(from) {
            self.handles.insert(to.to_owned(), handle);
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.existing(name)?)?;
        self.handles.remove(name);
        Ok(())
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        self.handles.retain(|_, handle| handle.synced < handle.changes);
        sync_path(&self.directory)
    }

    fn begin_sync(&mut self, name: &str) -> io::Result<RealSync> {
        let handle = self.handle(name)?;
        Ok(RealSync {
            name: name.to_owned(),
            file: Arc::clone(&handle.file),
            through: handle.changes,
        })
    }

    fn sync(sync: RealSync) -> io::Result<RealSync> {
        sync.file.sync_data()?;
        Ok(sync)
    }

    fn settle(&mut self, synced: RealSync) {
        // The file may have been renamed, or another may have taken its name, since the sync began.
        let same = |handle: &&mut Handle| Arc::ptr_eq(&handle.file, &synced.file);
        if let Some(handle) = self.handles.get_mut(&synced.name).filter(same) {
            handle.synced = handle.synced.max(synced.through);
        }
    }
}

/// Syncs a directory. Windows has no such call and needs none: its file system journals names.
#[cfg(unix)]
fn sync_path(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as where it can fail")]
fn sync_path(_: &Path) -> io::Result<()> {
    Ok(())
}
