//! Where servers are, and who tells whom, in words.

use super::election::message_name;
use super::telling::Telling;
use super::words::duration;
use crate::consensus::Switch;
use crate::node::RouteEvent;
use crate::node::RouteRefusal;
use crate::playground::record::Loss;
use crate::types::{Address, ClusterId, Envelope, Gossip, MessageKind, NodeId, RouteNews};

pub(super) fn switched(switch: Switch) -> Telling {
    let text = match switch {
        Switch::Off => "you switch gossip off",
        Switch::On => "you switch gossip on",
    };
    Telling::act(None, text.to_owned()).because(
        "With gossip, every server tells one other at a time where all are, and hears what it lacks",
        "",
    )
}

pub(super) fn route_lost(at: NodeId, of: NodeId) -> Telling {
    Telling::act(Some(at), format!("you have {at} forget where {of} is"))
        .because(
            "Where another server is reached is a hint: to lose it loses messages, and breaks no promise",
            "",
        )
        .value(format!(
            "{at} can send nothing to {of} until it hears of a route again"
        ))
}

pub(super) fn moved(node: NodeId) -> Telling {
    Telling::act(Some(node), format!("you move {node} to another address"))
        .long(format!(
            "you move {node} to another address: what goes to the old one is lost"
        ))
        .because(
            "Only a server itself gives its route a new version: the highest is the one to believe",
            "",
        )
        .value(format!(
            "the others know the old address, until gossip tells them of {node}'s new one"
        ))
}

pub(super) fn join_via(seed: NodeId) -> Telling {
    Telling::act(Some(seed), format!("you have a new server ask {seed} to join"))
        .long(format!(
            "you have a new server ask {seed} to join: it knows no other"
        ))
        .because(
            "A server that joins needs one address; its id it gets from the log, the rest from gossip",
            "thesis §4.4",
        )
}

pub(super) fn join_sent_on(seed: NodeId, leader: NodeId) -> Telling {
    Telling::step(seed, format!("{seed} names {leader} to the new server"))
        .long(format!(
            "{seed} does not lead and names {leader}: the new server asks there"
        ))
        .because("Only the leader can put an id into the log", "thesis §4.4")
        .value(format!("the leader, as far as {seed} knows: {leader}"))
        .otherwise("It comes with the same token: asked twice, the cluster gives it one id.")
}

pub(super) fn event(own: NodeId, event: &RouteEvent) -> Telling {
    match event {
        RouteEvent::Learned { news, from, before } => learned(own, news, *from, before.as_ref()),
        RouteEvent::Defended { from, wrong, version } => {
            Telling::step(own, format!("{own} gives its route a new version"))
                .long(format!(
                    "{own} is told by {from} that it is at {wrong}: its route is {version} now"
                ))
                .because(
                    "Nobody tells a server where it is: it answers what is wrong with a higher version",
                    "",
                )
                .value(format!("its version now: {version}"))
        }
        RouteEvent::Refused { from, reason } => refused(own, *from, *reason),
        RouteEvent::Foreign { from, cluster, kind } => foreign(own, *from, *cluster, *kind),
    }
}

fn learned(own: NodeId, news: &RouteNews, from: NodeId, before: Option<&Address>) -> Telling {
    let RouteNews { node, route, age } = news;
    let address = &route.address;
    let whose = if from == *node {
        "it".to_owned()
    } else {
        node.to_string()
    };
    let known = before.map_or_else(|| "no route".to_owned(), |before| format!("{before}"));
    Telling::step(own, format!("{own} learns: {node} is at {address}"))
        .long(format!(
            "{own} learns from {from} that {whose} is at {address}; before: {known}"
        ))
        .because(
            "Of two routes to a server, that of the higher version is believed",
            "",
        )
        .value(format!("version {} (starts, changes)", route.version))
        .value(format!("{node} was last heard of {} before", duration(*age)))
        .value(format!("{own} knew: {known}"))
        .otherwise(format!(
            "Without it, what {own} sends to {node} would go on being lost."
        ))
}

fn refused(own: NodeId, from: NodeId, reason: RouteRefusal) -> Telling {
    let why = match reason {
        RouteRefusal::TooMany => "it tells of more servers than there may be",
        RouteRefusal::Version => "it tells of a version that nobody can have given",
        RouteRefusal::NotForUs => "it is not for it",
    };
    Telling::step(own, format!("{own} believes none of {from}'s gossip"))
        .long(format!("{own} believes none of {from}'s gossip: {why}"))
        .because("What can't be right changes nothing", "")
        .value(why.to_owned())
}

fn foreign(own: NodeId, from: NodeId, cluster: ClusterId, kind: MessageKind) -> Telling {
    let what = message_name(kind);
    Telling::turn(own, format!("{own} refuses a {what} of another cluster"))
        .long(format!(
            "{own} refuses a {what} of cluster {cluster}'s {from}: not of its cluster"
        ))
        .because(
            "Servers of two clusters may have one id: a message of another cluster is not even looked at",
            "",
        )
        .value(format!("the cluster that the message is of: {cluster}"))
        .otherwise("Taken, it could vote, or overwrite entries, in a cluster that it knows nothing of.")
}

/// Gossip that came: what is new in it says so itself.
pub(super) fn came(envelope: &Envelope, gossip: &Gossip) -> Telling {
    let (from, to, count) = (envelope.from, envelope.to, gossip.news().len());
    let text = match gossip {
        Gossip::Push(_) => format!("{from} gossips with {to}: {count} routes"),
        Gossip::Reply(_) => format!("{to} hears from {from}: {count} routes"),
    };
    Telling::routine(to, text)
        .because(
            "Each pushes what it knows to one other, and hears what it lacks",
            "",
        )
        .value(format!("routes told of: {count}"))
}

/// Why nothing gets through where it is not the network's doing, with what would help.
pub(super) fn want_of_route(telling: Telling, envelope: &Envelope, reason: Loss, gossip: Switch) -> Telling {
    let (from, to) = (envelope.from, envelope.to);
    let what = match reason {
        Loss::NoRoute => format!("{from} knows no route to {to}"),
        Loss::NobodyThere => format!("{from} has an address that {to} has left"),
        Loss::Cut | Loss::Chance | Loss::ReceiverDown | Loss::ByHand => return telling,
    };
    let help = match gossip {
        Switch::Off => "Gossip is off: with :gossip on, servers tell each other where they are.",
        Switch::On => "Gossip will bring the route: from any server that knows it.",
    };
    telling.value(what).otherwise(help)
}
