//! Random draws, each a function of what it is about.
//!
//! A draw has no state. What it gives depends on the seed and on the key of the event alone, so that an event that
//! another change does not touch draws the same: "the same run, had this vote been lost" differs in nothing else.

use std::time::Duration;

use super::settings::{LinkSettings, Span};

/// What a draw is for: the first word of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// How long an election timer runs: node, term.
    ElectionTimeout = 1,
    /// How long a message takes: link, kind, ordinal.
    Latency = 2,
    /// Whether a message is lost: link, kind, ordinal.
    Loss = 3,
    /// Whether a message arrives twice: link, kind, ordinal.
    Duplication = 4,
    /// How long the second copy takes: link, kind, ordinal.
    CopyLatency = 5,
    /// Whether a message is held up: link, kind, ordinal.
    Reordering = 6,
    /// How long it is held up: link, kind, ordinal.
    HoldUp = 7,
    /// How long a sync takes: node, ordinal.
    DiskLatency = 8,
    /// With whom a node gossips: node, ordinal.
    GossipPeer = 9,
    /// How long a node is silent between two rounds of gossip: node, ordinal.
    GossipPause = 10,
    /// How long a snapshot takes: node, last entry.
    SnapshotLatency = 11,
    /// Whether a message straggles: link, kind, ordinal.
    Straggling = 12,
    /// By how many powers of two it does: link, kind, ordinal.
    Straggle = 13,
    /// What a torn power cut leaves: node, syncs before it, ordinal.
    Survival = 14,
    /// How long it takes until the next client asks by itself: ordinal.
    LoadPause = 15,
    /// Whether that is about the first key: ordinal.
    LoadSkew = 16,
    /// Else, which key it is about: ordinal.
    LoadKey = 17,
    /// Whether it is a read: ordinal.
    LoadKind = 18,
    /// Whom it is asked of, where nobody leads: ordinal.
    LoadNode = 19,
}

/// The source of all draws of one world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draws {
    seed: u64,
}

impl Draws {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    pub(super) const fn seed(self) -> u64 {
        self.seed
    }

    /// A duration in the span, to the nanosecond.
    pub(super) fn duration(self, purpose: Purpose, key: &[u64], span: Span) -> Duration {
        let nanos =
            |duration: Duration| u64::try_from(duration.as_nanos()).expect("a span is at most an hour");
        let (min, max) = (nanos(span.min()), nanos(span.max()));
        Duration::from_nanos(min + self.word(purpose, key) % (max - min + 1))
    }

    /// Whether one of so many in a million. Where it is none, that goes without a draw: a draw moves no other.
    pub(super) fn is_one_of(self, purpose: Purpose, key: &[u64], ppm: u32) -> bool {
        ppm > 0 && self.word(purpose, key) % u64::from(LinkSettings::ALL_PPM) < u64::from(ppm)
    }

    /// How many of so many changes to a disk survive a power cut: often none or all, else any number.
    pub(super) fn survivors(self, key: &[u64], changes: u64) -> u64 {
        let word = self.word(Purpose::Survival, key);
        match word % 3 {
            0 => 0,
            1 => changes,
            _ => word / 3 % (changes + 1),
        }
    }

    pub(super) fn word(self, purpose: Purpose, key: &[u64]) -> u64 {
        let start = mix(self.seed ^ mix(purpose as u64));
        key.iter().fold(start, |state, &word| mix(state ^ mix(word)))
    }
}

/// A bijection of 64-bit words in which every bit of the input moves about half the bits of the output: the output
/// function of `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
const fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span::of_millis(150, 300);

    #[test]
    fn draws_stay_in_their_span_and_fill_it() {
        let draw = |key| Draws::new(7).duration(Purpose::ElectionTimeout, &[key], SPAN);
        let draws: Vec<Duration> = (0..10_000).map(draw).collect();
        assert!(draws.iter().all(|draw| (SPAN.min()..=SPAN.max()).contains(draw)));
        for tenth in 0..10 {
            let from = SPAN.min() + Duration::from_millis(15 * tenth);
            let count = draws
                .iter()
                .filter(|draw| (from..from + Duration::from_millis(15)).contains(*draw))
                .count();
            assert!(
                (800..1200).contains(&count),
                "a tenth of the span got {count} of 10000 draws"
            );
        }
    }

    #[test]
    fn a_draw_depends_on_every_part_of_its_key() {
        let draws = Draws::new(1);
        let base = draws.word(Purpose::Latency, &[1, 2, 3, 4]);
        assert_eq!(base, draws.word(Purpose::Latency, &[1, 2, 3, 4]));
        assert_ne!(base, draws.word(Purpose::Loss, &[1, 2, 3, 4]));
        assert_ne!(base, draws.word(Purpose::Latency, &[2, 1, 3, 4]));
        assert_ne!(base, Draws::new(2).word(Purpose::Latency, &[1, 2, 3, 4]));
    }

    #[test]
    fn shares_are_shares() {
        let hits = |ppm| {
            (0..100_000)
                .filter(|&key| Draws::new(3).is_one_of(Purpose::Loss, &[key], ppm))
                .count()
        };
        assert_eq!(hits(0), 0);
        assert_eq!(hits(1_000_000), 100_000);
        assert!((29_000..31_000).contains(&hits(300_000)));
    }
}
