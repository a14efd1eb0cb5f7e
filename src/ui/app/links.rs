//! The table of links, in which links are cut, made slow and made lossy.

use std::time::Duration;

use super::App;
use crate::playground::{Command, LinkSettings, Span};
use crate::types::NodeId;
use crate::ui::action::{LinkVerb, Way};
use crate::ui::prompt;
use crate::ui::session::Playable;
use crate::ui::view::{LinkChoice, Overlay};

/// A tenth of all messages.
const TENTH_PPM: u32 = 100_000;
/// All of them.
const ALL_PPM: u32 = 1_000_000;
/// A link that takes no time takes so much where it is made slower.
const LEAST: Duration = Duration::from_millis(1);

impl<W: Playable> App<W> {
    /// The table, with the link from the selected node to the first other one chosen.
    pub(super) fn link_table(&self) -> Option<Overlay> {
        let snapshot = self.session.snapshot();
        let from = self.view.selected(snapshot)?;
        let mut others = snapshot.nodes.iter().map(|node| node.id).filter(|id| *id != from);
        let to = others.next()?;
        Some(Overlay::Links(LinkChoice { from, to }))
    }

    pub(super) fn move_link(&mut self, way: Way) {
        let ids: Vec<NodeId> = self.session.snapshot().nodes.iter().map(|node| node.id).collect();
        let Some(Overlay::Links(choice)) = &mut self.view.overlay else {
            return;
        };
        let end = match way {
            Way::Up | Way::Down => &mut choice.from,
            Way::Left | Way::Right => &mut choice.to,
        };
        let Some(at) = ids.iter().position(|id| id == end) else {
            return;
        };
        let goal = match way {
            Way::Up | Way::Left => at.checked_sub(1),
            Way::Down | Way::Right => Some(at + 1),
        };
        if let Some(id) = goal.and_then(|goal| ids.get(goal)) {
            *end = *id;
        }
    }

    /// A click chooses a link; one on the chosen link cuts or mends it.
    pub(super) fn press_link(&mut self, pressed: LinkChoice) {
        let Some(Overlay::Links(choice)) = &mut self.view.overlay else {
            return;
        };
        if std::mem::replace(choice, pressed) == pressed {
            self.on_link(LinkVerb::Cut);
        }
    }

    pub(super) fn on_link(&mut self, verb: LinkVerb) {
        let Some(Overlay::Links(LinkChoice { from, to })) = self.view.overlay else {
            return;
        };
        let snapshot = self.session.snapshot();
        if from == to {
            return self.complain(format!("{from} has no link to itself"));
        }
        let changed = |change: fn(LinkSettings) -> LinkSettings| {
            Ok(Command::Link {
                from: Some(from),
                to: Some(to),
                settings: change(snapshot.link(from, to)),
            })
        };
        let command = match verb {
            LinkVerb::Cut => prompt::link(snapshot, from, to, true),
            LinkVerb::CutBothWays => prompt::link(snapshot, from, to, false),
            LinkVerb::Slower => changed(|settings| LinkSettings {
                latency: scaled(settings.latency, |part| part.max(LEAST) * 2),
                ..settings
            }),
            LinkVerb::Quicker => changed(|settings| LinkSettings {
                latency: scaled(settings.latency, |part| part / 2),
                ..settings
            }),
            LinkVerb::MoreLoss => changed(|settings| LinkSettings {
                loss_ppm: (settings.loss_ppm + TENTH_PPM).min(ALL_PPM),
                ..settings
            }),
            LinkVerb::LessLoss => changed(|settings| LinkSettings {
                loss_ppm: settings.loss_ppm.saturating_sub(TENTH_PPM),
                ..settings
            }),
        };
        match command {
            Ok(command) => self.command(command),
            Err(sentence) => self.complain(sentence),
        }
    }
}

/// Both ends of a span changed; as it was, where that makes none.
fn scaled(span: Span, change: fn(Duration) -> Duration) -> Span {
    Span::new(change(span.min()), change(span.max())).unwrap_or(span)
}
