//! What servers pass on to the leader, and what it answers.

use super::code::codes;
use super::configuration::{read_ids, write_ids};
use super::entries::{read_guarded, write_guarded};
use super::error::{EncodeError, WireError};
use super::reader::Reader;
use super::writer::Writer;
use crate::types::{
    ChangeRefusal, JoinToken, MembershipChange, ProposalOutcome, ProposalRefusal, ReadWay, SessionId, Term,
    TransferRefusal, Wish,
};

codes! {
    /// What a caller wants.
    WishCode, "a wish" {
        Propose = 0,
        OpenSession = 1,
        ProposeIn = 2,
        ReadByLog = 3,
        ReadByIndex = 4,
        ReadByLease = 5,
        Join = 6,
        Promote = 7,
        Demote = 8,
        Remove = 9,
        Replace = 10,
        Transfer = 11,
        CloseSession = 12,
    }
}

codes! {
    /// What became of it.
    OutcomeCode, "an outcome" {
        Appended = 0,
        Unknown = 1,
        ReadAt = 2,
        Joined = 3,
        TransferStarted = 4,
        NotLeader = 0x10,
        Transferring = 0x11,
        TooMuchUncommitted = 0x12,
        TooLong = 0x13,
        ChangeNotLeader = 0x20,
        ChangeTransferring = 0x21,
        ChangeUnderWay = 0x22,
        ChangeNothingCommitted = 0x23,
        ChangeNoSuchServer = 0x24,
        ChangeNothingToChange = 0x25,
        ChangeNoVoters = 0x26,
        ChangeTwoPlaces = 0x27,
        ChangeNoMoreIds = 0x28,
        TransferNotLeader = 0x30,
        TransferNoSuchTarget = 0x31,
        TransferUnderWay = 0x32,
    }
}

pub(super) fn write(writer: &mut Writer, wish: &Wish) -> Result<(), EncodeError> {
    match wish {
        Wish::Propose(command) => {
            writer.byte(WishCode::Propose.byte());
            writer.blob(command);
        }
        Wish::OpenSession { timeout } => {
            writer.byte(WishCode::OpenSession.byte());
            writer.duration(*timeout);
        }
        Wish::CloseSession(session) => {
            writer.byte(WishCode::CloseSession.byte());
            writer.number(session.number());
        }
        Wish::ProposeIn(guarded) => {
            writer.byte(WishCode::ProposeIn.byte());
            write_guarded(writer, guarded);
        }
        Wish::Read(ReadWay::Log) => writer.byte(WishCode::ReadByLog.byte()),
        Wish::Read(ReadWay::Index) => writer.byte(WishCode::ReadByIndex.byte()),
        Wish::Read(ReadWay::Lease) => writer.byte(WishCode::ReadByLease.byte()),
        Wish::Reconfigure(change) => write_change(writer, change)?,
        Wish::Transfer(target) => {
            writer.byte(WishCode::Transfer.byte());
            writer.node(*target);
        }
    }
    Ok(())
}

