//! To mark a message as received does not make it fit to be sent.

use raft_play::consensus::durable::{Inbound, Outbound};
use raft_play::types::Envelope;

fn send(_: Outbound<Envelope>) {}

fn forge(envelope: Envelope) {
    send(Inbound::received(envelope));
}

fn main() {
    let _ = forge;
}
