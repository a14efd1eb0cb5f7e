//! A session's way through time.

use std::collections::BTreeMap;

use super::{Playable, Session};
use crate::playground::{BranchId, Moment, StoryLine};
use crate::types::VirtualTime;
use crate::ui::journey::{BranchRow, Journey, Past};

/// How an action was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// There is none to take back.
    Nothing,
    /// The moment before it can't be gone to.
    Lost,
    /// The moment is the one before this was done.
    Back(String),
}

/// A moment with a name.
#[derive(Clone, Debug)]
pub(super) struct Bookmark {
    name: String,
    branch: BranchId,
    moment: Moment,
}

/// What a session remembers besides the branch that is shown.
#[derive(Debug, Default)]
pub(super) struct Travels {
    /// How many of the first lines of the story are forgotten.
    pub(super) forgotten: u64,
    /// The line that was gone to.
    cursor: Option<usize>,
    /// The stories of the other branches, from where each of them began.
    tails: BTreeMap<BranchId, Tail>,
    /// Where the last action was taken back, while the world stands there.
    undoing: Option<Moment>,
    /// From where actions were taken back.
    undone: Vec<(BranchId, Moment)>,
    bookmarks: Vec<Bookmark>,
    /// The branch that was left by the last command.
    left: Option<BranchId>,
}

/// Where one was, while something else is looked at.
pub(super) struct Aside {
    cursor: Option<usize>,
    undoing: Option<Moment>,
    undone: Vec<(BranchId, Moment)>,
}

/// The story of a branch, from where it began.
#[derive(Debug)]
struct Tail {
    /// How many lines were told before the first.
    from: u64,
    lines: Vec<StoryLine>,
}

impl Travels {
    /// Nothing to remember, but how many of the first lines of the story are forgotten.
    pub(super) fn new(forgotten: u64) -> Self {
        Self {
            forgotten,
            ..Self::default()
        }
    }

    /// Where one is, to be [put back](Self::put_back) after something else was looked at.
    pub(super) fn put_aside(&mut self) -> Aside {
        Aside {
            cursor: self.cursor,
            undoing: self.undoing,
            undone: std::mem::take(&mut self.undone),
        }
    }

    pub(super) fn put_back(&mut self, aside: Aside) {
        let Aside {
            cursor,
            undoing,
            undone,
        } = aside;
        (self.cursor, self.undoing, self.undone) = (cursor, undoing, undone);
    }
}

impl<W: Playable> Session<W> {
    /// Where in its time the world is shown.
    pub fn journey(&self) -> &Journey {
        &self.journey
    }

    /// The line of the story that stands for the moment shown.
    pub fn here(&self) -> Option<usize> {
        self.journey.here(self.story.len())
    }

    /// Looks at the world anew.
    pub(super) fn look(&mut self) {
        self.snapshot = self.world.snapshot();
        self.disk = None;
        let clients_at = (self.timeline.branch().id(), self.world.clients_heard());
        if self.clients_at.replace(clients_at) != Some(clients_at) {
            self.clients.take();
        }
        let is_past = self.timeline.is_past(&self.world);
        let passed = self.world.told().saturating_sub(self.travels.forgotten);
        let branches = self.timeline.branches();
        let row = |branch: &crate::playground::Branch<W::Checkpoint>| BranchRow {
            id: branch.id(),
            from: branch.from().map(|(from, moment)| (from, moment.at)),
            end: branch.end().at,
        };
        let branch = self.timeline.branch().id();
        let bookmarks = self.travels.bookmarks.iter();
        self.journey = Journey {
            cursor: self.travels.cursor,
            past: is_past.then(|| Past {
                passed: usize::try_from(passed)
                    .unwrap_or(usize::MAX)
                    .min(self.story.len()),
                end: self.timeline.end().at,
            }),
            branch,
            branches: if branches.len() > 1 {
                branches.iter().map(row).collect()
            } else {
                Vec::new()
            },
            bookmarks: bookmarks
                .map(|bookmark| (bookmark.name.clone(), bookmark.moment.at))
                .collect(),
        };
    }

