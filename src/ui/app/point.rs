//! A finger on the logs: an entry, or a node, is chosen with the arrow keys, to ask why it is as it is.

use super::App;
use crate::consensus::Log;
use crate::types::LogIndex;
use crate::ui::action::{Reach, Step, Way};
use crate::ui::because::{AskedIn, Thing};
use crate::ui::draw;
use crate::ui::layout::Layout;
use crate::ui::session::Playable;
use crate::ui::view::{Overlay, Pane, Selection};

impl<W: Playable> App<W> {
    /// The finger on the last entry of the selected node, or on the node itself where its log is empty. Where the logs have no place beside the rest,
    /// they fill the screen.
    pub(super) fn finger(&mut self) -> Option<Overlay> {
        let id = self.view.selected(self.session.snapshot())?;
        self.view.selection = Selection::Node(id);
        let layout = Layout::of(self.area(), &self.scene());
        if layout.is_some_and(|layout| layout.logs.is_none()) {
            self.view.zoom = Some(Pane::Logs);
        }
        let entry = self.last_entry();
        self.keep_in_view(entry);
        Some(Overlay::Point(entry))
    }

    /// The last entry of the selected node.
    fn last_entry(&self) -> Option<LogIndex> {
        let snapshot = self.session.snapshot();
        let node = snapshot.node(self.view.selected(snapshot)?)?;
        Some(node.log.last_index()).filter(|last| *last >= node.log.first_index())
    }

    pub(super) fn move_finger(&mut self, reach: Reach) {
        let Some(Overlay::Point(entry)) = self.view.overlay else {
            return;
        };
        let logs = || self.session.snapshot().nodes.iter().map(|node| &node.log);
        let first = logs().map(Log::first_index).min();
        let last = logs().map(Log::last_index).max();
        let goal = match (reach, entry) {
            (Reach::Last, _) => self.last_entry(),
            (Reach::Cell(Way::Left), Some(index)) if Some(index) > first => Some(index.previous()),
            (Reach::Node | Reach::Cell(Way::Left), _) => None,
            (Reach::Cell(Way::Right), Some(index)) if Some(index) < last => Some(index.next()),
            (Reach::Cell(Way::Right), Some(index)) => Some(index),
            (Reach::Cell(Way::Right), None) => first.filter(|first| Some(*first) <= last),
            (Reach::Cell(Way::Up), entry) => {
                self.pick_neighbour(Step::Back);
                entry
            }
            (Reach::Cell(Way::Down), entry) => {
                self.pick_neighbour(Step::Forward);
                entry
            }
        };
        self.view.overlay = Some(Overlay::Point(goal));
        self.keep_in_view(goal);
    }

    /// Scrolls the logs as little as it takes for the entry to be seen. Cells are as wide as what is in view, so it may take more than one step.
    fn keep_in_view(&mut self, entry: Option<LogIndex>) {
        const STEPS: usize = 8;
        let Some(entry) = entry.map(LogIndex::number) else {
            return;
        };
        for _ in 0..STEPS {
            let seen = draw::indices_in_view(&self.scene(), self.area());
            match seen.filter(|seen| !seen.contains(&entry)) {
                Some(seen) if entry < *seen.start() => self.view.log_scroll = Some(entry),
                Some(seen) => self.view.log_scroll = Some(seen.start() + (entry - seen.end())),
                None => return,
            }
        }
    }

    pub(super) fn why_pointed_at(&mut self, entry: Option<LogIndex>) {
        let Some(node) = self.view.selected(self.session.snapshot()) else {
            return;
        };
        let thing = entry.map_or(Thing::Node(node), |index| Thing::Entry { node, index });
        self.why_of(thing, Some(AskedIn::Logs(entry)));
    }
}
