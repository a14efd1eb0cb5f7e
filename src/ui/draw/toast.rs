//! A short message above the key bar.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane;
use super::text::{Pen, fit, width, wrap_rows};
use crate::ui::theme::Theme;
use crate::ui::view::Scene;

/// The most rows a message takes.
const ROWS: u16 = 5;

/// Draws the message with its last row in this one, and the rows before it above.
pub fn draw(scene: &Scene<'_>, theme: &Theme, row: Rect, buffer: &mut Buffer) {
    let Some(toast) = &scene.view.toast else {
        return;
    };
    let style = if toast.is_error { theme.alarm } else { theme.chosen };
    let room = row.width.saturating_sub(2);
    let lines = wrap_rows(&toast.text, room, ROWS.min(row.y + 1));
    let lines: Vec<_> = lines.iter().map(|line| fit(line, room)).collect();
    let rows = u16::try_from(lines.len()).unwrap_or(ROWS);
    let columns = lines.iter().map(|line| width(line)).max().unwrap_or(0) + 2;
    let area = Rect {
        y: (row.y + 1).saturating_sub(rows),
        height: rows,
        ..row
    };
    // Half of what stood there before would be read as part of the message.
    pane::blank(theme, area, buffer);
    let area = Rect {
        width: columns.min(row.width),
        ..area
    };
    for (at, line) in (0..rows).zip(&lines) {
        let mut pen = Pen::new(buffer, area, at);
        pen.write(" ", style).write(line, style);
        let rest = " ".repeat(usize::from(pen.left()));
        pen.write(&rest, style);
    }
}
