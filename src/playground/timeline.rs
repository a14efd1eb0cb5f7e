//! Time travel: any moment of a run, forwards and backwards, and what would have come of another deed.
//!
//! A world is deterministic: from a moment that is kept whole, and with what was done since, it comes to every later moment
//! again, to the byte. So a [`Timeline`] keeps some moments ([`Checkpoint`](super::Checkpoint)s, fewer the longer the run
//! is) and all commands, and takes a world anywhere by going back to the last moment kept before, and running again from
//! there.
//!
//! Who does something in the past does not lose the future that was: it stays as a [`Branch`], and the deed begins another.
//! Random draws are keyed, so that two branches differ in nothing but what follows from the deed.

mod branch;
mod world;

pub use branch::{Branch, BranchId};

use std::sync::Arc;

use self::branch::Kept;
use super::command::{Command, TimedCommand};
use super::host::HostKind;
use crate::types::VirtualTime;

/// What time travel needs of a world.
pub trait Rewind {
    /// One of its moments.
    type Checkpoint;

    /// Its time.
    fn now(&self) -> VirtualTime;

    /// How many of the events due now have been carried out.
    fn carried_out(&self) -> u32;

    /// When the next event is due; `None` where nothing ever is.
    fn next_event_at(&self) -> Option<VirtualTime>;

    /// Whether a broken promise has stopped time.
    fn is_halted(&self) -> bool;

    /// Lets time go on after a broken promise.
    fn go_on(&mut self);

    /// How much has happened so far: the measure of how long it takes to run again.
    fn happened(&self) -> u64;

    /// How much it has told so far, of what one may want to go to.
    fn told(&mut self) -> u64;

    /// Carries out the next due event; false where there is none or a promise is broken.
    fn step(&mut self) -> bool;

    /// Carries out all that is due until then, and lets that time come; stops early at a broken promise.
    fn run_until(&mut self, until: VirtualTime);

    /// Carries out all that is due before `time` and the first `events` of what is due at it, and lets that time come; stops
    /// early at a broken promise.
    fn run_into(&mut self, time: VirtualTime, events: u32);

    /// Whether what is due next is due before `time`, or is one of the first `events` that are due at it.
    fn is_due_before(&self, time: VirtualTime, events: u32) -> bool {
        match self.next_event_at() {
            Some(at) if at == time && self.now() == time => self.carried_out() < events,
            Some(at) if at == time => events > 0,
            Some(at) => at < time,
            None => false,
        }
    }

    /// Carries out once more what was carried out here before.
    fn repeat(&mut self, command: &Command);

    /// This moment; `None` where it can't be kept.
    fn checkpoint(&mut self) -> Option<Self::Checkpoint>;

    /// Some measure of the memory that a moment takes, in bytes.
    fn weight(checkpoint: &Self::Checkpoint) -> u64;

    /// Goes back to a moment. Says whether it is there; where it is not, it is where it was.
    fn return_to(&mut self, checkpoint: &Self::Checkpoint) -> bool;

    /// Where its nodes run.
    fn host(&self) -> HostKind;

    /// Has its nodes run elsewhere from here on.
    fn run_on(&mut self, host: HostKind);
}

/// A place in a run: no two states of it share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// When.
    pub at: VirtualTime,
    /// After how many of the events that are due at that time.
    pub after: u32,
    /// After how many of the commands of the run.
    pub commands: usize,
}

/// How much happens at least between two moments that are kept.
const SPACING: u64 = 2_000;

/// The runs of one world, and which of them it is in.
#[derive(Debug)]
pub struct Timeline<C> {
    branches: Vec<Branch<C>>,
    /// The place of the current one.
    current: usize,
    /// How many of its commands the world has carried out.
    done: usize,
    /// How many branches there ever were.
    named: u32,
}

impl<C> Timeline<C> {
    /// A time line that begins where the world is now.
    pub fn new<W: Rewind<Checkpoint = C>>(world: &mut W) -> Self {
        Self::spaced(world, SPACING)
    }

    /// The same, where another amount of what happens lies at least between two moments that are kept.
    pub fn spaced<W: Rewind<Checkpoint = C>>(world: &mut W, spacing: u64) -> Self {
        let begun = moment(world, 0);
        let mut timeline = Self {
            branches: vec![Branch::trunk(begun, spacing)],
            current: 0,
            done: 0,
            named: 0,
        };
        timeline.keep(world, begun);
        timeline
    }

