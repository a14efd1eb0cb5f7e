//! The messages in flight, by their numbers.

use std::collections::{BTreeMap, VecDeque};

use super::InFlight;
use crate::playground::snapshot::MessageId;

/// So many places may lie between the oldest message in the row and the newest, however few of them are taken.
const SPARSE_MOST: usize = 1_024;

/// Messages in flight. Their numbers are given in order and most are in flight for about as long, so they stand in a row, each at the
/// place that its number says. What is in flight for much longer than what was sent after it is put aside, and keeps no row long.
#[derive(Clone, Debug, Default)]
pub(in crate::playground) struct OnTheWay {
    /// Those put aside, all before the row's.
    aside: BTreeMap<MessageId, InFlight>,
    /// The number of the row's first place.
    first: u64,
    row: VecDeque<Option<InFlight>>,
    /// How many places of the row are taken.
    taken: usize,
}

impl OnTheWay {
    /// Adds a message with a greater number than any before it.
    pub(super) fn push(&mut self, id: MessageId, message: InFlight) {
        // A save may leave out any number of messages.
        while !self.row.is_empty() && id.0.saturating_sub(self.end()) > SPARSE_MOST as u64 {
            self.put_first_aside();
        }
        if self.row.is_empty() {
            self.first = id.0;
        }
        // What was lost at once has a number, and no message.
        while self.end() < id.0 {
            self.row.push_back(None);
        }
        debug_assert_eq!(self.end(), id.0, "numbers go up");
        self.row.push_back(Some(message));
        self.taken += 1;
        while self.row.len() > SPARSE_MOST && self.row.len() / 4 > self.taken {
            self.put_first_aside();
        }
    }

    pub(in crate::playground) fn get(&self, id: MessageId) -> Option<&InFlight> {
        match self.place_of(id) {
            Some(place) => self.row.get(place)?.as_ref(),
            None => self.aside.get(&id),
        }
    }

    pub(in crate::playground) fn get_mut(&mut self, id: MessageId) -> Option<&mut InFlight> {
        match self.place_of(id) {
            Some(place) => self.row.get_mut(place)?.as_mut(),
            None => self.aside.get_mut(&id),
        }
    }

    pub(super) fn remove(&mut self, id: MessageId) -> Option<InFlight> {
        let Some(place) = self.place_of(id) else {
            return self.aside.remove(&id);
        };
        let message = self.row.get_mut(place)?.take()?;
        self.taken -= 1;
        while self.row.front().is_some_and(Option::is_none) {
            self.row.pop_front();
            self.first += 1;
        }
        Some(message)
    }

    /// All of them, in order.
    pub(in crate::playground) fn iter(&self) -> impl Iterator<Item = (MessageId, &InFlight)> {
        let places = self.row.iter().enumerate();
        let row = places
            .filter_map(|(place, message)| Some((MessageId(self.first + place as u64), message.as_ref()?)));
        self.aside.iter().map(|(&id, message)| (id, message)).chain(row)
    }

    /// Its place in the row; `None` where it is none of the row's, but one put aside, if any.
    fn place_of(&self, id: MessageId) -> Option<usize> {
        let place = id.0.checked_sub(self.first)?;
        Some(usize::try_from(place).unwrap_or(usize::MAX))
    }

    /// The number of the place after the row's last.
    fn end(&self) -> u64 {
        self.first + self.row.len() as u64
    }

    fn put_first_aside(&mut self) {
        let id = MessageId(self.first);
        self.first += 1;
        if let Some(message) = self.row.pop_front().flatten() {
            self.taken -= 1;
            self.aside.insert(id, message);
        }
    }
}

/// The messages count, and not where they stand.
impl PartialEq for OnTheWay {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for OnTheWay {}

impl FromIterator<(MessageId, InFlight)> for OnTheWay {
    fn from_iter<I: IntoIterator<Item = (MessageId, InFlight)>>(messages: I) -> Self {
        let mut on_the_way = Self::default();
        for (id, message) in messages.into_iter().collect::<BTreeMap<_, _>>() {
            on_the_way.push(id, message);
        }
        on_the_way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::network::CLUSTER;
    use crate::types::{Envelope, Message, NodeId, Term, VirtualTime, VoteReply};

    fn message(number: u64) -> InFlight {
        InFlight {
            envelope: Envelope {
                from: NodeId::new(1),
                to: NodeId::new(2),
                term: Term::new(number),
                message: Message::VoteReply(VoteReply::Granted),
            },
            sent: VirtualTime::default(),
            due: VirtualTime::default(),
            order: None,
            held: None,
            cluster: CLUSTER,
        }
    }

    /// The oracle is an ordered map. Each seventh number is lost at once, each five-hundredth message stays for ever.
    #[test]
    fn messages_are_found_by_their_numbers_and_those_that_stay_keep_no_room() {
        let (mut messages, mut oracle) = (OnTheWay::default(), BTreeMap::new());
        for number in 0..20_000 {
            if number % 7 != 3 {
                messages.push(MessageId(number), message(number));
                oracle.insert(MessageId(number), message(number));
            }
            if let Some(old) = number.checked_sub(number % 90).filter(|old| old % 500 != 0) {
                let id = MessageId(old);
                assert_eq!(messages.get(id), oracle.get(&id));
                assert_eq!(messages.get_mut(id), oracle.get_mut(&id));
                assert_eq!(messages.remove(id), oracle.remove(&id));
                assert_eq!(messages.remove(id), None);
            }
            if number % 100 == 99 {
                oracle.retain(|id, _| id.0 % 500 == 0 || id.0 + 50 > number);
                let gone: Vec<_> = messages.iter().map(|(id, _)| id).collect();
                for id in gone.into_iter().filter(|id| !oracle.contains_key(id)) {
                    messages.remove(id);
                }
                assert!(
                    messages
                        .iter()
                        .eq(oracle.iter().map(|(&id, message)| (id, message)))
                );
                let again: OnTheWay = oracle.clone().into_iter().collect();
                assert_eq!(messages, again);
            }
            assert!(messages.row.len() <= SPARSE_MOST + 1);
        }
        assert!(messages.aside.len() > 10);
        for number in [1 << 40, u64::MAX - 1] {
            messages.push(MessageId(number), message(number));
            oracle.insert(MessageId(number), message(number));
        }
        assert!(
            messages
                .iter()
                .eq(oracle.iter().map(|(&id, message)| (id, message)))
        );
    }
}
