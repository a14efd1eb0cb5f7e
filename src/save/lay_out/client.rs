//! What the clients of a world remember, and their commands.

use crate::playground::{AskingImage, ClientSession, Clients, LastProposal};
use crate::save::format::{ClientSessionFile, ClientsFile, GuardedFile, LastFile};
use crate::save::scalar::{Number, Seconds, Text, number};
use crate::types::{Guarded, SerialNumber, SessionId};

impl From<&Guarded> for GuardedFile {
    fn from(guarded: &Guarded) -> Self {
        Self {
            session: number(guarded.session.number()),
            serial: number(guarded.serial.number()),
            acknowledged: Some(number(guarded.acknowledged.number())),
            command: Text(guarded.command.clone()),
        }
    }
}

pub(super) fn clients_of(clients: &Clients, asking: &AskingImage) -> ClientsFile {
    let asked = clients.asked.iter();
    ClientsFile {
        last: clients.last.as_ref().map(LastFile::from),
        sessions: clients.sessions.iter().map(session_of).collect(),
        asked: asked
            .map(|(id, (session, serial))| {
                let (session, serial) = place_of(*session, *serial);
                (number(id.number()), session, serial)
            })
            .collect(),
        next: asking.next.map(|(at, _)| Seconds::at(at)),
        next_order: asking.next.map(|(_, order)| number(order)),
        times: number(asking.asked),
    }
}

impl From<&LastProposal> for LastFile {
    fn from(last: &LastProposal) -> Self {
        Self {
            command: Text(last.command.clone()),
            place: last.place.map(|(session, serial)| place_of(session, serial)),
        }
    }
}

fn session_of((id, session): (&SessionId, &ClientSession)) -> ClientSessionFile {
    let open = session.open.iter();
    ClientSessionFile {
        session: number(id.number()),
        next: number(session.next.number()),
        open: open.map(|serial| number(serial.number())).collect(),
    }
}

fn place_of(session: SessionId, serial: SerialNumber) -> (Number, Number) {
    (number(session.number()), number(serial.number()))
}
