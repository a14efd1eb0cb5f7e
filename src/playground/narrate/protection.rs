//! Pre-votes, CheckQuorum and transfers in words (thesis §3.10, §4.2.3, §6.2, §9.6).

use std::collections::BTreeSet;
use std::time::Duration;

use super::memory::Memory;
use super::telling::Telling;
use super::words::{duration, nodes};
use crate::consensus::{Quiet, Rule, Tally, TransferRefusal, Verdict, VoteRefusal};
use crate::playground::story::Mark;
use crate::types::{LogIndex, LogPosition, NodeId, Term};

pub(super) fn pre_vote_started(
    own: NodeId,
    asked: Term,
    last: LogPosition,
    voters: &BTreeSet<NodeId>,
) -> Telling {
    Telling::turn(own, format!("{own} asks first: would I win {asked}?"))
        .long(format!(
            "{own} timed out and asks {}: would I win term {asked}?",
            nodes(voters)
        ))
        .mark(Mark::Election)
        .because(
            "With PreVote, a server asks whether it would win before it raises its term",
            "thesis §9.6",
        )
        .value(format!(
            "the term it would stand in: {asked}; its own stays {}",
            asked.previous()
        ))
        .value(format!("{own}'s last entry: {last}"))
        .otherwise(
            "Without PreVote it would be a candidate now, and its term would depose a leader it can't hear.",
        )
}

pub(super) fn pre_vote_granted(
    own: NodeId,
    candidate: NodeId,
    asked: Term,
    theirs: LogPosition,
    its: LogPosition,
) -> Telling {
    Telling::step(own, format!("{own} would vote for {candidate}"))
        .long(format!("{own} would vote for {candidate} in term {asked}: log {theirs}, its own {its}"))
        .because("A pre-vote goes to whom the vote would go, and binds nobody", "thesis §9.6")
        .value(format!("{candidate}'s last entry: {theirs}"))
        .value(format!("{own}'s last entry: {its}"))
        .value(format!("{own} has not heard from a leader lately"))
        .otherwise("A leader heard from within an election timeout, or a longer log here, and it would have refused.")
}

pub(super) fn pre_vote_refused(own: NodeId, candidate: NodeId, reason: VoteRefusal) -> Telling {
    let (short, why) = match reason {
        VoteRefusal::StaleTerm { theirs, own: its } => (
            format!("{own} would not: it is in term {its}"),
            format!("it asks about term {theirs}, and {its} is here"),
        ),
        VoteRefusal::AlreadyVoted { vote } => (
            format!("{own} would not: voted for {vote}"),
            format!("{own} voted for {vote}"),
        ),
        VoteRefusal::Quiet(quiet) => (
            format!("{own} would not: {}", briefly(quiet)),
            reason_of(own, quiet),
        ),
        VoteRefusal::LogBehind { theirs, own: its } => (
            format!("{own} would not: {candidate}'s log is behind"),
            format!("log {theirs} is behind its own {its}"),
        ),
    };
    Telling::step(own, short)
        .long(format!("{own} would not vote for {candidate}: {why}"))
        .because(
            "A pre-vote is refused by whom the vote would be, and by whoever hears from a leader",
            "thesis §9.6",
        )
        .value(why)
        .otherwise("After an election timeout of silence, and with a log as good, it would have agreed.")
}

pub(super) fn pre_vote_counted(own: NodeId, from: NodeId, verdict: Verdict, tally: &Tally) -> Telling {
    let (has, needed) = (tally.granted.len(), tally.needed);
    let telling = match verdict {
        Verdict::Granted if has >= needed => {
            Telling::step(own, format!("{own} would win: {has} of {} agree", tally.voters))
        }
        Verdict::Granted => Telling::routine(own, format!("{own} has {from}'s word: {has}, needs {needed}")),
        Verdict::Refused => Telling::routine(own, format!("{own} is refused by {from}: {has} of {needed}")),
    };
    telling.counting(tally).because(
        "A pre-candidate stands once a majority would vote for it",
        "thesis §9.6",
    )
}

/// Short enough for half a line.
pub(super) fn briefly(quiet: Quiet) -> String {
    match quiet {
        Quiet::HeardLeader { .. } => "it hears a leader".to_owned(),
        Quiet::Leads => "it leads".to_owned(),
        Quiet::NoVoter => "it is no voter".to_owned(),
        Quiet::NoTermLeft => "no term is left".to_owned(),
        Quiet::Installing => "its snapshot is not on disk".to_owned(),
        Quiet::Restarted { .. } => "it has just restarted".to_owned(),
    }
}

pub(super) fn reason_of(own: NodeId, quiet: Quiet) -> String {
    match quiet {
        Quiet::HeardLeader {
            ago_nanos,
            promise_nanos,
        } => format!(
            "{own} heard from a leader {} ago, and its promise lasts {}",
            time(ago_nanos),
            time(promise_nanos)
        ),
        Quiet::Leads => format!("{own} leads, and a majority has answered lately"),
        Quiet::NoVoter => format!("{own} is no voter in the configuration that it knows"),
        Quiet::NoTermLeft => format!("{own} is in the last term that there is"),
        Quiet::Installing => format!("{own} has a snapshot that is still on its way to its disk"),
        Quiet::Restarted {
            ago_nanos,
            promise_nanos,
        } => format!(
            "{own} restarted {} ago, and may have forgotten a promise of {}",
            time(ago_nanos),
            time(promise_nanos)
        ),
    }
}

