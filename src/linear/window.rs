//! A few of the calls, taken by themselves.
//!
//! If the calls in a window of time contradict each other whatever the state was when it began, then so do all calls. For in any order of all calls
//! let the window begin where what was answered by then has happened. The state is some state; everything called later is still to happen; what was open
//! then, or is of unknown outcome, has happened or is still to. In an order of the calls in the window, the state may be any, and what was open may happen at any
//! time after, or never. So what is left of the order is one of them, too. What is called after the window ends has nothing to do with it, and what is answered
//! after has mostly little: it is as good as not answered.

use super::depth_first::{DepthFirst, End, Thrift};
use super::history::Moment;
use super::model::Model;
use super::search::{Call, Limits};

/// The answers, by time, each with its place among the calls.
#[derive(Debug)]
pub(super) struct Answers(Vec<(Moment, usize)>);

impl Answers {
    /// The answers to calls.
    pub(super) fn of<S>(calls: &[Call<S>]) -> Self {
        let calls = calls.iter().enumerate();
        let answers = calls.filter_map(|(at, call)| call.answered.map(|answered| (answered, at)));
        let mut answers: Vec<_> = answers.collect();
        answers.sort_unstable();
        Self(answers)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The place among the calls of the one that was answered as the `rank`th, from 0.
    pub(super) fn call(&self, rank: usize) -> usize {
        self.0[rank].1
    }

    /// What is to be known of so many answers, from the first on.
    pub(super) fn first(&self, count: usize) -> Window {
        Window {
            begin: None,
            last: count.checked_sub(1).map(|rank| self.0[rank]),
        }
    }

    /// The same, but for what was answered by then when there had been `gone` answers. None are gone where it begins at the beginning.
    pub(super) fn between(&self, gone: usize, count: usize) -> Window {
        Window {
            begin: gone.checked_sub(1).map(|rank| self.0[rank].0),
            ..self.first(count)
        }
    }
}

/// Which calls are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// What was answered by then is over.
    begin: Option<Moment>,
    /// The last answer that counts.
    last: Option<(Moment, usize)>,
}

impl Window {
    /// The calls that are looked at, each with its place among all.
    pub(super) fn of<S: Clone>(self, calls: &[Call<S>]) -> (Vec<usize>, Vec<Call<S>>) {
        let Some(last) = self.last else {
            return (Vec::new(), Vec::new());
        };
        let is_after = |moment: Moment| self.begin.is_none_or(|begin| moment > begin);
        let calls = calls.iter().enumerate();
        let looked_at = calls.filter(|(_, call)| call.called <= last.0 && call.answered.is_none_or(is_after));
        let taken = looked_at.map(|(at, call)| {
            let counts = |answered: &Moment| (*answered, at) <= last && is_after(call.called);
            let taken = Call {
                called: call.called,
                answered: call.answered.filter(counts),
                step: call.step.clone(),
            };
            (at, taken)
        });
        taken.unzip()
    }
}

/// So many answers are looked at first, and at most, before and after the place where a search is stuck.
const NARROW: usize = 16;
const WIDE: usize = 4_096;

/// How much it may cost to look at a window.
const LIMITS: Limits = Limits {
    bytes: 64 << 20,
    steps: 200_000,
};

/// Looks for a contradiction around the place where a search is stuck: so many answers can be accounted for from the first on. Gives how many can't be,
/// as few as that can be said of.
pub(super) fn contradiction<M: Model>(
    model: &mut M,
    calls: &[Call<M::Step>],
    answers: &Answers,
    placed: usize,
) -> Option<usize>
where
    M::Step: Clone,
{
    let anything = model.anything()?;
    let mut size = NARROW;
    while size <= WIDE {
        let gone = placed.saturating_sub(size);
        let state = if gone > 0 { anything } else { model.initial() };
        let mut is_refuted = |count: usize| {
            let (_, calls) = answers.between(gone, count).of(calls);
            DepthFirst::new(model, state, &calls, usize::MAX, Thrift::No, LIMITS).run(u64::MAX)
                == End::Exhausted
        };
        let (mut low, mut high) = (placed, (placed + size + 1).min(answers.count()));
        if is_refuted(high) {
            while low + 1 < high {
                let middle = low + (high - low) / 2;
                if is_refuted(middle) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            return Some(high);
        }
        size *= 4;
    }
    None
}
