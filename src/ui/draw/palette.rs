//! The palette: a line of words, and what it could mean.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text::{Pen, fit, width, wrap};
use super::{Hit, pane, prompt};
use crate::ui::theme::Theme;
use crate::ui::view::{Palette, PaletteRow};

/// The most rows of candidates.
const ROWS: usize = 14;
/// The rows of an explanation in full, where it is too long for one.
const IN_FULL: u16 = 2;
/// The columns that an explanation has at least.
const EXPLAINED: u16 = 24;

/// Where everything stands.
struct Form {
    area: Rect,
    list: Rect,
    /// What the chosen one does, in full; nothing where every row has room for it.
    in_full: Rect,
    /// The columns of the words.
    words: u16,
}

impl Form {
    fn of(palette: &Palette, screen: Rect) -> Self {
        let count = palette.candidates.len().clamp(1, ROWS);
        let rows = u16::try_from(count).unwrap_or(1) + 3;
        let mut form = Self {
            area: pane::centered(screen, 92, rows, 2),
            list: Rect::ZERO,
            in_full: Rect::ZERO,
            words: 0,
        };
        let inner = pane::below_typed(form.area);
        let words = palette.candidates.iter().map(|row| width(&row.words)).max();
        form.words = words
            .unwrap_or(0)
            .min(inner.width.saturating_sub(EXPLAINED).max(inner.width / 2));
        form.list = inner;
        let is_cut = |row: &PaletteRow| width(&row.explanation) > form.room(row);
        if palette.error.is_none() && palette.candidates.iter().any(is_cut) {
            form.area = pane::centered(screen, 92, rows + IN_FULL, 2);
            let inner = pane::below_typed(form.area);
            let below = IN_FULL.min(inner.height.saturating_sub(1));
            form.list = Rect {
                height: inner.height - below,
                ..inner
            };
            form.in_full = Rect {
                y: form.list.bottom(),
                height: below,
                ..inner
            };
        }
        form
    }

    /// The columns of a row's explanation.
    fn room(&self, row: &PaletteRow) -> u16 {
        let key = width(row.key.as_deref().unwrap_or_default());
        let words = self.words.max(width(&row.words)) + 2;
        self.list.width.saturating_sub(words + key + 1)
    }
}

pub fn draw(palette: &Palette, theme: &Theme, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
    let form = Form::of(palette, screen);
    let list = form.list;
    let shown = pane::window(palette.candidates.len(), palette.chosen, list.height);
    let inner = pane::draw_box(
        &pane::list_name("Do", &shown, palette.candidates.len()),
        "↑ ↓ choose · Tab complete · Enter do · Esc",
        theme,
        form.area,
        buffer,
    );
    let cursor = prompt::input(": ", &palette.input, theme, inner, buffer);
    if let Some(error) = &palette.error {
        for (row, line) in (0..list.height).zip(wrap(error, list.width)) {
            Pen::new(buffer, list, row).write(&line, theme.bad);
        }
        return cursor;
    }
    if palette.candidates.is_empty() {
        Pen::new(buffer, list, 0).write("nothing like that", theme.faint);
    }
    for (at, place) in (0..list.height).zip(shown) {
        let row = &palette.candidates[place];
        let mut pen = Pen::new(buffer, list, at);
        let key = theme.spelled(row.key.as_deref().unwrap_or_default());
        pen.write(&row.words, theme.strong)
            .skip((form.words + 2).saturating_sub(width(&row.words)).max(1));
        pen.write(&fit(&row.explanation, form.room(row)), theme.base);
        pen.align_right(width(&key)).write(&key, theme.accent);
        if place == palette.chosen {
            highlight(list, at, theme, buffer);
        }
    }
    let chosen = palette.candidates.get(palette.chosen);
    let in_full = chosen.map_or_else(Vec::new, |row| wrap(&row.explanation, list.width));
    for (row, line) in (0..form.in_full.height).zip(&in_full) {
        Pen::new(buffer, form.in_full, row).prose(line, theme.accent, theme);
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
        Form::of(palette, screen).list,
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
