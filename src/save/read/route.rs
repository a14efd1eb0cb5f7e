//! Routes.

use super::{Members, Orders, Problem, ensure, ensure_to_come};
use crate::node::{KnownRoute, Routes};
use crate::playground::WorldImage;
use crate::save::format::{MANY, NewsFile, NodeFile, RouteFile, StateFile};
use crate::save::scalar::{List, Number, Seconds, brief};
use crate::types::{
    Address, Incarnation, LocalTime, NodeId, NodeMap, Route, RouteNews, RouteVersion, VirtualTime,
};

/// What a node knows of where nodes are; by default all that a person could have written down.
pub(super) fn routes_of(id: NodeId, file: &NodeFile, image: &WorldImage) -> Result<Routes, Problem> {
    let starts = Incarnation::new(file.counters.starts.get());
    let first = RouteVersion {
        incarnation: starts,
        change: 0,
    };
    ensure(first.is_possible(), "it has started more often than any node can")?;
    let usual = image.usual_routes(id, starts);
    let address = usual.own().address.clone();
    let version = file.route_version.map_or(usual.own().version, version_of);
    let known = match &file.routes {
        None => usual.known().clone(),
        Some(routes) => known_of(routes)?,
    };
    let own = Route { address, version };
    Routes::of(id, own, known).ok_or_else(|| {
        Problem::new("its `routes` lead to other nodes, and tell of no version or age that can't be")
    })
}

fn known_of<const MOST: usize>(routes: &List<RouteFile, MOST>) -> Result<NodeMap<KnownRoute>, Problem> {
    let mut known = NodeMap::new();
    for file in routes.iter() {
        let node = Members::possible(file.node)?;
        let route = route_of(&file.address, file.version)?;
        let noted = LocalTime::from_nanos(file.noted.instant().nanos());
        let age = file.age.duration();
        if known.insert(node, KnownRoute { route, age, noted }).is_some() {
            return Err(Problem(format!("two of its routes lead to {node}")));
        }
    }
    Ok(known)
}

/// When a node gossips next, where nodes do.
pub(super) fn gossip_of(
    id: NodeId,
    file: &NodeFile,
    image: &WorldImage,
    orders: &mut Orders,
) -> Result<Option<(VirtualTime, u64)>, Problem> {
    let runs = file.state != StateFile::Down;
    if !runs || !image.settings.gossip.is_on() {
        return Ok(None);
    }
    let pause = image.gossip_pause(id, file.counters.gossips.get());
    let at = file.gossip.map_or(image.now.after(pause), Seconds::instant);
    ensure_to_come("it gossips", at, image.now)?;
    Ok(Some((at, orders.place(file.gossip_order))))
}

pub(super) fn news_of(files: &List<NewsFile, MANY>) -> Result<Vec<RouteNews>, Problem> {
    let news = files.iter().map(|file| {
        Ok(RouteNews {
            node: Members::possible(file.node)?,
            route: route_of(&file.address, file.version)?,
            age: file.age.duration(),
        })
    });
    news.collect()
}

fn route_of(address: &str, version: (Number, Number)) -> Result<Route, Problem> {
    let sentence = || Problem(format!("`{}` is no address such as ch-3", brief(address)));
    Ok(Route {
        address: Address::new(address).ok_or_else(sentence)?,
        version: version_of(version),
    })
}

fn version_of((starts, changes): (Number, Number)) -> RouteVersion {
    RouteVersion {
        incarnation: Incarnation::new(starts.get()),
        change: changes.get(),
    }
}
