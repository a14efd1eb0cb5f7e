//! A node's own clock, which may run fast or slow.

use std::time::Duration;

use crate::types::{LocalTime, VirtualTime};

/// All of a million.
const MILLION: i64 = 1_000_000;

/// A node's own clock: from one reading it runs on at its own rate. It never goes back.
///
/// All that a node measures goes by it: how long its timers run, how old a promise is, how long a lease still holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clock {
    /// When it was last set to a rate.
    pub since: VirtualTime,
    /// What it read then.
    pub reading: LocalTime,
    /// By how much it runs too fast, in parts per million; too slow where that is negative.
    pub drift_ppm: i32,
}

impl Clock {
    /// By how much a clock may be off, in parts per million, fast or slow.
    pub const MOST_PPM: i32 = 900_000;

    /// What it reads at a time.
    pub fn at(self, now: VirtualTime) -> LocalTime {
        let elapsed = now.since(self.since);
        self.reading.after(scaled(elapsed, self.rate(), MILLION))
    }

    /// When it reads so much; at once where it has already.
    pub fn when(self, reading: LocalTime) -> VirtualTime {
        self.since.after(self.lasting(reading.since(self.reading)))
    }

    /// How long it really takes for so much to pass on it.
    pub fn lasting(self, duration: Duration) -> Duration {
        scaled(duration, MILLION, self.rate())
    }

    /// The same clock, which runs on at another rate from now.
    #[must_use]
    pub fn drifting(self, now: VirtualTime, drift_ppm: i32) -> Self {
        Self {
            since: now,
            reading: self.at(now),
            drift_ppm,
        }
    }

    /// Whether it can be.
    pub fn is_valid(self) -> bool {
        self.drift_ppm.unsigned_abs() <= Self::MOST_PPM.unsigned_abs()
    }

    fn rate(self) -> i64 {
        MILLION + i64::from(self.drift_ppm)
    }
}

/// A duration times a fraction of positive numbers.
fn scaled(duration: Duration, times: i64, over: i64) -> Duration {
    if times == over {
        return duration;
    }
    let (times, over) = (u128::from(times.unsigned_abs()), u128::from(over.unsigned_abs()));
    let nanos = duration.as_nanos() * times / over;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> VirtualTime {
        VirtualTime::from_nanos(seconds * 1_000_000_000)
    }

    fn reads(seconds: u64) -> LocalTime {
        LocalTime::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_clock_that_was_never_set_is_right() {
        let clock = Clock::default();
        assert_eq!(clock.at(at(7)), reads(7));
        assert_eq!(clock.when(reads(7)), at(7));
    }

    #[test]
    fn a_slow_clock_takes_longer_for_a_second_and_never_goes_back() {
        let clock = Clock::default().drifting(at(10), -500_000);
        assert_eq!(clock.at(at(10)), reads(10));
        assert_eq!(clock.at(at(14)), reads(12));
        assert_eq!(clock.when(reads(12)), at(14));
        assert_eq!(clock.lasting(Duration::from_secs(1)), Duration::from_secs(2));
        let mended = clock.drifting(at(14), 0);
        assert_eq!(mended.at(at(15)), reads(13), "it stays behind");
    }
}
