//! The snapshots of a save.

use std::sync::Arc;

use bytes::Bytes;

use super::entry::configuration_of;
use super::process::local;
use super::{Problem, ensure};
use crate::consensus::{Incoming, Piece, Sending};
use crate::machine::{KeyValue, SessionTable};
use crate::node::snapshot;
use crate::playground::WorldImage;
use crate::save::format::{IncomingFile, SendingFile, SnapshotFile};
use crate::save::scalar::Text;
use crate::types::{Configuration, LocalTime, LogPosition, Round, Snapshot};

/// A snapshot: of an entry of a term, with a state in one of two forms.
pub(super) fn snapshot_of(file: &SnapshotFile, image: &WorldImage) -> Result<Snapshot, Problem> {
    let members = file.members.as_ref().map(configuration_of).transpose()?;
    Ok(Snapshot {
        last: last_of(file.last.into())?,
        configuration: Arc::new(members.unwrap_or_else(|| image.configuration())),
        data: data_of(file)?,
    })
}

fn last_of(last: LogPosition) -> Result<LogPosition, Problem> {
    ensure(
        last.index.number() > 0 && last.term.number() > 0,
        "a snapshot stands for one entry at least, of a term from 1 on",
    )?;
    Ok(last)
}

fn data_of(file: &SnapshotFile) -> Result<Bytes, Problem> {
    match (&file.data, &file.state) {
        (Some(Text(data)), None) => Ok(data.clone()),
        (None, state) => {
            let state = state.clone().unwrap_or_default();
            let state = KeyValue::snapshot_of(&state.0);
            let state = state.map_err(|error| Problem(format!("a snapshot's `state`: {error}")))?;
            Ok(snapshot::encode(&SessionTable::default(), &state))
        }
        (Some(_), Some(_)) => Err(Problem::new("a snapshot has `data` or a `state`, not both")),
    }
}

pub(super) fn incoming_of(file: &IncomingFile) -> Result<Incoming, Problem> {
    let configuration: Configuration = configuration_of(&file.members)?;
    Ok(Incoming {
        last: last_of(file.last.into())?,
        configuration: Arc::new(configuration),
        total: file.total.get(),
        data: file.data.0.to_vec(),
    })
}

pub(super) fn sending_of(file: SendingFile, now: LocalTime) -> Sending {
    Sending {
        last: file.last.into(),
        received: file.received.get(),
        most: file.most.unwrap_or(file.received).get(),
        grew: file.grew.map_or(now, local),
        piece: file
            .out
            .map_or(Piece::Ready, |round| Piece::Out(Round::new(round.get()))),
    }
}
