//! Where everything goes. Width and height are decided apart; what teaches least goes first.
//!
//! All of it from 100×28. Below 28 rows or 100 columns the inspector goes, below 20 rows or 72 columns the ring (the
//! rows of the logs carry role, term and timer as well). Below 40×12 nothing useful is left.

use ratatui::layout::{Rect, Size};

use super::view::{Pane, Scene};

/// The smallest screen that shows anything.
pub const SMALLEST: Size = Size::new(40, 12);

/// The smallest screen with an inspector.
const INSPECTOR_FROM: Size = Size::new(100, 28);
/// From so many rows on, the three views stand as two over one.
const STACKED_FROM: u16 = 20;
/// From so many columns on, two views stand side by side.
const BESIDE_FROM: u16 = 72;
/// From so many rows on, the notes have room.
const NOTES_FROM: u16 = 15;
/// From so many rows on, they have all their room beside a broken promise.
const BOTH_FROM: u16 = 22;
/// The rows of frame, index header and disks around the rows of the logs.
const LOGS_AROUND: u16 = 4;
/// The rows that ring and story want at least.
const TOP_ROWS: u16 = 8;
/// The rows of who leads and of what happened last, a line each.
const CAPTION_ROWS: u16 = 2;
/// The rows that the story wants at least where it stands alone.
const STORY_ROWS: u16 = 5;
/// The rows that logs want at least.
const LOGS_ROWS: u16 = 6;
/// The most columns that the story makes use of.
const STORY_COLUMNS: u16 = 90;

/// The places on the screen. What has no place is not drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Time, leaders, which Raft.
    pub header: Rect,
    /// The broken promise, where one is.
    pub banner: Option<Rect>,
    /// The notes strip.
    pub notes: Option<Rect>,
    /// Who leads and what happened last, for the back row.
    pub caption: Option<Rect>,
    /// The ring.
    pub cluster: Option<Rect>,
    /// The story.
    pub story: Option<Rect>,
    /// The logs.
    pub logs: Option<Rect>,
    /// The inspector.
    pub inspector: Option<Rect>,
    /// The time line.
    pub timeline: Rect,
    /// The key bar.
    pub keys: Rect,
}

impl Layout {
    /// The places for a scene; `None` where the screen is too small.
    pub fn of(area: Rect, scene: &Scene<'_>) -> Option<Self> {
        if area.width < SMALLEST.width || area.height < SMALLEST.height {
            return None;
        }
        let mut rest = area;
        let header = take_top(&mut rest, 1);
        let keys = take_bottom(&mut rest, 1);
        let timeline = take_bottom(&mut rest, 1);
        let notes = &scene.view.notes;
        let has_notes = !notes.hidden && !notes.steps.is_empty() && area.height >= NOTES_FROM;
        let has_banner = scene.view.violation.is_some();
        // On a low screen a broken promise and a note have a row each.
        let strip = if has_banner && has_notes && area.height < BOTH_FROM {
            1
        } else {
            2
        };
        let banner = has_banner.then(|| take_top(&mut rest, strip));
        let notes = has_notes.then(|| take_top(&mut rest, strip));
        let mut layout = Self {
            header,
            banner,
            notes,
            caption: None,
            cluster: None,
            story: None,
            logs: None,
            inspector: None,
            timeline,
            keys,
        };
        let rows = u16::try_from(scene.snapshot.nodes.len()).unwrap_or(u16::MAX);
        if scene.view.presents {
            let logs = rows.saturating_add(LOGS_AROUND);
            let spare = rest.height.saturating_sub(TOP_ROWS.saturating_add(logs));
            // No server is left out of the logs for larger words.
            let most = caption_rows(area);
            layout.caption = Some(take_top(&mut rest, spare.clamp(most.min(CAPTION_ROWS), most)));
        }
        if scene.view.presents && scene.view.zoom.is_none() {
            layout.place_presented(rest, rows);
        } else {
            layout.place_panes(area, rest, scene.view.zoom, rows);
        }
        Some(layout)
    }

    fn place_panes(&mut self, screen: Rect, rest: Rect, zoom: Option<Pane>, nodes: u16) {
        match zoom {
            Some(Pane::Cluster) => self.cluster = Some(rest),
            Some(Pane::Story) => self.story = Some(rest),
            Some(Pane::Logs) => self.logs = Some(rest),
            Some(Pane::Inspector) => self.inspector = Some(rest),
            None if screen.height < STACKED_FROM => self.place_flat(rest, nodes),
            None => self.place_stacked(screen, rest, nodes),
        }
    }

    /// The ring over the logs, and nothing beside them; the logs alone where there is no room for both.
    fn place_presented(&mut self, mut rest: Rect, nodes: u16) {
        let logs = nodes.saturating_add(LOGS_AROUND);
        if rest.height >= TOP_ROWS + LOGS_ROWS {
            let room = rest.height - TOP_ROWS;
            self.logs = Some(take_bottom(&mut rest, logs.min(room)));
            self.cluster = Some(rest);
        } else {
            self.logs = Some(rest);
        }
    }

    /// Two over one, and the inspector below.
    fn place_stacked(&mut self, screen: Rect, mut rest: Rect, nodes: u16) {
        let logs = nodes.saturating_add(LOGS_AROUND);
        let inspector = inspector_rows(screen);
        if inspector > 0 && rest.height >= inspector + logs.min(LOGS_ROWS + 5) + TOP_ROWS {
            self.inspector = Some(take_bottom(&mut rest, inspector));
        }
        let top = if rest.width < BESIDE_FROM {
            STORY_ROWS
        } else {
            TOP_ROWS
        };
        let room = rest.height.saturating_sub(top).max(LOGS_ROWS);
        self.logs = Some(take_bottom(&mut rest, logs.min(room)));
        if rest.width < BESIDE_FROM {
            self.story = Some(rest);
            return;
        }
        let cluster =
            (35 + (rest.width.saturating_sub(80)) * 3 / 10).max(rest.width.saturating_sub(STORY_COLUMNS));
        self.cluster = Some(take_left(&mut rest, cluster));
        self.story = Some(rest);
    }

    /// A low screen: logs and story, side by side where there are columns for both.
    fn place_flat(&mut self, mut rest: Rect, nodes: u16) {
        if rest.width >= BESIDE_FROM {
            let story = (rest.width * 2 / 5).min(STORY_COLUMNS);
            self.story = Some(take_left(&mut rest, story));
            self.logs = Some(rest);
            return;
        }
        let logs = nodes.saturating_add(LOGS_AROUND).min(rest.height);
        let spare = rest.height - logs;
        if spare >= 3 {
            self.story = Some(take_top(&mut rest, spare));
        }
        self.logs = Some(rest);
    }
}

/// What who leads and what happened last take: large letters only where ring and logs still have room.
fn caption_rows(screen: Rect) -> u16 {
    match screen.height {
        ..20 => 1,
        20..30 => 3,
        30.. => 7,
    }
}

fn inspector_rows(screen: Rect) -> u16 {
    if screen.width < INSPECTOR_FROM.width || screen.height < INSPECTOR_FROM.height {
        0
    } else if screen.height < 40 {
        6
    } else {
        8
    }
}

fn take_top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let taken = Rect {
        height: rows,
        ..*rest
    };
    rest.y += rows;
    rest.height -= rows;
    taken
}

fn take_bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect {
        y: rest.bottom(),
        height: rows,
        ..*rest
    }
}

fn take_left(rest: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(rest.width);
    let taken = Rect {
        width: columns,
        ..*rest
    };
    rest.x += columns;
    rest.width -= columns;
    taken
}
