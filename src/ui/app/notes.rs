//! Notes: the step shown, and what turns it.

use super::App;
use crate::lesson::Step as Note;
use crate::ui::action::Step;
use crate::ui::session::Playable;
use crate::ui::view::{Notes, Pace};

impl<W: Playable> App<W> {
    /// Turns to the next note where what this one waits for has happened; `has_run` where it was time that brought it.
    pub(super) fn follow_first_steps(&mut self, has_run: bool) {
        if let Some(first_steps) = &mut self.first_steps {
            let (snapshot, commands) = (self.session.snapshot(), self.session.commands());
            first_steps.follow(snapshot, commands, &mut self.view.notes);
            return;
        }
        let (snapshot, commands) = (self.session.snapshot(), self.session.commands());
        let notes = &mut self.view.notes;
        if self.guide.follow(&notes.steps, notes.current, snapshot, commands) {
            notes.turn(Step::Forward);
            // Whoever is to predict what comes next must have the time to read.
            if self.view.pace != Pace::Paused || has_run {
                self.pause();
                self.tell("the next note: read it, then Space goes on");
            }
        }
    }

    pub(super) fn turn_notes(&mut self, step: Step) {
        let notes = &mut self.view.notes;
        if notes.steps.is_empty() {
            self.tell("there are no notes here");
        } else if notes.hidden {
            notes.hidden = false;
        } else {
            notes.turn(step);
        }
    }

    /// For tests: notes as a save would have them.
    #[cfg(test)]
    pub(super) fn show_steps(&mut self, steps: Vec<Note>) {
        (self.first_steps, self.guide) = (None, crate::lesson::Guide::default());
        self.view.notes = with_steps(steps);
    }

    pub(super) fn show_notes(&mut self, shown: bool) {
        self.view.notes.hidden = !shown;
    }
}

/// Notes of these steps, at the first.
pub(super) fn with_steps(steps: Vec<Note>) -> Notes {
    Notes {
        steps,
        ..Notes::default()
    }
}
