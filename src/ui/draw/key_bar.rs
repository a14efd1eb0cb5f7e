//! The key bar: what can be done now, as much of it as fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Pen, width};
use super::{KeyGroup, KeyHint};
use crate::ui::theme::Theme;
use crate::ui::view::Scene;

pub fn draw(scene: &Scene<'_>, theme: &Theme, bar: &[KeyHint], area: Rect, buffer: &mut Buffer) {
    let Some((last, others)) = bar.split_last() else {
        return;
    };
    let selected = scene.view.selected(scene.snapshot);
    let name = selected.map_or_else(String::new, |id| format!("{id}: "));
    let mut pen = Pen::new(buffer, area, 0);
    pen.skip(1);
    let mut is_named = false;
    for hint in others {
        let opens_node = hint.group == KeyGroup::Node && !is_named;
        let prefix = if opens_node { name.as_str() } else { "" };
        if pen.left() < width(prefix) + columns(hint) + 2 + columns(last) {
            continue;
        }
        is_named |= opens_node;
        pen.write(prefix, theme.strong);
        write(hint, theme, &mut pen);
        pen.skip(2);
    }
    write(last, theme, &mut pen);
}

fn columns(hint: &KeyHint) -> u16 {
    width(&hint.keys) + 1 + width(&hint.what)
}

fn write(hint: &KeyHint, theme: &Theme, pen: &mut Pen<'_>) {
    pen.write(&hint.keys, theme.accent)
        .skip(1)
        .write(&hint.what, theme.base);
}
