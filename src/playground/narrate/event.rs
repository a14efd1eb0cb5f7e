//! What happens inside a server: each event to the words for it.

use super::Describe;
use super::election;
use super::membership;
use super::memory::Memory;
use super::protection;
use super::reading;
use super::replication;
use super::rerouting;
use super::session;
use super::snapshots;
use super::telling::Telling;
use crate::consensus::Event;
use crate::types::{LogIndex, NodeId};

/// The line of an event. What is about a stamp of the time, which comes every second, is folded away.
pub(super) fn line(memory: &Memory, describe: Describe, own: NodeId, event: &Event) -> Option<Telling> {
    let telling = words(memory, describe, own, event)?;
    let is_of_stamp = |index: LogIndex| memory.is_stamp(own, index) || memory.is_received_stamp(own, index);
    let is_routine = telling.index().is_some_and(is_of_stamp) && !is_about_several(memory, own, event);
    Some(telling.folded_if(is_routine))
}

/// Whether an event is about more entries than the one it names.
fn is_about_several(memory: &Memory, own: NodeId, event: &Event) -> bool {
    if let Event::Stored { first, last, .. } = event {
        first != last
    } else if let Event::CommittedByCounting { through, .. } | Event::CommitLearned { through, .. } = event {
        memory.node(own).commit.next() != *through
    } else if let Event::Flushed { through, .. } = event {
        memory.node(own).durable.next() != *through
    } else {
        false
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each event, and nothing else")]
fn words(memory: &Memory, describe: Describe, own: NodeId, event: &Event) -> Option<Telling> {
    Some(match event {
        Event::ElectionStarted {
            term, origin, last, ..
        } => election::started(memory, own, *term, *origin, *last),
        Event::PreVoteStarted { asked, last, voters } => {
            protection::pre_vote_started(own, *asked, *last, voters)
        }
        Event::PreVoteGranted {
            candidate,
            asked,
            theirs,
            own: its,
        } => protection::pre_vote_granted(own, *candidate, *asked, *theirs, *its),
        Event::PreVoteRefused { candidate, reason } => protection::pre_vote_refused(own, *candidate, *reason),
        Event::PreVoteCounted { from, verdict, tally } => {
            protection::pre_vote_counted(own, *from, *verdict, tally)
        }
        Event::Stayed { reason } => protection::stayed(own, *reason),
        Event::LostQuorum { heard, needed } => protection::lost_quorum(own, heard, *needed),
        Event::TransferStarted {
            target,
            matched,
            last,
        } => protection::transfer_started(own, *target, *matched, *last),
        Event::TransferAsked { target } => protection::transfer_asked(own, *target),
        Event::TransferAborted { target } => protection::transfer_aborted(own, *target),
        Event::TransferRefused { reason } => protection::transfer_refused(memory, own, *reason),
        Event::OwnVoteCounted { tally } => election::own_vote(own, tally),
        Event::VoteGranted {
            candidate,
            theirs,
            own: its,
        } => election::vote_granted(memory, own, *candidate, *theirs, *its),
        Event::VoteRefused { candidate, reason } => election::vote_refused(own, *candidate, *reason),
        Event::VoteCounted { from, verdict, tally } => election::vote_counted(own, *from, *verdict, tally),
        Event::BecameLeader { tally, last } => election::leads(own, tally, *last),
        Event::AdoptedTerm {
            before,
            role,
            from,
            kind,
        } => election::adopted(memory, own, *before, *role, *from, *kind),
        Event::RecognisedLeader { leader, role } => election::recognised(memory, own, *leader, *role),
        Event::Proposed { index, proposal } => {
            replication::proposed(memory, describe, own, *index, *proposal)
        }
        Event::ProposalRefused { reason, .. } => replication::refused(memory, describe, own, *reason),
        Event::Stored { leader, first, last } => {
            replication::stored(memory, describe, own, *leader, *first, *last)
        }
        Event::Truncated {
            leader,
            from,
            through,
            own: its,
            theirs,
        } => replication::truncated(own, *leader, (*from, *through), (*its, *theirs)),
        Event::CheckFailed {
            leader,
            previous,
            own: its,
            hint,
        } => replication::check_failed(own, *leader, *previous, *its, *hint),
        Event::MatchAdvanced { follower, matched } => {
            replication::match_advanced(memory, own, *follower, *matched)
        }
        Event::Backed {
            follower,
            rejected,
            next,
        } => replication::backed(own, *follower, *rejected, *next),
        Event::CommittedByCounting {
            through,
            copies,
            voters,
            outgoing,
        } => replication::committed(memory, describe, own, *through, (*copies, *voters), *outgoing),
        Event::ConfigurationAppended {
            index,
            before,
            after,
            cause,
        } => membership::appended(own, *index, before, after, *cause),
        Event::PassedOn { leader, wish, .. } => rerouting::passed_on(describe, own, *leader, wish),
        Event::AnswerCame { leader, outcome, .. } => rerouting::answer_came(own, *leader, *outcome),
        Event::AnswerLost { leader, .. } => rerouting::answer_lost(own, *leader),
        Event::Stamped { index, time } => session::stamped(own, *index, *time),
        Event::ReadAppended { index } => reading::appended(own, *index),
        Event::ReadWaits { round, index } => reading::waits(own, *round, *index),
        Event::RoundConfirmed { round, by } => reading::round_confirmed(own, *round, by),
        Event::ReadConfirmed { index } => reading::confirmed(own, *index),
        Event::ReadByLease { index, left_nanos } => reading::by_lease(own, *index, *left_nanos),
        Event::NoLease => reading::no_lease(own),
        Event::ReadRefused { reason } => reading::refused(own, *reason),
        Event::ChangeRefused { reason } => membership::refused(own, *reason),
        Event::ConfigurationChanged { before, after } => membership::changed(own, before, after),
        Event::RemovedItself { index } => membership::removed_itself(own, *index),
        Event::CaughtUp {
            learner,
            round,
            took_nanos,
            verdict,
        } => {
            // Where nobody is promoted, how long the next entries took to come says nothing.
            let is_routine = *round > 1 && !memory.auto_promote().is_on();
            membership::caught_up(own, *learner, *round, *took_nanos, *verdict).folded_if(is_routine)
        }
        Event::SnapshotTaken { last, bytes, dropped } => snapshots::taken(own, *last, *bytes, *dropped),
        Event::SnapshotOutdated { index } => snapshots::outdated(own, *index),
        Event::SnapshotNeeded {
            follower,
            next,
            base,
            last,
            bytes,
        } => snapshots::needed(own, *follower, *next, *base, (*last, *bytes)),
        Event::SnapshotProgressed {
            follower,
            bytes,
            total,
            ..
        } => snapshots::progressed(own, *follower, *bytes, *total),
        Event::SnapshotResumed {
            follower,
            bytes,
            total,
            ..
        } => snapshots::resumed(own, *follower, *bytes, *total),
        Event::PieceReceived {
            leader,
            last,
            bytes,
            total,
        } => snapshots::piece(own, *leader, *last, (*bytes, *total)),
        Event::SnapshotInstalled {
            leader,
            last,
            bytes,
            kept,
            discarded,
        } => snapshots::installed(own, *leader, (*last, *bytes), *kept, *discarded),
        Event::SnapshotNotNeeded { leader, last, commit } => {
            snapshots::not_needed(own, *leader, *last, *commit)
        }
        Event::CommitWithheld { position } => return replication::withheld(memory, own, *position),
        Event::CommitLearned {
            leader,
            through,
            leaders,
        } => replication::commit_learned(memory, describe, own, *leader, (*through, *leaders)),
        Event::Flushed { through, .. } => return replication::flushed(memory, describe, own, *through),
        Event::Ignored { from, what, reason } => replication::ignored(own, *from, *what, *reason),
    })
}
