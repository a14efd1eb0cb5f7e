//! The table of links: from the node of the row to that of the column, how long messages take, how many are lost, what is cut.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::Hit;
use super::pane;
use super::text::{Pen, fit, width};
use crate::playground::{LinkSettings, Snapshot};
use crate::types::NodeId;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::LinkChoice;

/// The columns before the first link.
const NAMES: u16 = 5;
/// The most columns of a link.
const WIDEST: u16 = 16;
/// From so many columns on a link says how much is lost.
const LOSS_FROM: u16 = 11;
/// From so many on it says how long it takes.
const LATENCY_FROM: u16 = 6;
/// Below the table: an empty row and the chosen link in words.
const BELOW: u16 = 3;

/// Where the table stands.
struct Table {
    inner: Rect,
    cell: u16,
    /// The first row and column shown: those around the chosen link, where not all have room.
    first: (usize, usize),
    rows: u16,
    columns: u16,
}

impl Table {
    fn of(snapshot: &Snapshot, choice: LinkChoice, inner: Rect) -> Self {
        let count = u16::try_from(snapshot.nodes.len()).unwrap_or(u16::MAX).max(1);
        let room = inner.width.saturating_sub(NAMES);
        let cell = (room / count).clamp(2, WIDEST);
        let columns = (room / cell).min(count);
        let rows = inner.height.saturating_sub(1 + BELOW).min(count);
        let place = |id: NodeId| snapshot.nodes.iter().position(|node| node.id == id).unwrap_or(0);
        let first = |at: usize, shown: u16| (at + 1).saturating_sub(usize::from(shown));
        Self {
            inner,
            cell,
            first: (first(place(choice.from), rows), first(place(choice.to), columns)),
            rows,
            columns,
        }
    }

    fn ids(snapshot: &Snapshot, first: usize, count: u16) -> impl Iterator<Item = NodeId> {
        let shown = snapshot.nodes.iter().skip(first).take(usize::from(count));
        shown.map(|node| node.id)
    }
}

fn area(screen: Rect) -> Rect {
    Rect {
        height: screen.height.saturating_sub(1),
        ..screen
    }
}

pub fn draw(snapshot: &Snapshot, choice: LinkChoice, theme: &Theme, screen: Rect, buffer: &mut Buffer) {
    let title = "Links · from the row to the column";
    let inner = pane::draw_box(title, "Esc closes", theme, area(screen), buffer);
    let table = Table::of(snapshot, choice, inner);
    let nodes = snapshot.nodes.len();
    if usize::from(table.rows) < nodes {
        let (first, last) = (table.first.0 + 1, table.first.0 + usize::from(table.rows));
        let left_out = format!("rows {first}–{last} of {nodes} · Esc closes");
        pane::foot(&left_out, theme, area(screen), buffer);
    }
    let mut pen = Pen::new(buffer, inner, 0);
    pen.skip(NAMES);
    let columns = usize::from(table.cell);
    for to in Table::ids(snapshot, table.first.1, table.columns) {
        // Where names have no room, numbers stand side by side, every other one faint.
        let (name, style) = match (columns, to.number() % 2) {
            (4.., _) => (to.to_string(), theme.strong),
            (_, 1) => (to.number().to_string(), theme.strong),
            (_, _) => (to.number().to_string(), theme.faint),
        };
        pen.write(&format!("{name:<columns$}"), style);
    }
    for (row, from) in (1..).zip(Table::ids(snapshot, table.first.0, table.rows)) {
        let mut pen = Pen::new(buffer, inner, row);
        pen.write(
            &format!("{:<1$}", from.to_string(), usize::from(NAMES)),
            theme.strong,
        );
        for to in Table::ids(snapshot, table.first.1, table.columns) {
            let is_chosen = choice == LinkChoice { from, to };
            cell(snapshot, (from, to), is_chosen, table.cell, theme, &mut pen);
        }
    }
    let below = table.rows + 2;
    let words = in_words(snapshot, choice);
    Pen::new(buffer, inner, below).prose(&words, theme.strong, theme);
}

