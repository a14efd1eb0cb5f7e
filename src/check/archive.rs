//! What the checker knows of the cluster as a whole: every entry that ever stood in a log, and what is committed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::outline::Outline;
use crate::types::{Entry, LogIndex, LogPosition, Term};

/// A fingerprint of a log up to and with one entry.
type Digest = u64;

/// Every entry that ever stood in a log, by index and term.
///
/// Each has a digest of itself and of all before it, so Log Matching is one comparison per entry stored. The entries of a
/// term are shared between clones: a clone costs as much as there are terms.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    by_term: BTreeMap<Term, Arc<Vec<Record>>>,
}

/// What is known of one entry.
#[derive(Clone, Copy, Debug)]
struct Record {
    index: LogIndex,
    digest: Digest,
    /// Whether the entry was ever seen, or is only what a log was found to begin after.
    is_seen: bool,
}

/// Whether an entry fits what stood at its index and term before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is the first there, or the same.
    Same,
    /// Another entry stood there, or other entries before it.
    Different,
}

impl Archive {
    /// Adds an entry that follows `previous`, or compares it with the one that is there.
    pub(super) fn add(&mut self, previous: LogPosition, entry: &Entry) -> Fit {
        let index = previous.index.next();
        let digest = digest(self.digest(previous), entry);
        let entries = self.by_term.entry(entry.term).or_default();
        match place_of(entries, index) {
            Ok(at) if entries[at].digest == digest || !entries[at].is_seen => Fit::Same,
            Ok(_) => Fit::Different,
            Err(at) => {
                let is_seen = true;
                let record = Record {
                    index,
                    digest,
                    is_seen,
                };
                Arc::make_mut(entries).insert(at, record);
                Fit::Same
            }
        }
    }

    /// Takes note of an entry that a log begins after. Where it was never seen, anything is believed of what it is.
    pub(super) fn begin_after(&mut self, base: LogPosition) {
        if base.index == LogIndex::GENESIS {
            return;
        }
        let entries = self.by_term.entry(base.term).or_default();
        if let Err(at) = place_of(entries, base.index) {
            let record = Record {
                index: base.index,
                digest: 0,
                is_seen: false,
            };
            Arc::make_mut(entries).insert(at, record);
        }
    }

    /// Compares an entry that follows `previous` with the one that is there; one that never stood there differs.
    pub(super) fn compare(&self, previous: LogPosition, entry: &Entry) -> Fit {
        match self.find(LogPosition::new(previous.index.next(), entry.term)) {
            Some(known) if known.digest == digest(self.digest(previous), entry) || !known.is_seen => {
                Fit::Same
            }
            Some(_) | None => Fit::Different,
        }
    }

    fn digest(&self, position: LogPosition) -> Digest {
        self.find(position).map_or(0, |known| known.digest)
    }

    fn find(&self, position: LogPosition) -> Option<Record> {
        let entries = self.by_term.get(&position.term)?;
        let at = place_of(entries, position.index);
        at.ok().map(|at| entries[at])
    }
}

/// Where the entry at an index stands among those of its term, or would: mostly they follow each other.
fn place_of(entries: &[Record], index: LogIndex) -> Result<usize, usize> {
    let first = entries.first().map_or(index, |record| record.index);
    let guess = usize::try_from(index.since(first)).unwrap_or(usize::MAX);
    match entries.get(guess) {
        Some(record) if record.index == index => Ok(guess),
        Some(_) | None => entries.binary_search_by_key(&index, |record| record.index),
    }
}

fn digest(before: Digest, entry: &Entry) -> Digest {
    let mut hasher = DefaultHasher::new();
    before.hash(&mut hasher);
    entry.hash(&mut hasher);
    hasher.finish()
}

/// What is committed, by whoever committed it first.
#[derive(Clone, Debug, Default)]
pub(super) struct Committed {
    log: Outline,
    /// From which index on entries were committed in which term.
    committed_in: Vec<(LogIndex, Term)>,
}

impl Committed {
    pub(super) fn log(&self) -> &Outline {
        &self.log
    }

    pub(super) fn last_index(&self) -> LogIndex {
        self.log.last_index()
    }

    /// Adds what `log` has through `through`, committed in `term`.
    pub(super) fn extend(&mut self, log: &Outline, through: LogIndex, term: Term) {
        let first = self.last_index().next();
        if self.committed_in.last().is_none_or(|(_, before)| *before != term) {
            self.committed_in.push((first, term));
        }
        if log.knows(first.previous()) {
            self.log.extend(log.terms(first, through));
        } else {
            // A snapshot stands for what is between. When that was committed nobody saw: no leader before this term is judged by it.
            self.log = log.through(through);
        }
    }

    /// The last entry committed in a term before `term`.
    pub(super) fn last_before(&self, term: Term) -> LogIndex {
        let first_later = self
            .committed_in
            .iter()
            .rev()
            .take_while(|(_, committed_in)| *committed_in >= term)
            .last();
        first_later.map_or(self.last_index(), |(first, _)| first.previous())
    }
}
