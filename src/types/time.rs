//! The two times: the world's, and a node's own.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

macro_rules! instant {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The instant this many nanoseconds after the clock's zero.
            pub const fn from_nanos(nanos: u64) -> Self {
                Self(nanos)
            }

            /// Nanoseconds since the clock's zero.
            pub const fn nanos(self) -> u64 {
                self.0
            }

            /// The instant `duration` later; the last representable one where that would overflow.
            #[must_use]
            pub fn after(self, duration: Duration) -> Self {
                let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
                Self(self.0.saturating_add(nanos))
            }

            /// The time from `earlier` to this; zero where this is the earlier.
            pub const fn since(self, earlier: Self) -> Duration {
                Duration::from_nanos(self.0.saturating_sub(earlier.0))
            }
        }
    };
}

instant! {
    /// The world's time, in nanoseconds since the world began. Nobody inside the world can read it.
    VirtualTime
}
instant! {
    /// The cluster's time, in nanoseconds: what its leaders have stamped into the log. It stands still while nobody leads.
    ClusterTime
}
instant! {
    /// One node's own monotonic clock, in nanoseconds since its zero. It may run fast or slow against others.
    LocalTime
}

/// Seconds with three decimals, as the screen shows time: `12.402`.
impl fmt::Display for VirtualTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1_000_000_000, self.0 / 1_000_000 % 1_000);
        formatter.pad(&text)
    }
}
