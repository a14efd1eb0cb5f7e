//! Which pieces of text stand somewhere in some texts.

use std::collections::BTreeSet;

/// Which of some pieces stand in some texts, by their hashes. It may take one for another, and so say that a piece is there that is not; it never misses one.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// A power of two of places, at most a quarter of them taken: a hash, and whether its piece was found. None where there would have been
    /// too much to look at.
    table: Vec<(u64, bool)>,
}

/// So many lengths are looked at, and so many bytes.
const LENGTHS: usize = 16;
const WORK: usize = 1 << 26;

/// No hash.
const FREE: u64 = 0;
/// What each byte is multiplied by, once for each byte after it.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

impl Pieces {
    /// Looks for pieces in ascending texts.
    pub(super) fn of<'a>(texts: &[&str], wanted: impl Iterator<Item = &'a str>) -> Self {
        let wanted: Vec<&str> = wanted.filter(|piece| !piece.is_empty()).collect();
        let lengths: BTreeSet<usize> = wanted.iter().map(|piece| piece.len()).collect();
        // A text that another begins with has no other pieces.
        let is_begun = |at: usize| texts.get(at + 1).is_some_and(|next| next.starts_with(texts[at]));
        let whole: Vec<&[u8]> = (0..texts.len())
            .filter(|at| !is_begun(*at))
            .map(|at| texts[at].as_bytes())
            .collect();
        let bytes: usize = whole.iter().map(|text| text.len()).sum();
        if lengths.len() > LENGTHS || bytes.saturating_mul(lengths.len()) > WORK {
            return Self::default();
        }
        let places = (4 * wanted.len()).next_power_of_two();
        let mut pieces = Self {
            table: vec![(FREE, false); places],
        };
        for piece in wanted {
            let hash = hash_of(piece.as_bytes());
            let at = pieces.place(hash);
            pieces.table[at].0 = hash;
        }
        for length in lengths {
            for text in &whole {
                pieces.look_in(text, length);
            }
        }
        pieces
    }

    /// Marks what is found in a text, of one length: the hash is carried along from each place to the next.
    fn look_in(&mut self, text: &[u8], length: usize) {
        let Some(first) = text.get(..length) else {
            return;
        };
        let leaving = (1..length).fold(1_u64, |power, _| power.wrapping_mul(BASE));
        let mut sum = sum_of(first);
        self.mark(finished(sum));
        for (gone, come) in text.iter().zip(&text[length..]) {
            sum = sum.wrapping_sub(value_of(*gone).wrapping_mul(leaving));
            sum = sum.wrapping_mul(BASE).wrapping_add(value_of(*come));
            self.mark(finished(sum));
        }
    }

    fn mark(&mut self, hash: u64) {
        let at = self.place(hash);
        self.table[at].1 |= self.table[at].0 == hash;
    }

    /// Whether one of the wanted pieces may be there.
    pub(super) fn may_hold(&self, piece: &str) -> bool {
        piece.is_empty() || self.table.is_empty() || {
            let hash = hash_of(piece.as_bytes());
            self.table[self.place(hash)] == (hash, true)
        }
    }

    /// Where in the table a hash is, or would be.
    fn place(&self, hash: u64) -> usize {
        let mask = self.table.len() - 1;
        let mut at = usize::try_from(hash >> 32).expect("half a word") & mask;
        while self.table[at].0 != FREE && self.table[at].0 != hash {
            at = (at + 1) & mask;
        }
        at
    }
}

/// No byte counts for nothing.
fn value_of(byte: u8) -> u64 {
    u64::from(byte) + 1
}

fn sum_of(bytes: &[u8]) -> u64 {
    let add = |sum: u64, byte: &u8| sum.wrapping_mul(BASE).wrapping_add(value_of(*byte));
    bytes.iter().fold(0, add)
}

fn hash_of(bytes: &[u8]) -> u64 {
    finished(sum_of(bytes))
}

/// Spreads what differs over all bits.
fn finished(sum: u64) -> u64 {
    let mixed = (sum ^ (sum >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_is_missed_and_most_others_are_told() {
        let texts = ["<1>", "<1><22>", "<7>x"];
        let wanted = ["<1>", "<22>", "<7>", "<8>", "1><", "<23>", "x"];
        let pieces = Pieces::of(&texts, wanted.into_iter());
        for (piece, expected) in [
            ("<1>", true),
            ("<22>", true),
            ("<7>", true),
            ("1><", true),
            ("x", true),
            ("", true),
            ("<8>", false),
            ("<23>", false),
        ] {
            assert_eq!(pieces.may_hold(piece), expected, "{piece}");
        }
    }
}
