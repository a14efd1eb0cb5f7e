//! Reads in words (§8, thesis §6.4).

use std::collections::BTreeSet;
use std::time::Duration;

use super::telling::Telling;
use super::words::{duration, label, nodes};
use crate::consensus::{ProposalRefusal, Rule};
use crate::machine::readable;
use crate::types::{LogIndex, NodeId, Round};

pub(super) fn appended(own: NodeId, index: LogIndex) -> Telling {
    Telling::step(own, format!("{own} appends {index} for a read"))
        .long(format!(
            "{own} appends {index} for a read: it is served when that is applied"
        ))
        .because(
            "A read that goes through the log sees all that is before it",
            "§8",
        )
        .value(format!("the entry: {index}, which changes nothing"))
        .otherwise("By ReadIndex nothing is written, and one round of heartbeats is enough.")
        .about(index)
}

pub(super) fn waits(own: NodeId, round: Round, index: Option<LogIndex>) -> Telling {
    let telling = match index {
        Some(index) => Telling::step(own, format!("{own} notes {index}, asks: do I lead?"))
            .long(format!(
                "{own} notes commit index {index} for a read and asks all: do I still lead? ({round})"
            ))
            .rule(Rule::ReadIndexQuorum)
            .value(format!("the commit index when the read came: {index}")),
        None => Telling::step(own, format!("{own} lets a read wait for its no-op"))
            .long(format!(
                "{own} lets a read wait: nothing of its own term is committed yet ({round})"
            ))
            .rule(Rule::NoopBeforeReads),
    };
    telling
        .value(format!("it waits for {round}"))
        .otherwise("A leader that has been deposed without knowing would answer from an old state.")
}

pub(super) fn round_confirmed(own: NodeId, round: Round, by: &BTreeSet<NodeId>) -> Telling {
    Telling::step(own, format!("{own} still leads: {round}"))
        .long(format!(
            "{own} still led when {round} began: {} say so",
            nodes(by)
        ))
        .rule(Rule::ReadIndexQuorum)
        .value(format!("{round} answered by: {}", nodes(by)))
        .otherwise("A rival elected before the round began would have had one of them refuse.")
}

pub(super) fn confirmed(own: NodeId, index: LogIndex) -> Telling {
    Telling::routine(own, format!("{own} may serve a read from {index} on"))
        .because(
            "A read waits until all that was committed when it came is applied",
            "thesis §6.4",
        )
        .value(format!("the index it waits for: {index}"))
        .otherwise("Applied less far, the state could lack what was acknowledged.")
        .about(index)
}

pub(super) fn by_lease(own: NodeId, index: LogIndex, left_nanos: u64) -> Telling {
    let left = duration(Duration::from_millis(left_nanos / 1_000_000));
    Telling::step(own, format!("{own} reads by its lease: {left} left by its clock"))
        .long(format!(
            "{own} reads from {index} by its lease, which holds for {left} more"
        ))
        .rule(Rule::LeaseNeedsCheckQuorum)
        .value(format!("the lease holds for {left} more, by its own clock"))
        .value(format!("the commit index: {index}"))
        .otherwise("Without a lease it would have to ask a majority first.")
}

pub(super) fn no_lease(own: NodeId) -> Telling {
    Telling::step(own, format!("{own} has no lease: it asks"))
        .long(format!("{own} has no lease now: the read goes by ReadIndex instead"))
        .because(
            "A lease counts from when the round that a majority answered was sent, and is void once another was asked to stand",
            "thesis §6.4.1",
        )
        .otherwise("With the lease on, and a round answered lately, it would have answered at once.")
}

pub(super) fn refused(own: NodeId, reason: ProposalRefusal) -> Telling {
    let why = match reason {
        ProposalRefusal::NotLeader { leader: Some(leader) } => format!("{leader} leads"),
        ProposalRefusal::NotLeader { leader: None } => "it knows no leader".to_owned(),
        ProposalRefusal::Transferring { target } => format!("it hands over to {target}"),
        ProposalRefusal::TooMuchUncommitted { .. } => "too much waits to be committed".to_owned(),
        ProposalRefusal::TooLong { limit, .. } => format!("no command may be longer than {limit} bytes"),
    };
    Telling::step(own, format!("{own} refuses the read: {why}"))
        .long(format!("{own} refuses the read: it does not lead; {why}"))
        .because("Only the leader knows what is committed", "§8")
        .value(why)
        .otherwise("Its own state may be behind what was acknowledged.")
}

pub(super) fn answered(own: NodeId, applied: LogIndex, answer: &[u8]) -> Telling {
    let answer = label(&readable(answer));
    Telling::step(own, format!("{own} answers the read: {answer}"))
        .long(format!(
            "{own} answers the read: {answer}, with {applied} applied"
        ))
        .because(
            "A read sees every write that was acknowledged before it began",
            "§8",
        )
        .value(format!("applied through: {applied}"))
        .value(format!("the machine's answer: {answer}"))
        .otherwise("Answered from less, it could have missed a write that its client knows of.")
        .about(applied)
}
