//! A write that has begun proves nothing.

use raft_play::consensus::durable::{Held, Pending, Store};

fn early<S: Store>(held: Held<u8>, pending: &Pending<S>) {
    let _ = held.release(pending);
}

fn main() {}
