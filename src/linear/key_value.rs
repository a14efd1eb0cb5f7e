//! One key of a store of texts, as a [`Model`].
//!
//! Values grow by appends and may be long, and there may be very many. But only those matter that somebody saw, or compared with; a value that is
//! not even the beginning of one of them can't be told from any other such. So the texts that matter are sorted once, and a value is the place of
//! the first of them that begins with it, and its length: a few numbers, equal where the values are. To append is to go on comparing from there.

use std::cmp::Ordering;
use std::ops::Range;

use super::history::{Action, Answer, History, Operation};
use super::model::{Model, Part, Sure};
use super::pieces::Pieces;
use super::search::Call;

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
}

/// What can happen to a key, and be seen of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step<'a> {
    /// It was this.
    Was(Value),
    /// It becomes this.
    Becomes(Value),
    /// This is added, with this result where it was told; and whether it may stand in a text that matters.
    Grows(&'a str, Option<Value>, bool),
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
    /// What may stand in them.
    pieces: Pieces,
    initial: Value,
    /// Whether a value that nobody saw can be told from none, or from one that somebody compared with.
    is_unseen_noticed: bool,
    /// What is still to come, where it is counted: it is not where that would take too long, nor where there are deletes, for a value may then
    /// begin with nothing at any time.
    to_come: Option<ToCome>,
}

/// So many texts are looked at where it costs nothing but time not to.
const FEW_TEXTS: usize = 64;

/// What is still to come, for each text that matters.
#[derive(Clone, Debug)]
struct ToCome {
    /// How many steps need it.
    needs: Vec<u32>,
    /// How many steps of unknown outcome it would be of use to.
    wishes: Vec<u32>,
    /// How many steps make the value a beginning of it, whatever the value was.
    begins: Vec<u32>,
}

