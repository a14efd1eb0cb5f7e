//! What is done to one node: to its process, its clock and its disk.

use super::form::required;
use crate::playground::{Command, DiskFault, DiskSettings};
use crate::types::NodeId;
use crate::ui::action::{Action, Verb};
use crate::ui::palette::arguments::{Context, count, share, span};

pub(super) fn on_node(text: &str, context: &Context<'_>, verb: Verb) -> Result<Action, String> {
    let id = required(text).and_then(|text| context.node(text))?;
    let node = context
        .snapshot
        .node(id)
        .ok_or_else(|| format!("there is no {id}"))?;
    Ok(Action::Do(verb.command(node)))
}

/// A command about a node that is named.
pub(super) fn node_command(
    text: &str,
    context: &Context<'_>,
    command: fn(NodeId) -> Command,
) -> Result<Action, String> {
    let id = required(text).and_then(|text| context.node(text))?;
    Ok(Action::Do(command(id)))
}

pub(super) fn drift(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let (node, amount) = required(text)?
        .split_once(char::is_whitespace)
        .ok_or("say whose clock and by how much: 3 -30%")?;
    let (node, amount) = (context.node(node)?, amount.trim());
    let ppm = i32::try_from(share(amount.trim_start_matches('-'))?).unwrap_or(i32::MAX);
    let ppm = if amount.starts_with('-') { -ppm } else { ppm };
    Ok(Action::Do(Command::Drift { node, ppm }))
}

/// `1..3` for all disks, `2 50..80` for that of S2, `2 fails`, `2 full`, `2 full 100` and `2 mended`.
pub(super) fn disk(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let (node, rest) = match required(text)?.split_once(char::is_whitespace) {
        Some((node, rest)) => (Some(context.node(node)?), rest.trim()),
        None => (None, text),
    };
    if let (Some(node), Some(fault)) = (node, fault(rest)?) {
        return Ok(Action::Do(Command::DiskFault { node, fault }));
    }
    let settings = DiskSettings { latency: span(rest)? };
    Ok(Action::Do(Command::Disk { node, settings }))
}

/// What is the matter with a disk; `None` where the text is about something else.
fn fault(text: &str) -> Result<Option<DiskFault>, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(match words[..] {
        ["fails"] => Some(DiskFault::SyncsFail),
        ["full"] => Some(DiskFault::Full(0)),
        ["full", room] => Some(DiskFault::Full(u64::from(count(room, u32::MAX)?))),
        ["mended"] => Some(DiskFault::Mended),
        [] | [..] => None,
    })
}
