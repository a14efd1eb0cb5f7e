//! A file can contain the number of a write.

use raft_play::types::WriteSequence;

fn load<T: serde::de::DeserializeOwned>() {}

fn main() {
    load::<WriteSequence>();
}
