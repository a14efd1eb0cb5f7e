//! What lies and moves between two nodes: cut links, and messages on their way.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::ring::Ring;
use crate::playground::{MessageView, Snapshot};
use crate::types::{
    AppendReply, Forward, Gossip, Message, NodeId, PreVoteReply, ProposalOutcome, SnapshotReply, VoteReply,
    Wish,
};
use crate::ui::theme::{Theme, glyph};
use crate::ui::view::{Motion, is_routine};

/// How many cells of its way a message leaves behind it in sight.
const TRAIL: usize = 3;

/// Where a message stands that is not to move, in parts per thousand of its way.
const STANDS_AT: u64 = 700;

/// How much of its way a message is seen to have gone, in parts per thousand.
fn travelled(message: &MessageView, snapshot: &Snapshot, theme: &Theme) -> u64 {
    match theme.motion {
        Motion::Smooth => message.travelled_permille(snapshot.now),
        Motion::Reduced => STANDS_AT,
    }
}

/// Draws heartbeats, over them cut links, over these the messages that tell something new.
/// The chosen message lies over all others.
pub fn draw(
    snapshot: &Snapshot,
    chosen: Option<&MessageView>,
    ring: &Ring,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let (routine, telling): (Vec<_>, Vec<_>) = snapshot
        .messages
        .iter()
        .partition(|message| is_routine(message, snapshot));
    for message in routine {
        draw_routine(message, snapshot, ring, theme, buffer);
    }
    draw_cuts(snapshot, ring, theme, buffer);
    for message in telling {
        draw_telling(message, snapshot, ring, theme, buffer);
    }
    if let Some(message) = chosen {
        draw_chosen(message, snapshot, ring, theme, buffer);
    }
}

/// The whole way of the chosen message, and the message in reverse.
fn draw_chosen(message: &MessageView, snapshot: &Snapshot, ring: &Ring, theme: &Theme, buffer: &mut Buffer) {
    let way = way(ring, message.envelope.from, message.envelope.to);
    let Some(here) = place(&way, travelled(message, snapshot, theme)) else {
        return;
    };
    for &cell in &way {
        if buffer.cell(cell).is_some_and(|cell| cell.symbol() == " ") {
            put(buffer, cell, glyph::DOT, theme.chosen);
        }
    }
    let (letter, verdict) = letters(&message.envelope.message);
    let style = theme.chosen.add_modifier(Modifier::BOLD | Modifier::REVERSED);
    let (x, y) = way[here];
    put(buffer, (x, y), letter, style);
    if let Some(verdict) = verdict.filter(|_| x + 1 < ring.inner.right()) {
        put(buffer, (x + 1, y), verdict, style);
    }
}

/// Draws the links that are cut by hand; what a partition cuts is drawn as a wall.
fn draw_cuts(snapshot: &Snapshot, ring: &Ring, theme: &Theme, buffer: &mut Buffer) {
    for &(from, to) in &snapshot.cut {
        let is_both_ways = snapshot.cut.contains(&(to, from));
        if is_parted(snapshot, from, to) || is_both_ways && from > to {
            continue;
        }
        let mut way = way(ring, from, to);
        // What other labels cover can't be seen: the marks go where they can be.
        way.retain(|&cell| !ring.seats.iter().any(|seat| seat.covers(cell.into())));
        for &cell in &way {
            put(buffer, cell, glyph::DOT, theme.wall);
        }
        let cross = theme.wall.add_modifier(Modifier::BOLD);
        if is_both_ways {
            mark(buffer, &way, 500, glyph::CUT, cross);
        } else {
            mark(buffer, &way, 400, arrow(&way), cross);
            mark(buffer, &way, 750, glyph::CUT, cross);
        }
    }
}

/// Whether a partition stands between two nodes.
fn is_parted(snapshot: &Snapshot, from: NodeId, to: NodeId) -> bool {
    let group = |node| snapshot.partition.iter().position(|group| group.contains(&node));
    !snapshot.partition.is_empty() && (group(from) != group(to) || group(from).is_none())
}

/// The way of what goes along a link that is cut one way.
fn arrow(way: &[(u16, u16)]) -> char {
    let (Some(&first), Some(&last)) = (way.first(), way.last()) else {
        return glyph::DOT;
    };
    let across = last.0.abs_diff(first.0);
    let down = last.1.abs_diff(first.1) * 2;
    match (across >= down, last.0 >= first.0, last.1 >= first.1) {
        (true, true, _) => '→',
        (true, false, _) => '←',
        (false, _, true) => '↓',
        (false, _, false) => '↑',
    }
}

fn draw_routine(message: &MessageView, snapshot: &Snapshot, ring: &Ring, theme: &Theme, buffer: &mut Buffer) {
    let way = way(ring, message.envelope.from, message.envelope.to);
    let symbol = match message.envelope.message {
        Message::Gossip(Gossip::Push(_)) => 'G',
        Message::Gossip(Gossip::Reply(_)) => 'g',
        Message::AppendReply(_) | Message::SnapshotReply(_) => glyph::HEARTBEAT_ANSWER,
        Message::AppendRequest(_)
        | Message::InstallSnapshot(_)
        | Message::PreVoteRequest(_)
        | Message::PreVoteReply(_)
        | Message::TimeoutNow(_)
        | Message::Forward(_)
        | Message::ForwardReply(_)
        | Message::VoteRequest(_)
        | Message::VoteReply(_) => glyph::HEARTBEAT,
    };
    let style = theme.term(message.envelope.term);
    mark(buffer, &way, travelled(message, snapshot, theme), symbol, style);
}

