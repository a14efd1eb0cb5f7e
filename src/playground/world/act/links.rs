//! Partitions, cuts and settings of links: what they block is lost at once.

use std::collections::BTreeSet;

use crate::machine::Exhibit;
use crate::playground::network::InFlight;
use crate::playground::record::{Happening, Loss};
use crate::playground::settings::LinkSettings;
use crate::playground::snapshot::MessageId;
use crate::playground::world::World;
use crate::types::NodeId;

impl<M: Exhibit + Default> World<M> {
    pub(super) fn part(&mut self, groups: Vec<Vec<NodeId>>) {
        let mut parts: Vec<BTreeSet<NodeId>> = groups
            .into_iter()
            .map(BTreeSet::from_iter)
            .filter(|group| !group.is_empty())
            .collect();
        let named: BTreeSet<NodeId> = parts.iter().flatten().copied().collect();
        let alone = self
            .nodes
            .keys()
            .filter(|id| !named.contains(id))
            .map(|id| BTreeSet::from([*id]));
        parts.extend(alone.collect::<Vec<_>>());
        self.network.partition = parts;
        self.lose_blocked();
    }

    pub(super) fn set_cut(&mut self, links: &[(NodeId, NodeId)], is_cut: bool) {
        for link in links {
            self.network.set_cut(*link, is_cut);
        }
        self.lose_blocked();
    }

    fn lose_blocked(&mut self) {
        let dropped = self.network.drop_blocked();
        self.lose_dropped(dropped, Loss::Cut);
    }

    /// What was taken off the wire is due no more.
    pub(in crate::playground::world) fn lose_dropped(
        &mut self,
        dropped: Vec<(MessageId, InFlight)>,
        reason: Loss,
    ) {
        for (message, lost) in dropped {
            self.forget_delivery(message, &lost);
            self.record(Happening::Lost {
                message,
                envelope: lost.envelope,
                reason,
            });
        }
    }

    pub(super) fn set_links(&mut self, from: Option<NodeId>, to: Option<NodeId>, settings: LinkSettings) {
        if from.is_none() && to.is_none() {
            self.settings.link = settings;
            self.network
                .links
                .values_mut()
                .for_each(|link| link.settings = None);
            return;
        }
        let ends = |end: Option<NodeId>| match end {
            Some(id) => vec![id],
            None => self.nodes.keys().copied().collect(),
        };
        let (senders, receivers) = (ends(from), ends(to));
        for &sender in &senders {
            for &receiver in receivers.iter().filter(|&&receiver| receiver != sender) {
                self.network.links.entry((sender, receiver)).or_default().settings = Some(settings);
            }
        }
    }
}
