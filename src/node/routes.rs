//! What a server knows of where the others are, and how it spreads by gossip.
//!
//! Every server keeps a table of routes. From time to time it pushes the whole of it to a server that its host draws, and gets back what
//! that one knows better: an exchange with everybody would cost more, and news reaches all of n servers in about log n rounds anyway
//! (Demers et al., "Epidemic algorithms for replicated database maintenance", 1987).
//!
//! Of two routes to one server the one of the higher version is better, and only that server itself gives versions: so what is
//! better does not depend on who heard what first, and all tables come to agree. Nobody can tell a server what its own route is; it
//! answers what is wrong with a higher version. Routes are hints: a wrong one loses messages, which Raft can bear, and breaks no promise.

use std::time::Duration;

use crate::types::{
    Address, ClusterId, Gossip, Incarnation, LocalTime, MessageKind, NodeId, NodeMap, Route, RouteNews,
    RouteVersion,
};

/// The greatest age: what is older is as old. So ages stay small numbers, whatever is sent.
const OLDEST: Duration = Duration::from_secs(24 * 3600);

/// The most routes in a table, and in a message.
pub const ROUTES_MOST: usize = 256;

/// What a server knows of where the others are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Routes {
    id: NodeId,
    own: Route,
    known: NodeMap<KnownRoute>,
}

/// A route to another server, as this one knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownRoute {
    /// The route.
    pub route: Route,
    /// How long ago that server was last heard of, when this was noted.
    pub age: Duration,
    /// When this was noted, by this server's own clock.
    pub noted: LocalTime,
}

impl KnownRoute {
    /// How long ago that server was last heard of.
    pub fn age_at(&self, now: LocalTime) -> Duration {
        self.age.saturating_add(now.since(self.noted)).min(OLDEST)
    }

    /// Whether news is better: of a later version; or, at the same, a larger address (which settles a dispute the same way
    /// everywhere), or younger.
    fn is_beaten_by(&self, news: &RouteNews, now: LocalTime) -> bool {
        let own = (self.route.version, &self.route.address);
        let theirs = (news.route.version, &news.route.address);
        theirs > own || (theirs == own && news.age.min(OLDEST) < self.age_at(now))
    }
}

/// Something that became of routes, or of messages that are none of this cluster's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RouteEvent {
    /// It learned under which address another server is reached.
    Learned {
        /// The news.
        news: RouteNews,
        /// From whom.
        from: NodeId,
        /// The address that it knew before, if one.
        before: Option<Address>,
    },
    /// Others had a wrong route to it: it gives its own a higher version.
    Defended {
        /// From whom it heard that.
        from: NodeId,
        /// The address that they had.
        wrong: Address,
        /// The version of its own route now.
        version: RouteVersion,
    },
    /// It believes nothing of what it was told.
    Refused {
        /// By whom.
        from: NodeId,
        /// Why.
        reason: RouteRefusal,
    },
    /// A message is of another cluster: it is not even looked at.
    Foreign {
        /// The sender, in its own cluster.
        from: NodeId,
        /// That cluster.
        cluster: ClusterId,
        /// What came.
        kind: MessageKind,
    },
}

/// Why gossip is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteRefusal {
    /// It tells of more servers than there may be.
    TooMany,
    /// It tells of a version that no server can have given.
    Version,
    /// It is not for this server, or comes from itself.
    NotForUs,
}

impl Routes {
    /// The table of a server that is reached under this address and knows no other.
    pub fn new(id: NodeId, address: Address) -> Self {
        let version = RouteVersion::default();
        Self {
            id,
            own: Route { address, version },
            known: NodeMap::new(),
        }
    }

    /// The table as a save has it: `None` where it names the server itself among the others, too many of them, or what no server
    /// can have said.
    pub fn of(id: NodeId, own: Route, known: NodeMap<KnownRoute>) -> Option<Self> {
        let routes = known.values().map(|known| &known.route).chain([&own]);
        let are_possible = routes.map(|route| route.version).all(RouteVersion::is_possible);
        let are_young = known.values().all(|known| known.age <= OLDEST);
        let is_table = are_possible && are_young && !known.contains_key(&id) && known.len() <= ROUTES_MOST;
        is_table.then_some(Self { id, own, known })
    }

    /// The server whose table it is.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Its own route.
    pub fn own(&self) -> &Route {
        &self.own
    }

    /// The routes to others.
    pub fn known(&self) -> &NodeMap<KnownRoute> {
        &self.known
    }

    /// Where another server is reached; `None` where it knows no route to it.
    pub fn address_of(&self, node: NodeId) -> Option<&Address> {
        self.known.get(&node).map(|known| &known.route.address)
    }

