//! The frame: every widget in its place.
//!
//! A frame is a function of its [`Scene`]: nothing is remembered from one to the next, so that what is drawn can't
//! drift from what is. What stands under the mouse is found by the same functions that decide where things are drawn.

mod banner;
mod caption;
mod compare;
mod grid;
mod header;
mod help;
mod inspector;
mod key_bar;
mod label;
mod links;
mod logs;
mod messages;
mod notes;
mod open;
mod over;
mod palette;
mod pane;
mod prompt;
mod ring;
mod small;
mod story;
pub(super) mod text;
mod timeline;
mod toast;
mod wall;
mod why;
mod wire;

#[cfg(test)]
mod tests;

use std::ops::{Range, RangeInclusive};

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout::Layout;
use super::theme::{Theme, to_ascii};
use super::view::{LinkChoice, Pane, Scene};
use crate::types::{LogIndex, NodeId, VirtualTime};

/// A key, and what it does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHint {
    /// The key or keys, as people write them: `Space`, `c/C`.
    pub keys: String,
    /// What they do.
    pub what: String,
    /// Where they belong.
    pub group: KeyGroup,
}

impl KeyHint {
    /// The same with keys that everybody finds.
    fn spelled(&self, theme: &Theme) -> Self {
        let keys = theme.spelled(&self.keys).into_owned();
        Self { keys, ..self.clone() }
    }
}

/// What keys are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyGroup {
    /// Time and its speed.
    Time,
    /// The selected node. The key bar names it before the first of these.
    Node,
    /// Election timers.
    Timers,
    /// Links and partitions.
    Network,
    /// What is looked at.
    Look,
    /// Files, help, leaving.
    Rest,
}

impl KeyGroup {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 6] = [
        Self::Time,
        Self::Node,
        Self::Timers,
        Self::Network,
        Self::Look,
        Self::Rest,
    ];

    /// Its heading in the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::Node => "The selected node",
            Self::Timers => "Timers",
            Self::Network => "Network",
            Self::Look => "Look",
            Self::Rest => "Rest",
        }
    }
}

/// What stands at a place on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A node: on the ring, or its name in the logs.
    Node(NodeId),
    /// A cell of a log.
    Entry {
        /// Whose log.
        node: NodeId,
        /// Which entry.
        index: LogIndex,
    },
    /// A line of the story, by its place.
    Line(usize),
    /// A row of the palette or of the list of saves, by its place.
    Row(usize),
    /// A time on the time line.
    Time(VirtualTime),
    /// A link on the table of links.
    Link(LinkChoice),
    /// A pane, where nothing of the above stands.
    Pane(Pane),
    /// Nothing.
    Nothing,
}

/// Draws a frame: `keys` are the rows of the help, `bar` those of the key bar for what is selected, most important
/// first; of them the last one is always shown.
pub fn draw(scene: &Scene<'_>, keys: &[KeyHint], bar: &[KeyHint], frame: &mut Frame<'_>) {
    let theme = Theme::of(scene.view);
    if scene.view.ascii {
        let spelled = |hints: &[KeyHint]| hints.iter().map(|hint| hint.spelled(&theme)).collect::<Vec<_>>();
        draw_frame(scene, &spelled(keys), &spelled(bar), &theme, frame);
        to_ascii(frame.buffer_mut());
    } else {
        draw_frame(scene, keys, bar, &theme, frame);
    }
}

fn draw_frame(scene: &Scene<'_>, keys: &[KeyHint], bar: &[KeyHint], theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    buffer.set_style(area, theme.base);
    let cursor = if let Some(layout) = Layout::of(area, scene) {
        draw_main(scene, theme, &layout, bar, buffer);
        over::draw(scene, theme, &layout, keys, buffer)
    } else {
        small::draw(theme, area, buffer);
        None
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn draw_main(scene: &Scene<'_>, theme: &Theme, layout: &Layout, bar: &[KeyHint], buffer: &mut Buffer) {
    header::draw(scene, theme, layout.header, buffer);
    if let Some(area) = layout.banner {
        banner::draw(scene, theme, area, buffer);
    }
    if let Some(area) = layout.notes {
        notes::draw(scene, theme, area, buffer);
    }
    if let Some(area) = layout.caption {
        caption::draw(scene, theme, area, buffer);
    }
    if let Some(area) = layout.cluster {
        ring::draw(scene, theme, area, buffer);
    }
    if let Some(area) = layout.story {
        story::draw(scene, theme, area, buffer);
    }
    if let Some(area) = layout.logs {
        logs::draw(scene, theme, area, buffer);
    }
    if let Some(area) = layout.inspector {
        inspector::draw(scene, theme, area, buffer);
    }
    timeline::draw(scene, theme, layout.timeline, buffer);
    key_bar::draw(scene, theme, bar, layout.keys, buffer);
    toast::draw(scene, theme, layout.timeline, buffer);
}

/// How many pages the help takes on a screen of this area.
pub fn help_pages(keys: &[KeyHint], area: Rect) -> usize {
    help::pages(keys, area)
}

/// The log indices in view on a screen of this area: scrolling goes on from there.
pub fn indices_in_view(scene: &Scene<'_>, area: Rect) -> Option<RangeInclusive<u64>> {
    let pane = Layout::of(area, scene)?.logs?;
    Some(logs::in_view(scene, pane))
}

/// The lines of the story in view on a screen of this area, by their places.
pub fn lines_in_view(scene: &Scene<'_>, area: Rect) -> Option<Range<usize>> {
    let pane = Layout::of(area, scene)?.story?;
    Some(story::in_view(scene, pane))
}

/// The first and the last write in view of the disk that is looked at, counted over all of its log.
pub fn writes_in_view(scene: &Scene<'_>, area: Rect) -> Option<(u64, u64)> {
    let pane = Layout::of(area, scene)?.inspector?;
    inspector::writes_in_view(scene, pane)
}

/// What stands at a place on a screen of this area.
pub fn hit(scene: &Scene<'_>, area: Rect, place: Position) -> Hit {
    let Some(layout) = Layout::of(area, scene) else {
        return Hit::Nothing;
    };
    if let Some(hit) = over::hit(scene, &layout, area, place) {
        return hit;
    }
    if scene.view.overlay.is_none() && layout.timeline.contains(place) {
        return timeline::hit(scene, layout.timeline, place);
    }
    let within = |pane: Option<Rect>| pane.filter(|pane| pane.contains(place));
    if let Some(pane) = within(layout.cluster) {
        ring::hit(scene, pane, place)
    } else if let Some(pane) = within(layout.story) {
        story::hit(scene, pane, place)
    } else if let Some(pane) = within(layout.logs) {
        logs::hit(scene, pane, place)
    } else if within(layout.inspector).is_some() {
        Hit::Pane(Pane::Inspector)
    } else {
        Hit::Nothing
    }
}
