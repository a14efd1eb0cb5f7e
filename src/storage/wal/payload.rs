//! What an entry carries, in bytes.
//!
//! First one number: the kind in its three low bits, above them the length of the body in bytes. A no-op, which has no
//! body, is a single zero. Numbers are of variable length, seven bits to a byte, the low bits first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::types::{
    ClusterTime, Configuration, Guarded, JoinToken, NodeId, Payload, SerialNumber, SessionId,
};

const KIND_BITS: u32 = 3;
const KIND_NOOP: u64 = 0;
const KIND_COMMAND: u64 = 1;
const KIND_CONFIGURATION: u64 = 2;
const KIND_OPEN_SESSION: u64 = 3;
const KIND_GUARDED: u64 = 4;
const KIND_CLUSTER_TIME: u64 = 5;
const KIND_CLOSE_SESSION: u64 = 6;

/// Adds what an entry carries.
pub(super) fn write(bytes: &mut Vec<u8>, payload: &Payload) {
    match payload {
        Payload::Noop => write_body(bytes, KIND_NOOP, &[]),
        Payload::Command(command) => write_body(bytes, KIND_COMMAND, command),
        Payload::Configuration(configuration) => {
            let mut body = Vec::new();
            write_configuration(&mut body, configuration);
            write_body(bytes, KIND_CONFIGURATION, &body);
        }
        Payload::OpenSession { timeout } => {
            let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
            write_body(bytes, KIND_OPEN_SESSION, &numbers(&[nanos]));
        }
        Payload::CloseSession(session) => {
            write_body(bytes, KIND_CLOSE_SESSION, &numbers(&[session.number()]));
        }
        Payload::ClusterTime(time) => write_body(bytes, KIND_CLUSTER_TIME, &numbers(&[time.nanos()])),
        Payload::Guarded(guarded) => {
            let Guarded {
                session,
                serial,
                acknowledged,
                command,
            } = guarded;
            let mut body = numbers(&[session.number(), serial.number(), acknowledged.number()]);
            body.extend_from_slice(command);
            write_body(bytes, KIND_GUARDED, &body);
        }
    }
}

fn write_body(bytes: &mut Vec<u8>, kind: u64, body: &[u8]) {
    write_number(bytes, (body.len() as u64) << KIND_BITS | kind);
    bytes.extend_from_slice(body);
}

/// Takes what an entry carries from the front; `None` where that can't be read.
pub(super) fn read(bytes: &mut &[u8]) -> Option<Payload> {
    let head = read_number(bytes)?;
    let (body, rest) = bytes.split_at_checked(usize::try_from(head >> KIND_BITS).ok()?)?;
    *bytes = rest;
    match head & ((1 << KIND_BITS) - 1) {
        KIND_NOOP if body.is_empty() => Some(Payload::Noop),
        KIND_COMMAND => Some(Payload::Command(Bytes::copy_from_slice(body))),
        KIND_CONFIGURATION => {
            let configuration = whole(body, read_configuration)?;
            Some(Payload::Configuration(Arc::new(configuration)))
        }
        KIND_OPEN_SESSION => {
            let timeout = Duration::from_nanos(whole(body, read_number)?);
            Some(Payload::OpenSession { timeout })
        }
        KIND_CLOSE_SESSION => {
            let session = SessionId::new(whole(body, read_number)?);
            Some(Payload::CloseSession(session))
        }
        KIND_CLUSTER_TIME => {
            let time = ClusterTime::from_nanos(whole(body, read_number)?);
            Some(Payload::ClusterTime(time))
        }
        KIND_GUARDED => read_guarded(body).map(Payload::Guarded),
        _ => None,
    }
}

fn numbers(numbers: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in numbers {
        write_number(&mut bytes, *number);
    }
    bytes
}

/// The command is what follows the numbers.
fn read_guarded(mut body: &[u8]) -> Option<Guarded> {
    Some(Guarded {
        session: SessionId::new(read_number(&mut body)?),
        serial: SerialNumber::new(read_number(&mut body)?),
        acknowledged: SerialNumber::new(read_number(&mut body)?),
        command: Bytes::copy_from_slice(body),
    })
}

