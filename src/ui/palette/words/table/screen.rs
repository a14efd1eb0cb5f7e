//! Words for what is shown, and how.

use super::super::complete::{motions, tabs, themes, views};
use super::super::form::{bare, one_of};
use super::super::screen::{filter, motion, notes, tab, theme, why, zoom};
use super::super::{Word, word};
use crate::ui::action::{Action, Question, Step};

pub(super) static WORDS: &[Word] = &[
    word(
        "why",
        "why",
        "the newest line; or why 3, why 3 5, why vote 3",
        why,
    ),
    word(
        "point",
        "point",
        "choose an entry or node by arrows, to ask why",
        |text, _| bare(text, Action::Ask(Question::Point)),
    ),
    word(
        "filter",
        "filter",
        "show only lines like these: filter S3 commit",
        filter,
    ),
    word(
        "presenter",
        "presenter",
        "for a lecture hall: who leads, ring, logs, no more",
        |text, _| bare(text, Action::TogglePresenter),
    ),
    word(
        "zoom",
        "zoom VIEW",
        "fills the screen: cluster, story, logs, inspector",
        zoom,
    )
    .with(views),
    word("tab", "tab", "the inspector's next tab; one: tab branches", tab).with(tabs),
    word(
        "scroll",
        "scroll WAY",
        "scroll the logs, or the disk shown: back, on",
        |text, _| {
            one_of(
                text,
                &[
                    ("back", Action::Scroll(Step::Back)),
                    ("on", Action::Scroll(Step::Forward)),
                ],
            )
        },
    ),
    word(
        "notes",
        "notes WAY",
        "turn or hide the notes: on, back, hide, show",
        notes,
    ),
    word(
        "motion",
        "motion HOW",
        "messages move (smooth), or stand still (reduced)",
        motion,
    )
    .with(motions),
    word("theme", "theme NAME", "dark, light, high-contrast, mono", theme).with(themes),
];
