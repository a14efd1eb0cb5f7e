//! The cluster: nodes on a ring, what lies between them, what moves between them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::label::{self, LabelSize};
use super::text::{Pen, width};
use super::{Hit, pane, wall, wire};
use crate::playground::{NodeView, Snapshot};
use crate::types::NodeId;
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::{Overlay, Pane, Scene};

/// The letters that the legend always has: there is no cluster without them. The others stand there while they are on the wire.
const ALWAYS: [char; 2] = ['V', 'A'];

/// Where the nodes stand.
#[derive(Clone, Debug)]
pub struct Ring {
    /// The room that the ring has.
    pub inner: Rect,
    /// The nodes' places, by id.
    pub seats: Vec<Seat>,
    /// Whether they stand in a ring, each beside its neighbours.
    pub is_round: bool,
    size: LabelSize,
}

/// A node's place.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The node.
    pub node: NodeId,
    /// The cells of its label.
    pub area: Rect,
    /// The columns of each of its rows.
    widths: Vec<u16>,
    /// Where shorter rows stand in the area: 0 is left, 1 right.
    lean: f64,
}

impl Seat {
    /// The cells of each row: what lies behind the label shows where there is no text.
    pub fn rows(&self) -> impl Iterator<Item = Rect> + '_ {
        let rows = (self.area.y..self.area.bottom()).zip(&self.widths);
        rows.map(|(y, &columns)| {
            let columns = columns.min(self.area.width);
            Rect {
                x: self.area.x + share(self.area.width - columns, self.lean),
                y,
                width: columns,
                height: 1,
            }
        })
    }

    /// Whether a cell is hidden by the label.
    pub fn covers(&self, cell: Position) -> bool {
        self.rows().any(|row| row.contains(cell))
    }

    /// The row that names the node: there its links end.
    pub fn head(&self) -> Rect {
        self.rows().next().unwrap_or(self.area)
    }
}

impl Ring {
    /// The largest labels that don't lie over each other; a plain grid where not even the smallest do.
    pub fn of(snapshot: &Snapshot, inner: Rect) -> Self {
        let rings = LabelSize::ALL.map(|size| move || Self::round(snapshot, inner, size).spread());
        rings
            .iter()
            .map(|ring| ring())
            .find(|ring| !ring.has_overlap())
            .unwrap_or_else(|| Self::grid(snapshot, inner))
    }

    /// The place of a node.
    pub fn seat(&self, node: NodeId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.node == node)
    }

    fn round(snapshot: &Snapshot, inner: Rect, size: LabelSize) -> Self {
        let corners = corners(snapshot.nodes.len());
        let seat = |(node, corner): (&NodeView, &Corner)| {
            let rows = label::rows(node, snapshot, size);
            // A column for the mark of what is selected, and one for a gap.
            let widths: Vec<u16> = rows.iter().map(|row| width(row) + 2).collect();
            let columns = widths.iter().copied().max().unwrap_or(0).min(inner.width);
            let rows = size.rows().min(inner.height);
            let area = Rect {
                x: inner.x + share(inner.width - columns, corner.across),
                y: inner.y + share(inner.height - rows, corner.down),
                width: columns,
                height: rows,
            };
            Seat {
                node: node.id,
                area,
                widths,
                lean: lean(corner.across),
            }
        };
        let seats = snapshot.nodes.iter().zip(&corners).map(seat).collect();
        Self {
            inner,
            seats,
            is_round: true,
            size,
        }
    }

    fn grid(snapshot: &Snapshot, inner: Rect) -> Self {
        let column = 6;
        let count = u16::try_from(snapshot.nodes.len()).unwrap_or(u16::MAX);
        let across = (inner.width / column).max(1);
        let gap = (inner.height / count.div_ceil(across).max(1)).max(1);
        let seat = |(place, node): (u16, &NodeView)| {
            let area = Rect {
                x: inner.x + place % across * column,
                y: inner.y + place / across * gap,
                width: column,
                height: 1,
            };
            Seat {
                node: node.id,
                area: area.intersection(inner),
                widths: vec![column],
                lean: 0.0,
            }
        };
        Self {
            inner,
            seats: (0..).zip(&snapshot.nodes).map(seat).collect(),
            is_round: false,
            size: LabelSize::Tiny,
        }
    }

    /// The columns that labels side by side keep between them. Where labels have two rows there is a ring to speak
    /// of, and messages need room.
    fn gap(&self) -> u16 {
        if self.size.rows() > 1 { 4 } else { 0 }
    }

    /// Moves labels that are too near to each other apart, as far as the room allows.
    fn spread(mut self) -> Self {
        for one in 0..self.seats.len() {
            for other in one + 1..self.seats.len() {
                let (left, right) = if self.seats[one].area.x <= self.seats[other].area.x {
                    (one, other)
                } else {
                    (other, one)
                };
                self.part(left, right);
            }
        }
        self
    }

    /// Moves two labels apart: half of the way each, more where the other can't.
    fn part(&mut self, left: usize, right: usize) {
        let (a, b) = (self.seats[left].area, self.seats[right].area);
        let is_beside = a.y < b.bottom() && b.y < a.bottom();
        let overlap = (a.right() + self.gap()).saturating_sub(b.x);
        if !is_beside || overlap == 0 {
            return;
        }
        let room_left = a.x - self.inner.x;
        let room_right = self.inner.right().saturating_sub(b.right());
        let forth = (overlap / 2)
            .max(overlap.saturating_sub(room_left))
            .min(room_right);
        let back = (overlap - forth).min(room_left);
        self.seats[left].area.x -= back;
        self.seats[right].area.x += forth;
    }

    fn has_overlap(&self) -> bool {
        let gap = self.gap();
        let padded = |row: Rect| Rect {
            width: row.width + gap,
            ..row
        };
        let overlaps = |(place, one): (usize, &Seat)| {
            let mut others = self.seats[place + 1..].iter();
            others.any(|other| {
                let heads = padded(one.head()).intersects(padded(other.head()));
                heads || one.area.intersects(other.area)
            })
        };
        self.seats.iter().enumerate().any(overlaps)
    }
}

