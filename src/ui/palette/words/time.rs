//! Moments and branches.

use super::form::required;
use crate::types::VirtualTime;
use crate::ui::action::Action;
use crate::ui::palette::arguments::Context;

/// The longest time that can be gone to, in seconds.
const LONGEST: f64 = 1e9;

pub(super) fn go(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let text = required(text)?;
    match text.trim_end_matches('s').trim_end().parse::<f64>() {
        Ok(seconds) if (0.0..=LONGEST).contains(&seconds) => {
            let since = std::time::Duration::from_secs_f64(seconds);
            Ok(Action::GoTo(VirtualTime::default().after(since)))
        }
        Ok(_) => Err(format!("`{text}` is no time of a run")),
        Err(_) => Ok(Action::GoToBookmark(text.to_owned())),
    }
}

pub(super) fn bookmark(text: &str, _: &Context<'_>) -> Result<Action, String> {
    required(text).map(|name| Action::Bookmark(name.to_owned()))
}

pub(super) fn bookmarks(context: &Context<'_>) -> Vec<(String, String)> {
    let bookmarks = context.journey.bookmarks.iter();
    bookmarks
        .map(|(name, at)| (name.clone(), format!("at {at} s")))
        .collect()
}

pub(super) fn branch(text: &str, _: &Context<'_>) -> Result<Action, String> {
    required(text).map(|name| Action::Branch(name.to_owned()))
}

pub(super) fn compare(text: &str, _: &Context<'_>) -> Result<Action, String> {
    required(text).map(|name| Action::Compare(name.to_owned()))
}

/// All branches but the one that is shown.
pub(super) fn other_branches(context: &Context<'_>) -> Vec<(String, String)> {
    let others = context.journey.branches.iter();
    others
        .filter(|row| row.id != context.journey.branch)
        .map(|row| (row.id.to_string(), row.words()))
        .collect()
}

pub(super) fn branches(context: &Context<'_>) -> Vec<(String, String)> {
    let branches = context.journey.branches.iter();
    branches.map(|row| (row.id.to_string(), row.words())).collect()
}
