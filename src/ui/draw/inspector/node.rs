//! One node, closely, and the questions that a class asks about it.

use std::collections::BTreeSet;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::text::{Pen, fit, width, wrap};
use crate::playground::{Condition, NodeView, RoleView, Snapshot, node_names};
use crate::types::{LogIndex, NodeId};
use crate::ui::outlook::{self, CommitOutlook, Count, Missing, ReadOutlook, Round};
use crate::ui::theme::Theme;

/// The columns of the questions.
pub(super) const QUESTION: u16 = 26;
/// The columns of a node's own state, where more is told beside.
const LOCAL: u16 = 24;
/// What stands between two facts.
const GAP: &str = "   ";

/// The facts about a node, and as many answers as there are rows; each in as many of them as it takes, where they are that many. Gives how many
/// answers are left out.
pub fn draw(node: &NodeView, snapshot: &Snapshot, theme: &Theme, inner: Rect, buffer: &mut Buffer) -> usize {
    let facts = packed(facts(node), inner.width.saturating_sub(2));
    let answers = answers(node, snapshot);
    let room = inner.width.saturating_sub(QUESTION + 2);
    let answers: Vec<(String, Vec<String>)> = answers
        .into_iter()
        .map(|(question, answer)| (question, wrap(&answer, room)))
        .collect();
    let rows = usize::from(inner.height);
    // What is told in more rows than one takes them from nobody.
    let mut spare = rows.saturating_sub(1 + answers.len());
    let mut row = 0;
    for line in in_rows(&facts, GAP, &mut spare) {
        let style = theme.strong;
        Pen::new(buffer, inner, row).skip(1).prose(&line, style, theme);
        row += 1;
    }
    let mut told = 0;
    for (question, answer) in &answers {
        if row >= inner.height {
            break;
        }
        Pen::new(buffer, inner, row).skip(1).write(question, theme.accent);
        for line in in_rows(answer, " ", &mut spare) {
            let mut pen = Pen::new(buffer, inner, row);
            pen.skip(QUESTION + 1).prose(&line, theme.base, theme);
            row += 1;
        }
        told += 1;
    }
    answers.len() - told
}

/// Facts in lines of at most so many columns.
fn packed(facts: Vec<String>, columns: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        match lines.last_mut() {
            Some(line) if width(line) + width(GAP) + width(&fact) <= columns => {
                line.push_str(GAP);
                line.push_str(&fact);
            }
            Some(_) | None => lines.push(fact),
        }
    }
    lines
}

/// The lines, in as many rows more than one as are to spare; the last of them has the rest.
fn in_rows(lines: &[String], gap: &str, spare: &mut usize) -> Vec<String> {
    let more = lines.len().saturating_sub(1).min(*spare);
    *spare -= more;
    let mut rows = lines[..more].to_vec();
    rows.push(lines[more..].join(gap));
    rows
}

fn answers(node: &NodeView, snapshot: &Snapshot) -> Vec<Answer> {
    // Where others are matters most while that is told around.
    let routes = where_others_are(node, snapshot);
    let (routes, later_routes) = if snapshot.settings.gossip.is_on() {
        (routes, None)
    } else {
        (None, routes)
    };
    // While clients have sessions, what they are told matters more than who could lead.
    let sessions = which_sessions(node);
    let (can_win, later_can_win) = if sessions.is_some() {
        (None, can_win(node, snapshot))
    } else {
        (can_win(node, snapshot), None)
    };
    let answers = [
        Some(why_not_committed(node, snapshot)),
        routes,
        sessions,
        can_win,
        Some(what_is_read(node, snapshot)),
        later_can_win,
        Some(what_it_hears(node, snapshot)),
        Some(what_runs(node, snapshot)),
        later_routes,
    ];
    answers.into_iter().flatten().collect()
}

fn facts(node: &NodeView) -> Vec<String> {
    let vote = node
        .vote
        .map_or_else(|| "nobody yet".to_owned(), |vote| vote.to_string());
    let last = node.log.last_index();
    let at_risk = last.since(node.durable);
    let disk = match at_risk {
        0 if last == LogIndex::GENESIS => "disk: no entry yet".to_owned(),
        0 => format!("disk: all {} safe", node.durable),
        1 => format!("disk: {} safe, 1 would be lost in a power cut", node.durable),
        more => format!("disk: {} safe, {more} would be lost in a power cut", node.durable),
    };
    let mut facts = vec![
        format!("term {}", node.term),
        format!("voted {vote}"),
        format!("last {last}"),
    ];
    let snapshot = node.snapshot.map(|snapshot| snapshot.last.index);
    facts.extend(snapshot.map(|index| format!("snapshot {index}")));
    if node.condition != Condition::Down {
        facts.push(format!("commit {}", node.commit));
        facts.push(format!("applied {}", node.applied));
    }
    facts.push(disk);
    facts
}

