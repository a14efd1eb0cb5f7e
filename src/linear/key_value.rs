//! One key of a store of texts, as a [`Model`].
//!
//! Values grow by appends and may be long, and there may be very many. But only those matter that somebody saw, or compared with; a value that is
//! not even the beginning of one of them can't be told from any other such. So the texts that matter are sorted once, and a value is the place of
//! the first of them that begins with it, and its length: a few numbers, equal where the values are. To append is to go on comparing from there.

use std::cmp::Ordering;
use std::ops::Range;

use super::history::{Action, Answer, History, Operation};
use super::judge::Before;
use super::model::{Model, Part, Sure};
use super::pieces::Pieces;
use super::search::Call;
use super::to_come::{ToCome, needed_by};

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    /// There is none.
    Nothing,
    /// The beginning of a text that matters.
    Begun {
        /// The first text that begins so.
        first: usize,
        /// The one after the last.
        end: usize,
        /// How many bytes of it.
        length: usize,
    },
    /// Something else.
    Unseen,
    /// Whatever it is: what a stretch of a history begins with, of which nothing is known before.
    Anything,
}

/// What can happen to a key, and be seen of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step<'a> {
    /// It was this.
    Was(Value),
    /// It becomes this.
    Becomes(Value),
    /// This is added, with this result where it was told.
    Grows(&'a str, Option<Value>),
    /// It becomes `new` where it is `expected`.
    Swaps { expected: Value, new: Value, told: Told },
    /// It is taken away; whether it was there, where that was told.
    Goes(Option<bool>),
    /// It gets an answer that no store gives.
    Never,
}

/// What was told of a compare-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// Nothing.
    Nothing,
    /// That it was done.
    Done,
    /// That the value was another.
    Mismatch,
    /// Which value it was.
    Was(Value),
}

/// One key.
#[derive(Debug)]
pub(super) struct Key<'a> {
    /// The texts that matter, each once.
    texts: Vec<&'a str>,
    /// What may stand in those that are needed.
    pieces: Pieces,
    initial: Value,
    /// Whether a value that nobody saw can be told from none, or from one that somebody compared with.
    is_unseen_noticed: bool,
    /// What is still to come, where it is counted: it is not where that would take too long, nor where there are deletes, for a value may then
    /// begin with nothing at any time.
    to_come: Option<ToCome>,
}

