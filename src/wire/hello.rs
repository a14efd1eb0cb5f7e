//! How a link begins.

use bytes::Bytes;

use super::code::HELLO;
use super::error::{HelloFault, WireError};
use super::frame::{self, Frame};
use super::limits::Limits;
use super::writer::Writer;
use crate::types::{ClusterId, Incarnation, NodeId};

/// The version of the protocol that this build speaks. Another is refused.
pub const PROTOCOL_VERSION: u16 = 2;

/// What a hello says first, after the kind of its frame, in every version; then comes the version, two bytes, the lower first.
const MAGIC: &[u8; 8] = b"raftplay";

/// The most bytes in a hello's frame, its length not counted, in every version.
pub(super) const LONGEST: u32 = 255;

/// The first frame on a link: whose bytes follow, and for whom. No later frame says so again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hello {
    /// The cluster that the sender belongs to.
    pub cluster: ClusterId,
    /// The sender.
    pub from: NodeId,
    /// Which start of the sender.
    pub incarnation: Incarnation,
    /// Whom the sender takes the receiver for. A route may be old, and another server be reached by it now.
    pub to: NodeId,
}

impl Hello {
    /// Its frame: the first bytes to send.
    pub fn encode(&self) -> Bytes {
        self.encode_as(PROTOCOL_VERSION)
    }

    pub(super) fn encode_as(&self, version: u16) -> Bytes {
        let mut writer = Writer::new(Limits::default());
        let frame = frame::write(&mut writer, HELLO, LONGEST, |writer| {
            writer.bytes(MAGIC);
            writer.bytes(&version.to_le_bytes());
            writer.number(self.cluster.number());
            writer.node(self.from);
            writer.number(self.incarnation.number());
            writer.node(self.to);
            Ok(())
        });
        frame.expect("a hello is short")
    }

    /// Reads the first frame of a link to server `own`. The version is looked at first of all, even before the checksum: all else may be
    /// otherwise in another.
    pub(super) fn decode(frame: &Frame, cluster: ClusterId, own: NodeId) -> Result<Self, WireError> {
        let refuse = |fault: HelloFault| frame.fault(0, fault.into());
        let mut body = frame.body(Limits::default());
        let has_magic = body.bytes(MAGIC.len() as u64)? == MAGIC.as_slice();
        if frame.kind() != HELLO || !has_magic {
            return Err(refuse(HelloFault::Missing));
        }
        let version = body.bytes(2)?;
        let found = u16::from_le_bytes([version[0], version[1]]);
        if found != PROTOCOL_VERSION {
            let supported = PROTOCOL_VERSION;
            return Err(refuse(HelloFault::Version { found, supported }));
        }
        frame.check()?;
        let hello = Self {
            cluster: ClusterId::new(body.number()?),
            from: body.node()?,
            incarnation: Incarnation::new(body.number()?),
            to: body.node()?,
        };
        body.finish()?;
        hello.check(cluster, own).map_err(refuse)?;
        Ok(hello)
    }

    fn check(&self, cluster: ClusterId, own: NodeId) -> Result<(), HelloFault> {
        if self.cluster != cluster {
            let (found, expected) = (self.cluster, cluster);
            return Err(HelloFault::Cluster { found, expected });
        }
        if self.to != own {
            let (found, expected) = (self.to, own);
            return Err(HelloFault::Receiver { found, expected });
        }
        if self.from == own {
            return Err(HelloFault::Ourselves(own));
        }
        Ok(())
    }

    /// Whether bytes can be the beginning of a hello, so that a stranger's are refused at once.
    pub(super) fn may_begin(bytes: &[u8]) -> bool {
        match frame::extent(bytes, LONGEST) {
            Err(_) => false,
            Ok(None) => true,
            Ok(Some(extent)) => {
                let begun = bytes[extent.kind_at..].iter();
                let due = std::iter::once(&HELLO).chain(MAGIC);
                begun.zip(due).all(|(found, due)| found == due)
            }
        }
    }
}
