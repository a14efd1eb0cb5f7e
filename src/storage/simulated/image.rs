//! A whole simulated disk in plain fields, for a save to write down and bring back.

use std::collections::{BTreeMap, BTreeSet};

use super::file::SimulatedFile;
use super::pages::Pages;
use super::{DirectoryOp, FileNumber, LONGEST_FILE, Names, OpNumber, SimulatedDisk, UnsyncedOp, name};
use crate::storage::simulated::FileOp;

/// A whole [`SimulatedDisk`] in plain fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DiskImage {
    /// Every file that has a name, or would have one after a power cut, in ascending order of their numbers.
    pub files: Vec<FileImage>,
    /// The changes to the directory since it was last synced, in order.
    pub directory: Vec<DirectoryOp>,
    /// The number of the file made last; 0 where there was none.
    pub last_file: FileNumber,
    /// The number of the change made last; 0 where there was none.
    pub last_op: OpNumber,
    /// [`SimulatedDisk::capacity`].
    pub capacity: Option<u64>,
    /// [`SimulatedDisk::syncs_fail`].
    pub syncs_fail: bool,
}

/// One file of a [`DiskImage`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileImage {
    /// Its number.
    pub number: FileNumber,
    /// The name under which a power cut that loses everything unsynced would leave it; `None` where its creation
    /// would be lost.
    pub durable_name: Option<String>,
    /// The bytes that such a power cut would leave.
    pub durable: Pages,
    /// The changes since, in order.
    pub unsynced: Vec<UnsyncedOp>,
}

/// Why a [`DiskImage`] is none of any disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// A name that no file may have.
    #[error("{name:?} is not a plain file name")]
    Name {
        /// The name.
        name: String,
    },
    /// Two files with one number, or a number that has not been given yet.
    #[error("file number {} is used twice or was never given", number.number())]
    FileNumber {
        /// The number.
        number: FileNumber,
    },
    /// Two files with one name.
    #[error("two files are called {name:?}")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// A change to the directory that could not have been made.
    #[error("the directory could not have been changed so: {op:?}")]
    Directory {
        /// The change.
        op: DirectoryOp,
    },
    /// Changes out of order, or of a number that has not been given yet.
    #[error("change {} of file {} is out of order", op.number(), file.number())]
    Order {
        /// The file.
        file: FileNumber,
        /// The change.
        op: OpNumber,
    },
    /// A file that is too long, or would be.
    #[error("file {} is longer than {LONGEST_FILE} bytes", file.number())]
    TooLong {
        /// The file.
        file: FileNumber,
    },
}

impl SimulatedDisk {
    /// The whole disk in plain fields. The journal is no part of it.
    pub fn image(&self) -> DiskImage {
        let names: BTreeMap<_, _> = self
            .durable_names
            .iter()
            .map(|(name, number)| (*number, name))
            .collect();
        let image = |(number, file): (&FileNumber, &SimulatedFile)| FileImage {
            number: *number,
            durable_name: names.get(number).map(|name| (*name).clone()),
            durable: file.durable().clone(),
            unsynced: file.unsynced().to_vec(),
        };
        DiskImage {
            files: self.files.iter().map(image).collect(),
            directory: self.directory.clone(),
            last_file: self.last_file,
            last_op: self.last_op,
            capacity: self.capacity,
            syncs_fail: self.syncs_fail,
        }
    }

    /// The disk of an image, which is checked: it may come from a file that a person has edited.
    pub fn restore(image: DiskImage) -> Result<Self, ImageError> {
        let mut disk = Self {
            last_file: image.last_file,
            last_op: image.last_op,
            capacity: image.capacity,
            syncs_fail: image.syncs_fail,
            ..Self::new()
        };
        for file in image.files {
            disk.restore_file(file)?;
        }
        disk.restore_directory(image.directory)?;
        Ok(disk)
    }

    fn restore_file(&mut self, image: FileImage) -> Result<(), ImageError> {
        let number = image.number;
        if number > self.last_file || self.files.contains_key(&number) {
            return Err(ImageError::FileNumber { number });
        }
        check_changes(&image, self.last_op)?;
        if let Some(name) = image.durable_name {
            check_name(&name)?;
            if self.durable_names.contains_key(&name) {
                return Err(ImageError::NameTwice { name });
            }
            self.durable_names.insert(name, number);
        }
        self.files
            .insert(number, SimulatedFile::new(image.durable, image.unsynced));
        Ok(())
    }

    fn restore_directory(&mut self, directory: Vec<DirectoryOp>) -> Result<(), ImageError> {
        self.names.clone_from(&self.durable_names);
        let mut named: BTreeSet<_> = self.durable_names.values().copied().collect();
        for op in &directory {
            if !self.could_apply(op, &mut named)? {
                return Err(ImageError::Directory { op: op.clone() });
            }
            op.apply(&mut self.names);
        }
        self.directory = directory;
        match self.files.keys().find(|number| !named.contains(number)) {
            Some(&number) => Err(ImageError::FileNumber { number }),
            None => Ok(()),
        }
    }

    /// Whether a change to the directory could be made now. `named` are the files that have had a name so far.
    fn could_apply(&self, op: &DirectoryOp, named: &mut BTreeSet<FileNumber>) -> Result<bool, ImageError> {
        let exists = |names: &Names, name: &String| names.contains_key(name);
        match op {
            DirectoryOp::Create { name, file } => {
                check_name(name)?;
                Ok(!exists(&self.names, name) && self.files.contains_key(file) && named.insert(*file))
            }
            DirectoryOp::Rename { from, to } => {
                check_name(to)?;
                Ok(exists(&self.names, from))
            }
            DirectoryOp::Remove { name } => Ok(exists(&self.names, name)),
        }
    }
}

fn check_name(name: &str) -> Result<(), ImageError> {
    if name::is_plain(name) {
        Ok(())
    } else {
        Err(ImageError::Name {
            name: name.to_owned(),
        })
    }
}

/// Checks the numbers of a file's changes, and how long they make it.
fn check_changes(image: &FileImage, last_op: OpNumber) -> Result<(), ImageError> {
    let file = image.number;
    let mut before = OpNumber::default();
    for unsynced in &image.unsynced {
        if unsynced.number <= before || unsynced.number > last_op {
            return Err(ImageError::Order {
                file,
                op: unsynced.number,
            });
        }
        before = unsynced.number;
    }
    let end = |op: &FileOp| match op {
        FileOp::Write { offset, bytes } => offset.saturating_add(bytes.len() as u64),
        FileOp::SetLen(len) => *len,
    };
    let ends = image
        .unsynced
        .iter()
        .map(|unsynced| end(&unsynced.op))
        .chain([image.durable.len() as u64]);
    if ends.max() > Some(LONGEST_FILE) {
        return Err(ImageError::TooLong { file });
    }
    Ok(())
}
