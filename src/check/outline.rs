//! A log without its contents: which term stands at which index.
//!
//! By the Log Matching Property an index and a term identify an entry and all before it, and the checker holds every
//! log to that property. So two logs that agree here agree, and a log of any length takes as little room as it
//! has terms.

use crate::types::{Entries, LogIndex, LogPosition, Term};

/// Which term stands at which index.
///
/// Of what a snapshot stood for when the checker came, nothing is known but the last entry: any claim about it is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// The first index of which something is known.
    known_from: LogIndex,
    /// Where each stretch of one term begins.
    stretches: Vec<(LogIndex, Term)>,
    last: LogIndex,
}

impl Outline {
    /// A log that ends here, and of which nothing else is known.
    pub(super) fn unknown_through(last: LogPosition) -> Self {
        let is_genesis = last.index == LogIndex::GENESIS;
        Self {
            known_from: last.index,
            stretches: (!is_genesis)
                .then_some((last.index, last.term))
                .into_iter()
                .collect(),
            last: last.index,
        }
    }

    /// The same log with these entries after it.
    pub(super) fn followed_by(mut self, entries: &Entries) -> Self {
        self.extend(entries.as_slice().iter().map(|entry| entry.term));
        self
    }

    /// Whether anything is known of an index, where the log reaches it.
    pub(super) fn knows(&self, index: LogIndex) -> bool {
        index >= self.known_from
    }

    pub(super) fn last_index(&self) -> LogIndex {
        self.last
    }

    pub(super) fn last_position(&self) -> LogPosition {
        let term = self.stretches.last().map_or(Term::default(), |(_, term)| *term);
        LogPosition::new(self.last, term)
    }

    /// The term at `index`; 0 before the first entry, `None` past the last, and where nothing is known.
    pub(super) fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index > self.last || !self.knows(index) {
            return None;
        }
        // Mostly the end is asked for.
        if let Some((first, term)) = self.stretches.last()
            && *first <= index
        {
            return Some(*term);
        }
        let later = self.stretches.partition_point(|(first, _)| *first <= index);
        let stretch = later.checked_sub(1).map(|at| self.stretches[at]);
        Some(stretch.map_or(Term::default(), |(_, term)| term))
    }

    pub(super) fn holds(&self, position: LogPosition) -> bool {
        !self.knows(position.index) || self.term_at(position.index) == Some(position.term)
    }

    pub(super) fn push(&mut self, term: Term) {
        self.last = self.last.next();
        if self.stretches.last().is_none_or(|(_, before)| *before != term) {
            self.stretches.push((self.last, term));
        }
    }

    pub(super) fn extend(&mut self, terms: impl IntoIterator<Item = Term>) {
        terms.into_iter().for_each(|term| self.push(term));
    }

    pub(super) fn truncate_from(&mut self, index: LogIndex) {
        self.last = self.last.min(index.previous());
        while self.stretches.last().is_some_and(|(first, _)| *first > self.last) {
            self.stretches.pop();
        }
    }

    /// The same log through `index`.
    pub(super) fn through(&self, index: LogIndex) -> Self {
        let mut prefix = self.clone();
        prefix.truncate_from(index.next());
        prefix
    }

    /// The terms from `first` through `last`.
    pub(super) fn terms(&self, first: LogIndex, last: LogIndex) -> impl Iterator<Item = Term> + '_ {
        (first.number()..=last.number()).map_while(|index| self.term_at(LogIndex::new(index)))
    }

    /// The first position of this log that `other` does not have, at or before `through`.
    pub(super) fn first_missing_in(&self, other: &Self, through: LogIndex) -> Option<LogPosition> {
        (self.known_from.number().max(1)..=through.min(self.last).number())
            .map(LogIndex::new)
            .filter_map(|index| Some(LogPosition::new(index, self.term_at(index)?)))
            .find(|position| !other.holds(*position))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The oracle is the plain list of terms.
        #[test]
        fn an_outline_answers_as_the_list_of_terms_would(
            steps in prop::collection::vec(prop_oneof![
                (1_u64..4).prop_map(Ok),
                (1_u64..12).prop_map(Err),
            ], 0..40),
        ) {
            let (mut outline, mut list) = (Outline::default(), Vec::new());
            for step in steps {
                match step {
                    Ok(term) => {
                        outline.push(Term::new(term));
                        list.push(term);
                    }
                    Err(cut) => {
                        outline.truncate_from(LogIndex::new(cut));
                        list.truncate(usize::try_from(cut).unwrap() - 1);
                    }
                }
                prop_assert_eq!(outline.last_index().number(), list.len() as u64);
                prop_assert_eq!(outline.last_position().term.number(), list.last().copied().unwrap_or(0));
                for index in 1..14 {
                    let term = outline.term_at(LogIndex::new(index)).map(Term::number);
                    prop_assert_eq!(term, list.get(usize::try_from(index).unwrap() - 1).copied());
                }
            }
        }
    }
}
