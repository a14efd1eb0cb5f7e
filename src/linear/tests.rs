//! What is decided by looking at a stretch, by thrift and by foresight, against a search that tries everything.

use std::collections::BTreeSet;

use super::depth_first::{DepthFirst, End, Thrift};
use super::history::{Action, Answer, History, Operation};
use super::judge::{Before, judge};
use super::key_value::{Key, Step, Value};
use super::model::Model;
use super::picture::svg;
use super::replay;
use super::search::{Call, Decision, Finding, Limits, Stuck, decide, search};
use super::shrink::shorten;
use super::window::{Answers, contradiction};

/// A small generator of the tests' own.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn text(&mut self, seed: u64, at: u64) -> String {
        match seed % 4 {
            0 => self.below(3).to_string(),
            1 => "ab"[usize::from(self.below(2) == 0)..].to_owned(),
            _ => format!("<{at}>"),
        }
    }

    fn action(&mut self, seed: u64, at: u64, value: Option<&String>) -> Action {
        match self.below(8) {
            0 | 1 => Action::Set(self.text(seed, at)),
            2 | 3 => Action::Append(self.text(seed, at)),
            4 => Action::CompareAndSet {
                expected: match self.below(2) {
                    0 => value.cloned().unwrap_or_default(),
                    _ => self.text(seed, at),
                },
                new: self.text(seed, at),
            },
            5 if seed.is_multiple_of(5) => Action::Delete,
            _ => Action::Get,
        }
    }

    /// What a store that had this value may say of what it has done.
    fn answer(&mut self, before: Option<&String>, action: &Action, after: Option<&String>) -> Answer {
        match action {
            Action::Get => Answer::Value(after.cloned()),
            Action::Append(_) if self.below(2) == 0 => Answer::Value(after.cloned()),
            Action::Set(_) | Action::Append(_) => Answer::Done,
            Action::CompareAndSet { expected, .. } if before == Some(expected) => Answer::Done,
            Action::CompareAndSet { .. } if self.below(2) == 0 => Answer::Mismatch,
            Action::CompareAndSet { .. } => Answer::Value(before.cloned()),
            Action::Delete if before.is_some() => Answer::Done,
            Action::Delete => Answer::Value(None),
        }
    }
}

/// A history of a store with clients that call at random, some of whose answers are lost.
fn history(seed: u64, count: u64) -> History {
    let mut choices = Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let overlap = 4 + choices.below(24);
    let (mut value, mut history) = (None, History::default());
    for at in 0..count {
        let action = choices.action(seed, at, value.as_ref());
        let moment = 4 * at + 30;
        let operation = Operation::of(0, "x", action.clone()).called(moment - choices.below(overlap));
        let is_lost = choices.below(9) == 0;
        let before = value.clone();
        if !is_lost || choices.below(2) == 0 {
            replay::apply(&mut value, &action);
        }
        history.operations.push(if is_lost {
            operation
        } else {
            let answer = choices.answer(before.as_ref(), &action, value.as_ref());
            operation.answered(moment + choices.below(overlap), answer)
        });
    }
    history
}

/// The same, where one that was answered tells what another was told, or came later than it did.
fn with_a_lie(mut history: History, seed: u64) -> History {
    let mut choices = Choices(seed ^ 0x5151);
    let reads: Vec<usize> = (0..history.operations.len())
        .filter(|at| {
            history.operations[*at].action == Action::Get && history.operations[*at].answer().is_some()
        })
        .collect();
    let (Some(first), Some(last)) = (reads.first(), reads.last()) else {
        return history;
    };
    let liar = reads[usize::try_from(choices.below(reads.len() as u64)).expect("small")];
    let told = [*first, *last, reads[reads.len() / 2]][usize::try_from(choices.below(3)).expect("small")];
    let answer = history.operations[told]
        .answer()
        .cloned()
        .expect("a read that was answered");
    let lie = &mut history.operations[liar];
    *lie = lie
        .clone()
        .answered(lie.answered_at().expect("so was this"), answer);
    history
}

fn key(history: &History) -> (Key<'_>, Vec<Call<Step<'_>>>) {
    let operations: Vec<_> = history
        .operations
        .iter()
        .map(|operation| (operation, operation.answer().is_some()))
        .collect();
    Key::of(history, "x", &operations, Before::Nothing)
}

/// Whether there is an order, found by trying everything, and without a look ahead but to the next answer. Nobody knows, where that takes too long.
fn plainly<'a>(key: &mut Key<'a>, state: Value, calls: &[Call<Step<'a>>]) -> Option<bool> {
    let limits = Limits {
        bytes: 64 << 20,
        steps: 300_000,
    };
    match DepthFirst::new(key, state, calls, 0, Thrift::No, limits).run(u64::MAX) {
        End::Order(_) => Some(true),
        End::Exhausted => Some(false),
        End::OutOfPatience | End::OutOfMemory | End::OutOfSteps => None,
    }
}

#[test]
fn what_a_store_does_contradicts_itself_in_no_window() {
    for seed in 0..60 {
        let history = history(seed, 30);
        let (mut key, calls) = key(&history);
        let answers = Answers::of(&calls);
        for gone in 0..answers.count() {
            for count in (gone..=answers.count()).step_by(3) {
                let (_, part) = answers.between(gone, count).of(&calls);
                let state = if gone == 0 { key.initial() } else { Value::Anything };
                let limits = Limits::default();
                let mut search = DepthFirst::new(&mut key, state, &part, usize::MAX, Thrift::No, limits);
                let end = search.run(u64::MAX);
                assert!(
                    matches!(end, End::Order(_)),
                    "seed {seed}, {gone} to {count}: {part:?}"
                );
            }
        }
    }
}

