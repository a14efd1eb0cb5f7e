//! Who watches what happens inside a server: nobody, or, with the feature `tracing`, whoever listens to the events of that crate.

use crate::consensus::{Event, Observer};
use crate::types::NodeId;

/// Whoever watches one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Onlooker {
    #[cfg(feature = "tracing")]
    node: NodeId,
}

#[cfg(feature = "tracing")]
impl Onlooker {
    /// Whoever listens hears that the server runs, and then every [`Event`] of it, with the values that decided.
    pub(super) fn of(node: NodeId) -> Self {
        tracing::info!(%node, "runs");
        Self { node }
    }

    /// The server runs no more.
    pub(super) fn leave(self, reason: Option<&str>) {
        let node = self.node;
        match reason {
            None => tracing::info!(%node, "has stopped"),
            Some(reason) => tracing::error!(%node, reason, "can't go on"),
        }
    }
}

#[cfg(feature = "tracing")]
impl Observer for Onlooker {
    fn observe(&mut self, event: Event) {
        tracing::debug!(node = %self.node, ?event);
    }
}

#[cfg(not(feature = "tracing"))]
impl Onlooker {
    pub(super) fn of(_: NodeId) -> Self {
        Self {}
    }

    #[expect(clippy::unused_self, reason = "with the feature it says who")]
    pub(super) fn leave(self, _: Option<&str>) {}
}

/// Nobody: then no event is even made.
#[cfg(not(feature = "tracing"))]
impl Observer for Onlooker {
    const ENABLED: bool = false;

    fn observe(&mut self, _: Event) {}
}
