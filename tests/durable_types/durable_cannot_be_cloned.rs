//! A proof is for one use at one place: it can't be kept for later and shown again.

use raft_play::consensus::durable::Durable;

fn keep(proof: &Durable) -> Durable {
    Clone::clone(proof)
}

fn main() {
    let _ = keep;
}
