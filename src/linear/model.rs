//! What the checker must know of a store.

use std::hash::Hash;

/// A store that does one step after the other.
///
/// A step is an operation with its answer; of an operation that was not answered, without one. What a step leads to is one state, so a
/// state and the steps taken say all.
pub trait Model {
    /// A step. Unknown steps that are equal are interchangeable.
    type Step: Ord;
    /// A state, in few bytes: it is copied, hashed and kept many times.
    type State: Copy + Eq + Hash;

    /// The state at the beginning.
    fn initial(&self) -> Self::State;

    /// A state that stands for all of them, for where nothing is known of what was before: a step that can be taken in any state can be taken in
    /// it, and leads to where it leads from there, or leaves it as it is. `None` where there is none such, and that costs nothing but time.
    fn anything(&self) -> Option<Self::State> {
        None
    }

    /// The state after a step; `None` where no such answer is given in this state.
    fn after(&self, state: Self::State, step: &Self::Step) -> Option<Self::State>;

    /// The same for a step whose outcome is unknown, which need not be taken at all; `None` also where to take it is never of any use.
    fn after_unknown(&self, state: Self::State, step: &Self::Step) -> Option<Self::State> {
        self.after(state, step)
    }

    /// What a step has to do with those before and after it.
    fn part(&self, _step: &Self::Step) -> Part {
        Part::LEADS_ANYWHERE
    }

    /// Whether a step whose outcome is known can be taken in this state, and can't do any harm to what is taken later if it is taken now: so one
    /// that changes nothing. It costs nothing but time to say no.
    fn is_idle(&self, state: Self::State, step: &Self::Step) -> bool {
        !self.part(step).changes && self.after(state, step).is_some()
    }

    /// Whether to take a step whose outcome is known and that leads to this state may be to use up what some other step needs. It costs
    /// nothing but time to say either.
    fn wastes(&self, _step: &Self::Step, _after: Self::State) -> bool {
        false
    }

    /// Whether a step whose outcome is unknown may be of use to an order of what is expected.
    fn is_of_use(&self, _step: &Self::Step) -> bool {
        true
    }

    /// Whether `goal`, a step that [depends](Part::depends) on the state, may still be taken some time after this state, if all that
    /// is taken between does not [reset](Part::resets) it. It costs nothing but time to say yes.
    fn leads_to(&self, _state: Self::State, _goal: &Self::Step) -> bool {
        true
    }

    /// The state that stands for this one and all others that are as good for what is still to come.
    fn settled(&self, state: Self::State) -> Self::State {
        state
    }

    /// A search begins: takes note of the steps to come, those whose outcome is known and those whose outcome is not. A model may keep
    /// count of what is still to come.
    fn expect(&mut self, _known: &[&Self::Step], _unknown: &[&Self::Step]) {}

    /// Takes note of a step that is to be taken soon, for its answer is not far.
    fn in_sight(&mut self, _step: &Self::Step) {}

    /// Takes note that a step is not, for it was taken, or its answer is far again.
    fn out_of_sight(&mut self, _step: &Self::Step) {}

    /// Takes note of a step that was taken.
    fn took(&mut self, _step: &Self::Step, _sure: Sure) {}

    /// Takes note that a step was taken back.
    fn took_back(&mut self, _step: &Self::Step, _sure: Sure) {}

    /// Whether this state, with what was taken so far, leaves a step that is in sight without any way to be taken. It costs nothing but time
    /// to say no.
    fn strands(&self, _state: Self::State) -> bool {
        false
    }
}

/// What a step has to do with those before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whether it changes any state in which it can be taken.
    pub changes: bool,
    /// Whether it can be taken in some states only, and [`Model::leads_to`] knows which.
    pub depends: bool,
    /// Whether it may lead to a state that has nothing to do with the one before.
    pub resets: bool,
}

impl Part {
    /// Of which nothing is known.
    pub const LEADS_ANYWHERE: Self = Self {
        changes: true,
        depends: false,
        resets: true,
    };
}

/// Whether the outcome of a step is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// It is: the step is taken some time.
    Yes,
    /// It is not: the step may be taken, or not.
    No,
}
