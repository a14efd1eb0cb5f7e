//! Two branches at one time, side by side: every node with its log, and what was told; what differs is marked.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::label::{self, LabelSize};
use super::pane;
use super::text::{Pen, fit, width};
use crate::playground::{Condition, NodeView, StoryLine};
use crate::types::{LogIndex, NodeId};
use crate::ui::compare::{Comparison, Side};
use crate::ui::theme::{Theme, glyph};

/// The columns between the two.
const GUTTER: u16 = 3;
/// The rows that the stories want at least.
const STORY_ROWS: u16 = 4;
/// The most columns of what an entry carries.
const VALUE: u16 = 8;

pub fn draw(comparison: &Comparison, theme: &Theme, screen: Rect, buffer: &mut Buffer) {
    let area = Rect {
        height: screen.height.saturating_sub(1),
        ..screen
    };
    let name = match comparison.parted_at() {
        Some(at) => format!(
            "Side by side · the same until {at} s · {} differs",
            glyph::CONFLICT
        ),
        None => "Side by side · nothing differs so far".to_owned(),
    };
    let inner = pane::draw_box(&name, "Esc closes", theme, area, buffer);
    let columns = Columns::of(inner);
    titles(comparison, theme, &columns, buffer);
    let ids: BTreeSet<NodeId> = comparison
        .sides
        .iter()
        .flat_map(|side| side.snapshot.nodes.iter().map(|node| node.id))
        .collect();
    let nodes = u16::try_from(ids.len()).unwrap_or(u16::MAX);
    let room = inner.height.saturating_sub(1 + STORY_ROWS);
    let rows = if nodes.saturating_mul(2) <= room { 2 } else { 1 };
    let mut row = 1;
    for id in ids.into_iter().take(usize::from(room / rows)) {
        node(comparison, id, rows == 2, theme, &columns, row, buffer);
        row += rows;
    }
    stories(comparison, theme, &columns, row, inner.height, buffer);
}

/// The two columns and the gutter between them.
struct Columns {
    sides: [Rect; 2],
    gutter: Rect,
}

impl Columns {
    fn of(inner: Rect) -> Self {
        let column = inner.width.saturating_sub(GUTTER) / 2;
        let at = |x: u16, width: u16| Rect { x, width, ..inner };
        Self {
            sides: [
                at(inner.x, column),
                at(
                    inner.x + column + GUTTER,
                    inner.width.saturating_sub(column + GUTTER),
                ),
            ],
            gutter: at(inner.x + column, GUTTER.min(inner.width.saturating_sub(column))),
        }
    }

    fn mark(&self, differs: bool, theme: &Theme, row: u16, buffer: &mut Buffer) {
        let (sign, style) = if differs {
            (glyph::CONFLICT, theme.warn)
        } else {
            ('│', theme.faint)
        };
        Pen::new(buffer, self.gutter, row).skip(1).put(sign, style);
    }
}

fn titles(comparison: &Comparison, theme: &Theme, columns: &Columns, buffer: &mut Buffer) {
    for (side, area) in comparison.sides.iter().zip(columns.sides) {
        let leaders = side.snapshot.leaders();
        let leads: Vec<String> = leaders
            .iter()
            .map(|leader| format!("{} {} t{}", glyph::LEADER, leader.id, leader.term))
            .collect();
        let leads = if leads.is_empty() {
            "no leader".to_owned()
        } else {
            leads.join(" ")
        };
        Pen::new(buffer, area, 0)
            .write(
                &side.branch.to_string(),
                theme.accent.add_modifier(Modifier::BOLD),
            )
            .write(&format!("  {} s  {leads}", side.snapshot.now), theme.strong);
    }
    columns.mark(false, theme, 0, buffer);
}

/// A node in both branches: its role and how much it knows to be committed, and the end of its log where there is room.
fn node(
    comparison: &Comparison,
    id: NodeId,
    has_log: bool,
    theme: &Theme,
    columns: &Columns,
    row: u16,
    buffer: &mut Buffer,
) {
    let [one, other] = comparison.sides.each_ref().map(|side| side.snapshot.node(id));
    let [left, right] = comparison.sides.each_ref().map(|side| headline(side, id));
    for ((side, text), area) in comparison.sides.iter().zip([&left, &right]).zip(columns.sides) {
        let style = side
            .snapshot
            .node(id)
            .map_or(theme.faint, |node| label::style(node, theme));
        Pen::new(buffer, area, row)
            .write(&text.0, style)
            .write(&text.1, theme.base);
    }
    columns.mark(left != right, theme, row, buffer);
    if !has_log {
        return;
    }
    let mut differs = false;
    for (own, others, area) in [(one, other, columns.sides[0]), (other, one, columns.sides[1])] {
        if let Some(own) = own {
            differs |= log(own, others, theme, &mut Pen::new(buffer, area, row + 1));
        }
    }
    columns.mark(differs, theme, row + 1, buffer);
}

