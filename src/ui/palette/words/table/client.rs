//! Words for what clients ask.

use super::super::client::{close_session, propose, propose_in, read, session, workload};
use super::super::complete::workloads;
use super::super::form::{bare, optional};
use super::super::{Word, word};
use crate::playground::Command;
use crate::ui::action::{Action, Question};

pub(super) static WORDS: &[Word] = &[
    word(
        "propose",
        "propose TEXT",
        "propose x=7, at a node: 2 set x 7",
        propose,
    ),
    word(
        "workload",
        "workload RATE",
        "clients ask so often a second: 5 keys 3 skew 80",
        workload,
    )
    .with(workloads),
    word(
        "session",
        "session",
        "open a session; 10s unused ends it: session 10s",
        session,
    ),
    word(
        "in",
        "in SESSION TEXT",
        "propose in session 4: 4 x=1, at a node: 4 2 x=1",
        propose_in,
    ),
    word(
        "close",
        "close SESSION",
        "close session 4 and drop its answers; at a node: 4 2",
        close_session,
    ),
    word(
        "retry",
        "retry",
        "send the last proposal again, at a node: 3",
        |text, context| {
            let to = optional(text).map(|text| context.node(text)).transpose()?;
            Ok(Action::Do(Command::Retry { to }))
        },
    ),
    word(
        "type-proposal",
        "type-proposal",
        "ask for a value to propose",
        |text, _| bare(text, Action::Ask(Question::Propose)),
    ),
    word(
        "read",
        "read KEY",
        "read x, at a node: 3 x; by log, index or lease",
        read,
    ),
];
