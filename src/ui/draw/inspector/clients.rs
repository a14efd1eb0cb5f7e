//! What clients ask and are told: a lane for each, a bar for each call from when it was made to its answer, and whether all of it together can be.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthChar;

use super::super::text::{Pen, width};
use crate::consensus::ReadWay;
use crate::playground::{BarEnd, ClientBar, ClientLane, ClientsVerdict, ClientsView, Load};
use crate::types::VirtualTime;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

/// The columns of a client's name.
const NAME: u16 = 18;
/// So many of the latest calls are in sight, or two for each lane where that is more.
const IN_SIGHT: usize = 8;
/// From so many rows on, half of them are left to the calls in words.
const ROWS_FOR_WORDS: u16 = 9;
/// What is asked for where nobody has asked anything.
const HINT: &str = "Nobody has asked yet: n proposes, :read x reads, w has clients ask.";

/// The verdict, the lanes, the times, and as many calls in words as there are rows.
pub fn draw(scene: &Scene<'_>, theme: &Theme, inner: Rect, buffer: &mut Buffer) {
    let Some(clients) = scene.clients else {
        return;
    };
    let (mark, forms, style) = verdict(clients, scene.snapshot.settings.load, theme);
    // Behind the mark; the longest that fits, else the shortest.
    let fits = |form: &&String| width(form) + 3 <= inner.width;
    let words = forms
        .iter()
        .find(fits)
        .or(forms.last())
        .cloned()
        .unwrap_or_default();
    let mut pen = Pen::new(buffer, inner, 0);
    pen.skip(1).put(mark, style).write(" ", style);
    pen.prose(&words, style, theme);
    if clients.lanes.is_empty() {
        return;
    }
    let left = inner.height.saturating_sub(1);
    let for_lanes = if left >= ROWS_FOR_WORDS { left / 2 } else { left };
    let lanes = latest(&clients.lanes, usize::from(for_lanes));
    let scale = Scale::of(&lanes, scene.snapshot.now, inner.width.saturating_sub(NAME));
    let mut row = 1;
    for lane in &lanes {
        draw_lane(lane, scale, theme, &mut Pen::new(buffer, inner, row));
        row += 1;
    }
    if row < inner.height {
        draw_times(scale, theme, &mut Pen::new(buffer, inner, row));
        row += 1;
    }
    let mut told: Vec<(&ClientLane, &ClientBar)> = clients
        .lanes
        .iter()
        .flat_map(|lane| lane.bars.iter().map(move |bar| (lane, bar)))
        .collect();
    told.sort_by_key(|(_, bar)| std::cmp::Reverse(bar.called));
    for (row, (lane, bar)) in (row..inner.height).zip(told) {
        let (_, style) = looks(bar, theme);
        let mut pen = Pen::new(buffer, inner, row);
        pen.write(&format!(" {:>8}  ", bar.called), theme.faint);
        pen.prose(&in_words(lane, bar), style, theme);
    }
}

/// Both judges in a line, in forms from long to short.
fn verdict(clients: &ClientsView, load: Option<Load>, theme: &Theme) -> (char, Vec<String>, Style) {
    let calls = match (clients.calls, clients.unknown) {
        (1, 0) => "1 call".to_owned(),
        (calls, 0) => format!("{calls} calls"),
        (calls, open) => format!("{calls} calls, {open} of unknown end"),
    };
    let calls = load.map_or(calls.clone(), |load| format!("{calls}; {}/s", load.per_second));
    match (&clients.verdict, &clients.witness) {
        (ClientsVerdict::NotKept(reason), None) => (glyph::DOT, vec![reason.clone()], theme.warn),
        (ClientsVerdict::Nothing, None) => (glyph::DOT, vec![HINT.to_owned()], theme.base),
        (ClientsVerdict::NotLinearizable(why), _) => (
            glyph::DOWN,
            vec![format!("not linearizable: {why}   ({calls})")],
            theme.bad,
        ),
        (
            ClientsVerdict::Nothing
            | ClientsVerdict::NotKept(_)
            | ClientsVerdict::Linearizable
            | ClientsVerdict::Undecided,
            Some(seen),
        ) => (
            glyph::DOWN,
            vec![format!("clients do not see one log: {seen}   ({calls})")],
            theme.bad,
        ),
        (ClientsVerdict::Linearizable, None) => (
            glyph::CHECK,
            vec![
                format!("linearizable so far: some order explains every answer   ({calls})"),
                format!("linearizable so far   ({calls})"),
            ],
            theme.good,
        ),
        (ClientsVerdict::Undecided, None) => (
            glyph::CHECK,
            vec![
                format!("every answer fits the log; too much to look for an order at each step   ({calls})"),
                format!("every answer fits the log   ({calls})"),
            ],
            theme.base,
        ),
    }
}

