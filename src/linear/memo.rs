//! Where a search has been.

use std::hash::{Hash, Hasher};

use super::spares::{Spares, Used};

/// A place that a search has come to, by its order of arrival; 0 is where it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    /// Where a search begins.
    pub(super) const START: Self = Self(0);
}

/// What was taken last on the way to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// An operation that was answered.
    Known(u32),
    /// One of a class of unknown outcome.
    Spare(u32),
}

/// Everywhere a search has been: how many of the answers are accounted for, which of the operations that were open at the next are, in which
/// state, and what of unknown outcome was used.
///
/// All in a few arrays, so that what it takes is known. The states are compared after their hashes, so it is exact.
#[derive(Debug)]
pub(super) struct Memo<S> {
    places: Vec<Visited<S>>,
    /// For each place, which of the open operations are accounted for: so many words each.
    sets: Vec<u64>,
    words: usize,
    /// Places by hash; a power of two of them, at most half of them taken.
    table: Vec<u32>,
    keys: usize,
}

/// What a search knows at a place, but for the operations that are open there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight<S> {
    /// All operations answered before this one are accounted for, by the order of answers; this one is not.
    pub(super) answered: u32,
    /// The state.
    pub(super) state: S,
    /// What of unknown outcome was used.
    pub(super) used: Used,
}

#[derive(Clone, Copy, Debug)]
struct Visited<S> {
    sight: Sight<S>,
    from: Place,
    taken: Taken,
    /// The place before with the same answers, operations and state, or [`NOWHERE`].
    same: u32,
}

const NOWHERE: u32 = u32::MAX;
const SMALLEST: usize = 64;

impl<S: Copy + Eq + Hash> Memo<S> {
    /// Nothing but the place where a search begins; `open` operations are open at the same time at most.
    pub(super) fn starting_at(state: S, open: usize) -> Self {
        let words = open.div_ceil(64);
        let mut memo = Self {
            places: Vec::new(),
            sets: Vec::new(),
            words,
            table: vec![NOWHERE; SMALLEST],
            keys: 0,
        };
        let none = vec![0; words];
        let sight = Sight {
            answered: 0,
            state,
            used: Used::NONE,
        };
        memo.put(
            memo.find(&sight, &none),
            sight,
            &none,
            (Place::START, Taken::Known(0)),
        );
        memo
    }

    /// How many words an operation set has.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Comes to a place; `None` where to have been there before, with no more of unknown outcome used, makes it pointless.
    pub(super) fn visit(
        &mut self,
        spares: &Spares,
        sight: Sight<S>,
        set: &[u64],
        way: (Place, Taken),
    ) -> Option<Place> {
        let at = self.find(&sight, set);
        let mut known = self.table[at];
        while known != NOWHERE {
            let place = &self.places[known as usize];
            if spares.is_within(place.sight.used, sight.used) {
                return None;
            }
            known = place.same;
        }
        Some(self.put(at, sight, set, way))
    }

    /// How many answers were accounted for at a place.
    pub(super) fn answered(&self, place: Place) -> u32 {
        self.places[place.0 as usize].sight.answered
    }

    /// Which open operations were accounted for at a place.
    fn set(&self, place: u32) -> &[u64] {
        &self.sets[place as usize * self.words..][..self.words]
    }

    /// What was taken on the way to a place, in order.
    pub(super) fn way_to(&self, place: Place) -> Vec<Taken> {
        let mut way = Vec::new();
        let mut at = place;
        while at != Place::START {
            let place = &self.places[at.0 as usize];
            way.push(place.taken);
            at = place.from;
        }
        way.reverse();
        way
    }

    /// Places with so many answers accounted for, one for each state, and of these the first so many.
    pub(super) fn places_at(&self, answered: u32, most: usize) -> Vec<Place> {
        let mut found: Vec<(S, Place)> = Vec::new();
        for (at, place) in (0..).zip(&self.places) {
            if found.len() == most {
                break;
            }
            let Sight { state, .. } = place.sight;
            if place.sight.answered == answered && found.iter().all(|(known, _)| *known != state) {
                found.push((state, Place(at)));
            }
        }
        found.into_iter().map(|(_, place)| place).collect()
    }

    /// How much memory it takes, what is kept free included.
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Visited<S>>()
            + self.sets.capacity() * size_of::<u64>()
            + self.table.capacity() * size_of::<u32>()
    }

    /// Where in the table a key is, or would be.
    fn find(&self, sight: &Sight<S>, set: &[u64]) -> usize {
        let mask = self.table.len() - 1;
        let mut at = hash_of(sight, set) & mask;
        loop {
            let known = self.table[at];
            if known == NOWHERE {
                return at;
            }
            let there = &self.places[known as usize].sight;
            let is_same = there.answered == sight.answered && there.state == sight.state;
            if is_same && self.set(known) == set {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn put(&mut self, at: usize, sight: Sight<S>, set: &[u64], (from, taken): (Place, Taken)) -> Place {
        let name = u32::try_from(self.places.len()).expect("memory runs out before names do");
        let same = std::mem::replace(&mut self.table[at], name);
        self.sets.extend_from_slice(set);
        self.places.push(Visited {
            sight,
            from,
            taken,
            same,
        });
        self.keys += usize::from(same == NOWHERE);
        if 2 * self.keys > self.table.len() {
            self.grow();
        }
        Place(name)
    }

    fn grow(&mut self) {
        let larger = vec![NOWHERE; 2 * self.table.len()];
        let before = std::mem::replace(&mut self.table, larger);
        for known in before.into_iter().filter(|known| *known != NOWHERE) {
            let place = self.places[known as usize];
            let at = self.find(&place.sight, self.set(known));
            self.table[at] = known;
        }
    }
}

fn hash_of<S: Hash>(sight: &Sight<S>, set: &[u64]) -> usize {
    let mut mixer = Mixer(u64::from(sight.answered));
    sight.state.hash(&mut mixer);
    for word in set {
        mixer.write_u64(*word);
    }
    usize::try_from(mixer.finish() >> 32).expect("half a word")
}

/// A fast hash of a few numbers. Nothing hangs on it but speed.
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        /// 2^64 divided by the golden ratio, made odd.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.0.rotate_left(23) ^ word).wrapping_mul(SPREAD);
        self.0 = mixed ^ (mixed >> 29);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 30)
    }
}
