//! The help: every key that does something, and what the signs mean, on one screen of 80×24.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Pen, width};
use super::{KeyGroup, KeyHint, pane};
use crate::ui::theme::Theme;

/// What the signs mean.
const LEGEND: [&str; 3] = [
    "★ leader  ◆ candidate  ◇ pre-candidate  ● follower  ✗ down  ‖ frozen",
    "V vote P pre-vote A entries S snapshot T stand F R client G routes a+ answer",
    "┃ left of it: known to be committed  ~ not on disk  ≠ unlike the leader's",
];

/// A row of the help.
enum Row<'a> {
    Heading(&'static str),
    Key(&'a KeyHint),
}

pub fn draw(theme: &Theme, keys: &[KeyHint], screen: Rect, buffer: &mut Buffer) {
    let rows = rows(keys);
    let columns = u16::try_from(rows.len().div_ceil(2)).unwrap_or(u16::MAX);
    let legend = u16::try_from(LEGEND.len()).unwrap_or(0) + 1;
    let height = columns.saturating_add(legend + 2);
    let below = screen.height.saturating_sub(height) / 2;
    let area = pane::centered(screen, 88, height, below);
    let inner = pane::draw_box("Keys", "Esc closes", theme, area, buffer);
    // Keys before signs: the signs go where there is no room for both.
    let shown = inner.height.saturating_sub(columns).min(legend);
    let split = usize::from((inner.height - shown).max(1));
    draw_columns(&rows, split, theme, inner, buffer);
    for (row, line) in (inner.height - shown + 1..inner.height).zip(LEGEND) {
        Pen::new(buffer, inner, row).write(line, theme.faint);
    }
}

fn rows(keys: &[KeyHint]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for group in KeyGroup::ALL {
        let mut members = keys.iter().filter(|hint| hint.group == group).peekable();
        if members.peek().is_some() {
            rows.push(Row::Heading(group.title()));
            rows.extend(members.map(Row::Key));
        }
    }
    rows
}

fn draw_columns(rows: &[Row<'_>], split: usize, theme: &Theme, inner: Rect, buffer: &mut Buffer) {
    let half = inner.width / 2;
    let keys = rows.iter().map(key_width).max().unwrap_or(0);
    for (place, row) in rows.iter().enumerate() {
        let column = u16::try_from(place / split).unwrap_or(u16::MAX);
        if column > 1 {
            return;
        }
        let area = Rect {
            x: inner.x + column * half,
            width: half.saturating_sub(1),
            ..inner
        };
        let mut pen = Pen::new(buffer, area, u16::try_from(place % split).unwrap_or(0));
        match row {
            Row::Heading(title) => pen.write(title, theme.strong),
            Row::Key(hint) => pen
                .skip(1)
                .write(&hint.keys, theme.accent)
                .skip(keys - width(&hint.keys) + 1)
                .write(&hint.what, theme.base),
        };
    }
}

fn key_width(row: &Row<'_>) -> u16 {
    match row {
        Row::Heading(_) => 0,
        Row::Key(hint) => width(&hint.keys),
    }
}