impl<'a> Key<'a> {
    /// A key and what was done with it, by places among the operations. An operation is taken for one of unknown outcome unless `is_known`
    /// says otherwise; of those, the ones that can be of no use are left out.
    pub(super) fn of(
        history: &'a History,
        name: &str,
        operations: &[(&'a Operation, bool)],
    ) -> (Self, Vec<usize>, Vec<Call<Step<'a>>>) {
        let mut texts: Vec<&str> = operations
            .iter()
            .flat_map(|(operation, is_known)| seen(operation, *is_known))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let appended = operations
            .iter()
            .filter_map(|(operation, _)| match &operation.action {
                Action::Append(piece) => Some(piece.as_str()),
                Action::Get | Action::Set(_) | Action::CompareAndSet { .. } | Action::Delete => None,
            });
        let mut key = Self {
            pieces: Pieces::of(&texts, appended),
            texts,
            initial: Value::Nothing,
            is_unseen_noticed: operations.iter().any(|(operation, is_known)| {
                let is_mismatch = operation.answer() == Some(&Answer::Mismatch);
                let is_deleted =
                    operation.action == Action::Delete && operation.answer() == Some(&Answer::Done);
                *is_known && (is_mismatch || is_deleted)
            }),
            to_come: None,
        };
        key.initial = key.value(history.initial_of(name));
        let (mut places, mut calls) = (Vec::new(), Vec::new());
        for (place, (operation, is_known)) in operations.iter().enumerate() {
            let step = key.step(operation, *is_known);
            if *is_known || key.is_of_use(&step) {
                places.push(place);
                calls.push(Call {
                    called: operation.called,
                    answered: operation.answered_at().filter(|_| *is_known),
                    step,
                });
            }
        }
        (key, places, calls)
    }

    /// Whether a step of unknown outcome may be of use to an order.
    fn is_of_use(&self, step: &Step<'a>) -> bool {
        let is_seen = |value: Value| value != Value::Unseen || self.is_unseen_noticed;
        match *step {
            Step::Was(_) | Step::Never => false,
            Step::Becomes(value) => is_seen(value),
            Step::Swaps { new, .. } => is_seen(new),
            Step::Grows(_, _, is_seen) => is_seen || self.is_unseen_noticed,
            Step::Goes(_) => true,
        }
    }

    fn count(&self, known: &[&Step<'a>], unknown: &[&Step<'a>]) -> Option<ToCome> {
        let nothing = || vec![0; self.texts.len()];
        let mut to_come = ToCome {
            needs: nothing(),
            wishes: nothing(),
            begins: nothing(),
        };
        let all = || known.iter().chain(unknown);
        let work: usize = all().map(|step| begun_by(step).len()).sum();
        let has_deletes = all().any(|step| matches!(step, Step::Goes(_)));
        if has_deletes || work > 16 * (known.len() + unknown.len()) {
            return None;
        }
        for step in known {
            to_come.change(step, Sure::Yes, 1);
        }
        for step in unknown {
            to_come.change(step, Sure::No, 1);
        }
        Some(to_come)
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
        }
    }

    fn step(&self, operation: &'a Operation, is_known: bool) -> Step<'a> {
        let answer = operation.answer().filter(|_| is_known);
        let value = |text: &Option<String>| self.value(text.as_deref());
        match (&operation.action, answer) {
            (Action::Get, Some(Answer::Value(text))) => Step::Was(value(text)),
            (Action::Set(text), Some(Answer::Done) | None) => Step::Becomes(self.value(Some(text))),
            (Action::Append(piece), Some(Answer::Done) | None) => {
                Step::Grows(piece, None, self.pieces.may_hold(piece))
            }
            (Action::Append(piece), Some(Answer::Value(text @ Some(_)))) => {
                Step::Grows(piece, Some(value(text)), true)
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

/// The text that a step needs the value to be, or to become.
fn needed_by(step: &Step<'_>) -> Option<usize> {
    let value = match *step {
        Step::Was(value) | Step::Grows(_, Some(value), _) => value,
        Step::Swaps { expected, told, .. } => match told {
            Told::Done | Told::Nothing => expected,
            Told::Was(value) => value,
            Told::Mismatch => return None,
        },
        Step::Becomes(_) | Step::Grows(_, None, _) | Step::Goes(_) | Step::Never => return None,
    };
    match value {
        Value::Begun { first, .. } => Some(first),
        Value::Nothing | Value::Unseen => None,
    }
}

/// The texts of which a step makes the value a beginning, whatever it was.
fn begun_by(step: &Step<'_>) -> Range<usize> {
    let value = match *step {
        Step::Becomes(value) => value,
        Step::Swaps { new, told, .. } => match told {
            Told::Done | Told::Nothing => new,
            Told::Mismatch | Told::Was(_) => return 0..0,
        },
        Step::Was(_) | Step::Grows(..) | Step::Goes(_) | Step::Never => return 0..0,
    };
    match value {
        Value::Begun { first, end, .. } => first..end,
        Value::Nothing | Value::Unseen => 0..0,
    }
}

impl ToCome {
    fn change(&mut self, step: &Step<'_>, sure: Sure, by: i32) {
        let change = |count: &mut u32| *count = count.wrapping_add_signed(by);
        let needs = match sure {
            Sure::Yes => &mut self.needs,
            Sure::No => &mut self.wishes,
        };
        if let Some(text) = needed_by(step) {
            change(&mut needs[text]);
        }
        self.begins[begun_by(step)].iter_mut().for_each(change);
    }
}

impl<'a> Model for Key<'a> {
    type Step = Step<'a>;
    type State = Value;

    fn initial(&self) -> Value {
        self.initial
    }

    fn after(&self, state: Value, step: &Step<'a>) -> Option<Value> {
        match *step {
            Step::Was(value) => (state == value).then_some(state),
            Step::Becomes(value) => Some(value),
            Step::Grows(piece, told, _) => {
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
        let after = self.after(state, step)?;
        (after != Value::Unseen || self.is_unseen_noticed).then_some(after)
    }

    fn part(&self, step: &Step<'a>) -> Part {
        match step {
            Step::Was(_) | Step::Never => Part {
                changes: false,
                depends: true,
                resets: false,
            },
            Step::Grows(_, told, _) => Part {
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
            Step::Was(value) | Step::Grows(_, Some(value), _) => value,
            Step::Swaps { expected, told, .. } => match told {
                Told::Was(value) => value,
                Told::Done => expected,
                Told::Nothing | Told::Mismatch => return true,
            },
            Step::Never => return false,
            Step::Becomes(_) | Step::Grows(_, None, _) | Step::Goes(_) => return true,
        };
        match (state, wanted) {
            (Value::Nothing, _) | (Value::Unseen, Value::Unseen) => true,
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

    /// To set or append what nobody will see does no harm after what nobody will see.
    fn is_idle(&self, state: Value, step: &Step<'a>) -> bool {
        match *step {
            Step::Becomes(value) => {
                let is_unseen = state == Value::Unseen && self.settled(value) == Value::Unseen;
                is_unseen && !self.is_unseen_noticed
            }
            Step::Grows(_, None, false) => state == Value::Unseen && !self.is_unseen_noticed,
            Step::Was(_) | Step::Grows(..) | Step::Swaps { .. } | Step::Goes(_) | Step::Never => {
                !self.part(step).changes && self.after(state, step).is_some()
            }
        }
    }

    /// A value that nothing to come needs, and none that it may grow into, is as good as one that nobody sees at all.
    fn settled(&self, state: Value) -> Value {
        let (Some(to_come), Value::Begun { first, end, .. }) = (&self.to_come, state) else {
            return state;
        };
        let is_used = |text: usize| to_come.needs[text] > 0 || to_come.wishes[text] > 0;
        if self.is_unseen_noticed || end - first > FEW_TEXTS || (first..end).any(is_used) {
            state
        } else {
            Value::Unseen
        }
    }

    fn expect(&mut self, known: &[&Step<'a>], unknown: &[&Step<'a>]) {
        self.to_come = self.count(known, unknown);
    }

    fn took(&mut self, step: &Step<'a>, sure: Sure) {
        if let Some(to_come) = &mut self.to_come {
            to_come.change(step, sure, -1);
        }
    }

    fn took_back(&mut self, step: &Step<'a>, sure: Sure) {
        if let Some(to_come) = &mut self.to_come {
            to_come.change(step, sure, 1);
        }
    }

    /// A text that is needed, and that nothing still to come begins, must be begun by the value, for good.
    fn strands(&self, before: Value, after: Value) -> bool {
        let (Some(to_come), Value::Begun { first, end, .. }) = (&self.to_come, before) else {
            return false;
        };
        let still = match after {
            Value::Begun { first, end, .. } => first..end,
            Value::Nothing | Value::Unseen => 0..0,
        };
        let mut texts = (first..end.min(first + FEW_TEXTS)).filter(|text| !still.contains(text));
        texts.any(|text| to_come.needs[text] > 0 && to_come.begins[text] == 0)
    }
}
