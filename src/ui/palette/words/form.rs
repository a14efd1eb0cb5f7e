//! The forms that words share: nothing behind them, something, or one of a few.

use crate::ui::action::Action;

/// An action that takes no argument.
pub(super) fn bare(text: &str, action: Action) -> Result<Action, String> {
    if text.is_empty() {
        Ok(action)
    } else {
        Err(format!("nothing can stand here: `{text}`"))
    }
}

pub(super) fn required(text: &str) -> Result<&str, String> {
    if text.is_empty() {
        Err("something is missing".to_owned())
    } else {
        Ok(text)
    }
}

pub(super) fn optional(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

pub(super) fn one_of(text: &str, choices: &[(&str, Action)]) -> Result<Action, String> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, action)| action.clone()).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}
