//! Times as seconds in decimals, exact to the nanosecond: `12.402000001`. No detour over floating point.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::types::VirtualTime;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const DECIMALS: usize = 9;

/// `12.402`, or `12.0`: always with a point, never with an exponent.
pub(crate) fn text(time: VirtualTime) -> String {
    let nanos = time.nanos();
    let fraction = format!("{:0DECIMALS$}", nanos % NANOS_PER_SECOND);
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("{}.{fraction}", nanos / NANOS_PER_SECOND)
}

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time in seconds: digits, and up to nine more after a point")]
pub(crate) struct SecondsError(String);

/// Reads `12.402`, `12.` or `12`.
pub(crate) fn parse(text: &str) -> Result<VirtualTime, SecondsError> {
    // A comment or a text of any length may stand here: its beginning is enough to know it by.
    let error = || SecondsError(text.chars().take(24).filter(|c| !c.is_control()).collect());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > DECIMALS {
        return Err(error());
    }
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| error());
    let nanos = number(&format!("{fraction:0<DECIMALS$}"))?;
    number(whole)?
        .checked_mul(NANOS_PER_SECOND)
        .and_then(|seconds| seconds.checked_add(nanos))
        .map(VirtualTime::from_nanos)
        .ok_or_else(error)
}

/// For `#[serde(with)]`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it a reference")]
pub(crate) fn serialize<S: Serializer>(time: &VirtualTime, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = ron::value::RawValue::from_boxed_ron(text(*time).into());
    raw.map_err(S::Error::custom)?.serialize(serializer)
}

/// For `#[serde(with)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VirtualTime, D::Error> {
    let raw = Box::<ron::value::RawValue>::deserialize(deserializer)?;
    parse(raw.trim().get_ron()).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        let nanos = |text| parse(text).map(VirtualTime::nanos).ok();
        assert_eq!(nanos("1.5"), Some(1_500_000_000));
        assert_eq!(nanos("2"), Some(2_000_000_000));
        assert_eq!(nanos("2."), Some(2_000_000_000));
        assert_eq!(nanos("0.000000001"), Some(1));
        for wrong in [
            "",
            ".5",
            "-1.0",
            "1e3",
            "1.0000000001",
            "99999999999999",
            "1_0",
            "1.5.2",
            "one",
        ] {
            assert_eq!(nanos(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_time_comes_back(nanos: u64) {
            let time = VirtualTime::from_nanos(nanos);
            prop_assert_eq!(parse(&text(time)), Ok(time));
        }
    }
}