/// Reads something that must be all there is.
pub(super) fn whole<T>(mut bytes: &[u8], read: impl FnOnce(&mut &[u8]) -> Option<T>) -> Option<T> {
    let found = read(&mut bytes)?;
    bytes.is_empty().then_some(found)
}

/// Adds a configuration.
pub(super) fn write_configuration(bytes: &mut Vec<u8>, configuration: &Configuration) {
    let Configuration {
        voters,
        outgoing,
        learners,
        last_id,
        joined,
    } = configuration;
    write_number(bytes, u64::from(outgoing.is_some()));
    write_ids(bytes, voters);
    if let Some(outgoing) = outgoing {
        write_ids(bytes, outgoing);
    }
    write_ids(bytes, learners);
    write_number(bytes, last_id.number());
    write_number(bytes, joined.len() as u64);
    for (token, id) in joined {
        write_number(bytes, token.number());
        write_number(bytes, id.number());
    }
}

/// Takes a configuration from the front.
pub(super) fn read_configuration(bytes: &mut &[u8]) -> Option<Configuration> {
    let is_joint = match read_number(bytes)? {
        0 => false,
        1 => true,
        _ => return None,
    };
    Some(Configuration {
        voters: read_ids(bytes)?,
        outgoing: if is_joint { Some(read_ids(bytes)?) } else { None },
        learners: read_ids(bytes)?,
        last_id: NodeId::new(read_number(bytes)?),
        joined: read_joined(bytes)?,
    })
}

fn write_ids(bytes: &mut Vec<u8>, ids: &BTreeSet<NodeId>) {
    write_number(bytes, ids.len() as u64);
    for id in ids {
        write_number(bytes, id.number());
    }
}

fn read_ids(bytes: &mut &[u8]) -> Option<BTreeSet<NodeId>> {
    let count = read_number(bytes)?;
    (0..count).map(|_| read_number(bytes).map(NodeId::new)).collect()
}

fn read_joined(bytes: &mut &[u8]) -> Option<BTreeMap<JoinToken, NodeId>> {
    let count = read_number(bytes)?;
    let pair = |_| {
        let token = JoinToken::new(read_number(bytes)?);
        Some((token, NodeId::new(read_number(bytes)?)))
    };
    (0..count).map(pair).collect()
}

/// Adds a number.
pub(super) fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Takes a number of at most 64 bits from the front; `None` where there is more, or less than a whole one.
pub(super) fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_payload_reads_back_and_no_part_of_one_does() {
        let ids = |ids: &[u64]| ids.iter().copied().map(NodeId::new).collect::<BTreeSet<_>>();
        let configuration = Configuration {
            outgoing: Some(ids(&[1, 2])),
            learners: ids(&[300]),
            last_id: NodeId::new(301),
            joined: BTreeMap::from([(JoinToken::new(77), NodeId::new(300))]),
            ..Configuration::of_voters([2, 3].map(NodeId::new))
        };
        let payloads = [
            Payload::Noop,
            Payload::Command(Bytes::from_static(b"")),
            Payload::Command(Bytes::from_static(b"x=1")),
            Payload::Configuration(Arc::default()),
            Payload::Configuration(Arc::new(configuration)),
            Payload::OpenSession {
                timeout: Duration::from_secs(60),
            },
            Payload::CloseSession(SessionId::new(300)),
            Payload::ClusterTime(ClusterTime::from_nanos(u64::MAX)),
        ];
        for payload in payloads {
            let mut bytes = Vec::new();
            write(&mut bytes, &payload);
            assert_eq!(whole(&bytes, read), Some(payload));
            for end in 0..bytes.len() {
                assert_eq!(whole(&bytes[..end], read), None, "{end} of {} bytes", bytes.len());
            }
        }
    }

    #[test]
    fn numbers_of_every_length_read_back_and_longer_ones_are_refused() {
        for number in (0..64).map(|shift| u64::MAX >> shift).chain([0, 127, 128]) {
            let mut bytes = Vec::new();
            write_number(&mut bytes, number);
            assert_eq!(read_number(&mut bytes.as_slice()), Some(number));
            bytes.pop();
            assert_eq!(read_number(&mut bytes.as_slice()), None);
        }
        assert_eq!(
            read_number(&mut [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02].as_slice()),
            None
        );
        assert_eq!(read_number(&mut [0x80; 20].as_slice()), None);
    }
}
