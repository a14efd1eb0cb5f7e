//! What the back row reads: who leads, and what happened last.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;
use tui_big_text::{BigText, PixelSize};

use super::text::{Pen, width, wrap};
use crate::playground::Snapshot;
use crate::types::Term;
use crate::ui::action::Step;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

/// The columns of a letter in large; it has as many rows.
const LETTER: u16 = 4;

/// Who leads, in large where there is room, and the last line of the story.
pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let (leads, term) = leads(scene.snapshot);
    let style = term.map_or(theme.warn, |term| theme.term_block(term));
    let letters = u16::try_from(leads.chars().count()).unwrap_or(u16::MAX);
    let is_large = area.height > LETTER && letters.saturating_mul(LETTER) <= area.width && !scene.view.ascii;
    let below = if is_large {
        let ink = term.map_or(theme.warn, |term| theme.term(term));
        draw_large(&leads, ink, area, buffer);
        LETTER
    } else {
        let mark = if term.is_some() {
            glyph::LEADER
        } else {
            glyph::DOWN
        };
        centre(&format!("  {mark} {leads}  "), style, theme, (area, 0), buffer);
        1
    };
    let here = scene.journey.here(scene.story.len());
    let line = here.and_then(|here| scene.story.shown_next(here + 1, Step::Back));
    let line = line.map_or("", |line| scene.story[line].long.as_str());
    for (row, text) in (below..area.height).zip(wrap(line, area.width.saturating_sub(4))) {
        centre(&text, theme.strong, theme, (area, row), buffer);
    }
    if let Some(key) = &scene.view.last_key {
        let mut pen = Pen::new(buffer, area, area.height.saturating_sub(1));
        pen.align_right(width(key) + 3)
            .write(" ", theme.base)
            .write(&format!(" {key} "), theme.bar);
    }
}

/// Who leads which term; without a term where nobody does.
fn leads(snapshot: &Snapshot) -> (String, Option<Term>) {
    match snapshot.leaders()[..] {
        [] => ("NOBODY LEADS".to_owned(), None),
        [leader] => (
            format!("{} LEADS TERM {}", leader.id, leader.term),
            Some(leader.term),
        ),
        [newest, stale, ..] => (
            format!(
                "{} LEADS {}, {} STILL {}",
                newest.id, newest.term, stale.id, stale.term
            ),
            Some(newest.term),
        ),
    }
}

fn draw_large(text: &str, style: Style, area: Rect, buffer: &mut Buffer) {
    let large = BigText::builder()
        .pixel_size(PixelSize::Quadrant)
        .alignment(Alignment::Center)
        .style(style)
        .lines([text.into()])
        .build();
    let area = Rect {
        height: LETTER.min(area.height),
        ..area
    };
    large.render(area, buffer);
}

fn centre(text: &str, style: Style, theme: &Theme, (area, row): (Rect, u16), buffer: &mut Buffer) {
    let before = area.width.saturating_sub(width(text)) / 2;
    Pen::new(buffer, area, row).skip(before).prose(text, style, theme);
}
