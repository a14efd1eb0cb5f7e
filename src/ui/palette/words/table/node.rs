//! Words for one node: which is selected, and what is done to it.

use super::super::complete::any_node;
use super::super::form::{bare, required};
use super::super::node::{disk, drift, on_node};
use super::super::{Word, word};
use crate::playground::Command;
use crate::ui::action::{Action, Step, Verb};

pub(super) static WORDS: &[Word] = &[
    word("node", "node N", "select a node", |text, context| {
        context.node(text).map(Action::Pick)
    })
    .or(&["pick", "select"])
    .with(any_node),
    word(
        "leader",
        "leader",
        "select the leader; again: another",
        |text, _| bare(text, Action::PickLeader),
    ),
    word(
        "follow",
        "follow",
        "keep the leader selected, whoever that is",
        |text, _| bare(text, Action::FollowLeader),
    ),
    word(
        "previous-node",
        "previous-node",
        "select the node before",
        |text, _| bare(text, Action::PickNeighbour(Step::Back)),
    ),
    word("next-node", "next-node", "select the node after", |text, _| {
        bare(text, Action::PickNeighbour(Step::Forward))
    }),
    word(
        "crash",
        "crash N",
        "its process dies; what it wrote stays",
        |text, context| on_node(text, context, Verb::Crash),
    )
    .with(any_node),
    word(
        "power-cut",
        "power-cut N",
        "its power goes; what was not synced is lost",
        |text, context| on_node(text, context, Verb::CutPower),
    )
    .with(any_node),
    word(
        "tear",
        "tear N",
        "power goes mid-write: unsynced parts may survive",
        |text, context| {
            Ok(Action::Do(Command::Tear(
                required(text).and_then(|text| context.node(text))?,
            )))
        },
    )
    .with(any_node),
    word(
        "freeze",
        "freeze N",
        "its process stands still",
        |text, context| on_node(text, context, Verb::Freeze),
    )
    .with(any_node),
    word(
        "bring-back",
        "bring-back N",
        "it starts again, or goes on",
        |text, context| on_node(text, context, Verb::BringBack),
    )
    .or(&["restart", "thaw"])
    .with(any_node),
    word("fire", "fire N", "its timer runs out now", |text, context| {
        on_node(text, context, Verb::FireTimer)
    })
    .with(any_node),
    word(
        "tie",
        "tie",
        "timers run out together; some: tie 1,2",
        |text, context| Ok(Action::Do(Command::TieTimers(context.nodes(text)?))),
    ),
    word("spread", "spread", "election timers are spread out", |text, _| {
        bare(text, Action::Do(Command::SpreadTimers))
    }),
    word(
        "disk",
        "disk SPAN",
        "sync in ms: 1..3, 2 50..80; 2 fails, full, mended",
        disk,
    ),
    word(
        "drift",
        "drift N SHARE",
        "a clock runs fast or slow: 3 30%, 3 -30%; 3 0% mends",
        drift,
    ),
];