/// With and without a lie, the same is found as by trying everything; and of what is said of a contradiction every word.
#[test]
fn it_finds_what_trying_everything_finds() {
    let (mut yes, mut no) = (0, 0);
    for seed in 0..1_200 {
        let told = history(seed, 40);
        let told = if seed % 3 == 0 {
            told
        } else {
            with_a_lie(told, seed)
        };
        let (mut key, calls) = key(&told);
        let initial = key.initial();
        let Some(expected) = plainly(&mut key, initial, &calls) else {
            continue;
        };
        let answers = Answers::of(&calls);
        let mut has_order = |count: usize| {
            let (_, part) = answers.first(count).of(&calls);
            plainly(&mut key, initial, &part)
        };
        let (mut model, _) = self::key(&told);
        match decide(&mut model, &calls, Limits::default()) {
            Decision::Order(_) => assert!(expected, "seed {seed}"),
            Decision::None(refuted) => {
                assert!(!expected, "seed {seed}: {refuted:?}");
                assert_ne!(has_order(refuted.placed), Some(false), "seed {seed}");
                let contradiction = refuted.contradiction.unwrap_or(answers.count());
                assert_ne!(has_order(contradiction), Some(true), "seed {seed}");
            }
            Decision::OutOfMemory | Decision::OutOfSteps => panic!("seed {seed}"),
        }
        (yes, no) = (yes + u32::from(expected), no + u32::from(!expected));
        if let Finding::None(Stuck { blamed, .. }) = search(&mut model, &calls, Limits::default()) {
            let rank = (0..answers.count()).find(|rank| answers.call(*rank) == blamed);
            let rank = rank.expect("what is blamed was answered");
            assert_ne!(has_order(rank), Some(false), "seed {seed}");
            assert_ne!(has_order(rank + 1), Some(true), "seed {seed}");
        }
    }
    assert!(yes > 300 && no > 300, "{yes} with an order, {no} without");
}

/// A contradiction late in a long history is found by the calls around it.
#[test]
fn a_late_contradiction_is_found_in_a_window() {
    let mut found = 0;
    for seed in 0..40 {
        let told = with_a_lie(history(seed, 200), seed);
        let (mut key, calls) = key(&told);
        let answers = Answers::of(&calls);
        let state = key.initial();
        let mut search = DepthFirst::new(&mut key, state, &calls, 64, Thrift::Yes, Limits::default());
        let end = search.run(20_000);
        let placed = search.answered();
        if let Some(count) = contradiction(&mut key, &calls, &answers, placed) {
            assert!(!matches!(end, End::Order(_)), "seed {seed}: {count}");
            let (_, part) = answers.first(count).of(&calls);
            assert_ne!(plainly(&mut key, state, &part), Some(true), "seed {seed}");
            found += u32::from(placed > 32);
        }
    }
    assert!(found > 5, "{found} late ones");
}

/// What the value may be where a stretch begins: what anybody saw or wrote, any beginning of it, something else, or nothing.
fn any_value(history: &History) -> BTreeSet<Option<String>> {
    let texts = history.operations.iter().flat_map(|operation| {
        let answer = match operation.answer() {
            Some(Answer::Value(text)) => text.clone(),
            Some(Answer::Done | Answer::Mismatch) | None => None,
        };
        let expected = match &operation.action {
            Action::CompareAndSet { expected, .. } => Some(expected.clone()),
            Action::Get | Action::Set(_) | Action::Append(_) | Action::Delete => None,
        };
        answer.into_iter().chain(expected)
    });
    let beginnings = texts.flat_map(|text| (0..=text.len()).map(move |end| Some(text[..end].to_owned())));
    beginnings.chain([None, Some("?".to_owned())]).collect()
}

/// A stretch of a long history contradicts itself, with whatever value it begins.
#[test]
fn a_stretch_from_the_middle_contradicts_itself() {
    let mut checked = 0;
    for seed in (0..400).filter(|seed| seed % 4 == 3) {
        let told = with_a_lie(history(seed, 250), seed);
        let report = judge(&told, Limits::default());
        let Some(failure) = report.failures.first() else {
            continue;
        };
        let stretch = shorten(&told, failure);
        if stretch.begin.is_none() {
            continue;
        }
        let told_of = |at: &usize, is_known| (&told.operations[*at], is_known);
        let kept = stretch.kept.iter().map(|at| told_of(at, true));
        let loose = stretch.loose.iter().map(|at| told_of(at, false));
        let operations: Vec<_> = kept.chain(loose).collect();
        for value in any_value(&told) {
            let begun = History {
                unwritten: value.clone(),
                ..History::default()
            };
            let (mut key, calls) = Key::of(&begun, "x", &operations, Before::Nothing);
            let initial = key.initial();
            assert_ne!(
                plainly(&mut key, initial, &calls),
                Some(true),
                "seed {seed}, {value:?}"
            );
        }
        assert!(
            svg(&told, &stretch).contains("may have been anything"),
            "seed {seed}"
        );
        checked += 1;
    }
    assert!(checked > 10, "{checked} stretches");
}
