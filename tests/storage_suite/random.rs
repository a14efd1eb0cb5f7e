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
        snapshot: Option<Taken>,
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

/// A snapshot that a write brings.
#[derive(Clone, Debug)]
enum Taken {
    /// Of the node's own state, through one of its entries; with what part of that is dropped.
    Own { at: u8, drop: Option<u8>, len: usize },
    /// From a leader: past the log's end, or of another term.
    Installed { at: u8, len: usize },
}

fn taken() -> impl Strategy<Value = Taken> {
    prop_oneof![
        3 => (any::<u8>(), prop::option::weighted(0.8, any::<u8>()), 0..700usize)
            .prop_map(|(at, drop, len)| Taken::Own { at, drop, len }),
        1 => (any::<u8>(), 0..700usize).prop_map(|(at, len)| Taken::Installed { at, len }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let metadata = prop::option::of((0..9u64, prop::option::of(1..6u64)));
    let keep = prop::option::weighted(0.3, any::<u8>());
    let lens = prop::collection::vec(prop::option::weighted(0.9, 0..700usize), 0..4);
    prop_oneof![
        8 => (metadata, prop::option::weighted(0.3, taken()), keep, lens).prop_map(
            |(metadata, snapshot, keep, lens)| Step::Write { metadata, snapshot, keep, lens }
        ),
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
    fn new(segment_bytes: u64, room_bytes: u64) -> Self {
        let options = WalOptions {
            segment_bytes,
            room_bytes,
        };
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
            Step::Write {
                metadata,
                snapshot,
                keep,
                lens,
            } => self.write(*metadata, snapshot.as_ref(), *keep, lens),
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
        taken: Option<&Taken>,
        keep: Option<u8>,
        lens: &[Option<usize>],
    ) -> Self {
        self.term += 1;
        let mut write = Write {
            metadata: term_and_vote.map(|(term, vote)| metadata(term, vote)),
            ..nothing()
        };
        let mut next = self.states.last().unwrap().clone();
        if let Some(taken) = taken {
            take(taken, self.term, &next, &mut write);
        }
        let compacted = next.clone().after(&write);
        let kept = keep.map(|keep| usize::from(keep) % (compacted.entries.len() + 1));
        let first = kept.unwrap_or(compacted.entries.len()) as u64 + compacted.base.index.number() + 1;
        let term = Term::new(self.term);
        let entry = |len: &Option<usize>| match len {
            Some(len) => Entry::command(term, vec![0xA5; *len].into()),
            None => Entry::noop(term),
        };
        write.truncate = kept.map(|_| LogIndex::new(first));
        write.append = Entries::new(LogIndex::new(first), lens.iter().map(entry).collect::<Vec<_>>());
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
        let files = self.mirror.contents();
        let snapshots = files.keys().filter(|name| name.starts_with("snapshot-"));
        assert!(snapshots.count() <= 2, "the one in force, and the one before it");
    }
}

/// Puts a snapshot into a write.
fn take(taken: &Taken, term: u64, model: &Model, write: &mut Write) {
    let base = model.base.index.number();
    let within = |choice: u8, last: u64| base + u64::from(choice) % (last - base + 1);
    match taken {
        Taken::Own { at, drop, len } => {
            let at = within(*at, model.last_index().number());
            let last = model.position(LogIndex::new(at)).unwrap();
            let dropped = drop.map(|drop| LogIndex::new(within(drop, at)));
            write.compact = dropped.map(|dropped| model.position(dropped).unwrap());
            write.snapshot = Some(snapshot(last, *len));
        }
        Taken::Installed { at, len } => {
            let last = position(within(*at, model.last_index().number() + 9) + 1, term);
            (write.snapshot, write.compact) = (Some(snapshot(last, *len)), Some(last));
        }
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
        room_bytes in prop_oneof![Just(0), 100..2000u64],
    ) {
        let mut run = Run::new(segment_bytes, room_bytes);
        for step in &steps {
            run = run.step(step);
            run.check();
        }
    }
}
