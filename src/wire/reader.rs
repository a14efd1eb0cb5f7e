//! Values one after the other out of a frame.

use std::time::Duration;

use bytes::Bytes;

use super::code::{Code, Presence};
use super::error::{Fault, WireError};
use super::limits::Limits;
use super::writer::NUMBER_BYTES;
use crate::types::{LogIndex, LogPosition, NodeId, Term};

/// What of a frame has not been read yet.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    frame: &'a Bytes,
    /// The rest, up to where the body ends.
    rest: &'a [u8],
    /// Where in the frame the body ends.
    end: usize,
    /// Where in the link the frame begins.
    offset: u64,
    limits: Limits,
}

impl<'a> Reader<'a> {
    /// Reads from one place of a frame to another.
    pub(super) fn new(frame: &'a Bytes, from: usize, to: usize, offset: u64, limits: Limits) -> Self {
        Self {
            frame,
            rest: &frame[from..to],
            end: to,
            offset,
            limits,
        }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Where in the frame the next value begins.
    pub(super) fn place(&self) -> usize {
        self.end - self.rest.len()
    }

    /// A fault at the place where the next value would begin.
    #[cold]
    pub(super) fn fault(&self, fault: Fault) -> WireError {
        self.fault_at(self.place(), fault)
    }

    /// A fault at a place of the frame.
    #[cold]
    pub(super) fn fault_at(&self, place: usize, fault: Fault) -> WireError {
        WireError {
            offset: self.offset + place as u64,
            fault,
        }
    }

    /// Everything must have been read.
    pub(super) fn finish(&self) -> Result<(), WireError> {
        match self.left() {
            0 => Ok(()),
            left => Err(self.fault(Fault::TooManyBytes(left))),
        }
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, WireError> {
        match self.rest {
            [byte @ ..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, WireError> {
        let (number, length) = match number(self.rest) {
            Ok(Some(found)) => found,
            Ok(None) => return Err(self.fault(Fault::EndsEarly)),
            Err(fault) => return Err(self.fault(fault)),
        };
        self.rest = &self.rest[length..];
        Ok(number)
    }

    /// So many bytes, shared with the frame.
    pub(super) fn bytes(&mut self, count: u64) -> Result<Bytes, WireError> {
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= self.left())
            .ok_or_else(|| self.fault(Fault::EndsEarly))?;
        let place = self.place();
        self.rest = &self.rest[count..];
        Ok(self.frame.slice(place..place + count))
    }

    /// Bytes behind their number, shared with the frame.
    pub(super) fn blob(&mut self) -> Result<Bytes, WireError> {
        let count = self.number()?;
        self.bytes(count)
    }

    /// How many elements follow, each of one byte at least, where there are `before` already.
    pub(super) fn count(&mut self) -> Result<usize, WireError> {
        let found = self.number()?;
        self.check_count(found, 0)
    }

    /// Checks that so many elements may follow `before` others, each of one byte at least.
    pub(super) fn check_count(&self, found: u64, before: usize) -> Result<usize, WireError> {
        let most = self.most_items(before).min(self.left() as u64);
        usize::try_from(found)
            .ok()
            .filter(|_| found <= most)
            .ok_or_else(|| self.fault(Fault::Count { found, most }))
    }

    /// How many elements may follow `before` others.
    pub(super) fn most_items(&self, before: usize) -> u64 {
        u64::from(self.limits.items).saturating_sub(before as u64)
    }

    /// One of the codes of an enum.
    pub(super) fn code<T: Code>(&mut self) -> Result<T, WireError> {
        let (byte, rest) = self
            .rest
            .split_first()
            .ok_or_else(|| self.fault(Fault::EndsEarly))?;
        let code = T::of_byte(*byte).ok_or_else(|| {
            self.fault(Fault::Code {
                what: T::WHAT,
                found: u64::from(*byte),
            })
        })?;
        self.rest = rest;
        Ok(code)
    }

    /// A number near another.
    pub(super) fn near(&mut self, other: u64) -> Result<u64, WireError> {
        let number = self.number()?;
        let distance = number >> 1 ^ (number & 1).wrapping_neg();
        Ok(other.wrapping_add(distance))
    }

    /// A term, told by how far it is before the sender's.
    pub(super) fn term(&mut self, senders: Term) -> Result<Term, WireError> {
        let before = self.number()?;
        Ok(Term::new(senders.number().wrapping_sub(before)))
    }

    /// A term, told by how far it is after the sender's.
    pub(super) fn later_term(&mut self, senders: Term) -> Result<Term, WireError> {
        let after = self.number()?;
        Ok(Term::new(senders.number().wrapping_add(after)))
    }

    pub(super) fn index(&mut self) -> Result<LogIndex, WireError> {
        self.number().map(LogIndex::new)
    }

    pub(super) fn position(&mut self, senders: Term) -> Result<LogPosition, WireError> {
        Ok(LogPosition::new(self.index()?, self.term(senders)?))
    }

    pub(super) fn node(&mut self) -> Result<NodeId, WireError> {
        self.number().map(NodeId::new)
    }

    pub(super) fn optional_node(&mut self) -> Result<Option<NodeId>, WireError> {
        match self.code()? {
            Presence::Absent => Ok(None),
            Presence::Present => self.node().map(Some),
        }
    }

    pub(super) fn duration(&mut self) -> Result<Duration, WireError> {
        let seconds = self.number()?;
        let place = self.place();
        let found = self.number()?;
        match u32::try_from(found) {
            Ok(nanos @ ..1_000_000_000) => Ok(Duration::new(seconds, nanos)),
            Ok(_) | Err(_) => Err(self.fault_at(place, Fault::Nanos(found))),
        }
    }
}

/// The number at the front, and how many bytes it takes; `None` where the bytes end within it.
pub(super) fn number(bytes: &[u8]) -> Result<Option<(u64, usize)>, Fault> {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate().take(NUMBER_BYTES) {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * place;
        if bits << shift >> shift != bits {
            return Err(Fault::Number);
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            let is_padded = bits == 0 && place > 0;
            return if is_padded {
                Err(Fault::Number)
            } else {
                Ok(Some((number, place + 1)))
            };
        }
    }
    if bytes.len() < NUMBER_BYTES {
        Ok(None)
    } else {
        Err(Fault::Number)
    }
}
