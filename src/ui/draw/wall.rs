//! The wall of a partition: every cell belongs to the group of the node nearest to it, and the wall runs where
//! neighbouring cells belong to different groups. So any partition, of nodes in any places, has a wall without gaps.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ring::{Ring, Seat};
use crate::types::NodeId;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::Scene;

/// In how many parts the way between two neighbours is cut.
const STEPS: u16 = 16;

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
    let group = |(place, seat): (usize, &Seat)| {
        let group = groups.iter().position(|group| group.contains(&seat.node));
        // Whoever is not named is a group of its own.
        (seat.area, group.unwrap_or(groups.len() + place))
    };
    let mut seats: Vec<(Rect, usize)> = ring.seats.iter().enumerate().map(group).collect();
    if ring.is_round {
        seats.extend(between(&seats));
    }
    let inner = ring.inner;
    let cells = (inner.y..inner.bottom()).flat_map(|y| (inner.x..inner.right()).map(move |x| (x, y)));
    cells
        .map(|(x, y)| {
            let nearest = seats.iter().min_by_key(|(area, _)| distance(*area, x, y));
            nearest.map_or(0, |&(_, group)| group)
        })
        .collect()
}

/// Neighbours of one group own what lies between them: else, in a flat ring, whoever sits across would come between.
fn between(seats: &[(Rect, usize)]) -> Vec<(Rect, usize)> {
    let next = seats.iter().cycle().skip(1);
    let neighbours = seats.iter().zip(next);
    let kin = neighbours.filter(|((_, group), (_, next))| group == next);
    kin.flat_map(|((one, group), (other, _))| (1..STEPS).map(move |step| (part(*one, *other, step), *group)))
        .collect()
}

/// A cell on the way from the middle of an area to that of another.
fn part(one: Rect, other: Rect, step: u16) -> Rect {
    let along = |from: u16, to: u16| {
        let [from, to, step, steps] = [from, to, step, STEPS].map(u32::from);
        u16::try_from((from * (steps - step) + to * step) / steps).expect("between two that fit")
    };
    let middle = |area: Rect| (area.x + area.width / 2, area.y + area.height / 2);
    let ((x, y), (to_x, to_y)) = (middle(one), middle(other));
    Rect::new(along(x, to_x), along(y, to_y), 1, 1)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::{ids, minority_leader};

    /// The cells that belong to the same group and are reached from a cell without leaving it.
    fn chamber(owners: &[usize], columns: usize, from: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(here) = open.pop() {
            let left = (here % columns > 0).then(|| here - 1);
            let right = (here % columns + 1 < columns).then_some(here + 1);
            let around = [left, right, here.checked_sub(columns), Some(here + columns)];
            for there in around.into_iter().flatten().filter(|there| *there < owners.len()) {
                if owners[there] == owners[here] && reached.insert(there) {
                    open.push(there);
                }
            }
        }
        reached
    }

    /// However flat the ring: who can hear each other stands in one chamber.
    #[test]
    fn neighbours_of_one_group_are_in_one_chamber() {
        let snapshot = minority_leader();
        let groups = [ids([1, 2]), ids([3, 4, 5])];
        for (width, height) in [(33, 8), (76, 6), (118, 8), (118, 12), (198, 14), (60, 20)] {
            let inner = Rect::new(1, 1, width, height);
            let ring = Ring::of(&snapshot, inner);
            let owners = owners(&ring, &groups);
            let columns = usize::from(width);
            let cell = |number: u64| {
                let seat = ring
                    .seat(crate::ui::fixture::id(number))
                    .expect("it stands there");
                let head = seat.head();
                usize::from(head.y - 1) * columns + usize::from(head.x - 1 + head.width / 2)
            };
            for (one, others) in [(1, vec![2]), (4, vec![3, 5])] {
                let chamber = chamber(&owners, columns, cell(one));
                for other in others {
                    assert!(
                        chamber.contains(&cell(other)),
                        "{width}x{height}: S{one} and S{other}"
                    );
                }
            }
        }
    }
}
