//! What a value is after operations in an order: as plainly as can be.

use super::history::{Action, Answer, History, Operation};
use super::judge::Before;
use super::words;

/// A value, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Nobody knows what it was at first, and nothing has told since.
    Anything,
    /// It is this.
    Is(Option<String>),
}

impl Value {
    /// The value of a key at first.
    pub(super) fn at_first(history: &History, key: &str, before: Before) -> Self {
        match before {
            Before::Nothing => Self::Is(history.initial_of(key).map(str::to_owned)),
            Before::Anything => Self::Anything,
        }
    }

    /// Does to it what an operation does, and learns from its answer where that counts.
    pub(super) fn apply(&mut self, operation: &Operation, is_answered: bool) {
        let answer = operation.answer().filter(|_| is_answered);
        match self {
            Self::Is(value) => apply(value, &operation.action),
            Self::Anything => *self = after_anything(&operation.action, answer),
        }
    }

    /// It, or that it may be anything.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Anything => "anything".to_owned(),
            Self::Is(value) => words::value(value.as_deref()),
        }
    }
}

/// What a value is after an operation, whatever it was before.
fn after_anything(action: &Action, answer: Option<&Answer>) -> Value {
    match (action, answer) {
        (Action::Set(new), _) | (Action::CompareAndSet { new, .. }, Some(Answer::Done)) => {
            Value::Is(Some(new.clone()))
        }
        (Action::Delete, _) => Value::Is(None),
        (Action::Get | Action::Append(_) | Action::CompareAndSet { .. }, Some(Answer::Value(told))) => {
            Value::Is(told.clone())
        }
        (
            Action::Get | Action::Append(_) | Action::CompareAndSet { .. },
            None | Some(Answer::Done | Answer::Mismatch),
        ) => Value::Anything,
    }
}

/// Does to a value what an operation does.
pub(super) fn apply(value: &mut Option<String>, action: &Action) {
    match action {
        Action::Get => {}
        Action::Set(new) => *value = Some(new.clone()),
        Action::Append(piece) => value.get_or_insert_default().push_str(piece),
        Action::CompareAndSet { expected, new } => {
            if value.as_ref() == Some(expected) {
                *value = Some(new.clone());
            }
        }
        Action::Delete => *value = None,
    }
}
