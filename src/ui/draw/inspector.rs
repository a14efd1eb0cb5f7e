//! The inspector: what is looked at closely, one tab at a time.

mod branches;
mod clients;
mod disk;
mod node;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane;
use crate::ui::theme::Theme;
use crate::ui::view::{Scene, Tab};

pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let snapshot = scene.snapshot;
    let selected = scene.view.selected(snapshot).and_then(|id| snapshot.node(id));
    let name = match (scene.view.tab, selected) {
        (Tab::Node, Some(node)) => format!("Node {}", node.id),
        (Tab::Node, None) => "Node".to_owned(),
        (Tab::Branches, _) => "Branches".to_owned(),
        (Tab::Disk, Some(node)) => format!("Disk of {}", node.id),
        (Tab::Disk, None) => "Disk".to_owned(),
        (Tab::Clients, _) => "Clients".to_owned(),
    };
    let inner = pane::draw(&name, &hint(scene.view.tab), theme, area, buffer);
    match (scene.view.tab, selected) {
        (Tab::Node, Some(node)) => {
            let left_out = node::draw(node, snapshot, theme, inner, buffer);
            if left_out > 0 {
                pane::foot(&format!("{left_out} more: z"), theme, area, buffer);
            }
        }
        (Tab::Disk, Some(node)) => disk::draw(scene, node, theme, inner, buffer),
        (Tab::Node | Tab::Disk, None) => {}
        (Tab::Branches, _) => branches::draw(scene, theme, inner, buffer),
        (Tab::Clients, _) => clients::draw(scene, theme, inner, buffer),
    }
}

/// The first and the last write in view of the disk that is looked at.
pub fn writes_in_view(scene: &Scene<'_>, area: Rect) -> Option<(u64, u64)> {
    disk::writes_in_view(scene, pane::inner(area))
}

/// `· Tab: branches`: what else there is.
fn hint(shown: Tab) -> String {
    let next = std::iter::successors(Some(shown.next()), |tab| Some(tab.next()));
    let names: Vec<&str> = next.take_while(|tab| *tab != shown).map(Tab::name).collect();
    let scrolls = if shown == Tab::Disk { "· [ ] scroll " } else { "" };
    format!("{scrolls}· Tab: {} ", names.join(" · "))
}
