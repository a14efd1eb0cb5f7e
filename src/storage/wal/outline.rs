//! What must be known of a log to write the next batch and the next segment's header.

use super::error::OutOfPlace;
use crate::consensus::durable::Metadata;
use crate::types::{Entry, LogIndex, LogPosition, Term};

/// Term and vote, and the log without its commands: where each run of entries of one term begins.
///
/// It checks places, not terms. Whether a term may follow another is a rule of the algorithm, and a disk keeps what
/// a server with a broken rule did as faithfully as any other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Outline {
    pub metadata: Metadata,
    runs: Vec<(LogIndex, Term)>,
    last: LogIndex,
}

impl Outline {
    /// The last entry's position.
    pub(super) fn last(&self) -> LogPosition {
        let term = self.runs.last().map_or(Term::default(), |(_, term)| *term);
        LogPosition::new(self.last, term)
    }

    /// Whether entries from an index on could be removed.
    pub(super) fn check_truncate(&self, from: LogIndex) -> Result<(), OutOfPlace> {
        let last = self.last;
        if from > LogIndex::GENESIS && from.previous() <= last {
            return Ok(());
        }
        Err(OutOfPlace::Truncate { from, last })
    }

    /// Removes the entries from an index on.
    pub(super) fn truncate(&mut self, from: LogIndex) -> Result<(), OutOfPlace> {
        self.check_truncate(from)?;
        self.last = from.previous();
        let kept = self.runs.partition_point(|(first, _)| *first < from);
        self.runs.truncate(kept);
        Ok(())
    }

    /// Adds entries at the end.
    pub(super) fn append(&mut self, first: LogIndex, entries: &[Entry]) -> Result<(), OutOfPlace> {
        let end = self
            .last
            .checked_add(entries.len() as u64)
            .ok_or(OutOfPlace::Overflow)?;
        if entries.is_empty() {
            return Ok(());
        }
        let expected = self.last.next();
        if first != expected {
            return Err(OutOfPlace::Append {
                expected,
                found: first,
            });
        }
        let mut index = first;
        for entry in entries {
            if self.runs.last().is_none_or(|(_, term)| *term != entry.term) {
                self.runs.push((index, entry.term));
            }
            index = index.next();
        }
        self.last = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(terms: &[u64]) -> Vec<Entry> {
        terms.iter().map(|term| Entry::noop(Term::new(*term))).collect()
    }

    #[test]
    fn the_last_term_is_found_again_after_a_truncation() {
        let mut outline = Outline::default();
        outline.append(LogIndex::new(1), &entries(&[1, 1, 2, 4])).unwrap();
        assert_eq!(outline.last(), LogPosition::new(LogIndex::new(4), Term::new(4)));
        for (from, term) in [(4, 2), (3, 1), (2, 1), (1, 0)] {
            outline.truncate(LogIndex::new(from)).unwrap();
            assert_eq!(
                outline.last(),
                LogPosition::new(LogIndex::new(from - 1), Term::new(term))
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut outline = Outline::default();
        outline.append(LogIndex::new(1), &entries(&[1, 1])).unwrap();
        let before = outline.clone();
        for from in [0, 4, u64::MAX] {
            assert!(outline.truncate(LogIndex::new(from)).is_err(), "{from}");
        }
        for first in [0, 2, 4, u64::MAX] {
            assert!(
                outline.append(LogIndex::new(first), &entries(&[2])).is_err(),
                "{first}"
            );
        }
        assert_eq!(outline, before);
        assert_eq!(
            outline.truncate(LogIndex::new(3)),
            Ok(()),
            "nothing is removed from the end"
        );
        assert_eq!(outline, before);
    }
}
