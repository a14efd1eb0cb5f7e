//! The messages of a save: in flight, and held back at their sender.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entry::{configuration_of, entries_of};
use super::route::news_of;
use super::wish::{outcome_of, wish_of};
use super::{Located, Members, Orders, Place, Problem, ensure, ensure_to_come};
use crate::playground::{CLUSTER, MessageId, MessageImage, WorldImage};
use crate::save::format::{MessageFile, PositionFile, WordsFile};
use crate::save::scalar::{List, Number, Seconds, Text};
use crate::types::{
    AppendReply, AppendRequest, ClusterId, ElectionOrigin, Envelope, Forward, ForwardReply, Gossip,
    Incarnation, InstallSnapshot, LogIndex, LogPosition, Message, NodeId, PreVoteReply, PreVoteRequest,
    ProposalId, Round, SnapshotReply, Term, TimeoutNow, VoteReply, VoteRequest,
};

/// What the messages of a world are read against.
pub(super) struct Around<'a> {
    pub(super) image: &'a WorldImage,
    pub(super) members: Members,
    /// The term that each node is in.
    pub(super) terms: BTreeMap<NodeId, Term>,
    /// The messages that wait for a frozen node, and so are not due.
    pub(super) waiting: BTreeSet<u64>,
}

/// The messages in flight.
pub(super) fn in_flight<const MOST: usize>(
    files: List<MessageFile, MOST>,
    around: &Around<'_>,
    orders: &mut Orders,
) -> Result<Vec<MessageImage>, Located> {
    let named = files.iter().filter_map(|file| file.id);
    let mut next = named.map(|id| id.get() + 1).max().unwrap_or_default();
    let mut messages = Vec::new();
    for (place, file) in files.into_iter().enumerate() {
        let id = file.id.map_or(next, Number::get);
        next = next.max(id + 1);
        let message = around.message(id, file, orders);
        let at = |Problem(what)| Problem(format!("message {id}: {what}")).at(Place::Message(place));
        messages.push(message.map_err(at)?);
    }
    messages.sort_by_key(|message| message.id);
    Ok(messages)
}

impl Around<'_> {
    fn message(&self, id: u64, file: MessageFile, orders: &mut Orders) -> Result<MessageImage, Problem> {
        let (from, to) = (self.members.node(file.from)?, self.members.node(file.to)?);
        ensure(from != to, format!("{from} sends nothing to itself"))?;
        let term = file.term.map_or(self.terms[&from], |term| Term::new(term.get()));
        let own = self.image.links.get(&(from, to)).and_then(|link| link.settings);
        let latency = own.unwrap_or(self.image.settings.link).latency.min();
        let now = self.image.now;
        let at = |time: Option<Seconds>, default| time.map_or(default, Seconds::instant);
        let due = at(file.due, now.after(latency));
        let held = file.held.map(Seconds::instant);
        let is_due = held.is_none() && !self.waiting.contains(&id);
        if is_due {
            ensure_to_come("it arrives", due, now)?;
        }
        Ok(MessageImage {
            id: MessageId(id),
            envelope: Envelope {
                from,
                to,
                term,
                message: message_of(file.says, term)?,
            },
            sent: at(file.sent, now),
            cluster: file
                .cluster
                .map_or(CLUSTER, |cluster| ClusterId::new(cluster.get())),
            due,
            order: is_due.then(|| orders.place(file.order)),
            held,
        })
    }
}

/// What a message says, in a term.
pub(super) fn message_of(words: WordsFile, term: Term) -> Result<Message, Problem> {
    Ok(match words {
        WordsFile::VoteRequest { last, transfer } => {
            let origin = if transfer {
                ElectionOrigin::Transfer
            } else {
                ElectionOrigin::Timeout
            };
            Message::VoteRequest(VoteRequest {
                last: last.into(),
                origin,
            })
        }
        WordsFile::PreVoteRequest { asked, last } => {
            let asked = Term::new(asked.get());
            Message::PreVoteRequest(PreVoteRequest {
                asked,
                last: last.into(),
            })
        }
        WordsFile::PreVoteGranted { asked } => Message::PreVoteReply(PreVoteReply::Granted {
            asked: Term::new(asked.get()),
        }),
        WordsFile::PreVoteRefused => Message::PreVoteReply(PreVoteReply::Refused),
        WordsFile::TimeoutNow { last } => Message::TimeoutNow(TimeoutNow { last: last.into() }),
        WordsFile::VoteGranted => Message::VoteReply(VoteReply::Granted),
        WordsFile::VoteRefused => Message::VoteReply(VoteReply::Refused),
        WordsFile::Append {
            previous,
            entries,
            commit,
            round,
        } => {
            let previous = LogPosition::from(previous);
            let entries = entries_of(entries, previous)?;
            let last = entries.last_position().unwrap_or(previous).term;
            ensure(
                last <= term,
                format!("it carries an entry of term {last}, later than its own"),
            )?;
            let commit = LogIndex::new(commit.get());
            Message::AppendRequest(AppendRequest {
                previous,
                entries,
                commit,
                round: Round::new(round.get()),
            })
        }
        WordsFile::Matched { through, round } => Message::AppendReply(AppendReply::Matched {
            through: LogIndex::new(through.get()),
            round: Round::new(round.get()),
        }),
        WordsFile::Diverged {
            rejected,
            hint,
            round,
        } => Message::AppendReply(AppendReply::Diverged {
            rejected: LogIndex::new(rejected.get()),
            hint: hint.into(),
            round: Round::new(round.get()),
        }),
        WordsFile::Piece {
            last,
            members,
            offset,
            total,
            data: Text(data),
            round,
        } => Message::InstallSnapshot(InstallSnapshot {
            last: last.into(),
            configuration: Arc::new(configuration_of(&members)?),
            offset: offset.get(),
            total: total.get(),
            data,
            round: Round::new(round.get()),
        }),
        WordsFile::Received { last, bytes, round } => Message::SnapshotReply(SnapshotReply::Received {
            last: last.into(),
            bytes: bytes.get(),
            round: Round::new(round.get()),
        }),
        WordsFile::StaleSnapshot => Message::SnapshotReply(SnapshotReply::StaleTerm),
        WordsFile::StaleTerm => Message::AppendReply(AppendReply::StaleTerm),
        WordsFile::Forward { starts, id, wish } => Message::Forward(Forward {
            incarnation: Incarnation::new(starts.get()),
            id: ProposalId::new(id.get()),
            wish: wish_of(wish),
        }),
        WordsFile::ForwardReply { starts, id, outcome } => Message::ForwardReply(ForwardReply {
            incarnation: Incarnation::new(starts.get()),
            id: ProposalId::new(id.get()),
            outcome: outcome_of(&outcome),
        }),
        WordsFile::Gossip(news) => Message::Gossip(Gossip::Push(news_of(&news)?)),
        WordsFile::GossipReply(news) => Message::Gossip(Gossip::Reply(news_of(&news)?)),
    })
}

impl From<PositionFile> for LogPosition {
    fn from(file: PositionFile) -> Self {
        Self::new(LogIndex::new(file.index.get()), Term::new(file.term.get()))
    }
}
