//! A server's timers, by the wall clock.

use std::time::{Duration, Instant};

use crate::consensus::TimerChange;
use crate::types::LocalTime;

/// The clock and the timers of a server.
pub(super) struct Timers {
    started: Instant,
    election_timeout: Duration,
    heartbeat_interval: Duration,
    gossip_interval: Duration,
    election: Option<Instant>,
    heartbeat: Option<Instant>,
    gossip: Instant,
}

/// A timer that has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Election,
    Heartbeat,
    Gossip,
}

impl Timers {
    pub(super) fn new(
        election_timeout: Duration,
        heartbeat_interval: Duration,
        gossip_interval: Duration,
    ) -> Self {
        let started = Instant::now();
        Self {
            started,
            election_timeout,
            heartbeat_interval,
            gossip_interval,
            election: None,
            heartbeat: None,
            gossip: started + gossip_interval,
        }
    }

    /// The server's own clock.
    pub(super) fn now(&self) -> LocalTime {
        self.started_at(Instant::now())
    }

    fn started_at(&self, instant: Instant) -> LocalTime {
        LocalTime::default().after(instant.saturating_duration_since(self.started))
    }

    pub(super) fn change_election(&mut self, change: TimerChange) {
        self.election = match change {
            TimerChange::Restart => Some(Instant::now() + self.random_timeout()),
            TimerChange::Stop => None,
        };
    }

    pub(super) fn change_heartbeat(&mut self, change: TimerChange) {
        self.heartbeat = match change {
            TimerChange::Restart => Some(Instant::now() + self.heartbeat_interval),
            TimerChange::Stop => None,
        };
    }

    /// Between one and two election timeouts (§5.2), drawn anew each time.
    fn random_timeout(&self) -> Duration {
        self.election_timeout.mul_f64(1.0 + fastrand::f64())
    }

    /// When the next of them runs out.
    pub(super) fn next(&self) -> Instant {
        let running = self.election.into_iter().chain(self.heartbeat);
        running.fold(self.gossip, Instant::min)
    }

    /// A timer that has run out by now. It does not run any more, but the one for gossip, which begins anew.
    pub(super) fn take_due(&mut self) -> Option<Due> {
        let now = Instant::now();
        let is_due = |timer: &mut Instant| *timer <= now;
        if self.election.take_if(is_due).is_some() {
            Some(Due::Election)
        } else if self.heartbeat.take_if(is_due).is_some() {
            Some(Due::Heartbeat)
        } else if self.gossip <= now {
            self.gossip = now + self.gossip_interval;
            Some(Due::Gossip)
        } else {
            None
        }
    }
}
