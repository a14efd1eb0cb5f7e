//! A world under the hands of a person: its story so far, what was done to it, and how it runs as the wall clock goes.

mod compare;
mod travel;

pub use travel::Undone;

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use self::travel::Travels;
use super::filter::Filter;
use super::journey::{Journey, PRESENT};
use super::pace::{self, Rate};
use super::story::Story;
use super::view::{Banner, Speed};
use crate::playground::{
    BranchId, ClientsView, Command, CommandError, DiskRecords, Rewind, Snapshot, StoryLine, TimedCommand,
    Timeline,
};
use crate::types::{NodeId, VirtualTime};

/// What the screen needs of a world.
pub trait Playable: Rewind + Sized {
    /// Carries out a command now.
    ///
    /// # Errors
    ///
    /// Why it can't be; the world is as it was.
    fn command(&mut self, command: Command) -> Result<(), CommandError>;

    /// What happened since the last call, in words; heartbeats are folded away.
    fn drain_story(&mut self) -> Vec<StoryLine>;

    /// What it looks like.
    fn snapshot(&mut self) -> Snapshot;

    /// What its clients asked and were told, and whether that is linearizable.
    fn clients(&self) -> ClientsView;

    /// How often a client has asked or been answered so far: on one branch the same number is the same moment to clients.
    fn clients_heard(&self) -> u64;

    /// What stands on a node's disk; `None` where there is no such node.
    fn disk_records(&mut self, node: NodeId) -> Option<DiskRecords>;

    /// The promise whose breach stopped time, if one did.
    fn violation(&self) -> Option<Banner>;

    /// Takes over the files that follow the disks of the world before it.
    fn take_files_from(&mut self, before: Self);

    /// Makes the files that follow the nodes' disks durable.
    fn sync_files(&mut self);

    /// What is wrong with those files, since the last call.
    fn drain_complaints(&mut self) -> Vec<String>;
}

/// The most lines of a story that are kept. At the fastest speed a class would make more than anyone reads.
const STORY_LIMIT: usize = 20_000;
/// How many of the newest are left when there are more.
const STORY_KEPT: usize = 15_000;
/// The longest that a search for the next line runs.
const SEARCH_LIMIT: Duration = Duration::from_secs(2);
/// The longest that a tick works at the greatest speed, which is bounded by nothing else.
const GREATEST_SPEED_WORK: Duration = Duration::from_millis(20);
/// The most events that are done again at once: a class waits for some seconds, and not for more.
const REPLAY_MOST: u32 = 500_000;
/// How much virtual time passes between two looks at the wall clock.
const SLICE: Duration = Duration::from_millis(20);

/// A world, its story and its commands.
pub struct Session<W: Playable> {
    world: W,
    snapshot: Snapshot,
    /// What clients saw, once somebody has looked; and for which moment of theirs.
    clients: OnceCell<ClientsView>,
    clients_at: Option<(BranchId, u64)>,
    /// What stands on the disk that is looked at, once it was read for this moment.
    disk: Option<DiskRecords>,
    journey: Journey,
    /// What is known of the branch that is shown, the future included.
    story: Story,
    timeline: Timeline<W::Checkpoint>,
    travels: Travels,
    unspent: Duration,
    /// The longest that a tick works, where somebody waits for it.
    work_limit: Option<Duration>,
    search: Option<Search>,
    /// The lines that nobody has written down yet, where somebody does.
    journal: Option<Vec<StoryLine>>,
}

/// A run to the next line of the story.
#[derive(Clone, Copy, Debug)]
struct Search {
    from: VirtualTime,
    wall: Duration,
}

/// How a tick ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    /// Time runs on.
    RunsOn,
    /// The next line of the story is there.
    Line,
    /// There was no line for as long as one looks for it.
    NoLine,
    /// A promise is broken.
    Violation,
}

