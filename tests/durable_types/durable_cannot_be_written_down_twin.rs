//! What it says can be saved: which syncs completed. The driver then proves them anew.

use raft_play::consensus::durable::Durable;

/// What can be saved. (A trait of its own, so that the compiler does not list all that serde knows.)
trait Savable {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize> Savable for T {}

fn save(_: &impl Savable) {}

fn write_down(proof: &Durable) {
    save(&proof.through());
}

fn main() {
    let _ = write_down;
}
