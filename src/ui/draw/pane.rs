//! A frame with a title around a view, and boxes that lie over others.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Padding, Widget};

use super::text::{Pen, width};
use crate::ui::theme::Theme;

/// The room inside a pane's frame.
pub fn inner(area: Rect) -> Rect {
    Block::bordered().inner(area)
}

/// Draws the frame of a pane: its name in bold, then a hint.
pub fn draw(name: &str, hint: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    let title = Line::from(vec![
        Span::styled(format!(" {name} "), theme.strong),
        Span::styled(hint.to_owned(), theme.faint),
    ]);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.faint)
        .title(title);
    block.render(area, buffer);
    inner(area)
}

/// Writes what is left out on the lower edge of a pane's frame.
pub fn foot(text: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let text = format!(" {} ", theme.spelled(text));
    Pen::new(buffer, area, area.height.saturating_sub(1))
        .align_right(width(&text) + 2)
        .write(&text, theme.faint);
}

/// Draws an empty box over whatever was there, with a name above and a hint below, and gives the room in it.
pub fn draw_box(name: &str, hint: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    blank(theme, area, buffer);
    let padded = |text: &str, style: Style| Line::styled(format!(" {text} "), style);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.accent)
        .title(padded(name, theme.strong))
        .title_bottom(padded(&theme.spelled(hint), theme.faint).right_aligned());
    block.render(area, buffer);
    box_inner(area)
}

/// Takes away whatever was there.
pub fn blank(theme: &Theme, area: Rect, buffer: &mut Buffer) {
    Clear.render(area, buffer);
    buffer.set_style(area.intersection(*buffer.area()), theme.base);
}

/// The room inside a box.
pub fn box_inner(area: Rect) -> Rect {
    Block::bordered().padding(Padding::horizontal(1)).inner(area)
}

/// An area of at most this size in the middle of another, so many rows below its top.
pub fn centered(screen: Rect, width: u16, height: u16, below: u16) -> Rect {
    let width = width.min(screen.width);
    let height = height.min(screen.height);
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + below.min(screen.height - height),
        width,
        height,
    }
}

/// A list's name; where not all of it is in view, with what is: `Open · 1–16 of 20`.
pub fn list_name(name: &str, shown: &std::ops::Range<usize>, count: usize) -> String {
    if shown.len() >= count {
        return name.to_owned();
    }
    format!("{name} · {}–{} of {count}", shown.start + 1, shown.end)
}

/// Which of `count` rows are shown in `height`, so that `chosen` is among them.
pub fn window(count: usize, chosen: usize, height: u16) -> std::ops::Range<usize> {
    let height = usize::from(height);
    let first = (chosen + 1).saturating_sub(height).min(count);
    first..count.min(first + height)
}

/// What is left of a box below the line that is typed.
pub fn below_typed(area: Rect) -> Rect {
    let inner = box_inner(area);
    let typed = inner.height.min(1);
    Rect {
        y: inner.y + typed,
        height: inner.height - typed,
        ..inner
    }
}
