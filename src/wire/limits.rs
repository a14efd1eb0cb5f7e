//! How much a link may carry at once.

/// Bounds on a frame. Both ends of a link must have the same: what is sent past them the receiver refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The most bytes in a frame, its length not counted. A frame that claims more is refused before it has come.
    pub frame_bytes: u32,
    /// The most entries in a frame, and the most elements of every list in it: the voters of a configuration, the routes of gossip. In memory
    /// they take more than on the wire, so the bytes alone are no bound.
    pub items: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 64 << 20,
            items: 1 << 16,
        }
    }
}

impl Limits {
    /// What a frame takes beside a command, at most.
    const AROUND: u32 = 128;

    /// The longest command that fits into a frame under all circumstances. A longer one must not be proposed: nobody could replicate it.
    pub fn longest_command(&self) -> u64 {
        u64::from(self.frame_bytes.saturating_sub(Self::AROUND))
    }
}
