//! The core does.

use raft_play::consensus::durable::Held;
use raft_play::consensus::Output;
use raft_play::types::{Envelope, WriteSequence};

fn waits_for(output: &Output) -> Option<WriteSequence> {
    output.messages.first().map(Held::<Envelope>::waits_for)
}

fn main() {
    let _ = waits_for;
}
