//! Elections in words (§5.1, §5.2, §5.4.1).

use std::collections::BTreeSet;

use super::memory::{Memory, NodeMemory, Standing};
use super::protection::{briefly, reason_of, rule_of};
use super::telling::Telling;
use super::words::{duration, nodes};
use crate::consensus::{RoleName, Rule, Tally, Verdict, VoteRefusal};
use crate::playground::story::Mark;
use crate::types::{ElectionOrigin, Envelope, LogPosition, Message, MessageKind, NodeId, Term};

pub(super) fn started(
    memory: &Memory,
    own: NodeId,
    term: Term,
    origin: ElectionOrigin,
    last: LogPosition,
) -> Telling {
    let node = memory.node(own);
    match origin {
        ElectionOrigin::Transfer => return asked_to_stand(own, term, last),
        ElectionOrigin::Timeout if node.role() == RoleName::PreCandidate => {
            return sure_to_win(own, term, last);
        }
        ElectionOrigin::Timeout => {}
    }
    let again = node.role() == RoleName::Candidate;
    let short = if again {
        format!("{own} tries again: candidate, term {term}")
    } else {
        format!("{own} timed out: candidate, term {term}")
    };
    let telling = Telling::turn(own, short)
        .long(long_start(node, own, term, again))
        .mark(Mark::Election)
        .because(
            "A server that hears of no leader for an election timeout stands for election in a new term",
            "§5.2",
        )
        .value(format!("{own}'s term: {} before, {term} now", node.term))
        .value(format!("{own}'s last entry: {last}"))
        .value(format!("{own} votes for itself, once that is on its disk"));
    let telling = match (node.waited, node.is_forced) {
        (_, true) => telling.value("a person fired its timer".to_owned()),
        (Some(waited), false) => {
            telling.value(format!("its timer was set to {} and ran out", duration(waited)))
        }
        (None, false) => telling,
    };
    telling.otherwise("A heartbeat of a leader in that time would have kept it a follower.")
}

fn asked_to_stand(own: NodeId, term: Term, last: LogPosition) -> Telling {
    Telling::turn(own, format!("{own} stands as asked: term {term}"))
        .long(format!(
            "{own} stands for election as its leader asked: candidate, term {term}"
        ))
        .mark(Mark::Election)
        .because(
            "A server that its leader hands over to stands at once, promise or not",
            "thesis §3.10",
        )
        .value(format!("{own}'s last entry: {last}"))
        .otherwise("With an entry less than the leader it would have stayed.")
}

fn sure_to_win(own: NodeId, term: Term, last: LogPosition) -> Telling {
    Telling::step(own, format!("{own} stands: candidate, term {term}"))
        .long(format!(
            "{own} stands, for a majority would vote for it: candidate, term {term}"
        ))
        .because(
            "After a majority of pre-votes a server stands for election",
            "thesis §9.6",
        )
        .value(format!("{own}'s last entry: {last}"))
        .value(format!("{own} votes for itself, once that is on its disk"))
}

fn long_start(node: &NodeMemory, own: NodeId, term: Term, again: bool) -> String {
    match (node.waited, again) {
        (_, _) if node.is_forced => format!("{own}'s timer was fired by hand: candidate, term {term}"),
        (None, false) => format!("{own} timed out: candidate, term {term}"),
        (None, true) => format!("{own} found no majority: candidate again, term {term}"),
        (Some(waited), false) => format!(
            "{own} timed out after {} of silence: candidate, term {term}",
            duration(rounded(waited))
        ),
        (Some(waited), true) => format!(
            "{own} found no majority in {}: candidate again, term {term}",
            duration(rounded(waited))
        ),
    }
}

/// To whole milliseconds: a line is no place for more.
fn rounded(exact: std::time::Duration) -> std::time::Duration {
    let millis = (exact.as_micros() + 500) / 1000;
    std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// The first vote request of a candidate tells whom it asks; the others say the same.
pub(super) fn asks(memory: &Memory, envelope: &Envelope) -> Option<Telling> {
    let own = envelope.from;
    let (
        Message::VoteRequest(request),
        Standing::Candidate {
            asking: Some(asked), ..
        },
    ) = (&envelope.message, &memory.node(own).standing)
    else {
        return None;
    };
    let term = envelope.term;
    let (disk, otherwise) = if memory.keeps(Rule::PersistVoteBeforeAnswering) {
        (
            "on disk",
            format!("Had it asked before, a power cut could have let it vote twice in term {term}."),
        )
    } else {
        (
            "its disk was not waited for",
            format!("The rule is broken on purpose: a power cut now lets it vote twice in term {term}."),
        )
    };
    let mut telling = Telling::step(own, format!("{own} asks {} for votes", nodes(asked)))
        .rule(Rule::PersistVoteBeforeAnswering)
        .value(format!("{own}'s term {term} and its vote for itself: {disk}"))
        .value(format!(
            "{own}'s last entry, by which it is judged: {}",
            request.last
        ))
        .otherwise(otherwise);
    let down = memory.down_among(asked);
    let cut: BTreeSet<NodeId> = &memory.unreachable_from(own, asked) - &down;
    for (some, state) in [(&cut, "cut off"), (&down, "down")] {
        if !some.is_empty() {
            telling = telling.value(format!("{state}: {}", nodes(some)));
        }
    }
    let out_of_reach = match (cut.is_empty(), down.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("; {} {} cut off", nodes(&cut), is_or_are(&cut)),
        (true, false) => format!("; {} {} down", nodes(&down), is_or_are(&down)),
        (false, false) => format!("; {} can't hear it", nodes(&(&cut | &down))),
    };
    Some(telling.long(format!("{own} asks {} for votes{out_of_reach}", nodes(asked))))
}

fn is_or_are(nodes: &BTreeSet<NodeId>) -> &'static str {
    if nodes.len() == 1 { "is" } else { "are" }
}

