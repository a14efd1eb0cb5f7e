//! Any sequence of writes, completions, crashes and power cuts.

use proptest::prelude::*;
use raft_play::consensus::durable::{Store, Write};
use raft_play::storage::simulated::{SimulatedDisk, SimulatedSync};
use raft_play::storage::wal::{Wal, WalOptions, WalSync};
use raft_play::types::{Entries, Entry, LogIndex, Term};

use super::support::*;

#[derive(Clone, Debug)]
enum Step {
    Write {
        metadata: Option<(u64, Option<u64>)>,
        keep: Option<u8>,
        lens: Vec<Option<usize>>,
    },
    Settle {
        nth: usize,
    },
    Crash,
    PowerCut {
        seed: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let metadata = prop::option::of((0..9u64, prop::option::of(1..6u64)));
    let keep = prop::option::weighted(0.3, any::<u8>());
    let lens = prop::collection::vec(prop::option::weighted(0.9, 0..700usize), 0..4);
    prop_oneof![
        8 => (metadata, keep, lens).prop_map(|(metadata, keep, lens)| Step::Write { metadata, keep, lens }),
        5 => any::<usize>().prop_map(|nth| Step::Settle { nth }),
        1 => Just(Step::Crash),
        2 => any::<u64>().prop_map(|seed| Step::PowerCut { seed }),
    ]
}

/// A log under test, and what it may hold if it all ended now.
struct Run {
    wal: Wal<SimulatedDisk>,
    options: WalOptions,
    mirror: SimulatedDisk,
    /// The state after each batch, from the last one that is known to be durable.
    states: Vec<Model>,
    pending: Vec<(usize, WalSync<SimulatedSync>)>,
    term: u64,
}

impl Run {
    fn new(segment_bytes: u64) -> Self {
        let options = WalOptions { segment_bytes };
        let mut disk = SimulatedDisk::new();
        disk.enable_journal();
        let (wal, _) = Wal::open(disk, IDENTITY, options).unwrap();
        let states = vec![Model::default()];
        Self {
            wal,
            options,
            mirror: SimulatedDisk::new(),
            states,
            pending: Vec::new(),
            term: 0,
        }
    }

    fn step(self, step: &Step) -> Self {
        match step {
            Step::Write { metadata, keep, lens } => self.write(*metadata, *keep, lens),
            Step::Settle { nth } => self.settle(*nth),
            Step::Crash => self.reopen(|_| (), 0),
            Step::PowerCut { seed } => {
                let cut = |disk: &mut SimulatedDisk| {
                    disk.power_cut(&mut |place, most| draw(*seed, &place) % (most + 1));
                };
                self.reopen(cut, usize::MAX)
            }
        }
    }

    fn write(
        mut self,
        term_and_vote: Option<(u64, Option<u64>)>,
        keep: Option<u8>,
        lens: &[Option<usize>],
    ) -> Self {
        let mut next = self.states.last().unwrap().clone();
        let kept = keep.map(|keep| usize::from(keep) % (next.entries.len() + 1));
        let first = kept.unwrap_or(next.entries.len()) as u64 + 1;
        self.term += 1;
        let term = Term::new(self.term);
        let entry = |len: &Option<usize>| match len {
            Some(len) => Entry::command(term, vec![0xA5; *len].into()),
            None => Entry::noop(term),
        };
        let write = Write {
            metadata: term_and_vote.map(|(term, vote)| metadata(term, vote)),
            snapshot: None,
            compact: None,
            truncate: kept.map(|kept| LogIndex::new(kept as u64 + 1)),
            append: Entries::new(LogIndex::new(first), lens.iter().map(entry).collect::<Vec<_>>()),
            ..nothing()
        };
        next.apply(&write);
        let segment = self.wal.segment();
        let sync = self.wal.begin(&write).unwrap();
        if self.wal.segment() != segment {
            // The closed segment was synced as a whole.
            self.forget(self.states.len() - 1);
        }
        self.states.push(next);
        self.pending.push((self.states.len() - 1, sync));
        self
    }

    fn settle(mut self, nth: usize) -> Self {
        if !self.pending.is_empty() {
            let (state, sync) = self.pending.remove(nth % self.pending.len());
            self.wal.settle(Wal::<SimulatedDisk>::sync(sync).unwrap());
            self.forget(state);
        }
        self
    }

    /// The states before this one can't come back.
    fn forget(&mut self, durable: usize) {
        self.states.drain(..durable);
        for (state, _) in &mut self.pending {
            *state = state.saturating_sub(durable);
        }
    }

    /// Ends the process, and begins a new one. At most `lost` batches may be gone.
    fn reopen(mut self, cut: impl FnOnce(&mut SimulatedDisk), lost: usize) -> Self {
        let mut disk = self.wal.into_disk();
        cut(&mut disk);
        let inspected = Wal::inspect(&disk, IDENTITY).unwrap();
        let (wal, recovered) = Wal::open(disk, IDENTITY, self.options).unwrap();
        assert_eq!(inspected, recovered);
        let model = Model::of(&recovered);
        let oldest = self.states.len().saturating_sub(1).saturating_sub(lost);
        assert!(
            self.states[oldest..].contains(&model),
            "{model:?} is none of {:?}",
            &self.states[oldest..]
        );
        self.wal = wal;
        self.states = vec![model];
        self.pending.clear();
        self
    }

    fn check(&mut self) {
        let disk = SimulatedDisk::restore(self.wal.disk().image()).unwrap();
        assert_eq!(&disk, self.wal.disk(), "an image is the whole disk");
        let image = self.wal.image().unwrap();
        let restored = Wal::restore(disk, IDENTITY, self.options, image).unwrap();
        assert_eq!(restored, self.wal, "an image is the whole log");
        for op in self.wal.disk_mut().drain_journal() {
            op.apply(&mut self.mirror).unwrap();
        }
        assert_eq!(
            self.mirror.contents(),
            self.wal.disk().contents(),
            "a mirror follows"
        );
    }
}

/// A number that depends on nothing but the seed and the place.
fn draw(seed: u64, place: &impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(seed);
    place.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_comes_back_is_a_prefix_with_all_that_was_synced(
        steps in prop::collection::vec(step(), 1..40),
        segment_bytes in 112..3000u64,
    ) {
        let mut run = Run::new(segment_bytes);
        for step in &steps {
            run = run.step(step);
            run.check();
        }
    }
}
