//! The logs: a row for each node, a column for each index, and how many disks hold the selected node's entries.
//!
//! Fact and knowledge stand apart. The commit mark in a row is what that node *knows*; the bottom row counts what
//! *is* on disks. Only the columns in view are looked at, however long the logs are.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::grid::{Grid, WIDE_FROM};
use super::text::{Pen, fit, width};
use super::{Hit, label, pane};
use crate::consensus::Flow;
use crate::playground::{Condition, NodeView, PeerView, RoleView};
use crate::types::{LogIndex, NodeId, Term};
use crate::ui::outlook::Count;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::{Pane, Scene};

/// The selected node, where it leads, and what it knows of the others.
pub fn leading<'a>(scene: &Scene<'a>) -> Option<&'a std::collections::BTreeMap<NodeId, PeerView>> {
    let selected = selected(scene)?;
    match &selected.role {
        RoleView::Leader { peers, .. } if selected.condition != Condition::Down => Some(peers),
        RoleView::Leader { .. }
        | RoleView::PreCandidate { .. }
        | RoleView::Candidate { .. }
        | RoleView::Follower { .. } => None,
    }
}

fn selected<'a>(scene: &Scene<'a>) -> Option<&'a NodeView> {
    scene
        .view
        .selected(scene.snapshot)
        .and_then(|id| scene.snapshot.node(id))
}

/// The log that others are held against: the newest leader's, whatever a stale one has.
fn model<'a>(scene: &Scene<'a>) -> Option<&'a NodeView> {
    scene.snapshot.leaders().first().copied()
}

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let hint = if scene.view.finger().is_some() {
        "· Enter says why what is marked is as it is ".to_owned()
    } else {
        legend(scene, area.width)
    };
    let inner = pane::draw("Logs", &hint, theme, area, buffer);
    let grid = Grid::of(scene, inner);
    draw_indices(scene, &grid, theme, &mut Pen::new(buffer, inner, 0));
    for (row, node) in (1..inner.height).zip(grid.nodes(scene)) {
        draw_row(scene, &grid, node, theme, &mut Pen::new(buffer, inner, row));
    }
    let nodes = scene.snapshot.nodes.len();
    if grid.rows < nodes {
        let (first, last) = (grid.top + 1, grid.top + grid.rows);
        pane::foot(
            &format!("{first}–{last} of {nodes} nodes · ← → the others"),
            theme,
            area,
            buffer,
        );
    }
    let bottom = u16::try_from(grid.rows + 1).unwrap_or(u16::MAX);
    draw_disks(scene, &grid, theme, &mut Pen::new(buffer, inner, bottom));
}

/// The longest explanation that fits in the title.
fn legend(scene: &Scene<'_>, columns: u16) -> String {
    let model = model(scene).map_or_else(String::new, |node| {
        format!(" · {} unlike {}'s", glyph::CONFLICT, node.id)
    });
    let long = format!(
        "· left of {}: this node knows it is committed · {} not on disk yet{model} ",
        glyph::COMMIT,
        glyph::PENDING
    );
    let short = format!(
        "· {} known committed · {} not on disk{model} ",
        glyph::COMMIT,
        glyph::PENDING
    );
    let room = columns.saturating_sub(10);
    [long, short]
        .into_iter()
        .find(|text| width(text) <= room)
        .unwrap_or_default()
}

fn draw_indices(scene: &Scene<'_>, grid: &Grid, theme: &Theme, pen: &mut Pen<'_>) {
    let (first, last) = grid.ends;
    let asked = asked(scene);
    pen.skip(grid.before - 1);
    pen.put(
        if grid.first > first { glyph::MORE_LEFT } else { ' ' },
        theme.strong,
    );
    for index in grid.indices() {
        let style = if Some(index) == asked {
            theme.chosen
        } else {
            theme.faint
        };
        let number = if index.number() <= last {
            index.to_string()
        } else {
            String::new()
        };
        let rest = grid.cell().saturating_sub(1 + width(&number));
        pen.skip(1).write(&number, style).skip(rest);
    }
    if grid.first + u64::from(grid.columns) <= last {
        pen.put(glyph::MORE_RIGHT, theme.strong);
    }
    if leading(scene).is_some() && grid.inner.width >= WIDE_FROM {
        pen.align_right(grid.progress).write("  match  next", theme.faint);
    }
}

/// The index that the line whose why is shown is about.
fn asked(scene: &Scene<'_>) -> Option<LogIndex> {
    scene.story.get(scene.view.explained()?)?.why.index
}

