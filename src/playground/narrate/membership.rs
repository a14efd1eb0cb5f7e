//! Changes of who belongs to the cluster, in words (§6, thesis chapter 4).

use std::time::Duration;

use super::telling::Telling;
use super::words::{duration, nodes};
use crate::consensus::{CatchUpVerdict, ChangeCause, ChangeRefusal, Rule};
use crate::types::{Configuration, LogIndex, NodeId};

pub(super) fn appended(
    own: NodeId,
    index: LogIndex,
    before: &Configuration,
    after: &Configuration,
    cause: ChangeCause,
) -> Telling {
    let (brief, why) = match cause {
        ChangeCause::Proposal(_) if after.is_joint() => ("joint", "both majorities decide until it is left"),
        ChangeCause::Proposal(_) => ("at once", "any majority before and any after share a server"),
        ChangeCause::LeaveJoint => ("joint left", "the joint one is committed"),
        ChangeCause::CaughtUp(_) => ("caught up", "the learner has caught up, and keeps up"),
    };
    Telling::turn(own, format!("{own} appends {index}: {after}"))
        .long(format!("{own} appends {index}, configuration {after}: {brief}"))
        .rule(Rule::ConfigurationAtAppend)
        .value(format!("before: {before}"))
        .value(format!("from now on: {after}"))
        .value(why.to_owned())
        .value(format!("needed: {}", needed(after)))
        .otherwise("Truncated before it is committed, it is as if it had never been.")
        .about(index)
}

/// `2 of S1 S2 S3`, or `2 of S2 S3 S4 and 2 of S1 S2 S3`.
fn needed(configuration: &Configuration) -> String {
    let shares: Vec<String> = configuration
        .electorates()
        .map(|voters| format!("{} of {}", crate::types::majority_of(voters), nodes(voters)))
        .collect();
    shares.join(" and ")
}

pub(super) fn changed(own: NodeId, before: &Configuration, after: &Configuration) -> Telling {
    let place = if after.is_voter(own) {
        "a voter"
    } else if after.is_member(own) {
        "a learner"
    } else {
        "no member"
    };
    Telling::step(own, format!("{own} goes by {after} now"))
        .long(format!("{own} goes by {after} now: it is {place}"))
        .rule(Rule::ConfigurationAtAppend)
        .value(format!("before: {before}"))
        .value(format!("needed: {}", needed(after)))
        .otherwise("It does not wait for the entry to be committed, or two majorities could decide apart.")
}

pub(super) fn refused(own: NodeId, reason: ChangeRefusal) -> Telling {
    let why = match reason {
        ChangeRefusal::NotLeader { leader: Some(leader) } => format!("{leader} leads, as far as it knows"),
        ChangeRefusal::NotLeader { leader: None } => "it does not lead".to_owned(),
        ChangeRefusal::Transferring { target } => format!("it is handing over to {target}"),
        ChangeRefusal::UnderWay { index } => format!("the change at {index} is not committed yet"),
        ChangeRefusal::NothingCommitted { term } => format!("nothing of its term {term} is committed yet"),
        ChangeRefusal::NoSuchServer(id) => format!("{id} is not there to be changed so"),
        ChangeRefusal::NothingToChange => "it is so already".to_owned(),
        ChangeRefusal::NoVoters => "nobody could decide any more".to_owned(),
        ChangeRefusal::TwoPlaces(id) => format!("{id} can't be voter and learner at once"),
        ChangeRefusal::NoMoreIds => "there is no further id to give".to_owned(),
    };
    let telling = Telling::step(own, format!("{own} refuses the change: {why}"))
        .long(format!("{own} does not change the configuration: {why}"))
        .value(why);
    match reason {
        ChangeRefusal::NothingCommitted { .. } => telling.rule(Rule::OwnTermCommitBeforeChange).otherwise(
            "Without this rule, a leader that was cut off could come back and win by its own change.",
        ),
        ChangeRefusal::NotLeader { .. }
        | ChangeRefusal::Transferring { .. }
        | ChangeRefusal::UnderWay { .. }
        | ChangeRefusal::NoSuchServer(_)
        | ChangeRefusal::NothingToChange
        | ChangeRefusal::NoVoters
        | ChangeRefusal::TwoPlaces(_)
        | ChangeRefusal::NoMoreIds => telling.because(
            "Only a leader changes the configuration, and one change after the other",
            "§6, thesis §4.1",
        ),
    }
}

pub(super) fn removed_itself(own: NodeId, index: LogIndex) -> Telling {
    Telling::turn(own, format!("{own} steps down: it is out"))
        .long(format!(
            "{own} leads no more: {index}, which leaves it out, is committed"
        ))
        .because(
            "A leader that is no voter in the new configuration steps down once that is committed",
            "§6",
        )
        .value(format!("the configuration without {own}: entry {index}"))
        .otherwise("Until then it led on without counting itself: nobody else could commit the entry.")
        .about(index)
}

pub(super) fn caught_up(
    own: NodeId,
    learner: NodeId,
    round: u32,
    took_nanos: u64,
    verdict: CatchUpVerdict,
) -> Telling {
    let took = duration(Duration::from_millis(took_nanos / 1_000_000));
    let judged = match verdict {
        CatchUpVerdict::Quick => "quick enough to vote",
        CatchUpVerdict::Slow => "too slow yet",
    };
    Telling::step(own, format!("{learner} caught up, round {round}: {took}"))
        .long(format!("{own} sees {learner} caught up, round {round} in {took}: {judged}"))
        .because(
            "A server that is added gets the log in rounds, and votes once a round takes less than an election timeout",
            "thesis §4.2.1",
        )
        .value(format!("round {round} took {took}"))
        .otherwise("Added as a voter with an empty log, it could keep the cluster from committing for long.")
}