type Answer = (String, String);

fn why_not_committed(node: &NodeView, snapshot: &Snapshot) -> Answer {
    let on_disks = |holders: Count| {
        let disks = if holders.is_joint() { "" } else { " disks" };
        format!("on {}{disks}, {}", holders.shares(), holders.needed())
    };
    let answer = match outlook::commit(node, snapshot) {
        CommitOutlook::AllCommitted => {
            let answer = if node.log.last_index() == LogIndex::GENESIS {
                "nothing is: the log is empty".to_owned()
            } else {
                format!("yes: {} knows of every entry in its log", node.id)
            };
            return ("Is all committed?".to_owned(), answer);
        }
        CommitOutlook::Down => {
            let answer = "it forgot: the commit index is not on disk, the next leader tells it";
            return ("What is committed?".to_owned(), answer.to_owned());
        }
        CommitOutlook::NoLeader => "it hears of no leader, and only a leader commits".to_owned(),
        CommitOutlook::LeaderKnows { leader } => {
            format!(
                "it is: {leader} knows, and tells {} with its next append",
                node.id
            )
        }
        CommitOutlook::LeaderWaits {
            leader,
            differs: true,
            ..
        } => {
            format!("its leader {leader} has another entry there, or none")
        }
        CommitOutlook::LeaderWaits {
            leader,
            differs: false,
            holders,
        } => {
            format!("{}; {leader} leads and counts", on_disks(holders))
        }
        CommitOutlook::EarlierTerm { term, holders } => format!(
            "on {} disks, but of term {term}: counts only with an entry of term {} (§5.4.2)",
            holders.shares(),
            node.term
        ),
        CommitOutlook::Waits {
            holders,
            known,
            missing,
        } => {
            let knows = if known.has() < holders.has() {
                format!(", knows of {}", known.has())
            } else {
                String::new()
            };
            format!("{}{knows}: {}", on_disks(holders), reasons(node.id, &missing))
        }
    };
    let index = node.commit.next();
    (format!("Why is {index} not committed?"), answer)
}

/// What the copies wait for, those that come first before the others, nodes that wait for the same together.
fn reasons(own: NodeId, missing: &[(NodeId, Missing)]) -> String {
    let mut groups: Vec<(String, Vec<NodeId>)> = Vec::new();
    let mut sorted = missing.to_vec();
    sorted.sort_by_key(|&(node, missing)| (missing, node));
    for (node, missing) in sorted {
        let reason = reason(node == own, missing);
        match groups.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, nodes)) => nodes.push(node),
            None => groups.push((reason, vec![node])),
        }
    }
    let phrases: Vec<String> = groups
        .iter()
        .map(|(reason, nodes)| {
            let who = if *nodes == [own] {
                "own disk".to_owned()
            } else {
                node_names(nodes)
            };
            format!("{who} {reason}")
        })
        .collect();
    phrases.join(", ")
}

fn reason(is_own: bool, missing: Missing) -> String {
    match missing {
        Missing::Disk(left) if is_own => format!("in {}", short(left)),
        Missing::Disk(left) => format!("on disk in {}", short(left)),
        Missing::Answer(left) => format!("to say so in {}", short(left)),
        Missing::Request(left) => format!("in {}", short(left)),
        Missing::Unsent => "not sent yet".to_owned(),
        Missing::Frozen => "frozen".to_owned(),
        Missing::CutOff => "cut off".to_owned(),
        Missing::Down => "down".to_owned(),
    }
}

/// Milliseconds: tenths below ten; whole seconds from ten of them on.
pub(super) fn short(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1000, micros / 100 % 10),
        10_000..10_000_000 => format!("{} ms", micros / 1000),
        10_000_000.. => format!("{} s", micros / 1_000_000),
    }
}

