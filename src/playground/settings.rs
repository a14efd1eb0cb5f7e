//! How a world behaves: its defaults are a small data centre at which a class can look.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::load::Load;
use crate::consensus::{Limits, Protections, RuleSet, Switch};
use crate::storage::simulated::SimulatedDisk;

/// Bytes of a snapshot in one message: so few that one can watch a small state go over.
const CHUNK_BYTES: u64 = 32;

/// A world's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Election timeouts are drawn from this range.
    pub election_timeout: Span,
    /// The time between a leader's heartbeats.
    pub heartbeat: Duration,
    /// How links carry messages, unless set otherwise.
    pub link: LinkSettings,
    /// How disks behave, unless set otherwise.
    pub disk: DiskSettings,
    /// What protects the cluster beyond the paper's Raft: nothing, at first.
    pub protections: Protections,
    /// Whether learners that have caught up become voters by themselves: not at first.
    pub auto_promote: Switch,
    /// Whether nodes pass on to the leader what clients want.
    pub reroute: Switch,
    /// Whether nodes tell each other where they are: not at first.
    pub gossip: Switch,
    /// Whether time stands, and nothing happens but what a person chooses: not at first.
    pub manual: Switch,
    /// How clients ask by themselves: not at first.
    pub load: Option<Load>,
    /// Bounds on what leaders send.
    pub limits: Limits,
    /// The rules of Raft that are kept: all, unless one is broken on purpose.
    pub rules: RuleSet,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            election_timeout: Span::of_millis(150, 300),
            heartbeat: Duration::from_millis(50),
            link: LinkSettings::default(),
            disk: DiskSettings::default(),
            protections: Protections::default(),
            auto_promote: Switch::Off,
            reroute: Switch::Off,
            gossip: Switch::Off,
            manual: Switch::Off,
            load: None,
            limits: Limits {
                chunk_bytes: CHUNK_BYTES,
                ..Limits::default()
            },
            rules: RuleSet::sound(),
        }
    }
}

impl Settings {
    /// Checks what would let time stand still, or nothing through.
    ///
    /// # Errors
    ///
    /// Says what is wrong, in a sentence.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let limits = &self.limits;
        let problems = [
            (
                !self.link.is_valid(),
                "a share of messages is at most 1000000 ppm",
            ),
            (
                limits.entries_per_request == 0,
                "a request carries at least one entry",
            ),
            (
                limits.in_flight.requests == 0 || limits.in_flight.weight == 0,
                "at least one request may be in flight",
            ),
            (
                limits.chunk_bytes == 0,
                "a piece of a snapshot has at least one byte",
            ),
            (
                limits.compaction.entries == Some(0) || limits.compaction.weight == Some(0),
                "snapshots are at least one entry apart",
            ),
            (self.heartbeat.is_zero(), "heartbeats must be some time apart"),
            (
                self.election_timeout.max().is_zero(),
                "election timeouts must take some time",
            ),
        ];
        if let Some(load) = &self.load {
            load.check()?;
        }
        match problems.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, problem)) => Err(problem),
            None => Ok(()),
        }
    }
}

/// A range of durations, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u64, u64)", into = "(u64, u64)")]
pub struct Span {
    min: Duration,
    max: Duration,
}

impl Span {
    /// The longest duration in a span: an hour.
    pub const LONGEST: Duration = Duration::from_secs(3600);

    /// A range; `None` where it is upside down or longer than [`LONGEST`](Self::LONGEST).
    pub fn new(min: Duration, max: Duration) -> Option<Self> {
        (min <= max && max <= Self::LONGEST).then_some(Self { min, max })
    }

    /// A range in milliseconds.
    pub const fn of_millis(min: u64, max: u64) -> Self {
        assert!(min <= max && max <= 3_600_000, "a span that can't be");
        Self {
            min: Duration::from_millis(min),
            max: Duration::from_millis(max),
        }
    }

    /// The shortest.
    pub const fn min(self) -> Duration {
        self.min
    }

    /// The longest.
    pub const fn max(self) -> Duration {
        self.max
    }
}

/// From microseconds, as saves and commands write them.
impl TryFrom<(u64, u64)> for Span {
    type Error = String;

    fn try_from((min, max): (u64, u64)) -> Result<Self, String> {
        Self::new(Duration::from_micros(min), Duration::from_micros(max))
            .ok_or_else(|| format!("({min}, {max}) is no range of microseconds up to an hour"))
    }
}

impl From<Span> for (u64, u64) {
    fn from(span: Span) -> Self {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        (micros(span.min), micros(span.max))
    }
}

/// How a link carries messages. Shares are in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSettings {
    /// How long a message takes, in microseconds from and to; the difference is the jitter.
    pub latency: Span,
    /// How many of a million messages are lost.
    pub loss_ppm: u32,
    /// How many of a million messages arrive twice.
    pub duplication_ppm: u32,
    /// How many of a million messages are held up so that later ones overtake them. All others keep their order.
    pub reordering_ppm: u32,
    /// How many of a million messages straggle: they are held up for up to 256 times as long as messages take at most, or 4 s, whichever is less. Most
    /// of these are held up for a little, and as many for one to two times something as for two to four.
    #[serde(skip_serializing_if = "is_none_of_them")]
    pub straggling_ppm: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde has it")]
fn is_none_of_them(share: &u32) -> bool {
    *share == 0
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            latency: Span::of_millis(10, 15),
            loss_ppm: 0,
            duplication_ppm: 0,
            reordering_ppm: 0,
            straggling_ppm: 0,
        }
    }
}

impl LinkSettings {
    /// All of a million.
    pub const ALL_PPM: u32 = 1_000_000;

    /// Whether every share is at most all.
    pub fn is_valid(&self) -> bool {
        let shares = [
            self.loss_ppm,
            self.duplication_ppm,
            self.reordering_ppm,
            self.straggling_ppm,
        ];
        shares.iter().all(|&share| share <= Self::ALL_PPM)
    }
}

/// What is the matter with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DiskFault {
    /// Syncs that begin now fail.
    SyncsFail,
    /// There is room for so many more bytes, and no more.
    Full(u64),
    /// Nothing any more: syncs that begin now succeed, and there is room.
    Mended,
}

impl DiskFault {
    /// Has it befall a disk.
    pub(super) fn befall(self, disk: &mut SimulatedDisk) {
        match self {
            Self::SyncsFail => disk.set_syncs_fail(true),
            Self::Full(room) => disk.set_capacity(Some(disk.used().saturating_add(room))),
            Self::Mended => {
                disk.set_syncs_fail(false);
                disk.set_capacity(None);
            }
        }
    }
}

/// How a disk behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiskSettings {
    /// How long a sync takes, in microseconds from and to.
    pub latency: Span,
}

impl Default for DiskSettings {
    fn default() -> Self {
        Self {
            latency: Span::of_millis(1, 3),
        }
    }
}
