//! Texts that a person hands in: plain files of a bounded size, and nothing else is even opened.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TextError {
    /// The system does not let it be read.
    #[error("it can't be read: {0}")]
    Read(#[from] io::Error),
    /// It is a folder, a pipe, a device.
    #[error("it is no plain file")]
    NotAFile,
    /// It is larger than such a file has any reason to be.
    #[error("it is larger than {most} bytes, the most that is read")]
    TooLarge {
        /// The most, in bytes.
        most: u64,
    },
    /// It is something else than text.
    #[error("it is no text: byte {at} is not UTF-8")]
    NotText {
        /// The first byte that is none.
        at: usize,
    },
}

/// The text of a plain file of so many bytes at most. Anything else is not even opened: it may never end.
pub(crate) fn read_plain(path: &Path, most: u64) -> Result<String, TextError> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(TextError::NotAFile);
    }
    let check = |bytes: u64| match bytes {
        bytes if bytes > most => Err(TextError::TooLarge { most }),
        _ => Ok(()),
    };
    check(metadata.len())?;
    let mut bytes = Vec::new();
    File::open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    check(bytes.len() as u64)?;
    String::from_utf8(bytes).map_err(|error| TextError::NotText {
        at: error.utf8_error().valid_up_to(),
    })
}
