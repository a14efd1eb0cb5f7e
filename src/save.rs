//! Files that a person can read and write: RON, versioned, checked on the way in.
//!
//! # A save
//!
//! A whole cluster between two steps. Only its nodes are needed; five that have just started are
//!
//! ```
//! # raft_play::save::parse(r#"
//! (nodes: 5)
//! # "#, "doc")?;
//! # Ok::<(), raft_play::save::SaveError>(())
//! ```
//!
//! and all else has a default. A leader of term 2 whose last entry nobody else has, cut off from who could take it:
//!
//! ```
//! # let save = raft_play::save::parse(r#"
//! (
//!     title: "Alone with a value",
//!     notes: ["S1 leads, but nobody hears it. Will x=2 survive?", "It will not: S2 or S3 wins term 3 without it."],
//!     partition: [[1], [2, 3]],
//!     nodes: [
//!         (role: Leader, log: [1, (1, "x=1"), (2, "x=2")], commit: 2),
//!         (term: 2, log: [1, (1, "x=1")], commit: 2, timer: 0.15),
//!         (term: 2, log: [1, (1, "x=1")], commit: 2, timer: 0.25),
//!     ],
//! )
//! # "#, "doc")?;
//! # assert_eq!(save.notes.len(), 2);
//! # Ok::<(), raft_play::save::SaveError>(())
//! ```
//!
//! What the program writes is of the same form and holds everything: loaded again, the cluster goes on exactly as the one
//! that was never saved. Term, vote and log stand there to be read; the bytes of the disk, from which the node would
//! start, stand behind them and must say the same.
//!
//! A save is written beside its place and then renamed into it, so that there is always a whole one. What is read is
//! not trusted: its size, its lists, its numbers and its texts are bounded, and a [`World`] is made of it before it is
//! called sound.

mod error;
mod format;
mod lay_out;
mod locate;
pub mod place;
mod read;
mod recent;
mod render;
pub(crate) mod scalar;
pub mod script;
pub(crate) mod seconds;
#[cfg(feature = "cli")]
pub mod share;
mod shelf;
pub(crate) mod text;

use std::ops::Range;

use ron::Options;
use ron::error::SpannedError;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

pub use self::error::{SaveError, SyntaxError};
use self::format::{Head, SaveFile};
use self::locate::{Place, locate};
use self::read::Located;
use self::scalar::neutralised;
pub use self::shelf::{
    Listed, Origin, Overwrite, Shelf, last_path, list, load, resolve_target, write, write_last, write_text,
};
pub(crate) use self::shelf::{shipped, shipped_names};
use crate::lesson::Step;
use crate::machine::KeyValue;
use crate::playground::{HostKind, TRACE_VERSION, TimedCommand, World, WorldImage};

/// The version of the format that this build writes, and the only one that it reads.
pub const SAVE_VERSION: u64 = 1;
/// The largest save that is read unless more is asked for, in bytes.
pub const BYTES_MAX: u64 = 16 << 20;

/// A cluster, and what its author says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// Its title.
    pub title: Option<String>,
    /// What is shown beside it, step by step.
    pub notes: Vec<Step>,
    /// The cluster.
    pub image: WorldImage,
    /// What is still to be done to it, and when: for the most part nothing.
    pub then: Vec<TimedCommand>,
}

/// Reads the text of a save. `name` is what errors call it.
///
/// # Errors
///
/// Where the text is no save, or one of no possible cluster.
pub fn parse(text: &str, name: &str) -> Result<Save, SaveError> {
    check_length(text.len() as u64, name, BYTES_MAX)?;
    parse_any(text, name)
}

