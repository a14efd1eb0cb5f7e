//! Values one after the other into a buffer.
//!
//! Numbers are of variable length: seven bits to a byte, the low ones first, the top bit of a byte set where more follow. A number is
//! written with as few bytes as it needs, and read only so.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::code::Presence;
use super::error::EncodeError;
use super::limits::Limits;
use crate::types::{LogPosition, NodeId, Term};

/// The most bytes that a number takes.
pub(super) const NUMBER_BYTES: usize = 10;

/// Frames share memory in pieces of this size, or of their own where they are longer.
const CHUNK_BYTES: usize = 64 << 10;

/// Where frames are written. What has been [taken](Self::take) stays as it is; the rest of the memory serves the next.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: BytesMut,
    limits: Limits,
}

impl Writer {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            bytes: BytesMut::new(),
            limits,
        }
    }

    /// Makes room, so that nothing written meanwhile is copied once more.
    pub(super) fn reserve(&mut self, bytes: usize) {
        if self.bytes.capacity() - self.bytes.len() < bytes {
            self.bytes.reserve(bytes.max(CHUNK_BYTES));
        }
    }

    /// What has been written since the last [`take`](Self::take).
    pub(super) fn written(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Takes what has been written.
    pub(super) fn take(&mut self) -> Bytes {
        self.bytes.split().freeze()
    }

    /// Forgets what has been written since the last [`take`](Self::take).
    pub(super) fn discard(&mut self) {
        self.bytes.clear();
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.put_u8(byte);
    }

    /// Bytes whose number is known to the reader.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes behind their number.
    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes(bytes);
    }

    pub(super) fn number(&mut self, number: u64) {
        if number < 0x80 {
            self.byte(number.to_le_bytes()[0]);
        } else {
            let (digits, length) = digits(number);
            self.bytes(&digits[..length]);
        }
    }

    /// How many elements follow.
    pub(super) fn count(&mut self, count: usize) -> Result<(), EncodeError> {
        self.check_count(count)?;
        self.number(count as u64);
        Ok(())
    }

    /// Checks that so many elements may follow.
    pub(super) fn check_count(&self, count: usize) -> Result<(), EncodeError> {
        let (found, limit) = (count as u64, self.limits.items);
        if found > u64::from(limit) {
            return Err(EncodeError::TooMany { found, limit });
        }
        Ok(())
    }

    /// How far a number is from another that is near: up or down.
    pub(super) fn near(&mut self, number: u64, other: u64) {
        let distance = number.wrapping_sub(other).cast_signed();
        self.number((distance << 1 ^ distance >> 63).cast_unsigned());
    }

    /// A term, by how far it is before the sender's.
    pub(super) fn term(&mut self, term: Term, senders: Term) {
        self.number(senders.number().wrapping_sub(term.number()));
    }

    /// A term, by how far it is after the sender's.
    pub(super) fn later_term(&mut self, term: Term, senders: Term) {
        self.number(term.number().wrapping_sub(senders.number()));
    }

    pub(super) fn position(&mut self, position: LogPosition, senders: Term) {
        self.number(position.index.number());
        self.term(position.term, senders);
    }

    pub(super) fn node(&mut self, node: NodeId) {
        self.number(node.number());
    }

    pub(super) fn optional_node(&mut self, node: Option<NodeId>) {
        match node {
            None => self.byte(Presence::Absent.byte()),
            Some(node) => {
                self.byte(Presence::Present.byte());
                self.node(node);
            }
        }
    }

    pub(super) fn duration(&mut self, duration: Duration) {
        self.number(duration.as_secs());
        self.number(u64::from(duration.subsec_nanos()));
    }
}

/// A number's bytes, and how many there are.
pub(super) fn digits(mut number: u64) -> ([u8; NUMBER_BYTES], usize) {
    let mut digits = [0; NUMBER_BYTES];
    let mut length = 0;
    while number >= 0x80 {
        digits[length] = number.to_le_bytes()[0] | 0x80;
        number >>= 7;
        length += 1;
    }
    digits[length] = number.to_le_bytes()[0];
    (digits, length + 1)
}
