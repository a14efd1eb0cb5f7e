//! The palette: a line of words, and what it could mean.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text::{Pen, width};
use super::{Hit, pane, prompt};
use crate::ui::theme::Theme;
use crate::ui::view::Palette;

/// The most rows of candidates.
const ROWS: usize = 14;

fn area(palette: &Palette, screen: Rect) -> Rect {
    let rows = palette.candidates.len().clamp(1, ROWS);
    pane::centered(screen, 92, u16::try_from(rows).unwrap_or(1) + 3, 2)
}

pub fn draw(palette: &Palette, theme: &Theme, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = area(palette, screen);
    let inner = pane::draw_box(
        "Do",
        "↑ ↓ choose · Tab complete · Enter do · Esc",
        theme,
        area,
        buffer,
    );
    let cursor = prompt::input(": ", &palette.input, theme, inner, buffer);
    let list = pane::below_typed(area);
    if let Some(error) = &palette.error {
        Pen::new(buffer, list, 0).write(error, theme.bad);
        return cursor;
    }
    if palette.candidates.is_empty() {
        Pen::new(buffer, list, 0).write("nothing like that", theme.faint);
    }
    let words = palette
        .candidates
        .iter()
        .map(|row| width(&row.words))
        .max()
        .unwrap_or(0)
        .min(list.width / 2);
    let shown = pane::window(palette.candidates.len(), palette.chosen, list.height);
    for (at, place) in (0..list.height).zip(shown) {
        let row = &palette.candidates[place];
        let mut pen = Pen::new(buffer, list, at);
        let key = row.key.as_deref().unwrap_or_default();
        pen.write(&row.words, theme.strong)
            .skip((words + 2).saturating_sub(width(&row.words)).max(1));
        let room = pen.left().saturating_sub(width(key) + 1);
        pen.write(&super::text::fit(&row.explanation, room), theme.base);
        pen.align_right(width(key)).write(key, theme.accent);
        if place == palette.chosen {
            highlight(list, at, theme, buffer);
        }
    }
    cursor
}

/// Gives a row the look of what is chosen, whatever stands in it.
pub fn highlight(list: Rect, row: u16, theme: &Theme, buffer: &mut Buffer) {
    let row = Rect {
        y: list.y + row,
        height: 1,
        ..list
    };
    buffer.set_style(row, theme.chosen);
}

pub fn row_at(palette: &Palette, screen: Rect, place: Position) -> Hit {
    row_in(
        pane::below_typed(area(palette, screen)),
        palette.candidates.len(),
        palette.chosen,
        place,
    )
}

/// The row of a list at a place.
pub fn row_in(list: Rect, count: usize, chosen: usize, place: Position) -> Hit {
    if !list.contains(place) {
        return Hit::Nothing;
    }
    pane::window(count, chosen, list.height)
        .nth(usize::from(place.y - list.y))
        .map_or(Hit::Nothing, Hit::Row)
}