/// So many lanes: those that were used last, in their order.
fn latest(lanes: &[ClientLane], most: usize) -> Vec<&ClientLane> {
    let last = |lane: &ClientLane| lane.bars.last().map(|bar| bar.called);
    let mut used: Vec<(usize, &ClientLane)> = lanes.iter().enumerate().collect();
    used.sort_by_key(|(place, lane)| std::cmp::Reverse((last(lane), *place)));
    used.truncate(most);
    used.sort_by_key(|(place, _)| *place);
    used.into_iter().map(|(_, lane)| lane).collect()
}

/// Which moment is in which column.
#[derive(Clone, Copy, Debug)]
struct Scale {
    start: VirtualTime,
    /// In nanoseconds; at least one.
    span: u64,
    end: VirtualTime,
    columns: u16,
}

impl Scale {
    /// From a while before the latest calls to now, or to where nothing is open any more.
    fn of(lanes: &[&ClientLane], now: VirtualTime, columns: u16) -> Self {
        let bars = || lanes.iter().flat_map(|lane| &lane.bars);
        let is_open = bars().any(|bar| bar.end.at().is_none());
        let last = bars().filter_map(|bar| bar.end.at()).max();
        let end = last.filter(|_| !is_open).unwrap_or(now).min(now);
        let mut calls: Vec<VirtualTime> = bars().map(|bar| bar.called).collect();
        calls.sort_unstable();
        let in_sight = IN_SIGHT.max(2 * lanes.len());
        let first = calls[calls.len().saturating_sub(in_sight)..].first().copied();
        let needed = first.map_or(0, |first| end.nanos().saturating_sub(first.nanos()));
        let span = round_up(needed);
        Self {
            start: VirtualTime::from_nanos(end.nanos().saturating_sub(span)),
            span,
            end,
            columns,
        }
    }

    fn column(self, at: VirtualTime) -> usize {
        let last = u128::from(self.columns.saturating_sub(1));
        let into = u128::from(at.min(self.end).nanos().saturating_sub(self.start.nanos()));
        usize::try_from(into * last / u128::from(self.span)).unwrap_or_default()
    }
}

/// The next of 1, 2, 5, 10, 20, 50… milliseconds: so the scale stands still for a while.
fn round_up(nanos: u64) -> u64 {
    let mut decade = 1_000_000_u64;
    loop {
        for step in [1, 2, 5] {
            let span = decade.saturating_mul(step);
            if span >= nanos {
                return span;
            }
        }
        decade = decade.saturating_mul(10);
    }
}

fn draw_lane(lane: &ClientLane, scale: Scale, theme: &Theme, pen: &mut Pen<'_>) {
    let name = name(lane);
    pen.skip(1).write(&name, theme.accent);
    pen.skip((NAME - 1).saturating_sub(width(&name)));
    let mut cells = vec![(' ', theme.base); usize::from(scale.columns)];
    for bar in &lane.bars {
        let is_before = bar.end.at().is_some_and(|end| end < scale.start);
        if !is_before && !cells.is_empty() {
            draw_bar(bar, scale, theme, &mut cells);
        }
    }
    for (character, style) in cells {
        pen.put(character, style);
    }
}

/// `s4, next #3`.
fn name(lane: &ClientLane) -> String {
    match (lane.session, lane.next) {
        (Some(session), Some(next)) => format!("{session}, next {next}"),
        (Some(session), None) => format!("{session}, closed"),
        (None, _) => format!("client {}", lane.number),
    }
}

