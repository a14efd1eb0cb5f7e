//! The list of saves to open.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text::{Pen, fit, width};
use super::{Hit, palette, pane, prompt};
use crate::ui::theme::Theme;
use crate::ui::view::OpenDialog;

/// The most rows of saves.
const ROWS: usize = 16;

fn area(dialog: &OpenDialog, screen: Rect) -> Rect {
    let rows = dialog.rows.len().clamp(1, ROWS);
    pane::centered(screen, 92, u16::try_from(rows).unwrap_or(1) + 3, 2)
}

pub fn draw(dialog: &OpenDialog, theme: &Theme, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = area(dialog, screen);
    let inner = pane::draw_box("Open", "↑ ↓ choose · Enter open · Esc", theme, area, buffer);
    let cursor = prompt::input("Name contains: ", &dialog.filter, theme, inner, buffer);
    let list = pane::below_typed(area);
    if dialog.rows.is_empty() {
        Pen::new(buffer, list, 0).write("no save has that in its name", theme.faint);
    }
    let names = dialog.rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let names = names.min(list.width / 2);
    for (at, place) in (0..list.height).zip(pane::window(dialog.rows.len(), dialog.chosen, list.height)) {
        let row = &dialog.rows[place];
        let mut pen = Pen::new(buffer, list, at);
        let name = fit(&row.name, names);
        pen.write(&name, theme.strong).skip(names + 2 - width(&name));
        let room = pen.left().saturating_sub(width(&row.origin) + 2);
        pen.write(&fit(&row.title, room), theme.base);
        pen.align_right(width(&row.origin))
            .write(&row.origin, theme.faint);
        if place == dialog.chosen {
            palette::highlight(list, at, theme, buffer);
        }
    }
    cursor
}

pub fn row_at(dialog: &OpenDialog, screen: Rect, place: Position) -> Hit {
    palette::row_in(
        pane::below_typed(area(dialog, screen)),
        dialog.rows.len(),
        dialog.chosen,
        place,
    )
}
