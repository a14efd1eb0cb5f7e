//! Conditions in words: what a step waits for, and what a task has for its goals.
//!
//! A condition is one fact, or several joined by `and`, which must hold at the same moment:
//!
//! | | |
//! |---|---|
//! | `violation LeaderCompleteness` | an oracle has found that property broken |
//! | `no violation` | none is |
//! | `a leader`, `no leader`, `2 leaders` | how many nodes lead |
//! | `no leader for 2 s while 3 of 5 are up` | all that time |
//! | `S3 leads`, `S3 leads term 4` | |
//! | `term 4` | some node has come to term 4, or further |
//! | `entry x=4 committed`, `entry x=4 at S3`, `entry x=4 nowhere` | a running node knows it to be committed; it stands in S3's log; in nobody's |
//! | `commit 3 at S2` | S2 knows its log to be committed up to there, or further |
//! | `x is 4 at S3` | in the state machine |
//! | `S3 is up`, `S3 is down`, `S3 is frozen` | |
//! | `snapshot at S3` | S3 goes on from one |
//! | `voters 1,2,3` | the cluster goes by these, and by no others besides |
//! | `you crash` | the person did that since the step began; the words are those of [`Deed`] |

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::deed::Deed;
use crate::check::Property;
use crate::playground::Condition as NodeCondition;
use crate::types::{LogIndex, NodeId, Term};

/// Facts that hold at the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    facts: Vec<Fact>,
}

/// Something that can be seen of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// An oracle has found this property broken.
    Violation(Property),
    /// No oracle has found anything.
    Sound,
    /// Somebody leads.
    ALeader,
    /// So many lead.
    Leaders(usize),
    /// Nobody has led for so long, while so many of so many nodes were up.
    NoLeader {
        /// For how long.
        lasting: Duration,
        /// How many of how many nodes were up, at least.
        up: Option<(usize, usize)>,
    },
    /// A node leads, in this term where one is named.
    Leads(NodeId, Option<Term>),
    /// Some node has come to this term.
    Reached(Term),
    /// Where a command stands.
    Entry(String, EntryPlace),
    /// A node that runs knows its log to be committed up to there.
    Commit(LogIndex, NodeId),
    /// What a state machine holds.
    Value {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// Whose machine.
        node: NodeId,
    },
    /// Whether a node runs.
    Is(NodeId, NodeCondition),
    /// A node goes on from a snapshot.
    Snapshot(NodeId),
    /// The cluster goes by these voters.
    Voters(BTreeSet<NodeId>),
    /// The person did this.
    You(Deed),
}

/// Where a command stands. What only a snapshot stands for is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPlace {
    /// Some running node knows it to be committed.
    Committed,
    /// In this node's log.
    At(NodeId),
    /// In no log.
    Nowhere,
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no condition; some are: violation ElectionSafety, no leader for 2 s while 3 of 5 are up, S3 leads, \
     entry x=4 committed, x is 4 at S3, S3 is down, you crash"
)]
pub struct ConditionError(String);

impl Condition {
    /// Its facts.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let facts = text.split(" and ").map(|part| {
            let part = part.trim();
            fact(part).ok_or_else(|| ConditionError(part.to_owned()))
        });
        Ok(Self {
            facts: facts.collect::<Result<_, _>>()?,
        })
    }
}