impl<W: Playable> Session<W> {
    /// A session with this world.
    pub fn new(mut world: W) -> Self {
        let timeline = Timeline::new(&mut world);
        let story = world.drain_story();
        Self {
            snapshot: world.snapshot(),
            clients: OnceCell::new(),
            clients_at: None,
            disk: None,
            travels: Travels::new(world.told().saturating_sub(story.len() as u64)),
            journey: PRESENT.clone(),
            world,
            story: Story::from(story),
            timeline,
            unspent: Duration::ZERO,
            work_limit: None,
            search: None,
            journal: None,
        }
    }

    /// Keeps what is told from now on, for somebody to write it down: [`drain_journal`](Self::drain_journal).
    pub fn keep_journal(&mut self) {
        self.journal = Some(self.story.to_vec());
    }

    /// What was told since the last call, where a journal is kept.
    pub fn drain_journal(&mut self) -> Vec<StoryLine> {
        self.journal.as_mut().map_or_else(Vec::new, std::mem::take)
    }

    /// Lets a tick work for so long at most: a frame is due after it. What is not done by then is done by the next ticks, and time runs slower. Without a limit
    /// what happens does not depend on how busy the machine is.
    pub fn limit_work(&mut self, limit: Option<Duration>) {
        self.work_limit = limit;
    }

    /// Takes over the files of the session before it, what is shown of the story, and how long a tick may work.
    pub fn take_over(&mut self, before: Self) {
        self.story.show_only(before.story.filter().cloned());
        self.work_limit = before.work_limit;
        self.world.take_files_from(before.world);
    }

    /// The world, for whoever saves it.
    pub fn world_mut(&mut self) -> &mut W {
        &mut self.world
    }

    /// Lets time go on after a broken promise.
    pub fn go_on(&mut self) {
        self.world.go_on();
    }

    /// Makes the nodes' files durable, now that time stands.
    pub fn sync_files(&mut self) {
        self.world.sync_files();
    }

    /// What is wrong with the nodes' files, since the last call.
    pub fn drain_complaints(&mut self) -> Vec<String> {
        self.world.drain_complaints()
    }

    /// The world as it looks now.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What clients asked and were told. To judge it takes a while: that is done once for each time that one of them asks or is answered, and only
    /// where somebody looks.
    pub fn clients(&self) -> &ClientsView {
        self.clients.get_or_init(|| self.world.clients())
    }

    /// Reads a node's disk, where that has not been done for this moment; without a node, none is looked at any more.
    pub fn read_disk(&mut self, node: Option<NodeId>) {
        if self.disk.as_ref().map(|records| records.node) != node {
            self.disk = node.and_then(|node| self.world.disk_records(node));
        }
    }

    /// What stands on the disk that is looked at, if one is.
    pub fn disk(&self) -> Option<&DiskRecords> {
        self.disk.as_ref()
    }

    /// What happened so far, oldest first, without heartbeats.
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// Shows only what the filter does of the story; all of it, where there is none.
    pub fn show_only(&mut self, filter: Option<Filter>) {
        self.story.show_only(filter);
    }

    /// What was done so far.
    pub fn commands(&self) -> &[TimedCommand] {
        self.timeline.commands()
    }

    /// The promise that was broken, if one was.
    pub fn violation(&self) -> Option<Banner> {
        self.world.violation()
    }

    /// Whether every event is in the person's hand.
    pub fn is_manual(&self) -> bool {
        self.snapshot.settings.manual.is_on()
    }

    /// Whether anything will ever happen without a command.
    pub fn is_alive(&self) -> bool {
        let is_to_come = |next: &&TimedCommand| next.at <= self.world.now() || !self.is_manual();
        let next = self.timeline.next_command().filter(is_to_come);
        let is_due = self.world.next_event_at().is_some() || next.is_some();
        is_due && self.world.violation().is_none()
    }

    /// Carries out a command and keeps it.
    ///
    /// # Errors
    ///
    /// Why it can't be; nothing is kept then.
    pub fn command(&mut self, command: Command) -> Result<(), CommandError> {
        let (given, told) = (self.timeline.here(&self.world), self.world.told());
        self.world.command(command.clone())?;
        let left = self.timeline.command(&mut self.world, given, command);
        self.branched(left, told);
        self.leave_cursor();
        self.harvest();
        self.look();
        Ok(())
    }

