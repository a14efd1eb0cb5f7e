//! The banner of a broken promise: the one thing on the screen that nobody may overlook.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Pen, width, wrap_rows};
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let Some(banner) = &scene.view.violation else {
        return;
    };
    buffer.set_style(area, theme.alarm);
    let message = format!("{} {} broken: {}", glyph::DOWN, banner.property, banner.detail);
    let hint = format!("Enter why · {} s", banner.at);
    let lines = wrap_rows(&message, area.width.saturating_sub(2), area.height);
    for (row, line) in (0..area.height).zip(&lines) {
        Pen::new(buffer, area, row).skip(1).write(line, theme.alarm);
    }
    let last = lines
        .get(usize::from(area.height.max(1)) - 1)
        .map_or(0, |line| width(line));
    let mut pen = Pen::new(buffer, area, area.height.saturating_sub(1));
    if last + width(&hint) + 4 <= area.width {
        pen.align_right(width(&hint) + 1).write(&hint, theme.alarm);
    }
}
