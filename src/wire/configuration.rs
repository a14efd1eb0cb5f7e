//! Configurations, and changes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Presence;
use super::error::{EncodeError, Fault, WireError};
use super::reader::Reader;
use super::writer::Writer;
use crate::types::{Configuration, JoinToken, NodeId};

pub(super) fn write(writer: &mut Writer, configuration: &Configuration) -> Result<(), EncodeError> {
    let Configuration {
        voters,
        outgoing,
        learners,
        last_id,
        joined,
    } = configuration;
    write_ids(writer, voters)?;
    match outgoing {
        None => writer.byte(Presence::Absent.byte()),
        Some(outgoing) => {
            writer.byte(Presence::Present.byte());
            write_ids(writer, outgoing)?;
        }
    }
    write_ids(writer, learners)?;
    writer.node(*last_id);
    writer.count(joined.len())?;
    for (token, id) in joined {
        writer.number(token.number());
        writer.node(*id);
    }
    Ok(())
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Configuration, WireError> {
    Ok(Configuration {
        voters: read_ids(reader)?,
        outgoing: match reader.code()? {
            Presence::Absent => None,
            Presence::Present => Some(read_ids(reader)?),
        },
        learners: read_ids(reader)?,
        last_id: reader.node()?,
        joined: read_joined(reader)?,
    })
}

/// Adds how many, then each, in ascending order.
pub(super) fn write_ids(writer: &mut Writer, ids: &BTreeSet<NodeId>) -> Result<(), EncodeError> {
    writer.count(ids.len())?;
    for id in ids {
        writer.node(*id);
    }
    Ok(())
}

pub(super) fn read_ids(reader: &mut Reader<'_>) -> Result<BTreeSet<NodeId>, WireError> {
    let count = reader.count()?;
    let mut ids = BTreeSet::new();
    for _ in 0..count {
        let place = reader.place();
        let id = reader.node()?;
        if ids.last().is_some_and(|last| *last >= id) {
            return Err(reader.fault_at(place, Fault::Order));
        }
        ids.insert(id);
    }
    Ok(ids)
}

fn read_joined(reader: &mut Reader<'_>) -> Result<BTreeMap<JoinToken, NodeId>, WireError> {
    let count = reader.count()?;
    let mut joined = BTreeMap::new();
    for _ in 0..count {
        let place = reader.place();
        let token = JoinToken::new(reader.number()?);
        if joined.last_key_value().is_some_and(|(last, _)| *last >= token) {
            return Err(reader.fault_at(place, Fault::Order));
        }
        joined.insert(token, reader.node()?);
    }
    Ok(joined)
}
