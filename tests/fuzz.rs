//! The fuzzer: it raises no false alarm, misses no broken rule, and every run can be had again.
//!
//! What runs here is a sample that takes seconds; `docs/TESTING.md` says how to run it for long.

use raft_play::consensus::{Rule, RuleLabel, RuleSet};
use raft_play::fuzz::{Broken, Options, differs, run};
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

/// In how many seeds a broken rule must be noticed at the latest.
fn budget(rule: Rule) -> u64 {
    match rule {
        Rule::PersistVoteBeforeAnswering
        | Rule::PersistEntriesBeforeAcknowledging
        | Rule::LeaderCountsFlushedOnly
        | Rule::OneVotePerTerm
        | Rule::StepDownOnHigherTerm
        | Rule::SessionSerialCheck
        | Rule::SessionsInSnapshot => 100,
        Rule::UpToDateCheck
        | Rule::CheckPreviousEntry
        | Rule::TruncateOnlyOnConflict
        | Rule::NoopBeforeReads
        | Rule::ReadIndexQuorum
        | Rule::ConfigurationAtAppend
        | Rule::OwnTermCommitBeforeChange
        | Rule::JointNeedsBothMajorities
        | Rule::LearnersDoNotCount
        | Rule::SnapshotCarriesConfiguration
        | Rule::CommitWithinRequest => 400,
        Rule::CommitOwnTermOnly
        | Rule::PromiseRunOut
        | Rule::RestartedVoterQuiet
        | Rule::LeaseNeedsCheckQuorum => 2_000,
    }
}

/// How many seeds it takes to notice, from a first one.
fn seeds_until_found(rule: Rule, first: u64) -> Option<u64> {
    let options = Options {
        rules: RuleSet::sound().without(rule),
        ..Options::default()
    };
    (0..budget(rule)).find_map(|place| {
        let failure = run::<KeyValue>(first + place, &options).failure?;
        let is_right = match rule.label() {
            RuleLabel::Safety => matches!(failure.broken, Broken::Property(_)),
            RuleLabel::Liveness => matches!(failure.broken, Broken::Liveness(_)),
        };
        assert!(is_right, "{rule}, seed {}: {failure:?}", first + place);
        Some(place + 1)
    })
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
