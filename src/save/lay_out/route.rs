//! Routes.

use super::{id_of, local};
use crate::node::KnownRoute;
use crate::playground::{NodeImage, WorldImage};
use crate::save::format::{MANY, NewsFile, NodeFile, RouteFile};
use crate::save::scalar::{List, Number, Seconds, number};
use crate::types::{NodeId, RouteNews, RouteVersion};

/// What a node knows of where nodes are: nothing is told where that is what a person wrote down.
pub(super) fn tell_routes(file: &mut NodeFile, node: &NodeImage, image: &WorldImage) {
    let usual = image.usual_routes(node.id, node.incarnation);
    file.moves = number(node.moves);
    file.gossip = node.gossip.map(|(at, _)| Seconds::at(at));
    file.gossip_order = node.gossip.map(|(_, order)| number(order));
    file.counters.gossips = number(node.gossips);
    let (version, known) = (node.routes.own().version, node.routes.known());
    file.route_version = (version != usual.own().version).then(|| version_of(version));
    file.routes = (known != usual.known()).then(|| known.iter().map(route_of).collect());
}

pub(super) fn news_of(news: &[RouteNews]) -> List<NewsFile, MANY> {
    let news = news.iter().map(|news| NewsFile {
        node: id_of(news.node),
        address: news.route.address.text().to_owned(),
        version: version_of(news.route.version),
        age: Seconds::of(news.age),
    });
    news.collect()
}

fn route_of((id, known): (&NodeId, &KnownRoute)) -> RouteFile {
    RouteFile {
        node: id_of(*id),
        address: known.route.address.text().to_owned(),
        version: version_of(known.route.version),
        age: Seconds::of(known.age),
        noted: local(known.noted),
    }
}

fn version_of(version: RouteVersion) -> (Number, Number) {
    (number(version.incarnation.number()), number(version.change))
}
