//! A proof can't be saved, to be shown again after a crash.

use raft_play::consensus::durable::Durable;

/// What can be saved. (A trait of its own, so that the compiler does not list all that serde knows.)
trait Savable {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize> Savable for T {}

fn save(_: &impl Savable) {}

fn write_down(proof: &Durable) {
    save(proof);
}

fn main() {
    let _ = write_down;
}
