//! Log entries, and shared runs of them.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{ClusterTime, Configuration, Guarded, LogIndex, LogPosition, SessionId, Term};

/// One log entry. Its index is its place, which whoever holds it knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The term of the leader that created it.
    pub term: Term,
    /// What it carries.
    pub payload: Payload,
}

/// What an entry carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nothing: the entry with which a leader begins its term, so that it has one of its own to commit (§8).
    Noop,
    /// A command for the state machine, opaque to the algorithm. Cloning shares the buffer.
    Command(Bytes),
    /// Who belongs to the cluster from here on (§6).
    Configuration(Arc<Configuration>),
    /// A client opens a session, which has this entry's index for its name (thesis §6.3).
    OpenSession {
        /// It expires when it is not used for longer than this, by the cluster's time.
        timeout: Duration,
    },
    /// A client closes its session: it asks for nothing more in it, and what is kept for it is dropped.
    CloseSession(SessionId),
    /// A command within a session (§8).
    Guarded(Guarded),
    /// A leader's stamp: the cluster's time from here on.
    ClusterTime(ClusterTime),
}

impl Payload {
    /// The command, in a session or not.
    pub fn command(&self) -> Option<&Bytes> {
        match self {
            Self::Command(command) | Self::Guarded(Guarded { command, .. }) => Some(command),
            Self::Noop
            | Self::Configuration(_)
            | Self::OpenSession { .. }
            | Self::CloseSession(_)
            | Self::ClusterTime(_) => None,
        }
    }

    /// What it is, in a few characters: `no-op`, `x=1`, `s4#2 x=1`. `describe` says what a command is.
    pub fn brief(&self, describe: impl Fn(&[u8]) -> String) -> String {
        match self {
            Self::Noop => "no-op".to_owned(),
            Self::Command(command) => describe(command),
            Self::Configuration(configuration) => configuration.to_string(),
            Self::OpenSession { .. } => "+session".to_owned(),
            Self::CloseSession(session) => format!("{session} end"),
            Self::Guarded(guarded) => {
                let Guarded {
                    session,
                    serial,
                    command,
                    ..
                } = guarded;
                format!("{session}{serial} {}", describe(command))
            }
            Self::ClusterTime(time) => {
                let millis = time.nanos() / 1_000_000;
                format!("@{}.{}s", millis / 1_000, millis % 1_000 / 100)
            }
        }
    }
}

impl Entry {
    /// An entry without a command.
    pub const fn noop(term: Term) -> Self {
        Self {
            term,
            payload: Payload::Noop,
        }
    }

    /// An entry with a command.
    pub const fn command(term: Term, command: Bytes) -> Self {
        Self {
            term,
            payload: Payload::Command(command),
        }
    }

    /// An entry with a configuration.
    pub fn configuration(term: Term, configuration: impl Into<Arc<Configuration>>) -> Self {
        Self {
            term,
            payload: Payload::Configuration(configuration.into()),
        }
    }

    /// How many bytes a caller gave it to carry.
    pub fn payload_bytes(&self) -> u64 {
        self.payload.command().map_or(0, |command| command.len() as u64)
    }

    /// What this entry counts towards limits in bytes: its command and a small allowance for the rest.
    #[inline]
    pub fn weight(&self) -> u64 {
        const OVERHEAD: u64 = 16;
        const MEMBER: u64 = 8;
        match &self.payload {
            Payload::Noop
            | Payload::OpenSession { .. }
            | Payload::CloseSession(_)
            | Payload::ClusterTime(_) => OVERHEAD,
            Payload::Guarded(guarded) => OVERHEAD + guarded.command.len() as u64,
            Payload::Command(command) => OVERHEAD + command.len() as u64,
            Payload::Configuration(configuration) => {
                OVERHEAD + MEMBER * (configuration.members().len() + configuration.joined.len()) as u64
            }
        }
    }
}

/// A run of consecutive entries, shared: a clone or a part costs no copy of an entry.
///
/// The same run serves the log, the disk and every follower. Two runs are equal when they hold equal entries at
/// equal places, however they came about.
#[derive(Clone)]
pub struct Entries {
    first: LogIndex,
    /// `None` where there are none: no memory is needed for that.
    shared: Option<Arc<[Entry]>>,
    range: Range<usize>,
    weight: u64,
}

impl Entries {
    /// A run that starts at `first`. It may be empty.
    pub fn new(first: LogIndex, entries: impl Into<Arc<[Entry]>>) -> Self {
        let shared = entries.into();
        if shared.is_empty() {
            return Self::empty(first);
        }
        Self {
            first,
            range: 0..shared.len(),
            weight: weight_of(&shared),
            shared: Some(shared),
        }
    }

    /// The run of no entries before `first`.
    pub const fn empty(first: LogIndex) -> Self {
        Self {
            first,
            shared: None,
            range: 0..0,
            weight: 0,
        }
    }

