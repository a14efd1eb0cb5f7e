//! The time line: the whole run in one row, with a mark for everything worth one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::Hit;
use super::text::{Pen, width};
use crate::playground::Mark;
use crate::types::VirtualTime;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

/// The marks that the legend names, in its order.
const LEGEND: [(Mark, &str); 5] = [
    (Mark::Election, "election"),
    (Mark::Leader, "leader"),
    (Mark::Commit, "commit"),
    (Mark::Cut, "cut"),
    (Mark::Crash, "crash"),
];
/// From so many columns on, there is room for a legend.
const LEGEND_FROM: u16 = 76;

/// The columns before the line.
const START: u16 = 3;

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let legend = if area.width >= LEGEND_FROM {
        legend_width()
    } else {
        0
    };
    let line = columns(area);
    let here = scene
        .journey
        .past
        .map(|_| column(scene.snapshot.now, end(scene), line));
    let mut pen = Pen::new(buffer, area, 0);
    pen.write(" 0 ", theme.faint);
    for (place, mark) in marks(scene, line).into_iter().enumerate() {
        match mark {
            _ if here == Some(place) => pen.put(glyph::FOLLOWER, theme.strong),
            Some(mark) => pen.put(symbol(mark), style(mark, theme)),
            None => pen.put(glyph::LINE, theme.faint),
        };
    }
    match here {
        Some(_) => pen.write("  end", theme.faint),
        None => pen.put(glyph::FOLLOWER, theme.strong).write(" now", theme.strong),
    };
    if legend > 0 {
        pen.align_right(legend);
        for (mark, word) in LEGEND {
            pen.put(symbol(mark), style(mark, theme))
                .write(" ", theme.faint)
                .write(word, theme.faint)
                .skip(1);
        }
    }
}

/// The columns of the line itself.
fn columns(area: Rect) -> u16 {
    let legend = if area.width >= LEGEND_FROM {
        legend_width()
    } else {
        0
    };
    area.width.saturating_sub(legend + 10)
}

/// The end of what is known.
fn end(scene: &Scene<'_>) -> VirtualTime {
    scene.journey.past.map_or(scene.snapshot.now, |past| past.end)
}

/// The time that stands at a place of the line.
pub fn hit(scene: &Scene<'_>, area: Rect, place: Position) -> Hit {
    let line = columns(area);
    let column = place.x.saturating_sub(area.x + START);
    if place.x < area.x + START || column > line {
        return Hit::Nothing;
    }
    let last = u128::from(line.saturating_sub(1).max(1));
    let nanos = u128::from(end(scene).nanos()) * u128::from(column) / last;
    let nanos = u64::try_from(nanos).unwrap_or(u64::MAX).min(end(scene).nanos());
    Hit::Time(VirtualTime::from_nanos(nanos))
}

fn legend_width() -> u16 {
    LEGEND.iter().map(|(_, word)| width(word) + 3).sum()
}

/// For each column the weightiest mark that falls into it.
fn marks(scene: &Scene<'_>, columns: u16) -> Vec<Option<Mark>> {
    let mut marks = vec![None; usize::from(columns)];
    let shown = scene.story.shown(0..scene.story.shown_len());
    for line in shown.map(|line| &scene.story[line]) {
        let Some(mark) = line.mark else { continue };
        let Some(place) = marks.get_mut(column(line.at, end(scene), columns)) else {
            continue;
        };
        if place.is_none_or(|other| rank(mark) >= rank(other)) {
            *place = Some(mark);
        }
    }
    marks
}

fn column(at: VirtualTime, now: VirtualTime, columns: u16) -> usize {
    let last = u128::from(columns.saturating_sub(1));
    let column = u128::from(at.nanos()) * last / u128::from(now.nanos().max(1));
    usize::try_from(column.min(last)).unwrap_or(usize::MAX)
}

const fn rank(mark: Mark) -> u8 {
    match mark {
        Mark::Violation => 5,
        Mark::Crash => 4,
        Mark::Cut => 3,
        Mark::Leader => 2,
        Mark::Election => 1,
        Mark::Commit => 0,
    }
}

/// A mark's glyph.
pub const fn symbol(mark: Mark) -> char {
    match mark {
        Mark::Election => glyph::CANDIDATE,
        Mark::Leader => glyph::LEADER,
        Mark::Commit => glyph::CHECK,
        Mark::Cut => glyph::WALL,
        Mark::Crash => glyph::DOWN,
        Mark::Violation => '!',
    }
}

/// A mark's style.
pub const fn style(mark: Mark, theme: &Theme) -> Style {
    match mark {
        Mark::Election => theme.warn,
        Mark::Leader => theme.strong,
        Mark::Commit => theme.good,
        Mark::Cut => theme.wall,
        Mark::Crash => theme.bad,
        Mark::Violation => theme.alarm,
    }
}
