//! What a search knows of the operations before it begins.

use super::history::Moment;
use super::model::Model;
use super::search::Call;

/// Operations of unknown outcome that do the same.
pub(super) struct Class<'a, S> {
    /// What they do.
    pub(super) step: &'a S,
    /// From which answer on each can have taken effect, and its place among the calls; by the first.
    pub(super) members: Vec<(u32, usize)>,
}

/// An answer that depends on the state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// The operation that gets it, by the order of answers.
    pub(super) operation: u32,
    /// How many others that reset the state are called before it is answered; `None` where one of unknown outcome is.
    pub(super) resets: Option<usize>,
}

/// Groups what does the same.
pub(super) fn classes<'a, S: Ord>(
    unknown: &[usize],
    calls: &'a [Call<S>],
    answers: &[Moment],
) -> Vec<Class<'a, S>> {
    let mut sorted: Vec<usize> = unknown.to_vec();
    sorted.sort_by(|left, right| calls[*left].step.cmp(&calls[*right].step));
    let groups = sorted.chunk_by(|left, right| calls[*left].step == calls[*right].step);
    let mut classes: Vec<_> = groups
        .map(|group| {
            let callable = |at: &usize| answers.partition_point(|answer| *answer < calls[*at].called);
            let rank = |at: &usize| u32::try_from(callable(at)).expect("fewer answers than names");
            let mut members: Vec<_> = group.iter().map(|at| (rank(at), *at)).collect();
            members.sort_unstable();
            Class {
                step: &calls[group[0]].step,
                members,
            }
        })
        .collect();
    // What was called last is most likely to have had an effect now, and is tried first.
    classes.sort_by_key(|class| class.members[0]);
    classes
}

/// For each answer the next that depends on the state, from it on, and how many that reset it are answered before.
pub(super) fn goals<M: Model>(
    model: &M,
    known: &[(usize, &M::Step)],
    calls: &[Call<M::Step>],
    unknown: &[usize],
    answers: &[Moment],
) -> (Vec<Option<Goal>>, Vec<usize>) {
    let resets = |step: &M::Step| model.part(step).resets;
    let called_of = |at: &usize| calls[*at].called;
    let resetting = known.iter().filter(|(_, step)| resets(step));
    let mut called: Vec<Moment> = resetting.map(|(at, _)| called_of(at)).collect();
    called.sort_unstable();
    let unknown_resets = unknown.iter().filter(|at| resets(&calls[**at].step));
    let first_unknown = unknown_resets.map(called_of).min();
    let mut have_come = Vec::with_capacity(known.len());
    let mut count = 0;
    for (_, step) in known {
        have_come.push(count);
        count += usize::from(resets(step));
    }
    let mut next = None;
    let mut goals = vec![None; known.len()];
    for (rank, (_, step)) in known.iter().enumerate().rev() {
        let part = model.part(step);
        if part.depends {
            let end = answers[rank];
            let others = called.partition_point(|call| *call <= end) - usize::from(part.resets);
            next = Some(Goal {
                operation: u32::try_from(rank).expect("fewer answers than names"),
                resets: first_unknown.is_none_or(|call| call > end).then_some(others),
            });
        }
        goals[rank] = next;
    }
    (goals, have_come)
}