pub(super) fn own_vote(own: NodeId, tally: &Tally) -> Telling {
    Telling::routine(own, format!("{own} votes for itself, on disk: yes"))
        .counting(tally)
        .rule(Rule::PersistVoteBeforeAnswering)
}

pub(super) fn vote_granted(
    memory: &Memory,
    own: NodeId,
    candidate: NodeId,
    theirs: LogPosition,
    its: LogPosition,
) -> Telling {
    let (short, long) = match theirs.cmp(&its) {
        std::cmp::Ordering::Equal if its == LogPosition::GENESIS => {
            ("both logs are empty", "is empty, and so is its own".to_owned())
        }
        std::cmp::Ordering::Equal => ("its log is as good", "is as up to date as its own".to_owned()),
        std::cmp::Ordering::Greater => ("its log is ahead", format!("beats its own {its}")),
        std::cmp::Ordering::Less => ("though it is behind", format!("is behind its own {its}, yet")),
    };
    Telling::step(own, format!("{own} votes for {candidate}: {short}"))
        .long(if theirs == LogPosition::GENESIS {
            format!("{own} votes for {candidate}: its log {long}")
        } else {
            format!("{own} votes for {candidate}: log {theirs} {long}")
        })
        .rule(Rule::UpToDateCheck)
        .value(format!("{candidate}'s last entry: {theirs}"))
        .value(format!("{own}'s last entry: {its}"))
        .value(format!(
            "{own} had given no other vote in term {}",
            memory.node(own).term
        ))
        .otherwise(match theirs.cmp(&its) {
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {
                "A later term in the voter's last entry, or the same term and a longer log, and the vote \
                 would have been refused."
            }
            std::cmp::Ordering::Less => {
                "The rule is broken on purpose; kept, it would have refused the vote."
            }
        })
        .about(its.index)
}

pub(super) fn vote_refused(own: NodeId, candidate: NodeId, reason: VoteRefusal) -> Telling {
    match reason {
        VoteRefusal::StaleTerm { theirs, own: its } => {
            Telling::step(own, format!("{own} refuses {candidate}: term {theirs} is over"))
                .long(format!(
                    "{own} refuses {candidate} its vote: term {theirs} is over, it is {its} now"
                ))
                .because("A request of an earlier term is refused", "§5.1")
                .value(format!("{candidate}'s term: {theirs}"))
                .value(format!("{own}'s term: {its}"))
                .otherwise(format!("In term {its} or later it would have been considered."))
        }
        VoteRefusal::AlreadyVoted { vote } => {
            Telling::step(own, format!("{own} refuses {candidate}: voted for {vote}"))
                .long(format!(
                    "{own} refuses {candidate}: its vote of this term is {}",
                    if vote == own {
                        "its own".to_owned()
                    } else {
                        format!("{vote}'s")
                    }
                ))
                .rule(Rule::OneVotePerTerm)
                .value(format!("{own}'s vote in this term: {vote}"))
                .value(format!("{candidate} asks for it too"))
                .otherwise(format!(
                    "Had {candidate}'s request come before, the vote could be its."
                ))
        }
        VoteRefusal::Quiet(quiet) => {
            Telling::step(own, format!("{own} refuses {candidate}: {}", briefly(quiet)))
                .long(format!("{own} refuses {candidate}: {}", reason_of(own, quiet)))
                .rule(rule_of(quiet))
                .value(reason_of(own, quiet))
        }
        VoteRefusal::LogBehind { theirs, own: its } => {
            Telling::step(own, format!("{own} refuses {candidate}: its log is behind"))
                .long(format!(
                    "{own} refuses {candidate}: log {theirs} is behind its own {its}"
                ))
                .rule(Rule::UpToDateCheck)
                .value(format!("{candidate}'s last entry: {theirs}"))
                .value(format!("{own}'s last entry: {its}"))
                .otherwise(format!(
                    "With {its} as its last entry, or a later one, {candidate} would have had the vote."
                ))
                .about(its.index)
        }
    }
}

