//! The list of saves to open.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text::{Pen, fit, width, wrap};
use super::{Hit, palette, pane, prompt};
use crate::ui::theme::Theme;
use crate::ui::view::OpenDialog;

/// The most rows of saves.
const ROWS: usize = 16;

/// The rows of what the chosen one holds.
const PREVIEW: u16 = 4;
/// A screen of so many rows has room for that.
const TALL: u16 = 20;

fn area(dialog: &OpenDialog, screen: Rect) -> Rect {
    let rows = dialog.rows.len().clamp(1, ROWS);
    let rows = u16::try_from(rows).unwrap_or(1) + preview_rows(dialog, screen);
    pane::centered(screen, 92, rows + 3, if screen.height < 24 { 1 } else { 2 })
}

fn preview_rows(dialog: &OpenDialog, screen: Rect) -> u16 {
    if screen.height >= TALL && !dialog.preview.is_empty() {
        PREVIEW
    } else {
        0
    }
}

/// Where the saves are listed, and where it stands what the chosen one holds.
fn parts(dialog: &OpenDialog, screen: Rect) -> (Rect, Rect) {
    let inner = pane::below_typed(area(dialog, screen));
    let below = preview_rows(dialog, screen).min(inner.height.saturating_sub(1));
    let list = Rect {
        height: inner.height - below,
        ..inner
    };
    let preview = Rect {
        y: list.bottom(),
        height: below,
        ..inner
    };
    (list, preview)
}

pub fn draw(dialog: &OpenDialog, theme: &Theme, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = area(dialog, screen);
    let (list, preview) = parts(dialog, screen);
    let shown = pane::window(dialog.rows.len(), dialog.chosen, list.height);
    let name = pane::list_name("Open", &shown, dialog.rows.len());
    let inner = pane::draw_box(&name, "↑ ↓ choose · Enter open · Esc", theme, area, buffer);
    let cursor = prompt::input("Name contains: ", &dialog.filter, theme, inner, buffer);
    tell(dialog, theme, preview, buffer);
    if dialog.rows.is_empty() {
        Pen::new(buffer, list, 0).write("no save has that in its name", theme.faint);
    }
    let names = dialog.rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let names = names.min(list.width / 2);
    for (at, place) in (0..list.height).zip(shown) {
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

/// What the chosen one holds: a line, then the facts, then its first note.
fn tell(dialog: &OpenDialog, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let line = "─".repeat(usize::from(area.width));
    Pen::new(buffer, area, 0).write(&line, theme.faint);
    let lines = dialog.preview.iter().flat_map(|text| wrap(text, area.width));
    for (row, text) in (1..area.height).zip(lines) {
        let style = if row == 1 { theme.strong } else { theme.base };
        Pen::new(buffer, area, row).write(&fit(&text, area.width), style);
    }
}

pub fn row_at(dialog: &OpenDialog, screen: Rect, place: Position) -> Hit {
    palette::row_in(parts(dialog, screen).0, dialog.rows.len(), dialog.chosen, place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::view::{OpenRow, ThemeName};

    #[test]
    fn what_the_chosen_one_holds_stands_below_the_list_where_there_is_room() {
        let row = |name: &str| OpenRow {
            name: name.to_owned(),
            title: String::new(),
            origin: "here".to_owned(),
        };
        let dialog = OpenDialog {
            rows: (0..30).map(|number| row(&format!("save-{number}"))).collect(),
            chosen: 20,
            preview: vec!["5 nodes · term 4".to_owned(), "Who wins? Predict.".to_owned()],
            ..OpenDialog::default()
        };
        for (width, height) in [(80, 24), (120, 15), (120, 34), (40, 12)] {
            let screen = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(screen);
            draw(&dialog, &Theme::named(ThemeName::Dark), screen, &mut buffer);
            let rows: Vec<String> = (0..height)
                .map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect())
                .collect();
            let find = |text: &str| rows.iter().position(|row: &String| row.contains(text));
            assert!(
                find("save-20").is_some(),
                "{width}x{height}: the chosen one is in view"
            );
            assert_eq!(
                find("5 nodes · term 4").is_some(),
                height >= TALL,
                "{width}x{height}"
            );
            if let (Some(list), Some(facts), Some(note)) =
                (find("save-20"), find("5 nodes"), find("Who wins?"))
            {
                assert!(list < facts && facts < note);
                let place = Position::new(screen.width / 2, u16::try_from(facts).unwrap());
                assert_eq!(
                    row_at(&dialog, screen, place),
                    Hit::Nothing,
                    "it is no row of the list"
                );
                let place = Position::new(screen.width / 2, u16::try_from(list).unwrap());
                assert_eq!(row_at(&dialog, screen, place), Hit::Row(20));
            }
        }
    }
}
