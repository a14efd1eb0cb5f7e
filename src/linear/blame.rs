//! Which operation it is that can't be placed.
//!
//! A search that looks ahead gives up before it is stuck. So where there is no order, the shortest beginning of the calls is sought for which there is
//! none. It can't be shorter than what the search could account for, nor longer than what is known to contradict itself, and mostly it is
//! one of the two.

use super::model::Model;
use super::search::{Call, Decision, Limits, Refuted, Stuck, decide};
use super::window::Answers;

/// Where the search for an order gets stuck.
pub(super) fn pin_down<M: Model>(
    model: &mut M,
    calls: &[Call<M::Step>],
    limits: Limits,
    refuted: Refuted,
) -> Stuck
where
    M::Step: Clone,
{
    let answers = Answers::of(calls);
    // With the first `with` answers there is an order, with the first `without` there is none.
    let (mut with, mut orders) = (refuted.placed, refuted.orders);
    let mut without = refuted.contradiction.unwrap_or(answers.count());
    let mut step = refuted.contradiction.map_or(1, |count| count - 1 - with);
    while with + 1 < without {
        let tried = (with + step).min(without - 1);
        let (places, calls) = answers.first(tried).of(calls);
        let back = |order: Vec<usize>| order.into_iter().map(|at| places[at]).collect();
        match decide(model, &calls, limits) {
            Decision::Order(order) => {
                (with, orders) = (tried, vec![back(order)]);
                step *= 2;
            }
            Decision::None(other) => {
                if other.placed > with {
                    (with, orders) = (other.placed, other.orders.into_iter().map(back).collect());
                }
                without = other.contradiction.unwrap_or(tried);
                step = 1;
            }
            Decision::OutOfMemory | Decision::OutOfSteps => (without, step) = (tried, 1),
        }
    }
    Stuck {
        blamed: answers.call(with),
        orders,
    }
}
