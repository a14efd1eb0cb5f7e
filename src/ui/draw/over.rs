//! What lies over the main screen: how each overlay is drawn, and what the mouse finds in it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Hit, KeyHint, compare, help, links, messages, open, palette, prompt, why};
use crate::ui::layout::Layout;
use crate::ui::theme::Theme;
use crate::ui::view::{Overlay, Scene};

/// Draws it, and says where the cursor goes.
pub fn draw(
    scene: &Scene<'_>,
    theme: &Theme,
    layout: &Layout,
    keys: &[KeyHint],
    buffer: &mut Buffer,
) -> Option<Position> {
    let screen = *buffer.area();
    let bottom = Rect {
        height: layout.timeline.height + layout.keys.height,
        ..layout.timeline
    };
    match scene.view.overlay.as_ref()? {
        Overlay::Help(page) => help::draw(theme, keys, *page, screen, buffer),
        Overlay::Why(line) => why::draw(scene, theme, *line, screen, buffer),
        Overlay::Because(because) => why::draw_of(scene, theme, because, screen, buffer),
        Overlay::Palette(palette) => return palette::draw(palette, theme, screen, buffer),
        Overlay::Open(dialog) => return open::draw(dialog, theme, screen, buffer),
        Overlay::Propose(input) => return prompt::propose(scene, input, theme, bottom, buffer),
        Overlay::Filter(input) => return prompt::filter(input, theme, bottom, buffer),
        Overlay::Save(dialog) => return prompt::save(dialog, theme, bottom, buffer),
        Overlay::Partition(draft) => prompt::partition(draft, theme, bottom, buffer),
        Overlay::Messages(hand) => messages::draw(scene.snapshot, hand, theme, layout, buffer),
        Overlay::Links(choice) => links::draw(scene.snapshot, *choice, theme, screen, buffer),
        Overlay::Compare(comparison) => compare::draw(comparison, theme, screen, buffer),
        Overlay::Link { from, one_way } => prompt::link(*from, *one_way, theme, bottom, buffer),
        // The logs show where the finger is, the key bar where it can go.
        Overlay::Point(_) => {}
    }
    None
}

/// What stands at a place of it; `None` where what lies below it is reached through it.
pub fn hit(scene: &Scene<'_>, layout: &Layout, area: Rect, place: Position) -> Option<Hit> {
    match scene.view.overlay.as_ref()? {
        Overlay::Palette(palette) => Some(palette::row_at(palette, area, place)),
        Overlay::Open(dialog) => Some(open::row_at(dialog, area, place)),
        Overlay::Messages(hand) if messages::covers(layout, area, place) => {
            Some(messages::hit(scene.snapshot, hand, layout, area, place))
        }
        Overlay::Links(choice) => Some(links::hit(scene.snapshot, *choice, area, place)),
        Overlay::Help(_)
        | Overlay::Why(_)
        | Overlay::Because(_)
        | Overlay::Propose(_)
        | Overlay::Filter(_)
        | Overlay::Save(_)
        | Overlay::Compare(_) => Some(Hit::Nothing),
        Overlay::Partition(_) | Overlay::Link { .. } | Overlay::Messages(_) | Overlay::Point(_) => None,
    }
}
