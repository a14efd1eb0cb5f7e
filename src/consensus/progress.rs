//! What a leader knows of one follower, and how it sends to it.

use std::collections::VecDeque;

use crate::types::{LocalTime, LogIndex, LogPosition, Round};

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
    /// The entry that it needs next is dropped: the snapshot that stands for it goes over first (§7).
    Snapshot(Sending),
}

/// How far the sending of a snapshot is. Which bytes it has, the leader's snapshot in force says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sending {
    /// The snapshot's last entry.
    pub last: LogPosition,
    /// How many bytes the follower has said that it has.
    pub received: u64,
    /// The most that it ever had of it: less where it has started again since.
    pub most: u64,
    /// When that last grew; at first, when the sending began.
    pub grew: LocalTime,
    /// Whether a piece is out.
    pub piece: Piece,
}

/// Whether a piece of a snapshot is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// One may be sent.
    Ready,
    /// One was sent in this round of heartbeats. It is lost where the answer to a later round does not count it.
    Out(Round),
}

/// What an answer about a snapshot told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// The follower has more than before.
    More,
    /// What was out is lost: it is sent once more.
    Lost,
    /// Nothing new.
    Nothing,
}

impl Sending {
    /// Nothing of it is there yet.
    pub fn begin(last: LogPosition, now: LocalTime) -> Self {
        Self {
            last,
            received: 0,
            most: 0,
            grew: now,
            piece: Piece::Ready,
        }
    }

    /// The follower says that it has so many bytes, in answer to something sent in `round`.
    ///
    /// An answer that tells of no more counts only if its round began after the piece was sent: then the piece, or all that
    /// the follower had, is lost. So old and doubled answers never double what is sent.
    pub fn note(&mut self, bytes: u64, round: Round, now: LocalTime) -> Told {
        let is_later = match self.piece {
            Piece::Ready => false,
            Piece::Out(sent) => round > sent,
        };
        let told = if bytes > self.received {
            Told::More
        } else if is_later {
            Told::Lost
        } else {
            return Told::Nothing;
        };
        self.received = bytes;
        self.piece = Piece::Ready;
        if bytes > self.most {
            (self.most, self.grew) = (bytes, now);
        }
        told
    }
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
            Flow::Snapshot(sending) => sending.last.index.next() == self.next,
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

    /// The follower acknowledged everything through `through`. The leader's log begins after `base`.
    ///
    /// An acknowledgement of as much as was known already proves that the follower is there: a probe may go out again.
    /// One of less is an old one. Whatever a snapshot is needed for, one that reaches the log ends that need.
    pub fn acknowledge(&mut self, through: LogIndex, base: LogIndex) -> Acknowledged {
        if through < self.matched {
            return Acknowledged::Known;
        }
        let advanced = through > self.matched;
        self.matched = through;
        match &mut self.flow {
            Flow::Snapshot(_) if through < base => {}
            Flow::Probe(_) | Flow::Snapshot(_) => {
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

    /// A snapshot through `last` must go over first.
    pub fn begin_snapshot(&mut self, last: LogPosition, now: LocalTime) {
        self.next = last.index.next();
        self.flow = Flow::Snapshot(Sending::begin(last, now));
    }

    /// Whether a refusal at `rejected` is news: not of an old request.
    pub fn is_refusal_current(&self, rejected: LogIndex) -> bool {
        match self.flow {
            Flow::Snapshot(_) => false,
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
            Flow::Snapshot(_) => {}
            Flow::Replicate { in_flight } => {
                if last >= self.next {
                    in_flight.push_back(InFlight { last, weight });
                    self.next = last.next();
                }
            }
        }
    }

    /// Whether there may be something to send before its next heartbeat, where the log ends at `last`.
    pub fn may_be_sent(&self, last: LogIndex) -> bool {
        match &self.flow {
            Flow::Probe(Probe::Awaiting) => false,
            Flow::Probe(Probe::Ready) | Flow::Snapshot(_) => true,
            Flow::Replicate { .. } => self.next <= last,
        }
    }

    /// Whether one more request with entries may go out now.
    pub fn has_room(&self, limit: InFlightLimit) -> bool {
        match &self.flow {
            Flow::Probe(probe) => *probe == Probe::Ready,
            Flow::Snapshot(_) => false,
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
    use crate::types::Term;

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
        assert_eq!(
            progress.acknowledge(index(5), LogIndex::GENESIS),
            Acknowledged::Advanced
        );
        assert_eq!(progress.next, index(6));
        assert!(progress.has_room(LIMIT));
    }

    #[test]
    fn a_pipeline_is_bounded_and_drains() {
        let mut progress = Progress::new(index(1), LocalTime::default());
        progress.acknowledge(index(0), LogIndex::GENESIS);
        progress.sent(index(1), 16);
        progress.sent(index(2), 16);
        assert!(!progress.has_room(LIMIT));
        progress.acknowledge(index(1), LogIndex::GENESIS);
        assert!(progress.has_room(LIMIT));
        progress.sent(index(3), 99);
        assert!(!progress.has_room(LIMIT), "too many bytes");
    }

    #[test]
    fn old_answers_change_nothing() {
        let mut progress = Progress::new(index(9), LocalTime::default());
        progress.acknowledge(index(6), LogIndex::GENESIS);
        assert_eq!(
            progress.acknowledge(index(4), LogIndex::GENESIS),
            Acknowledged::Known
        );
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
        progress.acknowledge(index(2), LogIndex::GENESIS);
        progress.sent(index(7), 16);
        assert!(progress.is_refusal_current(index(5)));
        progress.back_off(index(5), index(1));
        assert_eq!(progress.next, index(3));
    }

    fn sending() -> Progress {
        let mut progress = Progress::new(index(3), LocalTime::default());
        progress.begin_snapshot(LogPosition::new(index(8), Term::new(2)), LocalTime::default());
        progress
    }

    #[test]
    fn a_snapshot_ends_with_any_acknowledgement_that_reaches_the_log() {
        let mut progress = sending();
        assert_eq!(progress.next, index(9));
        progress.acknowledge(index(4), index(6));
        assert!(matches!(progress.flow, Flow::Snapshot(_)), "entry 5 is dropped");
        assert!(progress.fits(index(10)));
        progress.acknowledge(index(6), index(6));
        assert!(matches!(progress.flow, Flow::Replicate { .. }));
        assert_eq!(progress.next, index(7));
    }

    #[test]
    fn only_an_answer_to_a_later_round_says_that_a_piece_is_lost() {
        let at = LocalTime::from_nanos;
        let mut sending = Sending::begin(LogPosition::new(index(8), Term::new(2)), at(0));
        let round = Round::new;
        sending.piece = Piece::Out(round(3));
        assert_eq!(sending.note(10, round(3), at(1)), Told::More);
        assert_eq!((sending.received, sending.piece), (10, Piece::Ready));
        sending.piece = Piece::Out(round(4));
        let doubled = sending.note(10, round(4), at(2));
        assert_eq!(doubled, Told::Nothing, "a doubled answer");
        assert_eq!(sending.note(10, round(5), at(3)), Told::Lost);
        assert_eq!(sending.piece, Piece::Ready);
        sending.piece = Piece::Out(round(5));
        let restarted = sending.note(0, round(6), at(4));
        assert_eq!(restarted, Told::Lost, "it has started again");
        assert_eq!((sending.received, sending.most), (0, 10));
        sending.piece = Piece::Out(round(6));
        assert_eq!(sending.note(10, round(6), at(5)), Told::More);
        assert_eq!(sending.grew, at(1), "it had as much before");
    }
}
