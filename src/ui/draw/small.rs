//! The card that says that the screen is too small.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Pen, wrap};
use crate::ui::layout::SMALLEST;
use crate::ui::theme::Theme;

pub fn draw(theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let message = format!(
        "raft-play needs {}×{}, this is {}×{}. Make the window larger or the letters smaller. q quits.",
        SMALLEST.width, SMALLEST.height, area.width, area.height,
    );
    for (row, line) in (0..area.height).zip(wrap(&message, area.width)) {
        Pen::new(buffer, area, row).write(&line, theme.base);
    }
}
