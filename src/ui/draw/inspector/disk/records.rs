//! The records of a disk, write by write, the newest at the bottom, and the line above which all is safe.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::super::label;
use super::super::super::text::{Pen, fit, width};
use super::super::node::short;
use crate::playground::{DiskRecords, Fate, WrittenBatch};
use crate::storage::wal::{ListedRecord, Says, SegmentNumber, TornTail};
use crate::types::{Entry, LogIndex, VirtualTime};
use crate::ui::theme::{Theme, glyph};

/// From so many columns on it is said when each sync ends.
const WIDE_FROM: u16 = 96;
/// The columns of a write's number, of its place in the segment, of a record's kind, and of its bytes.
const NUMBER: usize = 6;
const PLACE: usize = 8;
const KIND: usize = 9;
const BYTES: usize = 7;
/// From so many rows on the table has a head.
const HEAD_FROM: u16 = 4;
/// The columns of when a sync ends.
const UNTIL: u16 = 24;

/// A row of the table.
#[derive(Clone, Copy)]
enum Row<'a> {
    /// There are writes before these.
    Earlier(u64),
    /// Here a segment begins, or what is listed of one.
    Segment(u64),
    /// A record: which write it is of, and which record of that.
    Record(usize, usize),
    /// All above is safe.
    Mark,
    /// What can't be read.
    Torn(&'a TornTail),
}

fn rows(records: &DiskRecords) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    if records.earlier > 0 {
        rows.push(Row::Earlier(records.earlier));
    }
    let safe = records.safe();
    let mut segment = None;
    for (place, write) in records.writes.iter().enumerate() {
        if place == safe {
            rows.push(Row::Mark);
        }
        if segment.replace(write.segment) != Some(write.segment) {
            rows.push(Row::Segment(write.segment));
        }
        rows.extend((0..write.records.len()).map(|record| Row::Record(place, record)));
    }
    if safe == records.writes.len() {
        rows.push(Row::Mark);
    }
    rows.extend(records.torn.as_ref().map(Row::Torn));
    rows
}

/// The rows in view: the newest, or those up to the write that was scrolled to.
fn in_view(records: &DiskRecords, scroll: Option<u64>, inner: Rect) -> Vec<Row<'_>> {
    let mut rows = rows(records);
    let height = usize::from(inner.height - head_rows(inner));
    let last =
        scroll.map(|scroll| usize::try_from(scroll.saturating_sub(records.earlier)).unwrap_or(usize::MAX));
    let is_past = |row: &Row<'_>| match (row, last) {
        (Row::Record(write, _), Some(last)) => *write > last,
        (Row::Record(..) | Row::Earlier(_) | Row::Segment(_) | Row::Mark | Row::Torn(_), _) => false,
    };
    let end = rows.iter().position(is_past).unwrap_or(rows.len());
    rows.truncate(end.max(height));
    rows.split_off(rows.len().saturating_sub(height))
}

/// The first and the last write in view, counted over all of the log.
pub fn writes_in_view(records: &DiskRecords, scroll: Option<u64>, inner: Rect) -> Option<(u64, u64)> {
    let rows = in_view(records, scroll, inner);
    let writes = || {
        rows.iter().filter_map(|row| match row {
            Row::Record(write, _) => Some(records.earlier + *write as u64),
            Row::Earlier(_) | Row::Segment(_) | Row::Mark | Row::Torn(_) => None,
        })
    };
    Some((writes().min()?, writes().max()?))
}

/// The head of the table, and as many rows as there is room for.
pub fn draw(
    records: &DiskRecords,
    scroll: Option<u64>,
    now: VirtualTime,
    theme: &Theme,
    inner: Rect,
    buffer: &mut Buffer,
) {
    if let Some(reason) = &records.unreadable {
        Pen::new(buffer, inner, 0).skip(1).prose(reason, theme.bad, theme);
        return;
    }
    if records.writes.is_empty() && records.torn.is_none() {
        Pen::new(buffer, inner, 0)
            .skip(1)
            .write("no write has come to its log yet", theme.faint);
        return;
    }
    let head = head_rows(inner);
    if head > 0 {
        draw_head(theme, &mut Pen::new(buffer, inner, 0));
    }
    for (line, row) in (head..inner.height).zip(in_view(records, scroll, inner)) {
        let mut pen = Pen::new(buffer, inner, line);
        match row {
            Row::Earlier(count) => {
                let text = format!(" {count} earlier writes stand before these");
                pen.write(&text, theme.faint);
            }
            Row::Segment(number) => {
                let name = SegmentNumber::new(number).file_name();
                pen.write(&format!(" {name}"), theme.faint);
            }
            Row::Record(write, record) => {
                let write = &records.writes[write];
                draw_record(write, record, now, theme, &mut pen);
            }
            Row::Mark => draw_mark(records, inner.width, theme, &mut pen),
            Row::Torn(torn) => {
                let TornTail {
                    offset,
                    bytes,
                    reason,
                    ..
                } = torn;
                let text = format!(
                    "{:>after$}  torn: {bytes} bytes that make no write ({reason}); the next start cuts them away",
                    offset,
                    after = 2 + NUMBER + PLACE,
                );
                pen.write(&text, theme.warn);
            }
        }
    }
}

