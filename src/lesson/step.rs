//! A step of guided notes, in a save: `"a sentence"`, `(text: "who wins?", answer: "S3 does")`, or
//! `(text: "crash the leader", until: "you crash")`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::condition::Condition;

/// A step. It may ask, or wait, but not both: what is asked is answered when the person wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is said.
    pub text: String,
    /// Where that asks something: the answer, held until somebody turns on.
    pub answer: Option<String>,
    /// Where it waits: what for.
    pub until: Option<Condition>,
}

impl Step {
    /// What is shown of it.
    pub fn shown(&self, is_answered: bool) -> &str {
        match &self.answer {
            Some(answer) if is_answered => answer,
            Some(_) | None => &self.text,
        }
    }

    /// Whether it holds an answer back.
    pub fn asks(&self) -> bool {
        self.answer.is_some()
    }

    /// The same, with each of its texts changed.
    #[must_use]
    pub fn reworded(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            text: change(&self.text),
            answer: self.answer.as_deref().map(change),
            until: self.until.clone(),
        }
    }
}

impl<T: Into<String>> From<T> for Step {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            answer: None,
            until: None,
        }
    }
}

/// The form of a step that is more than a text.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Step", deny_unknown_fields)]
struct Named {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Condition>,
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { text, answer, until } = self.clone();
        if answer.is_none() && until.is_none() {
            return text.serialize(serializer);
        }
        Named { text, answer, until }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepVisitor)
    }
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = Step;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a note: a text, or (text: \"…\", answer: \"…\"), or (text: \"…\", until: \"…\")")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Step, E> {
        Ok(text.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Step, A::Error> {
        let Named { text, answer, until } = Named::deserialize(MapAccessDeserializer::new(map))?;
        if answer.is_some() && until.is_some() {
            return Err(serde::de::Error::custom("a note asks or waits, not both"));
        }
        Ok(Step { text, answer, until })
    }
}
