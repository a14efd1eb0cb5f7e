//! What must be known of a log to write the next batch and the next segment's header.

use super::error::OutOfPlace;
use super::payload::{read_number, write_number};
use super::snapshot_file::NamedSnapshot;
use crate::consensus::durable::Metadata;
use crate::types::{Entry, LogIndex, LogPosition, Term};

/// Term and vote, the snapshot in force, and the log without its commands: where each run of entries of one term begins.
///
/// It checks places, not terms. Whether a term may follow another is a rule of the algorithm, and a disk keeps what
/// a server with a broken rule did as faithfully as any other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Outline {
    pub metadata: Metadata,
    pub snapshot: Option<NamedSnapshot>,
    /// What stands before the first entry.
    base: LogPosition,
    /// The first index and the term of each run, the first one right after the base.
    runs: Vec<(LogIndex, Term)>,
    last: LogIndex,
}

/// What a compaction leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compacted {
    /// The entries after the one it was made through.
    Rest,
    /// None: the log begins anew.
    Nothing,
}

impl Outline {
    /// What stands before the first entry.
    pub(super) fn base(&self) -> LogPosition {
        self.base
    }

    /// The last entry's position; the base where there is none.
    pub(super) fn last(&self) -> LogPosition {
        let term = self.runs.last().map_or(self.base.term, |(_, term)| *term);
        LogPosition::new(self.last, term)
    }

    /// The term of an entry or of the base.
    fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        let since = self.runs.partition_point(|(first, _)| *first <= index);
        let run = self.runs[..since].last().filter(|_| index <= self.last);
        run.map(|(_, term)| *term)
    }

    /// Another snapshot is in force. It must stand for all that has been dropped.
    pub(super) fn replace_snapshot(&mut self, snapshot: NamedSnapshot) -> Result<(), OutOfPlace> {
        let (last, base) = (snapshot.last, self.base);
        if !snapshot.stands_for(base) {
            return Err(OutOfPlace::Snapshot { last, base });
        }
        self.snapshot = Some(snapshot);
        Ok(())
    }

    /// Drops the entries through one that the snapshot in force stands for. Where there is no such entry, or one of another
    /// term, all go. What was dropped before stays so.
    pub(super) fn compact(&mut self, through: LogPosition) -> Result<Compacted, OutOfPlace> {
        if through.index < self.base.index || through == self.base {
            return Ok(Compacted::Rest);
        }
        if !self.snapshot.is_some_and(|snapshot| snapshot.stands_for(through)) {
            let snapshot = self.snapshot.map(|snapshot| snapshot.last.index);
            return Err(OutOfPlace::Compact { through, snapshot });
        }
        if self.term_at(through.index) != Some(through.term) {
            self.runs.clear();
            (self.base, self.last) = (through, through.index);
            return Ok(Compacted::Nothing);
        }
        let next = through.index.next();
        let begun = self.runs.partition_point(|(first, _)| *first <= next);
        self.runs.drain(..begun.saturating_sub(1));
        match self.runs.first_mut() {
            Some((first, _)) if self.last > through.index => *first = next,
            Some(_) | None => self.runs.clear(),
        }
        self.base = through;
        Ok(Compacted::Rest)
    }

    /// Removes the entries from an index on.
    pub(super) fn truncate(&mut self, from: LogIndex) -> Result<(), OutOfPlace> {
        let (base, last) = (self.base.index, self.last);
        if from <= base || from.previous() > last {
            return Err(OutOfPlace::Truncate { from, base, last });
        }
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

    /// Adds the snapshot and the runs. The rest is for the header to say.
    pub(super) fn write_tail(&self, bytes: &mut Vec<u8>) {
        write_number(bytes, u64::from(self.snapshot.is_some()));
        if let Some(snapshot) = &self.snapshot {
            snapshot.write(bytes);
        }
        write_number(bytes, self.runs.len() as u64);
        let mut before = self.base.index;
        for (first, term) in &self.runs {
            write_number(bytes, first.since(before));
            write_number(bytes, term.number());
            before = *first;
        }
    }

    /// The outline that a header states; `None` where it is none of any log.
    pub(super) fn read(
        metadata: Metadata,
        base: LogPosition,
        last: LogIndex,
        tail: &mut &[u8],
    ) -> Option<Self> {
        let snapshot = match read_number(tail)? {
            0 => None,
            1 => Some(NamedSnapshot::read(tail)?),
            _ => return None,
        };
        let count = read_number(tail)?;
        let mut runs = Vec::new();
        let mut before = base.index;
        for _ in 0..count {
            before = before.checked_add(read_number(tail)?)?;
            runs.push((before, Term::new(read_number(tail)?)));
        }
        let outline = Self {
            metadata,
            snapshot,
            base,
            runs,
            last,
        };
        outline.is_possible().then_some(outline)
    }

    fn is_possible(&self) -> bool {
        let base = self.base.index;
        let begins_right = match self.runs.first() {
            Some((first, _)) => base.checked_add(1) == Some(*first),
            None => self.last == base,
        };
        let is_covered = match &self.snapshot {
            Some(snapshot) => snapshot.stands_for(self.base),
            None => self.base == LogPosition::GENESIS,
        };
        let follow = |pair: &[(LogIndex, Term)]| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1;
        let ends_right = self.runs.last().is_none_or(|(first, _)| *first <= self.last);
        begins_right && ends_right && is_covered && self.runs.windows(2).all(follow)
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
