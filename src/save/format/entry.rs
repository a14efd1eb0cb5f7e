//! A log entry in a save: `3` for a no-op of term 3, `(3, "x=1")` for a command, and
//! `(term: 3, members: (voters: [1, 2, 3], learners: [4]))` for a configuration.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::scalar::{List, Number, Seconds, Text, is_default};
use super::{MANY, NODES_MOST};

/// An entry.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::save) struct EntryFile {
    pub(in crate::save) term: Number,
    pub(in crate::save) payload: PayloadFile,
}

/// What an entry carries.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::save) enum PayloadFile {
    Noop,
    Command(Text),
    Members(ConfigurationFile),
    /// With how long it lasts unused.
    OpenSession(Seconds),
    CloseSession(Number),
    Guarded(GuardedFile),
    /// The cluster's time.
    Time(Seconds),
}

/// A command within a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Guarded", deny_unknown_fields)]
pub(in crate::save) struct GuardedFile {
    pub(in crate::save) session: Number,
    pub(in crate::save) serial: Number,
    /// All serial numbers below this one are acknowledged; by default none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) acknowledged: Option<Number>,
    pub(in crate::save) command: Text,
}

/// Who belongs to the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Members", deny_unknown_fields)]
pub(in crate::save) struct ConfigurationFile {
    pub(in crate::save) voters: List<Number, NODES_MOST>,
    /// The voters before, while the change is joint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) outgoing: Option<List<Number, NODES_MOST>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) learners: List<Number, NODES_MOST>,
    /// The highest id ever given; by default the highest named.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) last_id: Option<Number>,
    /// The token of each server that joined, and its id.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) joined: List<(Number, Number), MANY>,
}

/// The form of an entry that has fields by name.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Entry", deny_unknown_fields)]
struct Named {
    term: Number,
    #[serde(default, skip_serializing_if = "is_default")]
    members: Option<ConfigurationFile>,
    #[serde(default, skip_serializing_if = "is_default")]
    open_session: Option<Seconds>,
    #[serde(default, skip_serializing_if = "is_default")]
    close_session: Option<Number>,
    #[serde(default, skip_serializing_if = "is_default")]
    guarded: Option<GuardedFile>,
    #[serde(default, skip_serializing_if = "is_default")]
    time: Option<Seconds>,
}

impl Named {
    fn of(term: Number) -> Self {
        Self {
            term,
            members: None,
            open_session: None,
            close_session: None,
            guarded: None,
            time: None,
        }
    }

    /// What it carries: one thing, or nothing.
    fn payload(self) -> Option<PayloadFile> {
        let mut carried = [
            self.members.map(PayloadFile::Members),
            self.open_session.map(PayloadFile::OpenSession),
            self.close_session.map(PayloadFile::CloseSession),
            self.guarded.map(PayloadFile::Guarded),
            self.time.map(PayloadFile::Time),
        ]
        .into_iter()
        .flatten();
        let first = carried.next();
        first.filter(|_| carried.next().is_none())
    }
}

impl Serialize for EntryFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.payload {
            PayloadFile::Noop => self.term.serialize(serializer),
            PayloadFile::Command(command) => (self.term, command).serialize(serializer),
            PayloadFile::Members(members) => {
                let members = Some(members.clone());
                let term = Named::of(self.term);
                Named { members, ..term }.serialize(serializer)
            }
            PayloadFile::OpenSession(timeout) => {
                let open_session = Some(*timeout);
                let term = Named::of(self.term);
                Named { open_session, ..term }.serialize(serializer)
            }
            PayloadFile::CloseSession(session) => {
                let close_session = Some(*session);
                let term = Named::of(self.term);
                Named {
                    close_session,
                    ..term
                }
                .serialize(serializer)
            }
            PayloadFile::Guarded(guarded) => {
                let guarded = Some(guarded.clone());
                let term = Named::of(self.term);
                Named { guarded, ..term }.serialize(serializer)
            }
            PayloadFile::Time(time) => {
                let time = Some(*time);
                let term = Named::of(self.term);
                Named { time, ..term }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for EntryFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = EntryFile;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "an entry: its term alone for a no-op, (term, \"command\"), or (term: 2, members: (voters: [1, 2]))",
        )
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<EntryFile, E> {
        let term = Number::try_from(number).map_err(E::custom)?;
        let payload = PayloadFile::Noop;
        Ok(EntryFile { term, payload })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<EntryFile, A::Error> {
        let (term, command) = Deserialize::deserialize(SeqAccessDeserializer::new(sequence))?;
        let payload = PayloadFile::Command(command);
        Ok(EntryFile { term, payload })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EntryFile, A::Error> {
        let named = Named::deserialize(MapAccessDeserializer::new(map))?;
        let term = named.term;
        let one_thing =
            "besides its term an entry has one of members, open_session, close_session, guarded, time";
        let payload = named
            .payload()
            .ok_or_else(|| serde::de::Error::custom(one_thing))?;
        Ok(EntryFile { term, payload })
    }
}
