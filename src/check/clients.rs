//! What clients are told: one log, in the order of time (§8).

use super::Checker;
use super::violation::{Property, Violation};
use crate::types::{LogIndex, NodeId, ProposalId};

impl Checker {
    /// A read sees all that any client was told of before it began (§8), and what it saw was told. Of one that began before the
    /// checker came, nothing is known.
    pub(super) fn on_read_served(&mut self, node: NodeId, read: ProposalId, applied: LogIndex) {
        let before = self.reads.remove(&read);
        self.acknowledged = self.acknowledged.max(applied);
        let Some(before) = before.filter(|before| *before > applied) else {
            return;
        };
        let detail = format!(
            "{node} answered a read from what was applied through {applied}, though {before} had been acknowledged before"
        );
        let violation = Violation::new(Property::ReadsSeeAcknowledged, node, detail);
        self.report(violation.at(applied).at(before));
    }

    /// What is acknowledged is in the log for good, so what is called later comes after it.
    pub(super) fn on_write_done(&mut self, node: NodeId, write: ProposalId, index: LogIndex) {
        let before = self.writes.remove(&write);
        self.acknowledged = self.acknowledged.max(index);
        let Some(before) = before.filter(|before| *before >= index) else {
            return;
        };
        let detail = format!(
            "{node} acknowledged a command at {index}, though {before} had been acknowledged before it was sent"
        );
        let violation = Violation::new(Property::ClientsSeeOneLog, node, detail);
        self.report(violation.at(index).at(before));
    }

    pub(super) fn on_replayed(&mut self, node: NodeId, index: LogIndex, is_same: bool) {
        if !is_same {
            let detail =
                format!("{node} answered otherwise than a replay of what is committed through {index}");
            let violation = Violation::new(Property::ClientsSeeOneLog, node, detail);
            self.report(violation.at(index));
        }
    }
}
