//! Words for time: where in it the cluster is, and how fast it goes.

use super::super::complete::speeds;
use super::super::form::bare;
use super::super::time::{bookmark, bookmarks, branch, branches, compare, go, other_branches};
use super::super::{Word, word};
use crate::ui::action::{Action, Question, Step};
use crate::ui::pace::parse_speed;

pub(super) static WORDS: &[Word] = &[
    word("run", "run", "run or hold time", |text, _| {
        bare(text, Action::ToggleRun)
    })
    .or(&["pause"]),
    word(
        "next",
        "next",
        "go on to the next line of the story",
        |text, _| bare(text, Action::NextLine),
    ),
    word(
        "previous",
        "previous",
        "back to the line of the story before",
        |text, _| bare(text, Action::PreviousLine),
    )
    .or(&["back"]),
    word(
        "previous-mark",
        "previous-mark",
        "back to the mark before",
        |text, _| bare(text, Action::ToMark(Step::Back)),
    ),
    word(
        "next-mark",
        "next-mark",
        "on to the next mark that is known",
        |text, _| bare(text, Action::ToMark(Step::Forward)),
    ),
    word("home", "home", "back to the beginning", |text, _| {
        bare(text, Action::Home)
    }),
    word("end", "end", "on to the end of what is known", |text, _| {
        bare(text, Action::End)
    }),
    word("go", "go TIME", "to a time in seconds, or a bookmark: 12.4", go).with(bookmarks),
    word(
        "bookmark",
        "bookmark NAME",
        "give this moment a name, to go back to",
        bookmark,
    ),
    word("undo", "undo", "back to before the last action", |text, _| {
        bare(text, Action::Undo)
    }),
    word("redo", "redo", "return to where it was undone", |text, _| {
        bare(text, Action::Redo)
    }),
    word(
        "branch",
        "branch NAME",
        "show another branch, at its end: main, b1",
        branch,
    )
    .with(branches),
    word(
        "compare",
        "compare BRANCH",
        "two branches side by side, at the same time",
        compare,
    )
    .with(other_branches),
    word(
        "branches",
        "branches",
        "all branches, to choose one",
        |text, _| bare(text, Action::Ask(Question::Palette("branch "))),
    ),
    word(
        "speed",
        "speed SPEED",
        "virtual against real time: auto, 1/50, 1, max",
        |text, _| parse_speed(text).map(Action::SetSpeed),
    )
    .with(speeds),
    word("slower", "slower", "the next slower speed", |text, _| {
        bare(text, Action::Slower)
    }),
    word("faster", "faster", "the next faster speed", |text, _| {
        bare(text, Action::Faster)
    }),
];
