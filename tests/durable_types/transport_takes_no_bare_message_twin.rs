//! What was released can, and only a transport takes it out.

use raft_play::consensus::durable::Outbound;
use raft_play::types::Envelope;

fn send(_: Outbound<Envelope>) {}

fn released(outbound: Outbound<Envelope>) {
    send(outbound);
}

fn main() {
    let _ = released;
}
