//! What the state machines do and what clients are told, in words.

use super::Describe;
use super::memory::Memory;
use super::reading;
use super::session;
use super::telling::Telling;
use super::words::label;
use crate::machine::{Execution, readable};
use crate::playground::record::ClientAnswer;
use crate::types::{LogPosition, NodeId, Payload};

pub(super) fn applied(
    describe: Describe,
    own: NodeId,
    position: LogPosition,
    payload: &Payload,
    execution: &Execution,
) -> Telling {
    let index = position.index;
    match (execution, payload) {
        (Execution::Opened(opened), _) => return session::opened(own, index, *opened),
        (Execution::Closed(closed), _) => return session::closed(own, index, *closed),
        (Execution::Refused(_), Payload::CloseSession(closed)) => {
            return session::was_closed(own, index, *closed);
        }
        (Execution::Repeated(answer), Payload::Guarded(guarded)) => {
            return session::repeated(describe, own, index, guarded, answer);
        }
        (Execution::Refused(reason), Payload::Guarded(guarded)) => {
            return session::not_executed(own, index, guarded, *reason);
        }
        (Execution::Executed(_) | Execution::Nothing | Execution::Repeated(_) | Execution::Refused(_), _) => {
        }
    }
    let what = label(&payload.brief(describe));
    let telling = Telling::routine(own, format!("{own} applies {index} ({what})"))
        .because(
            "What is committed is applied, by every server in log order",
            "§5.3",
        )
        .value(format!("the entry: {position}"))
        .otherwise("Not yet committed, it could still be overwritten, so it would have to wait.")
        .about(index);
    match execution {
        Execution::Executed(answer) => telling.value(format!("the machine's answer: {}", readable(answer))),
        Execution::Nothing
        | Execution::Repeated(_)
        | Execution::Opened(_)
        | Execution::Closed(_)
        | Execution::Refused(_) => telling,
    }
}

pub(super) fn answered(
    memory: &Memory,
    describe: Describe,
    own: NodeId,
    answer: &ClientAnswer,
) -> Option<Telling> {
    match answer {
        ClientAnswer::Done { index, answer } => {
            let what = memory
                .request_at(own, *index)
                .map(|request| label(&request.brief(describe)));
            let what = what.map_or_else(|| index.to_string(), |text| format!("{index} ({text})"));
            let answer = readable(answer);
            Some(
                Telling::step(own, format!("{own} answers {what}: {}", label(&answer)))
                    .long(format!(
                        "{own} answers its client: {what} is done, {}",
                        label(&answer)
                    ))
                    .because(
                        "A client is answered when its command is applied",
                        "§5.3, Figure 2",
                    )
                    .value(format!("{index} is committed and applied at {own}"))
                    .value(format!("the machine's answer: {answer}"))
                    .otherwise("Answered before it was committed, the command could still be lost.")
                    .about(*index),
            )
        }
        // The node's own refusal has said it.
        ClientAnswer::NotLeader { .. }
        | ClientAnswer::Transferring { .. }
        | ClientAnswer::ChangeRefused
        | ClientAnswer::Overloaded
        | ClientAnswer::TransferStarted
        | ClientAnswer::TransferRefused => None,
        ClientAnswer::SessionOpened { session: opened } => Some(session::told_opened(own, *opened)),
        ClientAnswer::SessionClosed { session: closed } => Some(session::told_closed(own, *closed)),
        ClientAnswer::SessionRefused { index, reason } => Some(session::told_refused(own, *index, *reason)),
        ClientAnswer::Read { applied, answer } => Some(reading::answered(own, *applied, answer)),
        ClientAnswer::Joined { node } => Some(
            Telling::step(own, format!("{own} answers: you are {node}"))
                .because("A server that asks to join again gets the same id", "thesis §4.4")
                .otherwise(
                    "Its first request was lost or its answer was; a new token would have got a new id.",
                ),
        ),
        ClientAnswer::Overwritten { index } => Some(
            Telling::turn(own, format!("{own} tells its client: {index} is lost"))
                .long(format!(
                    "{own} tells its client: another entry took {index}, no effect"
                ))
                .because(
                    "What is not committed may be overwritten by a later leader",
                    "§5.3",
                )
                .value(format!("another entry is committed at {index}"))
                .otherwise("Had it reached a majority in its own term, no leader could have overwritten it.")
                .about(*index),
        ),
        ClientAnswer::Unknown => Some(
            Telling::step(own, format!("{own}'s client gets no answer"))
                .long(format!("{own}'s client gets no answer: it may yet take effect"))
                .because(
                    "A client whose server dies can't know whether its command was committed",
                    "§8",
                )
                .otherwise("It asks again; only a session makes that safe."),
        ),
    }
}
