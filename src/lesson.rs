//! Guided notes: what an author says beside a cluster, step by step.
//!
//! A step is a sentence or two. It may ask: the answer is held until somebody turns on, so that a class predicts before it sees. Or it
//! may wait: it turns by itself once a [`Condition`] is met, which speaks of the cluster and of what the person has done. Nobody is
//! locked in: who turns on by hand passes a step that waits.

mod condition;
mod deed;
mod step;
mod watch;

pub use self::condition::{Condition, ConditionError, EntryPlace, Fact};
pub use self::deed::Deed;
pub use self::step::Step;
pub use self::watch::Watch;

use crate::playground::{Snapshot, TimedCommand};

/// Follows somebody through the steps, and says when one that waits is over.
#[derive(Clone, Debug, Default)]
pub struct Guide {
    /// The step that is followed, and what it waits for.
    at: Option<(usize, Option<Watch>)>,
    /// The farthest step that was come to: who turns back from it is left alone.
    reached: usize,
    /// How many commands were given before the step began.
    commands_before: usize,
}

impl Guide {
    /// Looks at what has happened. Gives whether the step at this place has waited long enough.
    ///
    /// Conditions that last for some time are only as exact as this is often called.
    pub fn follow(
        &mut self,
        steps: &[Step],
        current: usize,
        snapshot: &Snapshot,
        commands: &[TimedCommand],
    ) -> bool {
        let Some(step) = steps.get(current) else {
            return false;
        };
        if self.at.as_ref().is_none_or(|(at, _)| *at != current) {
            self.at = Some((current, step.until.clone().map(Watch::new)));
            self.commands_before = commands.len();
        }
        let is_first_time = current >= self.reached;
        self.reached = self.reached.max(current);
        let since = commands.get(self.commands_before..).unwrap_or_default();
        let is_over = match &mut self.at {
            Some((_, Some(watch))) => watch.is_met(snapshot, since) && is_first_time,
            Some((_, None)) | None => false,
        };
        if is_over {
            self.reached = current + 1;
        }
        is_over
    }
}
