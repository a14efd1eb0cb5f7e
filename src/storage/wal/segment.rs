//! Segments: their numbers, and their files' names.

use std::fmt;

/// A segment's place in the log, from 1, and its generation: no two segments of a node ever have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNumber(u64);

impl SegmentNumber {
    pub(super) const FIRST: Self = Self(1);

    /// Wraps the number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one after it; the last number stays the last.
    pub(super) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The one before it; the first stays the first.
    pub(super) fn previous(self) -> Self {
        Self(self.0.saturating_sub(1).max(1))
    }

    /// The name of the segment's file.
    pub fn file_name(self) -> String {
        format!("wal-{:010}.log", self.0)
    }

    /// The segment that a file is, if it is one.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let digits = name.strip_prefix("wal-")?.strip_suffix(".log")?;
        let number = Self(digits.parse().ok()?);
        (number.0 > 0 && number.file_name() == name).then_some(number)
    }
}

impl fmt::Display for SegmentNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_give_are_segments() {
        assert_eq!(
            SegmentNumber::of_file("wal-0000000012.log"),
            Some(SegmentNumber(12))
        );
        assert_eq!(
            SegmentNumber::of_file(&SegmentNumber(u64::MAX).file_name()),
            Some(SegmentNumber(u64::MAX))
        );
        for name in [
            "wal-12.log",
            "wal-0000000000.log",
            "wal-+000000012.log",
            "wal-0000000012.tmp",
            "snapshot",
        ] {
            assert_eq!(SegmentNumber::of_file(name), None, "{name}");
        }
    }
}
