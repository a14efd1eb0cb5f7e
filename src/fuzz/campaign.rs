//! Many seeds on many threads.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::Sender;

use super::Workload;
use super::run::{Broken, Failure, Options, Run, run};
use super::twin::{Twin, twin};

/// Which seeds are run, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// The first seed that is not run any more, if there is one.
    pub end: Option<u64>,
    /// What all runs have in common.
    pub options: Options,
    /// On how many threads.
    pub threads: NonZeroUsize,
    /// Every run whose seed is a multiple of this is had again in every other way; none where this is 0.
    pub watch_every: u64,
}

impl Campaign {
    /// Runs the seeds, and hands over every run as it ends, until told to stop or all are run. What is under way then is still
    /// handed over.
    ///
    /// # Panics
    ///
    /// Where no thread can be started.
    pub fn run<M: Workload>(&self, mut take: impl FnMut(Run) -> ControlFlow<()>) {
        let (next, is_over) = (AtomicU64::new(self.first), AtomicBool::new(false));
        let (sender, runs) = crossbeam_channel::bounded(64);
        thread::scope(|scope| {
            for number in 1..=self.threads.get() {
                let (sender, next, is_over) = (sender.clone(), &next, &is_over);
                let work = move || self.work::<M>(next, is_over, &sender);
                let thread = thread::Builder::new().name(format!("fuzz-{number}"));
                thread.spawn_scoped(scope, work).expect("a thread can be started");
            }
            drop(sender);
            for run in runs {
                if take(run).is_break() {
                    is_over.store(true, Ordering::Relaxed);
                }
            }
        });
    }

    fn work<M: Workload>(&self, next: &AtomicU64, is_over: &AtomicBool, runs: &Sender<Run>) {
        while !is_over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if self.end.is_some_and(|end| seed >= end) {
                return;
            }
            let mut run = run::<M>(seed, &self.options);
            if self.watch_every > 0 && seed.is_multiple_of(self.watch_every) {
                run.failure = run.failure.take().or_else(|| differs::<M>(&run));
            }
            if runs.send(run).is_err() {
                return;
            }
        }
    }
}

/// Whether the same run is another when it is had in another way.
pub fn differs<M: Workload>(run: &Run) -> Option<Failure> {
    let ways = Twin::ALL.iter().copied();
    let different = ways
        .filter_map(|way| Some((way, twin::<M>(run, way)?)))
        .find(|(_, hash)| *hash != run.trace_hash);
    different.map(|(way, hash)| Failure {
        broken: Broken::Determinism(way),
        at: run.end.at,
        detail: format!("its trace is {hash:032x}, and was {:032x}", run.trace_hash),
    })
}
