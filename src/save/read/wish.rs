//! What clients want, what became of it, and what waits for that.

use super::{Members, Problem, ensure};
use crate::consensus::{PassedOn, Served, WaitingRead};
use crate::save::format::{OutcomeFile, PassedOnFile, ServedFile, WaitingFile, WishFile};
use crate::save::scalar::{List, Number, Text};
use crate::types::{
    Caller, Incarnation, LocalTime, LogIndex, NodeId, ProposalId, ProposalOutcome, RemoteCaller, Round,
    SessionId, Wish,
};

/// What a client wants. It may speak of nodes that do not exist: the leader then refuses.
pub(super) fn wish_of(file: WishFile) -> Wish {
    match file {
        WishFile::Propose(Text(command)) => Wish::Propose(command),
        WishFile::OpenSession(timeout) => Wish::OpenSession {
            timeout: timeout.duration(),
        },
        WishFile::CloseSession(session) => Wish::CloseSession(SessionId::new(session.get())),
        WishFile::ProposeIn(guarded) => Wish::ProposeIn(guarded.into()),
        WishFile::Read(way) => Wish::Read(way),
        WishFile::Reconfigure(change) => Wish::Reconfigure(change),
        WishFile::Transfer(target) => Wish::Transfer(NodeId::new(target.get())),
    }
}

pub(super) fn outcome_of(file: &OutcomeFile) -> ProposalOutcome {
    match file {
        OutcomeFile::Appended(position) => ProposalOutcome::Appended((*position).into()),
        OutcomeFile::ReadAt(index) => ProposalOutcome::ReadAt(LogIndex::new(index.get())),
        OutcomeFile::Joined(id) => ProposalOutcome::Joined(NodeId::new(id.get())),
        OutcomeFile::TransferStarted => ProposalOutcome::TransferStarted,
        OutcomeFile::Unknown => ProposalOutcome::Unknown,
        OutcomeFile::Refused(reason) => ProposalOutcome::Refused(*reason),
        OutcomeFile::ChangeRefused(reason) => ProposalOutcome::ChangeRefused(*reason),
        OutcomeFile::TransferRefused(reason) => ProposalOutcome::TransferRefused(*reason),
    }
}

pub(super) fn waiting_of(file: &WaitingFile, members: Members) -> Result<WaitingRead, Problem> {
    let id = ProposalId::new(file.id.get());
    let caller = match file.asked {
        None => Caller::Here(id),
        Some((node, starts)) => Caller::At(remote_caller(node, starts, file.id, members)?),
    };
    Ok(WaitingRead {
        caller,
        round: Round::new(file.round.get()),
        index: file.index.map(|index| LogIndex::new(index.get())),
    })
}

/// What a node has passed on to others.
pub(super) fn passed_on<const MOST: usize>(
    files: &List<PassedOnFile, MOST>,
    own: NodeId,
    members: Members,
) -> Result<Vec<PassedOn>, Problem> {
    let passed_on = files.iter().map(|file| {
        let to = members.node(file.to)?;
        ensure(to != own, "it can't pass anything on to itself")?;
        Ok(PassedOn {
            id: ProposalId::new(file.id.get()),
            to,
            since: LocalTime::from_nanos(file.since.instant().nanos()),
        })
    });
    passed_on.collect()
}

/// What others have passed on to a leader.
pub(super) fn served<const MOST: usize>(
    files: &List<ServedFile, MOST>,
    members: Members,
) -> Result<Served, Problem> {
    let wishes = files.iter().map(|file| {
        let caller = remote_caller(file.from, file.starts, file.id, members)?;
        Ok((caller, file.outcome.as_ref().map(outcome_of)))
    });
    Ok(Served::of(wishes.collect::<Result<Vec<_>, Problem>>()?))
}

fn remote_caller(
    node: Number,
    starts: Number,
    id: Number,
    members: Members,
) -> Result<RemoteCaller, Problem> {
    Ok(RemoteCaller {
        node: members.node(node)?,
        incarnation: Incarnation::new(starts.get()),
        id: ProposalId::new(id.get()),
    })
}
