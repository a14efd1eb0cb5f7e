//! The story as it is read: its lines, and which of them are shown.
//!
//! A long story is not searched anew for every frame: which lines a filter shows is known from when they came.

use std::ops::{Deref, Range};

use super::action::Step;
use super::filter::Filter;
use crate::playground::StoryLine;

/// Lines of a story, oldest first, and which of them are shown. A line is spoken of by its place among all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    lines: Vec<StoryLine>,
    only: Option<Only>,
}

/// The lines that a filter shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Only {
    filter: Filter,
    /// By their places, in order.
    shown: Vec<usize>,
}

impl Only {
    fn take_in(&mut self, lines: &[StoryLine], from: usize) {
        let filter = &self.filter;
        let added = (from..lines.len()).filter(|line| filter.shows(&lines[*line]));
        self.shown.extend(added);
    }
}

impl Story {
    /// Nothing is told.
    pub const fn new() -> Self {
        Self {
            lines: Vec::new(),
            only: None,
        }
    }

    /// What is shown of it; `None`: all.
    pub fn filter(&self) -> Option<&Filter> {
        self.only.as_ref().map(|only| &only.filter)
    }

    /// Shows only what the filter does; all, where there is none.
    pub fn show_only(&mut self, filter: Option<Filter>) {
        self.only = filter.map(|filter| {
            let mut only = Only {
                filter,
                shown: Vec::new(),
            };
            only.take_in(&self.lines, 0);
            only
        });
    }

    /// How many lines are shown.
    pub fn shown_len(&self) -> usize {
        self.only
            .as_ref()
            .map_or(self.lines.len(), |only| only.shown.len())
    }

    /// How many of the lines before this one are shown.
    pub fn shown_before(&self, line: usize) -> usize {
        match &self.only {
            None => line.min(self.lines.len()),
            Some(only) => only.shown.partition_point(|shown| *shown < line),
        }
    }

    /// The line that is shown after so many others.
    pub fn shown_at(&self, place: usize) -> Option<usize> {
        match &self.only {
            None => (place < self.lines.len()).then_some(place),
            Some(only) => only.shown.get(place).copied(),
        }
    }

    /// The lines shown that come after so many others of those, and before others.
    pub fn shown(&self, places: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        places.map_while(|place| self.shown_at(place))
    }

    /// Whether this line is shown.
    pub fn is_shown(&self, line: usize) -> bool {
        self.shown_at(self.shown_before(line)) == Some(line)
    }

    /// The last line that is shown before this, or the first from it on.
    pub fn shown_next(&self, line: usize, step: Step) -> Option<usize> {
        let before = self.shown_before(line);
        match step {
            Step::Back => self.shown_at(before.checked_sub(1)?),
            Step::Forward => self.shown_at(before),
        }
    }

    /// Takes in what is told next.
    pub fn extend(&mut self, lines: impl IntoIterator<Item = StoryLine>) {
        let from = self.lines.len();
        self.lines.extend(lines);
        if let Some(only) = &mut self.only {
            only.take_in(&self.lines, from);
        }
    }

    /// Forgets all but the first lines.
    pub fn truncate(&mut self, lines: usize) {
        let shown = self.shown_before(lines);
        self.lines.truncate(lines);
        if let Some(only) = &mut self.only {
            only.shown.truncate(shown);
        }
    }

    /// Forgets the first lines.
    pub fn forget(&mut self, lines: usize) {
        let shown = self.shown_before(lines);
        self.lines.drain(..lines);
        if let Some(only) = &mut self.only {
            only.shown.drain(..shown);
            for line in &mut only.shown {
                *line -= lines;
            }
        }
    }

    /// Tells another story, of which the same is shown.
    pub fn replace(&mut self, lines: Vec<StoryLine>) {
        let filter = self.only.take().map(|only| only.filter);
        self.lines = lines;
        self.show_only(filter);
    }
}

impl Deref for Story {
    type Target = [StoryLine];

    fn deref(&self) -> &[StoryLine] {
        &self.lines
    }
}

impl From<Vec<StoryLine>> for Story {
    /// All of them are shown.
    fn from(lines: Vec<StoryLine>) -> Self {
        Self { lines, only: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::fixture::story_line;

    #[derive(Clone, Debug)]
    enum Change {
        Extend(Vec<bool>),
        Truncate(usize),
        Forget(usize),
        Replace(Vec<bool>),
        Only(bool),
    }

    fn change() -> impl Strategy<Value = Change> {
        let lines = || prop::collection::vec(any::<bool>(), 0..6);
        prop_oneof![
            lines().prop_map(Change::Extend),
            (0..12_usize).prop_map(Change::Truncate),
            (0..4_usize).prop_map(Change::Forget),
            lines().prop_map(Change::Replace),
            any::<bool>().prop_map(Change::Only),
        ]
    }

    fn told(marked: &[bool]) -> Vec<StoryLine> {
        let text = |is_marked: &bool| if *is_marked { "S1 commits 4" } else { "S2 votes" };
        marked.iter().map(|line| story_line(7, text(line))).collect()
    }

    fn apply(story: &mut Story, change: &Change) {
        match change {
            Change::Extend(lines) => story.extend(told(lines)),
            Change::Truncate(lines) => story.truncate(*lines),
            Change::Forget(lines) => story.forget((*lines).min(story.len())),
            Change::Replace(lines) => story.replace(told(lines)),
            Change::Only(is_only) => story.show_only(Filter::new(if *is_only { "commits" } else { "" })),
        }
    }

    proptest! {
        /// The oracle asks every line.
        #[test]
        fn whatever_happens_to_a_story_what_the_filter_shows_is_shown(
            changes in prop::collection::vec(change(), 1..20),
        ) {
            let mut story = Story::default();
            for change in &changes {
                apply(&mut story, change);
                let is_shown =
                    |line: &usize| story.filter().is_none_or(|filter| filter.shows(&story[*line]));
                let shown: Vec<usize> = (0..story.len()).filter(is_shown).collect();
                prop_assert_eq!(story.shown(0..usize::MAX).collect::<Vec<_>>(), shown.clone());
                prop_assert_eq!(story.shown_len(), shown.len());
                for line in 0..story.len() + 2 {
                    let before = shown.iter().filter(|shown| **shown < line).count();
                    prop_assert_eq!(story.shown_before(line), before);
                    prop_assert_eq!(story.is_shown(line), shown.contains(&line));
                    prop_assert_eq!(story.shown_next(line, Step::Forward), shown.get(before).copied());
                    let back = before.checked_sub(1).map(|before| shown[before]);
                    prop_assert_eq!(story.shown_next(line, Step::Back), back);
                }
            }
        }
    }
}
