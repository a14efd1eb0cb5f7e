//! How long it takes to judge histories of 100,000 operations: `cargo bench --bench linear`.
//!
//! The goals: less than half a second over ten keys, less than a second on one.

use std::time::Instant;

use raft_play::linear::{Action, Answer, History, Limits, Operation, Verdict, judge, shorten};

const OPERATIONS: usize = 100_000;

/// A small generator of the benchmark's own.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What clients do, in parts of a hundred; the rest are gets.
#[derive(Clone, Copy)]
struct Mix {
    keys: u64,
    clients: u64,
    sets: u64,
    appends: u64,
    swaps: u64,
    /// How many in ten thousand get no answer. Half of those take effect.
    lost: u64,
    /// Whether values are few, so that they come again.
    is_small: bool,
}

/// An operation under way.
struct Open {
    operation: Operation,
    answer: Option<Answer>,
}

/// What a store answers when clients call at random, each one operation after the other.
fn history(seed: u64, mix: Mix) -> History {
    let mut choices = Choices(seed);
    let keys = usize::try_from(mix.keys).expect("few");
    let mut values: Vec<Option<String>> = vec![None; keys];
    let mut open: Vec<Option<Open>> = (0..mix.clients).map(|_| None).collect();
    let mut history = History::default();
    let mut names: u64 = mix.clients;
    let mut now = 0;
    while history.operations.len() < OPERATIONS {
        now += 1;
        let client = usize::try_from(choices.below(mix.clients)).expect("few");
        match open[client].take() {
            None => {
                let key = choices.below(mix.keys);
                let action = action(
                    &mut choices,
                    mix,
                    now,
                    values[usize::try_from(key).expect("few")].as_ref(),
                );
                let operation = Operation::of(client as u64, format!("k{key}"), action).called(now);
                open[client] = Some(Open {
                    operation,
                    answer: None,
                });
            }
            Some(Open {
                mut operation,
                answer: None,
            }) => {
                let key: usize = operation.key[1..].parse().expect("a number");
                let is_lost = choices.below(10_000) < mix.lost;
                if is_lost {
                    if choices.below(2) == 0 {
                        apply(&mut values[key], &operation.action);
                    }
                    names += 1;
                    operation.process = names;
                    history.operations.push(operation);
                } else {
                    let answer = Some(apply(&mut values[key], &operation.action));
                    open[client] = Some(Open { operation, answer });
                }
            }
            Some(Open {
                operation,
                answer: Some(answer),
            }) => history.operations.push(operation.answered(now, answer)),
        }
    }
    let unanswered = open.into_iter().flatten().map(|open| open.operation);
    history.operations.extend(unanswered);
    history
}

fn action(choices: &mut Choices, mix: Mix, now: u64, value: Option<&String>) -> Action {
    let text = |choices: &mut Choices| {
        if mix.is_small {
            choices.below(5).to_string()
        } else {
            format!("<{now}>")
        }
    };
    let drawn = choices.below(100);
    if drawn < mix.sets {
        Action::Set(text(choices))
    } else if drawn < mix.sets + mix.appends {
        Action::Append(text(choices))
    } else if drawn < mix.sets + mix.appends + mix.swaps {
        let expected = value.cloned().unwrap_or_default();
        let new = text(choices);
        Action::CompareAndSet { expected, new }
    } else {
        Action::Get
    }
}

fn apply(value: &mut Option<String>, action: &Action) -> Answer {
    match action {
        Action::Get => Answer::Value(value.clone()),
        Action::Set(new) => {
            *value = Some(new.clone());
            Answer::Done
        }
        Action::Append(piece) => {
            value.get_or_insert_default().push_str(piece);
            Answer::Done
        }
        Action::CompareAndSet { expected, new } if value.as_ref() == Some(expected) => {
            *value = Some(new.clone());
            Answer::Done
        }
        Action::CompareAndSet { .. } => Answer::Mismatch,
        Action::Delete => unreachable!("none is made"),
    }
}

