//! One node's disk: what is safe on it, what is still being written, and what a power cut now would take.

use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::label;
use super::super::text::{Pen, width};
use super::node::{QUESTION, short};
use crate::playground::{Condition, LogFile, NodeView, Snapshot};
use crate::types::{LogIndex, VirtualTime};
use crate::ui::theme::{Theme, glyph};

/// The answers, and below them the entries, the newest first, as far as there are rows.
pub fn draw(node: &NodeView, snapshot: &Snapshot, theme: &Theme, inner: Rect, buffer: &mut Buffer) {
    let answers = [
        ("What would a power cut take?", at_risk(node)),
        ("What is being written?", under_way(node, snapshot)),
        ("What is on the disk?", contents(node)),
        ("What is the matter with it?", health(node)),
    ];
    for (row, (question, answer)) in (0..inner.height).zip(&answers) {
        let mut pen = Pen::new(buffer, inner, row);
        pen.skip(1).write(question, theme.accent);
        let gap = (QUESTION + 2).saturating_sub(width(question)).max(1);
        pen.skip(gap).prose(answer, theme.base, theme);
    }
    let rows = (answers.len() as u64).saturating_add(1)..u64::from(inner.height);
    let last = node.log.last_index().number();
    let entries = (node.log.first_index().number()..=last).rev();
    for (row, index) in rows.zip(entries) {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        draw_entry(
            node,
            LogIndex::new(index),
            snapshot.now,
            theme,
            &mut Pen::new(buffer, inner, row),
        );
    }
}

fn draw_entry(node: &NodeView, index: LogIndex, now: VirtualTime, theme: &Theme, pen: &mut Pen<'_>) {
    let Some(entry) = node.log.entry(index) else {
        return;
    };
    let text = format!("{index:>6}  term {}  {}", entry.term, label::payload(entry));
    if index > node.durable {
        let when = node.writes.last().map_or_else(
            || "in memory, no write under way".to_owned(),
            |(_, done)| format!("not on disk: the last write ends in {}", short(done.since(now))),
        );
        pen.put(glyph::PENDING, theme.warn)
            .prose(&text, theme.warn, theme)
            .write(&format!("   {when}"), theme.warn);
    } else {
        let mark = if index == node.durable {
            "   on disk: all up to here is safe"
        } else {
            ""
        };
        pen.skip(1)
            .prose(&text, theme.base, theme)
            .write(mark, theme.good);
    }
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
        format!("write {} ends in {left}", sequence.number())
    });
    let writes: Vec<String> = writes.collect();
    if writes.is_empty() {
        "nothing: every write is synced".to_owned()
    } else {
        format!("{}; its answers wait for it", writes.join(", "))
    }
}

fn contents(node: &NodeView) -> String {
    let snapshot = node.snapshot.map_or_else(String::new, |snapshot| {
        format!("snapshot {} ({} bytes), ", snapshot.last.index, snapshot.bytes)
    });
    let log = node
        .disk
        .log
        .map_or_else(String::new, |LogFile { segment, end, synced }| {
            format!(", segment {segment} has {end} bytes, synced before {synced}")
        });
    let (first, safe) = (node.log.first_index(), node.durable);
    let entries = match safe.cmp(&first) {
        Ordering::Less => "no entry".to_owned(),
        Ordering::Equal => format!("entry {first}"),
        Ordering::Greater => format!("entries {first} to {safe}"),
    };
    format!("{snapshot}{entries}; {} bytes in all{log}", node.disk.used)
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
        format!("nothing; :disk {number} fails breaks it, :disk {number} full fills it")
    } else {
        format!("{}; :disk {number} mended", parts.join(", "))
    }
}
