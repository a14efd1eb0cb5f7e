//! A log entry in a save: `3` for a no-op of term 3, `(3, "x=1")` for a command, and
//! `(term: 3, members: (voters: [1, 2, 3], learners: [4]))` for a configuration.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::scalar::{List, Number, Text, is_default};
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
    members: ConfigurationFile,
}

impl Serialize for EntryFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.payload {
            PayloadFile::Noop => self.term.serialize(serializer),
            PayloadFile::Command(command) => (self.term, command).serialize(serializer),
            PayloadFile::Members(members) => {
                let (term, members) = (self.term, members.clone());
                Named { term, members }.serialize(serializer)
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
        let Named { term, members } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
        let payload = PayloadFile::Members(members);
        Ok(EntryFile { term, payload })
    }
}
