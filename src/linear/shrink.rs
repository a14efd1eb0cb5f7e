//! The shortest stretch of a history that shows that there is no order.
//!
//! What is left out must not be missed: a read without the write that it saw would be no order's fault. So an operation that changes the
//! value is never left out; it is *let loose*, and may happen at any time after its call, or never, whatever its client was told. One that
//! only reads is left out. What can't be put in order even then can't be in the whole history.

use std::collections::BTreeSet;

use super::history::{Action, Answer, History, Moment};
use super::judge::{Before, Failure, has_order, judge_key};
use super::replay::Value;
use super::search::{Finding, Limits};

/// Operations of one key for which there is no order, few of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// What was answered by then is over, and the value may be anything; `None` where the stretch begins with the history.
    pub begin: Option<Moment>,
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

/// How many answers are looked at first, and at most but for all of them.
const FIRST: usize = 64;
const MOST: usize = 1 << 14;

/// Shortens a failure of a history to a stretch. The same failure always gives the same stretch; where it gets too long to look for a shorter one,
/// it is longer than need be.
pub fn shorten(history: &History, failure: &Failure) -> Stretch {
    let mut shrink = Shrink::of(history, failure);
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
    begin: Option<Moment>,
    kept: Vec<usize>,
    loose: Vec<usize>,
    failure: Failure,
    work: usize,
}

impl<'a> Shrink<'a> {
    /// Mostly, what contradicts the operation that can't be placed has happened shortly before. What was called after that was answered has nothing to do
    /// with it.
    fn of(history: &'a History, failure: &Failure) -> Self {
        let end = history.operations[failure.blamed].answered_at();
        let mut shrink = Self {
            history,
            begin: None,
            kept: Vec::new(),
            loose: Vec::new(),
            failure: failure.clone(),
            work: 0,
        };
        shrink.take_up(None, end);
        let moments = shrink
            .kept
            .iter()
            .filter_map(|at| history.operations[*at].answered_at());
        let mut answers: Vec<Moment> = moments.collect();
        answers.sort_unstable();
        let mut count = FIRST;
        while count < answers.len().min(MOST) {
            shrink.take_up(Some(answers[answers.len() - 1 - count]), end);
            if shrink.has_order(&shrink.kept, &shrink.loose) == Some(false) {
                return shrink;
            }
            count *= 4;
        }
        shrink.take_up(None, end);
        if shrink.has_order(&shrink.kept, &shrink.loose) != Some(false) {
            shrink.take_up(None, None);
        }
        shrink
    }

    /// Begins with what was answered after one moment and until another, by calls, and with what was under way then and may change the value.
    fn take_up(&mut self, begin: Option<Moment>, end: Option<Moment>) {
        let operations = &self.history.operations;
        let has_begun = |moment: Moment| begin.is_none_or(|begin| moment > begin);
        let is_in_time = |moment: Moment| end.is_none_or(|end| moment <= end);
        let is_part = |at: &usize| {
            let operation = &operations[*at];
            operation.key == self.failure.key
                && is_in_time(operation.called)
                && operation.answered_at().is_none_or(has_begun)
        };
        let is_kept = |at: &usize| {
            has_begun(operations[*at].called) && operations[*at].answered_at().is_some_and(is_in_time)
        };
        let (mut kept, loose): (Vec<_>, Vec<_>) = (0..operations.len()).filter(is_part).partition(is_kept);
        kept.sort_by_key(|at| operations[*at].called);
        let loose = loose
            .into_iter()
            .filter(|at| changes(self.history, *at))
            .collect();
        (self.begin, self.kept, self.loose) = (begin, kept, loose);
    }

    fn has_order(&self, kept: &[usize], loose: &[usize]) -> Option<bool> {
        let operations = taken_for(kept, loose);
        has_order(
            self.history,
            &self.failure.key,
            &operations,
            Before::of(self.begin),
            ATTEMPT,
        )
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
        match self.has_order(&kept, &loose) {
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
        let (history, key) = (self.history, &self.failure.key);
        let operations = taken_for(&self.kept, &self.loose);
        let before = Before::of(self.begin);
        if let Finding::None(stuck) = judge_key(history, key, &operations, before, ATTEMPT) {
            self.failure = Failure::of(history, key, &operations, before, stuck);
        }
        self.loose.sort_unstable();
        Stretch {
            begin: self.begin,
            kept: self.kept,
            loose: self.loose,
            failure: self.failure,
        }
    }
}

impl Stretch {
    /// The value before the order, and after each step of it.
    pub(super) fn values(&self, history: &History) -> Vec<Value> {
        let failure = &self.failure;
        let mut value = Value::at_first(history, &failure.key, Before::of(self.begin));
        let mut values = vec![value.clone()];
        for at in &failure.order {
            value.apply(&history.operations[*at], self.kept.contains(at));
            values.push(value.clone());
        }
        values
    }
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
