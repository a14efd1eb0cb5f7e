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

/// `1: set 5 @ 10..20`, `2: get 5 @ 12..18`, `3: append x @ 15..`: by hand, on one key.
fn by_hand(lines: &[&str]) -> History {
    let line = |line: &&str| {
        let (process, rest) = line.split_once(": ").expect("a client");
        let (words, time) = rest.split_once(" @ ").expect("a time");
        let (called, until) = time.split_once("..").expect("from and to");
        let words: Vec<&str> = words.split(' ').collect();
        let some = |text: &str| Answer::Value(Some(text.to_owned()));
        let owned = str::to_owned;
        let (action, answer) = match words[..] {
            ["set", value] => (Action::Set(owned(value)), Answer::Done),
            ["get"] => (Action::Get, Answer::Value(None)),
            ["get", value] => (Action::Get, some(value)),
            ["append", piece] => (Action::Append(owned(piece)), Answer::Done),
            ["append", piece, "gives", whole] => (Action::Append(owned(piece)), some(whole)),
            ["cas", expected, new] => (cas(expected, new), Answer::Done),
            ["cas", expected, new, "fails"] => (cas(expected, new), Answer::Mismatch),
            ["cas", expected, new, "finds", found] => (cas(expected, new), some(found)),
            ["delete"] => (Action::Delete, Answer::Done),
            ["delete", "nothing"] => (Action::Delete, Answer::Value(None)),
            _ => panic!("{line}"),
        };
        let process = process.parse().expect("a number");
        let operation = Operation::of(process, "x", action).called(called.parse().expect("a number"));
        match until.parse() {
            Ok(until) => operation.answered(until, answer),
            Err(_) => operation,
        }
    };
    History {
        operations: lines.iter().map(line).collect(),
        ..History::default()
    }
}

