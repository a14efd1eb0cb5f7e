//! The notes strip: one step of a list, and how to go on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Pen, fit, width, wrap_rows};
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::{Notes, Scene};

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let notes = &scene.view.notes;
    let Some(step) = notes
        .steps
        .get(notes.current.min(notes.steps.len().saturating_sub(1)))
    else {
        return;
    };
    let room = area.width.saturating_sub(4);
    let lines = wrap_rows(&theme.spelled(step.shown(notes.is_answered)), room, area.height);
    let last = lines
        .get(usize::from(area.height.max(1)) - 1)
        .map_or(0, |line| width(line));
    let hint = [long_hint(notes), short_hint(notes)]
        .into_iter()
        .find(|hint| last + 2 + width(hint) <= room)
        .unwrap_or_default();
    for row in 0..area.height {
        let mut pen = Pen::new(buffer, area, row);
        pen.skip(1).put(glyph::STRIP, theme.accent).skip(1);
        if let Some(line) = lines.get(usize::from(row)) {
            pen.write(&fit(line, room), theme.strong);
        }
        if row + 1 == area.height {
            pen.align_right(width(&hint) + 1).write(&hint, theme.faint);
        }
    }
}

fn long_hint(notes: &Notes) -> String {
    let count = notes.steps.len();
    let place = notes.current.min(count.saturating_sub(1)) + 1;
    let next = match awaited(notes) {
        Some(awaited) => format!("{awaited} · "),
        None if place < count => "PgDn next · ".to_owned(),
        None => String::new(),
    };
    let back = if place > 1 { "PgUp back · " } else { "" };
    let of = if count > 1 {
        format!("   {place}/{count}")
    } else {
        String::new()
    };
    format!("{next}{back}Esc hide{of}")
}

/// What a step holds back or waits for.
fn awaited(notes: &Notes) -> Option<String> {
    let step = notes.steps.get(notes.current)?;
    match &step.until {
        Some(until) => Some(format!("… {until}")),
        None if step.asks() && !notes.is_answered => Some("PgDn answer".to_owned()),
        None => None,
    }
}

fn short_hint(notes: &Notes) -> String {
    let count = notes.steps.len();
    let place = notes.current.min(count.saturating_sub(1)) + 1;
    if let Some(awaited) = awaited(notes) {
        awaited
    } else if place < count {
        format!("PgDn {place}/{count}")
    } else {
        format!("{place}/{count}")
    }
}