fn draw_row(scene: &Scene<'_>, grid: &Grid, node: &NodeView, theme: &Theme, pen: &mut Pen<'_>) {
    let is_selected = scene.view.selected(scene.snapshot) == Some(node.id);
    draw_name(scene, grid, node, is_selected, theme, pen);
    let finger = scene.view.finger().filter(|_| is_selected);
    let is_up = node.condition != Condition::Down;
    let committed_before = is_up && node.commit.number() + 1 == grid.first;
    pen.put(if committed_before { glyph::COMMIT } else { ' ' }, theme.strong);
    let model = model(scene);
    for index in grid.indices() {
        let is_pointed_at = finger == Some(Some(index));
        draw_cell(node, index, (model, is_pointed_at), grid, theme, pen);
    }
    if let Some(peer) = leading(scene)
        .filter(|_| grid.inner.width >= WIDE_FROM)
        .and_then(|peers| peers.get(&node.id))
    {
        let next = peer.next.number();
        let next = match peer.flow {
            Flow::Probe(_) => format!("{next:>6}?"),
            Flow::Replicate { .. } => format!("{next:>6}"),
            Flow::Snapshot(sending) => {
                let total = selected(scene)
                    .and_then(|leader| leader.snapshot)
                    .map_or(0, |snapshot| snapshot.bytes);
                format!("{:>7}", label::pieces(sending.received, total, scene.snapshot))
            }
        };
        let progress = format!("{:>7}{next}", peer.matched.number());
        pen.align_right(grid.progress).write(&progress, theme.strong);
    }
}

fn draw_name(
    scene: &Scene<'_>,
    grid: &Grid,
    node: &NodeView,
    is_selected: bool,
    theme: &Theme,
    pen: &mut Pen<'_>,
) {
    let marker = if is_selected { glyph::HERE } else { ' ' };
    let name = format!("{:<1$}", node.id.to_string(), usize::from(grid.name));
    let head = format!(
        " {} t{:<2$}",
        label::symbol(node, scene.snapshot),
        node.term.number(),
        usize::from(grid.node_term)
    );
    let (word, word_style) = match (node.condition, &node.role) {
        (Condition::Down, _) => ("down".to_owned(), theme.bad),
        (Condition::Frozen, _) => ("frozen".to_owned(), theme.warn),
        (Condition::Up, RoleView::Leader { .. }) if label::is_stale(node, scene.snapshot) => {
            ("stale".to_owned(), theme.warn)
        }
        (Condition::Up, RoleView::Leader { .. }) => {
            let word = if grid.word > 5 { "leader" } else { "lead" };
            (word.to_owned(), theme.strong)
        }
        (Condition::Up, RoleView::PreCandidate { granted, .. }) => {
            (voted("pre", granted, node, scene, grid), theme.warn)
        }
        (Condition::Up, RoleView::Candidate { granted, .. }) => {
            (voted("cand", granted, node, scene, grid), theme.warn)
        }
        (Condition::Up, RoleView::Follower { .. }) => (
            label::timer_bar(node, scene.snapshot, grid.word - 1),
            label::timer_style(node, scene.snapshot, theme),
        ),
    };
    let is_pointed_at = is_selected && scene.view.finger() == Some(None);
    let style = if is_pointed_at {
        theme.chosen
    } else {
        label::style(node, theme).remove_modifier(Modifier::UNDERLINED)
    };
    let word = fit_plain(&word, grid.word);
    pen.put(marker, theme.accent)
        .write(&name, style)
        .write(&head, style)
        .skip(1)
        .write(&word, word_style)
        .skip(grid.word - width(&word));
}

/// Cut without an ellipsis: `froze` for `frozen`.
fn fit_plain(text: &str, columns: u16) -> String {
    text.chars().take(usize::from(columns)).collect()
}

fn draw_cell(
    node: &NodeView,
    index: LogIndex,
    (model, is_pointed_at): (Option<&NodeView>, bool),
    grid: &Grid,
    theme: &Theme,
    pen: &mut Pen<'_>,
) {
    if is_pointed_at && node.log.entry(index).is_none() {
        let blank = " ".repeat(usize::from(grid.cell()));
        pen.write(&blank, theme.chosen);
        return;
    }
    if index.number() > 0 && index <= node.log.base().index {
        return draw_dropped(node, index, grid, theme, pen);
    }
    let Some(entry) = node.log.entry(index) else {
        pen.skip(grid.cell());
        return;
    };
    let is_up = node.condition != Condition::Down;
    let is_conflict = model.is_some_and(|model| conflicts(model, index, entry.term));
    let lead = match (is_conflict, index > node.durable) {
        (true, _) => glyph::CONFLICT,
        (false, true) => glyph::PENDING,
        (false, false) => ' ',
    };
    let mut style = match (is_up, index <= node.commit) {
        (true, true) => theme.committed(entry.term),
        (true, false) => theme.term(entry.term),
        (false, _) => theme.faint,
    };
    if is_conflict {
        style = style.add_modifier(Modifier::CROSSED_OUT);
    }
    if is_pointed_at {
        style = theme.chosen;
    }
    let value = fit(&label::payload(entry), grid.value).into_owned();
    let padding = usize::from(grid.value - width(&value));
    let term = usize::from(grid.entry_term);
    let text = format!("{lead}{:>term$} {value}{:padding$}", entry.term.number(), "");
    pen.write(&text, style);
    let is_mark = is_up && index == node.commit;
    pen.put(if is_mark { glyph::COMMIT } else { ' ' }, theme.strong);
}

