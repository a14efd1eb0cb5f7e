//! The wire: messages between servers as bytes, and back.
//!
//! A **link** carries bytes from one server to one other, in order and once, as a TCP connection does. It begins with a
//! [`Hello`], which says whose bytes follow and for whom; then come frames, one for each message, back to back. `docs/WIRE.md`
//! has the layout, byte by byte.
//!
//! # What it guarantees
//!
//! - **Only what may leave is encoded.** [`Encoder`] takes an [`Outbound`](crate::consensus::durable::Outbound), which is a message
//!   whose promises are durable, and [`Decoder`] gives an [`Inbound`](crate::consensus::durable::Inbound).
//! - **A frame is the same for whoever receives it.** It names neither sender nor receiver, since a link's hello has named them. So
//!   what a leader sends to all followers that are equally far is encoded, and summed up in its checksum, once; each link gets the
//!   same shared [`Bytes`](bytes::Bytes).
//! - **Commands are not copied on the way in.** A decoded command is a part of the chunk that was fed to the decoder. On the way out each is
//!   copied once, into the frame.
//! - **Whatever comes, nothing panics.** Bytes that are no frame of this cluster give a [`WireError`], which says what and where, and the
//!   decoder gives nothing after it. What it sets aside is bounded by what has come and by [`Limits`], never by what a length claims.
//!
//! ```
//! use bytes::Bytes;
//! use raft_play::types::{ClusterId, Incarnation, NodeId};
//! use raft_play::wire::{Decoder, Hello, Limits};
//!
//! let hello = Hello {
//!     cluster: ClusterId::new(7),
//!     from: NodeId::new(1),
//!     incarnation: Incarnation::new(3),
//!     to: NodeId::new(2),
//! };
//! let mut decoder = Decoder::new(ClusterId::new(7), NodeId::new(2), Limits::default());
//! let (front, back) = (hello.encode().slice(..5), hello.encode().slice(5..));
//! decoder.feed(front);
//! assert_eq!(decoder.next_message(), Ok(None), "more is to come");
//! decoder.feed(back);
//! assert_eq!(decoder.next_message(), Ok(None));
//! assert_eq!(decoder.hello(), Some(&hello));
//!
//! let mut stranger = Decoder::new(ClusterId::new(8), NodeId::new(2), Limits::default());
//! stranger.feed(hello.encode());
//! assert_eq!(
//!     stranger.next_message().unwrap_err().to_string(),
//!     "byte 0 of the link: refused: it is of cluster 7, this is a server of cluster 8"
//! );
//! stranger.feed(Bytes::from_static(b"more"));
//! assert!(stranger.next_message().is_err(), "the link is over");
//! ```

mod code;
mod configuration;
mod decoder;
mod encoder;
mod entries;
mod error;
mod frame;
mod gossip;
mod hello;
mod limits;
mod message;
mod reader;
mod recent;
#[cfg(test)]
mod tests;
mod wish;
mod writer;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use error::{EncodeError, Fault, HelloFault, WireError};
pub use hello::{Hello, PROTOCOL_VERSION};
pub use limits::Limits;
