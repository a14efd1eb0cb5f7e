//! What clients did, and what they saw.

use std::collections::BTreeMap;

/// A moment. Only the order of moments counts: nanoseconds, lines of a file and plain numbers are all as good. What begins at the very moment
/// at which something else ends counts as overlapping it, for nobody can tell.
pub type Moment = u64;

/// What the clients of a store of texts under keys saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// What is read under a key that was never written; `None` where that is nothing.
    pub unwritten: Option<String>,
    /// The values at the beginning, of keys for which that is something else.
    pub initial: BTreeMap<String, String>,
    /// The operations, in any order.
    pub operations: Vec<Operation>,
}

/// One operation on one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Who called. A client may have several operations open.
    pub process: u64,
    /// The key.
    pub key: String,
    /// What it does.
    pub action: Action,
    /// When it was called.
    pub called: Moment,
    /// What came of it.
    pub outcome: Outcome,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Reads the value.
    Get,
    /// The value becomes this.
    Set(String),
    /// This is added at the value's end; of nothing, it becomes the value.
    Append(String),
    /// The value becomes `new` if it is `expected`.
    CompareAndSet {
        /// What it must be.
        expected: String,
        /// What it becomes.
        new: String,
    },
    /// There is no value any more.
    Delete,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was answered.
    Answered {
        /// When.
        at: Moment,
        /// How.
        answer: Answer,
    },
    /// Nobody knows: it may take effect at any time after its call, or never.
    Unknown,
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is done: the value was set, appended to, was the expected one and was replaced, or was there and was deleted.
    Done,
    /// The value: of a get what it is, of an append what it became, of a compare-and-set what it is *instead* of the
    /// expected one. Nothing, of a delete, says that nothing was there.
    Value(Option<String>),
    /// The value of a compare-and-set was not the expected one.
    Mismatch,
}

/// Why an answer is none to what was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfitting {
    /// It came before the call.
    #[error("it was answered before it was called")]
    Early,
    /// Of a get.
    #[error("a get is answered by the value that it read")]
    Get,
    /// Of a set.
    #[error("a set is answered by Done")]
    Set,
    /// Of an append.
    #[error("an append is answered by Done, or by the value that it made")]
    Append,
    /// Of a delete.
    #[error("a delete is answered by Done, or by the value nothing")]
    Delete,
}

impl History {
    /// The value of a key at the beginning.
    pub fn initial_of(&self, key: &str) -> Option<&str> {
        self.initial
            .get(key)
            .or(self.unwritten.as_ref())
            .map(String::as_str)
    }
}

impl Operation {
    /// An operation called at 0, of which nothing is known.
    pub fn of(process: u64, key: impl Into<String>, action: Action) -> Self {
        Self {
            process,
            key: key.into(),
            action,
            called: 0,
            outcome: Outcome::Unknown,
        }
    }

    /// The same, called at this moment.
    #[must_use]
    pub fn called(mut self, at: Moment) -> Self {
        self.called = at;
        self
    }

    /// The same, answered at this moment.
    #[must_use]
    pub fn answered(mut self, at: Moment, answer: Answer) -> Self {
        self.outcome = Outcome::Answered { at, answer };
        self
    }

    /// When it was answered, if it was.
    pub fn answered_at(&self) -> Option<Moment> {
        match self.outcome {
            Outcome::Answered { at, .. } => Some(at),
            Outcome::Unknown => None,
        }
    }

    /// What it was answered, if it was.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.outcome {
            Outcome::Answered { answer, .. } => Some(answer),
            Outcome::Unknown => None,
        }
    }

    /// Whether the answer is one to what was called.
    ///
    /// # Errors
    ///
    /// Says what would be one. [`judge`](super::judge()) holds an answer that is none for one that can't be.
    pub fn check(&self) -> Result<(), Unfitting> {
        let Outcome::Answered { at, answer } = &self.outcome else {
            return Ok(());
        };
        if *at < self.called {
            return Err(Unfitting::Early);
        }
        match (&self.action, answer) {
            (Action::Get, Answer::Value(_))
            | (Action::Set(_), Answer::Done)
            | (Action::Append(_), Answer::Done | Answer::Value(Some(_)))
            | (Action::CompareAndSet { .. }, Answer::Done | Answer::Mismatch | Answer::Value(_))
            | (Action::Delete, Answer::Done | Answer::Value(None)) => Ok(()),
            (Action::Get, Answer::Done | Answer::Mismatch) => Err(Unfitting::Get),
            (Action::Set(_), Answer::Value(_) | Answer::Mismatch) => Err(Unfitting::Set),
            (Action::Append(_), Answer::Value(None) | Answer::Mismatch) => Err(Unfitting::Append),
            (Action::Delete, Answer::Value(Some(_)) | Answer::Mismatch) => Err(Unfitting::Delete),
        }
    }
}
