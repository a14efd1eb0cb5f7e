//! Nothing is released for the asking.

use raft_play::consensus::durable::Held;

fn early(held: Held<u8>) {
    let _ = held.release();
}

fn main() {
    let _ = early;
}
