//! What is set for all nodes: who votes, when snapshots are taken, what is switched on, which rules are kept.

use super::form::required;
use crate::consensus::{Rule, Switch};
use crate::playground::Command;
use crate::types::NodeId;
use crate::ui::action::Action;
use crate::ui::palette::arguments::{Context, count};

/// What the leader is asked for, or after `via` the node that is named there.
pub(super) fn asked(
    text: &str,
    context: &Context<'_>,
    read: impl Fn(&str) -> Result<Command, String>,
) -> Result<Action, String> {
    let Some((what, node)) = text.rsplit_once("via ") else {
        return read(required(text)?).map(Action::Do);
    };
    let node = context.node(node.trim())?;
    let command = Box::new(read(required(what.trim())?)?);
    Ok(Action::Do(Command::Via { node, command }))
}

/// One node for whom the leader, or the node after `via`, is asked for something.
pub(super) fn about_node(
    text: &str,
    context: &Context<'_>,
    command: fn(NodeId) -> Command,
) -> Result<Action, String> {
    asked(text, context, |text| context.node(text).map(command))
}

/// `1,2,6`, or `1,2,6 + 3,4` with learners.
pub(super) fn voters(text: &str, context: &Context<'_>) -> Result<Action, String> {
    asked(text, context, |text| configuration(text, context))
}

fn configuration(text: &str, context: &Context<'_>) -> Result<Command, String> {
    let (voters, learners) = text.split_once('+').unwrap_or((text, ""));
    let (voters, learners) = (context.nodes(voters)?, context.nodes(learners)?);
    if voters.is_empty() {
        return Err("somebody must vote: name them, as in 1,2,6".to_owned());
    }
    Ok(Command::Reconfigure { voters, learners })
}

/// `8`, `8 keep 3`, `4096 bytes keep 3`, or `off`.
pub(super) fn compact(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let every = |number: &str| count(number, u32::MAX).map(u64::from);
    let words: Vec<&str> = required(text)?.split_whitespace().collect();
    let (rest, keep) = match words[..] {
        [ref rest @ .., "keep", keep] => (
            rest.to_vec(),
            keep.parse().map_err(|_| format!("`{keep}` is no number"))?,
        ),
        [..] => (words, 0),
    };
    let (entries, bytes) = match rest[..] {
        ["off"] => (None, None),
        [entries] => (Some(every(entries)?), None),
        [bytes, "bytes"] => (None, Some(every(bytes)?)),
        [..] => return Err("say how often: 8, 8 keep 3, 4096 bytes, or off".to_owned()),
    };
    Ok(Action::Do(Command::Compact { entries, bytes, keep }))
}

pub(super) fn switch(text: &str) -> Result<Switch, String> {
    match text {
        "on" => Ok(Switch::On),
        "off" => Ok(Switch::Off),
        other => Err(format!("`{other}` is neither on nor off")),
    }
}

pub(super) fn rule(text: &str) -> Result<Rule, String> {
    let found = Rule::ALL.iter().find(|rule| rule.word() == text);
    found.copied().ok_or_else(|| {
        let words: Vec<_> = Rule::ALL.iter().map(|rule| rule.word()).collect();
        format!("`{text}` is no rule; the rules are {}", words.join(", "))
    })
}
