//! Which operation it is that can't be placed.
//!
//! A search that looks ahead gives up before it is stuck. So where there is no order, the shortest beginning of the calls is sought for which there is
//! none: what is called after an answer has nothing to do with it, and what is answered after is as good as unknown. It can't be shorter than a
//! search comes that does not look ahead, and mostly is no longer.

use super::history::Moment;
use super::model::Model;
use super::search::{Call, Finding, Limits, Stuck, reach, run};

/// Where the search for an order gets stuck; there is known to be none.
pub(super) fn pin_down<M: Model>(model: &mut M, calls: &[Call<M::Step>], limits: Limits) -> Stuck
where
    M::Step: Clone,
{
    let answer = |(at, call): (usize, &Call<M::Step>)| call.answered.map(|answered| (answered, at));
    let mut answers: Vec<(Moment, usize)> = calls.iter().enumerate().filter_map(answer).collect();
    answers.sort_unstable();
    let reached = reach(model, calls, limits);
    let mut beginning = Beginning {
        model,
        calls,
        answers: &answers,
        limits,
    };
    let reached = answers.iter().position(|(_, at)| *at == reached);
    // With the first `with` answers there is an order, with one more than `without` there is none.
    let (mut with, mut without) = (reached.unwrap_or_default(), answers.len() - 1);
    let mut step = 1;
    while with < without && beginning.has_order((with + step).min(without)) {
        with = (with + step).min(without);
        step *= 2;
    }
    without = without.min(with + step - 1);
    while with < without {
        let middle = with + (without - with).div_ceil(2);
        if beginning.has_order(middle) {
            with = middle;
        } else {
            without = middle - 1;
        }
    }
    let order = beginning.order(with);
    let orders = match beginning.search(with + 1) {
        Finding::None(stuck) if stuck.blamed == answers[with].1 => stuck.orders,
        Finding::None(_) | Finding::Order(_) | Finding::OutOfMemory | Finding::OutOfSteps => vec![order],
    };
    Stuck {
        blamed: answers[with].1,
        orders,
    }
}

/// The calls up to some answer.
struct Beginning<'a, M: Model> {
    model: &'a mut M,
    calls: &'a [Call<M::Step>],
    answers: &'a [(Moment, usize)],
    limits: Limits,
}

impl<M: Model> Beginning<'_, M>
where
    M::Step: Clone,
{
    /// Searches for an order of what has to do with so many answers. What is found speaks of places among all calls.
    fn search(&mut self, answers: usize) -> Finding {
        let Some(last) = answers.checked_sub(1).map(|last| self.answers[last]) else {
            return Finding::Order(Vec::new());
        };
        let called = self
            .calls
            .iter()
            .enumerate()
            .filter(|(_, call)| call.called <= last.0);
        let shortened = called.map(|(at, call)| {
            let answered = call.answered.filter(|answered| (*answered, at) <= last);
            let step = call.step.clone();
            let called = call.called;
            (
                at,
                Call {
                    called,
                    answered,
                    step,
                },
            )
        });
        let (places, calls): (Vec<usize>, Vec<_>) = shortened.unzip();
        let back = |order: Vec<usize>| order.into_iter().map(|at| places[at]).collect();
        match run(self.model, &calls, self.limits) {
            Finding::Order(order) => Finding::Order(back(order)),
            Finding::None(Stuck { blamed, orders }) => Finding::None(Stuck {
                blamed: places[blamed],
                orders: orders.into_iter().map(back).collect(),
            }),
            gone @ (Finding::OutOfMemory | Finding::OutOfSteps) => gone,
        }
    }

    fn has_order(&mut self, answers: usize) -> bool {
        matches!(self.search(answers), Finding::Order(_))
    }

    fn order(&mut self, answers: usize) -> Vec<usize> {
        match self.search(answers) {
            Finding::Order(order) => order,
            Finding::None(_) | Finding::OutOfMemory | Finding::OutOfSteps => Vec::new(),
        }
    }
}
