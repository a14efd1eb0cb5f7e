//! What is shown, and how.

use super::form::one_of;
use crate::save::seconds;
use crate::types::LogIndex;
use crate::ui::action::{Action, Question, Step};
use crate::ui::because::Thing;
use crate::ui::palette::arguments::Context;
use crate::ui::view::{Motion, Pane, Tab, ThemeName};

pub(super) fn zoom(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("cluster", Action::Zoom(Some(Pane::Cluster))),
        ("story", Action::Zoom(Some(Pane::Story))),
        ("logs", Action::Zoom(Some(Pane::Logs))),
        ("inspector", Action::Zoom(Some(Pane::Inspector))),
        ("off", Action::Zoom(None)),
    ];
    one_of(text, &choices)
}

/// The newest line, a node, an entry of a node's log, a node's vote.
pub(super) fn why(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let thing = match parts[..] {
        [] => return Ok(Action::Why),
        ["vote", node] => Thing::Vote(context.node(node)?),
        [node] => Thing::Node(context.node(node)?),
        [node, index] => {
            let node = context.node(node)?;
            let number = index
                .parse()
                .map_err(|_| format!("`{index}` is no index of a log; try: why 3 5"))?;
            let index = LogIndex::new(number);
            Thing::Entry { node, index }
        }
        [..] => return Err("why what? try: why, why 3, why 3 5, why vote 3".to_owned()),
    };
    Ok(Action::WhyOf(thing))
}

/// Words that lines must fit; without any, they are asked for.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every word is read by a function of this form"
)]
pub(super) fn filter(text: &str, _: &Context<'_>) -> Result<Action, String> {
    Ok(match text.trim() {
        "" => Action::Ask(Question::Filter),
        "off" => Action::Filter(String::new()),
        words => Action::Filter(words.to_owned()),
    })
}

/// The next tab, or the one that is named.
pub(super) fn tab(text: &str, _: &Context<'_>) -> Result<Action, String> {
    if text.trim().is_empty() {
        return Ok(Action::NextTab);
    }
    let choices = Tab::ALL.map(|tab| (tab.name(), Action::ShowTab(tab)));
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

/// A file, and a stretch of time in seconds where one is named.
pub(super) fn lamport(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let stretch_of = |text: &str| {
        let (from, to) = text.split_once("..")?;
        let at = |text: &str| seconds::parse(text.trim().trim_end_matches('s')).ok();
        Some((at(from)?, at(to)?))
    };
    let last = text.rsplit_once(char::is_whitespace);
    let (file, stretch) = match last.and_then(|(file, last)| Some((file, stretch_of(last)?))) {
        Some((file, stretch)) => (file.trim(), Some(stretch)),
        None => (text.trim(), None),
    };
    if file.is_empty() || stretch_of(file).is_some() {
        return Err("into which file? try: lamport election.svg 1.5..2".to_owned());
    }
    if let Some((from, to)) = stretch
        && from >= to
    {
        return Err(format!("{from} is not before {to}: try 1.5..2"));
    }
    let file = file.to_owned();
    Ok(Action::Lamport { file, stretch })
}

pub(super) fn motion(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("smooth", Action::SetMotion(Motion::Smooth)),
        ("reduced", Action::SetMotion(Motion::Reduced)),
    ];
    one_of(text, &choices)
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
