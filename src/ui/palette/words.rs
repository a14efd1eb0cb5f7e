//! The words.

use super::arguments::{Context, Ends, Ways, count, number_of_node, share, span, time_in_millis, whole_span};
use crate::consensus::{ReadWay, Rule, Switch};
use crate::playground::{Command, Condition, DiskSettings, LinkSettings};
use crate::types::{NodeId, SerialNumber, SessionId};
use crate::ui::action::{Action, Exit, Question, Step, Verb};
use crate::ui::pace::parse_speed;
use crate::ui::view::{PaletteRow, Pane, ThemeName};

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
    word("heal", "heal", "end the partition, mend all links", |text, _| {
        bare(text, Action::Do(Command::Heal))
    }),
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
        "how long a sync takes, ms: 1..3, one disk: 2 50..80",
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
        "have the leader hand over to a node",
        |text, context| Ok(Action::Do(Command::Transfer(context.node(text)?))),
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
        "a learner becomes a voter",
        |text, context| {
            required(text)
                .and_then(|text| context.node(text))
                .map(|id| Action::Do(Command::Promote(id)))
        },
    )
    .with(any_node),
    word(
        "demote",
        "demote NODE",
        "a voter becomes a learner",
        |text, context| {
            required(text)
                .and_then(|text| context.node(text))
                .map(|id| Action::Do(Command::Demote(id)))
        },
    )
    .with(any_node),
    word(
        "remove",
        "remove NODE",
        "a server leaves the cluster; its process goes on",
        |text, context| {
            required(text)
                .and_then(|text| context.node(text))
                .map(|id| Action::Do(Command::Remove(id)))
        },
    )
    .with(any_node),
    word(
        "voters",
        "voters NODES",
        "only these vote: 1,2,6; 3 and 4 learn: 1,2,6 + 3,4",
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
    ),
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
    word("why", "why", "why the newest line happened", |text, _| {
        bare(text, Action::Why)
    }),
    word(
        "zoom",
        "zoom VIEW",
        "one view fills the screen: cluster, story, logs, off",
        zoom,
    )
    .with(views),
    word("scroll", "scroll WAY", "scroll the logs: back, on", |text, _| {
        one_of(
            text,
            &[
                ("back", Action::ScrollLogs(Step::Back)),
                ("on", Action::ScrollLogs(Step::Forward)),
            ],
        )
    }),
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

fn nothing(_: &Context<'_>) -> Vec<(String, String)> {
    Vec::new()
}

fn any_node(context: &Context<'_>) -> Vec<(String, String)> {
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

fn speeds(_: &Context<'_>) -> Vec<(String, String)> {
    let what = [
        ("auto", "slow while something matters is in flight"),
        ("1/100", "a hundredth of real time"),
        ("1/20", "a twentieth of real time"),
        ("1", "real time"),
        ("max", "as fast as can be"),
    ];
    owned(&what)
}

fn views(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        ("cluster", "only the ring"),
        ("story", "only what happened"),
        ("logs", "only the logs"),
        ("off", "all three"),
    ])
}

fn themes(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        ("dark", "light on dark, safe for the colour-blind"),
        ("light", "dark on light"),
        ("high-contrast", "few colours, far apart"),
        ("mono", "no colour"),
    ])
}

fn followers(context: &Context<'_>) -> Vec<(String, String)> {
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

fn switches(_: &Context<'_>) -> Vec<(String, String)> {
    ["on", "off"]
        .map(|word| (word.to_owned(), format!("switch it {word}")))
        .to_vec()
}

fn switch(text: &str) -> Result<Switch, String> {
    match text {
        "on" => Ok(Switch::On),
        "off" => Ok(Switch::Off),
        other => Err(format!("`{other}` is neither on nor off")),
    }
}

fn kept_rules(context: &Context<'_>) -> Vec<(String, String)> {
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

fn broken_rules(context: &Context<'_>) -> Vec<(String, String)> {
    let broken = context.snapshot.settings.rules.broken();
    broken
        .map(|rule| (rule.to_string(), rule.sentence().to_owned()))
        .collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(words, what)| ((*words).to_owned(), (*what).to_owned()))
        .collect()
}

/// An action that takes no argument.
fn bare(text: &str, action: Action) -> Result<Action, String> {
    if text.is_empty() {
        Ok(action)
    } else {
        Err(format!("nothing can stand here: `{text}`"))
    }
}

fn required(text: &str) -> Result<&str, String> {
    if text.is_empty() {
        Err("something is missing".to_owned())
    } else {
        Ok(text)
    }
}

fn one_of(text: &str, choices: &[(&str, Action)]) -> Result<Action, String> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, action)| action.clone()).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

