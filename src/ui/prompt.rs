//! Prompts: questions that are asked over the main screen while time is held.

use std::collections::BTreeSet;

use tui_input::Input;

use super::action::Step;
use super::view::{OpenDialog, OpenRow, PartitionDraft};
use crate::playground::{Command, Snapshot};
use crate::types::NodeId;

/// A partition that sets `selected` apart from all others.
pub fn partition_draft(snapshot: &Snapshot, selected: NodeId) -> PartitionDraft {
    let others = snapshot
        .nodes
        .iter()
        .map(|node| node.id)
        .filter(|&id| id != selected);
    PartitionDraft {
        groups: vec![BTreeSet::from([selected]), others.collect()],
        target: 0,
    }
}

/// Moves a node into the group that is filled; out of it, into the next, where it is there already.
pub fn move_node(draft: &mut PartitionDraft, node: NodeId) {
    let Some(home) = draft.groups.iter().position(|group| group.contains(&node)) else {
        return;
    };
    let goal = if home == draft.target {
        (home + 1) % draft.groups.len()
    } else {
        draft.target
    };
    draft.groups[home].remove(&node);
    draft.groups[goal].insert(node);
}

/// Another group, which is filled from now on. An empty one is used first.
pub fn new_group(draft: &mut PartitionDraft) {
    if let Some(empty) = draft.groups.iter().position(BTreeSet::is_empty) {
        draft.target = empty;
        return;
    }
    draft.groups.push(BTreeSet::new());
    draft.target = draft.groups.len() - 1;
}

/// The command that a draft stands for.
///
/// # Errors
///
/// A sentence, where it parts nobody from anybody.
pub fn partition(draft: &PartitionDraft) -> Result<Command, String> {
    let filled = draft.groups.iter().filter(|group| !group.is_empty());
    let groups: Vec<Vec<NodeId>> = filled.map(|group| group.iter().copied().collect()).collect();
    if groups.len() < 2 {
        return Err("all nodes are in one group; move some with their digits".to_owned());
    }
    Ok(Command::Partition(groups))
}

/// The command that cuts or mends a link, whichever makes a difference.
///
/// # Errors
///
/// A sentence, where there is no such link or the partition lies over it.
pub fn link(snapshot: &Snapshot, from: NodeId, to: NodeId, one_way: bool) -> Result<Command, String> {
    if snapshot.node(to).is_none() {
        return Err(no_such_node(snapshot, to));
    }
    if from == to {
        return Err(format!("{from} has no link to itself"));
    }
    if are_parted(snapshot, from, to) {
        return Err(format!("{from} and {to} are parted already; h heals"));
    }
    let is_cut = |from, to| snapshot.cut.contains(&(from, to));
    Ok(match (one_way, is_cut(from, to), is_cut(to, from)) {
        (true, false, _) => Command::CutOneWay { from, to },
        (true, true, _) => Command::MendOneWay { from, to },
        (false, true, true) => Command::Mend { from, to },
        (false, false, _) | (false, _, false) => Command::Cut { from, to },
    })
}

/// Whether the partition keeps two nodes apart.
fn are_parted(snapshot: &Snapshot, from: NodeId, to: NodeId) -> bool {
    let partition = &snapshot.partition;
    !partition.is_empty()
        && !partition
            .iter()
            .any(|group| group.contains(&from) && group.contains(&to))
}

/// The sentence for a node that is not there.
pub fn no_such_node(snapshot: &Snapshot, id: NodeId) -> String {
    match (snapshot.nodes.first(), snapshot.nodes.last()) {
        (Some(first), Some(last)) if first.id != last.id => {
            format!("there is no {id}; the nodes are {} to {}", first.id, last.id)
        }
        (Some(only), _) => format!("there is no {id}; the only node is {}", only.id),
        (None, _) => format!("there is no {id}: there are no nodes"),
    }
}

/// The rows of `shelf` that contain what is typed, in the dialog.
pub fn filter(dialog: &mut OpenDialog, shelf: &[OpenRow]) {
    let needle = dialog.filter.value().trim().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&needle);
    let left = shelf.iter().filter(|row| has(&row.name) || has(&row.title));
    dialog.rows = left.cloned().collect();
    dialog.chosen = 0;
}

/// Moves a choice among so many; it stays at the ends.
pub fn choose(chosen: &mut usize, count: usize, step: Step) {
    *chosen = match step {
        Step::Back => chosen.saturating_sub(1),
        Step::Forward => (*chosen + 1).min(count.saturating_sub(1)),
    };
}

/// Puts pasted text into a line: its first line, without what is not to be typed.
pub fn paste(input: &mut Input, text: &str) {
    let line = text.lines().next().unwrap_or_default();
    for letter in line
        .chars()
        .filter(|letter| !letter.is_control())
        .take(PASTE_LIMIT)
    {
        input.handle(tui_input::InputRequest::InsertChar(letter));
    }
}

/// The most characters that are pasted at once.
const PASTE_LIMIT: usize = 1000;
