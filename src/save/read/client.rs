//! What the clients of a world remember, and their commands.

use super::{Orders, Problem, ensure, ensure_to_come};
use crate::playground::{ClientSession, Clients, LastProposal, WorldImage};
use crate::save::format::{ClientsFile, GuardedFile, LastFile};
use crate::save::scalar::{Number, Seconds, Text};
use crate::types::{Guarded, ProposalId, SerialNumber, SessionId, VirtualTime};

impl From<GuardedFile> for Guarded {
    fn from(file: GuardedFile) -> Self {
        Self {
            session: SessionId::new(file.session.get()),
            serial: SerialNumber::new(file.serial.get()),
            acknowledged: SerialNumber::new(file.acknowledged.map_or(1, Number::get)),
            command: file.command.0,
        }
    }
}

/// When the next client asks by itself, where they do.
pub(super) fn next_of(
    (next, order): (Option<Seconds>, Option<Number>),
    image: &WorldImage,
    orders: &mut Orders,
) -> Result<Option<(VirtualTime, u64)>, Problem> {
    let Some(load) = image.settings.load else {
        return Ok(None);
    };
    let at = next.map_or_else(|| image.now.after(image.client_pause(load)), Seconds::instant);
    ensure_to_come("the next client asks", at, image.now)?;
    Ok(Some((at, orders.place(order))))
}

pub(super) fn clients_of(file: ClientsFile) -> Result<Clients, Problem> {
    let place = |(session, serial): (Number, Number)| {
        (SessionId::new(session.get()), SerialNumber::new(serial.get()))
    };
    let last = file.last.map(
        |LastFile {
             command: Text(command),
             place: named,
         }| LastProposal {
            command,
            place: named.map(place),
        },
    );
    let mut clients = Clients {
        last,
        ..Clients::default()
    };
    for session in file.sessions.iter() {
        let id = SessionId::new(session.session.get());
        let known = ClientSession {
            next: SerialNumber::new(session.next.get()),
            open: session
                .open
                .iter()
                .map(|serial| SerialNumber::new(serial.get()))
                .collect(),
        };
        let before = clients.sessions.insert(id, known);
        ensure(before.is_none(), format!("session {id} is named twice"))?;
    }
    for &(id, session, serial) in file.asked.iter() {
        let id = ProposalId::new(id.get());
        let before = clients.asked.insert(id, place((session, serial)));
        ensure(
            before.is_none(),
            format!("proposal {} is named twice", id.number()),
        )?;
    }
    Ok(clients)
}
