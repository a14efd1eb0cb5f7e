//! The clients of a world, as they are looked at: who asked what and when, what came of it, and whether all of it together could be the doing of one
//! copy of the state.
//!
//! Two judges say so, and know nothing of each other. The witness holds every answer against a replay of the log, all the time. The [search](crate::linear)
//! knows no log: it looks for an order of the operations that explains all answers. What can't be placed is told in words.

use std::collections::BTreeMap;

use super::history::history_of;
use super::world::{Asked, Call, Calls, Told, World};
use crate::check::Property;
use crate::consensus::ReadWay;
use crate::linear::{Limits, Verdict, judge, tell_briefly};
use crate::machine::{Exhibit, readable};
use crate::types::{NodeId, SerialNumber, SessionId, VirtualTime};

/// So many of the latest calls are shown.
const SHOWN: usize = 256;
/// Of more operations no order is looked for: a frame is due.
const SEARCHED: usize = 2_000;
/// What a search may cost for each key, so that a frame does not wait.
const LIMITS: Limits = Limits {
    bytes: 16 << 20,
    steps: 200_000,
};

/// What the clients of a world asked and were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientsView {
    /// The clients, each with its latest calls: those in sessions first, by session.
    pub lanes: Vec<ClientLane>,
    /// How many calls there were, those included that are not shown.
    pub calls: usize,
    /// How many of them wait, or have ended without anybody knowing how.
    pub unknown: usize,
    /// What the search says.
    pub verdict: ClientsVerdict,
    /// What the witness has seen that can't be, where it has seen that.
    pub witness: Option<String>,
}

