//! What clients say: proposals, sessions and reads, at the leader or at a node that is named first.

use super::form::{optional, required};
use crate::consensus::ReadWay;
use crate::playground::{Command, Load};
use crate::types::{SerialNumber, SessionId};
use crate::ui::action::Action;
use crate::ui::palette::arguments::{Context, number_of_node, time_in_millis};

/// `x=7` at the leader, `2 x=7` at S2.
pub(super) fn propose(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let text = required(text)?;
    let (to, command) = match text.split_once(char::is_whitespace) {
        Some((first, rest)) if number_of_node(first).is_some() => (Some(context.node(first)?), rest.trim()),
        Some(_) | None => (None, text),
    };
    Ok(Action::Propose {
        to,
        command: command.to_owned(),
    })
}

/// `5` times a second; `5 keys 10 skew 80 reads 50 at 2`; `off`.
pub(super) fn workload(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let text = required(text)?;
    if text == "off" {
        return Ok(Action::Do(Command::Load(None)));
    }
    let number = |word: Option<&str>, of: &str| {
        let word = word.ok_or_else(|| format!("a number is missing behind `{of}`"))?;
        let number = word.trim_end_matches('%').parse::<u32>();
        number.map_err(|_| format!("`{word}` is no number of {of}"))
    };
    let mut words = text.split_whitespace();
    let mut load = Load {
        per_second: number(words.next(), "times a second")?,
        ..Load::default()
    };
    while let Some(word) = words.next() {
        match word {
            "keys" => load.keys = number(words.next(), word)?,
            "skew" => load.skew = number(words.next(), word)?,
            "reads" => load.reads = number(words.next(), word)?,
            "at" => load.at = Some(context.node(words.next().unwrap_or_default())?),
            other => {
                return Err(format!(
                    "`{other}` is none of keys, skew, reads, at; write 5 keys 3 skew 80 reads 30 at 2"
                ));
            }
        }
    }
    load.check()?;
    Ok(Action::Do(Command::Load(Some(load))))
}

/// Nothing, or how long it lasts unused: `10s`, `500ms`.
pub(super) fn session(text: &str, _: &Context<'_>) -> Result<Action, String> {
    let timeout_ms = match optional(text) {
        None => Command::SESSION_TIMEOUT_MS,
        Some(text) => time_in_millis(text)?,
    };
    Ok(Action::Do(Command::OpenSession { to: None, timeout_ms }))
}

/// `4`, or `s4`: session s4; `4 2` at S2.
pub(super) fn close_session(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let unreadable = || format!("`{text}` names no session; write 4, for the session that entry 4 opened");
    let mut words = required(text)?.split_whitespace();
    let session = words.next().ok_or_else(unreadable)?;
    let to = words.next().map(|node| context.node(node)).transpose()?;
    if words.next().is_some() {
        return Err(unreadable());
    }
    let session = session_of(session).ok_or_else(unreadable)?;
    Ok(Action::Do(Command::CloseSession { to, session }))
}

fn session_of(text: &str) -> Option<SessionId> {
    let number = text.strip_prefix('s').unwrap_or(text);
    number.parse().ok().map(SessionId::new)
}

/// `4 x=1` in session s4, `4 2 x=1` at S2, `4#1 x=1` under a serial number of one's own.
pub(super) fn propose_in(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let unreadable = || format!("`{text}` names no session and command; write 4 x=1");
    let (place, rest) = required(text)?
        .split_once(char::is_whitespace)
        .ok_or_else(unreadable)?;
    let (session, serial) = match place.split_once('#') {
        Some((session, serial)) => (session, Some(serial.parse().map_err(|_| unreadable())?)),
        None => (place, None),
    };
    let session = session_of(session).ok_or_else(unreadable)?;
    let (to, command) = match rest.trim().split_once(char::is_whitespace) {
        Some((first, rest)) if number_of_node(first).is_some() => (Some(context.node(first)?), rest.trim()),
        Some(_) | None => (None, rest.trim()),
    };
    Ok(Action::Do(Command::ProposeIn {
        to,
        session,
        serial: serial.map(SerialNumber::new),
        command: command.to_owned(),
    }))
}

/// `x` at the leader, `3 x` at S3; `x by lease`.
pub(super) fn read(text: &str, context: &Context<'_>) -> Result<Action, String> {
    let text = required(text)?;
    let (rest, way) = match text.rsplit_once(" by ") {
        Some((rest, "log")) => (rest, ReadWay::Log),
        Some((rest, "index")) => (rest, ReadWay::Index),
        Some((rest, "lease")) => (rest, ReadWay::Lease),
        Some((_, other)) => {
            return Err(format!(
                "`{other}` is no way to read; the ways are log, index, lease"
            ));
        }
        None => (text, ReadWay::Index),
    };
    let (at, query) = match rest.split_once(char::is_whitespace) {
        Some((first, rest)) if number_of_node(first).is_some() => (Some(context.node(first)?), rest.trim()),
        Some(_) | None => (None, rest),
    };
    let query = query.to_owned();
    Ok(Action::Do(Command::Read { at, query, way }))
}
