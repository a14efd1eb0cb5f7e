//! The last moment before a failure from which it still comes.

use super::Workload;
use super::plan::{Moment, carry_out};
use super::run::Broken;
use super::shrink::Small;
use crate::playground::{HostKind, TimedCommand, World, WorldImage};

/// A cluster shortly before something breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brink {
    /// It.
    pub image: WorldImage,
    /// What is still to be done for it to break; for the most part nothing.
    pub then: Vec<TimedCommand>,
}

/// The last moment before a failure from which it comes even where the oracles remember nothing from before: the event that breaks a promise
/// for the most part, else an earlier command. Where it is no promise that breaks, the beginning of the calm.
pub fn brink<M: Workload>(small: &Small) -> Option<Brink> {
    let commands = &small.plan.commands;
    if let Some(calm_from) = small.calm_from {
        let image = image_at::<M>(small, commands, calm_from)?;
        let then = Vec::new();
        return Some(Brink { image, then });
    }
    let just_before = Moment {
        after: small.end.after.saturating_sub(1),
        ..small.end
    };
    let last = commands.last().map(Moment::from).unwrap_or_default();
    let at_the_end = [just_before, last]
        .into_iter()
        .filter(|moment| *moment >= last)
        .map(|moment| (commands.len(), moment));
    let before_commands = (0..commands.len())
        .rev()
        .map(|place| (place, Moment::from(&commands[place])));
    at_the_end.chain(before_commands).find_map(|(done, moment)| {
        let image = image_at::<M>(small, &commands[..done], moment)?;
        let then = commands[done..].to_vec();
        breaks::<M>(&image, &then, small).then_some(Brink { image, then })
    })
}

fn image_at<M: Workload>(small: &Small, commands: &[TimedCommand], moment: Moment) -> Option<WorldImage> {
    let mut world: World<M> = small.plan.begin(HostKind::Inline);
    carry_out(&mut world, commands);
    world.run_into(moment.at, moment.after);
    if world.violation().is_some() {
        return None;
    }
    world.image().ok()
}

fn breaks<M: Workload>(image: &WorldImage, then: &[TimedCommand], small: &Small) -> bool {
    let Ok(mut world) = World::<M>::restore(image.clone(), HostKind::Inline, None) else {
        return false;
    };
    carry_out(&mut world, then);
    world.run_until(small.end.at);
    match small.failure.broken {
        Broken::Property(property) => world.violation().is_some_and(|found| found.property == property),
        // From a save on, nobody knows what clients saw before.
        Broken::Clients
        | Broken::NodeFailed
        | Broken::Panicked
        | Broken::Liveness(_)
        | Broken::Determinism(_) => true,
    }
}
