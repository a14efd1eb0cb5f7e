//! The list of the messages in flight, over the lower part of the screen; where every event is in hand, all that can happen
//! next. The ring stays in sight, and marks what is chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text::{Pen, fit, width};
use super::{Hit, palette, pane, wire};
use crate::playground::{Choice, MessageView, NodeView, RoleView, Snapshot, Whereabouts};
use crate::types::NodeId;
use crate::ui::hand::{Hand, message_of};
use crate::ui::layout::Layout;
use crate::ui::parcel;
use crate::ui::theme::{Theme, glyph};

/// The rows that the list wants at least, its frame included.
const LEAST: u16 = 7;
/// From so many rows on, the chosen one in words has two of them.
const WORDS_FROM: u16 = 7;
/// The columns of a number.
const NUMBER: usize = 5;
/// The columns of where it is.
const STATE: u16 = 19;
/// From so many columns on, it says when it was sent.
const SENT_FROM: u16 = 100;

/// Over the logs and all below them, where the ring or the story stands above; else over the lower two thirds.
fn area(layout: &Layout, screen: Rect) -> Rect {
    let end = layout.timeline.y;
    let above = layout.cluster.or(layout.story);
    let logs = layout
        .logs
        .filter(|logs| above.is_some_and(|above| above.y < logs.y));
    let top = logs.map_or(screen.y + end.saturating_sub(screen.y) / 3, |logs| logs.y);
    let top = top.min(end.saturating_sub(LEAST)).max(screen.y);
    Rect {
        y: top,
        height: end.saturating_sub(top),
        ..screen
    }
}

/// The rows of the list, without those of the chosen one in words: two, or one where there are few.
fn list(inner: Rect) -> Rect {
    let words = if inner.height < WORDS_FROM { 1 } else { 2 };
    Rect {
        height: inner.height.saturating_sub(words).max(1),
        ..inner
    }
}

pub fn draw(snapshot: &Snapshot, hand: &Hand, theme: &Theme, layout: &Layout, buffer: &mut Buffer) {
    let area = area(layout, *buffer.area());
    let rows = hand.rows(snapshot);
    let filter = hand.filter();
    let hint = if filter.is_empty() { "Esc closes" } else { &filter };
    let list = list(pane::box_inner(area));
    let chosen = hand.chosen(&rows);
    let shown = pane::window(rows.len(), chosen.map_or(0, |(place, _)| place), list.height);
    let name = pane::list_name(&title(snapshot, rows.len()), &shown, rows.len());
    let inner = pane::draw_box(&name, hint, theme, area, buffer);
    let Some((chosen, choice)) = chosen else {
        let nothing = "nothing is in flight here: Esc, then Space lets time run on";
        Pen::new(buffer, inner, 0).write(nothing, theme.faint);
        return;
    };
    let parts: Vec<Row> = shown.clone().map(|place| row_of(snapshot, rows[place])).collect();
    let label = parts
        .iter()
        .map(|parts| width(&parts.label))
        .max()
        .unwrap_or_default();
    for ((row, place), parts) in (0..list.height).zip(shown).zip(&parts) {
        draw_row(snapshot, (rows[place], parts), label, theme, (list, row), buffer);
        if place == chosen {
            palette::highlight(list, row, theme, buffer);
        }
    }
    let words = super::text::wrap(&in_words(snapshot, choice), inner.width);
    for (row, line) in (list.height..inner.height).zip(&words) {
        Pen::new(buffer, inner, row).prose(line, theme.strong, theme);
    }
}

fn title(snapshot: &Snapshot, count: usize) -> String {
    if snapshot.settings.manual.is_on() {
        format!("What can happen next · {count} · g lets it happen")
    } else {
        format!("Messages in flight · {count}")
    }
}

fn draw_row(
    snapshot: &Snapshot,
    (choice, parts): (Choice, &Row),
    label_columns: u16,
    theme: &Theme,
    (list, row): (Rect, u16),
    buffer: &mut Buffer,
) {
    let Row {
        number,
        sign,
        label,
        says,
        state,
        sent,
    } = parts;
    let mut pen = Pen::new(buffer, list, row);
    let style = match message_of(snapshot, choice) {
        Some(message) => theme.term(message.envelope.term),
        None => theme.base,
    };
    pen.write(&format!("{number:>NUMBER$} "), theme.faint)
        .write(&format!("{sign:<3}"), style)
        .write(label, theme.strong)
        .skip(label_columns.saturating_sub(width(label)) + 2);
    let sent = if list.width >= SENT_FROM {
        sent.as_str()
    } else {
        ""
    };
    let room = pen.left().saturating_sub(STATE + width(sent) + 2);
    pen.prose(&fit(says, room), theme.base, theme);
    let state_style = match message_of(snapshot, choice).map(|message| message.whereabouts) {
        Some(Whereabouts::Held { .. }) => theme.warn,
        Some(Whereabouts::Arrived) => theme.faint,
        Some(Whereabouts::OnTheWire) | None => theme.base,
    };
    pen.align_right(STATE + width(sent) + 1)
        .write(sent, theme.faint)
        .skip(1)
        .write(state, state_style);
}