    /// Notes a route that a person wrote down, or that a server brought along when it joined.
    pub fn note(&mut self, now: LocalTime, news: RouteNews) {
        let RouteNews { node, route, age } = news;
        let age = age.min(OLDEST);
        let has_room = self.known.len() < ROUTES_MOST || self.known.contains_key(&node);
        if node != self.id && has_room {
            let noted = now;
            self.known.insert(node, KnownRoute { route, age, noted });
        }
    }

    /// Begins an incarnation: whatever the others know of it is older.
    pub(super) fn restart(&mut self, incarnation: Incarnation) {
        let fresh = RouteVersion {
            incarnation,
            change: 0,
        };
        self.own.version = fresh.max(self.own.version.next());
    }

    /// It is reached under another address from now on.
    pub fn readdress(&mut self, address: Address) {
        self.own = Route {
            address,
            version: self.own.version.next(),
        };
    }

    /// Forgets a route.
    pub fn forget(&mut self, node: NodeId) {
        self.known.remove(&node);
    }

    /// The server to gossip with: that at the place which the host has drawn.
    pub(super) fn peer(&self, draw: u64) -> Option<NodeId> {
        let place = draw.checked_rem(self.known.len() as u64)?;
        self.known.keys().nth(usize::try_from(place).ok()?).copied()
    }

    /// All it knows, its own route among it: that is new now.
    pub(super) fn push(&self, now: LocalTime) -> Gossip {
        let mut news = vec![self.own_news()];
        news.extend(self.known.iter().map(|known| news_of(known, now)));
        Gossip::Push(news)
    }

    /// What it knows better than one that knows this; its own route always, for that is new now.
    pub(super) fn reply(&self, theirs: &[RouteNews], now: LocalTime) -> Gossip {
        let is_news = |node: &NodeId, known: &KnownRoute| {
            let mut of_node = theirs.iter().filter(|news| news.node == *node);
            let own = (known.route.version, &known.route.address);
            of_node.all(|news| (news.route.version, &news.route.address) < own)
        };
        let lacked = self.known.iter().filter(|(node, known)| is_news(node, known));
        let mut news = vec![self.own_news()];
        news.extend(lacked.map(|known| news_of(known, now)));
        Gossip::Reply(news)
    }

    fn own_news(&self) -> RouteNews {
        RouteNews {
            node: self.id,
            route: self.own.clone(),
            age: Duration::ZERO,
        }
    }

    /// Takes what is better than what it knows. Says which addresses are new to it.
    ///
    /// # Errors
    ///
    /// Where the sender can't be believed: then it takes nothing.
    pub(super) fn merge(
        &mut self,
        now: LocalTime,
        from: NodeId,
        news: &[RouteNews],
    ) -> Result<Vec<RouteEvent>, RouteRefusal> {
        self.check(news)?;
        let events = news.iter().filter_map(|news| {
            if news.node == self.id {
                self.defend(from, &news.route)
            } else {
                self.take(now, from, news)
            }
        });
        Ok(events.collect())
    }

    fn check(&self, news: &[RouteNews]) -> Result<(), RouteRefusal> {
        let unknown = news.iter().filter(|news| !self.known.contains_key(&news.node));
        if news.len() > ROUTES_MOST + 1 || self.known.len() + unknown.count() > ROUTES_MOST + 1 {
            return Err(RouteRefusal::TooMany);
        }
        let mut versions = news.iter().map(|news| news.route.version);
        if versions.all(RouteVersion::is_possible) {
            Ok(())
        } else {
            Err(RouteRefusal::Version)
        }
    }

    fn take(&mut self, now: LocalTime, from: NodeId, news: &RouteNews) -> Option<RouteEvent> {
        let known = self.known.get(&news.node);
        if known.is_some_and(|known| !known.is_beaten_by(news, now)) {
            return None;
        }
        let before = known.map(|known| known.route.address.clone());
        self.note(now, news.clone());
        (before.as_ref() != Some(&news.route.address)).then(|| RouteEvent::Learned {
            news: news.clone(),
            from,
            before,
        })
    }

    fn defend(&mut self, from: NodeId, theirs: &Route) -> Option<RouteEvent> {
        let is_newer = theirs.version > self.own.version;
        let is_disputed = theirs.version == self.own.version && theirs.address != self.own.address;
        if !is_newer && !is_disputed {
            return None;
        }
        self.own.version = theirs.version.next();
        Some(RouteEvent::Defended {
            from,
            wrong: theirs.address.clone(),
            version: self.own.version,
        })
    }
}

fn news_of((node, known): (&NodeId, &KnownRoute), now: LocalTime) -> RouteNews {
    RouteNews {
        node: *node,
        route: known.route.clone(),
        age: known.age_at(now),
    }
}

#[cfg(test)]
mod tests;
