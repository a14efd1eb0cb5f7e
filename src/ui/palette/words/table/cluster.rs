//! Words for what holds for all nodes: timers, limits, who votes, what is switched on, which rules are kept.

use super::super::cluster::{about_node, compact, rule, switch, voters};
use super::super::complete::{
    any_node, broken_rules, compactions, followers, kept_rules, known_routes, switches,
};
use super::super::form::required;
use super::super::{Word, word};
use crate::playground::Command;
use crate::ui::action::Action;
use crate::ui::palette::arguments::{count, whole_span};

pub(super) static WORDS: &[Word] = &[
    word(
        "timeout",
        "timeout SPAN",
        "election timeouts, ms: 150..300",
        |text, _| {
            let (min_ms, max_ms) = whole_span(text)?;
            Ok(Action::Do(Command::ElectionTimeout { min_ms, max_ms }))
        },
    ),
    word(
        "heartbeat",
        "heartbeat TIME",
        "time between heartbeats, ms: 50",
        |text, _| {
            let every_ms = u64::from(count(text.trim_end_matches("ms"), 3_600_000)?);
            Ok(Action::Do(Command::Heartbeat { every_ms }))
        },
    ),
    word(
        "batch",
        "batch COUNT",
        "entries in one request, at most: 1",
        |text, _| {
            let entries = count(text, 1_000_000)?;
            Ok(Action::Do(Command::Batch { entries }))
        },
    ),
    word(
        "transfer",
        "transfer NODE",
        "have the leader hand over; asked at a node: 4 via 2",
        |text, context| about_node(text, context, Command::Transfer),
    )
    .with(followers),
    word(
        "lease",
        "lease SWITCH",
        "a leader reads without asking, by its lease",
        |text, _| Ok(Action::Do(Command::Lease(switch(text)?))),
    )
    .with(switches),
    word(
        "limit",
        "limit BYTES",
        "how much may wait to be committed: 4096",
        |text, _| {
            let bytes = u64::from(count(text, u32::MAX)?);
            Ok(Action::Do(Command::UncommittedLimit { bytes }))
        },
    ),
    word(
        "snapshot",
        "snapshot NODE",
        "have a node take a snapshot of what it has applied",
        |text, context| {
            required(text)
                .and_then(|text| context.node(text))
                .map(|id| Action::Do(Command::Snapshot(id)))
        },
    )
    .with(any_node),
    word(
        "compact",
        "compact ENTRIES",
        "snapshots each 8 entries; 8 keep 3; 4096 bytes; off",
        compact,
    )
    .with(compactions),
    word(
        "piece",
        "piece BYTES",
        "how much of a snapshot goes in one message: 32",
        |text, _| {
            let bytes = u64::from(count(text, u32::MAX)?);
            Ok(Action::Do(Command::Chunk { bytes }))
        },
    ),
    word(
        "join",
        "join",
        "a new server joins, as a learner, under a new id",
        |text, context| match text.trim() {
            "" => Ok(Action::Do(Command::Join)),
            seed => {
                let seed = seed.strip_prefix("via ").unwrap_or(seed);
                Ok(Action::Do(Command::JoinVia(context.node(seed.trim())?)))
            }
        },
    ),
    word(
        "promote",
        "promote NODE",
        "a learner becomes a voter; at a node: 6 via 3",
        |text, context| about_node(text, context, Command::Promote),
    )
    .with(any_node),
    word(
        "demote",
        "demote NODE",
        "a voter becomes a learner; at a node: 3 via 2",
        |text, context| about_node(text, context, Command::Demote),
    )
    .with(any_node),
    word(
        "remove",
        "remove NODE",
        "it leaves the cluster, and runs on; 2 via 3",
        |text, context| about_node(text, context, Command::Remove),
    )
    .with(any_node),
    word(
        "voters",
        "voters NODES",
        "these vote: 1,2,6; 3 learns, at S5: 1,2,6 + 3 via 5",
        voters,
    ),
    word(
        "autopromote",
        "autopromote SWITCH",
        "learners that have caught up become voters",
        |text, _| Ok(Action::Do(Command::AutoPromote(switch(text)?))),
    )
    .with(switches),
    word(
        "reroute",
        "reroute SWITCH",
        "nodes pass requests on to the leader",
        |text, _| Ok(Action::Do(Command::Reroute(switch(text)?))),
    )
    .with(switches),
    word(
        "gossip",
        "gossip SWITCH",
        "nodes tell each other where they are: on or off",
        |text, _| Ok(Action::Do(Command::Gossip(switch(text)?))),
    )
    .with(switches),
    word(
        "forget",
        "forget NODE of NODE",
        "a node forgets where another is: forget 2 of 5",
        |text, context| {
            let (at, of) = required(text)?
                .split_once(" of ")
                .ok_or("name both, as in forget 2 of 5: S2 forgets S5's route")?;
            let (at, of) = (context.node(at.trim())?, context.node(of.trim())?);
            Ok(Action::Do(Command::LoseRoute { at, of }))
        },
    )
    .with(known_routes),
    word(
        "move",
        "move NODE",
        "a node gets another address; the old one is dead",
        |text, context| {
            required(text)
                .and_then(|text| context.node(text))
                .map(|id| Action::Do(Command::Readdress(id)))
        },
    )
    .with(any_node),
    word(
        "prevote",
        "prevote SWITCH",
        "ask whether one would win before standing: on or off",
        |text, _| Ok(Action::Do(Command::PreVote(switch(text)?))),
    )
    .with(switches),
    word(
        "checkquorum",
        "checkquorum SWITCH",
        "leaders without a majority step down: on or off",
        |text, _| Ok(Action::Do(Command::CheckQuorum(switch(text)?))),
    )
    .with(switches),
    word(
        "break",
        "break RULE",
        "break a rule of Raft, on every node",
        |text, context| {
            let rule = rule(text)?;
            if context.snapshot.settings.rules.keeps(rule) {
                Ok(Action::Do(Command::Break(rule)))
            } else {
                Err(format!("{rule} is broken already; keep {rule} mends it"))
            }
        },
    )
    .with(kept_rules),
    word(
        "keep",
        "keep RULE",
        "keep a broken rule again",
        |text, context| {
            let rule = rule(text)?;
            if context.snapshot.settings.rules.keeps(rule) {
                Err(format!("{rule} is kept"))
            } else {
                Ok(Action::Do(Command::Keep(rule)))
            }
        },
    )
    .with(broken_rules),
];