    /// Does at their moments what somebody else did, and comes to the moment at which they were.
    ///
    /// # Errors
    ///
    /// A sentence, where something can't be done, or where it would take for ever.
    pub fn replay(&mut self, commands: &[TimedCommand], until: VirtualTime) -> Result<(), String> {
        let mut events = 0;
        for TimedCommand { at, after, command } in commands {
            self.replay_into(*at, *after, &mut events)?;
            let given = self.timeline.here(&self.world);
            let done = self.world.command(command.clone());
            done.map_err(|error| format!("what was done at {at} can't be done: {error}"))?;
            self.timeline.command(&mut self.world, given, command.clone());
            self.harvest();
        }
        self.replay_into(until, u32::MAX, &mut events)?;
        // The time line takes note of how far this is.
        self.timeline.run_until(&mut self.world, until);
        self.harvest();
        self.look();
        Ok(())
    }

    fn replay_into(&mut self, at: VirtualTime, after: u32, events: &mut u32) -> Result<(), String> {
        let is_before = |world: &W| match world.next_event_at() {
            Some(next) if next == at && world.now() == at => world.carried_out() < after,
            Some(next) if next == at => after > 0,
            Some(next) => next < at,
            None => false,
        };
        while is_before(&self.world) {
            *events += 1;
            if *events > REPLAY_MOST {
                return Err(format!(
                    "more than {REPLAY_MOST} events up to {at}: too long to be done again"
                ));
            }
            if self.world.is_halted() {
                self.world.go_on();
            }
            self.timeline.step(&mut self.world);
            if events.is_multiple_of(1_000) {
                self.harvest();
            }
        }
        if self.world.now() < at {
            self.world.go_on();
            self.world.run_into(at, after);
        }
        Ok(())
    }

    /// Lets as much time pass as `wall` is worth.
    pub fn tick(&mut self, wall: Duration, speed: Speed) -> Ticked {
        self.search = None;
        self.leave_undone();
        self.leave_cursor();
        let ticked = self.run_for(wall, speed);
        self.look();
        ticked
    }

    /// Goes on to the next line of the story, the faster the longer it takes.
    pub fn tick_to_line(&mut self, wall: Duration, speed: Speed) -> Ticked {
        let search = self.searching();
        search.wall += wall;
        let search = *search;
        let rate = pace::rate(speed, &self.snapshot).unwrap_or(Rate::new(100, 1));
        let target = self
            .world
            .now()
            .after(rate.times(haste(search.wall)).virtual_in(wall));
        let ticked = self.search_until(target.min(search.from.after(SEARCH_LIMIT)));
        self.end_of_search(ticked)
    }

    /// Goes to the next line of the story at once.
    pub fn finish_line(&mut self) -> Ticked {
        let search = *self.searching();
        let ticked = self.search_until(search.from.after(SEARCH_LIMIT));
        self.end_of_search(ticked)
    }

    /// Whether it is on its way to the next line.
    pub fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// The search under way, or one that begins here.
    fn searching(&mut self) -> &mut Search {
        let from = self.world.now();
        self.search.get_or_insert(Search {
            from,
            wall: Duration::ZERO,
        })
    }

    fn end_of_search(&mut self, ticked: Ticked) -> Ticked {
        let given_up = self
            .search
            .is_some_and(|search| self.world.now() >= search.from.after(SEARCH_LIMIT));
        let ticked = match ticked {
            Ticked::RunsOn if given_up || !self.is_alive() => Ticked::NoLine,
            ticked => ticked,
        };
        if ticked != Ticked::RunsOn {
            self.search = None;
        }
        self.look();
        ticked
    }

