//! The story: what happened, the newest at the bottom.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::text::{Pen, fit, width};
use super::{Hit, pane, timeline};
use crate::playground::{StoryLine, Weight};
use crate::ui::action::Step;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::{Pane, Scene};

/// From so many columns of text on, the long form of a line is shown.
const LONG_FROM: u16 = 52;

/// What stands where no line does: before the first, or after a save was opened.
fn empty(scene: &Scene<'_>) -> &'static str {
    if !scene.story.is_empty() {
        "no line is like that: Esc shows all"
    } else if scene.snapshot.delivered == 0 {
        "nothing has happened yet"
    } else {
        "nothing has happened since the save"
    }
}

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let inner = pane::draw("Story", "", theme, area, buffer);
    draw_hint(scene, theme, area, buffer);
    if scene.story.shown_len() == 0 {
        Pen::new(buffer, inner, 0)
            .skip(1)
            .write(empty(scene), theme.faint);
    }
    let here = scene
        .story
        .shown_next(cursor(scene).saturating_add(1), Step::Back);
    let passed = scene.journey.passed(scene.story.len());
    let time = scene.story.last().map_or(0, |newest| newest.at.to_string().len());
    for (row, place) in (0..inner.height).zip(visible(scene, inner)) {
        let line = &scene.story[place];
        draw_line(
            line,
            time,
            (Some(place) == here, place >= passed),
            theme,
            &mut Pen::new(buffer, inner, row),
        );
    }
}

/// Behind the name: what can be done with the lines, or which are shown only.
fn draw_hint(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let (hint, style) = match scene.story.filter() {
        Some(filter) => {
            let (shown, all) = (scene.story.shown_len(), scene.story.len());
            let count = format!(" {} {shown} of {all} ", glyph::DOT);
            let room = area.width.saturating_sub(17 + width(&count));
            (format!("only {}{count}", fit(filter.text(), room)), theme.warn)
        }
        None if scene.story.is_empty() => return,
        None => ("· Enter: why ".to_owned(), theme.faint),
    };
    Pen::new(buffer, area, 0).skip(8).write(&hint, style);
}

/// The line that is spoken of: the one whose why is shown, else the last that has passed.
fn cursor(scene: &Scene<'_>) -> usize {
    let newest = scene.story.len().saturating_sub(1);
    let explained = scene.view.explained().map(|line| line.min(newest));
    explained
        .or(scene.journey.here(scene.story.len()))
        .unwrap_or(usize::MAX)
}

/// The lines shown, by their places.
fn visible<'s>(scene: &Scene<'s>, inner: Rect) -> impl Iterator<Item = usize> + use<'s> {
    let story = scene.story;
    let count = story.shown_len();
    let height = usize::from(inner.height);
    // The place among the lines shown of the last one up to this.
    let place = |line: usize| story.shown_before(line.saturating_add(1)).saturating_sub(1);
    let explained = scene.view.explained().map(|line| place(line) + height / 2);
    let past = scene.journey.past.is_some() || scene.journey.cursor.is_some();
    let here = || place(scene.journey.here(scene.story.len()).unwrap_or(0));
    let travelled = past.then(|| here() + height / 3);
    let last = explained
        .or(scene.view.story_scroll.map(place))
        .or(travelled)
        .unwrap_or(count);
    let end = (last.saturating_add(1)).clamp(height.min(count), count);
    story.shown(end.saturating_sub(height)..end)
}

fn draw_line(
    line: &StoryLine,
    columns: usize,
    (is_here, is_future): (bool, bool),
    theme: &Theme,
    pen: &mut Pen<'_>,
) {
    let style = if is_future {
        theme.faint
    } else {
        style(line.weight, theme)
    };
    let style = if is_here { style.patch(theme.strong) } else { style };
    let marker = if is_here { glyph::HERE } else { ' ' };
    let time = if is_here { theme.strong } else { theme.faint };
    pen.write(&format!("{:>columns$}", line.at), time)
        .put(marker, theme.accent);
    match line.mark {
        Some(mark) if is_future => pen.put(timeline::symbol(mark), theme.faint),
        Some(mark) => pen.put(timeline::symbol(mark), timeline::style(mark, theme)),
        None => pen.skip(1),
    };
    pen.skip(1);
    let text = if pen.left() >= LONG_FROM {
        &line.long
    } else {
        &line.short
    };
    pen.prose(text, style, theme);
}

fn style(weight: Weight, theme: &Theme) -> Style {
    match weight {
        Weight::Routine => theme.faint,
        Weight::Step => Style::new(),
        Weight::Act => theme.accent.remove_modifier(Modifier::BOLD),
        Weight::Turn => theme.strong,
    }
}

/// The lines in view, by their places.
pub fn in_view(scene: &Scene<'_>, area: Rect) -> Range<usize> {
    let mut seen = visible(scene, pane::inner(area));
    let first = seen.next().unwrap_or(0);
    first..seen.last().unwrap_or(first) + 1
}

pub fn hit(scene: &Scene<'_>, area: Rect, place: Position) -> Hit {
    let inner = pane::inner(area);
    if !inner.contains(place) {
        return Hit::Pane(Pane::Story);
    }
    let row = usize::from(place.y - inner.y);
    visible(scene, inner)
        .nth(row)
        .map_or(Hit::Pane(Pane::Story), Hit::Line)
}
