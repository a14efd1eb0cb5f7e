//! The fuzzer's own random choices.

use std::time::Duration;

use crate::types::{NodeId, VirtualTime};

/// A generator of the fuzzer's own (`SplitMix64`: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). The same
/// seed gives the same choices, on every platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// A generator for one purpose of one seed: purposes draw apart.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut random = Self(seed ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        random.word();
        random
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of so many, from 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound.max(1)
    }

    /// A number in a range, both ends included.
    pub fn between(&mut self, (min, max): (u64, u64)) -> u64 {
        min + self.below(max.saturating_sub(min) + 1)
    }

    /// Whether it is the one in so many.
    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// One of these, of which there is at least one.
    pub fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        let place = self.below(values.len() as u64);
        values[usize::try_from(place).expect("a place in a list")]
    }

    /// One of these, if there is any.
    pub fn any_of<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        (!values.is_empty()).then(|| self.one_of(values))
    }

    /// These, in any order.
    pub fn shuffled<T>(&mut self, mut values: Vec<T>) -> Vec<T> {
        for place in (1..values.len()).rev() {
            let other = usize::try_from(self.below(place as u64 + 1)).expect("a place in a list");
            values.swap(place, other);
        }
        values
    }

    /// A part of these: each by the toss of a coin.
    pub fn some_of(&mut self, nodes: &[NodeId]) -> Vec<NodeId> {
        nodes.iter().copied().filter(|_| self.one_in(2)).collect()
    }

    /// A moment so many milliseconds after another, to the microsecond.
    pub fn within(&mut self, from: VirtualTime, (min, max): (u64, u64)) -> VirtualTime {
        from.after(Duration::from_micros(self.between((min * 1_000, max * 1_000))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_of_one_seed_draw_apart_and_each_draws_the_same_again() {
        let draw = |seed, purpose| Random::new(seed, purpose).word();
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
    }

    #[test]
    fn a_shuffle_keeps_everybody() {
        let mut random = Random::new(3, 0);
        let mut all = random.shuffled((0..50).collect::<Vec<u32>>());
        assert_ne!(all, (0..50).collect::<Vec<u32>>());
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<u32>>());
    }

    #[test]
    fn a_range_has_both_its_ends() {
        let mut random = Random::new(3, 0);
        let drawn: std::collections::BTreeSet<u64> = (0..200).map(|_| random.between((3, 6))).collect();
        assert_eq!(drawn, [3, 4, 5, 6].into());
    }
}
