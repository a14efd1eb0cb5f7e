//! The words: one table of them all. What stands behind a word is read in the files below, by what it is about.

mod client;
mod cluster;
mod complete;
mod form;
mod message;
mod network;
mod node;
mod screen;
mod shape;
mod time;

use self::client::{close_session, propose, propose_in, read, session, workload};
use self::cluster::{about_node, compact, rule, switch, voters};
use self::complete::{
    any_node, broken_rules, compactions, followers, kept_rules, known_routes, nothing, speeds, switches,
    tabs, themes, views, workloads, writing,
};
use self::form::{bare, one_of, optional, required};
use self::message::{held, in_flight, not_arrived, on_message, on_the_wire};
use self::network::{cut, link_setting, mend};
use self::node::{disk, drift, node_command, on_node};
use self::screen::{filter, notes, tab, theme, why, zoom};
use self::shape::{shape, shapes};
use self::time::{bookmark, bookmarks, branch, branches, compare, go, other_branches};
use super::arguments::{Context, count, share, span, whole_span};
use crate::playground::{Command, Condition};
use crate::ui::action::{Action, Exit, Question, Step, Verb};
use crate::ui::pace::parse_speed;
use crate::ui::view::PaletteRow;

type Parse = fn(&str, &Context<'_>) -> Result<Action, String>;
type Complete = fn(&Context<'_>) -> Vec<(String, String)>;

/// A word of the palette.
pub(super) struct Word {
    /// The word.
    pub(super) name: &'static str,
    /// Other words for it.
    pub(super) aliases: &'static [&'static str],
    /// How it is used; what is in capitals is to be filled in.
    pub(super) usage: &'static str,
    /// What it does.
    pub(super) what: &'static str,
    /// Reads what stands behind it.
    pub(super) parse: Parse,
    /// What could stand behind it.
    pub(super) complete: Complete,
}

const fn word(name: &'static str, usage: &'static str, what: &'static str, parse: Parse) -> Word {
    Word {
        name,
        aliases: &[],
        usage,
        what,
        parse,
        complete: nothing,
    }
}

impl Word {
    const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn with(self, complete: Complete) -> Self {
        Self { complete, ..self }
    }
}

/// All words, as the palette lists them.
pub(super) static WORDS: &[Word] = &[
    word("run", "run", "run or hold time", |text, _| {
        bare(text, Action::ToggleRun)
    })
    .or(&["pause"]),
    word(
        "next",
        "next",
        "go on to the next line of the story",
        |text, _| bare(text, Action::NextLine),
    ),
    word(
        "previous",
        "previous",
        "back to the line of the story before",
        |text, _| bare(text, Action::PreviousLine),
    )
    .or(&["back"]),
    word(
        "previous-mark",
        "previous-mark",
        "back to the mark before",
        |text, _| bare(text, Action::ToMark(Step::Back)),
    ),
    word(
        "next-mark",
        "next-mark",
        "on to the next mark that is known",
        |text, _| bare(text, Action::ToMark(Step::Forward)),
    ),
    word("home", "home", "back to the beginning", |text, _| {
        bare(text, Action::Home)
    }),
    word("end", "end", "on to the end of what is known", |text, _| {
        bare(text, Action::End)
    }),
    word("go", "go TIME", "to a time in seconds, or a bookmark: 12.4", go).with(bookmarks),
    word(
        "bookmark",
        "bookmark NAME",
        "give this moment a name, to go back to",
        bookmark,
    ),
    word("undo", "undo", "back to before the last action", |text, _| {
        bare(text, Action::Undo)
    }),
    word("redo", "redo", "return to where it was undone", |text, _| {
        bare(text, Action::Redo)
    }),
    word(
        "branch",
        "branch NAME",
        "show another branch, at its end: main, b1",
        branch,
    )
    .with(branches),
    word(
        "compare",
        "compare BRANCH",
        "two branches side by side, at the same time",
        compare,
    )
    .with(other_branches),
    word(
        "branches",
        "branches",
        "all branches, to choose one",
        |text, _| bare(text, Action::Ask(Question::Palette("branch "))),
    ),
    word(
        "speed",
        "speed SPEED",
        "virtual against real time: auto, 1/50, 1, max",
        |text, _| parse_speed(text).map(Action::SetSpeed),
    )
    .with(speeds),
    word("slower", "slower", "the next slower speed", |text, _| {
        bare(text, Action::Slower)
    }),
    word("faster", "faster", "the next faster speed", |text, _| {
        bare(text, Action::Faster)
    }),
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
        "propose",
        "propose TEXT",
        "propose x=7, at a node: 2 set x 7",
        propose,
    ),
    word(
        "workload",
        "workload RATE",
        "clients ask so often a second: 5 keys 3 skew 80",
        workload,
    )
    .with(workloads),
    word(
        "session",
        "session",
        "open a session; 10s unused ends it: session 10s",
        session,
    ),
    word(
        "in",
        "in SESSION TEXT",
        "propose in session 4: 4 x=1, at a node: 4 2 x=1",
        propose_in,
    ),
    word(
        "close",
        "close SESSION",
        "close session 4 and drop its answers; at a node: 4 2",
        close_session,
    ),
    word(
        "retry",
        "retry",
        "send the last proposal again, at a node: 3",
        |text, context| {
            let to = optional(text).map(|text| context.node(text)).transpose()?;
            Ok(Action::Do(Command::Retry { to }))
        },
    ),
    word(
        "type-proposal",
        "type-proposal",
        "ask for a value to propose",
        |text, _| bare(text, Action::Ask(Question::Propose)),
    ),
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
        "partition",
        "partition GROUPS",
        "nodes reach only their group: 1,2|3,4,5",
        |text, context| {
            let groups = required(text).and_then(|text| context.groups(text))?;
            Ok(Action::Do(Command::Partition(groups)))
        },
    )
    .or(&["part"]),
    word("cut", "cut LINK", "cut a link: 1-4, one way 1>4", cut),
    word(
        "cut-one-way",
        "cut-one-way",
        "ask for a link to cut one way",
        |text, _| bare(text, Action::Ask(Question::Link { one_way: true })),
    ),
    word("mend", "mend LINK", "mend a link: 1-4, one way 1>4", mend),
    word(
        "shape",
        "shape FORM",
        "who reaches whom: ring, star 3, one-way 3, flaky",
        shape,
    )
    .with(shapes),
    word(
        "links",
        "links",
        "all links in a table, to change them",
        |text, _| bare(text, Action::Ask(Question::Links)),
    ),
    word("heal", "heal", "end the partition, mend all links", |text, _| {
        bare(text, Action::Do(Command::Heal))
    }),
    word(
        "messages",
        "messages",
        "all messages in flight, to drop, hold or deliver one",
        |text, _| bare(text, Action::Ask(Question::Messages)),
    ),
    word(
        "drop",
        "drop ID",
        "take a message off the wire: it is lost",
        |text, context| on_message(text, context, Command::Drop),
    )
    .with(in_flight),
    word(
        "hold",
        "hold ID",
        "keep a message back until it is released",
        |text, context| on_message(text, context, Command::Hold),
    )
    .with(on_the_wire),
    word(
        "release",
        "release ID",
        "let a held message go on, for the time it had left",
        |text, context| on_message(text, context, Command::Release),
    )
    .with(held),
    word(
        "deliver",
        "deliver ID",
        "have a message arrive now, held or not",
        |text, context| on_message(text, context, Command::Deliver),
    )
    .with(not_arrived),
    word(
        "duplicate",
        "duplicate ID",
        "send a message twice: a copy right behind it",
        |text, context| on_message(text, context, Command::Duplicate),
    )
    .with(in_flight),
    word(
        "manual",
        "manual SWITCH",
        "time stands, and you choose what happens: on or off",
        |text, _| Ok(Action::Do(Command::Manual(switch(text)?))),
    )
    .with(switches),
    word(
        "write-done",
        "write-done N",
        "its disk is done with the write under way",
        |text, context| node_command(text, context, Command::FinishWrite),
    )
    .with(writing),
    word(
        "snapshot-done",
        "snapshot-done N",
        "it is done with the snapshot that it takes",
        |text, context| node_command(text, context, Command::FinishSnapshot),
    )
    .with(any_node),
    word(
        "gossip-now",
        "gossip-now N",
        "it tells another where nodes are, now",
        |text, context| node_command(text, context, Command::GossipNow),
    )
    .with(any_node),
    word(
        "loss",
        "loss SHARE",
        "links lose messages: 30%, one link: 1>4 30%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.loss_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "duplication",
        "duplication SHARE",
        "messages arrive twice: 5%, 1>4 5%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.duplication_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "reordering",
        "reordering SHARE",
        "messages overtake: 10%, 1>4 10%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.reordering_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "straggling",
        "straggling SHARE",
        "messages held up for up to seconds: 2%, 1>4 2%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.straggling_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "latency",
        "latency SPAN",
        "how long messages take, ms: 20..30, 1>4 20..30",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.latency = span(text)?;
                Ok(())
            })
        },
    ),
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
        "read",
        "read KEY",
        "read x, at a node: 3 x; by log, index or lease",
        read,
    ),
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
    word(
        "why",
        "why",
        "the newest line; or why 3, why 3 5, why vote 3",
        why,
    ),
    word(
        "point",
        "point",
        "choose an entry or node by arrows, to ask why",
        |text, _| bare(text, Action::Ask(Question::Point)),
    ),
    word(
        "filter",
        "filter",
        "show only lines like these: filter S3 commit",
        filter,
    ),
    word(
        "presenter",
        "presenter",
        "for a lecture hall: who leads, ring, logs, no more",
        |text, _| bare(text, Action::TogglePresenter),
    ),
    word(
        "zoom",
        "zoom VIEW",
        "fills the screen: cluster, story, logs, inspector",
        zoom,
    )
    .with(views),
    word("tab", "tab", "the inspector's next tab; one: tab branches", tab).with(tabs),
    word(
        "scroll",
        "scroll WAY",
        "scroll the logs, or the disk shown: back, on",
        |text, _| {
            one_of(
                text,
                &[
                    ("back", Action::Scroll(Step::Back)),
                    ("on", Action::Scroll(Step::Forward)),
                ],
            )
        },
    ),
    word(
        "notes",
        "notes WAY",
        "turn or hide the notes: on, back, hide, show",
        notes,
    ),
    word("theme", "theme NAME", "dark, light, high-contrast, mono", theme).with(themes),
    word("save", "save NAME", "save the cluster", |text, _| {
        required(text).map(Action::save)
    }),
    word("open", "open NAME", "open a save", |text, _| {
        required(text).map(Action::open)
    })
    .or(&["load"]),
    word(
        "script",
        "script FILE",
        "write what was done, to run it again headless",
        |text, _| required(text).map(Action::script),
    ),
    word(
        "share",
        "share",
        "copy a code for all of it; to a file: share FILE",
        |text, _| Ok(Action::Share(optional(text).map(str::to_owned))),
    ),
    word(
        "lamport",
        "lamport FILE",
        "space-time diagram as SVG; a part: a.svg 1.5..2",
        screen::lamport,
    )
    .or(&["spacetime", "space-time"]),
    word("grade", "grade", "how far you are with the task", |text, _| {
        bare(text, Action::Grade)
    }),
    word(
        "answer",
        "answer N TEXT",
        "answer question N of the task",
        screen::answer,
    ),
    word(
        "export",
        "export FILE",
        "write the screen as a picture: picture.svg",
        |text, _| required(text).map(Action::export),
    ),
    word("help", "help", "all keys", |text, _| bare(text, Action::Help)),
    word(
        "quit",
        "quit",
        "leave; the cluster is saved as `last`",
        |text, _| bare(text, Action::Leave(Exit::Quit)),
    )
    .or(&["exit", "q"]),
];

/// What can be done to the selected node, as it is now.
pub(super) fn for_selected(context: &Context<'_>) -> Vec<PaletteRow> {
    let Some(node) = context.selected.and_then(|id| context.snapshot.node(id)) else {
        return Vec::new();
    };
    let verbs: &[&str] = match node.condition {
        Condition::Up => &["crash", "power-cut", "freeze", "fire"],
        Condition::Frozen => &["bring-back", "crash", "power-cut"],
        Condition::Down => &["bring-back"],
    };
    let row = |verb: &&str| {
        let word = WORDS.iter().find(|word| word.name == *verb)?;
        Some(PaletteRow {
            words: format!("{verb} {}", node.id.number()),
            explanation: word.what.to_owned(),
            key: crate::ui::keymap::key_for(verb),
        })
    };
    verbs.iter().filter_map(row).collect()
}
