//! Nobody but the core holds a message back, so nobody can say that it waits for less than it does.

use raft_play::consensus::durable::Held;
use raft_play::types::{Incarnation, NodeId, WriteSequence};

fn main() {
    let _ = Held::new(NodeId::new(1), Incarnation::new(1), WriteSequence::new(0), "grant");
}