/// What a snapshot stands for: at the last of it, how far it goes; the commit mark, where no entry is there to bear it.
fn draw_dropped(node: &NodeView, index: LogIndex, grid: &Grid, theme: &Theme, pen: &mut Pen<'_>) {
    let base = node.log.base().index;
    let forms = [
        format!(" {}1–{base}", glyph::SNAPSHOT),
        format!(" {}–{base}", glyph::SNAPSHOT),
        format!(" {}", glyph::SNAPSHOT),
    ];
    let room = grid.cell() - 1;
    let form = forms.iter().find(|form| index == base && width(form) <= room);
    let text = form.unwrap_or(&forms[2]);
    let is_mark = node.condition != Condition::Down && index == node.commit;
    pen.write(text, theme.faint)
        .skip(room.saturating_sub(width(text)))
        .put(if is_mark { glyph::COMMIT } else { ' ' }, theme.strong);
}

/// What a candidate has, and needs; in words as far as there is room.
fn voted(word: &str, granted: &BTreeSet<NodeId>, node: &NodeView, scene: &Scene<'_>, grid: &Grid) -> String {
    let votes = Count::of(granted, node, scene.snapshot).short();
    let whole = format!("{word}{votes}");
    if width(&whole) <= grid.word { whole } else { votes }
}

/// Whether the model has another entry at this index.
fn conflicts(model: &NodeView, index: LogIndex, term: Term) -> bool {
    model.log.term_at(index).is_some_and(|models| models != term)
}

fn draw_disks(scene: &Scene<'_>, grid: &Grid, theme: &Theme, pen: &mut Pen<'_>) {
    let Some(node) = selected(scene) else {
        return;
    };
    let names = [format!("{}'s on disk:", node.id), "on disk:".to_owned()];
    let name = names
        .iter()
        .find(|name| width(name) < grid.before)
        .map_or("disks", String::as_str);
    pen.skip(1)
        .write(name, theme.faint)
        .skip(grid.before.saturating_sub(1 + width(name)));
    let mut shown = 0;
    let mut majority = String::new();
    for index in grid.indices() {
        if index <= node.log.base().index {
            pen.skip(grid.cell());
            continue;
        }
        if node.log.entry(index).is_none() {
            break;
        }
        shown += 1;
        let count = Count::of(&scene.snapshot.holders(node, index), node, scene.snapshot);
        majority = count.majority();
        let style = if count.is_enough() { theme.good } else { theme.warn };
        let columns = usize::from(grid.cell() - 2);
        let number = if count.is_joint() {
            count.short()
        } else {
            count.has().to_string()
        };
        let number = fit(&number, grid.cell() - 2);
        let text = format!(" {number:<columns$} ");
        pen.write(&text, style);
    }
    let hint = format!("disks hold it; {majority}");
    if shown > 0 && pen.left() > width(&hint) + 1 {
        pen.skip(1).write(&hint, theme.faint);
    }
}

/// The indices in view.
pub fn in_view(scene: &Scene<'_>, area: Rect) -> RangeInclusive<u64> {
    let grid = Grid::of(scene, pane::inner(area));
    grid.first..=grid.first + u64::from(grid.columns) - 1
}

pub fn hit(scene: &Scene<'_>, area: Rect, place: Position) -> Hit {
    let inner = pane::inner(area);
    let grid = Grid::of(scene, inner);
    let nothing = Hit::Pane(Pane::Logs);
    if !inner.contains(place) || place.y == inner.y {
        return nothing;
    }
    let row = usize::from(place.y - inner.y - 1);
    let Some(node) = grid.nodes(scene).nth(row) else {
        return nothing;
    };
    let Some(column) = (place.x - inner.x).checked_sub(grid.before) else {
        return Hit::Node(node.id);
    };
    let index = grid.indices().nth(usize::from(column / grid.cell()));
    match index.filter(|&index| node.log.entry(index).is_some()) {
        Some(index) => Hit::Entry { node: node.id, index },
        None => nothing,
    }
}