fn draw_telling(message: &MessageView, snapshot: &Snapshot, ring: &Ring, theme: &Theme, buffer: &mut Buffer) {
    let way = way(ring, message.envelope.from, message.envelope.to);
    let Some(here) = place(&way, travelled(message, snapshot, theme)) else {
        return;
    };
    let style = theme.term(message.envelope.term);
    let trail = match theme.motion {
        Motion::Smooth => TRAIL,
        Motion::Reduced => 0,
    };
    for &cell in &way[here.saturating_sub(trail)..here] {
        if buffer.cell(cell).is_some_and(|cell| cell.symbol() == " ") {
            put(buffer, cell, glyph::DOT, style);
        }
    }
    let (letter, verdict) = letters(&message.envelope.message);
    let style = style.add_modifier(Modifier::BOLD);
    let (x, y) = way[here];
    put(buffer, (x, y), letter, style);
    if let Some(verdict) = verdict.filter(|_| x + 1 < ring.inner.right()) {
        put(buffer, (x + 1, y), verdict, style);
    }
}

/// What the letters stand for, in the order in which a legend has them.
pub const SIGNS: [(char, &str); 8] = [
    ('V', "vote"),
    ('A', "append"),
    ('P', "pre-vote"),
    ('S', "snapshot"),
    ('T', "stand"),
    ('F', "request"),
    ('R', "read"),
    ('G', "routes"),
];

/// Whether a message of the kind that this letter stands for, or an answer to one, is on the wire.
pub fn shows(snapshot: &Snapshot, letter: char) -> bool {
    let mut messages = snapshot.messages.iter();
    messages.any(|message| letters(&message.envelope.message).0.eq_ignore_ascii_case(&letter))
}

/// A request is a capital letter, an answer a small one with what it says.
pub(super) const fn letters(message: &Message) -> (char, Option<char>) {
    match message {
        Message::PreVoteRequest(_) => ('P', None),
        Message::PreVoteReply(PreVoteReply::Granted { .. }) => ('p', Some('+')),
        Message::PreVoteReply(PreVoteReply::Refused) => ('p', Some('-')),
        Message::TimeoutNow(_) => ('T', None),
        Message::Forward(Forward {
            wish: Wish::Read(_), ..
        }) => ('R', None),
        Message::Forward(_) => ('F', None),
        Message::ForwardReply(reply) => match reply.outcome {
            ProposalOutcome::ReadAt(_) => ('r', Some('+')),
            ProposalOutcome::Appended(_) | ProposalOutcome::Joined(_) | ProposalOutcome::TransferStarted => {
                ('f', Some('+'))
            }
            ProposalOutcome::Refused(_)
            | ProposalOutcome::ChangeRefused(_)
            | ProposalOutcome::TransferRefused(_)
            | ProposalOutcome::Unknown => ('f', Some('-')),
        },
        Message::Gossip(Gossip::Push(_)) => ('G', None),
        Message::Gossip(Gossip::Reply(_)) => ('g', None),
        Message::VoteRequest(_) => ('V', None),
        Message::VoteReply(VoteReply::Granted) => ('v', Some('+')),
        Message::VoteReply(VoteReply::Refused) => ('v', Some('-')),
        Message::AppendRequest(_) => ('A', None),
        Message::AppendReply(AppendReply::Matched { .. }) => ('a', Some('+')),
        Message::AppendReply(AppendReply::Diverged { .. } | AppendReply::StaleTerm) => ('a', Some('-')),
        Message::InstallSnapshot(_) => ('S', None),
        Message::SnapshotReply(SnapshotReply::Received { .. }) => ('s', Some('+')),
        Message::SnapshotReply(SnapshotReply::StaleTerm) => ('s', Some('-')),
    }
}

/// The cells between two nodes' labels, from the one to the other.
fn way(ring: &Ring, from: NodeId, to: NodeId) -> Vec<(u16, u16)> {
    let (Some(from), Some(to)) = (ring.seat(from), ring.seat(to)) else {
        return Vec::new();
    };
    let (start, end) = (centre(from.head()), centre(to.head()));
    let steps = (end.0 - start.0).abs().max((end.1 - start.1).abs()).max(1);
    let mut cells = Vec::new();
    for step in 0..=steps {
        let along = |start: i32, end: i32| {
            let twice = 2 * (end - start) * step + steps * (end - start).signum();
            u16::try_from(start + twice / (2 * steps)).unwrap_or(0)
        };
        let cell = (along(start.0, end.0), along(start.1, end.1));
        let is_covered = from.covers(cell.into()) || to.covers(cell.into());
        if !is_covered {
            cells.push(cell);
        }
    }
    cells
}

fn centre(area: Rect) -> (i32, i32) {
    (
        i32::from(area.x) + i32::from(area.width) / 2,
        i32::from(area.y) + i32::from(area.height.saturating_sub(1)) / 2,
    )
}

/// Which cell of a way stands for so many parts per thousand of it.
fn place(way: &[(u16, u16)], permille: u64) -> Option<usize> {
    let last = way.len().checked_sub(1)?;
    let permille = usize::try_from(permille.min(1000)).unwrap_or(1000);
    Some((last * permille + 500) / 1000)
}

fn mark(buffer: &mut Buffer, way: &[(u16, u16)], permille: u64, symbol: char, style: Style) {
    if let Some(here) = place(way, permille) {
        put(buffer, way[here], symbol, style);
    }
}

fn put(buffer: &mut Buffer, cell: (u16, u16), symbol: char, style: Style) {
    if let Some(cell) = buffer.cell_mut(cell) {
        cell.set_char(symbol).set_style(style);
    }
}
