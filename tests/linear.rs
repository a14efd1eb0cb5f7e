//! The checker of client histories, against one that tries every order.

use std::collections::BTreeSet;

use proptest::prelude::*;
use raft_play::linear::{Action, Answer, History, Limits, Operation, Outcome, Verdict, judge, shorten};

/// What an operation does to a value and answers: as a store would, and nothing else.
fn run(value: &mut Option<String>, action: &Action) -> Answer {
    match action {
        Action::Set(new) => {
            *value = Some(new.clone());
            Answer::Done
        }
        Action::Append(piece) => {
            let whole = value.clone().unwrap_or_default() + piece;
            *value = Some(whole.clone());
            Answer::Value(Some(whole))
        }
        Action::CompareAndSet { expected, new } if value.as_ref() == Some(expected) => {
            *value = Some(new.clone());
            Answer::Done
        }
        Action::Get | Action::CompareAndSet { .. } => Answer::Value(value.clone()),
        Action::Delete if value.is_some() => {
            *value = None;
            Answer::Done
        }
        Action::Delete => Answer::Value(None),
    }
}

/// Whether a client may have been told this where the store said that.
fn fits(action: &Action, told: &Answer, said: &Answer) -> bool {
    match (action, told, said) {
        (Action::Append(_), Answer::Done, _)
        | (Action::CompareAndSet { .. }, Answer::Mismatch, Answer::Value(_)) => true,
        _ => told == said,
    }
}

/// Tries every order of every choice of what took effect, by the definition.
fn brute_force(history: &History) -> bool {
    let keys: BTreeSet<&str> = history
        .operations
        .iter()
        .map(|operation| operation.key.as_str())
        .collect();
    keys.iter().all(|key| {
        let mut left: Vec<&Operation> = history
            .operations
            .iter()
            .filter(|operation| operation.key == *key)
            .collect();
        try_all(history.initial_of(key).map(str::to_owned).as_ref(), &mut left)
    })
}

fn try_all(value: Option<&String>, left: &mut Vec<&Operation>) -> bool {
    if left.iter().all(|operation| operation.outcome == Outcome::Unknown) {
        return true;
    }
    (0..left.len()).any(|at| {
        let next = left[at];
        let is_too_early = left
            .iter()
            .any(|other| other.answered_at().is_some_and(|answered| answered < next.called));
        if is_too_early {
            return false;
        }
        let mut after = value.cloned();
        let said = run(&mut after, &next.action);
        if next.answer().is_some_and(|told| !fits(&next.action, told, &said)) {
            return false;
        }
        left.remove(at);
        let found = try_all(after.as_ref(), left);
        left.insert(at, next);
        found
    })
}

/// Whether an operation may have changed something, by what it was told.
fn may_change(operation: &Operation) -> bool {
    match (&operation.action, operation.answer()) {
        (Action::Get, _) => false,
        (Action::CompareAndSet { .. } | Action::Delete, Some(told)) => *told == Answer::Done,
        _ => true,
    }
}

fn verdict(history: &History) -> Verdict {
    judge(history, Limits::default()).verdict()
}

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b", "ab", "ba", "aab"]).prop_map(str::to_owned)
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => Just(Action::Get),
        3 => text().prop_map(Action::Set),
        3 => text().prop_map(Action::Append),
        2 => (text(), text()).prop_map(|(expected, new)| Action::CompareAndSet { expected, new }),
        1 => Just(Action::Delete),
    ]
}

/// An answer that fits what was called, right or wrong.
fn answer(action: &Action) -> BoxedStrategy<Answer> {
    let value = || prop::option::of(text()).prop_map(Answer::Value);
    match action {
        Action::Get => value().boxed(),
        Action::Set(_) => Just(Answer::Done).boxed(),
        Action::Append(_) => prop_oneof![
            Just(Answer::Done),
            text().prop_map(|whole| Answer::Value(Some(whole)))
        ]
        .boxed(),
        Action::CompareAndSet { .. } => {
            prop_oneof![2 => Just(Answer::Done), 1 => Just(Answer::Mismatch), 1 => value()].boxed()
        }
        Action::Delete => prop_oneof![Just(Answer::Done), Just(Answer::Value(None))].boxed(),
    }
}

fn operation(keys: u64) -> impl Strategy<Value = Operation> {
    (action(), 0..keys, 0..12_u64, 0..6_u64, 0..5_u8).prop_flat_map(|(action, key, called, takes, known)| {
        let operation = Operation::of(0, key.to_string(), action.clone()).called(called);
        answer(&action).prop_map(move |answer| match known {
            0 => operation.clone(),
            _ => operation.clone().answered(called + takes, answer),
        })
    })
}