/// Of a leader the question makes no sense: then it is asked of the node whose timer runs out next.
fn can_win(node: &NodeView, snapshot: &Snapshot) -> Option<Answer> {
    let leads = |node: &NodeView| matches!(node.role, RoleView::Leader { .. });
    let next = || {
        let others = snapshot
            .nodes
            .iter()
            .filter(|other| other.is_up() && !leads(other));
        others.min_by_key(|other| other.timer.map(|timer| timer.deadline))
    };
    let candidate = if leads(node) && node.condition != Condition::Down {
        next()?
    } else {
        node
    };
    let question = format!("Can {} win?", candidate.id);
    if !candidate.is_up() {
        return Some((question, "no: it does not run".to_owned()));
    }
    let configuration = candidate.log.configuration();
    if !configuration.voters.is_empty() && !configuration.is_voter(candidate.id) {
        let answer = "no: it is no voter in the configuration it goes by (§6)";
        return Some((question, answer.to_owned()));
    }
    let outlook = outlook::election(candidate, snapshot);
    let count = Count::of(&outlook.granting, candidate, snapshot);
    let in_the_end = outlook.granting.union(&outlook.asked).copied().collect();
    let term = outlook.term;
    let ahead = verb(&outlook.ahead, "has a newer log", "have newer logs");
    let taken = verb(&outlook.taken, "is", "are");
    let against = [
        (&outlook.asked, "may still vote for it".to_owned()),
        (&outlook.ahead, format!("{ahead} (§5.4.1)")),
        (
            &outlook.taken,
            format!("{taken} past term {term}, or gave another its vote"),
        ),
        (&outlook.unreachable, "can't be reached".to_owned()),
    ];
    let against: Vec<String> = against
        .iter()
        .filter(|(nodes, _)| !nodes.is_empty())
        .map(|(nodes, reason)| format!("{} {reason}", node_names(*nodes)))
        .collect();
    let can_win = Count::of(&in_the_end, candidate, snapshot).is_enough();
    let verdict = if can_win { "yes" } else { "no" };
    let has = if count.is_joint() {
        count.shares()
    } else {
        count.has().to_string()
    };
    let votes = format!(
        "{verdict}: in term {term} it has {} ({has}, {})",
        if outlook.granting.is_empty() {
            "no vote yet".to_owned()
        } else {
            node_names(&outlook.granting)
        },
        count.needed()
    );
    let parts: Vec<String> = std::iter::once(votes).chain(against).collect();
    Some((question, parts.join("; ")))
}

fn verb<'a>(nodes: &BTreeSet<NodeId>, one: &'a str, many: &'a str) -> &'a str {
    if nodes.len() == 1 { one } else { many }
}

fn what_is_read(node: &NodeView, snapshot: &Snapshot) -> Answer {
    let question = "What would a read say?".to_owned();
    if node.condition == Condition::Down {
        return (question, "nothing: it is down".to_owned());
    }
    let pairs: Vec<String> = node
        .contents
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let contents = if pairs.is_empty() {
        "nothing yet".to_owned()
    } else {
        pairs.join(" ")
    };
    let contents = fit(&contents, LOCAL);
    let others = other_reads(node, snapshot);
    (question, format!("local {contents} · {others}"))
}

/// What reads would come to that do not just look at the node's own state.
fn other_reads(node: &NodeView, snapshot: &Snapshot) -> String {
    let (is_new, round, lease, entry) = match outlook::reads(node, snapshot) {
        ReadOutlook::Elsewhere { leader, is_passed_on } => {
            return match (leader, is_passed_on) {
                (Some(leader), true) => format!("all others by way of {leader}"),
                (Some(leader), false) => format!("all others refused: {leader} leads"),
                (None, _) => "all others refused: it hears of no leader".to_owned(),
            };
        }
        ReadOutlook::Here {
            is_new,
            round,
            lease,
            entry,
        } => (is_new, round, lease, entry),
    };
    let lease = match lease {
        Some(left) => format!("lease: at once, {} left", short(left)),
        None if snapshot.settings.protections.lease.is_on() => "lease: run out, as ReadIndex".to_owned(),
        None => "lease: off".to_owned(),
    };
    if is_new {
        return format!(
            "ReadIndex: once an entry of term {} is committed · {lease} · log: as entry {entry}",
            node.term
        );
    }
    match round {
        Round::Unasked => format!("ReadIndex: at once, unasked · {lease} · log: as entry {entry}"),
        Round::Confirmed(by) => {
            let by: Vec<NodeId> = by.into_iter().filter(|&peer| peer != node.id).collect();
            let asked = if by.is_empty() {
                "nobody to ask".to_owned()
            } else {
                format!("asks {}", node_names(&by))
            };
            format!("ReadIndex: {asked} · {lease} · log: as entry {entry}")
        }
        Round::Unconfirmed(count) => format!(
            "ReadIndex, log: no answer, {} hear it, {} · {lease}",
            count.shares(),
            count.needed()
        ),
    }
}

