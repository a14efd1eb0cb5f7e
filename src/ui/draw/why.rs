//! Why a line of the story happened: the rule, the values that decided, where it stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pane;
use super::text::{Pen, wrap};
use crate::playground::StoryLine;
use crate::ui::because::{Because, Cause};
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

/// The most columns: longer lines are hard to read.
const WIDTH: u16 = 92;

pub fn draw(scene: &Scene<'_>, theme: &Theme, line: usize, screen: Rect, buffer: &mut Buffer) {
    let Some(line) = scene.story.get(line) else {
        return;
    };
    draw_lines(&lines(line, theme, columns(screen)), theme, screen, buffer);
}

/// Why a thing is as it is: the line that made it so, or that none tells of it.
pub fn draw_of(scene: &Scene<'_>, theme: &Theme, because: &Because, screen: Rect, buffer: &mut Buffer) {
    let styled = |text: &str, style: Style| {
        let wrapped = wrap(text, columns(screen));
        wrapped.into_iter().map(move |line| (line, style))
    };
    let mut rows: Vec<_> = styled(&because.thing, theme.accent).collect();
    match &because.cause {
        Cause::Line(line) => {
            let line = scene.story.get(*line);
            rows.extend(line.map_or_else(Vec::new, |line| lines(line, theme, columns(screen))));
        }
        Cause::Untold(sentence) => rows.extend(styled(sentence, theme.base)),
    }
    draw_lines(&rows, theme, screen, buffer);
}

/// The columns of the text.
fn columns(screen: Rect) -> u16 {
    WIDTH.min(screen.width.saturating_sub(2)).saturating_sub(4)
}

fn draw_lines(lines: &[(String, Style)], theme: &Theme, screen: Rect, buffer: &mut Buffer) {
    let columns = columns(screen) + 4;
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    // At the bottom, so that the story and the ring stay in sight.
    let below = screen.height.saturating_sub(rows.saturating_add(1));
    let area = pane::centered(screen, columns, rows.min(screen.height.saturating_sub(1)), below);
    let inner = pane::draw_box("Why?", "Esc closes", theme, area, buffer);
    for (row, (text, style)) in (0..inner.height).zip(lines) {
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
