//! Replication and commitment in words (§5.3, §5.4.2).

use super::gossip;
use super::memory::Memory;
use super::protection::{reason_of, rule_of};
use super::snapshots;
use super::telling::Telling;
use super::words::{indices, label, nodes};
use super::{Describe, election::message_name, election::role_name};
use crate::consensus::{IgnoreReason, IgnoredInput, ProposalRefusal, RoleName, Rule};
use crate::playground::story::{Made, Mark};
use crate::types::{
    AppendReply, AppendRequest, Entry, Envelope, LogIndex, LogPosition, Message, MessageKind, NodeId,
    Payload, ProposalId, Term,
};

/// What an entry carries, in a few characters.
fn payload(describe: Describe, entry: &Entry) -> String {
    match &entry.payload {
        Payload::Configuration(configuration) => configuration.to_string(),
        Payload::Noop
        | Payload::Command(_)
        | Payload::OpenSession { .. }
        | Payload::CloseSession(_)
        | Payload::Guarded(_)
        | Payload::ClusterTime(_) => label(&entry.payload.brief(describe)),
    }
}

/// `6 (x=4)`; `6` where what it carries was never seen.
fn entry(memory: &Memory, describe: Describe, own: NodeId, index: LogIndex) -> String {
    match memory.entry(own, index) {
        Some(entry) => format!("{index} ({})", payload(describe, entry)),
        None => index.to_string(),
    }
}

/// One entry with what it carries, or the first and last of several.
fn entries(memory: &Memory, describe: Describe, own: NodeId, first: LogIndex, last: LogIndex) -> String {
    if first >= last {
        entry(memory, describe, own, last)
    } else {
        indices(first, last)
    }
}

pub(super) fn proposed(
    memory: &Memory,
    describe: Describe,
    own: NodeId,
    index: LogIndex,
    proposal: Option<ProposalId>,
) -> Telling {
    let term = memory.node(own).term;
    let telling = if proposal.is_some() {
        let carried = memory
            .proposal_for(own)
            .map(|request| label(&request.brief(describe)));
        command_appended(own, index, carried)
    } else {
        noop_appended(own, index, term)
    };
    telling
        .value(format!("{own} leads term {term}"))
        .value(format!("the entry: index {index}, term {term}"))
        .value(format!("{own}'s own disk: through {}", memory.node(own).durable))
        .about(index)
}

fn noop_appended(own: NodeId, index: LogIndex, term: Term) -> Telling {
    Telling::step(own, format!("{own} appends {index} (no-op, term {term})"))
        .because(
            "A leader begins its term with an entry of its own, for it may commit by counting no other",
            "§8, §5.4.2",
        )
        .otherwise("Without it, entries of earlier terms would wait for the next proposal.")
}

fn command_appended(own: NodeId, index: LogIndex, carried: Option<String>) -> Telling {
    let named = carried.map_or_else(|| index.to_string(), |text| format!("{index} ({text})"));
    Telling::step(own, format!("{own} appends {named}; not on disk yet"))
        .long(format!(
            "{own} appends {named}, sends it before its own disk is done"
        ))
        .because(
            "A leader appends a proposal to its log and replicates it while it writes it",
            "§5.3, thesis §10.2.1",
        )
        .otherwise(format!("Had {own} not led, it would have refused."))
}

pub(super) fn heartbeat_due(own: NodeId) -> Telling {
    Telling::routine(own, format!("{own} sends heartbeats")).because(
        "A leader shows that it is there, so that nobody stands for election",
        "§5.2",
    )
}

pub(super) fn refused(memory: &Memory, describe: Describe, own: NodeId, reason: ProposalRefusal) -> Telling {
    let leader = match reason {
        ProposalRefusal::NotLeader { leader } => leader,
        ProposalRefusal::Transferring { target } => return refused_for_transfer(own, target),
        ProposalRefusal::TooMuchUncommitted { weight, limit } => return overloaded(own, weight, limit),
        ProposalRefusal::TooLong { bytes, limit } => return too_long(own, bytes, limit),
    };
    let what = memory.proposal_for(own).map_or_else(
        || "a proposal".to_owned(),
        |request| label(&request.brief(describe)),
    );
    let (short, knows) = match leader {
        Some(leader) => (
            format!("{own} does not lead; it knows {leader}"),
            format!("it knows {leader}"),
        ),
        None => (
            format!("{own} does not lead; knows nobody"),
            "it knows no leader".to_owned(),
        ),
    };
    Telling::step(own, short)
        .long(format!("{own} refuses {what}: it does not lead; {knows}"))
        .because("Only the leader takes proposals", "§8")
        .value(format!(
            "{own}: {}, term {}",
            role_name(memory.node(own).role()),
            memory.node(own).term
        ))
        .value(knows)
        .otherwise("The leader of this term would have appended it.")
}