/// The sessions of clients, with what is kept for each; not asked where none is open.
fn which_sessions(node: &NodeView) -> Option<Answer> {
    let now = node.sessions.time();
    let sessions = node.sessions.iter().map(|(id, session)| {
        let kept: Vec<String> = session.answers.keys().map(ToString::to_string).collect();
        let left = session.timeout.saturating_sub(now.since(session.used));
        let kept = if kept.is_empty() {
            "no answer kept".to_owned()
        } else {
            format!("keeps {}", kept.join(" "))
        };
        format!("{id} {kept}, {} left", short(left))
    });
    let sessions: Vec<String> = sessions.collect();
    let question = "Which sessions are open?".to_owned();
    (!sessions.is_empty()).then(|| (question, sessions.join(" · ")))
}

/// Asked where nodes gossip, or where this one does not know where another is.
fn where_others_are(node: &NodeView, snapshot: &Snapshot) -> Option<Answer> {
    let others = || snapshot.nodes.iter().filter(|other| other.id != node.id);
    let is_right = |other: &NodeView| node.routes.address_of(other.id) == Some(&other.routes.own().address);
    let has_a_table = node.routes.id() == node.id;
    if !has_a_table || (!snapshot.settings.gossip.is_on() && others().all(is_right)) {
        return None;
    }
    let now = node.clock.at(snapshot.now);
    let routes = others().map(|other| match node.routes.known().get(&other.id) {
        None => format!("{} ?", other.id),
        Some(known) => {
            let tenths = known.age_at(now).as_millis() / 100;
            let (address, version) = (&known.route.address, known.route.version);
            format!(
                "{} {address} v{version} {}.{} s",
                other.id,
                tenths / 10,
                tenths % 10
            )
        }
    });
    let routes: Vec<String> = routes.collect();
    Some(("Where are the others?".to_owned(), routes.join(", ")))
}

fn what_it_hears(node: &NodeView, snapshot: &Snapshot) -> Answer {
    let question = "Whom does it hear?".to_owned();
    match node.condition {
        Condition::Up => {}
        Condition::Frozen => return (question, "nobody, while it is frozen".to_owned()),
        Condition::Down => return (question, "nobody: it is down".to_owned()),
    }
    let others = || {
        snapshot
            .nodes
            .iter()
            .map(|other| other.id)
            .filter(|&other| other != node.id)
    };
    let deaf: Vec<NodeId> = others()
        .filter(|&other| snapshot.cut.contains(&(other, node.id)))
        .collect();
    let mute: Vec<NodeId> = others()
        .filter(|&other| snapshot.cut.contains(&(node.id, other)))
        .collect();
    let answer = if deaf.is_empty() && mute.is_empty() {
        "everybody, and is heard by everybody".to_owned()
    } else if deaf == mute {
        format!("cut off from {}", node_names(&deaf))
    } else {
        let part = |nodes: &[NodeId], text: &str| match nodes {
            [] => String::new(),
            [..] => format!("{text} {}", node_names(nodes)),
        };
        let parts = [part(&deaf, "does not hear"), part(&mute, "is not heard by")];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    };
    (question, answer)
}

fn what_runs(node: &NodeView, snapshot: &Snapshot) -> Answer {
    let timer = node.timer.map(|timer| {
        let left = short(timer.deadline.since(snapshot.now));
        match node.role {
            RoleView::Leader { .. } => format!("sends heartbeats in {left}"),
            RoleView::PreCandidate { .. } => format!("asks again in {left} of {}", short(timer.duration)),
            RoleView::Candidate { .. } => format!("tries again in {left} of {}", short(timer.duration)),
            RoleView::Follower { .. } => {
                format!("stands for election in {left} of {}", short(timer.duration))
            }
        }
    });
    let done = node.writes.iter().map(|&(_, done)| done).max();
    let write = done.map(|done| format!("disk busy for {}", short(done.since(snapshot.now))));
    let percent = node.clock.drift_ppm.unsigned_abs() / 10_000;
    let clock = match node.clock.drift_ppm {
        0 => None,
        1.. => Some(format!("its clock runs {percent} % fast")),
        ..0 => Some(format!("its clock runs {percent} % slow")),
    };
    let finished = node.taking.and_then(|(index, done)| Some((index, done?)));
    let taking =
        finished.map(|(index, done)| format!("snapshot {index} in {}", short(done.since(snapshot.now))));
    let parts: Vec<String> = [clock, timer, write, taking].into_iter().flatten().collect();
    let answer = if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join(", ")
    };
    ("What comes next?".to_owned(), answer)
}
