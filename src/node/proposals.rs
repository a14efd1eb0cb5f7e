//! The proposals whose end nobody knows yet.

use std::collections::VecDeque;

use crate::types::{LogIndex, LogPosition, ProposalId, Term};

/// Proposals by the entry that each became, by index and then by term: in a later leadership another may get the same index.
///
/// A leader adds at the end and takes from the front, so a queue serves; only what a change of leaders leaves behind makes one
/// look for its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Proposals {
    open: VecDeque<(LogPosition, ProposalId)>,
}

impl Proposals {
    /// Takes note of a proposal. False where another waits for the same entry: then nothing changes.
    pub(super) fn insert(&mut self, entry: LogPosition, id: ProposalId) -> bool {
        let key = order(entry);
        if self.open.back().is_none_or(|(last, _)| order(*last) < key) {
            self.open.push_back((entry, id));
            return true;
        }
        match self.open.binary_search_by_key(&key, |(open, _)| order(*open)) {
            Ok(_) => false,
            Err(place) => {
                self.open.insert(place, (entry, id));
                true
            }
        }
    }

    /// The first of all, where it waits for an entry through `index`; it waits no more.
    pub(super) fn take_through(&mut self, index: LogIndex) -> Option<(LogPosition, ProposalId)> {
        let is_reached = |(entry, _): &&(LogPosition, ProposalId)| entry.index <= index;
        self.open.front().filter(is_reached)?;
        self.open.pop_front()
    }

    /// Those that wait for an entry of a term before this one, which wait no more.
    pub(super) fn take_before(&mut self, term: Term) -> Vec<(LogPosition, ProposalId)> {
        let is_earlier = |(entry, _): &(LogPosition, ProposalId)| entry.term < term;
        if !self.open.iter().any(is_earlier) {
            return Vec::new();
        }
        let (earlier, open): (Vec<_>, Vec<_>) = self.open.drain(..).partition(is_earlier);
        self.open = open.into();
        earlier
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(LogPosition, ProposalId)> {
        self.open.iter()
    }
}

fn order(entry: LogPosition) -> (LogIndex, Term) {
    (entry.index, entry.term)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(index: u64, term: u64) -> LogPosition {
        LogPosition::new(LogIndex::new(index), Term::new(term))
    }

    #[test]
    fn proposals_stay_in_the_order_of_their_entries_whoever_led() {
        let mut proposals = Proposals::default();
        for (number, (index, term)) in [(5, 1), (6, 1), (7, 1), (5, 3), (6, 3)].into_iter().enumerate() {
            assert!(proposals.insert(entry(index, term), ProposalId::new(number as u64)));
        }
        assert!(
            !proposals.insert(entry(5, 3), ProposalId::new(9)),
            "two for one entry"
        );
        let ids = |taken: Vec<(LogPosition, ProposalId)>| -> Vec<u64> {
            taken.into_iter().map(|(_, id)| id.number()).collect()
        };
        let through = std::iter::from_fn(|| proposals.take_through(LogIndex::new(5)));
        assert_eq!(ids(through.collect()), [0, 3]);
        assert_eq!(ids(proposals.take_before(Term::new(3))), [1, 2]);
        assert_eq!(ids(proposals.iter().copied().collect()), [4]);
    }
}
