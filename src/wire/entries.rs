//! Runs of entries.
//!
//! Neighbours of one term and one kind make a run: a number whose three low bits are the form and whose others are how many entries, then
//! their term, then what each carries. So an entry has no header of its own but the length of its command, and where all commands of a run
//! are equally long not even that.

use bytes::Bytes;

use super::code::{Code, codes};
use super::configuration;
use super::error::{EncodeError, Fault, WireError};
use super::reader::Reader;
use super::writer::Writer;
use crate::types::{
    ClusterTime, Entries, Entry, Guarded, LogPosition, Payload, SerialNumber, SessionId, Term,
};

const FORM_BITS: u32 = 3;

/// What a run, and each entry of it, takes besides its command, seldom more.
const AROUND: usize = 16;

codes! {
    /// How what the entries of a run carry is written.
    Form, "a form of entries" {
        // A single no-op. It takes no bytes, so that a number of them would be bounded by nothing.
        Noop = 0,
        // Commands, each behind its length.
        Commands = 1,
        // Commands behind one length that all have; none is empty.
        Alike = 2,
        Configurations = 3,
        OpenSessions = 4,
        Guarded = 5,
        ClusterTimes = 6,
        CloseSessions = 7,
    }
}

impl Form {
    /// The form of a run of neighbours of one kind.
    pub(super) fn of(first: &Payload, lengths: Lengths) -> Self {
        match first {
            Payload::Noop => Self::Noop,
            Payload::Command(command) if lengths.are_alike && !command.is_empty() => Self::Alike,
            Payload::Command(_) => Self::Commands,
            Payload::Configuration(_) => Self::Configurations,
            Payload::OpenSession { .. } => Self::OpenSessions,
            Payload::CloseSession(_) => Self::CloseSessions,
            Payload::Guarded(_) => Self::Guarded,
            Payload::ClusterTime(_) => Self::ClusterTimes,
        }
    }
}

/// How long the commands of a run are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    /// Whether all have one length.
    are_alike: bool,
    /// How many bytes they have together.
    total: usize,
}

impl Lengths {
    pub(super) fn of(run: &[Entry]) -> Self {
        let mut lengths = run
            .iter()
            .filter_map(|entry| entry.payload.command())
            .map(Bytes::len);
        let first = lengths.next().unwrap_or_default();
        let start = Self {
            are_alike: true,
            total: first,
        };
        lengths.fold(start, |known, length| Self {
            are_alike: known.are_alike && length == first,
            total: known.total + length,
        })
    }
}

/// Whether two neighbours stand in one run.
pub(super) fn belong_together(one: &Entry, next: &Entry) -> bool {
    let is_noop = matches!(one.payload, Payload::Noop);
    let is_same_kind = std::mem::discriminant(&one.payload) == std::mem::discriminant(&next.payload);
    one.term == next.term && is_same_kind && !is_noop
}

/// Adds runs until all entries are there. Where they begin is known to the reader.
pub(super) fn write(writer: &mut Writer, entries: &Entries, senders: Term) -> Result<(), EncodeError> {
    writer.check_count(entries.len())?;
    for run in entries.as_slice().chunk_by(belong_together) {
        write_run(writer, run, senders)?;
    }
    Ok(())
}

fn write_run(writer: &mut Writer, run: &[Entry], senders: Term) -> Result<(), EncodeError> {
    let Some(first) = run.first() else {
        return Ok(());
    };
    let lengths = Lengths::of(run);
    let form = Form::of(&first.payload, lengths);
    writer.reserve(lengths.total + AROUND * (run.len() + 1));
    writer.number((run.len() as u64) << FORM_BITS | u64::from(form.byte()));
    writer.term(first.term, senders);
    if form == Form::Alike {
        writer.number(first.payload_bytes());
        for command in run.iter().filter_map(|entry| entry.payload.command()) {
            writer.bytes(command);
        }
        return Ok(());
    }
    run.iter()
        .try_for_each(|entry| write_payload(writer, &entry.payload))
}

fn write_payload(writer: &mut Writer, payload: &Payload) -> Result<(), EncodeError> {
    match payload {
        Payload::Noop => {}
        Payload::Command(command) => writer.blob(command),
        Payload::Configuration(configuration) => configuration::write(writer, configuration)?,
        Payload::OpenSession { timeout } => writer.duration(*timeout),
        Payload::CloseSession(session) => writer.number(session.number()),
        Payload::Guarded(guarded) => write_guarded(writer, guarded),
        Payload::ClusterTime(time) => writer.number(time.nanos()),
    }
    Ok(())
}

