//! The hash that rolls over a trace.
//!
//! One 64-bit multiplication a word and nothing at a record's beginning or end, for a world hashes some hundred words for every
//! message. Its state is the hash, so that a save can go on from it. Every step is a bijection of the state, and for one state
//! another word gives another: two traces that differ in one word never have the same hash, and others by chance once
//! in 2¹²⁸. It is no defence against who wants to find two of the same hash.
//!
//! The same on every platform: sizes count as 64 bits, and bytes are read with the lowest first.

use std::hash::Hasher;

/// The hash of what was written so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rolling {
    /// What the next word meets.
    next: u64,
    /// What meets the word after it.
    after: u64,
}

/// Odd, with its ones spread: the first 64 bits of the fraction of π (Blowfish's first two words), and a one at the end.
const FACTOR: u64 = 0x243f_6a88_85a3_08d3;

impl Rolling {
    /// Goes on from a hash.
    pub(super) const fn from_hash(hash: u128) -> Self {
        let (next, after) = halves(hash);
        Self { next, after }
    }

    /// The hash.
    pub(super) const fn hash(self) -> u128 {
        (self.next as u128) << 64 | self.after as u128
    }

    #[inline]
    const fn word(&mut self, word: u64) {
        let product = (self.next ^ word) as u128 * FACTOR as u128;
        let (high, low) = halves(product);
        // Not zero, or zeros would leave it as it is.
        (self.next, self.after) = (self.after ^ high ^ FACTOR, low);
    }
}

/// A number's high half, and its low half.
#[expect(clippy::cast_possible_truncation, reason = "a half is what is asked for")]
const fn halves(number: u128) -> (u64, u64) {
    ((number >> 64) as u64, number as u64)
}

impl Hasher for Rolling {
    fn finish(&self) -> u64 {
        self.next ^ self.after
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            // How many they are stands above them: seven bytes at most leave room for it.
            last[7] = u8::try_from(rest.len()).expect("fewer than eight");
            self.word(u64::from_le_bytes(last));
        }
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.word(u64::from(number));
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.word(u64::from(number));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.word(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.word(number);
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        let (high, low) = halves(number);
        self.word(low);
        self.word(high);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.word(number as u64);
    }

    #[inline]
    fn write_i8(&mut self, number: i8) {
        self.write_i64(i64::from(number));
    }

    #[inline]
    fn write_i16(&mut self, number: i16) {
        self.write_i64(i64::from(number));
    }

    #[inline]
    fn write_i32(&mut self, number: i32) {
        self.write_i64(i64::from(number));
    }

    #[inline]
    fn write_i64(&mut self, number: i64) {
        self.word(number.cast_unsigned());
    }

    #[inline]
    fn write_i128(&mut self, number: i128) {
        self.write_u128(number.cast_unsigned());
    }

    #[inline]
    fn write_isize(&mut self, number: isize) {
        self.write_i64(number as i64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::Hash;

    use super::*;

    fn of(value: impl Hash) -> u128 {
        let mut rolling = Rolling::default();
        value.hash(&mut rolling);
        rolling.hash()
    }

    /// Traces are compared between machines, and saves go on from them.
    #[test]
    fn it_is_what_it_always_was() {
        let pinned = of((1_u8, 2_u64, -3_i32, "four", [5_u8, 6].as_slice(), Some(7_u128)));
        assert_eq!(pinned, 0xbf1d_69f1_16b5_ab96_13e8_f80c_9bda_b2e8, "{pinned:#x}");
        assert_eq!(Rolling::from_hash(pinned).hash(), pinned);
    }

    #[test]
    fn whatever_differs_gives_another_hash() {
        let mut seen = BTreeSet::new();
        for length in 0..40 {
            for bit in 0..length * 8 {
                let mut bytes = vec![0_u8; length];
                bytes[bit / 8] = 1 << (bit % 8);
                assert!(seen.insert(of(&bytes)), "bit {bit} of {length}");
            }
            assert!(seen.insert(of(vec![0_u8; length])), "{length} zeros");
        }
        let mut seen = BTreeSet::new();
        for first in 0..100_u64 {
            for second in 0..100_u64 {
                assert!(seen.insert(of((first, second))), "{first}, {second}");
            }
        }
    }

    #[test]
    fn about_half_the_bits_change_whichever_bit_of_an_earlier_word_does() {
        for bit in 0..64 {
            let (one, other) = (of([0_u64; 4]), of([1_u64 << bit, 0, 0, 0]));
            let changed = (one ^ other).count_ones();
            assert!((32..96).contains(&changed), "bit {bit} changes {changed}");
        }
    }
}
