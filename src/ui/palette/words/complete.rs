//! What could stand behind a word, with what it would mean.

use crate::consensus::Rule;
use crate::playground::{Condition, NodeView};
use crate::ui::palette::arguments::Context;
use crate::ui::view::Tab;

pub(super) fn nothing(_: &Context<'_>) -> Vec<(String, String)> {
    Vec::new()
}

pub(super) fn any_node(context: &Context<'_>) -> Vec<(String, String)> {
    let state = |condition| match condition {
        Condition::Up => "up",
        Condition::Frozen => "frozen",
        Condition::Down => "down",
    };
    let nodes = context.snapshot.nodes.iter();
    nodes
        .map(|node| {
            (
                node.id.number().to_string(),
                format!("{}, {}, term {}", node.id, state(node.condition), node.term),
            )
        })
        .collect()
}

/// Who has a write under way.
pub(super) fn writing(context: &Context<'_>) -> Vec<(String, String)> {
    let nodes = context.snapshot.nodes.iter();
    let writing = nodes.filter(|node| !node.writes.is_empty());
    let row = |node: &NodeView| {
        let under_way = format!("{} has {} under way", node.id, node.writes.len());
        (node.id.number().to_string(), under_way)
    };
    writing.map(row).collect()
}

/// Every route that a node knows.
pub(super) fn known_routes(context: &Context<'_>) -> Vec<(String, String)> {
    let nodes = context.snapshot.nodes.iter();
    let routes = nodes.flat_map(|node| {
        let known = node.routes.known().iter();
        known.map(|(other, known)| {
            (
                format!("{} of {}", node.id.number(), other.number()),
                format!("{} knows {other} at {}", node.id, known.route.address),
            )
        })
    });
    routes.collect()
}

pub(super) fn followers(context: &Context<'_>) -> Vec<(String, String)> {
    let leader = context.snapshot.leaders().first().map(|leader| leader.id);
    let followers = context
        .snapshot
        .nodes
        .iter()
        .filter(|node| Some(node.id) != leader);
    followers
        .map(|node| (node.id.number().to_string(), format!("{} takes over", node.id)))
        .collect()
}

pub(super) fn switches(_: &Context<'_>) -> Vec<(String, String)> {
    ["on", "off"]
        .map(|word| (word.to_owned(), format!("switch it {word}")))
        .to_vec()
}

pub(super) fn motions(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        ("smooth", "messages move along their links"),
        ("reduced", "each stands before its receiver until it is there"),
    ])
}

pub(super) fn workloads(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        (
            "5",
            "clients ask 5 times a second, about x, y and z; 30 % of it reads",
        ),
        ("5 keys 1", "all of them about x"),
        (
            "20 keys 10 skew 80",
            "80 % of it about x, the rest about ten keys",
        ),
        ("5 reads 90", "most of them read"),
        ("5 at 1", "they ask S1, whether it leads or not"),
        ("off", "nobody asks but you"),
    ])
}

pub(super) fn compactions(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        ("8", "a snapshot after every 8 entries"),
        ("8 keep 4", "and 4 entries stay behind, for slow followers"),
        ("1024 bytes", "after entries of so many bytes"),
        ("off", "the log grows for ever"),
    ])
}

pub(super) fn kept_rules(context: &Context<'_>) -> Vec<(String, String)> {
    let rules = Rule::ALL.iter();
    rules
        .filter(|rule| context.snapshot.settings.rules.keeps(**rule))
        .map(|rule| {
            (
                rule.to_string(),
                format!("{} ({})", rule.sentence(), rule.section()),
            )
        })
        .collect()
}

pub(super) fn broken_rules(context: &Context<'_>) -> Vec<(String, String)> {
    let broken = context.snapshot.settings.rules.broken();
    broken
        .map(|rule| (rule.to_string(), rule.sentence().to_owned()))
        .collect()
}

pub(super) fn speeds(_: &Context<'_>) -> Vec<(String, String)> {
    let what = [
        ("auto", "slow while something matters is in flight"),
        ("1/100", "a hundredth of real time"),
        ("1/20", "a twentieth of real time"),
        ("1", "real time"),
        ("max", "as fast as can be"),
    ];
    owned(&what)
}

pub(super) fn views(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        ("cluster", "only the ring"),
        ("story", "only what happened"),
        ("logs", "only the logs"),
        ("inspector", "only what is looked at closely"),
        ("off", "all of them"),
    ])
}

pub(super) fn tabs(_: &Context<'_>) -> Vec<(String, String)> {
    let what = |tab| match tab {
        Tab::Node => "the selected node, and what is asked of it",
        Tab::Branches => "the branches of this run",
        Tab::Disk => "the selected node's disk, and what a power cut would take",
        Tab::Clients => "what clients ask and are told, and whether that is linearizable",
    };
    let tabs = Tab::ALL.iter();
    tabs.map(|tab| (tab.name().to_owned(), what(*tab).to_owned()))
        .collect()
}

pub(super) fn themes(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        ("dark", "light on dark, safe for the colour-blind"),
        ("light", "dark on light"),
        ("high-contrast", "few colours, far apart"),
        ("mono", "no colour"),
    ])
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(words, what)| ((*words).to_owned(), (*what).to_owned()))
        .collect()
}