/// A place on the ring, as shares of the room: 0 is left or top, 1 right or bottom.
#[derive(Clone, Copy, Debug)]
struct Corner {
    across: f64,
    down: f64,
}

/// The corners of a regular polygon, the first at the top, the others clockwise, stretched to fill the room.
fn corners(count: usize) -> Vec<Corner> {
    if count == 2 {
        // Side by side: a screen is wider than it is high.
        return [0.0, 1.0].map(|across| Corner { across, down: 0.5 }).to_vec();
    }
    let angles = (0..count).map(|place| turn(place, count));
    let points: Vec<(f64, f64)> = angles.map(|angle| (angle.sin(), -angle.cos())).collect();
    let across = extent(points.iter().map(|point| point.0));
    let down = extent(points.iter().map(|point| point.1));
    points
        .iter()
        .map(|&(x, y)| Corner {
            across: within(across, x),
            down: within(down, y),
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "there are far fewer nodes than 2^52")]
fn turn(place: usize, count: usize) -> f64 {
    std::f64::consts::TAU * place as f64 / count.max(1) as f64
}

/// Rows of a label lean towards the edge that they are near.
fn lean(across: f64) -> f64 {
    if across < 0.4 {
        0.0
    } else if across > 0.6 {
        1.0
    } else {
        0.5
    }
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// Where a value lies between two; in the middle where they are the same.
fn within((low, high): (f64, f64), value: f64) -> f64 {
    if high - low < 1e-9 {
        0.5
    } else {
        (value - low) / (high - low)
    }
}

/// A share of so many cells, in whole cells.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a `u16` is one"
)]
fn share(cells: u16, share: f64) -> u16 {
    (f64::from(cells) * share.clamp(0.0, 1.0)).round() as u16
}

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let inner = pane::draw("Cluster", "", theme, area, buffer);
    draw_legend(scene.snapshot, theme, area, buffer);
    let ring = Ring::of(scene.snapshot, inner);
    wall::draw(scene, &ring, theme, buffer);
    let chosen = match &scene.view.overlay {
        Some(Overlay::Messages(hand)) => hand.message(scene.snapshot),
        Some(_) | None => None,
    };
    wire::draw(scene.snapshot, chosen, &ring, theme, buffer);
    for (seat, node) in ring.seats.iter().zip(&scene.snapshot.nodes) {
        let is_selected = scene.view.selected(scene.snapshot) == Some(node.id);
        let rows = label::rows(node, scene.snapshot, ring.size);
        for (at, (area, row)) in seat.rows().zip(&rows).enumerate() {
            pane::blank(theme, area, buffer);
            let is_head = at == 0;
            let marker = if is_head && is_selected { glyph::HERE } else { ' ' };
            let style = if is_head {
                label::style(node, theme)
            } else {
                label::second_style(node, scene.snapshot, theme)
            };
            Pen::new(buffer, area, 0)
                .put(marker, theme.accent)
                .write(row, style);
        }
    }
}

/// What the letters mean, from the fullest form to the barest.
fn legends(snapshot: &Snapshot) -> [String; 4] {
    let signs = wire::SIGNS.iter();
    let shown = signs.filter(|(letter, _)| ALWAYS.contains(letter) || wire::shows(snapshot, *letter));
    let names: Vec<String> = shown.map(|(letter, what)| format!("{letter} {what}")).collect();
    let joined = |gap: &str| names.join(gap);
    [
        format!(
            " {} · small: answer, + yes - no · • heartbeat ◦ answer ",
            joined(" · ")
        ),
        format!(" {}  small + - answer  • heartbeat ", joined("  ")),
        format!(" {} a+ yes a- no ", joined(" ")),
        format!(" {} ", joined(" ")),
    ]
}

fn draw_legend(snapshot: &Snapshot, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let room = area.width.saturating_sub(4);
    if let Some(legend) = legends(snapshot).iter().find(|legend| width(legend) <= room) {
        let row = Rect {
            x: area.x + 2,
            width: room,
            ..area
        };
        Pen::new(buffer, row, area.height.saturating_sub(1)).write(legend, theme.faint);
    }
}

pub fn hit(scene: &Scene<'_>, area: Rect, place: Position) -> Hit {
    let ring = Ring::of(scene.snapshot, pane::inner(area));
    ring.seats
        .iter()
        .find(|seat| seat.covers(place))
        .map_or(Hit::Pane(Pane::Cluster), |seat| Hit::Node(seat.node))
}
