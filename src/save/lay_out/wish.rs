//! What clients want, what became of it, and what waits for that.

use super::{id_of, index_of, local, round_of};
use crate::consensus::{PassedOn, Served, WaitingRead};
use crate::save::format::{OutcomeFile, PassedOnFile, ServedFile, WaitingFile, WishFile};
use crate::save::scalar::{List, Seconds, Text, number};
use crate::types::{Caller, ProposalOutcome, Wish};

impl From<&Wish> for WishFile {
    fn from(wish: &Wish) -> Self {
        match wish {
            Wish::Propose(command) => Self::Propose(Text(command.clone())),
            Wish::OpenSession { timeout } => Self::OpenSession(Seconds::of(*timeout)),
            Wish::CloseSession(session) => Self::CloseSession(number(session.number())),
            Wish::ProposeIn(guarded) => Self::ProposeIn(guarded.into()),
            Wish::Read(way) => Self::Read(*way),
            Wish::Reconfigure(change) => Self::Reconfigure(change.clone()),
            Wish::Transfer(target) => Self::Transfer(id_of(*target)),
        }
    }
}

impl From<ProposalOutcome> for OutcomeFile {
    fn from(outcome: ProposalOutcome) -> Self {
        match outcome {
            ProposalOutcome::Appended(position) => Self::Appended(position.into()),
            ProposalOutcome::ReadAt(index) => Self::ReadAt(index_of(index)),
            ProposalOutcome::Joined(id) => Self::Joined(id_of(id)),
            ProposalOutcome::TransferStarted => Self::TransferStarted,
            ProposalOutcome::Unknown => Self::Unknown,
            ProposalOutcome::Refused(reason) => Self::Refused(reason),
            ProposalOutcome::ChangeRefused(reason) => Self::ChangeRefused(reason),
            ProposalOutcome::TransferRefused(reason) => Self::TransferRefused(reason),
        }
    }
}

impl From<&WaitingRead> for WaitingFile {
    fn from(read: &WaitingRead) -> Self {
        let asked = match read.caller {
            Caller::Here(_) => None,
            Caller::At(remote) => Some((id_of(remote.node), number(remote.incarnation.number()))),
        };
        Self {
            id: number(read.caller.id().number()),
            round: round_of(read.round),
            index: read.index.map(index_of),
            asked,
        }
    }
}

impl From<&PassedOn> for PassedOnFile {
    fn from(passed_on: &PassedOn) -> Self {
        Self {
            id: number(passed_on.id.number()),
            to: id_of(passed_on.to),
            since: local(passed_on.since),
        }
    }
}

pub(super) fn served_of<const MOST: usize>(served: &Served) -> List<ServedFile, MOST> {
    let wishes = served.iter().map(|(caller, outcome)| ServedFile {
        from: id_of(caller.node),
        starts: number(caller.incarnation.number()),
        id: number(caller.id.number()),
        outcome: outcome.map(OutcomeFile::from),
    });
    wishes.collect()
}
