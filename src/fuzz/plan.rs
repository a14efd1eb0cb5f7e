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

    /// The commands given up to a moment.
    pub fn until(&self, end: Moment) -> &[TimedCommand] {
        let moment = |timed: &TimedCommand| Moment {
            at: timed.at,
            after: timed.after,
        };
        let count = self.commands.partition_point(|timed| moment(timed) <= end);
        &self.commands[..count]
    }
}

/// Carries out commands, and gives those that could be. What can't be done is left out: while a run is being made smaller, a
/// node may be up that was down before.
pub(super) fn carry_out<M: Exhibit + Default>(
    world: &mut World<M>,
    commands: &[TimedCommand],
    mut seen: impl FnMut(&mut World<M>),
) -> Vec<TimedCommand> {
    let mut done = Vec::with_capacity(commands.len());
    for timed in commands {
        world.run_into(timed.at, timed.after);
        seen(world);
        if world.violation().is_some() {
            break;
        }
        if world.command(timed.command.clone()).is_ok() {
            done.push(timed.clone());
        }
    }
    done
}
