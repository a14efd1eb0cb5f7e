//! What the checker knows of the cluster as a whole: every entry that ever stood in a log, and what is committed.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::FixedState;

use super::outline::Outline;
use crate::types::{ByIndex, Entry, LogIndex, LogPosition, Payload, Term};

/// A fingerprint of a log up to and with one entry; `None` of an entry that was never seen, but a log was found to begin after.
type Digest = Option<u64>;

/// Every entry that ever stood in a log, by index and term.
///
/// Each has a digest of itself and of all before it, so Log Matching is one comparison per entry stored. Clones share most of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    by_term: BTreeMap<Term, ByIndex<Digest>>,
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
        let own = self.digest(previous, (entry.term, &entry.payload));
        let of_term = self.by_term.entry(entry.term).or_default();
        if let Some(known) = of_term.get(index) {
            return known.map_or(Fit::Same, |known| fit(known, own));
        }
        of_term.insert_if_absent(index, || Some(own));
        Fit::Same
    }

    /// Takes note of an entry that a log begins after. Where it was never seen, anything is believed of what it is.
    pub(super) fn begin_after(&mut self, base: LogPosition) {
        if base.index != LogIndex::GENESIS {
            let of_term = self.by_term.entry(base.term).or_default();
            of_term.insert_if_absent(base.index, || None);
        }
    }

    /// Compares an entry that follows `previous` with the one that is there; one that never stood there differs.
    pub(super) fn compare(&self, previous: LogPosition, entry: (Term, &Payload)) -> Fit {
        match self.find(LogPosition::new(previous.index.next(), entry.0)) {
            Some(Some(known)) => fit(known, self.digest(previous, entry)),
            Some(None) => Fit::Same,
            None => Fit::Different,
        }
    }

    /// The fingerprint of the log that ends with an entry after `previous`.
    fn digest(&self, previous: LogPosition, entry: (Term, &Payload)) -> u64 {
        let mut hasher = FixedState::default().build_hasher();
        self.find(previous).flatten().hash(&mut hasher);
        entry.hash(&mut hasher);
        hasher.finish()
    }

    fn find(&self, position: LogPosition) -> Option<Digest> {
        self.by_term.get(&position.term)?.get(position.index).copied()
    }
}

fn fit(known: u64, own: u64) -> Fit {
    if known == own { Fit::Same } else { Fit::Different }
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
