//! Sessions in words (§8, thesis §6.3).

use std::time::Duration;

use super::Describe;
use super::memory::Memory;
use super::telling::Telling;
use super::words::{duration, label};
use crate::consensus::Rule;
use crate::machine::{SessionRefusal, readable};
use crate::types::{ClusterTime, Guarded, LogIndex, NodeId, Payload, SerialNumber, SessionId};

pub(super) fn you_open(to: Option<NodeId>, timeout_ms: u64) -> Telling {
    let timeout = duration(Duration::from_millis(timeout_ms));
    Telling::act(to, format!("you open a session {}", place(to)))
        .long(format!(
            "you open a session {}: it lasts {timeout} unused",
            place(to)
        ))
        .because(
            "In a session a client can send a command again, and it takes effect once",
            "§8, thesis §6.3",
        )
        .value("the session's name will be the index of its entry".to_owned())
}

pub(super) fn you_close(to: Option<NodeId>, session: SessionId) -> Telling {
    Telling::act(to, format!("you close session {session} {}", place(to)))
        .because(
            "A client that is done says so; the others' sessions expire when they are not used",
            "thesis §6.3",
        )
        .value("what is kept for the session is dropped on every server, at the same entry".to_owned())
        .otherwise("Left open it would cost memory, and a stamp of the time each second, until it expires.")
}

pub(super) fn you_propose_in(
    describe: Describe,
    to: Option<NodeId>,
    (session, serial): (SessionId, Option<SerialNumber>),
    command: &str,
) -> Telling {
    let what = label(&describe(command.as_bytes()));
    let serial = serial.map_or_else(String::new, |serial| serial.to_string());
    Telling::act(to, format!("you propose {session}{serial} {what} {}", place(to)))
        .because(
            "Clients assign unique serial numbers to every command; the state machine tracks the latest of each client",
            "§8",
        )
        .value(format!("the session: {session}, and the command's number in it: {serial}"))
        .otherwise("Sent without a session, a retry would be executed again.")
}

pub(super) fn you_retry(memory: &Memory, describe: Describe, to: Option<NodeId>) -> Telling {
    let last = memory.last_proposed();
    let what = last.map_or_else(|| "it".to_owned(), |payload| label(&payload.brief(describe)));
    let telling = Telling::act(to, format!("you try {what} again {}", place(to)))
        .because("A client that got no answer asks again", "§8");
    match last {
        Some(Payload::Guarded(_)) => {
            telling.value("it has the same session and serial number as before".to_owned())
        }
        Some(_) | None => {
            telling.value("nothing tells the two apart: it is no command of a session".to_owned())
        }
    }
}

fn place(to: Option<NodeId>) -> String {
    to.map_or_else(|| "at the leader".to_owned(), |to| format!("at {to}"))
}

pub(super) fn stamped(own: NodeId, index: LogIndex, time: ClusterTime) -> Telling {
    let seconds = duration(Duration::from_millis(time.nanos() / 1_000_000));
    Telling::routine(own, format!("{own} stamps the time: {index}"))
        .long(format!("{own} stamps the cluster's time into {index}: {seconds}"))
        .because(
            "Sessions expire by the time in the log, so that all servers expire them at the same entry",
            "thesis §6.3",
        )
        .value(format!("the cluster's time: {seconds}"))
        .otherwise("By their own clocks, one server could expire a session that another still has.")
        .about(index)
}

pub(super) fn opened(own: NodeId, index: LogIndex, session: SessionId) -> Telling {
    Telling::routine(own, format!("{own} applies {index}: session {session} is open"))
        .because("A session is part of the replicated state", "thesis §6.3")
        .value(format!("its name is the index of its entry: {session}"))
        .about(index)
}

pub(super) fn closed(own: NodeId, index: LogIndex, session: SessionId) -> Telling {
    Telling::routine(own, format!("{own} applies {index}: session {session} is closed"))
        .because("A session is part of the replicated state", "thesis §6.3")
        .value("the answers that were kept for it are dropped".to_owned())
        .otherwise("A command that comes in it later is not executed: nobody knows whether it was.")
        .about(index)
}

pub(super) fn was_closed(own: NodeId, index: LogIndex, session: SessionId) -> Telling {
    Telling::routine(
        own,
        format!("{own} applies {index}: session {session} was not open"),
    )
    .because("A session is part of the replicated state", "thesis §6.3")
    .value("it was closed before, has expired, or never was".to_owned())
    .about(index)
}

pub(super) fn repeated(
    describe: Describe,
    own: NodeId,
    index: LogIndex,
    guarded: &Guarded,
    answer: &[u8],
) -> Telling {
    let name = name(guarded);
    let what = label(&describe(&guarded.command));
    Telling::step(own, format!("{own} had executed {name} before"))
        .long(format!(
            "{own} applies {index}: {name} ({what}) was executed before, not again"
        ))
        .rule(Rule::SessionSerialCheck)
        .value(format!(
            "the serial number: {} of session {}",
            guarded.serial, guarded.session
        ))
        .value(format!("the answer that was kept: {}", readable(answer)))
        .otherwise("Without the serial number it would have been executed twice.")
        .about(index)
}

pub(super) fn not_executed(
    own: NodeId,
    index: LogIndex,
    guarded: &Guarded,
    reason: SessionRefusal,
) -> Telling {
    let name = name(guarded);
    let why = match reason {
        SessionRefusal::NoSession => "its session is not open",
        SessionRefusal::Acknowledged => "its answer was acknowledged",
        SessionRefusal::WindowFull => "too many are not acknowledged",
    };
    Telling::step(own, format!("{own} does not execute {name}"))
        .long(format!(
            "{own} applies {index} and does not execute {name}: {why}"
        ))
        .because(
            "A command whose session is gone is not executed: nobody knows any more whether it was",
            "thesis §6.3",
        )
        .value(reason.to_string())
        .about(index)
}

fn name(guarded: &Guarded) -> String {
    format!("{}{}", guarded.session, guarded.serial)
}

pub(super) fn told_opened(own: NodeId, session: SessionId) -> Telling {
    Telling::step(own, format!("{own} answers: session {session} is open"))
        .because(
            "A client's session is named by the entry that opened it",
            "thesis §6.3",
        )
        .otherwise("Had this answer been lost, the session would expire unused.")
}

pub(super) fn told_closed(own: NodeId, session: SessionId) -> Telling {
    Telling::step(own, format!("{own} answers: session {session} is closed"))
        .because(
            "A client is answered when its request is applied",
            "§5.3, thesis §6.3",
        )
        .otherwise("Had this answer been lost, the client would ask again, and hear that it is not open.")
}

pub(super) fn told_refused(own: NodeId, index: LogIndex, reason: SessionRefusal) -> Telling {
    Telling::turn(own, format!("{own} tells its client: not executed"))
        .long(format!(
            "{own} tells its client: {index} is in the log, and not executed"
        ))
        .because(
            "A client is told when its session is gone, so that it does not take silence for success",
            "thesis §6.3",
        )
        .value(reason.to_string())
        .about(index)
}
