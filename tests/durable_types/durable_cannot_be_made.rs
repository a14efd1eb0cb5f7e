//! A proof can't be made up.

use raft_play::consensus::durable::Durable;
use raft_play::types::{Incarnation, NodeId, WriteSequence};

fn main() {
    let _ = Durable {
        node: NodeId::new(1),
        incarnation: Incarnation::new(1),
        through: WriteSequence::new(9),
    };
}