    /// Where the world is.
    pub fn here<W: Rewind<Checkpoint = C>>(&self, world: &W) -> Moment {
        moment(world, self.done)
    }

    /// The last moment of the current branch that was ever reached.
    pub fn end(&self) -> Moment {
        self.branch().end
    }

    /// Where the current branch begins.
    pub fn beginning(&self) -> Moment {
        self.branches[0].beginning
    }

    /// Whether more is known of the current branch than the world has passed.
    pub fn is_past<W: Rewind<Checkpoint = C>>(&self, world: &W) -> bool {
        self.here(world) < self.end()
    }

    /// The current branch.
    pub fn branch(&self) -> &Branch<C> {
        &self.branches[self.current]
    }

    /// All branches, the first run first.
    pub fn branches(&self) -> &[Branch<C>] {
        &self.branches
    }

    /// What was done up to here, oldest first.
    pub fn commands(&self) -> &[TimedCommand] {
        &self.branch().commands[..self.done]
    }

    /// What was done next, where that is known.
    pub fn next_command(&self) -> Option<&TimedCommand> {
        self.branch().commands.get(self.done)
    }

    /// How many moments are kept of the current branch.
    pub fn kept(&self) -> usize {
        self.branch().kept.len()
    }

    /// Takes note of a command that the world has carried out, at the moment at which it was given. In the past it begins a
    /// branch: gives the one that was left.
    pub fn command<W: Rewind<Checkpoint = C>>(
        &mut self,
        world: &mut W,
        given: Moment,
        command: Command,
    ) -> Option<BranchId> {
        let left = (given < self.end()).then(|| self.fork(given));
        let Moment { at, after, .. } = given;
        let branch = &mut self.branches[self.current];
        branch.commands.push(TimedCommand { at, after, command });
        self.done += 1;
        self.reached(world);
        left
    }

    /// Leaves what is known of the future: the world goes on without it, in a branch of its own. Gives the one that was left;
    /// `None` where nothing is known.
    pub fn leave<W: Rewind<Checkpoint = C>>(&mut self, world: &W) -> Option<BranchId> {
        let here = self.here(world);
        (here < self.end()).then(|| self.fork(here))
    }

    /// Begins a branch here.
    fn fork(&mut self, here: Moment) -> BranchId {
        let left = self.branch().id;
        self.named += 1;
        let fork = self.branch().fork(BranchId(self.named), here, self.done);
        self.branches.push(fork);
        self.current = self.branches.len() - 1;
        self.forget_branches();
        left
    }

    /// Forgets the branch that was left first and that no other began in, where there are too many.
    fn forget_branches(&mut self) {
        if self.branches.len() <= Branch::<C>::MOST {
            return;
        }
        let is_needed = |place: usize| {
            let id = self.branches[place].id;
            place == self.current
                || self
                    .branches
                    .iter()
                    .any(|other| other.from.is_some_and(|(from, _)| from == id))
        };
        if let Some(place) = (1..self.branches.len()).find(|place| !is_needed(*place)) {
            self.branches.remove(place);
            self.current -= usize::from(place < self.current);
        }
    }

