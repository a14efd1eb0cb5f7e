//! What a person or a script does, in words.

use super::Describe;
use super::gossip;
use super::hand;
use super::memory::Memory;
use super::session;
use super::telling::Telling;
use super::words::{SHORT_WIDTH, columns, duration, label, nodes, percent};
use crate::consensus::{ReadWay, Switch};
use crate::machine::readable;
use crate::playground::command::Command;
use crate::playground::load::Load;
use crate::playground::settings::{DiskFault, DiskSettings, LinkSettings, Span};
use crate::playground::story::Mark;
use crate::types::NodeId;

/// Whom clients ask.
const ASKING: &str = "Clients send all of their requests to the leader";
/// What it is to propose.
const PROPOSING: &str = "A client sends its commands to the leader, which replicates them";

/// A command; `None` where what came of it tells it.
#[expect(clippy::too_many_lines, reason = "one arm for each command, and nothing else")]
pub(super) fn commanded(memory: &Memory, describe: Describe, command: &Command) -> Option<Telling> {
    let telling = match command {
        Command::Propose { to, command } => propose(memory, describe, *to, command),
        Command::OpenSession { to, timeout_ms } => session::you_open(*to, *timeout_ms),
        Command::CloseSession { to, session } => session::you_close(*to, *session),
        Command::ProposeIn {
            to,
            session,
            serial,
            command,
        } => session::you_propose_in(describe, *to, (*session, *serial), command),
        Command::Retry { to } => session::you_retry(memory, describe, *to),
        Command::Crash(node) => crash(memory, *node),
        Command::CutPower(node) => cut_power(memory, *node),
        Command::Tear(node) => tear(memory, *node),
        Command::Restart(node) => restart(*node),
        Command::Freeze(node) => pause(*node, "freeze", "it keeps its memory, and does nothing"),
        Command::Thaw(node) => pause(*node, "thaw", "it goes on where it stood"),
        Command::FireTimer(node) => fire(*node),
        Command::TieTimers(tied) => tie(tied),
        Command::SpreadTimers => spread(),
        Command::Partition(groups) => part(groups),
        Command::CutOnly(links) => cut_only(links),
        Command::Cut { from, to } => network(Some(*from), format!("you cut {from} – {to}")).mark(Mark::Cut),
        Command::Mend { from, to } => network(Some(*from), format!("you mend {from} – {to}")),
        Command::CutOneWay { from, to } => network(Some(*from), format!("you cut {from} → {to}"))
            .long(format!("you cut {from} → {to}: {from} still hears {to}"))
            .mark(Mark::Cut),
        Command::MendOneWay { from, to } => network(Some(*from), format!("you mend {from} → {to}")),
        Command::Heal => network(None, "you heal the network".to_owned()),
        Command::Link { from, to, settings } => link(*from, *to, settings),
        Command::Disk { node, settings } => disk(*node, settings),
        Command::DiskFault { node, fault } => disk_fault(*node, *fault),
        Command::Drift { node, ppm } => drift(*node, *ppm),
        Command::ElectionTimeout { min_ms, max_ms } => act(format!("you set timeouts: {min_ms}–{max_ms} ms"))
            .long(format!("you set election timeouts: {min_ms}–{max_ms} ms"))
            .because(
                "Timeouts are long against a message and short against a failure",
                "§5.6",
            ),
        Command::Heartbeat { every_ms } => act(format!("you set heartbeats: every {every_ms} ms")).because(
            "Heartbeats come often enough that no follower's timer runs out",
            "§5.2",
        ),
        Command::Batch { entries } => act(format!("you allow {entries} entries a message"))
            .because("A leader may send many entries in one request", "§5.3"),
        Command::UncommittedLimit { bytes } => act(format!("you let {bytes} bytes wait for commit")).because(
            "A leader that can't commit bounds what waits, so that its memory is bounded too",
            "",
        ),
        Command::Transfer(target) => Telling::act(Some(*target), format!("you have {target} take over"))
            .because("A leader can hand over to a server that a person chooses", "thesis §3.10"),
        Command::Join => act("you have a new server join".to_owned())
            .long("you have a new server join: as a learner, under the next id".to_owned())
            .because("A server that joins gets its id from the log; none is used twice", "thesis §4.4"),
        Command::Promote(id) => member(*id, format!("you make {id} a voter")),
        Command::Demote(id) => member(*id, format!("you make {id} a learner")),
        Command::Remove(id) => member(*id, format!("you remove {id} from the cluster")),
        Command::Reconfigure { voters, learners } => {
            let after = match learners[..] {
                [] => format!("you want {} to vote", nodes(voters)),
                [_, ..] => format!("you want {} to vote, {} to learn", nodes(voters), nodes(learners)),
            };
            act(after).because(
                "More than one voter comes or goes by joint consensus: both majorities decide meanwhile",
                "§6",
            )
        }
        Command::AutoPromote(switch) => act(format!("you switch auto-promotion {}", words_of(*switch))).because(
            "A learner that has caught up can become a voter by itself",
            "thesis §4.2.1",
        ),
        Command::Reroute(switch) => act(format!("you switch rerouting {}", words_of(*switch))).because(
            "A server that does not lead may pass a request on to the leader, and the answer back",
            "thesis §6.2",
        ),
        Command::Gossip(switch) => gossip::switched(*switch),
        Command::LoseRoute { at, of } => gossip::route_lost(*at, *of),
        Command::Readdress(node) => gossip::moved(*node),
        Command::JoinVia(seed) => gossip::join_via(*seed),
        Command::Read { at, query, way } => read(*at, query, *way),
        Command::Snapshot(node) => Telling::act(Some(*node), format!("you have {node} take a snapshot")).because(
            "A server takes snapshots by itself, of what is committed and applied",
            "§7",
        ),
        Command::Compact { entries, bytes, keep } => compact(*entries, *bytes, *keep),
        Command::Chunk { bytes } => act(format!("you cut snapshots into {bytes} bytes")).because(
            "A snapshot goes over in pieces, so that no message is too large and heartbeats go on",
            "§7, Figure 13",
        ),
        Command::Lease(switch) => act(format!("you switch leases {}", words_of(*switch))).because(
            "With a lease, a leader answers reads without asking: a majority has promised to help no rival",
            "thesis §6.4.1",
        ),
        Command::PreVote(switch) => act(format!("you switch PreVote {}", words_of(*switch))).because(
            "With PreVote, a server asks whether it would win before it raises its term",
            "thesis §9.6",
        ),
        Command::CheckQuorum(switch) => act(format!("you switch CheckQuorum {}", words_of(*switch))).because(
            "With CheckQuorum, a leader that hears from no majority steps down, and who hears from a leader helps no rival",
            "thesis §6.2, §4.2.3",
        ),
        Command::Via { node, command } => commanded(memory, describe, command)?.at(*node),
        Command::Break(rule) => act(format!("you break {rule}"))
            .long(format!("you break the rule {rule}"))
            .rule(*rule),
        Command::Keep(rule) => act(format!("you mend {rule}"))
            .long(format!("you mend the rule {rule}"))
            .rule(*rule),
        Command::Manual(switch) => hand::all_in_hand(*switch),
        Command::FinishWrite(node) => hand::now(*node, "write", "Answers wait for the disk, for as long as it takes"),
        Command::FinishSnapshot(node) => hand::now(
            *node,
            "snapshot",
            "A server takes snapshots by itself, and goes on meanwhile",
        ),
        Command::GossipNow(node) => Telling::act(Some(*node), format!("you have {node} gossip"))
            .because("Who gossips tells another where everyone is, as far as it knows", ""),
        Command::Load(load) => clients_ask(*load),
        // Which message it is, what became of it says.
        Command::Drop(_)
        | Command::Hold(_)
        | Command::Release(_)
        | Command::Deliver(_)
        | Command::Duplicate(_) => return None,
    };
    Some(telling)
}

