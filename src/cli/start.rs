//! How a cluster begins: anew, from its files, or from a save.

use std::path::{Path, PathBuf};

use super::error::CliError;
use crate::lesson::Step;
use crate::machine::{Exhibit, KeyValue};
use crate::playground::{HostKind, Narrator, Settings, TimedCommand, World, WorldOptions, stored_nodes};
use crate::save::{self, Overwrite, Save, Shelf};

/// The world that the program plays with.
pub(super) type Lab = World<KeyValue>;

/// How many nodes, where nobody says.
pub(super) const NODES: u64 = 5;

/// What a cluster begins from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Nothing, or the files of its data directory.
    Fresh {
        /// How many nodes; where it is not said, as many as the data directory has.
        nodes: Option<u64>,
        /// The seed.
        seed: u64,
    },
    /// A save.
    Save(Box<Save>),
}

impl Source {
    /// What the command line names: a save, or the number of nodes and the seed of a new cluster.
    pub(super) fn named(
        save: Option<&str>,
        shelf: &Shelf,
        nodes: Option<u64>,
        seed: u64,
    ) -> Result<Self, CliError> {
        match save {
            Some(name) => Ok(Self::Save(Box::new(shelf.load(name)?))),
            None => Ok(Self::Fresh { nodes, seed }),
        }
    }
}

/// The saves of the current directory and of this user, read up to a limit in MiB.
pub(super) fn shelf(limit: u64) -> Shelf {
    Shelf::here().reading_up_to(limit << 20)
}

/// A cluster that has begun.
pub(super) struct Begun {
    /// It.
    pub(super) world: Lab,
    /// Who tells its story: from its first moment, or from where a save stands.
    pub(super) narrator: Narrator,
    /// What its author says about it.
    pub(super) scene: Scene,
    /// What is still to be done to it, and when.
    pub(super) then: Vec<TimedCommand>,
}

/// A cluster's title and notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scene {
    /// Its title.
    pub(super) title: Option<String>,
    /// Its notes, step by step.
    pub(super) notes: Vec<Step>,
}

/// Begins.
pub(super) fn begin(source: Source, host: HostKind, data_dir: Option<PathBuf>) -> Result<Begun, CliError> {
    match source {
        Source::Fresh { nodes, seed } => {
            let stored = data_dir.as_deref().map(stored_nodes).transpose()?.flatten();
            let world = World::new(WorldOptions {
                nodes: nodes.or(stored).unwrap_or(NODES),
                seed,
                settings: Settings::default(),
                host,
                data_dir,
            })?;
            Ok(Begun {
                world,
                narrator: Narrator::new(KeyValue::describe),
                scene: Scene::default(),
                then: Vec::new(),
            })
        }
        Source::Save(save) => {
            let Save {
                title,
                notes,
                image,
                then,
            } = *save;
            let mut world = World::restore(image, host, data_dir)?;
            let narrator = Narrator::from_here::<KeyValue>(&world.snapshot());
            let scene = Scene { title, notes };
            Ok(Begun {
                world,
                narrator,
                scene,
                then,
            })
        }
    }
}

/// Begins once more as a run began, without files.
#[cfg(feature = "tui")]
pub(super) fn begin_again(begun: &crate::save::share::Begun) -> Result<Begun, CliError> {
    begin(source_of(begun)?, HostKind::Inline, None)
}

/// What a run began from, as a source.
#[cfg(feature = "tui")]
pub(super) fn source_of(begun: &crate::save::share::Begun) -> Result<Source, CliError> {
    use crate::save::share::Begun as From;
    Ok(match begun {
        From::Fresh { nodes, seed } => Source::Fresh {
            nodes: Some(*nodes),
            seed: *seed,
        },
        From::Shipped(name) => Source::Save(Box::new(match save::shipped(name) {
            Some(save) => save?,
            None => return Err(CliError::Usage(format!("there is no scene `{name}`"))),
        })),
        From::Save(save) => Source::Save(save.clone()),
    })
}

/// Saves a cluster under a path, over what was there: who names a file on the command line means it.
pub(super) fn save(
    world: &mut Lab,
    scene: Scene,
    then: Vec<TimedCommand>,
    path: &Path,
) -> Result<(), CliError> {
    let Scene { title, notes } = scene;
    let image = world.image()?;
    let save = Save {
        title,
        notes,
        image,
        then,
    };
    save::write(path, &save, Overwrite::Replace)?;
    Ok(())
}
