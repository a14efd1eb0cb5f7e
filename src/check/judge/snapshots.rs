//! Snapshots: what they may stand for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::check::Checker;
use crate::check::fact::{Base, Kept};
use crate::check::outline::Outline;
use crate::check::violation::{Property, Violation};
use crate::types::{Configuration, LogIndex, LogPosition, NodeId, Snapshot};

impl Checker {
    /// The log that a snapshot through `last` stands for, as far as it is known.
    pub(in crate::check) fn stood_for(&self, last: LogPosition) -> Outline {
        let committed = self.committed.log();
        if committed.last_index() >= last.index && committed.knows(last.index) && committed.holds(last) {
            committed.through(last.index)
        } else {
            Outline::unknown_through(last)
        }
    }

    /// Takes note of where a log begins that was there before the checker came; of what is known better, nothing.
    pub(super) fn note_base(&mut self, node: NodeId, base: Base<'_>) {
        self.archive.begin_after(base.position);
        if let Some(configuration) = base.configuration
            && base.position.index > LogIndex::GENESIS
            && self.configuration_through(base.position.index).is_none()
        {
            self.configurations
                .insert(base.position, Arc::clone(configuration));
        }
        if let Some(snapshot) = base.snapshot {
            self.note_state(node, snapshot);
        }
    }

    /// A snapshot holds what the committed entries up to its last one lead to. A server that puts one in force has applied them:
    /// by itself, or by the snapshot.
    pub(super) fn judge_snapshot(&mut self, node: NodeId, kept: Kept<'_>) {
        let Kept { snapshot, replayed } = kept;
        let last = snapshot.last;
        self.judge_stands_for_committed(node, last);
        if let Some(expected) = self.configuration_through(last.index)
            && *expected != *snapshot.configuration
        {
            let detail = format!(
                "{node} has a snapshot through {last} with the configuration {}, where {expected} is in force",
                snapshot.configuration
            );
            self.report_snapshot(node, last, detail);
        }
        if replayed.is_some_and(|replayed| replayed != snapshot.data) {
            let detail = format!(
                "{node} has a snapshot through {last} with a state that those entries do not lead to"
            );
            self.report_snapshot(node, last, detail);
        }
        self.note_state(node, snapshot);
        let server = self.server(node);
        server.snapshot = server.snapshot.max(last.index);
        server.commit = server.commit.max(last.index);
        server.applied = server.applied.max(last.index);
    }

    fn judge_stands_for_committed(&mut self, node: NodeId, last: LogPosition) {
        let committed = self.committed.log();
        let end = committed.last_index();
        // Who committed what the checker does not know may be down, or its word on its way, since before it came.
        let may_be_committed = self.came_late || end == LogIndex::GENESIS;
        if !committed.knows(last.index) || (last.index > end && may_be_committed) {
            return;
        }
        if last.index > end {
            let detail = format!("{node} has a snapshot through {last}, though only {end} is committed");
            self.report_snapshot(node, last, detail);
        } else if !committed.holds(last) {
            let detail = format!("{node} has a snapshot through {last}, where another entry is committed");
            self.report_snapshot(node, last, detail);
        }
    }

    /// Holds a state against those of other snapshots through the same entry.
    fn note_state(&mut self, node: NodeId, snapshot: &Snapshot) {
        let mut hasher = DefaultHasher::new();
        snapshot.data.hash(&mut hasher);
        let digest = hasher.finish();
        let last = snapshot.last;
        let (first, whose) = *self.states.entry(last.index).or_insert((digest, node));
        if first != digest {
            let detail =
                format!("{node} has a snapshot through {last} with another state than {whose} had there");
            self.report_snapshot(node, last, detail);
        }
    }

    fn report_snapshot(&mut self, node: NodeId, last: LogPosition, detail: String) {
        let violation = Violation::new(Property::SnapshotEqualsPrefix, node, detail);
        self.report(violation.at(last.index).in_term(last.term));
    }

    /// The configuration that the committed entries through `index` put in force, where that is known.
    fn configuration_through(&self, index: LogIndex) -> Option<&Configuration> {
        let committed = self.committed.log();
        let is_known = committed.knows(LogIndex::GENESIS) && committed.last_index() >= index;
        let latest = self.latest_configuration(committed, |position| position.index <= index);
        is_known.then(|| latest.map_or(&*self.genesis, |(_, configuration)| configuration))
    }
}
