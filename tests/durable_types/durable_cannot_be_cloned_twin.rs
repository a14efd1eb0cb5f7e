//! What is still held back can.

use raft_play::consensus::durable::Held;

fn keep(held: &Held<u8>) -> Held<u8> {
    Clone::clone(held)
}

fn main() {
    let _ = keep;
}
