//! What came of a run: one JSON object.

use serde::Serialize;

use crate::check::Violation;
use crate::machine::{Exhibit, readable};
use crate::playground::{Condition, NodeView, RoleView, Snapshot};
use crate::types::{NodeId, Payload};

/// A run's result.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    time_s: f64,
    seed: u64,
    leader: Option<u64>,
    term: u64,
    commit: u64,
    violations: Vec<Broken>,
    trace_hash: String,
    nodes: Vec<NodeReport>,
    messages_delivered: u64,
}

/// A broken promise.
#[derive(Debug, Serialize)]
struct Broken {
    property: &'static str,
    detail: String,
    nodes: Vec<u64>,
    terms: Vec<u64>,
    indices: Vec<u64>,
}

/// A node at the end.
#[derive(Debug, Serialize)]
struct NodeReport {
    id: u64,
    role: &'static str,
    up: bool,
    term: u64,
    vote: Option<u64>,
    last: u64,
    commit: u64,
    applied: u64,
    first: u64,
    log: Vec<(u64, Option<String>)>,
}

impl Report {
    /// What came of a run of machines of type `M`.
    pub(super) fn of<M: Exhibit>(snapshot: &Snapshot, violations: &[Violation]) -> Self {
        Self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "JSON has no better number, and 2^53 ns are 104 days"
            )]
            time_s: snapshot.now.nanos() as f64 / 1e9,
            seed: snapshot.seed,
            leader: snapshot.leaders().first().map(|node| node.id.number()),
            term: highest(snapshot, |node| node.term.number()),
            commit: highest(snapshot, |node| node.commit.number()),
            violations: violations.iter().map(Broken::of).collect(),
            trace_hash: hash_text(snapshot.trace_hash),
            nodes: snapshot.nodes.iter().map(NodeReport::of::<M>).collect(),
            messages_delivered: snapshot.delivered,
        }
    }
}

/// A trace's hash, as it is written everywhere.
pub(super) fn hash_text(hash: u128) -> String {
    format!("{hash:032x}")
}

fn highest(snapshot: &Snapshot, of: impl Fn(&NodeView) -> u64) -> u64 {
    snapshot.nodes.iter().map(of).max().unwrap_or(0)
}

impl Broken {
    fn of(violation: &Violation) -> Self {
        Self {
            property: violation.property.name(),
            detail: readable(violation.detail.as_bytes()),
            nodes: violation.nodes.iter().map(|id| id.number()).collect(),
            terms: violation.terms.iter().map(|term| term.number()).collect(),
            indices: violation.indices.iter().map(|index| index.number()).collect(),
        }
    }
}

impl NodeReport {
    fn of<M: Exhibit>(node: &NodeView) -> Self {
        let entries = node.log.iter().map(|(_, entry)| {
            let is_noop = entry.payload == Payload::Noop;
            let value = (!is_noop).then(|| entry.payload.brief(M::describe));
            (entry.term.number(), value)
        });
        Self {
            id: node.id.number(),
            role: match node.role {
                RoleView::Follower { .. } => "follower",
                RoleView::PreCandidate { .. } => "pre-candidate",
                RoleView::Candidate { .. } => "candidate",
                RoleView::Leader { .. } => "leader",
            },
            up: node.condition != Condition::Down,
            term: node.term.number(),
            vote: node.vote.map(NodeId::number),
            last: node.log.last_index().number(),
            commit: node.commit.number(),
            applied: node.applied.number(),
            first: node.log.first_index().number(),
            log: entries.collect(),
        }
    }
}
