//! What is due in a world, in order.

use std::collections::VecDeque;

use super::{Due, Slot};

/// What is due, the next first.
///
/// Some hundred things at most are, and what is added is due later than most of them: so they stand in one row, and few have to move.
#[derive(Default)]
pub(super) struct Agenda {
    /// Ascending.
    row: VecDeque<(Slot, Due)>,
}

impl Agenda {
    /// The place of what is due next.
    pub(super) fn first(&self) -> Option<Slot> {
        self.row.front().map(|(slot, _)| *slot)
    }

    /// Takes what is due next.
    pub(super) fn pop_first(&mut self) -> Option<(Slot, Due)> {
        self.row.pop_front()
    }

    /// Adds something, in the place of what was there before, if anything was.
    pub(super) fn insert(&mut self, slot: Slot, due: Due) {
        let place = self.row.partition_point(|(other, _)| *other < slot);
        match self.row.get_mut(place) {
            Some((other, before)) if *other == slot => *before = due,
            Some(_) | None => self.row.insert(place, (slot, due)),
        }
    }

    /// Takes something out, if it is there.
    pub(super) fn remove(&mut self, slot: &Slot) {
        if let Ok(place) = self.row.binary_search_by_key(slot, |(other, _)| *other) {
            self.row.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::types::{NodeId, VirtualTime};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle is an ordered map.
        #[test]
        fn what_is_due_first_comes_first(
            steps in prop::collection::vec((0_u8..4, 0_u64..4, 0_u64..4, 0_u64..9), 0..60),
        ) {
            let (mut agenda, mut oracle) = (Agenda::default(), BTreeMap::new());
            for (step, at, order, node) in steps {
                let slot = Slot { at: VirtualTime::from_nanos(at), order };
                match step {
                    0 => prop_assert_eq!(agenda.pop_first(), oracle.pop_first()),
                    1 => {
                        agenda.remove(&slot);
                        oracle.remove(&slot);
                    }
                    _ => {
                        agenda.insert(slot, Due::Gossip(NodeId::new(node)));
                        oracle.insert(slot, Due::Gossip(NodeId::new(node)));
                    }
                }
                prop_assert_eq!(agenda.first(), oracle.keys().next().copied());
            }
            prop_assert!(agenda.row.into_iter().eq(oracle));
        }
    }
}