/// `★ S3 t4 LEADER`, and ` · 5 of 6 committed`; who is down knows of no commit index.
fn headline(side: &Side, id: NodeId) -> (String, String) {
    let Some(node) = side.snapshot.node(id) else {
        return (format!("  {id}"), " is not there".to_owned());
    };
    let name = label::rows(node, &side.snapshot, LabelSize::Full).swap_remove(0);
    let progress = if node.condition == Condition::Down {
        format!(" · {} on disk", node.durable)
    } else {
        format!(" · {} of {} committed", node.commit, node.log.last_index())
    };
    (name, progress)
}

/// The end of a log, as much as there is room for. Says whether an entry differs from the other's, or is not there.
fn log(node: &NodeView, other: Option<&NodeView>, theme: &Theme, pen: &mut Pen<'_>) -> bool {
    let differs = |index: LogIndex| {
        let others = other.map(|other| other.log.term_at(index));
        others != Some(node.log.term_at(index))
    };
    let (base, last) = (node.log.base().index, node.log.last_index());
    let indices = || (base.number() + 1..=last.number()).map(LogIndex::new);
    let cells: Vec<String> = indices().map(|index| cell(node, index, differs(index))).collect();
    let room = pen.left().saturating_sub(4);
    let mut columns = 0;
    let fits = cells.iter().rev().take_while(|cell| {
        columns += width(cell);
        columns <= room
    });
    let hidden = cells.len() - fits.count();
    let start = match (hidden, base.number()) {
        (0, 0) => "  ".to_owned(),
        (0, _) => format!("  {}", glyph::SNAPSHOT),
        (1.., _) => format!("  {}", glyph::MORE_LEFT),
    };
    pen.write(&start, theme.faint);
    for (index, cell) in indices().zip(&cells).skip(hidden) {
        let style = match node.log.term_at(index) {
            Some(term) if index <= node.commit => theme.committed(term),
            Some(term) => theme.term(term),
            None => theme.faint,
        };
        let style = if differs(index) {
            style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            style
        };
        pen.write(cell, style);
    }
    let last_known = other.map(|other| other.log.last_index());
    indices().any(differs) || last_known.is_some_and(|others| others > last)
}

/// ` 3 x=2`, with `≠` before it where the other branch has something else, and `┃` behind it where the node knows no more to be committed.
fn cell(node: &NodeView, index: LogIndex, differs: bool) -> String {
    let sign = if differs { glyph::CONFLICT } else { ' ' };
    let mark = if index == node.commit { glyph::COMMIT } else { ' ' };
    node.log.entry(index).map_or_else(String::new, |entry| {
        let value = label::payload(entry);
        format!("{sign}{} {}{mark}", entry.term, fit(&value, VALUE))
    })
}

fn stories(
    comparison: &Comparison,
    theme: &Theme,
    columns: &Columns,
    from: u16,
    height: u16,
    buffer: &mut Buffer,
) {
    let room = usize::from(height.saturating_sub(from + 1));
    let told = [comparison.told(0), comparison.told(1)];
    for (lines, area) in told.iter().zip(columns.sides) {
        Pen::new(buffer, area, from).write("What was told", theme.faint);
        let shown = &lines[lines.len().saturating_sub(room)..];
        for (row, (line, is_shared)) in (from + 1..height).zip(shown) {
            story_line(line, *is_shared, theme, &mut Pen::new(buffer, area, row));
        }
    }
    for row in from..height {
        columns.mark(false, theme, row, buffer);
    }
}

fn story_line(line: &StoryLine, is_shared: bool, theme: &Theme, pen: &mut Pen<'_>) {
    let (sign, style) = if is_shared {
        (' ', theme.faint)
    } else {
        (glyph::CONFLICT, theme.base)
    };
    pen.write(&format!("{:>7}", line.at), theme.faint)
        .put(sign, theme.warn)
        .prose(&line.short, style, theme);
}
