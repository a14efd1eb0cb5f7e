//! A proof can't be saved, to be shown again after a crash.

use raft_play::consensus::durable::Durable;

fn save(_: &impl serde::Serialize) {}

fn write_down(proof: &Durable) {
    save(proof);
}

fn main() {
    let _ = write_down;
}
