//! How a node is written: glyph, name, term, role, and what matters most about it now.

use std::collections::BTreeSet;

use ratatui::style::{Modifier, Style};

use super::text::{fit, gauge};
use crate::machine::{Exhibit, KeyValue};
use crate::playground::{Condition, NodeView, Place, RoleView, Snapshot};
use crate::types::{Configuration, Entry, LogIndex, NodeId, Payload};
use crate::ui::outlook::{Count, first_uncommitted};
use crate::ui::theme::{Theme, glyph};

/// How much room a label may take, from much to little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelSize {
    /// Two rows, in words.
    Full,
    /// Two rows, shortened.
    Short,
    /// One row.
    Line,
    /// Glyph and name.
    Tiny,
}

impl LabelSize {
    /// All sizes, the largest first.
    pub const ALL: [Self; 4] = [Self::Full, Self::Short, Self::Line, Self::Tiny];

    /// How many rows it has.
    pub const fn rows(self) -> u16 {
        match self {
            Self::Full | Self::Short => 2,
            Self::Line | Self::Tiny => 1,
        }
    }
}

/// The glyph of a node's condition and role.
pub fn symbol(node: &NodeView, snapshot: &Snapshot) -> char {
    match (node.condition, &node.role) {
        (Condition::Down, _) => glyph::DOWN,
        (Condition::Frozen, _) => glyph::FROZEN,
        (Condition::Up, RoleView::Leader { .. }) => glyph::LEADER,
        (Condition::Up, RoleView::PreCandidate { .. }) => glyph::PRE_CANDIDATE,
        (Condition::Up, RoleView::Candidate { .. }) => glyph::CANDIDATE,
        (Condition::Up, RoleView::Follower { .. }) => match snapshot.place_in(node.id, node) {
            Place::Voter => glyph::FOLLOWER,
            Place::Learner | Place::Outsider => glyph::LEARNER,
        },
    }
}

/// How a node's name is written: a leader stands out as a block in the colour of its term.
pub fn style(node: &NodeView, theme: &Theme) -> Style {
    match (node.condition, &node.role) {
        (Condition::Down, _) => theme.bad,
        (
            Condition::Frozen,
            RoleView::Leader { .. }
            | RoleView::PreCandidate { .. }
            | RoleView::Candidate { .. }
            | RoleView::Follower { .. },
        ) => theme.term(node.term).add_modifier(Modifier::ITALIC),
        (Condition::Up, RoleView::Leader { .. }) => theme.term_block(node.term).add_modifier(Modifier::BOLD),
        (Condition::Up, RoleView::PreCandidate { .. } | RoleView::Candidate { .. }) => theme
            .term(node.term)
            .add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        (Condition::Up, RoleView::Follower { .. }) => theme.term(node.term).add_modifier(Modifier::BOLD),
    }
}

/// The rows of a label.
pub fn rows(node: &NodeView, snapshot: &Snapshot, size: LabelSize) -> Vec<String> {
    let (symbol, name, term) = (symbol(node, snapshot), node.id, node.term);
    let word = word(node, snapshot, size);
    let gap = if word.is_empty() { "" } else { " " };
    match size {
        LabelSize::Full | LabelSize::Short => vec![
            format!("{symbol} {name} t{term}{gap}{word}"),
            second(node, snapshot, size),
        ],
        LabelSize::Line => {
            let what = if word.is_empty() {
                timer_bar(node, snapshot, 3)
            } else {
                word.to_owned()
            };
            vec![format!("{symbol}{name} t{term} {what}")]
        }
        LabelSize::Tiny => vec![format!("{symbol}{name}")],
    }
}

/// Whether another node leads a later term.
pub fn is_stale(node: &NodeView, snapshot: &Snapshot) -> bool {
    snapshot
        .leaders()
        .first()
        .is_some_and(|leader| leader.term > node.term)
}

