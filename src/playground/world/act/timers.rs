//! Timers that a person sets off, ties together or spreads out.

use crate::machine::Exhibit;
use crate::playground::record::Timer;
use crate::playground::world::{Slot, World};
use crate::types::NodeId;

impl<M: Exhibit + Default> World<M> {
    pub(super) fn fire_now(&mut self, id: NodeId) {
        let timer = Timer::of(self.server(id).role);
        self.cancel_timer(id, timer);
        self.time_out(id, timer);
    }

    /// The election timers that run, of these nodes or of all.
    pub(super) fn election_timers(&self, ids: &[NodeId]) -> Vec<(NodeId, Slot)> {
        let timers = self
            .nodes
            .iter()
            .filter(|(id, _)| ids.is_empty() || ids.contains(id));
        let running = timers.filter_map(|(id, server)| {
            let timer = server.timer.filter(|running| running.timer == Timer::Election)?;
            Some((*id, timer.slot))
        });
        running.collect()
    }

    pub(super) fn tie_timers(&mut self, ids: &[NodeId]) {
        let timers = self.election_timers(ids);
        let Some(first) = timers.iter().map(|(_, slot)| slot.at).min() else {
            return;
        };
        let duration = first.since(self.now);
        for (id, _) in timers {
            self.set_timer(id, Timer::Election, first, duration);
        }
    }

    pub(super) fn spread_timers(&mut self) {
        let timers = self.election_timers(&[]);
        let span = self.settings.election_timeout;
        let steps = u32::try_from(timers.len().saturating_sub(1).max(1)).unwrap_or(u32::MAX);
        for (place, (id, _)) in (0..).zip(timers) {
            let duration = span.min() + span.max().saturating_sub(span.min()) / steps * place;
            self.set_timer(id, Timer::Election, self.now.after(duration), duration);
        }
    }
}