fn cell(
    snapshot: &Snapshot,
    (from, to): (NodeId, NodeId),
    is_chosen: bool,
    columns: u16,
    theme: &Theme,
    pen: &mut Pen<'_>,
) {
    let settings = snapshot.link(from, to);
    let is_own = snapshot.links.contains_key(&(from, to));
    let (text, style) = if from == to {
        (glyph::DOT.to_string(), theme.faint)
    } else if snapshot.cut.contains(&(from, to)) {
        let word = if columns >= LATENCY_FROM { " cut" } else { "" };
        (format!("{}{word}", glyph::CUT), theme.bad)
    } else if settings.loss_ppm > 0 || is_own {
        (value(&settings, columns), theme.warn)
    } else {
        (value(&settings, columns), theme.base)
    };
    let style = if is_chosen {
        style.add_modifier(Modifier::REVERSED | Modifier::BOLD)
    } else {
        style
    };
    let text = fit(&text, columns - 1);
    let gap = columns.saturating_sub(width(&text));
    pen.write(&text, style).skip(gap);
}

/// `10–15 ms 30%`, as much as has room; where hardly anything has, a sign for a link that loses messages.
fn value(settings: &LinkSettings, columns: u16) -> String {
    let loss = percent(settings.loss_ppm);
    match columns {
        LOSS_FROM.. if settings.loss_ppm > 0 => format!("{} {loss}", span(settings)),
        LATENCY_FROM.. => span(settings),
        _ if settings.loss_ppm > 0 => glyph::PENDING.to_string(),
        _ => glyph::CHECK.to_string(),
    }
}

/// `10–15`, in milliseconds.
fn span(settings: &LinkSettings) -> String {
    let millis = |duration: std::time::Duration| {
        let tenths = duration.as_micros() / 100;
        if tenths.is_multiple_of(10) || tenths >= 1000 {
            (tenths / 10).to_string()
        } else {
            format!("{}.{}", tenths / 10, tenths % 10)
        }
    };
    let (min, max) = (millis(settings.latency.min()), millis(settings.latency.max()));
    if min == max { min } else { format!("{min}–{max}") }
}

fn percent(ppm: u32) -> String {
    match ppm {
        1..10_000 => "<1%".to_owned(),
        _ => format!("{}%", ppm / 10_000),
    }
}

/// The chosen link in a sentence.
fn in_words(snapshot: &Snapshot, LinkChoice { from, to }: LinkChoice) -> String {
    if from == to {
        return format!("{from} has no link to itself");
    }
    let settings = snapshot.link(from, to);
    let shares = [
        (settings.loss_ppm, "lost"),
        (settings.duplication_ppm, "twice"),
        (settings.reordering_ppm, "overtaken"),
        (settings.straggling_ppm, "held up for long"),
    ];
    let shares = shares.iter().filter(|(ppm, _)| *ppm > 0);
    let shares: Vec<String> = shares
        .map(|(ppm, what)| format!("{} {what}", percent(*ppm)))
        .collect();
    let shares = if shares.is_empty() {
        "nothing is lost".to_owned()
    } else {
        shares.join(", ")
    };
    let cut = if snapshot.cut.contains(&(from, to)) {
        " · it is cut"
    } else {
        ""
    };
    format!("{from} → {to}: {} ms, {shares}{cut}", span(&settings))
}

/// The link at a place of the screen.
pub fn hit(snapshot: &Snapshot, choice: LinkChoice, screen: Rect, place: Position) -> Hit {
    let inner = pane::box_inner(area(screen));
    let table = Table::of(snapshot, choice, inner);
    let row = place
        .y
        .checked_sub(table.inner.y + 1)
        .filter(|row| *row < table.rows);
    let column = place.x.checked_sub(table.inner.x + NAMES).map(|x| x / table.cell);
    let (Some(row), Some(column)) = (row, column.filter(|column| *column < table.columns)) else {
        return Hit::Nothing;
    };
    let id = |at: usize| snapshot.nodes.get(at).map(|node| node.id);
    let from = id(table.first.0 + usize::from(row));
    let to = id(table.first.1 + usize::from(column));
    from.zip(to)
        .map_or(Hit::Nothing, |(from, to)| Hit::Link(LinkChoice { from, to }))
}
