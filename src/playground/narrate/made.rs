//! What a record makes that one can look at later: a role, entries, a vote.

use crate::consensus::Event;
use crate::playground::command::Command;
use crate::playground::record::Happening;
use crate::playground::story::Made;

pub(super) fn by(what: &Happening) -> Option<Made> {
    if let Happening::Node { event, .. } = what {
        return by_event(event);
    }
    let is_standing = matches!(
        what,
        Happening::Started { .. }
            | Happening::Stopped { .. }
            | Happening::Commanded(Command::Freeze(_) | Command::Thaw(_))
    );
    is_standing.then_some(Made::Standing)
}

fn by_event(event: &Event) -> Option<Made> {
    if let Event::Proposed { index, .. } | Event::ConfigurationAppended { index, .. } = event {
        let (first, last) = (*index, *index);
        Some(Made::Entries { first, last })
    } else if let Event::Stored { first, last, .. } = event {
        let (first, last) = (*first, *last);
        Some(Made::Entries { first, last })
    } else if let Event::VoteGranted { candidate, .. }
    | Event::VoteRefused { candidate, .. }
    | Event::PreVoteGranted { candidate, .. }
    | Event::PreVoteRefused { candidate, .. } = event
    {
        let candidate = *candidate;
        Some(Made::Vote { candidate })
    } else if let Event::SnapshotNeeded { follower, .. } = event {
        let follower = *follower;
        Some(Made::Sending { follower })
    } else if matches!(event, Event::CheckFailed { .. }) {
        Some(Made::Misfit)
    } else {
        let is_standing = matches!(
            event,
            Event::PreVoteStarted { .. }
                | Event::ElectionStarted { .. }
                | Event::BecameLeader { .. }
                | Event::LostQuorum { .. }
                | Event::AdoptedTerm { .. }
                | Event::RecognisedLeader { .. }
        );
        is_standing.then_some(Made::Standing)
    }
}
