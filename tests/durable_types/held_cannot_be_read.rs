//! What is held can't be looked at.

use raft_play::consensus::durable::Held;
use raft_play::types::{Envelope, Term};

fn term(held: &Held<Envelope>) -> Term {
    held.value.term
}

fn main() {
    let _ = term;
}
