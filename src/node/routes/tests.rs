use proptest::prelude::*;

use super::*;

const MEMBERS: u64 = 5;

fn id(number: u64) -> NodeId {
    NodeId::new(number)
}

fn address(text: &str) -> Address {
    Address::new(text).expect("a short name")
}

fn at(seconds: u64) -> LocalTime {
    LocalTime::default().after(Duration::from_secs(seconds))
}

fn version(incarnation: u64, change: u64) -> RouteVersion {
    RouteVersion {
        incarnation: Incarnation::new(incarnation),
        change,
    }
}

fn news(node: u64, text: &str, version: RouteVersion, age: u64) -> RouteNews {
    RouteNews {
        node: id(node),
        route: Route {
            address: address(text),
            version,
        },
        age: Duration::from_secs(age),
    }
}

/// The table of S9, to which all news in these tests is of others.
fn table() -> Routes {
    Routes::new(id(9), address("ch-9"))
}

fn any_news() -> impl Strategy<Value = Vec<RouteNews>> {
    let one = (1..=MEMBERS, "ch-[a-c]", 0..3_u64, 0..3_u64, 0..4_u64);
    let one =
        one.prop_map(|(node, text, starts, change, age)| news(node, &text, version(starts, change), age));
    prop::collection::vec(one, 0..8)
}

/// What a table says at a moment; how it came to say so is no part of it.
fn said(routes: &Routes, now: LocalTime) -> Gossip {
    routes.push(now)
}

fn merged(all: &[&[RouteNews]]) -> Routes {
    let mut routes = table();
    for news in all {
        routes.merge(at(10), id(8), news).expect("it is believable");
    }
    routes
}

proptest! {
    #[test]
    fn the_order_in_which_news_comes_makes_no_difference(one in any_news(), other in any_news(), third in any_news()) {
        let whole: Vec<RouteNews> = one.iter().chain(&other).cloned().collect();
        let now = at(11);
        prop_assert_eq!(said(&merged(&[&one, &other]), now), said(&merged(&[&other, &one]), now), "commutative");
        prop_assert_eq!(said(&merged(&[&whole, &third]), now), said(&merged(&[&one, &other, &third]), now), "associative");
        prop_assert_eq!(said(&merged(&[&one, &one]), now), said(&merged(&[&one]), now), "idempotent");
    }

    #[test]
    fn after_push_and_reply_both_know_the_same_routes(one in any_news(), other in any_news()) {
        let mut left = merged(&[&one]);
        let mut right = Routes::new(id(7), address("ch-7"));
        right.merge(at(10), id(8), &other).expect("it is believable");
        let push = left.push(at(10));
        right.merge(at(10), id(9), push.news()).expect("it is believable");
        let reply = right.reply(push.news(), at(10));
        left.merge(at(10), id(7), reply.news()).expect("it is believable");
        for node in (1..=MEMBERS).map(id) {
            let route = |routes: &Routes| routes.known().get(&node).map(|known| known.route.clone());
            prop_assert_eq!(route(&left), route(&right));
        }
        prop_assert_eq!(left.address_of(id(7)), Some(&address("ch-7")));
        prop_assert_eq!(right.address_of(id(9)), Some(&address("ch-9")));
    }
}

#[test]
fn of_two_routes_that_of_the_higher_version_is_believed() {
    let mut routes = table();
    let learned = |events: &[RouteEvent]| matches!(events, [RouteEvent::Learned { .. }]);
    let first = routes
        .merge(at(1), id(2), &[news(1, "ch-1", version(1, 1), 0)])
        .unwrap();
    assert!(learned(&first));
    let old = routes
        .merge(at(2), id(2), &[news(1, "ch-0", version(1, 0), 0)])
        .unwrap();
    assert_eq!((old, routes.address_of(id(1))), (vec![], Some(&address("ch-1"))));
    let restarted = routes
        .merge(at(3), id(2), &[news(1, "ch-2", version(2, 0), 0)])
        .unwrap();
    assert!(
        learned(&restarted),
        "a start counts for more than changes before it"
    );
    assert_eq!(routes.address_of(id(1)), Some(&address("ch-2")));
}

