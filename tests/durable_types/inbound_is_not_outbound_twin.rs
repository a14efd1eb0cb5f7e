//! It makes it fit to be taken in.

use raft_play::consensus::durable::Inbound;
use raft_play::types::Envelope;

fn take(_: Inbound<Envelope>) {}

fn receive(envelope: Envelope) {
    take(Inbound::received(envelope));
}

fn main() {
    let _ = receive;
}