/// A grant is told where it decides, by the leader's own line; a refusal where it ends the hope.
pub(super) fn vote_counted(own: NodeId, from: NodeId, verdict: Verdict, tally: &Tally) -> Telling {
    let most = tally.voters.saturating_sub(tally.refused.len());
    let (has, needed) = (tally.granted.len(), tally.needed);
    let telling = match verdict {
        Verdict::Granted => Telling::routine(own, format!("{own} has {from}'s vote: {has}, needs {needed}")),
        Verdict::Refused if most + 1 == needed => {
            Telling::step(own, format!("{own} can't win term {} any more", tally.term)).long(format!(
                "{own} can't win term {}: {} of {} refused",
                tally.term,
                tally.refused.len(),
                tally.voters
            ))
        }
        Verdict::Refused => Telling::routine(own, format!("{own} is refused by {from}: {has} of {needed}")),
    };
    telling
        .counting(tally)
        .because("A candidate leads with the votes of a majority", "§5.2")
}

pub(super) fn leads(own: NodeId, tally: &Tally, last: LogPosition) -> Telling {
    let (term, votes) = (tally.term, nodes(&tally.granted));
    let count = tally.granted.len();
    let telling = Telling::turn(own, format!("{own} leads term {term}: votes {votes}"))
        .long(format!(
            "{own} leads term {term}: votes {votes}, {count} of {}",
            tally.voters
        ))
        .mark(Mark::Leader)
        .because("A candidate with the votes of a majority leads its term", "§5.2");
    telling
        .counting(tally)
        .value(format!("{own}'s last entry: {last}"))
        .otherwise(format!(
            "With {} it would have gone on waiting. Nobody else can lead term {term}: two majorities share a \
             server, and it votes once.",
            tally.needed.saturating_sub(1)
        ))
        .about(last.index.next())
}

pub(super) fn adopted(
    memory: &Memory,
    own: NodeId,
    before: Term,
    role: RoleName,
    from: NodeId,
    kind: MessageKind,
) -> Telling {
    let node = memory.node(own);
    let term = node
        .received
        .as_ref()
        .map_or(before.next(), |envelope| envelope.term);
    let telling = match role {
        RoleName::Follower => Telling::routine(own, format!("{own} takes on term {term} from {from}")),
        RoleName::PreCandidate | RoleName::Candidate => {
            Telling::step(own, format!("{own} gives up: {from} is in term {term}")).long(format!(
                "{own} gives up: {from}'s {} says term {term}",
                message_name(kind)
            ))
        }
        RoleName::Leader => {
            Telling::turn(own, format!("{own} steps down: {from} is in term {term}")).long(format!(
                "{own} leads no more: {from}'s {} says term {term}, not {before}",
                message_name(kind)
            ))
        }
    };
    telling
        .rule(Rule::StepDownOnHigherTerm)
        .value(format!("{own}'s term: {before}, as {}", role_name(role)))
        .value(format!("{from}'s term: {term}, in its {}", message_name(kind)))
        .otherwise(format!(
            "With term {before} or less from {from}, it would have stayed."
        ))
}

pub(super) fn recognised(memory: &Memory, own: NodeId, leader: NodeId, role: RoleName) -> Telling {
    let term = memory.node(own).term;
    let telling = match role {
        RoleName::Follower | RoleName::Leader => {
            Telling::routine(own, format!("{own} follows {leader}, term {term}"))
        }
        RoleName::PreCandidate | RoleName::Candidate => {
            Telling::step(own, format!("{own} gives up: {leader} leads term {term}")).long(format!(
                "{own} gives up and follows {leader}, who leads term {term}"
            ))
        }
    };
    telling
        .because(
            "A server that hears from the leader of its term follows it",
            "§5.2",
        )
        .value(format!("{own} was {}, term {term}", role_name(role)))
        .value(format!("{leader} sends as the leader of term {term}"))
        .otherwise("From the leader of an earlier term it would have refused.")
}

pub(super) fn role_name(role: RoleName) -> &'static str {
    match role {
        RoleName::Follower => "follower",
        RoleName::PreCandidate => "pre-candidate",
        RoleName::Candidate => "candidate",
        RoleName::Leader => "leader",
    }
}

pub(super) fn message_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::VoteRequest => "vote request",
        MessageKind::VoteReply => "vote",
        MessageKind::Append => "append",
        MessageKind::Heartbeat => "heartbeat",
        MessageKind::AppendReply => "reply",
        MessageKind::PreVoteRequest => "pre-vote request",
        MessageKind::PreVoteReply => "pre-vote",
        MessageKind::InstallSnapshot => "snapshot piece",
        MessageKind::SnapshotReply => "answer about a snapshot",
        MessageKind::TimeoutNow => "request to stand",
        MessageKind::Forward => "request for a client",
        MessageKind::ForwardReply => "answer for a client",
        MessageKind::Gossip => "gossip",
        MessageKind::GossipReply => "answer to gossip",
    }
}
