//! The branches of a run, as a small tree: each below the one that it left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::text::{Pen, wrap};
use crate::playground::BranchId;
use crate::ui::journey::BranchRow;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

pub fn draw(scene: &Scene<'_>, theme: &Theme, inner: Rect, buffer: &mut Buffer) {
    let journey = scene.journey;
    if journey.branches.is_empty() {
        let hint = "There is one run so far. Go back (\u{2191}, < or u) and do something else there: that begins a branch.";
        for (row, line) in (0..inner.height).zip(wrap(&theme.spelled(hint), inner.width.saturating_sub(2))) {
            Pen::new(buffer, inner, row)
                .skip(1)
                .prose(&line, theme.base, theme);
        }
        return;
    }
    let rows = tree(&journey.branches);
    let here = rows
        .iter()
        .position(|(_, row)| row.id == journey.branch)
        .unwrap_or(0);
    let first = here.saturating_sub(usize::from(inner.height.saturating_sub(1)));
    for (line, (depth, row)) in (0..inner.height).zip(&rows[first..]) {
        let is_here = row.id == journey.branch;
        let marker = if is_here { glyph::HERE } else { ' ' };
        let style = if is_here { theme.strong } else { theme.base };
        let stem = if *depth > 0 {
            format!("{}└ ", "  ".repeat(depth - 1))
        } else {
            String::new()
        };
        let verb = if is_here {
            String::new()
        } else {
            format!("   :branch {0} · :compare {0}", row.id)
        };
        Pen::new(buffer, inner, line)
            .put(marker, theme.accent)
            .write(&stem, theme.faint)
            .write(&row.id.to_string(), style)
            .write(&format!("  {}", row.words()), theme.base)
            .write(&verb, theme.faint);
    }
}

/// Every branch with how many it is away from the first run, each behind the one that it left.
fn tree(branches: &[BranchRow]) -> Vec<(usize, &BranchRow)> {
    let mut rows = Vec::new();
    for root in branches.iter().filter(|row| origin(row, branches).is_none()) {
        grow(root, 0, branches, &mut rows);
    }
    rows
}

fn grow<'a>(row: &'a BranchRow, depth: usize, all: &'a [BranchRow], rows: &mut Vec<(usize, &'a BranchRow)>) {
    rows.push((depth, row));
    for child in all.iter().filter(|child| origin(child, all) == Some(row.id)) {
        grow(child, depth + 1, all, rows);
    }
}

/// The branch that it left, where that is still kept.
fn origin(row: &BranchRow, all: &[BranchRow]) -> Option<BranchId> {
    let (from, _) = row.from?;
    all.iter()
        .any(|other| other.id == from && other.id != row.id)
        .then_some(from)
}
