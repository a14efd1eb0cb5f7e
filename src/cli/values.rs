//! What people write on the command line, read.

use std::time::Duration;

use crate::check::Property;
use crate::consensus::Rule;
use crate::playground::NODES_MAX;
use crate::save::seconds;
use crate::types::VirtualTime;

/// What must happen in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// No promise is broken.
    None,
    /// This one is.
    Violation(Property),
}

/// Seeds, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// The first that is not among them any more, if they have an end.
    pub end: Option<u64>,
}

/// `1..1000`, or `1..`.
pub(super) fn seeds(text: &str) -> Result<Seeds, String> {
    let seeds = text.split_once("..").and_then(|(first, end)| {
        let first = first.parse().ok()?;
        let end = if end.is_empty() {
            None
        } else {
            Some(end.parse().ok().filter(|end| *end > first)?)
        };
        Some(Seeds { first, end })
    });
    seeds.ok_or_else(|| format!("`{text}` are no seeds; try 1..1000, or 1.. for no end"))
}

/// `up-to-date-check`.
pub(super) fn rule(text: &str) -> Result<Rule, String> {
    let found = Rule::ALL.iter().copied().find(|rule| rule.word() == text);
    found.ok_or_else(|| {
        let words: Vec<&str> = Rule::ALL.iter().map(|rule| rule.word()).collect();
        format!("`{text}` is no rule; the rules are {}", words.join(", "))
    })
}

/// `5`.
pub(super) fn nodes(text: &str) -> Result<u64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=NODES_MAX).contains(number));
    number.ok_or_else(|| format!("a cluster has 1 to {NODES_MAX} nodes"))
}

/// The most MiB of a save: 1 to 4096.
pub(super) fn save_limit(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (1..=4096).contains(number));
    number.ok_or_else(|| "a limit for saves is 1 to 4096, in MiB".to_owned())
}

/// `1.5..2`: seconds of the cluster's time.
pub(super) fn stretch(text: &str) -> Result<(VirtualTime, VirtualTime), String> {
    let at = |text: &str| seconds::parse(text).ok();
    let stretch = text
        .split_once("..")
        .and_then(|(from, to)| Some((at(from)?, at(to)?)));
    stretch
        .filter(|(from, to)| from < to)
        .ok_or_else(|| format!("`{text}` is no stretch of time; try 1.5..2, in seconds"))
}

/// `500ms`, `10s`, `1.5s`, `2m`, `1h`: exact, without floating point.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let error = || format!("`{text}` is no length of time; try 500ms, 10s or 2m");
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let nanos_per_unit: u64 = match &text[digits.len()..] {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(error()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
        return Err(error());
    }
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| error());
    let billionths = number(&format!("{fraction:0<9}"))?;
    let fraction = u128::from(billionths) * u128::from(nanos_per_unit) / 1_000_000_000;
    let whole = u128::from(number(whole)?) * u128::from(nanos_per_unit);
    u64::try_from(whole + fraction)
        .map(Duration::from_nanos)
        .map_err(|_| error())
}

/// `none`, or `violation:LeaderCompleteness`; capitals and hyphens do not matter.
pub(super) fn expectation(text: &str) -> Result<Expectation, String> {
    if text == "none" {
        return Ok(Expectation::None);
    }
    let plain = |name: &str| name.replace(['-', '_', ' '], "").to_lowercase();
    let named = |name: &str| {
        let properties = Property::ALL.iter().copied();
        properties
            .into_iter()
            .find(|property| plain(property.name()) == plain(name))
    };
    text.strip_prefix("violation:")
        .and_then(named)
        .map(Expectation::Violation)
        .ok_or_else(|| {
            let all: Vec<&str> = Property::ALL.iter().map(|property| property.name()).collect();
            format!("write none, or violation: and one of {}", all.join(", "))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_exact() {
        let nanos = |text| duration(text).map(|length| length.as_nanos()).ok();
        assert_eq!(nanos("500ms"), Some(500_000_000));
        assert_eq!(nanos("1.5s"), Some(1_500_000_000));
        assert_eq!(nanos("2m"), Some(120_000_000_000));
        assert_eq!(nanos("0.000000001s"), Some(1));
        for wrong in [
            "",
            "10",
            "s",
            "-1s",
            "1e3s",
            "1 s",
            "1d",
            "99999999h",
            "1.s.2",
            "1²s",
            "½s",
        ] {
            assert_eq!(nanos(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn seeds_have_a_beginning_and_may_have_an_end() {
        let (first, end) = (3, Some(9));
        assert_eq!(seeds("3..9"), Ok(Seeds { first, end }));
        assert_eq!(seeds("3.."), Ok(Seeds { first, end: None }));
        for wrong in ["", "3", "..", "..9", "9..3", "3..3", "3..=9", "-1..3", "a..b"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn expectations_are_named_as_people_write_them() {
        let expected = Ok(Expectation::Violation(Property::LeaderCompleteness));
        assert_eq!(expectation("violation:LeaderCompleteness"), expected);
        assert_eq!(expectation("violation:leader-completeness"), expected);
        assert_eq!(expectation("none"), Ok(Expectation::None));
        assert!(expectation("violation:").is_err());
        assert!(expectation("LeaderCompleteness").is_err());
    }
}