fn word(node: &NodeView, snapshot: &Snapshot, size: LabelSize) -> &'static str {
    let is_full = size == LabelSize::Full;
    match (node.condition, &node.role) {
        (Condition::Down, _) => "down",
        (Condition::Frozen, RoleView::Leader { .. }) if is_full => "leader, frozen",
        (Condition::Frozen, _) => "frozen",
        (Condition::Up, RoleView::Leader { .. }) if is_stale(node, snapshot) => {
            if is_full {
                "stale leader"
            } else {
                "stale"
            }
        }
        (Condition::Up, RoleView::Leader { .. }) if is_full => "LEADER",
        (Condition::Up, RoleView::Leader { .. }) => "lead",
        (Condition::Up, RoleView::PreCandidate { .. }) if is_full => "pre-candidate",
        (Condition::Up, RoleView::PreCandidate { .. }) => "pre",
        (Condition::Up, RoleView::Candidate { .. }) if is_full => "candidate",
        (Condition::Up, RoleView::Candidate { .. }) => "cand",
        (Condition::Up, RoleView::Follower { .. }) => match (snapshot.place_in(node.id, node), is_full) {
            (Place::Voter, _) => "",
            (Place::Learner, true) => "learner",
            (Place::Learner, false) => "learn",
            (Place::Outsider, true) => "no member",
            (Place::Outsider, false) => "out",
        },
    }
}

/// The second row.
fn second(node: &NodeView, snapshot: &Snapshot, size: LabelSize) -> String {
    let is_full = size == LabelSize::Full;
    match (node.condition, &node.role) {
        (Condition::Up, _) if node.disk.syncs_fail => "disk fails".to_owned(),
        (Condition::Up, _) if node.disk.room == Some(0) => "disk full".to_owned(),
        (Condition::Down, _) => match &node.failure {
            Some(failure) => fit(failure, if is_full { 24 } else { 12 }).into_owned(),
            None => format!("{} on disk", node.durable),
        },
        (Condition::Frozen, _) => format!(
            "{} {}",
            node.backlog,
            if is_full { "messages wait" } else { "wait" }
        ),
        (Condition::Up, RoleView::Leader { .. }) => leaders_second(node, snapshot, is_full),
        (Condition::Up, RoleView::PreCandidate { granted, .. }) if is_full => {
            let count = Count::of(granted, node, snapshot);
            if count.is_joint() {
                format!("would: {}", count.shares())
            } else {
                format!("{} would, {}", count.has(), count.needed())
            }
        }
        (Condition::Up, RoleView::Candidate { granted, .. }) if is_full => {
            Count::of(granted, node, snapshot).full("vote", "votes")
        }
        (Condition::Up, RoleView::PreCandidate { granted, .. } | RoleView::Candidate { granted, .. }) => {
            format!("has {}", Count::of(granted, node, snapshot).short())
        }
        (Condition::Up, RoleView::Follower { .. }) => match node.incoming {
            Some((incoming, received)) if is_full => {
                format!("snapshot {}", pieces(received, incoming.bytes, snapshot))
            }
            Some((incoming, received)) => pieces(received, incoming.bytes, snapshot),
            None => timer_bar(node, snapshot, if is_full { 10 } else { 8 }),
        },
    }
}

/// How much of a snapshot is there, in pieces: `S 3/8`.
pub fn pieces(received: u64, total: u64, snapshot: &Snapshot) -> String {
    let piece = snapshot.settings.limits.chunk_bytes.max(1);
    format!("S {}/{}", received / piece, total.div_ceil(piece))
}

/// What is left of a leader's lease, where it has one.
fn lease(node: &NodeView, snapshot: &Snapshot, is_full: bool) -> Option<String> {
    let RoleView::Leader { lease_end, .. } = &node.role else {
        return None;
    };
    let left = lease_end.filter(|end| *end > snapshot.now)?.since(snapshot.now);
    let millis = left.as_millis();
    Some(if is_full {
        format!("lease: {millis} ms left")
    } else {
        format!("lease {millis}")
    })
}

/// To whom a leader hands over, while it does.
fn handing_over(node: &NodeView, is_full: bool) -> Option<String> {
    let RoleView::Leader { transfer, .. } = &node.role else {
        return None;
    };
    let target = (*transfer)?;
    let words = if is_full { "hands over to" } else { "gives" };
    Some(format!("{words} {target}"))
}