impl<'a> Key<'a> {
    /// A key and what was done with it. An operation is taken for one of unknown outcome unless `is_known` says otherwise.
    pub(super) fn of(
        history: &'a History,
        name: &str,
        operations: &[(&'a Operation, bool)],
        before: Before,
    ) -> (Self, Vec<Call<Step<'a>>>) {
        let mut texts: Vec<&str> = operations
            .iter()
            .flat_map(|(operation, is_known)| seen(operation, *is_known))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let mut key = Self {
            texts,
            pieces: Pieces::default(),
            initial: Value::Nothing,
            is_unseen_noticed: operations.iter().any(|(operation, is_known)| {
                let is_mismatch = operation.answer() == Some(&Answer::Mismatch);
                let is_deleted =
                    operation.action == Action::Delete && operation.answer() == Some(&Answer::Done);
                *is_known && (is_mismatch || is_deleted)
            }),
            to_come: None,
        };
        key.initial = match before {
            Before::Nothing => key.value(history.initial_of(name)),
            Before::Anything => Value::Anything,
        };
        let calls = operations.iter().map(|(operation, is_known)| Call {
            called: operation.called,
            answered: operation.answered_at().filter(|_| *is_known),
            step: key.step(operation, *is_known),
        });
        let calls = calls.collect();
        (key, calls)
    }

    fn value(&self, text: Option<&str>) -> Value {
        text.map_or(Value::Nothing, |text| self.begun(0..self.texts.len(), 0, text))
    }

    /// The value that has `length` bytes in common with some texts, and goes on with `rest`.
    fn begun(&self, among: Range<usize>, length: usize, rest: &str) -> Value {
        let rest = rest.as_bytes();
        let texts = &self.texts[among.clone()];
        let tail = |text: &&str| text.as_bytes()[length..].cmp(rest) == Ordering::Less;
        let skipped = texts.partition_point(tail);
        let begins = |text: &&str| text.as_bytes()[length..].starts_with(rest);
        let count = texts[skipped..].partition_point(begins);
        if count == 0 {
            return Value::Unseen;
        }
        let first = among.start + skipped;
        Value::Begun {
            first,
            end: first + count,
            length: length + rest.len(),
        }
    }

    fn grown(&self, value: Value, piece: &str) -> Value {
        match value {
            Value::Nothing => self.value(Some(piece)),
            Value::Begun { first, end, length } => self.begun(first..end, length, piece),
            Value::Unseen => Value::Unseen,
            Value::Anything => Value::Anything,
        }
    }

    /// Whether a value may end so. What does not matter may end in any way.
    fn may_end(&self, value: Value, piece: &str) -> bool {
        match value {
            Value::Begun { first, length, .. } => {
                self.texts[first].as_bytes()[..length].ends_with(piece.as_bytes())
            }
            Value::Nothing => false,
            Value::Unseen | Value::Anything => true,
        }
    }

    /// The value after a step, where it may have been any before.
    fn after_anything(&self, step: &Step<'a>) -> Option<Value> {
        match *step {
            Step::Was(value) | Step::Becomes(value) => Some(value),
            Step::Grows(_, None) => Some(Value::Anything),
            Step::Grows(piece, Some(told)) => self.may_end(told, piece).then_some(told),
            Step::Swaps { expected, new, told } => match told {
                Told::Nothing | Told::Mismatch => Some(Value::Anything),
                Told::Done => Some(new),
                Told::Was(value) => (value != expected).then_some(value),
            },
            Step::Goes(_) => Some(Value::Nothing),
            Step::Never => None,
        }
    }

    fn step(&self, operation: &'a Operation, is_known: bool) -> Step<'a> {
        let answer = operation.answer().filter(|_| is_known);
        let value = |text: &Option<String>| self.value(text.as_deref());
        match (&operation.action, answer) {
            (Action::Get, Some(Answer::Value(text))) => Step::Was(value(text)),
            (Action::Set(text), Some(Answer::Done) | None) => Step::Becomes(self.value(Some(text))),
            (Action::Append(piece), Some(Answer::Done) | None) => Step::Grows(piece, None),
            (Action::Append(piece), Some(Answer::Value(text @ Some(_)))) => {
                Step::Grows(piece, Some(value(text)))
            }
            (Action::CompareAndSet { expected, new }, answer) => Step::Swaps {
                expected: self.value(Some(expected)),
                new: self.value(Some(new)),
                told: match answer {
                    None => Told::Nothing,
                    Some(Answer::Done) => Told::Done,
                    Some(Answer::Mismatch) => Told::Mismatch,
                    Some(Answer::Value(text)) => Told::Was(value(text)),
                },
            },
            (Action::Delete, None) => Step::Goes(None),
            (Action::Delete, Some(Answer::Done)) => Step::Goes(Some(true)),
            (Action::Delete, Some(Answer::Value(None))) => Step::Goes(Some(false)),
            (Action::Get, None | Some(Answer::Done | Answer::Mismatch))
            | (Action::Set(_), Some(Answer::Value(_) | Answer::Mismatch))
            | (Action::Append(_), Some(Answer::Value(None) | Answer::Mismatch))
            | (Action::Delete, Some(Answer::Value(Some(_)) | Answer::Mismatch)) => Step::Never,
        }
    }
}

/// The texts that an operation shows to matter.
fn seen(operation: &Operation, is_known: bool) -> impl Iterator<Item = &str> {
    let expected = match &operation.action {
        Action::CompareAndSet { expected, .. } => Some(expected.as_str()),
        Action::Get | Action::Set(_) | Action::Append(_) | Action::Delete => None,
    };
    let answer = match operation.answer().filter(|_| is_known) {
        Some(Answer::Value(text)) => text.as_deref(),
        Some(Answer::Done | Answer::Mismatch) | None => None,
    };
    expected.into_iter().chain(answer)
}

/// The piece that a step adds.
fn piece_of<'a>(step: &Step<'a>) -> Option<&'a str> {
    match *step {
        Step::Grows(piece, _) => Some(piece),
        Step::Was(_) | Step::Becomes(_) | Step::Swaps { .. } | Step::Goes(_) | Step::Never => None,
    }
}

impl<'a> Model for Key<'a> {
    type Step = Step<'a>;
    type State = Value;

    fn initial(&self) -> Value {
        self.initial
    }

    fn anything(&self) -> Option<Value> {
        Some(Value::Anything)
    }

    fn after(&self, state: Value, step: &Step<'a>) -> Option<Value> {
        if state == Value::Anything {
            return self.after_anything(step);
        }
        match *step {
            Step::Was(value) => (state == value).then_some(state),
            Step::Becomes(value) => Some(value),
            Step::Grows(piece, told) => {
                let grown = self.grown(state, piece);
                told.is_none_or(|told| told == grown).then_some(grown)
            }
            Step::Swaps { expected, new, told } => {
                let is_expected = state == expected;
                let after = if is_expected { new } else { state };
                let fits = match told {
                    Told::Nothing => true,
                    Told::Done => is_expected,
                    Told::Mismatch => !is_expected,
                    Told::Was(value) => !is_expected && state == value,
                };
                fits.then_some(after)
            }
            Step::Goes(told) => {
                let is_there = state != Value::Nothing;
                told.is_none_or(|told| told == is_there).then_some(Value::Nothing)
            }
            Step::Never => None,
        }
    }

    /// A value that nobody saw gives no answer that another would not give, unless somebody was told that it is not a certain one, or
    /// that there is one.
    fn after_unknown(&self, state: Value, step: &Step<'a>) -> Option<Value> {
        let after = self.settled(self.after(state, step)?);
        (after != Value::Unseen || self.is_unseen_noticed).then_some(after)
    }