/// So many answers come after a lie.
const LATE: usize = 50;

/// The same, but a late read sees what was there long before.
fn with_a_stale_read(mut history: History) -> History {
    let is_read = |operation: &&mut Operation| {
        operation.action == Action::Get && operation.answer() != Some(&Answer::Value(None))
    };
    let mut reads = history.operations.iter_mut().filter(is_read);
    let early = reads.nth(LATE).map(|read| read.clone());
    let early = early.expect("there are reads");
    let late = history.operations.iter_mut().rev().filter(is_read);
    let late = late
        .filter(|read| read.key == early.key && read.answer() != early.answer())
        .nth(LATE);
    let late = late.expect("there are reads of what was written later");
    let told = early.answer().cloned().expect("it is a read that was answered");
    *late = late
        .clone()
        .answered(late.answered_at().expect("so is this"), told);
    history
}

/// The same of few values that come again: some late reads see the one after what they saw. Where the effects of lost calls may be seen at any
/// time, that may well be; so then one sees what never was.
fn with_wrong_reads(mut history: History, has_lost: bool) -> History {
    let (count, by) = if has_lost { (1, 9) } else { (5, 1) };
    let is_read = |operation: &&mut Operation| operation.action == Action::Get;
    let reads = history.operations.iter_mut().rev().filter(is_read);
    for read in reads.skip(LATE).take(count) {
        let Some(Answer::Value(Some(told))) = read.answer() else {
            continue;
        };
        let told: u32 = told.parse().expect("values are numbers");
        let told = if has_lost { by } else { (told + by) % 5 };
        let answered = read.answered_at().expect("it was answered");
        *read = read
            .clone()
            .answered(answered, Answer::Value(Some(told.to_string())));
    }
    history
}

fn main() {
    let kv = Mix {
        keys: 10,
        clients: 10,
        sets: 10,
        appends: 40,
        swaps: 0,
        lost: 0,
        is_small: false,
    };
    let one = Mix { keys: 1, ..kv };
    let register = Mix {
        sets: 35,
        appends: 0,
        swaps: 30,
        is_small: true,
        ..one
    };
    let appends = Mix {
        sets: 0,
        appends: 99,
        ..one
    };
    let cases = [
        ("10 keys", kv),
        ("10 keys, 50 clients", Mix { clients: 50, ..kv }),
        ("10 keys, 1 in 100 lost", Mix { lost: 100, ..kv }),
        ("1 key", one),
        ("1 key, 30 clients", Mix { clients: 30, ..one }),
        ("1 key, 1 in 100 lost", Mix { lost: 100, ..one }),
        ("1 register of 5 values", register),
        (
            "1 register, 1 in 100 lost",
            Mix {
                lost: 100,
                ..register
            },
        ),
        (
            "1 register of all values, 30 clients",
            Mix {
                clients: 30,
                is_small: false,
                ..register
            },
        ),
        ("1 key of appends, 1 read in 100", appends),
    ];
    println!(
        "{OPERATIONS} operations, judged in                linearizable, with a stale read, shortened in, to"
    );
    for (name, mix) in cases {
        let good = history(7, mix);
        let begun = Instant::now();
        let verdict = judge(&good, Limits::default()).verdict();
        let took = begun.elapsed();
        assert_eq!(verdict, Verdict::Linearizable, "{name}");
        let bad = if mix.is_small {
            with_wrong_reads(good, mix.lost > 0)
        } else {
            with_a_stale_read(good)
        };
        let begun = Instant::now();
        let report = judge(&bad, Limits::default());
        let took_bad = begun.elapsed();
        assert_eq!(report.verdict(), Verdict::NotLinearizable, "{name}");
        let begun = Instant::now();
        let stretch = shorten(&bad, &report.failures[0]);
        let shortened = begun.elapsed();
        println!(
            "{name:<40} {:>8} ms {:>13} ms  {:>6} ms, {} operations",
            took.as_millis(),
            took_bad.as_millis(),
            shortened.as_millis(),
            stretch.kept.len()
        );
    }
}
