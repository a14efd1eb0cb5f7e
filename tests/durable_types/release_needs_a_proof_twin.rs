//! A proof releases.

use raft_play::consensus::durable::{Durable, Held};

fn in_time(held: Held<u8>, proof: &Durable) {
    let _ = held.release(proof);
}

fn main() {
    let _ = in_time;
}