fn overloaded(own: NodeId, weight: u64, limit: u64) -> Telling {
    Telling::step(own, format!("{own} takes no more: {weight} bytes wait"))
        .long(format!(
            "{own} takes no more: {weight} bytes wait to be committed, of {limit}"
        ))
        .because(
            "A leader that can't commit bounds what waits, so that its memory is bounded too",
            "",
        )
        .value(format!("waiting to be committed: {weight} bytes by weight"))
        .value(format!("the most that may wait: {limit}"))
        .otherwise("Once more is committed it takes proposals again; with nothing waiting, one of any size.")
}

fn too_long(own: NodeId, bytes: u64, limit: u64) -> Telling {
    Telling::step(own, format!("{own} refuses: the command is too long"))
        .long(format!(
            "{own} refuses a command of {bytes} bytes: none may be longer than {limit}"
        ))
        .because("What servers can't carry to each other can't be replicated", "")
        .value(format!("the command: {bytes} bytes"))
        .value(format!("the most: {limit}"))
        .otherwise("A shorter one it would have taken.")
}

fn refused_for_transfer(own: NodeId, target: NodeId) -> Telling {
    Telling::step(own, format!("{own} refuses: it hands over to {target}"))
        .because("A leader that hands over takes no proposals", "thesis §3.10")
        .value(format!("{own} hands over to {target}"))
        .otherwise("Once the transfer has succeeded or failed, somebody takes it.")
}

pub(super) fn stored(
    memory: &Memory,
    describe: Describe,
    own: NodeId,
    leader: NodeId,
    first: LogIndex,
    last: LogIndex,
) -> Telling {
    let carried = match &memory.node(own).received {
        Some(Envelope {
            message: Message::AppendRequest(request),
            ..
        }) if first == last => request.entries.entry(last),
        Some(_) | None => None,
    };
    let what = carried.map_or_else(
        || indices(first, last),
        |entry| format!("{last} ({})", payload(describe, entry)),
    );
    Telling::routine(own, format!("{own} takes {what} from {leader}"))
        .long(format!("{own} takes {what} from {leader}; not on disk yet"))
        .rule(Rule::CheckPreviousEntry)
        .value(format!(
            "the entry before: {}, of the same term in both logs",
            first.previous()
        ))
        .otherwise("Without the entry before, it would have refused, and the leader gone back.")
        .about(first)
}

pub(super) fn flushed(
    memory: &Memory,
    describe: Describe,
    own: NodeId,
    through: LogIndex,
) -> Option<Telling> {
    let node = memory.node(own);
    if through <= node.durable {
        return None;
    }
    let first = node.durable.next();
    let what = match node.installing.filter(|last| *last <= through) {
        None => entries(memory, describe, own, first, through),
        Some(last) if last == through => "the snapshot".to_owned(),
        Some(last) => {
            let others = entries(memory, describe, own, last.next(), through);
            format!("the snapshot, {others}")
        }
    };
    let (acknowledged, otherwise) = if memory.keeps(Rule::PersistEntriesBeforeAcknowledging) {
        (
            "its acknowledgement leaves now, not before",
            "A power cut before this would have lost it, and nobody had been told of it.",
        )
    } else {
        (
            "its acknowledgement left before: the rule is broken on purpose",
            "A power cut before this would have lost what the leader took for safe.",
        )
    };
    let counts = if memory.keeps(Rule::LeaderCountsFlushedOnly) {
        "its copy counts now"
    } else {
        "its copy was counted before"
    };
    let telling = match node.role() {
        RoleName::Leader => Telling::step(own, format!("{own}'s own disk has {what}"))
            .long(format!("{own}'s own disk has {what}: {counts}"))
            .rule(Rule::LeaderCountsFlushedOnly)
            .value(format!(
                "known to be on disk: {}",
                nodes(&with(memory.node(own).holders_of(own, through), own))
            ))
            .otherwise("Until now a power cut would have lost it here, so it could not count."),
        RoleName::Follower | RoleName::PreCandidate | RoleName::Candidate => {
            Telling::step(own, format!("{own} stores {what}, on disk: yes"))
                .rule(Rule::PersistEntriesBeforeAcknowledging)
                // That it took them is folded away: this is the line that tells of them.
                .makes(Made::Entries { first, last: through })
                .value(acknowledged.to_owned())
                .otherwise(otherwise)
        }
    };
    let before = node.durable;
    Some(
        telling
            .value(format!("{own}'s disk: through {before} before, {through} now"))
            .about(through),
    )
}