    /// Carries out the next event, or what was done next where that comes before it. False where there is neither, or a
    /// promise is broken.
    pub fn step<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W) -> bool {
        if let Some((at, after)) = self.next_command().map(|next| (next.at, next.after)) {
            let is_next = match world.next_event_at() {
                Some(event) if event == at && world.now() == at => world.carried_out() >= after,
                Some(event) if event == at => after == 0,
                Some(event) => event > at,
                None => true,
            };
            if is_next && !world.is_halted() || (world.now(), world.carried_out()) == (at, after) {
                world.run_into(at, after);
                let is_there = (world.now(), world.carried_out()) >= (at, after);
                if is_there {
                    self.repeat(world);
                }
                self.reached(world);
                return is_there;
            }
        }
        let has_stepped = world.step();
        self.reached(world);
        has_stepped
    }

    /// Runs until then, and does on the way what was done; stops early at a broken promise.
    pub fn run_until<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W, until: VirtualTime) {
        while let Some((at, after)) = self.next_command().map(|next| (next.at, next.after)) {
            if at > until {
                break;
            }
            world.run_into(at, after);
            if (world.now(), world.carried_out()) < (at, after) {
                return self.reached(world);
            }
            self.repeat(world);
        }
        world.run_until(until);
        self.reached(world);
    }

    fn repeat<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W) {
        if let Some(next) = self.branches[self.current].commands.get(self.done) {
            world.repeat(&next.command);
            self.done += 1;
        }
    }

    /// Takes note of how far the world has come.
    fn reached<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W) {
        let here = self.here(world);
        let branch = &mut self.branches[self.current];
        branch.end = branch.end.max(here);
        if branch.wants(here, world.happened()) {
            self.keep(world, here);
        }
    }

    fn keep<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W, here: Moment) {
        let (happened, told) = (world.happened(), world.told());
        if let Some(checkpoint) = world.checkpoint() {
            self.branches[self.current].keep(Kept {
                moment: here,
                happened,
                told,
                weight: W::weight(&checkpoint),
                checkpoint: Arc::new(checkpoint),
            });
        }
    }

    /// Takes the world to a moment of the current branch, or to its end where it is not that long. False where it can't be
    /// taken there.
    pub fn go_to<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W, goal: Moment) -> bool {
        let goal = goal.clamp(self.beginning(), self.end());
        let here = self.here(world);
        let Some(kept) = self.branch().kept_before(|kept| kept.moment <= goal) else {
            return false;
        };
        travel(world, |world| {
            if (here > goal || here < kept.moment) && !self.return_to(world, &kept) {
                return false;
            }
            self.replay(world, goal);
            true
        })
    }

    /// Takes the world to the first moment of the current branch at which more than `told` has been told, or to its end. False
    /// where it can't be taken there.
    pub fn go_past<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W, told: u64) -> bool {
        let here = self.here(world);
        // What was told before the first moment that is kept was told at the beginning.
        let kept = self.branch().kept_before(|kept| kept.told <= told);
        let Some(kept) = kept.or_else(|| self.branch().kept.first().cloned()) else {
            return false;
        };
        travel(world, |world| {
            if (world.told() > told || here < kept.moment) && !self.return_to(world, &kept) {
                return false;
            }
            while world.told() <= told && self.is_past(world) {
                if world.is_halted() {
                    world.go_on();
                }
                if world.next_event_at().is_some_and(|at| at <= self.end().at)
                    || self.next_command().is_some()
                {
                    self.step(world);
                } else {
                    self.run_until(world, self.end().at);
                }
            }
            true
        })
    }

    /// Makes a branch the current one, and takes the world to its end. False where there is none, or the world can't be taken
    /// there; it is then where it was.
    pub fn switch<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W, id: BranchId) -> bool {
        let Some(place) = self.branches.iter().position(|branch| branch.id == id) else {
            return false;
        };
        let Some(kept) = self.branches[place].kept_before(|_| true) else {
            return false;
        };
        travel(world, |world| {
            if !world.return_to(&kept.checkpoint) {
                return false;
            }
            self.current = place;
            self.done = kept.moment.commands;
            self.replay(world, self.end());
            true
        })
    }

    fn return_to<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W, kept: &Kept<C>) -> bool {
        let has_returned = world.return_to(&kept.checkpoint);
        if has_returned {
            self.done = kept.moment.commands;
        }
        has_returned
    }

    fn replay<W: Rewind<Checkpoint = C>>(&mut self, world: &mut W, goal: Moment) {
        while self.done < goal.commands
            && let Some((at, after)) = self.next_command().map(|next| (next.at, next.after))
        {
            reach(world, at, after);
            self.repeat(world);
        }
        reach(world, goal.at, goal.after);
    }
}

fn moment<W: Rewind>(world: &W, commands: usize) -> Moment {
    Moment {
        at: world.now(),
        after: world.carried_out(),
        commands,
    }
}

/// Goes a way on which nobody looks. On threads of their own, nodes mostly wait for each other: meanwhile they run in the world's.
fn travel<W: Rewind, T>(world: &mut W, way: impl FnOnce(&mut W) -> T) -> T {
    let host = world.host();
    world.run_on(HostKind::Inline);
    let come_of = way(world);
    world.run_on(host);
    come_of
}

/// Runs to a place that was passed before. What stopped time then did not stop it for good.
fn reach<W: Rewind>(world: &mut W, at: VirtualTime, after: u32) {
    loop {
        world.run_into(at, after);
        if (world.now(), world.carried_out()) >= (at, after) || !world.is_halted() {
            return;
        }
        world.go_on();
    }
}