#[test]
fn ages_go_on_here_whatever_the_clocks_of_others_say() {
    let mut routes = table();
    routes
        .merge(at(100), id(2), &[news(1, "ch-1", version(1, 0), 7)])
        .unwrap();
    let age = |routes: &Routes, now| routes.known()[&id(1)].age_at(now);
    assert_eq!(age(&routes, at(103)), Duration::from_secs(10));
    routes
        .merge(at(103), id(2), &[news(1, "ch-1", version(1, 0), 2)])
        .unwrap();
    assert_eq!(
        age(&routes, at(103)),
        Duration::from_secs(2),
        "it was heard of since"
    );
    routes
        .merge(at(103), id(2), &[news(1, "ch-1", version(1, 0), 90)])
        .unwrap();
    assert_eq!(
        age(&routes, at(103)),
        Duration::from_secs(2),
        "what is older is no news"
    );
}

#[test]
fn nobody_can_tell_a_server_where_it_is() {
    let mut routes = table();
    let events = routes
        .merge(at(1), id(2), &[news(9, "ch-elsewhere", version(4, 2), 0)])
        .unwrap();
    assert_eq!(routes.own().address, address("ch-9"));
    assert!(routes.own().version > version(4, 2), "its own is the newer again");
    assert!(matches!(&events[..], [RouteEvent::Defended { .. }]));
    let own = routes.own().clone();
    let known = RouteNews {
        node: id(9),
        route: own.clone(),
        age: Duration::from_secs(3),
    };
    assert_eq!(routes.merge(at(2), id(2), &[known]), Ok(vec![]));
    assert_eq!(routes.own(), &own);
}

#[test]
fn what_can_not_be_is_refused_whole() {
    let mut routes = table();
    let good = news(1, "ch-1", version(1, 0), 0);
    let bad = news(2, "ch-2", version(RouteVersion::END, 0), 0);
    assert_eq!(
        routes.merge(at(1), id(2), &[good, bad]),
        Err(RouteRefusal::Version)
    );
    let many: Vec<RouteNews> = (10..10 + ROUTES_MOST as u64 + 2)
        .map(|node| news(node, "ch-x", version(1, 0), 0))
        .collect();
    assert_eq!(routes.merge(at(1), id(2), &many), Err(RouteRefusal::TooMany));
    assert_eq!(routes, table());
    let ancient = news(1, "ch-1", version(1, 0), u64::MAX);
    routes.merge(at(1), id(2), &[ancient]).unwrap();
    assert_eq!(routes.known()[&id(1)].age_at(at(2)), OLDEST);
    for text in ["", "ch 3", "ch-\u{7}", &"x".repeat(Address::LONGEST + 1)] {
        assert_eq!(Address::new(text), None, "{text:?}");
    }
}

#[test]
fn every_start_and_every_address_is_a_later_version() {
    let mut routes = table();
    let mut versions = vec![routes.own().version];
    for incarnation in [1, 2, 5] {
        routes.restart(Incarnation::new(incarnation));
        versions.push(routes.own().version);
        routes.readdress(address("ch-9.1"));
        versions.push(routes.own().version);
    }
    routes.restart(Incarnation::new(5));
    versions.push(routes.own().version);
    assert!(
        versions.is_sorted_by(|earlier, later| earlier < later),
        "{versions:?}"
    );
}

#[test]
fn the_peer_is_whom_the_host_has_drawn() {
    let mut routes = table();
    assert_eq!(routes.peer(3), None, "it knows nobody");
    for node in [2, 4, 6] {
        routes.note(at(0), news(node, "ch-x", version(0, 0), 0));
    }
    let drawn: Vec<Option<NodeId>> = (0..4).map(|draw| routes.peer(draw)).collect();
    assert_eq!(drawn, [2, 4, 6, 2].map(|node| Some(id(node))));
    routes.forget(id(4));
    assert_eq!(routes.peer(1), Some(id(6)));
}
