//! A transport takes nothing that still waits.

use raft_play::consensus::durable::{Held, Outbound};
use raft_play::types::Envelope;

fn send(_: Outbound<Envelope>) {}

fn early(held: Held<Envelope>) {
    send(held);
}

fn main() {
    let _ = early;
}
