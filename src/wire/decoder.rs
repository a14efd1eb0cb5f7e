//! Bytes in, messages out: the receiving end of a link.

use std::collections::VecDeque;

use bytes::Bytes;

use super::code::{Code, HELLO, Kind};
use super::error::{Fault, HelloFault, WireError};
use super::frame::{self, Extent, Frame};
use super::hello::{self, Hello};
use super::limits::Limits;
use super::message;
use crate::consensus::durable::Inbound;
use crate::types::{ClusterId, Envelope, NodeId};

/// The receiving end of one link.
///
/// [`feed`](Self::feed) it what comes, cut anyhow; [`next_message`](Self::next_message) gives the messages that are whole. The first frame
/// must be a hello for this server, and [`hello`](Self::hello) shows it as soon as it has come.
#[derive(Debug)]
pub struct Decoder {
    cluster: ClusterId,
    own: NodeId,
    limits: Limits,
    link: Link,
    /// What has come and was not looked at yet. None is empty.
    chunks: VecDeque<Bytes>,
    /// The beginning of a frame whose rest is in the chunks, or still to come.
    partial: Vec<u8>,
    /// Where in the link the next frame begins.
    offset: u64,
}

/// How far a link is.
#[derive(Debug)]
enum Link {
    /// Its hello has not come yet.
    Opening,
    /// Messages come from whom it names.
    Open(Hello),
    /// It is over.
    Closed(WireError),
}

impl Decoder {
    /// The receiving end of a new link to server `own`.
    pub fn new(cluster: ClusterId, own: NodeId, limits: Limits) -> Self {
        Self {
            cluster,
            own,
            limits,
            link: Link::Opening,
            chunks: VecDeque::new(),
            partial: Vec::new(),
            offset: 0,
        }
    }

    /// Takes the next bytes of the link, as many as have come.
    ///
    /// The messages will share this memory. A frame that is cut across chunks is put together once; so chunks are best large.
    pub fn feed(&mut self, chunk: Bytes) {
        let is_over = matches!(self.link, Link::Closed(_));
        if !is_over && !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
    }

    /// The next message that is whole; `None` until more is fed.
    ///
    /// # Errors
    ///
    /// Where the bytes are not what a server of this cluster sends. The link must be closed: every later call gives the same.
    pub fn next_message(&mut self) -> Result<Option<Inbound<Envelope>>, WireError> {
        let message = self.advance();
        if let Err(error) = &message {
            self.link = Link::Closed(error.clone());
            self.chunks.clear();
            self.partial = Vec::new();
        }
        message
    }

    /// The hello, once it has come and was found good.
    pub fn hello(&self) -> Option<&Hello> {
        match &self.link {
            Link::Open(hello) => Some(hello),
            Link::Opening | Link::Closed(_) => None,
        }
    }

    /// The other side has closed the link, and all messages were taken: whether it ended where a frame ends.
    ///
    /// # Errors
    ///
    /// Where the last frame is not whole, or the link was over before.
    pub fn end(&self) -> Result<(), WireError> {
        let left = self.partial.len() + self.chunks.iter().map(Bytes::len).sum::<usize>();
        match &self.link {
            Link::Closed(error) => Err(error.clone()),
            Link::Opening | Link::Open(_) if left == 0 => Ok(()),
            Link::Opening | Link::Open(_) => Err(WireError {
                offset: self.offset + left as u64,
                fault: Fault::EndsEarly,
            }),
        }
    }

    fn advance(&mut self) -> Result<Option<Inbound<Envelope>>, WireError> {
        loop {
            match &self.link {
                Link::Closed(error) => return Err(error.clone()),
                Link::Opening => {
                    let Some(frame) = self.next_frame()? else {
                        return Ok(None);
                    };
                    self.link = Link::Open(Hello::decode(&frame, self.cluster, self.own)?);
                }
                Link::Open(hello) => {
                    let from = hello.from;
                    let Some(frame) = self.next_frame()? else {
                        return Ok(None);
                    };
                    return self.message(from, &frame).map(Some);
                }
            }
        }
    }

    fn message(&self, from: NodeId, frame: &Frame) -> Result<Inbound<Envelope>, WireError> {
        frame.check()?;
        let kind = match frame.kind() {
            HELLO => return Err(frame.fault(0, Fault::SecondHello)),
            byte => Kind::of_byte(byte).ok_or_else(|| frame.fault(frame.kind_at, Fault::Kind(byte)))?,
        };
        let (term, message) = message::read(kind, &mut frame.body(self.limits))?;
        Ok(Inbound::received(Envelope {
            from,
            to: self.own,
            term,
            message,
        }))
    }

    /// The next frame that is whole: a part of a chunk, or put together where it is cut across chunks.
    fn next_frame(&mut self) -> Result<Option<Frame>, WireError> {
        while let Some(chunk) = self.chunks.front() {
            let is_cut = !self.partial.is_empty();
            let begun = if is_cut { &self.partial } else { &chunk[..] };
            let Some(extent) = self.extent(begun)? else {
                // Its length is cut: one byte more tells more.
                self.gather(self.partial.len() + 1);
                continue;
            };
            let whole = if !is_cut && extent.total <= chunk.len() {
                self.take(extent.total)
            } else if self.gather(extent.total) {
                Bytes::from(std::mem::take(&mut self.partial))
            } else {
                continue;
            };
            let offset = self.offset;
            self.offset += extent.total as u64;
            return Ok(Some(Frame {
                bytes: whole,
                kind_at: extent.kind_at,
                offset,
            }));
        }
        Ok(None)
    }

    fn extent(&self, begun: &[u8]) -> Result<Option<Extent>, WireError> {
        let extent = match self.link {
            Link::Opening if !Hello::may_begin(begun) => Err(HelloFault::Missing.into()),
            Link::Opening => frame::extent(begun, hello::LONGEST),
            Link::Open(_) | Link::Closed(_) => frame::extent(begun, self.limits.frame_bytes),
        };
        let offset = self.offset;
        extent.map_err(|fault| WireError { offset, fault })
    }

    /// Takes bytes from the first chunk, which has so many.
    fn take(&mut self, count: usize) -> Bytes {
        match self.chunks.front_mut() {
            Some(chunk) if count < chunk.len() => chunk.split_to(count),
            Some(_) | None => self.chunks.pop_front().unwrap_or_default(),
        }
    }

    /// Moves bytes of the first chunk behind the frame that is cut, until that has `total`. Whether it has.
    fn gather(&mut self, total: usize) -> bool {
        let chunk = self.chunks.front().map_or(0, Bytes::len);
        let part = self.take(chunk.min(total - self.partial.len()));
        let length = self.partial.len() + part.len();
        if length > self.partial.capacity() {
            // What a frame claims to be long is no reason to believe it: room for twice what has come, and no more than it claims.
            let room = (2 * length).min(total);
            self.partial.reserve_exact(room - self.partial.len());
        }
        self.partial.extend_from_slice(&part);
        length == total
    }

    /// How much memory a frame takes that is not whole yet.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.partial.capacity()
    }
}
