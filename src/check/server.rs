//! What the checker knows of one server: its memory, its disk, and the writes between the two.

use std::collections::VecDeque;

use super::fact::{Ballot, Found};
use super::outline::Outline;
use crate::types::{LogIndex, LogPosition, Term, WriteSequence};

/// One server, as seen from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    /// Its term and vote.
    pub(super) ballot: Ballot,
    /// Its log.
    pub(super) log: Outline,
    /// What is durable of both.
    pub(super) disk: Disk,
    /// The term it leads.
    pub(super) leads: Option<Term>,
    /// Its commit index.
    pub(super) commit: LogIndex,
    /// The last index it applied.
    pub(super) applied: LogIndex,
    /// The term in which it was last started.
    pub(super) started_in: Term,
    /// The highest term in which it ever spoke.
    pub(super) spoke_in: Term,
    under_way: VecDeque<UnderWay>,
}

/// What is durable at one server.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// Its term and vote; `None` where a save did not tell.
    pub(super) ballot: Option<Ballot>,
    /// Its log.
    pub(super) log: Outline,
}

/// A write that is not known to be durable.
#[derive(Clone, Debug)]
struct UnderWay {
    sequence: WriteSequence,
    ballot: Option<Ballot>,
    truncate: Option<LogIndex>,
    append: Vec<Term>,
}

impl Server {
    /// A server that has started with this on its disk, and spoke before in no term later than `spoke_in`.
    pub(super) fn started(ballot: Ballot, log: Outline, spoke_in: Term) -> Self {
        Self {
            ballot,
            spoke_in,
            disk: Disk {
                ballot: Some(ballot),
                log: log.clone(),
            },
            log,
            started_in: ballot.term,
            ..Self::default()
        }
    }

    /// A running server, as a save has it. What its disk held of the past is not told, and nothing is made of it.
    pub(super) fn found(found: &Found<'_>) -> Self {
        let log = Outline::of(found.log);
        let on_disk = found.ballot_write.is_none().then_some(found.ballot);
        let mut reached = found.on_disk;
        let under_way = found.under_way.iter().map(|&(sequence, last)| {
            let first = reached.next();
            reached = reached.max(last);
            UnderWay {
                sequence,
                ballot: (found.ballot_write == Some(sequence)).then_some(found.ballot),
                truncate: None,
                append: log.terms(first, last).collect(),
            }
        });
        let under_way = under_way.collect();
        Self {
            ballot: found.ballot,
            disk: Disk {
                ballot: on_disk,
                log: log.through(found.on_disk),
            },
            commit: found.commit,
            applied: found.applied,
            log,
            under_way,
            ..Self::default()
        }
    }

    /// Takes note of a write that begins, but for the entries it adds. Memory has what it says at once.
    pub(super) fn write(
        &mut self,
        sequence: WriteSequence,
        ballot: Option<Ballot>,
        truncate: Option<LogIndex>,
    ) {
        if let Some(ballot) = ballot {
            self.ballot = ballot;
        }
        if let Some(from) = truncate {
            self.log.truncate_from(from);
        }
        self.under_way.push_back(UnderWay {
            sequence,
            ballot,
            truncate,
            append: Vec::new(),
        });
    }

    /// Adds entries to the write that began last.
    pub(super) fn append_to_write(&mut self, terms: Vec<Term>) {
        self.log.extend(terms.iter().copied());
        if let Some(write) = self.under_way.back_mut() {
            write.append.extend(terms);
        }
    }

    /// Brings the disk up to a write.
    pub(super) fn sync(&mut self, through: WriteSequence) {
        let finished = self.under_way.partition_point(|write| write.sequence <= through);
        for write in self.under_way.drain(..finished) {
            if write.ballot.is_some() {
                self.disk.ballot = write.ballot;
            }
            if let Some(from) = write.truncate {
                self.disk.log.truncate_from(from);
            }
            self.disk.log.extend(write.append);
        }
    }

    /// The last entry that no restart can lose: the end of what is on disk, less what a write under way removes.
    pub(super) fn safe_from_restart(&self) -> LogPosition {
        let cuts = self.under_way.iter().filter_map(|write| write.truncate);
        let kept = cuts
            .map(LogIndex::previous)
            .fold(self.disk.log.last_index(), LogIndex::min);
        let term = self.disk.log.term_at(kept).unwrap_or_default();
        LogPosition::new(kept, term)
    }
}
