//! Why a line of the story happened: the rule, the values that decided, where it stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pane;
use super::text::{Pen, wrap};
use crate::playground::StoryLine;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

/// The most columns: longer lines are hard to read.
const WIDTH: u16 = 92;

pub fn draw(scene: &Scene<'_>, theme: &Theme, line: usize, screen: Rect, buffer: &mut Buffer) {
    let Some(line) = scene.story.get(line) else {
        return;
    };
    let columns = WIDTH.min(screen.width.saturating_sub(2));
    let lines = lines(line, theme, columns.saturating_sub(4));
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    // At the bottom, so that the story and the ring stay in sight.
    let below = screen.height.saturating_sub(rows.saturating_add(1));
    let area = pane::centered(screen, columns, rows.min(screen.height.saturating_sub(1)), below);
    let inner = pane::draw_box("Why?", "Esc closes", theme, area, buffer);
    for (row, (text, style)) in (0..inner.height).zip(&lines) {
        Pen::new(buffer, inner, row).prose(text, *style, theme);
    }
}

fn lines(line: &StoryLine, theme: &Theme, columns: u16) -> Vec<(String, Style)> {
    let why = &line.why;
    let mut lines = Vec::new();
    let mut add = |text: &str, style: Style| {
        lines.extend(wrap(text, columns).into_iter().map(|line| (line, style)));
    };
    add(&format!("{} s  {}", line.at, line.long), theme.strong);
    if !why.rule.is_empty() || !why.section.is_empty() {
        let gap = if why.section.is_empty() { "" } else { "  " };
        add(&format!("{}{gap}{}", why.rule, why.section), theme.accent);
    }
    for value in &why.values {
        add(&format!("{} {value}", glyph::DOT), theme.base);
    }
    if !why.otherwise.is_empty() {
        add(&why.otherwise, theme.faint);
    }
    lines
}
