//! What would have happened later, and happens now because a person chose it.

use crate::machine::Exhibit;
use crate::playground::world::World;
use crate::types::NodeId;

impl<M: Exhibit + Default> World<M> {
    /// A disk does one thing after the other: only the first write can be done.
    pub(super) fn finish_write_now(&mut self, id: NodeId) {
        let syncs = &self.server(id).syncs;
        let (sequence, slot) = syncs.first_key_value().expect("it was checked");
        let (sequence, slot) = (*sequence, *slot);
        self.queue.remove(&slot);
        self.finish_sync(id, sequence);
    }

    pub(super) fn finish_snapshot_now(&mut self, id: NodeId) {
        let taking = self.server(id).taking;
        let (index, slot) = taking.expect("it was checked");
        if let Some(slot) = slot {
            self.queue.remove(&slot);
        }
        self.finish_snapshot(id, index);
    }

    pub(super) fn gossip_now(&mut self, id: NodeId) {
        if let Some(slot) = self.server(id).gossip {
            self.queue.remove(&slot);
        }
        self.gossip(id);
    }
}
