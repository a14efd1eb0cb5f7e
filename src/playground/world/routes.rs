//! Where nodes are reached in a world, how they gossip about it, and how new servers get in by a seed.
//!
//! An address is a channel's name: S3's is `ch-3`, and after its first move `ch-3.1`. A message goes to the address that its sender knows;
//! where nobody is reached under that, or none is known, it is lost. No address is ever given twice.

use std::time::Duration;

use super::super::draw::{Draws, Purpose};
use super::super::host::{HostInput, Request, Response};
use super::super::record::{Happening, Loss};
use super::super::settings::Span;
use super::super::snapshot::Condition;
use super::follow::answer_of;
use super::{Due, Server, Slot, World};
use crate::consensus::{ChangeRefusal, Switch};
use crate::machine::Exhibit;
use crate::node::{KnownRoute, ProposalEnd, Routes};
use crate::types::{
    Address, Incarnation, JoinToken, LocalTime, MembershipChange, NodeId, NodeMap, ProposalId, Route,
    RouteNews, RouteVersion,
};

/// How long a node is silent between two rounds of gossip, for which the world draws: not all at once.
const GOSSIP_PAUSE: Span = Span::of_millis(150, 250);

/// The address of a node that was given another so often.
pub(super) fn address_of(id: NodeId, moves: u64) -> Address {
    let text = match moves {
        0 => format!("ch-{}", id.number()),
        moves => format!("ch-{}.{moves}", id.number()),
    };
    Address::new(&text).expect("two numbers make a short name")
}

/// The table that a node of a new cluster starts with: it knows all, for a person has written it down.
pub(super) fn usual_routes(
    own: NodeId,
    incarnation: Incarnation,
    nodes: impl IntoIterator<Item = (NodeId, u64)>,
) -> Routes {
    let mut address = address_of(own, 0);
    let mut known = NodeMap::new();
    for (id, moves) in nodes {
        if id == own {
            address = address_of(own, moves);
        } else {
            known.insert(id, written_down(id, moves));
        }
    }
    let version = RouteVersion {
        incarnation,
        change: 0,
    };
    Routes::of(own, Route { address, version }, known).expect("few nodes, each once")
}

fn written_down(id: NodeId, moves: u64) -> KnownRoute {
    KnownRoute {
        route: Route {
            address: address_of(id, moves),
            version: RouteVersion::default(),
        },
        age: Duration::ZERO,
        noted: LocalTime::default(),
    }
}

impl Server {
    /// Gives it its address after so many moves.
    pub(super) fn be_moved(&mut self, moves: u64) {
        self.moves = moves;
        self.address = address_of(self.settings.raft.id, moves);
    }

    /// Whether a message for it gets here under an address.
    pub(super) fn reached_at(&self, address: Option<&Address>) -> Result<(), Loss> {
        match address {
            None => Err(Loss::NoRoute),
            Some(address) if *address != self.address => Err(Loss::NobodyThere),
            Some(_) => Ok(()),
        }
    }
}

/// How long a node is silent before its next round of gossip.
pub(super) fn gossip_pause(draws: Draws, id: NodeId, gossips: u64) -> Duration {
    draws.duration(Purpose::GossipPause, &[id.number(), gossips], GOSSIP_PAUSE)
}

impl<M: Exhibit + Default> World<M> {
    /// A round of gossip is due. A frozen node lets it pass.
    pub(super) fn gossip(&mut self, id: NodeId) {
        let server = self.server(id);
        server.gossip = None;
        if server.condition == Condition::Up {
            let draw = self
                .draws
                .word(Purpose::GossipPeer, &[id.number(), self.nodes[&id].gossips]);
            self.hand(id, HostInput::Gossip(draw));
        }
        self.begin_gossip(id);
    }

    /// Lets a running node gossip from now on, if nodes do.
    pub(super) fn begin_gossip(&mut self, id: NodeId) {
        let is_running = self.nodes[&id].condition != Condition::Down;
        if !is_running || !self.settings.gossip.is_on() || self.nodes[&id].gossip.is_some() {
            return;
        }
        self.server(id).gossips += 1;
        let pause = gossip_pause(self.draws, id, self.nodes[&id].gossips);
        self.schedule_gossip(id, pause);
    }

    fn schedule_gossip(&mut self, id: NodeId, pause: Duration) {
        self.end_gossip(id);
        let slot: Slot = self.schedule(self.now.after(pause), Due::Gossip(id));
        self.server(id).gossip = Some(slot);
    }

