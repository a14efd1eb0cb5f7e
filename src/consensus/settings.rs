//! What a server is told when it starts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::progress::InFlightLimit;
use super::rule::RuleSet;
use super::snapshots::Compaction;
use crate::types::{Incarnation, LocalTime, NodeId};

/// What a server is told once, when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Its name.
    pub id: NodeId,
    /// How many times it has been started.
    pub incarnation: Incarnation,
    /// When it started, by its own clock.
    pub started: LocalTime,
    /// The shortest election timeout: how long a promise to a leader lasts.
    pub election_timeout: Duration,
    /// What protects it against disruption, beyond the paper's Raft.
    pub protections: Protections,
    /// Whether a leader makes a server that joined a voter once that has caught up (thesis §4.2.1).
    pub auto_promote: Switch,
    /// Whether it passes on to the leader what its callers want (thesis §6.2).
    pub reroute: Switch,
    /// By how much one clock may run faster than another, in parts per million: a lease is the shorter by it.
    pub drift_ppm: u32,
    /// Bounds on what it sends.
    pub limits: Limits,
    /// The rules it keeps. Anything but all of them is for teaching and for testing the tests.
    pub rules: RuleSet,
}

/// What protects a cluster against servers that disrupt it, beyond the paper's Raft. All servers must agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Protections {
    /// Whether a server asks if it would win before it stands (thesis §9.6).
    pub pre_vote: Switch,
    /// Whether a leader that hears from no majority steps down (thesis §6.2), and a server that hears from a leader keeps
    /// its promise to it (thesis §4.2.3).
    pub check_quorum: Switch,
    /// Whether a leader may read by its lease (thesis §6.4.1). It rests on CheckQuorum.
    pub lease: Switch,
}

/// Off or on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Switch {
    /// Off.
    #[default]
    Off,
    /// On.
    On,
}

impl Switch {
    /// On, where either is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_on() { self } else { other }
    }

    /// Whether it is on.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

/// Bounds on what a leader sends to one follower, and on what servers keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Entries in one request; at least one.
    pub entries_per_request: usize,
    /// Weight of the entries in one request, in bytes; one entry always fits.
    pub weight_per_request: u64,
    /// What may be unacknowledged.
    pub in_flight: InFlightLimit,
    /// Weight of what may be proposed and not committed yet, in bytes; one command always fits.
    pub uncommitted_weight: u64,
    /// Bytes of a command. A longer one is refused: it must fit into a message, and into a record of the log.
    pub command_bytes: u64,
    /// When snapshots are taken.
    pub compaction: Compaction,
    /// Bytes of a snapshot in one message; at least one.
    pub chunk_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries_per_request: 64,
            weight_per_request: 1 << 20,
            in_flight: InFlightLimit {
                requests: 256,
                weight: 16 << 20,
            },
            uncommitted_weight: 64 << 20,
            command_bytes: 32 << 20,
            compaction: Compaction::default(),
            chunk_bytes: 1 << 20,
        }
    }
}