fn on_node(text: &str, context: &Context<'_>, verb: Verb) -> Result<Action, String> {
    let id = required(text).and_then(|text| context.node(text))?;
    let node = context
        .snapshot
        .node(id)
        .ok_or_else(|| format!("there is no {id}"))?;
    Ok(Action::Do(verb.command(node)))
}

/// `x=7` at the leader, `2 x=7` at S2.
fn propose(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let text = required(text)?;
    let (to, command) = match text.split_once(char::is_whitespace) {
        Some((first, rest)) if number_of_node(first).is_some() => (Some(context.node(first)?), rest.trim()),
        Some(_) | None => (None, text),
    };
    Ok(Action::Propose {
        to,
        command: command.to_owned(),
    })
}

fn optional(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Nothing, or how long it lasts unused: `10s`, `500ms`.
fn session(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let timeout_ms = match optional(text) {
        None => Command::SESSION_TIMEOUT_MS,
        Some(text) => time_in_millis(text)?,
    };
    Ok(Action::Do(Command::OpenSession { to: None, timeout_ms }))
}

/// `4 x=1` in session s4, `4 2 x=1` at S2, `4#1 x=1` under a serial number of one's own.
fn propose_in(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let unreadable = || format!("`{text}` names no session and command; write 4 x=1");
    let (place, rest) = required(text)?
        .split_once(char::is_whitespace)
        .ok_or_else(unreadable)?;
    let (session, serial) = match place.split_once('#') {
        Some((session, serial)) => (session, Some(serial.parse().map_err(|_| unreadable())?)),
        None => (place, None),
    };
    let session = session.strip_prefix('s').unwrap_or(session);
    let session = session.parse().map_err(|_| unreadable())?;
    let (to, command) = match rest.trim().split_once(char::is_whitespace) {
        Some((first, rest)) if number_of_node(first).is_some() => (Some(context.node(first)?), rest.trim()),
        Some(_) | None => (None, rest.trim()),
    };
    Ok(Action::Do(Command::ProposeIn {
        to,
        session: SessionId::new(session),
        serial: serial.map(SerialNumber::new),
        command: command.to_owned(),
    }))
}

/// `x` at the leader, `3 x` at S3; `x by lease`.
fn read(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let text = required(text)?;
    let (rest, way) = match text.rsplit_once(" by ") {
        Some((rest, "log")) => (rest, ReadWay::Log),
        Some((rest, "index")) => (rest, ReadWay::Index),
        Some((rest, "lease")) => (rest, ReadWay::Lease),
        Some((_, other)) => {
            return Err(format!(
                "`{other}` is no way to read; the ways are log, index, lease"
            ));
        }
        None => (text, ReadWay::Index),
    };
    let (at, query) = match rest.split_once(char::is_whitespace) {
        Some((first, rest)) if number_of_node(first).is_some() => (Some(context.node(first)?), rest.trim()),
        Some(_) | None => (None, rest),
    };
    let query = query.to_owned();
    Ok(Action::Do(Command::Read { at, query, way }))
}

fn compactions(_: &Context<'_>) -> Vec<(String, String)> {
    owned(&[
        ("8", "a snapshot after every 8 entries"),
        ("8 keep 4", "and 4 entries stay behind, for slow followers"),
        ("1024 bytes", "after entries of so many bytes"),
        ("off", "the log grows for ever"),
    ])
}

/// `8`, `8 keep 3`, `4096 bytes keep 3`, or `off`.
fn compact(text: &str, _: &Context<'_>) -> Result<Action, String> {
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

/// `1,2,6`, or `1,2,6 + 3,4` with learners.
fn voters(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let (voters, learners) = required(text)?.split_once('+').unwrap_or((text, ""));
    let (voters, learners) = (context.nodes(voters)?, context.nodes(learners)?);
    if voters.is_empty() {
        return Err("somebody must vote: name them, as in 1,2,6".to_owned());
    }
    Ok(Action::Do(Command::Reconfigure { voters, learners }))
}

fn cut(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let Ends { from, to, ways } = required(text).and_then(|text| context.link(text))?;
    Ok(Action::Do(match ways {
        Ways::One => Command::CutOneWay { from, to },
        Ways::Both => Command::Cut { from, to },
    }))
}

fn mend(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let Ends { from, to, ways } = required(text).and_then(|text| context.link(text))?;
    Ok(Action::Do(match ways {
        Ways::One => Command::MendOneWay { from, to },
        Ways::Both => Command::Mend { from, to },
    }))
}

/// Changes one setting of a link, or of all, and leaves the others as they are.
fn link_setting(
    text: &str,
    context: &Context<'_>,
    change: fn(&mut LinkSettings, &str) -> Result<(), String>,
) -> Result<Action, String> {
    let (ends, rest) = required(text).and_then(|text| context.link_and_rest(text))?;
    let (from, to): (Option<NodeId>, Option<NodeId>) = (ends.map(|ends| ends.from), ends.map(|ends| ends.to));
    let mut settings = context.links.settings(from, to);
    change(&mut settings, rest)?;
    Ok(Action::Do(Command::Link { from, to, settings }))
}

/// `1..3` for all disks, `2 50..80` for that of S2.
fn drift(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let (node, amount) = required(text)?
        .split_once(char::is_whitespace)
        .ok_or("say whose clock and by how much: 3 -30%")?;
    let (node, amount) = (context.node(node)?, amount.trim());
    let ppm = i32::try_from(share(amount.trim_start_matches('-'))?).unwrap_or(i32::MAX);
    let ppm = if amount.starts_with('-') { -ppm } else { ppm };
    Ok(Action::Do(Command::Drift { node, ppm }))
}

fn disk(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let (node, rest) = match required(text)?.split_once(char::is_whitespace) {
        Some((node, rest)) => (Some(context.node(node)?), rest.trim()),
        None => (None, text),
    };
    let settings = DiskSettings { latency: span(rest)? };
    Ok(Action::Do(Command::Disk { node, settings }))
}

fn rule(text: &str) -> Result<Rule, String> {
    let found = Rule::ALL.iter().find(|rule| rule.word() == text);
    found.copied().ok_or_else(|| {
        let words: Vec<_> = Rule::ALL.iter().map(|rule| rule.word()).collect();
        format!("`{text}` is no rule; the rules are {}", words.join(", "))
    })
}

fn zoom(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("cluster", Action::Zoom(Some(Pane::Cluster))),
        ("story", Action::Zoom(Some(Pane::Story))),
        ("logs", Action::Zoom(Some(Pane::Logs))),
        ("off", Action::Zoom(None)),
    ];
    one_of(text, &choices)
}

fn notes(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("on", Action::TurnNotes(Step::Forward)),
        ("back", Action::TurnNotes(Step::Back)),
        ("hide", Action::ShowNotes(false)),
        ("show", Action::ShowNotes(true)),
    ];
    one_of(text, &choices)
}

fn theme(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let choices = [
        ("dark", Action::SetTheme(ThemeName::Dark)),
        ("light", Action::SetTheme(ThemeName::Light)),
        ("high-contrast", Action::SetTheme(ThemeName::HighContrast)),
        ("mono", Action::SetTheme(ThemeName::Mono)),
    ];
    one_of(text, &choices)
}
