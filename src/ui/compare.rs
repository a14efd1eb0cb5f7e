//! Two branches at one time, side by side: what came of another deed.

use crate::playground::{BranchId, Snapshot, StoryLine};
use crate::types::VirtualTime;

/// Two branches at the same time.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The branch that was shown, and the one that it is compared with.
    pub sides: [Side; 2],
    /// How many of the first lines of both stories are the same, one by one.
    pub shared: usize,
}

/// A branch at a time.
#[derive(Clone, Debug)]
pub struct Side {
    /// Its name.
    pub branch: BranchId,
    /// What it looks like then.
    pub snapshot: Snapshot,
    /// What is known to happen in it, what comes later included: the last lines before the branches part, and all since.
    pub story: Vec<StoryLine>,
}

/// How many lines before the branches part are kept.
const KEPT: usize = 3;

impl Comparison {
    /// Of two whole stories only the end of what they share is kept.
    pub fn new([mut one, mut other]: [Side; 2]) -> Self {
        let same = |(one, other): &(&StoryLine, &StoryLine)| is_same(one, other);
        let shared = one.story.iter().zip(&other.story).take_while(same).count();
        let forgotten = shared.saturating_sub(KEPT);
        one.story.drain(..forgotten);
        other.story.drain(..forgotten);
        Self {
            shared: shared - forgotten,
            sides: [one, other],
        }
    }

    /// The time of both.
    pub fn at(&self) -> VirtualTime {
        let [one, other] = &self.sides;
        one.snapshot.now.max(other.snapshot.now)
    }

    /// When something happened in one of them, first, that did not happen in the other.
    pub fn parted_at(&self) -> Option<VirtualTime> {
        let own = |side: &Side| side.story.get(self.shared).map(|line| line.at);
        self.sides.iter().filter_map(own).min()
    }

    /// When the next line is told in either; `None` where none is known.
    pub fn next_line(&self) -> Option<VirtualTime> {
        let now = self.at();
        self.times().filter(|at| *at > now).min()
    }

    /// When the line before was told in either.
    pub fn previous_line(&self) -> Option<VirtualTime> {
        let now = self.at();
        self.times().filter(|at| *at < now).max()
    }

    fn times(&self) -> impl Iterator<Item = VirtualTime> {
        self.sides.iter().flat_map(|side| &side.story).map(|line| line.at)
    }

    /// The story of a side so far; each line with whether it is told on the other side too.
    pub fn told(&self, side: usize) -> Vec<(&StoryLine, bool)> {
        let (own, other) = (&self.sides[side], &self.sides[1 - side]);
        let passed = |story: &[StoryLine]| story.partition_point(|line| line.at <= self.at());
        let others = &other.story[..passed(&other.story)];
        let told = own.story[..passed(&own.story)].iter().enumerate();
        told.map(|(place, line)| {
            let at_its_time = others.partition_point(|other| other.at < line.at);
            let mut same_time = others[at_its_time..]
                .iter()
                .take_while(|other| other.at == line.at);
            let is_shared = place < self.shared || same_time.any(|other| is_same(line, other));
            (line, is_shared)
        })
        .collect()
    }
}

fn is_same(one: &StoryLine, other: &StoryLine) -> bool {
    one.at == other.at && one.long == other.long
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::{stable, story_line};

    fn side(branch: BranchId, now: u64, lines: &[(u64, &str)]) -> Side {
        let mut snapshot = stable(3);
        snapshot.now = VirtualTime::from_nanos(now);
        Side {
            branch,
            snapshot,
            story: lines.iter().map(|(at, text)| story_line(*at, text)).collect(),
        }
    }

    fn compared(one: &[(u64, &str)], other: &[(u64, &str)]) -> Comparison {
        let sides = [side(BranchId::MAIN, 60, one), side(BranchId::MAIN, 60, other)];
        Comparison::new(sides)
    }

    #[test]
    fn branches_part_where_their_stories_do() {
        let whole = [(10, "a"), (20, "b"), (30, "c"), (40, "d"), (50, "e")];
        let comparison = compared(&whole, &[whole[0], whole[1], whole[2], whole[3], (70, "f")]);
        assert_eq!(comparison.shared, KEPT, "of four lines in common three are kept");
        assert_eq!(comparison.parted_at(), Some(VirtualTime::from_nanos(50)));
        assert_eq!(comparison.next_line(), Some(VirtualTime::from_nanos(70)));
        assert_eq!(comparison.previous_line(), Some(VirtualTime::from_nanos(50)));
    }

    #[test]
    fn what_both_tell_at_the_same_time_is_marked_as_shared_even_after_they_parted() {
        let comparison = compared(
            &[(10, "a"), (20, "b"), (40, "d"), (70, "later")],
            &[(10, "a"), (30, "c"), (40, "d")],
        );
        let told: Vec<_> = comparison
            .told(0)
            .iter()
            .map(|(line, is_shared)| (line.long.as_str(), *is_shared))
            .collect();
        assert_eq!(told, [("a", true), ("b", false), ("d", true)]);
    }

    #[test]
    fn the_same_run_differs_from_itself_in_nothing() {
        let lines = [(10, "a"), (20, "b")];
        let comparison = compared(&lines, &lines);
        assert_eq!(comparison.parted_at(), None);
        assert!(comparison.told(1).iter().all(|(_, is_shared)| *is_shared));
    }
}