/// `[#1 x=1━━━ok]`; without an end where there is none.
fn draw_bar(bar: &ClientBar, scale: Scale, theme: &Theme, cells: &mut [(char, Style)]) {
    let (fill, style) = looks(bar, theme);
    let from = scale.column(bar.called);
    let to = match bar.end {
        BarEnd::Answered { at, .. } | BarEnd::Refused(at) => scale.column(at),
        BarEnd::Unknown(_) | BarEnd::Waiting => cells.len() - 1,
    };
    let to = to.clamp(from, cells.len() - 1);
    cells[from..=to].fill((fill, style));
    write_in(bar, style, &mut cells[(from + 1).min(to)..to]);
    for (at, _) in bar.tries.iter().skip(1) {
        let again = scale.column(*at).clamp(from, to);
        cells[again] = (glyph::AGAIN, theme.accent);
    }
    cells[from] = (if bar.is_repeated { glyph::AGAIN } else { '[' }, style);
    match bar.end {
        BarEnd::Answered { .. } if to > from => cells[to] = (']', style),
        BarEnd::Answered { .. } => cells[to] = ('|', style),
        BarEnd::Refused(_) => cells[to] = (glyph::DOWN, style),
        BarEnd::Unknown(at) => cells[scale.column(at).clamp(from, to)] = ('?', style),
        BarEnd::Waiting => {}
    }
}

/// Writes into a bar what is asked, and what was answered where there is room for that too.
fn write_in(bar: &ClientBar, style: Style, inside: &mut [(char, Style)]) {
    let narrow = |text: &str| -> Vec<char> {
        let letters = text.chars();
        letters.filter(|letter| letter.width() == Some(1)).collect()
    };
    let asked = narrow(&label(bar));
    for (cell, letter) in inside.iter_mut().zip(&asked) {
        *cell = (*letter, style);
    }
    if let BarEnd::Answered { answer, .. } = &bar.end {
        let answer = narrow(&format!("\u{2192}{answer}"));
        // What is written beside the words leaves a mark of a retry its place before the end.
        let end = inside.len().saturating_sub(usize::from(bar.tries.len() > 1) * 3);
        if asked.len() + answer.len() < end {
            for (cell, letter) in inside[end - answer.len()..end].iter_mut().zip(&answer) {
                *cell = (*letter, style);
            }
        }
    }
}

/// What a bar is filled with, and how.
fn looks(bar: &ClientBar, theme: &Theme) -> (char, Style) {
    match bar.end {
        BarEnd::Answered { .. } => (glyph::LINE, theme.base),
        BarEnd::Refused(_) => (glyph::DOT, theme.faint),
        BarEnd::Unknown(_) => (glyph::DOT, theme.warn),
        BarEnd::Waiting => (glyph::LINE, theme.accent),
    }
}

/// `#1 x=1`.
fn label(bar: &ClientBar) -> String {
    bar.serial
        .map_or_else(|| bar.words.clone(), |serial| format!("{serial} {}", bar.words))
}

fn draw_times(scale: Scale, theme: &Theme, pen: &mut Pen<'_>) {
    let [start, end] = [scale.start, scale.end].map(|at| at.to_string());
    pen.skip(NAME).write(&start, theme.faint);
    pen.align_right(width(&end)).write(&end, theme.faint);
}

/// `client 2: x=1 at S3 -> ok at 12.430`.
fn in_words(lane: &ClientLane, bar: &ClientBar) -> String {
    let who = match lane.session {
        Some(session) => session.to_string(),
        None => format!("client {}", lane.number),
    };
    let at = bar
        .tries
        .first()
        .map_or_else(String::new, |(_, at)| format!(" at {at}"));
    let way = match bar.way {
        Some(ReadWay::Log) => " by log",
        Some(ReadWay::Index) => " by index",
        Some(ReadWay::Lease) => " by lease",
        None => "",
    };
    let repeated = if bar.is_repeated {
        ", the same once more"
    } else {
        ""
    };
    let tries = match bar.tries.len() {
        0 | 1 => String::new(),
        tries => format!(", sent {tries} times"),
    };
    let end = match &bar.end {
        BarEnd::Answered { at, answer } => format!("{answer}, at {at}"),
        BarEnd::Refused(at) => format!("refused at {at}: it has no effect"),
        BarEnd::Unknown(at) => format!("unknown since {at}: it may take effect, or never"),
        BarEnd::Waiting => "no answer yet".to_owned(),
    };
    format!("{who}: {}{way}{at}{repeated}{tries} \u{2192} {end}", label(bar))
}