fn fact(text: &str) -> Option<Fact> {
    if let Some(rest) = text.strip_prefix("entry ") {
        return entry(rest);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(match words[..] {
        ["violation", name] => Fact::Violation(Property::of_name(name)?),
        ["no", "violation"] => Fact::Sound,
        ["a", "leader"] => Fact::ALeader,
        [count, "leaders"] => Fact::Leaders(count.parse().ok()?),
        ["no", "leader"] => no_leader(Duration::ZERO, None),
        ["no", "leader", "for", count, unit] => no_leader(duration(count, unit)?, None),
        [
            "no",
            "leader",
            "for",
            count,
            unit,
            "while",
            up,
            "of",
            nodes,
            "are",
            "up",
        ] => no_leader(
            duration(count, unit)?,
            Some((up.parse().ok()?, nodes.parse().ok()?)),
        ),
        [id, "leads"] => Fact::Leads(node(id)?, None),
        [id, "leads", "term", term] => Fact::Leads(node(id)?, Some(Term::new(term.parse().ok()?))),
        ["term", term] => Fact::Reached(Term::new(term.parse().ok()?)),
        [id, "is", "up"] => Fact::Is(node(id)?, NodeCondition::Up),
        [id, "is", "down"] => Fact::Is(node(id)?, NodeCondition::Down),
        [id, "is", "frozen"] => Fact::Is(node(id)?, NodeCondition::Frozen),
        ["commit", index, "at", id] => Fact::Commit(LogIndex::new(index.parse().ok()?), node(id)?),
        [key, "is", value, "at", id] => Fact::Value {
            key: key.to_owned(),
            value: value.to_owned(),
            node: node(id)?,
        },
        ["snapshot", "at", id] => Fact::Snapshot(node(id)?),
        ["voters", ids] => {
            let ids = ids.split(',').map(|id| id.parse().ok().map(NodeId::new));
            Fact::Voters(ids.collect::<Option<_>>()?)
        }
        ["you", word] => Fact::You(word.parse().ok()?),
        [] | [..] => return None,
    })
}

fn no_leader(lasting: Duration, up: Option<(usize, usize)>) -> Fact {
    Fact::NoLeader { lasting, up }
}

/// What comes after `entry`: the command itself may have several words.
fn entry(text: &str) -> Option<Fact> {
    let (command, place) = if let Some(command) = text.strip_suffix(" committed") {
        (command, EntryPlace::Committed)
    } else if let Some(command) = text.strip_suffix(" nowhere") {
        (command, EntryPlace::Nowhere)
    } else {
        let (command, id) = text.rsplit_once(" at ")?;
        (command, EntryPlace::At(node(id)?))
    };
    Some(Fact::Entry(command.trim().to_owned(), place))
}

fn node(text: &str) -> Option<NodeId> {
    let number = text.strip_prefix('S')?.parse().ok()?;
    (number > 0).then_some(NodeId::new(number))
}

/// No longer than a day: nobody waits for that.
fn duration(count: &str, unit: &str) -> Option<Duration> {
    const DAY_MS: u64 = 86_400_000;
    let count: u64 = count.parse().ok()?;
    let millis = match unit {
        "ms" => count,
        "s" => count.checked_mul(1_000)?,
        _ => return None,
    };
    (millis <= DAY_MS).then_some(Duration::from_millis(millis))
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fact) in self.facts.iter().enumerate() {
            let joint = if place == 0 { "" } else { " and " };
            write!(formatter, "{joint}{fact}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(property) => write!(formatter, "violation {}", property.name()),
            Self::Sound => formatter.write_str("no violation"),
            Self::ALeader => formatter.write_str("a leader"),
            Self::Leaders(count) => write!(formatter, "{count} leaders"),
            Self::NoLeader { lasting, up } => {
                formatter.write_str("no leader")?;
                if !lasting.is_zero() {
                    let millis = lasting.as_millis();
                    let (count, unit) = match millis % 1_000 {
                        0 => (millis / 1_000, "s"),
                        _ => (millis, "ms"),
                    };
                    write!(formatter, " for {count} {unit}")?;
                }
                match up {
                    Some((up, nodes)) => write!(formatter, " while {up} of {nodes} are up"),
                    None => Ok(()),
                }
            }
            Self::Leads(node, None) => write!(formatter, "{node} leads"),
            Self::Leads(node, Some(term)) => write!(formatter, "{node} leads term {term}"),
            Self::Reached(term) => write!(formatter, "term {term}"),
            Self::Entry(command, EntryPlace::Committed) => write!(formatter, "entry {command} committed"),
            Self::Entry(command, EntryPlace::At(node)) => write!(formatter, "entry {command} at {node}"),
            Self::Entry(command, EntryPlace::Nowhere) => write!(formatter, "entry {command} nowhere"),
            Self::Commit(index, node) => write!(formatter, "commit {index} at {node}"),
            Self::Value { key, value, node } => write!(formatter, "{key} is {value} at {node}"),
            Self::Is(node, condition) => {
                let word = match condition {
                    NodeCondition::Up => "up",
                    NodeCondition::Down => "down",
                    NodeCondition::Frozen => "frozen",
                };
                write!(formatter, "{node} is {word}")
            }
            Self::Snapshot(node) => write!(formatter, "snapshot at {node}"),
            Self::Voters(voters) => {
                let numbers: Vec<String> = voters.iter().map(|id| id.number().to_string()).collect();
                write!(formatter, "voters {}", numbers.join(","))
            }
            Self::You(deed) => write!(formatter, "you {deed}"),
        }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again_and_anything_else_is_refused() {
        let texts = [
            "violation LeaderCompleteness",
            "no violation",
            "a leader",
            "2 leaders",
            "no leader",
            "no leader for 2 s",
            "no leader for 1500 ms while 3 of 5 are up",
            "S3 leads",
            "S3 leads term 4",
            "term 7",
            "entry x=4 committed",
            "entry append x a at S2",
            "entry x=4 nowhere",
            "commit 3 at S2",
            "x is 4 at S3",
            "S3 is down",
            "S1 is up and S2 is frozen",
            "snapshot at S5",
            "voters 1,4,5",
            "you crash and a leader",
        ];
        for text in texts {
            let condition: Condition = text.parse().expect(text);
            assert_eq!(condition.to_string(), text);
        }
        for deed in Deed::ALL {
            assert!(format!("you {deed}").parse::<Condition>().is_ok());
        }
        for text in [
            "",
            "violation Nothing",
            "no leader for 2 h",
            "leader S0 leads",
            "S0 leads",
            "you",
            "a leader and",
            "entry x=4",
            "no leader for 9999999999999999999 s",
        ] {
            assert!(text.parse::<Condition>().is_err(), "{text}");
        }
    }
}
