//! Bodies of frames: the sender's term, then what the message says.
//!
//! Values that are near another in all but rare cases are told by the difference, which takes one byte: terms by how far they are before the
//! sender's, a leader's commit index by how far it is from the request's previous entry.

use super::code::Kind;
use super::configuration;
use super::entries;
use super::error::{EncodeError, Fault, WireError};
use super::gossip;
use super::reader::Reader;
use super::wish;
use super::writer::Writer;
use crate::types::{
    AppendReply, AppendRequest, ElectionOrigin, Entries, Forward, ForwardReply, Gossip, Incarnation,
    InstallSnapshot, LogIndex, LogPosition, Message, PreVoteReply, PreVoteRequest, ProposalId, Round,
    SnapshotReply, Term, TimeoutNow, VoteReply, VoteRequest,
};

/// Adds the body of a frame, whose kind is that of the message.
pub(super) fn write(writer: &mut Writer, term: Term, message: &Message) -> Result<(), EncodeError> {
    writer.number(term.number());
    match message {
        Message::PreVoteRequest(request) => {
            writer.later_term(request.asked, term);
            writer.position(request.last, term);
        }
        Message::PreVoteReply(PreVoteReply::Granted { asked }) => {
            writer.later_term(*asked, term);
        }
        Message::PreVoteReply(PreVoteReply::Refused) | Message::VoteReply(_) => {}
        Message::VoteRequest(VoteRequest { last, origin: _ }) | Message::TimeoutNow(TimeoutNow { last }) => {
            writer.position(*last, term);
        }
        Message::AppendRequest(request) => write_append(writer, term, request)?,
        Message::AppendReply(reply) => write_append_reply(writer, term, reply),
        Message::InstallSnapshot(piece) => write_piece(writer, term, piece)?,
        Message::SnapshotReply(reply) => write_snapshot_reply(writer, term, reply),
        Message::Forward(forward) => {
            write_caller(writer, forward.incarnation, forward.id);
            wish::write(writer, &forward.wish)?;
        }
        Message::ForwardReply(reply) => {
            write_caller(writer, reply.incarnation, reply.id);
            wish::write_outcome(writer, &reply.outcome, term);
        }
        Message::Gossip(Gossip::Push(news) | Gossip::Reply(news)) => gossip::write(writer, news)?,
    }
    Ok(())
}

fn write_append(writer: &mut Writer, term: Term, request: &AppendRequest) -> Result<(), EncodeError> {
    if !request.is_contiguous() {
        return Err(EncodeError::NotContiguous);
    }
    let AppendRequest {
        previous,
        entries,
        commit,
        round,
    } = request;
    writer.position(*previous, term);
    writer.near(commit.number(), previous.index.number());
    writer.number(round.number());
    entries::write(writer, entries, term)
}

fn write_append_reply(writer: &mut Writer, term: Term, reply: &AppendReply) {
    match *reply {
        AppendReply::Matched { through, round } => {
            writer.number(through.number());
            writer.number(round.number());
        }
        AppendReply::Diverged {
            rejected,
            hint,
            round,
        } => {
            writer.number(rejected.number());
            writer.position(hint, term);
            writer.number(round.number());
        }
        AppendReply::StaleTerm => {}
    }
}

fn write_piece(writer: &mut Writer, term: Term, piece: &InstallSnapshot) -> Result<(), EncodeError> {
    let InstallSnapshot {
        last,
        configuration,
        offset,
        total,
        data,
        round,
    } = piece;
    writer.reserve(128 + data.len());
    writer.position(*last, term);
    configuration::write(writer, configuration)?;
    writer.number(*offset);
    writer.number(*total);
    writer.number(round.number());
    writer.blob(data);
    Ok(())
}

fn write_snapshot_reply(writer: &mut Writer, term: Term, reply: &SnapshotReply) {
    match *reply {
        SnapshotReply::Received { last, bytes, round } => {
            writer.position(last, term);
            writer.number(bytes);
            writer.number(round.number());
        }
        SnapshotReply::StaleTerm => {}
    }
}

fn write_caller(writer: &mut Writer, incarnation: Incarnation, id: ProposalId) {
    writer.number(incarnation.number());
    writer.number(id.number());
}

