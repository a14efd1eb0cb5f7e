//! Messages in, bytes out: what a server sends from.

use bytes::{Bytes, BytesMut};

use super::code::Kind;
use super::error::EncodeError;
use super::frame;
use super::limits::Limits;
use super::message;
use super::recent::Recent;
use super::writer::Writer;
use crate::consensus::durable::Outbound;
use crate::types::{Envelope, Message, NodeId};

/// Makes the frames of one server, for all its links.
///
/// A frame names no receiver: it is for the link whose [`Hello`](super::Hello) names whom the envelope is for. Frames stand back to back on a
/// link, so several may be sent as one.
#[derive(Debug)]
pub struct Encoder {
    own: NodeId,
    limits: Limits,
    writer: Writer,
    recent: Recent,
}

impl Encoder {
    /// What server `own` sends from.
    pub fn new(own: NodeId, limits: Limits) -> Self {
        Self {
            own,
            limits,
            writer: Writer::new(limits),
            recent: Recent::default(),
        }
    }

    /// The frame of a message. Where one that says the same was made just before, for another receiver, it is that one, shared.
    ///
    /// # Errors
    ///
    /// Where the message is larger than a frame may be. It is as good as lost; the link may go on.
    ///
    /// # Panics
    ///
    /// Where the message is from another server than this encoder's: its hello would tell a lie.
    pub fn encode(&mut self, outbound: &Outbound<Envelope>) -> Result<Bytes, EncodeError> {
        let Envelope {
            from,
            to: _,
            term,
            message,
        } = outbound.get();
        assert!(*from == self.own, "a message in another server's name");
        let request = match message {
            Message::AppendRequest(request) if !request.entries.is_empty() => request,
            Message::AppendRequest(_)
            | Message::PreVoteRequest(_)
            | Message::PreVoteReply(_)
            | Message::VoteRequest(_)
            | Message::VoteReply(_)
            | Message::AppendReply(_)
            | Message::InstallSnapshot(_)
            | Message::SnapshotReply(_)
            | Message::TimeoutNow(_)
            | Message::Forward(_)
            | Message::ForwardReply(_)
            | Message::Gossip(_) => return self.write(outbound.get()),
        };
        if let Some(frame) = self.recent.find(*term, request) {
            return Ok(frame);
        }
        let frame = self.write(outbound.get())?;
        self.recent.keep(*term, request, &frame);
        Ok(frame)
    }

    /// Adds the frame of a message to others of the same link.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode); nothing is added then.
    pub fn encode_onto(
        &mut self,
        outbound: &Outbound<Envelope>,
        chunk: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        let frame = self.encode(outbound)?;
        chunk.extend_from_slice(&frame);
        Ok(())
    }

    /// Forgets the frames that it made: until then it keeps the latest with entries, and the entries too. For a server that has nothing to send.
    pub fn forget(&mut self) {
        self.recent.forget();
    }

    fn write(&mut self, envelope: &Envelope) -> Result<Bytes, EncodeError> {
        let kind = Kind::of(&envelope.message).byte();
        let limit = self.limits.frame_bytes;
        frame::write(&mut self.writer, kind, limit, |writer| {
            message::write(writer, envelope.term, &envelope.message)
        })
    }
}
