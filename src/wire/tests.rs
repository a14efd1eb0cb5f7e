//! The wire, held against messages of every kind, and against bytes of none.

mod document;
mod hostile;
mod round_trip;
mod sizes;
mod strategies;

use bytes::Bytes;

use super::{Decoder, Encoder, Hello, Limits, WireError};
use crate::consensus::durable::{Driver, Held, Outbound};
use crate::storage::memory::MemoryStore;
use crate::types::{ClusterId, Envelope, Incarnation, Message, NodeId, Term, WriteSequence};

const CLUSTER: ClusterId = ClusterId::new(7);
const SENDER: NodeId = NodeId::new(1);
const RECEIVER: NodeId = NodeId::new(2);
const HELLO: Hello = Hello {
    cluster: CLUSTER,
    from: SENDER,
    incarnation: Incarnation::new(3),
    to: RECEIVER,
};

/// Lets an envelope leave, which waits for no write.
fn outbound(envelope: Envelope) -> Outbound<Envelope> {
    let (node, incarnation, nothing) = (SENDER, Incarnation::new(1), WriteSequence::default());
    let (_, proof) = Driver::new(MemoryStore, node, incarnation);
    let held = Held::reseal(node, incarnation, nothing, nothing, envelope).unwrap();
    held.release(&proof).unwrap()
}

fn envelope(term: u64, message: Message) -> Envelope {
    Envelope {
        from: SENDER,
        to: RECEIVER,
        term: Term::new(term),
        message,
    }
}

fn encoder() -> Encoder {
    Encoder::new(SENDER, Limits::default())
}

fn encode(envelope: &Envelope) -> Bytes {
    encoder().encode(&outbound(envelope.clone())).unwrap()
}

fn decoder() -> Decoder {
    Decoder::new(CLUSTER, RECEIVER, Limits::default())
}

/// A decoder that has had its hello, which took so many bytes.
fn opened() -> (Decoder, u64) {
    let mut decoder = decoder();
    let hello = HELLO.encode();
    let length = hello.len() as u64;
    decoder.feed(hello);
    assert_eq!(decoder.next_message(), Ok(None));
    (decoder, length)
}

/// All messages that are whole.
fn drain(decoder: &mut Decoder) -> Result<Vec<Envelope>, WireError> {
    let mut messages = Vec::new();
    while let Some(message) = decoder.next_message()? {
        messages.push(message.into_inner());
    }
    Ok(messages)
}

/// The messages of frames that follow a hello.
fn decode(frames: impl Into<Bytes>) -> Result<Vec<Envelope>, WireError> {
    let (mut decoder, _) = opened();
    decoder.feed(frames.into());
    drain(&mut decoder)
}