    /// The index of the first entry; where the run is empty, the index the first would have.
    #[inline]
    pub fn first_index(&self) -> LogIndex {
        self.first
    }

    /// The index of the last entry; where the run is empty, the index before it.
    #[inline]
    pub fn last_index(&self) -> LogIndex {
        LogIndex::new((self.first.number() + self.len() as u64).saturating_sub(1))
    }

    /// The index and term of the last entry, if any.
    pub fn last_position(&self) -> Option<LogPosition> {
        self.as_slice()
            .last()
            .map(|entry| LogPosition::new(self.last_index(), entry.term))
    }

    /// How many entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The entries, in order.
    #[inline]
    pub fn as_slice(&self) -> &[Entry] {
        match &self.shared {
            Some(shared) => &shared[self.range.clone()],
            None => &[],
        }
    }

    /// The entry at `index`, if the run reaches it.
    #[inline]
    pub fn entry(&self, index: LogIndex) -> Option<&Entry> {
        let offset = index.number().checked_sub(self.first.number())?;
        self.as_slice().get(usize::try_from(offset).ok()?)
    }

    /// The entries with their indices.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (LogIndex, &Entry)> + ExactSizeIterator {
        let first = self.first.number();
        self.as_slice()
            .iter()
            .enumerate()
            .map(move |(offset, entry)| (LogIndex::new(first + offset as u64), entry))
    }

    /// What these entries count towards limits in bytes.
    #[inline]
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// What the entries from `index` on count towards limits in bytes.
    pub fn weight_from(&self, index: LogIndex) -> u64 {
        self.weight_of_part(self.offset_of(index), self.len())
    }

    /// The part from `index` on, shared; all of it where `index` is before it, none where it is past it.
    #[must_use]
    pub fn starting_at(&self, index: LogIndex) -> Self {
        self.part(self.offset_of(index), self.len())
    }

    /// The part before `index`, shared; none of it where `index` is before it, all where it is past it.
    #[must_use]
    pub fn ending_before(&self, index: LogIndex) -> Self {
        self.part(0, self.offset_of(index))
    }

    /// The first `count` entries, shared; all of them where there are fewer.
    #[must_use]
    pub fn take(&self, count: usize) -> Self {
        self.part(0, count.min(self.len()))
    }

    /// How many entries are before `index`.
    fn offset_of(&self, index: LogIndex) -> usize {
        let before = usize::try_from(index.since(self.first)).unwrap_or(usize::MAX);
        before.min(self.len())
    }

    fn part(&self, start: usize, end: usize) -> Self {
        let first = LogIndex::new(self.first.number() + start as u64);
        let Some(shared) = self.shared.as_ref().filter(|_| start < end) else {
            return Self::empty(first);
        };
        if end - start == self.len() {
            return self.clone();
        }
        Self {
            first,
            shared: Some(Arc::clone(shared)),
            range: self.range.start + start..self.range.start + end,
            weight: self.weight_of_part(start, end),
        }
    }

    fn weight_of_part(&self, start: usize, end: usize) -> u64 {
        // What is left out may be less than what is taken.
        let left_out = self.len() - (end - start);
        let entries = self.as_slice();
        if left_out < end - start {
            self.weight - weight_of(&entries[..start]) - weight_of(&entries[end..])
        } else {
            weight_of(&entries[start..end])
        }
    }
}

fn weight_of(entries: &[Entry]) -> u64 {
    entries.iter().map(Entry::weight).sum()
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        let is_same = |(own, others)| Arc::ptr_eq(own, others);
        let is_shared = || {
            self.range == other.range
                && self
                    .shared
                    .as_ref()
                    .zip(other.shared.as_ref())
                    .is_some_and(is_same)
        };
        self.first == other.first && (is_shared() || self.as_slice() == other.as_slice())
    }
}

impl Eq for Entries {}

impl Hash for Entries {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.first.hash(state);
        self.as_slice().hash(state);
    }
}

impl std::fmt::Debug for Entries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Entries {
        Entries::new(
            LogIndex::new(4),
            (1..=3)
                .map(|term| Entry::noop(Term::new(term)))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn parts_share_and_keep_their_places() {
        let part = run().starting_at(LogIndex::new(5));
        assert_eq!(part.first_index(), LogIndex::new(5));
        assert_eq!(part.entry(LogIndex::new(6)), Some(&Entry::noop(Term::new(3))));
        assert_eq!(part.entry(LogIndex::new(4)), None);
        assert_eq!(
            part.take(1).last_position(),
            Some(LogPosition::new(LogIndex::new(5), Term::new(2)))
        );
        assert_eq!(run().starting_at(LogIndex::new(1)), run());
        let beyond = run().starting_at(LogIndex::new(99));
        assert!(beyond.is_empty());
        assert_eq!(beyond.first_index(), LogIndex::new(7));
    }

    #[test]
    fn an_empty_run_ends_before_it_begins() {
        assert_eq!(Entries::empty(LogIndex::new(1)).last_index(), LogIndex::GENESIS);
    }
}
