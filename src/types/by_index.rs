//! A map by log index, for indices that mostly follow each other.

use std::collections::BTreeMap;

use super::{LogIndex, SharedRow};

/// Something for each of some log indices.
///
/// Whoever watches a cluster sees one entry after the other, so what follows the last stands in a row, which clones share. What comes from
/// elsewhere has to be allowed for, and is looked for.
#[derive(Clone, Debug, Default)]
pub struct ByIndex<T: Clone> {
    /// The index that the first place of the row is for.
    first: LogIndex,
    row: SharedRow<T>,
    /// What is not in the row.
    strays: BTreeMap<LogIndex, T>,
}

impl<T: Clone> ByIndex<T> {
    /// A map without anything.
    pub const fn new() -> Self {
        Self {
            first: LogIndex::GENESIS,
            row: SharedRow::new(),
            strays: BTreeMap::new(),
        }
    }

    /// How many are copied, and not shared, when it is cloned.
    pub fn copied(&self) -> usize {
        self.row.copied() + self.strays.len()
    }

    /// What it has for an index.
    pub fn get(&self, index: LogIndex) -> Option<&T> {
        let in_row = self.place_of(index).and_then(|place| self.row.get(place));
        if in_row.is_some() || self.strays.is_empty() {
            return in_row;
        }
        self.strays.get(&index)
    }

    /// Puts something in for an index that it has nothing for; what it has stays.
    pub fn insert_if_absent(&mut self, index: LogIndex, make: impl FnOnce() -> T) {
        if self.get(index).is_some() {
            return;
        }
        if self.row.is_empty() {
            (self.first, self.row) = (index, SharedRow::new());
        }
        if index == self.next() {
            self.row.push(make());
            self.let_strays_follow();
        } else {
            self.strays.insert(index, make());
        }
    }

    /// Forgets what it has for the indices before this one.
    pub fn forget_before(&mut self, index: LogIndex) {
        self.row.take_out_before(self.place_of(index).unwrap_or_default());
        if !self.strays.is_empty() {
            self.strays = self.strays.split_off(&index);
        }
    }

    /// Takes into the row what follows it by now.
    fn let_strays_follow(&mut self) {
        while !self.strays.is_empty()
            && let Some(stray) = self.strays.remove(&self.next())
        {
            self.row.push(stray);
        }
    }

    /// The index that follows the row.
    fn next(&self) -> LogIndex {
        LogIndex::new(self.first.number() + self.row.end() as u64)
    }

    /// The place in the row that is for an index, where there can be one.
    fn place_of(&self, index: LogIndex) -> Option<usize> {
        let place = index.number().checked_sub(self.first.number())?;
        usize::try_from(place).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The oracle is the standard library's map.
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((0_u8..9, 1_u64..40, any::<u8>()), 0..60)) {
            let (mut map, mut oracle) = (ByIndex::new(), BTreeMap::new());
            let mut next = 10;
            for (step, number, value) in steps {
                let index = match step {
                    0 => {
                        map.forget_before(LogIndex::new(number));
                        oracle = oracle.split_off(&LogIndex::new(number));
                        continue;
                    }
                    1..4 => LogIndex::new(number),
                    _ => LogIndex::new(next),
                };
                next = next.max(index.number()) + 1;
                map.insert_if_absent(index, || value);
                oracle.entry(index).or_insert(value);
                for index in (0..120).map(LogIndex::new) {
                    prop_assert_eq!(map.get(index), oracle.get(&index), "{}", index);
                }
            }
        }
    }
}
