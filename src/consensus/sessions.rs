//! What sessions need of the algorithm: the time, as a leader stamps it into the log (thesis §6.3).
//!
//! Sessions expire by the cluster's time alone, which is what stands in the log, so that all servers expire a session at the
//! same entry. It goes on with the leader's own clock and stands still while nobody leads. Whether that clock is right
//! matters to how long a session lasts, never to what is executed.

use std::time::Duration;

use super::event::{Event, Observer, emit};
use super::raft::Raft;
use super::rule::Rule;
use super::state::Role;
use crate::types::{ClusterTime, Entry, Payload};

/// A leader stamps the time no more often than this.
const STAMPS_APART: Duration = Duration::from_secs(1);

impl Raft {
    /// Stamps the time where that is due. `latest` is the latest time applied: a new leader goes on from there.
    ///
    /// No stamp follows one that is not applied yet, so that a leader that can't commit does not fill its log with them; and none
    /// is appended where no proposal would be: during a transfer, and where too much is uncommitted.
    pub(super) fn stamp(&mut self, latest: ClusterTime, observer: &mut impl Observer) {
        let now = self.batch.now;
        let Role::Leader(leader) = &self.state.role else {
            return;
        };
        if leader.transfer.is_some() || self.is_full(leader.uncommitted, 0) {
            return;
        }
        let time = match leader.stamped {
            None => latest,
            Some((time, at)) if latest < time || now.since(at) < STAMPS_APART => return,
            Some((time, at)) => time.max(latest).after(now.since(at)),
        };
        let payload = Payload::ClusterTime(time);
        let index = self.append(Entry {
            term: self.term(),
            payload,
        });
        if let Role::Leader(leader) = &mut self.state.role {
            leader.stamped = Some((time, now));
        }
        emit(observer, || Event::Stamped { index, time });
        self.advance_commit(observer);
    }

    /// §8: the state machine tracks the latest serial number processed for each client. Who hosts the machine asks.
    pub fn checks_serial_numbers(&self) -> bool {
        self.rules().keeps(Rule::SessionSerialCheck)
    }

    /// Thesis §6.3: sessions are part of the replicated state, so they are in its snapshots. Who writes those asks.
    pub fn puts_sessions_into_snapshots(&self) -> bool {
        self.rules().keeps(Rule::SessionsInSnapshot)
    }
}
