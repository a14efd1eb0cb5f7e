//! The determinism watch: the same run once more, another way, must be the same to the last message.

use std::fmt;

use super::Workload;
use super::plan::{Moment, carry_out};
use super::run::Run;
use crate::playground::{HostKind, TimedCommand, World};

/// Another way to have the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Twin {
    /// From its commands alone.
    Again,
    /// With every node on a thread of its own.
    OnThreads,
    /// Written down in the middle, and gone on from there.
    Restored,
}

impl Twin {
    /// All ways.
    pub const ALL: &[Self] = &[Self::Again, Self::OnThreads, Self::Restored];
}

impl fmt::Display for Twin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Again => "the same commands led elsewhere",
            Self::OnThreads => "on threads it is another run",
            Self::Restored => "saved and loaded in the middle, it is another run",
        })
    }
}

/// The trace hash of the same run, had another way; `None` where this run can't be had so. What an oracle found before a save, it can't
/// find after.
pub fn twin<M: Workload>(run: &Run, way: Twin) -> Option<u128> {
    match way {
        Twin::Again => Some(replayed::<M>(run, HostKind::Inline)),
        Twin::OnThreads => Some(replayed::<M>(run, HostKind::Threads)),
        Twin::Restored => run.failure.is_none().then(|| restored::<M>(run)).flatten(),
    }
}

fn replayed<M: Workload>(run: &Run, host: HostKind) -> u128 {
    let mut world: World<M> = run.plan.begin(host);
    finish(&mut world, &run.plan.commands, run.end)
}

fn finish<M: Workload>(world: &mut World<M>, commands: &[TimedCommand], end: Moment) -> u128 {
    carry_out(world, commands);
    world.run_into(end.at, end.after);
    world.trace_hash()
}

fn restored<M: Workload>(run: &Run) -> Option<u128> {
    let commands = &run.plan.commands;
    let (before, after) = commands.split_at(commands.len() / 2);
    let mut world: World<M> = run.plan.begin(HostKind::Inline);
    carry_out(&mut world, before);
    let image = world.image().ok()?;
    // An image that is refused is a difference as good as any.
    let Ok(mut world) = World::<M>::restore(image, HostKind::Inline, None) else {
        return Some(0);
    };
    Some(finish(&mut world, after, run.end))
}