    /// Time has gone on: the line that was gone to stands for nothing any more.
    pub(super) fn leave_cursor(&mut self) {
        self.travels.cursor = None;
    }

    /// Goes right behind what made this line of the story. False where that is not kept any more.
    pub fn go_to_line(&mut self, line: usize) -> bool {
        let told = self.travels.forgotten + line as u64;
        let has_arrived = self.timeline.go_past(&mut self.world, told);
        self.arrive(has_arrived.then_some(line));
        has_arrived
    }

    /// Goes to the beginning.
    pub fn go_home(&mut self) -> bool {
        self.go_to(self.timeline.beginning())
    }

    /// Goes to the end of what is known.
    pub fn go_to_end(&mut self) -> bool {
        self.go_to(self.timeline.end())
    }

    /// Goes to a time: behind all that happens then.
    pub fn go_to_time(&mut self, at: VirtualTime) -> bool {
        if at >= self.timeline.end().at {
            return self.go_to_end();
        }
        let done = self.timeline.branch().commands();
        let before = Moment {
            at,
            after: 0,
            commands: done.partition_point(|timed| timed.at < at),
        };
        let has_arrived = self.go_to(before);
        if has_arrived {
            self.timeline.run_until(&mut self.world, at);
            self.arrive(None);
        }
        has_arrived
    }

    pub(super) fn go_to(&mut self, goal: Moment) -> bool {
        let has_arrived = self.timeline.go_to(&mut self.world, goal);
        self.arrive(None);
        has_arrived
    }

    /// The world is at another moment; what it told on the way there is known.
    pub(super) fn arrive(&mut self, cursor: Option<usize>) {
        self.travels.undoing = None;
        self.search = None;
        self.unspent = std::time::Duration::ZERO;
        self.harvest();
        self.travels.cursor = cursor;
        self.look();
    }

    /// Goes to the moment before the last action.
    pub fn undo(&mut self) -> Undone {
        let here = self.timeline.here(&self.world);
        let Some(last) = self.timeline.commands().last() else {
            return Undone::Nothing;
        };
        let goal = Moment {
            at: last.at,
            after: last.after,
            commands: here.commands - 1,
        };
        if !self.go_to(goal) {
            return Undone::Lost;
        }
        self.travels.undone.push((self.journey.branch, here));
        self.travels.undoing = Some(goal);
        let next = self.journey.past.and_then(|past| self.story.get(past.passed));
        Undone::Back(next.map_or_else(String::new, |line| line.short.clone()))
    }

    /// Time is about to go on. Where an action was taken back here it goes on without that, which is another branch.
    pub(super) fn leave_undone(&mut self) {
        if self.travels.undoing.take().is_some() {
            let told = self.world.told();
            let left = self.timeline.leave(&self.world);
            self.branched(left, told);
        }
    }

    /// Goes to where the last action was taken back; `None` where none was.
    pub fn redo(&mut self) -> Option<bool> {
        let (branch, moment) = self.travels.undone.pop()?;
        let is_there = branch == self.journey.branch || self.show(branch);
        Some(is_there && self.go_to(moment))
    }

    /// Whether there is a branch of this name.
    pub fn has_branch(&self, name: &str) -> bool {
        let mut branches = self.timeline.branches().iter();
        branches.any(|branch| branch.id().to_string() == name)
    }

    /// Makes a branch the one that is shown, at its end; `None` where there is none of this name.
    pub fn switch(&mut self, name: &str) -> Option<bool> {
        let branches = self.timeline.branches().iter();
        let mut ids = branches.map(crate::playground::Branch::id);
        let id = ids.find(|id| id.to_string() == name)?;
        Some(self.show(id))
    }

    pub(super) fn show(&mut self, id: BranchId) -> bool {
        let shown = self.timeline.branch().id();
        if id == shown {
            return self.go_to_end();
        }
        self.put_story_aside(shown, self.story.len());
        if self.timeline.switch(&mut self.world, id) {
            self.take_story_out(id);
            self.travels.undone.clear();
        } else {
            self.take_story_out(shown);
        }
        let has_arrived = self.timeline.branch().id() == id;
        self.arrive(None);
        has_arrived
    }

