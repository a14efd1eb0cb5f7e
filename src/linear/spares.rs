//! Which of the operations of unknown outcome a search has let take effect.

use std::collections::BTreeMap;

/// The name of a set of operations. Equal sets have equal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Used(u32);

impl Used {
    /// None of them.
    pub(super) const NONE: Self = Self(0);
}

/// How many of each class of equal operations are used, the classes ascending.
type Counts = Box<[(u32, u32)]>;

/// All sets that a search has come to. Operations are told apart by class only: of equal ones, it is always the one called first that is used.
#[derive(Debug)]
pub(super) struct Spares {
    sets: Vec<Counts>,
    names: BTreeMap<Counts, Used>,
    bytes: usize,
}

impl Spares {
    pub(super) fn new() -> Self {
        let none = Counts::default();
        Self {
            sets: vec![none.clone()],
            names: BTreeMap::from([(none, Used::NONE)]),
            bytes: 0,
        }
    }

    /// How many of a class are used.
    pub(super) fn count(&self, used: Used, class: u32) -> u32 {
        let counts = self.of(used);
        let at = counts.binary_search_by_key(&class, |(class, _)| *class);
        at.map_or(0, |at| counts[at].1)
    }

    /// The set with one more of a class.
    pub(super) fn with(&mut self, used: Used, class: u32) -> Used {
        let mut counts = self.of(used).to_vec();
        match counts.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => counts[at].1 += 1,
            Err(at) => counts.insert(at, (class, 1)),
        }
        let counts = Counts::from(counts);
        if let Some(name) = self.names.get(&counts) {
            return *name;
        }
        let name = Used(u32::try_from(self.sets.len()).expect("memory runs out before names do"));
        self.bytes += 2 * (size_of_val(&*counts) + size_of::<Counts>() + 32);
        self.sets.push(counts.clone());
        self.names.insert(counts, name);
        name
    }

    /// Whether the first uses none that the second does not: whatever follows from the second follows from the first.
    pub(super) fn is_within(&self, first: Used, second: Used) -> bool {
        let mut others = self.of(second).iter();
        first == second
            || self.of(first).iter().all(|(class, count)| {
                let other = others.find(|(other, _)| other >= class);
                other.is_some_and(|(other, more)| other == class && more >= count)
            })
    }

    /// How much memory they take, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn of(&self, used: Used) -> &[(u32, u32)] {
        &self.sets[used.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_compared_by_how_many_of_each_class() {
        let mut spares = Spares::new();
        let one = spares.with(Used::NONE, 7);
        let two = spares.with(one, 7);
        let other = spares.with(one, 3);
        let both = spares.with(two, 3);
        assert_eq!(spares.with(other, 7), both, "in whatever order");
        assert_eq!(
            (
                spares.count(both, 7),
                spares.count(both, 3),
                spares.count(both, 1)
            ),
            (2, 1, 0)
        );
        for (first, second, expected) in [
            (Used::NONE, both, true),
            (one, two, true),
            (two, one, false),
            (other, both, true),
            (two, other, false),
            (other, two, false),
            (both, both, true),
        ] {
            assert_eq!(
                spares.is_within(first, second),
                expected,
                "{first:?} in {second:?}"
            );
        }
    }
}
