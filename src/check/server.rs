//! What the checker knows of one server: its memory, its disk, and the writes between the two.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::fact::{Ballot, Found};
use super::outline::Outline;
use crate::types::{Entries, LogIndex, LogPosition, NodeMap, Term, WriteSequence};

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
    /// The last entry that its snapshot stands for, where it has one.
    pub(super) snapshot: LogIndex,
    /// The last entry that it has acknowledged, as far as no later leader has overridden it: no restart may lose it.
    pub(super) acknowledged: LogPosition,
    /// As a leader: what it knows each follower to have on disk.
    pub(super) matched: NodeMap<LogIndex>,
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
    cuts: Cuts,
    append: SmallVec<[Term; 2]>,
}

/// What a write takes away.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    /// Its term and vote.
    pub(super) ballot: Option<Ballot>,
    /// The entry through which the log is dropped, and the log that the snapshot stands for.
    pub(super) compact: Option<Box<(LogPosition, Outline)>>,
    /// The first entry removed.
    pub(super) truncate: Option<LogIndex>,
}

impl Cuts {
    /// Does to a log what the write does. What a snapshot stands for stays known.
    fn apply(&self, log: &mut Outline) {
        if let Some(compacted) = &self.compact
            && let (base, stands_for) = &**compacted
            && (log.last_index() < base.index || !log.holds(*base))
        {
            log.clone_from(stands_for);
        }
        if let Some(from) = self.truncate {
            log.truncate_from(from);
        }
    }

    /// The last index of a log that is there whether the write came to be or not.
    fn kept_of(&self, log: &Outline) -> LogIndex {
        let compacted = self.compact.as_ref().map(|compacted| {
            let (base, stands_for) = &**compacted;
            if log.last_index() >= base.index && log.holds(*base) {
                return log.last_index();
            }
            let missing = log.first_missing_in(stands_for, base.index);
            missing.map_or(base.index, |missing| missing.index.previous())
        });
        let truncated = self.truncate.map(LogIndex::previous);
        let kept = compacted.into_iter().chain(truncated);
        kept.fold(log.last_index(), LogIndex::min)
    }
}

impl Server {
    /// A server that has started with this on its disk, and spoke before in no term later than `spoke_in`. Its snapshot stands
    /// for the entries through `snapshot`.
    pub(super) fn started(ballot: Ballot, log: Outline, spoke_in: Term, snapshot: LogIndex) -> Self {
        Self {
            ballot,
            commit: snapshot,
            applied: snapshot,
            snapshot,
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
    pub(super) fn found(found: &Found<'_>, before: &Outline) -> Self {
        let base = found.base.position;
        let log = before.clone().followed_by(found.log);
        let on_disk = found.ballot_write.is_none().then_some(found.ballot);
        let mut reached = found.on_disk;
        let under_way = found.under_way.iter().map(|&(sequence, last)| {
            // A log that begins past the end of what is on disk was put there by a snapshot that this write installs.
            let installs = reached < base.index && last >= base.index;
            let first = if installs { base.index } else { reached }.next();
            reached = reached.max(last);
            UnderWay {
                sequence,
                cuts: Cuts {
                    ballot: (found.ballot_write == Some(sequence)).then_some(found.ballot),
                    compact: installs.then(|| Box::new((base, before.clone()))),
                    ..Cuts::default()
                },
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
            snapshot: found
                .base
                .snapshot
                .map(|snapshot| snapshot.last.index)
                .unwrap_or_default(),
            log,
            under_way,
            ..Self::default()
        }
    }

    /// Takes note of a write that begins, but for the entries it adds. Memory has what it says at once.
    pub(super) fn write(&mut self, sequence: WriteSequence, cuts: Cuts) {
        if let Some(ballot) = cuts.ballot {
            self.ballot = ballot;
        }
        let kept = cuts.kept_of(&self.log);
        if kept < self.acknowledged.index {
            let term = self.log.term_at(kept).unwrap_or_default();
            self.acknowledged = LogPosition::new(kept, term);
        }
        cuts.apply(&mut self.log);
        self.under_way.push_back(UnderWay {
            sequence,
            cuts,
            append: SmallVec::new(),
        });
    }

    /// Adds entries to the write that began last.
    pub(super) fn append_to_write(&mut self, entries: &Entries) {
        let terms = entries.as_slice().iter().map(|entry| entry.term);
        self.log.extend(terms.clone());
        if let Some(write) = self.under_way.back_mut() {
            write.append.extend(terms);
        }
    }

    /// Brings the disk up to a write.
    pub(super) fn sync(&mut self, through: WriteSequence) {
        let is_finished = |write: &UnderWay| write.sequence <= through;
        while self.under_way.front().is_some_and(is_finished)
            && let Some(write) = self.under_way.pop_front()
        {
            if write.cuts.ballot.is_some() {
                self.disk.ballot = write.cuts.ballot;
            }
            write.cuts.apply(&mut self.disk.log);
            self.disk.log.extend(write.append);
        }
    }

    /// Takes note that it has acknowledged all through this entry.
    pub(super) fn acknowledge(&mut self, through: LogIndex) {
        if let Some(term) = self.log.term_at(through)
            && through > self.acknowledged.index
        {
            self.acknowledged = LogPosition::new(through, term);
        }
    }

    /// Takes note that it leads, and knows nothing of its followers yet.
    pub(super) fn lead(&mut self, term: Term) {
        self.leads = Some(term);
        self.matched.clear();
    }

    /// The last entry that no restart can lose: the end of what is on disk, less what a write under way removes; `None` where it
    /// is not known which that is.
    pub(super) fn safe_from_restart(&self) -> Option<LogPosition> {
        let kept = self
            .under_way
            .iter()
            .map(|write| write.cuts.kept_of(&self.disk.log));
        let kept = kept.fold(self.disk.log.last_index(), LogIndex::min);
        let term = self.disk.log.term_at(kept)?;
        Some(LogPosition::new(kept, term))
    }
}