fn time(nanos: u64) -> String {
    duration(Duration::from_millis(nanos / 1_000_000))
}

pub(super) fn rule_of(quiet: Quiet) -> Rule {
    match quiet {
        Quiet::HeardLeader { .. } | Quiet::Leads => Rule::PromiseRunOut,
        Quiet::Restarted { .. } => Rule::RestartedVoterQuiet,
        Quiet::NoVoter => Rule::LearnersDoNotCount,
        Quiet::NoTermLeft => Rule::OneVotePerTerm,
        Quiet::Installing => Rule::SnapshotCarriesConfiguration,
    }
}

pub(super) fn stayed(own: NodeId, quiet: Quiet) -> Telling {
    let line = match quiet {
        Quiet::NoVoter => Telling::routine,
        Quiet::HeardLeader { .. }
        | Quiet::Leads
        | Quiet::NoTermLeft
        | Quiet::Installing
        | Quiet::Restarted { .. } => Telling::step,
    };
    let otherwise = match quiet {
        Quiet::NoVoter => "As a voter it would stand, or ask whether it would win.",
        Quiet::NoTermLeft => "In a further term it would stand, and to stand twice in one it has no vote.",
        Quiet::Installing => "Once the snapshot is on its disk, it stands.",
        Quiet::HeardLeader { .. } | Quiet::Leads | Quiet::Restarted { .. } => {
            "Once that time has passed, it stands."
        }
    };
    line(own, format!("{own} stays: {}", briefly(quiet)))
        .long(format!("{own} stays: {}", reason_of(own, quiet)))
        .rule(rule_of(quiet))
        .value(reason_of(own, quiet))
        .otherwise(otherwise)
}

pub(super) fn lost_quorum(own: NodeId, heard: &BTreeSet<NodeId>, needed: usize) -> Telling {
    Telling::turn(
        own,
        format!("{own} steps down: hears {} of {needed}", heard.len()),
    )
    .long(format!(
        "{own} leads no more: for an election timeout it hears only {}",
        nodes(heard)
    ))
    .because(
        "With CheckQuorum, a leader that hears from no majority steps down, so that clients look elsewhere",
        "thesis §6.2",
    )
    .value(format!("heard from lately, itself included: {}", nodes(heard)))
    .value(format!("needed: {needed}"))
    .otherwise("Without CheckQuorum it would go on believing that it leads until it hears of a higher term.")
}

pub(super) fn transfer_started(own: NodeId, target: NodeId, matched: LogIndex, last: LogIndex) -> Telling {
    let missing = last.since(matched);
    Telling::turn(own, format!("{own} hands over to {target}"))
        .long(match missing {
            0 => format!("{own} hands over to {target}, whose log is complete"),
            missing => {
                format!("{own} hands over to {target}: {missing} entries to go; no proposals meanwhile")
            }
        })
        .because(
            "A leader that hands over takes no proposals, brings the target up to date, and asks it to stand",
            "thesis §3.10",
        )
        .value(format!("{own}'s last entry: {last}"))
        .value(format!("{target} is known to have: {matched}"))
        .otherwise("Where the target does not lead within an election timeout, the leader goes on.")
}

pub(super) fn transfer_asked(own: NodeId, target: NodeId) -> Telling {
    Telling::step(own, format!("{own} asks {target} to stand now"))
        .because(
            "The target stands at once, so that no time is lost without a leader",
            "thesis §3.10",
        )
        .value(format!("{target} has every entry of {own}"))
        .otherwise("An election timeout without a leader would have passed.")
}

pub(super) fn transfer_aborted(own: NodeId, target: NodeId) -> Telling {
    Telling::turn(own, format!("{own} keeps leading: {target} did not"))
        .long(format!(
            "{own} keeps leading: {target} did not take over within an election timeout"
        ))
        .because(
            "A transfer that takes an election timeout has failed",
            "thesis §3.10",
        )
}

pub(super) fn transfer_refused(memory: &Memory, own: NodeId, reason: TransferRefusal) -> Telling {
    let why = match reason {
        TransferRefusal::NotLeader { leader: Some(leader) } => format!("{leader} leads, as far as it knows"),
        TransferRefusal::NotLeader { leader: None } => "it does not lead".to_owned(),
        TransferRefusal::NoSuchTarget => "there is no such follower".to_owned(),
        TransferRefusal::UnderWay { target } => format!("it hands over to {target} already"),
    };
    Telling::step(own, format!("{own} does not hand over: {why}"))
        .because(
            "Only a leader can hand over, to one voter at a time",
            "thesis §3.10",
        )
        .value(format!("{own}'s term: {}", memory.node(own).term))
}
