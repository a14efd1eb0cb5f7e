//! The header: time, who leads, which Raft, whether every promise still holds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{Pen, width};
use crate::consensus::{Protections, Rule};
use crate::playground::{Condition, NodeView};
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::{Pace, Scene, Speed};

/// A stretch of text in one style.
type Piece = (String, Style);

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, theme.bar);
    let (left, right) = fitting(scene, theme, area.width);
    let mut pen = Pen::new(buffer, area, 0);
    for (text, style) in &left {
        pen.write(text, *style);
    }
    pen.align_right(columns(&right) + 1);
    for (text, style) in &right {
        pen.write(text, *style);
    }
}

fn columns(pieces: &[Piece]) -> u16 {
    pieces.iter().map(|(text, _)| width(text)).sum()
}

/// The fullest left and right part that fit side by side. First the seed goes, then the name of the Raft, then the
/// speed, then the leaders.
fn fitting(scene: &Scene<'_>, theme: &Theme, room: u16) -> (Vec<Piece>, Vec<Piece>) {
    let [seeded, bare, barest] = left_variants(scene, theme);
    let rights = right_variants(scene, theme);
    let mut pairs = Vec::new();
    for right in &rights {
        pairs.extend([(seeded.clone(), right.clone()), (bare.clone(), right.clone())]);
    }
    pairs.extend(rights.last().map(|right| (barest.clone(), right.clone())));
    pairs.push((bare, vec![safe(scene, theme)]));
    let is_fitting = |(left, right): &(Vec<Piece>, Vec<Piece>)| columns(left) + columns(right) + 2 <= room;
    pairs
        .into_iter()
        .find(is_fitting)
        .unwrap_or_else(|| (barest, vec![safe(scene, theme)]))
}

fn safe(scene: &Scene<'_>, theme: &Theme) -> Piece {
    match scene.view.violation {
        None if !scene.snapshot.broken.is_empty() => (
            format!("{} {} broken", glyph::DOWN, scene.snapshot.broken.len()),
            theme.bad,
        ),
        None => (format!("safe {}", glyph::CHECK), theme.good),
        Some(_) => (format!("{} BROKEN", glyph::DOWN), theme.alarm),
    }
}

/// From the fullest to the barest.
fn left_variants(scene: &Scene<'_>, theme: &Theme) -> [Vec<Piece>; 3] {
    let is_past = scene.journey.past.is_some();
    let pace = match scene.view.pace {
        _ if scene.snapshot.settings.manual.is_on() => (" MANUAL ".to_owned(), theme.chosen),
        Pace::Paused if is_past => (" PAST ".to_owned(), theme.chosen),
        Pace::Paused => (" PAUSED ".to_owned(), theme.chosen),
        // Whatever lies over the screen holds time.
        Pace::Running if scene.view.overlay.is_some() => (" HELD ".to_owned(), theme.chosen),
        Pace::Running if is_past => (" AGAIN ".to_owned(), theme.good),
        Pace::Running => (" RUNNING ".to_owned(), theme.good),
        Pace::ToNextLine => (" TO NEXT ".to_owned(), theme.good),
    };
    let time = (format!(" {} s", scene.snapshot.now), theme.strong);
    let speed = (format!("  {}", speed(scene)), Style::new());
    let numbered = (format!("  seed {}", scene.snapshot.seed), Style::new());
    let mut barest = vec![pace, time];
    if !scene.journey.branches.is_empty() {
        barest.push((format!(" {}", scene.journey.branch), theme.accent));
    }
    let mut bare = barest.clone();
    if let Some(past) = scene.journey.past {
        bare.push((format!(" of {}", past.end), Style::new()));
    }
    bare.push(speed);
    let mut seeded = bare.clone();
    seeded.push(numbered);
    [seeded, bare, barest]
}

fn speed(scene: &Scene<'_>) -> String {
    let speed = scene.view.speed;
    let ratio = match speed.ratio(scene.snapshot) {
        None => "max".to_owned(),
        Some((numerator, 1)) => format!("{numerator}×"),
        Some((numerator, denominator)) => format!("{numerator}/{denominator}×"),
    };
    match speed {
        Speed::Auto => format!("auto {ratio}"),
        Speed::Times { .. } | Speed::Max => ratio,
    }
}

/// Leaders, which Raft, and whether all is well, from the fullest to the barest.
fn right_variants(scene: &Scene<'_>, theme: &Theme) -> Vec<Vec<Piece>> {
    let gap = || ("   ".to_owned(), Style::new());
    let with = |raft: Option<Piece>| {
        let mut pieces = leaders(scene, theme);
        pieces.push(gap());
        if let Some(raft) = raft {
            pieces.extend([raft, gap()]);
        }
        pieces.push(safe(scene, theme));
        pieces
    };
    let names = raft_names(scene, theme).into_iter().map(Some);
    names.chain([None]).map(with).collect()
}

/// Which Raft is played: with rules broken on purpose, these before all else.
fn raft_names(scene: &Scene<'_>, theme: &Theme) -> Vec<Piece> {
    let broken: Vec<&str> = scene.snapshot.settings.rules.broken().map(Rule::word).collect();
    match broken[..] {
        [] => protections(scene.snapshot.settings.protections),
        [one] => vec![
            (format!("rule broken: {one}"), theme.bad),
            ("rule broken".to_owned(), theme.bad),
        ],
        [..] => vec![
            (format!("rules broken: {}", broken.join(", ")), theme.bad),
            (format!("{} rules broken", broken.len()), theme.bad),
        ],
    }
}

fn protections(on: Protections) -> Vec<Piece> {
    let names: &[&str] = match (on.pre_vote.is_on(), on.check_quorum.is_on()) {
        (false, true) if on.lease.is_on() => &["Raft + CheckQuorum + leases (no PreVote)", "CQ + lease"],
        (true, true) if on.lease.is_on() => &["Raft + PreVote + CheckQuorum + leases", "PV + CQ + lease"],
        (false, false) => &["paper Raft (no PreVote, no CheckQuorum)", "paper Raft"],
        (true, false) => &["Raft + PreVote (no CheckQuorum)", "PreVote"],
        (false, true) => &["Raft + CheckQuorum (no PreVote)", "CheckQuorum"],
        (true, true) => &["Raft + PreVote + CheckQuorum", "PV + CQ"],
    };
    names
        .iter()
        .map(|name| ((*name).to_owned(), Style::new()))
        .collect()
}

fn leaders(scene: &Scene<'_>, theme: &Theme) -> Vec<Piece> {
    let leaders = scene.snapshot.leaders();
    let Some(newest) = leaders.first().map(|leader| leader.term) else {
        return vec![("no leader".to_owned(), theme.warn)];
    };
    let mut pieces = Vec::new();
    for leader in leaders {
        if !pieces.is_empty() {
            pieces.push((format!(" {} ", glyph::DOT), Style::new()));
        }
        let style = if leader.term == newest {
            theme.term_block(leader.term)
        } else {
            theme.term(leader.term)
        };
        pieces.push((leader_text(leader, leader.term < newest), style));
    }
    pieces
}

fn leader_text(leader: &NodeView, is_stale: bool) -> String {
    let stale = if is_stale { " stale" } else { "" };
    let frozen = if leader.condition == Condition::Frozen {
        " frozen"
    } else {
        ""
    };
    format!(
        " {} {} t{}{stale}{frozen} ",
        glyph::LEADER,
        leader.id,
        leader.term
    )
}
