//! What may leave is made by a release and by nothing else.

use raft_play::consensus::durable::Outbound;

fn main() {
    let _ = Outbound { value: "grant" };
}
