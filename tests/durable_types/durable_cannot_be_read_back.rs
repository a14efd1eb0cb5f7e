//! No file can contain a proof.

use raft_play::consensus::durable::Durable;

fn load<T: serde::de::DeserializeOwned>() {}

fn main() {
    load::<Durable>();
}