/// What a client asked by itself.
pub(super) fn client_asked(describe: Describe, command: &Command) -> Option<Telling> {
    if let Command::Propose {
        to: Some(node),
        command,
    } = command
    {
        let what = label(&describe(command.as_bytes()));
        Some(
            Telling::step(*node, format!("a client proposes {what} at {node}"))
                .because(PROPOSING, "§8")
                .value(format!("the command: {what}"))
                .otherwise("A node that does not lead refuses, and names the leader it knows."),
        )
    } else if let Command::Read {
        at: Some(node),
        query,
        way,
    } = command
    {
        let what = label(&readable(query.as_bytes()));
        let (how, sentence) = way_of(*way);
        Some(
            Telling::step(*node, format!("a client reads {what} at {node}"))
                .long(format!("a client reads {what} at {node}, {how}"))
                .because(sentence, "§8, thesis §6.4")
                .value(format!("the question: {what}")),
        )
    } else {
        None
    }
}

fn clients_ask(load: Option<Load>) -> Telling {
    let Some(load) = load else {
        return act("you have clients ask no more".to_owned()).because(ASKING, "§8");
    };
    let Load {
        per_second,
        keys,
        skew,
        reads,
        at,
    } = load;
    let place = at.map_or_else(String::new, |node| format!(" at {node}"));
    let times = match per_second {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    act(format!("you have clients ask {times} a second{place}"))
        .because(ASKING, "§8")
        .value(format!("keys: {keys}"))
        .value(format!("about the first of them: {skew} % more than its share"))
        .value(format!("reads among them: {reads} %"))
}

/// A way to read, and the sentence about it.
fn way_of(way: ReadWay) -> (&'static str, &'static str) {
    match way {
        ReadWay::Log => (
            "through the log",
            "A read through the log takes its place among the writes",
        ),
        ReadWay::Index => (
            "by ReadIndex",
            "A read by ReadIndex asks a majority whether the leader still leads",
        ),
        ReadWay::Lease => (
            "by lease",
            "A read by lease relies on what a majority has promised",
        ),
    }
}

fn read(at: Option<NodeId>, query: &str, way: ReadWay) -> Telling {
    let what = label(&readable(query.as_bytes()));
    let place = at.map_or_else(|| "at the leader".to_owned(), |at| format!("at {at}"));
    let (how, sentence) = way_of(way);
    Telling::act(at, format!("you read {what} {place}"))
        .long(format!("you read {what} {place}, {how}"))
        .because(sentence, "§8, thesis §6.4")
        .value(format!("the question: {what}"))
}

fn drift(node: NodeId, ppm: i32) -> Telling {
    let share = percent(ppm.unsigned_abs());
    let text = match ppm {
        0 => format!("you let {node}'s clock run right"),
        1.. => format!("you let {node}'s clock run {share} fast"),
        ..0 => format!("you let {node}'s clock run {share} slow"),
    };
    Telling::act(Some(node), text)
        .because(
            "A lease is shorter than the promise it rests on by what clocks may drift apart: here a tenth",
            "thesis §6.4.1",
        )
        .otherwise("Past that bound, a leader may read by a lease that its followers no longer keep.")
}

fn compact(entries: Option<u64>, bytes: Option<u64>, keep: u64) -> Telling {
    let every: Vec<String> = [
        entries.map(|entries| format!("{entries} entries")),
        bytes.map(|bytes| format!("{bytes} bytes")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let telling = if every.is_empty() {
        act("you switch snapshots off".to_owned())
    } else {
        act(format!("you want snapshots each {}", every.join(", "))).long(format!(
            "you want snapshots each {}, {keep} kept behind",
            every.join(", ")
        ))
    };
    telling
        .because(
            "The log grows with every request; a server that has written its state down can drop what led to it",
            "§7",
        )
        .value(format!("entries kept in the log behind a snapshot: {keep}"))
        .otherwise("Too often costs disk and time, too rarely costs room and a long replay.")
}

fn member(id: NodeId, text: String) -> Telling {
    Telling::act(Some(id), text).because(
        "One voter may come or go at a time: any two majorities then share a server",
        "thesis §4.1",
    )
}

fn words_of(switch: Switch) -> &'static str {
    match switch {
        Switch::Off => "off",
        Switch::On => "on",
    }
}

fn act(text: String) -> Telling {
    Telling::act(None, text)
}

fn propose(memory: &Memory, describe: Describe, to: Option<NodeId>, command: &str) -> Telling {
    let what = label(&describe(command.as_bytes()));
    let at = to.or_else(|| memory.leader());
    let place = match (to, at) {
        (Some(node), _) => format!("at {node}"),
        (None, Some(leader)) => format!("at {leader}, the leader"),
        (None, None) => "at the leader".to_owned(),
    };
    Telling::act(at, format!("you propose {what} {place}"))
        .because(PROPOSING, "§8")
        .value(format!("the command: {what}"))
        .otherwise("A node that does not lead refuses, and names the leader it knows.")
}

fn crash(memory: &Memory, node: NodeId) -> Telling {
    Telling::act(Some(node), format!("you crash {node}"))
        .because(
            "A crash takes the process: its memory is gone, what it wrote stays",
            "",
        )
        .value(kept(memory, node))
        .mark(Mark::Crash)
}

fn cut_power(memory: &Memory, node: NodeId) -> Telling {
    Telling::act(Some(node), format!("you cut {node}'s power"))
        .because("A power cut takes the memory and all that was not synced", "")
        .value(kept(memory, node))
        .mark(Mark::Crash)
}

fn tear(memory: &Memory, node: NodeId) -> Telling {
    Telling::act(Some(node), format!("you cut {node}'s power mid-write"))
        .long(format!("you cut {node}'s power while it writes"))
        .because(
            "What was not synced may be gone, torn or there; a torn end is cut off at the next start",
            "",
        )
        .value(kept(memory, node))
        .mark(Mark::Crash)
}

fn disk_fault(node: NodeId, fault: DiskFault) -> Telling {
    let (text, why) = match fault {
        DiskFault::SyncsFail => (
            format!("you break {node}'s disk: syncs fail"),
            "After a failed sync nobody knows what is on the disk: the server stops, and never tries it again",
        ),
        DiskFault::Full(room) => (
            format!("you fill {node}'s disk: {room} bytes left"),
            "A server that can't write stops: what it can't keep it may not promise",
        ),
        DiskFault::Mended => (
            format!("you mend {node}'s disk"),
            "A server that stopped for its disk starts with what is on it",
        ),
    };
    Telling::act(Some(node), text).because(why, "")
}

fn kept(memory: &Memory, node: NodeId) -> String {
    let seen = memory.node(node);
    format!("{node}: term {}, synced through {}", seen.term, seen.durable)
}

fn restart(node: NodeId) -> Telling {
    Telling::act(Some(node), format!("you bring {node} back")).because(
        "A server starts with the term, vote and log on its disk, and as a follower",
        "Figure 2",
    )
}

fn pause(node: NodeId, verb: &str, effect: &str) -> Telling {
    Telling::act(Some(node), format!("you {verb} {node}"))
        .long(format!("you {verb} {node}: {effect}"))
        .because(
            "A server may stop for any time and go on: safety never hangs on time",
            "§5.6",
        )
}

fn fire(node: NodeId) -> Telling {
    Telling::act(Some(node), format!("you fire {node}'s timer")).because(
        "A leader's timer sends heartbeats, anyone else's starts an election",
        "§5.2",
    )
}

fn tie(tied: &[NodeId]) -> Telling {
    let whose = if tied.is_empty() {
        "all".to_owned()
    } else {
        nodes(tied)
    };
    act(format!("you tie the timers of {whose}"))
        .long(format!("you tie the timers of {whose}: they run out together"))
        .because(
            "Candidates of the same moment split the vote; random timeouts make that rare",
            "§5.2",
        )
}

fn spread() -> Telling {
    act("you spread the timers".to_owned())
        .long("you spread the timers: one runs out well before the others".to_owned())
        .because(
            "Election timeouts are random so that one server runs out first",
            "§5.2",
        )
}

fn part(groups: &[Vec<NodeId>]) -> Telling {
    let sides: Vec<String> = groups.iter().map(nodes).collect();
    let listed = format!("you part {}", sides.join(" ▒ "));
    let short = if columns(&listed) <= SHORT_WIDTH {
        listed.clone()
    } else {
        format!("you part the nodes in {}", groups.len())
    };
    let telling = network(None, short).long(listed).mark(Mark::Cut);
    sides.into_iter().fold(telling, |telling, side| {
        telling.value(format!("reach each other: {side}"))
    })
}

fn cut_only(links: &[(NodeId, NodeId)]) -> Telling {
    let names: Vec<String> = links.iter().map(|(from, to)| format!("{from} → {to}")).collect();
    match links.len() {
        0 => network(None, "you mend all links".to_owned()),
        1 => network(None, format!("you cut {} and no other link", names[0])).mark(Mark::Cut),
        count => network(None, format!("you cut {count} links, and mend all others"))
            .long(format!(
                "you cut {count} links, one way each, and mend all others"
            ))
            .value(names.join(", "))
            .mark(Mark::Cut),
    }
}

fn network(node: Option<NodeId>, text: String) -> Telling {
    Telling::act(node, text)
        .because(
            "Links may be cut and messages lost: safety never hangs on the network",
            "§2",
        )
        .otherwise("A side with a majority goes on; without one nothing is committed.")
}

fn link(from: Option<NodeId>, to: Option<NodeId>, settings: &LinkSettings) -> Telling {
    let links = match (from, to) {
        (None, None) => "all links".to_owned(),
        (Some(from), None) => format!("{from} → all"),
        (None, Some(to)) => format!("all → {to}"),
        (Some(from), Some(to)) => format!("{from} → {to}"),
    };
    let parts: Vec<String> = std::iter::once(latency(settings.latency))
        .chain(shares(settings))
        .collect();
    Telling::act(from, format!("you set {links}: {}", parts.join(", ")))
        .because(
            "Messages may be late, lost, doubled and out of order: Raft is safe under all of it",
            "§2",
        )
        .value(format!("{links}: {}", parts.join(", ")))
}

fn disk(node: Option<NodeId>, settings: &DiskSettings) -> Telling {
    let whose = node.map_or_else(|| "all disks".to_owned(), |node| format!("{node}'s disk"));
    let takes = latency(settings.latency);
    Telling::act(node, format!("you set {whose}: {takes}"))
        .long(format!("you set {whose}: a sync takes {takes}"))
        .because(
            "Answers wait for the disk, so its speed is the cluster's",
            "thesis §10.2.1",
        )
}

fn latency(span: Span) -> String {
    let (min, max) = (duration(span.min()), duration(span.max()));
    match (min.split_once(' '), max.split_once(' ')) {
        _ if min == max => min,
        (Some((shortest, unit)), Some((_, same))) if unit == same => format!("{shortest}–{max}"),
        _ => format!("{min} to {max}"),
    }
}

fn shares(settings: &LinkSettings) -> impl Iterator<Item = String> {
    let shares = [
        (settings.loss_ppm, "lost"),
        (settings.duplication_ppm, "twice"),
        (settings.reordering_ppm, "late"),
        (settings.straggling_ppm, "very late"),
    ];
    shares
        .into_iter()
        .filter(|(ppm, _)| *ppm > 0)
        .map(|(ppm, what)| format!("{} {what}", percent(ppm)))
}
