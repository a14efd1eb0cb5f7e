//! What it says can: a save tells which syncs completed, and the driver proves them anew.

use raft_play::consensus::durable::Durable;

fn save(_: &impl serde::Serialize) {}

fn write_down(proof: &Durable) {
    save(&proof.through());
}

fn main() {
    let _ = write_down;
}
