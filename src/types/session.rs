//! Sessions of clients (§8, thesis §6.3): what a client says with a command, so that it takes effect once however often it is
//! sent.

use bytes::Bytes;

use super::{SerialNumber, SessionId};

/// A command within a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Guarded {
    /// The session.
    pub session: SessionId,
    /// The command's serial number in it, from 1. A retry has the same.
    pub serial: SerialNumber,
    /// The client has the answers to all serial numbers below this one, and asks for none of them again.
    pub acknowledged: SerialNumber,
    /// The command.
    pub command: Bytes,
}
