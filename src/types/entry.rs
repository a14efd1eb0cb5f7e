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
    shared: Arc<[Entry]>,
    range: Range<usize>,
}

impl Entries {
    /// A run that starts at `first`. It may be empty.
    pub fn new(first: LogIndex, entries: impl Into<Arc<[Entry]>>) -> Self {
        let shared = entries.into();
        let range = 0..shared.len();
        Self { first, shared, range }
    }

    /// The run of no entries before `first`.
    pub fn empty(first: LogIndex) -> Self {
        Self::new(first, [])
    }

    /// The index of the first entry; where the run is empty, the index the first would have.
    pub fn first_index(&self) -> LogIndex {
        self.first
    }

    /// The index of the last entry; where the run is empty, the index before it.
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
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The entries, in order.
    pub fn as_slice(&self) -> &[Entry] {
        &self.shared[self.range.clone()]
    }

    /// The entry at `index`, if the run reaches it.
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
    pub fn weight(&self) -> u64 {
        self.as_slice().iter().map(Entry::weight).sum()
    }

    /// The part from `index` on, shared; all of it where `index` is before it, none where it is past it.
    #[must_use]
    pub fn starting_at(&self, index: LogIndex) -> Self {
        let skipped = usize::try_from(index.since(self.first))
            .unwrap_or(usize::MAX)
            .min(self.len());
        Self {
            first: LogIndex::new(self.first.number() + skipped as u64),
            shared: Arc::clone(&self.shared),
            range: self.range.start + skipped..self.range.end,
        }
    }

    /// The first `count` entries, shared; all of them where there are fewer.
    #[must_use]
    pub fn take(&self, count: usize) -> Self {
        let end = self.range.start + count.min(self.len());
        Self {
            first: self.first,
            shared: Arc::clone(&self.shared),
            range: self.range.start..end,
        }
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        let is_shared = || Arc::ptr_eq(&self.shared, &other.shared) && self.range == other.range;
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