/// Of a leader: to whom it hands over, or how far its first uncommitted entry is.
fn leaders_second(node: &NodeView, snapshot: &Snapshot, is_full: bool) -> String {
    if let Some(target) = handing_over(node, is_full) {
        return target;
    }
    let Some((index, entry)) =
        first_uncommitted(node).and_then(|index| Some((index, node.log.entry(index)?)))
    else {
        return lease(node, snapshot, is_full)
            .unwrap_or_else(|| if is_full { "all committed" } else { "committed" }.to_owned());
    };
    let holders = Count::of(&snapshot.holders(node, index), node, snapshot);
    let what = fit(&value(entry, index), 8).into_owned();
    let is_earlier = holders.is_enough() && entry.term < node.term;
    match (is_full, is_earlier) {
        (true, true) => format!("{what}: has {}, but term {}", holders.has(), entry.term),
        (true, false) => format!("{what}: {}", holders.full("", "")),
        (false, true) => format!("{what} {} t{}", holders.short(), entry.term),
        (false, false) => format!("{what} {}", holders.short()),
    }
}

fn value(entry: &Entry, index: LogIndex) -> String {
    match &entry.payload {
        Payload::Noop => format!("no-op {index}"),
        Payload::Configuration(_) => format!("conf {index}"),
        Payload::Command(_)
        | Payload::OpenSession { .. }
        | Payload::CloseSession(_)
        | Payload::Guarded(_)
        | Payload::ClusterTime(_) => payload(entry),
    }
}

/// What an entry carries, for a cell.
pub fn payload(entry: &Entry) -> String {
    match &entry.payload {
        Payload::Noop => glyph::DOT.to_string(),
        Payload::Configuration(configuration) => brief(configuration),
        Payload::Command(_)
        | Payload::OpenSession { .. }
        | Payload::CloseSession(_)
        | Payload::Guarded(_)
        | Payload::ClusterTime(_) => entry.payload.brief(KeyValue::describe),
    }
}

/// A configuration in few columns, with `1-5` for `1 2 3 4 5`: `{1-5}+6`, and `{1-3}>{3-5}` while it is joint.
fn brief(configuration: &Configuration) -> String {
    let outgoing = configuration.outgoing.as_ref();
    let outgoing = outgoing.map_or_else(String::new, |old| format!("{{{}}}>", runs(old)));
    let learners = if configuration.learners.is_empty() {
        String::new()
    } else {
        format!("+{}", runs(&configuration.learners))
    };
    format!("{outgoing}{{{}}}{learners}", runs(&configuration.voters))
}

/// `1-3 5`: three numbers or more in a row as the first and the last.
fn runs(nodes: &BTreeSet<NodeId>) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in nodes.iter().map(|id| id.number()) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            Some(_) | None => runs.push((number, number)),
        }
    }
    let texts: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first} {last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    texts.join(" ")
}

/// What is left of a node's timer; nothing where none runs.
pub fn timer_bar(node: &NodeView, snapshot: &Snapshot, columns: u16) -> String {
    node.timer.map_or_else(String::new, |timer| {
        gauge(timer.left_permille(snapshot.now), columns)
    })
}

/// The style of a timer bar: one that is about to run out stands out.
pub fn timer_style(node: &NodeView, snapshot: &Snapshot, theme: &Theme) -> Style {
    match node.timer {
        Some(timer) if timer.left_permille(snapshot.now) < 250 => theme.warn,
        Some(_) | None => theme.faint,
    }
}

/// The style of the second row.
pub fn second_style(node: &NodeView, snapshot: &Snapshot, theme: &Theme) -> Style {
    match (node.condition, &node.role) {
        (Condition::Up, RoleView::Follower { .. }) => timer_style(node, snapshot, theme),
        (
            Condition::Up,
            RoleView::Leader { .. } | RoleView::PreCandidate { .. } | RoleView::Candidate { .. },
        )
        | (Condition::Down | Condition::Frozen, _) => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::ids;

    #[test]
    fn a_configuration_is_brief() {
        let of = |outgoing: Option<&[u64]>, voters: &[u64], learners: &[u64]| {
            let ids = |numbers: &[u64]| ids(numbers.iter().copied());
            brief(&Configuration {
                outgoing: outgoing.map(ids),
                learners: ids(learners),
                ..Configuration::of_voters(ids(voters))
            })
        };
        assert_eq!(of(None, &[1, 2, 3, 4, 5], &[]), "{1-5}");
        assert_eq!(of(None, &[1, 2], &[6]), "{1 2}+6");
        assert_eq!(
            of(Some(&[1, 2, 3]), &[1, 4, 5, 6, 9], &[7, 8]),
            "{1-3}>{1 4-6 9}+7 8"
        );
    }
}
