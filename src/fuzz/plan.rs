//! A run as data: a number of nodes, a seed, and commands at their moments.

use crate::machine::Exhibit;
use crate::playground::{HostKind, Settings, TimedCommand, World, WorldOptions};
use crate::types::VirtualTime;

/// A run: who has it can have it again, and change it.
///
/// All begins with the usual settings; what differs is a command at the first moment. So `raft-play run --nodes --seed --commands`
/// does the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many nodes there are at first.
    pub nodes: u64,
    /// The seed of the world's random draws.
    pub seed: u64,
    /// What is done, in order.
    pub commands: Vec<TimedCommand>,
}

/// A moment between two events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When.
    pub at: VirtualTime,
    /// After how many of the events that are due then.
    pub after: u32,
}

impl Moment {
    /// The moment that a world has come to.
    pub fn of<M: Exhibit + Default>(world: &World<M>) -> Self {
        Self {
            at: world.now(),
            after: world.carried_out(),
        }
    }
}

impl Plan {
    /// A world in which nothing has happened yet.
    ///
    /// # Panics
    ///
    /// Where a world can't have so many nodes.
    pub fn begin<M: Exhibit + Default>(&self, host: HostKind) -> World<M> {
        let options = WorldOptions {
            nodes: self.nodes,
            seed: self.seed,
            settings: Settings::default(),
            host,
            data_dir: None,
        };
        World::new(options).expect("a world of a possible size, in memory")
    }
}

impl From<&TimedCommand> for Moment {
    fn from(timed: &TimedCommand) -> Self {
        let TimedCommand { at, after, .. } = timed;
        Self {
            at: *at,
            after: *after,
        }
    }
}

/// Carries out commands at their moments. What can't be done is left out. The world keeps no record of it, nor of what follows.
pub(super) fn carry_out<M: Exhibit + Default>(world: &mut World<M>, commands: &[TimedCommand]) {
    world.keep_no_records();
    for timed in commands {
        world.run_into(timed.at, timed.after);
        if world.violation().is_some() {
            return;
        }
        drop(world.command(timed.command.clone()));
    }
}
