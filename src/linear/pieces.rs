//! Which pieces of text may stand somewhere in some texts.

use std::collections::BTreeSet;

/// What may stand in some texts: all of their pieces of certain lengths, by hash. It may take one for another, and so say that a piece is there that is not;
/// it never misses one.
#[derive(Debug)]
pub(super) struct Pieces {
    /// A bit for each hash; none where there would have been too much to look at.
    bits: Vec<u64>,
}

/// So many lengths are looked at, and so many bytes.
const LENGTHS: usize = 16;
const WORK: usize = 1 << 26;

impl Pieces {
    /// The pieces of ascending texts that are as long as one of `wanted`.
    pub(super) fn of<'a>(texts: &[&str], wanted: impl Iterator<Item = &'a str>) -> Self {
        let lengths: BTreeSet<usize> = wanted.map(str::len).filter(|length| *length > 0).collect();
        // A text that another begins with has no other pieces.
        let is_begun = |at: usize| texts.get(at + 1).is_some_and(|next| next.starts_with(texts[at]));
        let whole: Vec<&[u8]> = (0..texts.len())
            .filter(|at| !is_begun(*at))
            .map(|at| texts[at].as_bytes())
            .collect();
        let bytes: usize = whole.iter().map(|text| text.len()).sum();
        let total = lengths.iter().map(|length| bytes.saturating_mul(*length));
        let total = total.fold(0, usize::saturating_add);
        if lengths.len() > LENGTHS || total > WORK {
            return Self { bits: Vec::new() };
        }
        let words = (bytes * lengths.len() / 4).next_power_of_two().max(64);
        let mut pieces = Self { bits: vec![0; words] };
        for length in lengths {
            for piece in whole.iter().flat_map(|text| text.windows(length)) {
                let (word, bit) = pieces.place(piece);
                pieces.bits[word] |= bit;
            }
        }
        pieces
    }

    /// Whether a piece of one of the wanted lengths may be there.
    pub(super) fn may_hold(&self, piece: &str) -> bool {
        let is_there = || {
            let (word, bit) = self.place(piece.as_bytes());
            self.bits[word] & bit != 0
        };
        piece.is_empty() || self.bits.is_empty() || is_there()
    }

    fn place(&self, piece: &[u8]) -> (usize, u64) {
        let hash = piece.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let hash = hash ^ (hash >> 29);
        let word = usize::try_from(hash >> 6 & 0xffff_ffff).expect("half a word");
        (word & (self.bits.len() - 1), 1 << (hash & 63))
    }
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
