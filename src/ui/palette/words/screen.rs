//! What is shown, and how.

use super::form::one_of;
use crate::ui::action::{Action, Step};
use crate::ui::palette::arguments::Context;
use crate::ui::view::{Pane, ThemeName};

pub(super) fn zoom(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("cluster", Action::Zoom(Some(Pane::Cluster))),
        ("story", Action::Zoom(Some(Pane::Story))),
        ("logs", Action::Zoom(Some(Pane::Logs))),
        ("off", Action::Zoom(None)),
    ];
    one_of(text, &choices)
}

pub(super) fn notes(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("on", Action::TurnNotes(Step::Forward)),
        ("back", Action::TurnNotes(Step::Back)),
        ("hide", Action::ShowNotes(false)),
        ("show", Action::ShowNotes(true)),
    ];
    one_of(text, &choices)
}

/// The number of a question, and the answer to it.
pub(super) fn answer(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let (number, answer) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let number = number
        .parse()
        .map_err(|_| format!("`{number}` is no number of a question; try: answer 1 because …"))?;
    let answer = answer.trim();
    if answer.is_empty() {
        return Err(format!("what is the answer to question {number}?"));
    }
    Ok(Action::Answer(number, answer.to_owned()))
}

pub(super) fn theme(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("dark", Action::SetTheme(ThemeName::Dark)),
        ("light", Action::SetTheme(ThemeName::Light)),
        ("high-contrast", Action::SetTheme(ThemeName::HighContrast)),
        ("mono", Action::SetTheme(ThemeName::Mono)),
    ];
    one_of(text, &choices)
}
