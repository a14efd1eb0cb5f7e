//! The folder that keeps the nodes' files between runs: one folder a node, and a note of what cluster it is.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The note's name.
const NOTE: &str = "cluster.ron";

/// The version of the folder's layout that this build reads and writes.
const VERSION: u32 = 1;

/// What the note says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    version: u32,
    nodes: u64,
    /// How many of them the cluster began with, where others joined since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    founders: Option<u64>,
}

/// Why a folder can't be used for a cluster's files.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// The file system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The note can't be read.
    #[error("{path}:{problem}; the folder is left as it is", path = path.display())]
    Note {
        /// The note.
        path: PathBuf,
        /// Where in it, and what.
        problem: String,
    },
    /// The note is of a later version.
    #[error("{path} is of version {found}; this build reads version {VERSION}", path = path.display())]
    Version {
        /// The note.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The folder holds something else.
    #[error("{path} holds files, but no cluster of raft-play; choose an empty or a new folder", path = path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds a cluster of another size.
    #[error(
        "{path} holds a cluster of {found} nodes, not {asked}; leave out --nodes, or choose another folder",
        path = path.display()
    )]
    OtherSize {
        /// The folder.
        path: PathBuf,
        /// How many nodes it holds.
        found: u64,
        /// How many were asked for.
        asked: u64,
    },
    /// The folder holds a cluster, and another was to be laid there.
    #[error("{path} holds a cluster already; a save can only be loaded into an empty or a new folder", path = path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
}

/// How many nodes' files a folder holds; `None` where it is empty or does not exist.
pub fn stored_nodes(folder: &Path) -> Result<Option<u64>, DataDirError> {
    Ok(stored_note(folder)?.map(|note| note.nodes))
}

fn stored_note(folder: &Path) -> Result<Option<Note>, DataDirError> {
    let failed = |source| DataDirError::Io {
        path: folder.to_owned(),
        source,
    };
    let path = folder.join(NOTE);
    match fs::read_to_string(&path) {
        Ok(text) => return read_note(&path, &text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(DataDirError::Io { path, source }),
    }
    match fs::read_dir(folder).map(Iterator::count) {
        Ok(0) => Ok(None),
        Ok(_) => Err(DataDirError::Foreign {
            path: folder.to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed(source)),
    }
}

fn read_note(path: &Path, text: &str) -> Result<Note, DataDirError> {
    let note: Note = ron::from_str(text).map_err(|error| {
        let problem = format!("{}: {}", error.span.start, error.code);
        DataDirError::Note {
            path: path.to_owned(),
            problem,
        }
    })?;
    if note.version == VERSION {
        Ok(note)
    } else {
        Err(DataDirError::Version {
            path: path.to_owned(),
            found: note.version,
        })
    }
}

/// Makes a folder ready for a cluster that powers on from it: a new one, or the one that it holds. Gives how many nodes the
/// cluster began with.
pub(super) fn power_on(folder: &Path, nodes: u64) -> Result<u64, DataDirError> {
    match stored_note(folder)? {
        None => mark(folder, nodes, nodes).map(|()| nodes),
        Some(note) if note.nodes == nodes => Ok(note.founders.unwrap_or(nodes).clamp(1, nodes)),
        Some(note) => Err(DataDirError::OtherSize {
            path: folder.to_owned(),
            found: note.nodes,
            asked: nodes,
        }),
    }
}

/// Whether a cluster that comes from a save may be laid into a folder: into one that is empty or is not there yet.
pub(super) fn check_vacant(folder: &Path) -> Result<(), DataDirError> {
    match stored_nodes(folder)? {
        None => Ok(()),
        Some(_) => Err(DataDirError::Occupied {
            path: folder.to_owned(),
        }),
    }
}

/// Takes the note away, durably, for as long as the nodes' files are being laid out.
pub(super) fn unmark(folder: &Path) -> Result<(), DataDirError> {
    let unmark = || {
        fs::create_dir_all(folder)?;
        match fs::remove_file(folder.join(NOTE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        File::open(folder)?.sync_all()
    };
    unmark().map_err(|source| DataDirError::Io {
        path: folder.to_owned(),
        source,
    })
}

/// Writes the note, whole or not at all: how many nodes there are, and how many the cluster began with.
pub(super) fn mark(folder: &Path, nodes: u64, founders: u64) -> Result<(), DataDirError> {
    let failed = |source| DataDirError::Io {
        path: folder.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let text = ron::to_string(&Note {
        version: VERSION,
        nodes,
        founders: (founders != nodes).then_some(founders),
    })
    .expect("numbers can be written");
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(folder.join(NOTE))?;
        File::open(folder)?.sync_all()
    };
    write().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_remembers_its_cluster() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        assert_eq!(stored_nodes(&folder).unwrap(), None);
        power_on(&folder, 5).unwrap();
        assert_eq!(stored_nodes(&folder).unwrap(), Some(5));
        power_on(&folder, 5).unwrap();
        assert!(matches!(
            power_on(&folder, 3),
            Err(DataDirError::OtherSize {
                found: 5,
                asked: 3,
                ..
            })
        ));
        assert!(matches!(
            check_vacant(&folder),
            Err(DataDirError::Occupied { .. })
        ));
        unmark(&folder).unwrap();
        assert_eq!(stored_nodes(&folder).unwrap(), None);
    }

    #[test]
    fn other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "").unwrap();
        assert!(matches!(
            power_on(folder.path(), 3),
            Err(DataDirError::Foreign { .. })
        ));
        assert!(!folder.path().join(NOTE).exists());
    }

    #[test]
    fn broken_and_future_notes_are_refused_with_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join(NOTE);
        fs::write(&note, "(version: 1,\n nodes: x)").unwrap();
        let error = stored_nodes(folder.path()).unwrap_err().to_string();
        assert!(error.contains("cluster.ron:2:"), "{error}");
        fs::write(&note, "(version: 2, nodes: 3)").unwrap();
        assert!(matches!(
            stored_nodes(folder.path()),
            Err(DataDirError::Version { found: 2, .. })
        ));
    }
}
