//! What happened in the runs, counted: a generator that has fallen silent about something is a failure of its own.

use std::time::Duration;

use crate::consensus::Event;
use crate::machine::Execution;
use crate::playground::{ClientAnswer, Command, Happening, Loss, Stop};
use crate::types::{Payload, VirtualTime};

/// What takes longer is late: several election timeouts.
const LATE: Duration = Duration::from_secs(1);

macro_rules! counters {
    ($($name:ident, $word:literal, $floor:literal;)*) => {
        /// Something that runs must come across again and again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Counter {
            $(#[doc = concat!("How many ", $word, ".")] $name,)*
        }

        impl Counter {
            /// All that is counted.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// In words.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// How many there must be in a thousand seeds of the usual length.
            pub const fn floor(self) -> u64 {
                match self { $(Self::$name => $floor,)* }
            }
        }
    };
}

counters! {
    Elections, "elections won", 2_000;
    PreVotes, "pre-votes asked for", 10_000;
    VotesRefused, "votes refused", 20_000;
    QuorumsLost, "quorums lost by leaders", 300;
    Kept, "elections not held because of a promise", 3_000;
    Commits, "commits by counting", 10_000;
    CommitsWithheld, "commits withheld from an earlier term", 2_000;
    Truncations, "conflicting tails truncated", 400;
    ChecksFailed, "consistency checks failed", 20_000;
    Snapshots, "snapshots taken", 4_000;
    Pieces, "pieces of snapshots received", 2_000;
    Installs, "snapshots installed", 400;
    Changes, "configurations appended", 300;
    JointChanges, "joint configurations appended", 150;
    Followed, "configurations followed, or taken back", 1_500;
    Transfers, "leaderships handed over", 300;
    TransfersAborted, "transfers given up", 150;
    ReadsByLog, "reads appended to the log", 2_000;
    ReadsByIndex, "reads confirmed by a round", 1_500;
    ReadsByLease, "reads by a lease", 150;
    PassedOn, "requests passed on to the leader", 1_500;
    AnswersLost, "answers lost on their way back", 500;
    Sessions, "sessions opened", 100;
    SessionsClosed, "sessions closed", 20;
    Retried, "session commands asked twice and executed once", 400;
    Crashes, "crashes", 5_000;
    PowerCuts, "power cuts", 5_000;
    EntriesLost, "power cuts that took entries", 300;
    Torn, "power cuts in the middle of writing", 2_000;
    TornEnds, "starts that cut a torn end off", 300;
    DisksFailed, "nodes stopped by a disk that failed or was full", 1_500;
    Late, "messages on their way for more than a second", 5_000;
    LostByCut, "messages lost to cut links", 80_000;
    LostByChance, "messages lost by chance", 30_000;
    Overwritten, "proposals overwritten", 1_000;
    Unknown, "answers that nobody knows", 4_000;
    Done, "commands done", 10_000;
    Judged, "answers judged by what clients saw alone", 20_000;
    Undecided, "keys of which that would have taken too long", 0;
}

/// How often each counter's thing has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    counts: Vec<u64>,
}

impl Default for Coverage {
    fn default() -> Self {
        Self {
            counts: vec![0; Counter::ALL.len()],
        }
    }
}

impl Coverage {
    /// How often.
    pub fn of(&self, counter: Counter) -> u64 {
        self.counts[counter as usize]
    }

    /// Takes note of what happened.
    pub fn note(&mut self, at: VirtualTime, what: &Happening) {
        if let Some(counter) = counter_of(at, what) {
            self.count(counter, 1);
        }
    }

    /// Takes note of something that happened so often.
    pub fn count(&mut self, counter: Counter, more: u64) {
        self.counts[counter as usize] += more;
    }

    /// Adds what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// What has happened less often than it must in so many seeds; nothing where they are too few to tell.
    pub fn below_floor(&self, seeds: u64) -> Vec<Counter> {
        let is_below = |counter: &Counter| self.of(*counter) < counter.floor() * seeds / 1_000;
        let all = Counter::ALL.iter().copied();
        all.filter(|counter| seeds >= 1_000 && is_below(counter))
            .collect()
    }
}

fn counter_of(at: VirtualTime, what: &Happening) -> Option<Counter> {
    match what {
        Happening::Node { event, .. } => counter_of_event(event),
        Happening::Stopped { how, .. } => match how {
            Stop::Crash { .. } => Some(Counter::Crashes),
            Stop::PowerCut { lost: Some(_) } => Some(Counter::EntriesLost),
            Stop::PowerCut { lost: None } => Some(Counter::PowerCuts),
            Stop::Failed { .. } => Some(Counter::DisksFailed),
        },
        Happening::Lost { reason, .. } => match reason {
            Loss::Cut => Some(Counter::LostByCut),
            Loss::Chance => Some(Counter::LostByChance),
            Loss::ReceiverDown | Loss::NoRoute | Loss::NobodyThere | Loss::ByHand => None,
        },
        Happening::Applied {
            payload: Payload::Guarded(_),
            execution: Execution::Repeated(_),
            ..
        } => Some(Counter::Retried),
        Happening::Answered { answer, .. } => counter_of_answer(answer),
        Happening::Commanded(Command::Tear(_)) => Some(Counter::Torn),
        Happening::Started { torn_bytes: 1.., .. } => Some(Counter::TornEnds),
        Happening::Sent { due: Some(due), .. } if *due > at.after(LATE) => Some(Counter::Late),
        Happening::Applied { .. }
        | Happening::Commanded(_)
        | Happening::Started { .. }
        | Happening::Routes { .. }
        | Happening::JoinSentOn { .. }
        | Happening::TimerFired { .. }
        | Happening::Sent { .. }
        | Happening::Delivered { .. }
        | Happening::WriteBegun { .. }
        | Happening::SnapshotBegun { .. }
        | Happening::SnapshotFailed { .. }
        | Happening::Violated { .. }
        | Happening::ClientAsked(_)
        | Happening::Handled { .. } => None,
    }
}