fn with(mut holders: std::collections::BTreeSet<NodeId>, own: NodeId) -> std::collections::BTreeSet<NodeId> {
    holders.insert(own);
    holders
}

pub(super) fn truncated(
    own: NodeId,
    leader: NodeId,
    (from, through): (LogIndex, LogIndex),
    (its, theirs): (Term, Term),
) -> Telling {
    let what = indices(from, through);
    let conflicts = its != theirs;
    let long = if conflicts {
        format!("{own} cuts {what}: conflict with {leader} at {from} (term {its} ≠ {theirs})")
    } else {
        format!("{own} cuts {what}, though nothing conflicts there")
    };
    let telling = Telling::turn(own, format!("{own} cuts {what}: {leader} has term {theirs}"))
        .long(long)
        .rule(Rule::TruncateOnlyOnConflict)
        .value(format!("{own}'s entry {from}: term {its}"))
        .about(from);
    if conflicts {
        telling
            .value(format!("{leader}'s entry {from}: term {theirs}"))
            .value(format!("all after {from} follows it, and goes too"))
            .otherwise("With the same term there, it would have been the same entry, and stayed.")
    } else {
        telling.otherwise("The rule is broken on purpose; kept, nothing would have been removed.")
    }
}

pub(super) fn check_failed(
    own: NodeId,
    leader: NodeId,
    previous: LogPosition,
    its: Option<Term>,
    hint: LogPosition,
) -> Telling {
    let at = previous.index;
    let (short, long, value) = match its {
        Some(term) => (
            format!("{own} refuses: {at} has term {term}, not {}", previous.term),
            format!(
                "{own} refuses {leader}: its {at} is of term {term}, not {}; hint: {hint}",
                previous.term
            ),
            format!("{own}'s entry {at}: term {term}"),
        ),
        None => (
            format!("{own} refuses: it has no {at}"),
            format!("{own} refuses {leader}: it has no {at}; hint: {hint}"),
            format!("{own}'s log does not reach {at}"),
        ),
    };
    Telling::step(own, short)
        .long(long)
        .rule(Rule::CheckPreviousEntry)
        .value(format!("{leader}'s entry before those sent: {previous}"))
        .value(value)
        .value(format!("{own}'s hint, the last that may be in common: {hint}"))
        .otherwise(format!(
            "With entry {previous} in its log, it would have taken what follows."
        ))
        .about(at)
}

pub(super) fn match_advanced(memory: &Memory, own: NodeId, follower: NodeId, matched: LogIndex) -> Telling {
    let mut holders = memory.node(own).holders_of(own, matched);
    holders.insert(follower);
    Telling::routine(own, format!("{own} knows that {follower} has {matched}"))
        .long(format!(
            "{own} knows {matched} {} {}",
            if memory.copies_are_durable() {
                "on the disks of"
            } else {
                "acknowledged by"
            },
            nodes(&holders)
        ))
        .because(
            "A leader keeps for each follower the last entry known to be the same",
            "Figure 2",
        )
        .value(format!("{follower} acknowledged through {matched}"))
        .about(matched)
}

pub(super) fn backed(own: NodeId, follower: NodeId, rejected: LogIndex, next: LogIndex) -> Telling {
    Telling::step(own, format!("{own} goes back: {follower} next gets {next}"))
        .long(format!(
            "{own} goes back: {follower} refused after {rejected}, next gets {next}"
        ))
        .because(
            "After a refusal the leader goes back until the logs agree",
            "§5.3",
        )
        .value(format!("{follower} refused what follows {rejected}"))
        .value(format!("next index for {follower}: {next}"))
        .otherwise("One index at a time would be right too, and slower: the follower's hint skips a term.")
        .about(next)
}

