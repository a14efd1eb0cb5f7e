//! What the world looks like, for whoever draws it.

use super::super::host::{Request, Response};
use super::super::snapshot::{
    Condition, DiskView, MessageView, NodeView, RoleView, Snapshot, SnapshotView, TimerView, Whereabouts,
};
use super::super::written::{DiskRecords, LISTED};
use super::{Server, World};
use crate::consensus::Persistent;
use crate::machine::{Exhibit, SessionTable};
use crate::node;
use crate::types::{LocalTime, LogIndex, NodeId};

impl<M: Exhibit + Default> World<M> {
    /// A picture of this moment.
    pub fn snapshot(&mut self) -> Snapshot {
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        let nodes: Vec<NodeView> = ids.iter().map(|&id| self.look(id)).collect();
        let messages = self.network.in_flight.iter().map(|(id, message)| MessageView {
            id,
            envelope: message.envelope.clone(),
            sent: message.sent,
            due: message.due,
            whereabouts: match (message.held, message.order) {
                (Some(since), _) => Whereabouts::Held { since },
                (None, Some(_)) => Whereabouts::OnTheWire,
                (None, None) => Whereabouts::Arrived,
            },
        });
        let pairs = ids.iter().flat_map(|&from| ids.iter().map(move |&to| (from, to)));
        let cut = pairs
            .filter(|link| link.0 != link.1 && self.network.is_blocked(*link))
            .collect();
        Snapshot {
            now: self.now,
            seed: self.draws.seed(),
            settings: self.settings.clone(),
            messages: messages.collect(),
            cut,
            partition: self.network.partition.clone(),
            gossip: self
                .nodes
                .iter()
                .filter_map(|(id, server)| Some((*id, server.gossip?.at)))
                .collect(),
            links: self.network.own_settings(),
            trace_hash: self.trace.hash(),
            broken: self
                .violations()
                .iter()
                .map(|violation| violation.property.name())
                .collect(),
            delivered: self.delivered,
            nodes,
        }
    }

    fn look(&mut self, id: NodeId) -> NodeView {
        let server = self.server(id);
        if server.condition == Condition::Down {
            let seen = server
                .seen_down
                .take()
                .unwrap_or_else(|| look_at_disk(id, server));
            server.seen_down = Some(seen.clone());
            return seen;
        }
        let mut view = match self.host.call(id, Request::Look) {
            Response::Seen(view) => *view,
            Response::Failed(reason) => unreachable!("looking at {id} failed: {reason}"),
            Response::Stepped(_) | Response::Listed(_) | Response::Imaged(_) | Response::Done(_) => {
                unreachable!("a look is answered by what is seen")
            }
        };
        let server = &self.nodes[&id];
        view.condition = server.condition;
        view.writes = server
            .syncs
            .iter()
            .map(|(sequence, slot)| (*sequence, slot.at))
            .collect();
        view.taking = server
            .taking
            .map(|(index, slot)| (index, slot.map(|slot| slot.at)));
        view.timer = server.timer.map(|running| TimerView {
            deadline: running.slot.at,
            duration: running.duration,
        });
        if let RoleView::Leader { lease_end, .. } = &mut view.role {
            // The node speaks of its own clock.
            *lease_end = lease_end.map(|end| server.clock.when(LocalTime::from_nanos(end.nanos())));
        }
        view.clock = server.clock;
        view.backlog = server.backlog.len();
        view
    }
}

impl<M> World<M> {
    /// The first entry that a power cut would take, if one.
    pub(super) fn first_unsynced(&mut self, id: NodeId) -> Option<LogIndex> {
        match self.host.call(id, Request::Look) {
            Response::Seen(view) => (view.durable < view.log.last_index()).then(|| view.durable.next()),
            Response::Failed(_)
            | Response::Stepped(_)
            | Response::Listed(_)
            | Response::Imaged(_)
            | Response::Done(_) => None,
        }
    }

    /// What stands on a node's disk, write by write; `None` where there is no such node.
    pub fn disk_records(&mut self, id: NodeId) -> Option<DiskRecords> {
        let server = self.nodes.get(&id)?;
        if server.condition == Condition::Down {
            let parked = server.parked.as_ref().expect("a node that is down has its disk");
            let listing = node::list(&server.settings, &parked.disk, LISTED);
            return Some(match listing {
                Ok(listing) => DiskRecords::of(id, &parked.disk, listing, None),
                Err(error) => DiskRecords::unreadable(id, error.to_string()),
            });
        }
        let mut records = match self.host.call(id, Request::List) {
            Response::Listed(records) => *records,
            Response::Failed(reason) => DiskRecords::unreadable(id, reason),
            Response::Stepped(_) | Response::Seen(_) | Response::Imaged(_) | Response::Done(_) => {
                unreachable!("a list is answered by what is listed")
            }
        };
        let syncs = &self.nodes[&id].syncs;
        records.note_syncs(|sequence| syncs.get(&sequence).map(|slot| slot.at));
        Some(records)
    }

    /// The last entry that a node that is down would start with; 0 where it can't start.
    pub(super) fn last_on_disk(&self, id: NodeId) -> LogIndex {
        let server = &self.nodes[&id];
        let parked = server.parked.as_ref().expect("a node that is down has its disk");
        let recovered = node::inspect(&server.settings, &parked.disk);
        recovered.map_or(LogIndex::GENESIS, |recovered| recovered.entries.last_index())
    }
}

/// A node that is down looks like what it would start with.
fn look_at_disk(id: NodeId, server: &Server) -> NodeView {
    let parked = server.parked.as_ref().expect("a node that is down has its disk");
    let recovered = node::inspect(&server.settings, &parked.disk);
    let mut after_power_cut = parked.disk.clone();
    after_power_cut.power_cut_losing_everything();
    let durable = node::inspect(&server.settings, &after_power_cut);
    let durable = durable.map_or(LogIndex::GENESIS, |recovered| recovered.entries.last_index());
    let failure = recovered
        .as_ref()
        .err()
        .map(ToString::to_string)
        .or_else(|| server.failure.clone());
    let persistent = recovered.map(|recovered| node::recovered_state(&server.settings, recovered));
    let Persistent {
        metadata,
        log,
        snapshot,
    } = persistent.unwrap_or_default();
    NodeView {
        id,
        condition: Condition::Down,
        role: RoleView::Follower { leader: None },
        term: metadata.term,
        vote: metadata.vote,
        durable: durable.min(log.last_index()),
        log,
        commit: LogIndex::GENESIS,
        applied: LogIndex::GENESIS,
        snapshot: snapshot.as_ref().map(SnapshotView::of),
        taking: None,
        incoming: None,
        writes: Vec::new(),
        timer: None,
        contents: Vec::new(),
        sessions: SessionTable::default(),
        clock: server.clock,
        routes: parked.routes.clone(),
        backlog: 0,
        failure,
        disk: DiskView::of(&parked.disk),
    }
}