/// [`parse`], whatever its length.
fn parse_any(text: &str, name: &str) -> Result<Save, SaveError> {
    let head = head_of(text, name)?;
    check_trace(&head, name)?;
    if head.nodes.is_none() {
        return Err(SaveError::Scene {
            name: name.to_owned(),
            place: String::new(),
            problem: "it has no `nodes`; the shortest save is (nodes: 5)".to_owned(),
        });
    }
    let file: SaveFile = from_ron(text).map_err(|error| SyntaxError::of(&error, name))?;
    let title = file.title.as_deref().map(neutralised);
    let notes = file.notes.iter().map(|note| note.reworded(neutralised)).collect();
    let mut then: Vec<TimedCommand> = file.then.iter().cloned().map(TimedCommand::from).collect();
    // A stable sort: those of the same moment stay as they stand.
    then.sort_by_key(|timed| (timed.at, timed.after));
    let image = read::image_of(file).map_err(|Located { place, problem }| SaveError::Scene {
        name: name.to_owned(),
        place: place_in(text, place),
        problem: problem.0,
    })?;
    let trial = World::<KeyValue>::restore(image.clone(), HostKind::Inline, None);
    trial.map_err(|source| SaveError::Image {
        name: name.to_owned(),
        place: place_in(text, source.node().map(Place::Node)),
        source: Box::new(source),
    })?;
    if let Some(first) = then.first().filter(|first| first.at < image.now) {
        return Err(SaveError::Scene {
            name: name.to_owned(),
            place: place_in(text, Some(Place::Field("then"))),
            problem: format!(
                "at {} s it is too late to do what `then` says for {} s",
                image.now, first.at
            ),
        });
    }
    Ok(Save {
        title,
        notes,
        image,
        then,
    })
}

/// [`parse`], of a save that is part of a longer text: errors say where it stands in the whole.
pub(crate) fn parse_part(whole: &str, part: Range<usize>, name: &str) -> Result<Save, SaveError> {
    let (before, part) = match (whole.get(..part.start), whole.get(part)) {
        (Some(before), Some(part)) => (before, part),
        (Some(_) | None, _) => ("", whole),
    };
    // Blanks take the place of what stands before, so that lines and columns count on.
    let blank = |letter| if letter == '\n' { letter } else { ' ' };
    let text: String = before.chars().map(blank).chain(part.chars()).collect();
    parse(&text, name)
}

/// The text of a save. The same save always gives the same text.
pub fn render(save: &Save) -> String {
    render::text_of(&lay_out::file_of(save))
}

/// What stands at the head of a save of this version; the rest is not looked at.
fn head_of(text: &str, name: &str) -> Result<Head, SaveError> {
    let head: Head = from_ron(text).map_err(|error| SyntaxError::of(&error, name))?;
    match head.version {
        Some(found) if found != SAVE_VERSION => Err(SaveError::Version {
            name: name.to_owned(),
            found,
        }),
        Some(_) | None => Ok(head),
    }
}

fn check_trace(head: &Head, name: &str) -> Result<(), SaveError> {
    match head.trace {
        Some(found) if found != u64::from(TRACE_VERSION) => Err(SaveError::Trace {
            name: name.to_owned(),
            found,
        }),
        Some(_) | None => Ok(()),
    }
}

fn check_length(bytes: u64, name: &str, most: u64) -> Result<(), SaveError> {
    if bytes <= most {
        Ok(())
    } else {
        Err(SaveError::TooLarge {
            name: name.to_owned(),
            most,
        })
    }
}

/// Where a field of a text stands, as an error says it: `line 3, column 5: `, or nothing.
pub(crate) fn place_of(text: &str, field: &'static str) -> String {
    place_in(text, Some(Place::Field(field)))
}

/// Where something stands, as an error says it: `line 3, column 5: `, or nothing.
fn place_in(text: &str, place: Option<Place>) -> String {
    let found = place.and_then(|place| locate(text, place));
    found.map_or_else(String::new, |(line, column)| {
        format!("line {line}, column {column}: ")
    })
}

fn from_ron<T: DeserializeOwned>(text: &str) -> Result<T, SpannedError> {
    ron_options().from_str(text)
}

/// What makes RON pleasant to write by hand.
pub(crate) fn ron_options() -> Options {
    let extensions =
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    Options::default().with_default_extension(extensions)
}
