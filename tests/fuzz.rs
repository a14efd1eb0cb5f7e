//! The fuzzer: it raises no false alarm, misses no broken rule, and every run can be had again.
//!
//! What runs here is a sample that takes seconds; `docs/TESTING.md` says how to run it for long.

use raft_play::consensus::Rule;
use raft_play::fuzz::{Options, budget, differs, is_of_its_kind, notice, run};
use raft_play::machine::KeyValue;

#[test]
fn no_promise_is_broken_where_every_rule_is_kept() {
    for seed in 1..=40 {
        let run = run::<KeyValue>(seed, &Options::default());
        assert_eq!(run.failure, None, "raft-play fuzz --seed {seed}");
    }
}

#[test]
fn a_run_is_the_same_on_threads_and_through_a_save() {
    for seed in 1..=4 {
        let run = run::<KeyValue>(seed, &Options::default());
        assert_eq!(
            differs::<KeyValue>(&run),
            None,
            "raft-play fuzz --seed {seed} --twice-every 1"
        );
    }
}

/// How many seeds it takes to notice, from a first one.
fn seeds_until_found(rule: Rule, first: u64) -> Option<u64> {
    let run = notice::<KeyValue>(rule, first, &Options::default())?;
    let failure = run.failure.expect("it was noticed by it");
    assert!(
        is_of_its_kind(rule, failure.broken),
        "{rule}, seed {}: {failure:?}",
        run.plan.seed
    );
    Some(run.plan.seed - first + 1)
}

#[test]
fn a_broken_rule_is_noticed() {
    for &rule in Rule::ALL.iter().filter(|rule| budget(**rule) <= 100) {
        let seeds = seeds_until_found(rule, 1);
        println!("{rule}: {seeds:?} seeds");
        assert!(seeds.is_some(), "{rule} is not missed");
    }
}

#[test]
#[ignore = "minutes: cargo test --release --test fuzz -- --ignored --nocapture"]
fn every_broken_rule_is_noticed_from_wherever_one_begins() {
    for &rule in Rule::ALL {
        let seeds: Vec<_> = (0..5)
            .map(|base| seeds_until_found(rule, 1 + base * 1_000_000))
            .collect();
        println!("{rule}: {seeds:?} seeds of {}", budget(rule));
        assert!(seeds.iter().all(Option::is_some), "{rule} is not missed");
    }
}
