//! A disk that stops in the middle.

use std::io;

use raft_play::storage::simulated::{SimulatedDisk, SimulatedSync};
use raft_play::types::disk::Disk;

/// A disk that refuses everything after a number of changes, as if the power had gone.
pub struct Dying {
    pub disk: SimulatedDisk,
    pub left: usize,
}

impl Dying {
    fn spend(&mut self) -> io::Result<&mut SimulatedDisk> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| io::Error::other("the power is gone"))?;
        Ok(&mut self.disk)
    }
}

impl Disk for Dying {
    type Sync = SimulatedSync;
    type Synced = SimulatedSync;

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.disk.read(name)
    }
    fn create(&mut self, name: &str) -> io::Result<()> {
        self.spend()?.create(name)
    }
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.spend()?.write_at(name, offset, bytes)
    }
    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()> {
        self.spend()?.set_len(name, len)
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.spend()?.rename(from, to)
    }
    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.spend()?.remove(name)
    }
    fn sync_directory(&mut self) -> io::Result<()> {
        self.spend()?.sync_directory()
    }
    fn begin_sync(&mut self, name: &str) -> io::Result<SimulatedSync> {
        self.spend()?.begin_sync(name)
    }
    fn sync(sync: SimulatedSync) -> io::Result<SimulatedSync> {
        SimulatedDisk::sync(sync)
    }
    fn settle(&mut self, synced: SimulatedSync) {
        self.disk.settle(synced);
    }
}

/// The same disk, borrowed, so that it is still there when opening has failed.
impl Disk for &mut Dying {
    type Sync = SimulatedSync;
    type Synced = SimulatedSync;

    fn list(&self) -> io::Result<Vec<String>> {
        (**self).list()
    }
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        (**self).read(name)
    }
    fn create(&mut self, name: &str) -> io::Result<()> {
        (**self).create(name)
    }
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).write_at(name, offset, bytes)
    }
    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()> {
        (**self).set_len(name, len)
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        (**self).rename(from, to)
    }
    fn remove(&mut self, name: &str) -> io::Result<()> {
        (**self).remove(name)
    }
    fn sync_directory(&mut self) -> io::Result<()> {
        (**self).sync_directory()
    }
    fn begin_sync(&mut self, name: &str) -> io::Result<SimulatedSync> {
        (**self).begin_sync(name)
    }
    fn sync(sync: SimulatedSync) -> io::Result<SimulatedSync> {
        SimulatedDisk::sync(sync)
    }
    fn settle(&mut self, synced: SimulatedSync) {
        (**self).settle(synced);
    }
}