fn cas(expected: &str, new: &str) -> Action {
    Action::CompareAndSet {
        expected: expected.to_owned(),
        new: new.to_owned(),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn verdicts_by_hand() {
    const YES: Verdict = Verdict::Linearizable;
    const NO: Verdict = Verdict::NotLinearizable;
    for (lines, expected) in [
        (&[][..], YES),
        // A read at the same time as a write sees it or not, but not first and then not.
        (&["1: set 1 @ 0..10", "2: get @ 1..3", "3: get 1 @ 4..6"], YES),
        (&["1: set 1 @ 0..10", "2: get 1 @ 1..3", "3: get @ 4..6"], NO),
        // At the very same moment it is the same time.
        (&["1: set 1 @ 0..5", "2: get @ 5..6"], YES),
        (&["1: set 1 @ 0..5", "2: get @ 6..7"], NO),
        // What nobody knows the end of may happen much later, or never, but once at most and not before its call.
        (&["1: set 1 @ 0..", "2: get @ 5..6", "2: get 1 @ 50..51"], YES),
        (&["1: set 1 @ 0..", "2: get @ 5..6", "2: get @ 50..51"], YES),
        (&["1: set 1 @ 9..", "2: get 1 @ 5..6"], NO),
        (&["1: append a @ 0..", "2: get a @ 5..6", "2: get aa @ 7..8"], NO),
        (
            &[
                "1: append a @ 0..",
                "3: append a @ 1..",
                "2: get a @ 5..6",
                "2: get aa @ 7..8",
            ],
            YES,
        ),
        (
            &[
                "1: set 1 @ 0..",
                "2: set 2 @ 1..2",
                "2: get 1 @ 3..4",
                "2: get 2 @ 5..6",
            ],
            NO,
        ),
        // Appends in an order that all reads agree on.
        (
            &[
                "1: append a @ 0..9",
                "2: append b @ 0..9",
                "3: get ab @ 10..11",
                "4: get ab @ 10..12",
            ],
            YES,
        ),
        (
            &[
                "1: append a @ 0..9",
                "2: append b @ 0..9",
                "3: get ab @ 10..11",
                "4: get ba @ 10..12",
            ],
            NO,
        ),
        (
            &["1: append a gives ba @ 0..9", "2: append b gives b @ 0..9"],
            YES,
        ),
        (
            &["1: append a gives ba @ 0..9", "2: append b gives ab @ 0..9"],
            NO,
        ),
        // Of two that replace the same value one wins; of two of unknown outcome both may fail.
        (&["1: set 0 @ 0..1", "1: cas 0 1 @ 2..5", "2: cas 0 2 @ 2..5"], NO),
        (
            &[
                "1: set 0 @ 0..1",
                "1: cas 0 1 @ 2..5",
                "2: cas 0 2 fails @ 2..5",
                "3: get 1 @ 6..7",
            ],
            YES,
        ),
        (
            &[
                "1: set 0 @ 0..1",
                "1: cas 0 1 @ 2..5",
                "2: cas 0 2 finds 1 @ 2..5",
            ],
            YES,
        ),
        (
            &[
                "1: set 0 @ 0..1",
                "1: cas 0 1 @ 2..5",
                "2: cas 0 2 finds 3 @ 2..5",
            ],
            NO,
        ),
        (
            &[
                "1: set 0 @ 0..1",
                "1: cas 0 1 @ 2..",
                "2: cas 1 2 @ 3..",
                "3: get 2 @ 4..5",
            ],
            YES,
        ),
        (
            &[
                "1: cas 0 1 fails @ 0..1",
                "1: delete nothing @ 2..3",
                "1: set 0 @ 4..5",
                "1: delete @ 6..7",
            ],
            YES,
        ),
        (&["1: set 0 @ 0..1", "1: delete @ 2..3", "2: delete @ 4..5"], NO),
        (
            &[
                "1: set 0 @ 0..1",
                "1: delete @ 2..3",
                "2: append b @ 4..5",
                "2: get b @ 6..7",
            ],
            YES,
        ),
    ] {
        let history = by_hand(lines);
        assert_eq!(verdict(&history), expected, "{lines:?}");
        assert_eq!(brute_force(&history), expected == YES, "{lines:?}");
    }
}

/// A key is nobody else's business, and begins as it is said to.
#[test]
fn keys_are_judged_by_themselves_from_their_first_values() {
    let mut history = by_hand(&["1: get 7 @ 0..1", "1: set 8 @ 2..3"]);
    history.operations[1].key = "y".to_owned();
    assert_eq!(verdict(&history), Verdict::NotLinearizable);
    history.unwritten = Some("7".to_owned());
    assert_eq!(verdict(&history), Verdict::Linearizable);
    history.initial.insert("x".to_owned(), "6".to_owned());
    let report = judge(&history, Limits::default());
    assert_eq!((report.keys, report.failures.len()), (2, 1));
    assert_eq!(report.failures[0].key, "x");
}

/// Where too much would have to be remembered or tried, that is said, and nothing else.
#[test]
fn limits_are_kept() {
    let lines: Vec<String> = (0..20)
        .map(|client| format!("{client}: append {} @ {client}..99", client % 3))
        .chain(["30: get 210210210210210210x @ 100..101".to_owned()])
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut history = by_hand(&lines);
    history
        .operations
        .push(Operation::of(40, "x", Action::Append("x".to_owned())).called(50));
    for (bytes, steps) in [(2_000, u64::MAX), (usize::MAX, 10)] {
        let report = judge(&history, Limits { bytes, steps });
        assert_eq!(
            (report.verdict(), report.undecided.len()),
            (Verdict::Undecided, 1)
        );
    }
}

/// A model of one's own: a lock, which is taken and given back.
#[test]
fn other_models_can_be_judged_too() {
    use raft_play::linear::{Call, Finding, Model, search};

    struct Lock;
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
    enum Step {
        Takes(bool),
        Gives,
    }
    impl Model for Lock {
        type Step = Step;
        type State = bool;

        fn initial(&self) -> bool {
            false
        }

        fn after(&self, is_taken: bool, step: &Step) -> Option<bool> {
            match step {
                Step::Takes(succeeds) => (*succeeds != is_taken).then_some(true),
                Step::Gives => is_taken.then_some(false),
            }
        }
    }
    let call = |called, answered, step| Call {
        called,
        answered,
        step,
    };
    let mut calls = vec![
        call(0, Some(10), Step::Takes(true)),
        call(1, Some(11), Step::Takes(false)),
        call(12, Some(20), Step::Gives),
        call(13, Some(21), Step::Takes(true)),
    ];
    let found = search(&mut Lock, &calls, Limits::default());
    assert_eq!(found, Finding::Order(vec![0, 1, 2, 3]));
    calls[2].called = 30;
    calls[2].answered = Some(31);
    let Finding::None(stuck) = search(&mut Lock, &calls, Limits::default()) else {
        panic!("two hold the lock")
    };
    assert_eq!((stuck.blamed, stuck.orders), (3, vec![vec![0, 1]]));
}
