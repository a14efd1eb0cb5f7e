//! The work that is measured: commands, and the machine that applies them.

use std::io::Read;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Workload;
use crate::machine::{MachineSnapshot, RestoreError, SnapshotTask, Snapshots, StateMachine, read_all};
use crate::types::LogIndex;

/// No more than this is spent on what is not counted.
const WARM_UP: Duration = Duration::from_millis(400);

/// The command with a number: the number, and filling.
pub(super) fn command(number: u64, bytes: usize) -> Bytes {
    let mut command = vec![0xa5; bytes.max(size_of::<u64>())];
    command[..size_of::<u64>()].copy_from_slice(&number.to_le_bytes());
    command.into()
}

/// A state machine that keeps a digest of all commands in their order, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    state: u64,
    count: u64,
    snapshots: Snapshots,
}

impl Digest {
    /// Takes in a command.
    pub(super) fn take(&mut self, command: &[u8]) {
        // FNV-1a's step, a word at a time: the order of the words decides, and so does each bit.
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let (words, rest) = command.as_chunks::<8>();
        let mut state = self.state;
        for word in words {
            state = (state ^ u64::from_le_bytes(*word))
                .wrapping_mul(PRIME)
                .rotate_left(29);
        }
        for &byte in rest {
            state = (state ^ u64::from(byte)).wrapping_mul(PRIME);
        }
        self.state = state;
        self.count += 1;
    }

    /// The digest and the count.
    pub(super) fn bytes(&self) -> [u8; 16] {
        (u128::from(self.state) << 64 | u128::from(self.count)).to_be_bytes()
    }
}

impl StateMachine for Digest {
    fn apply(&mut self, command: &[u8]) -> Bytes {
        self.take(command);
        Bytes::new()
    }

    fn query(&self, _: &[u8]) -> Bytes {
        Bytes::copy_from_slice(&self.bytes())
    }

    fn snapshot(&self) -> Option<MachineSnapshot> {
        self.snapshots.latest()
    }

    fn restore(&mut self, reader: &mut dyn Read) -> Result<(), RestoreError> {
        let bytes = read_all(reader)?;
        let bytes = <[u8; 16]>::try_from(&bytes[..]);
        let bytes = bytes.map_err(|_| RestoreError::Malformed("a digest has 16 bytes"))?;
        let whole = u128::from_be_bytes(bytes);
        let half = |shift: u32| u64::try_from(whole >> shift & u128::from(u64::MAX)).unwrap_or_default();
        (self.state, self.count) = (half(64), half(0));
        Ok(())
    }

    fn perform_snapshot(&mut self, index: LogIndex) -> SnapshotTask {
        let bytes = Bytes::copy_from_slice(&self.bytes());
        self.snapshots.keep(index, bytes)
    }
}

/// How long each command took, and when to stop.
pub(super) struct Meter {
    limit: u64,
    duration: Duration,
    started: Instant,
    sent: u64,
    /// How long each took, in nanoseconds.
    latencies: Vec<u64>,
}

impl Meter {
    /// For what is not counted.
    pub(super) fn warm_up(work: &Workload) -> Self {
        let limit = work
            .proposals
            .map_or(u64::MAX, |proposals| (proposals / 10).max(work.inflight));
        Self::new(limit, WARM_UP)
    }

    /// For what is.
    pub(super) fn of(work: &Workload) -> Self {
        Self::new(work.proposals.unwrap_or(u64::MAX), work.duration)
    }

    fn new(limit: u64, duration: Duration) -> Self {
        Self {
            limit,
            duration,
            started: Instant::now(),
            sent: 0,
            latencies: Vec::new(),
        }
    }

    /// How many of so many commands may still be sent now.
    pub(super) fn allows(&mut self, wanted: u64, now: Instant) -> u64 {
        if now.duration_since(self.started) >= self.duration {
            return 0;
        }
        let allowed = wanted.min(self.limit - self.sent);
        self.sent += allowed;
        allowed
    }

    /// So many commands that were sent then are done now.
    pub(super) fn done(&mut self, count: usize, sent: Instant, now: Instant) {
        let nanos = now.duration_since(sent).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.latencies.extend(std::iter::repeat_n(nanos, count));
    }

    /// How long it took all in all, and each command in ascending order.
    pub(super) fn finish(mut self) -> (Duration, Vec<u64>) {
        let elapsed = self.started.elapsed();
        self.latencies.sort_unstable();
        (elapsed, self.latencies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_every_command_and_on_their_order_and_survives_a_snapshot() {
        let digest = |numbers: &[u64]| {
            let mut digest = Digest::default();
            for &number in numbers {
                digest.take(&command(number, 19));
            }
            digest
        };
        assert_ne!(digest(&[1, 2]).bytes(), digest(&[2, 1]).bytes());
        assert_ne!(digest(&[1, 2]).bytes(), digest(&[1, 2, 3]).bytes());
        let mut restored = Digest::default();
        restored.restore(&mut &digest(&[1, 2]).bytes()[..]).unwrap();
        assert_eq!(restored.bytes(), digest(&[1, 2]).bytes());
        assert!(restored.restore(&mut &b"x"[..]).is_err());
    }
}
