//! No file can contain a proof.

use raft_play::consensus::durable::Durable;

/// What a file can contain. (A trait of its own, so that the compiler does not list all that serde knows.)
trait Loadable {}

#[diagnostic::do_not_recommend]
impl<T: serde::de::DeserializeOwned> Loadable for T {}

fn load<T: Loadable>() {}

fn main() {
    load::<Durable>();
}
