//! Which operation it is that can't be placed.
//!
//! A search that looks ahead gives up before it is stuck. So where there is no order, one that does not look ahead is made, and where that would
//! take too long, the shortest beginning of the calls for which there is none is sought by halving: what is called after an answer has nothing to do
//! with it, and what is answered after is as good as unknown.

use super::history::Moment;
use super::model::Model;
use super::search::{Call, Finding, Foresight, Limits, Stuck, run};

/// How much a search without foresight may cost.
const PLAIN: Limits = Limits {
    bytes: 128 << 20,
    steps: 3_000_000,
};

/// Where the search for an order gets stuck; there is known to be none.
pub(super) fn pin_down<M: Model>(model: &mut M, calls: &[Call<M::Step>], limits: Limits) -> Stuck
where
    M::Step: Clone,
{
    let plain = Limits {
        bytes: PLAIN.bytes.min(limits.bytes),
        steps: PLAIN.steps.min(limits.steps),
    };
    match run(model, calls, plain, Foresight::No) {
        Finding::None(stuck) => stuck,
        Finding::Order(_) | Finding::OutOfMemory | Finding::OutOfSteps => halve(model, calls, limits),
    }
}

fn halve<M: Model>(model: &mut M, calls: &[Call<M::Step>], limits: Limits) -> Stuck
where
    M::Step: Clone,
{
    let answer = |(at, call): (usize, &Call<M::Step>)| call.answered.map(|answered| (answered, at));
    let mut answers: Vec<(Moment, usize)> = calls.iter().enumerate().filter_map(answer).collect();
    answers.sort_unstable();
    let mut order_of = |count: usize| {
        let (places, beginning) = beginning_of(calls, &answers[..count]);
        match run(model, &beginning, limits, Foresight::Yes) {
            Finding::Order(order) => Some(order.into_iter().map(|at| places[at]).collect()),
            Finding::None(_) | Finding::OutOfMemory | Finding::OutOfSteps => None,
        }
    };
    // With the first `with` answers there is an order, with one more than `without` there is none.
    let (mut with, mut without) = (0, answers.len() - 1);
    let mut order = Vec::new();
    while with < without {
        let middle = with + (without - with).div_ceil(2);
        match order_of(middle) {
            Some(found) => (with, order) = (middle, found),
            None => without = middle - 1,
        }
    }
    Stuck {
        blamed: answers[with].1,
        orders: vec![order],
    }
}

/// The calls up to the last of these answers, later answers taken away; and their places.
fn beginning_of<S: Clone>(calls: &[Call<S>], answers: &[(Moment, usize)]) -> (Vec<usize>, Vec<Call<S>>) {
    let Some(last) = answers.last() else {
        return (Vec::new(), Vec::new());
    };
    let called = calls.iter().enumerate().filter(|(_, call)| call.called <= last.0);
    called
        .map(|(at, call)| {
            let answered = call.answered.filter(|answered| (*answered, at) <= *last);
            let call = Call {
                called: call.called,
                answered,
                step: call.step.clone(),
            };
            (at, call)
        })
        .unzip()
}
