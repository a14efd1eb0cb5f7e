//! The mouse: a click selects, one on what is selected says why, the wheel scrolls, a drag from node to node cuts or mends the link, one
//! along the time line goes through time.

use ratatui::layout::Position;

use super::App;
use super::overlay::Touch;
use crate::types::NodeId;
use crate::ui::action::{Place, Step};
use crate::ui::because::Thing;
use crate::ui::draw::{self, Hit};
use crate::ui::layout::Layout;
use crate::ui::prompt;
use crate::ui::session::Playable;
use crate::ui::view::{Overlay, Pane, Selection, Tab};

/// Where a mouse button went down.
pub(super) enum Press {
    /// On a node.
    Node {
        /// The node.
        from: NodeId,
        /// What of it, where it was selected already.
        again: Option<Thing>,
    },
    /// On the time line: whoever drags goes through time.
    Time,
}

/// What of the cluster stands there.
fn thing_at(hit: Hit) -> Option<Thing> {
    match hit {
        Hit::Node(id) => Some(Thing::Node(id)),
        Hit::Entry { node, index } => Some(Thing::Entry { node, index }),
        Hit::Line(_) | Hit::Row(_) | Hit::Time(_) | Hit::Link(_) | Hit::Pane(_) | Hit::Nothing => None,
    }
}

impl<W: Playable> App<W> {
    pub(super) fn press(&mut self, place: Place) {
        self.pressed = None;
        match self.hit(place) {
            Hit::Node(id) => self.press_node(id, Thing::Node(id)),
            Hit::Entry { node, index } => self.press_node(node, Thing::Entry { node, index }),
            Hit::Line(line) => self.why_line(line),
            Hit::Row(row) => self.touch(Touch::Row(row)),
            Hit::Time(at) => {
                self.pressed = Some(Press::Time);
                self.go_to_time(at);
            }
            Hit::Link(link) => self.press_link(link),
            Hit::Pane(_) | Hit::Nothing => {}
        }
    }

    fn press_node(&mut self, id: NodeId, thing: Thing) {
        // The mouse takes over from the finger.
        if matches!(self.view.overlay, Some(Overlay::Point(_))) {
            self.view.overlay = None;
        }
        if self.view.overlay.is_some() {
            self.touch(Touch::Node(id));
        } else {
            let again = (self.view.selection == Selection::Node(id)).then_some(thing);
            self.pick(id);
            self.pressed = Some(Press::Node { from: id, again });
        }
    }

    /// Along the time line, wherever the hand slips off it.
    pub(super) fn drag(&mut self, place: Place) {
        let layout = Layout::of(self.area(), &self.scene());
        if let (Some(Press::Time), Some(layout)) = (&self.pressed, layout) {
            let row = layout.timeline.y;
            if let Hit::Time(at) = self.hit(Place { row, ..place }) {
                self.go_to_time(at);
            }
        }
    }

    pub(super) fn release(&mut self, place: Place) {
        let Some(Press::Node { from, again }) = self.pressed.take() else {
            return;
        };
        let hit = self.hit(place);
        if let Some(thing) = again.filter(|thing| thing_at(hit) == Some(*thing)) {
            return self.why_of(thing, None);
        }
        let to = match hit {
            Hit::Node(to) | Hit::Entry { node: to, .. } if to != from => to,
            Hit::Node(_)
            | Hit::Entry { .. }
            | Hit::Line(_)
            | Hit::Row(_)
            | Hit::Time(_)
            | Hit::Link(_)
            | Hit::Pane(_)
            | Hit::Nothing => return,
        };
        match prompt::link(self.session.snapshot(), from, to, false) {
            Ok(command) => self.command(command),
            Err(sentence) => self.complain(sentence),
        }
    }

    pub(super) fn wheel(&mut self, place: Place, step: Step) {
        if self.view.overlay.is_some() {
            return self.touch(Touch::Choose(step));
        }
        match self.hit(place) {
            Hit::Entry { .. } | Hit::Pane(Pane::Logs) => self.scroll_logs(step),
            Hit::Line(_) | Hit::Pane(Pane::Story) => self.scroll_story(step),
            Hit::Pane(Pane::Inspector) if self.view.tab == Tab::Disk => self.scroll_disk(step),
            Hit::Node(_)
            | Hit::Row(_)
            | Hit::Time(_)
            | Hit::Link(_)
            | Hit::Pane(Pane::Cluster | Pane::Inspector)
            | Hit::Nothing => {}
        }
    }

    fn scroll_story(&mut self, step: Step) {
        const LINES: usize = 3;
        let Some(seen) = draw::lines_in_view(&self.scene(), self.area()) else {
            return;
        };
        let story = self.session.story();
        let last = story.shown_before(seen.end).saturating_sub(1);
        self.view.story_scroll = match step {
            Step::Back if story.shown_before(seen.start) == 0 => return,
            Step::Back => story.shown_at(last.saturating_sub(LINES)),
            Step::Forward if last + LINES + 1 < story.shown_len() => story.shown_at(last + LINES),
            Step::Forward => None,
        };
    }

    /// Scrolls what is looked at closely: the records of a disk where they are in sight, else the logs.
    pub(super) fn scroll(&mut self, step: Step) {
        if self.session.disk().is_some() {
            self.scroll_disk(step);
        } else {
            self.scroll_logs(step);
        }
    }

    fn scroll_disk(&mut self, step: Step) {
        const WRITES: u64 = 3;
        let Some((first, last)) = draw::writes_in_view(&self.scene(), self.area()) else {
            return;
        };
        let Some(records) = self.session.disk() else {
            return;
        };
        let end = records.earlier + records.writes.len() as u64;
        self.view.disk_scroll = match step {
            Step::Back if first <= records.earlier => return,
            Step::Back => Some(last.saturating_sub(WRITES).max(records.earlier)),
            Step::Forward => Some(last + WRITES).filter(|last| last + 1 < end),
        };
    }

    fn scroll_logs(&mut self, step: Step) {
        const ENTRIES: u64 = 3;
        let nodes = self.session.snapshot().nodes.iter();
        let last = nodes
            .map(|node| node.log.last_index().number())
            .max()
            .unwrap_or(0);
        let Some(seen) = draw::indices_in_view(&self.scene(), self.area()) else {
            return;
        };
        self.view.log_scroll = match step {
            Step::Back => Some(seen.start().saturating_sub(ENTRIES).max(1)),
            Step::Forward => Some(seen.start() + ENTRIES).filter(|_| seen.end() + ENTRIES < last),
        };
    }

    fn hit(&self, place: Place) -> Hit {
        draw::hit(&self.scene(), self.area(), Position::new(place.column, place.row))
    }
}