    fn part(&self, step: &Step<'a>) -> Part {
        match step {
            Step::Was(_) | Step::Never => Part {
                changes: false,
                depends: true,
                resets: false,
            },
            Step::Grows(_, told) => Part {
                changes: true,
                depends: told.is_some(),
                resets: false,
            },
            Step::Swaps { expected, new, told } => {
                let changes = matches!(told, Told::Done | Told::Nothing) && expected != new;
                Part {
                    changes,
                    depends: matches!(told, Told::Done | Told::Was(_)),
                    resets: changes,
                }
            }
            Step::Goes(Some(false)) => Part {
                changes: false,
                depends: false,
                resets: false,
            },
            Step::Becomes(_) | Step::Goes(_) => Part::LEADS_ANYWHERE,
        }
    }

    /// Without a reset a value only grows.
    fn leads_to(&self, state: Value, goal: &Step<'a>) -> bool {
        let wanted = match *goal {
            Step::Was(value) | Step::Grows(_, Some(value)) => value,
            Step::Swaps { expected, told, .. } => match told {
                Told::Was(value) => value,
                Told::Done => expected,
                Told::Nothing | Told::Mismatch => return true,
            },
            Step::Never => return false,
            Step::Becomes(_) | Step::Grows(_, None) | Step::Goes(_) => return true,
        };
        match (state, wanted) {
            (Value::Nothing | Value::Anything, _) | (Value::Unseen, Value::Unseen) => true,
            (
                Value::Begun { first, end, length },
                Value::Begun {
                    first: wanted,
                    length: wanted_length,
                    ..
                },
            ) => (first..end).contains(&wanted) && length <= wanted_length,
            (Value::Begun { .. } | Value::Unseen, _) => false,
        }
    }

    /// To set or append what nobody will see does no harm after what nobody will see. A read tells what a value is that may be anything, so it does.
    fn is_idle(&self, state: Value, step: &Step<'a>) -> bool {
        if state == Value::Anything {
            return !self.part(step).changes && self.after_anything(step) == Some(state);
        }
        match *step {
            Step::Becomes(value) => {
                let is_unseen = state == Value::Unseen && self.settled(value) == Value::Unseen;
                is_unseen && !self.is_unseen_noticed
            }
            Step::Grows(piece, None) => {
                state == Value::Unseen && !self.is_unseen_noticed && !self.pieces.may_hold(piece)
            }
            Step::Was(_) | Step::Grows(..) | Step::Swaps { .. } | Step::Goes(_) | Step::Never => {
                !self.part(step).changes && self.after(state, step).is_some()
            }
        }
    }

    /// A piece that stands in a text that is needed, where it makes no such text.
    fn wastes(&self, step: &Step<'a>, after: Value) -> bool {
        match *step {
            Step::Grows(piece, _) => after == Value::Unseen && self.pieces.may_hold(piece),
            Step::Was(_) | Step::Becomes(_) | Step::Swaps { .. } | Step::Goes(_) | Step::Never => false,
        }
    }

    fn is_of_use(&self, step: &Step<'a>) -> bool {
        let is_seen = |value: Value| self.settled(value) != Value::Unseen;
        self.is_unseen_noticed
            || match *step {
                Step::Was(_) | Step::Never => false,
                Step::Becomes(value) => is_seen(value),
                Step::Swaps { new, .. } => is_seen(new),
                Step::Grows(piece, _) => self.pieces.may_hold(piece),
                Step::Goes(_) => true,
            }
    }

    /// A value that nothing to come needs, and none that it may grow into, is as good as one that nobody sees at all.
    fn settled(&self, state: Value) -> Value {
        let (Some(to_come), Value::Begun { first, end, .. }) = (&self.to_come, state) else {
            return state;
        };
        if self.is_unseen_noticed || to_come.may_use(first..end) {
            state
        } else {
            Value::Unseen
        }
    }

    fn expect(&mut self, known: &[&Step<'a>], unknown: &[&Step<'a>]) {
        let all = || known.iter().chain(unknown).copied();
        let mut needed: Vec<usize> = all().filter_map(needed_by).collect();
        needed.sort_unstable();
        needed.dedup();
        let needed: Vec<&str> = needed.into_iter().map(|text| self.texts[text]).collect();
        self.pieces = Pieces::of(&needed, all().filter_map(piece_of));
        self.to_come = ToCome::of(self.texts.len(), known, unknown);
    }

    fn in_sight(&mut self, step: &Step<'a>) {
        if let Some(to_come) = &mut self.to_come {
            to_come.sight(step, 1);
        }
    }

    fn out_of_sight(&mut self, step: &Step<'a>) {
        if let Some(to_come) = &mut self.to_come {
            to_come.sight(step, -1);
        }
    }

    fn took(&mut self, step: &Step<'a>, sure: Sure) {
        if let Some(to_come) = &mut self.to_come {
            to_come.note(step, sure, -1);
        }
    }

    fn took_back(&mut self, step: &Step<'a>, sure: Sure) {
        if let Some(to_come) = &mut self.to_come {
            to_come.note(step, sure, 1);
        }
    }

    /// A text that is due, and that nothing still to come begins, must be begun by the value.
    fn strands(&self, state: Value) -> bool {
        let to_come = self.to_come.as_ref();
        to_come.is_some_and(|to_come| to_come.strands(state))
    }
}
