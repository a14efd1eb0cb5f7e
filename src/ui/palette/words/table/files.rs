//! Words for what is read and written, for homework, and for leaving.

use super::super::form::{bare, optional, required};
use super::super::{Word, screen, word};
use crate::ui::action::{Action, Exit};

pub(super) static WORDS: &[Word] = &[
    word("save", "save NAME", "save the cluster", |text, _| {
        required(text).map(Action::save)
    }),
    word("open", "open NAME", "open a save", |text, _| {
        required(text).map(Action::open)
    })
    .or(&["load"]),
    word(
        "script",
        "script FILE",
        "write what was done, to run it again headless",
        |text, _| required(text).map(Action::script),
    ),
    word(
        "share",
        "share",
        "copy a code for all of it; to a file: share FILE",
        |text, _| Ok(Action::Share(optional(text).map(str::to_owned))),
    ),
    word(
        "lamport",
        "lamport FILE",
        "space-time diagram as SVG; a part: a.svg 1.5..2",
        screen::lamport,
    )
    .or(&["spacetime", "space-time"]),
    word("grade", "grade", "how far you are with the task", |text, _| {
        bare(text, Action::Grade)
    }),
    word(
        "answer",
        "answer N TEXT",
        "answer question N of the task",
        screen::answer,
    ),
    word(
        "export",
        "export FILE",
        "write the screen as a picture: picture.svg",
        |text, _| required(text).map(Action::export),
    ),
    word("help", "help", "all keys", |text, _| bare(text, Action::Help)),
    word(
        "quit",
        "quit",
        "leave; the cluster is saved as `last`",
        |text, _| bare(text, Action::Leave(Exit::Quit)),
    )
    .or(&["exit", "q"]),
];