pub(super) fn committed(
    memory: &Memory,
    describe: Describe,
    own: NodeId,
    through: LogIndex,
    (copies, voters): (usize, usize),
    outgoing: Option<(usize, usize)>,
) -> Telling {
    let node = memory.node(own);
    let (first, term) = (node.commit.next(), node.term);
    let of = memory.entry(own, through).map_or(term, |entry| entry.term);
    let what = indices(first, through);
    let telling = if let Some((old_copies, old_voters)) = outgoing {
        let counted = format!("{copies}/{voters} of new and {old_copies}/{old_voters} of old");
        Telling::turn(own, format!("{own} commits {what}: both majorities"))
            .long(format!("{own} commits {what}: on {counted} (§6)"))
            .value(counted)
            .otherwise("While the change is joint, one majority alone commits nothing.")
    } else if of == term {
        Telling::turn(
            own,
            format!("{own} commits {what}: {copies} of {voters}, own term"),
        )
        .long(if memory.copies_are_durable() {
            format!("{own} commits {what}: on {copies} of {voters} disks, own term (§5.4.2)")
        } else {
            format!("{own} commits {what}: {copies} of {voters} say that they have it, own term (§5.4.2)")
        })
        .otherwise(format!(
            "With fewer than {} of {voters} copies, or of an earlier term, it would have waited.",
            voters / 2 + 1
        ))
    } else {
        Telling::turn(own, format!("{own} commits {what} of term {of}: unsafe"))
            .long(format!(
                "{own} commits {what} of term {of} by counting {copies} of {voters}: unsafe"
            ))
            .otherwise("The rule is broken on purpose; kept, it would have waited for an entry of its own.")
    };
    telling
        .mark(Mark::Commit)
        .rule(Rule::CommitOwnTermOnly)
        .value(format!("{}: of term {of}", entry(memory, describe, own, through)))
        .value(format!("{own}'s own term: {term}"))
        .value(format!(
            "{}: {}",
            if memory.copies_are_durable() {
                "on the disks of"
            } else {
                "who say that they have it, on disk or not"
            },
            nodes(&node.holders_of(own, through))
        ))
        .value(format!("needed: {} of {voters}", voters / 2 + 1))
        .about(through)
}

/// Told once for each entry: it is found again at every count.
pub(super) fn withheld(memory: &Memory, own: NodeId, position: LogPosition) -> Option<Telling> {
    let node = memory.node(own);
    if node.is_withholding(position) {
        return None;
    }
    let (index, of, term) = (position.index, position.term, node.term);
    let holders = node.holders_of(own, index);
    Some(
        Telling::step(own, format!("{own} withholds {index}: of term {of}, not {term}"))
            .long(format!(
                "{} hold {index}, but it is of term {of}, not {term}: not counted",
                nodes(&holders)
            ))
            .rule(Rule::CommitOwnTermOnly)
            .value(format!(
                "{index}: of term {of}, on the disks of {}",
                nodes(&holders)
            ))
            .value(format!("{own}'s own term: {term}"))
            .otherwise(format!(
                "An entry of term {term} on a majority commits {index} with it. Counted alone, {index} could \
                 still be overwritten (Figure 8).",
            ))
            .about(index),
    )
}

pub(super) fn commit_learned(
    memory: &Memory,
    describe: Describe,
    own: NodeId,
    leader: NodeId,
    (through, leaders): (LogIndex, LogIndex),
) -> Telling {
    let first = memory.node(own).commit.next();
    let what = entries(memory, describe, own, first, through);
    let is = if first < through { "are" } else { "is" };
    Telling::step(own, format!("{own} learns: {what} {is} committed"))
        .long(format!("{own} learns from {leader} that {what} {is} committed"))
        .rule(Rule::CommitWithinRequest)
        .value(format!("{leader}'s commit index: {leaders}"))
        .value(format!("{own}'s own now: {through}"))
        .otherwise("Where the request ends before the leader's commit index, the follower stops at its end.")
        .about(through)
}