    fn end_gossip(&mut self, id: NodeId) {
        if let Some(slot) = self.server(id).gossip.take() {
            self.queue.remove(&slot);
        }
    }

    pub(super) fn switch_gossip(&mut self, switch: Switch) {
        self.settings.gossip = switch;
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        for id in ids {
            match switch {
                Switch::On => self.begin_gossip(id),
                Switch::Off => self.end_gossip(id),
            }
        }
    }

    pub(super) fn lose_route(&mut self, at: NodeId, of: NodeId) {
        self.change_routes(at, Request::ForgetRoute(of), |routes| routes.forget(of));
    }

    /// What was on its way to the old address is lost. Where nodes gossip, this one does so at once.
    pub(super) fn readdress(&mut self, id: NodeId) {
        let server = self.server(id);
        server.be_moved(server.moves + 1);
        let address = server.address.clone();
        let request = Request::Readdress(address.clone());
        self.change_routes(id, request, |routes| routes.readdress(address));
        let dropped = self.network.drop_to(id);
        self.lose_dropped(dropped, Loss::NobodyThere);
        if self.nodes[&id].gossip.is_some() {
            self.schedule_gossip(id, Duration::ZERO);
        }
    }

    /// Changes the table of a node: in its process, or beside its disk while it is down.
    fn change_routes(&mut self, id: NodeId, request: Request, change: impl FnOnce(&mut Routes)) {
        match &mut self.server(id).parked {
            Some(parked) => {
                change(&mut parked.routes);
                self.server(id).seen_down = None;
            }
            None => drop::<Response>(self.host.call(id, request)),
        }
    }

    fn note_route(&mut self, at: NodeId, news: RouteNews) {
        let now = self.clock(at).at(self.now);
        let request = Request::NoteRoute(now, news.clone());
        self.change_routes(at, request, |routes| routes.note(now, news));
    }
}

/// Joining.
impl<M: Exhibit + Default> World<M> {
    /// A new server asks a node to let it join. It has no id yet; its token stands for it.
    pub(super) fn join_via(&mut self, seed: NodeId) {
        let id = self.next_proposal;
        self.next_proposal = id.next();
        let token = JoinToken::new(id.number());
        self.joining.insert(token, seed);
        self.hand(seed, HostInput::Reconfigure(id, MembershipChange::Join(token)));
    }

    /// The leader that a node names to a new server, where that asked it first: there it asks as well, once.
    pub(super) fn join_sent_on(&self, by: NodeId, asked: ProposalId, end: &ProposalEnd) -> Option<NodeId> {
        let ProposalEnd::ChangeRefused(ChangeRefusal::NotLeader { leader }) = end else {
            return None;
        };
        let seed = self.joining.get(&JoinToken::new(asked.number()))?;
        leader.filter(|leader| *seed == by && *leader != by)
    }

    /// The new server asks there, with the same token: whoever asks twice gets one id.
    pub(super) fn ask_leader_to_join(&mut self, seed: NodeId, asked: ProposalId, leader: NodeId) {
        if self.nodes.get(&leader).map(|server| server.condition) != Some(Condition::Up) {
            let leader = Some(leader);
            let refusal = ProposalEnd::ChangeRefused(ChangeRefusal::NotLeader { leader });
            return self.answer(seed, asked, answer_of(refusal));
        }
        self.record(Happening::JoinSentOn { seed, leader });
        let token = JoinToken::new(asked.number());
        self.hand(
            leader,
            HostInput::Reconfigure(asked, MembershipChange::Join(token)),
        );
    }

    /// What a new server knows of where others are, and who knows of it. By a seed it knows the seed alone; the seed knows it, and
    /// the server that committed its id, for both have heard from it. Without a seed a person has told everybody.
    pub(super) fn introduce(&mut self, id: NodeId, seed: Option<NodeId>, committed_by: NodeId) -> Routes {
        let now = self.clock(id).at(self.now);
        let known: Vec<NodeId> = match seed {
            Some(seed) => vec![seed],
            None => self.nodes.keys().copied().collect(),
        };
        let mut told = known.clone();
        if !told.contains(&committed_by) {
            told.push(committed_by);
        }
        let news_of = |node, moves| RouteNews {
            node,
            route: written_down(node, moves).route,
            age: Duration::ZERO,
        };
        for node in told {
            self.note_route(node, news_of(id, 0));
        }
        let mut routes = Routes::new(id, address_of(id, 0));
        for node in known {
            routes.note(now, news_of(node, self.nodes[&node].moves));
        }
        routes
    }
}
