//! Wishes that go to the leader by way of another server, in words (thesis §6.2).

use super::Describe;
use super::telling::Telling;
use super::words::{label, nodes};
use crate::types::{
    LogPosition, MembershipChange, NodeId, ProposalOutcome, ProposalRefusal, ReadWay, TransferRefusal, Wish,
};

pub(super) fn passed_on(describe: Describe, own: NodeId, leader: NodeId, wish: &Wish) -> Telling {
    let what = wish_name(describe, wish);
    Telling::step(own, format!("{own} passes {what} on to {leader}"))
        .long(format!("{own} passes {what} on to {leader}, which leads"))
        .because(
            "A server that does not lead may pass a request on to the leader",
            "thesis §6.2",
        )
        .value(format!("the leader, as far as {own} knows: {leader}"))
        .value("it goes one hop, and is granted once however often it arrives".to_owned())
        .otherwise("Without rerouting it would refuse, and name the leader.")
}

fn wish_name(describe: Describe, wish: &Wish) -> String {
    match wish {
        Wish::Propose(_) | Wish::OpenSession { .. } | Wish::CloseSession(_) | Wish::ProposeIn(_) => {
            let payload = wish.payload();
            payload.map_or_else(String::new, |payload| label(&payload.brief(describe)))
        }
        Wish::Read(ReadWay::Log | ReadWay::Index | ReadWay::Lease) => "a read".to_owned(),
        Wish::Reconfigure(MembershipChange::Join(_)) => "a request to join".to_owned(),
        Wish::Reconfigure(
            MembershipChange::Promote(id) | MembershipChange::Demote(id) | MembershipChange::Remove(id),
        ) => format!("a change of {id}"),
        Wish::Reconfigure(MembershipChange::Replace { voters, .. }) => {
            format!("a change to {}", nodes(voters))
        }
        Wish::Transfer(target) => format!("a transfer to {target}"),
    }
}

pub(super) fn answer_came(own: NodeId, leader: NodeId, outcome: ProposalOutcome) -> Telling {
    let (short, long) = match outcome {
        ProposalOutcome::Appended(LogPosition { index, term }) => (
            format!("{own} hears: it is entry {index}"),
            format!("{own} hears from {leader}: it is entry {index} of term {term}"),
        ),
        ProposalOutcome::ReadAt(index) => (
            format!("{own} hears: read from {index} on"),
            format!("{own} hears from {leader}: it may read once {index} is applied"),
        ),
        ProposalOutcome::Joined(id) => (
            format!("{own} hears: that is {id}"),
            format!("{own} hears from {leader}: that server joined as {id}"),
        ),
        ProposalOutcome::TransferStarted => (
            format!("{own} hears: {leader} hands over"),
            format!("{own} hears from {leader}: it hands over"),
        ),
        ProposalOutcome::Refused(reason) => {
            let why = refusal(reason);
            (
                format!("{own} hears: refused"),
                format!("{own} hears from {leader}: refused, {why}"),
            )
        }
        ProposalOutcome::ChangeRefused(_)
        | ProposalOutcome::TransferRefused(
            TransferRefusal::NotLeader { .. }
            | TransferRefusal::NoSuchTarget
            | TransferRefusal::UnderWay { .. },
        ) => (
            format!("{own} hears: refused"),
            format!("{own} hears from {leader}: refused"),
        ),
        ProposalOutcome::Unknown => (
            format!("{own} hears: nobody knows"),
            format!("{own} hears from {leader}: nobody knows what became of it"),
        ),
    };
    Telling::step(own, short)
        .long(long)
        .because(
            "The leader answers with a place in the log: whoever was asked applies that entry too, and has its result",
            "thesis §6.2",
        )
        .otherwise(format!("Had the answer been lost, {own} would have told its caller that nobody knows."))
}

fn refusal(reason: ProposalRefusal) -> String {
    match reason {
        ProposalRefusal::NotLeader { leader: Some(leader) } => format!("{leader} leads"),
        ProposalRefusal::NotLeader { leader: None } => "it leads no longer".to_owned(),
        ProposalRefusal::Transferring { target } => format!("it hands over to {target}"),
        ProposalRefusal::TooMuchUncommitted { .. } => "too much waits to be committed".to_owned(),
        ProposalRefusal::TooLong { limit, .. } => format!("no command may be longer than {limit} bytes"),
    }
}

pub(super) fn answer_lost(own: NodeId, leader: NodeId) -> Telling {
    Telling::turn(own, format!("{own} waits no longer for {leader}"))
        .long(format!(
            "{own} waits no longer for {leader}'s answer: nobody knows what became of it"
        ))
        .because(
            "A request that was lost and an answer that was lost look the same",
            "§8, thesis §6.3",
        )
        .value(format!("{leader} may have granted it, or may yet"))
        .otherwise("Asked again it may be done twice; only a session makes that safe.")
}