    /// The branch that the last command has left, where it began one; told once.
    pub fn take_left(&mut self) -> Option<BranchId> {
        self.travels.left.take()
    }

    /// A command has been given: where it began a branch, the story so far is that of both.
    pub(super) fn branched(&mut self, left: Option<BranchId>, told: u64) {
        self.travels.undoing = None;
        self.travels.undone.clear();
        self.travels.left = left;
        if let Some(left) = left {
            let passed = usize::try_from(told.saturating_sub(self.travels.forgotten)).unwrap_or(usize::MAX);
            self.put_story_aside(left, passed);
            self.travels.tails.retain(|id, _| {
                let mut branches = self.timeline.branches().iter();
                branches.any(|branch| branch.id() == *id)
            });
        }
    }

    /// Keeps the story of a branch for later, from where it began, and leaves its first lines here.
    fn put_story_aside(&mut self, id: BranchId, left_here: usize) {
        let from = self
            .travels
            .tails
            .get(&id)
            .map_or(0, |tail| tail.from)
            .max(self.travels.forgotten);
        let own = usize::try_from(from - self.travels.forgotten).unwrap_or(usize::MAX);
        let left_here = left_here.min(self.story.len());
        let lines = self.story[own.min(self.story.len())..].to_vec();
        self.story.truncate(left_here);
        self.travels.tails.insert(id, Tail { from, lines });
        let here = self.timeline.branch().id();
        if here != id {
            let from = self.travels.forgotten + left_here as u64;
            let lines = Vec::new();
            self.travels.tails.insert(here, Tail { from, lines });
        }
    }

    /// Puts the story of a branch together again: of those that it came from, and its own.
    fn take_story_out(&mut self, id: BranchId) {
        let mut story: Vec<StoryLine> = Vec::new();
        let mut first = 0;
        for tail in self
            .lineage(id)
            .into_iter()
            .rev()
            .filter_map(|id| self.travels.tails.get(&id))
        {
            let shared = usize::try_from(tail.from.saturating_sub(first)).unwrap_or(usize::MAX);
            story.truncate(shared);
            if shared > story.len() || story.is_empty() {
                // What was told in between is forgotten, and so is all before.
                story.clear();
                first = tail.from;
            }
            story.extend_from_slice(&tail.lines);
        }
        self.story.replace(story);
        self.travels.forgotten = first;
        if let Some(tail) = self.travels.tails.get_mut(&id) {
            tail.lines = Vec::new();
        }
    }

    /// A branch, the one that it began in, and so on to the first run.
    fn lineage(&self, id: BranchId) -> Vec<BranchId> {
        let mut line = vec![id];
        let origin = |id: BranchId| {
            let branch = self.timeline.branches().iter().find(|branch| branch.id() == id);
            branch.and_then(|branch| Some(branch.from()?.0))
        };
        while let Some(before) = line.last().and_then(|id| origin(*id)) {
            line.push(before);
        }
        line
    }

    /// Gives this moment a name; one of the same name is forgotten.
    pub fn bookmark(&mut self, name: &str) {
        let bookmarks = &mut self.travels.bookmarks;
        bookmarks.retain(|bookmark| bookmark.name != name);
        bookmarks.push(Bookmark {
            name: name.to_owned(),
            branch: self.timeline.branch().id(),
            moment: self.timeline.here(&self.world),
        });
        bookmarks.sort_by_key(|bookmark| bookmark.moment);
        self.look();
    }

    /// Goes to the moment of this name; `None` where there is none.
    pub fn go_to_bookmark(&mut self, name: &str) -> Option<bool> {
        let mut bookmarks = self.travels.bookmarks.iter();
        let bookmark = bookmarks.find(|bookmark| bookmark.name == name)?.clone();
        let is_there = bookmark.branch == self.timeline.branch().id() || self.show(bookmark.branch);
        Some(is_there && self.go_to(bookmark.moment))
    }
}
