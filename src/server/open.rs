//! Who waits for what.

use std::collections::{BTreeMap, VecDeque};

use super::mailbox::Reply;
use crate::types::ProposalId;

/// So many ids may lie between the oldest that waits and the newest, however few of them wait.
const SPARSE_MOST: usize = 4096;

/// What was asked and is not answered yet. Ids are given in order, so the oldest is mostly the first to go.
#[derive(Default)]
pub(super) struct Open {
    /// Those that wait much longer than what came after them.
    late: BTreeMap<ProposalId, Reply>,
    /// The id of the first of the others.
    first: u64,
    replies: VecDeque<Option<Reply>>,
    count: usize,
}

impl Open {
    pub(super) fn add(&mut self, reply: Reply) -> ProposalId {
        let id = ProposalId::new(self.first + self.replies.len() as u64);
        self.replies.push_back(Some(reply));
        self.count += 1;
        id
    }

    /// The first of so many ids that were given last.
    pub(super) fn last_of(&self, count: usize) -> ProposalId {
        ProposalId::new(self.first + (self.replies.len() - count) as u64)
    }

    pub(super) fn take(&mut self, id: ProposalId) -> Option<Reply> {
        let reply = match id.number().checked_sub(self.first) {
            None => self.late.remove(&id),
            Some(place) => {
                let place = usize::try_from(place).ok()?;
                self.replies.get_mut(place)?.take()
            }
        };
        self.count -= usize::from(reply.is_some());
        while self.replies.front().is_some_and(Option::is_none) {
            self.drop_first();
        }
        self.put_late_ones_aside();
        reply
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whoever is never answered must not keep the place of all that came after: where most places are empty, the oldest go elsewhere.
    fn put_late_ones_aside(&mut self) {
        while self.replies.len() > SPARSE_MOST && self.replies.len() / 2 > self.count - self.late.len() {
            let id = ProposalId::new(self.first);
            if let Some(reply) = self.drop_first() {
                self.late.insert(id, reply);
            }
        }
    }

    fn drop_first(&mut self) -> Option<Reply> {
        self.first += 1;
        self.replies.pop_front().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::mailbox::StreamId;
    use super::*;

    #[test]
    fn who_is_never_answered_keeps_no_room_for_those_who_were() {
        let mut open = Open::default();
        let stream = StreamId::unique();
        let token = |reply| match reply {
            Some(Reply::Stream(_, token)) => Some(token),
            Some(Reply::Once(_)) | None => None,
        };
        let rounds = 10 * SPARSE_MOST as u64;
        let mut waiting = Vec::new();
        for number in 0..rounds {
            let id = open.add(Reply::Stream(stream, number));
            assert_eq!(open.last_of(1), id);
            if number % 5_000 == 3 {
                waiting.push((id, number));
            } else {
                assert_eq!(token(open.take(id)), Some(number));
                assert!(open.take(id).is_none(), "nobody is answered twice");
            }
            assert!(open.replies.len() <= SPARSE_MOST + 1);
        }
        assert_eq!(open.count(), waiting.len());
        for (id, number) in waiting {
            assert_eq!(token(open.take(id)), Some(number));
        }
        assert_eq!((open.count(), open.late.len()), (0, 0));
    }

    /// Where many wait, all of them have their places, however many they are.
    #[test]
    fn who_waits_with_many_others_stays_in_the_row() {
        let mut open = Open::default();
        let stream = StreamId::unique();
        let ids: Vec<_> = (0..3 * SPARSE_MOST as u64)
            .map(|number| open.add(Reply::Stream(stream, number)))
            .collect();
        for id in ids {
            assert!(open.late.is_empty());
            assert!(open.take(id).is_some());
        }
        assert_eq!(open.count(), 0);
    }
}
