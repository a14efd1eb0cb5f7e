//! The timers of nodes, as their clocks have them.

use std::time::Duration;

use super::super::clock::Clock;
use super::super::record::Timer;
use super::{Due, RunningTimer, World, image};
use crate::consensus::TimerChange;
use crate::machine::Exhibit;
use crate::types::{NodeId, VirtualTime};

impl<M: Exhibit + Default> World<M> {
    pub(super) fn set_timers(
        &mut self,
        id: NodeId,
        election: Option<TimerChange>,
        heartbeat: Option<TimerChange>,
    ) {
        // A node runs one timer at a time, so what stops goes first.
        for (timer, change) in [(Timer::Election, election), (Timer::Heartbeat, heartbeat)] {
            if change == Some(TimerChange::Stop) {
                self.cancel_timer(id, timer);
            }
        }
        for (timer, change) in [(Timer::Election, election), (Timer::Heartbeat, heartbeat)] {
            if change == Some(TimerChange::Restart) {
                let duration = self.timer_duration(id, timer);
                self.set_timer(id, timer, self.now.after(duration), duration);
            }
        }
    }

    /// A node's own clock; of one that is not there yet, a right one.
    pub(super) fn clock(&self, id: NodeId) -> Clock {
        self.nodes.get(&id).map(|server| server.clock).unwrap_or_default()
    }

    pub(super) fn timer_duration(&mut self, id: NodeId, timer: Timer) -> Duration {
        let server = self.server(id);
        let (term, attempt, clock) = (server.term, server.attempt, server.clock);
        let drawn = image::timer_duration(self.draws, &self.settings, timer, (id, term, attempt));
        clock.lasting(drawn)
    }

    pub(super) fn cancel_timer(&mut self, id: NodeId, timer: Timer) {
        let server = self.server(id);
        if let Some(running) = server.timer.take_if(|running| running.timer == timer) {
            self.queue.remove(&running.slot);
        }
    }

    pub(super) fn set_timer(&mut self, id: NodeId, timer: Timer, deadline: VirtualTime, duration: Duration) {
        if let Some(running) = self.server(id).timer.take() {
            self.queue.remove(&running.slot);
        }
        let slot = self.schedule(deadline, Due::Timer(id, timer));
        self.server(id).timer = Some(RunningTimer {
            timer,
            slot,
            duration,
        });
    }
}