/// What is said of all answers together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientsVerdict {
    /// Nobody has asked anything.
    #[default]
    Nothing,
    /// What clients see is not kept, for this reason.
    NotKept(String),
    /// There is an order that explains every answer.
    Linearizable,
    /// There is none: this can't be placed.
    NotLinearizable(String),
    /// To find out costs more than a frame may.
    Undecided,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLane {
    /// Its session, where it has one; who has none does one thing after the other, and nothing more once an end is unknown.
    pub session: Option<SessionId>,
    /// Its number, from 1, where it has no session.
    pub number: usize,
    /// The serial number of its next command, in a session.
    pub next: Option<SerialNumber>,
    /// What it asked, in order.
    pub bars: Vec<ClientBar>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientBar {
    /// What is asked, in a few characters: `x=1`.
    pub words: String,
    /// Its serial number in its session.
    pub serial: Option<SerialNumber>,
    /// How it is read, of a question.
    pub way: Option<ReadWay>,
    /// Whether it is the command before it once more, outside any session.
    pub is_repeated: bool,
    /// When it was called.
    pub called: VirtualTime,
    /// Each time that it was sent, and to whom.
    pub tries: Vec<(VirtualTime, NodeId)>,
    /// What came of it.
    pub end: BarEnd,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BarEnd {
    /// It was answered.
    Answered {
        /// When.
        at: VirtualTime,
        /// What the machine said.
        answer: String,
    },
    /// It was refused, and had no effect.
    Refused(VirtualTime),
    /// Nobody knows whether it takes effect: so the client was told then.
    Unknown(VirtualTime),
    /// The client waits.
    Waiting,
}

impl BarEnd {
    fn of(call: &Call) -> Self {
        match (call.told(), call.ended()) {
            (Told::Answer { at, answer }, _) => Self::Answered {
                at,
                answer: readable(answer),
            },
            (Told::NoEffect, Some(at)) => Self::Refused(at),
            (Told::Nothing, Some(at)) => Self::Unknown(at),
            (Told::NoEffect | Told::Nothing, None) => Self::Waiting,
        }
    }

    /// When the client can go on; `None` where it never learned.
    pub fn at(&self) -> Option<VirtualTime> {
        match self {
            Self::Answered { at, .. } | Self::Refused(at) => Some(*at),
            Self::Unknown(_) | Self::Waiting => None,
        }
    }
}

impl ClientsView {
    /// A view of clients of which nothing is kept.
    pub fn unkept(reason: &str) -> Self {
        Self {
            verdict: ClientsVerdict::NotKept(reason.to_owned()),
            ..Self::default()
        }
    }

    /// What the clients of this world asked and were told, where that is [kept](World::keep_calls).
    pub fn of<M: Exhibit + Default>(world: &World<M>) -> Self {
        let Some(calls) = world.calls() else {
            return Self::unkept("what clients see is not kept");
        };
        let mut violations = world.violations().iter();
        let seen = violations.find(|violation| violation.property == Property::ClientsSeeOneLog);
        let is_open = |call: &&Call| call.told() == Told::Nothing;
        Self {
            lanes: lanes::<M>(calls, world),
            calls: calls.calls.len(),
            unknown: calls.calls.iter().filter(is_open).count(),
            verdict: verdict(calls),
            witness: seen.map(|violation| violation.detail.clone()),
        }
    }
}

fn verdict(calls: &Calls) -> ClientsVerdict {
    if calls.calls.is_empty() {
        return ClientsVerdict::Nothing;
    }
    if calls.calls.len() + calls.earlier.len() > SEARCHED {
        return ClientsVerdict::Undecided;
    }
    let history = history_of(calls);
    let report = judge(&history, LIMITS);
    match (report.verdict(), report.failures.first()) {
        (Verdict::NotLinearizable, Some(failure)) => {
            ClientsVerdict::NotLinearizable(tell_briefly(&history, failure))
        }
        (Verdict::Linearizable, _) => ClientsVerdict::Linearizable,
        (Verdict::NotLinearizable | Verdict::Undecided, _) => ClientsVerdict::Undecided,
    }
}

/// Gives each call to the client that made it.
fn lanes<M: Exhibit + Default>(calls: &Calls, world: &World<M>) -> Vec<ClientLane> {
    let mut in_sessions: BTreeMap<SessionId, Vec<ClientBar>> = BTreeMap::new();
    let mut outside: Vec<Vec<ClientBar>> = Vec::new();
    for call in calls.calls.iter().rev().take(SHOWN).rev() {
        let bar = bar::<M>(call);
        if let Some((session, _)) = call.place {
            in_sessions.entry(session).or_default().push(bar);
        } else {
            match first_idle(&outside, call.called) {
                Some(lane) => outside[lane].push(bar),
                None => outside.push(vec![bar]),
            }
        }
    }
    let clients = world.clients();
    let in_sessions = in_sessions.into_iter().map(|(session, bars)| ClientLane {
        session: Some(session),
        number: 0,
        next: clients.sessions.get(&session).map(|known| known.next),
        bars,
    });
    let outside = (1..).zip(outside).map(|(number, bars)| ClientLane {
        session: None,
        number,
        next: None,
        bars,
    });
    in_sessions.chain(outside).collect()
}

/// The first client that waits for nothing at this moment.
fn first_idle(lanes: &[Vec<ClientBar>], at: VirtualTime) -> Option<usize> {
    let is_idle = |bars: &Vec<ClientBar>| {
        let end = bars.last().and_then(|bar| bar.end.at());
        end.is_some_and(|end| end <= at)
    };
    lanes.iter().position(is_idle)
}

fn bar<M: Exhibit>(call: &Call) -> ClientBar {
    let words = match &call.asked {
        Asked::Command(command) => M::describe(command),
        Asked::Query(query) => {
            let text = readable(query);
            let key = text.strip_prefix("get ").unwrap_or(&text);
            format!("{key}?")
        }
    };
    ClientBar {
        words,
        serial: call.place.map(|(_, serial)| serial),
        way: call.way,
        is_repeated: call.is_repeated,
        called: call.called,
        tries: call.tries.clone(),
        end: BarEnd::of(call),
    }
}
