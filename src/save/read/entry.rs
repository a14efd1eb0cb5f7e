//! The entries of a save, and the configurations among them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Members, Problem, each_once, each_pair_once, ensure};
use crate::save::format::{ConfigurationFile, EntryFile, PayloadFile};
use crate::save::scalar::{List, Number, Text};
use crate::types::{
    ClusterTime, Configuration, Entries, Entry, JoinToken, LogPosition, NodeId, Payload, SessionId, Term,
};

/// Entries that follow a position: of terms from 1 on that never go down.
pub(super) fn entries_of<const MOST: usize>(
    files: List<EntryFile, MOST>,
    previous: LogPosition,
) -> Result<Entries, Problem> {
    let first = previous.index.next();
    let mut before = previous;
    let mut entries = Vec::new();
    for file in files {
        let here = LogPosition::new(before.index.next(), Term::new(file.term.get()));
        ensure(
            here.term >= before.term,
            format!(
                "terms in a log never go down, but entry {} is of term {} and entry {} of term {}",
                before.index, before.term, here.index, here.term
            ),
        )?;
        ensure(
            here.term > Term::default(),
            format!("entry {} is of term 0, and terms begin with 1", here.index),
        )?;
        entries.push(match file.payload {
            PayloadFile::Noop => Entry::noop(here.term),
            PayloadFile::Command(Text(command)) => Entry::command(here.term, command),
            PayloadFile::OpenSession(timeout) => Entry {
                term: here.term,
                payload: Payload::OpenSession {
                    timeout: timeout.duration(),
                },
            },
            PayloadFile::CloseSession(session) => Entry {
                term: here.term,
                payload: Payload::CloseSession(SessionId::new(session.get())),
            },
            PayloadFile::Guarded(guarded) => Entry {
                term: here.term,
                payload: Payload::Guarded(guarded.into()),
            },
            PayloadFile::Time(time) => Entry {
                term: here.term,
                payload: Payload::ClusterTime(ClusterTime::from_nanos(time.instant().nanos())),
            },
            PayloadFile::Members(members) => Entry::configuration(here.term, configuration_of(&members)?),
        });
        before = here;
    }
    Ok(Entries::new(first, entries))
}

/// A configuration: everybody in it may exist, and has one place.
pub(super) fn configuration_of(file: &ConfigurationFile) -> Result<Configuration, Problem> {
    let ids = |numbers: &[Number]| -> Result<BTreeSet<NodeId>, Problem> {
        let ids = numbers.iter().copied().map(Members::possible);
        each_once(ids, |id| format!("{id} stands twice in a configuration"))
    };
    let voters = ids(&file.voters)?;
    let learners = ids(&file.learners)?;
    ensure(!voters.is_empty(), "a configuration has a voter at least")?;
    ensure(
        voters.is_disjoint(&learners),
        "in a configuration a server is a voter or a learner, not both",
    )?;
    let outgoing = file.outgoing.as_ref().map(|outgoing| ids(outgoing)).transpose()?;
    let joined = file.joined.iter();
    let joined = joined.map(|(token, id)| Ok((JoinToken::new(token.get()), Members::possible(*id)?)));
    let joined: BTreeMap<JoinToken, NodeId> = each_pair_once(joined, |token| {
        format!("two servers joined with the token {token}")
    })?;
    let mut configuration = Configuration {
        voters,
        outgoing,
        learners,
        last_id: NodeId::default(),
        joined,
    };
    let named = configuration
        .members()
        .into_iter()
        .chain(configuration.joined.values().copied());
    let highest = named.max().unwrap_or_default();
    configuration.last_id = file.last_id.map_or(highest, |id| NodeId::new(id.get()));
    ensure(
        configuration.last_id >= highest,
        format!(
            "`last_id` is the highest id ever given: {} at least",
            highest.number()
        ),
    )?;
    Ok(configuration)
}
