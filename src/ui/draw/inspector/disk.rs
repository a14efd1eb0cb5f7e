//! One node's disk: what is safe on it, what is still being written, what a power cut now would take, and all of that record by record.

mod records;

use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::text::{Pen, width};
use super::node::{QUESTION, short};
use crate::consensus::Rule;
use crate::playground::{Condition, NodeView, Snapshot};
use crate::types::LogIndex;
use crate::ui::theme::Theme;
use crate::ui::view::Scene;

/// From so many columns on, the records stand beside the answers.
const BESIDE_FROM: u16 = 150;
/// The columns of the answers there.
const ANSWERS: u16 = 92;
/// The rows that the records want below the answers: their head, some of them, and the line above which all is safe.
const ROWS_FOR_RECORDS: u16 = 5;

/// Where answers and records go.
struct Places {
    answers: Rect,
    records: Rect,
}

impl Places {
    /// `needed` answers have their place whatever the room.
    fn of(inner: Rect, needed: u16) -> Self {
        let mut answers = inner;
        let mut records = inner;
        if inner.width >= BESIDE_FROM {
            answers.width = ANSWERS;
            records.x += ANSWERS + 2;
            records.width -= ANSWERS + 2;
        } else {
            let room = inner.height.saturating_sub(ROWS_FOR_RECORDS);
            // A gap between the two, where there is room for one.
            let rows = if room > 4 { 5 } else { room.max(needed) };
            answers.height = rows.min(4).min(inner.height);
            records.y += rows.min(inner.height);
            records.height = inner.height.saturating_sub(rows);
        }
        Self { answers, records }
    }
}

/// The answers, and the records beside them or below.
pub fn draw(scene: &Scene<'_>, node: &NodeView, theme: &Theme, inner: Rect, buffer: &mut Buffer) {
    let places = Places::of(inner, needed_answers(node));
    let snapshot = scene.snapshot;
    let mut answers = vec![
        ("What would a power cut take?", at_risk(node)),
        ("What is being written?", under_way(node, snapshot)),
        ("What is on the disk?", contents(node)),
    ];
    // What is wrong is worth more than what is usual, where there is no room for all.
    let place = if is_ill(node) { 1 } else { answers.len() };
    answers.insert(place, ("What is the matter with it?", health(node)));
    for (row, (question, answer)) in (0..places.answers.height).zip(&answers) {
        let mut pen = Pen::new(buffer, places.answers, row);
        pen.skip(1).write(question, theme.accent);
        let gap = (QUESTION + 3).saturating_sub(width(question)).max(1);
        pen.skip(gap).prose(answer, theme.base, theme);
    }
    if let Some(found) = scene.disk.filter(|found| found.node == node.id) {
        let scroll = scene.view.disk_scroll;
        records::draw(found, scroll, snapshot.now, theme, places.records, buffer);
    }
}

/// The first and the last write in view.
pub fn writes_in_view(scene: &Scene<'_>, inner: Rect) -> Option<(u64, u64)> {
    let found = scene.disk?;
    let node = scene.snapshot.node(found.node)?;
    let places = Places::of(inner, needed_answers(node));
    records::writes_in_view(found, scene.view.disk_scroll, places.records)
}

fn is_ill(node: &NodeView) -> bool {
    node.disk.syncs_fail || node.disk.room.is_some()
}

/// What a power cut takes must be said, and what is wrong.
fn needed_answers(node: &NodeView) -> u16 {
    if is_ill(node) { 2 } else { 1 }
}

fn at_risk(node: &NodeView) -> String {
    let (last, safe) = (node.log.last_index(), node.durable);
    let bytes = node.disk.unsynced;
    let entries = match last.since(safe) {
        0 => None,
        1 => Some(format!("entry {last}")),
        _ => Some(format!("entries {} to {last}", safe.next())),
    };
    match (entries, bytes) {
        (Some(entries), bytes) => format!("{entries}: not synced yet ({bytes} bytes written)"),
        (None, 0) if last == LogIndex::GENESIS => "nothing: its log is empty".to_owned(),
        (None, 0) => format!("nothing: all through {safe} is synced"),
        (None, bytes) => format!("no entry; {bytes} bytes of a write under way: term, vote or snapshot"),
    }
}

fn under_way(node: &NodeView, snapshot: &Snapshot) -> String {
    if node.condition == Condition::Down {
        return "nothing: it is down".to_owned();
    }
    let writes = node.writes.iter().map(|(sequence, done)| {
        let left = short(done.since(snapshot.now));
        format!("#{} ends in {left}", sequence.number())
    });
    let writes: Vec<String> = writes.collect();
    let rules = snapshot.settings.rules;
    let waits = [
        Rule::PersistVoteBeforeAnswering,
        Rule::PersistEntriesBeforeAcknowledging,
    ];
    if let Some(broken) = waits.into_iter().find(|rule| !rules.keeps(*rule))
        && !writes.is_empty()
    {
        return format!(
            "{}; not waited for: {} is broken",
            writes.join(", "),
            broken.word()
        );
    }
    match writes.as_slice() {
        [] => "nothing: every write is synced".to_owned(),
        [write] => format!("write {write}; its answers wait for it"),
        writes => format!("{}; their answers wait", writes.join(", ")),
    }
}

fn contents(node: &NodeView) -> String {
    let snapshot = node.snapshot.map_or_else(String::new, |snapshot| {
        format!("snapshot {} ({} bytes), ", snapshot.last.index, snapshot.bytes)
    });
    let (first, safe) = (node.log.first_index(), node.durable);
    let entries = match safe.cmp(&first) {
        Ordering::Less => "no entry".to_owned(),
        Ordering::Equal => format!("entry {first}"),
        Ordering::Greater => format!("entries {first} to {safe}"),
    };
    format!("{snapshot}{entries}; {} bytes in all", node.disk.used)
}

fn health(node: &NodeView) -> String {
    let mut parts = Vec::new();
    if node.disk.syncs_fail {
        parts.push("syncs fail: the next write stops the server".to_owned());
    }
    match node.disk.room {
        Some(0) => parts.push("it is full: the next write stops the server".to_owned()),
        Some(room) => parts.push(format!("room for {room} bytes more")),
        None => {}
    }
    let number = node.id.number();
    if parts.is_empty() {
        format!("nothing; :disk {number} fails or :disk {number} full hurts it")
    } else {
        format!("{}; :disk {number} mended", parts.join(", "))
    }
}