/// The rows of the table's head.
fn head_rows(inner: Rect) -> u16 {
    u16::from(inner.height >= HEAD_FROM)
}

fn draw_head(theme: &Theme, pen: &mut Pen<'_>) {
    let head = format!(
        "  {:>NUMBER$}{:>PLACE$}  {:<KIND$}what it says",
        "write", "at byte", "record"
    );
    pen.write(&head, theme.faint);
    let is_wide = pen.left() + width(&head) >= WIDE_FROM;
    let after = if is_wide { UNTIL } else { 0 };
    let bytes = format!("{:>BYTES$}", "bytes");
    pen.align_right(width(&bytes) + 1 + after)
        .write(&bytes, theme.faint);
}

fn draw_record(write: &WrittenBatch, record: usize, now: VirtualTime, theme: &Theme, pen: &mut Pen<'_>) {
    let ListedRecord { bytes, says } = &write.records[record];
    let columns = pen.left();
    let (lead, style, faint) = match write.fate {
        Fate::Safe => (' ', theme.base, theme.faint),
        Fate::AtRisk { .. } => (glyph::PENDING, theme.warn, theme.warn),
    };
    let is_first = record == 0;
    let number = write
        .sequence
        .filter(|_| is_first)
        .map_or_else(String::new, |sequence| format!("#{}", sequence.number()));
    let place = if is_first {
        write.place.start.to_string()
    } else {
        String::new()
    };
    // The bytes of the batch's own header stand with its first record.
    let of_records: u64 = write.records.iter().map(|record| record.bytes).sum();
    let header = (write.place.end - write.place.start).saturating_sub(of_records);
    let bytes = bytes + if is_first { header } else { 0 };
    let (kind, text) = in_words(says);
    pen.skip(1)
        .put(lead, theme.warn)
        .write(&format!("{number:>NUMBER$}{place:>PLACE$}  "), faint)
        .write(&format!("{kind:<KIND$}"), kind_style(says, style, theme));
    let until = match write.fate {
        Fate::AtRisk { until } if columns >= WIDE_FROM => Some(until),
        Fate::AtRisk { .. } | Fate::Safe => None,
    };
    let after = if columns >= WIDE_FROM { UNTIL } else { 0 };
    let bytes = format!("{bytes:>BYTES$}");
    let room = pen.left().saturating_sub(width(&bytes) + 2 + after);
    let text = fit(&text, room).into_owned();
    pen.prose(&text, style, theme);
    pen.align_right(width(&bytes) + 1 + after).write(&bytes, faint);
    if let Some(until) = until.filter(|_| is_first) {
        let text = until.map_or_else(
            || "no sync under way".to_owned(),
            |until| format!("its sync ends in {}", short(until.since(now))),
        );
        pen.align_right(UNTIL).write(&text, theme.warn);
    }
}

fn kind_style(says: &Says, style: Style, theme: &Theme) -> Style {
    match says {
        Says::Ballot(_) | Says::Append { .. } => style,
        Says::Snapshot { .. } | Says::Compact(_) | Says::Truncate(_) => style.patch(theme.accent),
    }
}

/// The line above which all is safe: what is below it a power cut may take.
fn draw_mark(records: &DiskRecords, columns: u16, theme: &Theme, pen: &mut Pen<'_>) {
    let line = |count: u16| glyph::LINE.to_string().repeat(usize::from(count));
    let (words, style) = match records.bytes_at_risk() {
        0 => (
            " all above is durable: a power cut takes nothing of it ".to_owned(),
            theme.good,
        ),
        bytes => (
            format!(" durable above; a power cut now may take what is below: {bytes} bytes "),
            theme.warn,
        ),
    };
    let before = 2;
    let after = columns.saturating_sub(before + width(&words));
    pen.write(&line(before), style)
        .write(&words, style)
        .write(&line(after), style);
}

/// A record's kind, and what it says.
fn in_words(says: &Says) -> (&'static str, String) {
    match says {
        Says::Ballot(metadata) => {
            let vote = metadata
                .vote
                .map_or_else(|| "no vote".to_owned(), |vote| format!("vote for {vote}"));
            ("ballot", format!("term {}, {vote}", metadata.term))
        }
        Says::Append { first, entries } => ("append", appended(*first, entries)),
        Says::Truncate(from) => ("truncate", format!("entries from {from} on are no more")),
        Says::Snapshot { file, last, bytes } => (
            "snapshot",
            format!("through entry {}, {bytes} bytes in {file}", last.index),
        ),
        Says::Compact(through) => (
            "compact",
            format!("entries through {} go: the snapshot has them", through.index),
        ),
    }
}

/// `3 x=1, 4 x=2 (term 2)`: the term stands where it changes.
fn appended(first: LogIndex, entries: &[Entry]) -> String {
    let indices = (first.number()..).zip(entries);
    let texts = indices.enumerate().map(|(place, (index, entry))| {
        let next = entries.get(place + 1).map(|entry| entry.term);
        let text = format!("{index} {}", label::payload(entry));
        if next == Some(entry.term) {
            text
        } else {
            format!("{text} (term {})", entry.term)
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}
