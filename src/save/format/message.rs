//! Messages in flight, and what they say.

use serde::{Deserialize, Serialize};

use super::{
    ConfigurationFile, ENTRIES_MOST, EntryFile, MANY, NewsFile, OutcomeFile, PositionFile, WishFile,
};
use crate::save::scalar::{List, Number, Seconds, Text, is_default, plain};

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Message", deny_unknown_fields)]
pub(in crate::save) struct MessageFile {
    /// Its number; by default the next.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) id: Option<Number>,
    pub(in crate::save) from: Number,
    pub(in crate::save) to: Number,
    /// Its sender's term; by default that which the sender is in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) term: Option<Number>,
    /// When it was sent; by default now.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) sent: Option<Seconds>,
    /// When it arrives; by default as soon as the settings allow.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) due: Option<Seconds>,
    /// Its place among what is due; by default after all that has one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) order: Option<Number>,
    /// Since when a person holds it, where one does: it is not due then.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "plain")]
    pub(in crate::save) held: Option<Seconds>,
    /// The cluster that it is of, where that is another one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::save) cluster: Option<Number>,
    pub(in crate::save) says: WordsFile,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Words", deny_unknown_fields)]
pub(in crate::save) enum WordsFile {
    VoteRequest {
        last: PositionFile,
        /// Whether the leader handed over to the candidate.
        #[serde(default, skip_serializing_if = "is_default")]
        transfer: bool,
    },
    PreVoteRequest {
        asked: Number,
        last: PositionFile,
    },
    PreVoteGranted {
        asked: Number,
    },
    PreVoteRefused,
    TimeoutNow {
        last: PositionFile,
    },
    VoteGranted,
    VoteRefused,
    Append {
        previous: PositionFile,
        #[serde(default, skip_serializing_if = "is_default")]
        entries: List<EntryFile, ENTRIES_MOST>,
        commit: Number,
        /// The leader's last round of heartbeats.
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    Matched {
        through: Number,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    Diverged {
        rejected: Number,
        hint: PositionFile,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    StaleTerm,
    /// What a client wants, passed on to the leader.
    Forward {
        /// How many times the sender was started.
        starts: Number,
        id: Number,
        wish: WishFile,
    },
    ForwardReply {
        /// How many times the receiver had been started.
        starts: Number,
        id: Number,
        outcome: OutcomeFile,
    },
    /// Where the sender and others are.
    Gossip(List<NewsFile, MANY>),
    /// What the receiver did not know of that.
    GossipReply(List<NewsFile, MANY>),
    Piece {
        last: PositionFile,
        members: ConfigurationFile,
        #[serde(default, skip_serializing_if = "is_default")]
        offset: Number,
        /// How many bytes the whole snapshot has.
        total: Number,
        data: Text,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    /// So many bytes of a snapshot are there.
    Received {
        last: PositionFile,
        bytes: Number,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Number,
    },
    StaleSnapshot,
}