fn counter_of_answer(answer: &ClientAnswer) -> Option<Counter> {
    match answer {
        ClientAnswer::Done { .. } => Some(Counter::Done),
        ClientAnswer::SessionOpened { .. } => Some(Counter::Sessions),
        ClientAnswer::SessionClosed { .. } => Some(Counter::SessionsClosed),
        ClientAnswer::Overwritten { .. } => Some(Counter::Overwritten),
        ClientAnswer::Unknown => Some(Counter::Unknown),
        ClientAnswer::SessionRefused { .. }
        | ClientAnswer::NotLeader { .. }
        | ClientAnswer::Transferring { .. }
        | ClientAnswer::Read { .. }
        | ClientAnswer::ChangeRefused
        | ClientAnswer::Joined { .. }
        | ClientAnswer::Overloaded
        | ClientAnswer::TransferStarted
        | ClientAnswer::TransferRefused => None,
    }
}

fn counter_of_event(event: &Event) -> Option<Counter> {
    match event {
        Event::BecameLeader { .. } => Some(Counter::Elections),
        Event::PreVoteStarted { .. } => Some(Counter::PreVotes),
        Event::VoteRefused { .. } => Some(Counter::VotesRefused),
        Event::LostQuorum { .. } => Some(Counter::QuorumsLost),
        Event::Stayed { .. } => Some(Counter::Kept),
        Event::CommittedByCounting { .. } => Some(Counter::Commits),
        Event::CommitWithheld { .. } => Some(Counter::CommitsWithheld),
        Event::Truncated { .. } => Some(Counter::Truncations),
        Event::CheckFailed { .. } => Some(Counter::ChecksFailed),
        Event::SnapshotTaken { .. } => Some(Counter::Snapshots),
        Event::PieceReceived { .. } => Some(Counter::Pieces),
        Event::SnapshotInstalled { .. } => Some(Counter::Installs),
        Event::ConfigurationAppended { after, .. } if after.is_joint() => Some(Counter::JointChanges),
        Event::ConfigurationAppended { .. } => Some(Counter::Changes),
        Event::ConfigurationChanged { .. } => Some(Counter::Followed),
        Event::TransferAsked { .. } => Some(Counter::Transfers),
        Event::TransferAborted { .. } => Some(Counter::TransfersAborted),
        Event::ReadAppended { .. } => Some(Counter::ReadsByLog),
        Event::ReadConfirmed { .. } => Some(Counter::ReadsByIndex),
        Event::ReadByLease { .. } => Some(Counter::ReadsByLease),
        Event::PassedOn { .. } => Some(Counter::PassedOn),
        Event::AnswerLost { .. } => Some(Counter::AnswersLost),
        Event::PreVoteGranted { .. }
        | Event::PreVoteRefused { .. }
        | Event::PreVoteCounted { .. }
        | Event::TransferStarted { .. }
        | Event::TransferRefused { .. }
        | Event::ElectionStarted { .. }
        | Event::OwnVoteCounted { .. }
        | Event::VoteGranted { .. }
        | Event::VoteCounted { .. }
        | Event::AdoptedTerm { .. }
        | Event::RecognisedLeader { .. }
        | Event::ReadWaits { .. }
        | Event::RoundConfirmed { .. }
        | Event::NoLease
        | Event::ReadRefused { .. }
        | Event::ChangeRefused { .. }
        | Event::RemovedItself { .. }
        | Event::CaughtUp { .. }
        | Event::Proposed { .. }
        | Event::AnswerCame { .. }
        | Event::Stamped { .. }
        | Event::ProposalRefused { .. }
        | Event::Stored { .. }
        | Event::MatchAdvanced { .. }
        | Event::Backed { .. }
        | Event::SnapshotOutdated { .. }
        | Event::SnapshotNeeded { .. }
        | Event::SnapshotProgressed { .. }
        | Event::SnapshotResumed { .. }
        | Event::SnapshotNotNeeded { .. }
        | Event::CommitLearned { .. }
        | Event::Flushed { .. }
        | Event::Ignored { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_noticed_once_there_are_seeds_enough() {
        let silent = Coverage::default();
        assert_eq!(silent.below_floor(999), []);
        let missing = silent.below_floor(1_000);
        assert!(missing.contains(&Counter::Elections) && missing.contains(&Counter::Retried));
    }
}
