//! Moving through time: line by line, mark by mark, from branch to branch; what was done is taken back, and done again.

use super::App;
use crate::types::VirtualTime;
use crate::ui::action::Step;
use crate::ui::session::{Playable, Undone};
use crate::ui::view::{Overlay, Pace};

/// What to say where a moment can't be gone to.
const LOST: &str = "this moment is too long ago: it is not kept any more";

impl<W: Playable> App<W> {
    /// Time stands at another moment.
    fn arrive(&mut self, has_arrived: bool) -> bool {
        self.view.pace = Pace::Paused;
        self.view.story_scroll = None;
        self.view.violation = self.session.violation();
        let complaint = self.session.drain_complaints().pop();
        if let Some(complaint) = complaint.or((!has_arrived).then(|| LOST.to_owned())) {
            self.complain(complaint);
        }
        has_arrived
    }

    pub(super) fn previous_line(&mut self) {
        let Some(here) = self.session.here() else {
            return self.tell("this is where it begins");
        };
        let arrived = match self.session.story().shown_next(here, Step::Back) {
            None => self.session.go_home(),
            Some(line) => self.session.go_to_line(line),
        };
        self.arrive(arrived);
    }

    /// The next line, where it is known. Says whether it is.
    pub(super) fn next_known_line(&mut self) -> bool {
        if self.session.journey().past.is_none() && self.session.journey().cursor.is_none() {
            return false;
        }
        let next = self.session.here().map_or(0, |line| line + 1);
        let Some(next) = self.session.story().shown_next(next, Step::Forward) else {
            return false;
        };
        let arrived = self.session.go_to_line(next);
        self.arrive(arrived);
        true
    }

    pub(super) fn go_to_mark(&mut self, step: Step) {
        let here = self.session.here();
        let story = self.session.story();
        let is_marked = |line: &usize| story[*line].mark.is_some() && story.is_shown(*line);
        let goal = match step {
            Step::Back => (0..here.unwrap_or(0)).rev().find(is_marked),
            Step::Forward => (here.map_or(0, |line| line + 1)..story.len()).find(is_marked),
        };
        let arrived = match (goal, step) {
            (Some(line), Step::Back | Step::Forward) => self.session.go_to_line(line),
            (None, Step::Back) if here.is_none() => return self.tell("this is where it begins"),
            (None, Step::Back) => self.session.go_home(),
            (None, Step::Forward) if self.session.journey().past.is_some() => self.session.go_to_end(),
            (None, Step::Forward) => return self.tell("no later mark is known; Space runs on"),
        };
        self.arrive(arrived);
    }

    pub(super) fn go_home(&mut self) {
        let arrived = self.session.go_home();
        self.arrive(arrived);
    }

    pub(super) fn go_to_end(&mut self) {
        let arrived = self.session.go_to_end();
        self.arrive(arrived);
    }

    pub(super) fn go_to_time(&mut self, at: VirtualTime) {
        let arrived = self.session.go_to_time(at);
        self.arrive(arrived);
        let now = self.session.snapshot().now;
        if arrived && now < at {
            self.tell(format!("no more than {now} s is known; Space runs on"));
        }
    }

    pub(super) fn undo(&mut self) {
        match self.session.undo() {
            Undone::Nothing => self.tell("nothing was done before this"),
            Undone::Lost => {
                self.arrive(false);
            }
            Undone::Back(what) => {
                self.arrive(true);
                let now = self.session.snapshot().now;
                self.tell(format!("back to {now} s, before: {what} · U returns"));
            }
        }
    }

    pub(super) fn redo(&mut self) {
        match self.session.redo() {
            None => self.tell("nothing was taken back"),
            Some(arrived) => {
                if self.arrive(arrived) {
                    self.tell(format!("at {} s again", self.session.snapshot().now));
                }
            }
        }
    }

    pub(super) fn show_branch(&mut self, name: &str) {
        match self.session.switch(name) {
            None => self.complain(format!("there is no branch `{name}`; :branches lists them")),
            Some(arrived) => {
                if self.arrive(arrived) {
                    self.tell(format!("branch {name}, at its end"));
                }
            }
        }
    }

    pub(super) fn compare(&mut self, name: &str, at: VirtualTime) {
        self.view.pace = Pace::Paused;
        if self.session.journey().branch.to_string() == name {
            return self.complain(format!("{name} is the branch that is shown; name another"));
        }
        match self.session.compare(name, at) {
            Some(comparison) => self.view.overlay = Some(Overlay::Compare(Box::new(comparison))),
            None if !self.session.has_branch(name) => {
                self.complain(format!("there is no branch `{name}`; :branches lists them"));
            }
            None => self.complain(format!("branch `{name}` is not kept at {at} s any more")),
        }
    }

    /// The comparison moves to the line before or after, of either branch.
    pub(super) fn compare_at(&mut self, step: Step) {
        let Some(Overlay::Compare(comparison)) = &self.view.overlay else {
            return;
        };
        let other = comparison.sides[1].branch.to_string();
        let goal = match step {
            Step::Back => comparison.previous_line(),
            Step::Forward => comparison.next_line(),
        };
        match (goal, step) {
            (Some(at), Step::Back | Step::Forward) => self.compare(&other, at),
            (None, Step::Back) => self.tell("before this both were one"),
            (None, Step::Forward) => self.tell("no more is known of either; Esc, Space runs on"),
        }
    }

    /// The other branch of the comparison is shown, at the same time.
    pub(super) fn show_compared(&mut self) {
        if let Some(Overlay::Compare(comparison)) = self.view.overlay.take() {
            let (branch, at) = (comparison.sides[1].branch, comparison.at());
            let arrived = self.session.switch_at(branch, at);
            if self.arrive(arrived) {
                self.tell(format!("branch {branch}, at {at} s"));
            }
        }
    }

    pub(super) fn bookmark(&mut self, name: &str) {
        let now = self.session.snapshot().now;
        self.session.bookmark(name);
        self.tell(format!("{now} s is called {name}; :go {name} comes back"));
    }

    pub(super) fn go_to_bookmark(&mut self, name: &str) {
        match self.session.go_to_bookmark(name) {
            None => self.complain(format!(
                "`{name}` is neither a time in seconds nor a bookmark; :bookmark NAME makes one"
            )),
            Some(arrived) => {
                self.arrive(arrived);
            }
        }
    }

    /// Says so, where what was just done has begun a branch.
    pub(super) fn tell_of_branch(&mut self) {
        if let Some(left) = self.session.take_left() {
            let (branch, now) = (self.session.journey().branch, self.session.snapshot().now);
            self.tell(format!(
                "branch {branch} begins at {now} s; :branch {left} returns, :compare {left} shows both"
            ));
        }
    }
}
