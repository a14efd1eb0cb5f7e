//! Prompts: two rows at the bottom, in place of time line and key bar, so that nothing they are about is hidden.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;

use super::text::{Pen, fit, width};
use crate::playground::node_names;
use crate::types::NodeId;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::{PartitionDraft, SaveDialog, Scene};

/// An empty strip in the colours of a prompt.
fn strip(theme: &Theme, area: Rect, buffer: &mut Buffer) {
    Clear.render(area, buffer);
    buffer.set_style(area, theme.bar);
}

/// Draws a label and what is typed after it, the part around the cursor where not all fits; gives the cursor's place.
pub fn input(label: &str, input: &Input, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let mut pen = Pen::new(buffer, area, 0);
    pen.write(label, theme.accent);
    let room = pen.left();
    if room < 2 {
        return None;
    }
    let scroll = input.visual_scroll(usize::from(room - 1));
    let mut skipped = 0;
    let shown: String = input
        .value()
        .chars()
        .skip_while(|character| {
            let is_before = skipped < scroll;
            skipped += usize::from(width(character.encode_utf8(&mut [0; 4])));
            is_before
        })
        .collect();
    pen.write(&shown, theme.strong);
    let cursor = u16::try_from(input.visual_cursor().saturating_sub(scroll)).unwrap_or(u16::MAX);
    let x = area.x + width(label) + cursor.min(room - 1);
    Some(Position::new(x, area.y))
}

/// A command to propose.
pub fn propose(
    scene: &Scene<'_>,
    typed: &Input,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    strip(theme, area, buffer);
    let to = scene.view.proposal_goal(scene.snapshot);
    let label = to.map_or_else(|| " Propose: ".to_owned(), |to| format!(" Propose at {to}: "));
    hint(
        "x=7 · set x 7 · get x · delete x · cas x 7 8 · append x 1",
        "Enter · Esc",
        theme,
        area,
        buffer,
    );
    input(&label, typed, theme, area, buffer)
}

/// What is to be shown of the story.
pub fn filter(typed: &Input, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    strip(theme, area, buffer);
    hint(
        "S3 · election leader commit cut crash · any text; all words must fit",
        "Enter · Esc all",
        theme,
        area,
        buffer,
    );
    input(" Show only: ", typed, theme, area, buffer)
}

/// A name for a save.
pub fn save(dialog: &SaveDialog, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    strip(theme, area, buffer);
    match &dialog.overwrite {
        Some(file) => {
            let row = Rect { height: 1, ..area };
            let row = Rect {
                y: area.bottom().saturating_sub(1),
                ..row
            };
            let text = format!(" {file} is there already. Enter overwrites it · Esc keeps it ");
            Pen::new(buffer, row, 0).write(&text, theme.alarm);
        }
        None => hint("a name, or a path", "Enter · Esc", theme, area, buffer),
    }
    input(" Save as: ", &dialog.name, theme, area, buffer)
}

/// A partition that is put together.
pub fn partition(draft: &PartitionDraft, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    strip(theme, area, buffer);
    let mut pen = Pen::new(buffer, area, 0);
    pen.write(" Part ", theme.accent);
    for (place, group) in draft.groups.iter().enumerate() {
        if place > 0 {
            pen.write(&format!(" {} ", glyph::WALL), theme.wall);
        }
        let style = if place == draft.target {
            theme.chosen
        } else {
            theme.strong
        };
        pen.write(&format!("{{{}}}", node_names(group)), style);
    }
    let nodes: usize = draft.groups.iter().map(std::collections::BTreeSet::len).sum();
    let how = if nodes > 9 {
        "digits move S1 to S9 · | another group · others: Esc, :partition 1,2|10,11"
    } else {
        "digits move a node into the marked group · | another group"
    };
    hint(how, "Enter · Esc", theme, area, buffer);
}

/// The other end of a link.
pub fn link(from: NodeId, one_way: bool, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    strip(theme, area, buffer);
    let (what, explanation) = if one_way {
        (
            format!(" Cut or mend {from} → "),
            "a digit: what this node says is not heard there; the way back stays",
        )
    } else {
        (
            format!(" Cut or mend {from} ─ "),
            "a digit: the link to that node, both ways",
        )
    };
    Pen::new(buffer, area, 0)
        .write(&what, theme.accent)
        .write("?", theme.chosen);
    hint(explanation, "Esc", theme, area, buffer);
}

/// The second row of a prompt: what can be typed, and the keys that end it.
fn hint(text: &str, keys: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, area.height.saturating_sub(1));
    let room = area.width.saturating_sub(width(keys) + 4);
    pen.skip(1).write(&fit(text, room), theme.bar);
    pen.align_right(width(keys) + 1).write(keys, theme.accent);
}
