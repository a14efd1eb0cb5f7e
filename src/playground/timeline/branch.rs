//! One run of a world, from its beginning.

use std::fmt;
use std::sync::Arc;

use super::Moment;
use crate::playground::command::TimedCommand;

/// A branch's number: in the order in which branches began, the first run's being 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchId(pub(super) u32);

impl BranchId {
    /// The first run.
    pub const MAIN: Self = Self(0);
}

impl fmt::Display for BranchId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => formatter.write_str("main"),
            number => write!(formatter, "b{number}"),
        }
    }
}

/// One run of a world, from its beginning: what was done in it, and some of its moments.
#[derive(Debug)]
pub struct Branch<C> {
    pub(super) id: BranchId,
    pub(super) from: Option<(BranchId, Moment)>,
    pub(super) beginning: Moment,
    pub(super) end: Moment,
    pub(super) commands: Vec<TimedCommand>,
    /// Some of its moments, in order; those before it began are shared with the branch that it began in.
    pub(super) kept: Vec<Kept<C>>,
    spacing: u64,
}

/// A moment that is kept whole.
#[derive(Debug)]
pub(super) struct Kept<C> {
    pub(super) moment: Moment,
    pub(super) happened: u64,
    pub(super) told: u64,
    pub(super) weight: u64,
    pub(super) checkpoint: Arc<C>,
}

impl<C> Clone for Kept<C> {
    fn clone(&self) -> Self {
        Self {
            checkpoint: Arc::clone(&self.checkpoint),
            ..*self
        }
    }
}

impl<C> Branch<C> {
    /// The most branches that are kept.
    pub(super) const MOST: usize = 50;
    /// The most moments that are kept of one.
    const MOST_KEPT: usize = 128;
    /// The fewest to which memory brings them down.
    const FEWEST_KEPT: usize = 8;
    /// What they may weigh together, in bytes, where there are more than the fewest.
    const HEAVIEST: u64 = 48 << 20;

    pub(super) fn trunk(beginning: Moment, spacing: u64) -> Self {
        Self {
            id: BranchId::MAIN,
            from: None,
            beginning,
            end: beginning,
            commands: Vec::new(),
            kept: Vec::new(),
            spacing,
        }
    }

    /// Its name: `main` for the first run, then `b1`, `b2`, ….
    pub fn id(&self) -> BranchId {
        self.id
    }

    /// Where it began: in which branch, and at which moment; `None` for the first run.
    pub fn from(&self) -> Option<(BranchId, Moment)> {
        self.from
    }

    /// The last moment that was ever reached.
    pub fn end(&self) -> Moment {
        self.end
    }

    /// All that was done in it, from the beginning of the first run.
    pub fn commands(&self) -> &[TimedCommand] {
        &self.commands
    }

    /// A branch that begins here.
    pub(super) fn fork(&self, id: BranchId, here: Moment, done: usize) -> Self {
        let kept = self.kept.iter().take_while(|kept| kept.moment <= here);
        Self {
            id,
            from: Some((self.id, here)),
            beginning: self.beginning,
            end: here,
            commands: self.commands[..done].to_vec(),
            kept: kept.cloned().collect(),
            spacing: self.spacing,
        }
    }

    /// The last moment kept of which this holds: it holds of all before some moment.
    pub(super) fn kept_before(&self, holds: impl Fn(&Kept<C>) -> bool) -> Option<Kept<C>> {
        let until = self.kept.partition_point(holds);
        until.checked_sub(1).map(|place| self.kept[place].clone())
    }

    /// Whether the moment that is reached is worth keeping.
    pub(super) fn wants(&self, here: Moment, happened: u64) -> bool {
        self.kept
            .last()
            .is_none_or(|last| here > last.moment && happened >= last.happened + self.spacing)
    }

    /// Keeps a moment. Where that makes too many, every second one goes, and the next are kept half as often.
    pub(super) fn keep(&mut self, moment: Kept<C>) {
        self.kept.push(moment);
        let weight: u64 = self.kept.iter().map(|kept| kept.weight).sum();
        let is_heavy = weight > Self::HEAVIEST && self.kept.len() > Self::FEWEST_KEPT;
        if self.kept.len() > Self::MOST_KEPT || is_heavy {
            let mut place = 0;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.spacing *= 2;
        }
    }
}
