//! The shortest stretch of a history that shows that there is no order.
//!
//! What is left out must not be missed: a read without the write that it saw would be no order's fault. So an operation that changes the
//! value is never left out; it is *let loose*, and may happen at any time after its call, or never, whatever its client was told. One that
//! only reads is left out. What can't be put in order even then can't be in the whole history.

use std::collections::BTreeSet;

use super::history::{Action, Answer, History, Moment};
use super::judge::{Failure, has_order, judge_key};
use super::search::{Finding, Limits};

/// Operations of one key for which there is no order, few of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Those whose answers contradict each other, by their places in the history and in the order of their calls.
    pub kept: Vec<usize>,
    /// Those that may happen at any time after their calls, or never, and that does not help.
    pub loose: Vec<usize>,
    /// How far the kept ones can be put in order. It may need some of the loose.
    pub failure: Failure,
}

/// How much is done to make a stretch short: so many operations are looked at, over all attempts. An attempt that is given up counts as many as it
/// may take steps.
const WORK: usize = 20_000_000;

/// How much one attempt may cost.
const ATTEMPT: Limits = Limits {
    bytes: 64 << 20,
    steps: 1_000_000,
};

/// How many operations are looked at first.
const FIRST: usize = 16;

/// Shortens a failure of a history to a stretch. The same failure always gives the same stretch; where it gets too long to look for a shorter one,
/// it is longer than need be.
pub fn shorten(history: &History, failure: &Failure) -> Stretch {
    let mut shrink = Shrink::of(history, failure);
    shrink.begin_with_the_last();
    // The fewer answers are left, the fewer of the loose are of any use.
    shrink.shorten(Among::Unchanging);
    shrink.shorten(Among::All);
    shrink.finish()
}

/// What is let loose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Among {
    /// What changed nothing, whoever knows.
    Unchanging,
    /// Anything.
    All,
}

struct Shrink<'a> {
    history: &'a History,
    kept: Vec<usize>,
    loose: Vec<usize>,
    failure: Failure,
    work: usize,
}

impl<'a> Shrink<'a> {
    /// What was called after the operation that can't be placed was answered has nothing to do with it, and what was answered after is mostly as
    /// good as not answered.
    fn of(history: &'a History, failure: &Failure) -> Self {
        let end = history.operations[failure.blamed].answered_at();
        let (kept, loose) = until(history, &failure.key, end);
        let has_order = has_order(history, &failure.key, &taken_for(&kept, &loose), ATTEMPT);
        let (kept, loose) = if has_order == Some(false) {
            (kept, loose)
        } else {
            until(history, &failure.key, None)
        };
        Self {
            history,
            kept,
            loose,
            failure: failure.clone(),
            work: 0,
        }
    }

    /// Mostly, what contradicts the operation that can't be placed has happened shortly before.
    fn begin_with_the_last(&mut self) {
        let mut by_answer = self.kept.clone();
        by_answer.sort_by_key(|at| self.history.operations[*at].answered_at());
        let mut count = FIRST;
        while count < by_answer.len() && self.work < WORK {
            let early: BTreeSet<usize> = by_answer[..by_answer.len() - count].iter().copied().collect();
            if self.let_loose(&early) {
                return;
            }
            count *= 4;
        }
    }

    /// Lets loose what it can, in ever shorter runs, until it can do no more.
    fn shorten(&mut self, among: Among) {
        let mut size = self.kept.len().next_power_of_two();
        loop {
            let before = self.kept.len();
            self.pass(among, size);
            if size > 1 {
                size /= 2;
            } else if self.kept.len() == before || self.work > WORK {
                return;
            }
        }
    }

    /// Tries to let loose each run of so many operations.
    fn pass(&mut self, among: Among, size: usize) {
        let mut tried = 0;
        while self.work < WORK {
            let is_meant = |at: &&usize| among == Among::All || !changes(self.history, **at);
            let meant = self.kept.iter().filter(is_meant).skip(tried).take(size);
            let run: BTreeSet<usize> = meant.copied().collect();
            if run.is_empty() {
                return;
            }
            if !self.let_loose(&run) {
                tried += run.len();
            }
        }
    }

    fn let_loose(&mut self, run: &BTreeSet<usize>) -> bool {
        let (gone, kept): (Vec<usize>, Vec<usize>) = self.kept.iter().partition(|at| run.contains(at));
        let mut loose = self.loose.clone();
        loose.extend(gone.into_iter().filter(|at| changes(self.history, *at)));
        self.work += kept.len() + loose.len();
        match has_order(
            self.history,
            &self.failure.key,
            &taken_for(&kept, &loose),
            ATTEMPT,
        ) {
            Some(false) => {
                (self.kept, self.loose) = (kept, loose);
                true
            }
            Some(true) => false,
            None => {
                self.work += usize::try_from(ATTEMPT.steps).unwrap_or(WORK);
                false
            }
        }
    }

    fn finish(mut self) -> Stretch {
        let operations = taken_for(&self.kept, &self.loose);
        if let Finding::None(stuck) = judge_key(self.history, &self.failure.key, &operations, ATTEMPT) {
            self.failure = Failure::of(self.history, &self.failure.key, operations.len(), stuck);
        }
        self.loose.sort_unstable();
        Stretch {
            kept: self.kept,
            loose: self.loose,
            failure: self.failure,
        }
    }
}

/// What was answered on a key until a moment, by calls, and what had been called by then and may change the value.
fn until(history: &History, key: &str, end: Option<Moment>) -> (Vec<usize>, Vec<usize>) {
    let is_in_time = |moment: Moment| end.is_none_or(|end| moment <= end);
    let operations = &history.operations;
    let on_key = (0..operations.len()).filter(|at| operations[*at].key == key);
    let called = on_key.filter(|at| is_in_time(operations[*at].called));
    let (mut kept, loose): (Vec<_>, Vec<_>) =
        called.partition(|at| operations[*at].answered_at().is_some_and(is_in_time));
    kept.sort_by_key(|at| operations[*at].called);
    let loose = loose.into_iter().filter(|at| changes(history, *at)).collect();
    (kept, loose)
}

/// The kept for what they are, the loose for operations of unknown outcome.
fn taken_for(kept: &[usize], loose: &[usize]) -> Vec<(usize, bool)> {
    let known = kept.iter().map(|at| (*at, true));
    known.chain(loose.iter().map(|at| (*at, false))).collect()
}

/// Whether an operation may change the value: what it was told says that some did not.
fn changes(history: &History, at: usize) -> bool {
    let operation = &history.operations[at];
    match (&operation.action, operation.answer()) {
        (Action::Get, _)
        | (Action::CompareAndSet { .. }, Some(Answer::Mismatch | Answer::Value(_)))
        | (Action::Delete, Some(Answer::Value(_))) => false,
        (Action::Set(_) | Action::Append(_) | Action::CompareAndSet { .. } | Action::Delete, _) => true,
    }
}