/// Reads the body of a frame to its end: the sender's term, and the message.
pub(super) fn read(kind: Kind, reader: &mut Reader<'_>) -> Result<(Term, Message), WireError> {
    let term = Term::new(reader.number()?);
    let message = match kind {
        Kind::Append => Message::AppendRequest(read_append(reader, term, entries::read)?),
        Kind::Heartbeat => {
            let none =
                |_: &mut Reader<'_>, previous: LogPosition, _| Ok(Entries::empty(previous.index.next()));
            Message::AppendRequest(read_append(reader, term, none)?)
        }
        Kind::Matched => Message::AppendReply(AppendReply::Matched {
            through: reader.index()?,
            round: read_round(reader)?,
        }),
        Kind::Diverged => Message::AppendReply(AppendReply::Diverged {
            rejected: reader.index()?,
            hint: reader.position(term)?,
            round: read_round(reader)?,
        }),
        Kind::StaleAppend => Message::AppendReply(AppendReply::StaleTerm),
        Kind::Piece => Message::InstallSnapshot(read_piece(reader, term)?),
        Kind::Received => Message::SnapshotReply(SnapshotReply::Received {
            last: reader.position(term)?,
            bytes: reader.number()?,
            round: read_round(reader)?,
        }),
        Kind::StalePiece => Message::SnapshotReply(SnapshotReply::StaleTerm),
        Kind::PreVoteRequest => Message::PreVoteRequest(PreVoteRequest {
            asked: reader.later_term(term)?,
            last: reader.position(term)?,
        }),
        Kind::PreVoteGranted => Message::PreVoteReply(PreVoteReply::Granted {
            asked: reader.later_term(term)?,
        }),
        Kind::PreVoteRefused => Message::PreVoteReply(PreVoteReply::Refused),
        Kind::VoteRequest => read_vote_request(reader, term, ElectionOrigin::Timeout)?,
        Kind::VoteRequestAfterTransfer => read_vote_request(reader, term, ElectionOrigin::Transfer)?,
        Kind::VoteGranted => Message::VoteReply(VoteReply::Granted),
        Kind::VoteRefused => Message::VoteReply(VoteReply::Refused),
        Kind::TimeoutNow => Message::TimeoutNow(TimeoutNow {
            last: reader.position(term)?,
        }),
        Kind::Forward => Message::Forward(Forward {
            incarnation: Incarnation::new(reader.number()?),
            id: ProposalId::new(reader.number()?),
            wish: wish::read(reader)?,
        }),
        Kind::ForwardReply => Message::ForwardReply(ForwardReply {
            incarnation: Incarnation::new(reader.number()?),
            id: ProposalId::new(reader.number()?),
            outcome: wish::read_outcome(reader, term)?,
        }),
        Kind::GossipPush => Message::Gossip(Gossip::Push(gossip::read(reader)?)),
        Kind::GossipReply => Message::Gossip(Gossip::Reply(gossip::read(reader)?)),
    };
    reader.finish()?;
    Ok((term, message))
}

/// Reads a leader's request, whose entries `read_entries` reads.
fn read_append(
    reader: &mut Reader<'_>,
    term: Term,
    read_entries: impl FnOnce(&mut Reader<'_>, LogPosition, Term) -> Result<Entries, WireError>,
) -> Result<AppendRequest, WireError> {
    let place = reader.place();
    let previous = reader.position(term)?;
    let request = AppendRequest {
        previous,
        commit: LogIndex::new(reader.near(previous.index.number())?),
        round: read_round(reader)?,
        entries: read_entries(reader, previous, term)?,
    };
    if request.is_contiguous() {
        Ok(request)
    } else {
        Err(reader.fault_at(place, Fault::PastTheEnd))
    }
}

fn read_piece(reader: &mut Reader<'_>, term: Term) -> Result<InstallSnapshot, WireError> {
    Ok(InstallSnapshot {
        last: reader.position(term)?,
        configuration: configuration::read(reader)?.into(),
        offset: reader.number()?,
        total: reader.number()?,
        round: read_round(reader)?,
        data: reader.blob()?,
    })
}

fn read_vote_request(
    reader: &mut Reader<'_>,
    term: Term,
    origin: ElectionOrigin,
) -> Result<Message, WireError> {
    let last = reader.position(term)?;
    Ok(Message::VoteRequest(VoteRequest { last, origin }))
}

fn read_round(reader: &mut Reader<'_>) -> Result<Round, WireError> {
    reader.number().map(Round::new)
}
