//! A release makes one.

use raft_play::consensus::durable::{Durable, Held, Outbound};

fn outbound(held: Held<&'static str>, proof: &Durable) -> Option<Outbound<&'static str>> {
    held.release(proof).ok()
}

fn main() {
    let _ = outbound;
}
