//! A row that grows at its end, and whose clones share what they have in common.

use std::sync::Arc;

/// So many stand together: what two clones share, they share by so many, and what has not come to so many is copied.
const TOGETHER: usize = 256;

/// Things in a row, by their place in it.
///
/// Something is put in only at the end and taken out only at the front. To clone it costs little however long it is, and
/// what the clones have in common is there once: so a moment of a long run can be kept for what is new in it.
#[derive(Clone, Debug)]
pub struct SharedRow<T> {
    /// Each as full as it gets, but those that were taken out: they are empty.
    full: Vec<Arc<Vec<T>>>,
    /// What comes after them.
    rest: Vec<T>,
    /// The first place that was not taken out.
    first: usize,
}

impl<T: Clone> SharedRow<T> {
    /// A row of nothing.
    pub const fn new() -> Self {
        Self {
            full: Vec::new(),
            rest: Vec::new(),
            first: 0,
        }
    }

    /// The place of whatever is put in next: how many were ever put in.
    pub fn end(&self) -> usize {
        self.full.len() * TOGETHER + self.rest.len()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.end() - self.first
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many are copied, and not shared, when the row is cloned.
    pub fn copied(&self) -> usize {
        self.rest.len()
    }

    /// Puts something in at the end.
    pub fn push(&mut self, value: T) {
        self.rest.push(value);
        if self.rest.len() == TOGETHER {
            let next = Vec::with_capacity(TOGETHER);
            self.full.push(Arc::new(std::mem::replace(&mut self.rest, next)));
        }
    }

    /// What stands at a place; `None` past the end, and where it was taken out.
    pub fn get(&self, place: usize) -> Option<&T> {
        if place < self.first {
            return None;
        }
        match self.full.get(place / TOGETHER) {
            Some(together) => together.get(place % TOGETHER),
            None => self.rest.get(place - self.full.len() * TOGETHER),
        }
    }

    /// The same, to change. What clones have there stays as it is.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        if place < self.first {
            return None;
        }
        let before = self.full.len() * TOGETHER;
        match self.full.get_mut(place / TOGETHER) {
            Some(together) => Arc::make_mut(together).get_mut(place % TOGETHER),
            None => self.rest.get_mut(place - before),
        }
    }

    /// Takes out all before a place.
    pub fn take_out_before(&mut self, place: usize) {
        let place = place.min(self.end());
        for together in self
            .full
            .iter_mut()
            .take(place / TOGETHER)
            .skip(self.first / TOGETHER)
        {
            *together = Arc::default();
        }
        self.first = self.first.max(place);
    }

    /// All that there is, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        (self.first..self.end()).map(|place| &self[place])
    }
}

impl<T: Clone> Default for SharedRow<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone + PartialEq> PartialEq for SharedRow<T> {
    /// Whether the same stands at the same places.
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first && self.iter().eq(other.iter())
    }
}

impl<T: Clone + Eq> Eq for SharedRow<T> {}

impl<T: Clone> std::ops::Index<usize> for SharedRow<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        self.get(place)
            .expect("whoever names a place knows what is there")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle is a vector; what a clone holds does not change with what it was cloned from.
        #[test]
        fn it_is_a_row(steps in prop::collection::vec((0_u8..8, 0_usize..1_500, any::<u8>()), 1..40)) {
            let (mut row, mut oracle) = (SharedRow::new(), Vec::new());
            let mut first = 0;
            let mut clones = Vec::new();
            for (step, place, value) in steps {
                match step {
                    0 => clones.push((row.clone(), oracle.clone(), first)),
                    1 => {
                        row.take_out_before(place);
                        first = first.max(place.min(oracle.len()));
                    }
                    2 => {
                        let there = oracle.get_mut(place).filter(|_| place >= first);
                        prop_assert_eq!(row.get(place), there.as_deref());
                        if let (Some(own), Some(there)) = (row.get_mut(place), there) {
                            (*own, *there) = (value, value);
                        }
                    }
                    _ => {
                        (0..place).for_each(|_| row.push(value));
                        oracle.extend(std::iter::repeat_n(value, place));
                    }
                }
                prop_assert_eq!((row.end(), row.len()), (oracle.len(), oracle.len() - first));
                prop_assert!(row.iter().eq(&oracle[first..]));
            }
            for (clone, oracle, first) in clones {
                prop_assert!(clone.iter().eq(&oracle[first..]));
            }
        }
    }
}
