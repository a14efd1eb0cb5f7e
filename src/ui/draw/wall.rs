//! The wall of a partition: every cell belongs to the group of the node nearest to it, and the wall runs where
//! neighbouring cells belong to different groups. So any partition, of nodes in any places, has a wall without gaps.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ring::Ring;
use crate::types::NodeId;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

pub fn draw(scene: &Scene<'_>, ring: &Ring, theme: &Theme, buffer: &mut Buffer) {
    let groups = match scene.view.draft() {
        Some(draft) => &draft.groups,
        None => &scene.snapshot.partition,
    };
    if groups.len() < 2 {
        return;
    }
    let owners = owners(ring, groups);
    let columns = usize::from(ring.inner.width);
    for (row, y) in (ring.inner.y..ring.inner.bottom()).enumerate() {
        for (column, x) in (ring.inner.x..ring.inner.right()).enumerate() {
            let here = row * columns + column;
            let right = (column + 1 < columns).then_some(here + 1);
            let left = column.checked_sub(1).map(|_| here - 1);
            let below = Some(here + columns);
            let differs = |there: Option<usize>| {
                there
                    .and_then(|there| owners.get(there))
                    .is_some_and(|&owner| owner != owners[here])
            };
            let is_wall = differs(right) || differs(left) || differs(below);
            if let Some(cell) = buffer.cell_mut((x, y)).filter(|_| is_wall) {
                cell.set_char(glyph::WALL).set_style(theme.wall);
            }
        }
    }
}

/// For each cell, row by row, the group of the node nearest to it.
fn owners(ring: &Ring, groups: &[BTreeSet<NodeId>]) -> Vec<usize> {
    let seats: Vec<(Rect, usize)> = ring
        .seats
        .iter()
        .enumerate()
        .map(|(place, seat)| {
            let group = groups.iter().position(|group| group.contains(&seat.node));
            // Whoever is not named is a group of its own.
            (seat.area, group.unwrap_or(groups.len() + place))
        })
        .collect();
    let inner = ring.inner;
    let cells = (inner.y..inner.bottom()).flat_map(|y| (inner.x..inner.right()).map(move |x| (x, y)));
    cells
        .map(|(x, y)| {
            let nearest = seats.iter().min_by_key(|(area, _)| distance(*area, x, y));
            nearest.map_or(0, |&(_, group)| group)
        })
        .collect()
}

/// The square of the distance from an area to a cell. A cell is twice as high as it is wide.
fn distance(area: Rect, x: u16, y: u16) -> u32 {
    let across = u32::from(area.x.saturating_sub(x).max((x + 1).saturating_sub(area.right())));
    let down = u32::from(
        area.y
            .saturating_sub(y)
            .max((y + 1).saturating_sub(area.bottom())),
    );
    across * across + 4 * down * down
}
