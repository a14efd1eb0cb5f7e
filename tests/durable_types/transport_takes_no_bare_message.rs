//! A message that never was held back can't be sent either.

use raft_play::consensus::durable::Outbound;
use raft_play::types::Envelope;

fn send(_: Outbound<Envelope>) {}

fn bare(envelope: Envelope) {
    send(envelope);
}

fn main() {
    let _ = bare;
}
