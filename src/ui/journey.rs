//! Where in its time a world is shown: how much of the story has passed, what is known of the future, which branches there are.

use crate::playground::BranchId;
use crate::types::VirtualTime;

/// Where in its time a world is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The line of the story that was gone to, by its place; `None`: the last that has passed.
    pub cursor: Option<usize>,
    /// What is known of the future; `None` where nothing is.
    pub past: Option<Past>,
    /// The branch that is shown.
    pub branch: BranchId,
    /// All branches, the first run first; where there is only that, none.
    pub branches: Vec<BranchRow>,
    /// The moments that were given a name, in order of time.
    pub bookmarks: Vec<(String, VirtualTime)>,
}

/// A moment before the end of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How many lines of the story have passed.
    pub passed: usize,
    /// The end of what is known.
    pub end: VirtualTime,
}

/// A branch, for who chooses one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchRow {
    /// Its name.
    pub id: BranchId,
    /// Where it began.
    pub from: Option<(BranchId, VirtualTime)>,
    /// How far it goes.
    pub end: VirtualTime,
}

/// The end of a run that has only ever gone forward.
pub static PRESENT: Journey = Journey::present(BranchId::MAIN);

impl Journey {
    /// The end of a branch, where nothing else is known.
    pub const fn present(branch: BranchId) -> Self {
        Self {
            cursor: None,
            past: None,
            branch,
            branches: Vec::new(),
            bookmarks: Vec::new(),
        }
    }

    /// How many of so many lines of the story have passed.
    pub fn passed(&self, lines: usize) -> usize {
        self.past.map_or(lines, |past| past.passed.min(lines))
    }

    /// The line that stands for the moment shown, where one has passed.
    pub fn here(&self, lines: usize) -> Option<usize> {
        self.cursor
            .filter(|line| *line < lines)
            .or_else(|| self.passed(lines).checked_sub(1))
    }
}

impl BranchRow {
    /// Where it began and how far it goes, in words.
    pub fn words(&self) -> String {
        match self.from {
            None => format!("the first run, to {} s", self.end),
            Some((from, at)) => format!("leaves {from} at {at} s, to {} s", self.end),
        }
    }
}