/// A row in parts.
struct Row {
    number: String,
    sign: String,
    label: String,
    says: String,
    state: String,
    sent: String,
}

fn row_of(snapshot: &Snapshot, choice: Choice) -> Row {
    if let Some(message) = message_of(snapshot, choice) {
        return row_of_message(snapshot, message);
    }
    let due = snapshot.choices().into_iter().find(|(_, other)| *other == choice);
    let state = due.map_or_else(String::new, |(due, _)| {
        format!("in {}", parcel::millis(due.since(snapshot.now)))
    });
    let (label, says) = event(snapshot, choice);
    Row {
        number: String::new(),
        sign: glyph::DOT.to_string(),
        label,
        says,
        state,
        sent: String::new(),
    }
}

fn row_of_message(snapshot: &Snapshot, message: &MessageView) -> Row {
    let (letter, verdict) = wire::letters(&message.envelope.message);
    Row {
        number: message.id.to_string(),
        sign: std::iter::once(letter).chain(verdict).collect(),
        label: parcel::label(message),
        says: format!(
            "t {} · {}",
            message.envelope.term,
            parcel::says(&message.envelope.message)
        ),
        state: parcel::state(message, snapshot.now),
        sent: format!("sent {} s", message.sent),
    }
}

/// What happens by a choice that is no message: its name, and what it does.
fn event(snapshot: &Snapshot, choice: Choice) -> (String, String) {
    let node = |id: NodeId| snapshot.node(id);
    match choice {
        Choice::Message(id) => (format!("message {id}"), "has arrived".to_owned()),
        Choice::Timer(id) => match node(id).map(|node| (&node.role, node.term)) {
            Some((RoleView::Leader { .. }, term)) => (
                format!("{id}'s heartbeat"),
                format!("term {term}: it sends heartbeats"),
            ),
            Some((_, term)) => (
                format!("{id}'s timer"),
                format!("term {term}: it stands for election"),
            ),
            None => (format!("{id}'s timer"), String::new()),
        },
        Choice::Write(id) => (format!("{id}'s disk"), node(id).map_or_else(String::new, writes)),
        Choice::Snapshot(id) => {
            let through = node(id).and_then(|node| node.taking);
            let says = through.map_or_else(String::new, |(index, _)| {
                format!("its snapshot through {index} is done")
            });
            (format!("{id}'s snapshot"), says)
        }
        Choice::Gossip(id) => (
            format!("{id}'s gossip"),
            "it tells another where nodes are".to_owned(),
        ),
    }
}

fn writes(node: &NodeView) -> String {
    match node.writes.len() {
        0 | 1 => "what it writes is on disk".to_owned(),
        count => format!("the first of its {count} writes is on disk"),
    }
}

/// All that there is to say of what is chosen.
fn in_words(snapshot: &Snapshot, choice: Choice) -> String {
    let Some(message) = message_of(snapshot, choice) else {
        let (label, says) = event(snapshot, choice);
        return format!("{label}: {says}");
    };
    format!(
        "{}: {}, term {}: {} · sent {} s · due {} s · {}",
        message.id,
        parcel::label(message),
        message.envelope.term,
        parcel::says(&message.envelope.message),
        message.sent,
        message.due,
        parcel::state(message, snapshot.now),
    )
}

/// Whether the list lies over a place of the screen.
pub fn covers(layout: &Layout, screen: Rect, place: Position) -> bool {
    area(layout, screen).contains(place)
}

/// The row at a place of the screen.
pub fn hit(snapshot: &Snapshot, hand: &Hand, layout: &Layout, screen: Rect, place: Position) -> Hit {
    let rows = hand.rows(snapshot);
    let chosen = hand.chosen(&rows).map_or(0, |(place, _)| place);
    let inner = pane::box_inner(area(layout, screen));
    palette::row_in(list(inner), rows.len(), chosen, place)
}
