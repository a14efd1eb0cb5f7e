//! How a file comes into its place: as a whole, or not at all.
//!
//! The text is written beside its place under another name and synced; only then does it get its name, and only when the folder is
//! synced is it said to be there. So there is always a whole file: the one before, or the new one. The steps stand here once, over
//! a [`Folder`]; that of the file system is what the program uses, and `tests/crash_points.rs` gives another, which loses in a
//! power cut what a disk may lose.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Overwrite;

/// What it takes to put a file into its place.
pub trait Folder {
    /// A file that has no name of its own yet.
    type Temporary;

    /// Whether there is anything of this name: a file, a link, a folder.
    fn has(&self, name: &OsStr) -> bool;

    /// Makes a file beside the others that nobody takes for one of them.
    fn create(&mut self) -> io::Result<Self::Temporary>;

    /// Writes all of its bytes.
    fn write(&mut self, file: &mut Self::Temporary, bytes: &[u8]) -> io::Result<()>;

    /// Makes them durable.
    fn sync(&mut self, file: &mut Self::Temporary) -> io::Result<()>;

    /// Gives it its name, in place of what has it where that may be overwritten. Gives the file back where that fails.
    fn rename(
        &mut self,
        file: Self::Temporary,
        name: &OsStr,
        overwrite: Overwrite,
    ) -> Result<(), (io::Error, Self::Temporary)>;

    /// Makes names durable.
    fn sync_names(&mut self) -> io::Result<()>;

    /// Removes a file that never got a name.
    fn discard(&mut self, file: Self::Temporary);
}

/// Puts a text into its place under a name.
///
/// # Errors
///
/// `AlreadyExists` where there is something of that name which is not to be replaced; otherwise why it can't be written. What was there
/// before is then there still, and nothing else. Only where the names can't be synced is it open which of the two a power cut leaves.
pub fn put<F: Folder>(folder: &mut F, name: &OsStr, text: &str, overwrite: Overwrite) -> io::Result<()> {
    if overwrite == Overwrite::Ask && folder.has(name) {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut file = folder.create()?;
    let written = folder
        .write(&mut file, text.as_bytes())
        .and_then(|()| folder.sync(&mut file));
    let named = match written {
        Ok(()) => folder.rename(file, name, overwrite),
        Err(error) => Err((error, file)),
    };
    if let Err((error, file)) = named {
        folder.discard(file);
        return Err(error);
    }
    folder.sync_names()
}

/// A folder of the file system. A symbolic link in it is replaced, never followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealFolder {
    path: PathBuf,
}

impl RealFolder {
    /// The folder at a path.
    pub fn at(path: &Path) -> Self {
        Self { path: path.into() }
    }
}

impl Folder for RealFolder {
    type Temporary = NamedTempFile;

    fn has(&self, name: &OsStr) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_ok()
    }

    fn create(&mut self) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".raft-play-").suffix(".tmp");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(&self.path)
    }

    fn write(&mut self, file: &mut NamedTempFile, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&mut self, file: &mut NamedTempFile) -> io::Result<()> {
        file.as_file().sync_all()
    }

    fn rename(
        &mut self,
        file: NamedTempFile,
        name: &OsStr,
        overwrite: Overwrite,
    ) -> Result<(), (io::Error, NamedTempFile)> {
        let path = self.path.join(name);
        let named = match overwrite {
            Overwrite::Ask => file.persist_noclobber(path),
            Overwrite::Replace => file.persist(path),
        };
        named.map(drop).map_err(|refused| (refused.error, refused.file))
    }

    #[cfg(unix)]
    fn sync_names(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Elsewhere a folder can't be synced, and a rename is as durable as it gets.
    #[cfg(not(unix))]
    fn sync_names(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// It goes with its handle.
    fn discard(&mut self, file: NamedTempFile) {
        drop(file);
    }
}
