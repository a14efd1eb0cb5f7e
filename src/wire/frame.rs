//! Frames: how many bytes, which kind, what they say, and a checksum over all that.
//!
//! A frame is its length (a number: how many bytes follow), its kind (one byte), its body, and a CRC32C of all bytes before the checksum,
//! the length among them, in four bytes, the lowest first.

use bytes::Bytes;

use super::error::{EncodeError, Fault, WireError};
use super::limits::Limits;
use super::reader::{self, Reader};
use super::writer::{Writer, digits};

/// The most bytes that a length takes: what a `u32` needs.
const LENGTH_BYTES: usize = 5;
const KIND_BYTES: usize = 1;
const CHECKSUM_BYTES: usize = 4;

/// Writes a frame. It is taken out of the writer, or nothing is left there.
pub(super) fn write(
    writer: &mut Writer,
    kind: u8,
    limit: u32,
    write_body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
) -> Result<Bytes, EncodeError> {
    writer.bytes(&[0; LENGTH_BYTES]);
    writer.byte(kind);
    let written = write_body(writer).and_then(|()| close(writer, limit));
    match written {
        Ok(front) => {
            let mut frame = writer.take();
            Ok(frame.split_off(front))
        }
        Err(error) => {
            writer.discard();
            Err(error)
        }
    }
}

/// Puts the length in front of the body and the checksum behind it, and says where the frame begins: how many bytes the length takes is
/// known only now.
fn close(writer: &mut Writer, limit: u32) -> Result<usize, EncodeError> {
    let written = writer.written();
    let length = (written.len() - LENGTH_BYTES + CHECKSUM_BYTES) as u64;
    if length > u64::from(limit) {
        return Err(EncodeError::TooLong { length, limit });
    }
    let (digits, count) = digits(length);
    let front = LENGTH_BYTES - count;
    written[front..LENGTH_BYTES].copy_from_slice(&digits[..count]);
    let checksum = crc32c::crc32c(&written[front..]);
    writer.bytes(&checksum.to_le_bytes());
    Ok(front)
}

/// How long a frame is, as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// How many bytes its length takes: where its kind stands.
    pub(super) kind_at: usize,
    /// How many bytes it has, its length among them.
    pub(super) total: usize,
}

/// Reads the length in front of a frame; `None` where that is not whole yet.
pub(super) fn extent(bytes: &[u8], limit: u32) -> Result<Option<Extent>, Fault> {
    let Some((length, kind_at)) = reader::number(&bytes[..bytes.len().min(LENGTH_BYTES)])? else {
        return if bytes.len() < LENGTH_BYTES {
            Ok(None)
        } else {
            Err(Fault::Number)
        };
    };
    if length > u64::from(limit) {
        return Err(Fault::Oversized { length, limit });
    }
    let bytes = usize::try_from(length).map_err(|_| Fault::Oversized { length, limit })?;
    if bytes < KIND_BYTES + CHECKSUM_BYTES {
        return Err(Fault::Undersized { length });
    }
    let total = kind_at + bytes;
    Ok(Some(Extent { kind_at, total }))
}

/// A frame that has come whole.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) bytes: Bytes,
    pub(super) kind_at: usize,
    /// Where in the link it begins.
    pub(super) offset: u64,
}

impl Frame {
    pub(super) fn kind(&self) -> u8 {
        self.bytes[self.kind_at]
    }

    fn body_end(&self) -> usize {
        self.bytes.len() - CHECKSUM_BYTES
    }

    /// Its bytes must be those that were sent.
    pub(super) fn check(&self) -> Result<(), WireError> {
        let (content, checksum) = self.bytes.split_at(self.body_end());
        let mut stated = [0; CHECKSUM_BYTES];
        stated.copy_from_slice(checksum);
        let (stated, computed) = (u32::from_le_bytes(stated), crc32c::crc32c(content));
        if stated == computed {
            Ok(())
        } else {
            Err(self.fault(0, Fault::Checksum { stated, computed }))
        }
    }

    /// A fault at a place of the frame.
    pub(super) fn fault(&self, place: usize, fault: Fault) -> WireError {
        WireError {
            offset: self.offset + place as u64,
            fault,
        }
    }

    /// What reads its body.
    pub(super) fn body(&self, limits: Limits) -> Reader<'_> {
        let from = self.kind_at + KIND_BYTES;
        Reader::new(&self.bytes, from, self.body_end(), self.offset, limits)
    }
}