fn write_change(writer: &mut Writer, change: &MembershipChange) -> Result<(), EncodeError> {
    let mut of_node = |code: WishCode, number| {
        writer.byte(code.byte());
        writer.number(number);
    };
    match change {
        MembershipChange::Join(token) => of_node(WishCode::Join, token.number()),
        MembershipChange::Promote(node) => of_node(WishCode::Promote, node.number()),
        MembershipChange::Demote(node) => of_node(WishCode::Demote, node.number()),
        MembershipChange::Remove(node) => of_node(WishCode::Remove, node.number()),
        MembershipChange::Replace { voters, learners } => {
            writer.byte(WishCode::Replace.byte());
            write_ids(writer, voters)?;
            write_ids(writer, learners)?;
        }
    }
    Ok(())
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Wish, WireError> {
    use MembershipChange::{Demote, Join, Promote, Remove, Replace};
    Ok(match reader.code()? {
        WishCode::Propose => Wish::Propose(reader.blob()?),
        WishCode::OpenSession => Wish::OpenSession {
            timeout: reader.duration()?,
        },
        WishCode::CloseSession => Wish::CloseSession(SessionId::new(reader.number()?)),
        WishCode::ProposeIn => Wish::ProposeIn(read_guarded(reader)?),
        WishCode::ReadByLog => Wish::Read(ReadWay::Log),
        WishCode::ReadByIndex => Wish::Read(ReadWay::Index),
        WishCode::ReadByLease => Wish::Read(ReadWay::Lease),
        WishCode::Join => Wish::Reconfigure(Join(JoinToken::new(reader.number()?))),
        WishCode::Promote => Wish::Reconfigure(Promote(reader.node()?)),
        WishCode::Demote => Wish::Reconfigure(Demote(reader.node()?)),
        WishCode::Remove => Wish::Reconfigure(Remove(reader.node()?)),
        WishCode::Replace => Wish::Reconfigure(Replace {
            voters: read_ids(reader)?,
            learners: read_ids(reader)?,
        }),
        WishCode::Transfer => Wish::Transfer(reader.node()?),
    })
}

pub(super) fn write_outcome(writer: &mut Writer, outcome: &ProposalOutcome, senders: Term) {
    match outcome {
        ProposalOutcome::Appended(position) => {
            writer.byte(OutcomeCode::Appended.byte());
            writer.position(*position, senders);
        }
        ProposalOutcome::Refused(refusal) => write_refusal(writer, refusal),
        ProposalOutcome::Unknown => writer.byte(OutcomeCode::Unknown.byte()),
        ProposalOutcome::ReadAt(index) => {
            writer.byte(OutcomeCode::ReadAt.byte());
            writer.number(index.number());
        }
        ProposalOutcome::ChangeRefused(refusal) => write_change_refusal(writer, refusal, senders),
        ProposalOutcome::Joined(node) => {
            writer.byte(OutcomeCode::Joined.byte());
            writer.node(*node);
        }
        ProposalOutcome::TransferStarted => writer.byte(OutcomeCode::TransferStarted.byte()),
        ProposalOutcome::TransferRefused(refusal) => write_transfer_refusal(writer, refusal),
    }
}

fn write_refusal(writer: &mut Writer, refusal: &ProposalRefusal) {
    match refusal {
        ProposalRefusal::NotLeader { leader } => {
            writer.byte(OutcomeCode::NotLeader.byte());
            writer.optional_node(*leader);
        }
        ProposalRefusal::Transferring { target } => {
            writer.byte(OutcomeCode::Transferring.byte());
            writer.node(*target);
        }
        ProposalRefusal::TooMuchUncommitted { weight, limit } => {
            writer.byte(OutcomeCode::TooMuchUncommitted.byte());
            writer.number(*weight);
            writer.number(*limit);
        }
        ProposalRefusal::TooLong { bytes, limit } => {
            writer.byte(OutcomeCode::TooLong.byte());
            writer.number(*bytes);
            writer.number(*limit);
        }
    }
}

fn write_change_refusal(writer: &mut Writer, refusal: &ChangeRefusal, senders: Term) {
    match refusal {
        ChangeRefusal::NotLeader { leader } => {
            writer.byte(OutcomeCode::ChangeNotLeader.byte());
            writer.optional_node(*leader);
        }
        ChangeRefusal::Transferring { target } => {
            writer.byte(OutcomeCode::ChangeTransferring.byte());
            writer.node(*target);
        }
        ChangeRefusal::UnderWay { index } => {
            writer.byte(OutcomeCode::ChangeUnderWay.byte());
            writer.number(index.number());
        }
        ChangeRefusal::NothingCommitted { term } => {
            writer.byte(OutcomeCode::ChangeNothingCommitted.byte());
            writer.term(*term, senders);
        }
        ChangeRefusal::NoSuchServer(node) => {
            writer.byte(OutcomeCode::ChangeNoSuchServer.byte());
            writer.node(*node);
        }
        ChangeRefusal::NothingToChange => writer.byte(OutcomeCode::ChangeNothingToChange.byte()),
        ChangeRefusal::NoVoters => writer.byte(OutcomeCode::ChangeNoVoters.byte()),
        ChangeRefusal::TwoPlaces(node) => {
            writer.byte(OutcomeCode::ChangeTwoPlaces.byte());
            writer.node(*node);
        }
        ChangeRefusal::NoMoreIds => writer.byte(OutcomeCode::ChangeNoMoreIds.byte()),
    }
}

fn write_transfer_refusal(writer: &mut Writer, refusal: &TransferRefusal) {
    match refusal {
        TransferRefusal::NotLeader { leader } => {
            writer.byte(OutcomeCode::TransferNotLeader.byte());
            writer.optional_node(*leader);
        }
        TransferRefusal::NoSuchTarget => writer.byte(OutcomeCode::TransferNoSuchTarget.byte()),
        TransferRefusal::UnderWay { target } => {
            writer.byte(OutcomeCode::TransferUnderWay.byte());
            writer.node(*target);
        }
    }
}

pub(super) fn read_outcome(reader: &mut Reader<'_>, senders: Term) -> Result<ProposalOutcome, WireError> {
    use ProposalOutcome::{ChangeRefused, Refused, TransferRefused};
    Ok(match reader.code()? {
        OutcomeCode::Appended => ProposalOutcome::Appended(reader.position(senders)?),
        OutcomeCode::Unknown => ProposalOutcome::Unknown,
        OutcomeCode::ReadAt => ProposalOutcome::ReadAt(reader.index()?),
        OutcomeCode::Joined => ProposalOutcome::Joined(reader.node()?),
        OutcomeCode::TransferStarted => ProposalOutcome::TransferStarted,
        OutcomeCode::NotLeader => Refused(ProposalRefusal::NotLeader {
            leader: reader.optional_node()?,
        }),
        OutcomeCode::Transferring => Refused(ProposalRefusal::Transferring {
            target: reader.node()?,
        }),
        OutcomeCode::TooMuchUncommitted => Refused(ProposalRefusal::TooMuchUncommitted {
            weight: reader.number()?,
            limit: reader.number()?,
        }),
        OutcomeCode::TooLong => Refused(ProposalRefusal::TooLong {
            bytes: reader.number()?,
            limit: reader.number()?,
        }),
        OutcomeCode::ChangeNotLeader => ChangeRefused(ChangeRefusal::NotLeader {
            leader: reader.optional_node()?,
        }),
        OutcomeCode::ChangeTransferring => ChangeRefused(ChangeRefusal::Transferring {
            target: reader.node()?,
        }),
        OutcomeCode::ChangeUnderWay => ChangeRefused(ChangeRefusal::UnderWay {
            index: reader.index()?,
        }),
        OutcomeCode::ChangeNothingCommitted => ChangeRefused(ChangeRefusal::NothingCommitted {
            term: reader.term(senders)?,
        }),
        OutcomeCode::ChangeNoSuchServer => ChangeRefused(ChangeRefusal::NoSuchServer(reader.node()?)),
        OutcomeCode::ChangeNothingToChange => ChangeRefused(ChangeRefusal::NothingToChange),
        OutcomeCode::ChangeNoVoters => ChangeRefused(ChangeRefusal::NoVoters),
        OutcomeCode::ChangeTwoPlaces => ChangeRefused(ChangeRefusal::TwoPlaces(reader.node()?)),
        OutcomeCode::ChangeNoMoreIds => ChangeRefused(ChangeRefusal::NoMoreIds),
        OutcomeCode::TransferNotLeader => TransferRefused(TransferRefusal::NotLeader {
            leader: reader.optional_node()?,
        }),
        OutcomeCode::TransferNoSuchTarget => TransferRefused(TransferRefusal::NoSuchTarget),
        OutcomeCode::TransferUnderWay => TransferRefused(TransferRefusal::UnderWay {
            target: reader.node()?,
        }),
    })
}
