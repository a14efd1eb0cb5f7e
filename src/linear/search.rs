//! Whether there is an order of operations that explains all answers.
//!
//! An order is found depth first ([`depth_first`](super::depth_first)), mostly straight away. That there is none would take long to find so: all orders of all
//! that went well before the contradiction would have to be tried too. So where that search comes no further for a while, it is asked whether
//! the calls around the place where it got stuck contradict each other by themselves, whatever was before ([`window`]). Only where they do not must
//! everything be tried.

use super::blame;
use super::depth_first::{DepthFirst, End, Thrift};
use super::history::Moment;
use super::model::Model;
use super::window::{self, Answers};

/// An operation, as the search sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<S> {
    /// When it was called.
    pub called: Moment,
    /// When it was answered; `None` where its outcome is unknown, for ever.
    pub answered: Option<Moment>,
    /// What it does.
    pub step: S,
}

/// How much a search may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes it may remember of where it has been: besides, it takes some hundred bytes for each operation, and while what it remembers
    /// grows, as much again for a moment.
    pub bytes: usize,
    /// How many steps it may try.
    pub steps: u64,
}

impl Default for Limits {
    /// A gibibyte, and ten thousand million steps: a few minutes.
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            steps: 10_000_000_000,
        }
    }
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An order of the operations that explains every answer: their places among the calls.
    Order(Vec<usize>),
    /// There is none.
    None(Stuck),
    /// It was given up, for it would have taken more memory than it may.
    OutOfMemory,
    /// It was given up, for it would have taken more steps than it may.
    OutOfSteps,
}

/// How far a search came that found no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The operation that can't be placed: all that were answered before it can be.
    pub blamed: usize,
    /// The longest orders that there are of what was answered before it, and of what else has its place then: up to eight, which lead to
    /// different states.
    pub orders: Vec<Vec<usize>>,
}

/// Searches for an order.
pub fn search<M: Model>(model: &mut M, calls: &[Call<M::Step>], limits: Limits) -> Finding
where
    M::Step: Clone,
{
    match decide(model, calls, limits) {
        Decision::Order(order) => Finding::Order(order),
        Decision::None(refuted) => Finding::None(blame::pin_down(model, calls, limits, refuted)),
        Decision::OutOfMemory => Finding::OutOfMemory,
        Decision::OutOfSteps => Finding::OutOfSteps,
    }
}

/// Whether there is an order.
#[derive(Debug)]
pub(super) enum Decision {
    Order(Vec<usize>),
    None(Refuted),
    OutOfMemory,
    OutOfSteps,
}

/// What is known where there is no order.
#[derive(Debug)]
pub(super) struct Refuted {
    /// How many answers can be accounted for, from the first on, at least.
    pub(super) placed: usize,
    /// Orders of these.
    pub(super) orders: Vec<Vec<usize>>,
    /// How many contradict each other, from the first on; `None` where that is known of all together only.
    pub(super) contradiction: Option<usize>,
}

/// The searches that are made, one after the other. A search that comes no further in so many steps is given up, if it then turns out that the calls
/// around contradict each other; and if not, there is a more patient one.
const ATTEMPTS: [(Thrift, u64); 3] = [
    (Thrift::Yes, 50_000),
    (Thrift::No, 2_000_000),
    (Thrift::No, u64::MAX),
];

/// So many answers ahead the search looks whether it can still give them: not farther, so that where it gets stuck is not far from why.
const SIGHT: usize = 256;

/// Decides whether there is an order.
pub(super) fn decide<M: Model>(model: &mut M, calls: &[Call<M::Step>], limits: Limits) -> Decision
where
    M::Step: Clone,
{
    for (thrift, patience) in ATTEMPTS {
        let state = model.initial();
        let mut search = DepthFirst::new(model, state, calls, SIGHT, thrift, limits);
        let end = search.run(patience);
        let (placed, orders) = match end {
            End::Order(order) => return Decision::Order(order),
            End::OutOfMemory => return Decision::OutOfMemory,
            End::OutOfSteps => return Decision::OutOfSteps,
            End::Exhausted | End::OutOfPatience => (search.answered(), search.orders()),
        };
        let answers = Answers::of(calls);
        let contradiction = window::contradiction(model, calls, &answers, placed);
        let is_refuted = thrift == Thrift::No && end == End::Exhausted;
        if contradiction.is_some() || is_refuted {
            return Decision::None(Refuted {
                placed,
                orders,
                contradiction,
            });
        }
    }
    Decision::OutOfSteps
}
