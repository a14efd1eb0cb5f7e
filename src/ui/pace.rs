//! How wall time becomes virtual time.
//!
//! Integers only. The wall time that was too short for a whole virtual nanosecond is carried over, so that even at the
//! slowest speed every frame counts; rounding loses less than a nanosecond a step.
//! Pace is presentation: it decides when the screen looks, never what happens.

use std::time::Duration;

use super::view::Speed;
use crate::playground::Snapshot;

/// The speeds that `-` and `+` walk through; past the last is [`Speed::Max`].
const LADDER: [Rate; 17] = [
    Rate::new(1, 1000),
    Rate::new(1, 500),
    Rate::new(1, 200),
    Rate::new(1, 100),
    Rate::new(1, 50),
    Rate::new(1, 40),
    Rate::new(1, 20),
    Rate::new(1, 10),
    Rate::new(1, 8),
    Rate::new(1, 4),
    Rate::new(1, 2),
    Rate::new(1, 1),
    Rate::new(2, 1),
    Rate::new(5, 1),
    Rate::new(10, 1),
    Rate::new(50, 1),
    Rate::new(100, 1),
];

/// Virtual time against wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    numerator: u32,
    denominator: u32,
}

impl Rate {
    /// `numerator / denominator`; a zero counts as one.
    pub const fn new(numerator: u32, denominator: u32) -> Self {
        const fn positive(number: u32) -> u32 {
            if number == 0 { 1 } else { number }
        }
        Self {
            numerator: positive(numerator),
            denominator: positive(denominator),
        }
    }

    /// How much virtual time passes in so much wall time, rounded down.
    pub fn virtual_in(self, wall: Duration) -> Duration {
        let nanos = wall.as_nanos() * u128::from(self.numerator) / u128::from(self.denominator);
        from_nanos(nanos)
    }

    /// How much wall time so much virtual time takes, rounded up.
    pub fn wall_for(self, virtual_time: Duration) -> Duration {
        let nanos = virtual_time.as_nanos() * u128::from(self.denominator);
        from_nanos(nanos.div_ceil(u128::from(self.numerator)))
    }

    /// So many times as fast.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self::new(self.numerator.saturating_mul(factor), self.denominator)
    }

    fn is_faster_than(self, other: Self) -> bool {
        let cross = |left: Self, right: Self| u64::from(left.numerator) * u64::from(right.denominator);
        cross(self, other) > cross(other, self)
    }
}

impl From<Rate> for Speed {
    fn from(rate: Rate) -> Self {
        Self::Times {
            numerator: rate.numerator,
            denominator: rate.denominator,
        }
    }
}

fn from_nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The rate of a speed now; `None`: as fast as can be.
pub fn rate(speed: Speed, snapshot: &Snapshot) -> Option<Rate> {
    let (numerator, denominator) = speed.ratio(snapshot)?;
    Some(Rate::new(numerator, denominator))
}

/// The next slower speed on the ladder, from what is in force now.
pub fn slower(speed: Speed, snapshot: &Snapshot) -> Speed {
    match rate(speed, snapshot) {
        None => LADDER[LADDER.len() - 1].into(),
        Some(now) => LADDER
            .into_iter()
            .rev()
            .find(|step| now.is_faster_than(*step))
            .unwrap_or(LADDER[0])
            .into(),
    }
}

/// The next faster speed on the ladder, from what is in force now.
pub fn faster(speed: Speed, snapshot: &Snapshot) -> Speed {
    let Some(now) = rate(speed, snapshot) else {
        return Speed::Max;
    };
    LADDER
        .into_iter()
        .find(|step| step.is_faster_than(now))
        .map_or(Speed::Max, Speed::from)
}

/// Reads a speed: `auto`, `max`, `1/50`, `2`, `0.25`.
///
/// # Errors
///
/// A sentence that says what would be one.
pub fn parse_speed(text: &str) -> Result<Speed, String> {
    let rate = match text {
        "auto" => return Ok(Speed::Auto),
        "max" => return Ok(Speed::Max),
        number => parse_rate(number),
    };
    let in_range = |rate: &Rate| !LADDER[0].is_faster_than(*rate) && !rate.is_faster_than(Rate::new(1000, 1));
    rate.filter(in_range)
        .map(Speed::from)
        .ok_or_else(|| format!("`{text}` is no speed; try auto, 1/50, 1, 10 or max (from 1/1000 to 1000)"))
}

fn parse_rate(text: &str) -> Option<Rate> {
    let whole = |part: &str| part.parse::<u32>().ok().filter(|&number| number > 0);
    if let Some((numerator, denominator)) = text.split_once('/') {
        return Some(Rate::new(whole(numerator)?, whole(denominator)?));
    }
    let Some((before, after)) = text.split_once('.') else {
        return Some(Rate::new(whole(text)?, 1));
    };
    let is_fraction =
        !after.is_empty() && after.len() <= 3 && after.bytes().all(|byte| byte.is_ascii_digit());
    let whole_part: u32 = if before.is_empty() {
        0
    } else {
        before.parse().ok()?
    };
    let thousandths: u32 = format!("{after:0<3}").parse().ok()?;
    let total = whole_part.checked_mul(1000)?.checked_add(thousandths)?;
    (is_fraction && total > 0).then(|| Rate::new(total, 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_turn_wall_time_into_virtual_time_and_back() {
        let millis = Duration::from_millis;
        assert_eq!(Rate::new(1, 40).virtual_in(millis(40)), millis(1));
        assert_eq!(Rate::new(100, 1).virtual_in(millis(33)), millis(3300));
        assert_eq!(
            Rate::new(1, 1000).virtual_in(millis(33)),
            Duration::from_micros(33)
        );
        assert_eq!(Rate::new(1, 8).wall_for(millis(50)), millis(400));
    }

    #[test]
    fn wall_time_is_rounded_up_so_that_none_is_given_away() {
        for (numerator, denominator) in [(1, 1000), (1, 40), (3, 7), (1, 1), (10, 1), (999, 1000)] {
            let rate = Rate::new(numerator, denominator);
            for nanos in [0, 1, 7, 999, 1_000_001, 33_333_333] {
                let wall = Duration::from_nanos(nanos);
                let there_and_back = rate.wall_for(rate.virtual_in(wall));
                assert!(there_and_back <= wall, "{numerator}/{denominator} {nanos}");
            }
        }
    }

    #[test]
    fn the_ladder_rises() {
        assert!(LADDER.windows(2).all(|pair| pair[1].is_faster_than(pair[0])));
    }

    #[test]
    fn zero_counts_as_one() {
        assert_eq!(Rate::new(0, 0), Rate::new(1, 1));
    }
}
