//! What a narrator keeps in mind of the network: which links carry nothing, and of which of them that has been told.

use std::collections::BTreeSet;

use crate::playground::snapshot::Snapshot;
use crate::types::NodeId;

/// What has been seen of the network.
#[derive(Clone, Debug, Default)]
pub(super) struct NetworkMemory {
    groups: Vec<BTreeSet<NodeId>>,
    cut: BTreeSet<(NodeId, NodeId)>,
    /// The links of which it has been told that they carry nothing.
    pub(super) told: BTreeSet<(NodeId, NodeId)>,
}

impl NetworkMemory {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut network = Self {
            groups: snapshot.partition.clone(),
            ..Self::default()
        };
        // The snapshot does not say which links only the partition cuts; the partition's end mends them.
        network.cut = snapshot
            .cut
            .iter()
            .copied()
            .filter(|&(from, to)| network.carries(from, to))
            .collect();
        network
    }

    pub(super) fn carries(&self, from: NodeId, to: NodeId) -> bool {
        let group = |id| self.groups.iter().position(|group| group.contains(&id));
        let is_parted = !self.groups.is_empty() && (group(from).is_none() || group(from) != group(to));
        !is_parted && !self.cut.contains(&(from, to))
    }

    pub(super) fn part(&mut self, groups: &[Vec<NodeId>]) {
        let group = |group: &Vec<NodeId>| group.iter().copied().collect();
        self.groups = groups.iter().map(group).collect();
        self.told.clear();
    }

    pub(super) fn cut(&mut self, links: &[(NodeId, NodeId)]) {
        self.cut.extend(links);
    }

    pub(super) fn mend(&mut self, links: &[(NodeId, NodeId)]) {
        for link in links {
            self.cut.remove(link);
            self.told.remove(link);
        }
    }
}
