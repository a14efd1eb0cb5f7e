//! Routes: under which address a server is reached, as servers tell each other.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Incarnation, NodeId};

/// Where a server is reached. In the playground it is a channel's name, such as `ch-3`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<str>);

impl Address {
    /// The most bytes in an address.
    pub const LONGEST: usize = 64;

    /// An address; `None` where it is empty, longer than [`LONGEST`](Self::LONGEST), or not of visible ASCII characters.
    pub fn new(text: &str) -> Option<Self> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (!text.is_empty() && text.len() <= Self::LONGEST && is_visible).then(|| Self(text.into()))
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Which of two routes to a server is the newer. Only the server itself gives new versions: one with every start, and one with
/// every address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteVersion {
    /// The server's incarnation; 0 for a route that a person wrote down.
    pub incarnation: Incarnation,
    /// How many versions it has given since it started.
    pub change: u64,
}

impl RouteVersion {
    /// What no version may have reached: so there is always a later one.
    pub const END: u64 = 1 << 60;

    /// The version after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self {
            change: self.change.saturating_add(1),
            ..self
        }
    }

    /// Whether a server can have given it.
    pub fn is_possible(self) -> bool {
        self.incarnation.number() < Self::END && self.change < Self::END
    }
}

impl fmt::Display for RouteVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.incarnation, self.change)
    }
}

/// Under which address a server is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Route {
    /// The address.
    pub address: Address,
    /// How new this is.
    pub version: RouteVersion,
}

/// What one server tells another of a route. It says how long ago, not when: clocks need not agree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteNews {
    /// Whose route it is.
    pub node: NodeId,
    /// The route.
    pub route: Route,
    /// How long ago that server itself was last heard of.
    pub age: Duration,
}

/// A round of gossip: who pushes hears what it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Gossip {
    /// Everything that the sender knows, its own route among it.
    Push(Vec<RouteNews>),
    /// What the one that pushed did not know.
    Reply(Vec<RouteNews>),
}

impl Gossip {
    /// The routes that it tells of.
    pub fn news(&self) -> &[RouteNews] {
        match self {
            Self::Push(news) | Self::Reply(news) => news,
        }
    }
}
