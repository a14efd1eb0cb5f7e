//! A short message above the key bar.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane;
use super::text::{Pen, width, wrap};
use crate::ui::theme::Theme;
use crate::ui::view::Scene;

/// The most rows a message takes.
const ROWS: u16 = 4;

/// Draws the message with its last row in this one, and the rows before it above.
pub fn draw(scene: &Scene<'_>, theme: &Theme, row: Rect, buffer: &mut Buffer) {
    let Some(toast) = &scene.view.toast else {
        return;
    };
    let style = if toast.is_error { theme.alarm } else { theme.chosen };
    let mut lines = wrap(&toast.text, row.width.saturating_sub(2));
    lines.truncate(usize::from(ROWS.min(row.y + 1)));
    let rows = u16::try_from(lines.len()).unwrap_or(ROWS);
    let columns = lines.iter().map(|line| width(line)).max().unwrap_or(0) + 2;
    let area = Rect {
        x: row.x,
        y: (row.y + 1).saturating_sub(rows),
        width: columns.min(row.width),
        height: rows,
    };
    // Half a time line beside it would be read as part of the message.
    pane::blank(theme, row, buffer);
    for (at, line) in (0..rows).zip(&lines) {
        let mut pen = Pen::new(buffer, area, at);
        pen.write(" ", style).write(line, style);
        let rest = " ".repeat(usize::from(pen.left()));
        pen.write(&rest, style);
    }
}
