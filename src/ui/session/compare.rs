//! Two branches of a session at one time.

use super::{Playable, Session};
use crate::playground::{Branch, BranchId};
use crate::types::VirtualTime;
use crate::ui::compare::{Comparison, Side};

impl<W: Playable> Session<W> {
    /// The branch that is shown, beside another, at a time; a branch that does not go so far goes on by itself.
    ///
    /// `None` where there is no such branch, or a moment of it is not kept any more. What is shown, and what can be done
    /// again, is as it was.
    pub fn compare(&mut self, other: &str, at: VirtualTime) -> Option<Comparison> {
        let mut ids = self.timeline.branches().iter().map(Branch::id);
        let other = ids.find(|id| id.to_string() == other)?;
        let (shown, here) = (self.journey.branch, self.timeline.here(&self.world));
        let kept = self.travels.put_aside();
        let sides = [shown, other].map(|branch| self.side(branch, at));
        let is_back = self.show(shown) && self.go_to(here);
        self.travels.put_back(kept);
        self.look();
        let [one, other] = sides;
        Some(Comparison::new([one?, other?])).filter(|_| is_back)
    }

    fn side(&mut self, branch: BranchId, at: VirtualTime) -> Option<Side> {
        if !self.show(branch) {
            return None;
        }
        if self.timeline.end().at < at {
            self.timeline.run_until(&mut self.world, at);
            self.arrive(None);
        } else if !self.go_to_time(at) {
            return None;
        }
        Some(Side {
            branch,
            snapshot: self.snapshot.clone(),
            story: self.story.to_vec(),
        })
    }

    /// Shows another branch, at this time.
    pub fn switch_at(&mut self, branch: BranchId, at: VirtualTime) -> bool {
        self.show(branch) && self.go_to_time(at)
    }
}
