//! What a server is told when it starts.

use std::time::Duration;

use crate::consensus::{Compaction, Limits, Protections, RuleSet, Settings, Switch};
use crate::node::{Applying, NodeSettings, Routes};
use crate::storage::wal::WalOptions;
use crate::types::{
    Address, ClusterId, Configuration, Incarnation, LocalTime, NodeId, Route, RouteNews, RouteVersion,
};

/// What a server is told when it starts. All servers of a cluster must agree on all but [`id`](Self::id), [`address`](Self::address) and
/// [`peers`](Self::peers).
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The cluster. Messages of others are refused.
    pub cluster: ClusterId,
    /// Its name.
    pub id: NodeId,
    /// Where it is reached.
    pub address: Address,
    /// Where others are reached, as far as is known; the rest is heard of by gossip.
    pub peers: Vec<(NodeId, Address)>,
    /// Who the cluster began with.
    pub genesis: Configuration,
    /// A server that hears from no leader stands for election after this, at the earliest, and after twice this, at the latest.
    pub election_timeout: Duration,
    /// How often a leader shows that it is there. A tenth of the election timeout is usual; a third is the most that makes sense.
    pub heartbeat_interval: Duration,
    /// How often a server tells another, drawn at random, of the routes it knows.
    pub gossip_interval: Duration,
    /// PreVote, CheckQuorum and reads by lease.
    pub protections: Protections,
    /// By how much one server's clock may run faster than another's, in parts per million: leases are the shorter by it.
    pub drift_ppm: u32,
    /// Whether a server that joined becomes a voter by itself, once it has caught up.
    pub auto_promote: Switch,
    /// Whether what is asked of a server that does not lead is passed on to the leader.
    pub reroute: Switch,
    /// Bounds on what it sends and keeps, and when it takes snapshots.
    pub limits: Limits,
    /// How its log is kept, where it is kept on a disk.
    pub wal: WalOptions,
    /// Where its state machine applies commands: on the server's thread, which is the quickest where it takes microseconds; or on one of its own, so
    /// that replication, heartbeats and other callers do not wait for a machine that takes longer.
    pub applying: Applying,
}

impl ServerOptions {
    /// The usual: elections within one to two seconds, heartbeats each tenth of a second, PreVote and CheckQuorum on, snapshots each
    /// 64 Ki entries or 64 MiB.
    pub fn new(id: NodeId, address: Address, genesis: Configuration) -> Self {
        Self {
            cluster: ClusterId::default(),
            id,
            address,
            peers: Vec::new(),
            genesis,
            election_timeout: Duration::from_secs(1),
            heartbeat_interval: Duration::from_millis(100),
            gossip_interval: Duration::from_secs(1),
            protections: Protections {
                pre_vote: Switch::On,
                check_quorum: Switch::On,
                lease: Switch::Off,
            },
            drift_ppm: 100_000,
            auto_promote: Switch::Off,
            reroute: Switch::On,
            limits: Limits {
                entries_per_request: 8192,
                compaction: Compaction::of(Some(1 << 16), Some(64 << 20), 1 << 13),
                ..Limits::default()
            },
            wal: WalOptions {
                segment_bytes: 64 << 20,
                room_bytes: 1 << 20,
            },
            applying: Applying::Here,
        }
    }

    /// What the node is told, in its `incarnation`-th start.
    pub(super) fn node_settings(&self, incarnation: Incarnation) -> NodeSettings {
        let mut routes = Routes::new(self.id, self.address.clone());
        for (node, address) in &self.peers {
            let route = Route {
                address: address.clone(),
                version: RouteVersion::default(),
            };
            let news = RouteNews {
                node: *node,
                route,
                age: Duration::ZERO,
            };
            routes.note(LocalTime::default(), news);
        }
        NodeSettings {
            cluster: self.cluster,
            genesis: self.genesis.clone(),
            raft: Settings {
                id: self.id,
                incarnation,
                started: LocalTime::default(),
                election_timeout: self.election_timeout,
                protections: self.protections,
                auto_promote: self.auto_promote,
                reroute: self.reroute,
                drift_ppm: self.drift_ppm,
                limits: self.limits,
                rules: RuleSet::default(),
            },
            wal: self.wal,
            routes,
        }
    }
}
