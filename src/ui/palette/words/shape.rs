//! Forms that a network may have: who still reaches whom.

use std::collections::BTreeSet;
use std::time::Duration;

use super::form::required;
use crate::playground::{Command, LinkSettings, Span};
use crate::types::NodeId;
use crate::ui::action::Action;
use crate::ui::palette::arguments::Context;

/// Of a million messages a flaky network loses so many.
const FLAKY_LOSS_PPM: u32 = 200_000;
/// And delivers so many twice.
const FLAKY_DUPLICATION_PPM: u32 = 50_000;

/// `ring`, `star 3`, `bridge 3`, `one-way 3`, `minority 3`, `flaky`. Where a form needs a node and none is named, the selected one.
pub(super) fn shape(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let text = required(text)?;
    let (form, node) = text
        .split_once(' ')
        .map_or((text, None), |(form, node)| (form, Some(node)));
    let named = node.map(|node| context.node(node.trim())).transpose()?;
    let ids: Vec<NodeId> = context.snapshot.nodes.iter().map(|node| node.id).collect();
    let node = || {
        named
            .or(context.selected)
            .ok_or_else(|| "there is no node".to_owned())
    };
    let needs = |count: usize| {
        if ids.len() < count {
            Err(format!(
                "a {form} takes {count} nodes, and there are {}",
                ids.len()
            ))
        } else {
            Ok(())
        }
    };
    let command = match form {
        "ring" => {
            needs(4)?;
            Command::CutOnly(ring(&ids))
        }
        "star" => {
            needs(3)?;
            let centre = node()?;
            cut(&ids, |from, to| from != centre && to != centre)
        }
        "bridge" => {
            needs(3)?;
            let bridge = node()?;
            let shore: BTreeSet<NodeId> = ids.iter().copied().filter(|id| *id != bridge).collect();
            let left: BTreeSet<NodeId> = shore.iter().copied().take(shore.len() / 2).collect();
            cut(&ids, |from, to| {
                from != bridge && to != bridge && left.contains(&from) != left.contains(&to)
            })
        }
        "one-way" => {
            let mute = node()?;
            cut(&ids, |from, _| from == mute)
        }
        "minority" => {
            needs(3)?;
            minority(&ids, node()?)
        }
        "flaky" => Command::Link {
            from: None,
            to: None,
            settings: LinkSettings {
                loss_ppm: FLAKY_LOSS_PPM,
                duplication_ppm: FLAKY_DUPLICATION_PPM,
                latency: Span::new(Duration::from_millis(5), Duration::from_millis(80))
                    .unwrap_or(context.snapshot.settings.link.latency),
                ..context.snapshot.settings.link
            },
        },
        _ => {
            return Err(format!(
                "`{form}` is none of ring, star, bridge, one-way, minority, flaky"
            ));
        }
    };
    Ok(Action::Do(command))
}

/// The links for which this holds.
fn cut(ids: &[NodeId], is_cut: impl Fn(NodeId, NodeId) -> bool) -> Command {
    let pairs = ids.iter().flat_map(|&from| ids.iter().map(move |&to| (from, to)));
    Command::CutOnly(
        pairs
            .filter(|&(from, to)| from != to && is_cut(from, to))
            .collect(),
    )
}

/// All links but those between neighbours, the last and the first among them.
fn ring(ids: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let count = ids.len();
    let apart = |one: usize, other: usize| {
        let steps = one.abs_diff(other);
        steps > 1 && steps < count - 1
    };
    let pairs = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
    pairs
        .filter(|&(one, other)| apart(one, other))
        .map(|(one, other)| (ids[one], ids[other]))
        .collect()
}

/// The node with as many others as are not enough, apart from the rest.
fn minority(ids: &[NodeId], node: NodeId) -> Command {
    let others: Vec<NodeId> = ids.iter().copied().filter(|id| *id != node).collect();
    let (few, most) = others.split_at((ids.len() - 1) / 2 - 1);
    let few = std::iter::once(node).chain(few.iter().copied()).collect();
    Command::Partition(vec![few, most.to_vec()])
}

pub(super) fn shapes(context: &Context<'_>) -> Vec<(String, String)> {
    let selected = context
        .selected
        .map_or_else(String::new, |id| id.number().to_string());
    let about = |form: &str, what: &str| {
        (
            format!("{form} {selected}").trim_end().to_owned(),
            what.to_owned(),
        )
    };
    let count = context.snapshot.nodes.len();
    let mut shapes = vec![about("one-way", "it hears all and is heard by nobody")];
    if count >= 3 {
        shapes.push(about(
            "minority",
            "it and too few others for a majority, apart from the rest",
        ));
        shapes.push(about("star", "all reach only it"));
        shapes.push(about(
            "bridge",
            "two halves that reach each other's nodes through it alone",
        ));
    }
    if count >= 4 {
        shapes.push(("ring".to_owned(), "each reaches its two neighbours".to_owned()));
    }
    shapes.push((
        "flaky".to_owned(),
        "slow, and one message in five is lost".to_owned(),
    ));
    shapes
}