/// Reads runs up to the end of the frame, which begin after `previous`.
pub(super) fn read(
    reader: &mut Reader<'_>,
    previous: LogPosition,
    senders: Term,
) -> Result<Entries, WireError> {
    let mut entries = Vec::new();
    while reader.left() > 0 {
        read_run(reader, senders, &mut entries)?;
    }
    if entries.is_empty() {
        return Err(reader.fault(Fault::NoEntries));
    }
    Ok(Entries::new(previous.index.next(), entries))
}

fn read_run(reader: &mut Reader<'_>, senders: Term, entries: &mut Vec<Entry>) -> Result<(), WireError> {
    let place = reader.place();
    let (form, found) = read_head(reader)?;
    let term = reader.term(senders)?;
    match form {
        Form::Noop => {
            let most = reader.most_items(entries.len()).min(1);
            if found > most {
                return Err(reader.fault_at(place, Fault::Count { found, most }));
            }
            entries.push(Entry::noop(term));
            Ok(())
        }
        Form::Alike => read_alike(reader, term, found, entries),
        Form::Commands
        | Form::Configurations
        | Form::OpenSessions
        | Form::CloseSessions
        | Form::Guarded
        | Form::ClusterTimes => {
            let count = reader.check_count(found, entries.len())?;
            entries.reserve(count);
            for _ in 0..count {
                let payload = read_payload(reader, form)?;
                entries.push(Entry { term, payload });
            }
            Ok(())
        }
    }
}

/// The form of a run, and how many entries it has.
fn read_head(reader: &mut Reader<'_>) -> Result<(Form, u64), WireError> {
    let place = reader.place();
    let head = reader.number()?;
    let found = head & ((1 << FORM_BITS) - 1);
    let form = u8::try_from(found).ok().and_then(Form::of_byte);
    let what = Form::WHAT;
    let form = form.ok_or_else(|| reader.fault_at(place, Fault::Code { what, found }))?;
    match head >> FORM_BITS {
        0 => Err(reader.fault_at(place, Fault::NoEntries)),
        count => Ok((form, count)),
    }
}

/// Commands of one length: parts of one stretch of the frame.
fn read_alike(
    reader: &mut Reader<'_>,
    term: Term,
    count: u64,
    entries: &mut Vec<Entry>,
) -> Result<(), WireError> {
    let place = reader.place();
    let length = reader.number()?;
    if length == 0 {
        return Err(reader.fault_at(
            place,
            Fault::Code {
                what: "a length",
                found: 0,
            },
        ));
    }
    let count = reader.check_count(count, entries.len())?;
    let stretch = reader.bytes(length.saturating_mul(count as u64))?;
    let length = stretch.len() / count;
    let command = |place: usize| stretch.slice(place * length..(place + 1) * length);
    entries.extend((0..count).map(|place| Entry::command(term, command(place))));
    Ok(())
}

fn read_payload(reader: &mut Reader<'_>, form: Form) -> Result<Payload, WireError> {
    Ok(match form {
        Form::Noop => Payload::Noop,
        Form::Commands | Form::Alike => Payload::Command(reader.blob()?),
        Form::Configurations => Payload::Configuration(configuration::read(reader)?.into()),
        Form::OpenSessions => Payload::OpenSession {
            timeout: reader.duration()?,
        },
        Form::CloseSessions => Payload::CloseSession(SessionId::new(reader.number()?)),
        Form::Guarded => Payload::Guarded(read_guarded(reader)?),
        Form::ClusterTimes => Payload::ClusterTime(ClusterTime::from_nanos(reader.number()?)),
    })
}

pub(super) fn write_guarded(writer: &mut Writer, guarded: &Guarded) {
    let Guarded {
        session,
        serial,
        acknowledged,
        command,
    } = guarded;
    writer.number(session.number());
    writer.number(serial.number());
    writer.number(acknowledged.number());
    writer.blob(command);
}

pub(super) fn read_guarded(reader: &mut Reader<'_>) -> Result<Guarded, WireError> {
    Ok(Guarded {
        session: SessionId::new(reader.number()?),
        serial: SerialNumber::new(reader.number()?),
        acknowledged: SerialNumber::new(reader.number()?),
        command: reader.blob()?,
    })
}
