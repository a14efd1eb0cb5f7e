//! What may leave can.

use raft_play::consensus::durable::Outbound;
use raft_play::types::{Envelope, Term};

fn term(outbound: &Outbound<Envelope>) -> Term {
    outbound.get().term
}

fn main() {
    let _ = term;
}
