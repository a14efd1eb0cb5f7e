//! Which cells of the logs stand where: drawing and the mouse go by the same grid.

use ratatui::layout::Rect;

use super::label;
use super::logs::leading;
use super::text::width;
use crate::playground::NodeView;
use crate::types::LogIndex;
use crate::ui::view::Scene;

/// The narrowest value in a cell: `x=3`.
const VALUE_MIN: u16 = 3;
/// The widest, where there is room: `{1-3}>{3-5}+4`.
const VALUE_MOST: u16 = 16;
/// The columns of `match` and `next`.
const PROGRESS: u16 = 15;
/// From so many columns on, rows have whole words, and cells long values.
pub const WIDE_FROM: u16 = 60;

/// Which cells stand where.
#[derive(Clone, Debug)]
pub struct Grid {
    pub inner: Rect,
    /// The columns before the first cell.
    pub before: u16,
    pub name: u16,
    pub node_term: u16,
    pub word: u16,
    /// The first index in view.
    pub first: u64,
    /// How many indices are in view.
    pub columns: u16,
    pub entry_term: u16,
    pub value: u16,
    /// The first node in view.
    pub top: usize,
    /// How many nodes are in view.
    pub rows: usize,
    /// The first and the last index that any log has.
    pub ends: (u64, u64),
    /// The columns from `match` on to the right edge.
    pub progress: u16,
}

impl Grid {
    pub fn of(scene: &Scene<'_>, inner: Rect) -> Self {
        let nodes = &scene.snapshot.nodes;
        let most = |of: &dyn Fn(&NodeView) -> u16| nodes.iter().map(of).max().unwrap_or(1);
        let name = most(&|node| width(&node.id.to_string()));
        let node_term = most(&|node| digits(node.term.number()));
        let word = if inner.width >= WIDE_FROM { 7 } else { 5 };
        let before = name + node_term + word + 7;
        let ends = (
            nodes
                .iter()
                .map(|node| node.log.base().index.number().max(1))
                .min()
                .unwrap_or(1),
            nodes
                .iter()
                .map(|node| node.log.last_index().number())
                .max()
                .unwrap_or(0),
        );
        let rows = usize::from(inner.height.saturating_sub(2)).min(nodes.len());
        let selected = scene.view.selected(scene.snapshot);
        let chosen = nodes
            .iter()
            .position(|node| Some(node.id) == selected)
            .unwrap_or(0);
        let mut grid = Self {
            inner,
            before,
            name,
            node_term,
            word,
            first: ends.0,
            columns: 0,
            entry_term: 1,
            value: VALUE_MIN,
            top: (chosen + 1).saturating_sub(rows),
            rows,
            ends,
            progress: 0,
        };
        grid.choose_columns(scene);
        grid
    }

    /// The indices in view, and cells as wide as their entries: the width depends on which are in view, so those
    /// that would be with the narrowest cells decide.
    fn choose_columns(&mut self, scene: &Scene<'_>) {
        let progress = if leading(scene).is_some() && self.inner.width >= WIDE_FROM {
            PROGRESS
        } else {
            0
        };
        let room = self.inner.width.saturating_sub(self.before + progress);
        let scroll = scene.view.log_scroll;
        let ends = self.ends;
        let first = |columns: u16| {
            let latest = (ends.1 + 1).saturating_sub(u64::from(columns)).max(ends.0);
            scroll.map_or(latest, |first| first.clamp(ends.0, ends.1.max(ends.0)))
        };
        self.columns = (room / self.cell()).max(1);
        self.first = first(self.columns);
        // Longer values where all entries have room so.
        let entries = u16::try_from(ends.1 + 1 - ends.0).unwrap_or(u16::MAX);
        let longest = room / entries.max(1);
        let limit = match self.inner.width {
            ..WIDE_FROM => 6,
            WIDE_FROM..110 => 8,
            110.. => 12,
        };
        let limit = limit.max(longest.saturating_sub(self.cell() - self.value).min(VALUE_MOST));
        let (mut value, mut term) = (VALUE_MIN, 1);
        for node in &scene.snapshot.nodes {
            for index in self.first..=ends.1.min(self.first + u64::from(self.columns)) {
                if let Some(entry) = node.log.entry(LogIndex::new(index)) {
                    value = value.max(width(&label::payload(entry)).min(limit));
                    term = term.max(digits(entry.term.number()));
                }
            }
        }
        // An index must fit above its cell as well.
        self.value = value.max((digits(ends.1) + 1).saturating_sub(term + 2));
        self.entry_term = term;
        self.columns = (room / self.cell()).max(1);
        self.first = first(self.columns);
        self.progress = self.place_progress(room);
    }

    /// Near the entries that it is about, but in steps, so that it does not move with each of them.
    fn place_progress(&self, room: u16) -> u16 {
        let used = (self.ends.1 + 1).saturating_sub(self.first);
        let used = u16::try_from(used.next_multiple_of(4) + 2).unwrap_or(u16::MAX);
        let spare = room.saturating_sub(used.saturating_mul(self.cell()));
        PROGRESS + spare
    }

    /// The columns of a cell: what it is, term, value, commit mark.
    pub const fn cell(&self) -> u16 {
        1 + self.entry_term + 1 + self.value + 1
    }

    pub fn indices(&self) -> impl Iterator<Item = LogIndex> + use<> {
        (self.first..self.first + u64::from(self.columns)).map(LogIndex::new)
    }

    pub fn nodes<'a>(&self, scene: &Scene<'a>) -> impl Iterator<Item = &'a NodeView> + use<'a> {
        scene.snapshot.nodes.iter().skip(self.top).take(self.rows)
    }
}

/// How many decimal digits a number has.
fn digits(number: u64) -> u16 {
    u16::try_from(number.checked_ilog10().unwrap_or(0) + 1).unwrap_or(20)
}