pub(super) fn ignored(
    own: NodeId,
    from: Option<NodeId>,
    what: IgnoredInput,
    reason: IgnoreReason,
) -> Telling {
    let (name, is_append) = match what {
        IgnoredInput::Message(kind) => (message_name(kind), kind == MessageKind::Append),
        IgnoredInput::ElectionTimeout => ("election timeout", false),
        IgnoredInput::HeartbeatTimeout => ("heartbeat timer", false),
    };
    let whose = from.map_or_else(|| format!("an {name}"), |from| format!("{from}'s {name}"));
    let (why, matters, rule) = match reason {
        IgnoreReason::StaleTerm { theirs, own: its } => (
            format!("its term {theirs} is over, it is {its}"),
            is_append,
            ("A message of an earlier term is refused", "§5.1"),
        ),
        IgnoreReason::WrongRole { role } => (
            format!("{own} is {}", role_name(role)),
            is_append,
            ("A message counts only for the role that it is for", "Figure 2"),
        ),
        IgnoreReason::OutOfDate => (
            "it tells what is known".to_owned(),
            false,
            (
                "Messages may come late and twice: what is known changes nothing",
                "§5.1",
            ),
        ),
        IgnoreReason::OutOfPlace => (
            "another piece is due".to_owned(),
            false,
            (
                "A follower puts a snapshot together in order, and says which piece it has come to",
                "§7, Figure 13",
            ),
        ),
        IgnoreReason::Quiet(quiet) => (
            reason_of(own, quiet),
            true,
            (rule_of(quiet).sentence(), rule_of(quiet).section()),
        ),
        IgnoreReason::NotForUs => (
            "it is for another".to_owned(),
            true,
            ("A server takes only what is addressed to it", ""),
        ),
        IgnoreReason::NotAMember => (
            "its sender is no member".to_owned(),
            true,
            ("A server listens only to members of its configuration", "§6"),
        ),
        IgnoreReason::NotOfRaft => (
            "it is no message of Raft".to_owned(),
            true,
            ("Gossip is for the server around the algorithm", ""),
        ),
        IgnoreReason::Malformed => (
            "it contradicts itself".to_owned(),
            true,
            ("A message that can't be right changes nothing", ""),
        ),
        IgnoreReason::ContradictsCommit => (
            "it contradicts what is committed".to_owned(),
            true,
            (
                "What is committed stands in the log of every later leader (Leader Completeness)",
                "§5.4",
            ),
        ),
        IgnoreReason::RuleBroken => (
            "the rule is broken".to_owned(),
            true,
            (
                Rule::StepDownOnHigherTerm.sentence(),
                Rule::StepDownOnHigherTerm.section(),
            ),
        ),
    };
    let short = format!("{own} ignores {whose}");
    let telling = if matters {
        Telling::step(own, short)
    } else {
        Telling::routine(own, short)
    };
    telling
        .long(format!("{own} ignores {whose}: {why}"))
        .because(rule.0, rule.1)
        .value(why)
}

/// What is delivered is told by what the receiver does with it; only where that is nothing is the delivery itself told.
pub(super) fn delivered(memory: &Memory, envelope: &Envelope) -> Option<Telling> {
    match &envelope.message {
        Message::AppendRequest(request) => append_delivered(memory, envelope, request),
        Message::AppendReply(AppendReply::Matched { through, .. }) => {
            reply_delivered(memory, envelope, *through)
        }
        Message::InstallSnapshot(request) => snapshots::delivered(envelope, request),
        Message::AppendReply(AppendReply::Diverged { .. } | AppendReply::StaleTerm)
        | Message::SnapshotReply(_)
        | Message::PreVoteRequest(_)
        | Message::PreVoteReply(_)
        | Message::TimeoutNow(_)
        | Message::Forward(_)
        | Message::ForwardReply(_)
        | Message::VoteRequest(_)
        | Message::VoteReply(_) => None,
        Message::Gossip(news) => Some(gossip::came(envelope, news)),
    }
}

fn append_delivered(memory: &Memory, envelope: &Envelope, request: &AppendRequest) -> Option<Telling> {
    let (own, from) = (envelope.to, envelope.from);
    let last = request.entries.last_position();
    let is_known = |last: LogPosition| {
        memory
            .entry(own, last.index)
            .is_some_and(|entry| entry.term == last.term)
    };
    let short = match last {
        None => format!("{own} hears {from}'s heartbeat"),
        Some(last) if is_known(last) => format!("{own} has {} already", last.index),
        Some(_) => return None,
    };
    Some(
        Telling::routine(own, short)
            .because("A leader's word restarts its followers' election timers", "§5.2")
            .value(format!("{from}'s term: {}", envelope.term))
            .value(format!("{from}'s commit index: {}", request.commit))
            .otherwise("Without it for an election timeout, the follower would stand for election."),
    )
}

fn reply_delivered(memory: &Memory, envelope: &Envelope, through: LogIndex) -> Option<Telling> {
    let (own, from) = (envelope.to, envelope.from);
    if !memory.is_idle(envelope) {
        return None;
    }
    Some(
        Telling::routine(own, format!("{own} hears that {from} has {through}"))
            .because("A follower acknowledges what it has on its disk", "§5.3")
            .value(format!("{from} acknowledged through {through}, as known before")),
    )
}
