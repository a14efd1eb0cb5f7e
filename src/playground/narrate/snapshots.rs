//! Snapshots and log compaction in words (§7, Figure 13).

use super::telling::Telling;
use super::words::indices;
use crate::consensus::Rule;
use crate::types::{Envelope, InstallSnapshot, LogIndex, LogPosition, NodeId};

pub(super) fn begun(own: NodeId, index: LogIndex) -> Telling {
    Telling::routine(own, format!("{own} begins a snapshot through {index}"))
        .because(
            "A server takes snapshots by itself, of what is committed and applied",
            "§7",
        )
        .value(format!("applied: through {index}"))
        .otherwise("Entries that are applied meanwhile are not in it.")
        .about(index)
}

pub(super) fn taken(
    own: NodeId,
    last: LogPosition,
    bytes: u64,
    dropped: Option<(LogIndex, LogIndex)>,
) -> Telling {
    let short = format!("{own} has a snapshot through {}", last.index);
    let gone = dropped.map_or_else(
        || "nothing leaves the log".to_owned(),
        |(first, through)| format!("{} leave the log", indices(first, through)),
    );
    Telling::step(own, short.clone())
        .long(format!("{short}, {bytes} bytes: {gone}"))
        .because(
            "Once a snapshot is complete, the entries up to its last one may go: the state they led to is in it",
            "§7",
        )
        .value(format!("last included: index {}, term {}", last.index, last.term))
        .value(format!("the state: {bytes} bytes"))
        .value(gone)
        .otherwise("Without it the log would grow for ever, and who comes late would replay all of it.")
        .about(last.index)
}

pub(super) fn outdated(own: NodeId, index: LogIndex) -> Telling {
    Telling::routine(own, format!("{own} throws a snapshot away: has newer"))
        .because("A newer snapshot replaces an older one", "§7")
        .value(format!("it stood for what was applied through {index}"))
}

pub(super) fn failed(own: NodeId, reason: &str) -> Telling {
    Telling::step(own, format!("{own} could take no snapshot"))
        .long(format!("{own} could take no snapshot: {reason}"))
        .because("A server that can't take a snapshot keeps its log", "§7")
        .value(reason.to_owned())
        .otherwise("The next one is tried when it is due.")
}

pub(super) fn needed(
    own: NodeId,
    follower: NodeId,
    next: LogIndex,
    base: LogIndex,
    (last, bytes): (LogPosition, u64),
) -> Telling {
    Telling::step(
        own,
        format!("{own} sends {follower} its snapshot: {next} is gone"),
    )
    .long(format!(
        "{own} sends {follower} its snapshot: entry {next} is gone from its log"
    ))
    .because(
        "A leader that has dropped the next entry that it would send sends its snapshot instead",
        "§7",
    )
    .value(format!("{follower} needs entry {next}"))
    .value(format!("{own} has dropped through {base}"))
    .value(format!("the snapshot: through {}, {bytes} bytes", last.index))
    .otherwise("With more entries kept behind the snapshot, a slow follower would get entries.")
    .about(next)
}

/// `32 of 80 bytes`
fn share(bytes: u64, total: u64) -> String {
    format!("{bytes} of {total} bytes")
}

pub(super) fn progressed(own: NodeId, follower: NodeId, bytes: u64, total: u64) -> Telling {
    Telling::routine(own, format!("{own} hears: {follower} has {bytes} of {total}"))
        .long(format!(
            "{own} hears that {follower} has {} of its snapshot",
            share(bytes, total)
        ))
        .because(
            "A snapshot goes over in pieces, each one answered",
            "§7, Figure 13",
        )
        .value(share(bytes, total))
}

pub(super) fn resumed(own: NodeId, follower: NodeId, bytes: u64, total: u64) -> Telling {
    Telling::step(own, format!("{own} goes on from byte {bytes} for {follower}"))
        .long(format!(
            "{own} sends {follower} a piece once more: it has {}",
            share(bytes, total)
        ))
        .because(
            "The answer to a later round does not count the piece: it was lost, and so goes out again",
            "§7, Figure 13",
        )
        .value(format!("{follower} has {}", share(bytes, total)))
        .otherwise(format!(
            "Had {follower} restarted, it would begin at 0: pieces are kept in memory."
        ))
}

pub(super) fn piece(own: NodeId, leader: NodeId, last: LogPosition, (bytes, total): (u64, u64)) -> Telling {
    Telling::step(own, format!("{own} has {bytes} of {total} of a snapshot"))
        .long(format!(
            "{own} has {} of {leader}'s snapshot through {}",
            share(bytes, total),
            last.index
        ))
        .because(
            "A follower writes each piece at its offset, and waits for the rest",
            "Figure 13",
        )
        .value(share(bytes, total))
        .value(format!("last included: index {}, term {}", last.index, last.term))
        .otherwise("Until it is whole nothing changes: neither its log nor its state.")
}

pub(super) fn installed(
    own: NodeId,
    leader: NodeId,
    (last, bytes): (LogPosition, u64),
    kept: Option<(LogIndex, LogIndex)>,
    discarded: Option<(LogIndex, LogIndex)>,
) -> Telling {
    let short = format!("{own} installs a snapshot through {}", last.index);
    let telling = Telling::turn(own, short.clone())
        .rule(Rule::SnapshotCarriesConfiguration)
        .value(format!("last included: index {}, term {}", last.index, last.term))
        .value(format!("the state: {bytes} bytes, from {leader}"))
        .about(last.index);
    match (kept, discarded) {
        (Some((first, through)), _) => telling
            .long(format!("{short}, and keeps {}", indices(first, through)))
            .because(
                "A log that has the snapshot's last entry keeps what follows it",
                "§7, Figure 13",
            )
            .value(format!(
                "it has entry {last}, so {} stay",
                indices(first, through)
            ))
            .otherwise("With another entry there, its whole log would go."),
        (None, Some((first, through))) => telling
            .long(format!("{short}, and drops its own {}", indices(first, through)))
            .because(
                "A log that has not the snapshot's last entry is discarded, and its configuration with it",
                "§7, Figure 13",
            )
            .value(format!(
                "it has not entry {last}, so {} go",
                indices(first, through)
            ))
            .otherwise("What was committed of them is in the snapshot; the rest can never be."),
        (None, None) => telling
            .long(format!("{short}: its log begins there now"))
            .because(
                "A snapshot takes the place of the log that it stands for, state and configuration included",
                "§7, Figure 13",
            )
            .otherwise("It acknowledges the snapshot's last entry once all of that is on its disk."),
    }
}

pub(super) fn not_needed(own: NodeId, leader: NodeId, last: LogPosition, commit: LogIndex) -> Telling {
    Telling::routine(own, format!("{own} needs no snapshot through {}", last.index))
        .long(format!(
            "{own} needs no snapshot through {}: it has committed through {commit}",
            last.index
        ))
        .because("What is committed is acknowledged, and not installed again", "§7")
        .value(format!("{leader}'s snapshot: through {}", last.index))
        .value(format!("{own}'s commit index: {commit}"))
}

/// A piece without data is a heartbeat.
pub(super) fn delivered(envelope: &Envelope, request: &InstallSnapshot) -> Option<Telling> {
    let (own, from) = (envelope.to, envelope.from);
    request.data.is_empty().then(|| {
        Telling::routine(own, format!("{own} is asked by {from} how far it is"))
            .because(
                "While a snapshot goes over, heartbeats ask how much of it is there",
                "§7",
            )
            .value(format!("{from} counts {}", share(request.offset, request.total)))
    })
}
