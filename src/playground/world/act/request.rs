//! What clients ask of a node.

use bytes::Bytes;

use crate::consensus::ReadWay;
use crate::machine::Exhibit;
use crate::playground::command::Command;
use crate::playground::host::HostInput;
use crate::playground::snapshot::Condition;
use crate::playground::world::calls::Asking;
use crate::playground::world::{Asked, Waiting, World};
use crate::types::{MembershipChange, NodeId, ProposalId, SerialNumber, SessionId};

impl<M: Exhibit + Default> World<M> {
    pub(super) fn name_proposal(&mut self) -> ProposalId {
        let id = self.next_proposal;
        self.next_proposal = id.next();
        id
    }

    pub(super) fn propose_in(&mut self, to: NodeId, place: (SessionId, SerialNumber), command: Bytes) {
        let id = self.name_proposal();
        if let Some(calls) = &mut self.calls {
            calls.ask_in(id, (self.now, to), place, command.clone());
        }
        self.watch.write_began(id);
        let guarded = self.clients.propose_in(id, place, command);
        self.hand(to, HostInput::ProposeIn(id, guarded));
    }

    pub(super) fn retry(&mut self, to: NodeId) {
        let last = self.clients.last.clone().expect("it was checked");
        match last.place {
            Some(place) => self.propose_in(to, place, last.command),
            None => self.propose_once_more(to, last.command),
        }
    }

    pub(in crate::playground::world) fn propose(&mut self, to: NodeId, command: Bytes) {
        self.propose_outside(to, command, false);
    }

    fn propose_once_more(&mut self, to: NodeId, command: Bytes) {
        self.propose_outside(to, command, true);
    }

    fn propose_outside(&mut self, to: NodeId, command: Bytes, is_repeated: bool) {
        let id = self.name_proposal();
        self.clients.propose(command.clone());
        self.watch.write_began(id);
        let what = Asked::Command(command.clone());
        let asking = Asking {
            what,
            way: None,
            is_repeated,
        };
        self.ask(id, to, asking);
        let server = self.server(to);
        if server.condition == Condition::Frozen {
            return server.backlog.push_back(Waiting::Proposal(id, command));
        }
        self.hand(to, HostInput::Propose(id, command));
    }

    pub(in crate::playground::world) fn read(&mut self, at: NodeId, query: String, way: ReadWay) {
        let id = self.name_proposal();
        let query = Bytes::from(query);
        self.watch.read_began(id);
        self.witness.asked(id, query.clone());
        let asking = Asking {
            what: Asked::Query(query.clone()),
            way: Some(way),
            is_repeated: false,
        };
        self.ask(id, at, asking);
        self.hand(at, HostInput::Read(id, way, query));
    }

    fn ask(&mut self, id: ProposalId, to: NodeId, asked: Asking) {
        if let Some(calls) = &mut self.calls {
            calls.ask(id, (self.now, to), asked);
        }
    }

    pub(super) fn transfer(&mut self, asked: NodeId, target: NodeId) {
        let id = self.name_proposal();
        self.hand(asked, HostInput::Transfer(id, target));
    }

    /// Asks one node for what is the leader's to do.
    pub(super) fn ask_at(&mut self, node: NodeId, command: &Command) {
        if let Command::Transfer(target) = command {
            return self.transfer(node, *target);
        }
        let change = change_of(command).expect("it was checked");
        let id = self.name_proposal();
        self.hand(node, HostInput::Reconfigure(id, change));
    }

    pub(super) fn reconfigure(&mut self, change: MembershipChange) {
        let leader = self.leader().expect("it was checked");
        let id = self.name_proposal();
        self.hand(leader, HostInput::Reconfigure(id, change));
    }
}

/// The change of the membership of known nodes that a command asks for.
pub(super) fn change_of(command: &Command) -> Option<MembershipChange> {
    if let Command::Promote(id) = command {
        Some(MembershipChange::Promote(*id))
    } else if let Command::Demote(id) = command {
        Some(MembershipChange::Demote(*id))
    } else if let Command::Remove(id) = command {
        Some(MembershipChange::Remove(*id))
    } else if let Command::Reconfigure { voters, learners } = command {
        let [voters, learners] = [voters, learners].map(|ids| ids.iter().copied().collect());
        Some(MembershipChange::Replace { voters, learners })
    } else {
        None
    }
}