fn history(keys: u64, operations: usize) -> impl Strategy<Value = History> {
    (
        prop::option::of(text()),
        prop::collection::vec(operation(keys), 0..=operations),
    )
        .prop_map(|(unwritten, operations)| History {
            unwritten,
            operations,
            ..History::default()
        })
}

/// A history of a store, with what clients may have been told: all of it right, but for one answer that may be a lie.
fn seen(operations: usize) -> impl Strategy<Value = History> {
    let planned = (action(), 0..6_u64, 0..6_u64, 0..6_u8);
    let plans = prop::collection::vec(planned, 1..=operations);
    (
        plans,
        any::<prop::sample::Index>(),
        prop::option::of(text()),
        any::<bool>(),
    )
        .prop_map(|(plans, liar, lie, lies)| {
            let liar = liar.index(plans.len());
            let mut value = None;
            let mut operations = Vec::new();
            for (at, (action, before, after, told)) in (0_u64..).zip(plans) {
                let moment = 4 * at + 10;
                let operation = Operation::of(0, "x", action.clone()).called(moment - before);
                if told == 0 && at % 2 == 0 {
                    operations.push(operation);
                    continue;
                }
                let mut said = run(&mut value, &action);
                if lies && at == liar as u64 && action == Action::Get {
                    said = Answer::Value(lie.clone());
                }
                let is_whole = matches!((&action, &said), (Action::Append(_), Answer::Value(_)));
                if is_whole && told < 4 {
                    said = Answer::Done;
                }
                operations.push(match told {
                    1 => operation,
                    _ => operation.answered(moment + after, said),
                });
            }
            History {
                operations,
                ..History::default()
            }
        })
}

fn expected(history: &History) -> Verdict {
    if brute_force(history) {
        Verdict::Linearizable
    } else {
        Verdict::NotLinearizable
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn it_finds_what_trying_every_order_finds(history in history(1, 6)) {
        prop_assert_eq!(verdict(&history), expected(&history));
    }

    #[test]
    fn so_it_does_with_several_keys(history in history(3, 8)) {
        prop_assert_eq!(verdict(&history), expected(&history));
    }

    #[test]
    fn so_it_does_with_histories_of_a_store(history in seen(6)) {
        prop_assert_eq!(verdict(&history), expected(&history));
    }

    /// The order that is told leads as far as is told, and the stretch is a contradiction by itself.
    #[test]
    fn what_is_said_of_a_failure_is_so(history in seen(7)) {
        for failure in judge(&history, Limits::default()).failures {
            let blamed = &history.operations[failure.blamed];
            let end = blamed.answered_at().expect("only what was answered can be wrong");
            let mut value = None;
            for (place, at) in failure.order.iter().enumerate() {
                let next = &history.operations[*at];
                let said = run(&mut value, &next.action);
                prop_assert!(next.answer().is_none_or(|told| fits(&next.action, told, &said)));
                let later = failure.order[place..].iter().map(|at| &history.operations[*at]);
                prop_assert!(later.clone().all(|later| later.answered_at().is_none_or(|at| at >= next.called)));
            }
            prop_assert!(failure.values.contains(&value));
            let placed: BTreeSet<usize> = failure.order.iter().copied().collect();
            let mut before = (0..history.operations.len()).filter(|at| {
                history.operations[*at].answered_at().is_some_and(|answered| answered < end)
            });
            prop_assert!(before.all(|at| placed.contains(&at)));

            let stretch = shorten(&history, &failure);
            let part = |kept: &[usize]| {
                let known = kept.iter().map(|at| history.operations[*at].clone());
                let others = (0..history.operations.len()).filter(|at| !kept.contains(at));
                let changing = others.filter(|at| may_change(&history.operations[*at]));
                let loose = changing.map(|at| &history.operations[at]).map(|other| Operation {
                    outcome: Outcome::Unknown,
                    ..other.clone()
                });
                History { operations: known.chain(loose).collect(), ..History::default() }
            };
            prop_assert!(!brute_force(&part(&stretch.kept)));
            for at in &stretch.kept {
                let fewer: Vec<usize> = stretch.kept.iter().copied().filter(|other| other != at).collect();
                prop_assert!(brute_force(&part(&fewer)), "{at} need not be in {stretch:?}");
            }
        }
    }
}