    /// Event by event, so that it stops behind the very one that makes a line.
    fn search_until(&mut self, target: VirtualTime) -> Ticked {
        self.leave_undone();
        self.leave_cursor();
        while self.is_due_by(target) && self.timeline.step(&mut self.world) {
            if self.harvest() {
                return self.line_or_violation();
            }
        }
        if self.is_alive() {
            self.timeline.run_until(&mut self.world, target);
        }
        if self.harvest() {
            return self.line_or_violation();
        }
        Ticked::RunsOn
    }

    /// Whether an event or a command that is known is due until then.
    fn is_due_by(&self, target: VirtualTime) -> bool {
        let command = self.timeline.next_command().map(|next| next.at);
        let event = self.world.next_event_at();
        event.into_iter().chain(command).any(|at| at <= target)
    }

    fn line_or_violation(&self) -> Ticked {
        if self.world.violation().is_some() {
            Ticked::Violation
        } else {
            Ticked::Line
        }
    }

    fn run_for(&mut self, wall: Duration, speed: Speed) -> Ticked {
        let begun = Instant::now();
        let mut left = self.unspent + wall;
        self.unspent = Duration::ZERO;
        let limit = match speed {
            Speed::Auto | Speed::Times { .. } => self.work_limit,
            Speed::Max => Some(self.work_limit.unwrap_or(GREATEST_SPEED_WORK)),
        };
        let has_time = || limit.is_none_or(|limit| begun.elapsed() < limit);
        while self.is_alive() && has_time() {
            match self.rate_now(speed) {
                None => {
                    let target = self.world.now().after(SLICE);
                    self.timeline.run_until(&mut self.world, target);
                }
                Some(rate) if rate.virtual_in(left).is_zero() => {
                    self.unspent = left;
                    break;
                }
                Some(rate) => left = left.saturating_sub(self.run_slice(left, rate, speed)),
            }
            self.harvest();
        }
        if self.world.violation().is_some() {
            Ticked::Violation
        } else {
            Ticked::RunsOn
        }
    }

    fn rate_now(&mut self, speed: Speed) -> Option<Rate> {
        if speed == Speed::Auto {
            self.snapshot = self.world.snapshot();
        }
        pace::rate(speed, &self.snapshot)
    }

    /// Runs to the next point at which the rate may change, and says how much wall time that took.
    fn run_slice(&mut self, left: Duration, rate: Rate, speed: Speed) -> Duration {
        let now = self.world.now();
        let target = now.after(rate.virtual_in(left));
        let stop = match (speed, self.world.next_event_at()) {
            (Speed::Auto, Some(event)) => event.max(now),
            (Speed::Auto, None) | (Speed::Times { .. } | Speed::Max, _) => now.after(SLICE),
        };
        self.timeline.run_until(&mut self.world, target.min(stop));
        rate.wall_for(self.world.now().since(now))
    }

    /// Takes over what happened; says whether there is a line of it. What is known already is not told twice.
    fn harvest(&mut self) -> bool {
        let lines = self.world.drain_story();
        let has_lines = !lines.is_empty();
        let first = self.world.told().saturating_sub(lines.len() as u64);
        let known = self.travels.forgotten + self.story.len() as u64;
        let known = usize::try_from(known.saturating_sub(first)).unwrap_or(usize::MAX);
        let lines = lines.into_iter().skip(known);
        if let Some(journal) = &mut self.journal {
            let before = journal.len();
            journal.extend(lines);
            self.story.extend(journal[before..].iter().cloned());
        } else {
            self.story.extend(lines);
        }
        if self.story.len() > STORY_LIMIT {
            let surplus = self.story.len() - STORY_KEPT;
            self.story.forget(surplus);
            self.travels.forgotten += surplus as u64;
        }
        has_lines
    }
}

/// How many times as fast a search runs after so much wall time: close by at first, so that one can watch.
fn haste(wall: Duration) -> u32 {
    let twentieths = u32::try_from(wall.as_millis() / 50).unwrap_or(u32::MAX);
    twentieths.saturating_mul(twentieths).saturating_add(1)
}

#[cfg(test)]
mod tests;
