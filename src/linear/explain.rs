//! A failure, told to people.

use std::fmt::Write as _;

use super::history::{History, Outcome};
use super::judge::Failure;
use super::shrink::Stretch;
use super::words;

/// So many operations of a stretch are listed.
const LISTED: usize = 40;

/// What can't be placed, and why, in one or two lines.
pub fn tell(history: &History, failure: &Failure) -> String {
    let key = words::quoted(&failure.key);
    let placed = failure.order.len();
    let values: Vec<String> = failure
        .values
        .iter()
        .map(|value| words::value(value.as_deref()))
        .collect();
    format!(
        "key {key}: {} can't be placed.\n  {placed} of the {} operations on {key} can be put in order before it, among them all that were answered \
         before it was; {key} is then {}.\n",
        line(history, failure.blamed),
        failure.operations,
        values.join(" or ")
    )
}

/// The same in half a line: `get x -> 1 can't be placed: x is then 2`.
pub fn tell_briefly(history: &History, failure: &Failure) -> String {
    let key = words::quoted(&failure.key);
    let operation = &history.operations[failure.blamed];
    let (verb, rest) = verb_and_rest(&words::action(&operation.action));
    let values = failure.values.iter().map(|value| words::value(value.as_deref()));
    let values: Vec<String> = values.collect();
    format!(
        "{verb} {key}{rest}{} can't be placed: {key} is then {}",
        words::outcome(operation),
        values.join(" or ")
    )
}

/// A stretch, line by line: an order as far as it goes, and what has no place in it.
pub fn tell_stretch(history: &History, stretch: &Stretch) -> String {
    let order = &stretch.failure.order;
    let mut text = String::new();
    if let Some(begin) = stretch.begin {
        let key = words::quoted(&stretch.failure.key);
        writeln!(
            text,
            "        what was answered by {begin} is over, and {key} may be anything then"
        )
        .expect("a string can be written to");
    }
    let skipped = order.len().saturating_sub(LISTED);
    if skipped > 0 {
        writeln!(text, "        {skipped} before").expect("a string can be written to");
    }
    for (number, at) in (1..).zip(order).skip(skipped) {
        let loose = if stretch.loose.contains(at) {
            "  (may have happened, or not)"
        } else {
            ""
        };
        writeln!(text, "{number:>6}. {}{loose}", line(history, *at)).expect("a string can be written to");
    }
    let unplaced = stretch.kept.iter().filter(|at| !order.contains(at));
    for at in unplaced.take(LISTED) {
        let why = if *at == stretch.failure.blamed {
            "  <- can't be placed"
        } else {
            ""
        };
        writeln!(text, "     ✗  {}{why}", line(history, *at)).expect("a string can be written to");
    }
    let others = stretch.loose.iter().filter(|at| !order.contains(at)).count();
    if others > 0 {
        writeln!(
            text,
            "        {others} more may have happened at any time after their calls, or not: that does not help"
        )
        .expect("a string can be written to");
    }
    text
}

/// `client 3: get x -> 5 (20 to 31)`.
fn line(history: &History, at: usize) -> String {
    let operation = &history.operations[at];
    let until = match operation.outcome {
        Outcome::Answered { at, .. } => format!("to {at}"),
        Outcome::Unknown => "on".to_owned(),
    };
    let (verb, rest) = verb_and_rest(&words::action(&operation.action));
    format!(
        "client {}: {verb} {}{rest}{} ({} {until})",
        operation.process,
        words::quoted(&operation.key),
        words::outcome(operation),
        operation.called,
    )
}

fn verb_and_rest(action: &str) -> (String, String) {
    let (verb, rest) = action.split_once(' ').unwrap_or((action, ""));
    let rest = if rest.is_empty() {
        String::new()
    } else {
        format!(" {rest}")
    };
    (verb.to_owned(), rest)
}
