//! What is done to links: cut, mended, made slow or lossy.

use super::form::required;
use crate::playground::{Command, LinkSettings};
use crate::types::NodeId;
use crate::ui::action::Action;
use crate::ui::palette::arguments::{Context, Ends, Ways};

pub(super) fn cut(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let Ends { from, to, ways } = required(text).and_then(|text| context.link(text))?;
    Ok(Action::Do(match ways {
        Ways::One => Command::CutOneWay { from, to },
        Ways::Both => Command::Cut { from, to },
    }))
}

pub(super) fn mend(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let Ends { from, to, ways } = required(text).and_then(|text| context.link(text))?;
    Ok(Action::Do(match ways {
        Ways::One => Command::MendOneWay { from, to },
        Ways::Both => Command::Mend { from, to },
    }))
}

/// Changes one setting of a link, or of all, and leaves the others as they are.
pub(super) fn link_setting(
    text: &str,
    context: &Context<'_>,
    change: fn(&mut LinkSettings, &str) -> Result<(), String>,
) -> Result<Action, String> {
    let (ends, rest) = required(text).and_then(|text| context.link_and_rest(text))?;
    let (from, to): (Option<NodeId>, Option<NodeId>) = (ends.map(|ends| ends.from), ends.map(|ends| ends.to));
    let (snapshot, common) = (context.snapshot, context.snapshot.settings.link);
    let mut settings = ends.map_or(common, |ends| snapshot.link(ends.from, ends.to));
    change(&mut settings, rest)?;
    Ok(Action::Do(Command::Link { from, to, settings }))
}
