//! Operations in words.

use super::history::{Action, Answer, Operation, Outcome};

/// So many characters of a text are shown.
const SHOWN: usize = 40;
/// Of a longer one so many at the beginning, and the rest at the end: there it grows.
const SHOWN_FIRST: usize = 12;

/// A character as it can be shown, escaped where it would break a line or a screen.
pub(super) fn harmless(letter: char) -> impl Iterator<Item = char> {
    let is_plain = letter == ' ' || letter.is_alphanumeric() || letter.is_ascii_graphic();
    let plain = is_plain.then_some(letter);
    let escape = (!is_plain).then(|| letter.escape_unicode());
    plain.into_iter().chain(escape.into_iter().flatten())
}

/// A text as it can be shown: in quotes where it is empty or has more than one word, without its middle where it is long.
pub(super) fn quoted(text: &str) -> String {
    let count = text.chars().count();
    let shown: String = if count > SHOWN {
        let first = text.chars().take(SHOWN_FIRST);
        let last = text.chars().skip(count - (SHOWN - SHOWN_FIRST));
        let [first, last]: [String; 2] = [
            first.flat_map(harmless).collect(),
            last.flat_map(harmless).collect(),
        ];
        format!("{first}…{last}")
    } else {
        text.chars().flat_map(harmless).collect()
    };
    if shown.is_empty() || shown.contains([' ', '"']) {
        format!("\"{shown}\"")
    } else {
        shown
    }
}

/// A value, or that there is none.
pub(super) fn value(value: Option<&str>) -> String {
    value.map_or_else(|| "nothing".to_owned(), quoted)
}

/// What an operation does, without its key: `cas 1 2`.
pub(super) fn action(action: &Action) -> String {
    match action {
        Action::Get => "get".to_owned(),
        Action::Set(value) => format!("set {}", quoted(value)),
        Action::Append(piece) => format!("append {}", quoted(piece)),
        Action::CompareAndSet { expected, new } => format!("cas {} {}", quoted(expected), quoted(new)),
        Action::Delete => "delete".to_owned(),
    }
}

/// What came of an operation: `-> 3`, and nothing where all that was told is that it is done.
pub(super) fn outcome(operation: &Operation) -> String {
    match &operation.outcome {
        Outcome::Unknown => " -> ?".to_owned(),
        Outcome::Answered { answer, .. } => match (&operation.action, answer) {
            (_, Answer::Mismatch) => " -> not so".to_owned(),
            (Action::CompareAndSet { .. }, Answer::Value(found)) => {
                format!(" -> no, it is {}", value(found.as_deref()))
            }
            (_, Answer::Value(found)) => format!(" -> {}", value(found.as_deref())),
            (_, Answer::Done) => String::new(),
        },
    }
}
