//! Released, it is taken.

use raft_play::consensus::durable::{Durable, Held, Outbound};
use raft_play::types::Envelope;

fn send(_: Outbound<Envelope>) {}

fn in_time(held: Held<Envelope>, proof: &Durable) {
    if let Ok(outbound) = held.release(proof) {
        send(outbound);
    }
}

fn main() {
    let _ = in_time;
}
