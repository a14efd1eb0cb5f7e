//! A file can contain the number of a write.

use raft_play::types::WriteSequence;

/// What a file can contain. (A trait of its own, so that the compiler does not list all that serde knows.)
trait Loadable {}

#[diagnostic::do_not_recommend]
impl<T: serde::de::DeserializeOwned> Loadable for T {}

fn load<T: Loadable>() {}

fn main() {
    load::<WriteSequence>();
}
