//! The help: every key that does something, and what the signs mean, on one screen of 80×24; on smaller ones, in pages.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Pen, width};
use super::{KeyGroup, KeyHint, pane};
use crate::ui::theme::Theme;

/// What the signs mean, line by line; between two signs there is this much.
const LEGEND: [(&str, &[&str]); 3] = [
    (
        " ",
        &[
            "★ leader",
            "◆ candidate",
            "◇ pre-candidate",
            "● follower",
            "○ learner",
            "✗ down",
            "‖ frozen",
        ],
    ),
    (
        " ",
        &[
            "V vote",
            "P pre-vote",
            "A entries",
            "S snapshot",
            "T stand",
            "F R client",
            "G routes",
            "a+ answer",
        ],
    ),
    (
        "  ",
        &[
            "┃ left of it: known to be committed",
            "~ not on disk",
            "≠ unlike the leader's",
        ],
    ),
];
/// The columns of the box, where there is room.
const WIDTH: u16 = 88;
/// From so many columns on, keys stand in two columns.
const TWO_COLUMNS: u16 = 72;

/// A row of the help.
enum Row<'a> {
    Heading(&'static str),
    Key(&'a KeyHint),
}

/// How the help is laid out on a screen.
struct Sheet<'a> {
    rows: Vec<Row<'a>>,
    legend: Vec<String>,
    area: Rect,
    columns: usize,
    /// How many rows one page has room for in one column.
    height: usize,
}

impl<'a> Sheet<'a> {
    fn of(keys: &'a [KeyHint], screen: Rect) -> Self {
        let rows = rows(keys);
        let room = pane::box_inner(pane::centered(screen, WIDTH, screen.height, 0));
        let columns: usize = if room.width < TWO_COLUMNS { 1 } else { 2 };
        let legend: Vec<String> = LEGEND
            .iter()
            .flat_map(|(gap, signs)| wrap_signs(gap, signs, room.width))
            .collect();
        let wanted = rows.len().div_ceil(columns) + 1 + legend.len() + 2;
        let wanted = u16::try_from(wanted).unwrap_or(u16::MAX);
        let below = screen.height.saturating_sub(wanted) / 2;
        let area = pane::centered(screen, WIDTH, wanted, below);
        Self {
            rows,
            legend,
            area,
            columns,
            height: usize::from(pane::box_inner(area).height).max(1),
        }
    }

    /// How many rows of keys a page has.
    fn capacity(&self) -> usize {
        self.columns * self.height
    }

    fn pages_of_keys(&self) -> usize {
        self.rows.len().div_ceil(self.capacity()).max(1)
    }

    /// Keys before signs: the signs go below the last keys, or where there is no room for both, on a page of their own.
    fn has_signs_below(&self) -> bool {
        let on_last = self.rows.len() - (self.pages_of_keys() - 1) * self.capacity();
        on_last.div_ceil(self.columns) + 1 + self.legend.len() <= self.height
    }

    fn pages(&self) -> usize {
        self.pages_of_keys() + usize::from(!self.has_signs_below())
    }
}

/// How many pages the help takes on a screen of this area.
pub fn pages(keys: &[KeyHint], screen: Rect) -> usize {
    Sheet::of(keys, screen).pages()
}

pub fn draw(theme: &Theme, keys: &[KeyHint], page: usize, screen: Rect, buffer: &mut Buffer) {
    let sheet = Sheet::of(keys, screen);
    let pages = sheet.pages();
    let page = page.min(pages - 1);
    let hint = if pages == 1 {
        "Esc closes".to_owned()
    } else {
        format!("{} of {pages} · ↑↓ turn · Esc closes", page + 1)
    };
    let inner = pane::draw_box("Keys", &hint, theme, sheet.area, buffer);
    let first = (page * sheet.capacity()).min(sheet.rows.len());
    let shown = &sheet.rows[first..sheet.rows.len().min(first + sheet.capacity())];
    let split = shown.len().div_ceil(sheet.columns).max(1);
    draw_columns(&sheet, shown, split, theme, inner, buffer);
    let is_last = page + 1 == pages;
    if is_last {
        let top = if shown.is_empty() { 0 } else { split + 1 };
        for (row, line) in (top..).zip(&sheet.legend) {
            let row = u16::try_from(row).unwrap_or(u16::MAX);
            Pen::new(buffer, inner, row).write(line, theme.faint);
        }
    }
}

/// Signs in lines of so many columns.
fn wrap_signs(gap: &str, signs: &[&str], columns: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sign in signs {
        match lines.last_mut() {
            Some(line) if width(line) + width(gap) + width(sign) <= columns => {
                line.push_str(gap);
                line.push_str(sign);
            }
            Some(_) | None => lines.push((*sign).to_owned()),
        }
    }
    lines
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

fn draw_columns(
    sheet: &Sheet<'_>,
    shown: &[Row<'_>],
    split: usize,
    theme: &Theme,
    inner: Rect,
    buffer: &mut Buffer,
) {
    let share = inner.width / u16::try_from(sheet.columns).unwrap_or(1);
    let keys = sheet.rows.iter().map(key_width).max().unwrap_or(0);
    for (place, row) in shown.iter().enumerate() {
        let column = u16::try_from(place / split).unwrap_or(u16::MAX);
        let area = Rect {
            x: inner.x + column * share,
            width: share.saturating_sub(1),
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
