//! Would it be noticed? Every rule, broken, must be found within a budget of seeds.

use super::Workload;
use super::run::{Broken, Options, Run, run};
use crate::consensus::{Rule, RuleLabel, RuleSet};

/// In how many seeds a broken rule must be noticed at the latest. Measured from five different first seeds, with room to spare.
pub fn budget(rule: Rule) -> u64 {
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

/// The first run, from a first seed, in which a broken rule is noticed; `None` where its budget does not suffice.
pub fn notice<M: Workload>(rule: Rule, first: u64, options: &Options) -> Option<Run> {
    let options = Options {
        rules: RuleSet::sound().without(rule),
        ..options.clone()
    };
    let mut runs = (first..first + budget(rule)).map(|seed| run::<M>(seed, &options));
    runs.find(|run| run.failure.is_some())
}

/// Whether what was found is of the kind that its rule stands against: a wrong result, or none.
pub fn is_of_its_kind(rule: Rule, found: Broken) -> bool {
    match rule.label() {
        RuleLabel::Safety => matches!(found, Broken::Property(_) | Broken::Clients),
        RuleLabel::Liveness => matches!(found, Broken::Liveness(_)),
    }
}
