//! The time line: the whole run in one row, with a mark for everything worth one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

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

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let legend = if area.width >= LEGEND_FROM {
        legend_width()
    } else {
        0
    };
    let line = area.width.saturating_sub(legend + 10);
    let marks = marks(scene, line);
    let mut pen = Pen::new(buffer, area, 0);
    pen.write(" 0 ", theme.faint);
    for mark in marks {
        match mark {
            Some(mark) => pen.put(symbol(mark), style(mark, theme)),
            None => pen.put(glyph::LINE, theme.faint),
        };
    }
    pen.put(glyph::FOLLOWER, theme.strong).write(" now", theme.strong);
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

fn legend_width() -> u16 {
    LEGEND.iter().map(|(_, word)| width(word) + 3).sum()
}

/// For each column the weightiest mark that falls into it.
fn marks(scene: &Scene<'_>, columns: u16) -> Vec<Option<Mark>> {
    let mut marks = vec![None; usize::from(columns)];
    let marked = scene.story.iter().filter_map(|line| Some((line.at, line.mark?)));
    for (at, mark) in marked {
        let Some(place) = marks.get_mut(column(at, scene.snapshot.now, columns)) else {
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
