//! What a leader knows of one follower, and how it sends to it.

use std::collections::VecDeque;

use crate::types::{LocalTime, LogIndex, Round};

/// A leader's view of a follower (paper, Figure 2: `matchIndex`, `nextIndex`). Lives as long as the leadership.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    /// The last index known to be in common and on the follower's disk. Never goes down within a leadership.
    pub matched: LogIndex,
    /// The next index to send. Always past `matched`.
    pub next: LogIndex,
    /// How entries flow.
    pub flow: Flow,
    /// When the follower was last heard from; at first, when the leadership began.
    pub heard: LocalTime,
    /// The last round of heartbeats that it answered.
    pub round: Round,
}

/// How entries flow to a follower.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Where its log agrees is not known: one request at a time, until one is taken.
    Probe(Probe),
    /// It agrees: requests follow each other without waiting for answers.
    Replicate {
        /// Requests sent and not yet acknowledged, oldest first.
        in_flight: VecDeque<InFlight>,
    },
}

/// Whether a probe is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// One may be sent.
    Ready,
    /// One has been; the answer to it, or to a heartbeat, is awaited.
    Awaiting,
}

/// An unacknowledged request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InFlight {
    /// The last index it carries.
    pub last: LogIndex,
    /// What its entries count towards limits in bytes.
    pub weight: u64,
}

/// How far an acknowledgement moved a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acknowledged {
    /// Its match index advanced.
    Advanced,
    /// It told what was known.
    Known,
}

impl Progress {
    /// Nothing known yet: the first request will start at `next`.
    pub fn new(next: LogIndex, now: LocalTime) -> Self {
        Self {
            matched: LogIndex::GENESIS,
            next,
            flow: Flow::Probe(Probe::Ready),
            heard: now,
            round: Round::default(),
        }
    }

    /// Whether it can be, where the leader's log ends at `last`: what is in flight goes up, from past `matched` to
    /// before `next`.
    pub(super) fn fits(&self, last: LogIndex) -> bool {
        let in_order = match &self.flow {
            Flow::Probe(_) => true,
            Flow::Replicate { in_flight } => {
                let ends = in_flight.iter().map(|request| request.last);
                std::iter::once(self.matched)
                    .chain(ends)
                    .chain([self.next])
                    .is_sorted_by(|earlier, later| earlier < later)
            }
        };
        in_order && self.matched < self.next && self.next <= last.next()
    }

    /// The follower acknowledged everything through `through`.
    ///
    /// An acknowledgement of as much as was known already proves that the follower is there: a probe may go out again.
    /// One of less is an old one.
    pub fn acknowledge(&mut self, through: LogIndex) -> Acknowledged {
        if through < self.matched {
            return Acknowledged::Known;
        }
        let advanced = through > self.matched;
        self.matched = through;
        match &mut self.flow {
            Flow::Probe(_) => {
                self.next = self.matched.next();
                self.flow = Flow::Replicate {
                    in_flight: VecDeque::new(),
                };
            }
            Flow::Replicate { in_flight } => {
                self.next = self.next.max(self.matched.next());
                while in_flight.front().is_some_and(|request| request.last <= through) {
                    in_flight.pop_front();
                }
            }
        }
        if advanced {
            Acknowledged::Advanced
        } else {
            Acknowledged::Known
        }
    }

    /// Whether a refusal at `rejected` is news: not of an old request.
    pub fn is_refusal_current(&self, rejected: LogIndex) -> bool {
        match self.flow {
            Flow::Probe(_) => rejected == self.next.previous() && rejected > self.matched,
            Flow::Replicate { .. } => rejected > self.matched && rejected < self.next,
        }
    }

    /// The follower refused at `rejected`, and `suggested` is the next index worth trying.
    pub fn back_off(&mut self, rejected: LogIndex, suggested: LogIndex) {
        self.next = suggested.min(rejected).max(self.matched.next());
        self.flow = Flow::Probe(Probe::Ready);
    }

    /// Takes note of a request with entries up to `last`.
    pub fn sent(&mut self, last: LogIndex, weight: u64) {
        match &mut self.flow {
            Flow::Probe(probe) => *probe = Probe::Awaiting,
            Flow::Replicate { in_flight } => {
                if last >= self.next {
                    in_flight.push_back(InFlight { last, weight });
                    self.next = last.next();
                }
            }
        }
    }

    /// Whether one more request with entries may go out now.
    pub fn has_room(&self, limit: InFlightLimit) -> bool {
        match &self.flow {
            Flow::Probe(probe) => *probe == Probe::Ready,
            Flow::Replicate { in_flight } => {
                let weights = in_flight.iter().map(|request| request.weight);
                let weight = weights.fold(0, u64::saturating_add);
                in_flight.len() < limit.requests && weight < limit.weight
            }
        }
    }
}

/// How much may be in flight to one follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InFlightLimit {
    /// Requests.
    pub requests: usize,
    /// Bytes, by weight.
    pub weight: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(number: u64) -> LogIndex {
        LogIndex::new(number)
    }

    const LIMIT: InFlightLimit = InFlightLimit {
        requests: 2,
        weight: 100,
    };

    #[test]
    fn a_probe_goes_out_alone_until_it_is_answered() {
        let mut progress = Progress::new(index(5), LocalTime::default());
        assert!(progress.has_room(LIMIT));
        progress.sent(index(5), 16);
        assert!(!progress.has_room(LIMIT));
        assert_eq!(
            progress.next,
            index(5),
            "a probe's entries are not assumed to arrive"
        );
        assert_eq!(progress.acknowledge(index(5)), Acknowledged::Advanced);
        assert_eq!(progress.next, index(6));
        assert!(progress.has_room(LIMIT));
    }

    #[test]
    fn a_pipeline_is_bounded_and_drains() {
        let mut progress = Progress::new(index(1), LocalTime::default());
        progress.acknowledge(index(0));
        progress.sent(index(1), 16);
        progress.sent(index(2), 16);
        assert!(!progress.has_room(LIMIT));
        progress.acknowledge(index(1));
        assert!(progress.has_room(LIMIT));
        progress.sent(index(3), 99);
        assert!(!progress.has_room(LIMIT), "too many bytes");
    }

    #[test]
    fn old_answers_change_nothing() {
        let mut progress = Progress::new(index(9), LocalTime::default());
        progress.acknowledge(index(6));
        assert_eq!(progress.acknowledge(index(4)), Acknowledged::Known);
        assert_eq!(progress.matched, index(6), "match never goes down");
        assert!(
            !progress.is_refusal_current(index(6)),
            "what matched once can't be refused"
        );
        assert!(!progress.is_refusal_current(index(8)), "nothing was sent after 8");
    }

    #[test]
    fn backing_off_stays_past_what_matched() {
        let mut progress = Progress::new(index(9), LocalTime::default());
        assert!(progress.is_refusal_current(index(8)));
        progress.back_off(index(8), index(3));
        assert_eq!(progress.next, index(3));
        progress.acknowledge(index(2));
        progress.sent(index(7), 16);
        assert!(progress.is_refusal_current(index(5)));
        progress.back_off(index(5), index(1));
        assert_eq!(progress.next, index(3));
    }
}
