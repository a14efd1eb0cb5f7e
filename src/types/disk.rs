//! A disk, at the level of bytes: what the log store asks of real files, of memory, and of a simulated disk
//! that loses in a power cut what a file system may lose.

use std::io;

/// A flat folder of files that belongs to one node.
///
/// Writes change what a reader sees at once. What survives a power cut is another matter: a file's bytes when a
/// sync begun after they were written has settled, a creation, rename or removal when
/// [`sync_directory`](Self::sync_directory) has returned after it.
///
/// A sync has three parts, so that the slow one can run on another thread: [`begin_sync`](Self::begin_sync) says
/// what is to be made durable, [`sync`](Self::sync) does it, [`settle`](Self::settle) tells the disk that it is done.
///
/// # Errors
///
/// Every method gives the operating system's error, or one of the same kind: `NotFound`, `StorageFull`,
/// `AlreadyExists`. After a failed sync the caller must not sync the same file again and trust it: pages may have
/// been marked clean.
pub trait Disk: Send {
    /// A sync under way. It can move to another thread.
    type Sync: Send + 'static;
    /// A sync that has succeeded, still to be settled.
    type Synced: Send + 'static;

    /// The names of all files, in ascending order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// The whole of a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Makes an empty file, which must not exist yet.
    fn create(&mut self, name: &str) -> io::Result<()>;

    /// Writes at `offset`, lengthening the file as needed. A short write is an error.
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts or lengthens (with zeros) a file.
    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()>;

    /// Gives a file another name, replacing what had it.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable.
    fn sync_directory(&mut self) -> io::Result<()>;

    /// Begins to make durable what has been written to a file so far.
    fn begin_sync(&mut self, name: &str) -> io::Result<Self::Sync>;

    /// Does it. Blocks for as long as the device takes.
    fn sync(sync: Self::Sync) -> io::Result<Self::Synced>;

    /// Takes note that it is done.
    fn settle(&mut self, synced: Self::Synced);

    /// Begins, does and settles a sync of one file.
    fn sync_now(&mut self, name: &str) -> io::Result<()> {
        let sync = self.begin_sync(name)?;
        let synced = Self::sync(sync)?;
        self.settle(synced);
        Ok(())
    }
}
